"""What « Exports » says to the other rooms: its section, its files."""

from __future__ import annotations

from core.files import register_file_kind
from core.registry import Section, register_section
from reporting.exports import files


def register_exports() -> None:
    """Called once, in AppConfig.ready()."""
    register_section("bilans", Section("Exports", "exports", 40))
    register_file_kind(files.KIND, may_open=files.may_open)
