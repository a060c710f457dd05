"""Meetings and their invitations, and the secret address of a person's calendar."""

import datetime as dt

import icalendar
import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.services import deactivate_user, reactivate_user
from clauses.models import Interaction
from core.models import Message
from markets.models import Task
from tests.factories import (
    AssignmentFactory,
    ContactFactory,
    InteractionFactory,
    MarketFactory,
    MeetingFactory,
    ResponsibilityFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
PARIS = timezone.get_default_timezone()


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


def in_days(days):
    return timezone.localdate() + dt.timedelta(days=days)


def events(content):
    calendar = icalendar.Calendar.from_ical(content)
    return calendar, {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}


def typed(**changes):
    return {
        "day": "4/5/2099",
        "clock": "14h30",
        "duration": "90",
        "place": "Mairie, salle 2",
        "with_buyer": "on",
        "with_company": "on",
        "details": "- Engagement d’insertion",
        **changes,
    }


def planned(house, cast, **changes):
    market = cast.commitment_a.market
    house.post(reverse("market_meeting_create", args=[market.pk]) + "?reunion=launch", typed(**changes))
    return Task.objects.get(kind="meeting")


# --- Meetings -----------------------------------------------------------------------------------------------


def test_the_launch_is_proposed_before_the_kick_off_with_an_agenda(house, cast):
    address = reverse("market_meeting_create", args=[cast.commitment_a.market_id])
    first = house.get(address)
    assert first.context["form"].initial["with_buyer"] and "Engagement d’insertion" in first.content.decode()
    early = house.get(address + "?reunion=kick_off").content.decode()
    assert "La réunion de lancement" in early and "vient d’abord" in early
    planned(house, cast)
    then = house.get(address)
    assert not then.context["form"].initial["with_buyer"]
    assert "Liste des SIAE et GEIQ" in then.content.decode() and "vient d’abord" not in then.content.decode()


def test_a_meeting_is_planned_at_paris_time_and_read_by_those_asked_to_it(house, cast, signed_in):
    meeting = planned(house, cast)
    assert meeting.starts_at == dt.datetime(2099, 5, 4, 12, 30, tzinfo=dt.UTC)
    assert (meeting.due_on, meeting.duration) == (dt.date(2099, 5, 4), 90)
    assert meeting.title == "Réunion de lancement, marché ALPHA-1"
    for user in (cast.buyer_user_a, cast.company_user_a):
        html = signed_in(user).get(reverse("meeting_detail", args=[meeting.pk])).content.decode()
        assert "04/05/2099 à 14:30" in html and "Engagement d’insertion" in html
        assert "Envoyer l’invitation" not in html and "Historique" not in html


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"clock": "25h"}, "clock", "n’est pas une heure"),
        ({"clock": "14h75"}, "clock", "n’est pas une heure"),
        ({"day": "4/5/2024"}, "day", "Ce moment est passé"),
        ({"day": "31/2/2099"}, "day", "n’existe pas"),
        ({"duration": "-5"}, "duration", "supérieur"),
        ({"duration": "1e17"}, "duration", "nombre entier"),
    ],
)
def test_bad_input_of_a_meeting_stands_beside_its_field(house, cast, changes, field, sentence):
    page = house.post(reverse("market_meeting_create", args=[cast.commitment_a.market_id]), typed(**changes))
    errors = {name: list(found) for name, found in page.context["form"].errors.items()}
    assert list(errors) == [field] and sentence in errors[field][0]
    assert not Task.objects.exists()


def test_the_file_of_a_meeting_says_when_where_and_what_about(house, cast):
    meeting = planned(house, cast)
    response = house.get(reverse("meeting_file", args=[meeting.pk]))
    assert response["Content-Type"].startswith("text/calendar")
    calendar, found = events(response.content)
    event = found[meeting.title]
    assert calendar["METHOD"] == "PUBLISH" and calendar["VERSION"] == "2.0" and calendar["PRODID"]
    assert event["DTSTART"].dt == dt.datetime(2099, 5, 4, 12, 30, tzinfo=dt.UTC)
    assert event["DTEND"].dt == dt.datetime(2099, 5, 4, 14, 0, tzinfo=dt.UTC)
    assert event["LOCATION"] == "Mairie, salle 2" and "Engagement d’insertion" in event["DESCRIPTION"]
    assert str(event["UID"]).startswith(f"task-{meeting.pk}@") and event["DTSTAMP"]
    assert event["SEQUENCE"] == 0 and event["STATUS"] == "CONFIRMED"


