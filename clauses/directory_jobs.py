"""Sending a list of structures: its pages are set in a job."""

from __future__ import annotations

from django.urls import reverse

from clauses.services.directory import extract_of, send_directory
from core.errors import DomainError
from core.jobs import RunningJob, job
from core.models import Job
from markets.directory import distances, surroundings_of
from markets.directory_list import ANYWHERE
from markets.models import Commune, Company, Market


@job("directory_send")
def send_list(running: RunningJob) -> None:
    """Make the documents and send them, once."""
    payload, user = running.payload, running.user
    if user is None:
        raise DomainError("La personne qui envoyait cette liste n’a plus de compte : rien n’est parti.")
    company = Company.objects.visible_to(user).get(pk=payload["company"])
    market = (
        Market.objects.visible_to(user).filter(pk=payload["market"]).first() if payload["market"] else None
    )
    rows = (
        Company.objects.visible_to(user)
        .filter(pk__in=payload["lines"])
        .select_related("commune")
        .prefetch_related("kinds", "activities")
    )
    order = {pk: rank for rank, pk in enumerate(payload["lines"])}
    commune = Commune.objects.filter(pk=payload["commune"]).first() if payload["commune"] else None
    extract = extract_of(
        sorted(rows, key=lambda row: order[row.pk]),
        criteria=payload["criteria"],
        distances=distances(rows, surroundings_of(commune), ANYWHERE) if commune else None,
    )
    row = send_directory(
        extract=extract,
        company=company,
        market=market,
        addresses=payload["addresses"],
        subject=payload["subject"],
        body=payload["body"],
        key=f"directory:{payload['key']}",
        by=user,
    )
    running.report(structures=len(extract.lines), destinataires=payload["addresses"])
    if row.document:
        running.result(row.document)


def link_to_company(row: Job) -> tuple[str, str] | None:
    return "Voir le journal de l’entreprise", reverse("company_journal", args=[row.payload["company"]])
