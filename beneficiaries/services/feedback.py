"""What the house tells the référent de parcours of someone: written once, sent by e-mail, awaited when it is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from beneficiaries.enums import FeedbackMoment
from beneficiaries.models import Application, Beneficiary, Placement, Prescriber, Referrer, ReferrerFeedback
from beneficiaries.services.writing import save_by
from core.errors import DomainError
from core.outbox import write_message
from markets.models import House
from markets.services.tasks import finish_task

if TYPE_CHECKING:
    from accounts.models import User


def application_key(pk: int) -> str:
    return f"application:{pk}:feedback"


def placement_key(pk: int) -> str:
    return f"placement:{pk}:feedback"


def address_of(
    person: Beneficiary, application: Application | None = None
) -> tuple[Prescriber | None, Referrer | None, str]:
    """To whom a feedback about this person goes: the referrer of the application, else of the file, else the prescriber.

    Returns the prescriber, the referrer and the address ("" when none is known).
    """
    referrer = (application.referrer if application else None) or person.referrer
    recipient = application.recipient if application else None
    prescriber = (
        (referrer.prescriber if referrer else None)
        or (recipient.prescriber if recipient else None)
        or person.prescriber
    )
    address = (
        (referrer.email if referrer else "")
        or (application.referrer_email if application else "")
        or (prescriber.email if prescriber else "")
        or (recipient.email if recipient else "")
    )
    return prescriber, referrer, address


def proposed_moment(application: Application | None, placement: Placement | None) -> str:
    """Before the hire, during the mission, or after it, from what the feedback is about."""
    step = placement or (application.placement if application else None)
    if step is None:
        return FeedbackMoment.BEFORE
    ended = step.ends_on is not None and step.ends_on < timezone.localdate()
    return FeedbackMoment.AFTER if ended else FeedbackMoment.DURING


@transaction.atomic
def send_feedback(*, feedback: ReferrerFeedback, by: User) -> ReferrerFeedback:
    """Keep a feedback and send it when it has an address; what was awaited is then done.

    Raises DomainError when it says nothing, or is about someone else's application or contract.
    """
    person = Beneficiary.objects.select_for_update().get(pk=feedback.beneficiary_id)
    for about in (feedback.application, feedback.placement):
        if about is not None and about.beneficiary_id != person.pk:
            raise DomainError("Cette candidature ou ce contrat est celui d’une autre personne.")
    if not (feedback.progress.strip() or feedback.obstacles.strip() or feedback.next_steps.strip()):
        raise DomainError("Écrivez au moins un progrès, un frein ou une suite.", field="progress")
    feedback.written_by = by
    if feedback.email:
        feedback.sent_at = timezone.now()
    save_by(feedback, by)
    if feedback.email:
        body = render_to_string(
            "beneficiaries/email/feedback.txt",
            {"feedback": feedback, "person": person, "house": House.current(), "by": by},
        )
        write_message(
            key=f"feedback:{feedback.pk}",
            recipients=[feedback.email],
            # No name in the subject: it shows on the screen of a telephone.
            subject="Retour sur une personne que vous accompagnez",
            body=body,
            person=person.pk,
        )
    _finish_awaited(feedback, by)
    return feedback


def _finish_awaited(feedback: ReferrerFeedback, by: User) -> None:
    """A feedback about an application answers what was awaited for it; one after the mission, for the contract too."""
    outcome = "retour envoyé" if feedback.email else "retour écrit"
    placement = feedback.placement
    if feedback.application is not None:
        finish_task(key=application_key(feedback.application.pk), outcome=outcome, by=by)
        placement = placement or feedback.application.placement
    if placement is not None and feedback.moment == FeedbackMoment.AFTER:
        finish_task(key=placement_key(placement.pk), outcome=outcome, by=by)
