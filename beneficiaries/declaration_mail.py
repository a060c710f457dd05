"""What is written to a company about its month: to its accounts, or to an address with a link that needs none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.enums import AccountState, Role
from accounts.models import User
from beneficiaries.declaration_dates import due_on, written
from beneficiaries.models import MonthDeclaration
from clauses.calendar import absolute
from core import formats
from core.links import make_link
from core.models import AccessLink, Message
from core.outbox import write_message
from markets.enums import ContactKind
from markets.models import Company, Contact, House

LINK = "declaration"
SUBJECTS = {
    "open": "Vos heures {month} sont à déclarer",
    "late": "Vos heures {month} sont attendues",
    "remind": "Rappel\u202f: vos heures {month}",
    "link": "Un lien pour déclarer vos heures {month}",
    "sent_back": "Vos heures {month} sont à corriger",
    "accepted": "Vos heures {month} sont acceptées",
}
# Who is written to first, when nobody of the company has an account.
CONTACT_ORDER = (ContactKind.INSERTION, ContactKind.MAIN, ContactKind.OTHER, ContactKind.HIERARCHY)


def account_page(declaration: MonthDeclaration) -> str:
    """The path of the month for who has an account of the company."""
    return reverse("company_declaration", args=[declaration.company_id, written(declaration.month)])


def members_of(companies: Iterable[int]) -> dict[int, list[str]]:
    """The addresses of the accounts in use of each company, by its id; one query."""
    found: dict[int, list[str]] = {}
    users = User.objects.in_state(AccountState.ACTIVE).filter(role=Role.COMPANY)
    rows = users.filter(company_memberships__company__in=list(companies))
    for company, email in rows.order_by("pk").values_list("company_memberships__company", "email"):
        found.setdefault(company, []).append(email)
    return found


def contact_addresses(companies: Iterable[Company]) -> dict[int, str]:
    """Whom to write to where nobody has an account: today's contact, else the company's own address; one query."""
    rows = list(companies)
    today = timezone.localdate()
    contacts = Contact.objects.filter(company__in=[row.pk for row in rows]).exclude(email="")
    contacts = contacts.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=today))
    contacts = contacts.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today)).order_by("pk")
    best: dict[int, tuple[int, str]] = {}
    for company, kind, email in contacts.values_list("company", "kind", "email"):
        rank = CONTACT_ORDER.index(ContactKind(kind))
        if company not in best or rank < best[company][0]:
            best[company] = (rank, email)
    return {row.pk: best[row.pk][1] if row.pk in best else row.email for row in rows}


def _linked(declaration: MonthDeclaration) -> list[str]:
    """Addresses that hold a link of this month which still opens."""
    rows = AccessLink.objects.usable(timezone.now()).filter(kind=LINK, object_id=declaration.pk)
    return sorted(set(rows.exclude(email="").order_by().values_list("email", flat=True)))


def write_to_company(
    declaration: MonthDeclaration, *, what: str, turn: str, by: User | None, lines: int = 0
) -> list[str]:
    """Write `what` to the company's accounts, and to the addresses that hold a link; returns whom.

    turn: what tells this occasion from the next one; the same is written once. Without account nor link, the
    company's contact gets a link. Nobody to write to: nothing is written, and the house sees it.
    """
    members = members_of([declaration.company_id]).get(declaration.company_id, [])
    linked = [address for address in _linked(declaration) if address not in members]
    if not members and not linked:
        contact = contact_addresses([declaration.company])[declaration.company_id]
        linked = [contact.strip().lower()] if contact else []
    key = f"declaration:{declaration.pk}:{what}:{turn}"
    if members:
        _write(declaration, what, key, members, account_page(declaration), lines)
    for address in linked:
        own_key = f"{key}:{address}"[:200]
        if Message.objects.filter(key=own_key).exists():
            continue
        # What is accepted opens no more: its message carries no link.
        path = "" if what == "accepted" else _new_link(declaration, address, by, replace=False)
        _write(declaration, what, own_key, [address], path, lines)
    return [*members, *linked]


def send_link(declaration: MonthDeclaration, *, email: str, by: User) -> None:
    """Send a new link to one address; those sent to it before open nothing any more."""
    path = _new_link(declaration, email.strip().lower(), by, replace=True)
    turn = f"{timezone.now():%Y%m%d%H%M%S%f}"
    _write(declaration, "link", f"declaration:{declaration.pk}:link:{turn}", [email], path, 0)


def _new_link(declaration: MonthDeclaration, email: str, by: User | None, *, replace: bool) -> str:
    made = make_link(
        kind=LINK,
        object_id=declaration.pk,
        email=email,
        days=settings.DECLARATION_LINK_DAYS,
        by=by,
        replace=replace,
    )
    return reverse("declaration_by_link", args=[made.token])


def _write(
    declaration: MonthDeclaration, what: str, key: str, recipients: list[str], path: str, lines: int
) -> None:
    context = {
        "declaration": declaration,
        "of_month": formats.of_month(declaration.month),
        "due_on": due_on(declaration.month),
        "is_late": due_on(declaration.month) < timezone.localdate(),
        "url": absolute(path) if path else "",
        "is_link": "/lien/" in path,
        "link_until": timezone.localdate() + dt.timedelta(days=settings.DECLARATION_LINK_DAYS),
        "lines": lines,
        "house": House.current().name,
    }
    write_message(
        key=key,
        recipients=recipients,
        subject=SUBJECTS[what].format(month=context["of_month"]),
        body=render_to_string(f"beneficiaries/email/declaration/{what}.txt", context),
    )
