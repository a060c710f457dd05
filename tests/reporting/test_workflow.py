"""The passages of a bilan: who writes, who reviews, what goes back; each leaves its step, each wait is a task."""

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.registry import waiting_for
from markets.models import Task
from reporting.enums import BilanState, BilanStepKind, CommentOutcome
from reporting.life import chapter_title
from reporting.models import Bilan, BilanComment, BilanStep
from reporting.services.comments import answer_comment, comment_bilan
from reporting.services.drafts import save_narrative, start_bilan, start_territory_bilan
from reporting.services.publication import compute, freeze
from reporting.services.workflow import (
    TRANSITIONS,
    assign_writer,
    default_reviewer,
    reopen_bilan,
    review_bilan,
    send_back_bilan,
    submit_bilan,
)
from tests.factories import (
    BuyerFactory,
    ClosedYearFactory,
    ResponsibilityFactory,
    UserFactory,
    make_bilan,
)

pytestmark = pytest.mark.django_db


def steps_of(bilan):
    return list(BilanStep.objects.filter(bilan=bilan).order_by("pk").values_list("kind", flat=True))


def open_keys(bilan):
    tasks = Task.objects.open().filter(key__startswith=f"bilan:{bilan.pk}:")
    return sorted(tasks.values_list("key", flat=True))


@pytest.fixture
def followed(cast):
    """Buyer A answered for by Fanny, with a stand-in; the draft of 2025 that she opens."""
    stand_in = UserFactory(first_name="Sami", last_name="Suppléant")
    ResponsibilityFactory(market=None, buyer=cast.buyer_a, facilitator=cast.facilitator, stand_in=stand_in)
    return start_bilan(buyer=cast.buyer_a, year=2025, user=cast.admin), stand_in


def test_the_writer_is_who_answers_for_the_buyer_and_finds_it_waiting(cast, followed):
    bilan, _ = followed
    assert bilan.writer == cast.facilitator
    task = Task.objects.open().get(key=f"bilan:{bilan.pk}:draft")
    assert (task.assignee, task.buyer) == (cast.facilitator, cast.buyer_a)
    found = [item for item in waiting_for(cast.facilitator) if item.label == "bilan à écrire"]
    assert found[0].count == 1 and f"writer={cast.facilitator.pk}" in found[0].url
    assert not [item for item in waiting_for(cast.admin) if item.label == "bilan à écrire"]


def test_nobody_in_charge_leaves_the_draft_to_who_opened_it_and_another_can_be_chosen():
    user, other = UserFactory(), UserFactory()
    bilan = start_bilan(buyer=BuyerFactory(), year=2025, user=user)
    assert bilan.writer == user
    bilan = assign_writer(bilan=bilan, writer=other, by=user)
    assert Task.objects.open().get(key=f"bilan:{bilan.pk}:draft").assignee == other
    with pytest.raises(DomainError, match="pas de compte en service dans la maison"):
        assign_writer(bilan=bilan, writer=UserFactory(buyer=True), by=user)


def test_each_passage_writes_one_step_and_moves_the_task(cast, followed):
    bilan, stand_in = followed
    assert default_reviewer(bilan, cast.facilitator) == stand_in
    bilan = submit_bilan(bilan=bilan, reviewer=stand_in, by=cast.facilitator)
    assert bilan.state == BilanState.SUBMITTED
    assert Task.objects.open().get(key=f"bilan:{bilan.pk}:submitted").assignee == stand_in
    assert open_keys(bilan) == [f"bilan:{bilan.pk}:submitted"]
    bilan = review_bilan(bilan=bilan, user=stand_in)
    assert (bilan.reviewed_by, open_keys(bilan)) == (stand_in, [f"bilan:{bilan.pk}:reviewed"])
    bilan = reopen_bilan(bilan=bilan, user=cast.facilitator)
    assert bilan.reviewed_by is None and open_keys(bilan) == [f"bilan:{bilan.pk}:draft"]
    review_bilan(bilan=bilan, user=cast.admin)
    ClosedYearFactory(year=2025)
    bilan = freeze(bilan=bilan, user=cast.admin)
    assert steps_of(bilan) == ["started", "submitted", "reviewed", "reopened", "reviewed", "published"]
    assert open_keys(bilan) == [] and bilan.published_by == cast.admin


