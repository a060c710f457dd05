"""Links that open one thing to someone without an account: made, opened, taken back."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import DomainError
from core.models import AccessLink

GONE = (
    "Ce lien n’ouvre plus rien\u202f: il a expiré, il a servi ou il a été remplacé. "
    "Demandez-en un autre à la personne qui vous l’a envoyé."
)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it was made: its row, and the token that only the e-mail will hold."""

    row: AccessLink
    token: str


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_link(
    *, kind: str, object_id: int, email: str = "", days: int, by: Any, replace: bool = True
) -> NewLink:
    """Make a link that opens `object_id` for so many days; `replace` takes back those sent before to the same address."""
    now = timezone.now()
    if replace:
        former = AccessLink.objects.usable(now).filter(kind=kind, object_id=object_id, email=email)
        for row in former.select_for_update().order_by("pk"):
            revoke_link(row)
    # 32 bytes: nobody guesses one, and nothing needs to slow down who tries.
    token = secrets.token_urlsafe(32)
    row = AccessLink.objects.create(
        kind=kind,
        object_id=object_id,
        digest=_digest(token),
        email=email,
        created_by=by,
        expires_at=now + timedelta(days=days),
    )
    return NewLink(row, token)


def open_link(*, kind: str, token: str) -> AccessLink:
    """The link of that token, noted as used. Raises DomainError when it opens nothing (any more)."""
    now = timezone.now()
    row = AccessLink.objects.usable(now).filter(kind=kind, digest=_digest(token)).first()
    if row is None:
        raise DomainError(GONE)
    # Said once an hour at most: reading a page is no reason to write each time.
    if row.last_used_at is None or now - row.last_used_at > timedelta(hours=1):
        row.last_used_at = now
        row.save(update_fields=["last_used_at"])
    return row


def revoke_link(row: AccessLink) -> None:
    """Take a link back: it opens nothing from now on."""
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])


@transaction.atomic
def revoke_links(*, kind: str, object_id: int) -> int:
    """Take back every link of one thing; returns how many."""
    rows = list(
        AccessLink.objects.usable(timezone.now())
        .filter(kind=kind, object_id=object_id)
        .select_for_update()
        .order_by("pk")
    )
    for row in rows:
        revoke_link(row)
    return len(rows)
