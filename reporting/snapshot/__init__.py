"""The snapshot of a bilan: every figure and sentence of the document, computed once, masked, ready for JSON.

The schema is in `docs/snapshot.md`. The same data give the same snapshot, `computed_at` apart.
"""

from reporting.snapshot.annual import build_snapshot
from reporting.snapshot.document import SCHEMA_VERSION
from reporting.snapshot.final import build_final_snapshot, whole_life
from reporting.snapshot.reserved import build_reserved_snapshot
from reporting.snapshot.stage import build_progress_snapshot
from reporting.snapshot.territory import build_territory_snapshot

__all__ = [
    "SCHEMA_VERSION",
    "build_final_snapshot",
    "build_progress_snapshot",
    "build_reserved_snapshot",
    "build_snapshot",
    "build_territory_snapshot",
    "whole_life",
]
