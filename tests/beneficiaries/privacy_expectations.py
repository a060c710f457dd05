"""What each role gets at the addresses of privacy: the admins alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from beneficiaries.models import RetentionRules
from tests.expectations import ADMIN_FORM, ADMIN_ONLY, Expectations, Kwargs
from tests.factories import BeneficiaryFactory, eligible_assignment


def _person(cast: Any) -> dict[str, Any]:
    """Someone on the commitment of buyer A and company A."""
    return {"pk": eligible_assignment(commitment=cast.commitment_a).placement.beneficiary_id}


def _archived(cast: Any) -> dict[str, Any]:
    return {"pk": BeneficiaryFactory(archived_on=dt.date(2025, 1, 6)).pk}


def _rules(cast: Any) -> dict[str, Any]:
    return {"pk": RetentionRules.objects.get_or_create(in_force_from=dt.date(2001, 1, 1))[0].pk}


PRIVACY: Expectations = {
    "person_data": ADMIN_ONLY,
    "person_export": ADMIN_FORM,
    "person_restore": ADMIN_ONLY,
    "retention": ADMIN_ONLY,
    "retention_plan": ADMIN_ONLY,
    # Nothing is due: the way back to the page.
    "retention_apply": {**ADMIN_ONLY, "admin": 302},
    "archive_list": ADMIN_ONLY,
    "retention_rules_list": ADMIN_ONLY,
    "retention_rules_create": ADMIN_ONLY,
    "retention_rules_edit": ADMIN_ONLY,
}
PRIVACY_KWARGS: Kwargs = {
    "person_data": _person,
    "person_export": _person,
    "person_restore": _archived,
    "retention_rules_edit": _rules,
}
