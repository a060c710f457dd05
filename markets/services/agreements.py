"""Agreements with buyers: no two in force on one day, avenants that move the end, reminders before each date."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from core import formats
from core.dates import add_months
from core.errors import DomainError
from core.uploads import keep_upload
from markets.enums import TaskKind, Turn
from markets.models import Agreement, AgreementAmendment, Buyer, Market, Task
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from accounts.models import User

AGREEMENT_FILE = "agreement"
DOCUMENT_TYPES = ("pdf", "jpg", "png", "docx", "odt")
DOCUMENT_WORDS = "PDF, JPEG, PNG, DOCX ou ODT, 20 Mo au plus."


def agreement_for(target: Market | Buyer, on: dt.date) -> Agreement | None:
    """The agreement of a buyer, or of a market's buyer, in force that day; None where there is none."""
    buyer_id = target.buyer_id if isinstance(target, Market) else target.pk
    return Agreement.objects.filter(buyer_id=buyer_id).in_force(on).order_by("-starts_on", "-pk").first()


@transaction.atomic
def save_agreement(*, agreement: Agreement, upload: Any = None, by: User | None) -> Agreement:
    """Record an agreement, or what was corrected in it, with its signed document; its reminders follow.

    Raises DomainError when another agreement of the buyer is in force on one of its days, when it ends before it
    begins, when an avenant already moved its end, or for a contact of another buyer.
    """
    buyer = Buyer.objects.select_for_update().get(pk=agreement.buyer_id)
    if agreement.ends_on < agreement.starts_on:
        raise DomainError(
            "La convention prend fin avant de prendre effet : corrigez l’une des deux dates.", field="ends_on"
        )
    if agreement.buyer_referent and agreement.buyer_referent.buyer_id != buyer.pk:
        raise DomainError(f"Ce contact n’est pas de {buyer}.", field="buyer_referent")
    if agreement.pk:
        _check_against_amendments(agreement)
    _refuse_overlap(agreement)
    if upload:
        # The former document stays in the history of the agreement.
        agreement.document = keep_upload(kind=AGREEMENT_FILE, upload=upload, user=by, types=DOCUMENT_TYPES)
    agreement._history_user = by  # type: ignore[attr-defined]
    agreement.save()
    if buyer.agreement_since is None or buyer.agreement_since > agreement.starts_on:
        buyer.agreement_since = agreement.starts_on
        buyer._history_user = by  # type: ignore[attr-defined]
        buyer.save()
    keep_reminders(buyer=buyer, by=by)
    return agreement


def _check_against_amendments(agreement: Agreement) -> None:
    stored = Agreement.objects.select_for_update().get(pk=agreement.pk)
    amendments = list(agreement.amendments.all())
    if any(row.new_ends_on for row in amendments) and agreement.ends_on != stored.ends_on:
        raise DomainError(
            "Un avenant a fixé la fin de cette convention : elle ne se change que par un avenant.",
            field="ends_on",
        )
    if amendments and min(row.effective_on for row in amendments) < agreement.starts_on:
        raise DomainError(
            "Un avenant prend effet avant ce jour : corrigez la date de prise d’effet.", field="starts_on"
        )


def _refuse_overlap(agreement: Agreement) -> None:
    for other in Agreement.objects.filter(buyer=agreement.buyer_id).exclude(pk=agreement.pk).order_by("pk"):
        if other.starts_on <= agreement.last_day and agreement.starts_on <= other.last_day:
            begins_inside = other.starts_on <= agreement.starts_on <= other.last_day
            raise DomainError(
                f"Une autre convention de ce donneur d’ordre est en vigueur du {formats.day(other.starts_on)} au "
                f"{formats.day(other.last_day)} : deux conventions ne courent pas le même jour.",
                field="starts_on" if begins_inside else "ends_on",
            )


