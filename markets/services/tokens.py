"""Keys of programs: made and shown once, found by their digest, taken back; and answers given again as they were."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import formats
from core.errors import DomainError
from markets.models import ApiAnswer, ApiToken

if TYPE_CHECKING:
    from accounts.models import User
    from markets.models import Buyer, Company

# By these letters, a key left in a file or a message is recognised for what it is.
MARK = "mln_"
PREFIX_LENGTH = 10
KEY_MAX = 200


@dataclass(frozen=True, slots=True)
class NewToken:
    """A key as it was made: its row, and its words, which nothing keeps."""

    row: ApiToken
    words: str


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def latest_end() -> dt.date:
    """The last day that a key may be given."""
    return timezone.localdate() + dt.timedelta(days=settings.API_TOKEN_MAX_DAYS)


@transaction.atomic
def create_token(
    *,
    name: str,
    company: Company | None = None,
    buyer: Buyer | None = None,
    expires_on: dt.date | None = None,
    by: User,
) -> NewToken:
    """Make the key of a program of one company or one buyer; its words are shown once.

    Raises DomainError without a name, and for an end that has passed or lies beyond API_TOKEN_MAX_DAYS.
    """
    today = timezone.localdate()
    name = " ".join(name.split())
    if not name:
        raise DomainError("Nommez le logiciel qui se servira de cette clé.", field="name")
    ends = expires_on or today + dt.timedelta(days=settings.API_TOKEN_DAYS)
    if not today < ends <= latest_end():
        raise DomainError(
            f"La clé expire entre demain et le {formats.day(latest_end())}.", field="expires_on"
        )
    words = MARK + secrets.token_urlsafe(32)
    row = ApiToken(
        name=name[:120],
        company=company,
        buyer=buyer,
        prefix=words[:PREFIX_LENGTH],
        digest=_digest(words),
        created_by=by,
        expires_on=ends,
    )
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    return NewToken(row, words)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> ApiToken:
    """Take a key back: it opens nothing from now on. Raises DomainError when it is already."""
    row = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if row.revoked_at:
        raise DomainError("Cette clé est déjà retirée.")
    row.revoked_at = timezone.now()
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    return row


def token_of(words: str) -> ApiToken | None:
    """The key in use with these words, noted as used; None for any other."""
    rows = ApiToken.objects.in_use(timezone.localdate()).select_related("company", "buyer")
    row = rows.filter(digest=_digest(words)).first()
    if row is None:
        return None
    now = timezone.now()
    # Said once a minute at most, and without a line of history: calling is no change of the key.
    if row.last_used_at is None or now - row.last_used_at > dt.timedelta(minutes=1):
        row.last_used_at = now
        row.skip_history_when_saving = True  # type: ignore[attr-defined]
        row.save(update_fields=["last_used_at"])
    return row


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program is answered: a status of HTTP, and the body."""

    status: int
    body: dict[str, Any]
    is_repeated: bool = False


class OtherBody(DomainError):
    """An idempotency key came again with something else to do."""


def body_digest(method: str, path: str, body: Any) -> str:
    """What one asks, as one fingerprint: the same asked twice has the same."""
    said = json.dumps([method, path, body], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


@transaction.atomic
def answer_once(*, token: ApiToken, key: str, digest: str, act: Callable[[], Answer]) -> Answer:
    """What `act()` answers the first time that `key` comes, and the same ever after; nothing is done twice.

    The key's row is held meanwhile: of two at once, the second waits and is given the first one's answer. What raises
    is not kept: it did nothing. Raises OtherBody when the key served for something else.
    """
    ApiToken.objects.select_for_update().filter(pk=token.pk).order_by("pk").first()
    former = ApiAnswer.objects.filter(token=token, key=key).first()
    if former is not None:
        if former.request_digest != digest:
            raise OtherBody(
                "Cette clé d’idempotence a déjà servi pour une autre demande : prenez-en une nouvelle pour chaque envoi."
            )
        return Answer(former.status, former.answer, is_repeated=True)
    answer = act()
    ApiAnswer.objects.create(
        token=token, key=key, request_digest=digest, status=answer.status, answer=answer.body
    )
    return answer
