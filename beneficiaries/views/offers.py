"""Job offers: written, sent to partners, read with their candidates, closed."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.enums import Role
from beneficiaries.enums import ApplicationState, OfferState
from beneficiaries.forms.offers import CloseOfferForm, OfferForm, PartnerFilterForm, SendOfferForm
from beneficiaries.models import Application, Beneficiary, JobOffer
from beneficiaries.offer_list import OFFER_TONES, CompanyOffers, HouseOffers, application_state
from beneficiaries.offer_partners import PRESCRIBERS, SHOWN_MAX, partners_by_key, partners_for
from beneficiaries.services import offers as services
from beneficiaries.tables import eligibility_words
from core import formats
from core.access import HOUSE, house_required, role_required
from core.changes import history_of
from core.errors import DomainError
from core.jobs import enqueue
from core.templatetags.maillon import state
from markets.fields import commune_label
from markets.models import Market
from markets.views.forms import confirm_page, form_page

_house_offers, _company_offers = HouseOffers.as_view(), CompanyOffers.as_view()


@role_required(*HOUSE, Role.COMPANY)
def offer_list(request: HttpRequest) -> HttpResponseBase:
    """The house's offers, or a company's own."""
    return _company_offers(request) if request.user.is_company else _house_offers(request)  # type: ignore[union-attr]


def offer_or_404(request: HttpRequest, pk: int) -> JobOffer:
    rows = JobOffer.objects.visible_to(request.user).select_related(
        "award__company", "award__lot__market__buyer", "occupation", "contract_type", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


def offer_facts(offer: JobOffer) -> list[tuple[str, Any]]:
    """The offer as every reader reads it."""
    return [
        ("Métier (ROME)", offer.occupation),
        ("Postes", offer.places),
        ("Type de contrat", offer.contract_type),
        ("Début souhaité", formats.day(offer.starts_on) if offer.starts_on else None),
        ("Durée", offer.duration),
        ("Heures par semaine", formats.hours(offer.weekly_hours) if offer.weekly_hours else None),
        ("Lieu de travail", offer.place),
        ("Horaires, salaire, conditions", linebreaksbr(offer.conditions)),
        ("Compétences attendues, prérequis", linebreaksbr(offer.skills)),
        ("Candidatures jusqu’au", formats.day(offer.closes_on) if offer.closes_on else None),
    ]


@role_required(*HOUSE, Role.COMPANY)
def offer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An offer and its candidates; its company reads the offer and whom it was presented."""
    offer = offer_or_404(request, pk)
    if request.user.is_company:  # type: ignore[union-attr]
        return _company_offer(request, offer)
    rows = list(
        services.candidates_of(offer, request.user)
        .select_related("beneficiary", "recipient__prescriber", "recipient__company", "placement")
        .order_by("pk")
    )
    _add_eligibility(rows)
    rank = {code: number for number, code in enumerate(ApplicationState.values)}
    rows.sort(key=lambda row: (rank[row.state], row.proposed_on, row.pk))
    recipients = list(offer.recipients.select_related("prescriber", "company").order_by("pk"))
    proposed: dict[int | None, int] = {}
    for row in rows:
        proposed[row.recipient_id] = proposed.get(row.recipient_id, 0) + 1
    context = {
        "offer": offer,
        "facts": offer_facts(offer),
        "market": offer.award.lot.market,
        "tone": OFFER_TONES[OfferState(offer.state)],
        "is_open": offer.state in (OfferState.DRAFT, OfferState.OPEN),
        "rows": rows,
        "may_tick": any(row.may_be_presented for row in rows),
        "counts": {
            "proposed": len(rows),
            "waiting": sum(row.state == ApplicationState.PROPOSED for row in rows),
            "presented": sum(row.presented_on is not None for row in rows),
            "hired": sum(row.state == ApplicationState.HIRED for row in rows),
        },
        "recipients": [(row, proposed.get(row.pk, 0)) for row in recipients],
        "silent": sum(1 for row in recipients if row.declined_on is None and not proposed.get(row.pk)),
        "next_step": _next_step(offer, rows),
        "entries": history_of(offer),
    }
    return render(request, "beneficiaries/offer_detail.html", context)


def _add_eligibility(rows: list[Any]) -> None:
    """Where each candidate stands today: one query for all of them."""
    known = Beneficiary.objects.with_eligibility(timezone.localdate()).in_bulk(
        [row.beneficiary_id for row in rows if row.beneficiary_id]
    )
    for row in rows:
        person = known.get(row.beneficiary_id)
        row.shown_state = application_state(row)
        row.eligibility = (
            state(
                person.eligibility_state, eligibility_words(person.eligibility_state, person.eligible_until)
            )
            if person
            else None
        )
        row.may_be_presented = bool(person) and row.state in (
            ApplicationState.PROPOSED,
            ApplicationState.MET,
        )


