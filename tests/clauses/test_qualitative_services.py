"""A line of the grid: its state, what is sent and decided, and who must act next."""

import datetime as dt
import io
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clauses.grid import lines_repeat_their_commitment
from clauses.models import Achievement, Evidence, QualitativeCommitment
from clauses.qualitative_state import Line, LineState, state_of
from clauses.relation import Relation, relation_by_company
from clauses.services import qualitative as services
from core.errors import DomainError
from core.models import StoredFile
from markets.models import Task
from tests.factories import (
    AchievementFactory,
    AwardFactory,
    CommitmentFactory,
    CompanyMembershipFactory,
    EvidenceFactory,
    QualitativeCommitmentFactory,
    UserFactory,
)

PDF = b"%PDF-1.4\n%%EOF\n"
DUE = dt.date(2025, 6, 30)
TODAY = timezone.localdate()


# --- The state, by hand --------------------------------------------------------------------------------------


def line(**known):
    values = {
        "due_on": DUE,
        "target": Decimal(2),
        "done": Decimal(0),
        "has_begun": False,
        "is_completed": False,
        "needs_evidence": True,
        "has_evidence": False,
        "is_abandoned": False,
    }
    return Line(**{**values, **known})


@pytest.mark.parametrize(
    ("known", "on", "state"),
    [
        ({}, DUE, "upcoming"),
        ({"done": Decimal(1), "has_begun": True}, DUE, "running"),
        ({"done": Decimal(1), "has_begun": True}, dt.date(2025, 7, 1), "late"),
        ({}, dt.date(2025, 7, 1), "late"),
        ({"done": Decimal(2), "has_begun": True}, DUE, "unproved"),
        ({"done": Decimal(2), "has_begun": True}, dt.date(2026, 1, 1), "unproved"),
        ({"done": Decimal(3), "has_begun": True, "has_evidence": True}, dt.date(2026, 1, 1), "met"),
        ({"done": Decimal(2), "has_begun": True, "needs_evidence": False}, DUE, "met"),
        ({"has_evidence": True}, DUE, "upcoming"),
        ({"target": None, "has_begun": True}, DUE, "running"),
        ({"target": None, "has_begun": True, "is_completed": True}, DUE, "unproved"),
        ({"target": None, "is_completed": True, "has_evidence": True}, DUE, "met"),
        ({"is_abandoned": True, "done": Decimal(2), "has_evidence": True}, DUE, "abandoned"),
    ],
)
def test_the_state_of_a_line(known, on, state):
    assert state_of(line(**known), on) == LineState(state)


# --- Sent and decided ----------------------------------------------------------------------------------------


@pytest.fixture
def people(db):
    """The house, and a company with its line: two visits due in a month."""
    award = AwardFactory()
    member = CompanyMembershipFactory(company=award.company).user
    row = QualitativeCommitment(
        market=award.lot.market,
        company=award.company,
        action="Visites de chantier",
        target_number=Decimal(2),
        unit="visites",
        due_on=TODAY + dt.timedelta(30),
    )
    house = UserFactory()
    return house, member, services.save_line(row=row, by=house)


def pdf(content=PDF, name="attestation.pdf"):
    return SimpleUploadedFile(name, content)


def state(row):
    row = QualitativeCommitment.objects.with_progress().get(pk=row.pk)
    return state_of(services.line_of(row), TODAY).value


def waits(row):
    """Open tasks about the line: whose turn, and the end of the key."""
    rows = Task.objects.open().filter(url=services.line_url(row)).order_by("pk")
    return [(task.turn, task.key.split(":")[0]) for task in rows]


def achieve(row, by, quantity="2", **more):
    return services.record_achievement(row=row, on=TODAY, quantity=Decimal(quantity), by=by, **more)


def prove(row, by, **more):
    return services.attach_evidence(row=row, upload=pdf(), kind="certificate", on=TODAY, by=by, **more)


def test_a_new_line_waits_for_its_company_until_its_day(people):
    _, _, row = people
    task = Task.objects.get(key=f"qualitative:{row.pk}:due")
    assert (task.turn, task.due_on, task.title) == ("company", row.due_on, "Réaliser : Visites de chantier")
    assert (task.market, task.company) == (row.market, row.company)


