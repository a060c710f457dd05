"""The projet transmis: what the buyer is given and says of it, what it is answered, and what it keeps."""

import datetime as dt

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.daily import run_daily
from core.errors import DomainError
from core.files import read_file
from core.models import Job
from core.registry import waiting_for
from markets.models import Task
from reporting.enums import BilanState, CommentOutcome
from reporting.models import Bilan, BilanComment, SentDraft
from reporting.referents import referents_of
from reporting.services.comments import answer_comment, comment_draft, finish_reading
from reporting.services.drafts import save_narrative, start_final_bilan
from reporting.services.publication import freeze
from reporting.services.sent_drafts import ask_to_send, remind_of_drafts, send_draft
from reporting.services.workflow import reopen_bilan, review_bilan
from tests.beneficiaries.clock import on_day
from tests.factories import AgreementFactory, BuyerFactory, ClosedYearFactory, ContactFactory, make_bilan

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 2)
UNTIL = dt.date(2026, 3, 23)


@pytest.fixture(autouse=True)
def _in_march():
    with on_day(TODAY):
        yield


@pytest.fixture(autouse=True)
def _light_pdf(monkeypatch):
    """The document itself is tested with the others: here it is a small file."""
    made = []
    monkeypatch.setattr(
        "reporting.documents.bilan_pdf",
        lambda snapshot, *, draft=False: made.append(draft) or b"%PDF-1.7 projet",
    )
    return made


def sent(cast, *, text="Une bonne année.", buyer=None):
    buyer = buyer or cast.buyer_a
    bilan = review_bilan(bilan=make_bilan(buyer=buyer, narrative={"heures": text}), user=cast.facilitator)
    return send_draft(bilan=bilan, comments_until=UNTIL, word="À vous lire.", user=cast.facilitator)


# --- Sending ------------------------------------------------------------------------------------------------


def test_the_projet_is_kept_as_it_was_given_marked_and_told_to_who_may_read_it(cast, _light_pdf):
    ContactFactory(buyer=cast.buyer_a, name="Rose Référente", email="rose@alpha.example")
    ContactFactory(buyer=cast.buyer_a, kind="other", email="autre@alpha.example")
    ContactFactory(buyer=cast.buyer_b, email="rose@bravo.example")
    draft = sent(cast)
    assert (draft.number, draft.bilan.state, _light_pdf) == (1, BilanState.SENT, [True])
    assert draft.snapshot["narrative"] == {"heures": "Une bonne année."}
    assert read_file(draft.file) == b"%PDF-1.7 projet" and draft.file.name.startswith("projet-1-bilan-2025")
    account, contact = sorted(mail.outbox, key=lambda message: len(message.attachments))
    assert account.to == [cast.buyer_user_a.email] and not account.attachments
    assert reverse("sent_draft_detail", args=[draft.pk]) in account.body and "23/03/2026" in account.body
    assert contact.to == ["rose@alpha.example"] and contact.attachments[0][0] == draft.file.name
    assert "bilans/projets" not in contact.body and "À vous lire." in contact.body
    task = Task.objects.open().get(key=f"bilan:{draft.bilan_id}:sent")
    assert (task.turn, task.due_on, task.buyer) == ("buyer", UNTIL, cast.buyer_a)
    assert Task.objects.visible_to(cast.buyer_user_a).filter(pk=task.pk).exists()
    assert not Task.objects.visible_to(cast.limited_a).filter(pk=task.pk).exists()


def test_a_referent_of_one_department_alone_is_not_written_to_and_who_has_no_address_is_said(cast):
    ContactFactory(buyer=cast.buyer_a, name="Sans Adresse", email="")
    ContactFactory(buyer=cast.buyer_a, name="Limitée", email=cast.limited_a.email)
    named = ContactFactory(buyer=cast.buyer_a, name="Nommée", email="nommee@alpha.example", kind="other")
    AgreementFactory(buyer=cast.buyer_a, buyer_referent=named)
    ContactFactory(
        buyer=cast.buyer_a, name="Partie", email="partie@alpha.example", ends_on=dt.date(2025, 1, 1)
    )
    found = referents_of(cast.buyer_a)
    assert [(row.name, row.email, row.has_account) for row in found] == [
        ("Aline Alpha", cast.buyer_user_a.email, True),
        ("Nommée", "nommee@alpha.example", False),
        ("Sans Adresse", "", False),
    ]


