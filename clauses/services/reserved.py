"""The meetings of reserved markets and marchés d'insertion, as dated tasks for each year of the market's life."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from clauses.enums import Channel
from clauses.reserved_calendar import END, MID, START, Planned, meetings
from core.errors import DomainError
from markets.enums import AwardRole, MarketNature, Reservation, TaskKind, Turn
from markets.models import Award, Company, Market, Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

# A meeting whose day is passed when it is planned is held within these days.
CATCH_UP = dt.timedelta(days=14)
# With fewer days before the end of the year, a meeting in its course makes no sense any more.
TOO_LATE_FOR_MID = dt.timedelta(days=60)


def is_reserved(market: Market) -> bool:
    """A marché d'insertion, or one with a reserved lot: one query at most."""
    return market.nature == MarketNature.INSERTION or market.lots.reserved().exists()


def structures_of(market: Market) -> list[Company]:
    """The SIAE of the market: holders of its reserved lots, of all of them for a marché d'insertion."""
    awards = Award.objects.filter(lot__market=market).exclude(role=AwardRole.SUBCONTRACTOR)
    if market.nature != MarketNature.INSERTION:
        awards = awards.exclude(lot__reservation=Reservation.NONE)
    return list(Company.objects.filter(pk__in=awards.values("company")).order_by("name", "pk"))


@transaction.atomic
def plan_reserved_meetings(*, market: Market, by: User | None, on: dt.date | None = None) -> int:
    """Open the meetings that are missing from this year on; returns how many. Run twice, it adds nothing.

    Meetings that exist keep the day and the place that the house gave them, held or not; those that were not fixed
    yet and no longer lie in the market's life are closed. Raises DomainError for a market that is not reserved, is
    closed, has no beginning, or no SIAE yet.
    """
    today = on or timezone.localdate()
    market = Market.objects.select_for_update().get(pk=market.pk)
    if not is_reserved(market):
        raise DomainError("Ces réunions sont celles des marchés réservés et des marchés d’insertion.")
    if market.closed_on:
        raise DomainError("Ce marché est clos : il n’y a plus de réunion à planifier.")
    if market.begins_on is None:
        raise DomainError(
            "Renseignez la notification ou l’ordre de service du marché : les réunions se comptent à partir de là."
        )
    structures = structures_of(market)
    if not structures:
        raise DomainError(
            "Inscrivez d’abord l’attributaire du lot réservé : les réunions se tiennent avec lui."
        )
    wanted = _wanted(market, structures, today)
    prefix = f"reserved:{market.pk}:"
    known = {task.key: task for task in Task.objects.filter(key__startswith=prefix).order_by("pk")}
    for key, task in known.items():
        year = int(key.split(":")[2])
        if key not in wanted and year >= today.year and task.is_open and task.starts_at is None:
            finish_task(task=task, outcome="hors de la vie du marché", by=by)
    # The launch meeting that the award opened with the same structure is this market's start.
    launch = Task.objects.filter(key=f"market:{market.pk}:launch", company__in=structures)
    if launch.exists():
        wanted = {key: entry for key, entry in wanted.items() if entry[0].part != START}
    missing = [key for key in wanted if key not in known]
    for key in missing:
        planned, company = wanted[key]
        _open(key, planned, market, company, structures, today, by)
    return len(missing)


def _wanted(
    market: Market, structures: list[Company], today: dt.date
) -> dict[str, tuple[Planned, Company | None]]:
    """Meetings by key, from this year on; a market without a planned end is planned to the end of this year."""
    begins = market.begins_on
    assert begins is not None
    ends = max(market.planned_end or dt.date(max(today.year, begins.year), 12, 31), begins)
    found: dict[str, tuple[Planned, Company | None]] = {}
    for planned in meetings(begins, ends):
        start = f"reserved:{market.pk}:{planned.year}:"
        if planned.year < today.year:
            continue
        if planned.part == START:
            found[f"{start}start"] = (planned, None)
        elif planned.part == MID:
            found[f"{start}mid_buyer"] = (planned, None)
            for company in structures:
                found[f"{start}mid_siae:{company.pk}"] = (planned, company)
        elif planned.part == END:
            found[f"{start}year_end"] = (planned, None)
    if dt.date(today.year, 12, 31) - today < TOO_LATE_FOR_MID:
        found = {key: entry for key, entry in found.items() if entry[0].part != MID or entry[0].on >= today}
    return found


_TITLES = {
    START: "Réunion de démarrage avec le donneur d’ordre et la structure",
    END: "Réunion de fin d’année {year} avec le donneur d’ordre et la structure",
}
_CHANNELS = {START: Channel.LAUNCH, MID: Channel.MID_YEAR, END: Channel.YEAR_END}


def _open(
    key: str,
    planned: Planned,
    market: Market,
    company: Company | None,
    structures: list[Company],
    today: dt.date,
    by: User | None,
) -> None:
    names = ", ".join(str(row) for row in structures)
    if planned.part != MID:
        title = _TITLES[planned.part].format(year=planned.year)
        # A meeting of several structures is nobody's own; with one alone, it is asked to it.
        company = structures[0] if len(structures) == 1 else None
        details = f"Réunion collective : {names}."
    elif company is None:
        title, details = f"Point de mi-année {planned.year} avec le donneur d’ordre", f"Structures : {names}."
    else:
        title, details = f"Point de mi-année {planned.year} avec {company}", ""
    is_alone_with_buyer = planned.part == MID and company is None
    open_task(
        key=key,
        kind=TaskKind.MEETING,
        channel=_CHANNELS[planned.part],
        title=title,
        details=details,
        market=market,
        company=company,
        turn=Turn.HOUSE,
        url=reverse("market_qualitative", args=[market.pk]),
        since=today,
        due_on=planned.on if planned.on >= today else today + CATCH_UP,
        with_buyer=planned.part != MID or is_alone_with_buyer,
        with_company=not is_alone_with_buyer,
        by=by,
    )


def top_up_reserved_meetings(on: dt.date, *, by: User | None = None) -> int:
    """The work of the day: the meetings of a new year, for markets that were planned once; returns how many.

    A market is planned first by its page, or when its award is recorded; one that can't be any more is left alone.
    """
    held = Task.objects.filter(market=OuterRef("pk"), key__startswith="reserved:")
    markets = Market.objects.filter(
        Exists(held), ~Exists(held.filter(key__contains=f":{on.year}:")), closed_on__isnull=True
    ).exclude(planned_end__lt=on)
    added = 0
    for market in markets.order_by("pk"):
        try:
            added += plan_reserved_meetings(market=market, by=by, on=on)
        except DomainError:
            continue
    return added
