"""What a partner answers to an offer by a link, without an account: candidates, or none.

Nothing here looks a person up in the directory: an answer must not tell whether somebody has a file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from beneficiaries.enums import OfferState
from beneficiaries.models import Application, OfferRecipient
from beneficiaries.services.offers import LINK_KIND, await_replies
from core.errors import DomainError
from core.links import GONE, open_link
from core.text import normalise

# What one partner may propose for one offer; a real answer holds a few.
CANDIDATES_MAX = 20
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone as a partner wrote them."""

    last_name: str
    first_name: str
    birth_date: dt.date | None = None
    phone: str = ""
    email: str = ""
    message: str = ""
    referrer_name: str = ""
    referrer_email: str = ""

    @property
    def key(self) -> tuple[str, dt.date | None]:
        return normalise(f"{self.last_name} {self.first_name}"), self.birth_date


def recipient_of_link(token: str) -> OfferRecipient:
    """The partner that a link was made for. Raises DomainError when it opens nothing (any more)."""
    link = open_link(kind=LINK_KIND, token=token)
    rows = OfferRecipient.objects.filter(pk=link.object_id, offer__state=OfferState.OPEN)
    recipient = rows.select_related(
        "offer__award__company",
        "offer__award__lot__market",
        "offer__occupation",
        "offer__contract_type",
        "prescriber",
        "company",
    ).first()
    if recipient is None:
        raise DomainError(GONE)
    return recipient


def _locked(recipient: OfferRecipient) -> OfferRecipient:
    row = (
        OfferRecipient.objects.select_for_update(of=("self",))
        .select_related("offer__award__company", "offer__award__lot__market")
        .get(pk=recipient.pk)
    )
    if row.offer.state != OfferState.OPEN:
        raise DomainError(GONE)
    return row


@transaction.atomic
def propose_candidates(*, recipient: OfferRecipient, candidates: Sequence[Candidate]) -> int:
    """Keep those whom a partner proposes; returns how many are new.

    One whom this partner proposed already (same name, same birth date) is not kept twice. Raises DomainError beyond
    `CANDIDATES_MAX`, and when the offer was closed meanwhile.
    """
    recipient = _locked(recipient)
    known = {
        (normalise(f"{row.last_name} {row.first_name}"), row.birth_date)
        for row in recipient.applications.order_by("pk")
    }
    new = []
    for candidate in candidates:
        if candidate.key not in known:
            known.add(candidate.key)
            new.append(candidate)
    if len(known) > CANDIDATES_MAX:
        raise DomainError(
            f"Un partenaire propose {CANDIDATES_MAX} personnes au plus pour une offre\u202f: "
            "appelez la maison pour les autres."
        )
    for candidate in new:
        row = Application(
            offer=recipient.offer,
            recipient=recipient,
            proposed_on=timezone.localdate(),
            last_name=candidate.last_name,
            first_name=candidate.first_name,
            birth_date=candidate.birth_date,
            phone=candidate.phone,
            email=candidate.email,
            message=candidate.message,
            referrer_name=candidate.referrer_name,
            referrer_email=candidate.referrer_email,
        )
        row._change_reason = "proposée par le lien"  # type: ignore[attr-defined]
        row.save()
    if new and recipient.declined_on is not None:
        recipient.declined_on = None
        recipient.save()
    await_replies(recipient.offer, by=None)
    return len(new)


@transaction.atomic
def decline_offer(*, recipient: OfferRecipient, note: str) -> None:
    """Note that a partner has nobody for this offer; those proposed before stay."""
    recipient = _locked(recipient)
    recipient.declined_on = timezone.localdate()
    recipient.note = note[:300]
    recipient.save()
    await_replies(recipient.offer, by=None)
