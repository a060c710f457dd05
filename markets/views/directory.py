"""Structures d’insertion: the directory as a list, its import rehearsed and loaded."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from core.access import house_required
from core.context import address
from core.errors import DomainError
from core.files import store_file
from core.jobs import enqueue
from core.lists import ListPage
from core.models import Job
from markets.directory_list import DirectoryFilter, DirectoryTable
from markets.enums import DIRECTORY_KINDS
from markets.forms.directory import CloseMissingForm, DirectoryFileForm
from markets.models import Company

FILE_KIND = "directory"
FILE_TYPES = ("csv", "xlsx", "xls", "ods", "json")


class DirectoryList(ListPage):
    model = Company
    table_class = DirectoryTable
    filterset_class = DirectoryFilter
    title = "Structures d’insertion"
    export_name = "structures-d-insertion"
    template_name = "markets/directory_list.html"
    part_template_name = "markets/_directory_list.html"
    empty_message = "Les SIAE, les GEIQ et les structures adaptées seront ici, une fois une liste importée."

    def prepare(self, queryset: Any) -> Any:
        # Its filters narrow to the kinds asked for; without any, to those of the directory, open today.
        if not self.request.GET:
            queryset = queryset.of_kinds(DIRECTORY_KINDS, timezone.localdate())
        return (
            queryset.select_related("commune")
            .annotate(markets_count=Count("awards__lot__market", distinct=True))
            .prefetch_related("kinds", "activities")
        )

    def finish(self, rows: list[Any]) -> list[Any]:
        known = getattr(self.filterset, "distances", {})
        for row in rows:
            row.distance = known.get(row.pk)
        return rows

    def table_kwargs(self) -> dict[str, Any]:
        return {} if self.centre else {"exclude": ("distance",)}

    @property
    def centre(self) -> Any:
        return self.filterset.centre if self.filterset else None  # type: ignore[attr-defined]

    def extra_context(self) -> dict[str, Any]:
        criteria = [
            (name, value)
            for name, values in self.request.GET.lists()
            if name not in ("page", "export", "tri")
            for value in values
        ]
        return {
            "import_url": reverse("directory_import"),
            # Sending writes in the journal, which stands in a higher room.
            "send_url": address("directory_send"),
            "criteria": criteria,
            "centre": self.centre,
        }


@house_required
def directory_import(request: HttpRequest) -> HttpResponse:
    """Keep the list, and rehearse its load in a job."""
    form = DirectoryFileForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            stored = store_file(
                kind=FILE_KIND, name=upload.name, content=upload, user=request.user, allowed_types=FILE_TYPES
            )
        except DomainError as error:
            form.add_error("file", error.sentence)
        else:
            job = enqueue(
                "directory_check",
                key=f"directory_check:{stored.pk}",
                label=f"Lecture de {stored.name}",
                payload={"file": str(stored.pk), "departments": form.cleaned_data["departments"]},
                user=request.user,
            )
            return redirect("job_detail", pk=job.pk)
    back = reverse("directory_list")
    context = {
        "title": "Importer une liste de structures",
        "form": form,
        "intro": "La liste est d’abord lue sans rien écrire : vous verrez ce qu’elle changerait avant de la charger. "
        "Recharger la même liste ne change rien, et ce qui a été saisi à la main n’est jamais remplacé.",
        "submit_label": "Lire la liste",
        "cancel_url": back,
        "back_url": back,
        "back_label": "Structures d’insertion",
    }
    return render(request, "core/form.html", context)


@house_required
def directory_report(request: HttpRequest, pk: int) -> HttpResponse:
    """What the list would change (rehearsal) or did; from the rehearsal, load it."""
    jobs = Job.objects.visible_to(request.user).filter(kind__in=["directory_check", "directory_load"])
    job = get_object_or_404(jobs, pk=pk)
    report: dict[str, Any] | None = job.payload.get("report")
    if job.state != Job.State.DONE or report is None:
        return redirect("job_detail", pk=pk)
    is_rehearsal = job.kind == "directory_check"
    form = CloseMissingForm(
        request.POST or None, user=request.user, initial={"close_on": timezone.localdate()}
    )
    if request.method == "POST" and is_rehearsal and form.is_valid():
        close_on = form.cleaned_data["close_on"] if form.cleaned_data["close_missing"] else None
        load = enqueue(
            "directory_load",
            key=f"directory_load:{job.payload['file']}",
            label=f"Chargement de {report['file']}",
            payload={
                "file": job.payload["file"],
                "departments": job.payload.get("departments") or [],
                "close_on": close_on.isoformat() if close_on else "",
            },
            user=request.user,
        )
        return redirect("job_detail", pk=load.pk)
    changes = sum(
        count
        for name, count in report["made"].items()
        if name not in ("lignes sans changement", "lignes d’autres départements, laissées")
    )
    context = {
        "job": job,
        "report": report,
        "is_rehearsal": is_rehearsal,
        "changes": changes,
        "form": form,
    }
    return render(request, "markets/directory_report.html", context)
