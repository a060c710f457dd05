"""Each morning: open the declarations of the month that ended, write to the employers, and again once it is late."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from beneficiaries.declaration_dates import due_on
from beneficiaries.declaration_mail import write_to_company
from beneficiaries.enums import DeclarationState
from beneficiaries.models import Assignment, HoursEntry, MonthDeclaration
from beneficiaries.services.declaration_states import await_company, lock_declaration
from core.dates import add_months
from markets.models import ApiAnswer, Company


def employers_to_ask(month: dt.date) -> set[int]:
    """Ids of the employers with somebody at work in that month whose hours nobody has written yet."""
    logged = HoursEntry.objects.current().filter(month=month).order_by().values("assignment")
    active = Assignment.objects.active_in(month).filter(commitment__market__closed_on__isnull=True)
    rows = active.exclude(pk__in=logged).order_by()
    return set(rows.values_list("placement__employer", flat=True))


def open_declarations(today: dt.date) -> int:
    """Open the month that ended for each employer with people at work: a deadline, and a message, once each."""
    month = add_months(today.replace(day=1), -1)
    asked = employers_to_ask(month)
    opened = set(
        MonthDeclaration.objects.filter(month=month, company__in=asked)
        .exclude(state=DeclarationState.DRAFT)
        .order_by()
        .values_list("company", flat=True)
    )
    count = 0
    for company in Company.objects.filter(pk__in=asked - opened).order_by("pk"):
        with transaction.atomic():
            declaration, _ = MonthDeclaration.objects.get_or_create(company=company, month=month)
            row = lock_declaration(declaration)
            if row.state != DeclarationState.DRAFT or _is_asked(row):
                continue
            await_company(row, by=None)
            write_to_company(row, what="open", turn="1", by=None)
            count += 1
    return count


def _is_asked(row: MonthDeclaration, *, before: dt.date | None = None) -> bool:
    """Whether the month's deadline was opened already (before that day): what a person did with it since stays."""
    tasks = row.company.tasks.filter(key=f"declaration:{row.pk}")
    return bool((tasks.filter(created_at__date__lt=before) if before else tasks).exists())


def remind_late_companies(today: dt.date) -> int:
    """Write once to each employer whose month is past its day and not sent; returns how many were written to."""
    months = [add_months(today.replace(day=1), -back) for back in (1, 2)]
    late = [month for month in months if due_on(month) < today]
    rows = (
        MonthDeclaration.objects.filter(month__in=late, state=DeclarationState.DRAFT)
        .filter(reminders=0)
        .order_by("pk")
    )
    count = 0
    for found in rows:
        with transaction.atomic():
            row = lock_declaration(found)
            if row.state != DeclarationState.DRAFT or row.reminders or not _is_asked(row, before=today):
                continue
            if write_to_company(row, what="late", turn="1", by=None):
                row.reminders, row.reminded_on = 1, today
                row.save()
                count += 1
    return count


def forget_answers(today: dt.date) -> int:
    """Delete what programs were answered long ago; returns how many answers went."""
    limit = timezone.now() - dt.timedelta(days=settings.API_ANSWER_DAYS)
    return ApiAnswer.objects.filter(created_at__lt=limit).delete()[0]
