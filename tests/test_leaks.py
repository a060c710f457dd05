"""Rule 9 over the whole application: what A reads at every address, its own and B's, holds no word that is not A's.

People and grounds bear words that stand nowhere else; every page, export and document is searched for them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from beneficiaries.models import Application, Beneficiary, FollowUp, Outcome
from clauses.progress import hours_counted
from core.text import normalise
from markets.services.tasks import open_task
from tests.expectations import expected_status
from tests.factories import (
    BeneficiaryFactory,
    Cast,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    eligible_assignment,
    make_cast,
)
from tests.test_url_matrix import ABOUT_NOBODY, declared

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NAME_A, NAME_B, ARCHIVED = "Quokkalpha", "Wombatbravo", "Archivissimo"
GROUND = "Motifkryptonique"
EXPORTED = re.compile(r"href=\"([^\"]*[?&](?:amp;)?export=csv[^\"]*)\"")


def person_of(commitment: Any, name: str, **given: Any) -> Any:
    """Someone at work for that commitment since March 2026, with grounds in every text that may tell one."""
    person = BeneficiaryFactory(last_name=name, first_name=f"Prénom{name}", **given)
    sensitive = EligibilityCriterionFactory(
        code="rqth",
        label=f"{GROUND} critère",
        proof=f"{GROUND} preuve",
        sensitive=True,
        proof_max_age_months=None,
    )
    assignment = eligible_assignment(
        beneficiary=person, commitment=commitment, starts_on=dt.date(2026, 3, 2), criteria=[sensitive]
    )
    HoursEntryFactory(assignment=assignment, month=dt.date(2026, 3, 1), hours=Decimal("70.00"), counted=True)
    HoursEntryFactory(
        assignment=assignment, month=dt.date(2026, 4, 1), hours=Decimal("71.00"), state="submitted"
    )
    EligibilityReviewFactory(
        beneficiary=person,
        refused=True,
        decided_on=dt.date(2024, 5, 2),
        refusal_reason=f"{GROUND} refus",
        note=f"{GROUND} remarque",
    )
    FollowUp.objects.create(beneficiary=person, happened_on=dt.date(2026, 4, 1), text=f"{GROUND} note")
    return assignment


def as_b(cast: Cast) -> Cast:
    """The same cast, with B in the place of A: what the addresses are made from."""
    return dataclasses.replace(
        cast,
        buyer_a=cast.buyer_b,
        buyer_user_a=cast.buyer_user_b,
        company_a=cast.company_b,
        company_user_a=cast.company_user_b,
        commitment_a=cast.commitment_b,
        other_commitment_a=cast.commitment_b,
    )


def mark_new_people(known: set[int], name: str) -> None:
    """Whoever was made for an address bears the name of its side, and its grounds say so."""
    for person in Beneficiary.objects.exclude(pk__in=known).order_by("pk"):
        person.last_name = f"{name}{person.pk}"
        person.save()
    for row in Outcome.objects.order_by("pk"):
        row.note = f"{GROUND} situation"
        row.save()
    for row in Application.objects.order_by("pk"):
        row.note = f"{GROUND} candidature"
        row.save()


def words_of(response: Any) -> str:
    """What an answer says, whatever its form."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    kind = response.get("Content-Type", "")
    if kind.startswith("application/pdf"):
        from pypdf import PdfReader

        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return body.decode("utf-8", "replace")


def holds(text: str, word: str) -> bool:
    """Whether the word stands there, as it is or as the search writes it."""
    return word in text or normalise(word) in normalise(text)


def answers(browser: Client, address: str) -> Iterator[tuple[str, str]]:
    """(address, words) of a page, and of the table that it exports."""
    response = browser.get(address)
    text = words_of(response)
    yield address, text
    found = EXPORTED.search(text)
    if found and response.status_code == 200:
        export = found[1].replace("&amp;", "&")
        yield export, words_of(browser.get(export if export.startswith("/") else address + export))


