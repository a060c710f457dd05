"""What happened and what went wrong in a year: dated facts of the files, never the words of anyone."""

import datetime as dt
import json

import pytest

from beneficiaries.enums import ActionKind
from clauses.enums import Channel
from markets.models import MarketParty
from reporting import indicators
from reporting.scope import Period, Scope
from reporting.snapshot import build_final_snapshot, build_snapshot
from reporting.snapshot.material import PRINTED_ROWS
from reporting.snapshot.paper import for_paper
from tests.beneficiaries.recruitment import make_action
from tests.factories import (
    AgreementFactory,
    BuyerFactory,
    CommitmentFactory,
    HoursEntryFactory,
    InteractionFactory,
    MarketFactory,
    eligible_assignment,
    make_escalation,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
SECRET = "Madame Secret a quitté le chantier"


def events_of(buyer, year=2025):
    facts = indicators.Facts(Scope.of(buyer), Period.of_year(year, back=1))
    return [(event.day.isoformat(), event.kind, event.reference) for event in indicators.events(facts, year)]


def chapter_of(snapshot, key):
    return next(chapter for chapter in snapshot["chapters"] if chapter["key"] == key)


def built(buyer, year=2025, **more):
    return build_snapshot(buyer=buyer, year=year, version=1, narrative={}, now=NOW, **more)


@pytest.fixture
def market():
    return MarketFactory(
        reference="2025-01", notified_on=dt.date(2025, 3, 1), starts_on=dt.date(2025, 3, 15),
        received_on=dt.date(2025, 11, 2), closed_on=dt.date(2025, 12, 1),
    )  # fmt: skip


def test_the_days_of_the_files_and_the_meetings_of_the_journal_are_the_events(market):
    buyer = market.buyer
    AgreementFactory(buyer=buyer, signed_on=dt.date(2025, 1, 7))
    InteractionFactory(market=market, on=dt.date(2025, 3, 20), channel=Channel.LAUNCH, summary=SECRET)
    InteractionFactory(
        market=None, buyer=buyer, on=dt.date(2025, 6, 5), channel=Channel.STEERING, summary=SECRET
    )
    action = make_action(kind=ActionKind.INFORMATION, title=SECRET, held_on=dt.date(2025, 5, 6))
    action.markets.add(market)
    # A call, another year, another buyer: none of them is an event of this one.
    InteractionFactory(market=market, on=dt.date(2025, 4, 1), channel=Channel.CALL, summary=SECRET)
    InteractionFactory(market=market, on=dt.date(2024, 4, 1), channel=Channel.VISIT)
    InteractionFactory(on=dt.date(2025, 4, 1), channel=Channel.VISIT)
    assert events_of(buyer) == [
        ("2025-01-07", "agreement", ""),
        ("2025-03-01", "notified", "2025-01"),
        ("2025-03-20", "launch", "2025-01"),
        ("2025-05-06", "action_information", "2025-01"),
        ("2025-06-05", "steering", ""),
        ("2025-11-02", "received", "2025-01"),
        ("2025-12-01", "closed", "2025-01"),
    ]
    snapshot = built(buyer)
    assert SECRET not in json.dumps(snapshot, ensure_ascii=False)
    [block] = chapter_of(snapshot, "events")["blocks"]
    assert [row["cells"]["label"] for row in block["rows"]][:3] == [
        "Convention signée",
        "Marché notifié",
        "Réunion de lancement",
    ]
    assert chapter_of(snapshot, "events")["answer"].startswith(
        "En 2025\u202f: 1 convention signée, 1 marché notifié"
    )


def test_a_meeting_about_a_company_alone_may_be_anothers_and_is_not_told(market):
    InteractionFactory(
        market=None, company=CommitmentFactory().holder, on=dt.date(2025, 4, 1), channel=Channel.VISIT
    )
    assert [kind for _, kind, _ in events_of(market.buyer)] == ["notified", "received", "closed"]


def test_each_buyer_of_a_shared_market_reads_its_events_and_no_more(market):
    other = BuyerFactory()
    InteractionFactory(market=None, buyer=market.buyer, on=dt.date(2025, 6, 5), channel=Channel.STEERING)
    MarketParty.objects.create(market=market, buyer=other, role="member", share=40)
    assert [kind for _, kind, _ in events_of(other)] == ["notified", "received", "closed"]


def test_a_year_without_any_event_says_so():
    chapter = chapter_of(built(BuyerFactory()), "events")
    assert chapter["answer"] == "En 2025, aucun événement daté n’est inscrit dans les fiches ni au journal."
    assert chapter["blocks"][0]["rows"] == [] and chapter["blocks"][0]["empty"]


def test_many_events_are_counted_by_quarter_and_whole_in_the_annex(market):
    for day in range(1, 29):
        InteractionFactory(market=market, on=dt.date(2025, 4, day), channel=Channel.VISIT)
        InteractionFactory(market=market, on=dt.date(2025, 9, day), channel=Channel.SITE)
    snapshot = built(market.buyer)
    by_kind, kept, more = chapter_of(snapshot, "events")["blocks"]
    cells = {row["cells"]["label"]: row["cells"] for row in by_kind["rows"]}
    assert cells["Visites de suivi"]["q2"] == "28" and cells["Visites de suivi"]["number"] == "28"
    assert cells["Réunions de chantier"]["q3"] == "28"
    assert by_kind["totals"]["number"] == "59"
    assert len(kept["rows"]) == PRINTED_ROWS and len(more["rows"]) == 59 - PRINTED_ROWS
    # What weighs most is on paper: the files first.
    assert {"Marché notifié", "Marché clos"} <= {row["cells"]["label"] for row in kept["rows"]}
    assert [row["cells"]["day"] for row in kept["rows"]] == sorted(
        row["cells"]["day"] for row in kept["rows"]
    )
    paper = chapter_of(for_paper(snapshot), "events")["blocks"]
    assert [block["key"] for block in paper] == ["events_by_kind", "events"]
    assert "19 autres événements dans l’annexe XLSX." in kept["notes"]


def test_the_final_bilan_of_a_market_tells_its_events(market):
    CommitmentFactory(market=market)
    snapshot = build_final_snapshot(subject=market, version=1, narrative={}, now=NOW)
    chapter = chapter_of(snapshot, "events")
    assert [row["cells"]["label"] for row in chapter["blocks"][0]["rows"]] == [
        "Marché notifié",
        "Marché reçu",
        "Marché clos",
    ]


# --- Difficulties -------------------------------------------------------------------------------------------------


def test_difficulties_are_counted_by_the_step_that_they_reached(market):
    first, second = (CommitmentFactory(market=market) for _ in range(2))
    make_escalation(first, opened_on=dt.date(2025, 5, 2))
    gone = make_escalation(second, upto="to_approve", opened_on=dt.date(2025, 6, 2))
    facts = indicators.Facts(Scope.of(market.buyer), Period.of_year(2025))
    found = indicators.difficulties(facts, 2025)
    assert {kind: (rung.number, rung.opened, rung.open) for kind, rung in found.items()} == {
        "opened": (1, 1, 1),
        "proposed": (1, 1, 1),
    }
    gone.closed_on, gone.closing_reason = dt.date(2025, 9, 1), SECRET
    gone.save()
    chapter = chapter_of(snapshot := built(market.buyer), "difficulties")
    assert chapter["answer"].startswith(
        "En 2025, 2 difficultés avec une entreprise ont été suivies, dont 2 ouvertes dans l’année"
    )
    table = next(block for block in chapter["blocks"] if block["key"] == "difficulties_by_step")
    assert table["totals"] == {
        "label": "Ensemble", "number": "2", "number_previous": None, "opened": "2", "closed": "1", "open": "1",
    }  # fmt: skip
    assert SECRET not in json.dumps(snapshot, ensure_ascii=False)
    assert "Rien depuis deux mois" not in json.dumps(snapshot, ensure_ascii=False)


def test_a_difficulty_closed_before_the_year_is_no_difficulty_of_it(market):
    old = make_escalation(CommitmentFactory(market=market), opened_on=dt.date(2024, 5, 2))
    old.closed_on, old.closing_reason = dt.date(2024, 9, 1), "réglée"
    old.save()
    facts = indicators.Facts(Scope.of(market.buyer), Period.of_year(2025))
    assert indicators.difficulties(facts, 2025) == {}


def test_a_commitment_that_ended_without_being_met_is_told_with_what_is_missing(market):
    missed, met = CommitmentFactory(market=market, hours=100), CommitmentFactory(market=market, hours=50)
    for commitment, hours in ((missed, 60), (met, 50)):
        assignment = eligible_assignment(commitment=commitment, starts_on=dt.date(2025, 4, 1))
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), hours=hours, counted=True)
    chapter = chapter_of(built(market.buyer), "difficulties")
    [table] = [block for block in chapter["blocks"] if block["key"] == "commitments_missed"]
    [row] = table["rows"]
    assert (row["cells"]["engaged"], row["cells"]["counted"], row["cells"]["rate"]) == (
        "100.00",
        "60.00",
        "0.6000",
    )
    assert chapter["answer"] == (
        "En 2025, aucune difficulté n’a été ouverte avec une entreprise\u202f; 1 engagement arrivé à terme sur 2 n’est pas "
        "tenu."
    )