def sent_calendar(message):
    (attachment,) = message.attachments
    name, content, kind = attachment
    assert (name, kind.split(";")[0]) == ("reunion.ics", "text/calendar")
    part = message.message().get_payload()[1]
    assert part.get_param("method") == kind.partition("method=")[2] and part.get_param("charset") == "utf-8"
    return events(content if isinstance(content, bytes) else content.encode())


def test_an_invitation_goes_to_chosen_contacts_moves_with_the_meeting_and_is_called_off(house, cast):
    meeting = planned(house, cast)
    ContactFactory(buyer=cast.buyer_a, name="Paule Achat", email="paule@alpha.example")
    ContactFactory(buyer=None, company=cast.company_a, name="Yann Chantier", email="yann@alpha.example")
    ContactFactory(buyer=cast.buyer_a, name="Partie", email="partie@alpha.example", ends_on=in_days(-2))
    ContactFactory(buyer=cast.buyer_b, name="Autre", email="autre@bravo.example")
    address = reverse("meeting_invite", args=[meeting.pk])
    html = house.get(address).content.decode()
    assert "paule@alpha.example" in html and "yann@alpha.example" in html
    assert "partie@alpha.example" not in html and "autre@bravo.example" not in html
    given = {"contacts": ["paule@alpha.example"], "others": "amo@bureau.example; PAULE@alpha.example"}
    house.post(address, given)
    house.post(address, given)
    (message,) = mail.outbox
    assert message.to == ["amo@bureau.example", "paule@alpha.example"]
    assert "04/05/2099 à 14:30" in message.subject and "Mairie, salle 2" in message.body
    calendar, found = sent_calendar(message)
    event = found[meeting.title]
    assert calendar["METHOD"] == "REQUEST" and event["SEQUENCE"] == 0
    assert str(event["ORGANIZER"]) == f"mailto:{cast.facilitator.email}"
    assert {str(guest) for guest in event["ATTENDEE"]} == {
        "mailto:amo@bureau.example",
        "mailto:paule@alpha.example",
    }

    # Moved: the same guests get the next version of the same event.
    house.post(reverse("meeting_edit", args=[meeting.pk]), typed(day="11/5/2099", clock="9h"))
    calendar, found = sent_calendar(mail.outbox[1])
    moved = found[meeting.title]
    assert mail.outbox[1].to == message.to and calendar["METHOD"] == "REQUEST"
    assert moved["UID"] == event["UID"] and moved["SEQUENCE"] == 1
    assert moved["DTSTART"].dt == dt.datetime(2099, 5, 11, 7, 0, tzinfo=dt.UTC)

    # Participants alone changed: nobody is written to.
    house.post(
        reverse("meeting_edit", args=[meeting.pk]),
        typed(day="11/5/2099", clock="9h", participants="Mme Achat"),
    )
    assert len(mail.outbox) == 2

    house.post(reverse("meeting_cancel", args=[meeting.pk]), {"reason": "Le chantier est arrêté."})
    calendar, found = sent_calendar(mail.outbox[2])
    called_off = found[meeting.title]
    assert calendar["METHOD"] == "CANCEL" and called_off["STATUS"] == "CANCELLED"
    assert called_off["SEQUENCE"] == 2 and "Le chantier est arrêté." in mail.outbox[2].body
    meeting.refresh_from_db()
    assert meeting.cancelled and meeting.done_on == timezone.localdate()
    assert Message.objects.filter(key__startswith="meeting:").count() == 3


def test_a_wrong_address_sends_nothing(house, cast):
    meeting = planned(house, cast)
    for others, sentence in (("pas-une-adresse", "n’est pas une adresse"), ("", "au moins une personne")):
        page = house.post(reverse("meeting_invite", args=[meeting.pk]), {"others": others})
        assert sentence in page.content.decode()
    assert mail.outbox == []


