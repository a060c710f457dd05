"""Employment: contracts and steps of a path, and their assignment to commitments."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from beneficiaries.enums import Decision, EndReason, Modality, PlacementNature
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ContractType,
    CountingRules,
    EligibilityPeriod,
    EligibilityReview,
    HoursEntry,
    ImmersionAgreement,
    Placement,
    TrainingCourse,
)
from beneficiaries.placement_checks import LENT_OUT, fitting_modality
from beneficiaries.services.counting import recount_people
from beneficiaries.services.immersions import record_agreement
from beneficiaries.services.outcomes import cancel_overtaken
from beneficiaries.services.trainings import record_course, watch_result
from beneficiaries.services.writing import save_by
from clauses.models import Commitment
from core import formats
from core.dates import month_end
from core.errors import DomainError
from markets.models import Company

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(slots=True)
class Assigned:
    """An assignment, and what the facilitator must know of it: each warning is a sentence."""

    assignment: Assignment
    warnings: list[str] = field(default_factory=list)


def review_for(beneficiary: Beneficiary, starts_on: dt.date) -> EligibilityReview | None:
    """The decision that an assignment rests on: the latest approved one that stands, decided by its first day."""
    return (
        EligibilityReview.objects.filter(beneficiary=beneficiary, decided_on__lte=starts_on)
        .standing()
        .approved()
        .order_by("-decided_on", "-pk")
        .first()
    )


def rest_assignments(beneficiary: Beneficiary, *, user: User) -> None:
    """Bring the decision of every assignment of a person to `review_for`: when it was recorded changes nothing."""
    rows = Assignment.objects.filter(placement__beneficiary=beneficiary).order_by("starts_on", "pk")
    for assignment in rows:
        review = review_for(beneficiary, assignment.starts_on)
        if assignment.review_id != (review.pk if review else None):
            assignment.review = review
            save_by(assignment, user, "décision d’éligibilité")


def period_on(beneficiary: Beneficiary, day: dt.date) -> EligibilityPeriod | None:
    """The eligibility period that is open on that day."""
    return (
        EligibilityPeriod.objects.filter(beneficiary=beneficiary, starts_on__lte=day, ends_on__gte=day)
        .order_by("-ends_on")
        .first()
    )


def proposed_previous(
    beneficiary: Beneficiary,
    employer: Company,
    starts_on: dt.date,
    *,
    nature: str = PlacementNature.EMPLOYMENT,
    purpose: str = "",
    excluding: int | None = None,
) -> Placement | None:
    """The contract that a new one renews or continues: same employer and nature, ended few days before (a setting).

    purpose: the object of a PMSMP; another object is another agreement.
    """
    since = starts_on - dt.timedelta(days=CountingRules.of_territory(starts_on).chain_gap_days + 1)
    found = Placement.objects.filter(
        beneficiary=beneficiary, employer=employer, nature=nature, ends_on__gte=since, ends_on__lt=starts_on
    ).exclude(pk=excluding or 0)
    if purpose:
        found = found.filter(immersion_agreement__purpose=purpose)
    return found.order_by("-ends_on", "-pk").first()


def _lock(number: int) -> Beneficiary:
    """The person, for whom nobody else writes a step meanwhile. Asked again when a change is tried first."""
    (person,) = Beneficiary.objects.select_for_update().filter(pk=number).order_by("pk")
    return person


@transaction.atomic
def create_placement(
    *,
    placement: Placement,
    user: User,
    agreement: ImmersionAgreement | None = None,
    course: TrainingCourse | None = None,
    accept_over_limit: bool = False,
) -> Placement:
    """Add a contract, an immersion (with its agreement) or a training (with its course) to a person's path.

    Raises DomainError for a PMSMP over its limits, unless `accept_over_limit`: what was signed is recorded all the same.
    """
    _check_placement(placement)
    # Two immersions written at once are checked one after the other.
    _lock(placement.beneficiary_id)
    if (
        placement.previous_id is None
        and placement.employer_id
        and placement.nature != PlacementNature.TRAINING
    ):
        placement.previous = proposed_previous(
            placement.beneficiary,
            placement.employer,
            placement.starts_on,
            nature=placement.nature,
            purpose=agreement.purpose if agreement else "",
        )
    save_by(placement, user)
    _record_details(placement, agreement, course, accept_over_limit, user)
    return placement


@transaction.atomic
def update_placement(
    *,
    placement: Placement,
    user: User,
    agreement: ImmersionAgreement | None = None,
    course: TrainingCourse | None = None,
    accept_over_limit: bool = False,
) -> Placement:
    """Change a contract; its assignments are never left outside of it."""
    _check_placement(placement)
    _lock(placement.beneficiary_id)
    first = placement.assignments.order_by("starts_on").first()
    if first is not None and first.starts_on < placement.starts_on:
        raise DomainError(
            f"Une affectation commence le {formats.day(first.starts_on)}, avant ce début de contrat.",
            field="starts_on",
        )
    if placement.modality in LENT_OUT and placement.assignments.filter(user_company__isnull=True).exists():
        raise DomainError(
            "Une affectation de ce contrat ne dit pas encore chez qui la personne travaille\u202f: "
            "indiquez-y l’entreprise utilisatrice avant de choisir une mise à disposition.",
            field="modality",
        )
    if placement.ends_on:
        _check_no_later_assignment(placement, placement.ends_on)
    save_by(placement, user)
    if placement.ends_on:
        for assignment in placement.assignments.filter(ends_on__gt=placement.ends_on).order_by("pk"):
            assignment.ends_on = placement.ends_on
            save_by(assignment, user)
    _record_details(placement, agreement, course, accept_over_limit, user)
    recount_people([placement.beneficiary_id], user=user, reason="contrat modifié")
    return placement


def _record_details(
    placement: Placement,
    agreement: ImmersionAgreement | None,
    course: TrainingCourse | None,
    accept_over_limit: bool,
    user: User,
) -> None:
    """The agreement of an immersion, the course of a training; those of another nature go."""
    if agreement is not None:
        record_agreement(placement=placement, agreement=agreement, accepted=accept_over_limit, user=user)
    if course is not None:
        record_course(placement=placement, course=course, user=user)
    if placement.modality != Modality.PMSMP:
        for former in ImmersionAgreement.objects.filter(placement=placement):
            former._history_user = user  # type: ignore[attr-defined]
            former.delete()
    if placement.nature != PlacementNature.TRAINING:
        for dropped in TrainingCourse.objects.filter(placement=placement):
            dropped._history_user = user  # type: ignore[attr-defined]
            dropped.delete()


@transaction.atomic
def assign(
    *,
    placement: Placement,
    commitment: Commitment,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    user_company: Company | None = None,
    positioned_on: dt.date | None = None,
    require_user_company: bool = True,
    user: User,
) -> Assigned:
    """Put a contract to work on a commitment, on the latest decision that stands on its first day.

    require_user_company: lent-out work says for whom; a file of past years that does not is taken as it is.

    positioned_on: the day on which someone already validated was positioned on this commitment. Without a prior
    validation the assignment is recorded all the same, with a warning: its hours will not count.
    """
    person = _lock(placement.beneficiary_id)
    assignment = Assignment(
        placement=placement,
        commitment=commitment,
        user_company=user_company,
        starts_on=starts_on,
        ends_on=ends_on,
        review=review_for(person, starts_on),
        positioned_on=positioned_on,
        positioned_by=user if positioned_on else None,
    )
    _check_assignment(assignment)
    if require_user_company:
        _check_user_company(assignment)
    save_by(assignment, user)
    cancel_overtaken(people=[person.pk], user=user)
    recount_people([person.pk], user=user, reason="affectation")
    return Assigned(assignment, assignment_warnings(assignment))


@transaction.atomic
def update_assignment(*, assignment: Assignment, user: User) -> Assigned:
    """Change an assignment's days, user company or positionnement; the decision is looked up again."""
    person = _lock(assignment.placement.beneficiary_id)
    assignment.review = review_for(person, assignment.starts_on)
    if assignment.positioned_on is None:
        assignment.positioned_by = None
    elif assignment.positioned_by_id is None:
        assignment.positioned_by = user
    _check_assignment(assignment)
    _check_user_company(assignment)
    save_by(assignment, user)
    cancel_overtaken(people=[person.pk], user=user)
    recount_people([person.pk], user=user, reason="affectation modifiée")
    return Assigned(assignment, assignment_warnings(assignment))


