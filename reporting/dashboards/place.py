"""Where a buyer's dashboard looks: the whole buyer, a direction, an operation or a market that the reader may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.http import Http404

from markets.models import Buyer, BuyerMembership, Department, Market, MarketParty, Operation
from markets.paper_access import remember_whole_buyers
from reporting.dashboards.asked import Asked
from reporting.scope import Scope, ScopeKind

HIDDEN = (
    "Cette opération ou ce marché réunit des marchés d’une autre direction ou d’un autre donneur d’ordre : "
    "voici le tableau d’ensemble."
)
SHARED = "Un marché partagé entre plusieurs donneurs d’ordre est ici compté en entier, et non pour la part de chacun."


@dataclass(frozen=True)
class Place:
    """The scope of a dashboard. `department` is the one that the reader's account is limited to."""

    buyer: Buyer
    scope: Scope
    kind: str = "acheteur"
    department: Department | None = None
    subject: Department | Operation | Market | None = None
    sentences: tuple[str, ...] = field(default=())

    @property
    def is_whole(self) -> bool:
        """The whole buyer: the only scope of its bilans, and of what only they tell."""
        return self.kind == "acheteur" and self.department is None

    @property
    def title(self) -> str:
        if isinstance(self.subject, Market):
            return f"{self.subject.reference} · {self.subject.object}"
        return str(self.subject or self.department or "")

    @property
    def above(self) -> list[tuple[str, int, str]]:
        """The places around this one: (parameter, id, name), widest first."""
        found: list[tuple[str, int, str]] = []
        if isinstance(self.subject, Market):
            department, operation, parent = (
                self.subject.department,
                self.subject.operation,
                self.subject.parent,
            )
            if department is not None and department.buyer_id == self.buyer.pk and self.department is None:
                found.append(("direction", department.pk, str(department)))
            if operation is not None:
                found.append(("operation", operation.pk, operation.name))
            if parent is not None and self._leads(parent):
                found.append(("marche", parent.pk, parent.reference))
        return found

    def _leads(self, market: Market) -> bool:
        limit = self.department
        return market.buyer_id == self.buyer.pk and (limit is None or market.department_id == limit.pk)


def buyer_of(user: Any, pk: int, asked: Asked) -> tuple[Buyer, Department | None]:
    """The buyer, with whether it shares markets, and the department that the user is limited to; 404 out of scope.

    The name of the direction asked for comes with it, where it is one of this buyer's: one look-up for the two.
    """
    direction = asked.place[1] if asked.place is not None and asked.place[0] == "direction" else None

    def named(buyer: str) -> Subquery:
        return Subquery(
            Department.objects.filter(pk=direction or 0, buyer=OuterRef(buyer)).values("name")[:1]
        )

    parties = MarketParty.objects.filter(
        Q(buyer=OuterRef("buyer_id")) | Q(market__buyer=OuterRef("buyer_id"))
    )
    if user.is_buyer:
        rows = list(
            BuyerMembership.objects.filter(user=user)
            .select_related("buyer__commune", "department")
            .annotate(has_shares=Exists(parties), direction=named("buyer_id"))
            .order_by("pk")
        )
        # The tabs of the file ask the same: one query for both.
        remember_whole_buyers(user, (row.buyer_id for row in rows if row.department_id is None))
        for row in rows:
            if row.buyer_id == pk:
                row.buyer.has_shares, row.buyer.direction = row.has_shares, row.direction  # type: ignore[attr-defined]
                return row.buyer, row.department
        raise Http404
    parties = MarketParty.objects.filter(Q(buyer=OuterRef("pk")) | Q(market__buyer=OuterRef("pk")))
    buyers = Buyer.objects.visible_to(user).select_related("commune")
    found = buyers.annotate(has_shares=Exists(parties), direction=named("pk")).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found, None


def place_of(user: Any, buyer: Buyer, department: Department | None, asked: Asked) -> Place:
    """The place asked for, in what the user may see of this buyer: 404 outside, the whole where it holds more."""
    shares_nothing = not buyer.has_shares  # type: ignore[attr-defined]
    whole = Place(buyer, Scope.of(department or buyer, shares_nothing=shares_nothing), department=department)
    if asked.place is None:
        return whole
    kind, pk = asked.place
    if kind == "direction":
        return _department(whole, pk, shares_nothing)
    found = (_market if kind == "marche" else _operation)(user, buyer, pk)
    if found is None:
        raise Http404
    if found.has_hidden:
        return Place(buyer, whole.scope, department=department, sentences=(HIDDEN,))
    if isinstance(found, Market) and found.has_children:  # type: ignore[attr-defined]
        scope = Scope(ScopeKind.FRAMEWORK, found.pk, str(found))
    else:
        scope = Scope.of(found)
    said = (SHARED,) if found.is_shared else ()
    return Place(buyer, scope, kind, department, found, said)


def _department(whole: Place, pk: int, shares_nothing: bool) -> Place:
    if whole.department is not None:
        if whole.department.pk != pk:
            raise Http404
        # Limited to it already: the same figures, under the same name.
        return whole
    name = whole.buyer.direction  # type: ignore[attr-defined]
    if name is None:
        raise Http404
    found = Department(pk=pk, buyer=whole.buyer, name=name)
    return Place(
        whole.buyer, Scope.of(found, shares_nothing=shares_nothing), "direction", whole.department, found
    )


def _market(user: Any, buyer: Buyer, pk: int) -> Any:
    children = Market.objects.filter(parent=OuterRef("pk"))
    seen = Market.objects.visible_to(user).order_by().values("pk")
    parties = MarketParty.objects.filter(Q(market=OuterRef("pk")) | Q(market__parent=OuterRef("pk")))
    return (
        Market.objects.visible_to(user)
        .of_buyer(buyer)
        .filter(pk=pk)
        .select_related("department", "operation", "parent")
        .annotate(
            has_children=Exists(children),
            has_hidden=Exists(children.exclude(pk__in=seen)),
            is_shared=Exists(parties),
        )
        .first()
    )


def _operation(user: Any, buyer: Buyer, pk: int) -> Any:
    of_it = Q(operation=OuterRef("pk")) | Q(operation=None, parent__operation=OuterRef("pk"))
    markets = Market.objects.filter(of_it)
    seen = Market.objects.visible_to(user).order_by().values("pk")
    mine = Market.objects.visible_to(user).of_buyer(buyer).filter(of_it)
    parties = MarketParty.objects.filter(
        Q(market__operation=OuterRef("pk"))
        | Q(market__operation=None, market__parent__operation=OuterRef("pk"))
    )
    return (
        Operation.objects.visible_to(user)
        .filter(Exists(mine), pk=pk)
        .annotate(has_hidden=Exists(markets.exclude(pk__in=seen)), is_shared=Exists(parties))
        .first()
    )
