"""What the portraits of paths say to the other rooms when the application starts: who opens a consent, how they follow a person."""

from __future__ import annotations

from typing import Any

from beneficiaries.services.merging import register_relation
from core.files import register_file_kind
from core.models import StoredFile
from reporting.models import PathPortrait
from reporting.portraits import FILE_KIND
from reporting.services.portraits import leave_double_portraits


def may_open_consent(user: Any, stored: StoredFile) -> bool:
    """A signed consent bears a name: the house only."""
    return bool(user.is_house_staff)


def register_portraits() -> None:
    register_file_kind(FILE_KIND, may_open=may_open_consent)
    register_relation(PathPortrait, "beneficiary", leave=leave_double_portraits)
