"""What a company that means harm tries, by its account, its links and its keys; what others than it must not read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beneficiaries.declaration_dates import written
from beneficiaries.models import Beneficiary, HoursEntry
from beneficiaries.services import declarations as services
from beneficiaries.services.hours import validate_hours
from core.dates import add_months
from core.links import make_link
from core.logs import scrub
from markets.models import ApiAnswer
from markets.services.tokens import create_token
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    EligibilityPeriodFactory,
    EligibilityReviewFactory,
    PlacementFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LAST = add_months(TODAY.replace(day=1), -1)
BEGAN = add_months(LAST, -2)
MONTH = written(LAST)
HOURS = f"/api/v1/declarations/{MONTH}/hours"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def at_work(commitment: Any, name: str, **kwargs: Any) -> Any:
    person = BeneficiaryFactory(last_name=name, first_name="Zoé")
    return eligible_assignment(commitment=commitment, beneficiary=person, starts_on=BEGAN, **kwargs)


def ask(company: Any, method: str, path: str, body: Any = None, key: str = "envoi-1") -> Any:
    made = create_token(name="Paie", company=company, by=UserFactory())
    sent = {"Authorization": f"Bearer {made.words}", "Idempotency-Key": key}
    data = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    client = Client(raise_request_exception=False)
    return client.generic(method, path, data, content_type="application/json", headers=sent)


# --- The restricted archive ----------------------------------------------------------------------------------


def test_who_stands_in_the_archive_is_on_no_month_of_their_employer(cast, signed_in):
    gone, here = at_work(cast.commitment_a, "Alphonse"), at_work(cast.commitment_a, "Anselme")
    row = services.start_declaration(company=cast.company_a, month=LAST, by=None)
    Beneficiary.objects.filter(last_name="Alphonse").update(archived_on=TODAY)
    link = reverse(
        "declaration_by_link", args=[make_link(kind="declaration", object_id=row.pk, days=9, by=None).token]
    )
    account = reverse("company_declaration", args=[cast.company_a.pk, MONTH])
    pages = [
        signed_in(cast.company_user_a).get(account).content.decode(),
        Client().get(link).content.decode(),
        ask(cast.company_a, "GET", f"/api/v1/assignments?month={MONTH}").content.decode(),
        signed_in(cast.facilitator)
        .get(reverse("declaration_review", args=[cast.company_a.pk, MONTH]))
        .content.decode(),
    ]
    for page in pages:
        assert "Anselme" in page and "Alphonse" not in page
    row_address = reverse("company_declaration_row", args=[cast.company_a.pk, MONTH, gone.pk])
    sent = {f"h-{gone.pk}-work": "12", f"v-{gone.pk}-work": "0"}
    assert signed_in(cast.company_user_a).post(row_address, sent).status_code == 404
    ask(cast.company_a, "PUT", HOURS, {"lines": [{"assignment": gone.pk, "hours": 12}]})
    assert not HoursEntry.objects.exists()
    assert here.pk


# --- Links ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["declaration_by_link", "job_offer_reply", "outcome_answer"])
def test_no_secret_address_is_written_in_a_log(name):
    from django.urls import NoReverseMatch

    try:
        address = reverse(name, args=["jeton-secret"])
    except NoReverseMatch:
        pytest.fail(f"{name} has another form")
    assert "jeton-secret" not in scrub(f"Forbidden (CSRF token missing.): {address}")


# --- What another employer has not sent ----------------------------------------------------------------------


def test_the_holder_reads_no_hour_that_the_employer_has_not_sent(cast, signed_in):
    lent = at_work(cast.commitment_a, "Bravoure", employer=cast.company_b)
    ask(cast.company_b, "PUT", HOURS, {"lines": [{"assignment": lent.pk, "hours": 77}]})
    assert HoursEntry.objects.get().hours == Decimal("77.00")
    browser = signed_in(cast.company_user_a)
    address = reverse("beneficiary_detail", args=[lent.placement.beneficiary_id])
    assert "77" not in browser.get(address).content.decode().split("<main", 1)[1]
    ask(cast.company_b, "POST", f"/api/v1/declarations/{MONTH}/submission", {"name": "Lou"}, key="e2")
    assert "77" in browser.get(address).content.decode().split("<main", 1)[1]


# --- Who left ------------------------------------------------------------------------------------------------


def test_a_former_employer_does_not_follow_the_eligibility_of_who_left(cast, signed_in):
    ended = add_months(BEGAN, -30)
    past = eligible_assignment(
        commitment=cast.commitment_a,
        beneficiary=BeneficiaryFactory(last_name="Alphonse"),
        starts_on=add_months(BEGAN, -36),
        ends_on=ended,
    )
    person = past.placement.beneficiary
    review = EligibilityReviewFactory(beneficiary=person, decided_on=BEGAN)
    period = EligibilityPeriodFactory(review=review, starts_on=BEGAN)
    browser = signed_in(cast.company_user_a)
    day = f"{period.ends_on:%d/%m/%Y}"
    for address in (reverse("beneficiary_detail", args=[person.pk]), reverse("beneficiary_list")):
        page = browser.get(address).content.decode()
        assert "Alphonse" in page and day not in page
    assert browser.get(reverse("eligibility_attestation", args=[person.pk])).status_code == 404


def test_the_search_of_a_company_tells_no_part_of_a_birth_date(cast, signed_in):
    mine = at_work(cast.commitment_a, "Alphonse")
    Beneficiary.objects.filter(pk=mine.placement.beneficiary_id).update(birth_date="1987-03-04")
    for user, is_told in ((cast.company_user_a, False), (cast.facilitator, True)):
        page = signed_in(user).get(reverse("search"), {"q": "alphonse"}).content.decode()
        assert "Alphonse" in page and ("1987" in page) is is_told


# --- The interface -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        '{"assignment": %d, "hours": "\\ud800"}',
        '{"assignment": %d, "hours": "12\\u0000"}',
        '{"assignment": %d, "hours": 1, "kind": "\\u0000"}',
        '{"assignment": %d, "hours": 1, "kind": "\\udfff"}',
        '{"assignment": %d, "hours": 1, "market": "\\ud800"}',
        '{"assignment": %d, "hours": 1e400}',
        '{"assignment": %d, "hours": NaN}',
        '{"assignment": %d, "hours": {"a": [1]}}',
        '{"assignment": %d, "hours": ' + "[" * 400 + "]" * 400 + "}",
        '{"assignment": %d, "hours": ' + "9" * 4000 + "}",
        '{"assignment": %d, "hours": "\u0661\u0662", "version": ' + "9" * 4000 + "}",
        '{"assignment": %d, "hours": 12, "\\ud800": 1}',
        '{"person": {"last_name": "\\u0000", "first_name": "\\u0000", "birth_date": "1990-01-01"}, "hours": %d}',
    ],
)
def test_no_line_breaks_the_interface_nor_leaves_what_a_database_does_not_hold(cast, line):
    mine = at_work(cast.commitment_a, "Alphonse")
    answer = ask(cast.company_a, "PUT", HOURS, '{"lines": [' + line % mine.pk + "]}")
    assert answer.status_code < 500, answer.content.decode()[:300]
    for row in ApiAnswer.objects.all():
        kept = json.dumps(row.answer, ensure_ascii=False)
        assert "\\u0000" not in kept and "\x00" not in kept
        kept.encode()


def test_a_line_longer_than_a_figure_is_not_cut_into_another_one(cast):
    mine = at_work(cast.commitment_a, "Alphonse")
    ask(cast.company_a, "PUT", HOURS, {"lines": [{"assignment": mine.pk, "hours": "12" + " " * 70 + "5"}]})
    assert not HoursEntry.objects.filter(hours=12).exists()


# --- What counts ---------------------------------------------------------------------------------------------


def test_hours_that_an_employer_keeps_to_itself_hold_back_nobody_else_s(cast):
    mine = at_work(cast.commitment_a, "Alphonse")
    person = mine.placement.beneficiary
    theirs = AssignmentFactory(
        placement=PlacementFactory(beneficiary=person, employer=cast.company_b, starts_on=BEGAN),
        commitment=cast.commitment_b,
        starts_on=BEGAN,
        review=mine.review,
        positioned_on=BEGAN,
    )
    # 151 h that company B writes and does not send, before the 151 h that company A sends: together above 220 h.
    for company, assignment, key in ((cast.company_b, theirs, "b"), (cast.company_a, mine, "a")):
        ask(company, "PUT", HOURS, {"lines": [{"assignment": assignment.pk, "hours": 151}]}, key=key)
    house = UserFactory()
    for company, validated in ((cast.company_a, [Decimal("151.00")]), (cast.company_b, [])):
        row = services.start_declaration(company=company, month=LAST, by=None)
        services.submit_declaration(declaration=row, by=None, name="Lou")
        report = validate_hours(entries=row.entries.to_validate(), user=house, only_those_that_count=True)
        assert [entry.hours for entry in report.validated] == validated
    counted = HoursEntry.objects.counted().get()
    assert (counted.assignment_id, counted.counted_hours) == (mine.pk, Decimal("151.00"))
