"""Conventions: the list, the tab of a buyer, one agreement's page, and the admin's gestures on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.access import ADMIN, BUYER, HOUSE, admin_required, role_required
from core.lists import ListPage
from markets.agreement_list import AgreementFilter, AgreementTable, state_of, tone_of
from markets.enums import AgreementState
from markets.files import File, file_context
from markets.forms.agreements import AgreementForm, AmendmentDocumentForm, AmendmentForm, TerminationForm
from markets.models import Agreement, AgreementAmendment, Buyer
from markets.services import agreements as services
from markets.views.forms import confirm_page, form_page

READERS = (*HOUSE, BUYER)


class AgreementList(ListPage):
    model = Agreement
    table_class = AgreementTable
    filterset_class = AgreementFilter
    title = "Conventions"
    roles = READERS
    export_name = "conventions"

    @property
    def empty_message(self) -> str:  # type: ignore[override]
        if self.request.user.role == BUYER:
            return "La convention qui vous lie à la maison sera ici."
        return "Les conventions seront ici : elles s’inscrivent depuis la fiche d’un donneur d’ordre."

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("buyer").with_following().order_by("-ends_on", "pk")


def buyer_as_a_whole(user: Any, pk: int) -> Buyer:
    """The buyer whose whole scope `user` may see; 404 otherwise, for a member limited to one department too."""
    rows = Buyer.objects.visible_as_a_whole_to(user).select_related("commune")
    return get_object_or_404(rows, pk=pk)


def buyer_file(buyer: Buyer, request: HttpRequest, *, with_head: bool = True) -> dict[str, Any]:
    """The context of a buyer's file; a buyer’s own account has no list of buyers to go back to."""
    context = file_context("buyer", buyer, request, with_head=with_head)
    file: File = context["file"]
    if request.user.role == BUYER:  # type: ignore[union-attr]
        file.steps[:] = file.steps[:1]
    return context


def main_agreement(agreements: list[Agreement], today: dt.date) -> Agreement | None:
    """The one in force, else the next to come, else the latest."""
    in_force = [row for row in agreements if row.starts_on <= today <= row.last_day]
    to_come = sorted((row for row in agreements if row.starts_on > today), key=lambda row: row.starts_on)
    return next(iter(in_force or to_come or agreements), None)


@role_required(*READERS)
def buyer_agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """« Convention »: the agreement in force, with the others below."""
    return _agreement_page(request, buyer_as_a_whole(request.user, pk), None)


@role_required(*READERS)
def agreement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    agreement = get_object_or_404(
        Agreement.objects.visible_to(request.user).select_related("buyer__commune"), pk=pk
    )
    return _agreement_page(request, agreement.buyer, pk)


def _agreement_page(request: HttpRequest, buyer: Buyer, chosen: int | None) -> HttpResponse:
    today = timezone.localdate()
    agreements = list(
        Agreement.objects.visible_to(request.user)
        .filter(buyer=buyer)
        .select_related("buyer_referent", "house_referent", "document")
        .prefetch_related("amendments__document")
        .with_following()
        .order_by("-starts_on", "-pk")
    )
    main = (
        next((row for row in agreements if row.pk == chosen), None)
        if chosen
        else main_agreement(agreements, today)
    )
    role = request.user.role  # type: ignore[union-attr]
    return render(
        request,
        "markets/agreement_detail.html",
        {
            **buyer_file(buyer, request),
            "agreement": main,
            "state": _state(main) if main else None,
            "notice": _notice_words(main, today) if main else None,
            "amendments": list(main.amendments.all()) if main else [],
            "others": [(row, _state(row)) for row in agreements if row != main],
            "is_admin": role == ADMIN,
            "is_house": role in HOUSE,
        },
    )


def _state(agreement: Agreement) -> tuple[str, str, str]:
    """Code, words and tone of its state today."""
    state = state_of(agreement)
    return state.value, str(state.label), tone_of(agreement, state)


def _notice_words(agreement: Agreement, today: dt.date) -> tuple[str, str] | None:
    """What the dates ask for next, and its tone; nothing while they are far."""
    state = state_of(agreement)
    end = formats.day(agreement.ends_on)
    if agreement.terminated_on:
        words = f"dénoncée au {formats.day(agreement.terminated_on)}"
        told = agreement.termination_notified_on
        if told and agreement.terminated_on < services.earliest_termination(agreement, told):
            words += f", avant le préavis de {agreement.notice_months} mois"
        return f"{words}.", "none"
    if state == AgreementState.ENDED and not agreement.is_followed:  # type: ignore[attr-defined]
        return f"elle a pris fin le {end} et aucune autre ne suit.", "late"
    if state == AgreementState.NOTICE_NEAR:
        if today <= agreement.notice_on:
            return (
                f"décider de la suite avant le {formats.day(agreement.notice_on)}, dernier jour du préavis ; "
                f"elle prend fin le {end}.",
                "watch",
            )
        return (
            f"le préavis a commencé le {formats.day(agreement.notice_on)} ; elle prend fin le {end}.",
            "watch",
        )
    return None


