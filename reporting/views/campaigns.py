"""A campaign: opened and dated by the admin, its gestures on many bilans, and the progress of a batch."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from core import formats
from core.access import admin_required, house_required
from core.errors import DomainError
from core.readonly import readonly_view
from core.views.errors import wants_fragment
from markets.models import Buyer
from markets.views.forms import form_page
from reporting.campaign_figures import Reader
from reporting.campaign_list import anomaly_cell, campaign_of, chosen
from reporting.forms.campaigns import CampaignForm, DueDateForm
from reporting.forms.workflow import WriterForm
from reporting.models import Bilan, PublicationBatch
from reporting.services import batches, campaigns
from reporting.services.campaigns import without_bilan

# More than that is a filter's work.
MOST_SHOWN = 100


@admin_required
def campaign_open(request: HttpRequest) -> HttpResponse:
    """Open the campaign of a year."""
    form = CampaignForm(request.POST or None, user=request.user)
    back = reverse("campaign_list")
    return form_page(
        request,
        form,
        title="Ouvrir une campagne",
        intro="La campagne d’une année réunit tous les donneurs d’ordre concernés et dit ce qui manque à chaque bilan. "
        "Elle n’ouvre encore aucun brouillon.",
        submit_label="Ouvrir la campagne",
        back=lambda campaign: reverse("campaign_detail", args=[campaign.year]),
        back_label="Campagnes",
        cancel_url=back,
        done="La campagne est ouverte.",
        save=lambda: campaigns.open_campaign(**form.cleaned_data, user=request.user),  # type: ignore[arg-type]
    )


@admin_required
def campaign_edit(request: HttpRequest, year: int) -> HttpResponse:
    """Change until when the bilans are owed."""
    campaign = campaign_of(request.user, year)
    form = DueDateForm(request.POST or None, user=request.user, initial={"due_on": campaign.due_on})
    back = reverse("campaign_detail", args=[year])
    return form_page(
        request,
        form,
        title=f"Échéance de la campagne {year}",
        back=back,
        back_label=f"Campagne {year}",
        cancel_url=back,
        done="L’échéance est enregistrée.",
        save=lambda: campaigns.change_due_date(campaign=campaign, user=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
@require_safe
def campaign_anomalies(request: HttpRequest, year: int) -> HttpResponse:
    """The anomalies of the buyers of a page, put in their cells: counted once the page is open."""
    campaign_of(request.user, year)
    asked = [int(value) for value in request.GET.getlist("buyer") if value.isdecimal() and len(value) < 12]
    names = dict(
        Buyer.objects.visible_to(request.user).filter(pk__in=asked[:MOST_SHOWN]).values_list("pk", "name")  # type: ignore[arg-type]
    )
    found = Reader(request.user, year).anomalies_of(list(names))
    cells = [anomaly_cell(pk, name, found.get(pk, 0), year, arrives=True) for pk, name in names.items()]
    return render(
        request, "reporting/campaign/_anomalies.html", {"cells": cells, "count": sum(found.values())}
    )


# --- Gestures on many -----------------------------------------------------------------------------------------


def _back(request: HttpRequest, year: int) -> str:
    """The list with the filters that the gesture was made from."""
    query = request.GET.copy()
    query.pop("ligne", None)
    wanted = query.pop("retour", [""])[-1]
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    url = reverse("campaign_detail", args=[year])
    return f"{url}?{query.urlencode()}" if query else url


@house_required
def campaign_drafts(request: HttpRequest, year: int) -> HttpResponse:
    """Open the drafts that are missing, in a job."""
    campaign = campaign_of(request.user, year)
    back = _back(request, year)
    rows = chosen(request, year)
    missing = list(without_bilan(rows, year).order_by("pk").values_list("pk", flat=True))
    if not missing:
        messages.warning(
            request, "Chacun de ces donneurs d’ordre a déjà son bilan de l’année\u202f: rien à ouvrir."
        )
        return redirect(back)
    if request.method == "POST":
        job = campaigns.ask_for_drafts(campaign=campaign, buyers=missing, user=request.user)  # type: ignore[arg-type]
        return redirect("job_detail", pk=job.pk)
    already = rows.count() - len(missing)
    context = {
        "title": f"Ouvrir {formats.noun(len(missing), 'brouillon')}",
        "consequence": f"Un brouillon du bilan {year} s’ouvre pour {formats.noun(len(missing), 'donneur')} d’ordre, "
        "confié à qui en est responsable. Les chiffres sont calculés\u202f; les textes restent à écrire.",
        "details": [f"{formats.noun(already, 'bilan est', 'bilans sont')} déjà là et ne changent pas."]
        if already
        else [],
        "submit_label": "Ouvrir les brouillons",
        "cancel_url": back,
        "back_url": back,
        "back_label": f"Campagne {year}",
    }
    return render(request, "core/confirm.html", context)


@house_required
def campaign_writers(request: HttpRequest, year: int) -> HttpResponse:
    """Say who writes these bilans; to a script, the form alone, under its row."""
    campaign_of(request.user, year)
    back = _back(request, year)
    keys = list(
        chosen(request, year).filter(bilan_pk__isnull=False).order_by("pk").values_list("bilan_pk", flat=True)
    )
    bilans = list(
        Bilan.objects.visible_to(request.user)  # type: ignore[arg-type]
        .filter(pk__in=keys)
        .defer("snapshot", "narrative", "drafting")
        .select_related("buyer", "writer")
        .order_by("pk")
    )
    to_write = [bilan for bilan in bilans if not bilan.is_published]
    if not to_write:
        messages.warning(
            request,
            "Aucun de ces donneurs d’ordre n’a de brouillon\u202f: ouvrez-les d’abord, puis confiez-les.",
        )
        return redirect(back)
    writers = {bilan.writer for bilan in to_write}
    initial = {"writer": writers.pop()} if len(writers) == 1 else {}
    form = WriterForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        given, _ = campaigns.set_writers(
            bilans=to_write,
            writer=form.cleaned_data["writer"],
            by=request.user,  # type: ignore[arg-type]
        )
        writer = form.cleaned_data["writer"]
        messages.success(
            request,
            f"{formats.noun(given, 'bilan est confié', 'bilans sont confiés')} à {writer}."
            if writer
            else f"{formats.noun(given, 'bilan n’est', 'bilans ne sont')} plus confié à personne.",
        )
        return redirect(back)
    one = to_write[0] if len(to_write) == 1 else None
    context = {
        "title": f"Qui rédige\u202f: {one}" if one else f"Confier la rédaction de {len(to_write)} bilans",
        "form": form,
        "intro": "" if one else "Chaque brouillon choisi paraît ensuite dans ce qui attend cette personne.",
        "submit_label": "Confier",
        "cancel_url": back,
        "back_url": back,
        "back_label": f"Campagne {year}",
        "here": request.get_full_path(),
    }
    template = "reporting/campaign/_writer.html" if wants_fragment(request) else "core/form.html"
    return render(request, template, context)


@admin_required
def campaign_publish(request: HttpRequest, year: int) -> HttpResponse:
    """What is ready and what is not, each with its sentence; then one gesture for all that is ready."""
    campaign = campaign_of(request.user, year)
    back = _back(request, year)
    rows = chosen(request, year)
    keys = list(rows.order_by("pk").values_list("bilan_pk", flat=True))
    bilans = (
        Bilan.objects.visible_to(request.user)  # type: ignore[arg-type]
        .filter(pk__in=[pk for pk in keys if pk])
        .defer("snapshot", "narrative", "drafting")
        .select_related("buyer", "market", "operation")
        .order_by("buyer__search_key", "pk")
    )
    if request.method == "POST":
        try:
            batch = batches.start_batch(campaign=campaign, bilans=bilans, user=request.user)  # type: ignore[arg-type]
        except DomainError as error:
            messages.error(request, error.sentence)
            return redirect(back)
        return redirect("batch_detail", pk=batch.pk)
    found = batches.readiness_of(bilans)
    context = {
        "campaign": campaign,
        "found": found,
        "refused": found.refused[:MOST_SHOWN],
        "more": max(0, len(found.refused) - MOST_SHOWN),
        "without": keys.count(None),
        "back_url": back,
    }
    return render(request, "reporting/campaign/publish.html", context)


# --- A batch --------------------------------------------------------------------------------------------------


def _batch(request: HttpRequest, pk: int) -> PublicationBatch:
    rows = PublicationBatch.objects.visible_to(request.user).select_related(
        "campaign", "created_by", "archive"
    )  # type: ignore[arg-type]
    return get_object_or_404(rows, pk=pk)


def _context(request: HttpRequest, batch: PublicationBatch) -> dict[str, Any]:
    progress = batches.progress_of(batch)
    order = {"failed": 0, "running": 1, "queued": 2, "cancelled": 3, "done": 4}
    lines = sorted(progress.lines, key=lambda line: (order[line.state], str(line.bilan.buyer)))
    page = Paginator(lines, MOST_SHOWN).get_page(request.GET.get("page"))
    return {"batch": batch, "progress": progress, "page": page, "total": progress.total}


@house_required
@require_safe
@readonly_view
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A batch: how far it is, each bilan's state, what failed, the ZIP at the end."""
    batch = _batch(request, pk)
    others = batch.campaign.batches.exclude(pk=pk).order_by("-pk")[:5]
    return render(request, "reporting/campaign/batch.html", {**_context(request, batch), "others": others})


