"""The link that asks one question: what it opens, to whom, once; and what it never opens."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from beneficiaries.models import Outcome, Referrer
from beneficiaries.models.people import BARE_NAME
from beneficiaries.services.outcomes import record_outcome
from core.links import make_link
from core.models import AccessLink
from markets.models import Task
from tests.beneficiaries.clock import on_day
from tests.factories import BeneficiaryFactory, OutcomeFactory, PrescriberFactory, eligible_assignment

pytestmark = pytest.mark.django_db
D = dt.date


@pytest.fixture(autouse=True)
def may():
    with on_day(D(2026, 5, 4)) as clock:
        yield clock


@pytest.fixture
def outcome(cast: Any) -> Outcome:
    referrer = Referrer.objects.create(
        prescriber=PrescriberFactory(name="Mission locale du Parc"),
        first_name="Renée",
        last_name="Férent",
        email="renee@mission.example",
    )
    person = BeneficiaryFactory(
        last_name="Kaci",
        first_name="Lina",
        email="lina@example.org",
        referrer=referrer,
        address="3 rue du Parc",
    )
    eligible_assignment(beneficiary=person, commitment=cast.commitment_a)
    return OutcomeFactory(beneficiary=person)


def ask(client: Client, outcome: Outcome, to: str) -> str:
    """Send the question from the page; the address that the e-mail holds."""
    client.post(reverse("outcome_link", args=[outcome.pk]), {"a": to})
    found = re.search(r"https?://[^\s]+(/situation/[^\s]+)", mail.outbox[-1].body)
    assert found
    return found[1]


def test_the_person_answers_one_question_without_account_and_the_answer_says_so(cast, signed_in, outcome):
    address = ask(signed_in(cast.facilitator), outcome, "person")
    assert mail.outbox[-1].to == ["lina@example.org"] and "Bonjour Lina" in mail.outbox[-1].body
    anonymous = Client(enforce_csrf_checks=True)
    answer = anonymous.get(address)
    page = answer.content.decode()
    assert "Bonjour Lina, où en êtes-vous aujourd’hui" in page
    # Nothing of the path, of the file or of the house's other people.
    for secret in (
        "Kaci",
        "lina@",
        "rue du Parc",
        "ALPHA",
        "Alpha",
        "31/01",
        "Mission locale",
        "Renée",
        "RSA",
    ):
        assert secret not in page
    assert answer["Referrer-Policy"] == "same-origin" and answer["Cache-Control"] == "private, no-store"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    page = anonymous.post(
        address, {"situation": "cdd_long", "csrfmiddlewaretoken": token[1]}
    ).content.decode()
    assert "Merci, c’est noté" in page
    outcome.refresh_from_db()
    assert (outcome.situation, outcome.source, outcome.recorded_on, outcome.recorded_by) == (
        "cdd_long",
        "person",
        D(2026, 5, 4),
        None,
    )


def test_the_referrer_is_asked_about_a_first_name_and_an_initial(cast, signed_in, outcome):
    address = ask(signed_in(cast.facilitator), outcome, "referrer")
    assert mail.outbox[-1].to == ["renee@mission.example"]
    assert "Vous accompagnez Lina K" in mail.outbox[-1].body and "Kaci" not in mail.outbox[-1].body
    page = Client().get(address).content.decode()
    assert "Où en est Lina aujourd’hui" in page and "Kaci" not in page
    Client().post(address, {"situation": "training"})
    outcome.refresh_from_db()
    assert (outcome.situation, outcome.source) == ("training", "referrer")


def test_a_link_serves_once_and_the_other_one_dies_with_it(cast, signed_in, outcome):
    client = signed_in(cast.facilitator)
    first, second = ask(client, outcome, "person"), ask(client, outcome, "referrer")
    Client().post(first, {"situation": "cdi"})
    for address in (first, second):
        for answer in (Client().get(address), Client().post(address, {"situation": "seeking"})):
            assert answer.status_code == 404
            assert "n’ouvre plus rien" in answer.content.decode() and "Lina" not in answer.content.decode()
    outcome.refresh_from_db()
    assert outcome.situation == "cdi"


def test_a_link_dies_after_thirty_days_and_when_another_is_sent(cast, signed_in, outcome, may):
    client = signed_in(cast.facilitator)
    first = ask(client, outcome, "person")
    second = ask(client, outcome, "person")
    assert first != second and Client().get(first).status_code == 404
    may.shift(dt.timedelta(days=29))
    assert Client().get(second).status_code == 200
    may.shift(dt.timedelta(days=2))
    assert Client().get(second).status_code == 404


@pytest.mark.parametrize("field", ["archived_on", "anonymised_on"])
def test_a_link_opens_nothing_once_the_file_is_put_away(cast, signed_in, outcome, field):
    address = ask(signed_in(cast.facilitator), outcome, "person")
    person = outcome.beneficiary
    setattr(person, field, D(2026, 5, 4))
    if field == "anonymised_on":
        person.last_name, person.birth_date, person.address, person.email = BARE_NAME, None, "", ""
    person.save()
    assert Client().get(address).status_code == 404


def test_a_link_opens_nothing_once_the_house_has_answered_or_the_question_fell(cast, signed_in, outcome):
    client = signed_in(cast.facilitator)
    address = ask(client, outcome, "person")
    record_outcome(outcome=outcome, situation="seeking", user=cast.facilitator)
    assert Client().get(address).status_code == 404
    other = OutcomeFactory(beneficiary=BeneficiaryFactory(email="a@example.org"))
    address = ask(client, other, "person")
    other.cancelled_on = D(2026, 5, 4)
    other.save()
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 43, "..", "%27%20OR%201=1", "é" * 10])
def test_a_guessed_token_opens_nothing(token):
    answer = Client().get(f"/situation/{token}/")
    assert answer.status_code == 404


def test_a_link_of_another_kind_opens_nothing_here(cast, outcome):
    made = make_link(
        kind="declaration", object_id=outcome.pk, email="x@example.org", days=3, by=cast.facilitator
    )
    assert Client().get(reverse("outcome_answer", args=[made.token])).status_code == 404


def test_nothing_but_the_situation_is_taken_from_what_is_sent(cast, signed_in, outcome):
    other = OutcomeFactory()
    address = ask(signed_in(cast.facilitator), outcome, "person")
    for wrong in ("no_news", "unknown", "<script>", "", "cdi' OR '1'='1"):
        answer = Client().post(address, {"situation": wrong})
        assert answer.status_code == 200 and "Choisissez une réponse" in answer.content.decode()
    Client().post(
        address,
        {
            "situation": "cdi",
            "outcome": other.pk,
            "pk": other.pk,
            "source": "house",
            "hired_by_awardee": "oui",
            "note": "<script>",
            "recorded_on": "2020-01-01",
        },
    )
    outcome.refresh_from_db()
    other.refresh_from_db()
    assert other.situation == ""
    assert (outcome.source, outcome.hired_by_awardee, outcome.note) == ("person", None, "")


def test_the_token_itself_is_kept_nowhere_but_in_the_e_mail(cast, signed_in, outcome):
    address = ask(signed_in(cast.facilitator), outcome, "person")
    token = address.split("/")[2]
    link = AccessLink.objects.get()
    assert token not in f"{link.digest} {link.email} {link.kind}"
    assert not Task.objects.filter(details__contains=token).exists()


def test_nobody_is_written_to_without_address_or_before_the_day(cast, signed_in, outcome):
    client = signed_in(cast.facilitator)
    bare = OutcomeFactory()
    page = client.post(reverse("outcome_link", args=[bare.pk]), {"a": "person"}, follow=True).content.decode()
    assert "n’a pas d’adresse électronique" in page
    later = OutcomeFactory(beneficiary=outcome.beneficiary, milestone="m12", due_on=D(2027, 1, 31))
    page = client.post(
        reverse("outcome_link", args=[later.pk]), {"a": "person"}, follow=True
    ).content.decode()
    assert "n’est pas à recueillir aujourd’hui" in page
    client.post(reverse("outcome_link", args=[outcome.pk]), {"a": "everybody"})
    assert mail.outbox == []


def test_a_company_and_a_buyer_see_no_situation(cast, signed_in, outcome):
    for user in (cast.company_user_a, cast.buyer_user_a):
        assert not Outcome.objects.visible_to(user).exists()
        for name in ("outcome_record", "outcome_link"):
            assert signed_in(user).post(reverse(name, args=[outcome.pk])).status_code == 403
