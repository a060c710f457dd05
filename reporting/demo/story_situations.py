"""Where those who left their path in a closed year stood, at the exit, six and twelve months later."""

from __future__ import annotations

import datetime as dt

from beneficiaries.enums import Milestone, OutcomeSource, Situation
from beneficiaries.models import CountingRules, HoursEntry, Outcome
from beneficiaries.services.outcomes import exits, follow_outcomes, record_outcome
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day

# So many people of a year, those who worked for the first buyer before the others.
PEOPLE = 80
# Exit, six months, twelve months, and whether the company that held the market hired; in turn, none by chance.
PATHS = (
    (Situation.CDI, Situation.CDI, Situation.CDI, True),
    (Situation.SEEKING, Situation.CDD_SHORT, Situation.CDD_LONG, False),
    (Situation.CDD_LONG, Situation.CDD_LONG, Situation.CDI, True),
    (Situation.INTERIM, Situation.INTERIM, Situation.CDD_LONG, False),
    (Situation.TRAINING, Situation.TRAINING, Situation.CDI, False),
    (Situation.SEEKING, Situation.SEEKING, Situation.INTERIM, False),
    (Situation.SIAE, Situation.SIAE, Situation.CDD_SHORT, False),
    (Situation.CDD_LONG, Situation.CDI, Situation.CDI, True),
    (Situation.NO_NEWS, Situation.NO_NEWS, Situation.NO_NEWS, None),
    (Situation.ALTERNANCE, Situation.ALTERNANCE, Situation.ALTERNANCE, False),
    (Situation.CDD_SHORT, Situation.NO_NEWS, Situation.NO_NEWS, False),
    (Situation.INTERIM, Situation.CDI, Situation.CDI, True),
    (Situation.INACTIVE, Situation.SEEKING, Situation.SIAE, False),
)
MILESTONES = (Milestone.EXIT, Milestone.MONTHS_6, Milestone.MONTHS_12)
SOURCES = (OutcomeSource.HOUSE, OutcomeSource.REFERRER, OutcomeSource.PERSON, OutcomeSource.EMPLOYER)


def tell_situations(cast: Cast, year: int) -> int:
    """Those of a closed year: what is due is recorded on its day, the rest is awaited; how many people."""
    # Three months after its end, everybody who left in the year is known to have left.
    seen_on = min(dt.date(year + 1, 3, 31), cast.as_of)
    months = CountingRules.of_territory(seen_on).exit_months
    left = {pk: day for pk, day in exits(seen_on, months).items() if day.year == year}
    theirs = HoursEntry.objects.filter(market__buyer=cast.oullins, month__year=year)
    first = set(theirs.order_by().values_list("assignment__placement__beneficiary", flat=True))
    chosen = sorted(left, key=lambda pk: (pk not in first, left[pk], pk))[:PEOPLE]
    with on_day(seen_on, 6):
        follow_outcomes(seen_on, people=chosen)
    rows = Outcome.objects.filter(beneficiary__in=chosen, exit_on__year=year, cancelled_on=None, situation="")
    by_person: dict[int, dict[str, Outcome]] = {}
    for row in rows.order_by("pk"):
        by_person.setdefault(row.beneficiary_id, {})[row.milestone] = row
    for rank, person in enumerate(chosen):
        *situations, hired = PATHS[rank % len(PATHS)]
        for milestone, situation in zip(MILESTONES, situations, strict=True):
            outcome = by_person[person][milestone]
            if outcome.due_on > cast.as_of:
                continue
            on = min(outcome.due_on + dt.timedelta(days=2 + rank % 9), cast.as_of)
            source = SOURCES[rank % len(SOURCES)]
            with on_day(on, 11):
                record_outcome(
                    outcome=outcome,
                    situation=situation,
                    hired_by_awardee=hired,
                    source=source,
                    recorded_on=on,
                    user=cast.nadia if source == OutcomeSource.HOUSE else None,
                )
    return len(by_person)
