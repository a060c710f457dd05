"""What the slice of placements registers when the application starts."""

from __future__ import annotations


def register() -> None:
    """Sections, the tab of a person, notes under figures, kinds of files, the work of each morning."""
    from beneficiaries import notes
    from beneficiaries.services.outcomes import follow_outcomes
    from core.access import HOUSE
    from core.files import register_file_kind
    from core.registry import Section, Tab, register_daily, register_section, register_tab
    from markets.files import register_note

    register_section("people", Section("Situations", "outcome_list", 70))
    register_section("hours", Section("Globalisations", "mutualisation_list", 70))
    register_tab("person", Tab("Situation", "beneficiary_outcomes", HOUSE, 50))
    register_note("market", notes.notes_of_market)
    register_note("commitment", notes.notes_of_commitment)
    for kind in ("mutualisation", "aggregate_declaration"):
        register_file_kind(kind, may_open=lambda user, stored: user.is_house_staff)
    register_daily("Situations après le parcours", follow_outcomes)
