"""The same figures everywhere: dashboard, bilan page, PDF, workbooks, JSON, interface of programs, shell, open data.

The truth is asked of the indicators alone; each reader below takes what one place shows, back to numbers.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from lxml import html
from pypdf import PdfReader

from beneficiaries.enums import Modality
from markets.services.tokens import create_token
from reporting import indicators
from reporting.documents import content_of
from reporting.enums import BilanFormat, BilanState
from reporting.exports import open_data
from reporting.indicators import Facts
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot import build_snapshot
from reporting.snapshot.words import upper_first
from tests.factories import BuyerMembershipFactory, HouseFactory, UserFactory
from tests.reporting.figure_readers import (
    MASKED,
    TABLES,
    YEAR,
    Rows,
    blocks_of,
    from_figures,
    from_page,
    from_snapshot,
    from_workbook,
    labels_of,
    number,
    pdf_text,
    plain,
    text_of,
    written,
)
from tests.reporting.small_lines import holds_hours, small_lines, told_hours
from tests.reporting.territory import Territory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 2, 9, 15, tzinfo=dt.UTC)


@dataclass
class Place:
    """A buyer with its published bilan, and every place that shows its year."""

    territory: Territory
    bilan: Bilan
    user: Any
    key: str

    @property
    def buyer(self) -> Any:
        return self.territory.buyer

    @property
    def facts(self) -> Facts:
        return Facts(Scope.of(self.buyer), Period.of_year(YEAR))

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files of the bilan, each made once."""
        assert self.bilan.snapshot is not None
        return {name: content_of(self.bilan.snapshot, name) for name in BilanFormat.values}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every file, page and answer that the buyer may read, as text."""
        return readable(self)


@pytest.fixture(scope="module", params=[1, 2, 8])
def place(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Place]:
    with django_db_blocker.unblock(), transaction.atomic():
        HouseFactory()
        territory = Territory(request.param, people=60)
        snapshot = build_snapshot(buyer=territory.buyer, year=YEAR, version=1, narrative={}, now=NOW)
        # As the database keeps it.
        snapshot = json.loads(json.dumps(snapshot))
        bilan = Bilan.objects.create(
            buyer=territory.buyer, year=YEAR, state=BilanState.PUBLISHED, snapshot=snapshot, published_at=NOW
        )
        user = BuyerMembershipFactory(buyer=territory.buyer).user
        key = create_token(name="Tableau", buyer=territory.buyer, company=None, by=UserFactory()).words
        yield Place(territory, bilan, user, key)
        transaction.set_rollback(True)


# --- the truth -----------------------------------------------------------------------------------------------------


def true_figures(facts: Facts) -> dict[str, Decimal | None]:
    made, rates = indicators.contracts(facts, YEAR), indicators.rates(facts, YEAR)
    markets, hours = indicators.markets(facts)[YEAR], indicators.hours(facts)[YEAR]
    people = indicators.people(facts)[YEAR]
    found = {
        "hours": hours,
        "people": people,
        "new_people": indicators.new_people(facts)[YEAR],
        "hours_per_person": indicators.hours_per_person(hours, people),
        "contracts": made.count,
        "contracts_started": made.started,
        "missions": made.missions,
        "markets": markets.count,
        "markets_notified": markets.notified,
        "markets_with_hours": markets.with_hours,
        "markets_reserved": indicators.reserved(facts)[YEAR].count,
        "markets_insertion": markets.insertion,
        "hours_engaged": rates.engaged,
        "hours_since_start": rates.counted,
        "rate": rates.rate,
        "surplus": rates.surplus,
        "commitments_met": rates.met,
    }
    return {key: None if value is None else Decimal(value) for key, value in found.items()}


def true_tables(facts: Facts) -> dict[str, Rows]:
    holders = facts.holder_names()
    types = {work.contract_type: work.contract_label or "Non renseigné" for work in facts.works}
    families = {"works": "Travaux", "services": "Services", "supplies": "Fournitures",
                "intellectual": "Prestations intellectuelles"}  # fmt: skip
    lines = {
        "hours_by_holder": (indicators.by_holder(facts)[YEAR], holders.__getitem__),
        "modalities": (indicators.by_modality(facts)[YEAR], lambda key: upper_first(Modality(key).label)),
        "contract_types": (indicators.by_contract_type(facts)[YEAR], types.__getitem__),
        "families": (indicators.by_family(facts)[YEAR], families.__getitem__),
    }
    return {
        table: {
            name(key): {
                column: MASKED
                if column == "people" and 0 < line.people < 5
                else Decimal(getattr(line, column))
                for column in TABLES[table]
            }
            for key, line in rows.items()
        }
        for table, (rows, name) in lines.items()
    }


def assert_figures(found: dict[str, Any], truth: dict[str, Decimal | None], at_least: set[str]) -> None:
    assert at_least <= set(found), at_least - set(found)
    for key in set(found) & set(truth):
        expected = truth[key]
        if key == "rate" and expected is not None and found[key] is not None:
            # A rate is shown rounded; one that is not whole never shows as whole.
            digits = -found[key].as_tuple().exponent
            assert abs(found[key] - expected) <= Decimal(1).scaleb(-digits), key
        else:
            assert found[key] == expected, key


def assert_tables(
    found: dict[str, Rows], truth: dict[str, Rows], tables: tuple[str, ...] = tuple(TABLES)
) -> None:
    for table in tables:
        shown = {
            label: {column: row[column] for column in TABLES[table] if column in row}
            for label, row in found[table].items()
        }
        for label, row in truth[table].items():
            assert shown[label] == {column: row[column] for column in shown[label]} and "hours" in shown[label], (
                table, label,
            )  # fmt: skip
        assert set(shown) == set(truth[table]), table


# --- equality ------------------------------------------------------------------------------------------------------


def test_the_truth_is_something(place):
    truth = true_figures(place.facts)
    assert truth["hours"] and truth["people"] and truth["contracts"] and truth["markets"] and truth["rate"]
    assert any(row["people"] == MASKED for row in true_tables(place.facts)["hours_by_holder"].values())


def test_the_snapshot_and_its_json(place):
    for snapshot in (place.bilan.snapshot, json.loads(place.files[BilanFormat.JSON])):
        figures, tables = from_snapshot(snapshot)
        truth = true_figures(place.facts)
        assert_figures(figures, truth, set(truth))
        assert_tables(tables, true_tables(place.facts))


def test_the_page_of_the_bilan(place, client):
    client.force_login(place.user)
    text = client.get(reverse("bilan_detail", args=[place.bilan.pk])).content.decode()
    figures, tables = from_page(text, place.bilan.snapshot)
    assert_figures(
        figures, true_figures(place.facts), {"hours", "people", "contracts", "markets", "rate", "surplus"}
    )
    assert_tables(tables, true_tables(place.facts))


def test_the_dashboard(place, client):
    client.force_login(place.user)
    text = client.get(reverse("buyer_dashboard", args=[place.buyer.pk]) + f"?annee={YEAR}").content.decode()
    figures, tables = from_page(text, place.bilan.snapshot)
    assert_figures(figures, true_figures(place.facts), {"hours", "people"})
    assert_tables(tables, true_tables(place.facts), ("hours_by_holder", "modalities", "contract_types"))


def test_the_workbook_of_the_bilan(place):
    figures, tables = from_workbook(place.files[BilanFormat.XLSX], place.bilan.snapshot)
    assert_figures(figures, true_figures(place.facts), {"hours", "people", "contracts", "markets", "rate"})
    assert_tables(tables, true_tables(place.facts))


def test_the_pdf(place):
    text = pdf_text(place.files[BilanFormat.PDF])
    truth = true_figures(place.facts)
    read = {}
    for label, key in labels_of(place.bilan.snapshot).items():
        # Large figures are drawn without their thin space; what stands before may end with a year.
        value = r"(?<![\d,])((?:\d{1,3}(?: \d{3})+|\d+)(?:,\d+)? ?[h%]?)"
        shown = re.search(rf"{value} (?:heures )?{re.escape(label)}", text)
        if shown:
            read[key] = number(shown[1])
    assert_figures(read, truth, {"hours", "people", "contracts", "rate"})
    lost, blocks = [], blocks_of(place.bilan.snapshot)
    for table, rows in true_tables(place.facts).items():
        order = [column["key"] for column in blocks[table]["columns"]]
        for label, row in rows.items():
            # The values of the row follow its label in the order of the columns, N-1 and what is not compared between them.
            values = [MASKED if row[key] == MASKED else written(row[key]) for key in order if key in row]
            line = r"(?: \S+){0,4}? ".join(re.escape(value) for value in values)
            if not re.search(rf"{re.escape(plain(label))} (?:\S+ )?{line}(?![\d,])", text):
                lost.append((table, label, values))
    assert lost == []


def test_the_interface_of_programs(place):
    cache.clear()
    client = Client(headers={"Authorization": f"Bearer {place.key}"})
    figures, tables = from_figures(client.get(f"/api/v1/figures?year={YEAR}").json())
    truth = true_figures(place.facts)
    assert_figures(figures, truth, set(truth))
    assert_tables(tables, true_tables(place.facts))
    published = client.get(f"/api/v1/bilans/{place.bilan.pk}").json()["snapshot"]
    assert from_snapshot(published) == from_snapshot(place.bilan.snapshot)


def test_the_shell(place):
    out = io.StringIO()
    call_command("figures", "--buyer", place.buyer.identifier, "--year", str(YEAR), "--json", stdout=out)
    figures, tables = from_figures(json.loads(out.getvalue()))
    truth = true_figures(place.facts)
    assert_figures(figures, truth, set(truth))
    assert_tables(tables, true_tables(place.facts))
    out = io.StringIO()
    call_command("figures", "--buyer", place.buyer.identifier, "--year", str(YEAR), stdout=out)
    text = plain(out.getvalue())
    assert f"heures d’insertion réalisées {written(truth['hours'])} h" in text
    for label, row in true_tables(place.facts)["hours_by_holder"].items():
        assert f"{label} {written(row['hours'])} h {row['contracts']}" in text


def test_open_data(place):
    archive = zipfile.ZipFile(io.BytesIO(open_data.archive_of(YEAR, made_on=dt.date(2026, 11, 22))))

    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")), delimiter=";"))

    figures = {row["indicateur"]: Decimal(row["valeur"].replace(",", ".")) for row in rows("chiffres.csv")}
    assert_figures(figures, true_figures(place.facts), {"hours", "people", "contracts", "markets", "rate"})
    shown = {
        row["entreprise"]: {"hours": number(row["heures"]), "contracts": number(row["contrats"])}
        for row in rows("heures_par_entreprise.csv")
    }
    assert_tables({"hours_by_holder": shown}, true_tables(place.facts), ("hours_by_holder",))


# --- nothing unmasked ----------------------------------------------------------------------------------------------


def readable(place: Place) -> dict[str, str]:
    cache.clear()
    client = Client()
    client.force_login(place.user)
    program = Client(headers={"Authorization": f"Bearer {place.key}"})
    pk = place.bilan.pk
    found = {f"bilan.{name}": text_of(content, name) for name, content in place.files.items()}
    for name, address in {
        "bilan page": reverse("bilan_detail", args=[pk]),
        "dashboard": reverse("buyer_dashboard", args=[place.buyer.pk]) + f"?annee={YEAR}",
        "dashboard, purchases": reverse("buyer_dashboard", args=[place.buyer.pk])
        + f"?annee={YEAR}&volet=achats",
        "dashboard, years": reverse("buyer_dashboard", args=[place.buyer.pk]) + f"?annee={YEAR}&comparer=3",
    }.items():
        found[name] = plain(" ".join(html.fromstring(client.get(address).content.decode()).itertext()))
        workbook = client.get(f"{address}&export=xlsx") if "?" in address else None
        if workbook is not None:
            found[f"{name}, workbook"] = text_of(workbook.getvalue(), BilanFormat.XLSX)
    [(_, [attached])] = PdfReader(io.BytesIO(place.files[BilanFormat.ARCHIVE])).attachments.items()
    found["bilan.pdfa, what is attached"] = plain(attached.decode())
    for path in (
        f"bilans/{pk}",
        f"figures?year={YEAR}",
        f"figures?from={YEAR}-02&to={YEAR}-03",
        f"markets?year={YEAR}",
    ):
        found[f"program {path}"] = plain(program.get(f"/api/v1/{path}").content.decode())
    archive = zipfile.ZipFile(io.BytesIO(open_data.archive_of(None, made_on=dt.date(2026, 11, 22))))
    for name in archive.namelist():
        found[f"open data {name}"] = plain(archive.read(name).decode("utf-8-sig"))
    return found


def test_no_file_that_a_buyer_reads_holds_the_hours_of_few_people(place):
    """Hours are drawn to the cent: those of a small line are no other figure's, unless they are said below."""
    told = told_hours(place.facts, YEAR)
    texts = place.texts
    looked_for = 0
    for table, label, _, hours in small_lines(place.facts, YEAR):
        if hours in told or hours == 0:
            continue
        looked_for += 1
        for name, text in texts.items():
            assert not holds_hours(text, hours), (name, table, label, hours)
    assert looked_for


