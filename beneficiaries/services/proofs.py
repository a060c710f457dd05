"""Proofs: the files that are kept with a decision, erased when their time is over, and asked for when they lack."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import PrescriberKind
from beneficiaries.models import (
    Beneficiary,
    EligibilityCriterion,
    EligibilityReview,
    HeldCriterion,
    ProofFile,
    ProofRequest,
)
from beneficiaries.services.criteria import terms_of
from beneficiaries.services.writing import save_by
from core import formats
from core.errors import DomainError
from core.files import delete_file
from core.outbox import write_message
from core.uploads import keep_upload
from markets.enums import Turn
from markets.models import Company, CompanyMembership, Contact
from markets.paper import house_facts
from markets.services.tasks import finish_task, open_task

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User

FILE_KIND = "proof"
# Days left to bring a proof, and left again by a reminder.
DAYS_LEFT = 15
# A reminder goes by itself once the deadline has passed by so many days.
LATE_AFTER = 1


# --- Files --------------------------------------------------------------------------------------------------


@transaction.atomic
def add_proof(
    *,
    beneficiary: Beneficiary,
    criterion: EligibilityCriterion,
    upload: UploadedFile,
    dated: dt.date | None,
    review: EligibilityReview | None = None,
    field: str = "upload",
    user: User,
) -> ProofFile:
    """Keep the file of a proof; the requests that it completes are answered.

    Raises DomainError, beside `field`, for a file that is not accepted, and for a proof dated of a day to come.
    """
    today = timezone.localdate()
    person = Beneficiary.objects.select_for_update().get(pk=beneficiary.pk)
    if dated and dated > today:
        raise DomainError(f"Ce justificatif est daté du {formats.day(dated)}, un jour à venir.", field=field)
    stored = keep_upload(kind=FILE_KIND, upload=upload, user=user, field=field)
    proof = ProofFile(
        beneficiary=person, criterion=criterion, review=review, dated=dated, stored=stored, added_by=user
    )
    save_by(proof, user)
    answer_requests(person=person, by=user)
    return proof


@transaction.atomic
def file_proofs(*, review: EligibilityReview, user: User) -> int:
    """Put the files that wait for a decision with the one that holds their criteria; returns how many."""
    waiting = ProofFile.objects.select_for_update().filter(
        beneficiary=review.beneficiary_id,
        review__isnull=True,
        erased_on__isnull=True,
        criterion__in=review.held_criteria.values("criterion"),
    )
    rows = list(waiting.order_by("pk"))
    for row in rows:
        row.review = review
        save_by(row, user, "décision d’éligibilité")
    return len(rows)


@transaction.atomic
def erase_proof(*, proof: ProofFile, on: dt.date, user: User | None, reason: str = "") -> ProofFile:
    """Take the file away for good, name and bytes; the row says that a proof was seen, of which day, and when it went.

    Erasing it again changes nothing.
    """
    row = ProofFile.objects.select_for_update(of=("self",)).select_related("stored").get(pk=proof.pk)
    if row.erased_on is not None:
        return row
    stored, row.stored, row.erased_on = row.stored, None, on
    row._history_user = user  # type: ignore[attr-defined]
    row._change_reason = (reason or "durée de conservation")[:100]  # type: ignore[attr-defined]
    row.save()
    if stored is not None:
        delete_file(stored)
    return row


@transaction.atomic
def remove_proof(*, proof: ProofFile, user: User) -> None:
    """Take away a file added by mistake, while no decision rests on it.

    Raises DomainError once a decision holds it: it stays until its retention ends.
    """
    row = ProofFile.objects.select_for_update(of=("self",)).get(pk=proof.pk)
    if row.review_id is not None:
        raise DomainError(
            "Une décision repose sur ce justificatif\u202f: il est gardé jusqu’à la fin de sa durée de conservation."
        )
    erase_proof(proof=row, on=timezone.localdate(), user=user, reason="retiré")


# --- Whom to ask --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone whom a proof can be asked from: `key` is what a form sends."""

    key: str
    label: str
    email: str


def recipients_of(person: Beneficiary) -> list[Recipient]:
    """Whom the proofs of this person can be asked from, by the addresses that the files hold."""
    found = []
    if person.email:
        found.append(Recipient("person", f"la personne, {person.email}", person.email))
    referrer = person.referrer
    if referrer and referrer.email and referrer.is_active:
        found.append(Recipient("referrer", f"{referrer}, {referrer.email}", referrer.email))
    prescriber = person.prescriber
    if prescriber and prescriber.email and prescriber.is_active:
        found.append(Recipient("prescriber", f"{prescriber}, {prescriber.email}", prescriber.email))
    return found


