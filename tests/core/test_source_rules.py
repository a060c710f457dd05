"""Rules that the code keeps and that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from core.models import ReferenceRow

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "beneficiaries", "clauses", "core", "markets", "reporting")

# Bulk writes outside core/history.py, and why each is no tracked change.
BULK_ALLOWED = {
    "core/history.py": "the one place where tracked rows change in bulk",
    "core/erasure.py": "anonymisation keeps nothing of what words were: that is what it is for",
    "core/jobs.py": "jobs have no history: one statement claims, beats and finishes",
    "core/outbox.py": "messages have no history: one statement takes a message for sending",
    "core/search.py": "words of the search have no history: they repeat their rows",
    "beneficiaries/name_search.py": "variants of names have no history: they repeat their rows",
    "beneficiaries/import_rows.py": "lines of imports have no history: they go with their import",
    "reporting/services/batches.py": "the bilans of a batch have no history: they go with it",
    "core/reference.py": "reference lists have no history: their file is",
}
BULK = {"bulk_create", "bulk_update", "executemany"}


def sources() -> Iterator[tuple[str, ast.AST]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def is_bulk_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    name, rows = call.func.attr, call.func.value
    # `rows.update(a=1)` writes rows; `attrs.update({...})` and `widget.attrs.update(a=1)` are a dictionary's.
    is_dictionary = isinstance(rows, ast.Attribute) and rows.attr not in {"objects", "_default_manager"}
    return name in BULK or (name == "update" and not call.args and bool(call.keywords) and not is_dictionary)


def test_tracked_rows_change_in_bulk_only_through_core_history() -> None:
    found = {
        f"{name}:{node.lineno}"
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and is_bulk_write(node) and name not in BULK_ALLOWED
    }
    assert sorted(found) == []


def test_every_exception_to_the_rule_is_still_needed() -> None:
    writes = {
        name
        for name, tree in sources()
        if any(isinstance(node, ast.Call) and is_bulk_write(node) for node in ast.walk(tree))
    }
    assert writes >= BULK_ALLOWED.keys()


def test_nothing_shown_starts_from_all_rows() -> None:
    # Reference lists belong to nobody: everyone may choose from them.
    reference_lists = {model.__name__ for model in apps.get_models() if issubclass(model, ReferenceRow)}
    shown = re.compile(r"(^|/)(views|forms|filters|exports|tasks|tables|lists)([/._]|_\w+\.py|$)")
    found = {
        f"{name}:{node.lineno}"
        for name, tree in sources()
        if shown.search(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "all"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "objects"
        and not (isinstance(node.func.value.value, ast.Name) and node.func.value.value.id in reference_lists)
    }
    assert sorted(found) == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        name
        for name, tree in sources()
        if not name.endswith(("__init__.py", "apps.py")) and not ast.get_docstring(tree)  # type: ignore[arg-type]
    ]
    assert silent == []


def test_every_template_is_used() -> None:
    folder = ROOT / "templates"
    templates = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    # Pages and e-mails that allauth asks for by their names.
    ours = {name for name in templates if not name.startswith(("account/", "mfa/"))}
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
    texts += [path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    everything = "\n".join(texts)
    # A folder whose names are put together: « core/charts/{name}.svg ».
    folders = {found.rsplit("/", 1)[0] for found in re.findall(r"[\w/]+/\{\w+\}", everything)}
    unused = [
        name for name in sorted(ours) if name not in everything and name.rsplit("/", 1)[0] not in folders
    ]
    assert unused == []
