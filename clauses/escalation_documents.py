"""The papers of an escalation: the formal letter, the alert with the file of contacts, and the whole file as one PDF."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clauses.enums import PenaltyDecision, StepKind
from clauses.ladder import Contact
from clauses.models import EscalationStep
from clauses.standings import Computation, Standing, computation_of, standing_of
from core import formats
from core.files import read_file
from core.pdf import PdfAttachment, render_pdf
from core.text import slug
from markets.files import responsibility_on
from markets.paper import house_facts, logo_address, sheets

if TYPE_CHECKING:
    from accounts.models import User
    from clauses.models import Escalation
    from core.models import StoredFile

FILE_KIND = "escalation"
STYLES = sheets("escalation")
# What is carried inside the whole file; beyond, the documents are listed and opened one by one.
ATTACHED_MAX_BYTES = 30 * 1024 * 1024


def may_open(user: Any, stored: StoredFile) -> bool:
    """A document is for who may see a step that bears it: a company, the letters sent to it and nothing else."""
    return EscalationStep.objects.visible_to(user).filter(document=stored).exists()


def file_name(what: str, escalation: Escalation, day: dt.date) -> str:
    """« courrier-de-rappel-2025-0012-2026-03-01.pdf », without accents or spaces."""
    reference = slug(escalation.market.reference, 60) or str(escalation.pk)
    return f"{what}-{reference}-{day.isoformat()}.pdf"


def _contact_person(standing: Standing, by: User | None) -> dict[str, str]:
    """Whom the company calls: the facilitator who answers for the market, else who writes."""
    responsibility = responsibility_on(standing.escalation.market)
    person = responsibility.facilitator if responsibility else by
    if person is None:
        return {"name": "", "email": "", "phone": ""}
    return {"name": str(person), "email": person.email, "phone": person.phone}


# --- What is frozen -----------------------------------------------------------------------------------------


def contact_facts(contact: Contact) -> dict[str, Any]:
    """A contact with its report, as the buyer reads it once alerted."""
    return {
        **_short_contact(contact),
        "participants": contact.participants,
        "summary": contact.summary,
        "author": contact.author,
    }


def _short_contact(contact: Contact) -> dict[str, Any]:
    return {
        "on": contact.on.isoformat(),
        "channel": contact.channel,
        "outcome": contact.outcome,
        "reached": contact.reached,
    }


def letter_facts(
    standing: Standing,
    computation: Computation,
    *,
    due: Decimal | None,
    recipient: str,
    address: str,
    text: str,
    delay_days: int,
    by: User | None,
) -> dict[str, Any]:
    """The letter's words and figures as they are when it is proposed. Contacts are dates and means, never reports."""
    escalation = standing.escalation
    market, commitment = escalation.market, escalation.commitment
    clause = commitment.clause
    refusals = [step for step in standing.steps if step.kind == StepKind.REFUSAL]
    ends = commitment.ends_on or market.planned_end
    return {
        "house": house_facts(),
        "company": escalation.holder.name,
        "recipient": recipient.strip(),
        "address": address.strip(),
        "buyer": market.buyer.name,
        "reference": market.reference,
        "object": market.object,
        "lot": str(clause.lot),
        "clause": clause.get_kind_display(),
        "notified_on": market.notified_on.isoformat() if market.notified_on else "",
        "ends_on": ends.isoformat() if ends else "",
        "engaged": str(computation.engaged),
        "counted": str(computation.counted),
        "missing": str(computation.missing),
        "due": str(due) if due is not None else "",
        "computed_on": standing.today.isoformat(),
        "contacts": [_short_contact(contact) for contact in standing.contacts if not contact.reached],
        "refused_on": refusals[-1].on.isoformat() if refusals else "",
        "penalty": clause.penalty_words,
        "delay_days": delay_days,
        "person": _contact_person(standing, by),
        "text": text.strip(),
        "subject": f"Vos engagements d’insertion, marché {market.reference}",
    }


