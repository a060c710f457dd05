"""The gestures of an escalation, one page each: opened, refused, its letter, its alert, its penalty, its meetings, its end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from clauses import escalation_documents as documents
from clauses.enums import LetterWay, PenaltyDecision, StepKind
from clauses.forms.escalation import (
    AlertForm,
    CloseForm,
    DefaultForm,
    LetterDecisionForm,
    LetterForm,
    MeetingForm,
    OpenForm,
    PenaltyForm,
    PlanMeetingForm,
    RefusalForm,
    SendForm,
)
from clauses.ladder import Stage
from clauses.models import Escalation, EscalationStep
from clauses.services import escalation as services
from clauses.services import escalation_letters as letters
from clauses.standings import Standing, computation_of, deciders_of, standing_of
from clauses.views.escalation import escalation_row
from core import formats
from core.access import BUYER, HOUSE, house_required, role_required
from markets.services.agreements import agreement_for
from markets.views.forms import form_page
from markets.views.shared import file_row


def _page(
    request: HttpRequest,
    escalation: Escalation,
    form: Any,
    *,
    title: str,
    done: str,
    save: Any,
    **context: Any,
) -> HttpResponse:
    """A form about an escalation: where it comes from, and back there."""
    back = reverse("escalation_detail", args=[escalation.pk])
    request.place = "markets"  # type: ignore[attr-defined]
    return form_page(
        request,
        form,
        title=title,
        facts=f"{escalation.holder} · marché {escalation.market.reference} · {escalation.market.buyer}",
        back=back,
        cancel_url=back,
        back_label=f"Difficulté avec {formats.short(str(escalation.holder), 40)}",
        done=done,
        save=save,
        **context,
    )


def _too_early(request: HttpRequest, standing: Standing, wanted: Stage) -> HttpResponse | None:
    """Before its time a form is not shown: back to the ladder, with the sentence that names what is missing."""
    sentence = standing.refusal(wanted)
    if not sentence or request.method == "POST":
        return None
    messages.error(request, formats.typeset(sentence))
    return redirect("escalation_detail", pk=standing.escalation.pk)


@house_required
def escalation_open(request: HttpRequest, pk: int) -> HttpResponse:
    market = file_row("market", request.user, pk)
    back = reverse("market_escalations", args=[pk])
    form = OpenForm(request.POST or None, user=request.user, market=market)
    if not form.fields["commitment"].queryset.exists():  # type: ignore[attr-defined]
        messages.error(
            request,
            "Une difficulté porte sur un engagement : ce marché n’en a pas d’autre que ceux déjà en difficulté.",
        )
        return redirect(back)
    return form_page(
        request,
        form,
        title="Ouvrir une difficulté",
        facts=f"marché {market.reference} · {market.buyer}",
        intro="Le donneur d’ordre la verra sur la fiche du marché. L’entreprise ne voit que les courriers qui lui sont envoyés.",
        back=lambda found: reverse("escalation_detail", args=[found.pk]),
        cancel_url=back,
        back_label=market.reference,
        submit_label="Ouvrir la difficulté",
        done="La difficulté est ouverte.",
        save=lambda: services.open_escalation(by=request.user, **form.cleaned_data),
    )


@house_required
def refusal_create(request: HttpRequest, pk: int) -> HttpResponse:
    escalation = escalation_row(request.user, pk)
    form = RefusalForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"on": timezone.localdate()},
    )
    return _page(
        request,
        escalation,
        form,
        title="Noter un refus de l’entreprise",
        intro="Avant le courrier, un refus tient lieu de contacts sans réponse. Après, il met fin au délai.",
        done="Le refus est noté.",
        save=lambda: services.record_refusal(escalation=escalation, by=request.user, **form.cleaned_data),
    )


@house_required
def letter_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the letter; its figures are shown beside, its words can be read before it goes to the buyer."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    refused = _too_early(request, standing, Stage.TO_PROPOSE)
    if refused:
        return refused
    today = timezone.localdate()
    agreement = agreement_for(escalation.market, today)
    consented = bool(agreement and agreement.letter_consent)
    former = standing.letter
    form = LetterForm(request.POST or None, user=request.user, initial=_letter_initial(escalation, former))
    computation = computation_of(escalation.commitment)
    returned = standing.last(StepKind.LETTER_SENT_BACK)
    return _page(
        request,
        escalation,
        form,
        title="Proposer le courrier de rappel",
        intro=(
            "La convention donne l’accord d’avance : le courrier sera prêt à partir."
            if consented
            else "Le donneur d’ordre le lira et l’approuvera sous son compte ; il ne part pas sans son accord."
        ),
        template="clauses/escalation_letter_form.html",
        submit_label="Établir le courrier" if consented else "Proposer au donneur d’ordre",
        done=(
            "Le courrier est prêt : imprimez-le, puis enregistrez son envoi."
            if consented
            else "Le courrier est proposé : le donneur d’ordre en est prévenu."
        ),
        save=lambda: letters.propose_letter(escalation=escalation, by=request.user, **form.cleaned_data),
        computation=computation,
        failed_contacts=[contact for contact in standing.contacts if not contact.reached],
        refusal_step=standing.last(StepKind.REFUSAL),
        delay_days=letters.letter_delay(escalation, today),
        penalty=escalation.commitment.clause.penalty_words,
        returned=returned,
    )


def _letter_initial(escalation: Escalation, former: EscalationStep | None) -> dict[str, str]:
    """What is known of the company, or what a letter sent back already said."""
    if former:
        letter = former.facts["letter"]
        return {name: letter[name] for name in ("recipient", "address", "text")}
    holder, today = escalation.holder, timezone.localdate()
    contacts = [row for row in holder.contacts.order_by("pk") if not row.ends_on or row.ends_on >= today]
    address = holder.address
    if holder.commune and holder.commune.label not in address:
        address = f"{address}\n{holder.commune.label}".strip()
    return {"recipient": contacts[0].name if contacts else "", "address": address}


@role_required(BUYER)
def letter_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The buyer reads the letter, and approves it or sends it back."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    refused = _too_early(request, standing, Stage.TO_APPROVE)
    if refused:
        return refused
    form = LetterDecisionForm(request.POST or None, user=request.user)
    letter = standing.letter

    def save() -> EscalationStep:
        user: Any = request.user
        if form.cleaned_data["answer"] == LetterDecisionForm.APPROVE:
            return letters.approve_letter(escalation=escalation, by=user)
        return letters.send_back_letter(escalation=escalation, reason=form.cleaned_data["reason"], by=user)

    days = letter.facts["letter"]["delay_days"] if letter else 0
    return _page(
        request,
        escalation,
        form,
        title="Approuver le courrier de rappel",
        template="clauses/escalation_letter_decide.html",
        submit_label="Enregistrer ma réponse",
        done="Votre réponse est enregistrée, la maison en est prévenue.",
        save=save,
        letter=documents.read_facts(letter.facts["letter"]) if letter else None,
        proposed=letter,
        preview_url=reverse("escalation_letter_preview", args=[pk]),
        consequence=(
            f"Si vous l’approuvez, {documents.house_facts()['name']} envoie ce courrier à {escalation.holder}, "
            f"qui aura {formats.noun(days, 'jour')} pour reprendre contact. Votre accord figure au dossier et ne se retire pas."
        ),
    )


@house_required
def letter_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Record how and when the approved letter left."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    refused = _too_early(request, standing, Stage.TO_SEND)
    if refused:
        return refused
    approved = standing.last(StepKind.LETTER_APPROVED, StepKind.LETTER_CONSENTED)
    form = SendForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={
            "on": timezone.localdate(),
            "way": LetterWay.REGISTERED,
            "email": escalation.holder.email,
        },
    )
    return _page(
        request,
        escalation,
        form,
        title="Enregistrer l’envoi du courrier",
        template="clauses/escalation_send.html",
        intro="Le délai laissé à l’entreprise court de la date d’envoi.",
        done="L’envoi est enregistré : le délai court.",
        save=lambda: letters.send_letter(escalation=escalation, by=request.user, **form.cleaned_data),
        approved=approved,
    )


@house_required
def alert_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Alert the buyer; says which contacts it will read."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    refused = _too_early(request, standing, Stage.TO_ALERT)
    if refused:
        return refused
    form = AlertForm(request.POST or None, user=request.user, standing=standing)
    people = deciders_of(escalation.market)
    told = ", ".join(str(user) for user in people)
    return _page(
        request,
        escalation,
        form,
        title="Alerter le donneur d’ordre",
        intro=(
            f"L’alerte part en PDF, avec le dossier des contacts, à {told}."
            if told
            else "Personne n’a de compte chez ce donneur d’ordre : l’alerte part à ses contacts, s’ils ont une adresse."
        ),
        submit_label="Transmettre l’alerte",
        done="L’alerte est transmise.",
        save=lambda: services.alert_buyer(
            escalation=escalation,
            text=form.cleaned_data["text"],
            contacts=form.cleaned_data.get("contacts", []),
            by=request.user,
        ),
    )


@role_required(BUYER)
def default_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The buyer records the notification of default that it sent."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    refused = _too_early(request, standing, Stage.TO_NOTIFY)
    if refused:
        return refused
    form = DefaultForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"on": timezone.localdate()},
    )
    return _page(
        request,
        escalation,
        form,
        title="Enregistrer la notification de défaillance",
        template="clauses/escalation_default.html",
        submit_label="Enregistrer la notification",
        done="La notification est enregistrée. La pénalité attend maintenant votre décision.",
        save=lambda: services.notify_default(escalation=escalation, by=request.user, **form.cleaned_data),
        alert=standing.last(StepKind.ALERT),
        consequence=(
            f"Vous enregistrez que vous avez notifié sa défaillance à {escalation.holder}. "
            "La pénalité sera ensuite calculée, et vous en déciderez. Cet enregistrement ne s’efface pas."
        ),
    )


@role_required(BUYER)
def penalty_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The buyer decides, on the computation that it has before its eyes."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    refused = _too_early(request, standing, Stage.TO_DECIDE)
    if refused:
        return refused
    computation = computation_of(escalation.commitment)
    form = PenaltyForm(request.POST or None, user=request.user, computation=computation)
    ends = escalation.commitment.ends_on or escalation.market.planned_end

    def save() -> EscalationStep:
        values = dict(form.cleaned_data)
        return services.decide_penalty(
            escalation=escalation,
            decision=values["decision"],
            amount=values.get("amount") if values["decision"] == PenaltyDecision.REDUCED else None,
            reason=values["reason"],
            seen=values["seen"],
            by=request.user,  # type: ignore[arg-type]
        )

    return _page(
        request,
        escalation,
        form,
        title="Décider de la pénalité",
        template="clauses/escalation_penalty.html",
        submit_label="Enregistrer ma décision",
        done="Votre décision est enregistrée, et la difficulté est close.",
        save=save,
        computation=computation,
        still_running=ends if ends and ends >= timezone.localdate() else None,
        consequence=(
            f"Votre décision concerne {escalation.holder}, marché {escalation.market.reference}. "
            "Elle clôt la difficulté, figure au dossier et ne se modifie plus. Maillon n’émet pas le titre de recette : "
            "vos services l’appliquent."
        ),
    )


@house_required
def meeting_plan(request: HttpRequest, pk: int) -> HttpResponse:
    escalation = escalation_row(request.user, pk)
    form = PlanMeetingForm(request.POST or None, user=request.user)
    return _page(
        request,
        escalation,
        form,
        title="Prévoir une rencontre tripartite",
        intro="L’entreprise, le donneur d’ordre et la maison. Elle peut se tenir à tout moment et ne remplace aucune étape.",
        done="La rencontre est inscrite à l’agenda de chacun.",
        save=lambda: services.plan_meeting(
            escalation=escalation,
            starts_at=form.starts_at(),
            place=form.cleaned_data["place"],
            by=request.user,
        ),
    )


@house_required
def meeting_create(request: HttpRequest, pk: int) -> HttpResponse:
    escalation = escalation_row(request.user, pk)
    form = MeetingForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        initial={"on": timezone.localdate()},
    )
    return _page(
        request,
        escalation,
        form,
        title="Compte rendu de la rencontre tripartite",
        done="La rencontre est enregistrée, au dossier et au journal.",
        save=lambda: services.record_meeting(escalation=escalation, by=request.user, **form.cleaned_data),
    )


@role_required(*HOUSE, BUYER)
def escalation_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close without a penalty: the company resumed contact."""
    escalation = escalation_row(request.user, pk)
    form = CloseForm(request.POST or None, user=request.user, initial={"on": timezone.localdate()})
    return _page(
        request,
        escalation,
        form,
        title="Clore la difficulté",
        intro="La difficulté prend fin sans pénalité ; le dossier reste consultable. Une autre pourra être ouverte plus tard.",
        submit_label="Clore la difficulté",
        done="La difficulté est close.",
        save=lambda: services.close_escalation(escalation=escalation, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )
