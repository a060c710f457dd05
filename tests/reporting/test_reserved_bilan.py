"""The yearly bilan of a reserved market (convention, annexe 1.A): beneficiaries, situations, promises, meetings."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from beneficiaries.enums import Milestone, OutcomeSource, Situation
from clauses.enums import Channel, QualitativeOrigin, ReviewState
from core.errors import DomainError
from core.files import read_file
from markets.enums import MarketNature, Reservation
from reporting.enums import BilanKind
from reporting.models import Bilan
from reporting.services.drafts import start_reserved_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan
from reporting.snapshot import build_reserved_snapshot
from reporting.snapshot.labels import labels_of
from tests.factories import (
    AchievementFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CompanyFactory,
    EvidenceFactory,
    HoursEntryFactory,
    InteractionFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    OutcomeFactory,
    QualitativeCommitmentFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)


def block(snapshot, key):
    return next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == key)


def chapter(snapshot, key):
    return next(c for c in snapshot["chapters"] if c["key"] == key)


def column(snapshot, key, name):
    return {row["cells"]["label"]: row["cells"][name] for row in block(snapshot, key)["rows"]}


def built(market, year=2025, narrative=None):
    return build_reserved_snapshot(market=market, year=year, version=1, narrative=narrative or {}, now=NOW)


def reserved_market(**kwargs):
    values = {
        "starts_on": dt.date(2025, 1, 6),
        "notified_on": dt.date(2025, 1, 2),
        "planned_end": dt.date(2026, 12, 31),
    }
    market = MarketFactory(**(values | kwargs))
    siae = CompanyFactory(name="Sillage Insertion")
    lot = LotFactory(market=market, reservation=Reservation.SIAE)
    commitment = CommitmentFactory(lot=lot, company=siae, hours=1000)
    return market, siae, commitment


def work(commitment, people=1, hours=100, month=dt.date(2025, 4, 1)):
    found = []
    for _ in range(people):
        assignment = eligible_assignment(commitment=commitment)
        HoursEntryFactory(assignment=assignment, month=month, hours=hours, counted=True)
        found.append(assignment.placement.beneficiary)
    return found


def publish(bilan):
    return freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)


def promise(market, siae, action, due_on, **values):
    return QualitativeCommitmentFactory(
        market=market,
        company=siae,
        action=action,
        due_on=due_on,
        origin=QualitativeOrigin.ACCOMPANIMENT,
        **values,
    )


def test_it_tells_what_was_promised_what_was_done_what_is_late_and_the_proof():
    market, siae, commitment = reserved_market()
    work(commitment, people=3)
    common = {"commitment": None, "target_number": Decimal(4), "unit": "ateliers"}
    kept = promise(market, siae, "Ateliers de recherche d’emploi", dt.date(2025, 11, 30), **common)
    AchievementFactory(
        qualitative=kept, on=dt.date(2025, 10, 1), quantity=4, state=ReviewState.ACCEPTED, note="avec Mme X"
    )
    EvidenceFactory(qualitative=kept, state=ReviewState.ACCEPTED)
    late = promise(market, siae, "Bilans de compétences", dt.date(2025, 6, 30), **common)
    AchievementFactory(qualitative=late, on=dt.date(2025, 5, 1), quantity=1, state=ReviewState.ACCEPTED)
    # Sent, not accepted yet: not done.
    AchievementFactory(qualitative=late, on=dt.date(2025, 5, 2), quantity=3, state=ReviewState.SUBMITTED)
    promise(market, siae, "Ateliers de 2026", dt.date(2026, 9, 30), **common)
    snapshot = built(market)
    assert column(snapshot, "accompaniment", "state") == {
        "Bilans de compétences": "en retard",
        "Ateliers de recherche d’emploi": "tenu",
    }
    assert column(snapshot, "accompaniment", "done")["Bilans de compétences"] == "1 ateliers"
    assert column(snapshot, "accompaniment", "evidence") == {
        "Bilans de compétences": "attendu",
        "Ateliers de recherche d’emploi": "reçu et accepté",
    }
    assert chapter(snapshot, "accompaniment")["answer"] == (
        "Sur 2 engagements d’accompagnement de la grille, 1 est tenu, 1 est en retard."
    )
    said = json.dumps(snapshot, ensure_ascii=False)
    assert "Mme X" not in said and "Ateliers de 2026" not in said


def test_the_meetings_of_the_convention_are_kept_or_not_and_the_journal_stays_of_the_house():
    market, siae, commitment = reserved_market()
    work(commitment)
    common = {"market": market, "summary": "Mme Untel ne vient plus.", "participants": "Jeanne Secret"}
    InteractionFactory(on=dt.date(2025, 1, 20), channel=Channel.LAUNCH, company=siae, **common)
    InteractionFactory(on=dt.date(2025, 6, 12), channel=Channel.MID_YEAR, company=siae, **common)
    InteractionFactory(on=dt.date(2025, 3, 12), channel=Channel.CALL, company=siae, **common)
    InteractionFactory(on=dt.date(2024, 12, 12), channel=Channel.YEAR_END, company=None, **common)
    snapshot = built(market)
    assert column(snapshot, "meetings_expected", "held_on") == {
        "Réunion collective de démarrage": "2025-01-20",
        "Point en cours d’année avec le donneur d’ordre": None,
        "Point en cours d’année avec Sillage Insertion": "2025-06-12",
        "Réunion collective de fin d’année": None,
    }
    assert set(column(snapshot, "meetings_expected", "state").values()) == {
        "tenue",
        "non inscrite au journal",
    }
    assert [row["cells"]["on"] for row in block(snapshot, "meetings_held")["rows"]] == [
        "2025-01-20",
        "2025-06-12",
    ]
    assert chapter(snapshot, "meetings")["answer"] == (
        "2 réunions sur 4 que demande la convention sont inscrites au journal."
    )
    said = json.dumps(snapshot, ensure_ascii=False)
    assert "Untel" not in said and "Secret" not in said


def test_beneficiaries_and_their_situations_without_typology():
    market, _, commitment = reserved_market()
    people = work(commitment, people=20, hours=10)
    exits = {Situation.CDI: 6, Situation.INTERIM: 6, Situation.SEEKING: 5}
    rows = iter(people)
    for situation, number in exits.items():
        for _ in range(number):
            OutcomeFactory(
                beneficiary=next(rows), milestone=Milestone.EXIT, exit_on=dt.date(2025, 9, 30), due_on=dt.date(2025, 10, 1),
                situation=situation, source=OutcomeSource.PERSON, recorded_on=dt.date(2025, 10, 5),
            )  # fmt: skip
    ClosedYearFactory(year=2025)
    snapshot = built(market)
    keys = {b["key"] for c in snapshot["chapters"] for b in c["blocks"]}
    assert (
        not {key for key in keys if key.startswith("typology_") and key != "typology_withheld"}
        and "publics" not in keys
    )
    assert snapshot["figures"]["people"] == "20"
    assert "outcomes_situations" in keys
    definitions = {item["term"]: item["text"] for item in block(snapshot, "definitions")["items"]}
    assert "un seul niveau" in definitions["Typologie"] and "pour ce donneur d’ordre" not in str(definitions)


def test_a_marche_d_insertion_with_nothing_recorded_says_so():
    market = MarketFactory(nature=MarketNature.INSERTION, starts_on=dt.date(2025, 1, 6), notified_on=None)
    snapshot = built(market)
    assert "aucune heure" in chapter(snapshot, "essential")["answer"]
    assert block(snapshot, "accompaniment")["rows"] == [] and block(snapshot, "meetings_held")["rows"] == []
    assert labels_of(snapshot).title == "Bilan annuel d’un marché d’insertion"
    assert "None" not in json.dumps(snapshot, ensure_ascii=False)


def test_n_minus_one_is_that_of_the_same_market():
    market, _, commitment = reserved_market(starts_on=dt.date(2024, 1, 8), notified_on=dt.date(2024, 1, 2))
    work(commitment, people=2, month=dt.date(2024, 5, 1))
    ClosedYearFactory(year=2024)
    publish(start_reserved_bilan(market=market, year=2024, user=None))
    work(commitment, people=3)
    snapshot = built(market)
    people = next(item for item in block(snapshot, "essential_figures")["items"] if item["key"] == "people")
    assert (people["value"], people["previous"], people["previous_year"]) == ("3", "2", 2024)


# --- the draft ------------------------------------------------------------------------------------------------------


def test_what_refuses_its_draft():
    market, _, _ = reserved_market(closed_on=dt.date(2025, 12, 31), planned_end=dt.date(2025, 12, 31))
    plain = MarketFactory()
    LotFactory(market=plain)
    order = MarketFactory(parent=market, buyer=market.buyer)
    refused = [
        (plain, 2025, "aucun lot de ce marché n’est réservé"),
        (order, 2025, market.reference),
        (market, 2024, "commence le 06/01/2025"),
        (market, 2026, "clos depuis le 31/12/2025"),
        (market, timezone.localdate().year + 1, "n’a pas commencé"),
    ]
    for subject, year, words in refused:
        with pytest.raises(DomainError, match=words):
            start_reserved_bilan(market=subject, year=year, user=None)
    undated = MarketFactory(nature=MarketNature.INSERTION, starts_on=None, notified_on=None, planned_end=None)
    with pytest.raises(DomainError, match="ordre de service"):
        start_reserved_bilan(market=undated, year=2025, user=None)
    assert not Bilan.objects.exists()


def test_one_draft_at_a_time_then_a_reason_and_another_year_has_its_own():
    market, _, _ = reserved_market()
    bilan = start_reserved_bilan(market=market, year=2025, user=None)
    assert str(bilan) == f"Bilan 2025, marché réservé {market.reference}" and bilan.buyer == market.buyer
    with pytest.raises(DomainError, match="déjà en cours"):
        start_reserved_bilan(market=market, year=2025, user=None)
    with pytest.raises(DomainError, match="n’est pas close"):
        publish(bilan)
    ClosedYearFactory(year=2025)
    freeze(bilan=bilan, user=None)
    with pytest.raises(DomainError, match="se motive"):
        start_reserved_bilan(market=market, year=2025, user=None)
    second = start_reserved_bilan(
        market=market, year=2025, user=None, rectification_reason="Un relevé oublié."
    )
    assert second.version == 2
    start_reserved_bilan(market=market, year=2026, user=None)
    assert list(Bilan.objects.of_same_subject(second).order_by("version")) == [bilan, second]
    with pytest.raises(IntegrityError), transaction.atomic():
        Bilan.objects.create(kind=BilanKind.RESERVED, market=market, year=2025, buyer=market.buyer, version=3)


def test_its_files_say_what_the_snapshot_says():
    market, _, commitment = reserved_market(reference="RES-7")
    work(commitment, people=3)
    ClosedYearFactory(year=2025)
    bilan = publish(start_reserved_bilan(market=market, year=2025, user=None))
    files = {row.format: row for row in make_files(bilan=bilan, user=None, formats=["pdf", "json"])}
    assert json.loads(read_file(files["json"].file)) == bilan.snapshot
    assert files["pdf"].file.name == "bilan-2025-marche-res-7-v1.pdf"
    reader = PdfReader(io.BytesIO(read_file(files["pdf"].file)))
    text = " ".join("".join(page.extract_text() for page in reader.pages).split())
    assert "Bilan annuel d’un marché réservé" in text and "Réunions et rencontres" in text


# --- who sees it ----------------------------------------------------------------------------------------------------


def test_its_buyers_read_it_once_published_and_never_a_company(cast, signed_in):
    market = cast.commitment_a.market
    market.lots.update(reservation=Reservation.SIAE)
    page = reverse("market_reserved_bilan", args=[market.pk])
    client = signed_in(cast.facilitator)
    assert page in client.get(reverse("market_progress", args=[market.pk])).text
    year = market.begins_on.year
    client.post(page, {"year": str(year), "rectification_reason": ""})
    bilan = Bilan.objects.get(kind=BilanKind.RESERVED)
    detail = reverse("bilan_detail", args=[bilan.pk])
    assert "Réunions et rencontres" in client.get(detail, {"chiffres": "1"}).text
    assert signed_in(cast.buyer_user_a).get(detail).status_code == 404
    ClosedYearFactory(year=year)
    (pdf,) = make_files(bilan=publish(bilan), user=None, formats=["pdf"])
    download = reverse("file_download", args=[pdf.file_id])
    html = signed_in(cast.buyer_user_a).get(detail).text
    assert "du marché réservé" in html and market.reference in html
    response = signed_in(cast.buyer_user_a).get(download)
    assert b"".join(response.streaming_content)[:5] == b"%PDF-"  # type: ignore[attr-defined]
    response.close()
    assert "marché réservé ALPHA-1" in signed_in(cast.buyer_user_a).get(reverse("bilan_list")).text
    assert detail in signed_in(cast.buyer_user_a).get(reverse("market_progress", args=[market.pk])).text
    for user in (cast.buyer_user_b, cast.limited_a, cast.company_user_a):
        client = signed_in(user)
        assert client.get(detail).status_code in (403, 404)
        assert client.get(download).status_code in (403, 404)
    MarketPartyFactory(market=market, buyer=cast.buyer_b)
    assert signed_in(cast.buyer_user_b).get(detail).status_code == 200


def test_a_final_bilan_is_still_opened_beside_it(cast, signed_in):
    market = cast.commitment_a.market
    market.lots.update(reservation=Reservation.SIAE)
    start_reserved_bilan(market=market, year=market.begins_on.year, user=None)
    client = signed_in(cast.facilitator)
    client.post(reverse("market_final_bilan", args=[market.pk]))
    assert Bilan.objects.filter(kind=BilanKind.FINAL, market=market).count() == 1


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(cast, signed_in):
    market = cast.commitment_a.market
    page = reverse("market_reserved_bilan", args=[market.pk])
    html = signed_in(cast.facilitator).post(page, {"year": str(market.begins_on.year)}).text
    assert "aucun lot de ce marché n’est réservé" in html
    assert page not in signed_in(cast.facilitator).get(reverse("market_progress", args=[market.pk])).text
