"""The figures of a scope and a period as one JSON-ready dict: what the interface of programs and the shell give.

Nothing is worked out here that `reporting.indicators` does not say, and nothing is in it that a buyer may not read:
no typology, and no number of people on a line where they are few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from beneficiaries.enums import Modality
from beneficiaries.models import ClosedYear
from core import formats
from core.dates import month_of
from core.errors import DomainError
from core.forms import parse_month
from markets.enums import Family
from markets.models import CpvCode
from reporting import indicators
from reporting.indicators.work import Line, Lines
from reporting.masking import THRESHOLD
from reporting.scope import Months, Period, Span, bounds
from reporting.snapshot.purchase import ratio
from reporting.snapshot.words import upper_first

UNKNOWN = "Non renseigné"
YEARS = (1990, 2100)
# Numbers of people by ad hoc months could be taken from one another.
PEOPLE = ("people", "new_people", "hours_per_person")
UNITS = {"hours": "h", "rate": "%", "number": "", "amount": "€"}


def period_of(year: str = "", months: tuple[str, str] | None = None) -> Period:
    """« 2025 », or whole months « 2025-03 » to « 2025-06 ». Raises DomainError with a sentence."""
    if year and months:
        raise DomainError("Donnez une année ou des mois, pas les deux.", field="year")
    if year:
        if not (year.isascii() and year.isdecimal() and YEARS[0] <= int(year) <= YEARS[1]):
            raise DomainError(
                f"« {year[:20]} » n’est pas une année : écrivez par exemple 2025.", field="year"
            )
        return Period.of_year(int(year))
    if not months:
        raise DomainError("Donnez une année, ou des mois entiers.", field="year")
    first, last = (_month(text, name) for text, name in zip(months, ("from", "to"), strict=True))
    if last < first:
        raise DomainError("Le dernier mois précède le premier.", field="to")
    return Period.of_months(first, last)


def _month(text: str, field: str) -> Any:
    found = None
    if len(text) == 7 and text[4] == "-":
        try:
            found = parse_month(text)
        except ValueError:
            found = None
    if found is None or not YEARS[0] <= found.year <= YEARS[1]:
        raise DomainError(f"« {text[:20]} » n’est pas un mois : écrivez par exemple 2025-03.", field=field)
    return month_of(found)


def written(value: Decimal | int | None) -> str | None:
    """As in the snapshot of a bilan: a plain decimal number, None for what is not known."""
    return None if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def figures_of(facts: indicators.Facts, *, for_buyer: bool = False) -> dict[str, Any]:
    """Totals under the keys of the bilan's figures, and the tables that a buyer may read of any whole months.

    for_buyer: without people where the months are ad hoc, as on its dashboard.
    """
    span = facts.period.span
    left_out = PEOPLE if for_buyer and not isinstance(span, int) else ()
    return {
        "scope": {"kind": facts.scope.kind.value, "id": facts.scope.id, "name": facts.scope.name},
        "period": period_words(span),
        "figures": [
            {"key": key, "label": formats.typeset(label), "unit": UNITS[kind], "value": written(value)}
            for key, label, kind, value in _totals(facts, span)
            if key not in left_out
        ],
        "tables": _tables(facts, span),
    }


def period_words(span: Span) -> dict[str, Any]:
    """What is said of the period: in words, its days, whether it is a closed year."""
    first, last = bounds(span)
    return {
        "label": _words(span),
        "year": span if isinstance(span, int) else None,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "closed": isinstance(span, int) and ClosedYear.objects.is_closed(span),
    }


def _words(span: Span) -> str:
    if isinstance(span, Months):
        return f"{formats.month(span.first)} – {formats.month(span.last)}"
    return f"année {span}"


def _totals(facts: indicators.Facts, span: Span) -> list[tuple[str, str, str, Decimal | int | None]]:
    hours, people = indicators.hours(facts)[span], indicators.people(facts)[span]
    made, markets = indicators.contracts(facts, span), indicators.markets(facts)[span]
    kept, rates = indicators.reserved(facts)[span], indicators.rates(facts, span)
    return [
        ("hours", "heures d’insertion réalisées", "hours", hours),
        ("people", "personnes", "number", people),
        ("new_people", "dont nouvelles entrantes", "number", indicators.new_people(facts)[span]),
        ("hours_per_person", "heures par personne", "hours", indicators.hours_per_person(hours, people)),
        ("full_time", "équivalents temps plein (1 600 h)", "number", indicators.full_time_equivalents(hours)),
        ("contracts", "contrats de travail", "number", made.count),
        ("contracts_started", "dont démarrés dans la période", "number", made.started),
        ("missions", "missions d’intérim", "number", made.missions),
        ("markets", "marchés avec clause", "number", markets.count),
        ("markets_notified", "dont notifiés dans la période", "number", markets.notified),
        ("markets_with_hours", "dont avec des heures", "number", markets.with_hours),
        ("markets_reserved", "marchés réservés", "number", kept.count),
        ("markets_insertion", "marchés d’insertion", "number", markets.insertion),
        ("operations", "opérations", "number", markets.operations),
        ("awarded_to_siae", "montants attribués à des SIAE", "amount", kept.awarded_to_siae),
        ("awarded_to_adapted", "montants attribués à des EA, ESAT", "amount", kept.awarded_to_adapted),
        ("hours_engaged", "heures engagées en fin de période", "hours", rates.engaged),
        ("hours_since_start", "heures comptées depuis le début", "hours", rates.counted),
        ("rate", "taux de réalisation", "rate", ratio(rates.rate)),
        ("surplus", "heures au-delà des engagements", "hours", rates.surplus),
        ("commitments_met", "engagements tenus", "number", rates.met),
    ]  # fmt: skip


def _tables(facts: indicators.Facts, span: Span) -> list[dict[str, Any]]:
    holders = facts.holder_names()
    employers = indicators.company_names(work.employer for work in facts.works_of(span))
    types = {work.contract_type: work.contract_label for work in facts.works}
    jobs = {work.occupation: work.occupation_label for work in facts.works}
    divisions = indicators.by_cpv_division(facts)[span]
    cpv = dict(
        CpvCode.objects.filter(code__in=[code for code in divisions if code])
        .order_by("code")
        .values_list("code", "label")
    )
    people = ("people",) if isinstance(span, int) else ()
    made = ("contracts", "started")
    return [
        _table("hours_by_holder", "Heures par entreprise", indicators.by_holder(facts)[span], holders.get, (*made, *people)),
        _table("hours_by_employer", "Les mêmes heures, par employeur", indicators.by_employer(facts)[span], employers.get, people),
        _table("contract_types", "Types de contrat", indicators.by_contract_type(facts)[span], types.get, ("contracts",)),
        _table("modalities", "Modalités", indicators.by_modality(facts)[span], lambda code: upper_first(Modality(code).label), ("contracts", *people)),
        _table("families", "Familles d’achat", indicators.by_family(facts)[span], lambda code: upper_first(Family(code).label) if code else "", ()),
        _table("cpv", "Divisions CPV", divisions, lambda code: f"{code} · {cpv[code]}" if code in cpv else code, ()),
        _table("occupations", "Métiers (ROME)", indicators.by_occupation(facts)[span], lambda code: f"{code} · {jobs[code]}" if code else "", ()),
        _months(facts, span),
        markets_of(facts, span),
    ]  # fmt: skip


def _table(
    key: str, title: str, lines: Lines, name: Callable[[Any], str | None], more: tuple[str, ...]
) -> dict[str, Any]:
    """Rows of hours, the largest first; few people are withheld, hours and contracts never are (rule 9)."""
    labels = {code: name(code) or UNKNOWN for code in lines}
    ordered = sorted(lines.items(), key=lambda row: (-row[1].hours, labels[row[0]], str(row[0])))
    return {
        "key": key,
        "title": title,
        "rows": [
            {"key": str(code or "unknown"), "label": labels[code], **_cells(line, more)}
            for code, line in ordered
        ],
    }


def _cells(line: Line, more: tuple[str, ...]) -> dict[str, Any]:
    masked = ["people"] if "people" in more and 0 < line.people < THRESHOLD else []
    cells: dict[str, Any] = {"hours": written(line.hours)}
    for column in more:
        cells[column] = None if column in masked else str(getattr(line, column))
    return {**cells, "masked": masked}


def _months(facts: indicators.Facts, span: Span) -> dict[str, Any]:
    rows = indicators.by_month(facts, span)
    return {
        "key": "months",
        "title": "Heures par mois",
        "rows": [
            {"key": f"{month:%Y-%m}", "label": formats.month(month), "hours": written(hours), "masked": []}
            for month, hours in rows.items()
        ],
    }


def markets_of(facts: indicators.Facts, span: Span) -> dict[str, Any]:
    """Hours engaged and counted since the start, by market with a target, and the hours of the period."""
    worked = indicators.by_market(facts)[span]
    rows: dict[int, dict[str, Any]] = {}
    for rate in indicators.rates(facts, span).rows:
        row = rows.setdefault(
            rate.market,
            {
                "label": f"{rate.market_reference} · {rate.market_object}",
                "engaged": Decimal(0),
                "counted": Decimal(0),
            },
        )
        row["engaged"] += max(rate.engaged, Decimal(0))
        row["counted"] += rate.counted
    others = set(worked) - set(rows)
    if others:
        for market in facts.markets:
            if market.id in others:
                rows[market.id] = {
                    "label": f"{market.reference} · {market.object}",
                    "engaged": None,
                    "counted": None,
                }
    ordered = sorted(rows.items(), key=lambda row: (row[1]["label"], row[0]))
    return {
        "key": "markets",
        "title": "Marchés",
        "rows": [
            {
                "key": str(pk),
                "label": row["label"],
                "hours": written(worked[pk].hours if pk in worked else Decimal("0.00")),
                "hours_engaged": written(row["engaged"]),
                "hours_since_start": written(row["counted"]),
                "masked": [],
            }
            for pk, row in ordered
        ],
    }  # fmt: skip


COLUMNS: Mapping[str, tuple[str, str]] = {
    "hours": ("Heures", "hours"),
    "hours_engaged": ("Heures engagées", "hours"),
    "hours_since_start": ("Comptées depuis le début", "hours"),
    "contracts": ("Contrats", "number"),
    "started": ("Dont démarrés", "number"),
    "people": ("Personnes", "number"),
}
