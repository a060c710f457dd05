"""One row written in the name of a person: its history says who, and why when there is a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User


def save_by(row: Any, user: User | None, reason: str = "") -> None:
    """Save a tracked row; `user` (none: by a link or a program) and `reason` go into its history."""
    row._history_user = user
    if reason:
        row._change_reason = reason[:100]
    row.save()
