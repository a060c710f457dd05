"""Handing over many files at once: a colleague's whole portfolio, or a stand-in for the time of a leave."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from core import formats
from core.errors import DomainError
from core.history import bulk_create_tracked, bulk_update_tracked
from markets.models import Buyer, Company, Market, Responsibility, Task
from markets.services.tasks import leave_tasks

if TYPE_CHECKING:
    from accounts.models import User

FILES: dict[str, Any] = {"market": Market, "company": Company, "buyer": Buyer}


@dataclass
class Portfolio:
    """What someone answers for from a day on: the rows that a relay ends, and those that it can't."""

    rows: list[Responsibility] = field(default_factory=list)
    # Files whose responsibility already changes on that day or later.
    later: int = 0
    tasks: int = 0

    def count(self, kind: str) -> int:
        return sum(1 for row in self.rows if getattr(row, f"{kind}_id"))

    @property
    def words(self) -> str:
        """« 12 marchés, 3 entreprises et 1 donneur d’ordre »."""
        names = {
            "market": ("marché", "marchés"),
            "company": ("entreprise", "entreprises"),
            "buyer": ("donneur d’ordre", "donneurs d’ordre"),
        }
        parts = [formats.noun(self.count(kind), *words) for kind, words in names.items() if self.count(kind)]
        if not parts:
            return "aucun dossier"
        return " et ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def portfolio_of(user: User, on: dt.date) -> Portfolio:
    """The open files that `user` answers for, as a relay on that day finds them. Closed markets stay where they are."""
    rows = list(
        Responsibility.objects.filter(facilitator=user, ends_on__isnull=True)
        .filter(Q(market__isnull=True) | Q(market__closed_on__isnull=True))
        .order_by("pk")
    )
    return Portfolio(
        rows=[row for row in rows if row.starts_on < on],
        later=sum(1 for row in rows if row.starts_on >= on),
        tasks=Task.objects.open().filter(assignee=user).count(),
    )


def _check_staff(person: User | None, name: str) -> None:
    if person and not (person.is_house_staff and person.is_active):
        raise DomainError(
            f"{person} n’a pas de compte en service dans la maison : choisissez quelqu’un d’autre.",
            field=name,
        )


def _locked(portfolio: Portfolio) -> list[Responsibility]:
    """The rows again, behind the locks of their files: one relay at a time."""
    for kind, model in FILES.items():
        pks = sorted(pk for row in portfolio.rows if (pk := getattr(row, f"{kind}_id")))
        list(model.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))
    pks = [row.pk for row in portfolio.rows]
    return list(
        Responsibility.objects.select_for_update().filter(pk__in=pks, ends_on__isnull=True).order_by("pk")
    )


def _following(row: Responsibility, **values: Any) -> Responsibility:
    return Responsibility(market_id=row.market_id, company_id=row.company_id, buyer_id=row.buyer_id, **values)


@transaction.atomic
def hand_over_portfolio(
    *, former: User, to: User, stand_in: User | None = None, on: dt.date, by: User
) -> Portfolio:
    """Make `to` responsible for every open file of `former` from that day; open tasks given to `former` follow.

    Raises DomainError without anything to hand over, to the same person, or to someone outside the house.
    """
    _check_staff(to, "to")
    _check_staff(stand_in, "stand_in")
    if to.pk == former.pk:
        raise DomainError(f"{to} en est déjà responsable.", field="to")
    if stand_in and stand_in.pk == to.pk:
        raise DomainError("La suppléance revient à une autre personne que la responsable.", field="stand_in")
    portfolio = portfolio_of(former, on)
    rows = _locked(portfolio)
    if not rows and not portfolio.tasks:
        raise DomainError(f"{former} ne répond d’aucun dossier ouvert à cette date.", field="on")
    _end(rows, on, by)
    bulk_create_tracked(
        Responsibility,
        [_following(row, facilitator=to, stand_in=stand_in, starts_on=on) for row in rows],
        user=by,
        reason="relais du portefeuille",
    )
    # On the files handed over, tasks are again the one's who answers for the file; the others change hands at once.
    for kind in FILES:
        pks = [pk for row in rows if (pk := getattr(row, f"{kind}_id"))]
        where: dict[str, Any] = {f"{kind}__in": pks}
        if kind == "company":
            where["market__isnull"] = True
        leave_tasks(former=former, by=by, **where)
    leave_tasks(former=former, to=to, by=by)
    return portfolio


@transaction.atomic
def name_stand_in(
    *, user: User, stand_in: User, on: dt.date, until: dt.date | None = None, by: User
) -> Portfolio:
    """Give a stand-in to every open file of `user` from that day, until another one if it is known.

    After `until`, the former stand-ins are again those of each file. Raises DomainError for the same person, someone
    outside the house, dates out of order, and when there is no file.
    """
    _check_staff(stand_in, "stand_in")
    if stand_in.pk == user.pk:
        raise DomainError("La suppléance revient à une autre personne que la responsable.", field="stand_in")
    if until and until < on:
        raise DomainError("Le dernier jour précède le premier.", field="until")
    portfolio = portfolio_of(user, on)
    rows = _locked(portfolio)
    if not rows:
        raise DomainError(f"{user} ne répond d’aucun dossier ouvert à cette date.", field="on")
    _end(rows, on, by)
    new = []
    for row in rows:
        new.append(_following(row, facilitator=user, stand_in=stand_in, starts_on=on, ends_on=until))
        if until:
            new.append(
                _following(
                    row, facilitator=user, stand_in_id=row.stand_in_id, starts_on=until + dt.timedelta(days=1)
                )
            )
    bulk_create_tracked(Responsibility, new, user=by, reason="suppléance")
    return portfolio


def _end(rows: list[Responsibility], on: dt.date, by: User) -> None:
    for row in rows:
        row.ends_on = on - dt.timedelta(days=1)
    bulk_update_tracked(Responsibility, rows, ["ends_on"], user=by, reason="relais du portefeuille")
