"""Filters of the lists of buyers, companies and reference rows."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils import timezone

from core.filters import FilterSet
from core.text import normalise
from markets.enums import SIAE_KINDS, BuyerKind, CompanyKindCode
from markets.models import Buyer, CharterPledge, Commune, Company, CompanyKind, CpvCode, Responsibility


class CheckFilter(django_filters.BooleanFilter):
    """A box to tick; not ticked is no filter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.CheckboxInput(), **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, value) if value else qs


class CommuneNameFilter(django_filters.CharFilter):
    """A commune by the beginning of its name, or its code."""

    def filter(self, qs: Any, value: str) -> Any:
        if not value:
            return qs
        text = value.strip()
        return qs.filter(Q(commune__label__istartswith=text) | Q(commune__code=text))


def current_kinds(kinds: tuple[str, ...]) -> Any:
    """Ids of the companies that are of one of these kinds today."""
    today = timezone.localdate()
    return (
        CompanyKind.objects.filter(kind__in=kinds)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .values("company")
    )


class PortfolioMixin:
    """« Mon portefeuille »: what the reader answers for today, as holder or stand-in."""

    target = ""

    def in_portfolio(self, queryset: Any, name: str, value: Any) -> Any:
        if not value:
            return queryset
        user = self.request.user  # type: ignore[attr-defined]
        held = Responsibility.objects.held_by(user, timezone.localdate())
        return queryset.filter(pk__in=held.filter(**{f"{self.target}__isnull": False}).values(self.target))


class BuyerFilter(PortfolioMixin, FilterSet):
    target = "buyer"
    search_label = "Nom ou identifiant"
    kind = django_filters.ChoiceFilter(label="Nature", choices=BuyerKind.choices, empty_label="Toutes")
    commune = CommuneNameFilter(label="Commune")
    mine = CheckFilter(label="Mon portefeuille", method="in_portfolio")

    class Meta:
        model = Buyer
        fields = ("kind",)


class CompanyFilter(PortfolioMixin, FilterSet):
    target = "company"
    search_label = "Nom, identifiant ou secteur"
    kind = django_filters.ChoiceFilter(
        label="Nature", choices=CompanyKindCode.choices, empty_label="Toutes", method="of_kind"
    )
    siae = CheckFilter(label="SIAE seulement", method="only_siae")
    sans_siret = CheckFilter(label="Sans SIRET", method="without_identifier")
    charter = CheckFilter(label="Signataires de la Charte des 1000", method="only_signatories")
    commune = CommuneNameFilter(label="Commune")
    mine = CheckFilter(label="Mon portefeuille", method="in_portfolio")

    class Meta:
        model = Company
        fields = ()

    def of_kind(self, queryset: Any, name: str, value: str) -> Any:
        if value == CompanyKindCode.ORDINARY:
            # A company without any other kind is an ordinary one.
            others = tuple(code for code in CompanyKindCode.values if code != CompanyKindCode.ORDINARY)
            return queryset.exclude(pk__in=current_kinds(others))
        return queryset.filter(pk__in=current_kinds((value,)))

    def without_identifier(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(identifier="") if value else queryset

    def only_siae(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(pk__in=current_kinds(SIAE_KINDS)) if value else queryset

    def only_signatories(self, queryset: Any, name: str, value: Any) -> Any:
        pledges = CharterPledge.objects.visible_to(self.request.user)
        return queryset.filter(pk__in=pledges.values("company")) if value else queryset


class ReferenceFilter(FilterSet):
    """Search in a reference list, whatever the accents."""

    q = django_filters.CharFilter(label="Code ou libellé", method="search")

    class Meta:
        fields = ()

    def search(self, queryset: Any, name: str, value: str) -> Any:
        wanted = normalise(value).split()
        if not wanted:
            return queryset
        # A reference list has no search key; it is short enough to be read.
        found = [
            pk
            for pk, label in queryset.order_by().values_list("pk", "label")
            if all(word in f"{pk.lower()} {normalise(label)}" for word in wanted)
        ]
        return queryset.filter(pk__in=found[:5_000])


class CommuneFilter(ReferenceFilter):
    class Meta:
        model = Commune
        fields = ("department_code",)


class CpvFilter(ReferenceFilter):
    class Meta:
        model = CpvCode
        fields = ()
