"""The figures of a bilan as the indicators compute them, in the shape of `bench.baselines.indicators`."""

from __future__ import annotations

from typing import Any

from reporting import indicators
from reporting.indicators import Facts
from reporting.scope import Period, Scope

ATTRIBUTES = {
    "by_holder": indicators.by_holder,
    "by_employer": indicators.by_employer,
    "by_contract_type": indicators.by_contract_type,
    "by_modality": indicators.by_modality,
    "by_occupation": indicators.by_occupation,
    "by_market": indicators.by_market,
    "by_family": indicators.by_family,
    "by_cpv_division": indicators.by_cpv_division,
}


def compute(scope: Scope, year: int) -> dict[str, Any]:
    """Everything that the snapshot of a bilan asks of the indicators, as they give it: what is timed."""
    facts = Facts(scope, Period.of_year(year, back=1))
    return {
        "facts": facts,
        "hours": indicators.hours(facts),
        "people": indicators.people(facts),
        "new_people": indicators.new_people(facts),
        **{name: function(facts) for name, function in ATTRIBUTES.items()},
        "by_siae": indicators.by_siae(facts),
        "contracts": {past: indicators.contracts(facts, past) for past in facts.period.years},
        "markets": indicators.markets(facts),
        "clause_kinds": indicators.markets_by_clause_kind(facts),
        "reserved": indicators.reserved(facts),
        "rates": indicators.rates(facts, year),
        "relations": indicators.relations(facts, year),
        "regularisation": indicators.regularisation(scope, year),
        "typology": indicators.typology(facts, year),
        "publics": indicators.publics(facts, year),
        "principal_publics": indicators.principal_publics(facts, year),
    }


def figures_by_indicators(scope: Scope, year: int) -> dict[str, Any]:
    """The same figures as plain values, to be compared one by one with those made by hand."""
    made = compute(scope, year)
    found: dict[str, Any] = {name: made[name] for name in ("hours", "people", "new_people", "clause_kinds")}
    for name in ("hours", "people", "new_people"):
        found[name] = {past: value for past, value in found[name].items() if value}
    for name in ATTRIBUTES:
        found[name] = {
            (past, key): (line.hours, line.people)
            for past, lines in made[name].items()
            for key, line in lines.items()
        }
    found["by_siae"] = {
        (past, key): hours for past, by in made["by_siae"].items() for key, hours in by.items()
    }
    contracts = made["contracts"]
    found["contracts"] = {past: (row.count, row.started, row.missions) for past, row in contracts.items()}
    found["contracts_by_holder"] = {
        past: {holder: (len(chains), sum(chains)) for holder, chains in row.by_holder.items()}
        for past, row in contracts.items()
    }
    found["contracts_by_type"] = {
        past: row.by(lambda contract: contract.contract_type) for past, row in contracts.items()
    }
    found["contracts_by_modality"] = {
        past: row.by(lambda contract: contract.modality) for past, row in contracts.items()
    }
    found["markets"] = {
        past: (row.count, row.notified, row.with_hours, row.insertion)
        for past, row in made["markets"].items()
    }
    found["reserved"] = {
        past: {key: (row.markets[key], row.lots[key], row.wholly.get(key, 0)) for key in row.markets}
        for past, row in made["reserved"].items()
    }
    found["reserved_count"] = {past: row.count for past, row in made["reserved"].items()}
    found["awarded"] = {
        past: (row.awarded_to_siae, row.awarded_to_adapted, row.awards_without_amount)
        for past, row in made["reserved"].items()
    }
    found["rates"] = {row.id: (row.engaged, row.counted) for row in made["rates"].rows}
    found["relations"] = {
        holder: (str(row.last_month) if row.last_month else None, row.unvalidated)
        for holder, row in made["relations"].items()
    }
    found["regularisation"] = made["regularisation"]
    found["typology"] = {
        table.key: {
            row.key: [row.people, row.hours, row.contracts]
            for row in (*table.rows, table.unknown)
            if row.people
        }
        for table in made["typology"]
    }
    found["publics"] = {
        row.key: [row.people, row.hours, row.contracts] for row in made["publics"] if row.people
    }
    return found


def differences(found: dict[str, Any], by_hand: dict[str, Any]) -> list[str]:
    """Names of the figures that are not the same; what is nought for want of a row is no difference."""
    return [
        name
        for name in sorted(found.keys() | by_hand.keys())
        if _without_noughts(found.get(name)) != _without_noughts(by_hand.get(name))
    ]


def _without_noughts(figure: Any) -> Any:
    if not isinstance(figure, dict):
        return figure
    return {
        key: value
        for key, value in figure.items()
        if not (isinstance(value, tuple) and not any(value)) and value not in ({}, 0)
    }
