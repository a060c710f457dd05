"""The head and tabs of the three files of this room (buyer, company, market), which higher rooms complete.

Any room's tab of a file renders with `file_context("market", market, request)` and extends `markets/file.html`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import HOUSE
from core.changes import HistoryEntry, Part, history_of
from core.registry import Link, tabs_of
from markets.models import Buyer, Company, Market, PlannedPurchase, Responsibility


@dataclass(frozen=True)
class NextStep:
    """What must be done next, by whom, and where."""

    who: str
    what: str
    tone: str = "watch"
    url: str = ""
    label: str = ""


@dataclass
class Head:
    """What stands above the tabs of a file."""

    figures: list[tuple[str, str, str]] = field(default_factory=list)
    progress: tuple[Any, Any, Any] | None = None
    code: str = ""
    words: str = ""
    next_step: NextStep | None = None
    # What is open on the file, the most pressing first (`clauses.turns.TurnLine`).
    tasks: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class File:
    """A file's page around its content."""

    kind: str
    title: str
    facts: str
    steps: list[Link]
    tabs: list[Link]
    head: Head
    # Under the figures: what they hold, or leave out.
    notes: list[str] = field(default_factory=list)


_heads: dict[str, Callable[[Any, Any], Head]] = {}


def register_head(kind: str, head: Callable[[Any, Any], Head]) -> None:
    """Say, in AppConfig.ready(), what stands above the tabs: a function of the row and the user who reads."""
    _heads[kind] = head


_notes: dict[str, list[Callable[[Any, Any], list[str]]]] = {}
# The pages of a file where its figures are read: the other tabs are spared the look-up.
NOTED_PAGES = ("market_detail", "market_commitments", "market_hours")


def register_note(kind: str, notes: Callable[[Any, Any], list[str]]) -> None:
    """Say, in AppConfig.ready(), what is written under a file's figures: a function of the row and the reader.

    Kinds: those of the files, and « commitment ».
    """
    entries = _notes.setdefault(kind, [])
    if notes not in entries:
        entries.append(notes)


def notes_of(kind: str, row: Any, user: Any) -> list[str]:
    """The sentences under the figures of a file, for this reader."""
    return [note for source in _notes.get(kind, []) for note in source(row, user)]


_parts: dict[str, list[Callable[[Any], list[Part]]]] = {}


def register_history(kind: str, parts: Callable[[Any], list[Part]]) -> None:
    """Say, in AppConfig.ready(), whose history is told with a file's own: a function from its row to parts."""
    entries = _parts.setdefault(kind, [])
    if parts not in entries:
        entries.append(parts)


def file_history(kind: str, row: Any) -> list[HistoryEntry]:
    """The history of a file and of what hangs on it, newest first."""
    return history_of(row, parts=[part for source in _parts.get(kind, []) for part in source(row)])


def responsibility_on(target: Any, day: dt.date | None = None) -> Responsibility | None:
    """Who answers for a buyer, a company or a market on that day (today)."""
    rows = target.responsibilities.on(day or timezone.localdate())
    return rows.select_related("facilitator", "stand_in").first()


def file_context(kind: str, row: Any, request: HttpRequest, *, with_head: bool = True) -> dict[str, Any]:
    """The context of `markets/file.html`: `file`, and the row under its kind.

    `with_head=False` leaves out the figures above the tabs, for a page that shows its own.
    """
    user: Any = request.user
    # The address does not always tell the place: a commitment's page is « Marchés » too.
    request.place = "companies" if kind == "company" else "markets"  # type: ignore[attr-defined]
    title, facts, steps = _DESCRIBED[kind](row, user)
    return {
        "file": File(
            kind=kind,
            title=title,
            facts=facts,
            steps=steps,
            tabs=tabs_of(kind, user, row.pk),
            head=_heads[kind](row, user) if with_head and kind in _heads else Head(),
            notes=notes_of(kind, row, user) if with_head and _shows_notes(request) else [],
        ),
        kind: row,
    }


def _shows_notes(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.url_name in NOTED_PAGES


def _joined(*facts: str) -> str:
    return " · ".join(fact for fact in facts if fact)


def _market(market: Market, user: Any) -> tuple[str, str, list[Link]]:
    steps = [Link("Marchés", reverse("market_list"))]
    if user.role in HOUSE:
        steps.append(Link(str(market.buyer), reverse("buyer_detail", args=[market.buyer_id])))
    life = ""
    if market.closed_on:
        life = f"clos le {formats.day(market.closed_on)}"
    elif market.planned_end:
        life = f"fin prévue le {formats.day(market.planned_end)}"
    return (
        formats.short(market.object, 160),
        _joined(str(market.buyer), market.reference, str(market.department or ""), life),
        steps,
    )


def _identifier(row: Buyer | Company) -> str:
    if not row.identifier:
        return ""
    shown = formats.siret(row.identifier) if row.identifier.isdigit() else row.identifier
    return f"{row.get_identifier_kind_display()} {shown}"


def _buyer(buyer: Buyer, user: Any) -> tuple[str, str, list[Link]]:
    steps = [Link("Marchés", reverse("market_list"))]
    # Of the other organisations a buyer has no list.
    if user.role in HOUSE:
        steps.append(Link("Donneurs d’ordre", reverse("buyer_list")))
    facts = _joined(
        buyer.get_kind_display(), buyer.commune.label if buyer.commune else "", _identifier(buyer)
    )
    return buyer.name, facts, steps


def _company(company: Company, user: Any) -> tuple[str, str, list[Link]]:
    steps = [Link("Entreprises et partenaires", reverse("company_list"))]
    today = timezone.localdate()
    kinds = [
        row.kind if row.kind.isupper() else row.get_kind_display()
        for row in company.kinds.all()
        if (row.ends_on is None or row.ends_on >= today)
    ]
    facts = _joined(
        ", ".join(kinds),
        company.commune.label if company.commune else "",
        _identifier(company),
        _charter(company),
    )
    return company.name, facts, steps


def _charter(company: Any) -> str:
    """What a signatory of the Charte des 1000 pledged and did; a row without its counts is counted."""
    if not hasattr(company, "pledges_count"):
        company = Company.objects.with_pledges().get(pk=company.pk)
    if not company.pledges_count:
        return ""
    kept = formats.noun(company.pledges_kept, "action réalisée", "actions réalisées")
    return f"Charte des 1000 : {kept} sur {company.pledges_count}"


def _purchase(purchase: PlannedPurchase, user: Any) -> tuple[str, str, list[Link]]:
    steps = [Link("Marchés", reverse("market_list")), Link("Achats prévus", reverse("purchase_list"))]
    if user.role in HOUSE:
        steps.append(Link(str(purchase.buyer), reverse("buyer_purchases", args=[purchase.buyer_id])))
    facts = _joined(
        str(purchase.buyer), purchase.reference, str(purchase.department or ""), f"liste {purchase.year}"
    )
    return formats.short(purchase.object, 160), facts, steps


_DESCRIBED: dict[str, Callable[[Any, Any], tuple[str, str, list[Link]]]] = {
    "purchase": _purchase,
    "market": _market,
    "buyer": _buyer,
    "company": _company,
}
