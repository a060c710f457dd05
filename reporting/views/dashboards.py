"""The dashboard of a buyer: its markets, the year's totals, its published bilans. No name, no ground, no typology."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import capfirst

from accounts.enums import Role
from beneficiaries.enums import Modality
from clauses.figures import figures_by_market, of_parts
from clauses.forecast import FORECAST_LABELS, LATE_BELOW, WATCH_BELOW
from core import formats
from core.access import HOUSE, role_required
from core.registry import waiting_for
from markets.files import file_context
from markets.models import Buyer, BuyerMembership, Department, Market, MarketParty
from markets.sharing import Part
from reporting import indicators
from reporting.models import Bilan
from reporting.scope import Period, Scope
from reporting.snapshot.words import agree

YEARS_OFFERED = 6
MARKETS_SHOWN = 50


@dataclass(frozen=True)
class Figure:
    """One of the year's totals, beside the last published year."""

    label: str
    kind: str
    value: Decimal | int
    previous: str | None
    previous_year: int | None
    in_progress: bool = False
    # What the year's own published bilan says, where it is something else.
    published: str | None = None

    @property
    def item(self) -> dict[str, Any]:
        """As the key figures of a bilan are shown."""
        shown = None if self.previous_year is None else self.previous
        return {
            "label": self.label,
            "kind": self.kind,
            "value": str(self.value),
            "previous": shown,
            "previous_year": self.previous_year,
            "note": ""
            if self.published is None
            else formats.typeset(f"bilan publié de cette année : {self._written(self.published)}"),
            "in_progress": self.in_progress,
        }

    def _written(self, value: str) -> str:
        return formats.hours(value) if self.kind == "hours" else formats.number(value, 0)


@role_required(*HOUSE, Role.BUYER)
def buyer_dashboard(request: HttpRequest, pk: int) -> HttpResponse:
    """Figures of one buyer, or of the department that the user is limited to."""
    user: Any = request.user
    buyer, department = _scope(user, pk)
    scope = Scope.of(department or buyer, shares_nothing=not buyer.has_shares)  # type: ignore[attr-defined]
    facts = indicators.Facts(scope, Period.of_year(_year(request)))
    bilans = list(
        Bilan.objects.visible_to(user)
        .published()
        .annual()
        .filter(buyer=buyer)
        .order_by("-year", "-version")
        .defer("narrative")
    )
    markets = Market.objects.visible_to(user)
    # Without markets of others, one index answers.
    markets = markets.of_buyer(buyer) if buyer.has_shares else markets.filter(buyer=buyer)  # type: ignore[attr-defined]
    alive = markets.alive_between(facts.period.first_day, facts.period.last_day)
    rows = list(alive.order_by("closed_on", "planned_end", "pk")[: MARKETS_SHOWN + 1])
    shown = _markets(rows[:MARKETS_SHOWN], user, facts.scope.parts)
    context = {
        **file_context("buyer", buyer, request, with_head=False),
        "department": department,
        "year": facts.period.year,
        "years": range(timezone.localdate().year, timezone.localdate().year - YEARS_OFFERED, -1),
        "figures": _figures(facts, [] if department else bilans),
        "markets": shown,
        "more_markets": len(rows) > MARKETS_SHOWN,
        "watch_below": WATCH_BELOW,
        "late_below": LATE_BELOW,
        "holders": _by_holder(facts),
        "contract_types": _by_contract_type(facts),
        "modalities": _by_modality(facts),
        "bilans": bilans,
        "is_house": user.is_house_staff,
        # The home of a buyer's account: what waits for the reader, not for the buyer.
        "waiting": waiting_for(user) if user.is_buyer else [],
    }
    return render(request, "reporting/buyer_dashboard.html", context)