@transaction.atomic
def end_placement(*, placement: Placement, ends_on: dt.date, end_reason: str = "", user: User) -> Placement:
    """Close a contract and the assignments still open on that day, and say why it ended.

    Without a reason, one that ends on its planned day ended as planned. Raises DomainError when an assignment begins,
    or hours were entered, after that day, and when a contract that had an end is cut short without a reason.
    """
    placement = Placement.objects.select_for_update(of=("self",)).get(pk=placement.pk)
    if ends_on < placement.starts_on:
        raise DomainError(
            f"Le contrat commence le {formats.day(placement.starts_on)}\u202f: sa fin ne peut pas le précéder.",
            field="ends_on",
        )
    is_cut_short = placement.ends_on is not None and ends_on < placement.ends_on
    if is_cut_short and end_reason in ("", EndReason.TERM):
        raise DomainError(
            f"La fin prévue est le {formats.day(placement.ends_on)}\u202f: dites pourquoi le contrat finit avant.",
            field="end_reason",
        )
    _check_no_later_assignment(placement, ends_on)
    placement.end_reason = end_reason or (
        EndReason.TERM if placement.ends_on == ends_on else placement.end_reason
    )
    placement.ends_on = ends_on
    save_by(placement, user)
    for assignment in placement.assignments.order_by("pk"):
        if assignment.ends_on is None or assignment.ends_on > ends_on:
            assignment.ends_on = ends_on
            save_by(assignment, user)
    if placement.nature == PlacementNature.TRAINING:
        watch_result(placement=placement, user=user)
    recount_people([placement.beneficiary_id], user=user, reason="fin de contrat")
    return placement


