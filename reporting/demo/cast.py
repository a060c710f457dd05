"""Who plays in the follow-up that the demonstration shows, and the days on which things happen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.db.models.functions import Length
from django.utils import timezone

from accounts.models import User
from core.dates import add_months
from core.pdf import pdf_available
from markets.models import Buyer, BuyerMembership, Company, CompanyMembership, Department

OULLINS, METROPOLE = "21690149600010", "20004697700019"
SHORT = 60


@dataclass
class Cast:
    """People, buyers and companies of the demonstration that was just loaded; `as_of` is its today."""

    as_of: dt.date
    admin: User
    nadia: User
    thomas: User
    ines: User
    # Accounts of the two buyers, and of the company that holds commitments.
    claude: User
    sacha: User
    andrea: User

    def day(self, shift: int) -> dt.date:
        """So many days from today (before it when negative), on a working day: never nearer than asked."""
        found = self.as_of + dt.timedelta(days=shift)
        step = dt.timedelta(days=1 if shift > 0 else -1)
        while found.weekday() > 4:
            found += step
        return found

    def month(self, shift: int) -> dt.date:
        """The first day of the month that lies so many months from today's."""
        return add_months(self.as_of.replace(day=1), shift)

    def moment(self, shift: int, hour: int, minute: int = 0) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(self.day(shift), dt.time(hour, minute)))

    @cached_property
    def oullins(self) -> Buyer:
        return Buyer.objects.get(identifier=OULLINS)

    @cached_property
    def metropole(self) -> Buyer:
        return Buyer.objects.get(identifier=METROPOLE)

    @cached_property
    def department(self) -> Department:
        """The one department of the Métropole that its account sees."""
        membership = BuyerMembership.objects.select_related("department").get(
            user=self.sacha, buyer=self.metropole
        )
        assert membership.department is not None
        return membership.department

    @cached_property
    def company(self) -> Company:
        """The company that holds commitments and has an account."""
        return CompanyMembership.objects.select_related("company").get(user=self.andrea).company

    @cached_property
    def others(self) -> list[Company]:
        """Four ordinary companies, of names that hold on a line and that no other of them bears."""
        rows = Company.objects.filter(kinds__kind="ordinary", kinds__ends_on__isnull=True)
        rows = rows.annotate(size=Length("name")).filter(size__lte=SHORT).exclude(pk=self.company.pk)
        by_name = {self.company.name: self.company}
        for row in rows.distinct().order_by("pk")[:20]:
            by_name.setdefault(row.name, row)
        return list(by_name.values())[1:5]

    @cached_property
    def structure(self) -> Company:
        """A structure of the insertion that may hold a lot."""
        rows = Company.objects.filter(kinds__kind__in=("EI", "ACI", "AI"), kinds__ends_on__isnull=True)
        return rows.distinct().order_by("pk")[0]

    @cached_property
    def has_pdf(self) -> bool:
        """Whether letters, quotes and recommendations can be made; without them, they stay drafts."""
        return pdf_available()


def gather_cast(as_of: dt.date) -> Cast:
    """The cast, by the accounts of the demonstration."""
    known = {user.email.partition("@")[0]: user for user in User.objects.demo().order_by("pk")}
    return Cast(
        as_of,
        admin=known["admin"],
        nadia=known["nadia"],
        thomas=known["thomas"],
        ines=known["ines"],
        claude=known["oullins"],
        sacha=known["metropole"],
        andrea=known["titulaire"],
    )
