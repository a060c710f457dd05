"""Eligibility: recording a decision with the situation at entry frozen in it, and correcting one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from beneficiaries.assessment import assess, opinion_problem
from beneficiaries.enums import Decision, Route, Sufficiency
from beneficiaries.models import (
    Beneficiary,
    CountingRules,
    EligibilityCriterion,
    EligibilityReview,
    HeldCriterion,
    Prescriber,
)
from beneficiaries.services.counting import recount_people
from beneficiaries.services.criteria import terms_of
from beneficiaries.services.employment import rest_assignments
from beneficiaries.services.proofs import answer_requests, file_proofs
from beneficiaries.services.validation_watch import watch_people
from core import formats
from core.dates import add_months, month_of
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User

FROZEN = (
    "entry_age",
    "entry_gender",
    "entry_commune",
    "entry_qpv",
    "entry_qpv_vintage",
    "entry_education",
    "entry_unemployment",
    "entry_prescriber",
)


class Held(NamedTuple):
    """A criterion held, with the proof that was seen and its date."""

    criterion: EligibilityCriterion
    proof_date: dt.date | None = None
    proof_label: str = ""


def age_on(day: dt.date, birth_date: dt.date | None) -> int | None:
    """Age in whole years on that day; None without a birth date."""
    if birth_date is None:
        return None
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def validity_months(day: dt.date) -> int:
    """After how many months an unused validation lapses: the territory's rules in force on that day."""
    rules = (
        CountingRules.objects.filter(
            buyer__isnull=True, market__isnull=True, in_force_from__lte=month_of(day)
        )
        .order_by("-in_force_from")
        .first()
    )
    return (rules or CountingRules()).review_validity_months


def check_review(held: Sequence[Held], decided_on: dt.date, *, note: str) -> None:
    """Refuse an approval that its proofs or its criteria do not carry, by what was asked on its day.

    One criterion that suffices alone (automatic ones do), or two to be combined. A priority never makes eligible.
    Raises DomainError with a sentence naming the criterion, the date of the proof and its age.
    """
    terms = terms_of([row.criterion for row in held], decided_on)
    found = assess(
        [(terms[row.criterion.pk], row.proof_date, False) for row in held], day=decided_on, note=note
    )
    for line in found.lines:
        if line.problem:
            raise DomainError(line.problem, field="criteria")
    if found.problem:
        opinion = opinion_problem([line.terms for line in found.lines], note)
        raise DomainError(found.problem, field="note" if found.problem == opinion else "criteria")


@transaction.atomic
def record_review(
    *,
    beneficiary: Beneficiary,
    decision: str,
    decided_on: dt.date,
    criteria: Iterable[Held | tuple] = (),
    principal: EligibilityCriterion | None = None,
    prescriber: Prescriber | None = None,
    unemployment: str = "",
    valid_until: dt.date | None = None,
    refusal_reason: str = "",
    note: str = "",
    user: User,
) -> EligibilityReview:
    """Record a decision and freeze the person's situation on its day.

    criteria: `(criterion, proof date, proof seen)`. prescriber: the one at entry; that of the file by default.
    valid_until: the last day on which an unused validation can be used; by default so many months after the
    decision as the territory's rules say. Raises DomainError when the proofs or the criteria do not carry it.
    """
    person = Beneficiary.objects.select_for_update().get(pk=beneficiary.pk)
    held = [Held(*row) for row in criteria]
    entry = {
        "entry_age": age_on(decided_on, person.birth_date),
        "entry_gender": person.gender,
        "entry_commune_id": person.commune_id,
        "entry_qpv_id": person.qpv_id,
        "entry_qpv_vintage": person.residence_vintage,
        "entry_education_id": person.education_id,
        "entry_unemployment": unemployment,
        "entry_prescriber_id": prescriber.pk if prescriber else person.prescriber_id,
    }
    review = _write_review(
        person=person,
        decision=decision,
        decided_on=decided_on,
        held=held,
        principal=principal,
        valid_until=valid_until,
        refusal_reason=refusal_reason,
        note=note,
        user=user,
        more=entry,
    )
    rest_assignments(person, user=user)
    recount_people([person.pk], user=user, reason="décision d’éligibilité")
    watch_people([person.pk], today=timezone.localdate(), by=user)
    return review


