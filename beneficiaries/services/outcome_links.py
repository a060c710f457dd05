"""The question of a situation, sent by a link to the person or to their referrer, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import OutcomeSource, Situation
from beneficiaries.models import Outcome
from beneficiaries.services.outcomes import LINK_KINDS, is_asked, record_outcome
from clauses.calendar import absolute
from core.errors import DomainError
from core.links import GONE, make_link, open_link
from core.outbox import write_message
from markets.models import House

if TYPE_CHECKING:
    from accounts.models import User

LINK_DAYS = 30


@dataclass(frozen=True, slots=True)
class Question:
    """What a link opens: the row, and who answers."""

    outcome: Outcome
    source: str


def address_of(outcome: Outcome, source: str) -> str:
    """Where the question goes; empty when no address is known."""
    person = outcome.beneficiary
    if source == OutcomeSource.PERSON:
        return person.email
    referrer = person.referrer
    return referrer.email if referrer is not None and referrer.is_active else ""


@transaction.atomic
def send_outcome_link(*, outcome: Outcome, source: str, user: User) -> str:
    """Send the question; returns the address it goes to. Earlier links to the same address open nothing any more.

    Raises DomainError when the question does not stand, or nobody can be written to.
    """
    row = (
        Outcome.objects.select_for_update(of=("self",))
        .select_related("beneficiary__referrer")
        .get(pk=outcome.pk)
    )
    if source not in LINK_KINDS:
        raise DomainError("Choisissez à qui la question est posée.")
    if not is_asked(row, timezone.localdate()):
        raise DomainError("Cette situation n’est pas à recueillir aujourd’hui.")
    address = address_of(row, source)
    if not address:
        who = "La personne" if source == OutcomeSource.PERSON else "Le référent ou la référente"
        raise DomainError(f"{who} n’a pas d’adresse électronique dans Maillon.")
    link = make_link(
        kind=LINK_KINDS[OutcomeSource(source)], object_id=row.pk, email=address, days=LINK_DAYS, by=user
    )
    house = House.current()
    person = row.beneficiary
    body = render_to_string(
        "beneficiaries/email/outcome.txt",
        {
            "is_person": source == OutcomeSource.PERSON,
            "first_name": person.first_name,
            # A referrer follows several people: the initial tells two of the same first name apart.
            "initial": person.last_name[:1],
            "address": absolute(reverse("outcome_answer", args=[link.token])),
            "until": timezone.localdate(link.row.expires_at),
            "house": house,
            "by": user,
        },
    )
    write_message(
        key=f"outcome:{row.pk}:{link.row.pk}",
        recipients=[address],
        subject="Où en êtes-vous ?"
        if source == OutcomeSource.PERSON
        else "Des nouvelles d’une personne que vous suivez",
        body=body,
        person=person.pk,
    )
    return address


def open_question(token: str) -> Question:
    """What the link opens. Raises DomainError when it opens nothing (any more)."""
    for source, kind in LINK_KINDS.items():
        try:
            link = open_link(kind=kind, token=token)
        except DomainError:
            continue
        row = Outcome.objects.select_related("beneficiary").filter(pk=link.object_id).first()
        if row is None or row.situation or row.cancelled_on or _is_gone(row):
            raise DomainError(GONE)
        return Question(row, source)
    raise DomainError(GONE)


def _is_gone(row: Outcome) -> bool:
    person = row.beneficiary
    return bool(person.archived_on or person.anonymised_on or person.merged_into_id)


# Nobody says of themselves that there is no news of them.
NOT_FOR_LINKS = (Situation.NO_NEWS, Situation.UNKNOWN)


@transaction.atomic
def answer_question(*, token: str, situation: str) -> Outcome:
    """Record the answer given through a link: it serves once."""
    question = open_question(token)
    if situation in NOT_FOR_LINKS:
        raise DomainError("Choisissez une situation de la liste.", field="situation")
    # The row is locked by whoever answers first; the second finds it answered.
    locked = Outcome.objects.select_for_update().get(pk=question.outcome.pk)
    if locked.situation or locked.cancelled_on:
        raise DomainError(GONE)
    return record_outcome(outcome=locked, situation=situation, source=question.source, user=None)
