"""Anonymising in place: what says who a person is goes from the whole database, what the figures rest on stays.

The names are looked for first, in every text that may hold one; then each person's own rows lose their words, in one
transaction. Should it be cut short between the two, doing it again does the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from beneficiaries.models import (
    Application,
    Beneficiary,
    DataImport,
    DeclarationProof,
    ImportLine,
    NameVariant,
    PersonMerge,
    ProofFile,
)
from beneficiaries.models.people import BARE_NAME
from beneficiaries.naming import Known, NameFinder
from beneficiaries.personal_data import ERASED, FILES, WORDS, Words, model_of
from beneficiaries.services.proofs import erase_proof
from core.erasure import overwrite_words
from core.errors import DomainError
from core.files import delete_file
from core.links import revoke_link
from core.models import AccessLink, Message, StoredFile
from markets.models import Task
from markets.services.tasks import finish_task

if TYPE_CHECKING:
    from accounts.models import User

# What the file itself loses beside its name; figures are read from the decisions, never from here.
BARE: dict[str, Any] = {
    "birth_name": "",
    "birth_date": None,
    "gender": "",
    "address": "",
    "email": "",
    "phone": "",
    "commune": None,
    "qpv": None,
    "qpv_vintage": None,
    "education": None,
    "prescriber": None,
    "referrer": None,
}
IDENTITY = ("last_name", "first_name", "birth_name", "email", "phone", "birth_date")
READ_AT_ONCE = 2_000


def whole_files(people: Collection[int]) -> dict[int, int]:
    """Every file of these people, those made one with another too: number of the file → number of the person's."""
    owner = {pk: pk for pk in people}
    layer = set(people)
    while layer:
        rows = Beneficiary.objects.filter(merged_into__in=layer).order_by("pk")
        found = {pk: kept for pk, kept in rows.values_list("pk", "merged_into") if kept is not None}
        owner |= {pk: owner[kept] for pk, kept in found.items()}
        layer = found.keys() - {*people}
    return owner


def known_names(people: Collection[int]) -> dict[int, Known]:
    """What each of these people is and was called, anywhere: the file, its history, the applications, the merges."""
    owner = whole_files(people)
    known: dict[int, Known] = {pk: Known() for pk in people}
    files: tuple[tuple[Any, str], ...] = (
        (Beneficiary.objects, "pk"),
        (Beneficiary.history, "id"),  # type: ignore[attr-defined]
    )
    for rows, key in files:
        for pk, *values in (
            rows.filter(**{f"{key}__in": owner}).order_by().values_list(key, *IDENTITY).distinct()
        ):
            known[owner[pk]].add(**dict(zip(IDENTITY, values, strict=True)))
    own = ("last_name", "first_name", "email", "phone", "birth_date")
    applications: tuple[Any, ...] = (Application.objects, Application.history)  # type: ignore[attr-defined]
    for history in applications:
        found = history.filter(beneficiary__in=owner).order_by()
        for pk, *values in found.values_list("beneficiary", *own).distinct():
            known[owner[pk]].add(**dict(zip(own, values, strict=True)))
    for pk, former in PersonMerge.objects.filter(kept__in=owner).order_by().values_list("kept", "former"):
        for told in _files_told(former):
            texts = {name: str(told[name]) for name in IDENTITY[:-1] if told.get(name)}
            known[owner[pk]].add(**texts)  # type: ignore[arg-type]
    for one in known.values():
        # What a former, interrupted run left in the place of a name is nobody's.
        one.last_names -= {("personne", "anonymisee"), ("efface",)}
        one.first_names -= {("efface",)}
    return known


def _files_told(value: Any) -> Iterator[dict[str, Any]]:
    """What the trace of a merge holds that is written as a file or an application is."""
    if isinstance(value, dict):
        if "last_name" in value:
            yield value
        for item in value.values():
            yield from _files_told(item)
    elif isinstance(value, list):
        for item in value:
            yield from _files_told(item)


# --- Texts that may name anyone -----------------------------------------------------------------------------


def take_names_out(known: Collection[Known], on_table: Callable[[int, int], None] | None = None) -> int:
    """Take these names out of every text that may hold one, and of its history; returns how many rows changed.

    One reading of each table, whatever the number of people. on_table: told how many tables of how many are read.
    """
    finder = NameFinder(known)
    tables = list(_tables_searched())
    changed = 0
    for rank, (model, words) in enumerate(tables, 1):
        changed += _search(model, words, finder)
        if on_table:
            on_table(rank, len(tables))
    return changed


