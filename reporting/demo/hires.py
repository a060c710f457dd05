"""Puts people of the territory to work for the story: who is free, on which commitments, by the services."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts.models import User
from beneficiaries.enums import Modality, PlacementNature
from beneficiaries.models import (
    Application,
    Assignment,
    Attendance,
    Beneficiary,
    ContractType,
    EligibilityPeriod,
    Placement,
)
from beneficiaries.services.employment import assign, create_placement
from clauses.models import Commitment
from core.dates import add_months
from markets.models import Buyer, Company, CompanyMembership
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day

# How many months of hours the story tells; those whom it hires have been free since.
MONTHS = 3
# Days that their eligibility lasts beyond today.
DAYS_LEFT = 75


@dataclass
class Crew:
    """Whom the story may hire, each once, and where."""

    cast: Cast
    people: list[Beneficiary]
    agency: Company

    def take(self, count: int) -> list[Beneficiary]:
        """The next free people: fewer when the territory has no more."""
        taken, self.people = self.people[:count], self.people[count:]
        return taken

    def post(self, *, buyer: Buyer | None = None, holder: Company | None = None, rank: int = 0) -> Commitment:
        """A commitment that has run since before the story's months, of this buyer or holder where there is one."""
        rows = _running(self.cast)
        wanted = rows.filter(Q(market__buyer=buyer) if buyer else Q(), Q(holder=holder) if holder else Q())
        found = list(wanted.order_by("pk")[: rank + 1]) or list(rows.order_by("pk")[: rank + 1])
        return found[min(rank, len(found) - 1)]


def gather_crew(cast: Cast) -> Crew:
    """The people whose period is open, whom nobody has employed lately, and whom no offer is about."""
    since = cast.month(-MONTHS - 1)
    open_periods = EligibilityPeriod.objects.filter(
        starts_on__lte=since, ends_on__gte=cast.as_of + dt.timedelta(days=DAYS_LEFT)
    )
    busy = Placement.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=since))
    rows = Beneficiary.objects.visible_to(cast.nadia).filter(pk__in=open_periods.values("beneficiary"))
    rows = rows.exclude(pk__in=busy.values("beneficiary")).filter(birth_date__isnull=False)
    rows = rows.exclude(pk__in=Application.objects.filter(beneficiary__isnull=False).values("beneficiary"))
    rows = rows.exclude(pk__in=Attendance.objects.values("beneficiary"))
    agency = CompanyMembership.objects.select_related("company").get(user__email__startswith="etti@demo.")
    return Crew(cast, list(rows.order_by("pk")[:30]), agency.company)


def _running(cast: Cast) -> Any:
    """Commitments of markets that began before the story's months and go on."""
    begun = Coalesce("market__starts_on", "market__notified_on")
    rows = Commitment.objects.filter(market__closed_on__isnull=True).annotate(begun=begun)
    rows = rows.filter(begun__lte=cast.month(-MONTHS - 1), market__planned_end__gt=cast.as_of)
    rows = rows.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=cast.month(-MONTHS)))
    return rows.select_related("market__buyer", "holder")


def hire(
    cast: Cast,
    person: Beneficiary,
    commitment: Commitment,
    *,
    employer: Company | None = None,
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    modality: str = Modality.DIRECT,
    contract: str = "cdd",
    weekly: int = 35,
    user_company: Company | None = None,
    positioned: bool = True,
    by: User | None = None,
) -> Assignment:
    """A contract of this person with the holder (or another employer), put to work on the commitment."""
    who = by or cast.nadia
    with on_day(starts_on - dt.timedelta(days=3), 14):
        placement = Placement(
            beneficiary=person,
            nature=PlacementNature.EMPLOYMENT,
            employer=employer or commitment.holder,
            contract_type=ContractType.objects.get(code=contract),
            modality=modality,
            starts_on=starts_on,
            ends_on=ends_on,
            weekly_hours=Decimal(weekly),
        )
        create_placement(placement=placement, user=who)
        return assign(
            placement=placement,
            commitment=commitment,
            starts_on=starts_on,
            ends_on=ends_on,
            user_company=user_company,
            positioned_on=starts_on - dt.timedelta(days=3) if positioned else None,
            user=who,
        ).assignment


def planned_end(cast: Cast, months: int = 4) -> dt.date:
    """The last day of a contract of the story that goes on."""
    return add_months(cast.as_of, months)
