"""The dates of a month's declaration: when it is due, and how its month is written in an address."""

from __future__ import annotations

import datetime as dt
import re

from django.conf import settings
from django.http import Http404

from core.dates import add_months

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def due_on(month: dt.date) -> dt.date:
    """The last day on which the hours of `month` are declared in time (DECLARATION_DUE_DAY of the next one)."""
    return add_months(month, 1).replace(day=min(settings.DECLARATION_DUE_DAY, 28))


def written(month: dt.date) -> str:
    """« 2026-10 », as it stands in addresses."""
    return f"{month:%Y-%m}"


def month_of_address(text: str) -> dt.date:
    """The first day of « 2026-10 ». Raises Http404 for anything else."""
    found = _MONTH.fullmatch(text)
    if not found:
        raise Http404
    return dt.date(int(found[1]), int(found[2]), 1)
