"""The national consolidation: every line is an indicator of the territory, and who people are is masked as in its bilan."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from beneficiaries.models import Beneficiary
from core.files import read_file
from core.models import Job
from reporting import indicators
from reporting.enums import BilanKind, BilanState
from reporting.exports import files, national
from reporting.exports.national import OF_PEOPLE, Line, consolidation_of
from reporting.indicators import Facts
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot import build_territory_snapshot
from reporting.snapshot.beside import tables_of_people
from tests.factories import ClosedYearFactory, HouseFactory, MarketPartyFactory
from tests.reporting.territory import Territory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)
YEAR = 2024


@pytest.fixture(params=[1, 2, 6])
def territory(request: pytest.FixtureRequest) -> Territory:
    found = Territory(request.param, people=60)
    # One market that buyers of two kinds share.
    type(found.other).objects.filter(pk=found.other.pk).update(kind="social_landlord")
    market = found.commitments[found.buyer.pk][0].market
    MarketPartyFactory(market=market, buyer=found.other, share=Decimal("33.33"))
    return found


def lines_of(dimension: str, year: int = YEAR) -> dict[str, Line]:
    return {line.code: line for line in consolidation_of(year).lines if line.dimension == dimension}


def block(snapshot: dict[str, Any], key: str) -> dict[str, Any]:
    return next(b for c in snapshot["chapters"] for b in c["blocks"] if b["key"] == key)


def test_the_whole_is_the_territory_and_every_sum_of_hours_is_it(territory):
    facts = Facts(Scope.territory(), Period.of_year(YEAR))
    whole = lines_of("ensemble")["total"]
    assert (whole.hours, whole.people) == (indicators.hours(facts)[YEAR], indicators.people(facts)[YEAR])
    assert whole.contracts == indicators.contracts(facts, YEAR).count
    assert whole.markets == indicators.markets(facts)[YEAR].count
    for dimension in ("type_donneur_ordre", "famille_achat", "division_cpv", "type_contrat", "modalite"):
        found = lines_of(dimension).values()
        assert sum(line.hours or 0 for line in found) == whole.hours, dimension
    for dimension in ("type_contrat", "modalite"):
        assert sum(line.contracts or 0 for line in lines_of(dimension).values()) == whole.contracts


def test_the_lines_are_those_of_the_bilan_of_the_territory(territory):
    snapshot = build_territory_snapshot(year=YEAR, version=1, narrative={}, now=NOW)
    for key, dimension in (
        ("families", "famille_achat"), ("cpv", "division_cpv"), ("contract_types", "type_contrat"),
        ("modalities", "modalite"),
    ):  # fmt: skip
        found = lines_of(dimension)
        for row in block(snapshot, key)["rows"]:
            assert f"{found[row['key']].hours:f}" == row["cells"]["hours"], (dimension, row["key"])
            assert found[row["key"]].label == row["cells"]["label"] or dimension == "division_cpv"
    kinds = {line.label.lower(): line for line in lines_of("type_donneur_ordre").values()}
    for row in block(snapshot, "hours_by_buyer_kind")["rows"]:
        assert f"{kinds[row['key'].lower()].hours:f}" == row["cells"]["hours"]
    tables = tables_of_people(snapshot)
    for key, dimension in OF_PEOPLE.items():
        found = lines_of(dimension)
        assert bool(found) == (key in tables), dimension
        for row in tables[key]["rows"] if key in tables else ():
            line = found[row["key"]]
            assert list(line.masked) == [k for k in ("hours", "contracts", "people") if k in row["masked"]]
            assert (None if line.people is None else str(line.people)) == row["cells"]["people"]
            assert (None if line.hours is None else f"{line.hours:f}") == row["cells"]["hours"]


def test_a_published_bilan_of_the_territory_is_read_and_not_computed_again(territory):
    snapshot = build_territory_snapshot(year=YEAR, version=1, narrative={}, now=NOW)
    table = block(snapshot, next(key for key in OF_PEOPLE if key in tables_of_people(snapshot)))
    readable = next(row for row in table["rows"] if not row["masked"])
    readable["cells"]["people"] = "4321"
    Bilan.objects.create(
        kind=BilanKind.TERRITORY, year=YEAR, state=BilanState.PUBLISHED, snapshot=snapshot, published_at=NOW
    )
    found = consolidation_of(YEAR)
    assert found.people_from == "bilan du territoire publié, version 1"
    assert 4321 in {line.people for line in found.lines}


def test_no_line_tells_fewer_than_five_people(territory):
    for year in (2023, YEAR, 2025):
        for line in consolidation_of(year).lines:
            if line.dimension == "ensemble":
                continue
            assert line.people is None or line.people == 0 or line.people >= 5, line
            if line.dimension in OF_PEOPLE.values() and "people" in line.masked:
                assert line.hours is None and (line.contracts is None or line.dimension == "public")


def test_a_year_that_is_not_closed_says_nothing_of_who_people_are(territory):
    found = consolidation_of(2025)
    assert not {line.dimension for line in found.lines} & set(OF_PEOPLE.values())
    assert "n’est pas close" in found.people_from
    ClosedYearFactory(year=2025)
    assert {line.dimension for line in consolidation_of(2025).lines} & set(OF_PEOPLE.values())


def test_the_csv_and_the_workbook_say_the_same_lines(territory):
    HouseFactory()
    found = consolidation_of(YEAR)
    rows = [line.split(";") for line in national.csv_of(found).decode("utf-8-sig").splitlines()]
    assert rows[0] == [name for name, *_ in national.DICTIONARY]
    book = CalamineWorkbook.from_filelike(io.BytesIO(national.xlsx_of(found)))
    assert book.sheet_names == ["Consolidation", "Dictionnaire", "Dimensions"]
    sheet = book.get_sheet_by_name("Consolidation").to_python()
    start = sheet.index(next(row for row in sheet if row[0] == "annee"))
    assert len(sheet) - start == len(rows) == len(found.lines) + 1
    for in_csv, in_sheet, line in zip(rows[1:], sheet[start + 1 :], found.lines, strict=True):
        assert in_csv[:3] == in_sheet[:3] == [str(YEAR), line.dimension, line.code]
        for index, value in zip(
            range(4, 8), (line.hours, line.contracts, line.people, line.markets), strict=True
        ):
            written, read = in_csv[index].replace(",", "."), in_sheet[index]
            assert (Decimal(written) if written else None) == value
            assert (Decimal(str(read)) if read != "" else None) == value
        assert "masqu" not in in_csv[8] and in_csv[8] == in_sheet[8]
    explained = {row[0] for row in book.get_sheet_by_name("Dimensions").to_python()}
    assert {line.dimension for line in found.lines} <= explained


def test_it_holds_no_name(territory):
    text = national.csv_of(consolidation_of(YEAR)).decode()
    names = {word for person in Beneficiary.objects.all() for word in (person.last_name,)}
    assert names and not any(name in text for name in names)


# --- page ---------------------------------------------------------------------------------------------------------


def ask(client: Any, cast: Any, **sent: str) -> Any:
    client.force_login(cast.admin)
    return client.post(reverse("exports"), sent)


def test_the_admin_takes_the_file_from_the_page(client, cast):
    ClosedYearFactory(year=YEAR)
    client.force_login(cast.admin)
    page = client.get(reverse("exports")).content.decode()
    assert "Consolidation nationale" in page and f'<th scope="row">{YEAR} ' in page
    answer = ask(client, cast, what="national_csv", year=str(YEAR))
    assert answer["Content-Disposition"] == f'attachment; filename="consolidation-{YEAR}.csv"'
    assert answer.content.decode("utf-8-sig").startswith("annee;dimension;code;modalite;heures")
    answer = ask(client, cast, what="national_xlsx", year=str(YEAR))
    assert answer.content[:2] == b"PK"


def test_a_big_year_is_made_in_a_job_that_only_admins_open(
    client, cast, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(files, "is_big", lambda what, year: True)
    with django_capture_on_commit_callbacks(execute=True):
        answer = ask(client, cast, what="national_csv", year=str(YEAR))
    row = Job.objects.get(kind=files.KIND)
    assert answer.url == reverse("job_detail", args=[row.pk])
    assert row.state == Job.State.DONE and row.result_file is not None
    assert read_file(row.result_file).decode("utf-8-sig").startswith("annee;")
    address = reverse("file_download", args=[row.result_file.pk])
    assert b"".join(client.get(address).streaming_content).startswith(b"\xef\xbb\xbfannee;")
    for user in (cast.facilitator, cast.buyer_user_a):
        client.force_login(user)
        assert client.get(address).status_code in (403, 404)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"what": "national_csv"}, "Choisissez une année"),
        ({"what": "national_csv", "year": "deux"}, "n’est pas une année"),
        ({"what": "national_csv", "year": "9999"}, "n’est pas une année"),
        ({"what": "tout", "year": "2024"}, "n’existe pas"),
        ({}, "n’existe pas"),
    ],
)
def test_what_is_not_made_here_is_told_with_a_sentence(client, cast, sent, said):
    answer = ask(client, cast, **sent)
    assert answer.status_code == 302
    assert said in client.get(answer.url).content.decode()
