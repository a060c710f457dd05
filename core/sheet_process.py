"""Reads a workbook in a process of its own: a sheet of two far cells may ask for more memory than there is.

Run as a script, with the workbook on the standard input and the bounds as arguments; answers JSON on the standard
output. It imports nothing of the project, so that it starts in some tens of milliseconds.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from typing import Any


def main(rows_max: int, columns_max: int, sheets_max: int, memory: int, seconds: int) -> None:
    """Write `{"sheets": […]}`, or `{"refused": "password" | "unreadable"}`."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        # A workbook that breaks the process leaves nothing behind.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except ImportError:  # not on this system: the caller's own time limit stays
        pass
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        sheets = []
        for meta in book.sheets_metadata[:sheets_max]:
            if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            rows = sheet.to_python(skip_empty_area=False, nrows=rows_max + 1)
            sheets.append(
                {
                    "name": meta.name,
                    "hidden": meta.visible != python_calamine.SheetVisibleEnum.Visible,
                    "height": sheet.total_height,
                    "width": sheet.total_width,
                    "rows": [[_cell(value) for value in row[:columns_max]] for row in rows[:rows_max]],
                }
            )
        answer: dict[str, Any] = {"sheets": sheets}
    except python_calamine.PasswordError:
        answer = {"refused": "password"}
    except Exception:
        answer = {"refused": "unreadable"}
    json.dump(answer, sys.stdout, ensure_ascii=True)


def _cell(value: Any) -> Any:
    """None for a blank; text, truth and numbers as they are; a day as a list of one, a moment as a list of two."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, dt.datetime):
        return [value.date().isoformat(), value.time().isoformat("seconds")]
    if isinstance(value, dt.date):
        return [value.isoformat()]
    return str(value)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:6]))
