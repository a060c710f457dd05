"""A person's history: their file, contracts and assignments in one line of time. Never a ground."""

from __future__ import annotations

from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ImmersionAgreement,
    Outcome,
    Placement,
    TrainingCourse,
)
from core.changes import HistoryEntry, Part, history_of


def timeline_of(person: Beneficiary) -> list[HistoryEntry]:
    """What happened to the file, the steps of the path, the assignments and the situations after it, newest first."""
    placements = Placement.history.filter(beneficiary_id=person.pk)  # type: ignore[attr-defined]
    assignments = Assignment.history.filter(placement__beneficiary=person)  # type: ignore[attr-defined]
    parts = (
        Part(
            placements.select_related("employer"),
            lambda record: f"contrat chez {record.employer}",
            hidden=("beneficiary", "previous"),
        ),
        # The decision is told in its own tab: here its words would say what was decided.
        Part(
            assignments.select_related("commitment__market"),
            lambda record: f"affectation, marché {record.commitment.market.reference}",
            hidden=("placement", "review"),
        ),
        Part(
            ImmersionAgreement.history.filter(placement__beneficiary=person),  # type: ignore[attr-defined]
            lambda record: "convention de PMSMP",
            hidden=("placement",),
        ),
        Part(
            TrainingCourse.history.filter(placement__beneficiary=person),  # type: ignore[attr-defined]
            lambda record: f"formation {record.title}",
            hidden=("placement",),
        ),
        Part(
            Outcome.history.filter(beneficiary_id=person.pk),  # type: ignore[attr-defined]
            lambda record: f"situation {record.get_milestone_display()}",
            hidden=("beneficiary",),
        ),
    )
    return history_of(person, parts=parts)
