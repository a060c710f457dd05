"""The yearly point with a buyer: its note, what the buyer reads of it, the actions carried until they are settled."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.registry import tabs_of
from markets.models import Agreement, Task
from reporting.enums import ActionOwner, ActionState
from reporting.models import Campaign, ImprovementAction, PartnershipNote
from reporting.services.partnership import (
    carried,
    fingerprint,
    open_meetings_due,
    save_action,
    save_note,
    share_note,
)
from tests.beneficiaries.clock import on_day
from tests.factories import AgreementFactory, BuyerFactory, UserFactory
from tests.reporting.test_snapshot import chapter, snapshot_of

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 2)
PDF = b"%PDF-1.7 compte rendu"


@pytest.fixture(autouse=True)
def _in_march():
    with on_day(TODAY):
        yield


def noted(buyer, *, year=2025, shared=True, **values):
    user = UserFactory()
    given = {"meeting_on": dt.date(2026, 2, 12), "minutes": "Bilan partagé.", **values}
    note = save_note(buyer=buyer, year=year, by=user, **given)
    return share_note(note=note, shared=True, by=user) if shared else note


# --- The note -----------------------------------------------------------------------------------------------


def test_a_meeting_is_noted_once_held_and_never_before_its_year():
    buyer, user = BuyerFactory(), UserFactory()
    with pytest.raises(DomainError, match="à venir"):
        save_note(buyer=buyer, year=2025, meeting_on=dt.date(2026, 3, 3), by=user)
    with pytest.raises(DomainError, match="précède l’année 2025"):
        save_note(buyer=buyer, year=2025, meeting_on=dt.date(2024, 12, 31), by=user)
    with pytest.raises(DomainError, match="n’a pas commencé"):
        save_note(buyer=buyer, year=2027, meeting_on=None, by=user)
    note = save_note(buyer=buyer, year=2025, meeting_on=TODAY, by=user)
    assert (note.written_by, note.shared_at) == (user, None)


def test_two_people_who_write_the_same_note_do_not_overwrite_each_other():
    buyer = BuyerFactory()
    note = noted(buyer)
    seen = fingerprint(note)
    save_note(buyer=buyer, year=2025, meeting_on=None, minutes="Le mien.", seen=seen, by=UserFactory())
    with pytest.raises(DomainError, match="entre-temps"):
        save_note(buyer=buyer, year=2025, meeting_on=None, minutes="Le tien.", seen=seen, by=UserFactory())
    assert PartnershipNote.objects.get().minutes == "Le mien."


@pytest.mark.parametrize("content", [b"", b"MZ" + bytes(100), b"%PDF-1.7" + bytes(20_000_001)])
def test_a_file_that_lies_is_empty_or_too_big_is_refused_and_nothing_is_half_written(content):
    upload = SimpleUploadedFile("compte-rendu.pdf", content)
    with pytest.raises(DomainError) as refused:
        save_note(buyer=BuyerFactory(), year=2025, meeting_on=TODAY, document=upload, by=UserFactory())
    assert refused.value.field == "upload" and not PartnershipNote.objects.exists()


def test_the_buyer_reads_what_is_shared_and_its_file_nobody_else_does(client, cast):
    upload = SimpleUploadedFile("alpha.pdf", PDF)
    note = noted(cast.buyer_a, shared=False, minutes="Parole d’Alpha.", document=upload)
    action = save_action(note=note, title="Relancer plus tôt Alpha", by=cast.facilitator)
    page = reverse("buyer_partnership", args=[cast.buyer_a.pk])
    file_page = reverse("file_download", args=[note.document_id])
    client.force_login(cast.buyer_user_a)
    assert "Parole d’Alpha." not in client.get(page).text and client.get(file_page).status_code == 404
    share_note(note=note, shared=True, by=cast.facilitator)
    text = client.get(page).text
    assert "Parole d’Alpha." in text and "Relancer plus tôt Alpha" in text
    assert reverse("improvement_edit", args=[action.pk]) not in text
    assert client.get(file_page).getvalue() == PDF
    assert "Ville d’Alpha" in client.get(reverse("partnership_list")).text
    for user in (cast.buyer_user_b, cast.limited_a):
        client.force_login(user)
        assert client.get(page).status_code == 404 and client.get(file_page).status_code == 404
        assert "Ville d’Alpha" not in client.get(reverse("partnership_list")).text.partition("<main")[
            2
        ].partition("</main")[0].replace("Axel Alpha", "")
        assert not PartnershipNote.objects.visible_to(user).exists()
        assert not ImprovementAction.objects.visible_to(user).exists()
    assert "Partenariat" not in [tab.label for tab in tabs_of("buyer", cast.limited_a, cast.buyer_a.pk)]
    client.force_login(cast.company_user_a)
    assert client.get(page).status_code == 403
    share_note(note=note, shared=False, by=cast.facilitator)
    client.force_login(cast.buyer_user_a)
    assert "Parole d’Alpha." not in client.get(page).text


# --- Actions ------------------------------------------------------------------------------------------------


def test_an_action_comes_back_each_year_until_it_is_settled():
    buyer, user = BuyerFactory(), UserFactory()
    with on_day(dt.date(2024, 3, 1)):
        old = noted(buyer, year=2023, meeting_on=dt.date(2024, 2, 1))
        done_before = save_action(note=old, title="Vite fait", state=ActionState.DONE, by=user)
        still = save_action(note=old, title="Encore ouvert", by=user)
        dropped = save_action(note=old, title="Abandonné ensuite", by=user)
    with on_day(dt.date(2025, 5, 2)):
        dropped = save_action(
            note=old, action=dropped, title="Abandonné ensuite", state=ActionState.DROPPED, by=user
        )
    assert done_before.settled_on == dt.date(2024, 3, 1) and dropped.settled_on == dt.date(2025, 5, 2)
    assert list(carried(buyer=buyer, year=2024)) == [done_before, still, dropped]
    assert list(carried(buyer=buyer, year=2025)) == [still, dropped]
    assert list(carried(buyer=buyer, year=2026)) == [still]
    assert not carried(buyer=BuyerFactory(), year=2025).exists()
    reopened = save_action(note=old, action=dropped, title="Repris", state=ActionState.ONGOING, by=user)
    assert reopened.settled_on is None and reopened in carried(buyer=buyer, year=2026)


def test_a_deadline_is_a_task_of_who_carries_it_once_the_buyer_may_read_it(cast):
    note = noted(cast.buyer_a, shared=False)
    action = save_action(
        note=note,
        title="Saisir la maison six mois avant",
        owner=ActionOwner.BUYER,
        due_on=dt.date(2026, 9, 1),
        by=cast.facilitator,
    )
    task = Task.objects.open().get(key=f"improvement:{action.pk}")
    assert task.turn == "house" and not Task.objects.visible_to(cast.buyer_user_a).exists()
    share_note(note=note, shared=True, by=cast.facilitator)
    assert [row.pk for row in Task.objects.visible_to(cast.buyer_user_a)] == [task.pk]
    assert not Task.objects.visible_to(cast.limited_a).exists()
    save_action(
        note=note, action=action, title=action.title, state=ActionState.DONE, progress="Fait.", by=cast.admin
    )
    assert not Task.objects.open().filter(key=f"improvement:{action.pk}").exists()
    with pytest.raises(DomainError, match="Dites ce qui sera amélioré"):
        save_action(note=note, title="  ", by=cast.admin)


# --- The yearly meeting that is due --------------------------------------------------------------------------


def test_while_a_campaign_runs_a_buyer_under_convention_without_a_meeting_is_a_task_once():
    waiting, held, without, ended = (BuyerFactory(name=f"Ville {n}") for n in range(4))
    for buyer in (waiting, held):
        AgreementFactory(buyer=buyer)
    AgreementFactory(buyer=ended, starts_on=dt.date(2022, 1, 1), ends_on=dt.date(2024, 12, 31))
    noted(held)
    assert open_meetings_due(TODAY) == 0
    Campaign.objects.create(year=2025, due_on=dt.date(2026, 6, 30))
    Campaign.objects.create(year=2023)
    assert open_meetings_due(TODAY) == 1
    task = Task.objects.open().get()
    assert (task.buyer, task.due_on) == (waiting, dt.date(2026, 6, 30))
    assert "2025" in task.title and task.url == reverse("buyer_partnership", args=[waiting.pk])
    assert open_meetings_due(TODAY) == 0
    noted(waiting, meeting_on=TODAY)
    task.refresh_from_db()
    assert task.done_on == TODAY and task.outcome == "Réunion tenue le 02/03/2026"
    assert open_meetings_due(TODAY) == 0 and Agreement.objects.count() == 3 and without.pk


def test_a_task_closed_by_hand_is_not_opened_again():
    AgreementFactory()
    Campaign.objects.create(year=2025)
    open_meetings_due(TODAY)
    Task.objects.get().delete()
    AgreementFactory()
    assert open_meetings_due(TODAY) == 2
    task = Task.objects.order_by("pk").first()
    task.done_on = TODAY
    task.save()
    assert open_meetings_due(TODAY) == 0


# --- In the bilan -------------------------------------------------------------------------------------------


def actions_block(snapshot):
    blocks = chapter(snapshot, "partnership")["blocks"]
    return next((block for block in blocks if block["key"] == "improvement_actions"), None)


def test_the_bilan_says_when_the_meeting_was_held_and_takes_the_actions_up_again(cast):
    buyer = cast.buyer_a
    with on_day(dt.date(2025, 3, 1)):
        old = noted(buyer, year=2024, meeting_on=dt.date(2025, 2, 3))
        save_action(note=old, title="Prévoir les clauses plus tôt", by=cast.admin)
    note = noted(buyer)
    done = save_action(note=note, title="Former les acheteurs", state=ActionState.DONE, by=cast.admin)
    save_action(
        note=note,
        title="Un comité par semestre",
        owner=ActionOwner.HOUSE,
        due_on=dt.date(2026, 6, 30),
        progress="Dates\nproposées.",
        by=cast.admin,
    )
    snapshot = snapshot_of(buyer, 2025)
    assert chapter(snapshot, "partnership")["answer"] == (
        "La réunion annuelle s’est tenue le 12/02/2026\u202f; 3 axes d’amélioration sont suivis, dont 1 réalisé."
    )
    rows = [row["cells"] for row in actions_block(snapshot)["rows"]]
    assert [(row["label"], row["decided"], row["state"]) for row in rows] == [
        ("Prévoir les clauses plus tôt", "2024", "à engager"),
        ("Former les acheteurs", "2025", "réalisé le 02/03/2026"),
        ("Un comité par semestre", "2025", "à engager"),
    ]
    assert rows[2] | {"due_on": "2026-06-30", "owner": "la maison", "progress": "Dates proposées."} == rows[2]
    assert (
        actions_block(snapshot)["base"] == "Axes décidés pour 2025, et 1 axe repris des années précédentes."
    )
    assert done.settled_on == TODAY


def test_what_is_not_shared_and_what_is_another_buyer_s_is_in_no_bilan(cast):
    note = noted(cast.buyer_a, shared=False, minutes="Secret.")
    save_action(note=note, title="Axe non partagé", by=cast.admin)
    other = noted(cast.buyer_b)
    save_action(note=other, title="Axe de Bravo", by=cast.admin)
    snapshot = snapshot_of(cast.buyer_a, 2025)
    assert actions_block(snapshot) is None and "Axe" not in str(chapter(snapshot, "partnership")["blocks"])
    assert (
        chapter(snapshot, "partnership")["answer"]
        == "La note sur le partenariat n’est pas rédigée pour 2025."
    )
    assert "Secret" not in str(snapshot) and "Bravo" not in str(chapter(snapshot, "partnership"))


# --- Pages --------------------------------------------------------------------------------------------------


def test_the_house_notes_the_meeting_shares_it_and_adds_actions(client, cast):
    client.force_login(cast.facilitator)
    page = reverse("buyer_partnership", args=[cast.buyer_a.pk])
    assert "n’est pas notée" in client.get(page).text
    response = client.post(
        reverse("partnership_start"), {"buyer": cast.buyer_a.pk, "year": "2025"}, follow=False
    )
    url = reverse("partnership_note", args=[cast.buyer_a.pk, 2025])
    assert response["Location"] == url
    assert "jamais le nom" in client.get(url).text
    response = client.post(url, {"meeting_on": "4/4/26", "minutes": "Ce que j’ai écrit."})
    assert "à venir" in response.text and "Ce que j’ai écrit." in response.text
    response = client.post(url, {"meeting_on": "12/2/26", "minutes": "Dit et décidé."}, follow=True)
    assert "tenue le 12/02/2026" in response.text and "Dit et décidé." in response.text
    response = client.post(url, {"meeting_on": "12/2/26", "minutes": "Sans avoir relu.", "seen": ""})
    assert "entre-temps" in response.text and "Dit et décidé." in response.text
    assert "Sans avoir relu." in response.text
    note = PartnershipNote.objects.get()
    response = client.post(
        reverse("improvement_create", args=[note.pk]),
        {"title": "Un axe", "owner": "both", "state": "to_do", "due_on": "", "progress": ""},
        follow=True,
    )
    assert "Un axe" in response.text and "le bilan ne reprend ni la réunion" in response.text
    response = client.post(reverse("partnership_share", args=[note.pk]), follow=True)
    assert "partagée" in response.text and note.buyer.name in response.text
    note.refresh_from_db()
    assert note.shared_at == timezone.now()


def test_a_year_to_come_has_no_page(client, cast):
    client.force_login(cast.facilitator)
    for year in (1, 1989, 2027, 99999):
        assert client.get(reverse("partnership_note", args=[cast.buyer_a.pk, year])).status_code == 404
    page = reverse("buyer_partnership", args=[cast.buyer_a.pk])
    for year in ("deux", "2099", "²", "-1", "9" * 5000):
        assert client.get(page, {"annee": year}).status_code == 200


@pytest.mark.parametrize("name", ["partnership_list", "buyer_partnership"])
def test_the_pages_ask_as_much_of_the_database_with_one_row_and_six(client, cast, name):
    url = reverse(name, args=[cast.buyer_a.pk] if name == "buyer_partnership" else [])
    client.force_login(cast.facilitator)

    def queries():
        with CaptureQueriesContext(connection) as found:
            client.get(url)
        return len(found)

    with on_day(dt.date(2025, 3, 1)):
        older = noted(cast.buyer_a, year=2024, meeting_on=dt.date(2025, 2, 3))
        save_action(note=older, title="Ancien", by=cast.admin)
    note = noted(cast.buyer_a)
    save_action(note=note, title="Premier", by=cast.admin)
    queries()
    few = queries()
    for number in range(5):
        save_action(note=note, title=f"Axe {number}", by=cast.admin)
        save_action(note=older, title=f"Ancien {number}", by=cast.admin)
        noted(BuyerFactory())
    assert queries() == few <= 12
