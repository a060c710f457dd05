"""Reminders by e-mail: once, when something waits, as each person chose; and what is done each day."""

import datetime as dt
import io

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.enums import Digest
from clauses.reminders import send_reminders
from core import registry
from core.daily import run_daily
from core.models import Message
from tests.factories import (
    AssignmentFactory,
    MeetingFactory,
    ResponsibilityFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
# A Monday, with what happens around it.
MONDAY = dt.date(2026, 11, 23)


def on(days):
    return MONDAY + dt.timedelta(days=days)


def at_noon(days):
    return dt.datetime.combine(on(days), dt.time(12), tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _invited(cast, time_machine_at_monday):
    """Two of the cast were invited and never came in; the admin wants no reminder but where a test says so."""
    cast.admin.digest = Digest.OFF
    cast.admin.save()
    for user in (cast.limited_a, cast.company_user_b):
        user.set_unusable_password()
        user.save()


@pytest.fixture
def time_machine_at_monday(monkeypatch):
    """The messages of a day bear that day."""
    now = {"at": at_noon(0)}
    monkeypatch.setattr("django.utils.timezone.now", lambda: now["at"])
    return now


def remind(clock, days):
    clock["at"] = at_noon(days)
    return send_reminders(on(days))


def test_the_house_reads_what_is_late_what_comes_and_whom_to_chase(cast, time_machine_at_monday):
    market = cast.commitment_a.market
    ResponsibilityFactory(market=market, facilitator=cast.facilitator)
    TaskFactory(market=market, title="Envoyer la préconisation", since=on(-30), due_on=on(-10))
    TaskFactory(market=market, title="Approuver le courrier", turn="buyer", since=on(-30), due_on=on(-3))
    TaskFactory(market=market, title="Appeler l’entreprise", since=on(-2), due_on=on(7))
    TaskFactory(market=market, title="Dans un mois", since=on(-2), due_on=on(30))
    TaskFactory(market=cast.commitment_b.market, title="D’un autre portefeuille", since=on(-9), due_on=on(-3))
    MeetingFactory(market=market, title="Lancement", starts_at=at_noon(2), due_on=on(2), since=on(-9))
    MeetingFactory(market=market, title="Mise au point", starts_at=at_noon(-4), due_on=on(-4), since=on(-9))
    assert (
        remind(time_machine_at_monday, 0) == 3
    )  # the buyer must approve, the company is asked to the meeting
    (message,) = [sent for sent in mail.outbox if sent.to == [cast.facilitator.email]]
    assert "5 échéances" in message.subject
    body = message.body
    order = [
        "En retard, à vous d’agir",
        "Envoyer la préconisation (ALPHA-1, Ville d’Alpha), avant le 13/11/2026 (10 jours de retard)",
        "Sans réponse, à relancer",
        "Approuver le courrier",
        "attendu de Ville d’Alpha",
        "Dans les sept jours",
        "Appeler l’entreprise",
        "Réunions à venir",
        "Lancement (ALPHA-1, Ville d’Alpha), le 25/11/2026 à 13:00",
        "compte rendu à noter",
        "Mise au point",
    ]
    places = [body.index(words) for words in order]
    assert places == sorted(places)
    assert "Dans un mois" not in body and "autre portefeuille" not in body
    assert reverse("task_list") in body and reverse("reminders") in body


def test_nobody_is_written_to_twice_a_day_nor_twice_a_week(cast, time_machine_at_monday):
    TaskFactory(market=cast.commitment_a.market, turn="buyer", title="Approuver", since=on(-9), due_on=on(3))
    assert [remind(time_machine_at_monday, days) for days in (0, 0, 1, 4, 6)] == [1, 0, 0, 0, 0]
    assert remind(time_machine_at_monday, 7) == 1
    assert [sent.to for sent in mail.outbox] == [[cast.buyer_user_a.email]] * 2


def test_each_day_writes_on_working_days_only(cast, time_machine_at_monday):
    cast.buyer_user_a.digest = Digest.DAILY
    cast.buyer_user_a.save()
    TaskFactory(market=cast.commitment_a.market, turn="buyer", since=on(-9), due_on=on(3))
    assert [remind(time_machine_at_monday, days) for days in range(7)] == [1, 1, 1, 1, 1, 0, 0]


def test_a_monday_without_run_is_made_up_for_in_the_week(cast, time_machine_at_monday):
    TaskFactory(market=cast.commitment_a.market, turn="buyer", since=on(-9), due_on=on(3))
    assert remind(time_machine_at_monday, 2) == 1
    assert remind(time_machine_at_monday, 3) == 0


def test_who_switched_them_off_never_came_in_or_left_gets_none(cast, time_machine_at_monday):
    TaskFactory(market=cast.commitment_a.market, turn="buyer", since=on(-9), due_on=on(3))
    TaskFactory(market=cast.commitment_b.market, turn="buyer", since=on(-9), due_on=on(3))
    cast.buyer_user_a.digest = Digest.OFF
    cast.buyer_user_a.save()
    cast.buyer_user_b.is_active = False
    cast.buyer_user_b.save()
    assert remind(time_machine_at_monday, 0) == 0
    assert mail.outbox == []


def test_nothing_is_sent_when_nothing_waits(cast, time_machine_at_monday):
    TaskFactory(market=cast.commitment_a.market, since=on(-9), due_on=on(30))
    assert remind(time_machine_at_monday, 0) == 0


def test_an_admin_learns_how_much_is_late_on_files_that_nobody_follows(cast, time_machine_at_monday):
    cast.admin.digest = Digest.WEEKLY
    cast.admin.save()
    TaskFactory(market=cast.commitment_a.market, since=on(-9), due_on=on(-3))
    TaskFactory(market=cast.commitment_b.market, since=on(-9), due_on=on(-3), assignee=UserFactory())
    assert remind(time_machine_at_monday, 0) == 2
    (message,) = [sent for sent in mail.outbox if sent.to == [cast.admin.email]]
    assert "1 échéance en retard" in message.body and "portee=personne" in message.body


def test_a_buyer_and_a_company_read_their_own_only(cast, time_machine_at_monday):
    for commitment, name in ((cast.commitment_a, "Alpha"), (cast.commitment_b, "Bravo")):
        company = commitment.holder
        TaskFactory(
            market=commitment.market, turn="buyer", title=f"Approuver {name}", since=on(-9), due_on=None
        )
        TaskFactory(
            market=commitment.market,
            company=company,
            turn="company",
            title=f"Répondre {name}",
            since=on(-9),
            due_on=on(-2),
        )
        MeetingFactory(
            market=commitment.market,
            title=f"Lancement {name}",
            starts_at=at_noon(3),
            due_on=on(3),
            since=on(-9),
        )
    remind(time_machine_at_monday, 0)
    bodies = {sent.to[0]: sent.body for sent in mail.outbox}
    assert set(bodies) == {cast.buyer_user_a.email, cast.buyer_user_b.email, cast.company_user_a.email}
    buyer, company = bodies[cast.buyer_user_a.email], bodies[cast.company_user_a.email]
    assert "Approuver Alpha" in buyer and "Lancement Alpha" in buyer and "Répondre" not in buyer
    assert "depuis le 14/11/2026" in buyer
    assert "Répondre Alpha" in company and "2 jours de retard" in company and "Approuver" not in company
    assert "Bravo" not in buyer + company and "Alpha" not in bodies[cast.buyer_user_b.email]


def test_no_name_of_a_person_is_in_it(cast, time_machine_at_monday):
    person = AssignmentFactory(commitment=cast.commitment_a).placement.beneficiary
    TaskFactory(
        market=cast.commitment_a.market,
        turn="buyer",
        since=on(-9),
        due_on=on(3),
        details=f"À propos de {person.first_name} {person.last_name}",
    )
    remind(time_machine_at_monday, 0)
    assert person.last_name not in mail.outbox[0].body


def test_a_long_list_is_cut_and_says_so(cast, time_machine_at_monday):
    for n in range(20):
        TaskFactory(
            market=cast.commitment_a.market, turn="buyer", title=f"Demande {n}", since=on(-9), due_on=on(3)
        )
    remind(time_machine_at_monday, 0)
    assert "et 5 de plus" in mail.outbox[0].body and "20 échéances" in mail.outbox[0].subject


def test_each_person_chooses_how_often(cast, signed_in):
    for user in (cast.facilitator, cast.buyer_user_a, cast.company_user_a):
        client = signed_in(user)
        assert 'value="weekly"' in client.get(reverse("reminders")).content.decode()
        client.post(reverse("reminders"), {"digest": "off"})
        user.refresh_from_db()
        assert user.digest == Digest.OFF
        assert client.post(reverse("reminders"), {"digest": "toutes les heures"}).context["form"].errors


# --- What is done each day ----------------------------------------------------------------------------------


def test_the_command_does_every_daily_work_and_says_what_it_did(cast, monkeypatch):
    done = []
    monkeypatch.setattr(registry, "_daily", [])
    registry.register_daily("Rappels", lambda day: done.append("rappels") or 2, last=True)
    registry.register_daily("Réunions de mi-année", lambda day: done.append("réunions") or 3)
    out = io.StringIO()
    call_command("remind", stdout=out)
    assert done == ["réunions", "rappels"]
    assert out.getvalue().splitlines() == ["Réunions de mi-année : 3", "Rappels : 2"]


def test_a_work_that_fails_stops_no_other_and_the_command_tells_cron(monkeypatch):
    def fails(day):
        raise ValueError("boum")

    monkeypatch.setattr(registry, "_daily", [])
    registry.register_daily("Qui échoue", fails)
    registry.register_daily("Qui marche", lambda day: 1, last=True)
    out = io.StringIO()
    with pytest.raises(CommandError, match="a échoué"):
        call_command("remind", stdout=out)
    assert out.getvalue().splitlines() == ["Qui échoue : en échec", "Qui marche : 1"]


def test_the_command_sends_before_it_ends_where_a_thread_of_the_web_process_would(cast, settings):
    settings.JOBS_RUNNER = "thread"
    user = UserFactory()
    TaskFactory(assignee=user)
    call_command("remind", stdout=io.StringIO())
    assert Message.objects.get(key__startswith=f"digest:{user.pk}:").state == Message.State.SENT


def test_beat_and_cron_on_the_same_day_write_once(cast):
    user = UserFactory()
    TaskFactory(assignee=user)
    run_daily()
    from core.tasks import run_daily_works

    run_daily_works()
    assert Message.objects.filter(key__startswith=f"digest:{user.pk}:").count() == 1
