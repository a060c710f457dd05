"""What the load of a file did, line by line: counts, and the sentences of what was refused or is to be checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# Sentences that a report keeps; beyond, it only counts them.
LINES_SHOWN = 200


@dataclass
class LoadReport:
    """One load of one file; a loader adds the counts of its own."""

    file: str
    made: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refused_count: int = 0
    warning_count: int = 0

    def refuse(self, where: str, sentence: str) -> None:
        self.refused_count += 1
        if len(self.refused) < LINES_SHOWN:
            self.refused.append(f"{where} : {sentence}")

    def warn(self, where: str, sentence: str) -> None:
        self.warning_count += 1
        if len(self.warnings) < LINES_SHOWN:
            self.warnings.append(f"{where} : {sentence}")

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "made": dict(self.made),
            "refused": self.refused,
            "warnings": self.warnings,
            "refused_count": self.refused_count,
            "warning_count": self.warning_count,
        }
