"""What a year still lacks, by donneur d’ordre: hours not validated, situations unknown, anomalies.

By the buyer that leads the market: there it is settled. Each figure has the same number of queries for any number of
buyers, and the rows of the list that it leads to (« Relevés d’heures », « Situations », « À vérifier »).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, F, OuterRef

from beneficiaries.anomalies import find_anomalies
from beneficiaries.enums import EntryState
from beneficiaries.models import Assignment

BUYER_OF_OUTCOME = "beneficiary__placements__assignments__commitment__market__buyer"


def unvalidated(entries: Any, year: int) -> Any:
    """Entries of the year in force that nobody validated: drafts, submitted, sent back, of whomever they wait for."""
    months = (dt.date(year, 1, 1), dt.date(year, 12, 31))
    return entries.current().filter(month__range=months).exclude(state=EntryState.VALIDATED)


def unvalidated_by_buyer(entries: Any, year: int, buyers: Collection[int]) -> dict[int, int]:
    """Buyer → number of its entries of the year that nobody validated."""
    rows = unvalidated(entries, year).filter(market__buyer__in=buyers).order_by()
    return dict(rows.values_list("market__buyer").annotate(number=Count("pk")))


def unanswered(outcomes: Any, year: int, today: dt.date) -> Any:
    """Situations to be asked in that year, due by today, that nobody has said."""
    rows = outcomes.filter(situation="", cancelled_on__isnull=True, due_on__lte=today)
    return rows.filter(due_on__range=(dt.date(year, 1, 1), dt.date(year, 12, 31)))


def unanswered_by_buyer(outcomes: Any, year: int, today: dt.date, buyers: Collection[int]) -> dict[int, int]:
    """Buyer → number of situations unknown; someone who worked for two buyers is asked for by both."""
    rows = unanswered(outcomes, year, today).filter(
        **{f"{BUYER_OF_OUTCOME}__in": buyers},
        beneficiary__placements__assignments__starts_on__lte=F("exit_on"),
    )
    return dict(rows.order_by().values_list(BUYER_OF_OUTCOME).annotate(number=Count("pk", distinct=True)))


def outcomes_of_buyer(outcomes: Any, buyer: Any) -> Any:
    """The situations of those who had worked for a buyer before they left."""
    worked = Assignment.objects.filter(
        placement__beneficiary=OuterRef("beneficiary"),
        commitment__market__buyer=buyer,
        starts_on__lte=OuterRef("exit_on"),
    )
    return outcomes.filter(Exists(worked))


def months_of_checks(year: int, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last month of the year that « À vérifier » looks at: up to this one in the current year."""
    return dt.date(year, 1, 1), min(dt.date(year, 12, 1), today.replace(day=1))


def anomalies_by_buyer(
    assignments: Any, commitments: Any, year: int, today: dt.date, buyers: Collection[int]
) -> dict[int, int]:
    """Buyer → number of open anomalies of the year, those of « À vérifier » over the same months."""
    found = find_anomalies(
        assignments.filter(commitment__market__buyer__in=buyers),
        *months_of_checks(year, today),
        commitments=commitments.filter(market__buyer__in=buyers),
    )
    return dict(Counter(anomaly.buyer for anomaly in found.open))
