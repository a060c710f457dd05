"""Filters of the accounts' lists."""

from __future__ import annotations

import django_filters

from accounts.enums import AccountState, Role
from accounts.models import AccessKind, AccessRecord, User, UserQuerySet
from core.filters import FilterSet, scoped
from core.forms import DateFormField


class DayFilter(django_filters.Filter):
    """A day typed as people type it."""

    field_class = DateFormField


class UserFilter(FilterSet):
    role = django_filters.ChoiceFilter(label="Rôle", choices=Role.choices, empty_label="Tous")
    state = django_filters.ChoiceFilter(
        label="État", choices=AccountState.choices, empty_label="Tous", method="in_state"
    )

    class Meta:
        model = User
        fields = ("role",)

    def in_state(self, queryset: UserQuerySet, name: str, value: str) -> UserQuerySet:
        return queryset.in_state(value)


class AccessFilter(FilterSet):
    user = django_filters.ModelChoiceFilter(label="Qui", queryset=scoped(User), empty_label="Tout le monde")
    kind = django_filters.ChoiceFilter(label="Quoi", choices=AccessKind.choices, empty_label="Tout")
    since = DayFilter(label="Depuis le", field_name="at", lookup_expr="date__gte")
    until = DayFilter(label="Jusqu’au", field_name="at", lookup_expr="date__lte")
    subject = django_filters.CharFilter(label="Objet", lookup_expr="icontains")

    class Meta:
        model = AccessRecord
        fields = ("user", "kind")