def test_the_report_of_a_meeting_closes_it_and_stands_in_the_journal(house, cast):
    market = cast.commitment_a.market
    meeting = MeetingFactory(
        market=market,
        starts_at=timezone.now() - dt.timedelta(days=2),
        due_on=in_days(-2),
        since=in_days(-20),
        participants="Mme Achat",
    )
    address = reverse("meeting_report", args=[meeting.pk])
    form = house.get(address).context["form"]
    assert (form.initial["channel"], form.initial["on"]) == ("launch", in_days(-2))
    house.post(
        address,
        {
            "on": f"{in_days(-2):%d/%m/%Y}",
            "channel": "launch",
            "reached": "on",
            "summary": "Calendrier arrêté.",
        },
    )
    meeting.refresh_from_db()
    report = Interaction.objects.get()
    assert report.meeting == meeting and meeting.done_on == in_days(-2)
    assert "Calendrier arrêté." in house.get(reverse("meeting_detail", args=[meeting.pk])).content.decode()
    assert house.get(address).status_code == 302
    InteractionFactory(market=market)
    assert Interaction.objects.filter(meeting__isnull=False).count() == 1


def test_a_meeting_without_an_hour_is_fixed_later(house, cast):
    meeting = MeetingFactory(
        market=cast.commitment_a.market,
        starts_at=None,
        due_on=in_days(40),
        since=in_days(-1),
        channel="mid_year",
    )
    page = house.get(reverse("meeting_detail", args=[meeting.pk])).content.decode()
    assert "à fixer avant le" in page and "Fixer la date" in page
    assert house.get(reverse("meeting_invite", args=[meeting.pk])).status_code == 302
    _, found = events(house.get(reverse("meeting_file", args=[meeting.pk])).content)
    assert found[meeting.title]["DTSTART"].dt == in_days(40)
    day = in_days(30)
    house.post(reverse("meeting_edit", args=[meeting.pk]), typed(day=f"{day:%d/%m/%Y}", clock="10"))
    meeting.refresh_from_db()
    assert timezone.localtime(meeting.starts_at).hour == 10 and meeting.due_on == day


# --- The secret address -------------------------------------------------------------------------------------


def made_address(client):
    html = client.post(reverse("calendar_create")).content.decode()
    start = html.index("/calendrier/")
    return html[start : html.index('"', start)]


def test_the_address_is_shown_once_and_reads_without_signing_in(cast, signed_in):
    ResponsibilityFactory(market=cast.commitment_a.market, facilitator=cast.facilitator)
    TaskFactory(market=cast.commitment_a.market, title="Relancer", due_on=in_days(3))
    client = signed_in(cast.facilitator)
    address = made_address(client)
    assert address not in client.get(reverse("reminders")).content.decode()
    cast.facilitator.refresh_from_db()
    assert cast.facilitator.calendar_hash not in address
    response = Client().get(address)
    assert response.status_code == 200 and response["Content-Type"].startswith("text/calendar")
    assert "no-store" in response["Cache-Control"]
    _, found = events(response.content)
    assert found["Relancer"]["DTSTART"].dt == in_days(3)
    assert found["Relancer"]["DTEND"].dt == in_days(4)
    assert str(found["Relancer"]["URL"]).endswith(f"/echeances/{Task.objects.get().pk}/")


def test_another_address_takes_the_first_one_back_and_so_does_revoking(cast, signed_in):
    client = signed_in(cast.company_user_a)
    first = made_address(client)
    second = made_address(client)
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200
    client.post(reverse("calendar_revoke"))
    assert Client().get(second).status_code == 404
    assert Client().get(reverse("calendar_feed", args=["x" * 43])).status_code == 404


def test_a_closed_account_has_no_calendar_and_reopening_revives_none(cast, signed_in):
    address = made_address(signed_in(cast.buyer_user_a))
    deactivate_user(user=cast.buyer_user_a, by=cast.admin)
    assert Client().get(address).status_code == 404
    reactivate_user(user=cast.buyer_user_a, by=cast.admin)
    assert Client().get(address).status_code == 404