def test_every_line_that_tells_who_people_are_has_five_of_them_or_is_masked(place):
    """Wherever a label of the typology stands before a number of people, that number is not small."""
    small = {(table, label): people for table, label, people, _ in small_lines(place.facts, YEAR)}
    tables = {
        key: block
        for key, block in blocks_of(place.bilan.snapshot).items()
        if key.startswith("typology_") or key == "publics"
    }
    assert tables
    for key, block in tables.items():
        for row in block["rows"]:
            people = row["cells"].get("people")
            assert people is None or not 0 < int(people) < 5, (key, row)
            assert people is not None or "people" in row["masked"]
            if (key.removeprefix("typology_"), row["cells"]["label"]) in small:
                assert people is None
    texts = place.texts
    for name in ("bilan.pdf", "bilan.xlsx", "bilan page"):
        for block in tables.values():
            for row in block["rows"]:
                if "people" in row["masked"]:
                    label = re.escape(plain(row["cells"]["label"]))
                    assert re.search(rf"{label} {MASKED}", texts[name]), (name, row["cells"]["label"])


def test_the_dashboard_the_interface_and_the_shell_tell_nothing_of_who_people_are(place):
    texts = place.texts
    for name, text in texts.items():
        if name.startswith(("dashboard", "program figures", "program markets")):
            for words in (
                "Âge à l’entrée",
                "Résidents d’un QPV",
                "Niveau de formation",
                "Statut principal à l’entrée",
            ):
                assert words not in text, name
