"""What a person's page says of each step besides its dates: the chain it is in, its agreement or course, what does not agree."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beneficiaries.chains import Chain, Link, chains_of
from beneficiaries.enums import Modality, PlacementNature
from beneficiaries.immersion_rules import check_immersion
from beneficiaries.models import CountingRules, ImmersionAgreement, Placement, TrainingCourse
from beneficiaries.placement_checks import kind_warnings
from beneficiaries.services.immersions import contract_of, immersion_of
from core import formats
from markets.models import CompanyKind


def placement_warnings(placement: Placement, kinds: set[str] | None = None) -> list[str]:
    """What does not agree between a contract and its employer on its first day."""
    if kinds is None:
        kinds = kinds_on([placement]).get(placement.pk, set())
    kind = placement.contract_type
    return kind_warnings(
        modality=placement.modality,
        modality_label=placement.get_modality_display(),
        contract_code=kind.code if kind else "",
        contract_label=kind.label if kind else "",
        kinds=kinds,
        employer=str(placement.employer),
        day=placement.starts_on,
    )


def kinds_on(placements: list[Placement]) -> dict[int, set[str]]:
    """What each contract's employer is on the contract's first day: one query."""
    rows = list(
        CompanyKind.objects.filter(company__in={row.employer_id for row in placements})
        .order_by("pk")
        .values_list("company", "kind", "starts_on", "ends_on")
    )
    return {
        row.pk: {
            kind
            for company, kind, since, until in rows
            if company == row.employer_id
            and (since is None or since <= row.starts_on)
            and (until is None or until >= row.starts_on)
        }
        for row in placements
    }


def add_details(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Complete the steps of a path: four queries for all of them."""
    placements: list[Placement] = [step["placement"] for step in steps]
    if not placements:
        return steps
    numbers = [row.pk for row in placements]
    agreements = {
        row.placement_id: row
        for row in ImmersionAgreement.objects.filter(placement__in=numbers).select_related(
            "prescribed_by", "during__employer", "during__contract_type"
        )
    }
    courses = {row.placement_id: row for row in TrainingCourse.objects.filter(placement__in=numbers)}
    kinds = kinds_on(placements)
    gap = CountingRules.of_territory(timezone.localdate()).chain_gap_days
    work = [row for row in placements if row.nature == PlacementNature.EMPLOYMENT]
    chains, breaks = chains_of(
        (Link(row.pk, row.employer_id, row.starts_on, row.ends_on, row.previous_id) for row in work), gap
    )
    chain_words = {
        link.key: _chain_words(chain, rank)
        for chain in chains
        if len(chain.links) > 1
        for rank, link in enumerate(chain.links, start=1)
    }
    break_words = {
        found.key: f"{formats.noun(found.days, 'jour')} sans contrat avec cet employeur avant celui-ci, plus de {gap} : "
        "une nouvelle chaîne commence."
        for found in breaks
    }
    over = _over_limits(placements, agreements)
    for step in steps:
        row = step["placement"]
        step["chain"] = chain_words.get(row.pk, "")
        step["break"] = break_words.get(row.pk, "")
        step["agreement"] = agreements.get(row.pk)
        step["course"] = courses.get(row.pk)
        step["warnings"] = [*placement_warnings(row, kinds[row.pk]), *over.get(row.pk, [])]
    return steps


def _chain_words(chain: Chain, rank: int) -> str:
    start = formats.day(chain.starts_on)
    dates = f"du {start} au {formats.day(chain.ends_on)}" if chain.ends_on else f"depuis le {start}"
    rank_words = "1er" if rank == 1 else f"{rank}e"
    return f"{rank_words} de {len(chain.links)} contrats enchaînés, {dates}"


def _over_limits(
    placements: list[Placement], agreements: dict[int, ImmersionAgreement]
) -> dict[int, list[str]]:
    """The limits that each recorded PMSMP passes."""
    found = {}
    shown = {
        row.pk: immersion
        for row in placements
        if row.modality == Modality.PMSMP
        and row.pk in agreements
        and (immersion := immersion_of(row, agreements[row.pk]))
    }
    for pk, immersion in shown.items():
        breaches = check_immersion(immersion, shown.values(), contract_of(agreements[pk].during))
        found[pk] = [breach.sentence for breach in breaches]
    return found