def _tables_searched() -> Iterator[tuple[Any, Words]]:
    """Models with texts to look through, each followed by its history; why something changed is a text of a history."""
    for label, words in WORDS.items():
        model = model_of(label)
        if words.looked_through:
            yield model, words
        history = getattr(model, "history", None)
        if history is not None:
            kept = {field.name for field in history.model._meta.concrete_fields}
            searched = " ".join(name for name in words.searched.split() if name in kept)
            cells = " ".join(
                [*(name for name in words.cells.split() if name in kept), "history_change_reason"]
            )
            yield history.model, Words(searched=searched, cells=cells)


def _search(model: Any, words: Words, finder: NameFinder) -> int:
    near, apart = words.searched.split(), words.cells.split()
    fields = {name: model._meta.get_field(name) for name in (*near, *apart)}
    if [*fields] == ["history_change_reason"]:
        return _search_reasons(model, finder)
    held = Q()
    if not any(isinstance(one, models.JSONField) for one in fields.values()):
        for name in fields:
            held |= ~Q(**{name: ""}) & Q(**{f"{name}__isnull": False})
    rows = model._base_manager.filter(held).order_by("pk").values_list("pk", *fields)
    to_write = []
    for pk, *values in rows.iterator(chunk_size=READ_AT_ONCE):
        held_texts = {name: value for name, value in zip(fields, values, strict=True) if value}
        fresh = finder.scrub_row({name: held_texts[name] for name in apart if name in held_texts})
        for name in near:
            if name in held_texts:
                scrubbed = finder.scrub(held_texts[name], apart=False)
                fresh |= {name: scrubbed} if scrubbed != held_texts[name] else {}
        if fresh:
            to_write.append((pk, fresh))
    for pk, fresh in to_write:
        cut = {
            name: value[: fields[name].max_length] if isinstance(value, str) else value
            for name, value in fresh.items()
        }
        overwrite_words(model._base_manager.filter(pk=pk), cut)
    return len(to_write)


def _search_reasons(history: Any, finder: NameFinder) -> int:
    """Why rows changed: a few sentences, borne by thousands of rows."""
    name = "history_change_reason"
    said = history._base_manager.exclude(**{f"{name}__isnull": True}).exclude(**{name: ""})
    changed = 0
    for reason in said.order_by().values_list(name, flat=True).distinct():
        if (fresh := finder.scrub(reason, apart=True)) != reason:
            changed += overwrite_words(history._base_manager.filter(**{name: reason}), {name: fresh[:100]})
    return changed


# --- One person ---------------------------------------------------------------------------------------------


@transaction.atomic
def anonymise_person(*, person: Beneficiary, on: dt.date, by: User | None) -> None:
    """Make a file nobody's, with the files made one with it. Doing it again changes nothing.

    The names must have been taken out of the texts that may name anyone before (`take_names_out`): afterwards nobody
    knows them. Raises DomainError for a file that is not in the archive.
    """
    row = Beneficiary.objects.select_for_update().get(pk=person.pk)
    if row.anonymised_on:
        return
    if row.archived_on is None:
        raise DomainError("Seule une fiche en archive restreinte s’anonymise.", field="person")
    files = sorted(whole_files([row.pk]))
    names = known_names([row.pk])[row.pk]
    _close_what_waits(files, names, by)
    _erase_files(files, on, by)
    for pk in files:
        _bare_identity(Beneficiary.objects.select_for_update().get(pk=pk), number=row.pk, on=on, by=by)
    NameVariant.objects.filter(beneficiary__in=files).delete()
    for label, words in WORDS.items():
        if words.person:
            _erase_words(model_of(label), words, files)


def _bare_identity(row: Beneficiary, *, number: int, on: dt.date, by: User | None) -> None:
    """The file and every row of its history lose the identity; the last row says when, and by whom."""
    row.last_name, row.first_name = BARE_NAME, f"n°\u202f{number}"
    for name, value in BARE.items():
        setattr(row, name, value)
    row.archived_on = row.archived_on or on
    row.proofs_erased_on = row.proofs_erased_on or on
    row.anonymised_on = on
    row._history_user = by  # type: ignore[attr-defined]
    row._change_reason = "anonymisation"  # type: ignore[attr-defined]
    row.save()
    history = Beneficiary.history.filter(id=row.pk)  # type: ignore[attr-defined]
    overwrite_words(
        history,
        {"last_name": row.last_name, "first_name": row.first_name, "search_key": row.search_key, **BARE},
    )
    overwrite_words(history.exclude(history_change_reason="anonymisation"), {"history_change_reason": ERASED})


