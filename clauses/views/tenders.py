"""The analysis of a lot's bids: the comparison, its criteria, a bid, the conclusion, the report. House and buyer only."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.enums import Role
from clauses.forms.tenders import CloseGridForm, CriteriaForm, OfferForm
from clauses.models import OfferAssessment, OfferGrid
from clauses.offer_table import comparison_of, report_pdf
from clauses.services import tenders as services
from core.access import HOUSE, house_required, role_required
from core.errors import DomainError
from core.files import file_response
from core.text import slug
from markets.files import file_context
from markets.models import Lot, Market
from markets.views.forms import confirm_page, form_page

READERS = (*HOUSE, Role.BUYER)


def _lot(request: HttpRequest, pk: int) -> Lot:
    user: Any = request.user
    lots = Lot.objects.visible_to(user).select_related(
        "market__buyer", "market__department", "market__commune", "market__parent"
    )
    if user.is_buyer:
        lots = lots.filter(market__in=Market.objects.led_by(user).values("pk"))
    return get_object_or_404(lots, pk=pk)


def _grid(request: HttpRequest, lot: Lot) -> OfferGrid:
    return get_object_or_404(
        OfferGrid.objects.visible_to(request.user).select_related("lot__market"), lot=lot
    )


def _around(request: HttpRequest, lot: Lot) -> dict[str, Any]:
    return {
        **file_context("market", lot.market, request, with_head=False),
        "lot": lot,
        "is_house": request.user.role in HOUSE,  # type: ignore[union-attr]
    }


@role_required(*READERS)
def offer_grid(request: HttpRequest, pk: int) -> HttpResponse:
    """The bids of a lot side by side; the house opens the grid."""
    lot = _lot(request, pk)
    grid = OfferGrid.objects.visible_to(request.user).filter(lot=lot).first()
    if request.method == "POST":
        if request.user.role not in HOUSE:  # type: ignore[union-attr]
            return redirect("offer_grid", pk=lot.pk)
        services.start_grid(lot=lot, by=request.user)  # type: ignore[arg-type]
        messages.success(request, "La grille est ouverte, avec des critères à adapter.")
        return redirect("offer_criteria", pk=lot.pk)
    return render(
        request,
        "clauses/offer_grid.html",
        {
            **_around(request, lot),
            "grid": grid,
            "comparison": comparison_of(grid) if grid else None,
            "awarded": lot.awards.exists(),
        },
    )


@house_required
def offer_criteria(request: HttpRequest, pk: int) -> HttpResponse:
    """The criteria, their weights, the scale."""
    lot = _lot(request, pk)
    grid = _grid(request, lot)
    form = CriteriaForm(request.POST or None, user=request.user, grid=grid)
    back = reverse("offer_grid", args=[lot.pk])
    return form_page(
        request,
        form,
        title="Critères de l’analyse",
        facts=f"{lot.market.reference} · {lot}",
        intro="Les poids totalisent 100 %. Une ligne dont le nom est effacé est retirée, avec les notes qu’elle a reçues.",
        template="clauses/offer_criteria.html",
        back=back,
        back_label="Analyse des offres",
        cancel_url=back,
        done="Critères enregistrés.",
        save=lambda: services.write_criteria(
            grid=grid,
            lines=form.cleaned_data["lines"],
            scale=form.cleaned_data["scale"],
            weight=form.cleaned_data["weight"],
            by=request.user,  # type: ignore[arg-type]
        ),
    )


@house_required
def offer_create(request: HttpRequest, pk: int) -> HttpResponse:
    lot = _lot(request, pk)
    return _offer_form(request, _grid(request, lot), None, "Ajouter une offre")


@house_required
def offer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = OfferAssessment.objects.visible_to(request.user).select_related("grid__lot__market", "company")
    assessment = get_object_or_404(rows, pk=pk)
    return _offer_form(request, assessment.grid, assessment, f"Offre de {assessment}")


def _offer_form(
    request: HttpRequest, grid: OfferGrid, assessment: OfferAssessment | None, title: str
) -> HttpResponse:
    initial = (
        {
            "bidder": assessment.bidder,
            "company": assessment.company,
            "hours_offered": assessment.hours_offered,
            "comment": assessment.comment,
        }
        if assessment
        else {}
    )
    form = OfferForm(
        request.POST or None, user=request.user, grid=grid, assessment=assessment, initial=initial
    )
    back = reverse("offer_grid", args=[grid.lot_id])
    return form_page(
        request,
        form,
        title=title,
        facts=f"{grid.lot.market.reference} · {grid.lot}",
        intro="Ces notes ne sont lues que par la maison et le donneur d’ordre du marché.",
        back=back,
        back_label="Analyse des offres",
        cancel_url=back,
        done="Offre enregistrée.",
        save=lambda: services.write_assessment(
            grid=grid,
            assessment=assessment,
            bidder=form.cleaned_data["bidder"],
            company=form.cleaned_data["company"],
            hours_offered=form.cleaned_data["hours_offered"],
            comment=form.cleaned_data["comment"],
            points=form.points(),
            by=request.user,  # type: ignore[arg-type]
        ),
    )


@house_required
def offer_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a bid out, asked once."""
    rows = OfferAssessment.objects.visible_to(request.user).select_related("grid")
    assessment = get_object_or_404(rows, pk=pk)
    back = reverse("offer_grid", args=[assessment.grid.lot_id])
    return confirm_page(
        request,
        title=f"Retirer l’offre de {assessment} ?",
        consequence="L’offre et ses notes quittent la comparaison ; l’historique les garde.",
        submit_label="Retirer l’offre",
        danger=True,
        back=back,
        back_label="Analyse des offres",
        done=f"L’offre de {assessment} est retirée.",
        save=lambda: services.remove_assessment(assessment=assessment, by=request.user),  # type: ignore[arg-type]
    )


@house_required
def offer_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the analysis with its conclusion."""
    lot = _lot(request, pk)
    grid = _grid(request, lot)
    form = CloseGridForm(request.POST or None, user=request.user, initial={"notes": grid.notes})
    back = reverse("offer_grid", args=[lot.pk])
    return form_page(
        request,
        form,
        title="Clore l’analyse",
        facts=f"{lot.market.reference} · {lot}",
        intro="La comparaison ne change plus ; elle peut être rouverte, et l’historique le dit.",
        submit_label="Clore l’analyse",
        back=back,
        back_label="Analyse des offres",
        cancel_url=back,
        done="L’analyse est close : le rapport peut être remis au donneur d’ordre.",
        save=lambda: services.close_grid(
            grid=grid,
            notes=form.cleaned_data["notes"],
            by=request.user,  # type: ignore[arg-type]
        ),
    )


@house_required
@require_POST
def offer_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    lot = _lot(request, pk)
    services.reopen_grid(grid=_grid(request, lot), by=request.user)  # type: ignore[arg-type]
    messages.success(request, "L’analyse est rouverte.")
    return redirect("offer_grid", pk=lot.pk)


@role_required(*READERS)
def offer_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The report of the analysis, as a PDF."""
    lot = _lot(request, pk)
    grid = _grid(request, lot)
    try:
        content = report_pdf(lot, grid)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("offer_grid", pk=lot.pk)
    return file_response(content, f"{slug(f'analyse offres {lot.market.reference} lot {lot.number}')}.pdf")
