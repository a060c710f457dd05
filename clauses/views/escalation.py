"""Difficulties with a company: the tab of a market, the ladder of one escalation, and a page for each gesture."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

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
from clauses.ladder import RUNGS, STAGES, Stage
from clauses.models import Escalation, EscalationStep
from clauses.services import escalation as services
from clauses.services import escalation_letters as letters
from clauses.standings import Standing, computation_of, deciders_of, standing_of, standings_of
from core import formats
from core.access import BUYER, COMPANY, HOUSE, house_required, role_required
from core.errors import DomainError
from core.files import file_response
from core.jobs import enqueue
from markets.files import file_context
from markets.models import Task
from markets.views.forms import form_page
from markets.views.shared import file_row

# The one gesture of each stage: who makes it, its words, the name of its address.
GESTURES = {
    Stage.TO_PROPOSE: ("house", "Proposer le courrier de rappel", "escalation_letter"),
    Stage.TO_APPROVE: ("buyer", "Lire et approuver le courrier", "escalation_letter_decide"),
    Stage.TO_SEND: ("house", "Enregistrer l’envoi", "escalation_send"),
    Stage.TO_ALERT: ("house", "Alerter le donneur d’ordre", "escalation_alert"),
    Stage.TO_NOTIFY: ("buyer", "Enregistrer la notification", "escalation_default"),
    Stage.TO_DECIDE: ("buyer", "Décider de la pénalité", "escalation_penalty"),
}


def escalation_row(user: Any, pk: int) -> Escalation:
    """An escalation that `user` may see, with what its pages read; 404 otherwise."""
    rows = Escalation.objects.visible_to(user).select_related(
        "market__buyer",
        "market__department",
        "market__commune",
        "market__parent",
        "holder__commune",
        "commitment__clause__lot",
        "commitment__award",
    )
    return get_object_or_404(rows, pk=pk)


# --- What is shown ------------------------------------------------------------------------------------------


def _gestures(standing: Standing, user: Any) -> dict[str, Any]:
    """What this person may do now: one primary gesture, and quiet ones."""
    pk, stage = standing.escalation.pk, standing.stage
    is_house = user.role in HOUSE
    quiet: list[tuple[str, str]] = []
    found: dict[str, Any] = {"primary": None, "quiet": quiet}
    gesture = GESTURES.get(stage)
    if gesture and (gesture[0] == "house") == is_house:
        found["primary"] = (gesture[1], reverse(gesture[2], args=[pk]))
    if not standing.is_open:
        return found
    if is_house:
        if stage == Stage.WAITING:
            quiet.append(("L’entreprise a repris contact", reverse("escalation_close", args=[pk])))
        if standing.last(StepKind.ALERT) is None:
            quiet.append(("Noter un refus de l’entreprise", reverse("escalation_refusal", args=[pk])))
        quiet.append(("Prévoir une rencontre", reverse("escalation_meeting_plan", args=[pk])))
        quiet.append(("Compte rendu de rencontre", reverse("escalation_meeting", args=[pk])))
    closes = (
        stage not in (Stage.WAITING, Stage.TO_DECIDE)
        if is_house
        else stage in (Stage.TO_NOTIFY, Stage.TO_DECIDE)
    )
    if closes:
        quiet.append(("Clore la difficulté", reverse("escalation_close", args=[pk])))
    return found


def _rungs(standing: Standing) -> list[dict[str, Any]]:
    """The rungs that are still to climb, the present one first."""
    stage = standing.stage
    if stage in (Stage.DECIDED, Stage.CLOSED):
        return []
    left = STAGES.index(stage)
    return [
        {"label": label, "hint": hint, "is_next": rung == stage}
        for rung, label, hint in RUNGS
        if STAGES.index(rung) >= left
    ]


def _next_words(standing: Standing) -> tuple[str, str]:
    """Who must act, and what, in a sentence."""
    holder, buyer = str(standing.escalation.holder), str(standing.escalation.market.buyer)
    day = formats.day(standing.due_on)
    return {
        Stage.CONTACTS: ("À la maison :", f"avant le courrier, {standing.contacts_missing}."),
        Stage.TO_PROPOSE: ("À la maison :", "le courrier de rappel peut être proposé au donneur d’ordre."),
        Stage.TO_APPROVE: (f"{buyer} :", "le courrier attend votre accord ; il ne part pas sans lui."),
        Stage.TO_SEND: ("À la maison :", "le courrier est approuvé, il reste à l’envoyer."),
        Stage.WAITING: (f"{holder} :", f"réponse attendue jusqu’au {day}."),
        Stage.TO_ALERT: (
            "À la maison :",
            "l’entreprise refuse : alertez le donneur d’ordre."
            if standing.due_on and standing.today <= standing.due_on
            else f"le délai s’est achevé le {day}, alertez le donneur d’ordre.",
        ),
        Stage.TO_NOTIFY: (
            f"{buyer} :",
            "il revient au donneur d’ordre de notifier sa défaillance à l’entreprise.",
        ),
        Stage.TO_DECIDE: (f"{buyer} :", "la pénalité attend la décision du donneur d’ordre."),
        Stage.DECIDED: ("", standing.escalation.closing_reason),
        Stage.CLOSED: ("", standing.escalation.closing_reason),
    }[standing.stage]


def _shown(standing: Standing, user: Any) -> dict[str, Any]:
    """One escalation as its template reads it."""
    who, what = _next_words(standing)
    if standing.stage == Stage.TO_APPROVE and user.role in HOUSE:
        what = "le courrier attend l’accord du donneur d’ordre ; il ne part pas sans lui."
    is_house = user.role in HOUSE
    decided = standing.last(StepKind.DECISION)
    letter = standing.letter
    return {
        "standing": standing,
        "escalation": standing.escalation,
        "gestures": _gestures(standing, user),
        "rungs": _rungs(standing),
        "who": who,
        "what": what,
        "tone": standing.tone if standing.tone in ("watch", "late") else "none",
        "steps": [_shown_step(step) for step in standing.steps],
        # The house's notebook: the buyer reads what it was handed, in the alert and in the file.
        "contacts": standing.contacts if is_house else [],
        "contacts_missing": standing.contacts_missing if is_house else "",
        "decision": documents.decision_words(decided) if decided else "",
        "preview_url": reverse("escalation_letter_preview", args=[standing.escalation.pk])
        if letter and standing.stage == Stage.TO_APPROVE
        else "",
    }


def _shown_step(step: EscalationStep) -> dict[str, Any]:
    facts = []
    if "amount" in step.facts:
        facts.append(documents.decision_words(step))
    if step.facts.get("reasoning") and step.kind in (StepKind.ALERT, StepKind.DEFAULT, StepKind.DECISION):
        facts.append(f"Calcul : {step.facts['reasoning']}")
    elif "missing" in step.facts:
        facts.append(
            f"{formats.hours(step.facts['counted'])} comptées sur {formats.hours(step.facts['engaged'])} engagées"
        )
    if step.kind == StepKind.LETTER_SENT:
        tracking = f", n° {step.facts['tracking']}" if step.facts["tracking"] else ""
        to = f", à {step.facts['email']}" if step.facts["email"] else ""
        facts.append(f"{step.facts['way_words']}{tracking}{to}")
        facts.append(f"réponse demandée jusqu’au {formats.day(step.day_of('due_on'))}")
    if step.facts.get("participants"):
        facts.append(f"Avec : {step.facts['participants']}")
    if step.kind == StepKind.ALERT and not step.facts.get("written_to"):
        facts.append("aucune adresse électronique : à remettre autrement")
    return {"row": step, "facts": facts}


@role_required(*HOUSE, BUYER)
def market_escalations(request: HttpRequest, pk: int) -> HttpResponse:
    """« Difficultés » of a market, the open ones first."""
    market = file_row("market", request.user, pk)
    user: Any = request.user
    rows = (
        Escalation.objects.visible_to(user)
        .filter(market=market)
        .select_related("market__buyer", "holder", "commitment__clause__lot")
        .order_by("-opened_on", "-pk")
    )
    standings = standings_of(rows)
    # What must be done next is said by each escalation, below.
    is_quiet = not any(standing.is_open for standing in standings)
    return render(
        request,
        "clauses/escalation_tab.html",
        {
            **file_context("market", market, request, with_head=is_quiet),
            "is_house": user.role in HOUSE,
            "shown": [_shown(standing, user) for standing in standings if standing.is_open],
            "closed": [standing for standing in standings if not standing.is_open],
            "may_open": user.role in HOUSE and not market.closed_on,
        },
    )


@role_required(*HOUSE, BUYER, COMPANY)
def escalation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The ladder of one escalation: what was done, by whom, and the one next gesture.

    The company's task bears this address too: it is led to the letter that it was sent.
    """
    if request.user.is_company:  # type: ignore[union-attr]
        sent = get_object_or_404(EscalationStep.objects.visible_to(request.user), escalation=pk)
        return redirect(f"{reverse('escalation_letters')}#courrier-{sent.pk}")
    escalation = escalation_row(request.user, pk)
    user: Any = request.user
    return render(
        request,
        "clauses/escalation_detail.html",
        {
            **file_context("market", escalation.market, request, with_head=False),
            "is_house": user.role in HOUSE,
            "item": _shown(standing_of(escalation), user),
            "meetings": Task.objects.visible_to(user)
            .open()
            .filter(key=f"escalation:{escalation.pk}:meeting")
            .order_by("pk"),
        },
    )


