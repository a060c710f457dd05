"""When a person was last in contact with the house, and what keeps their file: one reading for every page and run."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from beneficiaries.models import (
    Application,
    Assignment,
    Attendance,
    Beneficiary,
    EligibilityPeriod,
    EligibilityReview,
    FollowUp,
    HoursEntry,
    Outcome,
    Placement,
    ProofFile,
    ProofRequest,
    ReferrerFeedback,
    RetentionRules,
)
from beneficiaries.retention import Facts, Hold, Step, Terms, Verdict, judge
from clauses.models import Escalation
from core import formats
from core.dates import month_end
from core.models import Message

HOLD_WORDS = {
    Hold.MARKET: "un de ses marchés n’est pas clos",
    Hold.DISPUTE: "une difficulté est ouverte sur un de ses marchés",
    Hold.PERIOD: "sa période d’éligibilité court encore",
    Hold.OUTCOME: "sa situation après le parcours reste à recueillir",
}
STEP_WORDS = {
    Step.ARCHIVED: "mise en archive restreinte",
    Step.PROOFS_ERASED: "effacement des justificatifs",
    Step.ANONYMISED: "anonymisation",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one file stands: its number, the last contact and what it was, the verdict of the rules."""

    person: int
    last_contact: dt.date
    contact: str
    facts: Facts
    verdict: Verdict

    @property
    def sentence(self) -> str:
        """Why this file is kept, or when it goes."""
        if self.verdict.step is None:
            return f"Anonymisée le {formats.day(self.facts.anonymised_on)}\u202f: plus rien n’est à effacer."
        last = f"Dernier contact le {formats.day(self.last_contact)} ({self.contact})"
        if self.last_contact > timezone.localdate():
            # A contract or an assignment with an end: nobody was met on a day to come.
            last = f"En parcours jusqu’au {formats.day(self.last_contact)}"
        if self.verdict.holds:
            return f"{last}. Gardée\u202f: {self.hold_words}."
        when = "possible aujourd’hui" if self.verdict.is_due else f"le {formats.day(self.verdict.due_on)}"
        return f"{last}. Prochaine étape, {STEP_WORDS[self.verdict.step]}\u202f: {when}."

    @property
    def hold_words(self) -> str:
        return ", ".join(HOLD_WORDS[hold] for hold in Hold if hold in self.verdict.holds)


def terms_on(day: dt.date) -> Terms:
    """The lengths in force on that day, for the pure rules."""
    rules = RetentionRules.objects.in_force(day)
    return Terms(rules.active_months, rules.proof_months, rules.anonymise_months)


# What a contact is → rows of (person, day). The last of them all is the last contact.
def _contacts() -> Iterator[tuple[str, Any]]:
    ended = Coalesce("ends_on", "placement__ends_on", "commitment__market__closed_on", "starts_on")
    decided = Coalesce("decided_on", "presented_on", "met_on", "proposed_on")
    person = "beneficiary"
    yield "fin d’affectation", _latest(Assignment, "placement__beneficiary", ended)
    yield "contrat", _latest(Placement, person, Coalesce("ends_on", "starts_on"))
    yield "décision d’éligibilité", _latest(EligibilityReview, person, "decided_on")
    yield "note de suivi", _latest(FollowUp, person, "happened_on")
    yield "retour au référent", _latest(ReferrerFeedback, person, TruncDate("written_at"))
    yield "candidature", _latest(Application, person, decided)
    yield "situation après le parcours", _latest(Outcome, person, "recorded_on")
    yield "justificatif reçu", _latest(ProofFile, person, TruncDate("added_at"))
    yield "justificatif demandé", _latest(ProofRequest, person, Coalesce("answered_on", "asked_on"))
    came = Q(came=True)
    yield "action collective", _latest(Attendance, person, "action__held_on", came)
    yield "message", _latest(Message, "person_number", TruncDate("created_at"))
    yield "information sur les données", _latest(Beneficiary, "pk", "informed_on")


