"""What each person of the house carries today: markets, companies, people, what is to be done, bilans to write."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from beneficiaries.models import Assignment
from markets.models import Responsibility, Task
from reporting.enums import BilanState
from reporting.models import Bilan
from reporting.snapshot.material import Block, chart
from reporting.tables_of_figures import Column, Row, table

COLUMNS = (
    ("markets", "Marchés en cours"),
    ("companies", "Entreprises"),
    ("people", "Personnes au travail"),
    ("tasks", "Échéances ouvertes"),
    ("overdue", "dont dépassées"),
    ("bilans", "Bilans à écrire"),
)


def loads(user: Any, today: dt.date) -> dict[int, dict[str, Any]]:
    """House account → its figures; five statements, whatever the number of accounts, markets and tasks."""
    staff = User.objects.visible_to(user).house_staff().filter(is_active=True)
    found: dict[int, dict[str, Any]] = {
        row.pk: {"label": str(row)} for row in staff.order_by("last_name", "first_name", "pk")
    }
    held = _held(user, today)
    people = _people_by_market(user, today)
    tasks = _tasks(user, held)
    waiting = Bilan.objects.visible_to(user).filter(state=BilanState.DRAFT, writer__isnull=False).order_by()
    bilans = Counter(waiting.values_list("writer", flat=True))
    for pk, figures in found.items():
        mine = tasks.get(pk, {})
        markets = held["market"].get(pk, set())
        figures |= {
            "markets": len(markets),
            "companies": len(held["company"].get(pk, ())),
            "people": len(set().union(*(people.get(market, set()) for market in markets))),
            "tasks": len(mine),
            "overdue": sum(due is not None and due < today for due in mine.values()),
            "bilans": bilans[pk],
        }
    return found


def _held(user: Any, today: dt.date) -> dict[str, dict[int, set[int]]]:
    """What each answers for today, as holder or stand-in: open markets, companies, buyers."""
    rows = Responsibility.objects.visible_to(user).on(today).order_by()
    found: dict[str, dict[int, set[int]]] = {
        name: defaultdict(set) for name in ("market", "company", "buyer", "any_market")
    }
    for holder, stand_in, market, closed_on, company, buyer in rows.values_list(
        "facilitator", "stand_in", "market", "market__closed_on", "company", "buyer"
    ):
        for person in {holder, stand_in} - {None}:
            if market is not None:
                found["any_market"][person].add(market)
                if closed_on is None:
                    found["market"][person].add(market)
            elif company is not None:
                found["company"][person].add(company)
            elif buyer is not None:
                found["buyer"][person].add(buyer)
    return found


def _people_by_market(user: Any, today: dt.date) -> dict[int, set[int]]:
    """Who works this month on each market."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Assignment.objects.visible_to(user).active_in(today.replace(day=1)).order_by()
    for market, person in rows.values_list("commitment__market", "placement__beneficiary"):
        found[market].add(person)
    return found


def _tasks(user: Any, held: dict[str, dict[int, set[int]]]) -> dict[int, dict[int, dt.date | None]]:
    """Open tasks of each, as « Échéances » tells them: given to someone, or of a file that someone answers for."""
    found: dict[int, dict[int, dt.date | None]] = defaultdict(dict)
    holders: dict[str, dict[int, set[int]]] = {}
    for name in ("any_market", "company", "buyer"):
        holders[name] = defaultdict(set)
        for person, files in held[name].items():
            for pk in files:
                holders[name][pk].add(person)
    rows = Task.objects.visible_to(user).open().order_by()
    for pk, assignee, market, company, buyer, due_on in rows.values_list(
        "pk", "assignee", "market", "company", "buyer", "due_on"
    ):
        people: set[int] = {assignee} if assignee is not None else set()
        if assignee is None:
            if market is not None:
                people |= holders["any_market"].get(market, set())
            elif company is not None:
                people |= holders["company"].get(company, set())
            if buyer is not None:
                people |= holders["buyer"].get(buyer, set())
        for person in people:
            found[person][pk] = due_on
    return found


def load_blocks(found: dict[int, dict[str, Any]]) -> list[Block]:
    """Who has the most overdue first, drawn and told."""
    ordered = sorted(
        found, key=lambda pk: (-found[pk]["overdue"], -found[pk]["tasks"], -found[pk]["markets"], pk)
    )
    portfolio = reverse("portfolio_dashboard")
    rows = [Row(str(pk), found[pk], f"{portfolio}?{urlencode({'facilitateur': pk})}") for pk in ordered]
    drawn = [(found[pk]["label"], Decimal(found[pk]["markets"]), False) for pk in sorted(found, key=lambda pk: (-found[pk]["markets"], pk)) if found[pk]["markets"]]  # fmt: skip
    columns = [Column("label", "Personne"), *(Column(key, label, "number") for key, label in COLUMNS)]
    blocks = [chart("load_chart", "Marchés en cours, par personne", "bars", drawn, "Marchés en cours par personne.", "")] if drawn else []  # fmt: skip
    return [
        *blocks,
        table(
            "load", "Charge par personne", columns, rows,
            base="Base : comptes de la maison qui peuvent se connecter. Un fichier que tient un titulaire et son suppléant compte "
            "chez chacun : les colonnes ne s’additionnent pas.",
            notes=["Personnes au travail : affectées ce mois-ci sur l’un de ces marchés. Échéances : confiées à la personne, ou "
                   "d’un fichier dont elle répond et confiées à nul autre."],
            empty="Aucun compte de la maison.",
        ),
    ]  # fmt: skip