def test_the_same_passage_asked_twice_is_done_once(cast, followed):
    bilan, stand_in = followed
    for _ in range(2):
        submit_bilan(bilan=bilan, reviewer=stand_in, by=cast.facilitator)
    for _ in range(2):
        review_bilan(bilan=bilan, user=stand_in)
    ClosedYearFactory(year=2025)
    for _ in range(2):
        freeze(bilan=bilan, user=cast.admin)
    assert steps_of(bilan) == ["started", "submitted", "reviewed", "published"]


def test_every_passage_out_of_turn_is_refused_with_its_sentence():
    user = UserFactory(admin=True)
    bilan = make_bilan(buyer=BuyerFactory(), published=True)
    for gesture in (
        lambda: submit_bilan(bilan=bilan, reviewer=None, by=user),
        lambda: review_bilan(bilan=bilan, user=user),
        lambda: send_back_bilan(bilan=bilan, reason="Reprendre.", by=user),
        lambda: reopen_bilan(bilan=bilan, user=user),
        lambda: assign_writer(bilan=bilan, writer=user, by=user),
        lambda: comment_bilan(bilan=bilan, chapter="hours", text="Non.", by=user),
    ):
        with pytest.raises(DomainError):
            gesture()
    assert all(BilanState.PUBLISHED not in row.sources and row.refusal for row in TRANSITIONS)


def test_sent_back_says_why_by_a_task_and_an_e_mail_to_the_writer(cast, followed):
    bilan, stand_in = followed
    submit_bilan(bilan=bilan, reviewer=stand_in, by=cast.facilitator)
    comment_bilan(bilan=bilan, chapter="hours", text="La hausse n’est pas expliquée.", by=stand_in)
    with pytest.raises(DomainError, match="Dites pourquoi"):
        send_back_bilan(bilan=bilan, reason="  ", by=stand_in)
    bilan = send_back_bilan(bilan=bilan, reason="Expliquer la hausse des heures.", by=stand_in)
    task = Task.objects.open().get(key=f"bilan:{bilan.pk}:draft")
    assert (task.assignee, task.details) == (cast.facilitator, "Expliquer la hausse des heures.")
    assert task.title.startswith("Reprendre")
    [message] = mail.outbox
    assert message.to == [cast.facilitator.email]
    assert "Expliquer la hausse des heures." in message.body and "1 remarque par chapitre" in message.body
    assert steps_of(bilan)[-1] == BilanStepKind.SENT_BACK
    with pytest.raises(DomainError, match="déjà à la rédaction"):
        send_back_bilan(bilan=bilan, reason="Encore.", by=stand_in)


def test_writing_while_it_is_being_read_leaves_it_to_its_reviewer(cast, followed):
    bilan, stand_in = followed
    submit_bilan(bilan=bilan, reviewer=stand_in, by=cast.facilitator)
    bilan = save_narrative(bilan=bilan, texts={"heures": "Mieux."}, seen_version=1, user=stand_in)
    assert bilan.state == BilanState.SUBMITTED
    review_bilan(bilan=bilan, user=stand_in)
    bilan = save_narrative(bilan=bilan, texts={"heures": "Encore."}, seen_version=2, user=cast.facilitator)
    assert bilan.state == BilanState.DRAFT and steps_of(bilan)[-1] == "reopened"


def test_a_remark_of_the_reviewer_is_taken_up_by_the_writer_and_is_the_house_s_alone(cast, followed):
    bilan, stand_in = followed
    remark = comment_bilan(bilan=bilan, chapter="hours", text="Préciser.", by=stand_in)
    comment_bilan(bilan=bilan, chapter="hours", text="Préciser.", by=stand_in)
    assert BilanComment.objects.count() == 1
    with pytest.raises(DomainError, match="une phrase"):
        answer_comment(comment=remark, outcome=CommentOutcome.DECLINED, answer="", by=cast.facilitator)
    with pytest.raises(DomainError, match="Choisissez"):
        answer_comment(comment=remark, outcome="perhaps", answer="Oui.", by=cast.facilitator)
    remark = answer_comment(comment=remark, outcome=CommentOutcome.TAKEN, answer="", by=cast.facilitator)
    assert (remark.answered_by, remark.get_outcome_display()) == (cast.facilitator, "pris en compte")
    for user in (cast.buyer_user_a, cast.limited_a, cast.buyer_user_b, cast.company_user_a):
        assert not BilanComment.objects.visible_to(user).exists()
        assert not BilanStep.objects.visible_to(user).exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_a_remark_is_neither_empty_nor_endless(text):
    with pytest.raises(DomainError):
        comment_bilan(bilan=make_bilan(buyer=BuyerFactory()), chapter="", text=text, by=UserFactory())


