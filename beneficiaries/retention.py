"""How long a person's file is kept, without Django: the next step, when it is due, and what holds it back (rule 10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core.dates import add_months


class Step(StrEnum):
    """The same values as `beneficiaries.enums.RetentionStep`, in the order in which they come."""

    ARCHIVED = "archived"
    PROOFS_ERASED = "proofs_erased"
    ANONYMISED = "anonymised"


class Hold(StrEnum):
    """What keeps a file where it is, whatever its age."""

    MARKET = "market"
    DISPUTE = "dispute"
    PERIOD = "period"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Terms:
    """Lengths in months: active base after the last contact; proofs and anonymisation after the last closing."""

    active_months: int = 24
    proof_months: int = 60
    anonymise_months: int = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """What the step depends on. closed_on: the day the last of the person's markets closed; None without a market."""

    last_contact: dt.date
    closed_on: dt.date | None = None
    holds: frozenset[Hold] = frozenset()
    archived_on: dt.date | None = None
    proofs_erased_on: dt.date | None = None
    anonymised_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The next step of a file and the day from which it may be taken; `is_due` says whether that is today."""

    step: Step | None
    due_on: dt.date | None
    holds: frozenset[Hold]
    is_due: bool


def judge(facts: Facts, terms: Terms, today: dt.date) -> Verdict:
    """The next step of one file. One step at a time: the following one is judged again at the next run.

    The limitation runs from the closing of the last market, or from the last contact where there was none.
    """
    if facts.anonymised_on:
        return Verdict(None, None, frozenset(), False)
    base = facts.closed_on or facts.last_contact
    if facts.archived_on is None:
        step, due_on = Step.ARCHIVED, add_months(facts.last_contact, terms.active_months)
    elif facts.proofs_erased_on is None:
        step, due_on = Step.PROOFS_ERASED, max(facts.archived_on, add_months(base, terms.proof_months))
    else:
        due_on = max(facts.proofs_erased_on, add_months(base, terms.anonymise_months))
        step = Step.ANONYMISED
    return Verdict(step, due_on, facts.holds, not facts.holds and due_on <= today)
