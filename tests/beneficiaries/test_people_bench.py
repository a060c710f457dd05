"""The baseline of the search of people finds the rows that the real pages find."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import override_settings
from django.urls import reverse

from bench.people import LIST_PART, SEARCHES, _ask, _rows
from tests.factories import (
    BeneficiaryFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", SEARCHES)
@override_settings(ROOT_URLCONF="bench.baselines.people")
def test_the_same_people_by_hand(cast, signed_in, typed):
    for rank, (last, first) in enumerate(
        [
            ("Martin", "Agathe"),
            ("Martinez", "Agathe"),
            ("Marttin", "Luc"),
            ("Durand", "Agathe"),
            ("Marin", "Agate"),
        ]
    ):
        person = BeneficiaryFactory(last_name=last, first_name=first, birth_date=dt.date(1980, 1, 1 + rank))
        if rank == 0:
            HoursEntryFactory(assignment=eligible_assignment(beneficiary=person), counted=True)
        if rank == 1:
            EligibilityReviewFactory(beneficiary=person, refused=True)
    browser = signed_in(cast.admin)
    lists = [
        _rows(_ask(browser, reverse(name), typed, LIST_PART))
        for name in ("beneficiary_list", "people_list_by_hand", "people_by_hand")
    ]
    assert lists[0] == lists[1] == lists[2]
    assert lists[0] or typed == "zzyzx agathe"
    suggestions = [
        _ask(browser, url, typed, {})
        for url in (reverse("lookup", args=["person"]), reverse("suggestions_by_hand"))
    ]
    assert suggestions[0] == suggestions[1]
