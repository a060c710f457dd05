"""What changes markets beyond one row: handing over, closing, opening and removing accesses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.services import invite_user
from core import formats
from core.errors import DomainError
from core.files import delete_file, read_file, store_file
from core.images import fitted_picture
from markets.enums import ReleaseCause
from markets.models import (
    Buyer,
    BuyerMembership,
    Company,
    CompanyMembership,
    Department,
    House,
    Market,
    Responsibility,
)
from markets.paper import FROZEN_LOGO_BYTES
from markets.services.invoices import release_second_invoice
from markets.services.tasks import finish_tasks_of, leave_tasks

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

LOGO_KIND, BUYER_LOGO_KIND = "house_logo", "buyer_logo"
LOGO_MAX_BYTES = 2 * 1024 * 1024
WithLogo = TypeVar("WithLogo", House, Buyer)


def _target_field(target: Market | Company | Buyer) -> str:
    return {Market: "market", Company: "company", Buyer: "buyer"}[type(target)]


@transaction.atomic
def hand_over(
    *,
    target: Market | Company | Buyer,
    to: User,
    stand_in: User | None = None,
    on: dt.date,
    by: User | None,
) -> Responsibility:
    """Make `to` responsible for a market, a company or a buyer from that day; the former row ends the day before.

    Raises DomainError when someone outside the house is named, when the stand-in is the same person, or when the
    day is not after the beginning of the present responsibility.
    """
    field = _target_field(target)
    for person, name in ((to, "to"), (stand_in, "stand_in")):
        if person and not (person.is_house_staff and person.is_active):
            raise DomainError(
                f"{person} n’a pas de compte en service dans la maison : choisissez quelqu’un d’autre.",
                field=name,
            )
    if stand_in and stand_in.pk == to.pk:
        raise DomainError("La suppléance revient à une autre personne que la responsable.", field="stand_in")
    # The parent's row is the lock: two relays at once follow each other.
    type(target).objects.select_for_update().get(pk=target.pk)
    rows = Responsibility.objects.filter(**{field: target})
    current = rows.filter(ends_on__isnull=True).first()
    latest = rows.order_by("-starts_on", "-pk").first()
    if (
        current
        and current.facilitator_id == to.pk
        and current.stand_in_id == (stand_in.pk if stand_in else None)
    ):
        raise DomainError(f"{to} en est déjà responsable.", field="to")
    if latest and on <= (latest.ends_on or latest.starts_on):
        raise DomainError(
            f"{latest.facilitator} en est responsable depuis le {formats.day(latest.starts_on)} : "
            "choisissez un jour plus tardif pour le relais.",
            field="on",
        )
    if current:
        current.ends_on = on - dt.timedelta(days=1)
        current._history_user = by  # type: ignore[attr-defined]
        current.save()
        if current.facilitator_id != to.pk:
            # What was given to the former one is again the one's who answers for the file, from that day on.
            more: dict[str, Any] = {field: target}
            if field == "company":
                more["market__isnull"] = True
            leave_tasks(former=current.facilitator, by=by, **more)
    row = Responsibility(facilitator=to, stand_in=stand_in, starts_on=on, **{field: target})
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    return row


@transaction.atomic
def close_market(*, market: Market, on: dt.date, by: User | None) -> Market:
    """Close a market on that day; a closed market is not opened again.

    Raises DomainError for a market that is closed already, a day to come, or one before its notification or start.
    """
    market = Market.objects.select_for_update().get(pk=market.pk)
    if market.closed_on:
        raise DomainError(f"Ce marché est clos depuis le {formats.day(market.closed_on)}.")
    if on > timezone.localdate():
        raise DomainError("La clôture se date d’aujourd’hui au plus tard.", field="on")
    for day, what in ((market.notified_on, "la notification"), (market.starts_on, "l’ordre de service")):
        if day and on < day:
            raise DomainError(
                f"La clôture précéderait {what} du {formats.day(day)} : corrigez l’une des deux dates.",
                field="on",
            )
    market.closed_on = on
    market._history_user = by  # type: ignore[attr-defined]
    market.save()
    finish_tasks_of(market=market, on=on, by=by)
    # The second half of its quotes may be invoiced from that day.
    release_second_invoice(market=market, on=on, cause=ReleaseCause.CLOSING, by=by)
    return market


def _account_for(*, email: str, role: str, first_name: str, last_name: str, by: User | None) -> User:
    """The account of that address if it has this role, else a new invited one."""
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        return invite_user(email=email, role=role, first_name=first_name, last_name=last_name, by=by)
    if found.role != role:
        raise DomainError(
            f"Cette adresse est celle d’un compte « {found.get_role_display()} » : demandez-en une autre.",
            field="email",
        )
    if not found.is_active:
        raise DomainError(
            "Le compte de cette adresse est désactivé : un·e administrateur·rice peut le réactiver.",
            field="email",
        )
    return found


@transaction.atomic
def invite_buyer_user(
    *,
    buyer: Buyer,
    department: Department | None = None,
    email: str,
    first_name: str = "",
    last_name: str = "",
    by: User | None,
) -> BuyerMembership:
    """Give someone of a buyer an account, or an access more to the one they have; limited to a department if given.

    Raises DomainError for a department of another buyer, an address of another role, an access already there.
    """
    if department and department.buyer_id != buyer.pk:
        raise DomainError("Cette direction est celle d’un autre donneur d’ordre.", field="department")
    user = _account_for(email=email, role=Role.BUYER, first_name=first_name, last_name=last_name, by=by)
    if BuyerMembership.objects.filter(user=user, buyer=buyer).exists():
        raise DomainError(f"{user} a déjà accès à {buyer}.", field="email")
    membership = BuyerMembership(user=user, buyer=buyer, department=department)
    membership._history_user = by  # type: ignore[attr-defined]
    membership.save()
    return membership


@transaction.atomic
def invite_company_user(
    *, company: Company, email: str, first_name: str = "", last_name: str = "", by: User | None
) -> CompanyMembership:
    """Give someone of a company an account, or an access more to the one they have. Raises DomainError likewise."""
    user = _account_for(email=email, role=Role.COMPANY, first_name=first_name, last_name=last_name, by=by)
    if CompanyMembership.objects.filter(user=user, company=company).exists():
        raise DomainError(f"{user} a déjà accès à {company}.", field="email")
    membership = CompanyMembership(user=user, company=company)
    membership._history_user = by  # type: ignore[attr-defined]
    membership.save()
    return membership


@transaction.atomic
def remove_access(*, membership: BuyerMembership | CompanyMembership, by: User | None) -> None:
    """Take an access away; the account stays, and sees nothing when it was its last one."""
    membership._history_user = by  # type: ignore[union-attr]
    membership.delete()


@transaction.atomic
def change_house(
    *, house: House, logo: UploadedFile | None = None, without_logo: bool = False, by: User
) -> House:
    """Save the house and, where one is given, its new logo; the former file goes."""
    return _save_with_logo(house, LOGO_KIND, logo, without_logo, by)


@transaction.atomic
def change_buyer(
    *, buyer: Buyer, logo: UploadedFile | None = None, without_logo: bool = False, by: User
) -> Buyer:
    """Save a buyer and, where one is given, its new logo, which stands on the cover of its bilans."""
    return _save_with_logo(buyer, BUYER_LOGO_KIND, logo, without_logo, by)


def _save_with_logo(
    row: WithLogo, kind: str, logo: UploadedFile | None, without_logo: bool, by: User
) -> WithLogo:
    former = row.logo
    if logo:
        row.logo = store_file(
            kind=kind,
            name=logo.name or "logo",
            content=logo,
            user=by,
            max_bytes=LOGO_MAX_BYTES,
            allowed_types=("png", "jpg"),
        )
        if not fitted_picture(read_file(row.logo), max_bytes=FROZEN_LOGO_BYTES)[0]:
            raise DomainError(
                "Cette image ne s’ouvre pas : enregistrez-la de nouveau en PNG ou en JPEG, puis redonnez-la.",
                field="new_logo",
            )
    elif without_logo:
        row.logo = None
    row._history_user = by  # type: ignore[attr-defined]
    row.save()
    if former and former != row.logo:
        delete_file(former)
    return row
