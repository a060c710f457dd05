"""Job offers: written, sent to partners with a link that needs no account, closed with what became of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import OfferState, RejectionReason
from beneficiaries.models import Application, JobOffer, OfferRecipient
from beneficiaries.offer_partners import Partner
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.links import make_link, revoke_links
from core.models import AccessLink, Message
from core.outbox import write_message
from markets.enums import Turn
from markets.models import House
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

LINK_KIND = "offer_reply"
# A partner who comes a little late is still read; after that, they call.
DAYS_AFTER_CLOSING = 7
PARTNERS_MAX = 60


def replies_key(offer: JobOffer) -> str:
    """The key of the deadline on which the partners' answers are awaited: one an offer, whatever their number."""
    return f"offer:{offer.pk}:replies"


def locked_offer(pk: int) -> JobOffer:
    """The offer, locked, with what its deadlines are written on."""
    rows = JobOffer.objects.select_for_update(of=("self",))
    return rows.select_related("award__company", "award__lot__market").get(pk=pk)


@transaction.atomic
def save_offer(*, offer: JobOffer, by: User) -> JobOffer:
    """Write an offer, or change it. Raises DomainError for a closed one and for a deadline that has passed."""
    if offer.pk is None:
        offer.created_by = by
    else:
        state = locked_offer(offer.pk).state
        if state in (OfferState.FILLED, OfferState.CLOSED):
            raise DomainError("Cette offre est close\u202f: rouvrez-la avant de la modifier.")
    if (
        offer.state == OfferState.OPEN
        and offer.closes_on
        and offer.closes_on < (offer.sent_on or offer.closes_on)
    ):
        raise DomainError("Cette date précède la diffusion de l’offre.", field="closes_on")
    save_by(offer, by)
    if offer.state == OfferState.OPEN:
        _keep_links_until(offer)
        await_replies(offer, by=by)
    return offer


def _keep_links_until(offer: JobOffer) -> None:
    """The links that were sent follow the day until which candidates are awaited, when it moves."""
    if offer.closes_on is None:
        return
    last = dt.datetime.combine(offer.closes_on + dt.timedelta(days=DAYS_AFTER_CLOSING), dt.time(23, 59))
    until = timezone.make_aware(last)
    recipients = offer.recipients.order_by().values("pk")
    links = AccessLink.objects.usable(timezone.now()).filter(kind=LINK_KIND, object_id__in=recipients)
    for link in links.order_by("pk"):
        if timezone.localdate(link.expires_at) != timezone.localdate(until):
            link.expires_at = until
            link.save(update_fields=["expires_at"])


def offer_text(offer: JobOffer, *, by: User) -> tuple[str, str]:
    """Subject and words proposed for the e-mail to the partners; the link is added to each."""
    context = {"offer": offer, "house": House.current(), "by": by}
    subject = f"Offre d’emploi\u202f: {offer.title}"
    if offer.place:
        subject += f", {offer.place}"
    return subject, render_to_string("beneficiaries/email/offer.txt", context)


@transaction.atomic
def send_offer(
    *, offer: JobOffer, partners: Sequence[Partner], subject: str, body: str, mark: str = "", by: User
) -> list[OfferRecipient]:
    """Send an offer to partners, each with a link of their own; one who has it gets a fresh link.

    mark: the sending's own; taken up a second time, it writes to nobody twice. Raises DomainError as `check_sending` does.
    """
    offer = locked_offer(offer.pk)
    chosen = check_sending(offer, partners)
    today, closes_on = timezone.localdate(), offer.closes_on or timezone.localdate()
    days = (closes_on - today).days + DAYS_AFTER_CLOSING
    known = {row.email: row for row in offer.recipients.order_by("pk")}
    mark = mark or uuid.uuid4().hex
    written = set(
        Message.objects.filter(key__startswith=f"offer:{offer.pk}:", key__endswith=f":{mark}").values_list(
            "key", flat=True
        )
    )
    sent = []
    for email, partner in sorted(chosen.items()):
        row = known.get(email) or OfferRecipient(
            offer=offer, prescriber=partner.prescriber, company=partner.company, email=email
        )
        if row.pk and f"offer:{offer.pk}:{row.pk}:{mark}" in written:
            continue
        row.sent_at = timezone.now()
        save_by(row, by)
        link = make_link(kind=LINK_KIND, object_id=row.pk, email=email, days=days, by=by)
        address = settings.SITE_URL.rstrip("/") + reverse("job_offer_reply", args=[link.token])
        write_message(
            key=f"offer:{offer.pk}:{row.pk}:{mark}",
            recipients=[email],
            subject=subject,
            body=_with_link(body, address, link.row.expires_at.date()),
        )
        sent.append(row)
    offer.state = OfferState.OPEN
    offer.sent_on = offer.sent_on or today
    save_by(offer, by, "diffusion")
    await_replies(offer, by=by)
    return sent


