"""`manage.py figures`: any scope from the shell, as tables or JSON; errors are sentences."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from markets.models import Operation
from tests.factories import (
    CompanyKindFactory,
    DepartmentFactory,
    HoursEntryFactory,
    ResponsibilityFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("figures", *words, stdout=out)
    return out.getvalue().replace("\u202f", " ").replace("\xa0", " ")


def hours(*words: str) -> str:
    found: dict[str, Any] = json.loads(told(*words, "--json"))
    return next(row["value"] for row in found["figures"] if row["key"] == "hours")


@pytest.fixture
def year(cast: Any) -> Any:
    """Alpha: 100 h in March and 40 h in June on ALPHA-1; Bravo: 7 h."""
    mine = eligible_assignment(commitment=cast.commitment_a)
    for month, number in ((3, 100), (6, 40)):
        HoursEntryFactory(assignment=mine, month=dt.date(2025, month, 1), hours=number, counted=True)
    other = eligible_assignment(commitment=cast.commitment_b)
    HoursEntryFactory(assignment=other, month=dt.date(2025, 3, 1), hours=7, counted=True)
    return cast


def test_every_scope_is_asked_for_by_its_name(year):
    market = year.commitment_a.market
    operation = Operation.objects.create(buyer=year.buyer_a, name="Îlot Nord")
    department = DepartmentFactory(buyer=year.buyer_a, name="Direction du patrimoine bâti")
    type(market).objects.filter(pk=market.pk).update(operation=operation, department=department)
    ResponsibilityFactory(market=market, facilitator=year.facilitator, starts_on=dt.date(2025, 5, 1))
    CompanyKindFactory(company=year.commitment_a.holder, kind="EI", starts_on=dt.date(2025, 6, 1))
    for words, expected in (
        (["--buyer", year.buyer_a.name], "140.00"),
        (["--buyer", year.buyer_a.identifier], "140.00"),
        (["--buyer", "alpha"], "140.00"),
        (["--department", "Direction du patrimoine bâti"], "140.00"),
        (["--operation", "îlot nord"], "140.00"),
        (["--market", market.reference], "140.00"),
        (["--market", market.reference, "--buyer", "alpha"], "140.00"),
        (["--company", str(year.commitment_a.holder)], "140.00"),
        (["--employer", str(year.commitment_a.holder)], "140.00"),
        (["--siae"], "40.00"),
        (["--siae", str(year.commitment_a.holder)], "40.00"),
        (["--facilitator", year.facilitator.email], "40.00"),
        (["--facilitator", str(year.facilitator)], "40.00"),
        (["--territory"], "147.00"),
    ):
        assert hours(*words, "--year", "2025") == expected, words


def test_whole_months(year):
    assert hours("--buyer", "alpha", "--months", "2025-03:2025-05") == "100.00"
    assert hours("--buyer", "alpha", "--months", "2025-06") == "40.00"


def test_tables_are_readable_and_withhold_few_people(year):
    text = told("--buyer", "alpha", "--year", "2025")
    lines = text.splitlines()
    assert lines[0] == f"{year.buyer_a}, année 2025"
    assert any(line.split() == ["heures", "d’insertion", "réalisées", "140", "h"] for line in lines)
    row = next(line for line in lines if line.strip().startswith(str(year.commitment_a.holder)[:20]))
    assert row.split()[-5:] == ["140", "h", "1", "1", "masqué"]
    assert all(len(line) <= 130 for line in lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Dites de qui"),
        (["--territory", "--buyer", "alpha"], "Dites de qui"),
        (["--buyer", "zzz", "--year", "2025"], "Aucun donneur d’ordre ne porte"),
        (["--buyer", "ville", "--year", "2025"], "Plusieurs réponses"),
        (["--company", "", "--year", "2025"], "Dites quelle entreprise"),
        (["--facilitator", "personne", "--year", "2025"], "Personne de la maison"),
        (["--territory"], "Donnez une année"),
        (["--territory", "--year", "deux mille"], "n’est pas une année"),
        (["--territory", "--year", "2025", "--months", "2025-01"], "pas les deux"),
        (["--territory", "--months", "2025-06:2025-01"], "précède"),
        (["--territory", "--months", "juin"], "n’est pas un mois"),
        (["--market", "inconnu", "--buyer", "alpha", "--year", "2025"], "Aucun marché"),
    ],
)
def test_a_slip_is_told_with_a_sentence(cast, words, said):
    type(cast.buyer_b).objects.filter(pk=cast.buyer_b.pk).update(
        name="Ville de Bravo", short_name="Ville de Bravo"
    )
    cast.buyer_b.refresh_from_db()
    cast.buyer_b.save()
    with pytest.raises(CommandError, match=said):
        call_command("figures", *words, stdout=io.StringIO())
