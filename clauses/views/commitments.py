"""Clauses, commitments, and how a commitment's figure came about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clauses.figures import Figures, figures_of
from clauses.forms.commitments import ChangeForm, ClauseForm, CommitmentForm, MoveForm, OpenCommitmentForm
from clauses.heads import figures_head
from clauses.models import Clause, Commitment
from clauses.services import commitments as services
from core import formats
from core.access import HOUSE, house_required, role_required
from markets.models import Lot
from markets.views.forms import form_page


def commitment_row(user: Any, pk: int) -> Commitment:
    """A commitment that `user` may see, with what its page reads; 404 otherwise."""
    rows = Commitment.objects.visible_to(user).select_related(
        "market__buyer", "market__department", "clause__lot", "award", "holder"
    )
    return get_object_or_404(rows.with_hours_engaged(timezone.localdate()), pk=pk)


def commitments_url(market_pk: int) -> str:
    return reverse("market_commitments", args=[market_pk])


@house_required
def clause_create(request: HttpRequest, pk: int) -> HttpResponse:
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("market__buyer"), pk=pk)
    return _clause_form(request, Clause(lot=lot), "Ajouter une clause", "La clause est ajoutée.")


@house_required
def clause_edit(request: HttpRequest, pk: int) -> HttpResponse:
    clause = get_object_or_404(
        Clause.objects.visible_to(request.user).select_related("lot__market__buyer"), pk=pk
    )
    return _clause_form(
        request,
        clause,
        "Modifier la clause",
        "La clause est enregistrée.",
        intro="Un nouveau minimum ne change pas les engagements déjà pris : enregistrez-y une évolution.",
    )


def _clause_form(request: HttpRequest, clause: Clause, title: str, done: str, **context: Any) -> HttpResponse:
    market: Any = clause.lot.market
    back = commitments_url(market.pk)
    return form_page(
        request,
        ClauseForm(request.POST or None, user=request.user, instance=clause),
        title=title,
        facts=f"{market.buyer} · {market.reference} · {clause.lot}",
        back=back,
        cancel_url=back,
        back_label=market.reference,
        done=done,
        **context,
    )


@house_required
def commitment_create(request: HttpRequest, pk: int) -> HttpResponse:
    clause = get_object_or_404(
        Clause.objects.visible_to(request.user).select_related("lot__market__buyer"), pk=pk
    )
    market: Any = clause.lot.market
    back = commitments_url(market.pk)
    form = OpenCommitmentForm(request.POST or None, user=request.user, clause=clause)
    if not form.fields["award"].queryset.exists():  # type: ignore[attr-defined]
        return render(
            request,
            "clauses/no_award.html",
            {"clause": clause, "market": market, "lots_url": reverse("market_lots", args=[market.pk])},
        )
    return form_page(
        request,
        form,
        title="Ouvrir un engagement",
        facts=f"{market.buyer} · {market.reference} · {clause.lot} · {clause}",
        back=lambda commitment: reverse("commitment_detail", args=[commitment.pk]),
        cancel_url=back,
        back_label=market.reference,
        done="L’engagement est ouvert.",
        save=lambda: services.open_commitment(clause=clause, user=request.user, **form.cleaned_data),
    )


@role_required("facilitator", "admin", "buyer", "company")
def commitment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The timeline of a commitment: every change, by whom, and the total after it."""
    commitment = commitment_row(request.user, pk)
    user: Any = request.user
    today = timezone.localdate()
    request.place = "markets"  # type: ignore[attr-defined]
    (figures,) = figures_of([commitment], today)
    steps, total = [], Decimal(0)
    changes = commitment.changes.select_related("recorded_by").order_by("effective_on", "pk")
    for change in changes:
        total += change.delta
        steps.append({"change": change, "total": total, "is_future": change.effective_on > today})
    head = figures_head(Figures([figures]))
    siblings = Commitment.objects.visible_to(user).filter(clause=commitment.clause_id).exclude(pk=pk)
    return render(
        request,
        "clauses/commitment_detail.html",
        {
            "commitment": commitment,
            "market": commitment.market,
            "facts": f"Engagement · {formats.short(commitment.market.object, 120)}",
            "figures": figures,
            "head": head,
            "steps": steps,
            "total": total,
            "is_house": user.role in HOUSE,
            "shows_recorder": user.role in HOUSE,
            "has_siblings": user.role in HOUSE and siblings.exists(),
        },
    )


@house_required
def commitment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    commitment = commitment_row(request.user, pk)
    back = reverse("commitment_detail", args=[pk])
    return form_page(
        request,
        CommitmentForm(request.POST or None, user=request.user, instance=commitment),
        title="Modifier l’engagement",
        facts=str(commitment),
        intro="Sans dates ici, l’avancement suit celles du marché.",
        back=back,
        cancel_url=back,
        back_label=str(commitment),
        done="L’engagement est enregistré.",
    )


@house_required
def change_create(request: HttpRequest, pk: int) -> HttpResponse:
    commitment = commitment_row(request.user, pk)
    back = reverse("commitment_detail", args=[pk])
    form = ChangeForm(request.POST or None, user=request.user, initial={"effective_on": timezone.localdate()})
    return form_page(
        request,
        form,
        title="Enregistrer une évolution",
        facts=str(commitment),
        intro="Une évolution enregistrée ne se modifie pas : une erreur se corrige par une autre évolution.",
        back=back,
        cancel_url=back,
        back_label=str(commitment),
        done="L’évolution est enregistrée.",
        save=lambda: services.record_change(commitment=commitment, user=request.user, **form.cleaned_data),
    )


@house_required
def commitment_move(request: HttpRequest, pk: int) -> HttpResponse:
    commitment = commitment_row(request.user, pk)
    back = reverse("commitment_detail", args=[pk])
    form = MoveForm(
        request.POST or None,
        user=request.user,
        source=commitment,
        initial={"effective_on": timezone.localdate()},
    )
    if not form.fields["target"].queryset.exists():  # type: ignore[attr-defined]
        return redirect(back)
    return form_page(
        request,
        form,
        title="Répartir dans le groupement",
        facts=str(commitment),
        intro="Les heures passent à un autre attributaire de la même clause : le total du groupement ne change pas.",
        back=back,
        cancel_url=back,
        back_label=str(commitment),
        done="La répartition est enregistrée des deux côtés.",
        save=lambda: services.move_hours(source=commitment, user=request.user, **form.cleaned_data),
    )
