"""« Offres »: the house's list, and what a company reads of its own."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django_tables2 import A

from accounts.enums import Role
from beneficiaries.enums import ApplicationState, OfferState
from beneficiaries.models import CollectiveAction, JobOffer
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.filters import CheckFilter
from markets.models import Market

OFFER_TONES = {
    OfferState.DRAFT: "draft",
    OfferState.OPEN: "wait",
    OfferState.FILLED: "done",
    OfferState.CLOSED: "none",
}
APPLICATION_TONES = {
    ApplicationState.PROPOSED: "wait",
    ApplicationState.MET: "wait",
    ApplicationState.PRESENTED: "watch",
    ApplicationState.HIRED: "done",
    ApplicationState.REJECTED: "none",
}


def offer_state(offer: JobOffer) -> Any:
    return state(offer.state, offer.get_state_display(), OFFER_TONES[OfferState(offer.state)])


def application_state(row: Any) -> Any:
    tone = APPLICATION_TONES[ApplicationState(row.state)]
    return state(row.state, row.get_state_display(), tone)


def with_candidates(offers: Any) -> Any:
    """Each with how many were proposed, how many nobody looked at yet, presented, and hired."""
    return offers.annotate(
        proposed_count=Count("applications"),
        waiting_count=Count("applications", filter=Q(applications__state=ApplicationState.PROPOSED)),
        presented_count=Count("applications", filter=Q(applications__presented_on__isnull=False)),
        hired_count=Count("applications", filter=Q(applications__state=ApplicationState.HIRED)),
    )


class OfferFilter(FilterSet):
    search_label = "Intitulé, lieu"
    state = django_filters.ChoiceFilter(label="État", choices=OfferState.choices, empty_label="tous")
    attente = django_filters.ChoiceFilter(
        label="Candidatures",
        choices=[("oui", "à examiner")],
        method="by_waiting",
        empty_label="toutes",
    )
    mine = CheckFilter(label="Mon portefeuille", method="by_portfolio")
    market = django_filters.NumberFilter(
        field_name="award__lot__market", label="Marché (numéro)", max_value=10**15, min_value=1
    )

    class Meta:
        model = JobOffer
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # It comes from a market's page; without it, nobody types a market's number.
        if not (self.data or {}).get("market"):
            self.filters.pop("market")

    def by_waiting(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(waiting_count__gt=0)

    def by_portfolio(self, queryset: Any, name: str, value: bool) -> Any:
        user = self.request.user
        mine = Market.objects.visible_to(user).portfolio_of(user, timezone.localdate())
        return queryset.filter(award__lot__market__in=mine.values("pk")) if value else queryset


class OfferTable(Table):
    title = TextColumn(verbose_name="Offre", order_by="search_key", linkify=("job_offer_detail", [A("pk")]))
    company = TextColumn(
        accessor="award__company", verbose_name="Entreprise", order_by="award__company__search_key"
    )
    market = TextColumn(
        accessor="award__lot__market__reference",
        verbose_name="Marché",
        order_by="award__lot__market__reference",
    )
    places = CountColumn(verbose_name="Postes", order_by="places")
    proposed = CountColumn(accessor="proposed_count", verbose_name="Proposées", order_by="proposed_count")
    waiting = CountColumn(accessor="waiting_count", verbose_name="À examiner", order_by="waiting_count")
    hired = CountColumn(accessor="hired_count", verbose_name="Embauchées", order_by="hired_count")
    closes_on = DayColumn(verbose_name="Jusqu’au")
    state = TextColumn(verbose_name="État", order_by="state")

    class Meta:
        model = JobOffer
        fields = (
            "title",
            "company",
            "market",
            "places",
            "proposed",
            "waiting",
            "hired",
            "closes_on",
            "state",
        )
        caption = "Offres d’emploi"

    def render_state(self, record: JobOffer) -> Any:
        return offer_state(record)

    def value_state(self, record: JobOffer) -> str:
        return record.get_state_display()


class HouseOffers(ListPage):
    model, table_class, filterset_class = JobOffer, OfferTable, OfferFilter
    title, export_name = "Offres d’emploi", "offres"
    create_url_name, create_label = "job_offer_create", "Écrire une offre"
    empty_message = "Les postes que les entreprises attributaires ont à pourvoir seront ici."

    def prepare(self, queryset: Any) -> Any:
        return with_candidates(queryset.select_related("award__company", "award__lot__market")).order_by(
            "-created_at", "-pk"
        )


class CompanyOfferFilter(FilterSet):
    search_label = "Intitulé, lieu"
    state = django_filters.ChoiceFilter(
        label="État", choices=[row for row in OfferState.choices if row[0] != "draft"], empty_label="tous"
    )

    class Meta:
        model = JobOffer
        fields: list[str] = []


class CompanyOfferTable(Table):
    """An offer as its company reads it: how many were presented to it, never how many were proposed."""

    title = TextColumn(verbose_name="Offre", order_by="search_key", linkify=("job_offer_detail", [A("pk")]))
    market = TextColumn(
        accessor="award__lot__market__reference",
        verbose_name="Marché",
        order_by="award__lot__market__reference",
    )
    places = CountColumn(verbose_name="Postes", order_by="places")
    presented = CountColumn(accessor="presented_count", verbose_name="Présentées", order_by="presented_count")
    closes_on = DayColumn(verbose_name="Jusqu’au")
    state = TextColumn(verbose_name="État", order_by="state")

    class Meta:
        model = JobOffer
        fields = ("title", "market", "places", "presented", "closes_on", "state")
        caption = "Vos offres d’emploi"

    render_state = OfferTable.render_state
    value_state = OfferTable.value_state


class CompanyOffers(ListPage):
    model, table_class, filterset_class = JobOffer, CompanyOfferTable, CompanyOfferFilter
    title = "Vos offres d’emploi"
    roles = (Role.COMPANY,)
    empty_message = (
        "Les offres que la maison diffuse pour vous seront ici, avec les personnes qui vous sont présentées."
    )

    def prepare(self, queryset: Any) -> Any:
        return with_candidates(queryset.select_related("award__lot__market")).order_by("-created_at", "-pk")


def offers_of_market(user: Any, market: Market) -> list[JobOffer]:
    """The offers of one market, newest first, with their candidates."""
    rows = JobOffer.objects.visible_to(user).filter(award__lot__market=market)
    return list(with_candidates(rows.select_related("award__company")).order_by("-created_at", "-pk"))


def market_recruitment(user: Any, market: Market) -> dict[str, Any]:
    """What a market's tab « Personnes » shows of its recruitment: its offers, and the actions led for it."""
    actions = CollectiveAction.objects.visible_to(user).filter(markets=market)
    return {
        "offers": [(row, offer_state(row)) for row in offers_of_market(user, market)],
        "actions": list(actions.order_by("-held_on", "-pk")),
        "offer_url": f"{reverse('job_offer_create')}?marche={market.pk}",
        "action_url": f"{reverse('action_create')}?marche={market.pk}",
        "is_open": market.closed_on is None,
    }
