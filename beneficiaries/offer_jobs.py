"""Sending an offer: an e-mail and a link for each partner, in a job."""

from __future__ import annotations

from django.urls import reverse

from beneficiaries.models import JobOffer
from beneficiaries.offer_partners import partners_by_key
from beneficiaries.services.offers import send_offer
from core.errors import DomainError
from core.jobs import RunningJob, job
from core.models import Job


@job("job_offer_send")
def send(running: RunningJob) -> None:
    """Send it to the partners that were ticked, once each."""
    payload, user = running.payload, running.user
    if user is None:
        raise DomainError("La personne qui diffusait cette offre n’a plus de compte\u202f: rien n’est parti.")
    offer = JobOffer.objects.visible_to(user).filter(pk=payload["offer"]).first()
    if offer is None:
        raise DomainError("Cette offre n’existe plus.")
    sent = send_offer(
        offer=offer,
        partners=partners_by_key(user, payload["partners"]),
        subject=payload["subject"],
        body=payload["body"],
        mark=payload["mark"],
        by=user,
    )
    running.report(partenaires=len(sent), adresses=[row.email for row in sent])


def link_to_offer(row: Job) -> tuple[str, str] | None:
    return "Voir l’offre", reverse("job_offer_detail", args=[row.payload["offer"]])
