"""What a declaration becomes when its lines are validated or sent back, and who is then waited for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from beneficiaries.declaration_dates import due_on, written
from beneficiaries.declaration_mail import LINK, account_page, write_to_company
from beneficiaries.enums import DeclarationState, EntryState
from beneficiaries.models import Assignment, MonthDeclaration
from beneficiaries.services.writing import save_by
from core import formats
from core.dates import month_end
from core.links import revoke_links
from markets.enums import Turn
from markets.models import Responsibility
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User
    from beneficiaries.models import HoursEntry

LINES_TO_CORRECT = "Des lignes sont à corriger\u202f: chacune porte son motif."


def lock_declaration(declaration: MonthDeclaration) -> MonthDeclaration:
    """The declaration as it is now, held until the end of the transaction."""
    rows = MonthDeclaration.objects.select_for_update(of=("self",)).select_related("company")
    (row,) = rows.filter(pk=declaration.pk)
    return row


def house_page(declaration: MonthDeclaration) -> str:
    """The path of the month for the house."""
    return reverse("declaration_review", args=[declaration.company_id, written(declaration.month)])


# --- Who is waited for ---------------------------------------------------------------------------------------


def await_company(
    declaration: MonthDeclaration, *, by: User | None, due: dt.date | None = None, details: str = ""
) -> None:
    """Have the month stand among what the company must do."""
    until = due or due_on(declaration.month)
    since = min(month_end(declaration.month) + dt.timedelta(days=1), until)
    open_task(
        key=f"declaration:{declaration.pk}",
        title=f"Heures {formats.of_month(declaration.month)} à déclarer",
        company=declaration.company,
        turn=Turn.COMPANY,
        details=details,
        url=account_page(declaration),
        since=since,
        due_on=until,
        by=by,
    )


def await_house(declaration: MonthDeclaration, *, by: User | None) -> None:
    """Have the month stand among what the house must look at: the company's wait is over."""
    today = timezone.localdate()
    finish_task(key=f"declaration:{declaration.pk}", outcome="soumise", by=by)
    open_task(
        key=f"declaration-review:{declaration.pk}",
        title=f"Heures {formats.of_month(declaration.month)} déclarées, à examiner",
        company=declaration.company,
        turn=Turn.HOUSE,
        url=house_page(declaration),
        due_on=today + dt.timedelta(days=settings.DECLARATION_REVIEW_DAYS),
        assignee=_facilitator_of(declaration, today),
        by=by,
    )


def _facilitator_of(declaration: MonthDeclaration, today: dt.date) -> User | None:
    """Who answers for most of the month's markets, where nobody answers for the company itself."""
    on_duty = Responsibility.objects.on(today)
    if on_duty.filter(company=declaration.company_id).exists():
        return None
    markets = (
        Assignment.objects.employed_by(declaration.company)
        .active_in(declaration.month)
        .order_by()
        .values("commitment__market")
    )
    found = (
        on_duty.filter(market__in=markets, facilitator__is_active=True)
        .order_by()
        .values("facilitator")
        .annotate(markets=Count("pk"))
        .order_by("-markets", "facilitator")
        .first()
    )
    if found is None:
        return None
    row = (
        on_duty.filter(facilitator=found["facilitator"]).select_related("facilitator").order_by("pk").first()
    )
    return row.facilitator if row else None


# --- What becomes of it --------------------------------------------------------------------------------------


def accept(declaration: MonthDeclaration, *, by: User) -> None:
    """Close the month for the company; its links open nothing any more. The row is locked by the caller."""
    declaration.state = DeclarationState.ACCEPTED
    declaration.sent_back_reason = ""
    declaration.decided_at, declaration.decided_by = timezone.now(), by
    declaration.version += 1
    save_by(declaration, by, "acceptée")
    finish_task(key=f"declaration-review:{declaration.pk}", outcome="acceptée", by=by)
    write_to_company(declaration, what="accepted", turn=str(declaration.version), by=by)
    revoke_links(kind=LINK, object_id=declaration.pk)


def open_again(declaration: MonthDeclaration, *, reason: str, by: User, lines: int = 0) -> None:
    """Send the month back, with what is to be corrected, and write so. The row is locked by the caller."""
    was_with_house = not declaration.is_open
    declaration.state = DeclarationState.SENT_BACK
    declaration.sent_back_reason = reason[:500]
    declaration.decided_at, declaration.decided_by = timezone.now(), by
    declaration.version += 1
    save_by(declaration, by, "renvoyée")
    if not was_with_house:
        return
    due = timezone.localdate() + dt.timedelta(days=settings.DECLARATION_CORRECTION_DAYS)
    finish_task(key=f"declaration-review:{declaration.pk}", outcome="renvoyée", by=by)
    await_company(declaration, by=by, due=max(due, due_on(declaration.month)), details=reason)
    write_to_company(declaration, what="sent_back", turn=str(declaration.version), by=by, lines=lines)


@transaction.atomic
def reopen_for(entry: HoursEntry, *, by: User) -> None:
    """One line was sent back: its month is open to the company again."""
    if entry.declaration_id is None:
        return
    declaration = lock_declaration(MonthDeclaration(pk=entry.declaration_id))
    open_again(declaration, reason=declaration.sent_back_reason or LINES_TO_CORRECT, by=by, lines=1)


@transaction.atomic
def settle_declarations(declarations: Iterable[int], *, by: User) -> list[MonthDeclaration]:
    """Accept the submitted months of which every line is validated; returns them."""
    rows = (
        MonthDeclaration.objects.select_for_update(of=("self",))
        .select_related("company")
        .filter(pk__in=list(declarations), state=DeclarationState.SUBMITTED)
        .order_by("pk")
    )
    left = Count("entries", filter=Q(entries__is_superseded=False) & ~Q(entries__state=EntryState.VALIDATED))
    settled = set(
        MonthDeclaration.objects.filter(pk__in=[row.pk for row in rows])
        .annotate(left=left)
        .filter(left=0)
        .values_list("pk", flat=True)
    )
    found = [row for row in rows if row.pk in settled]
    for row in found:
        accept(row, by=by)
    return found
