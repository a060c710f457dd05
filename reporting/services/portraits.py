"""Portraits of paths in a bilan: written without a name, printed on consent only, taken out when it is withdrawn."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from beneficiaries.models import Beneficiary
from beneficiaries.services.merging import Doubles, leave_row
from core.errors import DomainError
from core.files import delete_file
from core.uploads import keep_upload
from reporting.models import Bilan, PathPortrait
from reporting.portraits import FILE_KIND, check_text, is_counted
from reporting.services.workflow import check_open, locked, text_changed

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User

FILE_TYPES = ("pdf", "jpg", "png")


@transaction.atomic
def write_portrait(*, bilan: Bilan, person: Beneficiary, text: str, user: User) -> PathPortrait:
    """Write the path of one person, without consent yet.

    Raises DomainError for a published bilan, a person without a counted hour in what it is about, one who has a portrait
    there already, and a text that tells who the person is.
    """
    bilan = locked(bilan)
    check_open(bilan)
    if person.anonymised_on is not None or person.merged_into_id is not None:
        raise DomainError("Cette fiche est anonymisée ou réunie avec une autre.", field="person")
    if not is_counted(bilan, person):
        raise DomainError(
            "Cette personne n’a pas d’heure comptée dans ce que ce bilan raconte : choisissez-en une autre.",
            field="person",
        )
    if PathPortrait.objects.filter(bilan=bilan, beneficiary=person).exists():
        raise DomainError("Cette personne a déjà un portrait dans ce bilan : ouvrez-le.", field="person")
    return PathPortrait.objects.create(
        bilan=bilan, beneficiary=person, text=check_text(text, person), written_by=user
    )


@transaction.atomic
def rewrite_portrait(*, portrait: PathPortrait, text: str, user: User) -> PathPortrait:
    """Change the text. The person agreed to another one: the consent has to be given again."""
    portrait, bilan = _held(portrait)
    check_open(bilan)
    fresh = check_text(text, _person(portrait))
    if fresh == portrait.text:
        return portrait
    portrait.text, former = fresh, portrait.consent_file
    was_agreed = portrait.is_agreed
    portrait.consent_on, portrait.withdrawn_on, portrait.consent_file = None, None, None
    portrait.save()
    if former is not None:
        delete_file(former)
    if was_agreed:
        text_changed(bilan, by=user)
    return portrait


@transaction.atomic
def record_consent(
    *, portrait: PathPortrait, on: dt.date, upload: UploadedFile | None = None, user: User
) -> PathPortrait:
    """The person read the text and agrees. Raises DomainError for a day to come, and a file that is no paper."""
    portrait, bilan = _held(portrait)
    check_open(bilan)
    _person(portrait)
    _check_day(on)
    former = portrait.consent_file
    portrait.consent_on, portrait.withdrawn_on = on, None
    if upload is not None:
        portrait.consent_file = keep_upload(kind=FILE_KIND, upload=upload, user=user, types=FILE_TYPES)
    portrait.save()
    if upload is not None and former is not None:
        delete_file(former)
    # What was reviewed had not this portrait.
    text_changed(bilan, by=user)
    return portrait


@transaction.atomic
def withdraw_consent(*, portrait: PathPortrait, on: dt.date, user: User) -> PathPortrait:
    """The person withdraws: a draft loses the portrait, a published bilan keeps it and no later version has it."""
    portrait, bilan = _held(portrait)
    if portrait.consent_on is None:
        raise DomainError("Aucun accord n’est enregistré : il n’y a rien à retirer.")
    if portrait.withdrawn_on is not None:
        return portrait
    _check_day(on)
    if on < portrait.consent_on:
        raise DomainError("Un accord se retire après avoir été donné : corrigez la date.", field="on")
    portrait.withdrawn_on = on
    portrait.save()
    if not bilan.is_published:
        text_changed(bilan, by=user)
    return portrait


@transaction.atomic
def delete_portrait(*, portrait: PathPortrait, user: User) -> Bilan:
    """Delete a portrait of a draft, with the paper of its consent."""
    portrait, bilan = _held(portrait)
    check_open(bilan)
    was_agreed, stored = portrait.is_agreed, portrait.consent_file
    portrait.delete()
    if stored is not None:
        delete_file(stored)
    if was_agreed:
        text_changed(bilan, by=user)
    return bilan


def carry_portraits(*, last: Bilan, bilan: Bilan) -> None:
    """Take the portraits of a published version into the next one: those whose consent stands, with its day."""
    for row in PathPortrait.objects.filter(bilan=last).agreed().order_by("pk"):
        PathPortrait.objects.create(
            bilan=bilan,
            beneficiary=row.beneficiary,
            text=row.text,
            consent_on=row.consent_on,
            consent_file=None,
            written_by=row.written_by,
        )


def leave_double_portraits(kept: Beneficiary, merged: Beneficiary, doubles: Doubles, user: User) -> None:
    """Of two files made one that both have a portrait in a bilan, the one that was agreed stays."""
    mine = {row.bilan_id: row for row in PathPortrait.objects.filter(beneficiary=kept)}
    for other in PathPortrait.objects.filter(beneficiary=merged).order_by("pk"):
        one = mine.get(other.bilan_id)
        if one is not None:
            goes = one if other.is_agreed and not one.is_agreed else other
            stored = goes.consent_file
            leave_row(goes, "portrait de parcours", doubles, user)
            if stored is not None:
                delete_file(stored)


def _held(portrait: PathPortrait) -> tuple[PathPortrait, Bilan]:
    """The portrait and its bilan, both locked."""
    bilan = locked(portrait.bilan)
    row: Any = PathPortrait.objects.select_for_update(of=("self",)).select_related(
        "beneficiary", "consent_file"
    )
    return row.get(pk=portrait.pk), bilan


def _person(portrait: PathPortrait) -> Beneficiary:
    if portrait.beneficiary is None:
        raise DomainError("Cette personne est anonymisée : son portrait ne change plus.")
    return portrait.beneficiary


def _check_day(on: dt.date) -> None:
    if on > timezone.localdate():
        raise DomainError(
            "Cette date est à venir : indiquez le jour où l’accord a été donné ou retiré.", field="on"
        )
