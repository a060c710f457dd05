"""`manage.py figures --buyer SIRET --year 2025 [--json]`: the indicators of any scope, on the screen or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from core import formats
from core.errors import DomainError
from core.text import normalise
from markets.models import Buyer, Company, Department, Market, Operation
from reporting.figures import COLUMNS, figures_of, period_of
from reporting.indicators import Facts
from reporting.scope import Scope

MASKED = "masqué"
LABEL_WIDTH = 56


class Command(BaseCommand):
    help = (
        "Affiche les indicateurs d’un donneur d’ordre, d’une direction, d’une opération, d’un marché, d’une entreprise, "
        "d’une SIAE, d’un·e facilitateur·rice ou du territoire, sur une année ou des mois entiers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--buyer", metavar="SIRET|NOM", help="donneur d’ordre")
        parser.add_argument("--department", metavar="NOM", help="direction ou service, avec --buyer")
        parser.add_argument("--operation", metavar="NOM", help="opération, avec --buyer s’il faut choisir")
        parser.add_argument("--market", metavar="RÉFÉRENCE", help="marché, avec --buyer s’il faut choisir")
        parser.add_argument("--company", metavar="SIRET|NOM", help="entreprise, titulaire des engagements")
        parser.add_argument("--employer", metavar="SIRET|NOM", help="entreprise, comme employeur")
        parser.add_argument(
            "--siae",
            nargs="?",
            const="",
            metavar="SIRET|NOM",
            help="les SIAE, ou l’une d’elles, dans les mois où elles en étaient",
        )
        parser.add_argument(
            "--facilitator", metavar="ADRESSE|NOM", help="ce qu’une personne suivait, mois par mois"
        )
        parser.add_argument("--territory", action="store_true", help="toute la maison")
        parser.add_argument("--year", default="", metavar="2025", help="année civile")
        parser.add_argument("--months", default="", metavar="2025-03:2025-06", help="mois entiers, compris")
        parser.add_argument("--json", action="store_true", help="écrit du JSON plutôt que des tableaux")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            facts = Facts(self.scope(options), self.period(options))
        except DomainError as error:
            raise CommandError(error.sentence) from error
        found = figures_of(facts)
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))
            return
        for line in shown(found):
            self.stdout.write(line)

    def period(self, options: dict[str, Any]) -> Any:
        if not options["months"]:
            return period_of(options["year"].strip())
        first, separator, last = options["months"].strip().partition(":")
        return period_of(options["year"].strip(), (first, last if separator else first))

    def scope(self, options: dict[str, Any]) -> Scope:
        """The one scope that is asked for. The command line is the house's own: it has no user to narrow to."""
        names = ("department", "operation", "market", "company", "employer", "siae", "facilitator")
        asked = [name for name in names if options[name] is not None] + ["territory"] * options["territory"]
        # A buyer alone is a scope; beside a direction, an operation or a market it says whose.
        if options["buyer"] is not None and (not asked or asked[0] not in names[:3]):
            asked.append("buyer")
        if len(asked) != 1:
            raise DomainError(
                "Dites de qui ou de quoi : --buyer, --department, --operation, --market, --company, --employer, --siae, "
                "--facilitator ou --territory, un seul à la fois (--buyer peut préciser les trois suivants)."
            )
        [kind] = asked
        words = (options[kind] or "").strip() if kind != "territory" else ""
        buyer = None
        if options["buyer"] is not None:
            buyer = one_of(Buyer.objects.order_by("pk"), options["buyer"].strip(), "donneur d’ordre")
        match kind:
            case "territory":
                return Scope.territory()
            case "buyer":
                assert buyer is not None
                return Scope.of(buyer)
            case "facilitator":
                return Scope.facilitator(person(words))
            case "siae" if not words:
                return Scope.siae()
            case "siae":
                return Scope.siae(one_of(Company.objects.order_by("pk"), words, "entreprise"))
            case "employer":
                return Scope.employer(one_of(Company.objects.order_by("pk"), words, "entreprise"))
            case "company":
                return Scope.of(one_of(Company.objects.order_by("pk"), words, "entreprise"))
        model, field, called = {
            "department": (Department, "name", "direction"),
            "operation": (Operation, "name", "opération"),
            "market": (Market, "reference", "marché"),
        }[kind]
        rows = model.objects.select_related("buyer").order_by("pk")  # type: ignore[attr-defined]
        found = one_of(rows.filter(buyer=buyer) if buyer else rows, words, called, field)
        return Scope.whole_market(found) if isinstance(found, Market) else Scope.of(found)


