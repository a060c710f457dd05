"""Markets with their hours: the list, « Synthèse », and the tabs of buyers and companies that count."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField, Exists, OuterRef, Prefetch, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clauses.figures import figures_by_market, figures_of
from clauses.filters import MarketFilter
from clauses.heads import market_figures
from clauses.models import Clause, Commitment, CommitmentChange
from clauses.tables import MarketTable, market_state
from clauses.turns import open_tasks, turn_line
from core.access import EVERYONE, HOUSE, house_required, role_required
from core.context import address
from core.lists import ListPage
from markets.enums import Technique
from markets.files import file_context, responsibility_on
from markets.models import Award, Lot, Market, Responsibility
from markets.parties import parties_context
from markets.views.shared import file_row

SEES_MARKETS = ("facilitator", "admin", "buyer", "company")
SEES_COMMITMENTS = ("facilitator", "admin", "buyer")


def with_hours_engaged(markets: Any, user: Any) -> Any:
    """Add `hours_engaged`: today's figure of the commitments that `user` sees (hours)."""
    changes = CommitmentChange.objects.filter(
        commitment__market=OuterRef("pk"), effective_on__lte=timezone.localdate()
    )
    if user.role not in HOUSE:
        # The house sees them all, and would pay for the look-up once a market.
        changes = changes.filter(commitment__in=Commitment.objects.visible_to(user).values("pk"))
    total = changes.order_by().values("commitment__market").annotate(hours=Sum("delta"))
    return markets.annotate(
        hours_engaged=Coalesce(
            Subquery(total.values("hours")),
            Value(0),
            output_field=DecimalField(max_digits=15, decimal_places=2),
        )
    )


def add_figures(markets: list[Market], user: Any) -> list[Market]:
    """Give loaded markets their `figures` and `holders`, as far as `user` sees them: three queries for all."""
    pks = [market.pk for market in markets]
    figures = figures_by_market(pks, user, timezone.localdate(), {market.pk: market for market in markets})
    holders: dict[int, list[str]] = {}
    awards = (
        Award.objects.visible_to(user)
        .filter(lot__market__in=pks)
        .order_by("pk")
        .values_list("lot__market", "company__short_name", "company__name")
    )
    for pk, short_name, name in awards:
        names = holders.setdefault(pk, [])
        if (short_name or name) not in names:
            names.append(short_name or name)
    for market in markets:
        market.figures = figures[market.pk]  # type: ignore[attr-defined]
        market.holders = holders.get(market.pk, [])  # type: ignore[attr-defined]
    return markets


def add_turns(markets: list[Market], user: Any) -> list[Market]:
    """Give loaded markets their most pressing open task as `turn` (a TurnLine or None): one query for all."""
    first: dict[int, Any] = {}
    today = timezone.localdate()
    for task in open_tasks(user, market__in=[market.pk for market in markets]):
        if task.market_id not in first:
            first[task.market_id] = turn_line(task, user, today)
    for market in markets:
        market.turn = first.get(market.pk)  # type: ignore[attr-defined]
    return markets


class MarketList(ListPage):
    model = Market
    table_class = MarketTable
    filterset_class = MarketFilter
    title = "Marchés"
    roles = EVERYONE
    export_name = "marches"
    create_label = "Ajouter un marché"
    template_name = "clauses/market_list.html"

    @property
    def empty_message(self) -> str:  # type: ignore[override]
        if self.is_house:
            return "Les marchés clausés seront ici. Ajoutez-en un, ou chargez un fichier DECP."
        if self.request.user.is_company:
            return "Les marchés sur lesquels votre entreprise travaille seront ici."
        return "Vos marchés clausés seront ici dès que la maison les aura inscrits."

    def get_create_url(self) -> str:
        return address("market_create") if self.is_house else ""

    def prepare(self, queryset: Any) -> Any:
        rows = with_hours_engaged(queryset.select_related("buyer"), self.request.user)
        if not self.is_house:
            return rows
        mine = Responsibility.objects.held_by(self.request.user, timezone.localdate())
        return rows.annotate(is_mine=Exists(mine.filter(market=OuterRef("pk")))).order_by(
            "-is_mine", "-notified_on", "reference", "pk"
        )

    def finish(self, rows: list[Any]) -> list[Any]:
        user = self.request.user
        return add_figures(add_turns(rows, user), user)

    def table_kwargs(self) -> dict[str, Any]:
        # A company reads its own name in every line, and a buyer its own.
        hidden = {"company": ("holders",)}.get(self.request.user.role, ())
        return {"exclude": hidden}

    def extra_context(self) -> dict[str, Any]:
        return {
            "buyers_url": address("buyer_list") if self.is_house else "",
            "decp_url": address("decp_import") if self.is_house else "",
        }


