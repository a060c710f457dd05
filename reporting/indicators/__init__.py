"""One source for every figure: one function per indicator, several years at once, from one scope.

`facts = Facts(Scope.of(buyer), Period((2024, 2025)))`, then `hours(facts)[2025]`. Screens, files and commands all call
these functions. Definitions: `docs/indicators.md`.
"""

from reporting.indicators.facts import Facts, company_names
from reporting.indicators.helpers import NOT_FOLLOWED, full_time_equivalents, hours_per_person, variation
from reporting.indicators.persons import principal_publics, profiles, publics, typology
from reporting.indicators.purchase import (
    Markets,
    Rates,
    Relation,
    Reserved,
    markets,
    markets_by_clause_kind,
    rates,
    relations,
    reserved,
)
from reporting.indicators.work import (
    Contracts,
    Line,
    by_contract_type,
    by_cpv_division,
    by_employer,
    by_family,
    by_holder,
    by_market,
    by_modality,
    by_month,
    by_occupation,
    by_siae,
    contracts,
    hours,
    hours_since_start,
    new_people,
    outside_the_bilan,
    people,
    regularisation,
)

__all__ = [
    "NOT_FOLLOWED",
    "Contracts",
    "Facts",
    "Line",
    "Markets",
    "Rates",
    "Relation",
    "Reserved",
    "by_contract_type",
    "by_cpv_division",
    "by_employer",
    "by_family",
    "by_holder",
    "by_market",
    "by_modality",
    "by_month",
    "by_occupation",
    "by_siae",
    "company_names",
    "contracts",
    "full_time_equivalents",
    "hours",
    "hours_per_person",
    "hours_since_start",
    "markets",
    "markets_by_clause_kind",
    "new_people",
    "outside_the_bilan",
    "people",
    "principal_publics",
    "profiles",
    "publics",
    "rates",
    "regularisation",
    "relations",
    "reserved",
    "typology",
    "variation",
]