def read_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Frozen facts as templates write them: days and figures again."""
    found = dict(facts)
    for name in ("notified_on", "ends_on", "computed_on", "refused_on", "due_on"):
        if name in found:
            found[name] = dt.date.fromisoformat(found[name]) if found[name] else None
    for name in ("engaged", "counted", "missing", "due", "computed", "amount"):
        if name in found:
            found[name] = Decimal(found[name]) if found[name] not in ("", None) else None
    if "contacts" in found:
        found["contacts"] = [
            {**contact, "on": dt.date.fromisoformat(contact["on"])} for contact in found["contacts"]
        ]
    return found


# --- The letter ---------------------------------------------------------------------------------------------


def letter_pdf(letter: dict[str, Any], *, dated: dt.date, is_draft: bool = False) -> bytes:
    """The letter as it leaves, or as it is proposed, marked « projet »."""
    return render_pdf(
        "clauses/escalation_letter.html",
        {
            "letter": read_facts(letter),
            "logo": logo_address(),
            "dated": formats.long_day(dated),
            "is_draft": is_draft,
        },
        stylesheets=STYLES,
        made_on=dated,
    )


# --- The alert ----------------------------------------------------------------------------------------------


def alert_pdf(
    standing: Standing, facts: dict[str, Any], *, text: str, by: User | None, dated: dt.date
) -> bytes:
    """The alert to the buyer: what is missing, what was done, and the file of contacts."""
    sent = standing.last(StepKind.LETTER_SENT)
    assert sent is not None
    refusal = next(
        (step for step in reversed(standing.steps) if step.kind == StepKind.REFUSAL and step.pk > sent.pk),
        None,
    )
    return render_pdf(
        "clauses/escalation_alert.html",
        {
            "escalation": standing.escalation,
            "market": standing.escalation.market,
            "commitment": standing.escalation.commitment,
            "facts": read_facts(facts),
            "steps": [step for step in standing.steps if step.kind != StepKind.OPENED],
            "sent": {"on": sent.on, **read_facts(sent.facts)},
            "refusal": refusal,
            "text": text.strip(),
            "house": house_facts(),
            "logo": logo_address(),
            "person": _contact_person(standing, by),
            "dated": formats.long_day(dated),
        },
        stylesheets=STYLES,
        made_on=dated,
    )


# --- The whole file -----------------------------------------------------------------------------------------


def shown_contacts(standing: Standing, user: User) -> list[dict[str, Any]]:
    """The contacts that this person may read: the house all of them, the buyer what was handed to it."""
    if user.is_house_staff:
        return [{**contact_facts(contact), "on": contact.on} for contact in standing.contacts]
    step = standing.last(StepKind.ALERT)
    if step:
        return read_facts({"contacts": step.facts.get("contacts", [])})["contacts"]
    letter = standing.letter
    return read_facts({"contacts": letter.facts["letter"]["contacts"]})["contacts"] if letter else []


def file_pdf(escalation: Escalation, *, user: User, dated: dt.date) -> bytes:
    """Everything in one document: market, commitment, contacts, steps, letter, hours, penalty, decision.

    The documents of the steps are carried inside, as they were kept, up to 30 Mo.
    """
    standing = standing_of(escalation)
    commitment = escalation.commitment
    changes, total = [], Decimal("0.00")
    for change in commitment.changes.select_related("recorded_by").order_by("effective_on", "pk"):
        total += change.delta
        changes.append({"change": change, "total": total})
    decided = standing.last(StepKind.DECISION)
    measured = [
        {"step": step, **read_facts(step.facts)} for step in standing.steps if "engaged" in step.facts
    ]
    if decided:
        penalty = read_facts(decided.facts)
    else:
        penalty = read_facts(computation_of(commitment).as_facts())
        measured.append({"step": None, **penalty})
    letter = standing.letter
    approved = standing.last(StepKind.LETTER_APPROVED, StepKind.LETTER_CONSENTED)
    attachments, listed = _attachments(standing)
    return render_pdf(
        "clauses/escalation_file.html",
        {
            "escalation": escalation,
            "standing": standing,
            "market": escalation.market,
            "commitment": commitment,
            "clause": commitment.clause,
            "changes": changes,
            "contacts": shown_contacts(standing, user),
            "contacts_are_whole": user.is_house_staff or standing.last(StepKind.ALERT) is not None,
            "letter": read_facts(letter.facts["letter"]) if letter else None,
            "letter_state": letter_state(standing),
            "letter_dated": formats.long_day(approved.on) if approved else "",
            "measured": measured,
            "penalty": penalty,
            "decided": decided,
            "decision_words": decision_words(decided) if decided else "",
            "documents": listed,
            "house": house_facts(),
            "logo": logo_address(),
            "dated": formats.long_day(dated),
            "made_by": str(user),
        },
        stylesheets=STYLES,
        made_on=dated,
        attachments=attachments,
    )


def letter_state(standing: Standing) -> str:
    """Where the letter last proposed stands, in a line."""
    sent = standing.last(StepKind.LETTER_SENT)
    if sent:
        tracking = (
            ", n°\u00a0" + sent.facts["tracking"].replace(" ", "\u00a0") if sent.facts.get("tracking") else ""
        )
        return (
            f"Envoyé le {formats.day(sent.on)} ({sent.facts['way_words']}{tracking}), "
            f"réponse demandée avant le {formats.day(sent.day_of('due_on'))}."
        )
    return {
        StepKind.LETTER_PROPOSED: "Proposé au donneur d’ordre, en attente de son accord.",
        StepKind.LETTER_SENT_BACK: "Renvoyé par le donneur d’ordre.",
        StepKind.LETTER_APPROVED: "Approuvé, pas encore envoyé.",
        StepKind.LETTER_CONSENTED: "Couvert par l’accord de la convention, pas encore envoyé.",
    }.get(
        next(
            (
                StepKind(step.kind)
                for step in reversed(standing.steps)
                if step.kind
                in (
                    StepKind.LETTER_PROPOSED,
                    StepKind.LETTER_SENT_BACK,
                    StepKind.LETTER_APPROVED,
                    StepKind.LETTER_CONSENTED,
                )
            ),
            StepKind.OPENED,
        ),
        "",
    )


def decision_words(step: EscalationStep) -> str:
    """« Pénalité appliquée : 14 700 € »."""
    amount = formats.amount(step.facts["amount"])
    computed = formats.amount(step.facts.get("computed"))
    words = {
        PenaltyDecision.APPLIED: f"Pénalité appliquée : {amount}",
        PenaltyDecision.REDUCED: f"Pénalité réduite à {amount}, pour {computed} calculés",
        PenaltyDecision.WAIVED: f"Pénalité levée, pour {computed} calculés"
        if step.facts.get("computed")
        else "Pénalité levée",
    }
    return formats.typeset(words[PenaltyDecision(step.facts["decision"])])


def _attachments(standing: Standing) -> tuple[list[PdfAttachment], list[dict[str, Any]]]:
    """The documents of the steps, once each, and how the document lists them."""
    attachments: list[PdfAttachment] = []
    listed: list[dict[str, Any]] = []
    seen, size = set(), 0
    for step in standing.steps:
        stored = step.document
        if stored is None or stored.pk in seen:
            continue
        seen.add(stored.pk)
        size += stored.size
        is_inside = size <= ATTACHED_MAX_BYTES
        listed.append({"step": step, "stored": stored, "is_inside": is_inside})
        if is_inside:
            attachments.append(
                PdfAttachment(
                    f"{len(listed):02d}-{stored.name}",
                    read_file(stored),
                    f"{step.get_kind_display()}, {formats.day(step.on)}",
                )
            )
    return attachments, listed
