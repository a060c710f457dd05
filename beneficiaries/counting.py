"""Which hours of one person count, and why the others do not: domain rules 1 to 4, without Django.

Every date is a whole day and every interval includes both its ends. The reasons for each choice are in
`docs/adr/0010-counting.md`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Literal

import holidays

from core.dates import add_months, month_end, month_of

CENT = Decimal("0.01")
ZERO = Decimal(0)
DETAIL_LENGTH = 400

KIND_PHRASES = {
    "work": "de travail",
    "training": "de formation",
    "tutoring": "de tutorat",
    "immersion": "d’immersion",
}


class Reason(StrEnum):
    """Why hours count or not, in the order of domain rule 3 (labels: `enums.CountingReason`)."""

    COUNTED = "counted"
    NOT_VALIDATED = "not_validated"
    NO_PRIOR_VALIDATION = "no_prior_validation"
    VALIDATION_EXPIRED = "validation_expired"
    OUTSIDE_ASSIGNMENT = "outside_assignment"
    OUTSIDE_MARKET = "outside_market"
    KIND_NOT_COUNTED = "kind_not_counted"
    PERIOD_USED_UP = "period_used_up"
    OVER_CAP = "over_cap"


@dataclass(frozen=True, slots=True)
class Rules:
    """The counting rules in force for one market and one month."""

    kinds: frozenset[str]
    period_months: int = 24
    review_validity_months: int = 3
    month_cap: Decimal | None = None
    legal_max_month: Decimal = Decimal("220")
    full_time_month: Decimal = Decimal("151.67")
    # Months added to the period of a person hired under that contract type; they do not add up.
    extension_months: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def cap(self) -> Decimal:
        """The most hours of one person that may count in a month; never above the legal maximum."""
        return self.legal_max_month if self.month_cap is None else min(self.month_cap, self.legal_max_month)


@dataclass(frozen=True, slots=True)
class Review:
    """A decision on eligibility; `valid_until` is the last day on which an unused validation can be used."""

    id: int
    approved: bool
    decided_on: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One assignment, with what counting needs to know of its placement and of its market."""

    id: int
    placement_id: int
    market_id: int
    starts_on: date
    ends_on: date | None
    contract_starts_on: date
    direct_hire: bool
    review_id: int | None
    positioned_on: date | None = None
    market_starts_on: date | None = None
    market_planned_end: date | None = None
    market_closed_on: date | None = None
    contract_type: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The hours of one kind, in one month, on one assignment; take-over hours are `exempt` (rule 11)."""

    id: int
    work_id: int
    month: date
    kind: str
    hours: Decimal
    first_day: date | None = None
    last_day: date | None = None
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """An eligibility period, both days included; `review_id` is the validation that opened it."""

    starts_on: date
    ends_on: date
    review_id: int | None = None

    def holds(self, day: date) -> bool:
        """Tell whether the period is open on that day."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Result:
    """The hours of an entry that count; `reason` is that of the (largest) part left out, else COUNTED."""

    entry_id: int
    counted: Decimal
    reason: Reason
    detail: str = ""
    after_planned_end: bool = False

    @property
    def is_partial(self) -> bool:
        """Tell whether one part of the hours counts and another does not."""
        return self.counted > 0 and self.reason is not Reason.COUNTED


RulesFor = Callable[[int, date], Rules]


@dataclass(frozen=True, slots=True)
class _Span:
    """Days from `first` to `last`, both included; no day at all when `last` comes before `first`."""

    first: date
    last: date

    def within(self, first: date | None, last: date | None) -> "_Span":
        return _Span(max(self.first, first or date.min), min(self.last, last or date.max))


