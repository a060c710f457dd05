"""Whatever the order in which a path is told, no hour counts twice nor without a prior validation. Without Django.

A path is a set of events: decisions recorded, corrected or refused, assignments, positionnements, hours entered and
corrected, rules changed, two files made one. Each order gives other numbers to the rows, as a database does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beneficiaries.counting import Entry, Reason, Review, Rules, Work, count_person, month_of, open_periods

START = date(2024, 1, 15)
PROPERTY = settings(max_examples=int(settings().max_examples * 2))


@dataclass(frozen=True)
class Event:
    """What happens: its kind and name, what must have happened before, and what it says."""

    kind: str
    name: str
    needs: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict, hash=False)


def around(day: date, before: int, after: int) -> Any:
    return st.integers(-before, after).map(lambda days: day + timedelta(days=days))


hours = st.integers(0, 20_000).map(lambda hundredths: Decimal(hundredths) / 100)


@st.composite
def paths(draw: Any) -> list[Event]:
    """The events of one person, told in two files that one event makes one."""
    events: list[Event] = []
    files = st.sampled_from(["a", "a", "b"])
    # Two decisions of one day would be told apart by their numbers only.
    days = draw(st.lists(st.integers(0, 900), min_size=1, max_size=3, unique=True))
    for number, offset in enumerate(days):
        name, day = f"review{number}", START + timedelta(days=offset)
        approved = draw(st.sampled_from([True, True, True, False]))
        events.append(Event("review", name, (), {"file": draw(files), "approved": approved, "day": day}))
        if draw(st.sampled_from([False, False, True])):
            corrected = draw(st.booleans())
            events.append(
                Event("correct", f"correction{number}", (name,), {"approved": corrected, "day": day})
            )
    for number in range(draw(st.integers(1, 4))):
        name = f"work{number}"
        starts_on = draw(around(START + timedelta(days=draw(st.sampled_from(days))), 5, 150))
        events.append(
            Event(
                "assign",
                name,
                (),
                {
                    "file": draw(files),
                    "starts_on": starts_on,
                    "ends_on": draw(st.none() | around(starts_on, 0, 400)),
                    "contract": draw(around(starts_on, 15, 0)),
                    "direct": draw(st.booleans()),
                    "kind": draw(st.sampled_from(["", "long"])),
                },
            )
        )
        if draw(st.booleans()):
            events.append(
                Event("position", f"position{number}", (name,), {"day": draw(around(starts_on, 5, 1))})
            )
        for line in range(draw(st.integers(0, 3))):
            entry = f"entry{number}.{line}"
            month = month_of(draw(around(starts_on, 0, 250)))
            events.append(
                Event("enter", entry, (name,), {"work": name, "month": month, "hours": draw(hours)})
            )
            if draw(st.sampled_from([False, False, True])):
                events.append(Event("rewrite", f"again {entry}", (entry,), {"hours": draw(hours)}))
    for number in range(draw(st.integers(0, 2))):
        months = draw(st.sampled_from([6, 12, 24]))
        cap = draw(st.sampled_from([None, Decimal("151.67"), Decimal("100")]))
        since = month_of(START + timedelta(days=draw(st.integers(0, 700))))
        events.append(Event("rules", f"rules{number}", (), {"since": since, "months": months, "cap": cap}))
    events.append(Event("merge", "merge"))
    return events


def some_order(events: Sequence[Event], random: Any) -> list[Event]:
    """One of the orders in which these can happen."""
    left, told, known = list(events), [], set()
    while left:
        ready = [event for event in left if known.issuperset(event.needs)]
        event = random.choice(ready)
        left.remove(event)
        told.append(event)
        known.add(event.name)
    return told


class Ledger:
    """What the database would hold after some events, and what it would count."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.reviews: dict[str, tuple[str, Review]] = {}
        self.works: dict[str, tuple[str, Work]] = {}
        self.entries: dict[str, Entry] = {}
        self.rules: dict[date, tuple[int, Rules]] = {}
        self.merged = False

    def tell(self, event: Event) -> None:
        number, data = next(self.numbers), event.data
        if event.kind == "review":
            self.reviews[event.name] = (data["file"], Review(number, data["approved"], data["day"]))
        elif event.kind == "correct":
            file, _ = self.reviews[event.needs[0]]
            # The row of a correction takes the place of the one that it corrects.
            self.reviews[event.needs[0]] = (file, Review(number, data["approved"], data["day"]))
        elif event.kind == "assign":
            work = Work(
                number,
                number,
                1,
                data["starts_on"],
                data["ends_on"],
                data["contract"],
                data["direct"],
                None,
                contract_type=data["kind"],
            )
            self.works[event.name] = (data["file"], work)
        elif event.kind == "position":
            file, work = self.works[event.needs[0]]
            self.works[event.needs[0]] = (file, replace(work, positioned_on=data["day"]))
        elif event.kind == "enter":
            _, work = self.works[data["work"]]
            self.entries[event.name] = Entry(number, work.id, data["month"], "work", data["hours"])
        elif event.kind == "rewrite":
            former = self.entries[event.needs[0]]
            self.entries[event.needs[0]] = replace(former, id=number, hours=data["hours"])
        elif event.kind == "rules":
            # Of two sets that begin in the same month the database takes one: here the same in each order.
            kept = Rules(frozenset({"work"}), data["months"], 3, data["cap"], extension_months={"long": 3})
            rank = int(event.name.removeprefix("rules"))
            former = self.rules.get(data["since"])
            if former is None or former[0] < rank:
                self.rules[data["since"]] = (rank, kept)
        else:
            self.merged = True

    def rules_for(self, market_id: int, month: date) -> Rules:
        known = [since for since in self.rules if since <= month]
        if not known:
            return Rules(frozenset({"work"}), extension_months={"long": 3})
        return self.rules[max(known)][1]

    def people(self) -> Iterable[tuple[list[Entry], list[Work], list[Review]]]:
        """One person a file, or one in all once the files are one."""
        for files in [("a", "b")] if self.merged else [("a",), ("b",)]:
            reviews = [review for file, review in self.reviews.values() if file in files]
            works = [rested(work, reviews) for file, work in self.works.values() if file in files]
            ids = {work.id for work in works}
            entries = [entry for entry in self.entries.values() if entry.work_id in ids]
            yield entries, works, reviews

    def counted(self) -> dict[int, Decimal]:
        """Counted hours of the entries that stand."""
        found: dict[int, Decimal] = {}
        for entries, works, reviews in self.people():
            periods = open_periods(works, reviews, self.rules_for)
            results = count_person(entries, works, reviews, periods, self.rules_for)
            assert not found.keys() & results.keys()
            found |= {pk: result.counted for pk, result in results.items()}
        return found


