"""The employer's month, by an account of the company or by a link: its list, its grid, its documents, its submission."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from beneficiaries.declaration_dates import due_on, month_of_address, written
from beneficiaries.declaration_grid import ROWS, MonthGrid, build_month, own_assignments
from beneficiaries.declaration_list import months_of
from beneficiaries.declaration_mail import LINK
from beneficiaries.enums import DeclarationState
from beneficiaries.forms.declarations import ProofForm, SubmitForm
from beneficiaries.grid import read_cells, show_outcomes
from beneficiaries.lookups import is_key
from beneficiaries.models import DeclarationProof, MonthDeclaration
from beneficiaries.services import declarations as services
from core import formats
from core.access import COMPANY, role_required
from core.dates import add_months
from core.errors import DomainError
from core.files import file_response, read_file
from core.link_pages import link_page
from core.links import open_link
from markets.models import Company

Row = MonthDeclaration | None


@dataclass(frozen=True)
class Way:
    """How someone came to an employer's month: with an account, or by a link (its token)."""

    company: Company
    month: dt.date
    declaration: Row
    user: User | None
    token: str = ""

    @property
    def by_link(self) -> bool:
        return bool(self.token)

    @property
    def url(self) -> str:
        if self.by_link:
            return reverse("declaration_by_link", args=[self.token])
        return reverse("company_declaration", args=[self.company.pk, written(self.month)])

    def row_url(self, assignment: int) -> str:
        if self.by_link:
            return reverse("declaration_row_by_link", args=[self.token, assignment])
        return reverse("company_declaration_row", args=[self.company.pk, written(self.month), assignment])

    def proof_url(self, proof: DeclarationProof) -> str:
        if proof.stored_id is None:
            return ""
        if self.by_link:
            return reverse("declaration_proof_by_link", args=[self.token, proof.pk])
        return reverse("file_download", args=[proof.stored_id])

    def start(self) -> MonthDeclaration:
        return services.start_declaration(company=self.company, month=self.month, by=self.user)


# --- By account ----------------------------------------------------------------------------------------------


@role_required(COMPANY)
@require_safe
def company_declaration_list(request: HttpRequest) -> HttpResponse:
    """« Mes déclarations »: the months of the last year, what is awaited first."""
    rows = months_of(list(Company.objects.visible_to(request.user).order_by("pk")), timezone.localdate())
    context = {
        "awaited": [row for row in rows if row.is_awaited],
        "others": [row for row in rows if not row.is_awaited],
        "several": len({row.company.pk for row in rows}) > 1,
    }
    return render(request, "beneficiaries/declarations/company_list.html", context)


def _account(request: HttpRequest, pk: int, month: str) -> Way:
    company = get_object_or_404(Company.objects.visible_to(request.user), pk=pk)
    when = month_of_address(month)
    row = MonthDeclaration.objects.visible_to(request.user).filter(company=company, month=when).first()
    return Way(company, when, row, request.user)


