"""The duty of 22 August 2026: who is concerned, from how much, from when; and the list says what the page says."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formats import amount
from markets.duty import (
    CONCESSIONS_ARTICLE,
    DUTY_FROM,
    DUTY_LABELS,
    DUTY_TONES,
    MARKETS_ARTICLE,
    DutyState,
    Reach,
    Threshold,
    duty_of,
    refuse_ground,
    state_of,
)
from markets.enums import BuyerKind, Derogation, Family, MarketNature, Targeting
from markets.models import PlannedPurchase, ProcurementThreshold
from markets.models.thresholds import current_thresholds
from tests.factories import BuyerFactory, PlannedPurchaseFactory, ThresholdFactory

START, END = dt.date(2026, 1, 1), dt.date(2027, 12, 31)
THRESHOLDS = [
    Threshold("works", "", Decimal("5404000"), START, END),
    Threshold("supplies_services", "state", Decimal("140000"), START, END),
    Threshold("supplies_services", "other", Decimal("216000"), START, END),
    Threshold("concession", "", Decimal("5404000"), START, END),
]


def duty(euros, *, family="services", kind="commune", on=dt.date(2026, 9, 1), year=2026, nature="market"):
    return duty_of(
        nature=nature,
        family=family,
        buyer_kind=kind,
        amount=None if euros is None else Decimal(euros),
        planned_on=on,
        year=year,
        thresholds=THRESHOLDS,
    )


@pytest.mark.parametrize(
    ("euros", "family", "kind", "reach"),
    [
        ("5404000", "works", "commune", Reach.CONCERNED),
        ("5403999.99", "works", "commune", Reach.NOT_CONCERNED),
        ("5404000", "works", "state", Reach.CONCERNED),
        ("140000", "supplies", "state", Reach.CONCERNED),
        ("139999.99", "services", "state", Reach.NOT_CONCERNED),
        ("216000", "services", "commune", Reach.CONCERNED),
        ("215999.99", "supplies", "hospital", Reach.NOT_CONCERNED),
        # Intellectual services are services.
        ("216000", "intellectual", "social_landlord", Reach.CONCERNED),
        ("140000", "intellectual", "region", Reach.NOT_CONCERNED),
        # An establishment may be the State's: between the two thresholds, nobody can say.
        ("139999", "services", "public_body", Reach.NOT_CONCERNED),
        ("140000", "services", "public_body", Reach.UNKNOWN),
        ("216000", "services", "public_body", Reach.CONCERNED),
        ("6000000", "works", "private", Reach.NOT_CONCERNED),
        (None, "works", "commune", Reach.UNKNOWN),
    ],
)
def test_the_threshold_of_the_family_and_of_the_buyer_decides(euros, family, kind, reach) -> None:
    assert duty(euros, family=family, kind=kind).reach == reach


@pytest.mark.parametrize(
    ("on", "year", "reach"),
    [
        (dt.date(2026, 8, 21), 2026, Reach.NOT_CONCERNED),
        (dt.date(2026, 8, 22), 2026, Reach.CONCERNED),
        (None, 2025, Reach.NOT_CONCERNED),
        (None, 2026, Reach.UNKNOWN),
        (None, 2027, Reach.CONCERNED),
        # A purchase of the list of 2026 that is launched before the duty, and one of 2025 that slipped after it.
        (dt.date(2026, 3, 1), 2027, Reach.NOT_CONCERNED),
        (dt.date(2026, 10, 1), 2025, Reach.CONCERNED),
    ],
)
def test_the_duty_begins_on_22_august_2026(on, year, reach) -> None:
    assert dt.date(2026, 8, 22) == DUTY_FROM
    assert duty("300000", on=on, year=year).reach == reach


def test_each_answer_says_why_with_its_article() -> None:
    assert duty("300000").sentence == (
        f"{amount(300_000)} hors taxes atteint le seuil européen de {amount(216_000)} : une condition d’exécution "
        "sociale est obligatoire, sauf dérogation motivée."
    )
    assert duty("300000").article == MARKETS_ARTICLE
    assert duty("1000").sentence == (
        f"{amount(1000)} hors taxes, c’est moins que le seuil européen de {amount(216_000)}."
    )
    assert "montant prévu manque" in duty(None).sentence
    assert "date de lancement manque" in duty("300000", on=None).sentence
    assert "avant l’entrée en vigueur" in duty("300000", on=dt.date(2026, 1, 5)).sentence


def test_a_concession_has_its_own_article_and_threshold() -> None:
    found = duty("5404000", nature="concession")
    assert (found.reach, found.article) == (Reach.CONCERNED, CONCESSIONS_ARTICLE)
    # Whatever its family: 300 000 € of services would be concerned as a market.
    assert duty("300000", nature="concession").reach == Reach.NOT_CONCERNED


def test_a_private_purchase_is_outside_the_code() -> None:
    assert duty("9000000", nature="private", family="works").reach == Reach.NOT_CONCERNED


def test_after_its_period_the_last_known_threshold_serves_and_says_so() -> None:
    found = duty("216000", on=dt.date(2028, 2, 1), year=2028)
    assert found.reach == Reach.CONCERNED
    assert "31/12/2027" in found.sentence


def test_a_new_period_takes_over_on_its_first_day() -> None:
    newer = [*THRESHOLDS, Threshold("supplies_services", "other", Decimal("230000"), dt.date(2028, 1, 1))]
    asked = {"nature": "market", "family": "services", "buyer_kind": "commune", "amount": Decimal("220000")}
    last, first = dt.date(2027, 12, 31), dt.date(2028, 1, 1)
    assert duty_of(**asked, planned_on=last, year=2027, thresholds=newer).reach == Reach.CONCERNED
    assert duty_of(**asked, planned_on=first, year=2028, thresholds=newer).reach == Reach.NOT_CONCERNED
    assert duty_of(**asked, planned_on=None, year=2028, thresholds=newer).reach == Reach.NOT_CONCERNED


def test_without_thresholds_nobody_can_say() -> None:
    found = duty_of(
        nature="market",
        family="works",
        buyer_kind="commune",
        amount=Decimal("9000000"),
        planned_on=dt.date(2026, 9, 1),
        year=2026,
        thresholds=[],
    )
    assert found.reach == Reach.UNKNOWN
    assert "réglages" in found.sentence


@pytest.mark.parametrize(
    ("reach", "targeting", "derogation", "state"),
    [
        (Reach.NOT_CONCERNED, "kept", "", DutyState.NOT_CONCERNED),
        (Reach.UNKNOWN, "dismissed", "short", DutyState.UNKNOWN),
        (Reach.CONCERNED, "to_study", "", DutyState.TO_DECIDE),
        (Reach.CONCERNED, "kept", "", DutyState.MET),
        (Reach.CONCERNED, "dismissed", "no_link", DutyState.DEROGATED),
        (Reach.CONCERNED, "dismissed", "", DutyState.TO_JUSTIFY),
    ],
)
def test_the_targeting_says_whether_the_duty_is_met(reach, targeting, derogation, state) -> None:
    assert state_of(reach, targeting=targeting, derogation=derogation) == state


def test_every_state_has_its_words_and_its_tone() -> None:
    assert set(DUTY_LABELS) == set(DUTY_TONES) == set(DutyState)


@given(
    euros=st.decimals(min_value=0, max_value=10_000_000, places=2),
    more=st.decimals(min_value=0, max_value=1_000_000, places=2),
    family=st.sampled_from(Family.values),
    kind=st.sampled_from(BuyerKind.values),
    on=st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31)),
    year=st.integers(2024, 2030),
)
def test_a_larger_amount_is_never_less_concerned(euros, more, family, kind, on, year) -> None:
    order = [Reach.NOT_CONCERNED, Reach.UNKNOWN, Reach.CONCERNED]
    first = duty(euros, family=family, kind=kind, on=on, year=year).reach
    second = duty(euros + more, family=family, kind=kind, on=on, year=year).reach
    assert order.index(second) >= order.index(first)


@pytest.mark.parametrize(
    ("ground", "nature", "family", "months", "words"),
    [
        ("short", "market", "works", 5, ""),
        ("short", "market", "works", None, ""),
        ("short", "market", "works", 6, "durent 6 mois"),
        ("short", "market", "services", 3, "que pour des travaux"),
        ("immediate", "market", "services", None, ""),
        ("immediate", "concession", "services", None, "L3114-2-1"),
        ("short", "concession", "works", 3, "L3114-2-1"),
        ("no_link", "concession", "services", None, ""),
        ("competition", "concession", "works", None, ""),
    ],
)
def test_a_ground_is_refused_where_the_code_does_not_give_it(ground, nature, family, months, words) -> None:
    sentence = refuse_ground(ground, nature=nature, family=family, months=months)
    assert (words in sentence) if words else sentence == ""


@pytest.mark.django_db
def test_the_list_says_in_sql_what_the_page_says_in_python() -> None:
    for row in THRESHOLDS:
        ThresholdFactory(
            scope=row.scope,
            buyer=row.buyer,
            amount=row.amount,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
    ThresholdFactory(
        scope="supplies_services", buyer="other", amount=Decimal("230000"), valid_from=dt.date(2028, 1, 1)
    )
    thresholds = current_thresholds()
    targetings = itertools.cycle(
        [("to_study", ""), ("kept", ""), ("dismissed", ""), ("dismissed", "no_link")]
    )
    rows = []
    for kind in ("commune", "state", "public_body", "private"):
        buyer = BuyerFactory(kind=kind)
        cases = itertools.product(
            ("market", "concession", "private"),
            ("works", "services"),
            (None, "139999.99", "140000", "216000", "225000", "5404000"),
            (
                (None, 2025),
                (None, 2026),
                (None, 2028),
                (dt.date(2026, 8, 21), 2026),
                (dt.date(2028, 1, 1), 2027),
            ),
        )
        for nature, family, euros, (on, year) in cases:
            targeting, derogation = next(targetings)
            rows.append(
                PlannedPurchaseFactory.build(
                    buyer=buyer,
                    nature=nature,
                    family=family,
                    amount=euros and Decimal(euros),
                    planned_on=on,
                    year=year,
                    targeting=targeting,
                    targeting_reason="hors champ" if targeting == "dismissed" else "",
                    derogation=derogation,
                )
            )
    PlannedPurchase.objects.bulk_create(rows)

    for known in (thresholds, thresholds[:2], []):
        found = PlannedPurchase.objects.select_related("buyer").with_duty(known).order_by("pk")
        wrong = [
            (row.pk, row.duty_state)
            for row in found
            if row.duty_state
            != state_of(row.duty_under(known).reach, targeting=row.targeting, derogation=row.derogation)
        ]
        assert wrong == []
    states = {row.duty_state for row in PlannedPurchase.objects.with_duty(thresholds).order_by("pk")}
    assert states == set(DutyState)


@pytest.mark.django_db
def test_the_thresholds_come_from_their_dated_file(settings) -> None:
    from core.reference import load_reference_lists

    load_reference_lists()

    amounts = {
        (row.scope, row.buyer): (row.amount, row.valid_from, row.valid_to)
        for row in ProcurementThreshold.objects.order_by("pk")
    }
    assert amounts == {
        ("works", ""): (Decimal("5404000"), START, END),
        ("supplies_services", "state"): (Decimal("140000"), START, END),
        ("supplies_services", "other"): (Decimal("216000"), START, END),
        ("concession", ""): (Decimal("5404000"), START, END),
    }


def test_the_module_knows_the_values_of_the_closed_lists() -> None:
    from markets import duty as module

    assert {module.WORKS} <= set(Family.values)
    assert {module.CONCESSION, module.PRIVATE} <= set(MarketNature.values)
    assert {module.STATE, module.PUBLIC_BODY, module.PRIVATE} <= set(BuyerKind.values)
    assert {"kept", "dismissed", "to_study"} == set(Targeting.values)
    assert {"immediate", "no_link", "competition", "short", "other"} == set(Derogation.values)
