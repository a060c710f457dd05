"""« Relation entreprise »: how a company keeps what it promised beside the hours, for the bilan and the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clauses.models import QualitativeCommitment
from clauses.qualitative_state import LineState, state_of
from clauses.services.qualitative import line_of

if TYPE_CHECKING:
    from accounts.models import User


@dataclass
class Relation:
    """Lines of the grid by state, for one company or several; `running` holds those that are yet to come too."""

    kept: int = 0
    late: int = 0
    evidence_missing: int = 0
    running: int = 0
    abandoned: int = 0

    @property
    def total(self) -> int:
        """All the lines, abandoned ones included."""
        return self.kept + self.late + self.evidence_missing + self.running + self.abandoned

    def add(self, state: LineState) -> None:
        name = _COUNTED[state]
        setattr(self, name, getattr(self, name) + 1)


_COUNTED = {
    LineState.MET: "kept",
    LineState.LATE: "late",
    LineState.UNPROVED: "evidence_missing",
    LineState.RUNNING: "running",
    LineState.UPCOMING: "running",
    LineState.ABANDONED: "abandoned",
}


def relation_by_company(
    market_ids: Iterable[int], on: dt.date, *, user: User | None = None
) -> dict[int, Relation]:
    """Lines kept, late, without proof… on that day, by company, over these markets: one query for all.

    market_ids: ids, or a queryset of them. user: count what that user sees only. A company without a line is absent.
    """
    rows = (
        QualitativeCommitment.objects.visible_to(user) if user else QualitativeCommitment.objects.order_by()
    )
    found: dict[int, Relation] = {}
    for row in rows.filter(market__in=market_ids).with_progress().order_by("pk"):
        found.setdefault(row.company_id, Relation()).add(state_of(line_of(row), on))
    return found