def test_sending_waits_for_the_review_a_buyer_and_a_day_to_come(cast):
    bilan = make_bilan(buyer=cast.buyer_a)
    with pytest.raises(DomainError, match="une fois relu"):
        send_draft(bilan=bilan, comments_until=UNTIL, user=cast.admin)
    review_bilan(bilan=bilan, user=cast.admin)
    for day in (dt.date(2026, 3, 2), dt.date(2025, 3, 23), dt.date(2036, 3, 23)):
        with pytest.raises(DomainError):
            send_draft(bilan=bilan, comments_until=day, user=cast.admin)
    assert not SentDraft.objects.exists()


def test_the_job_run_twice_sends_once(cast):
    bilan = review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=cast.admin)
    job = ask_to_send(bilan=bilan, comments_until=UNTIL, word="", user=cast.facilitator)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    draft = SentDraft.objects.get()
    assert send_draft(bilan=bilan, comments_until=UNTIL, number=1, user=cast.facilitator) == draft
    assert SentDraft.objects.count() == 1 and len(mail.outbox) == 1


def test_a_text_written_while_the_projet_is_made_stops_it(cast, monkeypatch):
    bilan = review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=cast.admin)

    def meanwhile(snapshot, *, draft=False):
        save_narrative(bilan=bilan, texts={"heures": "Autre."}, seen_version=1, user=cast.admin)
        review_bilan(bilan=bilan, user=cast.admin)
        return b"%PDF-1.7"

    monkeypatch.setattr("reporting.documents.bilan_pdf", meanwhile)
    with pytest.raises(DomainError, match="Le bilan a changé"):
        send_draft(bilan=bilan, comments_until=UNTIL, user=cast.admin)
    assert not SentDraft.objects.exists() and not mail.outbox


def test_a_bilan_taken_back_and_reviewed_again_while_the_projet_is_made_stops_it(cast, monkeypatch):
    """As when a consent is withdrawn meanwhile: the document that was being made still holds the portrait."""
    bilan = review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=cast.admin)

    def meanwhile(snapshot, *, draft=False):
        reopen_bilan(bilan=bilan, user=cast.admin)
        with on_day(TODAY + dt.timedelta(days=1)):
            review_bilan(bilan=bilan, user=cast.admin)
        return b"%PDF-1.7"

    monkeypatch.setattr("reporting.documents.bilan_pdf", meanwhile)
    with pytest.raises(DomainError, match="a changé"):
        send_draft(bilan=bilan, comments_until=UNTIL, user=cast.admin)
    assert not SentDraft.objects.exists() and not mail.outbox


@pytest.mark.parametrize("whose", ["same buyer", "another"])
def test_a_projet_is_made_again_when_another_bilan_of_its_reader_comes_out_meanwhile(
    cast, monkeypatch, whose
):
    buyer = cast.buyer_a if whose == "same buyer" else BuyerFactory()
    other = review_bilan(bilan=make_bilan(buyer=buyer, year=2024), user=None)
    ClosedYearFactory(year=2024)

    def meanwhile(snapshot, *, draft=False):
        freeze(bilan=other, user=None)
        return b"%PDF-1.7 projet"

    monkeypatch.setattr("reporting.documents.bilan_pdf", meanwhile)
    if whose == "another":
        assert sent(cast).number == 1
        return
    with pytest.raises(DomainError, match="vient d’être communiqué"):
        sent(cast)
    assert not SentDraft.objects.exists()
    # The bilan is published already: this time nothing comes between.
    bilan = Bilan.objects.get(year=2025)
    assert send_draft(bilan=bilan, comments_until=UNTIL, user=cast.facilitator).number == 1


def test_the_final_bilan_of_a_market_that_goes_on_is_not_sent(cast):
    """Its projet would hold the typology of a market that is not over (rule 9)."""
    market = cast.commitment_a.market
    bilan = review_bilan(bilan=start_final_bilan(market=market, user=cast.admin), user=cast.admin)
    with pytest.raises(DomainError, match="reçu ou clos"):
        send_draft(bilan=bilan, comments_until=UNTIL, user=cast.admin)
    market.received_on = TODAY - dt.timedelta(days=3)
    market.save()
    assert send_draft(bilan=bilan, comments_until=UNTIL, user=cast.admin).number == 1


