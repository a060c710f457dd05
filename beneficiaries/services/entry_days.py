"""The days of an entry: said where a month is cut by a period, an assignment or a market; the count follows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from beneficiaries.models import Beneficiary, HoursEntry
from beneficiaries.services.counting import recount_people
from beneficiaries.services.hours import EDITABLE
from beneficiaries.services.writing import save_by
from core import formats
from core.dates import month_end
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def set_entry_days(
    *, entry: HoursEntry, first_day: dt.date | None, last_day: dt.date | None, user: User
) -> HoursEntry:
    """Say on which days of the month the hours were worked (rule 3); None: those of the assignment.

    Raises DomainError outside the month, when the days are out of order, or once the hours are validated.
    """
    person = entry.assignment.placement.beneficiary_id
    list(Beneficiary.objects.select_for_update().filter(pk=person).values_list("pk"))
    entry = HoursEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.state not in EDITABLE or entry.is_superseded:
        raise DomainError("Ces heures sont validées\u202f: leurs jours ne changent plus.")
    for field, day in (("first_day", first_day), ("last_day", last_day)):
        if day and not entry.month <= day <= month_end(entry.month):
            raise DomainError(
                f"Le {formats.day(day)} n’est pas en {formats.month(entry.month)}.", field=field
            )
    if first_day and last_day and last_day < first_day:
        raise DomainError("Le dernier jour précède le premier.", field="last_day")
    if (entry.first_day, entry.last_day) != (first_day, last_day):
        entry.first_day, entry.last_day = first_day, last_day
        entry.version += 1
        save_by(entry, user, "jours des heures")
        recount_people([person], user=user, reason="jours des heures", listed=False)
        entry.refresh_from_db()
    return entry
