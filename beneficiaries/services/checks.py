"""Checks: explaining an anomaly, taking the explanation back, validating what has none."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from beneficiaries.anomalies import find_anomalies
from beneficiaries.enums import AnomalyKind
from beneficiaries.models import HoursEntry, SettledAnomaly
from beneficiaries.services.hours import ValidationReport, validate_hours
from beneficiaries.services.writing import save_by
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User

# What counting does not say: hours that do not count, or are over the law, are left by `validate_hours` itself.
LEFT_ALTHOUGH_COUNTED = (
    AnomalyKind.OVER_CONTRACT,
    AnomalyKind.DUPLICATE,
    AnomalyKind.AFTER_END,
    AnomalyKind.SUDDEN,
)
UNKNOWN = "Cette anomalie n’existe plus\u202f: rechargez la page."


@dataclass(slots=True)
class Sorted:
    """What one gesture validated, and how many entries are left to look at."""

    report: ValidationReport
    left: int


@transaction.atomic
def settle_anomaly(*, key: str, reason: str, user: User) -> SettledAnomaly:
    """Say why something that looked wrong is right: it is no longer shown while its figures are the same."""
    kind = key.partition(":")[0]
    if kind not in AnomalyKind.values or not 0 < len(key) <= 200 or ":" not in key:
        raise DomainError(UNKNOWN)
    if not reason.strip():
        raise DomainError("Dites pourquoi ces heures sont justes.", field="reason")
    known = SettledAnomaly.objects.select_for_update().filter(key=key).first()
    if known is not None:
        return known
    row = SettledAnomaly(kind=kind, key=key, reason=reason.strip()[:300], settled_by=user)
    save_by(row, user)
    return row


@transaction.atomic
def reopen_anomaly(*, settled: SettledAnomaly, user: User) -> None:
    """Take an explanation back: the anomaly is shown again."""
    settled._history_user = user  # type: ignore[attr-defined]
    settled.delete()


@transaction.atomic
def validate_without_anomaly(*, assignments: Any, month: dt.date, user: User) -> Sorted:
    """Validate, in one gesture, every waiting entry of a month that nothing looks wrong with, or that was explained."""
    found = find_anomalies(assignments, month, month, gaps=False)
    clean = HoursEntry.objects.visible_to(user).filter(pk__in=found.waiting - found.entries)
    report = validate_hours(entries=clean, user=user)
    return Sorted(report, len(found.waiting) - len(report.validated))


def what_looks_wrong(assignments: Any, first: dt.date, last: dt.date) -> dict[int, str]:
    """Entry → sentence, for hours that count and that nobody explained: accepting or loading many leaves them."""
    found = find_anomalies(assignments, first, last, gaps=False)
    return {
        pk: anomaly.sentence
        for anomaly in found.open
        if anomaly.kind in LEFT_ALTHOUGH_COUNTED
        for pk in anomaly.entries
    }
