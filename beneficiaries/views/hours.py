"""Pages of hours: the grid (of a market, a company, or all), its rows, corrections."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from beneficiaries.anomalies import mark_rows
from beneficiaries.forms.hours import CorrectionForm, EntryDaysForm, GridFilterForm, SendBackForm
from beneficiaries.grid import (
    Grid,
    build_grid,
    cells_as_typed,
    commitment_lines,
    fill_empty,
    pending,
    read_cells,
    rows_of,
    show_outcomes,
)
from beneficiaries.lookups import is_key
from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.services.checks import validate_without_anomaly
from beneficiaries.services.entry_days import set_entry_days
from beneficiaries.services.hours import (
    correct_hours,
    save_cells,
    send_back_hours,
    take_over_hours,
    validate_hours,
)
from clauses.figures import CommitmentFigures
from clauses.heads import market_figures
from core import formats
from core.access import house_required
from core.dates import add_months
from core.errors import DomainError
from core.forms import parse_month
from markets.files import file_context
from markets.models import Market
from markets.views.forms import confirm_page, form_page
from markets.views.shared import file_row

ROWS = 50
MOST_ROWS = 300
FILE_TEMPLATE = "beneficiaries/hours/file_grid.html"
# What fills the empty cells of the page in one gesture, and what is said when there is nothing to fill them with.
FILLS = {"previous": "previous", "proposals": "proposal"}
NOTHING_TO_FILL = {
    "previous": "Aucune case vide n’a d’heures le mois précédent.",
    "proposals": "Aucune case vide n’a de proposition\u202f: il faut des heures par semaine au contrat.",
}


@house_required
def hours(request: HttpRequest) -> HttpResponse:
    """« Heures »: every assignment of the house in a month; a company has its declarations instead."""
    form = GridFilterForm(request.GET or None, user=request.user)
    assignments = form.narrow(Assignment.objects.visible_to(request.user))
    rows = MOST_ROWS if request.GET.get("lignes") == str(MOST_ROWS) else ROWS
    return _grid_page(request, assignments, "beneficiaries/hours/grid.html", {"filter_form": form}, rows=rows)


@house_required
def market_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """The hours of one market."""
    market = get_object_or_404(
        Market.objects.visible_to(request.user).select_related("buyer", "department"), pk=pk
    )
    assignments = Assignment.objects.visible_to(request.user).filter(commitment__market=market)
    return _grid_page(request, assignments, FILE_TEMPLATE, lambda: file_context("market", market, request))


@house_required
def company_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """The hours of the people whom one company employs."""
    company = file_row("company", request.user, pk)
    assignments = Assignment.objects.visible_to(request.user).filter(placement__employer=company)
    # The grid has its own figures: those of the file would be two more readings of the same hours.
    return _grid_page(
        request,
        assignments,
        FILE_TEMPLATE,
        lambda: file_context("company", company, request, with_head=False),
    )


def month_of_page(request: HttpRequest) -> dt.date:
    """The month asked for, else the last full one: hours are logged once they are worked."""
    last_full_month = add_months(timezone.localdate().replace(day=1), -1)
    try:
        return parse_month(request.GET.get("mois", "")) or last_full_month
    except ValueError:
        return last_full_month


def _grid_page(
    request: HttpRequest, assignments: Any, template: str, around: Any, *, rows: int = MOST_ROWS
) -> HttpResponse:
    """A grid of these assignments; `around` is the context of the page, or makes it once all is written."""
    month = month_of_page(request)
    wanted = request.GET.get("page", "")
    number = max(1, int(wanted)) if wanted.isdecimal() and len(wanted) < 7 else 1
    # One row more than the page tells whether another follows, without counting them all.
    found = list(rows_of(assignments, month)[(number - 1) * rows : number * rows + 1])
    all_kinds = request.GET.get("natures") == "toutes"
    grid = build_grid(found[:rows], month, all_kinds=all_kinds)
    if request.method == "POST":
        answer = _post(request, assignments, grid)
        if answer is not None:
            return answer
    mark_rows(grid)
    # A page that holds the whole scope knows it; else it is asked.
    is_whole = number == 1 and len(found) <= rows
    to_validate, count_in_full = grid.pending if is_whole else pending(assignments, month)

    def address(**changes: str) -> str:
        query = request.GET.copy()
        query.pop("page", None)
        for name, value in {"mois": f"{month:%Y-%m}", **changes}.items():
            query[name] = value
        return f"{request.path}?{query.urlencode()}"

    around = around() if callable(around) else around
    grid.commitments = _commitments(grid, around, request)
    context = {
        **around,
        "grid": grid,
        "page_number": number,
        "previous_page": address(page=str(number - 1)) if number > 1 else "",
        "next_page": address(page=str(number + 1)) if len(found) > rows else "",
        "month": month,
        "previous_url": address(mois=f"{add_months(month, -1):%Y-%m}"),
        "next_url": address(mois=f"{add_months(month, 1):%Y-%m}"),
        "all_kinds": all_kinds,
        "all_kinds_url": address(natures="" if all_kinds else "toutes"),
        "here": request.get_full_path(),
        "rows_url": f"{reverse('hours_rows')}?mois={month:%Y-%m}",
        "checks_url": f"{reverse('anomaly_list')}?mois={month:%Y-%m}",
        "other_length": "" if rows == ROWS else str(ROWS),
        "length_url": address(lignes=str(MOST_ROWS if rows == ROWS else ROWS))
        if "filter_form" in around
        else "",
        "rows_shown": rows,
        "to_validate": to_validate,
        "count_in_full": count_in_full,
    }
    return render(request, template, context)


def _commitments(grid: Grid, around: dict[str, Any], request: HttpRequest) -> list[CommitmentFigures]:
    """Those of the rows; a market's page has worked them out for its head already."""
    if "market" in around:
        return market_figures(around["market"], request.user).commitments
    return commitment_lines({row.assignment.commitment_id for row in grid.rows}, request.user)