@house_required
@require_safe
@readonly_view
def batch_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that htmx asks again while something waits or runs."""
    response = render(request, "reporting/campaign/_batch.html", _context(request, _batch(request, pk)))
    response["Cache-Control"] = "no-store"
    return response


@admin_required
@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel what waits; what is published stays so, and it is said."""
    try:
        progress = batches.cancel_batch(batch=_batch(request, pk), user=request.user)  # type: ignore[arg-type]
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(
            request,
            f"La publication est annulée\u202f: {formats.noun(progress.published, 'bilan publié le reste', 'bilans publiés le restent')}, "
            f"{formats.noun(len(progress.cancelled), 'bilan n’est pas publié', 'bilans ne sont pas publiés')}. "
            "Celui qui était en cours s’arrête à sa prochaine étape.",
        )
    return redirect("batch_detail", pk=pk)


@admin_required
@require_POST
def batch_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask again for what failed, or for one bilan (`item`)."""
    batch = _batch(request, pk)
    item = None
    if wanted := request.POST.get("item", ""):
        item = get_object_or_404(
            batch.items, pk=int(wanted) if wanted.isdecimal() and len(wanted) < 12 else 0
        )
    try:
        number = batches.retry_batch(batch=batch, user=request.user, only=item)  # type: ignore[arg-type]
    except DomainError as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(
            request, f"{formats.noun(number, 'publication relancée', 'publications relancées')}."
        )
    return redirect("batch_detail", pk=pk)


@house_required
@require_POST
def batch_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the ZIP (again): the same files give the same archive."""
    job = batches.archive_if_over(_batch(request, pk))
    if job is None:
        messages.warning(request, "L’archive se fait une fois la publication finie, et un bilan publié.")
    return redirect("batch_detail", pk=pk)
