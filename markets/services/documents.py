"""The documents of a market: expected from the buyer once it is awarded, received one by one (convention, article 4)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.uploads import keep_upload
from markets.enums import DocumentKind, TaskKind, Turn
from markets.models import Market, MarketDocument
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from markets.models import Lot

FILE_KIND = "market_document"
# What the house needs to follow a clause.
ALWAYS_EXPECTED = (DocumentKind.ENGAGEMENT, DocumentKind.ADMINISTRATIVE, DocumentKind.MEMORANDUM)
EXPECTED_WITHIN_DAYS = 15


def _key(market: Market) -> str:
    return f"market:{market.pk}:documents"


def _follow(market: Market, by: User | None) -> None:
    """The buyer's turn while a document is expected."""
    missing = MarketDocument.objects.filter(market=market).expected().order_by("pk")
    if not missing:
        finish_task(key=_key(market), outcome="toutes les pièces sont reçues", by=by)
        return
    since = min(timezone.localtime(row.created_at).date() for row in missing)
    open_task(
        key=_key(market),
        kind=TaskKind.ANSWER,
        market=market,
        title="Transmettre les pièces du marché",
        details=", ".join(dict.fromkeys(str(row) for row in missing)),
        turn=Turn.BUYER,
        since=since,
        due_on=since + dt.timedelta(days=EXPECTED_WITHIN_DAYS),
        url=reverse("market_documents", args=[market.pk]),
        by=by,
    )


@transaction.atomic
def expect_documents(
    *, market: Market, lot: Lot | None = None, kinds: tuple[str, ...] = ALWAYS_EXPECTED, by: User | None
) -> None:
    """Ask the buyer for documents; those already there, expected or received, are not asked for twice."""
    Market.objects.select_for_update().get(pk=market.pk)
    known = set(MarketDocument.objects.filter(market=market, lot=lot).values_list("kind", flat=True))
    for kind in kinds:
        if kind not in known:
            row = MarketDocument(market=market, lot=lot, kind=kind)
            row._history_user = by  # type: ignore[attr-defined]
            row.save()
    _follow(market, by)


@transaction.atomic
def save_document(
    *, document: MarketDocument, file: UploadedFile | None = None, by: User | None
) -> MarketDocument:
    """Write a document, with its file where one is given; the buyer's turn follows.

    Raises DomainError for a day to come, a market of another lot, a file where there is one already (nothing that was
    received is lost), or a file that is not what it says.
    """
    if document.received_on and document.received_on > timezone.localdate():
        raise DomainError("Une pièce ne se reçoit pas dans l’avenir.", field="received_on")
    if document.lot and document.lot.market_id != document.market_id:
        raise DomainError("Ce lot n’est pas de ce marché.", field="lot")
    Market.objects.select_for_update().get(pk=document.market_id)
    if file and document.file:
        raise DomainError(
            "Cette pièce a déjà son fichier : ajoutez la nouvelle version comme une autre pièce, les deux restent au dossier.",
            field="new_file",
        )
    if file:
        document.file = keep_upload(kind=FILE_KIND, upload=file, user=by, field="new_file")
        document.received_on = document.received_on or timezone.localdate()
    document._history_user = by  # type: ignore[attr-defined]
    document.save()
    _follow(document.market, by)
    return document


@transaction.atomic
def remove_document(*, document: MarketDocument, by: User | None) -> None:
    """Expect a document no longer. Raises DomainError once it was received."""
    if document.received_on:
        raise DomainError("Cette pièce a été reçue : elle reste au dossier.")
    market = document.market
    document._history_user = by  # type: ignore[attr-defined]
    document.delete()
    _follow(market, by)
