"""A person's history: their file, contracts and assignments in one line of time. Never a ground."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from beneficiaries.models import Assignment, Beneficiary, Placement
from core.changes import HistoryEntry, entries_of, history_of

# Rows that a change would have to look up one by one; the page of the contract says them.
_HIDDEN_OF_PLACEMENT = ("beneficiary", "previous", "created_at")
_HIDDEN_OF_ASSIGNMENT = ("placement", "commitment", "review", "positioned_by", "created_at")
_MOST = 200


def timeline_of(person: Beneficiary) -> list[HistoryEntry]:
    """What happened to the file, newest first."""
    entries = [
        replace(entry, what=f"fiche, {entry.what}") for entry in history_of(person, hidden=("created_at",))
    ]
    placements = Placement.history.filter(beneficiary_id=person.pk)  # type: ignore[attr-defined]
    entries += _of_rows(
        Placement,
        placements.select_related("history_user", "employer"),
        _HIDDEN_OF_PLACEMENT,
        lambda record: f"contrat chez {record.employer}",
    )
    assignments = Assignment.history.filter(placement__beneficiary=person)  # type: ignore[attr-defined]
    entries += _of_rows(
        Assignment,
        assignments.select_related("history_user", "commitment__market"),
        _HIDDEN_OF_ASSIGNMENT,
        lambda record: f"affectation, marché {record.commitment.market.reference}",
    )
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:_MOST]


def _of_rows(model: Any, records: Any, hidden: tuple[str, ...], name: Any) -> list[HistoryEntry]:
    by_row: dict[Any, list[Any]] = defaultdict(list)
    for record in records.order_by("history_date", "history_id"):
        by_row[record.id].append(record)
    found = []
    for of_one in by_row.values():
        label = name(of_one[-1])
        found += [
            replace(entry, what=f"{label}, {entry.what}")
            for entry in entries_of(model, of_one, hidden=hidden)
        ]
    return found
