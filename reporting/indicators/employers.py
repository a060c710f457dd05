"""Hours by what the employer was in the month worked: a second reading of the same hours, never added to the first."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum

from markets.enums import DIRECTORY_KINDS
from markets.models import CompanyKind
from reporting.indicators.facts import ZERO, Facts, once, sums_by
from reporting.scope import Span


@dataclass
class EmployerKinds:
    """kind → employer → hours; `together`: the hours of each employer that had one of the kinds, once."""

    lines: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    together: dict[int, Decimal] = field(default_factory=dict)


@once
def by_employer_kind(facts: Facts, span: Span) -> EmployerKinds:
    """Hours of employers that were an SIAE, a GEIQ, an adapted structure or a régie in the month worked.

    A company that had two kinds that month counts in both.
    """
    dated: dict[int, list[tuple[str, dt.date, dt.date]]] = defaultdict(list)
    rows = CompanyKind.objects.filter(kind__in=DIRECTORY_KINDS).order_by("company", "kind", "pk")
    for company, kind, starts_on, ends_on in rows.values_list("company", "kind", "starts_on", "ends_on"):
        dated[company].append((kind, starts_on or dt.date.min, ends_on or dt.date.max))
    found = EmployerKinds()
    entries = facts.entries(span).filter(
        assignment__placement__employer__in=rows.order_by().values("company")
    )
    for month in sorted(set(entries.values_list("month", flat=True).distinct())):
        sums = sums_by(
            facts.scope,
            entries.filter(month=month),
            "assignment__placement__employer",
            hours=Sum("counted_hours"),
        )
        for employer, (hours,) in sums.items():
            kinds = {kind for kind, first, last in dated[employer] if first <= month <= last}
            for kind in kinds:
                line = found.lines.setdefault(kind, {})
                line[employer] = line.get(employer, ZERO) + hours
            if kinds:
                found.together[employer] = found.together.get(employer, ZERO) + hours
    return found
