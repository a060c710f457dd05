"""The lines of imports and what they made, written many at a time: they have no history, the file is theirs."""

from __future__ import annotations

from collections.abc import Iterable

from beneficiaries.models import DataImport, ImportedRow, ImportLine


def write_lines(lines: Iterable[ImportLine]) -> None:
    """Keep the lines of a dry run."""
    ImportLine.objects.bulk_create(list(lines), batch_size=1_000)


def write_made(rows: Iterable[ImportedRow]) -> None:
    """Keep what an import made or changed, so that it can be taken back."""
    ImportedRow.objects.bulk_create(list(rows), batch_size=1_000)


def note_made(row: DataImport, model: str, ids: Iterable[int]) -> None:
    """Keep that these rows were made by an import."""
    write_made(ImportedRow(data_import=row, model=model, object_id=pk) for pk in ids)
