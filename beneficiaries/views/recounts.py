"""Recounts: one that was made, and the page that says what a change would recount before it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from beneficiaries.models import Recount
from beneficiaries.recount_list import preview_context, rows_of_recount, years_of
from beneficiaries.services.recounts import RecountReport, preview_recount
from core.access import house_required

# The field that says that the person has read what would change.
READ = "recomptage_lu"


@house_required
def recount_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Which entries, before, after and why, by year."""
    recount = get_object_or_404(Recount.objects.visible_to(request.user).select_related("made_by"), pk=pk)
    rows = rows_of_recount(recount, request.user)
    context = {
        "recount": recount,
        "years": years_of(recount.by_year),
        "rows": rows,
        "more": recount.entries - len(rows),
    }
    return render(request, "beneficiaries/recounts/detail.html", context)


def confirm_recount(
    request: HttpRequest,
    change: Callable[[], object],
    *,
    title: str,
    cancel_url: str,
    submit_label: str = "Confirmer",
    details: Sequence[str] = (),
) -> HttpResponse | None:
    """The page « Ceci changera 14 lignes de 2026, −212 h », or None when `change` may be made at once.

    Call it in a view once the form is valid and before the service: `change` is tried and undone. What was typed is
    sent again by the page. A form with files is never asked twice: files cannot be sent again. DomainError goes through.
    """
    if request.POST.get(READ) or request.FILES:
        return None
    report = preview_recount(change)
    if not report.changes:
        return None
    return recount_page(
        request, report, title=title, cancel_url=cancel_url, submit_label=submit_label, details=details
    )


def recount_page(
    request: HttpRequest,
    report: RecountReport,
    *,
    title: str,
    cancel_url: str,
    submit_label: str,
    details: Sequence[str] = (),
) -> HttpResponse:
    """The page that asks, with what was typed kept in it."""
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    context = {
        "title": title,
        "typed": [*typed, (READ, "1")],
        "details": details,
        "submit_label": submit_label,
        "cancel_url": cancel_url or reverse("home"),
        **preview_context(report, request.user),
    }
    return render(request, "beneficiaries/recounts/confirm.html", context)
