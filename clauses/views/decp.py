"""Pages of the DECP import: choose a file, read what it would do, load it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from core.access import house_required
from core.errors import DomainError
from core.files import store_file
from core.forms import Form
from core.jobs import enqueue
from core.models import Job

FILE_KIND = "decp"


class DecpFileForm(Form):
    """A DECP file."""

    file = forms.FileField(
        label="Fichier DECP (JSON ou XML)",
        help_text="données essentielles de la commande publique, au format de l’arrêté du 22 décembre 2022",
    )


def read_in_job(request: HttpRequest, form: Form, *, file_kind: str, job_kind: str, label: str) -> Job | None:
    """Keep the DECP file of a form and have a job read it; a file that is refused says why in the form."""
    upload = form.cleaned_data["file"]
    try:
        stored = store_file(
            kind=file_kind,
            name=upload.name,
            content=upload,
            user=request.user,
            max_bytes=settings.DECP_MAX_BYTES,
            allowed_types=["json", "xml"],
        )
    except DomainError as error:
        form.add_error("file", error.sentence)
        return None
    return enqueue(
        job_kind,
        key=f"{job_kind}:{stored.pk}",
        label=label.format(stored.name),
        payload={"file": str(stored.pk)},
        user=request.user,
    )


@house_required
def decp_upload(request: HttpRequest) -> HttpResponse:
    """Keep the file, and rehearse its load in a job."""
    form = DecpFileForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        job = read_in_job(request, form, file_kind=FILE_KIND, job_kind="decp_check", label="Lecture de {}")
        if job is not None:
            return redirect("job_detail", pk=job.pk)
    context = {
        "title": "Importer des marchés (DECP)",
        "form": form,
        "intro": "Le fichier est d’abord lu sans rien écrire : vous verrez ce qu’il contient avant de le charger. "
        "Recharger un fichier ne change rien.",
        "submit_label": "Lire le fichier",
        "cancel_url": reverse("market_list"),
    }
    return render(request, "core/form.html", context)


@house_required
def decp_report(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file holds (rehearsal) or what its load did; from the rehearsal, load it."""
    jobs = Job.objects.visible_to(request.user).filter(kind__in=["decp_check", "decp_load"])
    job = get_object_or_404(jobs, pk=pk)
    report: dict[str, Any] | None = job.payload.get("report")
    if job.state != Job.State.DONE or report is None:
        return redirect("job_detail", pk=pk)
    if request.method == "POST" and job.kind == "decp_check":
        load = enqueue(
            "decp_load",
            key=f"decp_load:{job.payload['file']}",
            label=f"Chargement de {report['file']}",
            payload={"file": job.payload["file"]},
            user=request.user,
        )
        return redirect("job_detail", pk=load.pk)
    context = {"job": job, "report": report, "is_rehearsal": job.kind == "decp_check"}
    return render(request, "clauses/decp_report.html", context)