@pytest.mark.parametrize(
    "sql", ["UPDATE reporting_sentdraft SET word = 'autre'", "DELETE FROM reporting_sentdraft"]
)
def test_the_database_itself_refuses_to_touch_a_projet(cast, sql):
    sent(cast)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


# --- Remarks and answers ------------------------------------------------------------------------------------


def test_a_remark_waits_for_its_answer_before_the_publication(cast):
    draft = sent(cast)
    ClosedYearFactory(year=2025)
    remark = comment_draft(draft=draft, chapter="hours", text="Et le lot 3 ?", by=cast.buyer_user_a)
    task = Task.objects.open().get(key=f"bilan:{draft.bilan_id}:answer")
    assert task.turn == "house" and task.url == reverse("sent_draft_detail", args=[draft.pk])
    with pytest.raises(DomainError, match="«\u202fHeures réalisées\u202f», du 02/03/2026"):
        freeze(bilan=draft.bilan, user=cast.admin)
    answer_comment(
        comment=remark, outcome=CommentOutcome.ANSWERED, answer="Il a commencé en 2026.", by=cast.facilitator
    )
    assert not Task.objects.open().filter(key=f"bilan:{draft.bilan_id}:answer").exists()
    bilan = freeze(bilan=draft.bilan, user=cast.admin)
    assert bilan.is_published
    assert not Task.objects.open().filter(key__startswith=f"bilan:{bilan.pk}:").exists()
    remark.refresh_from_db()
    assert (remark.text, remark.answer) == ("Et le lot 3 ?", "Il a commencé en 2026.")
    with pytest.raises(DomainError, match="publié"):
        answer_comment(comment=remark, outcome=CommentOutcome.TAKEN, answer="", by=cast.facilitator)
    with pytest.raises(DomainError, match="publié"):
        comment_draft(draft=draft, chapter="hours", text="Trop tard.", by=cast.buyer_user_a)


def test_the_buyer_keeps_what_it_was_given_when_the_text_changes_and_comments_the_next_one(cast):
    draft = sent(cast, text="Premier texte.")
    first = comment_draft(draft=draft, chapter="hours", text="À préciser.", by=cast.buyer_user_a)
    save_narrative(bilan=draft.bilan, texts={"heures": "Second texte."}, seen_version=1, user=cast.admin)
    draft.bilan.refresh_from_db()
    assert draft.bilan.state == BilanState.DRAFT
    assert not Task.objects.open().filter(key=f"bilan:{draft.bilan_id}:sent").exists()
    with pytest.raises(DomainError, match="repris la rédaction"):
        comment_draft(draft=draft, chapter="hours", text="Encore.", by=cast.buyer_user_a)
    answer_comment(comment=first, outcome=CommentOutcome.TAKEN, answer="", by=cast.facilitator)
    review_bilan(bilan=draft.bilan, user=cast.admin)
    second = send_draft(bilan=draft.bilan, comments_until=UNTIL, user=cast.admin)
    assert second.number == 2 and second.snapshot["narrative"]["heures"] == "Second texte."
    draft.refresh_from_db()
    assert draft.snapshot["narrative"]["heures"] == "Premier texte."
    with pytest.raises(DomainError, match="plus récent"):
        comment_draft(draft=draft, chapter="hours", text="Encore.", by=cast.buyer_user_a)
    comment_draft(draft=second, chapter="", text="Merci.", by=cast.buyer_user_a)
    assert [row.draft.number for row in BilanComment.objects.order_by("pk")] == [1, 2]


def test_a_remark_sent_twice_is_one_and_an_unknown_chapter_is_none(cast):
    draft = sent(cast)
    for _ in range(2):
        comment_draft(draft=draft, chapter="hours", text="La même.", by=cast.buyer_user_a)
    with pytest.raises(DomainError, match="n’est pas dans le projet"):
        comment_draft(draft=draft, chapter="salaries", text="Rien.", by=cast.buyer_user_a)
    assert BilanComment.objects.count() == 1


