"""What the house tells the référent de parcours: written, sent to the right address, awaited when it is late."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import ApplicationState, FeedbackMoment
from beneficiaries.models import ReferrerFeedback
from beneficiaries.recruitment_daily import remind_feedback
from core.models import Message
from markets.models import Task
from tests.beneficiaries.recruitment import award_of, make_application, make_offer, make_recipient
from tests.factories import (
    BeneficiaryFactory,
    PlacementFactory,
    PrescriberFactory,
    ReferrerFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 6, 15)


def write(client, person, query="", **changes):
    address = f"{reverse('feedback_create', args=[person.pk])}{query}"
    page = client.get(address)
    form = page.context["form"]
    data = {
        "moment": form["moment"].value(),
        "email": form["email"].value(),
        "progress": "Ponctuel, appliqué",
        "obstacles": "",
        "next_steps": "",
        **changes,
    }
    return client.post(address, data, follow=True)


def test_a_feedback_goes_to_the_referrer_and_stays_in_the_file(cast, signed_in):
    prescriber = PrescriberFactory(email="accueil@mission.example")
    referrer = ReferrerFactory(prescriber=prescriber, last_name="Petit", email="petit@mission.example")
    person = BeneficiaryFactory(
        last_name="Diallo", first_name="Awa", prescriber=prescriber, referrer=referrer
    )
    row = make_application(make_offer(award_of(cast.commitment_a), title="Peintre"), person)
    page = write(
        signed_in(cast.facilitator),
        person,
        f"?candidature={row.pk}",
        obstacles="Mobilité avant 7 h",
        next_steps="Atelier code de la route",
    )
    assert "Ponctuel, appliqué" in page.content.decode()
    feedback = ReferrerFeedback.objects.get()
    assert (feedback.application, feedback.referrer, feedback.moment) == (
        row,
        referrer,
        FeedbackMoment.BEFORE,
    )
    message = mail.outbox[0]
    assert message.to == ["petit@mission.example"]
    assert "Awa" not in message.subject
    assert "Diallo" not in message.subject
    for words in ("Awa Diallo", "Ponctuel", "Mobilité avant 7 h", "Atelier code", "Peintre"):
        assert words in message.body
    # Its words go when the person is anonymised.
    assert Message.objects.get().person_number == person.pk


def test_without_referrer_it_goes_to_the_prescriber_and_without_address_it_is_only_kept(cast, signed_in):
    client = signed_in(cast.facilitator)
    write(client, BeneficiaryFactory(prescriber=PrescriberFactory(email="accueil@mission.example")))
    assert mail.outbox[0].to == ["accueil@mission.example"]
    alone = BeneficiaryFactory()
    write(client, alone)
    assert len(mail.outbox) == 1
    assert ReferrerFeedback.objects.get(beneficiary=alone).sent_at is None


def test_a_feedback_says_something_and_is_about_this_person(cast, signed_in):
    person = BeneficiaryFactory()
    client = signed_in(cast.facilitator)
    page = write(client, person, progress="  ")
    assert "au moins un progrès, un frein ou une suite" in page.content.decode()
    foreign = make_application(make_offer(award_of(cast.commitment_a)), BeneficiaryFactory())
    for query in (f"?candidature={foreign.pk}", f"?contrat={PlacementFactory().pk}", "?candidature=abc"):
        assert client.get(f"{reverse('feedback_create', args=[person.pk])}{query}").status_code == 404
    assert not ReferrerFeedback.objects.exists()


def test_a_text_too_long_is_refused_and_kept(cast, signed_in):
    page = write(signed_in(cast.facilitator), BeneficiaryFactory(), obstacles="y" * 4_001)
    assert "dépasse 4000 caractères" in page.content.decode()
    assert "Ponctuel, appliqué" in page.content.decode()


def test_the_moment_is_proposed_from_the_contract(cast, signed_in):
    client = signed_in(cast.facilitator)
    person = BeneficiaryFactory()
    ended = PlacementFactory(beneficiary=person, starts_on=dt.date(2025, 1, 6), ends_on=dt.date(2025, 3, 31))
    running = PlacementFactory(beneficiary=person, starts_on=dt.date(2026, 1, 5))
    for step, moment in ((ended, "after"), (running, "during")):
        page = client.get(f"{reverse('feedback_create', args=[person.pk])}?contrat={step.pk}")
        assert page.context["form"]["moment"].value() == moment


def test_the_tab_of_a_person_shows_what_was_told_and_leads_to_writing(cast, signed_in, followed):
    client = signed_in(cast.facilitator)
    step = PlacementFactory(beneficiary=followed)
    for n in range(3):
        write(client, followed, f"?contrat={step.pk}", progress=f"Progrès numéro {n}")
    text = client.get(reverse("person_follow_up", args=[followed.pk])).content.decode()
    assert reverse("feedback_create", args=[followed.pk]) in text
    assert "Progrès numéro 2" in text
    assert "envoyé à" in text


# --- Each morning -----------------------------------------------------------------------------------------------------


@pytest.fixture
def followed():
    return BeneficiaryFactory(prescriber=PrescriberFactory(email="accueil@mission.example"))


def test_a_referrer_who_hears_nothing_for_three_weeks_opens_a_deadline_once(cast, followed):
    row = make_application(
        make_offer(award_of(cast.commitment_a)), followed, proposed_on=TODAY - dt.timedelta(days=21)
    )
    assert remind_feedback(TODAY - dt.timedelta(days=1)) == 0
    assert remind_feedback(TODAY) == 1
    assert remind_feedback(TODAY) == 0
    assert remind_feedback(TODAY + dt.timedelta(days=1)) == 0
    task = Task.objects.get()
    assert (task.key, task.person_number) == (f"application:{row.pk}:feedback", followed.pk)
    assert task.due_on == TODAY + dt.timedelta(days=7)
    assert task not in Task.objects.visible_to(cast.company_user_a)


def test_writing_the_feedback_closes_its_deadline_and_three_weeks_later_another_is_due(
    cast, followed, signed_in
):
    today = timezone.localdate()
    row = make_application(
        make_offer(award_of(cast.commitment_a)), followed, proposed_on=today - dt.timedelta(days=30)
    )
    remind_feedback(today)
    write(signed_in(cast.facilitator), followed, f"?candidature={row.pk}")
    assert not Task.objects.open().exists()
    assert remind_feedback(today + dt.timedelta(days=20)) == 0
    assert remind_feedback(today + dt.timedelta(days=21)) == 1


def test_a_deadline_closed_by_hand_is_not_asked_again_the_next_day(cast, followed):
    row = make_application(
        make_offer(award_of(cast.commitment_a)), followed, proposed_on=TODAY - dt.timedelta(days=40)
    )
    TaskFactory(
        key=f"application:{row.pk}:feedback",
        market=cast.commitment_a.market,
        since=TODAY - dt.timedelta(days=9),
        due_on=TODAY - dt.timedelta(days=2),
        done_on=TODAY - dt.timedelta(days=1),
    )
    assert remind_feedback(TODAY) == 0
    assert remind_feedback(TODAY + dt.timedelta(days=20)) == 1


def test_a_decision_is_told_a_week_after(cast, followed):
    make_application(
        make_offer(award_of(cast.commitment_a)),
        followed,
        proposed_on=TODAY - dt.timedelta(days=10),
        state=ApplicationState.REJECTED,
        rejection="skills",
        decided_on=TODAY - dt.timedelta(days=7),
    )
    assert remind_feedback(TODAY) == 1


def test_nobody_to_tell_and_an_old_decision_open_nothing(cast, followed):
    offer = make_offer(award_of(cast.commitment_a))
    make_application(offer, BeneficiaryFactory(), proposed_on=TODAY - dt.timedelta(days=40))
    make_application(
        offer,
        followed,
        proposed_on=TODAY - dt.timedelta(days=200),
        state=ApplicationState.REJECTED,
        rejection="skills",
        decided_on=TODAY - dt.timedelta(days=61),
    )
    # Without a file, there is nothing to say of anyone.
    make_application(offer, proposed_on=TODAY - dt.timedelta(days=40), recipient=make_recipient(offer))
    assert remind_feedback(TODAY) == 0


def test_the_end_of_a_mission_is_told_unless_another_contract_continues_it(cast, followed, signed_in):
    first = PlacementFactory(
        beneficiary=followed, starts_on=dt.date(2026, 1, 5), ends_on=TODAY - dt.timedelta(days=40)
    )
    last = PlacementFactory(
        beneficiary=followed,
        previous=first,
        starts_on=TODAY - dt.timedelta(days=39),
        ends_on=TODAY - dt.timedelta(days=1),
    )
    PlacementFactory(
        beneficiary=followed, starts_on=dt.date(2025, 1, 6), ends_on=TODAY - dt.timedelta(days=61)
    )
    assert remind_feedback(TODAY) == 1
    task = Task.objects.get()
    assert (task.key, task.person_number) == (f"placement:{last.pk}:feedback", followed.pk)
    write(signed_in(cast.facilitator), followed, f"?contrat={last.pk}", moment="after")
    assert not Task.objects.open().exists()
    assert remind_feedback(TODAY + dt.timedelta(days=1)) == 0
