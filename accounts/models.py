"""Users, who signs in by e-mail, and the log of accesses."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from accounts.enums import HOUSE_ROLES, AccountState, Digest, Role
from core.querysets import ScopedQuerySet
from core.text import WORDS_MAX

# Accounts of the demonstration live under a domain that can never receive e-mail (RFC 2606).
DEMO_DOMAIN = "demo.maillon.invalid"
_UNUSABLE = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
_DEMO = Q(email__endswith=f"@{DEMO_DOMAIN}")


def _invitations_since() -> dt.datetime:
    return timezone.now() - dt.timedelta(days=settings.INVITATION_DAYS)


class UserQuerySet(ScopedQuerySet):
    """The house sees every account; the others only their own."""

    def visible_to_buyer(self, user: Any) -> Self:
        return self.filter(pk=user.pk)

    def visible_to_company(self, user: Any) -> Self:
        return self.filter(pk=user.pk)

    def house_staff(self) -> Self:
        return self.filter(role__in=HOUSE_ROLES)

    def demo(self) -> Self:
        """The accounts that the demo's one-click picker opens."""
        return self.filter(_DEMO, is_active=True)

    def admins_who_sign_in(self) -> Self:
        """Admins able to manage accounts today: an invited one who has not come yet does not count."""
        usable = ~_UNUSABLE | _DEMO if settings.DEMO else ~_UNUSABLE
        return self.filter(usable, role=Role.ADMIN, is_active=True)

    def in_state(self, state: str) -> Self:
        """Accounts in one state of `AccountState`."""
        waiting = _UNUSABLE & ~_DEMO
        return {
            AccountState.CLOSED: self.filter(is_active=False),
            AccountState.ACTIVE: self.filter(~waiting, is_active=True),
            AccountState.INVITED: self.filter(waiting, is_active=True, invited_at__gte=_invitations_since()),
            AccountState.EXPIRED: self.filter(waiting, is_active=True).exclude(
                invited_at__gte=_invitations_since()
            ),
        }[AccountState(state)]

    def matching(self, words: str) -> Self:
        """Accounts whose name or address holds every word."""
        found = self
        for word in words.split()[:WORDS_MAX]:
            found = found.filter(
                Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word)
            )
        return found


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates users; an e-mail is kept in lower case so that it is one person's whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str) -> User:
        return self.get(email=email.strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with one role. Buyers and companies get their scope from `markets` memberships."""

    email = models.EmailField(
        "adresse électronique",
        max_length=254,
        unique=True,
        error_messages={"unique": "Un compte existe déjà pour cette adresse électronique."},
    )
    first_name = models.CharField("prénom", max_length=150, blank=True)
    last_name = models.CharField("nom", max_length=150, blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    role = models.CharField("rôle", max_length=20, choices=Role)
    is_active = models.BooleanField("peut se connecter", default=True)
    invited_at = models.DateTimeField("invité·e le", null=True, blank=True)
    digest = models.CharField("rappels par courriel", max_length=6, choices=Digest, default=Digest.WEEKLY)
    # What opens the person's calendar without signing in; only its fingerprint is kept.
    calendar_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    calendar_made_at = models.DateTimeField(
        "adresse d’agenda créée le", null=True, blank=True, editable=False
    )
    date_joined = models.DateTimeField("compte créé le", auto_now_add=True)

    objects = UserManager()
    history = HistoricalRecords(excluded_fields=["password", "last_login", "calendar_hash"])

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["role"]

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        ordering = ("last_name", "first_name", "pk")

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        written = kwargs.get("update_fields")
        if written is None or not set(written) <= {"last_login", "password"}:
            super().save(*args, **kwargs)
            return
        # History holds neither: a row for each sign-in would say nothing.
        self.skip_history_when_saving = True
        try:
            super().save(*args, **kwargs)
        finally:
            del self.skip_history_when_saving

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def label(self) -> str:
        """What lists show: the name, or the address of someone who has not given one."""
        return str(self)

    @property
    def is_demo(self) -> bool:
        return self.email.endswith(f"@{DEMO_DOMAIN}")

    @property
    def state(self) -> AccountState:
        """The account's state; the same words as `in_state`."""
        if not self.is_active:
            return AccountState.CLOSED
        if self.has_usable_password() or self.is_demo:
            return AccountState.ACTIVE
        if self.invited_at and self.invited_at >= _invitations_since():
            return AccountState.INVITED
        return AccountState.EXPIRED

    @property
    def is_facilitator(self) -> bool:
        return self.role == Role.FACILITATOR

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_house_staff(self) -> bool:
        return self.role in HOUSE_ROLES

    @property
    def is_buyer(self) -> bool:
        return self.role == Role.BUYER

    @property
    def is_company(self) -> bool:
        return self.role == Role.COMPANY


class AccessKind(models.TextChoices):
    SIGNED_IN = "signed_in", "connexion"
    FAILED = "failed", "échec de connexion"
    SENSITIVE = "sensitive", "lecture d’une donnée sensible"
    DOWNLOAD = "download", "téléchargement"
    PROGRAM = "program", "appel d’un logiciel"


class AccessRecordQuerySet(ScopedQuerySet):
    """An admin reads the whole log; everyone else their own lines."""

    def visible_to_house(self, user: Any) -> Self:
        return self if user.is_admin else self.filter(user=user)

    def visible_to_buyer(self, user: Any) -> Self:
        return self.filter(user=user)

    def visible_to_company(self, user: Any) -> Self:
        return self.filter(user=user)


class AccessRecord(models.Model):
    """Who opened what that is worth remembering: sign-ins, sensitive criteria, downloads."""

    at = models.DateTimeField("le", auto_now_add=True)
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="accesses", verbose_name="qui"
    )
    kind = models.CharField("quoi", max_length=20, choices=AccessKind)
    subject = models.CharField("objet", max_length=120, blank=True, help_text="type et numéro, jamais un nom")

    objects = AccessRecordQuerySet.as_manager()

    class Meta:
        verbose_name = "accès"
        verbose_name_plural = "accès"
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["subject", "at"], name="access_subject_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"
