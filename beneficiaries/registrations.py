"""What this room tells the others when it starts: tabs, reference lists, settings pages, scopes, default rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.enums import Role
from accounts.registry import SettingsPage, register_settings_page
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ContractType,
    CountingRules,
    EducationLevel,
    EligibilityCriterion,
    Occupation,
    Prescriber,
    Qpv,
)
from beneficiaries.names import names_of_files
from beneficiaries.waiting_people import people_waiting
from clauses.names import register_names
from core.access import HOUSE
from core.reference import register_reference
from core.registry import Tab, register_tab, register_waiting
from core.search import SearchSource, register_search
from markets.models import CompanyMembership
from markets.scopes import company_market_sources

# Before the first clause of any market that may be recorded.
DEFAULT_RULES_FROM = dt.date(2000, 1, 1)


def register_tabs() -> None:
    register_tab("person", Tab("Synthèse", "beneficiary_detail", HOUSE, 10))
    register_tab("person", Tab("Éligibilité", "beneficiary_eligibility", HOUSE, 20))
    register_tab("person", Tab("Contrats et affectations", "beneficiary_contracts", HOUSE, 30))
    register_tab("person", Tab("Heures", "beneficiary_hours", HOUSE, 40))
    register_tab("person", Tab("Historique", "beneficiary_history", HOUSE, 90))
    register_tab("market", Tab("Personnes", "market_people", HOUSE, 35))
    register_tab("company", Tab("Personnes", "company_people", HOUSE, 35))


def register_searches() -> None:
    """A company finds its own employees; a buyer finds nobody."""
    register_search(
        SearchSource(
            key="person",
            label="Personnes",
            model=Beneficiary,
            address=lambda row, user: reverse("beneficiary_detail", args=[row.pk]),
            # Namesakes are told apart by the year of birth; nothing more is said of a person in a list of results.
            describe=lambda row: f"né·e en {row.birth_date.year}" if row.birth_date else "",
            # A company reads no birth date, nor a part of one.
            described_to=HOUSE,
            roles=(*HOUSE, "company"),
            list_url_name="beneficiary_list",
            position=40,
        )
    )
    register_search(
        SearchSource(
            key="prescriber",
            label="Prescripteurs",
            model=Prescriber,
            address=lambda row, user: reverse("prescriber_detail", args=[row.pk]),
            describe=lambda row: row.get_kind_display(),
            roles=HOUSE,
            list_url_name="prescriber_list",
            position=50,
        )
    )


def register_lists() -> None:
    register_reference(
        "qpv.csv", Qpv, {"label": "name", "vintage": "vintage", "commune_codes": "commune_codes"}
    )
    register_reference("rome.csv", Occupation, {"label": "label"})
    register_reference(
        "contract_types.csv", ContractType, {"label": "label", "nature": "nature", "position": "position"}
    )
    register_reference("education_levels.csv", EducationLevel, {"label": "label", "band": "band"})
    fields = (
        "label",
        "proof",
        "proof_max_age_months",
        "route",
        "sufficiency",
        "sensitive",
        "public",
        "valid_from",
        "valid_to",
        "position",
    )
    register_reference("eligibility_criteria.csv", EligibilityCriterion, {name: name for name in fields})


def register_settings() -> None:
    house, lists = "La maison", "Référentiels"
    for label, url_name, description, position, section in (
        (
            "Règles de comptage",
            "counting_rules_list",
            "Ce qui compte et pour combien de temps, par territoire, donneur d’ordre ou marché.",
            50,
            house,
        ),
        ("Années closes", "closed_year_list", "Verrouiller les heures d’une année.", 55, house),
        ("Critères d’éligibilité", "criterion_list", "Statuts, justificatifs, âge maximal.", 30, lists),
        ("Types de contrat", "contract_type_list", "Contrats, conventions et formations.", 40, lists),
        ("Niveaux de formation", "education_level_list", "Liste de l’ASP et tranches des bilans.", 50, lists),
    ):
        register_settings_page(
            SettingsPage(
                label, url_name, description, roles=(Role.ADMIN,), position=position, section=section
            )
        )


def register_waiting_people() -> None:
    register_waiting(people_waiting)
    # Names stay out of the journals of the files where these people work.
    register_names(names_of_files)


def markets_worked_on(user: Any) -> Any:
    """Ids of the markets where the user's companies employ someone or receive them."""
    companies = CompanyMembership.objects.filter(user=user).values("company")
    here = Q(placement__employer__in=companies) | Q(user_company__in=companies)
    return Assignment.objects.filter(here).order_by().values("commitment__market")


def register_scopes() -> None:
    if markets_worked_on not in company_market_sources:
        company_market_sources.append(markets_worked_on)


def create_default_rules(using: str = "default", **kwargs: Any) -> None:
    """After a migration: the territory's rules, with the figures of the model, when there are none at all."""
    from django.db import connections

    if CountingRules._meta.db_table not in connections[using].introspection.table_names():
        return
    if CountingRules.objects.using(using).exists():
        return
    CountingRules(
        in_force_from=DEFAULT_RULES_FROM,
        note="Règles de départ du territoire\u202f: période de 24 mois, validation inutilisée éteinte après 3 mois.",
    ).save(using=using)
