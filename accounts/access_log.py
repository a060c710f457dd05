"""Writes the log of accesses: sign-ins, refused sign-ins, downloads, readings of sensitive data."""

from __future__ import annotations

from typing import Any

from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver

from accounts.models import AccessKind, AccessRecord, User
from core.signals import file_opened, list_exported


def record_access(*, user: User | None, kind: str, subject: str) -> AccessRecord:
    """Keep that `user` opened something. subject: its type and number (« review 12 »), never a person's name."""
    return AccessRecord.objects.create(user=user, kind=kind, subject=subject[:120])


@receiver(user_logged_in)
def _signed_in(sender: Any, user: User, **kwargs: Any) -> None:
    record_access(user=user, kind=AccessKind.SIGNED_IN, subject="")


@receiver(user_login_failed)
def _sign_in_refused(sender: Any, **kwargs: Any) -> None:
    # Neither the typed address nor whose account it may be: a password is often typed in the wrong box.
    record_access(user=None, kind=AccessKind.FAILED, subject="mot de passe")


@receiver(authentication_failed)
def _second_factor_refused(sender: Any, user: User, **kwargs: Any) -> None:
    # The password was right: the account's owner must see this one.
    record_access(user=user, kind=AccessKind.FAILED, subject="second facteur")


@receiver(file_opened)
def _downloaded(sender: Any, user: User, stored: Any, **kwargs: Any) -> None:
    record_access(user=user, kind=AccessKind.DOWNLOAD, subject=f"{stored.kind} {stored.pk}")


@receiver(list_exported)
def _exported(sender: Any, user: User, name: str, format: str, **kwargs: Any) -> None:
    record_access(user=user, kind=AccessKind.DOWNLOAD, subject=f"export {name} {format}")