@admin_required
def agreement_create(request: HttpRequest, pk: int) -> HttpResponse:
    buyer = buyer_as_a_whole(request.user, pk)
    form = AgreementForm(request.POST or None, request.FILES or None, user=request.user, buyer=buyer)
    return _agreement_form(request, form, buyer, "Inscrire une convention", "La convention est inscrite.")


@admin_required
def agreement_edit(request: HttpRequest, pk: int) -> HttpResponse:
    agreement = _agreement(request, pk)
    form = AgreementForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        buyer=agreement.buyer,
        instance=agreement,
    )
    return _agreement_form(
        request, form, agreement.buyer, "Modifier la convention", "La convention est enregistrée."
    )


def _agreement(request: HttpRequest, pk: int) -> Agreement:
    return get_object_or_404(
        Agreement.objects.visible_to(request.user).select_related("buyer__commune"), pk=pk
    )


def _agreement_form(
    request: HttpRequest, form: AgreementForm, buyer: Buyer, title: str, done: str
) -> HttpResponse:
    cancel = (
        reverse("agreement_detail", args=[form.instance.pk])
        if form.instance.pk
        else reverse("buyer_agreement", args=[buyer.pk])
    )
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=title,
        facts=str(buyer),
        back=lambda agreement: reverse("agreement_detail", args=[agreement.pk]),
        cancel_url=cancel,
        back_label=f"Convention de {buyer}",
        done=done,
        save=lambda: services.save_agreement(
            agreement=form.save(commit=False), upload=form.cleaned_data.get("upload"), by=request.user
        ),
    )


@admin_required
def amendment_create(request: HttpRequest, pk: int) -> HttpResponse:
    agreement = _agreement(request, pk)
    back = reverse("agreement_detail", args=[pk])
    form = AmendmentForm(request.POST or None, request.FILES or None, user=request.user)
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title="Inscrire un avenant",
        facts=f"{agreement.buyer} · {agreement} · du {formats.day(agreement.starts_on)} au {formats.day(agreement.ends_on)}",
        intro="Un avenant inscrit ne s’efface pas : il prend le numéro suivant.",
        back=back,
        cancel_url=back,
        back_label=f"Convention de {agreement.buyer}",
        done="L’avenant est inscrit.",
        save=lambda: services.record_amendment(agreement=agreement, by=request.user, **form.cleaned_data),
    )


@admin_required
def amendment_document(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed avenant, when it comes back."""
    amendment = get_object_or_404(
        AgreementAmendment.objects.visible_to(request.user).select_related("agreement__buyer"), pk=pk
    )
    back = reverse("agreement_detail", args=[amendment.agreement_id])
    form = AmendmentDocumentForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"signed_on": amendment.signed_on},
    )
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=f"{amendment} signé",
        facts=f"{amendment.agreement.buyer} · {amendment.subject}",
        back=back,
        cancel_url=back,
        back_label=f"Convention de {amendment.agreement.buyer}",
        done="L’avenant est enregistré.",
        save=lambda: services.attach_amendment_document(
            amendment=amendment, by=request.user, **form.cleaned_data
        ),
    )


@admin_required
def agreement_terminate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what ending an agreement early does, and ask once."""
    agreement = _agreement(request, pk)
    back = reverse("agreement_detail", args=[pk])
    if agreement.terminated_on:
        messages.info(request, f"Cette convention est dénoncée au {formats.day(agreement.terminated_on)}.")
        return redirect(back)
    form = TerminationForm(request.POST or None, user=request.user)
    request.place = "markets"  # type: ignore[attr-defined]
    months = agreement.notice_months
    return confirm_page(
        request,
        form,
        title="Dénoncer la convention",
        consequence=f"La convention de {agreement.buyer}, qui court jusqu’au {formats.day(agreement.ends_on)}, "
        "cessera plus tôt. Une dénonciation inscrite ne se retire pas.",
        details=[
            f"Le préavis est de {months} mois." if months else "Cette convention n’a pas de préavis.",
            "Ses rappels se ferment ; ses devis et ses factures restent.",
            "Une nouvelle convention peut commencer dès le jour où celle-ci cesse.",
        ],
        submit_label="Dénoncer la convention",
        danger=True,
        back=back,
        back_label=f"Convention de {agreement.buyer}",
        done="La dénonciation est inscrite.",
        save=lambda: services.terminate_agreement(agreement=agreement, by=request.user, **form.cleaned_data),
    )
