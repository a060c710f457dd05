"""Files made one at the same moment, on PostgreSQL: nothing stays on a file that went, no merge is done twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from beneficiaries.models import Beneficiary, EligibilityReview, HoursEntry, PersonMerge, Placement
from beneficiaries.name_search import find_people, likely_same
from beneficiaries.services.merging import merge_people, nothing_hangs_on_a_merged_file
from tests.factories import (
    BeneficiaryFactory,
    HoursEntryFactory,
    PlacementFactory,
    UserFactory,
    eligible_assignment,
)
from tests.services.test_races import together

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_two_merges_into_each_other_leave_one_file() -> None:
    assert connection.vendor == "postgresql"
    user = UserFactory()
    one, other = BeneficiaryFactory(last_name="Un"), BeneficiaryFactory(last_name="Deux")
    for person in (one, other):
        HoursEntryFactory(
            assignment=eligible_assignment(beneficiary=person), counted=True, hours=Decimal("60")
        )
    answers = together(
        lambda: merge_people(kept=one, merged=other, user=user),
        lambda: merge_people(kept=other, merged=one, user=user),
    )
    assert sorted(answers)[-1] == "fait" and answers.count("fait") == 1
    assert PersonMerge.objects.count() == 1
    assert HoursEntry.objects.current().count() == 2
    kept = Beneficiary.objects.get(merged_into__isnull=True)
    assert set(Placement.objects.values_list("beneficiary", flat=True)) == {kept.pk}
    assert list(nothing_hangs_on_a_merged_file()) == []


def test_a_chain_made_at_once_ends_on_one_file_or_is_refused_with_a_sentence() -> None:
    user = UserFactory()
    first, second, third = (BeneficiaryFactory(last_name=name) for name in ("Un", "Deux", "Trois"))
    eligible_assignment(beneficiary=first)
    answers = together(
        lambda: merge_people(kept=second, merged=first, user=user),
        lambda: merge_people(kept=third, merged=second, user=user),
    )
    assert "fait" in answers
    assert all(answer == "fait" or "entre-temps" in answer for answer in answers)
    holder = EligibilityReview.objects.get().beneficiary
    assert holder.merged_into_id is None
    assert list(nothing_hangs_on_a_merged_file()) == []


def test_a_contract_written_while_a_file_goes_is_told_by_the_check_of_consistency() -> None:
    user = UserFactory()
    kept, merged = BeneficiaryFactory(last_name="Un"), BeneficiaryFactory(last_name="Deux")
    employer = PlacementFactory().employer

    def contract() -> None:
        PlacementFactory(beneficiary=merged, employer=employer, starts_on=dt.date(2025, 3, 3))

    answers = together(lambda: merge_people(kept=kept, merged=merged, user=user), contract)
    assert answers[0] == "fait"
    on_merged = Placement.objects.filter(beneficiary=merged).count()
    assert len(list(nothing_hangs_on_a_merged_file())) == on_merged


def test_names_are_found_in_spite_of_an_error_on_postgresql_too() -> None:
    assert connection.vendor == "postgresql"
    person = BeneficiaryFactory(last_name="de La Rochefoucauld", first_name="Jean-Baptiste")
    BeneficiaryFactory(last_name="Trần", first_name="Nguyễn Văn")
    rows = Beneficiary.objects.order_by("pk")
    for typed in ("rochefoucald", "jeanbaptiste rochefoucuald", "baptsite la"):
        assert [match.person for match in find_people(rows, typed, 5)] == [person]
    [match] = likely_same("TRAN", "Nguyen van", dt.date(1990, 5, 17), rows)
    assert match.score == 100
