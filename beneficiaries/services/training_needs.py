"""Training needs that come back: noticed, met again, answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from beneficiaries.enums import NeedState
from beneficiaries.models import TrainingNeed, TrainingNeedNotice
from beneficiaries.services.writing import save_by
from core.errors import DomainError
from core.text import normalise

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def save_need(*, need: TrainingNeed, by: User) -> TrainingNeed:
    """Write a need. Raises DomainError for a second one of the same words, and for an answer that says nothing."""
    if need.first_noticed_on > timezone.localdate():
        raise DomainError(
            "Un besoin se note une fois repéré\u202f: ce jour est à venir.", field="first_noticed_on"
        )
    if need.state == NeedState.ANSWERED and not need.response.strip():
        raise DomainError("Dites quelle réponse a été apportée.", field="response")
    wanted = normalise(need.skill)
    others = TrainingNeed.objects.exclude(pk=need.pk).exclude(state=NeedState.DROPPED)
    for other in others.order_by("pk"):
        if normalise(other.skill) == wanted and other.occupation_id == need.occupation_id:
            raise DomainError(
                "Ce besoin est déjà dans la liste\u202f: ajoutez-y un constat, c’est ce qui montre qu’il revient.",
                field="skill",
            )
    if need.pk is None:
        need.created_by = by
    save_by(need, by)
    return need


@transaction.atomic
def add_notice(*, notice: TrainingNeedNotice, by: User) -> TrainingNeedNotice:
    """Note that a need was met again; the first day of the need follows when an older notice comes."""
    need = TrainingNeed.objects.select_for_update().get(pk=notice.need_id)
    if notice.noticed_on > timezone.localdate():
        raise DomainError("Un constat se note une fois fait\u202f: ce jour est à venir.", field="noticed_on")
    if notice.people < 1:
        raise DomainError("Un constat concerne une personne au moins.", field="people")
    save_by(notice, by)
    if notice.noticed_on < need.first_noticed_on:
        need.first_noticed_on = notice.noticed_on
        save_by(need, by, "constat plus ancien")
    return notice