def _close_what_waits(files: Sequence[int], names: Known, by: User | None) -> None:
    """Nothing is waited for about nobody: tasks are closed, links sent to the person open nothing more."""
    for task in Task.objects.open().filter(person_number__in=files).order_by("pk"):
        finish_task(task=task, outcome="fiche anonymisée", by=by)
    for link in AccessLink.objects.usable(timezone.now()).filter(email__in=names.emails).order_by("pk"):
        revoke_link(link)


def _erase_words(model: Any, words: Words, files: Sequence[int]) -> None:
    """The texts of the person's own rows, and those of their history, rows that are gone included."""
    mine = Q()
    for path in words.person:
        mine |= Q(**{f"{path}__in": files})
    rows = model._base_manager.filter(mine)
    keys = list(rows.order_by().values_list("pk", flat=True))
    history = getattr(model, "history", None)
    if history is not None:
        key = model._meta.pk.attname
        records = history.filter(mine | Q(**{f"{key}__in": keys}))
        kept = {field.name for field in history.model._meta.concrete_fields}
        overwrite_words(records, {name: value for name, value in words.erased.items() if name in kept})
        overwrite_words(records, {"history_change_reason": ERASED})
    overwrite_words(model._base_manager.filter(pk__in=keys), words.erased)


# --- Files --------------------------------------------------------------------------------------------------


def _erase_files(files: Sequence[int], on: dt.date, by: User | None) -> None:
    """The person's own documents, and those that name several people, this one among them."""
    erase_proofs_of(files, on=on, by=by)
    erase_shared_files(
        imports=DataImport.objects.filter(
            Q(entries__assignment__placement__beneficiary__in=files)
            | Q(lines__beneficiary__in=files)
            | Q(made__model="beneficiary", made__object_id__in=files)
        ),
        proofs=DeclarationProof.objects.filter(
            declaration__entries__assignment__placement__beneficiary__in=files
        ),
        by=by,
    )
    own = {kind for kind, words in FILES.items() if words.of}
    for kind in sorted(own):
        found = FILES[kind].of
        assert found is not None
        for stored in found(list(files)).order_by("pk"):
            delete_file(stored)
    sent = Message.objects.filter(person_number__in=files).values("attachments")
    for stored in StoredFile.objects.filter(pk__in=sent, kind__in=own).order_by("pk"):
        delete_file(stored)


def erase_proofs_of(files: Sequence[int], *, on: dt.date, by: User | None) -> int:
    """Take away the bytes of every proof of these files that are still there; returns how many."""
    rows = list(ProofFile.objects.filter(beneficiary__in=files, erased_on__isnull=True).order_by("pk"))
    for row in rows:
        erase_proof(proof=row, on=on, user=by)
    return len(rows)


def erase_shared_files(*, imports: Any, proofs: Any, by: User | None) -> int:
    """Take away files that name several people, and the lines of imports; what they gave stays. Returns how many files."""
    taken = 0
    for row in imports.filter(Q(stored__isnull=False) | Q(lines__isnull=False)).distinct().order_by("pk"):
        taken += _take_file(row, by)
        lines = ImportLine.objects.filter(data_import=row)
        overwrite_words(lines, WORDS["beneficiaries.ImportLine"].erased)
    for row in proofs.filter(stored__isnull=False).distinct().order_by("pk"):
        taken += _take_file(row, by)
    return taken


def _take_file(row: Any, by: User | None) -> int:
    stored = row.stored
    if stored is None:
        return 0
    row.stored = None
    row._history_user = by
    row._change_reason = "durée de conservation"
    row.save()
    delete_file(stored)
    return 1


@transaction.atomic
def erase_lost_applications(applications: Any) -> int:
    """Take the identity out of proposals that were never matched with a file; returns how many."""
    erased = WORDS["beneficiaries.Application"].erased
    keys = list(applications.order_by().values_list("pk", flat=True))
    overwrite_words(Application.history.filter(id__in=keys), erased)  # type: ignore[attr-defined]
    overwrite_words(Application._base_manager.filter(pk__in=keys), erased)
    return len(keys)
