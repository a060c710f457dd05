"""The directory as a list: its filters, its order by distance, its columns."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Avg, F, FloatField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Cos, Radians, Sin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import formats
from core.filters import FilterSet
from core.tables import CountColumn, FigureColumn, Table, TextColumn
from markets.directory import Distance, distances, surroundings_of
from markets.distance import Place
from markets.enums import DIRECTORY_KINDS, SIAE_KINDS, CompanyKindCode
from markets.fields import CommuneFormField
from markets.filters import CheckFilter
from markets.models import Company, CompanyKind, Sector
from markets.tables import IdentifierColumn

ADAPTED_KINDS = ("EA", "EATT", "ESAT")
FAMILIES = {"siae": SIAE_KINDS, "adapted": ADAPTED_KINDS}
KINDS = [
    ("siae", "SIAE (EI, ETTI, ACI, AI, EITI)"),
    ("adapted", "Secteur adapté et protégé (EA, EATT, ESAT)"),
    *((code, CompanyKindCode(code).label) for code in DIRECTORY_KINDS),
]
REACHES = [("0", "dans la commune"), ("10", "10 km"), ("25", "25 km"), ("50", "50 km"), ("100", "100 km")]
# Half the Earth's circumference: no limit, but an order.
ANYWHERE = 20_100


class CommuneFilter(django_filters.Filter):
    """A commune by its name or its code; the filter set uses it together with the distance."""

    field_class = CommuneFormField


def _sectors() -> list[tuple[str, str]]:
    return list(Sector.objects.filter(is_active=True).values_list("code", "label"))


class DirectoryFilter(FilterSet):
    search_label = "Nom, SIRET ou activité"
    kind = django_filters.ChoiceFilter(label="Nature", choices=KINDS, empty_label="Toutes", method="keep")
    sector = django_filters.ChoiceFilter(label="Secteur", choices=_sectors, empty_label="Tous", method="keep")
    commune = CommuneFilter(label="Autour de", method="keep", help_text="")
    within = django_filters.ChoiceFilter(
        label="Distance", choices=REACHES, empty_label="toutes", method="keep"
    )
    closed = CheckFilter(label="Avec les natures closes", method="keep")

    class Meta:
        model = Company
        fields = ()

    def keep(self, queryset: Any, name: str, value: Any) -> Any:
        """These filters depend on each other: `filter_queryset` reads them together."""
        return queryset

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        given = self.form.cleaned_data
        kinds = FAMILIES.get(
            given.get("kind") or "", (given["kind"],) if given.get("kind") else DIRECTORY_KINDS
        )
        queryset = of_kinds(queryset, kinds, with_closed=bool(given.get("closed")))
        if given.get("sector"):
            queryset = queryset.filter(activities=given["sector"])
        self.distances: dict[int, Distance] = {}
        if commune := given.get("commune"):
            around = surroundings_of(commune)
            within = given.get("within")
            self.distances = distances(queryset, around, int(within or ANYWHERE))
            if within:
                queryset = queryset.filter(pk__in=list(self.distances))
            if around.centre is not None:
                queryset = order_by_distance(queryset, around.centre)
        return queryset

    @property
    def centre(self) -> Any:
        """The commune that distances are measured from, if one was given."""
        if not self.is_bound or not self.form.is_valid():
            return None
        return self.form.cleaned_data.get("commune")


def of_kinds(queryset: Any, kinds: Any, *, with_closed: bool = False) -> Any:
    """The structures of these kinds: today's, or those that ever were."""
    if with_closed:
        return queryset.filter(pk__in=CompanyKind.objects.filter(kind__in=kinds).values("company"))
    return queryset.of_kinds(kinds, timezone.localdate())


