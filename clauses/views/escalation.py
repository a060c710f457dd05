"""Difficulties with a company: the tab of a market, the ladder of one escalation, its papers, the company's letters."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from clauses import escalation_documents as documents
from clauses.enums import StepKind
from clauses.ladder import RUNGS, STAGES, Stage
from clauses.models import Escalation, EscalationStep
from clauses.standings import Standing, standing_of, standings_of
from core import formats
from core.access import BUYER, COMPANY, HOUSE, role_required
from core.errors import DomainError
from core.files import file_response
from core.jobs import enqueue
from markets.files import file_context
from markets.models import Task
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


# --- On paper -----------------------------------------------------------------------------------------------


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
