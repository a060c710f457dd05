"""« Recomptages »: what was recounted, why, and by how much; and the rows of one, or of one that is only foreseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import django_filters
from django_tables2 import A

from beneficiaries.enums import CountingReason, HourKind
from beneficiaries.models import Beneficiary, Recount
from beneficiaries.services.recounts import RecountReport, signed_hours
from core import formats
from core.access import HOUSE
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import CountColumn, HoursColumn, Table, TextColumn
from markets.models import Market

if TYPE_CHECKING:
    from accounts.models import User

# What a preview shows of its lines; all of them are in its sums.
MOST_SHOWN = 20


class RecountTable(Table):
    """Recounts, the latest first."""

    made_at = TextColumn(verbose_name="Le", linkify=("recount_detail", [A("pk")]))
    reason = TextColumn(verbose_name="Cause")
    made_by = TextColumn(verbose_name="Par", order_by="made_by__last_name")
    years = TextColumn(accessor="by_year", verbose_name="Années", orderable=False)
    entries = CountColumn(verbose_name="Relevés changés")
    delta = HoursColumn(verbose_name="Écart", total=True)

    class Meta:
        model = Recount
        fields = ("made_at", "reason", "made_by", "years", "entries", "delta")
        caption = "Recomptages"

    def render_made_at(self, value: dt.datetime) -> str:
        return formats.moment(value)

    def render_years(self, value: dict[str, Any]) -> str:
        return ", ".join(value)

    def value_years(self, value: dict[str, Any]) -> str:
        return ", ".join(value)


class RecountFilter(FilterSet):
    """Words of the cause."""

    reason = django_filters.CharFilter(label="Cause", lookup_expr="icontains")

    class Meta:
        model = Recount
        fields: list[str] = []


class RecountList(ListPage):
    """« Recomptages », for the house."""

    model, table_class, filterset_class, roles = Recount, RecountTable, RecountFilter, HOUSE
    title, export_name = "Recomptages", "recomptages"
    intro = (
        "Quand une décision d’éligibilité, un contrat, une affectation ou une règle change, les heures des personnes "
        "concernées sont recomptées. Une année close garde son compte."
    )
    empty_message = "Rien n’a encore été recompté\u202f: le compte de chaque relevé est celui de sa saisie."

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("made_by").defer("details")


@dataclass(slots=True)
class ChangeRow:
    """One entry before and after, ready to be shown; `person` is None when its file is not open to the reader."""

    person: Beneficiary | None
    market: str
    month: dt.date
    kind: str
    before: Decimal
    after: Decimal
    reason: str
    detail: str

    @property
    def delta(self) -> str:
        return signed_hours(self.after - self.before)


def rows_of_recount(recount: Recount, user: User) -> list[ChangeRow]:
    """What a recount kept of its entries, with names; two queries."""
    return _with_names(recount.details, user)


def rows_of_report(report: RecountReport, user: User, most: int = MOST_SHOWN) -> list[ChangeRow]:
    """The changes that weigh most, with names; two queries."""
    return _with_names(
        [
            {
                "person": change.person,
                "market": change.market,
                "month": f"{change.month:%Y-%m}",
                "kind": change.kind,
                "before": change.before,
                "after": change.after,
                "reason": change.reason,
                "detail": change.detail,
            }
            for change in report.largest[:most]
        ],
        user,
    )


def _with_names(details: Iterable[dict[str, Any]], user: User) -> list[ChangeRow]:
    details = list(details)
    people = Beneficiary.objects.visible_to(user).in_bulk({row["person"] for row in details})
    markets = dict(
        Market.objects.visible_to(user)
        .filter(pk__in={row["market"] for row in details})
        .values_list("pk", "reference")
    )
    return [
        ChangeRow(
            person=people.get(row["person"]),
            market=markets.get(row["market"], "–"),
            month=dt.date.fromisoformat(f"{row['month']}-01"),
            kind=HourKind(row["kind"]).label,
            before=Decimal(row["before"]),
            after=Decimal(row["after"]),
            reason=CountingReason(row["reason"]).label,
            detail=row["detail"],
        )
        for row in details
    ]


def years_of(by_year: dict[Any, Any]) -> list[tuple[str, str, str]]:
    """(year, « 14 lignes », « −212 h »), in the order of years."""
    return [
        (str(year), formats.noun(entries, "ligne"), signed_hours(Decimal(hours)))
        for year, (entries, hours) in sorted(by_year.items(), key=lambda row: str(row[0]))
    ]


def preview_context(report: RecountReport, user: User) -> dict[str, Any]:
    """What `beneficiaries/recounts/_preview.html` needs of a recount that is only foreseen."""
    return {
        "preview": report,
        "preview_years": years_of(report.by_year),
        "preview_rows": rows_of_report(report, user),
        "preview_more": max(0, len(report.changes) - MOST_SHOWN),
    }
