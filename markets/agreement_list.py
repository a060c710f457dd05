"""The list of conventions: its columns, and filters by state, which is worked out from the dates."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2 as tables
from django.utils import timezone

from core.access import HOUSE
from core.filters import FilterSet, scoped
from core.tables import DayColumn, StateColumn, Table, TextColumn
from core.templatetags.maillon import state as state_badge
from markets.enums import AgreementState
from markets.models import Agreement, Buyer

STATE_TONES = {
    AgreementState.UPCOMING: "none",
    AgreementState.IN_FORCE: "good",
    AgreementState.NOTICE_NEAR: "watch",
    AgreementState.ENDED: "late",
    AgreementState.TERMINATED: "none",
}


def state_of(agreement: Agreement) -> AgreementState:
    """The state today of an agreement loaded `with_following()`."""
    return agreement.state_on(timezone.localdate(), is_followed=agreement.is_followed)  # type: ignore[attr-defined]


def tone_of(agreement: Agreement, state: AgreementState) -> str:
    """An ended agreement that another follows asks for nothing."""
    if state == AgreementState.ENDED and agreement.is_followed:  # type: ignore[attr-defined]
        return "none"
    return STATE_TONES[state]


class AgreementStateColumn(StateColumn):
    def render(self, value: Any, record: Any) -> Any:
        return state_badge(value.value, value.label, tone_of(record, value))

    def value(self, value: Any) -> Any:
        return value.label


class AgreementTable(Table):
    buyer = TextColumn(
        "Donneur d’ordre",
        accessor="buyer",
        order_by="buyer__search_key",
        linkify=("agreement_detail", {"pk": tables.A("pk")}),
    )
    reference = TextColumn("Référence")
    signed_on = DayColumn("Signée le")
    starts_on = DayColumn("Prend effet le")
    ends_on = DayColumn("Prend fin le")
    notice_on = DayColumn("Préavis avant le", accessor="notice_on", orderable=False)
    state = AgreementStateColumn("État", accessor=state_of, orderable=False)

    class Meta:
        model = Agreement
        fields = ()


class AgreementFilter(FilterSet):
    buyer = django_filters.ModelChoiceFilter(
        label="Donneur d’ordre", queryset=scoped(Buyer), empty_label="Tous"
    )
    state = django_filters.ChoiceFilter(
        label="État", choices=AgreementState.choices, empty_label="Tous", method="in_state"
    )

    class Meta:
        model = Agreement
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request.user.role not in HOUSE:
            del self.filters["buyer"]

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        # A notice counts back in months from the end: no SQL says it on both databases, and there are hundreds of
        # agreements, not thousands.
        rows = Agreement.objects.visible_to(self.request.user).with_following().order_by("pk")
        return queryset.filter(pk__in=[row.pk for row in rows if state_of(row) == value])