@transaction.atomic
def correct_review(
    *,
    review: EligibilityReview,
    correction_reason: str,
    decision: str,
    decided_on: dt.date,
    criteria: Iterable[Held | tuple] = (),
    principal: EligibilityCriterion | None = None,
    valid_until: dt.date | None = None,
    refusal_reason: str = "",
    note: str = "",
    entry: dict[str, Any] | None = None,
    user: User,
) -> EligibilityReview:
    """Replace a decision by a new one with the full new value; the old one stays readable.

    The situation at entry is that of the corrected decision, whatever the person's file says today; `entry` gives
    the values of it that were wrong (keys of FROZEN). Raises DomainError without a reason or when already corrected.
    """
    person = Beneficiary.objects.select_for_update().get(pk=review.beneficiary_id)
    if not correction_reason.strip():
        raise DomainError("Une correction se motive\u202f: dites pourquoi.", field="correction_reason")
    if EligibilityReview.objects.filter(supersedes=review).exists():
        raise DomainError("Cette décision a déjà été corrigée\u202f: corrigez la plus récente.")
    frozen = {name: getattr(review, name) for name in FROZEN} | (entry or {})
    frozen["entry_age"] = age_on(decided_on, person.birth_date)
    if frozen["entry_qpv"] != review.entry_qpv:
        frozen["entry_qpv_vintage"] = frozen["entry_qpv"].vintage if frozen["entry_qpv"] else None
    corrected = _write_review(
        person=person,
        decision=decision,
        decided_on=decided_on,
        held=[Held(*row) for row in criteria],
        principal=principal,
        valid_until=valid_until,
        refusal_reason=refusal_reason,
        note=note,
        user=user,
        more={**frozen, "supersedes": review, "correction_reason": correction_reason.strip()[:300]},
    )
    rest_assignments(person, user=user)
    recount_people([person.pk], user=user, reason="correction d’une décision")
    watch_people([person.pk], today=timezone.localdate(), by=user)
    return corrected


def _write_review(
    *,
    person: Beneficiary,
    decision: str,
    decided_on: dt.date,
    held: list[Held],
    principal: EligibilityCriterion | None,
    valid_until: dt.date | None,
    refusal_reason: str,
    note: str,
    user: User,
    more: dict[str, Any],
) -> EligibilityReview:
    if decided_on > timezone.localdate():
        raise DomainError(
            f"La décision est datée du {formats.day(decided_on)}\u202f: elle s’enregistre une fois prise.",
            field="decided_on",
        )
    criteria = [row.criterion for row in held]
    if principal is not None and principal not in criteria:
        raise DomainError("Le statut principal est l’un des critères cochés.", field="principal")
    if decision == Decision.APPROVED:
        check_review(held, decided_on, note=note)
        refusal_reason = ""
        valid_until = valid_until or add_months(decided_on, validity_months(decided_on))
        if valid_until < decided_on:
            raise DomainError("La validation s’éteindrait avant d’avoir été décidée.", field="valid_until")
    else:
        valid_until = None
        if not refusal_reason.strip():
            raise DomainError("Un refus se motive\u202f: dites pourquoi.", field="refusal_reason")
    automatic = any(criterion.route == Route.AUTOMATIC for criterion in criteria)
    review = EligibilityReview.objects.create(
        beneficiary=person,
        route=Route.AUTOMATIC if automatic else Route.INDIVIDUAL,
        decision=decision,
        decided_on=decided_on,
        decided_by=user,
        valid_until=valid_until,
        refusal_reason=refusal_reason.strip(),
        note=note.strip(),
        principal=principal or _main_criterion(held, decided_on),
        **more,
    )
    for row in held:
        HeldCriterion.objects.create(
            review=review,
            criterion=row.criterion,
            proof_date=row.proof_date,
            proof_label=row.proof_label.strip()[:250],
        )
    file_proofs(review=review, user=user)
    answer_requests(person=person, by=user)
    return review


def _main_criterion(held: Sequence[Held], day: dt.date) -> EligibilityCriterion | None:
    """The one that carries the decision, first in the order of the reference list."""
    terms = terms_of([row.criterion for row in held], day)
    rank = {Sufficiency.ALONE: 0, Sufficiency.COMBINED: 1, Sufficiency.PRIORITY: 2}
    return min(
        (row.criterion for row in held),
        key=lambda row: (rank[Sufficiency(terms[row.pk].sufficiency)], row.position, row.code),
        default=None,
    )
