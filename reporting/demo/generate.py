"""Generates a whole territory, block after block, without asking the database anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Model

from beneficiaries.models import ClosedYear, CountingRules
from markets.models import House
from reporting.demo.draw import Draw, moment
from reporting.demo.lists import read_lists
from reporting.demo.organisations import draw_organisations
from reporting.demo.purchase import Purchase, draw_purchase
from reporting.demo.sizes import SIZES, Block
from reporting.demo.territory import Staff, Territory
from reporting.demo.work import Workforce


@dataclass
class Part:
    """The rows of one block, parents first."""

    block: Block
    rows: list[tuple[type[Model], list[Any]]]


def make_territory(
    *,
    years: int,
    seed: int,
    as_of: dt.date,
    staff: Staff | None = None,
    rules: Iterable[CountingRules] = (),
) -> Territory:
    """A territory to be generated; `rules` are those of the database, the starting ones when there are none."""
    territory = Territory(as_of=as_of, years=years, seed=seed, staff=staff or Staff(), lists=read_lists())
    territory.know_rules(rules or [CountingRules(id=1, in_force_from=dt.date(2000, 1, 1))])
    return territory


def generate(territory: Territory, size: str) -> Iterator[Part]:
    """Draw the blocks of that size one by one; rows of a block are forgotten when the next one is asked for.

    A bigger size begins with the rows of the smaller one: the chance of a block depends on its own code alone.
    """
    for number, block in enumerate(SIZES[size]):
        draw = Draw(territory.seed, territory.years, territory.as_of, block.code)
        if number == 0:
            _set_up_house(territory)
        organisations = draw_organisations(territory, block, number, draw)
        purchase = draw_purchase(territory, block, draw, organisations)
        if number == 0:
            _set_own_rules(territory, purchase)
        Workforce(territory, block, draw, organisations, purchase).send_everyone(
            first_edges=1 if block.people < 500 else 3
        )
        yield Part(block, list(territory.take_rows()))


def _set_up_house(territory: Territory) -> None:
    territory.add(
        House,
        name="Maison de l’emploi et de l’insertion (démonstration)",
        address="1 rue Inventée\n69000 Lyon",
        siret="90004242500018",
        bank_name="Banque inventée",
        iban="FR7630006000011234567890189",
        vat_note="TVA non applicable, article 293 B du code général des impôts",
        email="maison@exemple.invalid",
        signatory="Dominique Exemple",
        signatory_title="Présidence (personne inventée)",
    )
    for year in range(territory.first_day.year, territory.as_of.year):
        if closing_day := territory.closing_day(year):
            territory.add(
                ClosedYear, year=year, closed_at=moment(closing_day), closed_by_id=territory.staff.admin
            )


def _set_own_rules(territory: Territory, purchase: Purchase) -> None:
    """A buyer that counts tutoring from a month on, and a market with a shorter period."""
    territory.add_rules(
        buyer=purchase.organisations.buyers[2],
        in_force_from=territory.first_day,
        counts_tutoring=True,
        note="Avenant à la convention (démonstration).",
    )
    market = next(site.market for site in purchase.sites if site.market.buyer_id == 2)
    territory.add_rules(
        market=market,
        in_force_from=territory.first_day,
        counts_immersion=True,
        period_months=12,
        legal_max_month=Decimal(200),
        note="Clause particulière du marché (démonstration).",
    )
