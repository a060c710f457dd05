"""The chapter « Situation des personnes »: what a buyer reads, and nothing that another document would make told."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from beneficiaries.enums import PlacementNature
from beneficiaries.models import MonthDeclaration, Outcome, TrainingCourse
from core.dates import add_months
from reporting.services.drafts import start_bilan, start_final_bilan
from reporting.services.publication import freeze
from reporting.services.workflow import review_bilan
from reporting.snapshot import (
    build_final_snapshot,
    build_progress_snapshot,
    build_snapshot,
    build_territory_snapshot,
)
from tests.factories import (
    AggregateDeclarationFactory,
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CompanyKindFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    OutcomeFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
D = dt.date
NOW = dt.datetime(2026, 9, 2, 9, 15, tzinfo=dt.UTC)
MAY, LEFT = D(2025, 5, 1), D(2025, 5, 31)


def people(commitment, number, situation=None, *, m6=None, hired=None, month=MAY, exit_on=LEFT):
    """So many people who worked a month; gone with that situation, or still there where there is none."""
    made = []
    for _ in range(number):
        ends = None if situation is None else exit_on
        assignment = eligible_assignment(commitment=commitment, starts_on=D(2024, 2, 1), ends_on=ends)
        HoursEntryFactory(assignment=assignment, month=month, hours=100, counted=True)
        person = assignment.placement.beneficiary
        made.append(person)
        for milestone, value, months in (("exit", situation, 3), ("m6", m6, 6)):
            if value is not None:
                due = add_months(exit_on, months)
                OutcomeFactory(
                    beneficiary=person, milestone=milestone, exit_on=exit_on, due_on=due, situation=value,
                    recorded_on=due if value else None, hired_by_awardee=hired,
                )  # fmt: skip
    return made


def snapshot_of(buyer, year=2025, version=1):
    return build_snapshot(buyer=buyer, year=year, version=version, narrative={}, now=NOW)


def blocks(snapshot, key="outcomes"):
    return {b["key"]: b for c in snapshot["chapters"] if c["key"] == key for b in c["blocks"]}


def answer(snapshot):
    return next(c["answer"] for c in snapshot["chapters"] if c["key"] == "outcomes")


def cells(block, column="people"):
    return {row["key"]: row["cells"][column] for row in block["rows"]}


@pytest.fixture
def commitment():
    ClosedYearFactory(year=2025)
    return CommitmentFactory(buyer=BuyerFactory())


def test_situations_rates_and_hires_of_a_closed_year(commitment):
    people(commitment, 12, "cdi", m6="cdi", hired=True)
    people(commitment, 6, "interim", m6="interim", hired=False)
    people(commitment, 7, "seeking", m6="")
    people(commitment, 20)
    snapshot = snapshot_of(commitment.market.buyer)
    found = blocks(snapshot)
    assert cells(found["outcomes_situations"]) == {
        "durable": "12", "transition": "6", "positive": "0", "other": "7", "ongoing": "20", "unknown": "0",
    }  # fmt: skip
    assert found["outcomes_situations"]["totals"]["people"] == "45"
    assert "45 personnes d’au moins une heure comptée en 2025" in found["outcomes_situations"]["base"]
    # 31/05/2025 and six months: 30/11/2025.
    assert cells(found["outcomes_m6"]) == {
        "durable": "12", "transition": "6", "positive": "0", "other": "0", "unknown": "7",
    }  # fmt: skip
    assert found["outcomes_m6"]["base"] == (
        "Cohorte\u202f: 25 personnes dont l’échéance des 6 mois après la sortie tombe en 2025\u202f; 18 répondantes."
    )
    assert found["outcomes_m6"]["notes"][0] == "En emploi durable\u202f: 67\u202f% des répondantes."
    assert cells(found["outcomes_hired"]) == {"yes": "12", "no": "6", "ongoing": "20", "unknown": "7"}
    figures = {item["key"]: item for item in found["outcomes_figures"]["items"]}
    # 12 ÷ 25, and everyone of the 18 who answered has work.
    assert [figures[key]["value"] for key in ("left_path", "durable_share", "positive_m6")] == [
        "25",
        "0.4800",
        "1.0000",
    ]
    assert (figures["positive_m12"]["value"], figures["positive_m12"]["note"]) == (None, "non renseigné")
    assert (
        answer(snapshot) == "25 personnes sont sorties de leur parcours en 2025, dont 12 en emploi durable."
    )
    assert "outcomes_m12_not_recorded" in found
    assert "outcomes_m12" in {row["key"] for row in snapshot["not_followed"]}


def test_few_people_are_masked_in_the_tables_the_figures_and_the_sentences(commitment):
    people(commitment, 3, "cdi", m6="cdi", hired=True)
    people(commitment, 9, "seeking", m6="seeking", hired=False)
    people(commitment, 30)
    snapshot = snapshot_of(commitment.market.buyer)
    found = blocks(snapshot)
    # « En cours » is not small: the first row of the order goes with the three.
    assert cells(found["outcomes_situations"]) == {
        "durable": None, "transition": "0", "positive": "0", "other": None, "ongoing": "30", "unknown": "0",
    }  # fmt: skip
    assert found["outcomes_situations"]["rows"][0]["masked"] == ["people"]
    figures = {item["key"]: item for item in found["outcomes_figures"]["items"]}
    assert figures["left_path"]["value"] == "12"
    assert (figures["durable_share"]["value"], figures["durable_share"]["note"]) == (
        None,
        "masqué\u202f: trop peu de personnes",
    )
    assert figures["positive_m6"]["value"] is None
    assert answer(snapshot) == "12 personnes sont sorties de leur parcours en 2025."
    assert not [key for key in snapshot["cells"] if key.endswith(("durable.people", "other.people"))]
    assert "durable_share" not in snapshot["figures"]


def test_situations_that_nobody_recorded_are_said_and_never_zero(commitment):
    people(commitment, 12, "")
    people(commitment, 8)
    snapshot = snapshot_of(commitment.market.buyer)
    found = blocks(snapshot)
    assert not {"outcomes_situations", "outcomes_hired", "outcomes_m6", "benefits"} & found.keys() - {
        "benefits"
    }
    assert "outcomes_not_recorded" in found and "outcomes_hired_not_recorded" in found
    assert {"outcomes", "hired", "trainings"} <= {row["key"] for row in snapshot["not_followed"]}
    figures = {item["key"]: item for item in found["outcomes_figures"]["items"]}
    assert (figures["left_path"]["value"], figures["durable_share"]["note"]) == ("12", "non renseigné")
    assert answer(snapshot).endswith("leur situation n’est pas renseignée.")


def test_a_year_that_is_not_closed_and_a_point_d_etape_tell_no_situation():
    commitment = CommitmentFactory(buyer=BuyerFactory())
    people(commitment, 12, "cdi")
    snapshot = snapshot_of(commitment.market.buyer)
    assert blocks(snapshot) == {} and "n’est pas close" in answer(snapshot)
    progress = build_progress_snapshot(
        market=commitment.market, first=D(2025, 1, 1), last=D(2025, 12, 1), now=NOW
    )
    assert "outcomes" not in {chapter["key"] for chapter in progress["chapters"]}


def test_n_minus_1_stands_beside_and_what_it_masked_stays_masked(commitment):
    ClosedYearFactory(year=2024)
    buyer = commitment.market.buyer
    people(commitment, 6, "cdi", month=D(2024, 5, 1), exit_on=D(2024, 5, 31))
    people(commitment, 14, "seeking", month=D(2024, 5, 1), exit_on=D(2024, 5, 31))
    freeze(bilan=review_bilan(bilan=start_bilan(buyer=buyer, year=2024, user=None), user=None), user=None)
    people(commitment, 9, "cdi")
    people(commitment, 11, "seeking")
    found = blocks(snapshot_of(buyer))["outcomes_situations"]
    assert cells(found, "people_previous") == {
        "durable": "6", "transition": "0", "positive": "0", "other": "14", "ongoing": "0", "unknown": "0",
    }  # fmt: skip
    assert cells(found)["durable"] == "9"


def test_trainings_and_long_paths_are_told_where_enough_people_have_them(commitment):
    buyer = commitment.market.buyer
    trained = people(commitment, 8)
    second = CommitmentFactory(buyer=buyer)
    for rank, person in enumerate(trained):
        assignment = eligible_assignment(commitment=second, beneficiary=person, starts_on=D(2025, 3, 3))
        HoursEntryFactory(assignment=assignment, month=D(2025, 4, 1), hours=70, counted=True)
        placement = assignment.placement
        placement.nature = PlacementNature.TRAINING
        placement.save()
        TrainingCourse.objects.create(
            placement=placement, title="Titre", qualification_aimed="CACES",
            qualification="obtained" if rank < 3 else "under_way",
        )  # fmt: skip
    people(commitment, 12)
    found = blocks(snapshot_of(buyer))["benefits"]
    assert cells(found) == {"trained": "8", "aiming": "8", "obtained": None, "long": "8"}
    # 8 × 70 h; 8 × (100 + 70) h.
    assert cells(found, "hours") == {"trained": "560.00", "aiming": None, "obtained": None, "long": "1360.00"}
    assert cells(found, "count") == {"trained": "8", "aiming": "8", "obtained": None, "long": None}
    assert found["rows"][2]["masked"] == ["count", "hours", "people"]


def test_the_final_bilan_of_a_market_has_them_over_its_whole_life():
    market = MarketFactory(buyer=BuyerFactory(), closed=True)
    commitment = CommitmentFactory(lot=LotFactory(market=market))
    people(commitment, 10, "cdi", m6="cdi")
    people(commitment, 10, "seeking", m6="seeking")
    snapshot = build_final_snapshot(subject=market, version=1, narrative={}, now=NOW)
    found = blocks(snapshot)
    assert cells(found["outcomes_situations"])["durable"] == cells(found["outcomes_m6"])["durable"] == "10"
    assert "benefits" not in found
    assert answer(snapshot).startswith(
        "20 personnes sont sorties de leur parcours sur toute la durée du marché"
    )


def test_a_cohort_that_leaves_few_people_of_the_situations_out_is_withheld():
    market = MarketFactory(buyer=BuyerFactory(), closed=True)
    commitment = CommitmentFactory(lot=LotFactory(market=market))
    people(commitment, 10, "cdi", m6="cdi")
    people(commitment, 10, "seeking", m6="seeking")
    # Left two months before the end: nobody asked at six months yet. The 20 less the 16 would tell these six.
    people(commitment, 6, "cdi", month=D(2026, 4, 1), exit_on=D(2026, 4, 30))
    found = blocks(build_final_snapshot(subject=market, version=1, narrative={}, now=NOW))
    assert cells(found["outcomes_situations"])["durable"] == "16"
    assert "outcomes_m6" not in found
    assert "6 mois après la sortie" in found["outcomes_withheld"]["paragraphs"][0]


# --- Beside what was published ------------------------------------------------------------------------------------


def publish(bilan):
    return freeze(bilan=review_bilan(bilan=bilan, user=None), user=None).snapshot


def market_of(buyer, durable, seeking):
    market = MarketFactory(buyer=buyer, closed=True)
    commitment = CommitmentFactory(lot=LotFactory(market=market))
    people(commitment, durable, "cdi", m6="cdi")
    people(commitment, seeking, "seeking", m6="seeking")
    return market


def test_the_year_less_the_final_bilan_of_a_market_tells_the_situation_of_nobody():
    # 21 people on the market that ends, 5 on the other: the year of 26 less the 21 would tell the five.
    buyer = BuyerFactory()
    market = market_of(buyer, 9, 12)
    market_of(buyer, 2, 3)
    ClosedYearFactory(year=2025)
    year = publish(start_bilan(buyer=buyer, year=2025, user=None))
    assert {"outcomes_situations", "outcomes_m6"} <= blocks(year).keys()
    frozen = publish(start_final_bilan(market=market, user=None))
    # Not « trop peu de personnes »: 21 were there.
    [answer] = [chapter["answer"] for chapter in frozen["chapters"] if chapter["key"] == "outcomes"]
    assert "un bilan déjà communiqué" in answer and "Trop peu" not in answer
    life = blocks(frozen)
    notes = {item["key"]: item["note"] for item in life["outcomes_figures"]["items"]}
    assert notes["left_path"] == notes["positive_m6"] == "masqué\u202f: un autre bilan est déjà lu"
    assert not {"outcomes_situations", "outcomes_m6", "outcomes_hired"} & life.keys()
    said = life["outcomes_subtracted"]["paragraphs"][0]
    assert (
        "Situation la plus récente" in said
        and "Situation 6 mois après la sortie" in said
        and "Bilan 2025" in said
    )


def test_the_same_people_may_be_read_in_both():
    buyer = BuyerFactory()
    market = market_of(buyer, 9, 12)
    ClosedYearFactory(year=2025)
    year = publish(start_bilan(buyer=buyer, year=2025, user=None))
    life = publish(start_final_bilan(market=market, user=None))
    assert {"outcomes_situations", "outcomes_m6"} <= blocks(year).keys() & blocks(life).keys()


def test_two_people_who_answered_between_two_bilans_of_the_same_people_are_not_told():
    buyer = BuyerFactory()
    market = market_of(buyer, 9, 12)
    ClosedYearFactory(year=2025)
    publish(start_bilan(buyer=buyer, year=2025, user=None))
    rows = Outcome.objects.filter(situation="seeking", milestone="m6").order_by("pk")
    Outcome.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:2])).update(situation="cdi")
    life = blocks(build_final_snapshot(subject=market, version=1, narrative={}, now=NOW))
    assert not {"outcomes_situations", "outcomes_m6"} & life.keys()


def test_answers_that_came_since_another_bilan_do_not_withhold_what_tells_nobody():
    # Half of the territory answered after the bilan of one buyer: it is counted again, and leaves enough people.
    one, other = BuyerFactory(), BuyerFactory()
    market_of(one, 9, 12)
    market_of(other, 10, 15)
    ClosedYearFactory(year=2025)
    publish(start_bilan(buyer=one, year=2025, user=None))
    Outcome.objects.filter(situation="seeking").update(situation="interim")
    territory = build_territory_snapshot(year=2025, version=1, narrative={}, now=NOW)
    assert cells(blocks(territory)["outcomes_situations"])["transition"] == "27"
    # Two in between who are not in the other lines would be told.
    second = BuyerFactory()
    market_of(second, 2, 0)
    territory = build_territory_snapshot(year=2025, version=1, narrative={}, now=NOW)
    assert cells(blocks(territory)["outcomes_situations"])["durable"] == "21"
    publish(start_bilan(buyer=other, year=2025, user=None))
    territory = build_territory_snapshot(year=2025, version=1, narrative={}, now=NOW)
    assert "outcomes_situations" not in blocks(territory)


def test_a_version_in_which_two_people_answered_since_does_not_tell_them(commitment):
    buyer = commitment.market.buyer
    people(commitment, 12, "cdi")
    silent = people(commitment, 14, "")
    people(commitment, 20)
    publish(start_bilan(buyer=buyer, year=2025, user=None))
    for person in silent[:2]:
        Outcome.objects.filter(beneficiary=person).update(situation="cdi", recorded_on=D(2026, 3, 1))
    found = blocks(snapshot_of(buyer, version=2))
    assert "outcomes_situations" not in found
    assert "Situation la plus récente (version 1)" in found["outcomes_told"]["paragraphs"][0]
    figures = {item["key"]: item["value"] for item in found["outcomes_figures"]["items"]}
    assert figures["left_path"] is None and figures["durable_share"] is None
    for person in silent[2:7]:
        Outcome.objects.filter(beneficiary=person).update(situation="cdi", recorded_on=D(2026, 3, 1))
    assert cells(blocks(snapshot_of(buyer, version=2))["outcomes_situations"])["durable"] == "19"


def test_nothing_of_a_person_is_in_the_snapshot(commitment):
    made = people(commitment, 12, "cdi", m6="cdi", hired=True)
    Outcome.objects.update(note="Grossesse difficile")
    found = json.dumps(snapshot_of(commitment.market.buyer), ensure_ascii=False)
    assert "Grossesse" not in found and not any(person.last_name in found for person in made)


# --- Other chapters -----------------------------------------------------------------------------------------------


def test_hours_without_names_are_a_footnote_of_the_hours(commitment):
    people(commitment, 6)
    row = AggregateDeclarationFactory(
        commitment=commitment, first_month=D(2025, 1, 1), last_month=D(2025, 3, 1)
    )
    CompanyKindFactory(company=row.company, kind="ESAT", starts_on=D(2020, 1, 1))
    snapshot = snapshot_of(commitment.market.buyer)
    notes = blocks(snapshot, "hours")["hours_by_holder"]["notes"]
    assert (
        notes[-1]
        == "+ 320\u202fh déclarées sans noms par un ESAT, hors personnes, ni dans les heures de ce tableau."
    )
    assert snapshot["figures"]["hours"] == "600.00" and snapshot["figures"]["people"] == "6"


def test_late_declarations_stand_in_the_table_of_the_companies(commitment):
    people(commitment, 6)
    MonthDeclaration.objects.create(company=commitment.holder, month=D(2025, 5, 1))
    table = blocks(snapshot_of(commitment.market.buyer), "companies")["follow_up"]
    assert cells(table, "late_declarations") == {str(commitment.holder_id): "1"}
    assert table["totals"]["late_declarations"] == "1"
