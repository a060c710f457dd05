"""What the declarations tell the others when the application starts: sections, what waits, mornings, files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone

from beneficiaries import declaration_jobs
from beneficiaries.declaration_list import months_awaited
from beneficiaries.services.declarations import PROOF_KIND, may_open_proof
from core.files import register_file_kind
from core.registry import Section, WaitingItem, register_daily, register_section, register_waiting
from markets.models import CompanyMembership


def months_to_declare(user: Any) -> Iterator[WaitingItem]:
    """For a company: the months that it has to send."""
    if not user.is_company:
        return
    companies = CompanyMembership.objects.filter(user=user).values("company")
    count, since = months_awaited(companies, timezone.localdate())
    yield WaitingItem("mois d’heures à déclarer", count, reverse("company_declaration_list"), since)


def register() -> None:
    register_section("hours", Section("Mes déclarations", "company_declaration_list", 5))
    register_section("hours", Section("Mes relevés", "company_entry_list", 6))
    register_section("hours", Section("Déclarations", "declaration_list", 20))
    register_waiting(months_to_declare)
    register_file_kind(PROOF_KIND, may_open=may_open_proof)
    register_daily("déclarations du mois à ouvrir", declaration_jobs.open_declarations)
    register_daily("déclarations en retard à rappeler", declaration_jobs.remind_late_companies)
    register_daily("réponses d’interface à oublier", declaration_jobs.forget_answers)
