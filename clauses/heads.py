"""What stands above the tabs of a market, a buyer and a company: their hours, and what must be done next."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from accounts.enums import HOUSE_ROLES
from clauses.figures import Figures, figures_by_market, figures_of, of_parts
from clauses.forecast import FORECAST_LABELS, ForecastState
from clauses.models import Commitment
from clauses.turns import is_pressing, task_step, turn_lines
from core import formats
from markets.files import Head, NextStep
from markets.models import Buyer, Company, Market, MarketParty


def market_figures(market: Market, user: Any) -> Figures:
    """Figures of one market as far as `user` sees them; worked out once for a page."""
    cache = market.__dict__.setdefault("_figures", {})
    if user.pk not in cache:
        cache[user.pk] = figures_by_market([market.pk], user, timezone.localdate())[market.pk]
    return cache[user.pk]


def market_head(market: Market, user: Any) -> Head:
    figures = market_figures(market, user)
    head = figures_head(figures)
    if market.closed_on:
        head.code, head.words = "closed", "clos"
    head.tasks = turn_lines(user, market=market)
    task = head.tasks[0].task if head.tasks else None
    if market.closed_on:
        head.next_step = task_step(task, user) if task else None
    elif task and is_pressing(task, timezone.localdate()):
        head.next_step = task_step(task, user)
    else:
        head.next_step = (_setup_step(market, figures, head.tasks) if user.role in HOUSE_ROLES else None) or (
            task_step(task, user) if task else _late_step(figures)
        )
    return head


def figures_head(figures: Figures) -> Head:
    """Hours counted against hours engaged, the rate, and the state of several commitments."""
    state = figures.state
    surplus = f"dont {formats.hours(figures.surplus)} au-delà des engagements" if figures.surplus else ""
    kept = (
        f"{formats.noun(figures.met, 'engagement tenu', 'engagements tenus')} sur {figures.with_target}"
        if figures.with_target
        else "aucune heure engagée"
    )
    return Head(
        figures=[
            (
                formats.hours(figures.counted),
                f"comptées sur {formats.hours(figures.engaged)} engagées",
                surplus,
            ),
            (formats.rate(figures.rate), "taux de réalisation", kept),
        ],
        progress=(figures.capped, figures.engaged, figures.due) if figures.engaged else None,
        code=state.value,
        words=FORECAST_LABELS[state],
    )


def _counted_lots(market: Market, figures: Figures) -> list[Any]:
    """The lots with `awards_count`, `clauses_count`, `commitments_count`.

    A page that shows the lots has loaded them as `market.shown_lots`: they are not read twice.
    """
    lots = market.__dict__.get("shown_lots")
    if lots is None:
        return list(
            market.lots.annotate(
                awards_count=Count("awards", distinct=True),
                clauses_count=Count("clauses", distinct=True),
                commitments_count=Count("clauses__commitments", distinct=True),
            )
        )
    opened = [row.commitment.clause_id for row in figures.commitments]
    for lot in lots:
        clauses = {clause.pk for clause in lot.clauses.all()}
        lot.awards_count, lot.clauses_count = len(lot.awards.all()), len(clauses)
        lot.commitments_count = sum(1 for clause in opened if clause in clauses)
    return lots


def _setup_step(market: Market, figures: Figures, lines: list[Any]) -> NextStep | None:
    """The first thing that is missing between a lot and its commitment; `lines` = what is open on the market."""
    lots = _counted_lots(market, figures)
    lots_url = reverse("market_lots", args=[market.pk])
    commitments_url = reverse("market_commitments", args=[market.pk])
    if not lots:
        return NextStep("À vous :", "décrire les lots du marché.", url=lots_url, label="Lots")
    clauses = sum(lot.clauses_count for lot in lots)
    if not clauses:
        for line in lines:
            # The buyer accepted a scenario: it says which clauses.
            if line.task.key.endswith(":take_up"):
                return NextStep(
                    "À vous :",
                    "reprendre dans le marché la préconisation acceptée.",
                    url=line.url,
                    label="Reprendre",
                )
        return NextStep(
            "À vous :", "dire quelle clause porte ce marché.", url=commitments_url, label="Engagements"
        )
    for lot in lots:
        if lot.clauses_count and not lot.awards_count:
            return NextStep(
                "À vous :",
                f"inscrire l’attributaire du lot {lot.number} dès qu’il est connu.",
                tone="none",
                url=lots_url,
                label="Lots et attributions",
            )
        if lot.clauses_count and not lot.commitments_count:
            return NextStep(
                "À vous :",
                f"ouvrir l’engagement du lot {lot.number}.",
                url=commitments_url,
                label="Engagements",
            )
    return None


def _late_step(figures: Figures) -> NextStep | None:
    """The commitment that asks for the most."""
    for wanted, tone in ((ForecastState.LATE, "late"), (ForecastState.TO_WATCH, "watch")):
        rows = [row for row in figures.commitments if row.forecast.state == wanted]
        if not rows:
            continue
        row = max(rows, key=lambda found: found.missing)
        commitment = row.commitment
        end = commitment.ends_on or commitment.market.planned_end
        if row.forecast.due is None:
            what = "dates d’intervention à renseigner pour suivre l’avancement."
        else:
            until = f" avant le {formats.day(end)}" if end and end >= timezone.localdate() else ""
            what = f"il reste {formats.hours(row.missing)} à réaliser{until}."
        return NextStep(
            f"{commitment.holder} :",
            what,
            tone=tone,
            url=reverse("commitment_detail", args=[commitment.pk]),
            label="Voir l’engagement",
        )
    return None


def _figures_where(user: Any, **where: Any) -> Figures:
    """Figures of the open markets' commitments under a condition: two queries."""
    today = timezone.localdate()
    commitments = (
        Commitment.objects.visible_to(user)
        .filter(market__closed_on__isnull=True, **where)
        .select_related("market", "holder")
        .with_hours_engaged(today)
        .order_by("pk")
    )
    return Figures(figures_of(commitments, today))


def buyer_head(buyer: Buyer, user: Any) -> Head:
    parts = MarketParty.objects.parts_of(buyer=buyer.pk)
    # Without markets of others, one index answers.
    mine: dict[str, Any] = {"market__buyer": buyer}
    if any(part.own is not None for part in parts.values()):
        mine = {"market__in": Market.objects.of_buyer(buyer).order_by().values("pk")}
    figures = of_parts(_figures_where(user, **mine), parts)
    return _with_tasks(_open_markets(figures_head(figures), figures), user, buyer=buyer)


def company_head(company: Company, user: Any) -> Head:
    figures = _figures_where(user, holder=company)
    head = _open_markets(figures_head(figures), figures)
    return _with_tasks(head, user, company=company)


def _with_tasks(head: Head, user: Any, **where: Any) -> Head:
    """What must be done about a buyer or with a company; the rest of a buyer's stands on its markets."""
    head.tasks = turn_lines(user, **where)
    head.next_step = task_step(head.tasks[0].task, user) if head.tasks else None
    return head


def _open_markets(head: Head, figures: Figures) -> Head:
    """Many commitments have no one state: how many are late says more than the worst of them."""
    value, caption, note = head.figures[0]
    head.figures[0] = (value, f"{caption}, marchés en cours", note)
    states = [row.forecast.state for row in figures.commitments]
    late, watched = states.count(ForecastState.LATE), states.count(ForecastState.TO_WATCH)
    head.figures.append(
        (
            formats.number(late, 0),
            "engagement en retard" if late < 2 else "engagements en retard",
            f"{watched} à surveiller",
        )
    )
    head.code = head.words = ""
    return head