@role_required(COMPANY)
@require_http_methods(["GET", "HEAD", "POST"])
def company_declaration(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """The month of one's own company."""
    return _page(request, _account(request, pk, month))


@role_required(COMPANY)
@require_POST
def company_declaration_row(request: HttpRequest, pk: int, month: str, assignment: int) -> HttpResponse:
    return _row(request, _account(request, pk, month), assignment)


# --- By a link -----------------------------------------------------------------------------------------------


def _by_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open the link of the address. A dead one says so."""

    @link_page("link")
    @wraps(view)
    def opened(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        try:
            link = open_link(kind=LINK, token=token)
        except DomainError as error:
            context = {
                "code": 404,
                "title": "Lien sans effet",
                "sentence": error.sentence,
                "home_url": "/",
            }
            return render(request, "core/error.html", context, status=404)
        row = MonthDeclaration.objects.select_related("company").filter(pk=link.object_id).first()
        if row is None:
            raise Http404
        return view(request, Way(row.company, row.month, row, None, token), **kwargs)

    return opened


@_by_link
def declaration_by_link(request: HttpRequest, way: Way) -> HttpResponse:
    """The same month, for who holds its link."""
    return _page(request, way)


@_by_link
def declaration_row_by_link(request: HttpRequest, way: Way, assignment: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    return _row(request, way, assignment)


@_by_link
def declaration_proof_by_link(request: HttpRequest, way: Way, proof: int) -> HttpResponse:
    """A document of this month; of no other."""
    row = get_object_or_404(
        DeclarationProof.objects.filter(declaration=way.declaration, stored__isnull=False).select_related(
            "stored"
        ),
        pk=proof,
    )
    stored: Any = row.stored
    return file_response(read_file(stored), stored.name, content_type=stored.content_type)


# --- The page, whatever the way ------------------------------------------------------------------------------


def _page(request: HttpRequest, way: Way) -> HttpResponse:
    assignments = list(own_assignments(way.company, way.month)[:ROWS])
    if not assignments and way.declaration is None:
        month = build_month([], way.month, None)
        return _show(request, way, month, _submit_form(way), ProofForm(user=way.user))
    month = build_month(
        assignments, way.month, way.declaration, all_kinds=request.GET.get("natures") == "toutes"
    )
    submit, proof = _submit_form(way), ProofForm(user=way.user)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action == "submit":
            submit = _submit_form(way, request.POST)
        if action == "proof":
            proof = ProofForm(request.POST, request.FILES, user=way.user)
        try:
            done = _act(request, way, month, action, submit, proof)
        except DomainError as error:
            # What was typed stays in the page, the sentence above it.
            messages.error(request, error.sentence)
            done = False
        if request.htmx and not action:  # type: ignore[attr-defined]
            return _rows_saved(request, way, month)
        if done:
            query = "?natures=toutes" if request.GET.get("natures") == "toutes" else ""
            return redirect(f"{way.url}{query}")
    return _show(request, way, month, submit, proof)


def _rows_saved(request: HttpRequest, way: Way, month: MonthGrid) -> HttpResponse:
    """What became of several rows sent together (pasted, undone): each as it answers alone."""
    # Said row by row: the next page has no more to say of it.
    list(messages.get_messages(request))
    posted = {cell.name for row in month.grid.rows for cell in row.cells} & request.POST.keys()
    rows = []
    for row in month.rows:
        cells = [cell for cell in row.grid_row.cells if cell.name in posted]
        if cells:
            row.grid_row.cells = [cell for cell in row.grid_row.cells if cell in cells or cell.entry]
            rows.append(row)
    left = own_assignments(way.company, way.month).exclude(entries__month=way.month).count()
    return render(request, "beneficiaries/declarations/_rows_saved.html", {"rows": rows, "left": left})


def _submit_form(way: Way, data: Any = None) -> SubmitForm:
    row = way.declaration
    initial = {"note": row.note, "no_hours": row.no_hours, "name": row.submitted_name} if row else None
    return SubmitForm(data, user=way.user, by_link=way.by_link, initial=initial)


def _act(
    request: HttpRequest, way: Way, month: MonthGrid, action: str, submit: SubmitForm, proof: ProofForm
) -> bool:
    """Do what was asked; False when the page is to be shown again, with what was typed."""
    removed = request.POST.get("retirer", "")
    if removed:
        found = DeclarationProof.objects.filter(
            declaration=way.declaration, pk=removed if is_key(removed) else 0
        )
        services.remove_proof(proof=get_object_or_404(found), by=way.user)
        messages.success(request, "Le document est retiré.")
        return True
    if action == "proof":
        return _add_proof(request, way, proof)
    if not _save(request, way, month):
        return False
    if action == "copy":
        return _copy(request, way, month)
    if action == "submit":
        return _submit(request, way, submit)
    return True


def _save(request: HttpRequest, way: Way, month: MonthGrid) -> bool:
    cells = read_cells(month.grid, request.POST)
    outcomes = services.declare_hours(declaration=way.start(), cells=cells, by=way.user) if cells else []
    show_outcomes(month.grid, outcomes)
    saved = sum(outcome.saved for outcome in outcomes)
    refused = sum(cell.error != "" for row in month.grid.rows for cell in row.cells)
    if saved:
        messages.success(request, f"{formats.noun(saved, 'saisie enregistrée', 'saisies enregistrées')}.")
    if refused:
        one, many = "saisie n’a pas été enregistrée", "saisies n’ont pas été enregistrées"
        messages.error(
            request,
            f"{formats.noun(refused, one, many)} : la raison est écrite sous chacune, votre saisie est gardée."
            + (" Rien n’a été soumis." if request.POST.get("action") == "submit" else ""),
        )
    return not refused


def _copy(request: HttpRequest, way: Way, month: MonthGrid) -> bool:
    assignments = [row.assignment for row in month.rows]
    outcomes = services.copy_previous_month(declaration=way.start(), assignments=assignments, by=way.user)
    copied = sum(outcome.saved for outcome in outcomes)
    refused = [outcome for outcome in outcomes if outcome.error]
    previous = formats.of_month(add_months(way.month, -1))
    if refused:
        left = formats.noun(len(refused), "ligne n’a pas été reprise", "lignes n’ont pas été reprises")
        messages.warning(request, f"{left}. {refused[0].error}")
    if copied:
        said = formats.noun(copied, "ligne reprise", "lignes reprises")
        messages.success(request, f"{said} {previous} : vérifiez-les avant de soumettre.")
    elif not refused:
        messages.warning(
            request,
            f"Rien à reprendre {previous} : chaque ligne est déjà remplie, ou ne portait pas d’heures.",
        )
    return True


def _submit(request: HttpRequest, way: Way, form: SubmitForm) -> bool:
    if not form.is_valid():
        return False
    try:
        services.submit_declaration(declaration=way.start(), by=way.user, **form.cleaned_data)
    except DomainError as error:
        if error.field not in form.fields:
            raise
        form.add_domain_error(error)
        return False
    messages.success(request, f"Vos heures {formats.of_month(way.month)} sont soumises à la maison. Merci.")
    return True


def _add_proof(request: HttpRequest, way: Way, form: ProofForm) -> bool:
    if not form.is_valid():
        return False
    try:
        services.add_proof(declaration=way.start(), by=way.user, **form.cleaned_data)
    except DomainError as error:
        if error.field not in form.fields:
            raise
        form.add_domain_error(error)
        return False
    messages.success(request, "Le document est joint.")
    return True


def _show(
    request: HttpRequest, way: Way, month: MonthGrid, submit: SubmitForm, proof: ProofForm
) -> HttpResponse:
    request.place = "hours"  # type: ignore[attr-defined]
    # Read again: what was just asked may have opened it.
    row = MonthDeclaration.objects.filter(company=way.company, month=way.month).first()
    is_open = row is None or row.is_open
    all_kinds = request.GET.get("natures") == "toutes"
    until = due_on(way.month)
    late = is_open and until < timezone.localdate()
    state = row.state if row else DeclarationState.DRAFT
    context = {
        "way": way,
        "company": way.company,
        "declaration": row,
        "state": state,
        "state_words": "en retard"
        if state == DeclarationState.DRAFT and late
        else DeclarationState(state).label,
        "heading_words": f"Heures {formats.of_month(way.month)}",
        "heading_facts": f"{way.company} ",
        "heading_code": "late" if state == DeclarationState.DRAFT and late else state,
        "who_words": f"À vous de déclarer avant le {formats.day(until)}\u202f:",
        "late_tone": "late" if late else "watch",
        "is_open": is_open,
        "may_write": is_open and way.month <= timezone.localdate() and bool(month.rows),
        "due_on": until,
        "month": way.month,
        "month_grid": month,
        "grid": month.grid,
        "rows": [(entry, way.row_url(entry.assignment.pk)) for entry in month.rows],
        "here": f"{way.url}?natures=toutes" if all_kinds else way.url,
        "all_kinds": all_kinds,
        "all_kinds_url": way.url if all_kinds else f"{way.url}?natures=toutes",
        "proofs": [(entry, way.proof_url(entry)) for entry in _proofs(row)],
        "submit_form": submit,
        "proof_form": proof,
        "previous_month": add_months(way.month, -1),
    }
    template = "link" if way.by_link else "account"
    return render(request, f"beneficiaries/declarations/{template}.html", context)


def _proofs(row: Row) -> list[DeclarationProof]:
    return list(row.proofs.select_related("stored").order_by("pk")) if row else []


def _row(request: HttpRequest, way: Way, pk: int) -> HttpResponse:
    """Save one row (htmx); answers with the row's state."""
    assignment = get_object_or_404(own_assignments(way.company, way.month), pk=pk)
    month = build_month([assignment], way.month, way.declaration, all_kinds=True)
    row = month.rows[0]
    typed = {cell.name for cell in row.grid_row.cells if cell.name in request.POST}
    row.grid_row.cells = [cell for cell in row.grid_row.cells if cell.name in typed or cell.entry]
    cells = read_cells(month.grid, request.POST)
    try:
        outcomes = services.declare_hours(declaration=way.start(), cells=cells, by=way.user)
    except DomainError as error:
        for cell in row.grid_row.cells:
            if cell.name in typed:
                cell.error = error.sentence
    else:
        show_outcomes(month.grid, outcomes)
    # A cell that was closed meanwhile answers with what stands in it.
    for cell in row.grid_row.cells:
        if cell.name in typed and cell.closed and not cell.error:
            cell.error = "Cette ligne ne se change plus : rechargez la page."
    left = own_assignments(way.company, way.month).exclude(entries__month=way.month).count()
    context = {"row": row, "way": way, "left": left, "month": way.month}
    return render(request, "beneficiaries/declarations/_row_saved.html", context)
