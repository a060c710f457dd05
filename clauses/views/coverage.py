"""Gestures of the watch on published contracts, and the file that is dropped there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from clauses.coverage_words import why
from clauses.forms.coverage import LeaveForm, MatchForm, WatchFileForm
from clauses.models import PublishedContract
from clauses.services import coverage as services
from clauses.views.decp import read_in_job
from core import formats
from core.access import house_required
from markets.views.forms import confirm_page, form_page

FILE_KIND = "coverage"


def _row(request: HttpRequest, pk: int) -> PublishedContract:
    rows = PublishedContract.objects.visible_to(request.user).select_related("buyer", "market")
    return get_object_or_404(rows, pk=pk)


def _facts(row: PublishedContract) -> str:
    amount = formats.amount(row.amount) if row.amount is not None else "montant non publié"
    return f"{row.number} · {row.buyer} · {formats.short(row.object, 120)} · {amount}"


@house_required
def coverage_drop(request: HttpRequest) -> HttpResponse:
    """Keep the file, and read it in a job whose report says what was found."""
    form = WatchFileForm(request.POST or None, request.FILES or None, user=request.user)
    back = reverse("coverage_list")
    if request.method == "POST" and form.is_valid():
        job = read_in_job(
            request,
            form,
            file_kind=FILE_KIND,
            job_kind="coverage_watch",
            label="Contrats publiés : lecture de {}",
        )
        if job is not None:
            return redirect("job_detail", pk=job.pk)
    context: dict[str, Any] = {
        "title": "Lire un fichier de contrats publiés",
        "form": form,
        "intro": "Seuls les contrats de vos donneurs d’ordre sont retenus. Aucun marché n’est créé, et relire un fichier "
        "ne change rien.",
        "submit_label": "Lire le fichier",
        "cancel_url": back,
        "back_url": back,
        "back_label": "Contrats publiés",
    }
    return render(request, "core/form.html", context)


@house_required
def coverage_match(request: HttpRequest, pk: int) -> HttpResponse:
    """« C’est ce marché »: choose among the markets of that buyer."""
    row = _row(request, pk)
    user: Any = request.user
    back = reverse("coverage_list")
    markets = services.markets_of(row, user).order_by("-notified_on", "reference", "pk")
    form = MatchForm(request.POST or None, user=user, markets=markets)
    return form_page(
        request,
        form,
        title="C’est ce marché",
        facts=_facts(row),
        intro=why(row),
        submit_label="C’est ce marché",
        back=back,
        cancel_url=back,
        back_label="Contrats publiés",
        done="Le contrat est dit suivi ici.",
        save=lambda: services.say_followed(contract=row, market=form.cleaned_data["market"], user=user),
    )


@house_required
def coverage_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """« Laisser de côté », with a reason."""
    row = _row(request, pk)
    user: Any = request.user
    back = reverse("coverage_list")
    form = LeaveForm(request.POST or None, user=user)
    return form_page(
        request,
        form,
        title="Laisser ce contrat de côté",
        facts=_facts(row),
        intro=why(row),
        submit_label="Laisser de côté",
        back=back,
        cancel_url=back,
        back_label="Contrats publiés",
        done="Le contrat est laissé de côté. Il reste dans la liste, avec votre motif.",
        save=lambda: services.leave_aside(contract=row, reason=form.cleaned_data["reason"], user=user),
    )


@house_required
def coverage_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a contract back among those to look at."""
    row = _row(request, pk)
    user: Any = request.user
    return confirm_page(
        request,
        title="Revenir en arrière",
        consequence=f"{row.number} ({row.buyer}) redeviendra à regarder. {why(row)}",
        submit_label="Le remettre à regarder",
        back=reverse("coverage_list"),
        back_label="Contrats publiés",
        done="Le contrat est de nouveau à regarder.",
        save=lambda: services.look_again(contract=row, user=user),
    )
