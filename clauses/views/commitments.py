"""Clauses, commitments, and how a commitment's figure came about."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from clauses.enums import ChangeReason
from clauses.figures import Figures, figures_of
from clauses.forms.commitments import (
    ChangeForm,
    ClauseForm,
    CommitmentForm,
    OpenCommitmentForm,
    OrderForm,
    ShareForm,
)
from clauses.heads import figures_head
from clauses.models import Clause, Commitment, CommitmentChange
from clauses.services import commitments as services
from core import charts, formats
from core.access import HOUSE, house_required, role_required
from core.errors import DomainError
from core.models import StoredFile
from markets.files import notes_of
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


def may_open_document(user: Any, stored: StoredFile) -> bool:
    """Whoever sees a change opens the paper that it rests on."""
    return CommitmentChange.objects.visible_to(user).filter(document=stored).exists()


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
        template="clauses/clause_form.html",
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
    is_house = user.role in HOUSE
    today = timezone.localdate()
    request.place = "markets"  # type: ignore[attr-defined]
    (figures,) = figures_of([commitment], today)
    steps, total = [], Decimal(0)
    changes = commitment.changes.select_related("recorded_by", "document").order_by("effective_on", "pk")
    for change in changes:
        total += change.delta
        steps.append({"change": change, "total": total, "is_future": change.effective_on > today})
    siblings = Commitment.objects.visible_to(user).filter(clause=commitment.clause_id).exclude(pk=pk)
    return render(
        request,
        "clauses/commitment_detail.html",
        {
            "commitment": commitment,
            "market": commitment.market,
            "facts": f"Engagement · {formats.short(commitment.market.object, 120)}",
            "figures": figures,
            "head": figures_head(Figures([figures])),
            "steps": steps,
            "chart": _chart(steps, today) if len(steps) > 1 else "",
            "total": total,
            "is_house": is_house,
            "has_siblings": is_house and siblings.exists(),
            "notes": notes_of("commitment", commitment, user),
        },
    )


def _chart(steps: list[dict[str, Any]], today: dt.date) -> SafeString:
    """The figure through time; the timeline beside it is its table."""
    points = [(step["change"].effective_on, step["total"]) for step in steps]
    return charts.steps(points, title="Heures engagées au fil des évolutions", until=today)


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
    form = ChangeForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        clause=commitment.clause,
        initial={"effective_on": timezone.localdate(), "reason": ChangeReason.AMENDMENT},
    )
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
def order_create(request: HttpRequest, pk: int) -> HttpResponse:
    """An order or invoice: the hours that it adds are shown, with their formula, before it is recorded."""
    commitment = commitment_row(request.user, pk)
    clause: Any = commitment.clause
    back = reverse("commitment_detail", args=[pk])
    form = OrderForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"effective_on": timezone.localdate()},
    )
    context: dict[str, Any] = {"commitment": commitment, "clause": clause, "due": None, "refusal": ""}
    if clause.euros_per_hour is not None and (request.htmx or "calculer" in request.POST):  # type: ignore[attr-defined]
        # What was typed so far: the amount alone matters here.
        context |= _order_due(commitment, form)
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "clauses/_order_due.html", context)
        context |= {"form": form, "back_url": back, **_order_page(commitment, back)}
        return render(request, "clauses/commitment_order.html", context)
    return form_page(
        request,
        form,
        back=back,
        done="La commande est enregistrée, avec les heures qu’elle ajoute.",
        template="clauses/commitment_order.html",
        save=lambda: services.record_order(commitment=commitment, user=request.user, **form.cleaned_data),
        **_order_page(commitment, back),
        **context,
    )


def _order_page(commitment: Commitment, back: str) -> dict[str, Any]:
    return {
        "title": "Bon de commande ou facture",
        "facts": str(commitment),
        "cancel_url": back,
        "back_label": str(commitment),
    }


def _order_due(commitment: Commitment, form: OrderForm) -> dict[str, Any]:
    """What the typed amount would add, or the sentence that says why it can't."""
    form.is_valid()
    amount = form.cleaned_data.get("amount")
    if amount is None:
        return {"refusal": " ".join(form.errors.get("amount", []))}
    try:
        return {"due": services.hours_for_order(commitment, amount)}
    except DomainError as error:
        return {"refusal": error.sentence}


@house_required
def commitment_move(request: HttpRequest, pk: int) -> HttpResponse:
    """« Répartir dans le groupement »: all the holders of the clause on one page, the total unchanged."""
    commitment = commitment_row(request.user, pk)
    back = reverse("commitment_detail", args=[pk])
    clause: Any = commitment.clause
    today = timezone.localdate()
    holders = list(
        Commitment.objects.visible_to(request.user)
        .filter(clause=clause)
        .select_related("holder", "award", "market")
        .with_hours_engaged(today)
        .order_by("pk")
    )
    # Those who answer for the group first.
    holders.sort(key=lambda row: row.award.role not in services.ANSWERING_ROLES)
    if len(holders) < 2:
        return redirect(back)
    form = ShareForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        holders=holders,
        initial={"effective_on": today, "seen": services.newest_change(clause)},
    )

    def save() -> Any:
        given = form.cleaned_data
        try:
            return services.redistribute_hours(
                clause=clause,
                hours=form.hours(),
                effective_on=given["effective_on"],
                note=given["note"],
                document=given["document"],
                seen=given["seen"],
                user=request.user,  # type: ignore[arg-type]
            )
        finally:
            # After a refusal the next try starts from the figures that are shown now.
            form.data = {**form.data.dict(), "seen": services.newest_change(clause)}  # type: ignore[attr-defined]

    return form_page(
        request,
        form,
        title="Répartir dans le groupement",
        facts=f"{commitment.market.reference} · {clause.lot} · {clause}",
        template="clauses/commitment_share.html",
        back=back,
        cancel_url=back,
        back_label=str(commitment),
        done="La répartition est enregistrée de tous les côtés.",
        save=save,
        clause=clause,
        group_total=sum((row.hours_engaged for row in holders), Decimal(0)),
    )