def reaches_an_employer(person: Beneficiary, recipient: Recipient) -> bool:
    """Whether that address is a company's: an SIAE or GEIQ that sends people employs them too.

    A sensitive ground is never named to an employer.
    """
    prescribers = {
        "referrer": person.referrer and person.referrer.prescriber,
        "prescriber": person.prescriber,
    }
    prescriber = prescribers.get(recipient.key)
    if prescriber and prescriber.kind == PrescriberKind.SIAE:
        return True
    email = recipient.email
    return (
        Company.objects.filter(email__iexact=email).exists()
        or Contact.objects.filter(company__isnull=False, email__iexact=email).exists()
        or CompanyMembership.objects.filter(user__email__iexact=email).exists()
    )


# --- Asking -------------------------------------------------------------------------------------------------


def request_key(request: ProofRequest) -> str:
    return f"proof-request:{request.pk}"


@transaction.atomic
def request_proofs(
    *,
    beneficiary: Beneficiary,
    criteria: Sequence[EligibilityCriterion],
    to: str,
    due_on: dt.date,
    message: str = "",
    by: User,
) -> ProofRequest:
    """Ask by e-mail for the proofs of these criteria, and wait for them.

    to: the key of one of `recipients_of`. The message names documents, never a criterion. Raises DomainError without
    criterion, for an address that the file does not hold, a deadline gone by, a request that still waits for the same,
    and a sensitive document asked from an employer.
    """
    person = Beneficiary.objects.select_for_update().get(pk=beneficiary.pk)
    today = timezone.localdate()
    wanted = sorted(set(criteria), key=lambda row: (row.position, row.pk))
    if not wanted:
        raise DomainError("Choisissez au moins un justificatif à demander.", field="criteria")
    if due_on < today:
        raise DomainError("L’échéance est passée\u202f: choisissez un jour à venir.", field="due_on")
    recipient = next((row for row in recipients_of(person) if row.key == to), None)
    if recipient is None:
        raise DomainError(
            "Aucune adresse électronique\u202f: complétez la fiche de la personne ou de son prescripteur.",
            field="to",
        )
    if any(row.sensitive for row in wanted) and reaches_an_employer(person, recipient):
        raise DomainError(
            f"{recipient.email} est l’adresse d’un employeur\u202f: un justificatif sensible ne lui est pas demandé. "
            "Écrivez à la personne elle-même, ou à son référent.",
            field="to",
        )
    waiting = ProofRequest.objects.open().filter(beneficiary=person, email__iexact=recipient.email)
    for former in waiting.prefetch_related("criteria"):
        if {row.pk for row in former.criteria.all()} >= {row.pk for row in wanted}:
            raise DomainError(
                f"Une demande du {formats.day(former.asked_on)} attend déjà ces justificatifs\u202f: relancez-la.",
                field="criteria",
            )
    request = ProofRequest(
        beneficiary=person,
        email=recipient.email,
        message=message.strip(),
        asked_on=today,
        due_on=due_on,
        asked_by=by,
    )
    save_by(request, by)
    request.criteria.set(wanted)
    _send(request, kind="ask", to_person=to == "person")
    _open_task(request, by)
    return request


def _send(request: ProofRequest, *, kind: str, to_person: bool) -> None:
    person, today = request.beneficiary, timezone.localdate()
    rows = list(request.criteria.order_by("position", "code"))
    terms = terms_of(rows, today)
    context = {
        "person": person,
        "to_person": to_person,
        "documents": [
            {"name": terms[row.pk].proof or row.label, "months": terms[row.pk].max_age_months} for row in rows
        ],
        "request": request,
        "is_reminder": kind != "ask",
        "house": house_facts(),
        "asked_by": request.asked_by,
    }
    body = render_to_string("beneficiaries/email/proof_request.txt", context).strip() + "\n"
    subject = "Rappel\u202f: un document à nous envoyer" if kind != "ask" else "Un document à nous envoyer"
    write_message(
        key=f"{request_key(request)}:{kind}",
        recipients=[request.email],
        subject=subject,
        body=body,
        person=person.pk,
    )


