"""Long works: their list, their page polled until done, cancel and retry."""

from __future__ import annotations

import django_filters
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import A

from core import jobs
from core.access import EVERYONE, everyone_required
from core.errors import DomainError
from core.filters import FilterSet
from core.lists import ListPage
from core.models import Job
from core.readonly import readonly_view
from core.tables import StateColumn, Table, TextColumn


class JobTable(Table):
    label = TextColumn("Travail", linkify=("job_detail", {"pk": A("pk")}))
    state = StateColumn("État")
    created_by = TextColumn("Demandé par")
    created_at = TextColumn("Demandé le")
    finished_at = TextColumn("Fini le")


class JobFilter(FilterSet):
    state = django_filters.ChoiceFilter(label="État", choices=Job.State.choices)

    class Meta:
        model = Job
        fields = ("state",)


class JobList(ListPage):
    """Every long work that the user may see, the newest first."""

    model = Job
    table_class = JobTable
    filterset_class = JobFilter
    title = "Travaux"
    roles = EVERYONE
    empty_message = "Les imports, les bilans et les envois demandés apparaîtront ici."

    def prepare(self, queryset):  # type: ignore[no-untyped-def]
        return queryset.select_related("created_by")


def _job(request: HttpRequest, pk: int) -> Job:
    rows = Job.objects.visible_to(request.user).select_related("created_by", "result_file")  # type: ignore[arg-type]
    return get_object_or_404(rows, pk=pk)


@everyone_required
@require_GET
@readonly_view
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One long work: where it is, what it did, the file that it made."""
    row = _job(request, pk)
    return render(request, "core/job.html", {"job": row, "link": jobs.link_of(row)})


@everyone_required
@require_GET
@readonly_view
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that htmx asks again every two seconds while the work is open."""
    row = _job(request, pk)
    response = render(request, "core/_job.html", {"job": row, "link": jobs.link_of(row)})
    response["Cache-Control"] = "no-store"
    return response


@everyone_required
@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a work that waits or runs."""
    row = _job(request, pk)
    if jobs.cancel(row):
        messages.success(request, "Le travail est annulé. Ce qui était déjà fait le reste.")
    else:
        messages.warning(request, "Ce travail était déjà fini : il n’y a rien à annuler.")
    return redirect("job_detail", pk=row.pk)


@everyone_required
@require_POST
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask again for a work that failed or was cancelled."""
    row = _job(request, pk)
    try:
        row = jobs.retry(row, user=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
    except LookupError:
        raise Http404 from None
    return redirect("job_detail", pk=row.pk)
