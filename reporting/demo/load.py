"""Writes a generated territory into the database, once, and remembers with which arguments."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import DateTimeField, Model
from django.utils import timezone

from accounts.enums import Role
from accounts.services import ensure_demo_account
from beneficiaries.models import ContractType, CountingRules
from core import formats
from core.errors import DomainError
from core.history import bulk_load_generated
from core.models import Job, Searchable
from core.reference import load_reference_lists
from core.search import index_rows
from reporting.demo import directory
from reporting.demo.generate import generate, make_territory
from reporting.demo.territory import MODELS, Staff

KIND = "create_demo"
# Days that a row records by itself when somebody makes it; a generated row says when it would have been.
RECORDED = ("created_at", "recorded_at", "entered_at", "closed_at")

Say = Callable[[str], None]


def existing_territory(arguments: dict[str, Any]) -> bool:
    """Tell whether the database holds this very territory. Raises DomainError when it holds anything else."""
    done = Job.objects.filter(kind=KIND, state=Job.State.DONE).order_by("-pk").first()
    if done is not None:
        if done.payload == arguments:
            return True
        raise DomainError(
            f"La base contient déjà un territoire de démonstration ({describe(done.payload)}) : "
            "pour un autre, partez d’une base vide (un autre MAILLON_VAR, par exemple)."
        )
    for model in MODELS:
        rows = model._default_manager.all()
        if model is CountingRules:
            # The territory's own rules come with the database.
            rows = rows.exclude(buyer=None, market=None)
        if rows.exists():
            raise DomainError(
                f"La base contient déjà des données ({model._meta.verbose_name_plural}) : "
                "la démonstration ne se crée que dans une base vide."
            )
    return False


def describe(arguments: dict[str, Any]) -> str:
    """« small, 3 ans, graine 1, au 22/11/2026 »."""
    day = dt.date.fromisoformat(arguments["as_of"])
    return (
        f"{arguments['size']}, {formats.noun(arguments['years'], 'an')}, graine {arguments['seed']}, "
        f"au {formats.day(day)}"
    )


@transaction.atomic
def load_territory(arguments: dict[str, Any], *, say: Say) -> Counter[str]:
    """Write the whole territory, or nothing; returns how many rows of each model."""
    if not ContractType.objects.exists():
        load_reference_lists()
        say("listes de référence")
    staff = _make_accounts()
    say("comptes")
    territory = make_territory(
        years=arguments["years"],
        seed=arguments["seed"],
        as_of=dt.date.fromisoformat(arguments["as_of"]),
        staff=staff,
        rules=list(CountingRules.objects.filter(buyer=None, market=None).order_by("in_force_from")),
    )
    written: Counter[str] = Counter()
    with _days_as_given():
        for part in generate(territory, arguments["size"]):
            for model, rows in part.rows:
                bulk_load_generated(model, rows)
                if issubclass(model, Searchable):
                    index_rows(model, rows)
                written[str(model._meta.verbose_name_plural)] += len(rows)
            rows_of_part = sum(len(rows) for _, rows in part.rows)
            say(f"{part.block.code} : {formats.number(rows_of_part)} lignes")
    directory.load_directory_of(dt.date.fromisoformat(arguments["as_of"]))
    say("annuaire et Charte des 1000")
    _finish_tables()
    now = timezone.now()
    Job.objects.create(
        kind=KIND,
        key=KIND,
        label=f"Territoire de démonstration ({describe(arguments)})",
        payload=arguments,
        state=Job.State.DONE,
        report=dict(written),
        started_at=now,
        finished_at=now,
    )
    say("index et statistiques")
    return written


def _make_accounts() -> Staff:
    """The accounts of the picker; they have no password."""
    people = (
        ("admin", Role.ADMIN, "Dominique", "Admin"),
        ("nadia", Role.FACILITATOR, "Nadia", "Facilitatrice"),
        ("thomas", Role.FACILITATOR, "Thomas", "Facilitateur"),
        ("ines", Role.FACILITATOR, "Inès", "Facilitatrice"),
        ("oullins", Role.BUYER, "Claude", "Ville d’Oullins-Pierre-Bénite"),
        ("metropole", Role.BUYER, "Sacha", "Métropole, direction des bâtiments"),
        ("etti", Role.COMPANY, "Lou", "ETTI"),
        ("titulaire", Role.COMPANY, "Andréa", "Titulaire"),
    )
    ids = [
        ensure_demo_account(name=name, role=role, first_name=first_name, last_name=last_name).pk
        for name, role, first_name, last_name in people
    ]
    return Staff(
        admin=ids[0],
        facilitators=(ids[1], ids[2], ids[3]),
        buyer=ids[4],
        buyer_department=ids[5],
        company_etti=ids[6],
        company_holder=ids[7],
    )


@contextmanager
def _days_as_given() -> Iterator[None]:
    """While it lasts, rows keep the recording days that they were given."""
    fields = [field for model in MODELS for field in model._meta.concrete_fields if field.name in RECORDED]
    automatic = [field for field in fields if isinstance(field, DateTimeField) and field.auto_now_add]
    for field in automatic:
        field.auto_now_add = False
    try:
        yield
    finally:
        for field in automatic:
            field.auto_now_add = True


def _finish_tables() -> None:
    """Let the database give the next ids after ours, and know how its tables are filled."""
    models: list[type[Model]] = [*MODELS, *directory.MODELS]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