def _post(request: HttpRequest, assignments: Any, grid: Grid) -> HttpResponse | None:
    """Save all that can be; fill or validate if asked. Without an error, a redirect; else the page with what was typed."""
    action = request.POST.get("action", "")
    outcomes = save_cells(read_cells(grid, request.POST), user=request.user)
    show_outcomes(grid, outcomes)
    if action in FILLS and fill_empty(grid, FILLS[action]):
        filled = save_cells(read_cells(grid, cells_as_typed(grid)), user=request.user)
        show_outcomes(grid, filled)
        outcomes += filled
    saved = sum(outcome.saved for outcome in outcomes)
    refused = sum(cell.error != "" for row in grid.rows for cell in row.cells)
    if saved:
        messages.success(request, f"{formats.noun(saved, 'saisie enregistrée', 'saisies enregistrées')}.")
    elif action in FILLS and not refused:
        messages.info(request, NOTHING_TO_FILL[action])
    if refused:
        one, many = "saisie n’a pas été enregistrée", "saisies n’ont pas été enregistrées"
        nothing = " Rien n’a été validé." if action == "validate" or "valider" in request.POST else ""
        messages.error(
            request,
            f"{formats.noun(refused, one, many)} : la raison est écrite sous chacune, votre saisie est gardée.{nothing}",
        )
        return None
    if action == "validate":
        done = validate_without_anomaly(assignments=assignments, month=grid.month, user=request.user)
        say_validated(request, len(done.report.validated), done.left)
    elif is_key(request.POST.get("valider", "")):
        entries = HoursEntry.objects.visible_to(request.user).to_validate().filter(month=grid.month)
        entries = entries.filter(assignment=int(request.POST["valider"]))
        report = validate_hours(entries=entries, user=request.user)
        say_validated(request, len(report.validated), len(report.left))
    return redirect(request.get_full_path())


def say_validated(request: HttpRequest, validated: int, left: int) -> None:
    """How many lines were validated, and how many someone still has to look at."""
    said = formats.noun(validated, "ligne validée", "lignes validées")
    if left:
        rest = formats.noun(left, "reste à regarder", "restent à regarder")
        messages.warning(request, f"{said}. {rest} : la raison est sur la ligne.")
    else:
        messages.success(request, f"{said}.")


