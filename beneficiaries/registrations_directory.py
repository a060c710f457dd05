"""What the directory of people tells the others when it starts: its index of names, its sections, its tab, its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections
from django.db.models.signals import post_migrate, post_save
from django.utils import timezone

from beneficiaries import name_search
from beneficiaries.models import Beneficiary, NameVariant
from beneficiaries.services import merging
from beneficiaries.services.validation_watch import watch_people
from core.access import HOUSE
from core.consistency import register_check
from core.registry import Section, Tab, register_section, register_tab
from core.search import Companion, register_companion

if TYPE_CHECKING:
    from accounts.models import User


def watch_kept_person(kept: Beneficiary, merged: Beneficiary, user: User) -> None:
    """The periods are those of the whole path: what is watched of them is watched again."""
    watch_people([kept.pk], today=timezone.localdate(), by=user)


def index_once(using: str = "default", **kwargs: Any) -> None:
    """After a migration: the names of people who were there before the index was."""
    tables = connections[using].introspection.table_names()
    if {NameVariant._meta.db_table, Beneficiary._meta.db_table} - set(tables):
        return
    if not NameVariant.objects.using(using).exists() and Beneficiary.objects.using(using).exists():
        fields = ("pk", "last_name", "first_name", "birth_name")
        name_search.index_people(Beneficiary.objects.using(using).order_by("pk").only(*fields).iterator())


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
    post_migrate.connect(index_once, sender=apps.get_app_config("beneficiaries"))
    register_check(name_search.people_are_found_by_their_variants)
    register_check(merging.nothing_hangs_on_a_merged_file)
    merging.follow_merges(watch_kept_person)
    register_section("people", Section("Personnes", "beneficiary_list", 10))
    register_section("people", Section("Rapprochements", "duplicate_list", 20))
    register_section("people", Section("Prescripteurs", "prescriber_list", 80))
    register_tab("person", Tab("Suivi", "person_follow_up", HOUSE, 60))