def assignment_warnings(assignment: Assignment) -> list[str]:
    """What keeps this assignment's hours from counting, or will: facts to know, never a date to change."""
    person, start = assignment.placement.beneficiary, assignment.starts_on
    placement, review = assignment.placement, assignment.review
    warnings: list[str] = []
    period = period_on(person, start)
    if review is None:
        later = (
            EligibilityReview.objects.filter(beneficiary=person, decision=Decision.APPROVED)
            .standing()
            .order_by("decided_on")
            .first()
        )
        warnings.append(
            f"La validation d’éligibilité date du {formats.day(later.decided_on)}, après le début de l’affectation "
            f"le {formats.day(start)}\u202f: les heures sont enregistrées et ne seront pas comptées."
            if later
            else "Aucune validation d’éligibilité ne précède cette affectation\u202f: les heures ne seront pas comptées "
            "tant que la personne n’est pas validée avant le début d’une affectation."
        )
    elif (
        placement.modality == Modality.DIRECT
        and review.decided_on >= placement.starts_on
        and (period is None or assignment.positioned_on is None)
    ):
        warnings.append(
            f"La validation d’éligibilité date du {formats.day(review.decided_on)}\u202f; pour une embauche directe elle "
            f"précède le contrat, qui commence le {formats.day(placement.starts_on)}\u202f: "
            "les heures ne seront pas comptées."
        )
    elif _rests_on_positionnement(assignment):
        if assignment.positioned_on is None:
            warnings.append(
                "La personne est déjà validée et en parcours, mais aucun positionnement n’est enregistré sur cet "
                "engagement\u202f: les heures ne seront pas comptées tant qu’il manque."
            )
        elif assignment.positioned_on > start:
            warnings.append(
                f"Le positionnement date du {formats.day(assignment.positioned_on)}, après le début de l’affectation "
                f"le {formats.day(start)}\u202f: les heures ne seront pas comptées."
            )
        elif period is None:
            warnings.append(
                f"La période d’éligibilité n’est plus ouverte le {formats.day(start)}\u202f: les heures ne seront pas "
                "comptées sans nouvelle validation."
            )
    elif review.valid_until and review.valid_until < start:
        warnings.append(
            f"La validation du {formats.day(review.decided_on)} devait servir au plus tard le "
            f"{formats.day(review.valid_until)}, et l’affectation commence le {formats.day(start)}\u202f: "
            "les heures ne seront pas comptées."
        )
    market = assignment.commitment.market
    if market.begins_on and start < market.begins_on:
        warnings.append(
            f"Le marché commence le {formats.day(market.begins_on)}\u202f: les jours d’avant ne comptent pas."
        )
    if market.planned_end and start > market.planned_end:
        warnings.append(
            f"La fin prévue du marché ({formats.day(market.planned_end)}) est passée\u202f: "
            "ces heures comptent tant que le marché n’est pas clos, et sont signalées."
        )
    return warnings


