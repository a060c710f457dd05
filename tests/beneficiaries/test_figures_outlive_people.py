"""Past figures and published bilans are the same before and after the archive, the erased proofs and the anonymisation."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from beneficiaries.consistency import entries_carry_the_market_of_their_assignment
from beneficiaries.models import Beneficiary, HoursEntry, RetentionRun
from beneficiaries.services.counting import recount_people
from beneficiaries.services.retention import PARTS, apply_rules
from markets.models import Market
from reporting import indicators
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot import build_final_snapshot, build_snapshot
from tests.factories import UserFactory, make_bilan
from tests.reporting.territory import YEARS, Territory

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
# Two years after the last contact and five after the closing of every market.
LATER = dt.date(2034, 3, 1)


@pytest.fixture
def territory() -> Territory:
    """Three years, two buyers, eighteen people; the first two years closed and published, then every market closed."""
    made = Territory(seed=11, people=18)
    for buyer in (made.buyer, made.other):
        for year in YEARS[:2]:
            make_bilan(buyer=buyer, year=year, published=True)
    for market in Market.objects.order_by("pk"):
        market.closed_on = dt.date(2026, 1, 31)
        market.save()
    return made


def told(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True))


def figures(territory: Territory) -> dict[str, Any]:
    """Every bilan as it would be made again, and what the territory's indicators say, people in archive or not."""
    found: dict[str, Any] = {
        f"bilan {buyer.pk} {year}": build_snapshot(buyer=buyer, year=year, version=1, narrative={}, now=NOW)
        for buyer in (territory.buyer, territory.other)
        for year in YEARS
    }
    for market in Market.objects.order_by("pk")[:2]:
        found[f"market {market.pk}"] = build_final_snapshot(subject=market, version=1, narrative={}, now=NOW)
    facts = indicators.Facts(Scope.territory(), Period(YEARS))
    for span in YEARS:
        found[f"typology {span}"] = [repr(table) for table in indicators.typology(facts, span)]
        found[f"publics {span}"] = [repr(row) for row in indicators.publics(facts, span)]
    for name in ("hours", "people", "new_people"):
        found[name] = {str(key): str(value) for key, value in getattr(indicators, name)(facts).items()}
    return told(found)


def published() -> list[Any]:
    return told(list(Bilan.objects.order_by("pk").values("version", "state", "snapshot", "narrative")))


def test_figures_of_past_years_and_published_bilans_are_identical_after_each_step(
    territory: Territory,
) -> None:
    admin = UserFactory(admin=True)
    before, bilans = figures(territory), published()
    assert len(bilans) == 4
    for step in ("archived_on", "proofs_erased_on", "anonymised_on"):
        apply_rules(run=RetentionRun.objects.create(made_by=admin), parts=PARTS, today=LATER)
        people = Beneficiary.objects.filter(**{f"{step}__isnull": True})
        assert not people.exists(), step
        after = figures(territory)
        assert [key for key in before if before[key] != after[key]] == [], step
        assert published() == bilans


def test_hours_count_the_same_when_they_are_counted_again(territory: Territory) -> None:
    admin = UserFactory(admin=True)
    people = list(Beneficiary.objects.order_by("pk").values_list("pk", flat=True))
    recount_people(people, user=None, reason="avant")
    before = list(HoursEntry.objects.order_by("pk").values_list("pk", "counted_hours", "counting_reason"))
    for _ in range(3):
        apply_rules(run=RetentionRun.objects.create(made_by=admin), parts=PARTS, today=LATER)
    recount_people(people, user=None, reason="après")
    after = list(HoursEntry.objects.order_by("pk").values_list("pk", "counted_hours", "counting_reason"))
    assert before == after
    assert list(entries_carry_the_market_of_their_assignment()) == []
