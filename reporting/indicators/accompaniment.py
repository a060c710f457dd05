"""What was promised beside the hours on the markets of a scope, and the meetings that were held (convention, annexe 1.A)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from clauses.enums import MEETING_CHANNELS, Channel, QualitativeOrigin
from clauses.models import Achievement, Interaction, QualitativeCommitment
from clauses.qualitative_state import LineState, state_of
from clauses.reserved_calendar import END, MID, START, meetings
from clauses.services.qualitative import line_of
from clauses.services.reserved import structures_of
from markets.models import Market
from reporting.indicators.facts import Facts, once
from reporting.scope import Span, bounds, within


@dataclass(frozen=True)
class Promise:
    """One line of the grid, as it stands at the end of a span. Never about a person."""

    id: int
    action: str
    company: int
    is_accompaniment: bool
    target: Decimal | None
    unit: str
    target_text: str
    done: Decimal
    due_on: dt.date
    state: LineState
    needs_evidence: bool
    has_evidence: bool


@once
def promises(facts: Facts, span: Span) -> list[Promise]:
    """Lines of the grid that the span is about: due in it or before without being kept, begun, or settled in it."""
    first, last = bounds(span)
    rows = QualitativeCommitment.objects.filter(market__in=facts.scope.markets().order_by().values("pk"))
    rows = rows.exclude(abandoned_on__lt=first).with_progress().order_by("due_on", "pk")
    moved = set(
        Achievement.objects.filter(within(span, "on"), qualitative__in=rows.order_by().values("pk"))
        .order_by("pk")
        .values_list("qualitative", flat=True)
    )
    found = []
    for row in rows:
        line = line_of(row)
        state = state_of(line, last)
        if row.due_on > last and state == LineState.UPCOMING:
            continue
        if row.due_on < first and state == LineState.MET and row.pk not in moved:
            continue
        found.append(
            Promise(
                row.pk, row.action, row.company_id, row.origin == QualitativeOrigin.ACCOMPANIMENT, row.target_number,
                row.unit, row.target_text, line.done, row.due_on, state, row.needs_evidence, line.has_evidence,
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Held:
    """A meeting of the journal: its day, its kind and the company it was with. What was said is not here."""

    on: dt.date
    channel: str
    company: int | None


@once
def meetings_held(facts: Facts, span: Span) -> list[Held]:
    """Meetings about the markets of the scope that took place in the span, oldest first."""
    rows = (
        Interaction.objects.filter(
            within(span, "on"),
            market__in=facts.scope.markets().order_by().values("pk"),
            channel__in=[channel for channel in MEETING_CHANNELS if channel != Channel.OTHER],
            reached=True,
        )
        .order_by("on", "pk")
        .values_list("on", "channel", "company")
    )
    return [Held(*row) for row in rows]


@dataclass(frozen=True)
class Expected:
    """A meeting that the convention asks for in a year, with the day it was held, if it was."""

    part: str
    company: int | None
    due_on: dt.date
    held_on: dt.date | None


def meetings_expected(facts: Facts, market: Market, year: int) -> list[Expected]:
    """The meetings of a reserved market in a year: at its start, in its course with the buyer and each SIAE, at its end."""
    if market.begins_on is None:
        return []
    ends = market.closed_on or market.planned_end or dt.date(year, 12, 31)
    ends = max(ends, market.begins_on)
    held = meetings_held(facts, year)
    return [
        Expected(planned.part, company, planned.on, _day(held, planned.part, company))
        for planned in meetings(market.begins_on, ends)
        if planned.year == year
        for company in _with_whom(planned.part, market)
    ]


def _with_whom(part: str, market: Market) -> Iterator[int | None]:
    """None is everyone, or the buyer alone."""
    yield None
    if part == MID:
        for company in structures_of(market):
            yield company.pk


_CHANNELS = {
    START: (Channel.LAUNCH, Channel.KICK_OFF),
    MID: (Channel.MID_YEAR,),
    END: (Channel.YEAR_END,),
}


def _day(held: list[Held], part: str, company: int | None) -> dt.date | None:
    """The day of the first meeting of that kind; in the course of the year, that of that company or of the buyer alone."""
    for row in held:
        if row.channel in _CHANNELS[part] and (part != MID or row.company == company):
            return row.on
    return None
