"""Users, who signs in by e-mail, and the log of accesses."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.enums import Role
from core.querysets import ScopedManager, ScopedQuerySet


class UserQuerySet(ScopedQuerySet):
    """The house sees every account; the others only their own."""

    def visible_to_buyer(self, user: Any) -> UserQuerySet:
        return self.filter(pk=user.pk)

    def visible_to_company(self, user: Any) -> UserQuerySet:
        return self.filter(pk=user.pk)

    def house_staff(self) -> UserQuerySet:
        return self.filter(role__in=[Role.FACILITATOR, Role.ADMIN])


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
    date_joined = models.DateTimeField("compte créé le", auto_now_add=True)

    objects = UserManager()
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

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
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_facilitator(self) -> bool:
        return self.role == Role.FACILITATOR

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_house_staff(self) -> bool:
        return self.role in (Role.FACILITATOR, Role.ADMIN)

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


class AccessRecord(models.Model):
    """Who opened what that is worth remembering: sign-ins, sensitive criteria, downloads."""

    at = models.DateTimeField("le", auto_now_add=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="accesses", verbose_name="qui")
    kind = models.CharField("quoi", max_length=20, choices=AccessKind)
    subject = models.CharField("objet", max_length=120, blank=True, help_text="type et numéro, jamais un nom")

    objects = ScopedManager()

    class Meta:
        verbose_name = "accès"
        verbose_name_plural = "accès"
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["subject", "at"], name="access_subject_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"
