"""The convention's ladder (annexe 2.A): which step may follow which, who makes it, and what is missing before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from clauses.enums import StepKind
from core import formats

# « plusieurs contacts non aboutis dont un écrit »
MIN_CONTACTS = 2


class Stage(StrEnum):
    """What an escalation waits for, in the order of the ladder."""

    CONTACTS = "contacts"
    TO_PROPOSE = "to_propose"
    TO_APPROVE = "to_approve"
    TO_SEND = "to_send"
    WAITING = "waiting"
    TO_ALERT = "to_alert"
    TO_NOTIFY = "to_notify"
    TO_DECIDE = "to_decide"
    DECIDED = "decided"
    CLOSED = "closed"


STAGES = tuple(Stage)
STAGE_LABELS = {
    Stage.CONTACTS: "contacts en cours",
    Stage.TO_PROPOSE: "courrier à proposer",
    Stage.TO_APPROVE: "courrier à approuver",
    Stage.TO_SEND: "courrier à envoyer",
    Stage.WAITING: "réponse attendue",
    Stage.TO_ALERT: "alerte à transmettre",
    Stage.TO_NOTIFY: "défaillance à notifier",
    Stage.TO_DECIDE: "pénalité à décider",
    Stage.DECIDED: "pénalité décidée",
    Stage.CLOSED: "close",
}
STAGE_TONES = {
    Stage.CONTACTS: "watch",
    Stage.TO_PROPOSE: "watch",
    Stage.TO_APPROVE: "wait",
    Stage.TO_SEND: "watch",
    Stage.WAITING: "wait",
    Stage.TO_ALERT: "late",
    Stage.TO_NOTIFY: "late",
    Stage.TO_DECIDE: "late",
    Stage.DECIDED: "done",
    Stage.CLOSED: "done",
}
# Who must act at each stage; the values are those of `markets.enums.Turn`.
TURNS = {
    Stage.CONTACTS: "house",
    Stage.TO_PROPOSE: "house",
    Stage.TO_APPROVE: "buyer",
    Stage.TO_SEND: "house",
    Stage.WAITING: "company",
    Stage.TO_ALERT: "house",
    Stage.TO_NOTIFY: "buyer",
    Stage.TO_DECIDE: "buyer",
}
# The rungs shown on the page: the stage that ends with it, and the step that makes it.
RUNGS = (
    (Stage.CONTACTS, "Contacts avec l’entreprise", "au moins deux sans réponse, dont un écrit, ou un refus"),
    (Stage.TO_PROPOSE, "Courrier proposé au donneur d’ordre", ""),
    (
        Stage.TO_APPROVE,
        "Courrier approuvé par le donneur d’ordre",
        "ou accord donné d’avance par la convention",
    ),
    (Stage.TO_SEND, "Courrier envoyé à l’entreprise", ""),
    (Stage.WAITING, "Fin du délai, ou refus de l’entreprise", ""),
    (Stage.TO_ALERT, "Alerte au donneur d’ordre, avec le dossier des contacts", ""),
    (Stage.TO_NOTIFY, "Défaillance notifiée par le donneur d’ordre", ""),
    (Stage.TO_DECIDE, "Décision du donneur d’ordre sur la pénalité", ""),
)


@dataclass(frozen=True)
class Contact:
    """A contact of the house with the company about the market, as the ladder reads it."""

    on: dt.date
    channel: str
    is_written: bool
    reached: bool
    pk: int = 0
    participants: str = ""
    summary: str = ""
    author: str = ""

    @property
    def outcome(self) -> str:
        return "l’entreprise a répondu" if self.reached else "sans réponse"


@dataclass(frozen=True)
class Rung:
    """What the ladder reads of a step."""

    kind: str
    on: dt.date


def contacts_missing(contacts: Sequence[Contact]) -> str:
    """What the contacts still lack before a letter, as the end of a sentence; nothing when they are enough."""
    failed = [contact for contact in contacts if not contact.reached]
    written = any(contact.is_written for contact in failed)
    if len(failed) >= MIN_CONTACTS and written:
        return ""
    left = max(MIN_CONTACTS - len(failed), 0)
    if not left:
        return "aucun des contacts sans réponse n’est écrit (courriel ou courrier)"
    noun = f"il manque {formats.noun(left, 'contact')} sans réponse"
    return noun if written else f"{noun}, dont un écrit (courriel ou courrier)"


def stage_of(
    steps: Sequence[Rung], *, contacts: Sequence[Contact], due_on: dt.date | None, today: dt.date
) -> Stage:
    """What an escalation waits for. steps: in the order in which they were recorded; due_on: the letter's last day."""
    kinds = [step.kind for step in steps]
    if StepKind.DECISION in kinds:
        return Stage.DECIDED
    if StepKind.CLOSED in kinds:
        return Stage.CLOSED
    if StepKind.DEFAULT in kinds:
        return Stage.TO_DECIDE
    if StepKind.ALERT in kinds:
        return Stage.TO_NOTIFY
    if StepKind.LETTER_SENT in kinds:
        after = kinds[kinds.index(StepKind.LETTER_SENT) :]
        over = due_on is not None and today > due_on
        refused = StepKind.REFUSAL in after or StepKind.NO_ANSWER in after
        return Stage.TO_ALERT if refused or over else Stage.WAITING
    letter = (
        StepKind.LETTER_PROPOSED,
        StepKind.LETTER_SENT_BACK,
        StepKind.LETTER_APPROVED,
        StepKind.LETTER_CONSENTED,
    )
    last = next((kind for kind in reversed(kinds) if kind in letter), None)
    if last == StepKind.LETTER_PROPOSED:
        return Stage.TO_APPROVE
    if last in (StepKind.LETTER_APPROVED, StepKind.LETTER_CONSENTED):
        return Stage.TO_SEND
    if StepKind.REFUSAL in kinds or not contacts_missing(contacts):
        return Stage.TO_PROPOSE
    return Stage.CONTACTS


