"""Criteria in time: what is asked for a status on a day, and the house's own dated changes (ADR 0036)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.assessment import Terms
from beneficiaries.models import CriterionTerms, EligibilityCriterion
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.text import normalise

if TYPE_CHECKING:
    from accounts.models import User

# Codes of the house's own criteria: no file has them, none will.
OWN = "maison-"


def terms_of(
    criteria: Iterable[EligibilityCriterion], day: dt.date, changes: dict[str, CriterionTerms] | None = None
) -> dict[str, Terms]:
    """What each of these criteria asks on that day, by code: the reference file, then the latest change by then."""
    latest = changes_on(day) if changes is None else changes
    return {row.pk: as_terms(row, day, latest.get(row.pk)) for row in criteria}


def changes_on(day: dt.date) -> dict[str, CriterionTerms]:
    """The change of the house in force on that day, by code of the criterion."""
    rows = CriterionTerms.objects.filter(in_force_from__lte=day).order_by("in_force_from", "pk")
    return {row.criterion_id: row for row in rows}


def as_terms(row: EligibilityCriterion, day: dt.date, change: CriterionTerms | None) -> Terms:
    """What one criterion asks on that day."""
    values = change or row
    in_force = (
        row.is_active
        and (row.valid_from is None or row.valid_from <= day)
        and (row.valid_to is None or day <= row.valid_to)
        and (change is None or change.is_open)
    )
    return Terms(
        code=row.pk,
        label=row.label,
        route=row.route,
        sufficiency=values.sufficiency,
        proof=values.proof,
        max_age_months=values.proof_max_age_months,
        sensitive=row.sensitive,
        in_force=in_force,
        position=row.position,
    )


def criteria_on(day: dt.date) -> list[tuple[EligibilityCriterion, Terms]]:
    """The criteria in force on that day, in the order of the list."""
    rows = list(EligibilityCriterion.objects.order_by("position", "code"))
    terms = terms_of(rows, day)
    return [(row, terms[row.pk]) for row in rows if terms[row.pk].in_force]


@transaction.atomic
def change_criterion(
    *,
    criterion: EligibilityCriterion,
    in_force_from: dt.date,
    reason: str,
    proof: str,
    proof_max_age_months: int | None,
    sufficiency: str,
    is_open: bool = True,
    user: User,
) -> CriterionTerms:
    """Change what a criterion asks from a day on, or hold it no more (`is_open=False`); decisions taken stay as they are.

    A change that has not begun yet is replaced by another of the same day. Raises DomainError for a day gone by,
    a change without reason, and a criterion that its file withdrew.
    """
    row = EligibilityCriterion.objects.select_for_update().get(pk=criterion.pk)
    today = timezone.localdate()
    if not row.is_active:
        raise DomainError("Ce critère n’est plus dans la liste de référence\u202f: il ne se change plus.")
    if in_force_from < today:
        raise DomainError(
            "Un critère se change à partir d’aujourd’hui ou d’un jour à venir\u202f: les décisions déjà prises "
            "gardent ce qui était demandé leur jour.",
            field="in_force_from",
        )
    if not reason.strip():
        raise DomainError("Dites pourquoi, ou d’après quel texte.", field="reason")
    _check_age(proof_max_age_months)
    change = CriterionTerms.objects.filter(criterion=row, in_force_from=in_force_from).first()
    change = change or CriterionTerms(criterion=row, in_force_from=in_force_from)
    change.is_open = is_open
    change.proof = proof.strip()[:250]
    change.proof_max_age_months = proof_max_age_months
    change.sufficiency = sufficiency
    change.reason = reason.strip()[:300]
    change.created_by = user
    save_by(change, user, reason)
    return change


@transaction.atomic
def close_criterion(
    *, criterion: EligibilityCriterion, last_day: dt.date, reason: str, user: User
) -> CriterionTerms:
    """Hold a criterion no more after `last_day`; a reload of the reference list does not bring it back."""
    start = last_day + dt.timedelta(days=1)
    now = as_terms(criterion, last_day, changes_on(last_day).get(criterion.pk))
    if not now.in_force:
        raise DomainError(
            f"Ce critère n’est déjà plus en vigueur le {formats.day(last_day)}.", field="in_force_from"
        )
    return change_criterion(
        criterion=criterion,
        in_force_from=start,
        reason=reason,
        proof=now.proof,
        proof_max_age_months=now.max_age_months,
        sufficiency=now.sufficiency,
        is_open=False,
        user=user,
    )


@transaction.atomic
def add_criterion(
    *,
    label: str,
    proof: str,
    proof_max_age_months: int | None,
    sufficiency: str,
    route: str,
    sensitive: bool,
    in_force_from: dt.date,
    reason: str,
    user: User,
) -> EligibilityCriterion:
    """Add a criterion of the house's own, from a day on. Raises DomainError when one bears that label already."""
    tidy = " ".join(label.split())[:250]
    rows = list(EligibilityCriterion.objects.select_for_update().order_by("position", "code"))
    if any(normalise(row.label) == normalise(tidy) for row in rows if row.is_active):
        raise DomainError("Un critère porte déjà ce nom\u202f: changez ses conditions.", field="label")
    if not normalise(tidy):
        raise DomainError("Nommez le critère.", field="label")
    _check_age(proof_max_age_months)
    if not reason.strip():
        raise DomainError("Dites pourquoi, ou d’après quel texte.", field="reason")
    numbers = [int(row.pk.removeprefix(OWN)) for row in rows if row.pk.startswith(OWN)]
    criterion = EligibilityCriterion.objects.create(
        code=f"{OWN}{max(numbers, default=0) + 1}",
        label=tidy,
        proof=proof.strip()[:250],
        proof_max_age_months=proof_max_age_months,
        sufficiency=sufficiency,
        route=route,
        sensitive=sensitive,
        valid_from=in_force_from,
        # After those of the file, before « autre situation » would be a rank of the file's.
        position=max((row.position for row in rows), default=0) + 10,
        added_on=timezone.localdate(),
    )
    first = CriterionTerms(
        criterion=criterion,
        in_force_from=in_force_from,
        proof=criterion.proof,
        proof_max_age_months=proof_max_age_months,
        sufficiency=sufficiency,
        reason=reason.strip()[:300],
        created_by=user,
    )
    save_by(first, user, reason)
    return criterion


def _check_age(months: int | None) -> None:
    if months is not None and not 1 <= months <= 120:
        raise DomainError(
            "L’âge maximal d’un justificatif se donne en mois, de 1 à 120.", field="proof_max_age_months"
        )