_NO_DAY = _Span(date.max, date.min)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What rules 1 and 2 say of an assignment as a whole: the period it draws on, or why nothing counts."""

    period: Period | None = None
    reason: Reason | None = None
    why: str = ""


# Days and months


def period_end(starts_on: date, months: int) -> date:
    """Return the last day of a period of so many months: the eve of the anniversary of its first day.

    Where the last month has no such anniversary (31 August + 6 months), the period goes to the end of it.
    """
    anniversary = add_months(starts_on, months)
    return anniversary - timedelta(days=1) if anniversary.day == starts_on.day else anniversary


@lru_cache(maxsize=64)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", years=year))


@lru_cache(maxsize=4096)
def working_days(first: date, last: date) -> int:
    """Count the days from Monday to Friday that are no French public holiday, both ends included."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum(day.weekday() < 5 and day not in _public_holidays(day.year) for day in days)


# Rules 1 and 2: what an assignment rests on


def _review_of(work: Work, reviews: Mapping[int, Review]) -> Review | None:
    return None if work.review_id is None else reviews.get(work.review_id)


def _is_prior(work: Work, review: Review) -> bool:
    """Tell whether the decision came in time: by the first day; before the contract for a direct hire."""
    if review.decided_on > work.starts_on:
        return False
    return not work.direct_hire or review.decided_on < work.contract_starts_on


def _usable_until(work: Work, review: Review, rules_for: RulesFor) -> date:
    if review.valid_until is not None:
        return review.valid_until
    rules = rules_for(work.market_id, month_of(work.starts_on))
    return add_months(review.decided_on, rules.review_validity_months)


def _can_use(work: Work, review: Review, rules_for: RulesFor) -> bool:
    return (
        review.approved
        and _is_prior(work, review)
        and work.starts_on <= _usable_until(work, review, rules_for)
    )


def _first_uses(works: Iterable[Work], reviews: Mapping[int, Review], rules_for: RulesFor) -> dict[int, date]:
    """Return the day on which each validation was first used, by an assignment that could use it."""
    uses: dict[int, date] = {}
    for work in works:
        review = _review_of(work, reviews)
        if review is not None and _can_use(work, review, rules_for):
            uses[review.id] = min(work.starts_on, uses.get(review.id, date.max))
    return uses


def _period_on(periods: Iterable[Period], day: date) -> Period | None:
    return max(
        (period for period in periods if period.holds(day)),
        key=lambda period: (period.ends_on, period.starts_on),
        default=None,
    )


def _not_prior(work: Work, review: Review) -> str:
    if review.decided_on > work.starts_on:
        return (
            f"La validation d’éligibilité date du {_day(review.decided_on)}, "
            f"après le début de l’affectation le {_day(work.starts_on)}"
        )
    return (
        f"La validation d’éligibilité date du {_day(review.decided_on)} et devait précéder le contrat, "
        f"une embauche directe qui commence le {_day(work.contract_starts_on)}"
    )


def _not_positioned(work: Work) -> str:
    if work.positioned_on is None:
        return (
            "La personne est déjà validée, mais aucun positionnement n’est enregistré "
            f"pour l’affectation qui commence le {_day(work.starts_on)}"
        )
    return (
        f"Le positionnement date du {_day(work.positioned_on)}, "
        f"après le début de l’affectation le {_day(work.starts_on)}"
    )


def _not_validated(work: Work, refused: Review | None) -> str:
    if refused is not None:
        return f"La validation d’éligibilité a été refusée le {_day(refused.decided_on)}"
    return (
        "Aucune validation d’éligibilité accordée n’est rattachée à l’affectation "
        f"qui commence le {_day(work.starts_on)}"
    )


def _used_up(work: Work, periods: Collection[Period]) -> str:
    ended = max((period.ends_on for period in periods if period.ends_on < work.starts_on), default=None)
    since = f"est terminée depuis le {_day(ended)}" if ended else "n’est pas ouverte"
    return (
        f"La période d’éligibilité {since}, et l’affectation qui commence le {_day(work.starts_on)} "
        "ne s’appuie pas sur une nouvelle validation"
    )