def test_each_reads_what_they_may_see_and_no_name_of_a_person(cast, signed_in):
    market_a, market_b = cast.commitment_a.market, cast.commitment_b.market
    person = AssignmentFactory(commitment=cast.commitment_a).placement.beneficiary
    ResponsibilityFactory(market=market_a, facilitator=cast.facilitator)
    TaskFactory(
        market=market_a,
        title="Interne Alpha",
        due_on=in_days(2),
        details=f"{person.first_name} {person.last_name}",
    )
    TaskFactory(market=market_a, title="Approuver Alpha", turn="buyer", due_on=in_days(2))
    TaskFactory(
        market=market_a, company=cast.company_a, title="Répondre Alpha", turn="company", due_on=in_days(2)
    )
    TaskFactory(market=market_b, title="Approuver Bravo", turn="buyer", due_on=in_days(2))
    TaskFactory(market=market_a, title="Sans date Alpha", due_on=None)
    MeetingFactory(market=market_a, title="Lancement Alpha")
    MeetingFactory(market=market_b, title="Lancement Bravo")
    expected = {
        cast.facilitator: {"Interne Alpha", "Approuver Alpha", "Répondre Alpha", "Lancement Alpha"},
        cast.buyer_user_a: {"Approuver Alpha", "Lancement Alpha"},
        cast.company_user_a: {"Répondre Alpha", "Lancement Alpha"},
        cast.buyer_user_b: {"Approuver Bravo", "Lancement Bravo"},
    }
    for user, wanted in expected.items():
        content = Client().get(made_address(signed_in(user))).content
        _, found = events(content)
        assert set(found) == wanted
        assert person.last_name not in content.decode()


def test_a_meeting_called_off_stays_in_the_feed_as_cancelled_and_one_that_was_held_for_a_while(
    cast, signed_in
):
    market = cast.commitment_a.market
    MeetingFactory(market=market, title="Annulée", cancelled=True, done_on=in_days(0), sequence=1)
    for title, days in (("Récente", -30), ("Ancienne", -200)):
        MeetingFactory(
            market=market,
            title=title,
            starts_at=timezone.now() + dt.timedelta(days=days),
            due_on=in_days(days),
            since=in_days(-300),
            done_on=in_days(days),
        )
    _, found = events(Client().get(made_address(signed_in(cast.buyer_user_a))).content)
    assert set(found) == {"Annulée", "Récente"}
    assert found["Annulée"]["STATUS"] == "CANCELLED" and found["Annulée"]["SEQUENCE"] == 1


def test_the_feed_asks_the_same_number_of_queries_whatever_it_holds(
    cast, signed_in, django_assert_max_num_queries
):
    address = made_address(signed_in(cast.facilitator))
    ResponsibilityFactory(market=cast.commitment_a.market, facilitator=cast.facilitator)

    def count():
        with django_assert_max_num_queries(3) as captured:
            Client().get(address)
        return len(captured)

    TaskFactory(market=cast.commitment_a.market)
    one = count()
    for _ in range(6):
        MeetingFactory(market=cast.commitment_a.market)
    assert count() == one


def test_who_guesses_addresses_is_slowed_down(settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "calendar": "3/m/ip"}
    answers = [Client().get(reverse("calendar_feed", args=[f"essai{n}"])).status_code for n in range(5)]
    assert answers == [404, 404, 404, 429, 429]


def test_long_titles_and_marks_of_the_format_survive_the_way(cast, signed_in):
    title = "Relire « l’annexe » ; puis, écrire\\à l’entreprise " + "très " * 20
    TaskFactory(market=None, buyer=cast.buyer_a, turn="buyer", title=title[:200], due_on=in_days(1))
    content = Client().get(made_address(signed_in(cast.buyer_user_a))).content
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    _, found = events(content)
    assert list(found) == [title[:200].strip()] or list(found) == [title[:200]]


def test_a_market_without_titulaire_still_plans_its_meeting(house):
    market = MarketFactory()
    house.post(reverse("market_meeting_create", args=[market.pk]), typed())
    assert Task.objects.get().market == market
