"""Writing over words so that nothing keeps what they were: for the anonymisation of people alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models


def overwrite_words(rows: models.QuerySet, values: Mapping[str, Any]) -> int:
    """Write over fields of rows, tracked or not, or of rows of a history; no history is written of it.

    A text that stands in the place of another one is written only where there was one. Returns how many rows were
    written, a row once for each field.
    """
    written = 0
    for name, value in values.items():
        field = rows.model._meta.get_field(name)
        held = rows
        if isinstance(field, models.CharField | models.TextField):
            held = held.exclude(**{name: ""}).exclude(**{name: value})
        elif value is None:
            held = held.filter(**{f"{name}__isnull": False})
        written += held.update(**{name: value})
    return written