def _standing(
    work: Work,
    reviews: Mapping[int, Review],
    uses: Mapping[int, date],
    periods: Collection[Period],
    rules_for: RulesFor,
) -> _Standing:
    """Judge an assignment on its first day: prior validation, or open period and positionnement."""
    start = work.starts_on
    period = _period_on(periods, start)
    review = _review_of(work, reviews)
    approved = [known for known in reviews.values() if known.approved]

    if work.review_id is not None and (review is None or not review.approved):
        return _Standing(None, Reason.NOT_VALIDATED, _not_validated(work, review))

    if review is not None and uses.get(review.id) == start and _can_use(work, review, rules_for):
        return _Standing(period)
    positioned = work.positioned_on is not None and work.positioned_on <= start
    if positioned and period is not None and any(_is_prior(work, known) for known in approved):
        return _Standing(period)

    if review is None:
        return _without_review(work, approved, period, periods)
    if not _is_prior(work, review):
        return _Standing(None, Reason.NO_PRIOR_VALIDATION, _not_prior(work, review))
    if uses.get(review.id, date.max) > start:
        why = (
            f"La validation d’éligibilité du {_day(review.decided_on)} devait servir au plus tard "
            f"le {_day(_usable_until(work, review, rules_for))}, et l’affectation commence le {_day(start)}"
        )
        return _Standing(None, Reason.VALIDATION_EXPIRED, why)
    if period is None:
        return _Standing(None, Reason.PERIOD_USED_UP, _used_up(work, periods))
    return _Standing(None, Reason.NO_PRIOR_VALIDATION, _not_positioned(work))


def _without_review(
    work: Work, approved: Collection[Review], period: Period | None, periods: Collection[Period]
) -> _Standing:
    """Say why an assignment that names no review of its own does not count."""
    if work.positioned_on is None or not approved:
        return _Standing(None, Reason.NOT_VALIDATED, _not_validated(work, None))
    if work.positioned_on > work.starts_on:
        return _Standing(None, Reason.NO_PRIOR_VALIDATION, _not_positioned(work))
    if period is not None:
        earliest = min(approved, key=lambda known: (known.decided_on, known.id))
        return _Standing(None, Reason.NO_PRIOR_VALIDATION, _not_prior(work, earliest))
    if any(past.ends_on < work.starts_on for past in periods):
        return _Standing(None, Reason.PERIOD_USED_UP, _used_up(work, periods))
    return _Standing(None, Reason.NOT_VALIDATED, _not_validated(work, None))


def open_periods(works: Iterable[Work], reviews: Iterable[Review], rules_for: RulesFor) -> list[Period]:
    """Derive all the eligibility periods of one person, oldest first, for the service to store.

    A period opens on the first day of an assignment that uses a validation for the first time while no period
    is open, with any employer or buyer. Its length is that of the rules of this market in this month.
    """
    reviews_by_id = {review.id: review for review in reviews}
    ordered = sorted(works, key=lambda work: (work.starts_on, work.id))
    uses = _first_uses(ordered, reviews_by_id, rules_for)
    periods: list[Period] = []
    months = 0
    for work in ordered:
        standing = _standing(work, reviews_by_id, uses, periods, rules_for)
        if standing.reason is not None:
            continue
        rules = rules_for(work.market_id, month_of(work.starts_on))
        extra = rules.extension_months.get(work.contract_type, 0)
        if standing.period is None:
            months = rules.period_months
            ends_on = period_end(work.starts_on, months + extra)
            periods.append(Period(work.starts_on, ends_on, work.review_id))
        else:
            current = periods[-1]
            ends_on = max(current.ends_on, period_end(current.starts_on, months + extra))
            periods[-1] = Period(current.starts_on, ends_on, current.review_id)
    return periods


# Rules 3 and 4: what counts, hour by hour


