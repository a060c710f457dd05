"""Trainings: the course of a training step, and the result that is asked for at its end."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import PlacementNature, Qualification
from beneficiaries.models import Placement, TrainingCourse
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

OBTAINED = (Qualification.OBTAINED, Qualification.PARTIAL)


def result_key(placement: Placement) -> str:
    return f"training:{placement.pk}:result"


@transaction.atomic
def record_course(*, placement: Placement, course: TrainingCourse, user: User) -> TrainingCourse:
    """Write what a training is, and ask for its result at its end. Raises DomainError for a result out of order."""
    if placement.nature != PlacementNature.TRAINING:
        raise DomainError("Un intitulé de formation va avec une étape de formation.", field="title")
    _check_result(placement, course)
    course.placement = placement
    save_by(course, user)
    watch_result(placement=placement, user=user)
    return course


@transaction.atomic
def record_result(
    *, course: TrainingCourse, qualification: str, obtained_on: dt.date | None, user: User
) -> TrainingCourse:
    """Say what became of the qualification aimed at; the task that asked for it is done."""
    course = (
        TrainingCourse.objects.select_for_update(of=("self",)).select_related("placement").get(pk=course.pk)
    )
    course.qualification, course.obtained_on = qualification, obtained_on
    _check_result(course.placement, course)
    save_by(course, user)
    watch_result(placement=course.placement, user=user)
    return course


def watch_result(*, placement: Placement, user: User) -> None:
    """A training that ends asks for its result on its last day; one whose result is known asks for nothing."""
    course = TrainingCourse.objects.filter(placement=placement).first()
    key = result_key(placement)
    if course is None or course.qualification != Qualification.UNDER_WAY or placement.ends_on is None:
        finish_task(key=key, outcome=course.get_qualification_display() if course else "", by=user)
        return
    assignment = (
        placement.assignments.select_related("commitment__market").order_by("-starts_on", "-pk").first()
    )
    open_task(
        key=key,
        title=f"Résultat de la formation «\u202f{formats.short(course.title, 80)}\u202f» de {placement.beneficiary}",
        market=assignment.commitment.market if assignment else None,
        person=placement.beneficiary_id,
        url=reverse("training_result", args=[placement.pk]),
        since=min(timezone.localdate(), placement.ends_on),
        due_on=placement.ends_on,
        assignee=None if assignment else user,
        by=user,
    )


def _check_result(placement: Placement, course: TrainingCourse) -> None:
    if course.qualification in OBTAINED and course.obtained_on is None:
        raise DomainError("Indiquez quand la qualification a été obtenue.", field="obtained_on")
    if course.qualification not in OBTAINED and course.obtained_on is not None:
        raise DomainError(
            "Une date d’obtention va avec une qualification obtenue, au moins en partie.",
            field="qualification",
        )
    if course.obtained_on and course.obtained_on < placement.starts_on:
        raise DomainError(
            "La qualification serait obtenue avant le début de la formation.", field="obtained_on"
        )
    if course.obtained_on and course.obtained_on > timezone.localdate():
        raise DomainError("Ce jour n’est pas encore venu.", field="obtained_on")
    if course.qualification == Qualification.NONE and course.qualification_aimed:
        raise DomainError(
            "Une qualification visée est indiquée\u202f: dites ce qu’elle est devenue.", field="qualification"
        )
