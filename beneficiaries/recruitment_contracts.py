"""From a candidate who was hired to the form of the contract, and back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from beneficiaries.enums import ApplicationState
from beneficiaries.models import Application, Beneficiary


def asked_application(request: HttpRequest, person: Beneficiary) -> Application | None:
    """`?candidature=12`: this person's application that the new contract comes from, still without contract."""
    asked = request.GET.get("candidature", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    user: Any = request.user
    rows = Application.objects.visible_to(user).filter(beneficiary=person, placement__isnull=True, pk=asked)
    rows = rows.exclude(state=ApplicationState.REJECTED)
    return rows.select_related("offer__award__company", "offer__occupation", "offer__contract_type").first()


def contract_initial(application: Application | None) -> dict[str, Any]:
    """What the offer already says of the contract."""
    if application is None:
        return {}
    offer = application.offer
    return {
        "employer": offer.award.company,
        "contract_type": offer.contract_type_id,
        "starts_on": offer.starts_on,
        "weekly_hours": offer.weekly_hours,
        "occupation": offer.occupation,
    }
