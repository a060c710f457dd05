"""Imports: the file is received, its columns matched, tried; doubtful lines are decided; it is loaded, then validated or taken back."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from beneficiaries.enums import ImportState, LineState
from beneficiaries.forms.imports import ColumnsForm, ImportForm, SheetForm
from beneficiaries.import_jobs import DOING, ask_for, do, is_long
from beneficiaries.import_list import TONES
from beneficiaries.import_reading import Layout, missing_columns, read_layout, same_shape
from beneficiaries.models import DataImport, ImportLine
from beneficiaries.services.imports import (
    PENDING,
    choose_columns,
    decide_all,
    decide_line,
    discard_import,
    layout_of,
    layouts_of,
    receive_again,
    receive_import,
    remembered_titles,
    sheets_of,
)
from core import formats
from core.access import house_required
from core.errors import DomainError
from core.exports import Column, stream_csv
from core.files import file_response
from core.models import Job, JobState
from core.spreadsheets import Sheet, is_blank, text_of

LINES_SHOWN = 100
SAMPLE = 3
# In the order in which a person looks at them.
STATES = {
    LineState.DOUBTFUL: "À décider",
    LineState.REFUSED: "Refusées",
    LineState.CORRECTED: "Corrigées",
    LineState.ACCEPTED: "Acceptées",
    LineState.UNCHANGED: "Déjà là",
}
REASON = "Motif du refus"


def _import(request: HttpRequest, pk: int) -> DataImport:
    rows = DataImport.objects.visible_to(request.user).select_related("company", "created_by", "stored")
    return get_object_or_404(rows, pk=pk)


@house_required
def import_create(request: HttpRequest) -> HttpResponse:
    """Receive a file; when all its columns are known already, go straight to the dry run."""
    initial = {
        "company": _number(request.GET.get("employeur"), 0) or None,
        "kind": request.GET.get("contenu") or "hours",
    }
    form = ImportForm(request.POST or None, request.FILES or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            upload = data["file"]
            row = receive_import(
                kind=data["kind"], name=upload.name or "", content=upload.read(), company=data["company"],
                month=data["month"], user=request.user,
            )  # fmt: skip
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return _try_at_once(request, row)
    context = {
        "title": "Importer un fichier",
        "form": form,
        "intro": "Trois étapes : le fichier, ses colonnes, l’essai à blanc ligne par ligne. Rien n’est écrit avant votre accord.",
        "submit_label": "Lire le fichier",
        "cancel_url": reverse("import_list"),
        "back_url": reverse("import_list"),
        "back_label": "Imports",
    }
    return render(request, "core/form.html", context)


def _try_at_once(request: HttpRequest, row: DataImport) -> HttpResponse:
    """The dry run where the titles say enough; else the page of the columns."""
    known = remembered_titles(row) or len(row.columns) >= 3
    try:
        layouts_of(row, sheets_of(row))
    except DomainError:
        known = False
    return _run(request, row, "check") if known else redirect("import_columns", pk=row.pk)


def _run(request: HttpRequest, row: DataImport, what: str) -> HttpResponse:
    """Do a step here, or in a job when the file is long; a refusal is said on the import's page."""
    said: dict[str, Any] = {}
    try:
        if is_long(row):
            return redirect("job_detail", pk=ask_for(row, what, user=request.user).pk)
        said = do(row, what, user=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
        if what == "check" and row.state in PENDING:
            return redirect("import_columns", pk=row.pk)
    else:
        _say(request, what, said)
    # Where there is something to decide, the keys are on its first line.
    waits = "#lignes" if what == "check" and said.get("à décider") else ""
    return redirect(f"{reverse('import_detail', args=[row.pk])}{waits}")


def _say(request: HttpRequest, what: str, said: dict[str, Any]) -> None:
    if what == "load":
        written = said.get("relevés écrits")
        messages.success(
            request,
            f"C’est chargé : {formats.noun(written, 'relevé écrit', 'relevés écrits')}."
            if written
            else "C’est chargé.",
        )
    elif what == "validate":
        left = said["relevés à regarder"]
        if left:
            messages.warning(
                request,
                f"{formats.noun(left, 'relevé reste', 'relevés restent')} à regarder dans la grille : "
                "ils ne comptent pas en totalité, ou ont une anomalie. Le reste est validé.",
            )
        else:
            messages.success(request, "L’import est validé.")
    elif what == "take_back":
        left = next(iter(said.values()))
        messages.success(
            request,
            "L’import est repris en entier."
            + (
                f" {formats.noun(left, 'ligne reste', 'lignes restent')}, parce que d’autres en dépendent."
                if left
                else ""
            ),
        )


@house_required
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column says what: guessed from the titles and from last time, changed by whoever loads the file."""
    row = _import(request, pk)
    if row.state not in PENDING:
        return redirect("import_detail", pk=row.pk)
    try:
        sheets = sheets_of(row)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("import_detail", pk=row.pk)
    index, layout = _asked_layout(request, row, sheets)
    several = len(same_shape(sheets, index, layout)) > 1
    form = ColumnsForm(
        request.POST or None,
        user=request.user,
        layout=layout,
        several=several,
        initial={
            "all_sheets": row.options.get("all_sheets"),
            "month": row.month or layout.month,
            "buyer": row.options.get("buyer"),
            "granularity": row.options.get("granularity", ""),
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            row = choose_columns(
                row=row, sheet=index, header=layout.header, says=form.says,
                month=form.cleaned_data.get("month"), options=form.options, user=request.user,
            )  # fmt: skip
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return _run(request, row, "check")
    context = {
        "row": row,
        "form": form,
        "sheet_form": SheetForm(
            user=request.user, sheets=sheets, initial={"sheet": index, "header": layout.header}
        ),
        "layout": layout,
        "columns": [
            (column, form[form.name_of(column.index)], _sample(sheets[index], layout, column.index))
            for column in layout.columns
        ],
        "several": several,
        "missing": missing_columns(layout),
        "form_url": f"{reverse('import_columns', args=[row.pk])}?{urlencode({'sheet': index, 'header': layout.header})}",
    }
    return render(request, "beneficiaries/imports/columns.html", context)


def _asked_layout(request: HttpRequest, row: DataImport, sheets: list[Sheet]) -> tuple[int, Layout]:
    """The sheet and the line that the address asks for, read again; else as they were kept."""
    kept = min(int(row.options.get("sheet", 0)), len(sheets) - 1)
    index = _number(request.GET.get("sheet"), kept)
    index = index if index < len(sheets) else kept
    header = _number(request.GET.get("header"), row.header if index == kept else 0)
    if (index, header) == (kept, row.header):
        return index, layout_of(row, sheets[index])
    return index, read_layout(
        kind=row.kind,
        sheet=sheets[index],
        file_name=row.file_name,
        header=header,
        remembered=remembered_titles(row),
        month=row.month,
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else otherwise


def _sample(sheet: Sheet, layout: Layout, index: int) -> str:
    """The first values of a column."""
    found: list[str] = []
    for row in sheet.rows[layout.header :]:
        if not is_blank(row) and index < len(row) and row[index] is not None:
            found.append(formats.short(text_of(row[index]), 24))
        if len(found) == SAMPLE:
            break
    return " · ".join(found)


@house_required
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import would do, or did: its counts, its lines by state, the decisions to take."""
    row = _import(request, pk)
    if row.state == ImportState.RECEIVED and row.stored is not None and not _open_job(row):
        return redirect("import_columns", pk=row.pk)
    lines = ImportLine.objects.visible_to(request.user).filter(data_import=row)
    found = Counter(dict(lines.order_by().values_list("state").annotate(count=_count())))
    asked = request.GET.get("etat", "")
    # Once the last doubtful line is decided, its tab is gone: the next one is shown.
    state = asked if found[asked] else next((s.value for s in STATES if found[s.value]), "")
    shown = Paginator(lines.filter(state=state).order_by("number", "pk"), LINES_SHOWN)
    page = shown.get_page(request.GET.get("page"))
    context = {
        "row": row,
        "states": [(s.value, label, found[s.value]) for s, label in STATES.items() if found[s.value]],
        "tone": TONES.get(row.get_state_display(), ""),
        "undecided": found[LineState.DOUBTFUL.value],
        "state": state,
        "page": page,
        "lines": list(page.object_list),
        "facts": _facts(row),
        "to_write": found["accepted"] + found["corrected"],
        "job": _open_job(row),
        "same": _same_file(request, row),
        "answers": _answers_for_all(lines, state),
    }
    return render(request, "beneficiaries/imports/detail.html", context)


def _count() -> Any:
    from django.db.models import Count

    return Count("pk")


def _open_job(row: DataImport) -> Job | None:
    return Job.objects.filter(
        key=f"data_import:{row.pk}", state__in=[JobState.QUEUED, JobState.RUNNING]
    ).first()


def _same_file(request: HttpRequest, row: DataImport) -> DataImport | None:
    """The same bytes, loaded before."""
    rows = DataImport.objects.visible_to(request.user).filter(digest=row.digest, kind=row.kind)
    loaded = rows.filter(state__in=[ImportState.LOADED, ImportState.VALIDATED]).exclude(pk=row.pk)
    return loaded.order_by("-loaded_at", "-pk").first()


def _answers_for_all(lines: Any, state: str) -> list[tuple[str, str, int]]:
    """The answers that several doubtful lines share: one gesture for them all."""
    if state != LineState.DOUBTFUL:
        return []
    labels = {
        "replace": "Prendre le fichier partout",
        "keep": "Garder partout ce qui est saisi",
        "new": "Toutes de nouvelles personnes",
        "leave": "Tout laisser de côté",
    }
    counts: Counter[str] = Counter()
    for proposals in lines.filter(state=state).order_by("pk").values_list("proposals", flat=True)[:2_000]:
        counts.update(value for value, _ in proposals if value in labels)
    return [(value, label, counts[value]) for value, label in labels.items() if counts[value] > 1]


def _facts(row: DataImport) -> list[tuple[str, str]]:
    counts = row.counts
    found = []
    for name, one, many in (
        ("people", "personne", "personnes"),
        ("new_people", "nouvelle fiche", "nouvelles fiches"),
        ("contracts", "contrat à créer", "contrats à créer"),
        ("new_markets", "marché à créer", "marchés à créer"),
        ("new_buyers", "donneur d’ordre à créer", "donneurs d’ordre à créer"),
    ):
        if counts.get(name):
            found.append((formats.number(counts[name], 0), one if counts[name] == 1 else many))
    if counts.get("hours"):
        found.insert(0, (formats.hours(counts["hours"]), "à écrire" if row.state in PENDING else "écrites"))
    return found


@house_required
@require_POST
def import_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what a line asks; all the lines that ask the same are settled with it."""
    lines = ImportLine.objects.visible_to(request.user).select_related("data_import")
    line = get_object_or_404(lines, pk=pk)
    try:
        row = decide_line(line=line, answer=request.POST.get("choix", ""), user=request.user)
        if not is_long(row):
            do(row, "check", user=request.user)
        else:
            messages.info(request, "Décision gardée : « Essayer de nouveau » l’applique à toutes les lignes.")
    except DomainError as error:
        messages.error(request, error.sentence)
    return redirect(f"{reverse('import_detail', args=[line.data_import_id])}?etat=doubtful#lignes")


@house_required
@require_POST
def import_decide_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one answer to all the doubtful lines that propose it."""
    row = _import(request, pk)
    try:
        decide_all(row=row, answer=request.POST.get("choix", ""), user=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("import_detail", pk=row.pk)
    return _run(request, row, "check")


@house_required
@require_POST
def import_do(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Try again, load, validate, take back, go on with what was left, or forget an import."""
    row = _import(request, pk)
    if what == "discard":
        try:
            discard_import(row)
        except DomainError as error:
            messages.error(request, error.sentence)
            return redirect("import_detail", pk=row.pk)
        messages.success(request, "L’import est oublié, rien n’était écrit.")
        return redirect("import_list")
    if what == "again":
        try:
            row = receive_again(row, user=request.user)
        except DomainError as error:
            messages.error(request, error.sentence)
            return redirect("import_detail", pk=row.pk)
        return _run(request, row, "check")
    if what not in DOING:
        return redirect("import_detail", pk=row.pk)
    return _run(request, row, what)


@house_required
def import_refused(request: HttpRequest, pk: int) -> HttpResponse:
    """The refused lines as they were, with why: corrected, they load as the file did."""
    row = _import(request, pk)
    lines = ImportLine.objects.visible_to(request.user).filter(data_import=row, state=LineState.REFUSED)
    titles = _titles(row)
    columns = [
        Column(REASON, "text", lambda line: line.sentence),
        Column("Ligne", "text", lambda line: f"{line.sheet} {line.number}".strip()),
        *(Column(title, "text", _cell(index)) for index, title in titles if title not in (REASON, "Ligne")),
    ]
    content = b"".join(stream_csv(columns, lines.order_by("number", "pk").iterator(chunk_size=2_000)))
    name = row.file_name.rpartition(".")[0] or row.file_name
    return file_response(content, f"{name} à corriger.csv")


def _titles(row: DataImport) -> list[tuple[int, str]]:
    try:
        [(_, layout), *_] = layouts_of(row, sheets_of(row))
    except DomainError:
        return []
    return [(column.index, column.title) for column in layout.columns]


def _cell(index: int) -> Any:
    return lambda line: line.cells[index] if index < len(line.cells) else ""
