"""Hours declared without names by ESAT and EA: outside « personnes », never added to anyone's hours.

Whoever prints them reads `declared_without_names`, and writes them apart, as a footnote.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import formats
from markets.enums import CompanyKindCode
from markets.models import Company, CompanyKind

KINDS = (CompanyKindCode.EA, CompanyKindCode.EATT, CompanyKindCode.ESAT)


@dataclass(slots=True)
class Declared:
    """Hours and headcounts declared without names; people declared by two structures or twice are not told apart."""

    hours: Decimal = Decimal("0.00")
    # By company, the most people that one of its declarations counts: months are not added up.
    headcounts: dict[int, int] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)

    @property
    def headcount(self) -> int:
        return sum(self.headcounts.values())

    @property
    def words(self) -> str:
        """« + 320 h déclarées sans noms par un ESAT, hors personnes »."""
        many = len(self.headcounts)
        if many == 1:
            kind = next(iter(sorted(self.kinds)), "")
            by = f"un {kind}" if kind == CompanyKindCode.ESAT else f"une {kind}" if kind else "une structure"
        else:
            by = f"{many} structures adaptées"
        return f"+ {formats.hours(self.hours)} déclarées sans noms par {by}, hors personnes"


def declared_without_names(
    declarations: Any,
    *,
    by: str | tuple[str, ...] = "commitment__market",
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> dict[Any, Declared]:
    """What these declarations (those that the reader may see) say, by market, by another path of theirs or by several.

    since, until: months; a declaration stays within one calendar year, so that years add up.
    """
    if since:
        declarations = declarations.filter(first_month__gte=since)
    if until:
        declarations = declarations.filter(last_month__lte=until)
    paths = (by,) if isinstance(by, str) else by
    rows = list(
        declarations.filter(hours__gt=0)
        .order_by("first_month", "pk")
        .values_list(*paths, "company", "hours", "headcount", "first_month", "last_month")
    )
    kinds = kinds_of({row[len(paths)] for row in rows})
    found: dict[Any, Declared] = defaultdict(Declared)
    for *keys, company, hours, headcount, first, last in rows:
        place = keys[0] if isinstance(by, str) else tuple(keys)
        declared = found[place]
        declared.hours += hours
        declared.headcounts[company] = max(declared.headcounts.get(company, 0), headcount)
        declared.kinds |= {
            kind for kind, since_, until_ in kinds.get(company, ()) if _holds(since_, until_, first, last)
        }
    return dict(found)


def kinds_of(companies: Collection[int]) -> dict[int, list[tuple[str, dt.date | None, dt.date | None]]]:
    """The adapted kinds of companies, with their days."""
    found: dict[int, list[tuple[str, dt.date | None, dt.date | None]]] = defaultdict(list)
    if companies:
        rows = CompanyKind.objects.filter(company__in=companies, kind__in=KINDS).order_by("pk")
        for company, kind, starts_on, ends_on in rows.values_list("company", "kind", "starts_on", "ends_on"):
            found[company].append((kind, starts_on, ends_on))
    return found


def is_adapted(company: Company, first: dt.date, last: dt.date) -> bool:
    """Whether the company was an EA, an EATT or an ESAT on a day at least of these months."""
    return any(
        _holds(starts, ends, first, last) for _, starts, ends in kinds_of([company.pk]).get(company.pk, ())
    )


def _holds(starts_on: dt.date | None, ends_on: dt.date | None, first: dt.date, last: dt.date) -> bool:
    end = last.replace(day=28)
    return (starts_on is None or starts_on <= end) and (ends_on is None or ends_on >= first)


def aggregate_notes(declarations: Any) -> list[str]:
    """The footnotes of these declarations, one for each market."""
    return [f"{declared.words}." for declared in declared_without_names(declarations).values()]