def check_sending(offer: JobOffer, partners: Sequence[Partner]) -> dict[str, Partner]:
    """The partners by their address.

    Raises DomainError without any, without the day until which answers are awaited, and for a closed offer.
    """
    chosen = {partner.email: partner for partner in partners if partner.email}
    if not chosen:
        raise DomainError("Choisissez au moins un partenaire qui a une adresse.", field="partners")
    if len(chosen) > PARTNERS_MAX:
        raise DomainError(
            f"Une diffusion part à {PARTNERS_MAX} partenaires au plus\u202f: resserrez le choix.",
            field="partners",
        )
    if offer.state in (OfferState.FILLED, OfferState.CLOSED):
        raise DomainError("Cette offre est close\u202f: rouvrez-la avant de la diffuser.")
    if offer.closes_on is None:
        raise DomainError(
            "Dites d’abord jusqu’à quand les candidatures sont attendues, dans «\u202fModifier\u202f»."
        )
    if offer.closes_on < timezone.localdate():
        raise DomainError(
            f"Les candidatures étaient attendues jusqu’au {formats.day(offer.closes_on)}\u202f: "
            "donnez une autre date dans «\u202fModifier\u202f»."
        )
    return chosen


def _with_link(body: str, address: str, until: dt.date) -> str:
    return (
        f"{body.rstrip()}\n\nPour proposer une ou plusieurs personnes, ou dire que vous n’en avez pas, sans compte "
        f"(lien ouvert jusqu’au {formats.day(until)}, pour vous seul·e)\u202f:\n{address}\n"
    )


def await_replies(offer: JobOffer, *, by: User | None) -> None:
    """Bring the deadline of the answers to what is true: who is still silent, or nobody any more."""
    rows = offer.recipients.filter(sent_at__isnull=False).select_related("prescriber", "company")
    answered = set(offer.applications.exclude(recipient=None).values_list("recipient", flat=True))
    silent = [row for row in rows if row.declined_on is None and row.pk not in answered]
    if offer.state != OfferState.OPEN or not silent or offer.closes_on is None:
        finish_task(key=replies_key(offer), outcome="réponses reçues ou offre close", by=by)
        return
    open_task(
        key=replies_key(offer),
        title=f"Réponses des partenaires à l’offre «\u202f{formats.short(offer.title, 120)}\u202f»",
        details="Sans réponse\u202f: " + ", ".join(str(row) for row in silent[:PARTNERS_MAX]),
        market=offer.award.lot.market,
        company=offer.award.company,
        turn=Turn.PARTNER,
        url=reverse("job_offer_detail", args=[offer.pk]),
        since=min(offer.sent_on or timezone.localdate(), offer.closes_on),
        due_on=offer.closes_on,
        by=by,
    )


@transaction.atomic
def close_offer(
    *, offer: JobOffer, state: str, note: str, on: dt.date, settle: bool = True, by: User
) -> JobOffer:
    """Close an offer, filled or not; its links open nothing from then on.

    settle: the applications still under way are noted as rejected, because the post is filled or given up.
    Raises DomainError for a draft, for one that is closed, and for a day to come or before it was written.
    """
    offer = locked_offer(offer.pk)
    if offer.state in (OfferState.FILLED, OfferState.CLOSED):
        raise DomainError("Cette offre est déjà close.")
    if on > timezone.localdate():
        raise DomainError("Une clôture s’enregistre une fois décidée\u202f: ce jour est à venir.", field="on")
    if on < (offer.sent_on or timezone.localdate(offer.created_at)):
        raise DomainError("Ce jour précède l’offre.", field="on")
    offer.state, offer.closed_on, offer.closing_note = state, on, note
    save_by(offer, by)
    for recipient in offer.recipients.order_by("pk"):
        revoke_links(kind=LINK_KIND, object_id=recipient.pk)
    finish_task(key=replies_key(offer), outcome="offre close", by=by)
    if settle:
        from beneficiaries.services.applications import locked_applications, reject

        reason = RejectionReason.FILLED if state == OfferState.FILLED else RejectionReason.NO_RECRUITMENT
        under_way = offer.applications.under_way().order_by("pk").values_list("pk", flat=True)
        for row in locked_applications(under_way):
            # The offer may be closed on a day before the last candidates came.
            reject(row, reason=reason, on=max(on, row.proposed_on), note="", by=by)
    return offer


@transaction.atomic
def reopen_offer(*, offer: JobOffer, by: User) -> JobOffer:
    """Open a closed offer again; the links that were taken back stay so, it is sent anew."""
    offer = locked_offer(offer.pk)
    if offer.state not in (OfferState.FILLED, OfferState.CLOSED):
        raise DomainError("Cette offre n’est pas close.")
    offer.state = OfferState.OPEN if offer.sent_on else OfferState.DRAFT
    offer.closed_on, offer.closing_note = None, ""
    save_by(offer, by, "réouverture")
    return offer


def candidates_of(offer: JobOffer, user: Any) -> Any:
    """The applications to an offer that `user` may see."""
    return Application.objects.visible_to(user).filter(offer=offer)