def _rests_on_positionnement(assignment: Assignment) -> bool:
    """The validation was already used by an earlier assignment: this one needs a positionnement."""
    if assignment.review is None:
        return False
    return (
        Assignment.objects.filter(
            placement__beneficiary=assignment.placement.beneficiary_id,
            review=assignment.review,
            starts_on__lt=assignment.starts_on,
        )
        .exclude(pk=assignment.pk)
        .exists()
    )


def _check_placement(placement: Placement) -> None:
    if placement.ends_on and placement.ends_on < placement.starts_on:
        raise DomainError("La fin du contrat précède son début.", field="ends_on")
    if not fitting_modality(placement.nature, placement.modality):
        raise DomainError(
            f"La modalité «\u202f{placement.get_modality_display()}\u202f» ne va pas avec une étape de nature "
            f"«\u202f{placement.get_nature_display()}\u202f».",
            field="modality",
        )
    kind: ContractType | None = placement.contract_type
    if kind is not None and kind.nature != placement.nature:
        raise DomainError(
            f"«\u202f{kind.label}\u202f» ne va pas avec une étape de nature «\u202f{placement.get_nature_display()}\u202f».",
            field="contract_type",
        )
    previous = placement.previous
    if previous is not None and (
        previous.beneficiary_id != placement.beneficiary_id or previous.starts_on > placement.starts_on
    ):
        raise DomainError(
            "Le contrat renouvelé est un contrat antérieur de la même personne.", field="previous"
        )


def _check_assignment(assignment: Assignment) -> None:
    placement = assignment.placement
    if assignment.ends_on and assignment.ends_on < assignment.starts_on:
        raise DomainError("La fin de l’affectation précède son début.", field="ends_on")
    if assignment.starts_on < placement.starts_on:
        raise DomainError(
            f"Le contrat commence le {formats.day(placement.starts_on)}\u202f: l’affectation ne peut pas le précéder.",
            field="starts_on",
        )
    last = assignment.ends_on or assignment.starts_on
    if placement.ends_on and last > placement.ends_on:
        raise DomainError(
            f"Le contrat finit le {formats.day(placement.ends_on)}\u202f: l’affectation ne peut pas le dépasser.",
            field="ends_on" if assignment.ends_on else "starts_on",
        )
    same = Assignment.objects.filter(
        placement=placement, commitment=assignment.commitment, starts_on=assignment.starts_on
    ).exclude(pk=assignment.pk)
    if same.exists():
        raise DomainError("Cette affectation existe déjà.", field="starts_on")
    market = assignment.commitment.market
    if market.closed_on and assignment.starts_on > market.closed_on:
        raise DomainError(
            f"Le marché est clos depuis le {formats.day(market.closed_on)}\u202f: "
            "une affectation ne peut plus y commencer.",
            field="commitment",
        )


def _check_user_company(assignment: Assignment) -> None:
    """Lent-out work: the employer is not where the person works."""
    placement = assignment.placement
    if placement.modality not in LENT_OUT:
        return
    if assignment.user_company_id is None:
        raise DomainError(
            f"{placement.employer} met la personne à disposition\u202f: indiquez l’entreprise utilisatrice, "
            "chez qui elle travaille.",
            field="user_company",
        )
    if assignment.user_company_id == placement.employer_id:
        raise DomainError(
            "L’entreprise utilisatrice n’est pas l’employeur, dans une mise à disposition.",
            field="user_company",
        )


def _check_no_later_assignment(placement: Placement, ends_on: dt.date) -> None:
    later = placement.assignments.filter(starts_on__gt=ends_on).order_by("starts_on").first()
    if later is not None:
        raise DomainError(
            f"Une affectation commence le {formats.day(later.starts_on)}, après cette fin de contrat.",
            field="ends_on",
        )
    last_month = (
        HoursEntry.objects.current()
        .filter(assignment__placement=placement, hours__gt=0)
        .aggregate(last=Max("month"))["last"]
    )
    if last_month and last_month > month_end(ends_on):
        raise DomainError(
            f"Des heures sont saisies en {formats.month(last_month)}, après cette fin de contrat\u202f: "
            "vérifiez le relevé.",
            field="ends_on",
        )
