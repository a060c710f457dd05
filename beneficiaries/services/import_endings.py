"""How an import ends: validated, so that nothing takes it back any more, or taken back as a whole."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Max, Min, ProtectedError
from django.utils import timezone

from beneficiaries.enums import Decision, EntryState, ImportKind, ImportState
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ClosedYear,
    DataImport,
    EligibilityReview,
    HoursEntry,
    ImportedRow,
)
from beneficiaries.services.checks import what_looks_wrong
from beneficiaries.services.counting import recount_people
from beneficiaries.services.eligibility import age_on, validity_months
from beneficiaries.services.hours import validate_hours
from beneficiaries.services.import_writing import CHANGED, lock_people
from beneficiaries.services.imports import _locked, _refuse_unless, forget_contents, people_to_recount, settle
from beneficiaries.services.writing import save_by
from clauses.enums import ChangeReason
from clauses.models import CommitmentChange
from core import formats
from core.dates import add_months
from core.errors import DomainError
from core.history import bulk_update_tracked

if TYPE_CHECKING:
    from accounts.models import User

SLICE = 500
VALIDATED_AT_ONCE = 2_000
# What an import makes, from what leans on the others to what the others lean on.
REVERSE = (
    ("beneficiaries", "assignment"),
    ("beneficiaries", "placement"),
    ("beneficiaries", "beneficiary"),
    ("clauses", "commitment"),
    ("markets", "award"),
    ("clauses", "clause"),
    ("markets", "lot"),
    ("markets", "market"),
    ("markets", "department"),
    ("markets", "company"),
    ("markets", "buyer"),
)
NOTE = "Repris d’un ancien outil, avec la validation qu’il portait."
NOTE_UNDATED = (
    "Repris d’un ancien outil, qui ne donne pas la date de la validation : c’est celle du premier contrat."
)


# --- Validating ---------------------------------------------------------------------------------------------


def validate_import(row: DataImport, *, user: User | None) -> int:
    """Validate what an import brought; returns how many entries still wait (they don't count in full).

    Hours taken over from a former tool keep its validation: decisions and engaged hours are recorded with them.
    """
    with transaction.atomic():
        lock_people(people_to_recount(row))
        row = _locked(row)
        _refuse_unless(row, (ImportState.LOADED,), "Seul un import chargé se valide.")
        if row.kind == ImportKind.TAKE_OVER:
            _refuse_closed_years(row)
            _record_engaged(row, user)
            _record_reviews(row, user)
        if left := _validate_entries(row, user):
            row.counts = {**row.counts, "left": left}
            save_by(row, user)  # type: ignore[arg-type]
            return left
        row.counts = {name: value for name, value in row.counts.items() if name != "left"}
        settle(row, user=user)
    return 0


def _validate_entries(row: DataImport, user: User | None) -> int:
    """Validate the import's entries, some at a time; returns how many are left."""
    rows = HoursEntry.objects.filter(data_import=row).current().exclude(state=EntryState.VALIDATED)
    # A person's entries follow one another, so that few are counted twice.
    ids = list(rows.order_by("assignment__placement__beneficiary", "pk").values_list("pk", flat=True))
    left = 0
    if row.kind == ImportKind.HOURS and ids:
        wrong = _what_looks_wrong(rows)
        left = sum(pk in wrong for pk in ids)
        ids = [pk for pk in ids if pk not in wrong]
    for first in range(0, len(ids), VALIDATED_AT_ONCE):
        report = validate_hours(
            entries=HoursEntry.objects.filter(pk__in=ids[first : first + VALIDATED_AT_ONCE]),
            user=user,  # type: ignore[arg-type]
            only_those_that_count=row.kind == ImportKind.HOURS,
            with_import=True,
        )
        left += len(report.left)
    return left


def _what_looks_wrong(rows: Any) -> dict[int, str]:
    """Those of these entries that nobody has explained yet."""
    months = rows.order_by().aggregate(first=Min("month"), last=Max("month"))
    own = Assignment.objects.filter(pk__in=rows.order_by().values("assignment"))
    return what_looks_wrong(own, months["first"], months["last"])


def _refuse_closed_years(row: DataImport) -> None:
    closed = ClosedYear.objects.values("year")
    shut = HoursEntry.objects.filter(data_import=row, month__year__in=closed).order_by("month").first()
    if shut:
        raise DomainError(
            f"L’année {shut.month.year} a été close depuis le chargement : reprenez l’import en entier, "
            "puis chargez les autres années."
        )


def _record_engaged(row: DataImport, user: User | None) -> None:
    """The hours engaged that the file gave to the commitments it made, once, however often it is validated."""
    for made in ImportedRow.objects.filter(data_import=row, model="commitment").order_by("pk"):
        told = CommitmentChange.objects.filter(commitment=made.object_id).exists()
        if "engaged" in made.kept and not told:
            CommitmentChange.objects.create(
                commitment_id=made.object_id,
                effective_on=dt.date.fromisoformat(made.kept["on"]),
                delta=Decimal(made.kept["engaged"]),
                reason=ChangeReason.MINIMUM,
                note="Repris d’un ancien outil.",
                recorded_by=user,
            )


def _record_reviews(row: DataImport, user: User | None) -> None:
    """One decision a person: that of the former tool, on its day, else on the first day of the first contract."""
    told = {
        made.object_id: made.kept.get("validated_on")
        for made in ImportedRow.objects.filter(data_import=row, model="assignment").order_by("pk")
    }
    ids = sorted(told)
    by_person: dict[int, list[Assignment]] = defaultdict(list)
    for first in range(0, len(ids), SLICE):
        rows = Assignment.objects.filter(pk__in=ids[first : first + SLICE]).select_related("placement")
        for assignment in rows.order_by("starts_on", "pk"):
            by_person[assignment.placement.beneficiary_id].append(assignment)
    changed: list[Assignment] = []
    people = sorted(by_person)
    for first in range(0, len(people), SLICE):
        slice_ = people[first : first + SLICE]
        persons = {
            person.pk: person
            for person in Beneficiary.objects.filter(pk__in=slice_).select_related("qpv").order_by("pk")
        }
        standing: dict[int, list[EligibilityReview]] = defaultdict(list)
        for known in (
            EligibilityReview.objects.filter(beneficiary__in=slice_)
            .standing()
            .approved()
            .order_by("decided_on")
        ):
            standing[known.beneficiary_id].append(known)
        for pk in slice_:
            assignments = by_person[pk]
            starts_on = assignments[0].starts_on
            review = next((known for known in standing[pk] if known.decided_on <= starts_on), None)
            if review is None:
                days = [dt.date.fromisoformat(day) for a in assignments if (day := told[a.pk])]
                review = _review(persons[pk], min(days, default=None), starts_on, user)
            for rank, assignment in enumerate(assignments):
                assignment.review = review
                if rank:
                    assignment.positioned_on, assignment.positioned_by = assignment.starts_on, user
                changed.append(assignment)
    bulk_update_tracked(
        Assignment, changed, ["review", "positioned_on", "positioned_by"], user=user, reason="reprise validée"
    )


def _review(
    person: Beneficiary, decided_on: dt.date | None, starts_on: dt.date, user: User | None
) -> EligibilityReview:
    """The legacy decision, with the situation that the file gave frozen in it."""
    dated = decided_on is not None
    day = min(decided_on or starts_on, timezone.localdate())
    return EligibilityReview.objects.create(
        beneficiary=person,
        decision=Decision.APPROVED,
        decided_on=day,
        decided_by=user,
        valid_until=max(add_months(day, validity_months(day)), min(starts_on, add_months(day, 12))),
        note=NOTE if dated else NOTE_UNDATED,
        entry_age=age_on(starts_on, person.birth_date),
        entry_gender=person.gender,
        entry_commune_id=person.commune_id,
        entry_qpv_id=person.qpv_id,
        entry_qpv_vintage=person.residence_vintage,
        entry_education_id=person.education_id,
        entry_prescriber_id=person.prescriber_id,
    )


# --- Taking back --------------------------------------------------------------------------------------------


def take_back_import(row: DataImport, *, user: User | None) -> int:
    """Undo a loaded import as a whole, in one transaction; returns how many rows others lean on by now, and stay.

    Refused once some of its hours are validated: these are corrected one by one.
    """
    with transaction.atomic():
        lock_people(people_to_recount(row))
        row = _locked(row)
        _refuse_unless(row, (ImportState.LOADED,), "Seul un import chargé se reprend.")
        validated = HoursEntry.objects.filter(data_import=row, state=EntryState.VALIDATED).count()
        if validated:
            raise DomainError(
                f"{formats.noun(validated, 'relevé de cet import est déjà validé', 'relevés de cet import sont déjà validés')} : "
                "il ne se reprend plus en entier. Corrigez les relevés un par un."
            )
        _refuse_replaced(row)
        people = people_to_recount(row)
        left = _put_back(row, user)
        left += _delete_entries(row)
        left += _empty_again(row, user)
        for app, model in REVERSE:
            left += _delete_made(row, app, model, user)
        ImportedRow.objects.filter(data_import=row).delete()
        alive = Beneficiary.objects.filter(pk__in=people).order_by("pk")
        recount_people(alive.values_list("pk", flat=True), user=user, reason="import repris", listed=False)
        forget_contents(row)
        row.state = ImportState.TAKEN_BACK
        row.taken_back_at = timezone.now()
        row.counts = {**row.counts, "kept": left}
        save_by(row, user)  # type: ignore[arg-type]
    return left


def _refuse_replaced(row: DataImport) -> None:
    """Imports are taken back from the last to the first: what a later one replaced would come back with it."""
    later = (
        ImportedRow.objects.filter(
            model="hoursentry", data_import__state=ImportState.LOADED, kept__data_import=row.pk
        )
        .exclude(data_import=row)
        .select_related("data_import")
        .order_by("-data_import")
        .first()
    )
    if later is not None:
        raise DomainError(
            f"Un import plus récent («\u202f{formats.short(later.data_import.file_name, 60)}\u202f») a remplacé des heures de "
            "celui-ci : reprenez-le d’abord."
        )


def _put_back(row: DataImport, user: User | None) -> int:
    """Give the entries that the import changed what they held before, unless somebody wrote them since."""
    kept = {
        made.object_id: made.kept
        for made in ImportedRow.objects.filter(data_import=row, model="hoursentry").order_by("pk")
    }
    changed, left = [], 0
    entries = HoursEntry.objects.filter(data_import=row).order_by("pk") if kept else ()
    for entry in entries:
        if entry.pk not in kept:
            continue
        former = kept[entry.pk]
        if entry.version == former["version"]:
            entry.hours = Decimal(former["hours"])
            entry.counted_hours = min(entry.counted_hours, entry.hours)
            for name in ("first_day", "last_day"):
                setattr(entry, name, dt.date.fromisoformat(former[name]) if former[name] else None)
            for name in ("state", "sent_back_reason", "source", "import_line"):
                setattr(entry, name, former[name])
            entry.entered_by_id = former["entered_by"]
        else:
            left += 1
        entry.data_import_id = former["data_import"]
        entry.version += 1
        if entry.version == former["version"] + 1:
            _stands_again(entry, former)
        changed.append(entry)
    bulk_update_tracked(HoursEntry, changed, CHANGED, user=user, reason="import repris")
    return left


def _stands_again(entry: HoursEntry, former: dict[str, Any]) -> None:
    """What an earlier import had changed is as that one left it: it can be taken back in its turn."""
    if former["data_import"] is None:
        return
    rows = ImportedRow.objects.filter(
        data_import=former["data_import"],
        model="hoursentry",
        object_id=entry.pk,
        kept__version=former["version"] - 1,
    )
    for made in rows.order_by("pk"):
        made.kept = {**made.kept, "version": entry.version}
        made.save(update_fields=["kept"])


def _delete_entries(row: DataImport) -> int:
    """Remove the entries that the import made; one that was typed again since is left, as somebody's own.

    One that a later import had replaced, and gave back, waits as it was loaded: it goes.
    """
    typed = HoursEntry.objects.filter(data_import=row, version__gt=1).exclude(state=EntryState.SUBMITTED)
    left = 0
    for entry in typed.order_by("pk"):
        entry.data_import, entry.import_line = None, None
        entry.save()
        left += 1
    HoursEntry.objects.filter(data_import=row).delete()
    return left


def _empty_again(row: DataImport, user: User | None) -> int:
    """Take out of people's files what the import had filled in."""
    left = 0
    for made in (
        ImportedRow.objects.filter(data_import=row, model="beneficiary").exclude(kept={}).order_by("pk")
    ):
        person = Beneficiary.objects.filter(pk=made.object_id, anonymised_on__isnull=True).first()
        if person is None:
            continue
        for name in made.kept["filled"]:
            field = Beneficiary._meta.get_field(name.removesuffix("_id"))
            setattr(person, name, None if field.null else "")
        save_by(person, user, "import repris")  # type: ignore[arg-type]
    return left


def _delete_made(row: DataImport, app: str, name: str, user: User | None) -> int:
    """Remove the rows of one kind that the import made; those that others lean on by now stay, and are counted."""
    model: Any = apps.get_model(app, name)
    made = ImportedRow.objects.filter(data_import=row, model=name, kept__filled__isnull=True).order_by("-pk")
    ids = list(made.values_list("object_id", flat=True))
    left = 0
    for first in range(0, len(ids), SLICE):
        slice_ = ids[first : first + SLICE]
        if _deleted(model.objects.filter(pk__in=slice_)):
            continue
        left += sum(not _deleted(model.objects.filter(pk=pk)) for pk in slice_)
    return left


def _deleted(rows: Any) -> bool:
    try:
        with transaction.atomic():
            rows.delete()
    except (ProtectedError, IntegrityError):
        return False
    return True
