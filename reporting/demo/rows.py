"""Writes a row that no service writes by itself, under the name of whoever did it."""

from __future__ import annotations

from typing import Any

from accounts.models import User


def save_row(row: Any, by: User) -> Any:
    row._history_user = by
    row.save()
    return row