def order_by_distance(queryset: Any, centre: Place) -> Any:
    """Nearest first, those without a place last; the haversine of `markets.distance`, said in SQL of both databases."""
    around = (
        Company.objects.filter(commune=OuterRef("commune"), latitude__isnull=False)
        .order_by()
        .values("commune")
    )
    latitude = Radians(
        Coalesce("latitude", Subquery(around.annotate(middle=Avg("latitude")).values("middle")))
    )
    longitude = Radians(
        Coalesce("longitude", Subquery(around.annotate(middle=Avg("longitude")).values("middle")))
    )
    here = [Radians(Value(degrees, output_field=FloatField())) for degrees in centre]
    half_lat, half_lon = Sin((latitude - here[0]) / 2.0), Sin((longitude - here[1]) / 2.0)
    spread = half_lat * half_lat + Cos(latitude) * Cos(here[0]) * half_lon * half_lon
    return queryset.annotate(spread=spread).order_by(F("spread").asc(nulls_last=True), "search_key", "pk")


# --- Columns ------------------------------------------------------------------------------------------------


class DistanceColumn(FigureColumn):
    """Kilometres as the crow flies; « env. » when the commune stands for the address."""

    unit = "km"

    def render(self, value: Any) -> str:
        return written_distance(value)

    def value(self, value: Any) -> Any:
        return None if value.km is None else round(value.km, 1)


def written_distance(distance: Distance | None) -> str:
    """« 12,4 », « env. 12,4 », « même département »."""
    if distance is None:
        return formats.ABSENT
    if distance.km is None:
        return "même département"
    if distance.approximate and distance.km < 0.05:
        return "même commune"
    return f"{'env. ' if distance.approximate else ''}{formats.number(distance.km, 1)}"


class TickColumn(TextColumn):
    """A box that keeps a line in the list to send."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "",
            accessor=lambda company: company,
            exclude_from_export=True,
            attrs={"td": {"class": "tick"}, "th": {"class": "tick"}},
            **kwargs,
        )

    def render(self, value: Company) -> SafeString:
        return format_html(
            '<input type="checkbox" name="ligne" value="{}" form="envoi" aria-label="Garder {} dans la liste">',
            value.pk,
            value.name,
        )


class ReachColumn(TextColumn):
    """How to reach a structure: its telephone, else its address of mail; exports have both."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            "Joindre",
            accessor=lambda company: company.phone or company.email or None,
            exclude_from_export=True,
            **kwargs,
        )

    def render(self, value: str) -> Any:
        if "@" in value:
            return format_html('<a href="mailto:{}">{}</a>', value, formats.short(value, 34))
        return value


def directory_kinds(company: Company) -> str:
    """Its kinds of the directory, today's, then those that ended: « EI, ETTI », « ACI (jusqu’au 31/12/2025) »."""
    today = timezone.localdate()
    said = [
        row.kind
        if row.ends_on is None or row.ends_on >= today
        else f"{row.kind} (jusqu’au {formats.day(row.ends_on)})"
        for row in company.kinds.all()
        if row.kind in DIRECTORY_KINDS
    ]
    return ", ".join(sorted(said, key=lambda text: ("(" in text, text)))


def activities_of(company: Company) -> str:
    """Its sectors of the closed list, else its own words."""
    return " · ".join(row.label for row in company.activities.all()) or company.sectors


class DirectoryTable(Table):
    name = TextColumn("Structure", order_by="search_key", linkify=("company_detail", {"pk": tables.A("pk")}))
    tick = TickColumn()
    kinds = TextColumn("Nature", accessor=directory_kinds)
    activities = TextColumn("Secteurs", accessor=activities_of)
    address = TextColumn("Adresse", orderable=False, visible=False)
    commune = TextColumn("Commune", accessor="commune__label", order_by="commune__label")
    distance = DistanceColumn("Distance", accessor=lambda company: company.distance, order_by="spread")
    reach = ReachColumn()
    phone = TextColumn("Téléphone", orderable=False, visible=False)
    email = TextColumn("Courriel", orderable=False, visible=False)
    identifier = IdentifierColumn("SIRET", orderable=False, visible=False)
    markets_count = CountColumn("Marchés")

    class Meta:
        model = Company
        fields = ()

    def render_activities(self, value: str) -> str:
        return formats.short(value, 70)

    def render_commune(self, value: str) -> str:
        # « Lyon 3e » is enough on a line; exports keep the whole name.
        return value.removesuffix(" Arrondissement")