def missing_at(stage: Stage, *, contacts: Sequence[Contact], due_on: dt.date | None) -> str:
    """What is missing before the steps that come after `stage`, as the end of a sentence."""
    return {
        Stage.CONTACTS: contacts_missing(contacts)
        or "il manque des contacts sans réponse, ou un refus de l’entreprise",
        Stage.TO_PROPOSE: "le courrier de rappel n’a pas été proposé au donneur d’ordre",
        Stage.TO_APPROVE: "le donneur d’ordre n’a pas encore approuvé le courrier",
        Stage.TO_SEND: "le courrier de rappel n’est pas encore envoyé",
        Stage.WAITING: f"le délai laissé à l’entreprise court jusqu’au {formats.day(due_on)} et elle n’a pas refusé",
        Stage.TO_ALERT: "le donneur d’ordre n’a pas encore été alerté",
        Stage.TO_NOTIFY: "le donneur d’ordre n’a pas encore notifié sa défaillance à l’entreprise",
        Stage.TO_DECIDE: "le donneur d’ordre n’a pas encore décidé",
        Stage.DECIDED: "le donneur d’ordre a déjà décidé",
        Stage.CLOSED: "la difficulté est close",
    }[stage]


def refusal(wanted: Stage, found: Stage, *, contacts: Sequence[Contact], due_on: dt.date | None) -> str:
    """Why what belongs to stage `wanted` is refused at stage `found`; nothing when it is its time."""
    if wanted == found:
        return ""
    gesture = {
        Stage.TO_PROPOSE: "Le courrier ne peut pas être proposé",
        Stage.TO_APPROVE: "Il n’y a pas de courrier à approuver",
        Stage.TO_SEND: "L’envoi ne peut pas être enregistré",
        Stage.TO_ALERT: "L’alerte ne peut pas être transmise",
        Stage.TO_NOTIFY: "La défaillance ne peut pas être notifiée",
        Stage.TO_DECIDE: "La pénalité ne peut pas être décidée",
    }[wanted]
    if found in (Stage.DECIDED, Stage.CLOSED) or STAGES.index(found) < STAGES.index(wanted):
        return f"{gesture} : {missing_at(found, contacts=contacts, due_on=due_on)}."
    return f"{gesture} : cette étape est déjà faite ({STAGE_LABELS[found]} à présent)."
