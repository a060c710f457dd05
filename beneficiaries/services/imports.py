"""Tables that come from outside: received, their columns matched, tried, decided on, loaded, validated or taken back."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from beneficiaries.enums import EntryState, ImportKind, ImportState, LineState
from beneficiaries.history_import import read_history
from beneficiaries.hours_import import read_hours
from beneficiaries.import_plan import Decisions, Plan, Planned
from beneficiaries.import_reading import (
    Layout,
    check_layout,
    missing_columns,
    read_layout,
    same_shape,
    title_key,
)
from beneficiaries.import_rows import write_lines
from beneficiaries.models import ColumnMapping, DataImport, HoursEntry, ImportLine
from beneficiaries.people_import import read_people
from beneficiaries.services import import_history, import_hours, import_people, import_writing
from beneficiaries.services.counting import PEOPLE_AT_ONCE, recount_people
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.files import delete_file, read_file, store_file
from core.spreadsheets import BYTES_MAX, TABLE_TYPES, Sheet, read_sheets
from core.text import normalise

if TYPE_CHECKING:
    from accounts.models import User
    from markets.models import Company

FILE_KIND = "data_import"
# An import that nobody loaded, with the names that it holds, is forgotten after so many days.
KEPT_DAYS = 30
PENDING = (ImportState.RECEIVED, ImportState.CHECKED)
Progress = Callable[[int, int], None]


class Kind(NamedTuple):
    """What is proper to a kind of import: reading its lines, whom it touches, its plan, its writer."""

    read: Callable[[DataImport, Any], Any]
    people_of: Callable[[DataImport, Any, Decisions], set[int]]
    plan: Callable[[DataImport, Any, Decisions], Plan]
    write: Callable[..., set[int]]


def _read_history(row: DataImport, sheets: Any) -> Any:
    words = {
        name: {normalise(word): code for word, code in row.options.get(name, {}).items()}
        for name in ("modalities", "contract_types")
    }
    return read_history(sheets, granularity=row.options.get("granularity", ""), **words)


KINDS: dict[str, Kind] = {
    ImportKind.HOURS: Kind(
        lambda row, sheets: read_hours(sheets),
        import_hours.people_of,
        import_hours.plan_hours,
        import_writing.write_hours,
    ),
    ImportKind.PEOPLE: Kind(
        lambda row, sheets: read_people(sheets),
        import_people.people_of,
        import_people.plan_people,
        import_people.write_people,
    ),
    ImportKind.TAKE_OVER: Kind(
        _read_history,
        import_history.people_of,
        import_history.plan_history,
        import_history.write_history,
    ),
}


# --- Receiving a file ---------------------------------------------------------------------------------------


@transaction.atomic
def receive_import(
    *,
    kind: str,
    name: str,
    content: bytes,
    user: User | None,
    company: Company | None = None,
    month: dt.date | None = None,
    options: Mapping[str, Any] | None = None,
) -> DataImport:
    """Keep a file and guess its columns. Raises DomainError for what is no table, is empty, broken or too big."""
    if len(content) > BYTES_MAX:
        raise DomainError(
            f"Ce fichier dépasse {formats.size(BYTES_MAX)}, la taille acceptée ici.", field="file"
        )
    try:
        sheets = read_sheets(content)
        digest = hashlib.sha256(content).hexdigest()
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            # « Texte Unicode »: the private storage takes it for no text.
            content = content.decode("utf-16", "replace").encode("utf-8-sig")
        stored = store_file(
            kind=FILE_KIND, name=name or "fichier", content=content, user=user, max_bytes=BYTES_MAX,
            allowed_types=TABLE_TYPES,
        )  # fmt: skip
    except DomainError as error:
        raise DomainError(error.sentence, field="file") from error
    row = DataImport(
        kind=kind,
        stored=stored,
        file_name=stored.name[:200],
        digest=digest,
        company=company,
        month=month,
        options=dict(options or {}),
        created_by=user,
    )
    index, layout = best_sheet(row, sheets)
    _keep_layout(row, sheets, index, layout)
    row.counts = {"rows": sum(len(sheet.rows) for sheet in sheets)}
    _save(row, user)
    return row


@transaction.atomic
def receive_again(row: DataImport, *, user: User | None) -> DataImport:
    """A new import of a loaded file, read the same way: what is loaded stands, what was left is decided."""
    row = fresh(row)
    _refuse_unless(row, (ImportState.LOADED,), "Seul un import chargé se poursuit.")
    if row.stored is None:
        raise DomainError("Le fichier de cet import n’est plus gardé : envoyez-le de nouveau.")
    again = receive_import(
        kind=row.kind, name=row.file_name, content=read_file(row.stored), user=user, company=row.company,
        month=row.month, options=row.options,
    )  # fmt: skip
    again.sheet, again.header, again.columns, again.options = row.sheet, row.header, row.columns, row.options
    _save(again, user)
    return again


def best_sheet(row: DataImport, sheets: list[Sheet]) -> tuple[int, Layout]:
    """The sheet that lacks least to be read, the first one among equals; hidden ones come last."""
    remembered = remembered_titles(row)
    best: tuple[tuple[int, int], int, Layout] | None = None
    for index, sheet in enumerate(sheets):
        layout = read_layout(
            kind=row.kind, sheet=sheet, file_name=row.file_name, remembered=remembered, month=row.month
        )
        rank = (len(missing_columns(layout)) + sheet.hidden, -len(layout.says))
        if best is None or rank < best[0]:
            best = (rank, index, layout)
    assert best is not None
    return best[1], best[2]


def remembered_titles(row: DataImport) -> dict[str, str]:
    """How the titles were read last time: of this employer first, else of the kind."""
    found: dict[str, str] = {}
    for company in (None, row.company_id) if row.company_id else (None,):
        mapping = ColumnMapping.objects.filter(kind=row.kind, company=company).order_by("pk").first()
        if mapping:
            found |= mapping.titles
    return found


def _keep_layout(row: DataImport, sheets: list[Sheet], index: int, layout: Layout) -> None:
    row.sheet = sheets[index].name[:200]
    row.header = layout.header
    row.columns = {str(column.index): column.says for column in layout.columns if column.says}
    row.options["sheet"] = index
    row.options.setdefault("all_sheets", len(same_shape(sheets, index, layout)) > 1)


def sheets_of(row: DataImport) -> list[Sheet]:
    """The sheets of the file. Raises DomainError once the file is gone."""
    if row.stored is None:
        raise DomainError("Le fichier de cet import n’est plus gardé : envoyez-le de nouveau.")
    return read_sheets(read_file(row.stored))


def layouts_of(row: DataImport, sheets: list[Sheet]) -> list[tuple[Sheet, Layout]]:
    """The sheets to read, each with its layout; refuses, with the sheet and the line, one that lacks a column."""
    index = min(int(row.options.get("sheet", 0)), len(sheets) - 1)
    layout = layout_of(row, sheets[index])
    chosen = same_shape(sheets, index, layout) if row.options.get("all_sheets") else [sheets[index]]
    found = [(sheet, layout_of(row, sheet)) for sheet in chosen]
    for sheet, layout in found:
        check_layout(layout, sheet)
    return found


def layout_of(row: DataImport, sheet: Sheet) -> Layout:
    return read_layout(
        kind=row.kind,
        sheet=sheet,
        file_name=row.file_name,
        header=row.header,
        chosen={int(index): name for index, name in row.columns.items()},
        month=row.month,
    )


@transaction.atomic
def choose_columns(
    *,
    row: DataImport,
    sheet: int,
    header: int,
    says: Mapping[int, str],
    month: dt.date | None,
    options: Mapping[str, Any],
    user: User | None,
) -> DataImport:
    """Keep which column says what, remember it for the next file of this employer."""
    row = _locked(row)
    _refuse_unless(row, PENDING, "Cet import est déjà chargé : ses colonnes ne changent plus.")
    sheets = sheets_of(row)
    if not 0 <= sheet < len(sheets):
        raise DomainError("Cette feuille n’est pas dans le fichier.", field="sheet")
    row.header, row.month = header, month
    row.sheet = sheets[sheet].name[:200]
    row.columns = {str(index): name for index, name in says.items() if name}
    row.options = {**row.options, **options, "sheet": sheet}
    layouts_of(row, sheets)
    row.state = ImportState.RECEIVED
    _save(row, user)
    layout = layout_of(row, sheets[sheet])
    titles = {title_key(column.title): column.says for column in layout.columns if title_key(column.title)}
    mapping = ColumnMapping.objects.filter(kind=row.kind, company=row.company_id).order_by("pk").first()
    if mapping is None or mapping.titles != {**mapping.titles, **titles}:
        mapping = mapping or ColumnMapping(kind=row.kind, company_id=row.company_id)
        mapping.titles = {**mapping.titles, **titles}
        save_by(mapping, user)  # type: ignore[arg-type]
    return row


# --- Trying -------------------------------------------------------------------------------------------------


def check_import(row: DataImport, *, user: User | None) -> Plan:
    """The dry run: every line, what it would write, and why not. Nothing of the trade is written."""
    row = fresh(row)
    plan = plan_import(row)
    with transaction.atomic():
        row = _locked(row)
        _refuse_unless(row, PENDING, "Cet import est déjà chargé.")
        ImportLine.objects.filter(data_import=row).delete()
        _write_lines(row, plan.lines)
        row.counts = {"rows": row.counts.get("rows", 0), **plan.counts()}
        row.state = ImportState.CHECKED
        _save(row, user)
    return plan


def plan_import(row: DataImport, reading: Any = None) -> Plan:
    kind = KINDS[row.kind]
    return kind.plan(row, reading or kind.read(row, layouts_of(row, sheets_of(row))), decisions_of(row))


def decisions_of(row: DataImport) -> dict[str, str]:
    return row.options.get("decisions", {})


def _write_lines(row: DataImport, lines: list[Planned]) -> None:
    write_lines(_as_line(row, planned) for planned in lines)


def _as_line(row: DataImport, planned: Planned) -> ImportLine:
    question = planned.question
    return ImportLine(
        data_import=row,
        sheet=planned.line.sheet[:200],
        number=planned.line.number,
        state=planned.state,
        who=planned.who,
        effect=planned.effect,
        cells=[cell[:300] for cell in planned.line.cells[:100]],
        sentence=planned.sentence,
        question=question.key[:400] if question else (planned.decided[0][:400] if planned.decided else ""),
        proposals=[list(proposal) for proposal in question.proposals] if question else [],
        choice=planned.decided[1] if planned.decided and not question else "",
        beneficiary_id=planned.person,
    )


@transaction.atomic
def decide_line(*, line: ImportLine, answer: str, user: User | None) -> DataImport:
    """Keep an answer for all the lines that ask the same; an empty answer takes the decision back."""
    row = _locked(line.data_import)
    _refuse_unless(row, PENDING, "Cet import est déjà chargé : il n’y a plus rien à décider.")
    if not line.question:
        raise DomainError("Cette ligne ne demande rien.")
    decisions = dict(decisions_of(row))
    if not answer:
        decisions.pop(line.question, None)
    elif answer not in {value for value, _ in line.proposals}:
        raise DomainError("Ce choix n’est pas proposé pour cette ligne : rechargez la page.")
    else:
        decisions[line.question] = answer
    row.options = {**row.options, "decisions": decisions}
    _save(row, user)
    return row


@transaction.atomic
def decide_all(*, row: DataImport, answer: str, user: User | None) -> int:
    """Give one answer to every doubtful line that proposes it; returns how many questions it settled."""
    row = _locked(row)
    _refuse_unless(row, PENDING, "Cet import est déjà chargé : il n’y a plus rien à décider.")
    decisions = dict(decisions_of(row))
    before = len(decisions)
    for line in ImportLine.objects.filter(data_import=row, state=LineState.DOUBTFUL).order_by("pk"):
        if answer in {value for value, _ in line.proposals}:
            decisions[line.question] = answer
    row.options = {**row.options, "decisions": decisions}
    _save(row, user)
    return len(decisions) - before


# --- Loading ------------------------------------------------------------------------------------------------


def load_import(row: DataImport, *, user: User | None) -> set[int]:
    """Write what can be written, in one transaction; returns the people to count again (`recount_import`).

    The plan is made anew once the people of the file are locked: what was written since the dry run is seen.
    """
    row = fresh(row)
    kind = KINDS[row.kind]
    reading = kind.read(row, layouts_of(row, sheets_of(row)))
    with transaction.atomic():
        # People first, then the import: the order of everything that writes hours.
        import_writing.lock_people(kind.people_of(row, reading, decisions_of(row)))
        row = _locked(row)
        _refuse_unless(
            row, (ImportState.CHECKED,), "Cet import est déjà chargé, ou n’a pas encore été essayé."
        )
        plan = plan_import(row, reading)
        people = kind.write(row, plan, user=user)
        _write_outcome(row, plan)
        row.counts = {"rows": row.counts.get("rows", 0), **plan.counts(), "to_recount": len(people)}
        row.state = ImportState.LOADED
        row.loaded_at = timezone.now()
        _save(row, user)
    return people


def _write_outcome(row: DataImport, plan: Plan) -> None:
    """Bring the lines of the dry run to what was done; most of them were right."""
    shown = {
        (sheet, number): (state, sentence)
        for sheet, number, state, sentence in ImportLine.objects.filter(data_import=row)
        .order_by()
        .values_list("sheet", "number", "state", "sentence")
    }
    told = [
        planned
        for planned in plan.lines
        if shown.get((planned.line.sheet[:200], planned.line.number)) != (planned.state, planned.sentence)
    ]
    for first in range(0, len(told), 500):
        part = told[first : first + 500]
        for sheet in {planned.line.sheet[:200] for planned in part}:
            numbers = [planned.line.number for planned in part if planned.line.sheet[:200] == sheet]
            ImportLine.objects.filter(data_import=row, sheet=sheet, number__in=numbers).delete()
        _write_lines(row, part)


def recount_import(
    row: DataImport, people: set[int], *, user: User | None, progress: Progress | None = None
) -> None:
    """Count the people of an import again, some at a time: what is counted stays when the rest is interrupted."""
    ids = sorted(people)
    for first in range(0, len(ids), PEOPLE_AT_ONCE):
        recount_people(ids[first : first + PEOPLE_AT_ONCE], user=user, reason="import", listed=False)
        if progress:
            progress(min(first + PEOPLE_AT_ONCE, len(ids)), len(ids))
    with transaction.atomic():
        row = _locked(row)
        row.counts = {**row.counts, "to_recount": 0}
        _save(row, user)


def people_to_recount(row: DataImport) -> set[int]:
    """Those whose hours an import wrote, when its recount was interrupted."""
    rows = HoursEntry.objects.filter(data_import=row).order_by()
    return set(rows.values_list("assignment__placement__beneficiary", flat=True).distinct())


# --- What the steps share -----------------------------------------------------------------------------------


def fresh(row: DataImport) -> DataImport:
    """The import as it stands now: a decision may have been taken since it was read."""
    return _the_one(DataImport.objects.filter(pk=row.pk))


def _locked(row: DataImport) -> DataImport:
    return _the_one(DataImport.objects.select_for_update(of=("self",)).filter(pk=row.pk))


def _the_one(rows: Any) -> DataImport:
    found = list(rows.select_related("stored", "company"))
    if not found:
        raise DomainError("Cet import n’existe plus : quelqu’un l’a oublié entre-temps.")
    return found[0]


def _refuse_unless(row: DataImport, states: tuple[str, ...], sentence: str) -> None:
    if row.state not in states:
        raise DomainError(sentence)


def _save(row: DataImport, user: User | None) -> None:
    save_by(row, user)  # type: ignore[arg-type]


def forget_contents(row: DataImport) -> None:
    """Drop the file, its lines and the decisions: the names that no file of the house bears stay nowhere."""
    ImportLine.objects.filter(data_import=row).delete()
    stored, row.stored = row.stored, None
    row.options = {name: value for name, value in row.options.items() if name != "decisions"}
    if stored is not None:
        delete_file(stored)


@transaction.atomic
def discard_import(row: DataImport) -> None:
    """Forget an import that wrote nothing, with its file and its lines."""
    row = _locked(row)
    _refuse_unless(row, PENDING, "Cet import a écrit : il se reprend en entier, il ne s’oublie pas.")
    forget_contents(row)
    row.delete()


def forget_old_imports(today: dt.date) -> int:
    """Forget the imports that nobody loaded, and the contents of those whose hours are all validated."""
    count = 0
    limit = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    for row in DataImport.objects.filter(state__in=PENDING, created_at__lt=limit).order_by("pk"):
        with transaction.atomic():
            forget_contents(row)
            row.delete()
        count += 1
    for row in DataImport.objects.filter(state=ImportState.LOADED, kind=ImportKind.HOURS).order_by("pk"):
        rows = HoursEntry.objects.filter(data_import=row)
        if rows.exists() and not rows.current().exclude(state=EntryState.VALIDATED).exists():
            with transaction.atomic():
                settle(_locked(row), user=None)
            count += 1
    return count


def settle(row: DataImport, *, user: User | None) -> None:
    """Mark an import as validated: it can no longer be taken back, and its file is no longer kept."""
    forget_contents(row)
    row.state = ImportState.VALIDATED
    row.validated_at = timezone.now()
    _save(row, user)
