"""Reference lists: CSV files of `reference/` loaded into their tables, as often as one likes."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction

from core.errors import DomainError
from core.models import Searchable

BATCH = 500


def as_int(text: str) -> int:
    return int(text or 0)


def as_int_or_none(text: str) -> int | None:
    return int(text) if text else None


def as_bool(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "oui"}


def as_day_or_none(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def as_code_or_none(text: str) -> str | None:
    return text.strip() or None


@dataclass(frozen=True)
class ReferenceList:
    """One file, the model it fills, and which column goes into which field."""

    file: str
    model: type[models.Model]
    fields: Mapping[str, str]
    parse: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    many_to_many: Mapping[str, str] = field(default_factory=dict)
    position: int = 100


@dataclass
class LoadCount:
    """What loading one file did."""

    file: str
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    deactivated: int = 0


_lists: dict[str, ReferenceList] = {}


def register_reference(
    file: str,
    model: type[models.Model],
    fields: Mapping[str, str],
    *,
    parse: Mapping[str, Callable[[str], Any]] | None = None,
    many_to_many: Mapping[str, str] | None = None,
    position: int = 100,
) -> None:
    """Say, in AppConfig.ready(), that a file fills a model.

    fields: model field → CSV column; the code is `code` → `code` unless said otherwise. parse: field → function
    from text (text as it is by default). many_to_many: field → column of codes separated by commas or spaces.
    position: loading order, for lists that point to another or to themselves.
    """
    _lists[file] = ReferenceList(
        file, model, {"code": "code", **fields}, parse or {}, many_to_many or {}, position
    )


def registered() -> list[ReferenceList]:
    """The lists in loading order."""
    return sorted(_lists.values(), key=lambda entry: (entry.position, entry.file))


def load_reference_lists(directory: Path | None = None) -> list[LoadCount]:
    """Load every registered list. Codes that vanished are deactivated, never deleted; the same file changes nothing.

    Several files may fill one model: a code is active when any of them has it.
    Raises DomainError naming the file and the line that can't be read; nothing is loaded then.
    """
    directory = directory or settings.REFERENCE_DIR
    counts = []
    with transaction.atomic():
        seen: dict[type[models.Model], set[str]] = {}
        for entry in registered():
            count, codes = _load(entry, directory / entry.file)
            seen.setdefault(entry.model, set()).update(codes)
            counts.append(count)
        for model, codes in seen.items():
            gone = _deactivate(model, codes)
            next(count for count in counts if _lists[count.file].model is model).deactivated = gone
    return counts


def _load(entry: ReferenceList, path: Path) -> tuple[LoadCount, set[str]]:
    count, codes = LoadCount(entry.file), set()
    existing = {row.pk: row for row in entry.model._default_manager.all()}
    targets = {name: column for name, column in entry.fields.items() if name != "code"}
    activates = _has_field(entry.model, "is_active")
    new, changed = [], []
    links: dict[str, dict[str, list[str]]] = {}
    for line, record in _records(path):
        try:
            code = record[entry.fields["code"]].strip()
            values = {name: _parse(entry, name, record[column]) for name, column in targets.items()}
        except (KeyError, ValueError) as error:
            raise DomainError(f"{entry.file}, ligne {line} : {error}. Rien n’a été chargé.") from error
        if not code or code in codes:
            raise DomainError(f"{entry.file}, ligne {line} : code vide ou répété. Rien n’a été chargé.")
        codes.add(code)
        for name, column in entry.many_to_many.items():
            links.setdefault(name, {})[code] = record[column].replace(",", " ").split()
        if activates:
            values["is_active"] = True
        row = existing.get(code)
        if row is None:
            new.append(entry.model(pk=code, **{_attname(entry.model, name): v for name, v in values.items()}))
            count.created += 1
        elif _apply(row, values):
            changed.append(row)
            count.changed += 1
        else:
            count.unchanged += 1
    _write(entry, new, changed, [*targets, *(["is_active"] if activates else [])])
    for name, wanted in links.items():
        _link(entry.model, name, wanted)
    return count, codes


def _records(path: Path) -> Any:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        yield from enumerate(csv.DictReader(stream), start=2)


def _parse(entry: ReferenceList, name: str, text: str) -> Any:
    model_field = entry.model._meta.get_field(name)
    if name in entry.parse:
        return entry.parse[name](text)
    if isinstance(model_field, models.ForeignKey):
        return as_code_or_none(text)
    if isinstance(model_field, models.BooleanField):
        return as_bool(text)
    if isinstance(model_field, models.IntegerField):
        return as_int_or_none(text) if model_field.null else as_int(text)
    if isinstance(model_field, models.DateField):
        return as_day_or_none(text)
    return text.strip()


def _attname(model: type[models.Model], name: str) -> str:
    return model._meta.get_field(name).attname  # type: ignore[union-attr]


def _has_field(model: type[models.Model], name: str) -> bool:
    return any(found.name == name for found in model._meta.get_fields())


def _apply(row: models.Model, values: dict[str, Any]) -> bool:
    is_changed = False
    for name, value in values.items():
        attname = _attname(type(row), name)
        if getattr(row, attname) != value:
            setattr(row, attname, value)
            is_changed = True
    return is_changed


def _write(entry: ReferenceList, new: list[Any], changed: list[Any], names: list[str]) -> None:
    """Reference lists have no history: their file is their history.

    A row may point to one further down, or in a later file: both databases check that at the commit.
    """
    for row in (*new, *changed):
        if isinstance(row, Searchable):
            row.search_key = row.make_search_key()
    if issubclass(entry.model, Searchable):
        names = [*names, "search_key"]
    entry.model._default_manager.bulk_create(new, batch_size=BATCH)
    if changed:
        entry.model._default_manager.bulk_update(changed, names, batch_size=BATCH)


def _link(model: type[models.Model], name: str, wanted: dict[str, list[str]]) -> None:
    through = getattr(model, name).through
    field_ = model._meta.get_field(name)
    source, target = f"{field_.m2m_field_name()}_id", f"{field_.m2m_reverse_field_name()}_id"  # type: ignore[union-attr]
    known = set(field_.related_model._default_manager.values_list("pk", flat=True))  # type: ignore[union-attr]
    have = set(through._default_manager.values_list(source, target))
    want = {(code, other) for code, others in wanted.items() for other in others if other in known}
    missing = sorted(want - have)
    through._default_manager.bulk_create(
        [through(**{source: code, target: other}) for code, other in missing], batch_size=BATCH
    )
    for code, other in have - want:
        through._default_manager.filter(**{source: code, target: other}).delete()


def _deactivate(model: type[models.Model], codes: set[str]) -> int:
    if not _has_field(model, "is_active"):
        return 0
    # `added_on`: what the house added itself stands in no file, and none takes it away.
    gone = [
        row
        for row in model._default_manager.filter(is_active=True)
        if row.pk not in codes and getattr(row, "added_on", None) is None
    ]
    for row in gone:
        row.is_active = False  # type: ignore[attr-defined]
        row.save(update_fields=["is_active"])
    return len(gone)