@house_required
def entry_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace a validated entry, with a reason."""
    entry = get_object_or_404(_entries(request), pk=pk)
    form = CorrectionForm(request.POST or None, user=request.user, initial={"hours": entry.hours})
    if request.method == "POST" and form.is_valid():
        try:
            new = correct_hours(entry=entry, user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, error.sentence)
        else:
            messages.success(request, f"Correction enregistrée : {formats.hours(new.hours)}.")
            return redirect(_market_month(entry))
    counted = f"{formats.hours(entry.hours)} validées le {formats.day(entry.validated_at)}"
    context = {
        "title": "Corriger des heures validées",
        "facts": _facts(entry),
        "intro": f"{counted}, dont {formats.hours(entry.counted_hours)} comptées. La ligne validée reste au dossier ; "
        "la nouvelle la remplace dans les chiffres. Si l’année est close, l’écart est imprimé dans le bilan "
        "suivant, en régularisation.",
        "form": form,
        "submit_label": "Enregistrer la correction",
        "cancel_url": _market_month(entry),
    }
    return render(request, "core/form.html", context)


@house_required
def entry_take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Take over a line that its employer has not submitted: a gesture of its own, never part of a bulk validation."""
    entry = get_object_or_404(_entries(request), pk=pk)
    back = _market_month(entry)
    return confirm_page(
        request,
        title="Reprendre une ligne de l’entreprise",
        consequence=f"L’entreprise n’a pas encore soumis ce mois. Vous reprenez ses {formats.hours(entry.hours)} telles "
        "quelles\u202f: la ligne devient la vôtre, elle peut être validée.",
        details=[
            _facts(entry),
            "L’entreprise verra qui a repris la ligne, et quand ; elle ne pourra plus la changer.",
        ],
        submit_label="Reprendre la ligne",
        back=back,
        back_label="Heures du marché",
        done="La ligne est reprise : elle peut être validée.",
        save=lambda: take_over_hours(entry=entry, user=request.user),
    )


@house_required
def entry_send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Send submitted hours back, with what is to be corrected."""
    entry = get_object_or_404(_entries(request), pk=pk)
    form = SendBackForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            send_back_hours(entry=entry, user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, error.sentence)
        else:
            messages.success(request, "Les heures sont renvoyées, avec votre motif.")
            return redirect(_market_month(entry))
    context = {
        "title": "Renvoyer des heures à l’entreprise",
        "facts": _facts(entry),
        "intro": f"{formats.hours(entry.hours)} déclarées.",
        "form": form,
        "submit_label": "Renvoyer",
        "cancel_url": _market_month(entry),
    }
    return render(request, "core/form.html", context)


@house_required
def entry_days(request: HttpRequest, pk: int) -> HttpResponse:
    """The first and last day of an entry, where a period, an assignment or the market begins or ends in its month."""
    entry = get_object_or_404(_entries(request), pk=pk)
    initial = {"first_day": entry.first_day, "last_day": entry.last_day}
    form = EntryDaysForm(request.POST or None, user=request.user, initial=initial)
    return form_page(
        request,
        form,
        title="Premier et dernier jour des heures",
        facts=_facts(entry),
        intro=f"{formats.hours(entry.hours)}, dont {formats.hours(entry.counted_hours)} comptées. "
        f"{entry.counting_detail} Dites les jours où ces heures ont été faites\u202f: le compte suit. "
        "Sans jours, la part est au prorata des jours ouvrés, et valider la ligne la confirme.",
        back=_market_month(entry),
        back_label="Heures du marché",
        cancel_url=_market_month(entry),
        done="Les jours sont enregistrés et les heures recomptées.",
        save=lambda: set_entry_days(entry=entry, user=request.user, **form.cleaned_data),
    )


def _entries(request: HttpRequest) -> Any:
    return (
        HoursEntry.objects.visible_to(request.user)
        .current()
        .select_related(
            "assignment__placement__beneficiary",
            "assignment__placement__employer",
            "assignment__commitment__market",
            "validated_by",
        )
    )


def _facts(entry: HoursEntry) -> str:
    placement = entry.assignment.placement
    month = f"{formats.month(entry.month)}, {entry.get_kind_display()}"
    return f"{placement.beneficiary} · {placement.employer} · {entry.assignment.commitment.market.reference} · {month}"


def _market_month(entry: HoursEntry) -> str:
    return f"{reverse('market_hours', args=[entry.market_id])}?mois={entry.month:%Y-%m}"