def test_a_bilan_takes_remarks_up_to_a_number_and_keeps_what_was_typed(cast, client, monkeypatch):
    monkeypatch.setattr("reporting.services.comments.MOST_REMARKS", 2)
    draft = sent(cast)
    for text in ("La première.", "La deuxième."):
        comment_draft(draft=draft, chapter="hours", text=text, by=cast.buyer_user_a)
    client.force_login(cast.buyer_user_a)
    page = client.post(
        reverse("sent_draft_detail", args=[draft.pk]), {"chapter": "hours", "hours-text": "La troisième."}
    )
    assert "porte déjà 2 observations" in page.text and "La troisième." in page.text
    assert BilanComment.objects.count() == 2


def test_the_buyer_says_that_it_has_read_and_the_house_has_the_hand_again(cast):
    draft = sent(cast)
    assert finish_reading(draft=draft, by=cast.buyer_user_a)
    assert not finish_reading(draft=draft, by=cast.buyer_user_a)
    assert Task.objects.get(key=f"bilan:{draft.bilan_id}:sent").outcome == "Projet lu, sans observation"
    assert Task.objects.open().get(key=f"bilan:{draft.bilan_id}:close").turn == "house"


def test_one_reminder_comes_before_the_day_and_the_hand_goes_back_after_it(cast):
    draft = sent(cast)
    mail.outbox.clear()
    assert remind_of_drafts(dt.date(2026, 3, 19)) == 0
    assert remind_of_drafts(dt.date(2026, 3, 20)) == 1
    assert remind_of_drafts(dt.date(2026, 3, 21)) == 0
    [message] = mail.outbox
    assert message.subject.startswith("Rappel") and message.to == [cast.buyer_user_a.email]
    assert remind_of_drafts(dt.date(2026, 3, 23)) == 0
    with on_day(dt.date(2026, 3, 24)):
        results = {row.label: row for row in run_daily(dt.date(2026, 3, 24))}
    assert results["Projets de bilan transmis"].done == 1 and not results["Projets de bilan transmis"].failed
    keys = (
        Task.objects.open().filter(key__startswith=f"bilan:{draft.bilan_id}:").values_list("key", flat=True)
    )
    assert list(keys) == [f"bilan:{draft.bilan_id}:close"]


def test_who_has_said_something_is_not_reminded(cast):
    draft = sent(cast)
    mail.outbox.clear()
    comment_draft(draft=draft, chapter="", text="Lu.", by=cast.buyer_user_a)
    assert remind_of_drafts(dt.date(2026, 3, 21)) == 0 and not mail.outbox


# --- Pages, and who sees them -------------------------------------------------------------------------------


def test_the_buyer_reads_the_projet_and_notes_its_remarks_chapter_by_chapter(client, cast):
    draft = sent(cast)
    client.force_login(cast.buyer_user_a)
    found = [item for item in waiting_for(cast.buyer_user_a) if "projet de bilan" in item.label]
    url = reverse("sent_draft_detail", args=[draft.pk])
    assert found[0].url == url
    page = client.get(url)
    assert "Une bonne année." in page.text and "À vous de jouer" in page.text
    assert page.text.count("remark-new") == len(draft.snapshot["chapters"]) + 1
    response = client.post(url, {"chapter": "hours", "hours-text": "Et le lot 3 ?"}, follow=True)
    assert "L’observation est enregistrée." in response.text and "Et le lot 3 ?" in response.text
    response = client.post(url, {"chapter": "people", "people-text": "x" * 5001})
    assert response.status_code == 200 and BilanComment.objects.count() == 1
    response = client.post(reverse("sent_draft_done", args=[draft.pk]), follow=True)
    assert "terminé votre lecture" in response.text
    client.force_login(cast.facilitator)
    assert "répondre à 1 observation" in client.get(url).text
    remark = BilanComment.objects.get()
    client.post(
        reverse("bilan_comment_answer", args=[remark.pk]), {"outcome": "declined", "answer": "Hors année."}
    )
    client.force_login(cast.buyer_user_a)
    text = client.get(url).text
    assert "Hors année." in text and "non retenu" in text
    assert client.get(reverse("file_download", args=[draft.file_id])).getvalue() == b"%PDF-1.7 projet"


def test_what_was_typed_stays_when_the_house_publishes_meanwhile(client, cast):
    draft = sent(cast)
    ClosedYearFactory(year=2025)
    freeze(bilan=draft.bilan, user=cast.admin)
    client.force_login(cast.buyer_user_a)
    url = reverse("sent_draft_detail", args=[draft.pk])
    response = client.post(url, {"chapter": "hours", "hours-text": "Mon observation perdue ?"})
    assert "Mon observation perdue ?" in response.text and "ne reçoit plus d’observations" in response.text
    page = client.get(url).text
    assert "Publié" in page and "remark-new" not in page


