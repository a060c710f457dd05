"""Reads that only read: a view marked `@readonly_view` that writes is a fault."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import connections

logger = logging.getLogger("maillon.readonly")
_WRITES = re.compile(
    r"^\s*(?:with\b.*?\)\s*)?(insert|update|delete|replace|truncate|alter|create|drop|merge)\b", re.I | re.S
)
# Reading a page may renew the session; nothing else.
_ALLOWED = ("django_session",)


class WroteInReadOnlyView(AssertionError):
    """A read changed the database."""


def _refuse_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if _WRITES.match(sql) and not any(table in sql for table in _ALLOWED):
        statement = " ".join(sql.split())[:80]
        if settings.TESTING or settings.DEBUG:
            raise WroteInReadOnlyView(f"A read-only view wrote: {statement}")
        logger.error("A read-only view wrote: %s", statement)
    return execute(sql, params, many, context)


@contextmanager
def read_only() -> Iterator[None]:
    """No write inside: an error in tests and with DEBUG, a line in the log elsewhere."""
    with connections["default"].execute_wrapper(_refuse_writes):
        yield


def readonly_view(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that must not write; a deferred template is rendered inside the guard."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
        with read_only():
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render) and not response.is_rendered:
                response = response.render()
            return response

    return guarded