def _next_step(offer: JobOffer, rows: list[Any]) -> dict[str, str] | None:
    """What must be done next on an offer."""
    if offer.state == OfferState.DRAFT:
        return {
            "who": "À vous de jouer\u202f:",
            "what": "l’offre n’est pas encore diffusée.",
            "url": reverse("job_offer_send", args=[offer.pk]),
            "label": "Choisir les partenaires",
        }
    if offer.state != OfferState.OPEN:
        return None
    hired = sum(row.state == ApplicationState.HIRED for row in rows)
    if hired >= offer.places:
        return {
            "who": "À vous de jouer\u202f:",
            "what": f"{formats.noun(hired, 'personne embauchée', 'personnes embauchées')} pour "
            f"{formats.noun(offer.places, 'poste')}\u202f: l’offre peut être close.",
            "url": reverse("job_offer_close", args=[offer.pk]),
            "label": "Clore l’offre",
        }
    waiting = sum(row.state == ApplicationState.PROPOSED for row in rows)
    if waiting:
        return {
            "who": "À vous de jouer\u202f:",
            "what": f"{formats.noun(waiting, 'candidature')} à examiner.",
            "url": "#candidats",
            "label": "Voir les candidats",
        }
    return None


def _company_offer(request: HttpRequest, offer: JobOffer) -> HttpResponse:
    """Names and days only: no ground, no state of eligibility, no other candidate."""
    presented = (
        Application.objects.visible_to(request.user)  # type: ignore[arg-type]
        .filter(offer=offer)
        .select_related("beneficiary")
        .order_by("presented_on", "pk")
    )
    words = {
        ApplicationState.HIRED: ("embauchée", "done"),
        ApplicationState.REJECTED: ("non retenue", "none"),
    }
    lines = []
    for row in presented:
        said, tone = words.get(ApplicationState(row.state), ("votre réponse est attendue", "watch"))
        lines.append((str(row.beneficiary), row.presented_on, state(row.state, said, tone)))
    context = {
        "offer": offer,
        "facts": offer_facts(offer),
        "market": offer.award.lot.market,
        "tone": OFFER_TONES[OfferState(offer.state)],
        "lines": lines,
    }
    return render(request, "beneficiaries/offer_company.html", context)


@house_required
def offer_create(request: HttpRequest) -> HttpResponse:
    """A new offer; `?marche=` says on which market."""
    asked = request.GET.get("marche", "")
    market = None
    if asked.isdecimal() and len(asked) <= 18:
        market = Market.objects.visible_to(request.user).filter(pk=asked).first()
    form = OfferForm(request.POST or None, user=request.user, market=market)
    back = reverse("market_people", args=[market.pk]) if market else reverse("job_offer_list")
    return form_page(
        request,
        form,
        title="Nouvelle offre d’emploi",
        facts=f"Marché {market.reference}" if market else "",
        intro="Elle reste un brouillon, que l’entreprise ne voit pas, jusqu’à sa diffusion aux partenaires.",
        back=lambda offer: reverse("job_offer_detail", args=[offer.pk]),
        cancel_url=back,
        back_label=market.reference if market else "Offres",
        done="L’offre est enregistrée.",
        template="beneficiaries/lookup_form.html",
        save=lambda: services.save_offer(offer=form.instance, by=request.user),  # type: ignore[arg-type]
    )


@house_required
def offer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    offer = offer_or_404(request, pk)
    label = str(offer)
    form = OfferForm(request.POST or None, instance=offer, user=request.user)
    back = reverse("job_offer_detail", args=[pk])
    return form_page(
        request,
        form,
        title="Modifier l’offre",
        facts=f"{offer.award.company}, marché {offer.award.lot.market.reference}",
        intro="Les liens déjà envoyés montrent l’offre telle qu’elle est à présent."
        if offer.state == OfferState.OPEN
        else "",
        back=back,
        cancel_url=back,
        back_label=label,
        done="L’offre est enregistrée.",
        template="beneficiaries/lookup_form.html",
        save=lambda: services.save_offer(offer=form.instance, by=request.user),  # type: ignore[arg-type]
    )


