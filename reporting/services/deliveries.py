"""Handing over a published bilan: an e-mail with a link, and what is downloaded through it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.access_log import record_access
from accounts.models import AccessKind
from clauses.calendar import absolute
from core.errors import DomainError
from core.links import GONE, make_link, open_link
from core.models import StoredFile
from core.outbox import write_message
from markets.models import Contact, House
from reporting.enums import BilanFormat, BilanStepKind
from reporting.models import Bilan, BilanDelivery, BilanFile
from reporting.services.workflow import locked, name_of, write_step

if TYPE_CHECKING:
    from accounts.models import User

LINK = "bilan_delivery"
LINK_DAYS = 60
RECIPIENTS_MAX = 20


def check_may_deliver(bilan: Bilan) -> None:
    """Raise DomainError for a bilan that is not published, or whose files are not made yet."""
    if not bilan.is_published:
        raise DomainError("Un bilan se remet une fois publié.")
    if not bilan.files.exists():
        raise DomainError("Les fichiers de ce bilan ne sont pas prêts : la publication n’est pas terminée.")


@transaction.atomic
def deliver_bilan(*, bilan: Bilan, addresses: Iterable[str], by: User | None) -> list[BilanDelivery]:
    """Send each address its own link to the files; an address that had one gets another, the former opens no more.

    Raises DomainError without address, for too many, and for a bilan that is not published with its files.
    """
    bilan = locked(bilan)
    check_may_deliver(bilan)
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses if address.strip()))
    if not wanted:
        raise DomainError("Choisissez au moins un destinataire, ou écrivez une adresse.")
    if len(wanted) > RECIPIENTS_MAX:
        raise DomainError(f"Un bilan se remet à {RECIPIENTS_MAX} adresses au plus à la fois.")
    contacts: dict[str, Contact] = {}
    if bilan.buyer is not None:
        for contact in bilan.buyer.contacts.exclude(email="").order_by("-pk"):
            contacts[contact.email.strip().lower()] = contact
    known = {row.email: row for row in bilan.deliveries.filter(email__in=wanted)}
    rows = [
        _deliver(known.get(address) or BilanDelivery(bilan=bilan, email=address), contacts.get(address), by)
        for address in wanted
    ]
    write_step(bilan, BilanStepKind.DELIVERED, by=by, reason=f"à {', '.join(wanted)}")
    return rows


def _deliver(row: BilanDelivery, contact: Contact | None, by: User | None) -> BilanDelivery:
    bilan, address = row.bilan, row.email
    row.contact, row.sent_by, row.sent_at = contact, by, timezone.now()
    row.save()
    link = make_link(kind=LINK, object_id=row.pk, email=address, days=LINK_DAYS, by=by)
    row.message = write_message(
        key=f"bilan_delivery:{row.pk}:{link.row.pk}",
        recipients=[address],
        subject=f"{name_of(bilan)} : le document",
        body=render_to_string(
            "reporting/email/bilan_delivery.txt",
            {
                "name": name_of(bilan),
                "url": absolute(reverse("bilan_by_link", args=[link.token])),
                "until": timezone.localdate(link.row.expires_at),
                "house": House.current(),
                "by": by,
                "rectification": bilan.rectification_reason,
            },
        ),
    )
    row.save()
    return row


# --- Through the link ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a link opens: the delivery, the files, and the version that replaces this one, where there is one."""

    delivery: BilanDelivery
    files: list[BilanFile]
    newer: Bilan | None


def open_delivery(token: str) -> Parcel:
    """What the link of that token opens. Raises DomainError when it opens nothing (any more)."""
    link = open_link(kind=LINK, token=token)
    row = (
        BilanDelivery.objects.select_related("bilan__buyer", "bilan__market", "bilan__operation")
        .filter(pk=link.object_id)
        .first()
    )
    if row is None:
        raise DomainError(GONE)
    files = sorted(
        row.bilan.files.select_related("file"), key=lambda one: BilanFormat.values.index(one.format)
    )
    newer = (
        Bilan.objects.published()
        .of_same_subject(row.bilan)
        .filter(version__gt=row.bilan.version)
        .defer("snapshot", "narrative")
        .order_by("-version")
        .first()
    )
    return Parcel(row, files, newer)


def file_of_delivery(token: str, file_format: str) -> StoredFile:
    """The file that someone downloads through a link, noted. Raises DomainError for a dead link or another format."""
    parcel = open_delivery(token)
    found = next((row.file for row in parcel.files if row.format == file_format), None)
    if found is None:
        raise DomainError(GONE)
    note_download(parcel.delivery)
    record_access(
        user=None, kind=AccessKind.DOWNLOAD, subject=f"{found.kind} {found.pk} remise {parcel.delivery.pk}"
    )
    return found


@transaction.atomic
def note_download(delivery: BilanDelivery) -> BilanDelivery:
    """Count one more download: when first, when last."""
    row = BilanDelivery.objects.select_for_update().get(pk=delivery.pk)
    now = timezone.now()
    row.first_download_at = row.first_download_at or now
    row.last_download_at = now
    row.downloads += 1
    # The log of accesses has each; the history of the row is that of who was sent what.
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    try:
        row.save(update_fields=["first_download_at", "last_download_at", "downloads"])
    finally:
        del row.skip_history_when_saving  # type: ignore[attr-defined]
    return row


def note_download_in_application(*, user: User, stored: StoredFile) -> None:
    """A member of the buyer who was sent the bilan opens its file under their own account: it is downloaded too."""
    if not user.is_buyer:
        return
    bilans = BilanFile.objects.filter(file=stored).order_by().values("bilan")
    row = BilanDelivery.objects.filter(bilan__in=bilans, email=user.email).first()
    if row is not None:
        note_download(row)
