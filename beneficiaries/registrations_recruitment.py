"""What recruitment tells the rest of the house when it starts: sections, tabs, search, what waits, each morning's work."""

from __future__ import annotations

from django.urls import reverse

from beneficiaries import (
    offer_jobs,
    recruitment_lookups,  # noqa: F401  fills LOOKUPS
)
from beneficiaries.models import JobOffer
from beneficiaries.recruitment_daily import remind_feedback
from beneficiaries.waiting_recruitment import recruitment_waiting
from core.access import BUYER, HOUSE
from core.jobs import register_job_link
from core.registry import Section, Tab, register_daily, register_section, register_tab, register_waiting
from core.search import SearchSource, register_search


def register() -> None:
    register_section("people", Section("Personnes", "beneficiary_list", 10))
    register_section("people", Section("Offres", "job_offer_list", 40))
    register_section("people", Section("Actions collectives", "action_list", 50))
    register_section("people", Section("Besoins de formation", "need_list", 60))
    register_tab("person", Tab("Candidatures", "person_applications", HOUSE, 45))
    register_tab("buyer", Tab("Actions", "buyer_actions", (*HOUSE, BUYER), 55))
    register_waiting(recruitment_waiting)
    register_job_link("job_offer_send", offer_jobs.link_to_offer)
    register_daily("Retours aux référents", remind_feedback)
    register_search(
        SearchSource(
            key="offer",
            label="Offres d’emploi",
            model=JobOffer,
            address=lambda row, user: reverse("job_offer_detail", args=[row.pk]),
            describe=lambda row: row.get_state_display(),
            roles=(*HOUSE, "company"),
            list_url_name="job_offer_list",
            position=60,
        )
    )
