"""Tables of the lists of buyers, companies and reference rows."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils import timezone

from core import formats
from core.tables import CountColumn, DayColumn, Table, TextColumn
from markets.models import Buyer, Commune, Company, CpvCode


class IdentifierColumn(TextColumn):
    """A SIRET in groups on the screen, as digits in an export."""

    def render(self, value: Any) -> str:
        return formats.siret(value)

    def value(self, value: Any) -> Any:
        return value


def responsible_of(row: Any) -> str:
    """Who answers today for a row loaded with its `current_responsibilities`."""
    return ", ".join(str(found.facilitator) for found in row.current_responsibilities)


def kinds_of(company: Company) -> str:
    """What a company loaded with its kinds is today: « EI, GEIQ »."""
    today = timezone.localdate()
    return ", ".join(
        found.kind if found.kind.isupper() else found.get_kind_display()
        for found in company.kinds.all()
        if found.ends_on is None or found.ends_on >= today
    )


def charter_of(company: Company) -> str:
    """« signataire, 2 sur 3 » for a company counted with its pledges; nothing without any."""
    if not company.pledges_count:  # type: ignore[attr-defined]
        return ""
    return f"signataire, {company.pledges_kept} sur {company.pledges_count}"  # type: ignore[attr-defined]


class BuyerTable(Table):
    name = TextColumn(
        "Donneur d’ordre", order_by="search_key", linkify=("buyer_detail", {"pk": tables.A("pk")})
    )
    kind = TextColumn("Nature")
    commune = TextColumn("Commune", accessor="commune__label", order_by="commune__label")
    identifier = IdentifierColumn("Identifiant", orderable=False)
    markets_count = CountColumn("Marchés", total=True)
    open_count = CountColumn("dont en cours", total=True)
    agreement_since = DayColumn("Conventionné depuis")
    responsible = TextColumn("Suivi par", accessor=responsible_of, orderable=False)

    class Meta:
        model = Buyer
        fields = ()


class CompanyTable(Table):
    name = TextColumn("Entreprise", order_by="search_key", linkify=("company_detail", {"pk": tables.A("pk")}))
    kinds = TextColumn("Nature", accessor=kinds_of, orderable=False)
    commune = TextColumn("Commune", accessor="commune__label", order_by="commune__label")
    identifier = IdentifierColumn("Identifiant", orderable=False)
    sectors = TextColumn("Secteurs", orderable=False)
    markets_count = CountColumn("Marchés")
    charter = TextColumn("Charte des 1000", accessor=charter_of, orderable=False)
    responsible = TextColumn("Suivi par", accessor=responsible_of, orderable=False)

    class Meta:
        model = Company
        fields = ()

    def render_sectors(self, value: str) -> str:
        return formats.short(value, 60)


class CommuneTable(Table):
    code = TextColumn("Code INSEE")
    label = TextColumn("Nom")
    kind = TextColumn("Nature")
    department_code = TextColumn("Département")
    parent = TextColumn("Fait partie de", accessor="parent__label", orderable=False)
    successor = TextColumn("Devenue", accessor="successor__label", orderable=False)
    valid_from = DayColumn("Depuis")
    valid_to = DayColumn("Jusqu’au")
    population = CountColumn("Population")

    class Meta:
        model = Commune
        fields = ()

    def render_kind(self, record: Commune) -> str:
        return COMMUNE_KINDS.get(record.kind, record.kind)

    value_kind = render_kind


COMMUNE_KINDS = {
    "commune": "commune",
    "arrondissement": "arrondissement",
    "deleguee": "commune déléguée",
}


class CpvTable(Table):
    code = TextColumn("Code")
    label = TextColumn("Libellé")

    class Meta:
        model = CpvCode
        fields = ()
