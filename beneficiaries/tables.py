"""Tables of people, prescribers, assignments, rules and reference lists."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django_tables2 import A

from beneficiaries.enums import EligibilityState, HourKind
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ContractType,
    CountingRules,
    EducationLevel,
    Prescriber,
)
from core import formats
from core.tables import CountColumn, DayColumn, HoursColumn, MonthColumn, Table, TextColumn
from core.templatetags.maillon import state

BANDS = {"none": "sans diplôme", "cap_bep": "CAP, BEP", "bac": "bac", "bac2plus": "bac+2 et plus"}


def rules_scope(row: CountingRules) -> str:
    """Whom these rules are for: « tout le territoire », a buyer or a market."""
    return str(row.market or row.buyer or "tout le territoire")


def eligibility_words(code: str, until: Any) -> str:
    """« éligible jusqu’au 12/03/2026 », « à valider », « expiré », « refusé »."""
    if code == EligibilityState.ELIGIBLE and until:
        return f"éligible jusqu’au {formats.day(until)}"
    return str(EligibilityState(code).label)


def name_found(person: Any) -> Any:
    """The name, and that it was found by a near spelling only."""
    if not getattr(person, "near_rank", 0):
        return str(person)
    return format_html('{} <small class="near-name">orthographe proche</small>', person)


class ActivityTable(Table):
    """Rows that are active or not."""

    def render_is_active(self, value: bool) -> Any:
        return state("active", "en vigueur") if value else state("inactive", "hors d’usage")

    def value_is_active(self, value: bool) -> str:
        return "en vigueur" if value else "hors d’usage"


class PersonTable(Table):
    """People as the house reads them."""

    name = TextColumn(
        accessor="last_name",
        verbose_name="Nom, prénom",
        order_by="search_key",
        linkify=("beneficiary_detail", [A("pk")]),
    )
    birth_date = DayColumn(verbose_name="Né·e le")
    commune = TextColumn(accessor="commune__label", verbose_name="Commune", order_by="commune__label")
    eligibility = TextColumn(
        accessor="eligibility_state",
        verbose_name="Éligibilité",
        order_by=("eligibility_state", "eligible_until"),
    )
    employer = TextColumn(accessor="employer_name", verbose_name="Employeur actuel", order_by="employer_name")
    hours = HoursColumn(accessor="hours_counted", verbose_name="Comptées", order_by="hours_counted")

    class Meta:
        model = Beneficiary
        fields = ("name", "birth_date", "commune", "eligibility", "employer", "hours")
        caption = "Personnes"

    def render_name(self, record: Any) -> Any:
        return name_found(record)

    def value_name(self, record: Beneficiary) -> str:
        return str(record)

    def render_eligibility(self, record: Any) -> Any:
        return state(
            record.eligibility_state, eligibility_words(record.eligibility_state, record.eligible_until)
        )

    def value_eligibility(self, record: Any) -> str:
        return eligibility_words(record.eligibility_state, record.eligible_until)


class EmployeeTable(Table):
    """People as a company reads them: names, dates and hours; never a ground, an address or a birth date."""

    name = TextColumn(
        accessor="last_name",
        verbose_name="Nom, prénom",
        order_by="search_key",
        linkify=("beneficiary_detail", [A("pk")]),
    )
    starts_on = DayColumn(accessor="contract_starts_on", verbose_name="Début", order_by="contract_starts_on")
    ends_on = DayColumn(accessor="contract_ends_on", verbose_name="Fin", order_by="contract_ends_on")
    eligible_until = DayColumn(verbose_name="Éligible jusqu’au")
    hours = HoursColumn(accessor="hours_declared", verbose_name="Heures", order_by="hours_declared")

    class Meta:
        model = Beneficiary
        fields = ("name", "starts_on", "ends_on", "eligible_until", "hours")
        caption = "Vos salarié·e·s en insertion"

    def render_name(self, record: Any) -> Any:
        return name_found(record)

    def value_name(self, record: Beneficiary) -> str:
        return str(record)


class PrescriberTable(ActivityTable):
    name = TextColumn(verbose_name="Nom", order_by="search_key", linkify=("prescriber_detail", [A("pk")]))
    kind = TextColumn(accessor="get_kind_display", verbose_name="Nature", order_by="kind")
    commune = TextColumn(accessor="commune__label", verbose_name="Commune", order_by="commune__label")
    phone = TextColumn(verbose_name="Téléphone", orderable=False)
    email = TextColumn(verbose_name="Adresse électronique", orderable=False)
    people = CountColumn(accessor="people_sent", verbose_name="Personnes", order_by="people_sent")
    is_active = TextColumn(verbose_name="État")

    class Meta:
        model = Prescriber
        fields = ("name", "kind", "commune", "phone", "email", "people", "is_active")
        caption = "Prescripteurs"


class AssignmentTable(Table):
    """Assignments of a market or a company."""

    person = TextColumn(
        accessor="placement__beneficiary",
        verbose_name="Personne",
        order_by="placement__beneficiary__search_key",
        linkify=("beneficiary_detail", [A("placement__beneficiary__pk")]),
    )
    market = TextColumn(
        accessor="commitment__market__reference",
        verbose_name="Marché",
        order_by="commitment__market__reference",
        linkify=("market_detail", [A("commitment__market__pk")]),
    )
    employer = TextColumn(
        accessor="placement__employer", verbose_name="Employeur", order_by="placement__employer__search_key"
    )
    holder = TextColumn(
        accessor="commitment__holder",
        verbose_name="Porteur de l’engagement",
        order_by="commitment__holder__search_key",
    )
    contract = TextColumn(
        accessor="placement__contract_type__label",
        verbose_name="Contrat",
        order_by="placement__contract_type__position",
    )
    starts_on = DayColumn(verbose_name="Du")
    ends_on = DayColumn(verbose_name="Au")
    hours = HoursColumn(accessor="hours_sum", verbose_name="Faites", order_by="hours_sum")
    counted = HoursColumn(accessor="counted_sum", verbose_name="Comptées", order_by="counted_sum")

    class Meta:
        model = Assignment
        fields = (
            "person",
            "market",
            "employer",
            "holder",
            "contract",
            "starts_on",
            "ends_on",
            "hours",
            "counted",
        )
        caption = "Personnes affectées"

    def render_employer(self, record: Assignment) -> Any:
        """Lent-out work says for whom."""
        if record.user_company is None:
            return str(record.placement.employer)
        return format_html("{}<small>chez {}</small>", record.placement.employer, record.user_company)

    def value_employer(self, record: Assignment) -> str:
        lent = f", chez {record.user_company}" if record.user_company else ""
        return f"{record.placement.employer}{lent}"


class CountingRulesTable(Table):
    scope = TextColumn(
        accessor="pk",
        verbose_name="Valent pour",
        orderable=False,
        linkify=("counting_rules_edit", [A("pk")]),
    )
    in_force_from = MonthColumn(verbose_name="Depuis")
    kinds = TextColumn(accessor="pk", verbose_name="Comptent", orderable=False)
    period_months = CountColumn(verbose_name="Période (mois)")
    review_validity_months = CountColumn(verbose_name="Validation inutilisée (mois)")
    full_time_month = HoursColumn(verbose_name="Temps plein")
    legal_max_month = HoursColumn(verbose_name="Maximum légal")
    note = TextColumn(verbose_name="Source, précisions", orderable=False)

    class Meta:
        model = CountingRules
        fields = (
            "scope",
            "in_force_from",
            "kinds",
            "period_months",
            "review_validity_months",
            "full_time_month",
            "legal_max_month",
            "note",
        )
        caption = "Règles de comptage"

    def render_scope(self, record: CountingRules) -> str:
        return rules_scope(record)

    def value_scope(self, record: CountingRules) -> str:
        return rules_scope(record)

    def render_kinds(self, record: CountingRules) -> str:
        return ", ".join(str(kind.label) for kind in HourKind if kind in record.kinds) or "aucune"

    def value_kinds(self, record: CountingRules) -> str:
        return self.render_kinds(record)


class ContractTypeTable(ActivityTable):
    label = TextColumn(verbose_name="Type de contrat")
    code = TextColumn(verbose_name="Code")
    nature = TextColumn(accessor="get_nature_display", verbose_name="Nature", order_by="nature")
    is_active = TextColumn(verbose_name="État")

    class Meta:
        model = ContractType
        fields = ("label", "code", "nature", "is_active")
        caption = "Types de contrat"


class EducationLevelTable(ActivityTable):
    label = TextColumn(verbose_name="Niveau de formation")
    code = TextColumn(verbose_name="Code ASP")
    band = TextColumn(verbose_name="Tranche des bilans", order_by="band")
    is_active = TextColumn(verbose_name="État")

    class Meta:
        model = EducationLevel
        fields = ("label", "code", "band", "is_active")
        caption = "Niveaux de formation"

    def render_band(self, value: str) -> str:
        return BANDS.get(value, value)

    def value_band(self, value: str) -> str:
        return BANDS.get(value, value)
