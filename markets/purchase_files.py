"""The files of the yearly list: the one that a buyer sent, kept until it is loaded, and the lines to correct."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from core.exports import Column, stream_csv
from core.files import delete_file
from core.models import StoredFile
from markets.purchase_import import Line

LIST_KIND = "purchase_list"
REFUSED_KIND = "purchase_refused"
# A list that nobody loaded, and the lines that nobody came back to correct.
KEPT_DAYS = {LIST_KIND: 7, REFUSED_KIND: 30}
REASON = "Motif du refus"


def may_open(user: Any, stored: StoredFile) -> bool:
    """The house, and whoever sent the list."""
    return user.is_house_staff or stored.created_by_id == user.pk


def forget_old_files(today: dt.date) -> int:
    """Delete the lists and the lines that have been waiting too long; returns how many."""
    count = 0
    now = timezone.now()
    for kind, days in KEPT_DAYS.items():
        for stored in StoredFile.objects.filter(kind=kind, created_at__lt=now - dt.timedelta(days=days)):
            delete_file(stored)
            count += 1
    return count


def lines_to_correct(titles: Sequence[str], lines: Iterable[Line]) -> bytes:
    """A CSV of the refused lines, as they were, with why: corrected, it loads as the list did."""
    # A list that was corrected once already has the column. It comes first: whatever the titles are (« <objet> »,
    # « {a} »), the file begins as a CSV does.
    kept = [index for index, title in enumerate(titles) if title != REASON]
    columns = [Column(REASON, "text", lambda line: " ".join(line.errors))]
    columns += [Column(titles[index], "text", _cell(index)) for index in kept]
    return b"".join(stream_csv(columns, lines))


def _cell(index: int) -> Any:
    return lambda line: line.cells[index] if index < len(line.cells) else ""


def refused_name(user_file: str) -> str:
    """« liste 2027.xlsx » → « liste 2027 à corriger.csv »."""
    return f"{user_file.rpartition('.')[0] or user_file} à corriger.csv"
