"""« Exports »: the national consolidation of a year and open data, for the admin, who answers for what leaves the house."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header

from accounts.access_log import record_access
from accounts.models import AccessKind
from beneficiaries.models import ClosedYear
from core.access import admin_required
from core.errors import DomainError
from core.models import Job
from reporting.enums import BilanKind
from reporting.exports import files, national, open_data
from reporting.models import Bilan

RECENT = 5


@admin_required
def exports(request: HttpRequest) -> HttpResponse:
    """The files of each year; a POST makes one."""
    if request.method == "POST":
        try:
            return _made(request)
        except DomainError as error:
            messages.error(request, error.sentence)
            return redirect("exports")
    context = {
        "years": _years(request.user),
        "columns": national.DICTIONARY,
        "dimensions": national.DIMENSIONS,
        "rules": national.RULES,
        "tables": open_data.dictionary()["fichiers"],
        "licence": open_data.LICENCE,
        "recent": Job.objects.filter(kind=files.KIND, created_by=request.user)  # type: ignore[misc]
        .select_related("result_file")
        .order_by("-created_at", "-pk")[:RECENT],
    }
    return render(request, "reporting/exports.html", context)


def _made(request: HttpRequest) -> HttpResponse:
    """The file asked for, or the page of the job that makes it."""
    what, year = request.POST.get("what", ""), _year(request.POST.get("year", ""))
    product = files.product_of(what, year)
    if files.is_big(what, year):
        return redirect("job_detail", pk=files.ask_for(what=what, year=year, user=request.user).pk)  # type: ignore[arg-type]
    content = product.make(year, lambda number: None)
    record_access(user=request.user, kind=AccessKind.DOWNLOAD, subject=product.label(year))
    name = f"{product.name(year)}.{product.extension}"
    response = HttpResponse(content, content_type=product.content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _year(text: str) -> int | None:
    """The year asked for, None for all of them. Raises DomainError for what is none."""
    if not text:
        return None
    year = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0
    if not 1990 <= year <= timezone.localdate().year:
        raise DomainError(f"« {text[:20]} » n’est pas une année passée ou en cours.", field="year")
    return year


def _years(user: Any) -> list[dict[str, Any]]:
    """Years that have something, the last first: whether they are closed, what is published of them."""
    today = timezone.localdate().year
    closed = set(ClosedYear.objects.visible_to(user).order_by().values_list("year", flat=True))
    bilans = Bilan.objects.visible_to(user).published()
    territory = dict(
        bilans.filter(kind=BilanKind.TERRITORY).order_by("year").values_list("year").annotate(Max("version"))
    )
    told = open_data.published().order_by("year").values_list("year").annotate(Count("buyer", distinct=True))
    public = dict(told)
    return [
        {
            "year": year,
            "is_closed": year in closed,
            "territory": territory.get(year),
            "bilans": public.get(year, 0),
        }
        for year in sorted(closed | set(territory) | set(public) | {today, today - 1}, reverse=True)
    ]
