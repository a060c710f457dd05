"""What the directory of people tells the others when it starts: its index of names, its sections, its tab, its checks."""

from __future__ import annotations

from django.db.models.signals import post_save

from beneficiaries import name_search
from beneficiaries.models import Beneficiary
from beneficiaries.services import merging
from core.access import HOUSE
from core.consistency import register_check
from core.registry import Section, Tab, register_section, register_tab
from core.search import Companion, register_companion


def register() -> None:
    register_companion(
        Companion(
            "Variantes des noms", Beneficiary, clear=name_search.clear_index, write=name_search.index_people
        )
    )
    # The words go with their person by the database; a save writes them again.
    post_save.connect(
        name_search.keep_index, sender=Beneficiary, dispatch_uid="beneficiaries.name_variants.saved"
    )
    register_check(name_search.people_are_found_by_their_variants)
    register_check(merging.nothing_hangs_on_a_merged_file)
    register_section("people", Section("Personnes", "beneficiary_list", 10))
    register_section("people", Section("Rapprochements", "duplicate_list", 20))
    register_section("people", Section("Prescripteurs", "prescriber_list", 80))
    register_tab("person", Tab("Suivi", "person_follow_up", HOUSE, 60))