def _open_task(request: ProofRequest, by: User | None, *, is_late: bool = False) -> None:
    person = request.beneficiary
    late = " (en retard)" if is_late else ""
    open_task(
        title=f"Justificatif demandé pour {person}{late}",
        key=request_key(request),
        turn=Turn.PARTNER,
        url=reverse("beneficiary_eligibility", args=[person.pk]),
        since=request.asked_on,
        due_on=request.due_on,
        assignee=request.asked_by if request.asked_by_id else by,
        person=person.pk,
        by=by,
    )


def _is_to_person(request: ProofRequest) -> bool:
    return request.email.lower() == request.beneficiary.email.lower()


@transaction.atomic
def remind_proof(*, request: ProofRequest, due_on: dt.date, by: User | None) -> ProofRequest:
    """Write again to the same address and leave until another day; twice on one day is once.

    Raises DomainError for a request that no longer waits and for a deadline gone by.
    """
    row = _open_row(request)
    today = timezone.localdate()
    if due_on < today:
        raise DomainError("L’échéance est passée\u202f: choisissez un jour à venir.", field="due_on")
    row.due_on, row.reminded_on = due_on, today
    save_by(row, by, "relance")  # type: ignore[arg-type]
    _send(row, kind=f"remind:{today:%Y-%m-%d}", to_person=_is_to_person(row))
    _open_task(row, by)
    return row


@transaction.atomic
def close_request(*, request: ProofRequest, is_received: bool, by: User) -> ProofRequest:
    """End a request: the proof was received (seen on paper), or it is given up. Raises DomainError when it is over."""
    row = _open_row(request)
    today = timezone.localdate()
    if is_received:
        row.answered_on = today
    else:
        row.closed_on = today
    save_by(row, by, "reçu" if is_received else "abandonnée")
    finish_task(
        key=request_key(row),
        on=today,
        outcome="justificatif reçu" if is_received else "demande abandonnée",
        by=by,
    )
    return row


def _open_row(request: ProofRequest) -> ProofRequest:
    row = (
        ProofRequest.objects.select_for_update(of=("self",))
        .select_related("beneficiary", "asked_by")
        .get(pk=request.pk)
    )
    if row.answered_on:
        raise DomainError(f"Cette demande a reçu sa réponse le {formats.day(row.answered_on)}.")
    if row.closed_on:
        raise DomainError(f"Cette demande est abandonnée depuis le {formats.day(row.closed_on)}.")
    return row


@transaction.atomic
def answer_requests(*, person: Beneficiary, by: User) -> int:
    """End the requests whose every proof came since: as a file, or noted with a decision; returns how many."""
    answered = 0
    waiting = ProofRequest.objects.open().filter(beneficiary=person).prefetch_related("criteria")
    for request in waiting.order_by("pk"):
        wanted = {row.pk for row in request.criteria.all()}
        if wanted and wanted <= _brought_since(person, request.asked_on):
            close_request(request=request, is_received=True, by=by)
            answered += 1
    return answered


def _brought_since(person: Beneficiary, day: dt.date) -> set[str]:
    files = ProofFile.objects.filter(
        beneficiary=person, erased_on__isnull=True, added_at__date__gte=day
    ).values_list("criterion", flat=True)
    noted = HeldCriterion.objects.filter(
        review__beneficiary=person, review__superseded_by__isnull=True, review__recorded_at__date__gte=day
    ).filter(Q(proof_date__isnull=False) | ~Q(proof_label=""))
    return {*files, *noted.values_list("criterion", flat=True)}


# --- Each day -----------------------------------------------------------------------------------------------


def remind_late_proofs(today: dt.date) -> int:
    """Write once more, by itself, for each request whose deadline has passed; returns how many were written."""
    late = today - dt.timedelta(days=LATE_AFTER)
    rows = _of_people_followed(
        ProofRequest.objects.open().filter(due_on__lte=late, reminded_on__isnull=True)
    ).select_related("beneficiary", "asked_by")
    done = 0
    for row in rows.order_by("pk"):
        with transaction.atomic():
            request = ProofRequest.objects.select_for_update(of=("self",)).get(pk=row.pk)
            if not request.is_open or request.reminded_on:
                continue
            request.reminded_on = today
            request.save()
            _send(row, kind="late", to_person=_is_to_person(row))
            _open_task(row, None, is_late=True)
            done += 1
    return done


def _of_people_followed(rows: Any) -> Any:
    """Not those of people merged, archived or anonymised: nobody writes about them any more."""
    return rows.filter(
        beneficiary__merged_into__isnull=True,
        beneficiary__archived_on__isnull=True,
        beneficiary__anonymised_on__isnull=True,
    )
