"""What changes an account: invitation, role, closing and reopening, second factor."""

from __future__ import annotations

import uuid

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.enums import HOUSE_ROLES, Role
from accounts.invitations import invitation_url, read_token
from accounts.models import DEMO_DOMAIN, User
from core.errors import DomainError
from core.outbox import write_message

TAKEN = "Un compte existe déjà pour cette adresse électronique."


def _may_manage(by: User | None, role: str) -> None:
    # None is the shell of the server: whoever types there already holds everything.
    if by is not None and role in HOUSE_ROLES and not by.is_admin:
        raise DomainError("Seul·e un·e administrateur·rice gère les comptes de la maison.")


def _keep_an_admin(user: User) -> None:
    """Refuse what would leave the house without anyone who can manage accounts."""
    admins = list(User.objects.admins_who_sign_in().select_for_update())
    if user.is_admin and not [admin for admin in admins if admin.pk != user.pk]:
        raise DomainError(
            "C’est le dernier compte d’administration en service : nommez d’abord une autre personne, "
            "et attendez qu’elle ait choisi son mot de passe."
        )


def _send_invitation(user: User, by: User | None) -> None:
    user.invited_at = timezone.now()
    user.save(update_fields=["invited_at"])
    write_message(
        key=f"invitation:{user.pk}:{user.invited_at.isoformat()}",
        recipients=[user.email],
        subject="Votre accès à Maillon",
        body=render_to_string(
            "accounts/email/invitation.txt",
            {"user": user, "by": by, "url": invitation_url(user), "days": settings.INVITATION_DAYS},
        ),
    )


def _create_account(*, email: str, role: str, password: str | None = None, **words: str) -> User:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise DomainError(f"« {address} » n’est pas une adresse électronique.", field="email") from None
    if role not in Role.values:
        raise DomainError("Ce rôle n’existe pas.", field="role")
    if User.objects.filter(email=address).exists():
        raise DomainError(TAKEN, field="email")
    try:
        with transaction.atomic():
            return User.objects.create_user(
                address, password, role=role, **{name: value.strip() for name, value in words.items()}
            )
    except IntegrityError:
        # Somebody else invited the same address between the question and the answer.
        raise DomainError(TAKEN, field="email") from None


@transaction.atomic
def invite_user(
    *, email: str, role: str, first_name: str = "", last_name: str = "", phone: str = "", by: User | None
) -> User:
    """Create an account that nobody can open yet, and write the message with its one-time link.

    by: the inviting user, None from the server's shell. Raises DomainError (field "email" or "role") when the
    address is malformed or taken, or when `by` may not give this role.
    """
    _may_manage(by, role)
    user = _create_account(email=email, role=role, first_name=first_name, last_name=last_name, phone=phone)
    _send_invitation(user, by)
    return user


@transaction.atomic
def create_admin(*, email: str, password: str, first_name: str = "", last_name: str = "") -> User:
    """The admin account of a new installation, from the server's shell; the password was validated there."""
    return _create_account(
        email=email, role=Role.ADMIN, password=password, first_name=first_name, last_name=last_name
    )


@transaction.atomic
def resend_invitation(*, user: User, by: User | None) -> None:
    """Send a new link to someone who has not chosen a password yet; the former link stops working."""
    _may_manage(by, user.role)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise DomainError("Ce compte est désactivé : réactivez-le, une invitation partira avec.")
    if user.has_usable_password() or user.is_demo:
        raise DomainError(
            f"{user} a déjà choisi son mot de passe. En cas d’oubli, la page de connexion permet d’en choisir un autre."
        )
    _send_invitation(user, by)


@transaction.atomic
def accept_invitation(*, token: str, password: str) -> User:
    """Set the first password of the invited account. Raises DomainError when the link is no longer good."""
    user = read_token(token, lock=True)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def edit_user(*, user: User, first_name: str, last_name: str, phone: str, by: User) -> User:
    """Change what an account says of the person."""
    _may_manage(by, user.role)
    user.first_name, user.last_name, user.phone = first_name.strip(), last_name.strip(), phone.strip()
    user.save(update_fields=["first_name", "last_name", "phone"])
    return user


@transaction.atomic
def change_role(*, user: User, role: str, by: User | None) -> User:
    """Give another role inside the house. Raises DomainError for the last admin and across the house's door."""
    _may_manage(by, Role.ADMIN)
    user.refresh_from_db()
    if role == user.role:
        return user
    if role not in HOUSE_ROLES or user.role not in HOUSE_ROLES:
        # Its history and its memberships would open what the new role must not see.
        raise DomainError(
            "Un compte de la maison ne devient pas un compte de donneur d’ordre ou d’entreprise, ni l’inverse : "
            "désactivez-le et invitez la personne à une autre adresse.",
            field="role",
        )
    _keep_an_admin(user)
    user.role = role
    user.save(update_fields=["role"])
    return user


@transaction.atomic
def deactivate_user(*, user: User, by: User | None) -> User:
    """Close an account: its sessions, its links and its password end now, and a later reopening revives none."""
    _may_manage(by, user.role)
    user.refresh_from_db()
    if by is not None and user.pk == by.pk:
        raise DomainError("Vous ne pouvez pas désactiver votre propre compte.")
    if not user.is_active:
        return user
    _keep_an_admin(user)
    user.is_active = False
    # The hash of a session and of every sent link rests on the password: without it, none opens again.
    user.set_unusable_password()
    user.calendar_hash, user.calendar_made_at = "", None
    user.save(update_fields=["is_active", "password", "calendar_hash", "calendar_made_at"])
    return user


@transaction.atomic
def reactivate_user(*, user: User, by: User | None) -> User:
    """Open an account again: the person chooses a new password from a new invitation."""
    _may_manage(by, user.role)
    user.refresh_from_db()
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    if not user.is_demo:
        _send_invitation(user, by)
    return user


@transaction.atomic
def remove_second_factor(*, user: User, by: User) -> None:
    """Take the second factor off the account of someone who lost telephone and recovery codes, and tell them."""
    _may_manage(by, Role.ADMIN)
    if by.pk == user.pk:
        raise DomainError("Retirez votre propre second facteur depuis « Mon compte ».")
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if not removed:
        raise DomainError(f"{user} n’a pas de second facteur.")
    write_message(
        key=f"second-factor-removed:{user.pk}:{uuid.uuid4().hex}",
        recipients=[user.email],
        subject="Votre second facteur a été retiré",
        body=render_to_string("accounts/email/second_factor_removed.txt", {"user": user, "by": by}),
    )


@transaction.atomic
def ensure_demo_account(*, name: str, role: str, first_name: str, last_name: str) -> User:
    """The demo account `name`@demo…, made if it is missing. It has no password: only the demo's picker opens it."""
    email = f"{name}@{DEMO_DOMAIN}"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, role=role, first_name=first_name, last_name=last_name)
    return user