def count_person(
    entries: Iterable[Entry],
    works: Iterable[Work],
    reviews: Iterable[Review],
    periods: Iterable[Period],
    rules_for: RulesFor,
) -> dict[int, Result]:
    """Say of every entry of one person how many hours count, and why the others do not.

    Give all the assignments, reviews and periods (those of `open_periods`, as stored) of the person, and all
    the entries that are to share the month's cap. `rules_for(market_id, month)` returns the rules in force.
    The order of the arguments changes nothing. Raises KeyError for an entry whose assignment is missing.
    """
    works_by_id = {work.id: work for work in works}
    reviews_by_id = {review.id: review for review in reviews}
    known_periods = tuple(periods)
    uses = _first_uses(works_by_id.values(), reviews_by_id, rules_for)
    standings: dict[int, _Standing] = {}
    ordered = sorted(entries, key=lambda entry: (month_of(entry.month), entry.id))

    # Take-over hours keep what the former tool said; they were worked, so they take their place in the month.
    taken: dict[date, Decimal] = {}
    for entry in ordered:
        if entry.exempt:
            month = month_of(entry.month)
            taken[month] = taken.get(month, ZERO) + entry.hours

    results: dict[int, Result] = {}
    for entry in ordered:
        if entry.exempt:
            detail = "Ces heures viennent de l’ancien outil : elles sont reprises telles quelles."
            results[entry.id] = Result(entry.id, entry.hours, Reason.COUNTED, _detail([detail]))
            continue
        work = works_by_id[entry.work_id]
        if work.id not in standings:
            standings[work.id] = _standing(work, reviews_by_id, uses, known_periods, rules_for)
        month = month_of(entry.month)
        rules = rules_for(work.market_id, month)
        room = max(ZERO, rules.cap - taken.get(month, ZERO))
        result = _count_entry(entry, work, standings[work.id], rules, room)
        taken[month] = taken.get(month, ZERO) + result.counted
        results[entry.id] = result
    return results


def _count_entry(entry: Entry, work: Work, standing: _Standing, rules: Rules, room: Decimal) -> Result:
    if standing.reason is not None:
        return _refused(entry, standing.reason, standing.why)

    month = _Span(month_of(entry.month), month_end(entry.month))
    worked = month.within(entry.first_day or work.starts_on, entry.last_day or work.ends_on)
    in_work = worked.within(work.starts_on, work.ends_on)
    in_market = in_work.within(work.market_starts_on, work.market_closed_on)
    period = standing.period
    in_period = in_market.within(period.starts_on, period.ends_on) if period else _NO_DAY

    # Without a working day in it (a Saturday's job), the span is shared out by calendar days.
    on_working_days = working_days(worked.first, worked.last) > 0
    days_of = working_days if on_working_days else _calendar_days
    total = days_of(worked.first, worked.last)
    work_days = days_of(in_work.first, in_work.last)
    market_days = days_of(in_market.first, in_market.last)
    period_days = days_of(in_period.first, in_period.last)

    refusal = None
    if work_days == 0:
        refusal = Reason.OUTSIDE_ASSIGNMENT
    elif market_days == 0:
        refusal = Reason.OUTSIDE_MARKET
    elif entry.kind not in rules.kinds:
        refusal = Reason.KIND_NOT_COUNTED
    elif period_days == 0:
        refusal = Reason.PERIOD_USED_UP
    if refusal is not None:
        return _refused(entry, refusal, _why_left_out(refusal, entry, work, period))

    left = entry.hours
    cuts: list[tuple[Decimal, Reason, str]] = []
    for reason, before, after in (
        (Reason.OUTSIDE_ASSIGNMENT, total, work_days),
        (Reason.OUTSIDE_MARKET, work_days, market_days),
        (Reason.PERIOD_USED_UP, market_days, period_days),
    ):
        kept = _share(entry.hours, after, total) if before != after else left
        if kept < left:
            unit = "jours ouvrés" if on_working_days else "jours"
            note = (
                f"{_why_left_out(reason, entry, work, period)} : {_not_counted(left - kept)}, "
                f"au prorata des {unit} ({before - after} sur {total})."
            )
            cuts.append((left - kept, reason, note))
            left = kept
    if left > room:
        note = (
            f"Plafond de {_hours(rules.cap)} par mois et par personne, toutes affectations réunies : "
            f"{_not_counted(left - room)}."
        )
        cuts.append((left - room, Reason.OVER_CAP, note))
        left = room

    # The largest part left out gives the reason and speaks first.
    cuts.sort(key=lambda cut: -cut[0])
    notes = [note for _, _, note in cuts]
    planned_end = work.market_planned_end
    late = left > 0 and planned_end is not None and _has_days_after(planned_end, in_period, days_of)
    if late and planned_end is not None:
        notes.append(
            f"La fin prévue du marché ({_day(planned_end)}) est passée : "
            "ces heures comptent tant que le marché n’est pas clos, et sont signalées."
        )
    reason = cuts[0][1] if cuts else Reason.COUNTED
    return Result(entry.id, left, reason, _detail(notes), late)


