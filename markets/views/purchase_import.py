"""The yearly list of purchases that a buyer sends: received, its columns matched, looked at, loaded."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode

from core import formats
from core.errors import DomainError
from core.files import file_for, read_file, store_file
from core.jobs import enqueue
from core.models import StoredFile
from core.spreadsheets import (
    BYTES_MAX,
    TABLE_TYPES,
    guess_header,
    is_blank,
    letters,
    match_columns,
    read_sheets,
    text_of,
    titles_of,
)
from markets.forms.planning import (
    ColumnsForm,
    ListFileForm,
    SheetForm,
)
from markets.models import Buyer
from markets.planning_jobs import KIND
from markets.purchase_files import LIST_KIND, lines_to_correct, refused_name
from markets.purchase_import import read_lines
from markets.purchase_words import WANTED
from markets.services import planning as services
from markets.views.planning import SHOWN_MAX, purchases_required


@purchases_required
def purchase_import(request: HttpRequest) -> HttpResponse:
    """Keep the file and read it once, so that what is no table is refused at once."""
    form = ListFileForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"year": timezone.localdate().year, "buyer": _number(request.GET.get("buyer"))},
    )
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > BYTES_MAX:
                raise DomainError(f"Ce fichier dépasse {formats.size(BYTES_MAX)}, la taille acceptée ici.")
            content = upload.read()
            read_sheets(content)
            stored = store_file(
                kind=LIST_KIND,
                name=upload.name or "liste",
                content=content,
                user=request.user,
                max_bytes=BYTES_MAX,
                allowed_types=TABLE_TYPES,
            )
        except DomainError as error:
            form.add_error("file", error.sentence)
        else:
            query = {"buyer": form.cleaned_data["buyer"].pk, "year": form.cleaned_data["year"]}
            return redirect(f"{reverse('purchase_columns', args=[stored.pk])}?{urlencode(query)}")
    context = {
        "title": "Charger une liste d’achats",
        "form": form,
        "intro": "Trois étapes : le fichier, ses colonnes, l’aperçu avec les erreurs ligne par ligne. Rien n’est écrit "
        "avant votre accord. Charger de nouveau la même liste met à jour les achats de même référence.",
        "submit_label": "Lire le fichier",
        "cancel_url": reverse("purchase_list"),
        "back_url": reverse("purchase_list"),
        "back_label": "Achats prévus",
    }
    return render(request, "core/form.html", context)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None


class _Opened:
    """A list under way: its file, its buyer, its year, its sheets; 404 for what is not the reader's."""

    def __init__(self, request: HttpRequest, pk: Any) -> None:
        self.request = request
        self.stored: StoredFile = file_for(request.user, pk)
        if self.stored.kind != LIST_KIND:
            raise Http404
        buyer, year = _number(request.GET.get("buyer")), _number(request.GET.get("year"))
        self.buyer = Buyer.objects.visible_to(request.user).filter(pk=buyer).first() if buyer else None
        if self.buyer is None or year is None or not 2000 <= year <= 2100:
            raise Http404
        self.year = year
        self.sheets = read_sheets(read_file(self.stored))
        self.query = {"buyer": self.buyer.pk, "year": self.year}
        asked = _number(request.GET.get("sheet")) or 0
        self.index = asked if asked < len(self.sheets) else 0
        self.sheet = self.sheets[self.index]
        header = _number(request.GET.get("header"))
        self.header = (
            header if header and header <= len(self.sheet.rows) else guess_header(self.sheet.rows, WANTED)
        )
        self.guesses = match_columns(titles_of(self.sheet.rows, self.header), WANTED)

    def url(self, url_name: str, **more: Any) -> str:
        return f"{reverse(url_name, args=[self.stored.pk])}?{urlencode({**self.query, **more})}"

    def context(self) -> dict[str, Any]:
        return {
            "stored": self.stored,
            "buyer": self.buyer,
            "year": self.year,
            "import_url": f"{reverse('purchase_import')}?{urlencode({'buyer': self.query['buyer']})}",
        }