def test_a_line_whose_day_is_past_has_its_deadline_all_the_same(people):
    house, _, row = people
    row.due_on = TODAY - dt.timedelta(10)
    services.save_line(row=row, by=house)
    task = Task.objects.get(key=f"qualitative:{row.pk}:due")
    assert task.days_late(TODAY) == 10


def test_what_the_house_records_counts_at_once_and_the_line_is_kept_once_proved(people):
    house, _, row = people
    achieve(row, house)
    assert state(row) == "unproved"
    task = Task.objects.get(key=f"qualitative:{row.pk}:due")
    assert task.title == "Déposer le justificatif : Visites de chantier"
    prove(row, house)
    assert state(row) == "met"
    assert waits(row) == []


def test_what_a_company_sends_waits_for_the_house_and_counts_once_accepted(people):
    house, member, row = people
    achievement = achieve(row, member)
    assert (achievement.state, state(row)) == ("submitted", "upcoming")
    assert waits(row) == [("company", "qualitative"), ("house", "achievement")]
    evidence = prove(row, member)
    # All that is missing lies before the house: the company has nothing left to do.
    assert waits(row) == [("house", "achievement"), ("house", "evidence")]
    services.decide(sent=achievement, accepted=True, by=house)
    services.decide(sent=evidence, accepted=True, by=house)
    assert (state(row), waits(row)) == ("met", [])


def test_a_refusal_gives_the_turn_back_to_the_company_with_its_reason(people):
    house, member, row = people
    achieve(row, house)
    evidence = prove(row, member)
    services.decide(sent=evidence, accepted=False, reason="Le document n’est pas signé.", by=house)
    assert waits(row) == [("company", "qualitative")]
    task = Task.objects.get(key=f"qualitative:{row.pk}:due")
    assert task.title == "Déposer un nouveau justificatif : Visites de chantier"
    assert "Le document n’est pas signé." in task.details
    prove(row, member)
    assert waits(row) == [("house", "evidence")]


def test_a_refusal_says_why(people):
    house, member, row = people
    evidence = prove(row, member)
    with pytest.raises(DomainError, match="Dites pourquoi") as refusal:
        services.decide(sent=evidence, accepted=False, reason="  ", by=house)
    assert refusal.value.field == "reason"
    with pytest.raises(IntegrityError), transaction.atomic():
        evidence.state = "refused"
        evidence.save()


def test_a_decision_over_somebody_s_is_told_and_may_be_taken_back_knowingly(people):
    house, member, row = people
    evidence = prove(row, member)
    services.decide(sent=evidence, accepted=True, seen="submitted", by=house)
    with pytest.raises(DomainError, match="déjà examiné"):
        services.decide(sent=evidence, accepted=False, reason="Illisible", seen="submitted", by=UserFactory())
    services.decide(sent=evidence, accepted=False, reason="Illisible", seen="accepted", by=house)
    evidence.refresh_from_db()
    assert (evidence.state, evidence.reason) == ("refused", "Illisible")
    assert evidence.history.count() == 3


def test_an_objective_in_words_is_reached_when_it_is_said_so(people):
    house, _, row = people
    words = QualitativeCommitmentFactory(words=True, needs_evidence=False)
    services.record_achievement(row=words, on=TODAY, by=house)
    assert state(words) in ("running", "late")
    services.record_achievement(row=words, on=TODAY, completes=True, by=house)
    assert state(words) == "met"
    with pytest.raises(DomainError, match="combien") as refusal:
        services.record_achievement(row=row, on=TODAY, completes=True, by=house)
    assert refusal.value.field == "quantity"


def test_nothing_is_achieved_tomorrow(people):
    house, _, row = people
    tomorrow = TODAY + dt.timedelta(1)
    with pytest.raises(DomainError, match="aujourd’hui au plus tard"):
        services.record_achievement(row=row, on=tomorrow, quantity=Decimal(1), by=house)
    with pytest.raises(DomainError, match="avenir"):
        services.attach_evidence(row=row, upload=pdf(), kind="other", on=tomorrow, by=house)


