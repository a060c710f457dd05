"""What the checks and the recounts tell the others when the application starts: their sections of « Heures »."""

from __future__ import annotations

from core.registry import Section, register_section


def register_checks() -> None:
    register_section("hours", Section("Grille", "hours", 10))
    register_section("hours", Section("À vérifier", "anomaly_list", 40))
    register_section("hours", Section("Recomptages", "recount_list", 60))
