"""Collective actions of a span: how many, who came, who was hired after; the figures are `beneficiaries.actions`'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from beneficiaries.actions import ActionFigures, figures_by_action, together
from beneficiaries.models import CollectiveAction
from reporting.indicators.facts import Facts, once
from reporting.scope import Scope, ScopeKind, Span


@dataclass(frozen=True)
class Actions:
    """The actions of a span, together and by kind. One person who came to two of them counts once in each."""

    whole: ActionFigures
    by_kind: Mapping[str, ActionFigures]
    # Those of each action, by kind.
    each: Mapping[str, Sequence[ActionFigures]]

    @property
    def hired(self) -> int | None:
        """Hires after; not known where nobody is known by name."""
        return self.whole.hired if self.whole.people else None


@once
def actions(facts: Facts) -> dict[Span, Actions | None]:
    """By span: the actions that began in it and took place; None where none is recorded."""
    rows = list(
        CollectiveAction.objects.filter(
            actions_of(facts.scope),
            held_on__gte=facts.period.first_day,
            held_on__lte=min(facts.period.last_day, timezone.localdate()),
        ).order_by("held_on", "pk")
    )
    figures = figures_by_action(rows) if rows else {}
    found: dict[Span, Actions | None] = {}
    for span in facts.period.spans:
        mine = [row for row in rows if facts.period.span_of(row.held_on) == span]
        kinds = {row.kind: [figures[one.pk] for one in mine if one.kind == row.kind] for row in mine}
        found[span] = (
            Actions(
                together(figures[row.pk] for row in mine),
                {kind: together(each) for kind, each in kinds.items()},
                kinds,
            )
            if mine
            else None
        )
    return found


def actions_of(scope: Scope) -> Q:
    """Those about a market of the scope; a buyer's are also those led for it, a company's those that it took part in."""
    if scope.kind == ScopeKind.TERRITORY:
        return Q()
    if scope.kind in (ScopeKind.COMPANY, ScopeKind.EMPLOYER, ScopeKind.SIAE) and scope.id:
        return Q(pk__in=_through("companies").filter(company=scope.id).values("collectiveaction"))
    of_markets = _through("markets").filter(
        scope.in_hand("collectiveaction__held_on"), market__in=scope.markets().order_by().values("pk")
    )
    found = Q(pk__in=of_markets.values("collectiveaction"))
    if scope.kind == ScopeKind.BUYER:
        found |= Q(pk__in=_through("buyers").filter(buyer=scope.id).values("collectiveaction"))
    return found


def _through(name: str) -> Any:
    return getattr(CollectiveAction, name).through.objects
