"""Recounts: one that was made, and the page that says what a change would recount before it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from beneficiaries.models import Recount
from beneficiaries.recount_list import preview_context, rows_of_recount, years_of
from beneficiaries.services.recounts import RecountReport, change_unless_it_recounts
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
    change: Callable[[], Any],
    *,
    title: str,
    cancel_url: str,
    submit_label: str = "Enregistrer et recompter",
    details: Sequence[str] = (),
    files_are_kept: bool = False,
) -> tuple[HttpResponse | None, Any]:
    """(the page « Ceci changera 14 lignes de 2026, −212 h », …) or (None, what `change` gave).

    Call it in a view once the form is valid, with the service in `change`: without an effect on the counts, or once the
    page was read, it is made; else it is undone and asked. What was typed is sent again by the page. A form with files is
    not asked twice, for files cannot be sent again, unless they are kept already. DomainError goes through.
    """
    if request.POST.get(READ) or (request.FILES and not files_are_kept):
        return None, change()
    report, made = change_unless_it_recounts(change)
    if not report.changes:
        return None, made
    page = recount_page(
        request, report, title=title, cancel_url=cancel_url, submit_label=submit_label, details=details
    )
    return page, None


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
