"""What must agree although the database cannot say it: rooms register checks, `manage.py check_consistency` runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

Check = Callable[[], Iterable[str]]
_checks: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Add a check: a function that yields one French sentence per row that does not agree."""
    _checks[f"{check.__module__}.{check.__name__}"] = check


def run_checks() -> Iterator[tuple[str, list[str]]]:
    """Each check's first line of documentation, and the sentences of what it found."""
    for name, check in sorted(_checks.items()):
        title = (check.__doc__ or name).strip().splitlines()[0]
        yield title, list(check())