# --- Gestures -----------------------------------------------------------------------------------------------


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
    agreement = services.agreement_for(escalation.market, today)
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


@role_required(*HOUSE, BUYER)
def letter_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter as it is proposed, marked « projet »; nothing is kept."""
    escalation = escalation_row(request.user, pk)
    standing = standing_of(escalation)
    letter = standing.letter
    if letter is None or standing.stage != Stage.TO_APPROVE:
        messages.error(request, "Il n’y a pas de courrier en attente d’accord.")
        return redirect("escalation_detail", pk=pk)
    today = timezone.localdate()
    try:
        content = documents.letter_pdf(letter.facts["letter"], dated=today, is_draft=True)
    except DomainError as error:
        # The server may lack the libraries that set pages: the words of the letter stay on the buyer's page.
        messages.error(request, error.sentence)
        return redirect("escalation_detail", pk=pk)
    return file_response(content, documents.file_name("projet-de-courrier", escalation, today), inline=True)


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


@role_required(*HOUSE, BUYER)
@require_POST
def escalation_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole file as one PDF, made by a job."""
    escalation = escalation_row(request.user, pk)
    job = enqueue(
        "escalation_file",
        key=f"escalation_file:{escalation.pk}:{request.user.pk}",
        label=f"Dossier de difficulté, marché {escalation.market.reference}",
        payload={"escalation": escalation.pk, "user": request.user.pk},
        user=request.user,
    )
    return redirect("job_detail", pk=job.pk)


# --- The company --------------------------------------------------------------------------------------------


@role_required(COMPANY)
def escalation_letters(request: HttpRequest) -> HttpResponse:
    """The letters sent to the company, until when it is asked to answer, and to whom."""
    steps = (
        EscalationStep.objects.visible_to(request.user)
        .select_related("escalation__market__buyer", "document")
        .order_by("-on", "-pk")
    )
    today = timezone.localdate()
    letters = []
    for step in steps:
        escalation = step.escalation
        due_on = step.day_of("due_on")
        if escalation.closed_on:
            code, words = "closed", ""
        elif due_on and today > due_on:
            code, words = "late", "délai passé"
        else:
            code, words = "wait", "réponse attendue"
        letters.append(
            {"step": step, "market": escalation.market, "due_on": due_on, "code": code, "words": words}
        )
    return render(request, "clauses/escalation_letters.html", {"letters": letters})