@purchases_required
def purchase_columns(request: HttpRequest, pk: Any) -> HttpResponse:
    """Which column says what: guessed from the titles, changed by whoever loads the list."""
    opened = _Opened(request, pk)
    sheet_form = SheetForm(
        user=request.user, sheets=opened.sheets, initial={"sheet": opened.index, "header": opened.header}
    )
    given = {name: value for name, value in request.GET.items() if name.startswith("c_") or name == "family"}
    form = ColumnsForm(
        request.GET if given else None,
        user=request.user,
        rows=opened.sheet.rows,
        header=opened.header,
        initial={f"c_{name}": str(index) for name, index in opened.guesses.items()},
    )
    if "apercu" in request.GET and form.is_bound and form.is_valid():
        return redirect(opened.url("purchase_preview", sheet=opened.index, header=opened.header, **given))
    return render(
        request,
        "markets/purchase_columns.html",
        {
            **opened.context(),
            "form": form,
            "sheet_form": sheet_form,
            "several_sheets": len(opened.sheets) > 1,
            "opened": opened,
            "sample": _sample(opened),
            "found": len(opened.guesses),
        },
    )


def _sample(opened: _Opened) -> dict[str, Any]:
    """The first lines below the titles, as a table with the letters of the columns."""
    titles = titles_of(opened.sheet.rows[:40], opened.header)[:20]
    lines = []
    for number, row in enumerate(opened.sheet.rows[opened.header :], start=opened.header + 1):
        if not is_blank(row):
            cells = [text_of(cell) for cell in row][: len(titles)]
            lines.append((number, cells + [""] * (len(titles) - len(cells))))
        if len(lines) == 5:
            break
    return {"titles": [(letters(index), title) for index, title in enumerate(titles)], "lines": lines}


@purchases_required
def purchase_preview(request: HttpRequest, pk: Any) -> HttpResponse:
    """What loading would do, with the errors line by line; then load the right lines, or nothing."""
    opened = _Opened(request, pk)
    form = ColumnsForm(request.GET, user=request.user, rows=opened.sheet.rows, header=opened.header)
    if not form.is_valid():
        return redirect(opened.url("purchase_columns", sheet=opened.index, header=opened.header))
    columns, family = form.columns, form.cleaned_data["family"]
    if request.method == "POST":
        job = enqueue(
            KIND,
            key=f"{KIND}:{opened.stored.pk}",
            label=f"Chargement de {opened.stored.name}",
            payload={
                "file": str(opened.stored.pk),
                **opened.query,
                "sheet": opened.index,
                "header": opened.header,
                "columns": columns,
                "family": family,
            },
            user=request.user,
        )
        return redirect("job_detail", pk=job.pk)
    known = services.known_for(
        opened.buyer,  # type: ignore[arg-type]
        year=opened.year,
        default_family=family,
        with_communes="commune" in columns,
    )
    reading = read_lines(opened.sheet, header=opened.header, columns=columns, known=known)
    plan = services.plan_load(buyer=opened.buyer, year=opened.year, reading=reading, by=request.user)  # type: ignore[arg-type]
    if request.GET.get("export") == "refus" and plan.refused:
        response = HttpResponse(lines_to_correct(reading.titles, plan.refused), content_type="text/csv")
        name = content_disposition_header(True, refused_name(opened.stored.name))
        response["Content-Disposition"] = name or "attachment"
        response["Cache-Control"] = "no-store"
        return response
    query = request.GET.copy()
    query["export"] = "refus"
    doubtful = [line for line in reading.right if line.warnings and line.is_right]
    return render(
        request,
        "markets/purchase_preview.html",
        {
            **opened.context(),
            "plan": plan,
            "reading": reading,
            "to_write": len(plan.added) + len(plan.changed),
            "refused": plan.refused[:SHOWN_MAX],
            "refused_left": max(0, len(plan.refused) - SHOWN_MAX),
            "doubtful": doubtful[:SHOWN_MAX],
            "doubtful_count": len(doubtful),
            "added": plan.added[:10],
            "columns_url": f"{reverse('purchase_columns', args=[opened.stored.pk])}?{request.GET.urlencode()}",
            "refused_url": f"{request.path}?{query.urlencode()}",
        },
    )