def one_of(rows: Any, words: str, called: str, field: str = "") -> Any:
    """The one row that bears this identifier or this name. Raises DomainError for none, or for several."""
    feminine = called in ("direction", "opération", "entreprise")
    if not words:
        raise DomainError(f"Dites {'quelle' if feminine else 'quel'} {called} : un nom ou un identifiant.")
    found = []
    if not field:
        found = list(rows.filter(identifier=words.replace(" ", ""))[:2])
    if not found:
        found = _named(rows, normalise(words), field or "name")
    if not found:
        raise DomainError(
            f"{'Aucune' if feminine else 'Aucun'} {called} ne porte le nom ou l’identifiant « {words} »."
        )
    if len(found) > 1:
        names = " ; ".join(
            f"{row} ({getattr(row, 'identifier', None) or getattr(row, 'buyer', '')})" for row in found[:5]
        )
        raise DomainError(
            f"Plusieurs réponses pour « {words} » : {names}{'…' if len(found) > 5 else ''}. Donnez "
            f"{'le donneur d’ordre avec --buyer, ou le nom entier' if field else 'l’identifiant'}."
        )
    return found[0]


def _named(rows: Any, words: str, field: str) -> list[Any]:
    """Those of exactly this name, else those whose name holds it; case and accents do not matter."""
    if not words:
        return []
    if hasattr(rows.model, "search_key"):
        rows = rows.filter(search_key__contains=words)
    named = [
        (normalise(getattr(row, field)), normalise(getattr(row, "short_name", "")), row) for row in rows[:500]
    ]
    exactly = [row for *names, row in named if words in names]
    return exactly or [row for *names, row in named if any(words in name for name in names)]


def person(words: str) -> User:
    """The one person of the house with this address or this name."""
    rows = [user for user in User.objects.order_by("pk") if user.is_house_staff]
    found = [user for user in rows if words and words.casefold() == user.email.casefold()]
    found = found or [user for user in rows if words and normalise(words) in normalise(str(user))]
    if len(found) != 1:
        raise DomainError(
            f"Personne de la maison ne porte l’adresse ou le nom « {words} »."
            if not found
            else f"Plusieurs personnes répondent à « {words} » : donnez l’adresse électronique."
        )
    return found[0]


def shown(found: dict[str, Any]) -> list[str]:
    """The figures as lines of text: totals, then each table that has rows."""
    title = found["scope"]["name"] or {"siae": "Ensemble des SIAE"}.get(found["scope"]["kind"], "Territoire")
    lines = [f"{title}, {found['period']['label']}", ""]
    lines += [
        f"  {row['label']:<{LABEL_WIDTH}} {_value(row['value'], row['unit']):>16}" for row in found["figures"]
    ]
    for table in found["tables"]:
        if not table["rows"]:
            continue
        columns = [key for key in COLUMNS if key in table["rows"][0]]
        heads = [COLUMNS[key][0] for key in columns]
        widths = [max(14, len(head) + 1) for head in heads]
        lines += ["", formats.typeset(table["title"])]
        lines.append(_row("", heads, widths))
        for row in table["rows"]:
            cells = [
                MASKED
                if key in row["masked"]
                else _value(row[key], "h" if COLUMNS[key][1] == "hours" else "")
                for key in columns
            ]
            lines.append(_row(row["label"], cells, widths))
    return lines


def _row(label: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    said = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"  {formats.short(label, LABEL_WIDTH):<{LABEL_WIDTH}} {said}".rstrip()


def _value(value: str | None, unit: str) -> str:
    if value is None:
        return "–"
    match unit:
        case "h":
            return formats.hours(value)
        case "%":
            return formats.rate(Decimal(value))
        case "€":
            return formats.amount(value)
    return formats.number(value)