def rested(work: Work, reviews: Sequence[Review]) -> Work:
    """The decision that an assignment rests on, as `services.employment.review_for` says it."""
    prior = [review for review in reviews if review.approved and review.decided_on <= work.starts_on]
    latest = max(prior, key=lambda review: (review.decided_on, review.id), default=None)
    return replace(work, review_id=latest.id if latest else None)


@PROPERTY
@given(paths(), st.randoms(use_true_random=False))
def test_at_no_moment_of_any_order_does_an_hour_count_twice_or_without_prior_validation(path, random):
    ledger = Ledger()
    for event in some_order(path, random):
        ledger.tell(event)
        counted = ledger.counted()
        assert counted.keys() == {entry.id for entry in ledger.entries.values()}
        for entries, works, reviews in ledger.people():
            by_id = {work.id: work for work in works}
            for month in {entry.month for entry in entries}:
                of_month = [entry for entry in entries if entry.month == month]
                total = sum(counted[entry.id] for entry in of_month)
                assert total <= min(sum(entry.hours for entry in of_month), ledger.rules_for(1, month).cap)
            for entry in entries:
                assert 0 <= counted[entry.id] <= entry.hours
                if counted[entry.id] > 0:
                    work = by_id[entry.work_id]
                    assert any(
                        review.approved
                        and review.decided_on <= work.starts_on
                        and not (work.direct_hire and review.decided_on >= work.contract_starts_on)
                        for review in reviews
                    )


@PROPERTY
@given(paths(), st.randoms(use_true_random=False))
def test_every_order_of_the_same_events_ends_in_the_same_hours(path, random):
    totals = []
    for _ in range(2):
        ledger = Ledger()
        for event in some_order(path, random):
            ledger.tell(event)
        counted = ledger.counted()
        by_month: dict[date, Decimal] = {}
        for entry in ledger.entries.values():
            by_month[entry.month] = by_month.get(entry.month, Decimal(0)) + counted[entry.id]
        totals.append(by_month)
    assert totals[0] == totals[1]


@pytest.mark.slow
def test_the_drawn_paths_meet_the_reasons_that_orders_could_change():
    """Else the two properties above would hold of nothing."""
    met = set()

    @settings(max_examples=300, derandomize=True, database=None, deadline=None)
    @given(paths())
    def meet(path):
        ledger = Ledger()
        for event in path:
            ledger.tell(event)
        for entries, works, reviews in ledger.people():
            periods = open_periods(works, reviews, ledger.rules_for)
            results = count_person(entries, works, reviews, periods, ledger.rules_for)
            met.update(result.reason for result in results.values())

    meet()
    assert met >= {
        Reason.COUNTED,
        Reason.NOT_VALIDATED,
        Reason.NO_PRIOR_VALIDATION,
        Reason.VALIDATION_EXPIRED,
        Reason.PERIOD_USED_UP,
        Reason.OVER_CAP,
    }
