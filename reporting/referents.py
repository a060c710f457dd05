"""To whom a bilan goes at a buyer's: its accounts that see the whole of it, its referents, and who has no address."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from markets.enums import ContactKind
from markets.models import Agreement, Buyer, BuyerMembership, Contact


@dataclass(frozen=True)
class Referent:
    """Someone to write to: an account, a contact, or both under one address."""

    name: str
    email: str
    contact: Contact | None = None
    has_account: bool = False

    @property
    def label(self) -> str:
        return f"{self.name}, {self.email}" if self.name != self.email else self.email


def referents_of(buyer: Buyer, today: dt.date | None = None) -> list[Referent]:
    """Who is written to about a bilan of the buyer, accounts first; those of a single department are left out (ADR 0011).

    A referent without address is among them, with an empty one: it is said.
    """
    day = today or timezone.localdate()
    members = (
        BuyerMembership.objects.filter(buyer=buyer, department__isnull=True, user__is_active=True)
        .select_related("user")
        .order_by("pk")
    )
    limited = {
        email.lower()
        for email in BuyerMembership.objects.filter(buyer=buyer, department__isnull=False)
        .order_by("pk")
        .values_list("user__email", flat=True)
    }
    contacts = _contacts(buyer, day)
    by_email = {contact.email.strip().lower(): contact for contact in contacts if contact.email}
    found = [
        Referent(str(row.user), row.user.email, by_email.get(row.user.email), has_account=True)
        for row in members
    ]
    known = {referent.email for referent in found} | limited
    for contact in contacts:
        email = contact.email.strip().lower()
        if not email or email not in known:
            known.add(email)
            found.append(Referent(contact.name, email, contact))
    return found


def _contacts(buyer: Buyer, day: dt.date) -> list[Contact]:
    """The referent of the convention, then the main contacts of that day."""
    named = (
        Agreement.objects.in_force(day)
        .filter(buyer=buyer, buyer_referent__isnull=False)
        .order_by("pk")
        .values("buyer_referent")
    )
    rows = buyer.contacts.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day)
    )
    chosen = rows.filter(Q(kind=ContactKind.MAIN) | Q(pk__in=named)).order_by("name", "pk")
    return list(chosen)