def test_nobody_but_the_house_and_the_whole_buyer_sees_a_projet_or_its_remarks(client, cast):
    draft = sent(cast)
    comment_draft(draft=draft, chapter="hours", text="Parole d’Alpha.", by=cast.buyer_user_a)
    urls = [reverse("sent_draft_detail", args=[draft.pk]), reverse("file_download", args=[draft.file_id])]
    for user in (cast.buyer_user_b, cast.limited_a):
        client.force_login(user)
        assert [client.get(url).status_code for url in urls] == [404, 404]
        assert client.post(urls[0], {"chapter": "hours", "hours-text": "Non."}).status_code == 404
        assert client.post(reverse("sent_draft_done", args=[draft.pk])).status_code == 404
        assert not SentDraft.objects.visible_to(user).exists()
        assert not BilanComment.objects.visible_to(user).exists()
        assert not [item for item in waiting_for(user) if "projet" in item.label]
    client.force_login(cast.company_user_a)
    assert client.get(urls[0]).status_code == 403
    assert BilanComment.objects.count() == 1


def test_the_house_notes_what_it_was_told_otherwise(client, cast):
    draft = sent(cast)
    client.force_login(cast.facilitator)
    url = reverse("sent_draft_detail", args=[draft.pk])
    assert "Noter une observation reçue autrement" in client.get(url).text
    client.post(url, {"chapter": "", "document-text": "Dit au téléphone."})
    remark = BilanComment.objects.get()
    assert (remark.side, remark.author, remark.draft) == ("buyer", cast.facilitator, draft)


def test_sending_from_the_page_says_who_will_be_told(client, cast):
    ContactFactory(buyer=cast.buyer_a, name="Sans Adresse", email="")
    bilan = review_bilan(bilan=make_bilan(buyer=cast.buyer_a), user=cast.admin)
    client.force_login(cast.facilitator)
    url = reverse("bilan_send", args=[bilan.pk])
    page = client.get(url).text
    assert cast.buyer_user_a.email in page and "Sans Adresse" in page and cast.limited_a.email not in page
    assert "23/03/2026" in page
    response = client.post(url, {"comments_until": "1/1/26", "word": "Gardé."})
    assert "Choisissez un jour à venir." in response.text and "Gardé." in response.text
    response = client.post(url, {"comments_until": "23/3/26", "word": ""})
    assert response.status_code == 302 and SentDraft.objects.get().comments_until == UNTIL
    response = client.get(url, follow=True)
    assert "une fois relu" in response.text


def test_the_page_asks_as_much_of_the_database_with_one_remark_and_six(client, cast):
    draft = sent(cast)
    client.force_login(cast.buyer_user_a)
    url = reverse("sent_draft_detail", args=[draft.pk])

    def queries():
        with CaptureQueriesContext(connection) as found:
            client.get(url)
        return len(found)

    comment_draft(draft=draft, chapter="hours", text="Une.", by=cast.buyer_user_a)
    queries()
    few = queries()
    for number in range(5):
        row = comment_draft(draft=draft, chapter="rates", text=f"N° {number}.", by=cast.facilitator)
        answer_comment(comment=row, outcome=CommentOutcome.TAKEN, answer="Oui.", by=cast.admin)
    assert queries() == few <= 12


def test_a_bilan_taken_back_to_writing_tells_the_buyer_to_wait(client, cast):
    draft = sent(cast)
    reopen_bilan(bilan=draft.bilan, user=cast.admin)
    client.force_login(cast.buyer_user_a)
    page = client.get(reverse("sent_draft_detail", args=[draft.pk])).text
    assert "elle a repris la rédaction" in page and "remark-new" not in page


def test_a_buyer_without_any_address_still_gets_its_projet(cast):
    bilan = review_bilan(bilan=make_bilan(buyer=BuyerFactory()), user=cast.admin)
    draft = send_draft(bilan=bilan, comments_until=UNTIL, user=cast.admin)
    assert draft.bilan.state == BilanState.SENT and not mail.outbox
    assert timezone.localdate(draft.sent_at) == dt.date(2026, 3, 2)
