"""« Campagnes », and the list of the buyers of one: where each bilan stands, what is missing, where it is settled."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import Count, Exists, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from accounts.models import User
from beneficiaries.completeness import months_of_checks
from beneficiaries.models import ClosedYear
from core import formats
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.models import Buyer
from reporting.campaign_figures import LACKS, Reader, concerned, counts_of, lacking, with_bilans
from reporting.enums import BilanState
from reporting.models import Bilan, Campaign, PublicationBatch
from reporting.narrative import SECTIONS

NONE = "aucun"
# A figure that asks for nothing does not catch the eye.
NOTHING = format_html('<span class="quiet-text">{}</span>', 0)
WORDS = {
    None: ("pas ouvert", "none"),
    BilanState.DRAFT: ("brouillon", "draft"),
    BilanState.SUBMITTED: ("à relire", "wait"),
    BilanState.REVIEWED: ("relu", "good"),
    BilanState.SENT: ("projet transmis", "watch"),
    BilanState.PUBLISHED: ("publié", "done"),
}


# --- The campaigns --------------------------------------------------------------------------------------------


class CampaignTable(Table):
    year = TextColumn("Année", linkify=("campaign_detail", [A("year")]))
    due_on = DayColumn("À remettre avant le")
    closed = TextColumn("Heures", accessor=lambda row: "closes" if row.is_closed else "ouvertes")
    published = CountColumn("Bilans publiés", order_by="published")
    opened_by = TextColumn("Ouverte par", orderable=False)

    class Meta:
        model = Campaign
        fields = ("year", "due_on", "closed", "published", "opened_by")
        caption = "Campagnes de bilans"


class Campaigns(ListPage):
    """« Campagnes »: the bilans of each year."""

    model, table_class = Campaign, CampaignTable
    title, export_name = "Campagnes", "campagnes"
    intro = "Les bilans d’une année, de tous les donneurs d’ordre\u202f: qui les écrit, ce qui manque, ce qui est publié."
    empty_message = "Aucune campagne n’est ouverte. L’administration ouvre celle d’une année\u202f: tout ce qui manque y apparaît."
    create_label = "Ouvrir une campagne"

    def get_create_url(self) -> str:
        user: Any = self.request.user
        return reverse("campaign_open") if user.is_admin else ""

    def prepare(self, queryset: Any) -> Any:
        published = Bilan.objects.annual().published().filter(year=OuterRef("year")).order_by().values("year")
        return queryset.annotate(
            is_closed=Exists(ClosedYear.objects.filter(year=OuterRef("year"))),
            published=Subquery(published.annotate(number=Count("buyer", distinct=True)).values("number")),
        ).select_related("opened_by")


# --- One campaign ---------------------------------------------------------------------------------------------


def house_names(request: HttpRequest) -> dict[int, str]:
    """The people of the house, by number: one query a request."""
    known = getattr(request, "house_names", None)
    if known is None:
        rows = User.objects.visible_to(request.user).house_staff()  # type: ignore[arg-type]
        known = {row.pk: str(row) for row in rows.order_by("last_name", "first_name", "pk")}
        request.house_names = known  # type: ignore[attr-defined]
    return known


class CampaignFilter(FilterSet):
    etat = django_filters.ChoiceFilter(
        label="Bilan",
        choices=[(NONE, WORDS[None][0]), *((code, WORDS[code][0]) for code in BilanState)],
        empty_label="tous",
        method="in_state",
    )
    redacteur = django_filters.ChoiceFilter(
        label="Rédigé par", choices=(), empty_label="toute la maison", method="by_writer"
    )
    manque = django_filters.ChoiceFilter(
        label="Ce qui manque", choices=LACKS, empty_label="peu importe", method="lacking"
    )

    class Meta:
        model = Buyer
        fields: list[str] = []

    def __init__(self, *args: Any, year: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.year = year
        names = house_names(self.request)
        self.filters["redacteur"].extra["choices"] = [
            (NONE, "personne encore"),
            *((str(pk), name) for pk, name in names.items()),
        ]

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(bilan_state=None if value == NONE else value)

    def by_writer(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(bilan_writer=None if value == NONE else int(value))

    def lacking(self, queryset: Any, name: str, value: str) -> Any:
        return lacking(queryset, value, self.year, self.request.user)


class TickColumn(TextColumn):
    """A box that makes a gesture bear on this line."""

    def __init__(self) -> None:
        attrs = {"td": {"class": "tick"}, "th": {"class": "tick"}}
        super().__init__("Choisir", accessor=lambda buyer: buyer, exclude_from_export=True, attrs=attrs)

    def render(self, value: Buyer) -> SafeString:
        return format_html(
            '<input type="checkbox" name="ligne" value="{}" form="gestes" aria-label="Choisir {}">',
            value.pk,
            value.name,
        )


class LackColumn(CountColumn):
    """A number of things to settle, which leads to where it is done."""

    def __init__(self, header: str, name: str, address: Any) -> None:
        super().__init__(header, accessor=lambda buyer: getattr(buyer.standing, name), empty_values=())
        self.header_words, self.address = header, address

    def render(self, value: int | None, record: Any, table: Any) -> Any:  # type: ignore[override]
        if value is None:
            return formats.ABSENT
        if not value:
            return NOTHING
        return linked(value, self.address(record, table.year), f"{self.header_words}, {record}")


def linked(value: int, url: str, words: str, attributes: SafeString | str = "") -> SafeString:
    """A figure that leads somewhere; said in full to who does not see its column."""
    return format_html(
        '<a href="{}"{}>{}<span class="visually-hidden"> · {}</span></a>',
        url,
        attributes,
        formats.number(value, 0),
        words,
    )


def _query(name: str, **values: Any) -> str:
    return f"{reverse(name)}?{urlencode(values)}"


def hours_url(buyer: Any, year: int) -> str:
    return _query("entry_list", buyer=buyer.pk, year=year, state="unvalidated")


def outcomes_url(buyer: Any, year: int) -> str:
    return _query("outcome_list", buyer=buyer.pk, year=year, state="unanswered")


def evidence_url(buyer: Any, year: int) -> str:
    return _query("qualitative_unproved", buyer=buyer.pk, year=year)


def anomalies_url(buyer_pk: int, year: int) -> str:
    last = months_of_checks(year, timezone.localdate())[1]
    return _query("anomaly_list", mois=f"{last:%Y-%m}", periode="annee", buyer=buyer_pk)


def bilan_url(buyer: Any, year: int = 0) -> str:
    return reverse("bilan_detail", args=[buyer.bilan_pk])


def anomaly_cell(
    buyer_pk: int, name: str, count: int | None, year: int, *, arrives: bool = False
) -> SafeString:
    """The figure of « Anomalies »; the page opens without it, then asks for it (`arrives`: put in its place by htmx)."""
    attributes = format_html(' id="anomalies-{}"', buyer_pk)
    if arrives:
        attributes += format_html(' hx-swap-oob="{}"', "true")
    if count:
        return linked(count, anomalies_url(buyer_pk, year), f"Anomalies, {name}", attributes)
    return format_html('<span class="quiet-text"{}>{}</span>', attributes, "…" if count is None else 0)


class AnomalyColumn(CountColumn):
    def __init__(self) -> None:
        super().__init__("Anomalies", accessor=lambda buyer: buyer.standing.anomalies, empty_values=())

    def render(self, value: int | None, record: Any, table: Any) -> SafeString:  # type: ignore[override]
        return anomaly_cell(record.pk, str(record), value, table.year)


class CampaignBuyerTable(Table):
    """The buyers of a campaign, each with its `standing`."""

    name = TextColumn("Donneur d’ordre", accessor=lambda buyer: buyer, order_by="search_key")
    tick = TickColumn()
    bilan = TextColumn("Bilan", accessor=lambda buyer: buyer.bilan_state or NONE, order_by="bilan_state")
    writer = TextColumn("Rédigé par", accessor=lambda buyer: buyer.standing, empty_values=())
    hours = LackColumn("Heures à valider", "hours", hours_url)
    outcomes = LackColumn("Situations à recueillir", "outcomes", outcomes_url)
    anomalies = AnomalyColumn()
    evidence = LackColumn("Preuves", "evidence", evidence_url)
    texts = LackColumn("Textes à écrire", "empty_texts", bilan_url)
    remarks = LackColumn("Observations", "remarks", bilan_url)
    published_at = DayColumn("Publié le", order_by="published_at")
    delivered = TextColumn("Remis", accessor=lambda buyer: delivered_words(buyer), visible=False)

    class Meta:
        model = Buyer
        fields = ()
        caption = "Donneurs d’ordre de la campagne"
        attrs = {"class": "campaign-table"}

    def __init__(self, *args: Any, year: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.year = year

    def render_name(self, record: Any) -> SafeString:
        url = bilan_url(record) if record.bilan_pk else reverse("buyer_detail", args=[record.pk])
        return format_html('<a href="{}">{}</a>', url, record)

    def value_name(self, record: Any) -> str:
        return str(record)

    def render_bilan(self, record: Any) -> SafeString:
        return state("", self.value_bilan(record), WORDS[record.bilan_state][1])

    def value_bilan(self, record: Any) -> str:
        words = WORDS[record.bilan_state][0]
        version = record.standing.version
        return f"{words}, version {version}" if version > 1 else words

    def render_writer(self, record: Any) -> Any:
        name = record.standing.writer or "personne encore"
        if not record.bilan_pk:
            return format_html('<span class="quiet-text">{}</span>', name)
        if record.bilan_state == BilanState.PUBLISHED:
            return name
        url = f"{reverse('campaign_writers', args=[self.year])}?ligne={record.pk}"
        return format_html(
            '<a href="{}" data-row-panel aria-expanded="false">{}<span class="visually-hidden">, changer pour {}</span></a>',
            url,
            name,
            record,
        )

    def value_writer(self, record: Any) -> str:
        return record.standing.writer

    def render_published_at(self, value: Any, record: Any) -> SafeString:
        return format_html("{}<br><small>{}</small>", formats.day(value), delivered_words(record))

    def render_texts(self, value: int | None, record: Any) -> Any:
        if value is None:
            return formats.ABSENT
        return linked(value, f"{bilan_url(record)}#texte", f"textes à écrire, {record}") if value else NOTHING

    def value_texts(self, value: int | None) -> int | None:
        return value


def delivered_words(buyer: Any) -> str | None:
    """« remis le 12/03/2026, téléchargé », « à remettre », nothing before the publication."""
    if not buyer.published_pk:
        return None
    standing = buyer.standing
    if standing.delivered_on is None:
        return "à remettre"
    read = ", téléchargé" if standing.downloaded_on else ""
    return f"remis le {formats.day(standing.delivered_on)}{read}"


def campaign_rows(user: Any, year: int) -> Any:
    """The buyers of a campaign, with their bilans."""
    return with_bilans(concerned(Buyer.objects.visible_to(user), year), year)


def campaign_of(user: Any, year: int) -> Any:
    """The campaign of a year, with whether its hours are closed and its last batch; Http404 without it."""
    batches = PublicationBatch.objects.filter(campaign=OuterRef("pk")).order_by("-pk")
    rows = Campaign.objects.visible_to(user).annotate(
        is_closed=Exists(ClosedYear.objects.filter(year=OuterRef("year"))),
        last_batch=Subquery(batches.values("pk")[:1]),
    )
    campaign = rows.filter(year=year).first()
    if campaign is None:
        raise Http404
    return campaign


def chosen(request: HttpRequest, year: int) -> Any:
    """The buyers that a gesture bears on: the ticked lines, else every line that the filters show."""
    rows = campaign_rows(request.user, year)
    ticked = [int(value) for value in request.GET.getlist("ligne") if value.isdecimal() and len(value) < 12]
    if ticked:
        return rows.filter(pk__in=ticked)
    found = CampaignFilter(request.GET or None, queryset=rows, request=request, year=year)
    return rows.none() if found.is_bound and not found.is_valid() else found.qs


class CampaignDetail(ListPage):
    """A campaign: every buyer concerned, what its bilan still lacks, and the gestures on many."""

    model, table_class, filterset_class = Buyer, CampaignBuyerTable, CampaignFilter
    export_name = "campagne"
    template_name = "reporting/campaign/detail.html"
    part_template_name = "reporting/campaign/_list.html"
    empty_message = "Aucun donneur d’ordre n’a de marché, d’heures ni de convention cette année-là."

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.year = kwargs["year"]
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.campaign = campaign_of(request.user, self.year)
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        return f"Campagne {self.year}"

    def get_queryset(self) -> Any:
        return campaign_rows(self.request.user, self.year)

    def make_filterset(self, queryset: Any) -> Any:
        return CampaignFilter(
            self.request.GET or None, queryset=queryset, request=self.request, year=self.year
        )

    def table_kwargs(self) -> dict[str, Any]:
        return {"year": self.year}

    @property
    def counts_anomalies(self) -> bool:
        """In an export, and where the address asks: the page itself asks for them once it is open."""
        return "export" in self.request.GET or "anomalies" in self.request.GET

    def finish(self, rows: list[Any]) -> list[Any]:
        reader = Reader(self.request.user, self.year, house_names(self.request))
        reader.standings_of(rows, with_anomalies=self.counts_anomalies)
        self.shown = [row.pk for row in rows]
        return rows

    def extra_context(self) -> dict[str, Any]:
        counts = counts_of(self.get_queryset())
        later = (
            "" if self.counts_anomalies or not self.shown else urlencode({"buyer": self.shown}, doseq=True)
        )
        return {
            "campaign": self.campaign,
            "counts": counts,
            "percent": counts["with_published"] * 100 // counts["total"] if counts["total"] else 0,
            "steps": [
                {
                    "label": words,
                    "count": counts[code or "none"],
                    "url": f"{self.request.path}?etat={code or NONE}",
                }
                for code, (words, _) in WORDS.items()
                if counts[code or "none"]
            ],
            "later_url": f"{reverse('campaign_anomalies', args=[self.year])}?{later}" if later else "",
            "criteria": [
                (name, value)
                for name, values in self.request.GET.lists()
                for value in values
                if name not in ("page", "tri", "export", "ligne", "anomalies")
            ],
            "sections": len(SECTIONS),
        }
