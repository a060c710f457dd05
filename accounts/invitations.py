"""The signed link of an invitation: it expires, and it is spent once used, sent again or withdrawn."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from core.errors import DomainError
from core.formats import noun

SALT = "accounts.invitation"
SPENT = (
    "Ce lien d’invitation n’est plus valable : il a déjà servi, ou une invitation plus récente l’a remplacé. "
    "Si vous avez déjà choisi votre mot de passe, connectez-vous ; sinon, demandez une nouvelle invitation "
    "à la personne qui vous a invité·e."
)


def _expired() -> DomainError:
    return DomainError(
        f"Cette invitation a expiré : elle valait {noun(settings.INVITATION_DAYS, 'jour')}. "
        "Demandez-en une nouvelle à la personne qui vous a invité·e."
    )


def _fingerprint(user: User) -> str:
    # Choosing a password, a newer invitation, another address or a closed account each spend the link.
    sent = user.invited_at.isoformat() if user.invited_at else ""
    state = f"{user.pk}|{user.email}|{user.password}|{sent}|{user.is_active}"
    return salted_hmac(SALT, state, algorithm="sha256").hexdigest()[:32]


def make_token(user: User) -> str:
    """The token of `user`'s running invitation."""
    return signing.dumps([user.pk, _fingerprint(user)], salt=SALT)


def invitation_url(user: User) -> str:
    """The address to send: the site's own, whatever the host of the request that invites."""
    return settings.SITE_URL.rstrip("/") + reverse("invitation", kwargs={"token": make_token(user)})


def read_token(token: str, *, lock: bool = False, max_age: int | None = None) -> User:
    """Who the token invites. Raises DomainError when it is altered, spent, replaced, withdrawn or too old.

    lock: hold the account's row until the end of the transaction. max_age: seconds, INVITATION_DAYS by default.
    """
    if max_age is None:
        max_age = settings.INVITATION_DAYS * 86_400
    try:
        pk, fingerprint = signing.loads(token, salt=SALT, max_age=max_age)
    except signing.SignatureExpired:
        raise _expired() from None
    except (signing.BadSignature, ValueError, TypeError):
        raise DomainError(SPENT) from None
    if not isinstance(pk, int):
        raise DomainError(SPENT)
    users = User.objects.select_for_update() if lock else User.objects
    user = users.filter(pk=pk, is_active=True).first()
    if (
        user is None
        or user.has_usable_password()
        or not constant_time_compare(fingerprint, _fingerprint(user))
    ):
        raise DomainError(SPENT)
    return user