def _latest(model: Any, person: str, day: Any, where: Q | None = None) -> Any:
    rows = model.objects.filter(**{f"{person}__isnull": False}).filter(where or Q())
    return rows.order_by().values_list(person).annotate(latest=Max(day))


def _hours_last_worked() -> Any:
    """The month of the last hours, by person."""
    rows = HoursEntry.objects.current().filter(hours__gt=0)
    return rows.order_by().values_list("assignment__placement__beneficiary").annotate(latest=Max("month"))


def last_contacts(people: Collection[int] | None = None) -> dict[int, tuple[dt.date, str]]:
    """Of each person (of these, or of all), the day of the last contact and what it was.

    The opening of the file is a contact where there was no other: what was taken over keeps its own dates.
    """
    found: dict[int, tuple[dt.date, str]] = {}

    def keep(person: int, day: dt.date, words: str) -> None:
        if person not in found or day > found[person][0]:
            found[person] = (day, words)

    for words, rows in _contacts():
        for person, day in _of(rows, people):
            if day is not None:
                keep(person, day, words)
    for person, month in _of(_hours_last_worked(), people):
        keep(person, month_end(month), f"heures {formats.of_month(month)}")
    files = Beneficiary.objects.order_by().values_list("pk", TruncDate("created_at"))
    for person, day in files if people is None else files.filter(pk__in=people):
        found.setdefault(person, (day, "ouverture de la fiche"))
    return found


def _of(rows: Any, people: Collection[int] | None) -> Any:
    """The rows of these people: the first column names them."""
    if people is None:
        return rows
    return rows.filter(**{f"{rows.query.values_select[0]}__in": people})


def _holds(today: dt.date, people: Collection[int] | None) -> dict[int, set[Hold]]:
    """What keeps each file, whatever its age."""
    works = Assignment.objects.order_by().values_list("placement__beneficiary")
    disputed = Escalation.objects.open().values("market")
    sources = (
        (Hold.MARKET, works.filter(commitment__market__closed_on__isnull=True)),
        (Hold.DISPUTE, works.filter(commitment__market__in=disputed)),
        (
            Hold.PERIOD,
            EligibilityPeriod.objects.filter(ends_on__gte=today).order_by().values_list("beneficiary"),
        ),
        (
            Hold.OUTCOME,
            Outcome.objects.filter(situation="", cancelled_on__isnull=True)
            .order_by()
            .values_list("beneficiary"),
        ),
    )
    found: dict[int, set[Hold]] = defaultdict(set)
    for hold, rows in sources:
        for (person,) in _of(rows, people).distinct():
            found[person].add(hold)
    return found


def standings(*, today: dt.date, people: Collection[int] | None = None) -> dict[int, Standing]:
    """Where every file stands (or these), by its number; files made one with another go along with it.

    The same number of queries for one file and for all.
    """
    terms = terms_on(today)
    contacts, holds = last_contacts(people), _holds(today, people)
    closings = dict(
        _of(
            Assignment.objects.order_by()
            .values_list("placement__beneficiary")
            .annotate(closed=Max("commitment__market__closed_on")),
            people,
        )
    )
    files = Beneficiary.objects.filter(merged_into__isnull=True).order_by("pk")
    if people is not None:
        files = files.filter(pk__in=people)
    found = {}
    for pk, archived, erased, anonymised in files.values_list(
        "pk", "archived_on", "proofs_erased_on", "anonymised_on"
    ):
        day, words = contacts[pk]
        facts = Facts(day, closings.get(pk), frozenset(holds.get(pk, ())), archived, erased, anonymised)
        found[pk] = Standing(pk, day, words, facts, judge(facts, terms, today))
    return found


def standing_of(person: Beneficiary, today: dt.date) -> Standing:
    """Where one person's file stands."""
    return standings(today=today, people=[person.pk])[person.pk]
