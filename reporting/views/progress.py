"""Points d’étape of a market, and where its final bilan begins."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from clauses.services.reserved import is_reserved
from core.access import HOUSE, house_required, role_required
from core.dates import add_months, month_of
from core.errors import DomainError
from markets.files import file_context
from markets.models import Market, Operation
from markets.views.forms import form_page
from markets.views.shared import file_row
from reporting.enums import BilanKind
from reporting.forms import FinalBilanForm, ProgressForm
from reporting.models import Bilan, ProgressReport
from reporting.scope import Months
from reporting.services.drafts import start_final_bilan
from reporting.services.progress import make_progress_report
from reporting.snapshot.labels import labels_of
from reporting.snapshot.words import months_label


@role_required(*HOUSE, Role.BUYER)
def market_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """« Points d’étape » of a market, the newest first, and its final bilans."""
    market = file_row("market", request.user, pk)
    reports = (
        ProgressReport.objects.visible_to(request.user)
        .filter(market=market)
        .select_related("made_by", "file")
        .defer("snapshot")
    )
    bilans = list(
        Bilan.objects.visible_to(request.user)
        .filter(market=market)
        .order_by("-year", "-version")
        .defer("snapshot", "narrative")
    )
    yearly = [row for row in bilans if row.kind == BilanKind.RESERVED]
    context = {
        **file_context("market", market, request),
        "reports": [
            (row, months_label(Months(row.first_month, row.last_month))) for row in reports.order_by("-pk")
        ],
        "finals": [row for row in bilans if row.is_final],
        "yearly": yearly,
        "has_yearly": bool(yearly) or (market.parent_id is None and is_reserved(market)),
    }
    return render(request, "reporting/progress/list.html", context)


@house_required
def progress_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the months; the figures are computed and kept."""
    market = file_row("market", request.user, pk)
    back = reverse("market_progress", args=[pk])
    form = ProgressForm(request.POST or None, user=request.user, initial=_months_proposed(market))
    return form_page(
        request,
        form,
        title="Faire un point d’étape",
        facts=f"{market.buyer} · {market.reference}",
        intro="Les chiffres sont arrêtés au moment où le point est fait, et gardés avec leur PDF. "
        "Le donneur d’ordre le voit aussitôt.",
        back=lambda report: reverse("progress_detail", args=[report.pk]),
        cancel_url=back,
        back_label=market.reference,
        submit_label="Faire le point",
        done="Le point d’étape est fait.",
        save=lambda: make_progress_report(market=market, user=request.user, **form.cleaned_data),
    )


def _months_proposed(market: Market) -> dict[str, Any]:
    """From the beginning of the market, or of the year, to last month."""
    today = timezone.localdate()
    begins = month_of(market.begins_on or today.replace(month=1))
    last = max(add_months(month_of(market.closed_on or today), 0 if market.closed_on else -1), begins)
    return {"first": min(begins, last), "last": last}


@role_required(*HOUSE, Role.BUYER)
def progress_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A point d’étape as it was made."""
    report = get_object_or_404(
        ProgressReport.objects.visible_to(request.user).select_related("market__buyer", "made_by", "file"),
        pk=pk,
    )
    request.place = "markets"  # type: ignore[attr-defined]
    labels = labels_of(report.snapshot)
    context = {"report": report, "market": report.market, "snapshot": report.snapshot, "labels": labels}
    return render(request, "reporting/progress/detail.html", context)


@house_required
def market_final_bilan(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the final bilan of a market, or a rectified version of it."""
    market = file_row("market", request.user, pk)
    return _final_bilan(
        request,
        {"market": market},
        facts=f"{market.buyer} · {market.reference}",
        back=reverse("market_progress", args=[pk]),
        back_label=market.reference,
    )


@house_required
def operation_final_bilan(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the final bilan of an operation, or a rectified version of it."""
    operation = get_object_or_404(Operation.objects.visible_to(request.user).select_related("buyer"), pk=pk)
    return _final_bilan(
        request,
        {"operation": operation},
        facts=f"{operation.buyer} · {operation}",
        back=reverse("operation_detail", args=[pk]),
        back_label=str(operation),
    )


def _final_bilan(
    request: HttpRequest, subject: dict[str, Any], *, facts: str, back: str, back_label: str
) -> HttpResponse:
    """Go to the draft there is; else ask once (and why, after a publication)."""
    finals = Bilan.objects.visible_to(request.user).filter(kind=BilanKind.FINAL, **subject)
    last = finals.order_by("-version").first()
    if last is not None and not last.is_published:
        return redirect("bilan_detail", pk=last.pk)
    form = FinalBilanForm(request.POST or None, user=request.user) if last is not None else None
    sentence = ""
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            bilan = start_final_bilan(
                **subject,
                user=request.user,
                rectification_reason=form.cleaned_data["rectification_reason"] if form else "",
            )
        except DomainError as error:
            if form is not None:
                form.add_domain_error(error)
            sentence = error.sentence
        else:
            return redirect("bilan_detail", pk=bilan.pk)
    context = {
        "title": "Préparer le bilan final" if last is None else "Rectifier le bilan final",
        "facts": facts,
        "consequence": sentence
        or "Un brouillon s’ouvre avec les chiffres de toute la durée, du début à la clôture ou à ce jour. Vous y écrirez "
        "le texte, puis il sera relu et publié une fois le marché reçu ou clos.",
        "form": form,
        "submit_label": "Ouvrir le brouillon",
        "cancel_url": back,
        "back_url": back,
        "back_label": back_label,
    }
    return render(request, "core/confirm.html", context)
