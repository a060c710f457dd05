"""Pages of a bilan: preparing it, writing it, publishing it, reading it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.enums import Role
from core import formats
from core.access import HOUSE, admin_required, house_required, role_required
from core.errors import DomainError
from core.models import Job
from reporting.enums import BilanFormat, BilanKind
from reporting.forms import StartBilanForm
from reporting.life import life_of, publication_warnings
from reporting.models import Bilan
from reporting.services.drafts import start_bilan
from reporting.services.publication import ask_for_publication, check_ready, compute
from reporting.services.workflow import reopen_bilan, review_bilan
from reporting.views.narrative import writing_context


@house_required
def bilan_start(request: HttpRequest) -> HttpResponse:
    """Open a draft: a buyer, a year."""
    form = StartBilanForm(
        request.POST or None, user=request.user, initial={"buyer": request.GET.get("buyer")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            bilan = start_bilan(user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return redirect("bilan_detail", pk=bilan.pk)
    context = {
        "title": "Préparer un bilan",
        "form": form,
        "intro": "Les chiffres sont calculés ; il reste à écrire le texte, relire et publier.",
        "submit_label": "Ouvrir le brouillon",
        "cancel_url": reverse("bilan_list"),
    }
    return render(request, "core/form.html", context)


@role_required(*HOUSE, Role.BUYER)
def bilan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A bilan on the screen: the frozen one once published, else the figures as they stand today."""
    bilan = _bilan(request, pk)
    snapshot = bilan.snapshot
    # The figures of a draft are computed on the spot: the page opens first, and asks for them.
    if snapshot is None and "chiffres" in request.GET:
        snapshot = compute(bilan, now=timezone.now())
        if getattr(request, "htmx", False):
            return render(request, "reporting/bilan/_chapters.html", {"snapshot": snapshot})
    job = None
    if request.user.is_house_staff:
        job = Job.objects.visible_to(request.user).filter(key=f"bilan:{pk}").order_by("-pk").first()
    context = {
        "bilan": bilan,
        "facts_title": _title(bilan),
        "facts": _facts(bilan),
        "rectify_url": _rectify_url(bilan),
        "snapshot": snapshot,
        "writing": writing_context(bilan) if request.user.is_house_staff and not bilan.is_published else None,
        "files": sorted(
            bilan.files.select_related("file"), key=lambda row: BilanFormat.values.index(row.format)
        ),
        "job": job,
        "life": life_of(bilan, request.user),
        "other_versions": _other_versions(request, bilan),
    }
    return render(request, "reporting/bilan/detail.html", context)


@house_required
@require_POST
def bilan_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it was read, or reopen it."""
    bilan = _bilan(request, pk)
    try:
        if "rouvrir" in request.POST:
            reopen_bilan(bilan=bilan, user=request.user)
            messages.success(request, "Le bilan est de nouveau un brouillon.")
        else:
            review_bilan(bilan=bilan, user=request.user)
            messages.success(request, "Le bilan est relu : l’administrateur·rice peut le publier.")
    except DomainError as error:
        messages.error(request, error.sentence)
    return redirect("bilan_detail", pk=pk)


@admin_required
def bilan_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then publish in a job."""
    bilan = _bilan(request, pk)
    if request.method == "POST":
        try:
            job = ask_for_publication(bilan=bilan, user=request.user)
        except DomainError as error:
            messages.error(request, error.sentence)
            return redirect("bilan_detail", pk=pk)
        return redirect("job_detail", pk=job.pk)
    try:
        check_ready(bilan)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("bilan_detail", pk=pk)
    context = {
        "title": f"Publier : {bilan}",
        "consequence": f"Les chiffres et le texte sont arrêtés pour toujours{_seen_by(bilan)}. "
        "Une correction demandera une version rectifiée.",
        "details": publication_warnings(bilan),
        "submit_label": "Publier le bilan",
        "cancel_url": reverse("bilan_detail", args=[pk]),
    }
    return render(request, "core/confirm.html", context)


def _bilan(request: HttpRequest, pk: int) -> Bilan:
    rows = Bilan.objects.visible_to(request.user).select_related(
        "buyer", "writer", "reviewed_by", "market__buyer", "market__operation", "operation__buyer"
    )
    return get_object_or_404(rows, pk=pk)


def _title(bilan: Bilan) -> str:
    if bilan.is_final:
        return "Bilan final"
    if bilan.kind == BilanKind.TERRITORY:
        return f"Bilan {bilan.year} du territoire"
    return f"Bilan {bilan.year}" + (" du marché réservé" if bilan.kind == BilanKind.RESERVED else "")


def _seen_by(bilan: Bilan) -> str:
    if bilan.kind == BilanKind.TERRITORY:
        return " ; ce bilan reste de la maison, qui en remet elle-même le PDF"
    return ", le donneur d’ordre les voit aussitôt"


def _facts(bilan: Bilan) -> str:
    if bilan.kind == BilanKind.TERRITORY:
        return f"Tous les donneurs d’ordre · version {bilan.version}"
    about = ""
    if bilan.market is not None:
        about = f"{bilan.market.reference}, {formats.short(bilan.market.object, 100)} · "
    elif bilan.operation is not None:
        about = f"{bilan.operation} · "
    return f"{about}{bilan.buyer} · version {bilan.version}"


def _rectify_url(bilan: Bilan) -> str:
    if bilan.kind == BilanKind.TERRITORY:
        return f"{reverse('territory_bilan')}?year={bilan.year}"
    if bilan.kind == BilanKind.RESERVED:
        return f"{reverse('market_reserved_bilan', args=[bilan.market_id])}?year={bilan.year}"
    if bilan.market_id:
        return reverse("market_final_bilan", args=[bilan.market_id])
    if bilan.operation_id:
        return reverse("operation_final_bilan", args=[bilan.operation_id])
    return f"{reverse('bilan_start')}?buyer={bilan.buyer_id}"


def _other_versions(request: HttpRequest, bilan: Bilan) -> list[Bilan]:
    same = Bilan.objects.visible_to(request.user).of_same_subject(bilan)
    return list(
        same.exclude(pk=bilan.pk)
        .defer("snapshot", "narrative")
        .select_related("buyer", "market", "operation")
        .order_by("version")
    )
