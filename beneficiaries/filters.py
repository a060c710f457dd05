"""Filters of people and prescribers."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils import timezone

from beneficiaries.enums import EligibilityState, Gender, PrescriberKind
from beneficiaries.models import Beneficiary, Prescriber
from beneficiaries.models.standing import assigned_on
from beneficiaries.name_search import forgiving
from core.filters import FilterSet, SearchFilter, scoped
from markets.models import Commune

STATES = [
    (EligibilityState.ELIGIBLE, "éligible jusqu’au…"),
    (EligibilityState.TO_REVIEW, "à valider"),
    (EligibilityState.EXPIRED, "expiré"),
    (EligibilityState.REFUSED, "refusé"),
]


def communes_of_people(request: Any) -> Any:
    """The communes where the people whom the user sees live."""
    people = Beneficiary.objects.visible_to(request.user)
    return Commune.objects.filter(pk__in=people.order_by().values("commune"))


class NameFilter(SearchFilter):
    """Names as they are typed: those who bear the words first, then near spellings."""

    def __init__(self) -> None:
        super().__init__(
            label="Nom, prénom", widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
        )

    def filter(self, qs: Any, value: str) -> Any:
        people = Beneficiary.objects.visible_to(self.parent.request.user)
        return forgiving(qs, value, people) if value else qs


class PersonFilter(FilterSet):
    """Words of the name, state of eligibility, residence, prescriber, gender, at work or not."""

    q = NameFilter()
    state = django_filters.ChoiceFilter(
        label="Éligibilité", choices=STATES, field_name="eligibility_state", empty_label="toutes"
    )
    commune = django_filters.ModelChoiceFilter(
        label="Commune", queryset=communes_of_people, empty_label="toutes"
    )
    qpv = django_filters.ChoiceFilter(
        label="QPV",
        choices=[("oui", "en QPV"), ("non", "hors QPV")],
        method="by_qpv",
        empty_label="indifférent",
    )
    prescriber = django_filters.ModelChoiceFilter(
        label="Prescripteur", queryset=scoped(Prescriber), empty_label="tous"
    )
    gender = django_filters.ChoiceFilter(label="Genre", choices=Gender.choices, empty_label="tous")
    assigned = django_filters.ChoiceFilter(
        label="Affectées",
        choices=[("oui", "en ce moment"), ("non", "pas en ce moment")],
        method="by_assignment",
        empty_label="indifférent",
    )
    informed = django_filters.ChoiceFilter(
        label="Notice d’information",
        choices=[("non", "non remise"), ("oui", "remise")],
        method="by_notice",
        empty_label="indifférent",
    )

    manque = django_filters.ChoiceFilter(
        label="À compléter",
        choices=[
            ("commune", "sans commune"),
            ("education", "sans niveau de formation"),
            ("prescriber", "sans prescripteur"),
        ],
        method="by_lack",
        empty_label="indifférent",
    )

    class Meta:
        model = Beneficiary
        fields: list[str] = []

    def by_lack(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(**{f"{value}__isnull": True})

    def by_qpv(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(qpv__isnull=value == "non")

    def by_notice(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(informed_on__isnull=value == "non")

    def by_assignment(self, queryset: Any, name: str, value: str) -> Any:
        people = assigned_on(timezone.localdate()).values("placement__beneficiary")
        return queryset.filter(pk__in=people) if value == "oui" else queryset.exclude(pk__in=people)


class EmployeeFilter(FilterSet):
    """What a company looks for among its employees."""

    q = NameFilter()

    class Meta:
        model = Beneficiary
        fields: list[str] = []


class PrescriberFilter(FilterSet):
    """Words, kind, still active or not."""

    kind = django_filters.ChoiceFilter(label="Nature", choices=PrescriberKind.choices, empty_label="toutes")
    active = django_filters.ChoiceFilter(
        label="État",
        choices=[("oui", "en activité"), ("non", "inactif")],
        method="by_state",
        empty_label="tous",
    )

    class Meta:
        model = Prescriber
        fields: list[str] = []

    def by_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(is_active=value == "oui")