@house_required
def offer_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the partners by territory, kind and sector; read the e-mail; send it."""
    offer = offer_or_404(request, pk)
    back = reverse("job_offer_detail", args=[pk])
    if offer.state in (OfferState.FILLED, OfferState.CLOSED):
        messages.warning(request, "Cette offre est close\u202f: rouvrez-la avant de la diffuser.")
        return redirect(back)
    filters = PartnerFilterForm(request.GET if "within" in request.GET else _usual(offer), user=request.user)
    partners = []
    if filters.is_valid():
        given = filters.cleaned_data
        partners = partners_for(
            request.user,  # type: ignore[arg-type]
            families=given["families"],
            commune=given["commune"],
            within_km=int(given["within"] or 25),
            sector=given["sector"],
        )
    too_many = len(partners) > SHOWN_MAX
    shown = partners[:SHOWN_MAX]
    ticked = request.POST.getlist("partners")
    # What was ticked stays on the page even where the filters changed since.
    known = {row.key for row in shown}
    shown += [row for row in partners_by_key(request.user, ticked) if row.key not in known]  # type: ignore[arg-type]
    subject, body = services.offer_text(offer, by=request.user)  # type: ignore[arg-type]
    form = SendOfferForm(
        request.POST or None,
        user=request.user,
        partners=shown,
        initial={"subject": subject, "body": body},
    )
    key = request.POST.get("cle", "")[:36] or uuid.uuid4().hex
    if request.method == "POST" and form.is_valid():
        chosen = partners_by_key(request.user, form.cleaned_data["partners"])  # type: ignore[arg-type]
        try:
            services.check_sending(offer, chosen)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            enqueue(
                "job_offer_send",
                key=f"offer_send:{offer.pk}:{key}",
                label=f"Diffusion de l’offre «\u202f{formats.short(offer.title, 100)}\u202f»",
                payload={
                    "offer": offer.pk,
                    "partners": [partner.key for partner in chosen],
                    "subject": form.cleaned_data["subject"],
                    "body": form.cleaned_data["body"],
                    "mark": key,
                },
                user=request.user,
                total=len(chosen),
            )
            messages.success(request, f"L’offre part à {formats.noun(len(chosen), 'partenaire')}.")
            return redirect(back)
    already = {row.email: row for row in offer.recipients.order_by("pk")}
    context = {
        "title": "Diffuser l’offre",
        "offer": offer,
        "back_url": back,
        "filters": filters,
        "partners": [(row, already.get(row.email) if row.email else None) for row in shown],
        "without_address": sum(not row.email for row in shown),
        "too_many": too_many,
        "ticked": set(ticked),
        "form": form,
        "key": key,
        "closes_on": offer.closes_on,
        "edit_url": reverse("job_offer_edit", args=[pk]),
    }
    return render(request, "beneficiaries/offer_send.html", context)


def _usual(offer: JobOffer) -> dict[str, Any]:
    """The choice proposed at first: everyone around the place of the market."""
    market = offer.award.lot.market
    return {
        "families": [PRESCRIBERS, "siae", "geiq"],
        "commune": commune_label(market.commune) if market.commune else "",
        "within": "25",
        "sector": "",
    }


@house_required
def offer_close(request: HttpRequest, pk: int) -> HttpResponse:
    offer = offer_or_404(request, pk)
    back = reverse("job_offer_detail", args=[pk])
    rows = services.candidates_of(offer, request.user)
    hired = rows.filter(state=ApplicationState.HIRED).count()
    under_way = rows.under_way().count()
    links = offer.recipients.count()
    form = CloseOfferForm(
        request.POST or None,
        user=request.user,
        initial={
            "state": OfferState.FILLED if hired >= offer.places else OfferState.CLOSED,
            "on": timezone.localdate(),
        },
    )
    details = []
    if links:
        details.append(
            f"{formats.noun(links, 'lien envoyé cessera', 'liens envoyés cesseront')} de répondre."
        )
    if under_way:
        details.append(f"{formats.noun(under_way, 'candidature est', 'candidatures sont')} encore en cours.")
    return confirm_page(
        request,
        form,
        title="Clore l’offre",
        consequence=f"L’offre « {offer.title} » ne recevra plus de candidature.",
        details=details,
        submit_label="Clore l’offre",
        back=back,
        back_label=offer.title,
        done="L’offre est close.",
        save=lambda: services.close_offer(offer=offer, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
@require_POST
def offer_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    offer = offer_or_404(request, pk)
    try:
        services.reopen_offer(offer=offer, by=request.user)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(
            request,
            "L’offre est rouverte. Les liens d’avant restent fermés\u202f: diffusez-la de nouveau au besoin.",
        )
    return redirect("job_offer_detail", pk=pk)