def crawl(cast: Cast, user: Any, side: Cast, name: str, forbidden: tuple[str, ...]) -> list[str]:
    """Every address made for a side, read by `user`: those whose answer holds a forbidden word, and which."""
    expected, kwargs = declared()
    leaks = []
    known = set(Beneficiary.objects.values_list("pk", flat=True))
    for url_name in sorted(expected):
        # The wrong role gets a refusal that says nothing; `test_url_matrix` proves it.
        if url_name.startswith(ABOUT_NOBODY) or expected_status(expected[url_name], user.role) in (403, 405):
            continue
        with transaction.atomic():
            browser = Client()
            browser.force_login(user)
            made = kwargs[url_name](side) if url_name in kwargs else {}
            mark_new_people(known, name)
            for address, text in answers(browser, reverse(url_name, kwargs=made)):
                leaks += [f"{url_name} ({address}): {word}" for word in forbidden if holds(text, word)]
            transaction.set_rollback(True)
    return leaks


@pytest.fixture
def peopled() -> Cast:
    """The cast, with someone at work on each side, and someone of A in the restricted archive."""
    cast = make_cast()
    person_of(cast.commitment_a, NAME_A)
    person_of(cast.commitment_b, NAME_B)
    gone = person_of(cast.commitment_a, ARCHIVED, archived_on=dt.date(2026, 5, 4))
    Outcome.objects.create(
        beneficiary=gone.placement.beneficiary,
        milestone="exit",
        exit_on=dt.date(2026, 4, 30),
        due_on=dt.date(2026, 7, 30),
    )
    open_task(
        title=f"Rappeler {ARCHIVED}",
        market=cast.commitment_a.market,
        person=gone.placement.beneficiary_id,
        key="archived",
        by=cast.facilitator,
    )
    return cast


def page(user: Any, name: str, *args: Any, **asked: str) -> str:
    browser = Client()
    browser.force_login(user)
    return words_of(browser.get(reverse(name, args=args), asked))


def test_the_words_are_read_by_who_may_read_them(peopled: Cast) -> None:
    person = Beneficiary.objects.get(last_name=NAME_A)
    assert holds(page(peopled.company_user_a, "beneficiary_list"), NAME_A)
    eligibility = page(peopled.facilitator, "beneficiary_eligibility", person.pk)
    assert holds(eligibility, f"{GROUND} critère")
    assert holds(eligibility, f"{GROUND} refus")
    assert holds(page(peopled.admin, "archive_list"), ARCHIVED)
    assert holds(page(peopled.admin, "market_people", peopled.commitment_a.market_id), ARCHIVED)


def test_a_company_reads_nobody_else_s_people_and_no_ground(peopled: Cast) -> None:
    user = peopled.company_user_a
    assert crawl(peopled, user, peopled, NAME_A, (NAME_B, GROUND, ARCHIVED)) == []
    assert crawl(peopled, user, as_b(peopled), NAME_B, (NAME_B, GROUND, ARCHIVED)) == []


def test_a_buyer_reads_nobody_at_all_and_no_ground(peopled: Cast) -> None:
    user = peopled.buyer_user_a
    forbidden = (NAME_A, NAME_B, GROUND, ARCHIVED)
    assert crawl(peopled, user, peopled, NAME_A, forbidden) == []
    assert crawl(peopled, user, as_b(peopled), NAME_B, forbidden) == []


def test_a_facilitator_reads_nobody_of_the_restricted_archive(peopled: Cast) -> None:
    user = peopled.facilitator
    assert crawl(peopled, user, peopled, NAME_A, (ARCHIVED,)) == []
    for asked in (ARCHIVED[:6], f"Prénom{ARCHIVED[:4]}"):
        assert ARCHIVED not in page(user, "search", q=asked)
        assert ARCHIVED not in page(user, "lookup", "person", q=asked)
    # The hours still count on the market.
    commitment = peopled.commitment_a.pk
    assert hours_counted([commitment]) == {commitment: Decimal("140.00")}