def _detail(notes: Iterable[str]) -> str:
    """Join the sentences that fit in the length of the stored explanation, the first ones first."""
    text = ""
    for note in notes:
        longer = _typeset(f"{text} {note}".strip())
        if len(longer) <= DETAIL_LENGTH:
            text = longer
    return text


def _has_days_after(day: date, span: _Span, days_of: Callable[[date, date], int]) -> bool:
    after = span.within(day + timedelta(days=1), None)
    return days_of(after.first, after.last) > 0


def _why_left_out(reason: Reason, entry: Entry, work: Work, period: Period | None) -> str:
    if reason is Reason.OUTSIDE_ASSIGNMENT:
        return f"Hors de l’affectation ({_dates(work.starts_on, work.ends_on)})"
    if reason is Reason.OUTSIDE_MARKET:
        return f"Hors de la vie du marché ({_dates(work.market_starts_on, work.market_closed_on)})"
    if reason is Reason.KIND_NOT_COUNTED:
        kind = KIND_PHRASES.get(entry.kind, f"« {entry.kind} »")
        return f"Les règles de ce marché ne retiennent pas les heures {kind} ce mois-ci"
    if period is None:
        return f"Aucune période d’éligibilité n’est ouverte le {_day(work.starts_on)}"
    return (
        f"Hors de la période d’éligibilité ({_dates(period.starts_on, period.ends_on)}), "
        "la suite demande une nouvelle validation et une nouvelle affectation"
    )


def _refused(entry: Entry, reason: Reason, why: str) -> Result:
    return Result(entry.id, ZERO, reason, _detail([f"{why} : ces heures ne sont pas comptées."]))


def _calendar_days(first: date, last: date) -> int:
    return max(0, (last - first).days + 1)


def _share(hours: Decimal, inside: int, total: int) -> Decimal:
    return (hours * inside / total).quantize(CENT, rounding=ROUND_HALF_UP)


def month_warning(total_hours: Decimal, rules: Rules) -> Literal["full_time", "legal_max"] | None:
    """Compare a person's hours in one month, over all placements, with full time and the legal maximum."""
    if total_hours > rules.legal_max_month:
        return "legal_max"
    if total_hours > rules.full_time_month:
        return "full_time"
    return None


# Sentences


def sentence(result: Result) -> str:
    """Return the French sentence for the facilitator; it holds dates and hours, never a name or a ground."""
    return result.detail or "Ces heures comptent."


def _typeset(text: str) -> str:
    return re.sub(r" (?=[;:!?%»])|(?<=«) |(?<=\d) (?=h\b)", "\u202f", text)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _dates(first: date | None, last: date | None) -> str:
    if first is None:
        return f"jusqu’au {_day(last)}" if last else "sans dates connues"
    return f"du {_day(first)} au {_day(last)}" if last else f"à partir du {_day(first)}"


def _hours(hours: Decimal) -> str:
    text = f"{hours:,.2f}".replace(",", "\u202f").replace(".", ",")
    return f"{text.removesuffix(',00')} h"


def _not_counted(hours: Decimal) -> str:
    return f"{_hours(hours)} {'ne sont pas comptées' if hours >= 2 else 'n’est pas comptée'}"
