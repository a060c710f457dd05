"""Rows of the grid, saved without its page: one as it is typed, or all those that one gesture filled."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_POST

from beneficiaries.anomalies import mark_rows
from beneficiaries.forms.hours import GridFilterForm
from beneficiaries.grid import build_grid, commitment_lines, pending, read_cells, show_outcomes, with_names
from beneficiaries.models import Assignment, HoursEntry
from beneficiaries.services.hours import save_cells, validate_hours
from beneficiaries.views.hours import MOST_ROWS, month_of_page
from core import formats
from core.access import house_required

_CELL = re.compile(r"h-([1-9][0-9]{0,17})-[a-z]+")


@house_required
@require_POST
def hours_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Save one row of the grid (htmx); with `valider`, validate it too. Answers with the row's state."""
    month = month_of_page(request)
    assignment = get_object_or_404(with_names(Assignment.objects.visible_to(request.user), month), pk=pk)
    grid = build_grid([assignment], month, all_kinds=True)
    posted = [cell for cell in grid.rows[0].cells if cell.name in request.POST or cell.entry]
    grid.rows[0].cells = posted
    show_outcomes(grid, save_cells(read_cells(grid, request.POST), user=request.user))
    row = grid.rows[0]
    said = ""
    if "valider" in request.POST and not row.has_errors:
        entries = HoursEntry.objects.visible_to(request.user).filter(
            pk__in=[entry.pk for entry in row.entries]
        )
        report = validate_hours(entries=entries.to_validate(), user=request.user)
        said = formats.noun(len(report.validated), "ligne validée", "lignes validées")
        said = " ".join([f"{said}.", *(sentence for _, sentence in report.left)])
        typed = {cell.kind for cell in row.cells}
        grid = build_grid([assignment], month, all_kinds=True)
        row = grid.rows[0]
        row.cells = [cell for cell in row.cells if cell.kind in typed]
    mark_rows(grid)
    context = {
        "row": row,
        "said": said,
        "commitments": commitment_lines([assignment.commitment_id], request.user),
        **_around(request),
    }
    return render(request, "beneficiaries/hours/_row_saved.html", context)


@house_required
@require_POST
def hours_rows(request: HttpRequest) -> HttpResponse:
    """Save the cells of several rows at once (filled down, pasted, copied, undone): one transaction, one answer."""
    month = month_of_page(request)
    ids = {int(match[1]) for name in request.POST if (match := _CELL.fullmatch(name))}
    rows = with_names(Assignment.objects.visible_to(request.user), month)
    assignments = list(rows.filter(pk__in=sorted(ids)[:MOST_ROWS]).order_by("pk"))
    grid = build_grid(assignments, month, all_kinds=True)
    for row in grid.rows:
        row.cells = [cell for cell in row.cells if cell.name in request.POST or cell.entry]
    outcomes = save_cells(read_cells(grid, request.POST), user=request.user)
    show_outcomes(grid, outcomes)
    mark_rows(grid)
    context = {
        "rows": grid.rows,
        "saved": sum(outcome.saved for outcome in outcomes),
        "refused": sum(row.has_errors for row in grid.rows),
        "commitments": commitment_lines({row.commitment_id for row in assignments}, request.user),
        **_around(request),
    }
    return render(request, "beneficiaries/hours/_rows_saved.html", context)


def _around(request: HttpRequest) -> dict[str, Any]:
    """What stands around the rows of the page: how many lines are left, and where the page is."""
    month, scope = month_of_page(request), _scope_of_page(request)
    to_validate, count_in_full = pending(scope, month) if scope is not None else (None, None)
    return {
        "month": month,
        "to_validate": to_validate,
        "count_in_full": count_in_full,
        "page_url": f"{reverse('hours')}?mois={month:%Y-%m}",
    }


def _scope_of_page(request: HttpRequest) -> Any:
    """The assignments of the grid that the row stands in, as htmx names its page; None for another page."""
    page = urlsplit(request.htmx.current_url or "")  # type: ignore[attr-defined]
    try:
        match = resolve(page.path)
    except Resolver404:
        return None
    mine = Assignment.objects.visible_to(request.user)
    if match.url_name == "market_hours":
        return mine.filter(commitment__market=match.kwargs["pk"])
    if match.url_name == "company_hours":
        return mine.filter(placement__employer=match.kwargs["pk"])
    if match.url_name == "hours":
        return GridFilterForm(QueryDict(page.query) or None, user=request.user).narrow(mine)
    return None