@transaction.atomic
def record_amendment(
    *,
    agreement: Agreement,
    effective_on: dt.date,
    subject: str,
    signed_on: dt.date | None = None,
    new_ends_on: dt.date | None = None,
    upload: Any = None,
    by: User | None,
) -> AgreementAmendment:
    """Record an avenant under the next number; a new end moves the agreement's.

    Raises DomainError for dates out of order, a terminated agreement, or an end that runs into the next agreement.
    """
    buyer = Buyer.objects.select_for_update().get(pk=agreement.buyer_id)
    agreement = Agreement.objects.select_for_update().get(pk=agreement.pk)
    last = agreement.amendments.order_by("-number").first()
    if agreement.terminated_on:
        raise DomainError(
            f"Cette convention est dénoncée au {formats.day(agreement.terminated_on)} : elle ne se modifie plus."
        )
    if effective_on < agreement.starts_on:
        raise DomainError(
            f"L’avenant prendrait effet avant la convention, qui court depuis le {formats.day(agreement.starts_on)}.",
            field="effective_on",
        )
    if effective_on > agreement.ends_on + dt.timedelta(days=1):
        raise DomainError(
            f"La convention a pris fin le {formats.day(agreement.ends_on)} : un avenant prend effet le lendemain au "
            "plus tard. Inscrivez plutôt une nouvelle convention.",
            field="effective_on",
        )
    if last and effective_on < last.effective_on:
        raise DomainError(
            f"L’avenant n° {last.number} prend effet le {formats.day(last.effective_on)} : celui-ci ne peut pas le "
            "précéder.",
            field="effective_on",
        )
    if signed_on and agreement.signed_on and signed_on < agreement.signed_on:
        raise DomainError(
            f"L’avenant serait signé avant la convention, signée le {formats.day(agreement.signed_on)}.",
            field="signed_on",
        )
    if new_ends_on and new_ends_on < effective_on:
        raise DomainError("La nouvelle fin précède la prise d’effet de l’avenant.", field="new_ends_on")
    amendment = AgreementAmendment(
        agreement=agreement,
        number=(agreement.amendments.aggregate(last=Max("number"))["last"] or 0) + 1,
        signed_on=signed_on,
        effective_on=effective_on,
        subject=subject,
        new_ends_on=new_ends_on,
    )
    if upload:
        amendment.document = keep_upload(kind=AGREEMENT_FILE, upload=upload, user=by, types=DOCUMENT_TYPES)
    amendment._history_user = by  # type: ignore[attr-defined]
    amendment.save()
    if new_ends_on:
        agreement.ends_on = new_ends_on
        try:
            _refuse_overlap(agreement)
        except DomainError as error:
            raise DomainError(error.sentence, field="new_ends_on") from None
        agreement._history_user = by  # type: ignore[attr-defined]
        agreement.save()
        keep_reminders(buyer=buyer, by=by)
    return amendment


@transaction.atomic
def attach_amendment_document(
    *, amendment: AgreementAmendment, signed_on: dt.date | None, upload: Any = None, by: User | None
) -> AgreementAmendment:
    """Record that an avenant came back signed: its day and its document. Raises DomainError for a bad file or day."""
    agreement = Agreement.objects.select_for_update().get(pk=amendment.agreement_id)
    if signed_on and agreement.signed_on and signed_on < agreement.signed_on:
        raise DomainError(
            f"L’avenant serait signé avant la convention, signée le {formats.day(agreement.signed_on)}.",
            field="signed_on",
        )
    amendment.signed_on = signed_on
    if upload:
        amendment.document = keep_upload(kind=AGREEMENT_FILE, upload=upload, user=by, types=DOCUMENT_TYPES)
    amendment._history_user = by  # type: ignore[attr-defined]
    amendment.save()
    return amendment


def earliest_termination(agreement: Agreement, notified_on: dt.date) -> dt.date:
    """The first day that respects the notice (article 6: three months), counted from its notification."""
    return min(add_months(notified_on, agreement.notice_months), agreement.ends_on)