@role_required(*SEES_MARKETS)
def market_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """« Synthèse »: a company reads its own commitments only, a buyer its own market."""
    market = file_row("market", request.user, pk)
    user: Any = request.user
    figures = market_figures(market, user)
    # Before the head, which looks for what the lots lack.
    market.shown_lots = (
        []
        if user.is_company
        else list(
            Lot.objects.visible_to(user)
            .filter(market=market)
            .prefetch_related(
                Prefetch("awards", Award.objects.select_related("company").order_by("pk")), "clauses"
            )
            .order_by("pk")
        )
    )
    context = {
        **file_context("market", market, request),
        **({"parties": []} if user.is_company else parties_context(market, user)),
        # Only an accord-cadre has some: the others are spared the look-up.
        "subsequent": []
        if user.is_company or market.technique != Technique.FRAMEWORK
        else Market.objects.visible_to(user)
        .filter(parent=market)
        .order_by("-notified_on", "reference", "pk"),
        "may_have_subsequent": user.role in HOUSE and market.technique == Technique.FRAMEWORK,
        "figures": figures,
        "is_house": user.role in HOUSE,
        "responsible": None if user.is_company else responsibility_on(market),
        "lots": market.shown_lots,
    }
    return render(request, "clauses/market_detail.html", context)


@role_required(*SEES_COMMITMENTS)
def market_commitments(request: HttpRequest, pk: int) -> HttpResponse:
    """Clauses by lot, each with the commitments that it opened and where they stand."""
    market = file_row("market", request.user, pk)
    user: Any = request.user
    by_clause: dict[int, list[Any]] = {}
    for row in market_figures(market, user).commitments:
        by_clause.setdefault(row.commitment.clause_id, []).append(row)
    lots = list(Lot.objects.visible_to(user).filter(market=market).order_by("pk"))
    clauses: dict[int, list[Any]] = {}
    for clause in Clause.objects.visible_to(user).filter(lot__market=market).order_by("pk"):
        clauses.setdefault(clause.lot_id, []).append((clause, by_clause.get(clause.pk, [])))
    return render(
        request,
        "clauses/market_commitments.html",
        {
            **file_context("market", market, request),
            "is_house": user.role in HOUSE,
            "lots": [(lot, clauses.get(lot.pk, [])) for lot in lots],
        },
    )


@house_required
def buyer_markets(request: HttpRequest, pk: int) -> HttpResponse:
    """The markets of a buyer, the open ones first."""
    buyer = file_row("buyer", request.user, pk)
    found = with_hours_engaged(Market.objects.visible_to(request.user).of_buyer(buyer), request.user)
    markets = add_figures(
        list(found.select_related("department").order_by("closed_on", "-notified_on", "pk")), request.user
    )
    rows = [(market, market_state(market)) for market in markets]
    return render(
        request, "clauses/buyer_markets.html", {**file_context("buyer", buyer, request), "rows": rows}
    )


@house_required
def company_commitments(request: HttpRequest, pk: int) -> HttpResponse:
    """What a company was awarded, and what it promised."""
    company = file_row("company", request.user, pk)
    today = timezone.localdate()
    awards = (
        Award.objects.visible_to(request.user)
        .filter(company=company)
        .select_related("lot__market__buyer")
        .order_by("-awarded_on", "-pk")
    )
    commitments = (
        Commitment.objects.visible_to(request.user)
        .filter(holder=company)
        .select_related("market__buyer", "clause__lot", "holder")
        .with_hours_engaged(today)
        .order_by("market__closed_on", "-pk")
    )
    return render(
        request,
        "clauses/company_commitments.html",
        {
            **file_context("company", company, request),
            "awards": awards,
            "commitments": figures_of(commitments, today),
        },
    )