@pytest.mark.parametrize(
    "sql", ["UPDATE reporting_bilanstep SET reason = 'autre'", "DELETE FROM reporting_bilanstep"]
)
def test_the_database_itself_refuses_to_touch_a_step(sql):
    make_bilan(buyer=BuyerFactory())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


# --- Pages --------------------------------------------------------------------------------------------------


def test_the_page_shows_the_steps_and_what_comes_next_to_the_house(client, cast, followed):
    bilan, stand_in = followed
    client.force_login(cast.facilitator)
    page = client.get(reverse("bilan_detail", args=[bilan.pk]))
    assert "À vous de jouer" in page.text and "Proposer à la relecture" in page.text
    response = client.post(reverse("bilan_submit", args=[bilan.pk]), {"reviewer": stand_in.pk}, follow=True)
    assert "Le bilan est proposé à la relecture." in response.text
    client.force_login(stand_in)
    reading = reverse("bilan_reading", args=[bilan.pk])
    assert "Ajouter une observation" in client.get(reading).text
    response = client.post(reading, {"chapter": "hours", "hours-text": "Dire pourquoi."}, follow=True)
    assert "Dire pourquoi." in response.text
    response = client.post(reading, {"chapter": "hou\0rs", "hou\0rs-text": "Rien."})
    assert "n’est pas dans le bilan" in response.text and BilanComment.objects.count() == 1
    response = client.post(reading, {"chapter": "rates", "rates-text": ""})
    assert "Ce champ est obligatoire" in response.text and "<details" in response.text
    response = client.post(reverse("bilan_send_back", args=[bilan.pk]), {"reason": "Heures."}, follow=True)
    assert "renvoyé par Sami Suppléant" in response.text and "Remarques de relecture" in response.text
    assert "Renvoyé à la rédaction" in response.text
    remark = BilanComment.objects.get()
    response = client.post(
        reverse("bilan_comment_answer", args=[remark.pk]), {"outcome": "taken", "answer": ""}, follow=True
    )
    assert "pris en compte" in response.text


def test_every_chapter_has_its_title_before_its_snapshot_is_kept(cast):
    bilans = [
        start_bilan(buyer=cast.buyer_a, year=2025, user=None),
        start_territory_bilan(year=2025, user=None),
    ]
    for bilan in bilans:
        for chapter in compute(bilan, now=timezone.now())["chapters"]:
            assert chapter_title(chapter["key"]) == chapter["title"]
    assert chapter_title("") == "Ensemble du document"


def test_the_writer_is_chosen_among_colleagues(client, cast, followed):
    bilan, stand_in = followed
    client.force_login(cast.facilitator)
    url = reverse("bilan_writer", args=[bilan.pk])
    assert cast.buyer_user_a.email not in client.get(url).text
    client.post(url, {"writer": stand_in.pk})
    assert Bilan.objects.get(pk=bilan.pk).writer == stand_in
    response = client.post(url, {"writer": cast.buyer_user_a.pk})
    assert response.status_code == 200 and Bilan.objects.get(pk=bilan.pk).writer == stand_in


def test_the_page_asks_as_much_of_the_database_with_one_step_and_six(client, cast, followed):
    bilan, stand_in = followed
    client.force_login(cast.facilitator)
    url = reverse("bilan_detail", args=[bilan.pk])

    def queries():
        with CaptureQueriesContext(connection) as found:
            client.get(url)
        return len(found)

    comment_bilan(bilan=bilan, chapter="hours", text="Une.", by=stand_in)
    queries()
    few = queries()
    for number in range(5):
        comment_bilan(bilan=bilan, chapter="rates", text=f"Remarque {number}.", by=cast.admin)
        submit_bilan(bilan=bilan, reviewer=stand_in, by=cast.facilitator)
        reopen_bilan(bilan=bilan, user=UserFactory())
    assert queries() == few <= 12
