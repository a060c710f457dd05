"""Points d’étape of a market."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from core import formats
from core.dates import month_of
from core.errors import DomainError
from core.files import store_file
from core.pdf import pdf_available
from markets.models import Market
from reporting.models import ProgressReport

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def make_progress_report(
    *, market: Market, first: dt.date, last: dt.date, user: User | None
) -> ProgressReport:
    """Compute a point d’étape over whole months and keep it with its PDF; the buyers of the market see it at once.

    Raises DomainError for months out of order, to come, or all before the market.
    """
    from reporting.documents import PROGRESS_KIND, progress_pdf
    from reporting.snapshot import build_progress_snapshot
    from reporting.snapshot.labels import labels_of

    first, last = month_of(first), month_of(last)
    if last < first:
        raise DomainError("Le dernier mois précède le premier : corrigez l’un des deux.", field="last")
    if last > timezone.localdate():
        raise DomainError(f"{formats.month(last).capitalize()} n’a pas commencé.", field="last")
    if market.begins_on and last < month_of(market.begins_on):
        raise DomainError(
            f"Le marché commence le {formats.day(market.begins_on)} : choisissez des mois de sa vie.",
            field="last",
        )
    snapshot = build_progress_snapshot(market=market, first=first, last=last, now=timezone.now())
    stored = None
    if pdf_available():
        stored = store_file(
            kind=PROGRESS_KIND,
            name=f"{labels_of(snapshot).file}.pdf",
            content=progress_pdf(snapshot),
            user=user,
            allowed_types=["pdf"],
        )
    return ProgressReport.objects.create(
        market=market, first_month=first, last_month=last, snapshot=snapshot, file=stored, made_by=user
    )
