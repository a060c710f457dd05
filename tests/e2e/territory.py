"""A small territory that every journey walks in: a buyer, a market, six people, and an account of each role."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from beneficiaries.models import Assignment
from clauses.models import Commitment
from markets.models import Buyer, Market
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    BuyerFactory,
    BuyerMembershipFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    HoursEntryFactory,
    HouseFactory,
    LotFactory,
    MarketFactory,
    PlacementFactory,
    ResponsibilityFactory,
    UserFactory,
    eligible_assignment,
)

PASSWORD = "cinq lamas sous le pont"
# In the order of the grid; the last one was never validated.
NAMES = ("Arnaud", "Belkacem", "Costa", "Diallo", "Evrard", "Faure")


@dataclass(frozen=True)
class Territory:
    """`month` is November of last year; Arnaud's 100 hours of March are counted already."""

    year: int
    month: dt.date
    facilitator: User
    admin: User
    buyer_user: User
    company_user: User
    buyer: Buyer
    market: Market
    commitment: Commitment
    assignments: dict[str, Assignment]

    @property
    def market_hours(self) -> str:
        return f"/marches/{self.market.pk}/heures/?mois={self.month:%Y-%m}"


def make_territory() -> Territory:
    year = timezone.localdate().year - 1
    HouseFactory()
    buyer = BuyerFactory(name="Ville de Roche-la-Claire")
    company = CompanyFactory(name="Bâtir Ensemble")
    market = MarketFactory(
        buyer=buyer,
        reference=f"{year}-TRV-014",
        object="Réhabilitation du groupe scolaire Jean-Macé",
        notified_on=dt.date(year, 1, 15),
        starts_on=dt.date(year, 2, 1),
        planned_end=dt.date(year + 1, 12, 31),
    )
    commitment = CommitmentFactory(
        lot=LotFactory(market=market, number="1"),
        company=company,
        hours=0,
        starts_on=dt.date(year, 2, 1),
        ends_on=dt.date(year + 1, 12, 31),
    )
    CommitmentChangeFactory(commitment=commitment, delta=Decimal(1850), effective_on=dt.date(year, 2, 1))
    start = dt.date(year, 3, 3)
    assignments = {}
    for name in NAMES[:-1]:
        person = BeneficiaryFactory(last_name=name, first_name="Sacha")
        assignments[name] = eligible_assignment(beneficiary=person, commitment=commitment, starts_on=start)
    placement = PlacementFactory(
        beneficiary=BeneficiaryFactory(last_name=NAMES[-1], first_name="Sacha"),
        employer=company,
        starts_on=start,
    )
    assignments[NAMES[-1]] = AssignmentFactory(placement=placement, commitment=commitment)
    HoursEntryFactory(
        assignment=assignments["Arnaud"], month=dt.date(year, 3, 1), hours=Decimal(100), counted=True
    )
    facilitator = _account("fanny@maison.example", Role.FACILITATOR, "Fanny", "Facile")
    ResponsibilityFactory(market=market, facilitator=facilitator, starts_on=dt.date(year, 1, 15))
    buyer_user = _account("aline@ville.example", Role.BUYER, "Aline", "Acheteuse")
    BuyerMembershipFactory(user=buyer_user, buyer=buyer)
    company_user = _account("ahmed@batir.example", Role.COMPANY, "Ahmed", "Artisan")
    CompanyMembershipFactory(user=company_user, company=company)
    return Territory(
        year=year,
        month=dt.date(year, 11, 1),
        facilitator=facilitator,
        admin=_account("adam@maison.example", Role.ADMIN, "Adam", "Ministre"),
        buyer_user=buyer_user,
        company_user=company_user,
        buyer=buyer,
        market=market,
        commitment=commitment,
        assignments=assignments,
    )


def _account(email: str, role: str, first_name: str, last_name: str) -> User:
    user = UserFactory.build(email=email, role=role, first_name=first_name, last_name=last_name)
    user.set_password(PASSWORD)
    user.save()
    return user