def test_an_abandoned_line_expects_nothing_and_can_be_taken_up_again(people):
    house, member, row = people
    prove(row, member)
    services.abandon_line(row=row, reason="Chantier arrêté.", by=house)
    assert (state(row), waits(row)) == ("abandoned", [])
    for gesture in (lambda: achieve(row, house), lambda: prove(row, member)):
        with pytest.raises(DomainError, match="abandonnée"):
            gesture()
    with pytest.raises(DomainError, match="abandonnée"):
        services.abandon_line(row=row, reason="Encore", by=house)
    services.resume_line(row=row, by=house)
    assert waits(row) == [("company", "qualitative"), ("house", "evidence")]


def bomb():
    """A workbook of some kilobytes that holds 60 MB of zeros."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bomb(), "60\u202fMo"),
        (b"", "vide"),
        (b"<html><body><table></table></body></html>", "type accepté"),
        (b"PK\x03\x04 not an archive", "type accepté"),
        (b"%PDF-1.4\n" + b"0" * 21_000_000, "dépasse 20\u202fMo"),
    ],
)
def test_a_bad_proof_gets_a_sentence_and_nothing_is_kept(people, content, sentence):
    _, member, row = people
    with pytest.raises(DomainError, match=sentence) as refusal:
        services.attach_evidence(
            row=row, upload=pdf(content, "preuve.xlsx"), kind="other", on=TODAY, by=member
        )
    assert refusal.value.field == "file"
    assert not Evidence.objects.exists() and not StoredFile.objects.exists()


def test_the_database_refuses_a_line_without_objective(people):
    _, _, row = people
    row.target_number = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_a_line_that_leaves_its_commitment_is_found(people):
    _, _, row = people
    commitment = CommitmentFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clauses_qualitativecommitment SET commitment_id = %s WHERE id = %s",
            [commitment.pk, row.pk],
        )
    assert [str(row.pk) in sentence for sentence in lines_repeat_their_commitment()] == [True]
    row.refresh_from_db()
    row.save()
    assert (row.market, row.company) == (commitment.market, commitment.holder)
    assert list(lines_repeat_their_commitment()) == []


# --- « Relation entreprise » ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_relation_counts_lines_by_company_in_one_query(django_assert_num_queries):
    first, second = AwardFactory(), AwardFactory()
    kept = QualitativeCommitmentFactory(award=first)
    AchievementFactory(qualitative=kept, quantity=Decimal(2))
    EvidenceFactory(qualitative=kept, state="accepted")
    unproved = QualitativeCommitmentFactory(award=first)
    AchievementFactory(qualitative=unproved, quantity=Decimal("2.5"))
    EvidenceFactory(qualitative=unproved, state="refused", reason="Illisible")
    QualitativeCommitmentFactory(award=first)
    late = QualitativeCommitmentFactory(award=second, due_on=dt.date(2025, 4, 30))
    AchievementFactory(qualitative=late, quantity=Decimal(2), state="submitted")
    QualitativeCommitmentFactory(award=second, abandoned_on=DUE, abandon_reason="Chantier arrêté")
    QualitativeCommitmentFactory()
    with django_assert_num_queries(1):
        found = relation_by_company([first.lot.market_id, second.lot.market_id], DUE)
    assert found == {
        first.company_id: Relation(kept=1, evidence_missing=1, running=1),
        second.company_id: Relation(late=1, abandoned=1),
    }
    assert [row.total for row in found.values()] == [3, 2]


@pytest.mark.django_db
def test_what_is_sent_is_summed_only_once_accepted():
    row = QualitativeCommitmentFactory()
    for sent_state in ("accepted", "submitted"):
        AchievementFactory(qualitative=row, state=sent_state)
    AchievementFactory(qualitative=row, state="refused", reason="Hors marché")
    EvidenceFactory(qualitative=row)
    found = QualitativeCommitment.objects.with_progress().get()
    assert (found.done, found.achievement_waits, found.evidence_waits) == (1, True, True)
    assert (found.evidence_accepted, found.evidence_refused) == (False, False)
    assert Achievement.objects.count() == 3
