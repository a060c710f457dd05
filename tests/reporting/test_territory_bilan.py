"""The report of the territory: the whole house, every buyer, each shared market once; of the house only."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from pypdf import PdfReader

from core.errors import DomainError
from core.files import read_file
from markets.enums import MarketNature
from reporting import indicators
from reporting.enums import BilanKind
from reporting.indicators.buyers import by_buyer
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.services.drafts import start_territory_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan
from reporting.snapshot import build_territory_snapshot
from reporting.snapshot.labels import labels_of
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    HoursEntryFactory,
    HouseFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    PlannedPurchaseFactory,
    eligible_assignment,
    make_bilan,
)
from tests.reporting.territory import Territory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)


def block(snapshot, key):
    return next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == key)


def cells(snapshot, key, column):
    return {row["cells"]["label"]: row["cells"][column] for row in block(snapshot, key)["rows"]}


def built(year=2025, narrative=None):
    return build_territory_snapshot(year=year, version=1, narrative=narrative or {}, now=NOW)


def work(commitment, people=1, hours=100, month=dt.date(2025, 4, 1)):
    for _ in range(people):
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=commitment), month=month, hours=hours, counted=True
        )


def publish(bilan):
    return freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)


def test_a_shared_market_counts_once_and_its_buyers_make_the_whole():
    ville, metropole = BuyerFactory(name="Ville"), BuyerFactory(name="Métropole")
    shared = MarketFactory(buyer=ville)
    MarketPartyFactory(market=shared, buyer=metropole, share=Decimal("33.33"))
    work(CommitmentFactory(lot=LotFactory(market=shared), hours=1000), people=2, hours=Decimal("50.05"))
    own = MarketFactory(buyer=metropole)
    work(CommitmentFactory(lot=LotFactory(market=own), hours=500), people=1, hours=Decimal("10.00"))
    snapshot = built()
    assert snapshot["figures"]["hours"] == "110.10" and snapshot["figures"]["markets"] == "2"
    assert snapshot["figures"]["people"] == "3" and snapshot["figures"]["buyers"] == "2"
    # 50,05 × 33,33 % = 16,68 twice; what is left is the leader's.
    assert cells(snapshot, "hours_by_buyer", "hours") == {"Ville": "66.74", "Métropole": "43.36"}
    assert cells(snapshot, "hours_by_buyer", "markets") == {"Ville": "1", "Métropole": "2"}
    totals = block(snapshot, "hours_by_buyer")["totals"]
    assert (totals["hours"], totals["markets"], totals["people"]) == ("110.10", "2", "3")
    # Two and three people are few: their number is withheld, their hours never are.
    assert cells(snapshot, "hours_by_buyer", "people") == {"Ville": None, "Métropole": None}
    rates = block(snapshot, "rates_by_buyer")
    assert rates["totals"]["engaged"] == "1500.00"
    assert cells(snapshot, "rates_by_buyer", "engaged") == {"Métropole": "833.30", "Ville": "666.70"}


@pytest.mark.parametrize("seed", [3, 11])
def test_each_line_of_a_buyer_is_what_its_own_scope_says(seed):
    drawn = Territory(seed)
    other = Scope.of(drawn.other).markets().order_by("pk").first()
    MarketPartyFactory(market=other, buyer=drawn.buyer, share=Decimal("41.67"))
    facts = indicators.Facts(Scope.territory(), Period((2024, 2025)))
    lines = by_buyer(facts)
    for year in (2024, 2025):
        for buyer in (drawn.buyer, drawn.other):
            own = indicators.Facts(Scope.of(buyer), Period((2024, 2025)))
            line = lines[year][buyer.pk]
            assert line.hours == indicators.hours(own)[year]
            assert line.people == indicators.people(own)[year]
            assert line.markets == indicators.markets(own)[year].count
            mine = indicators.rates(own, year)
            assert (line.rates.engaged, line.rates.rate) == (mine.engaged, mine.rate)
        assert sum(line.hours for line in lines[year].values()) == indicators.hours(facts)[year]


def test_it_has_its_chapters_and_says_nothing_of_a_buyer_s_own():
    drawn = Territory(5)
    ClosedYearFactory(year=2025)
    PlannedPurchaseFactory(buyer=drawn.buyer, asked_on=dt.date(2025, 3, 3), answered_on=dt.date(2025, 3, 20))
    PlannedPurchaseFactory(buyer=drawn.buyer, asked_on=dt.date(2024, 3, 3))
    snapshot = built()
    keys = [chapter["key"] for chapter in snapshot["chapters"]]
    assert keys[:3] == ["essential", "buyers", "markets"] and keys[-1] == "method"
    assert {"sectors", "employers", "people", "rates", "companies", "outcomes", "actions", "advice"} <= set(
        keys
    )
    assert snapshot["buyer"] is None and snapshot["kind"] == "territory"
    blocks = {b["key"] for c in snapshot["chapters"] for b in c["blocks"]}
    assert "market_list" not in blocks and "rates_by_commitment" not in blocks
    assert {"typology_residence", "typology_qpv", "cpv", "contract_types", "modalities", "publics"} <= blocks
    figures = {item["key"]: item["value"] for item in block(snapshot, "advice_figures")["items"]}
    assert figures["purchases_asked"] == "1" and figures["purchases_answered"] == "1"
    said = json.dumps(snapshot, ensure_ascii=False)
    assert "pour ce donneur d’ordre" not in said and "None" not in said
    assert labels_of(snapshot).document.startswith("Bilan 2025 des clauses sociales du territoire — ")


def test_the_structures_of_insertion_are_told_by_what_they_were_that_month():
    market = MarketFactory()
    commitment = CommitmentFactory(lot=LotFactory(market=market), hours=1000)
    both = CompanyFactory(name="Alpha Insertion")
    CompanyKindFactory(company=both, kind="EI")
    CompanyKindFactory(company=both, kind="ETTI", starts_on=dt.date(2025, 6, 1))
    for month in (4, 6):
        assignment = eligible_assignment(commitment=commitment, employer=both)
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, month, 1), hours=100, counted=True)
    work(commitment, hours=50)
    snapshot = built()
    assert {
        row["key"]: row["cells"]["hours"] for row in block(snapshot, "hours_by_employer_kind")["rows"]
    } == {
        "EI": "200.00",
        "ETTI": "100.00",
    }
    table = block(snapshot, "hours_by_structure")
    assert cells(snapshot, "hours_by_structure", "hours") == {"Alpha Insertion": "200.00"}
    assert table["rows"][0]["cells"]["kinds"] == "EI, ETTI" and table["totals"]["hours"] == "200.00"


def test_small_communes_are_put_together_in_it():
    market = MarketFactory()
    commitment = CommitmentFactory(lot=LotFactory(market=market), hours=1000)
    for number, label in ((6, "Bron"), (3, "Vaulx"), (4, "Saint-Fons"), (9, "Oullins")):
        commune = CommuneFactory(label=label)
        for _ in range(number):
            person = BeneficiaryFactory(commune=commune)
            assignment = eligible_assignment(commitment=commitment, beneficiary=person)
            HoursEntryFactory(assignment=assignment, month=dt.date(2025, 4, 1), hours=10, counted=True)
    ClosedYearFactory(year=2025)
    rows = cells(built(), "typology_residence", "people")
    assert rows == {"Bron": "6", "Oullins": "9", "Autres communes": "7", "Non renseigné": "0"}


def test_it_stands_beside_the_published_one_of_the_year_before():
    market = MarketFactory(starts_on=dt.date(2024, 1, 8), notified_on=dt.date(2024, 1, 8))
    commitment = CommitmentFactory(lot=LotFactory(market=market), hours=1000)
    work(commitment, people=6, month=dt.date(2024, 4, 1))
    ClosedYearFactory(year=2024)
    publish(start_territory_bilan(year=2024, user=None))
    work(commitment, people=6, hours=150)
    snapshot = built()
    assert snapshot["previous"]["year"] == 2024
    hours = next(item for item in block(snapshot, "essential_figures")["items"] if item["key"] == "hours")
    assert (hours["value"], hours["previous"]) == ("900.00", "600.00")
    assert [(row["year"], row["source"]) for row in snapshot["series"]][-2:] == [
        (2024, "published"),
        (2025, "computed"),
    ]
    assert block(snapshot, "hours_by_buyer")["rows"][0]["cells"]["hours_previous"] == "600.00"


def test_a_year_without_data_says_so():
    HouseFactory()
    snapshot = built()
    assert "aucune heure" in snapshot["chapters"][0]["answer"].lower()
    assert snapshot["figures"]["buyers"] == "0"
    assert block(snapshot, "hours_by_buyer")["rows"] == []


# --- the draft, its publication -------------------------------------------------------------------------------------


def test_one_draft_at_a_time_a_closed_year_and_a_reason_afterwards():
    with pytest.raises(DomainError, match="n’a pas commencé"):
        start_territory_bilan(year=2031, user=None)
    bilan = start_territory_bilan(year=2025, user=None)
    assert str(bilan) == "Bilan 2025 du territoire"
    with pytest.raises(DomainError, match="déjà en cours"):
        start_territory_bilan(year=2025, user=None)
    with pytest.raises(DomainError, match="n’est pas close"):
        publish(bilan)
    ClosedYearFactory(year=2025)
    freeze(bilan=bilan, user=None)
    with pytest.raises(DomainError, match="se motive"):
        start_territory_bilan(year=2025, user=None)
    second = start_territory_bilan(year=2025, user=None, rectification_reason="Un relevé oublié.")
    assert second.version == 2 and str(second) == "Bilan 2025 du territoire, version 2"
    assert list(Bilan.objects.of_same_subject(second).order_by("version")) == [bilan, second]


def test_the_database_refuses_a_second_draft_and_a_buyer():
    start_territory_bilan(year=2025, user=None)
    for values in ({}, {"buyer": BuyerFactory(), "version": 2, "year": 2024}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Bilan.objects.create(kind=BilanKind.TERRITORY, **{"year": 2025, **values})


def test_its_three_files_say_what_the_snapshot_says():
    Territory(5)
    HouseFactory(name="Maison de l’emploi")
    ClosedYearFactory(year=2025)
    bilan = publish(start_territory_bilan(year=2025, user=None))
    files = {row.format: row for row in make_files(bilan=bilan, user=None, formats=["pdf", "json"])}
    assert json.loads(read_file(files["json"].file)) == bilan.snapshot
    assert files["pdf"].file.name == "bilan-2025-territoire-v1.pdf"
    reader = PdfReader(io.BytesIO(read_file(files["pdf"].file)))
    assert reader.metadata.title == "Bilan 2025 des clauses sociales du territoire — Maison de l’emploi"
    assert "Donneurs d’ordre" in "".join(page.extract_text() for page in reader.pages)


# --- who sees it ----------------------------------------------------------------------------------------------------


def test_the_house_prepares_it_and_no_buyer_nor_company_ever_sees_it(cast, signed_in):
    page = reverse("territory_bilan")
    assert signed_in(cast.facilitator).get(page).status_code == 403
    client = signed_in(cast.admin)
    assert page in client.get(reverse("bilan_list")).text
    response = client.post(page, {"year": "2025", "rectification_reason": ""}, follow=True)
    bilan = Bilan.objects.get(kind=BilanKind.TERRITORY)
    assert "Bilan 2025 du territoire" in response.text
    figures = client.get(reverse("bilan_detail", args=[bilan.pk]), {"chiffres": "1"}).text
    assert "Donneurs d’ordre" in figures
    ClosedYearFactory(year=2025)
    bilan = publish(bilan)
    (pdf,) = make_files(bilan=bilan, user=None, formats=["pdf"])
    for user in (cast.buyer_user_a, cast.limited_a, cast.company_user_a):
        client = signed_in(user)
        assert client.get(reverse("bilan_detail", args=[bilan.pk])).status_code in (403, 404)
        assert client.get(reverse("file_download", args=[pdf.file_id])).status_code in (403, 404)
        assert not Bilan.objects.visible_to(user).filter(pk=bilan.pk).exists()
    assert "du territoire" not in signed_in(cast.buyer_user_a).get(reverse("bilan_list")).text
    html = signed_in(cast.facilitator).get(reverse("bilan_list"), {"kind": "territory"}).text
    assert "du territoire" in html
    assert signed_in(cast.facilitator).get(reverse("bilan_detail", args=[bilan.pk])).status_code == 200


def test_the_publication_says_which_bilans_are_better_published_first(cast, signed_in):
    bilan = start_territory_bilan(year=2025, user=None)
    ClosedYearFactory(year=2025)
    review_bilan(bilan=bilan, user=None)
    client, page = signed_in(cast.admin), reverse("bilan_publish", args=[bilan.pk])
    html = client.get(page).text
    assert "reste de la maison" in html and "Publiez-les d’abord" not in html
    make_bilan(buyer=cast.buyer_a)
    assert "n’est pas encore publié" in client.get(page).text


def test_the_list_asks_as_much_with_one_bilan_as_with_six(cast, signed_in, django_assert_max_num_queries):
    client = signed_in(cast.admin)
    for year in (2025, 2024, 2023):
        start_territory_bilan(year=year, user=None)
        make_bilan(buyer=cast.buyer_a, year=year)
    client.get(reverse("bilan_list"))
    with django_assert_max_num_queries(12):
        assert "Le territoire" in client.get(reverse("bilan_list")).text


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(cast, signed_in):
    start_territory_bilan(year=2025, user=None)
    html = signed_in(cast.admin).post(reverse("territory_bilan"), {"year": "2025"}).text
    assert "déjà en cours" in html


# --- from the shell -------------------------------------------------------------------------------------------------


def test_the_command_publishes_it_once_and_says_what_is_wrong(tmp_path):
    ClosedYearFactory(year=2025)
    drawn = Territory(5, people=6)
    target = tmp_path / "territoire.json"
    for _ in range(2):
        call_command("make_bilan", territory=True, year=2025, json=target, stdout=io.StringIO())
    bilan = Bilan.objects.get(kind=BilanKind.TERRITORY)
    assert json.loads(target.read_text()) == bilan.snapshot
    wrong = [
        ({"territory": True, "market": "M-1"}, "va avec --buyer"),
        (
            {"buyer": drawn.buyer.identifier, "market": "M-INCONNU"},
            "n’a pas de marché de référence M-INCONNU",
        ),
        ({"buyer": "123"}, "Aucun donneur d’ordre"),
    ]
    for options, words in wrong:
        with pytest.raises(CommandError, match=words):
            call_command("make_bilan", year=2025, **options)


def test_the_command_publishes_that_of_a_reserved_market_beside_its_buyer_s(tmp_path):
    ClosedYearFactory(year=2025)
    market = MarketFactory(nature=MarketNature.INSERTION, reference="INS-1")
    common = {"buyer": market.buyer.identifier, "year": 2025, "stdout": io.StringIO()}
    call_command("make_bilan", market="INS-1", json=tmp_path / "un.json", **common)
    call_command("make_bilan", json=tmp_path / "deux.json", **common)
    kinds = Bilan.objects.order_by("kind").values_list("kind", "state")
    assert list(kinds) == [("annual", "published"), ("reserved", "published")]