def _scope(user: Any, pk: int) -> tuple[Buyer, Department | None]:
    """The buyer, with whether it shares markets, and the department that the user is limited to."""
    parties = MarketParty.objects.filter(Q(buyer=pk) | Q(market__buyer=pk))
    if user.is_buyer:
        memberships = BuyerMembership.objects.filter(user=user).select_related("buyer__commune", "department")
        membership = get_object_or_404(memberships.annotate(has_shares=Exists(parties)), buyer=pk)
        membership.buyer.has_shares = membership.has_shares  # type: ignore[attr-defined]
        return membership.buyer, membership.department
    buyers = Buyer.objects.visible_to(user).select_related("commune").annotate(has_shares=Exists(parties))
    return get_object_or_404(buyers, pk=pk), None


def _year(request: HttpRequest) -> int:
    """The year asked for, else the current one."""
    this_year = timezone.localdate().year
    wanted = request.GET.get("annee", "")
    year = int(wanted) if wanted.isdecimal() and len(wanted) == 4 else this_year
    return year if this_year - YEARS_OFFERED < year <= this_year else this_year


def _last_before(bilans: list[Bilan], year: int) -> Bilan | None:
    return next((bilan for bilan in bilans if (bilan.year or 0) < year), None)


def _figures(facts: indicators.Facts, bilans: list[Bilan]) -> list[dict[str, Any]]:
    year = facts.period.year
    # A share corrected since moves what a published year adds up to: both are said.
    own: dict[str, str] = next(
        (bilan.snapshot["figures"] for bilan in bilans if bilan.year == year and bilan.snapshot), {}
    )
    published = _last_before(bilans, year)
    before = published.snapshot["figures"] if published is not None and published.snapshot else {}
    previous_year = published.year if published is not None else None
    markets = indicators.markets(facts)[year]
    people, made = indicators.people(facts)[year], indicators.contracts(facts, year)
    in_progress = year >= timezone.localdate().year
    values = (
        ("hours", "heures d’insertion réalisées", "hours", indicators.hours(facts)[year]),
        ("people", agree(people, "personne", "personnes"), "number", people),
        ("contracts", agree(made.count, "contrat de travail", "contrats de travail"), "number", made.count),
        (
            "markets",
            f"{agree(markets.count, 'marché', 'marchés')} avec une clause sociale",
            "number",
            markets.count,
        ),
    )
    return [
        Figure(
            label,
            kind,
            value,
            before.get(key),
            previous_year if key in before else None,
            in_progress,
            own[key] if key in own and Decimal(own[key]) != value else None,
        ).item
        for key, label, kind, value in values
    ]


def _markets(markets: list[Market], user: Any, parts: dict[int, Part]) -> list[tuple[Any, ...]]:
    figures = figures_by_market([market.pk for market in markets], user, timezone.localdate())
    rows = []
    for market in markets:
        part = parts.get(market.pk)
        # A market that several buyers share: what is said of it here is the part of this one.
        market.part = part.share / 100 if part else None  # type: ignore[attr-defined]
        rows.append((market, of_parts(figures[market.pk], parts)))
    return [(market, found, found.state.value, FORECAST_LABELS[found.state]) for market, found in rows]


def _ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (-row["value"], row["label"]))


def _by_holder(facts: indicators.Facts) -> list[dict[str, Any]]:
    """Hours and contracts by company: never masked."""
    lines = indicators.by_holder(facts)[facts.period.year]
    names = facts.holder_names()
    return _ranked(
        [{"label": names[pk], "value": line.hours, "contracts": line.contracts} for pk, line in lines.items()]  # type: ignore[index]
    )


def _by_contract_type(facts: indicators.Facts) -> list[dict[str, Any]]:
    lines = indicators.by_contract_type(facts)[facts.period.year]
    labels = {work.contract_type: work.contract_label or "Non renseigné" for work in facts.works}
    return _ranked(
        [
            {"label": labels[code], "value": line.hours, "contracts": line.contracts}
            for code, line in lines.items()
        ]  # type: ignore[index]
    )


def _by_modality(facts: indicators.Facts) -> list[dict[str, Any]]:
    lines = indicators.by_modality(facts)[facts.period.year]
    return _ranked(
        [
            {
                "label": capfirst(Modality(str(code)).label),
                "value": line.hours,
                "contracts": line.contracts,
            }
            for code, line in lines.items()
        ]
    )
