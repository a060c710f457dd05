"""Rows of recruitment for the tests: offers, recipients with their links, candidates, actions, needs."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from django.utils import timezone

from beneficiaries.enums import ActionKind, ApplicationState, OfferState
from beneficiaries.models import (
    Application,
    Attendance,
    CollectiveAction,
    JobOffer,
    OfferRecipient,
    TrainingNeed,
)
from beneficiaries.services.offers import LINK_KIND
from core.links import make_link
from markets.models import Award
from tests.factories import AwardFactory, BeneficiaryFactory, PrescriberFactory

_NUMBERS = count(1)


def award_of(commitment: Any) -> Award:
    """The award that a commitment of the cast rests on."""
    return Award.objects.get(lot=commitment.clause.lot_id, company=commitment.holder_id)


def make_offer(award: Any = None, **values: Any) -> JobOffer:
    """An offer sent to partners, awaited for two weeks; `state="draft"` is a draft."""
    today = timezone.localdate()
    state = values.get("state", OfferState.OPEN)
    usual = {
        "award": award or AwardFactory(),
        "title": "Maçon·ne VRD",
        "places": 2,
        "state": state,
        "closes_on": today + dt.timedelta(days=14),
        "sent_on": None if state == OfferState.DRAFT else today,
    }
    return JobOffer.objects.create(**{**usual, **values})


def make_recipient(offer: JobOffer, name: str = "Mission locale d’Essai", **values: Any) -> OfferRecipient:
    prescriber = values.pop("prescriber", None) or PrescriberFactory(name=f"{name} {next(_NUMBERS)}")
    usual = {"email": "accueil@mission.example", "sent_at": timezone.now()}
    return OfferRecipient.objects.create(offer=offer, prescriber=prescriber, **{**usual, **values})


def make_token(recipient: OfferRecipient, days: int = 21) -> str:
    """The token of a link that opens the offer to this partner."""
    made = make_link(
        kind=LINK_KIND, object_id=recipient.pk, email=recipient.email, days=days, by=None, replace=False
    )
    return made.token


def make_application(offer: JobOffer, person: Any = None, **values: Any) -> Application:
    """Someone proposed today; with `person`, matched with their file."""
    usual = {
        "proposed_on": timezone.localdate(),
        "state": ApplicationState.PROPOSED,
        "last_name": "" if person else "Durand",
        "first_name": "" if person else "Camille",
    }
    return Application.objects.create(offer=offer, beneficiary=person, **{**usual, **values})


def make_action(**values: Any) -> CollectiveAction:
    usual = {
        "kind": ActionKind.SITE_VISIT,
        "title": "Visite du chantier de l’école",
        "held_on": dt.date(2026, 3, 10),
    }
    return CollectiveAction.objects.create(**{**usual, **values})


def make_attendance(action: CollectiveAction, person: Any = None, came: bool | None = True) -> Attendance:
    return Attendance.objects.create(action=action, beneficiary=person or BeneficiaryFactory(), came=came)


def make_need(**values: Any) -> TrainingNeed:
    usual = {"skill": "Habilitation électrique", "first_noticed_on": dt.date(2026, 1, 15)}
    return TrainingNeed.objects.create(**{**usual, **values})