@transaction.atomic
def terminate_agreement(
    *,
    agreement: Agreement,
    notified_on: dt.date,
    on: dt.date,
    reason: str,
    short_notice: bool = False,
    by: User | None,
) -> Agreement:
    """End an agreement before its time: `on` is the first day that is no longer in force.

    A notice shorter than agreed is said, and asks for `short_notice`. Raises DomainError for that, for dates out of
    order, and for an agreement that is terminated already.
    """
    buyer = Buyer.objects.select_for_update().get(pk=agreement.buyer_id)
    agreement = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if agreement.terminated_on:
        raise DomainError(f"Cette convention est déjà dénoncée au {formats.day(agreement.terminated_on)}.")
    if notified_on > timezone.localdate():
        raise DomainError(
            "La dénonciation se note une fois faite : aujourd’hui au plus tard.", field="notified_on"
        )
    if on < notified_on:
        raise DomainError("La fin précède la dénonciation : corrigez l’une des deux dates.", field="on")
    if not agreement.starts_on <= on <= agreement.ends_on:
        raise DomainError(
            f"La convention court du {formats.day(agreement.starts_on)} au {formats.day(agreement.ends_on)} : "
            "choisissez un jour de cette période.",
            field="on",
        )
    earliest = earliest_termination(agreement, notified_on)
    if on < earliest and not short_notice:
        raise DomainError(
            f"Le préavis est de {agreement.notice_months} mois : la convention prendrait fin le {formats.day(earliest)} "
            "au plus tôt. Cochez la case si les deux parties en conviennent autrement.",
            field="on",
        )
    agreement.termination_notified_on, agreement.terminated_on = notified_on, on
    agreement.termination_reason = reason
    agreement._history_user = by  # type: ignore[attr-defined]
    agreement.save()
    keep_reminders(buyer=buyer, by=by)
    return agreement


@transaction.atomic
def keep_reminders(*, buyer: Buyer, by: User | None) -> None:
    """Make the reminders of a buyer's agreements say what their dates say now.

    The last agreement has two, before its notice and before its end; one that is terminated, or that another
    follows, has none.
    """
    today = timezone.localdate()
    agreements = list(Agreement.objects.filter(buyer=buyer).order_by("starts_on", "pk"))
    for index, agreement in enumerate(agreements):
        is_followed = index < len(agreements) - 1
        keys = {name: f"agreement:{agreement.pk}:{name}" for name in ("notice", "end")}
        if is_followed or agreement.terminated_on:
            words = "Une convention suit." if is_followed else "Convention dénoncée."
            for key in keys.values():
                finish_task(key=key, outcome=words, by=by)
            continue
        tasks = {task.key: task for task in Task.objects.filter(key__in=keys.values())}
        if agreement.ends_on < today and not any(task.is_open for task in tasks.values()):
            continue  # an old agreement entered for the record waits for nobody
        wanted = {
            "notice": (
                agreement.notice_on,
                "Convention : décider de la suite avant le préavis",
                f"Préavis de {agreement.notice_months} mois avant la fin du {formats.day(agreement.ends_on)}.",
            ),
            "end": (
                agreement.ends_on,
                "Convention : la renouveler, la prolonger ou la laisser finir",
                f"Elle prend fin le {formats.day(agreement.ends_on)}.",
            ),
        }
        if not agreement.notice_months:
            del wanted["notice"]
            finish_task(key=keys["notice"], outcome="Convention sans préavis.", by=by)
        for name, (due_on, title, details) in wanted.items():
            task = tasks.get(keys[name])
            if task and not task.is_open and task.due_on == due_on:
                continue  # someone has dealt with that very date
            open_task(
                key=keys[name],
                buyer=buyer,
                kind=TaskKind.DEADLINE,
                turn=Turn.HOUSE,
                title=formats.typeset(title),
                details=details,
                url=reverse("agreement_detail", args=[agreement.pk]),
                since=min(today, due_on),
                due_on=due_on,
                assignee=agreement.house_referent,
                by=by,
            )
