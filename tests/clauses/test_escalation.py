"""The convention's ladder (annexe 2.A): each step after its predecessor, by whom it belongs to, told and kept."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clauses import escalation_documents as documents
from clauses.enums import Channel, LetterWay, PenaltyDecision, StepKind
from clauses.ladder import Stage
from clauses.models import EscalationStep, Interaction
from clauses.services import escalation as services
from clauses.services import escalation_letters as letters
from clauses.standings import computation_of, deciders_of, standing_of, standings_of
from core.errors import DomainError
from core.files import file_for, read_file
from markets.models import Task
from tests.factories import (
    AgreementFactory,
    AssignmentFactory,
    BuyerMembershipFactory,
    CommitmentChangeFactory,
    CommitmentFactory,
    HoursEntryFactory,
    InteractionFactory,
    MarketFactory,
    ResponsibilityFactory,
    make_escalation,
)

pytestmark = pytest.mark.django_db
START = dt.date(2026, 3, 2)


class Days:
    """Today, moved by the test."""

    def __init__(self):
        self.today = START

    def pass_by(self, days):
        self.today += dt.timedelta(days=days)
        return self.today


@pytest.fixture
def days(monkeypatch):
    found, real = Days(), timezone.localdate
    monkeypatch.setattr(
        "django.utils.timezone.localdate", lambda value=None, *rest: real(value) if value else found.today
    )
    return found


@pytest.fixture
def papers(monkeypatch):
    """What the documents are made of, without setting their pages."""
    made = []

    def render(template, context, **more):
        made.append((template.rsplit("/", 1)[1], context))
        return b"%PDF-1.7 " + template.encode()

    monkeypatch.setattr("clauses.escalation_documents.render_pdf", render)
    return made


def pdf(name="notification.pdf"):
    return SimpleUploadedFile(name, b"%PDF-1.7 notification", content_type="application/pdf")


def contact(escalation, on, channel=Channel.CALL, *, reached=False, summary="Répondeur"):
    return InteractionFactory(
        market=escalation.market,
        company=escalation.holder,
        on=on,
        channel=channel,
        reached=reached,
        summary=summary,
    )


def stage(escalation):
    return standing_of(escalation).stage


def open_tasks(escalation):
    return {
        (task.key.rsplit(":", 1)[1], task.turn)
        for task in Task.objects.open().filter(key__startswith=f"escalation:{escalation.pk}:").order_by("pk")
    }


def refused(gesture, *args, **kwargs):
    """The sentence of a refusal, spaces made plain."""
    with pytest.raises(DomainError) as found:
        gesture(*args, **kwargs)
    return found.value.sentence.replace("\u202f", " ")


def opened(cast, days):
    return services.open_escalation(
        commitment=cast.commitment_a, on=days.today, text="Aucune embauche.", by=cast.facilitator
    )


def with_contacts(cast, days):
    escalation = opened(cast, days)
    contact(escalation, days.today)
    contact(escalation, days.pass_by(7), Channel.MAIL)
    return escalation


def proposed(cast, days):
    escalation = with_contacts(cast, days)
    letters.propose_letter(
        escalation=escalation, recipient="M. Dupont", address="2 rue du Chantier", by=cast.facilitator
    )
    return escalation


def sent(cast, days):
    escalation = proposed(cast, days)
    letters.approve_letter(escalation=escalation, by=cast.buyer_user_a)
    letters.send_letter(
        escalation=escalation,
        on=days.today,
        way=LetterWay.REGISTERED,
        tracking="1A 234",
        by=cast.facilitator,
    )
    return escalation


def alerted(cast, days):
    escalation = sent(cast, days)
    days.pass_by(16)
    services.alert_buyer(escalation=escalation, by=cast.facilitator)
    return escalation


def in_default(cast, days):
    escalation = alerted(cast, days)
    services.notify_default(escalation=escalation, on=days.today, document=pdf(), by=cast.buyer_user_a)
    return escalation


def priced(commitment, **formula):
    clause = commitment.clause
    for name, value in {"penalty_kind": "rate", "penalty_rate": Decimal(35), **formula}.items():
        setattr(clause, name, value)
    clause.save()


def count_hours(commitment, hours):
    HoursEntryFactory(assignment=AssignmentFactory(commitment=commitment), counted=True, hours=Decimal(hours))


# --- From the first call to the decision ----------------------------------------------------------------------


def test_the_whole_ladder_to_14_700_euros_with_the_buyer_s_two_decisions_under_its_account(cast, days):
    # 800 h engaged, 380 counted: 420 missing × 35 € = 14,700 €.
    commitment = cast.commitment_a
    priced(commitment)
    count_hours(commitment, 200)
    count_hours(commitment, 180)
    escalation = opened(cast, days)
    assert (stage(escalation), open_tasks(escalation)) == (Stage.CONTACTS, {("contacts", "house")})

    contact(escalation, days.today)
    contact(escalation, days.pass_by(7), Channel.LETTER)
    assert stage(escalation) == Stage.TO_PROPOSE

    letters.propose_letter(
        escalation=escalation, recipient="M. Dupont", address="2 rue du Chantier", by=cast.facilitator
    )
    assert (stage(escalation), open_tasks(escalation)) == (Stage.TO_APPROVE, {("to_approve", "buyer")})

    letters.approve_letter(escalation=escalation, by=cast.buyer_user_a)
    assert (stage(escalation), open_tasks(escalation)) == (Stage.TO_SEND, {("to_send", "house")})

    letters.send_letter(
        escalation=escalation,
        on=days.pass_by(1),
        way=LetterWay.REGISTERED,
        tracking="1A 234",
        by=cast.facilitator,
    )
    assert (stage(escalation), open_tasks(escalation)) == (Stage.WAITING, {("waiting", "company")})
    task = Task.objects.open().get(key=f"escalation:{escalation.pk}:waiting")
    assert task.due_on == dt.date(2026, 3, 25)  # sent on the 10th, plus 15 days

    days.pass_by(16)
    assert stage(escalation) == Stage.TO_ALERT
    services.alert_buyer(escalation=escalation, by=cast.facilitator)
    assert (stage(escalation), open_tasks(escalation)) == (Stage.TO_NOTIFY, {("to_notify", "buyer")})

    services.notify_default(escalation=escalation, on=days.today, document=pdf(), by=cast.buyer_user_a)
    assert (stage(escalation), open_tasks(escalation)) == (Stage.TO_DECIDE, {("to_decide", "buyer")})

    decision = services.decide_penalty(
        escalation=escalation,
        decision=PenaltyDecision.APPLIED,
        seen=Decimal(14_700),
        by=cast.buyer_user_a,
    )
    escalation.refresh_from_db()
    assert decision.author == cast.buyer_user_a
    assert decision.facts["amount"] == "14700.00"
    assert decision.facts["reasoning"].replace("\u202f", " ") == "420 h × 35 €/h = 14 700 €"
    assert (decision.facts["engaged"], decision.facts["counted"]) == ("800.00", "380.00")
    assert (stage(escalation), open_tasks(escalation)) == (Stage.DECIDED, set())
    assert escalation.closed_on == days.today
    assert [(step.kind, step.author) for step in standing_of(escalation).steps] == [
        (StepKind.OPENED, cast.facilitator),
        (StepKind.LETTER_PROPOSED, cast.facilitator),
        (StepKind.LETTER_APPROVED, cast.buyer_user_a),
        (StepKind.LETTER_SENT, cast.facilitator),
        (StepKind.NO_ANSWER, cast.facilitator),
        (StepKind.ALERT, cast.facilitator),
        (StepKind.DEFAULT, cast.buyer_user_a),
        (StepKind.DECISION, cast.buyer_user_a),
    ]


def test_a_refusal_after_the_letter_ends_the_delay(cast, days, papers):
    escalation = sent(cast, days)
    services.record_refusal(
        escalation=escalation, on=days.pass_by(3), text="« Nous ne le ferons pas. »", by=cast.facilitator
    )
    assert stage(escalation) == Stage.TO_ALERT
    services.alert_buyer(escalation=escalation, by=cast.facilitator)
    assert not any(step.kind == StepKind.NO_ANSWER for step in standing_of(escalation).steps)


def test_a_refusal_stands_for_the_contacts_before_the_letter_but_not_after_it(cast, days, papers):
    escalation = opened(cast, days)
    services.record_refusal(escalation=escalation, on=days.today, text="Non.", by=cast.facilitator)
    assert stage(escalation) == Stage.TO_PROPOSE
    letters.propose_letter(escalation=escalation, recipient="", address="ici", by=cast.facilitator)
    letters.approve_letter(escalation=escalation, by=cast.buyer_user_a)
    letters.send_letter(
        escalation=escalation, on=days.today, way="registered", tracking="1", by=cast.facilitator
    )
    assert stage(escalation) == Stage.WAITING
    assert "le délai laissé à l’entreprise court jusqu’au 17/03/2026" in refused(
        services.alert_buyer, escalation=escalation, by=cast.facilitator
    )


def test_an_agreement_that_consents_beforehand_approves_at_once_with_its_own_delay(cast, days, papers):
    AgreementFactory(buyer=cast.buyer_a, letter_consent=True, letter_delay_days=21, reference="C-7")
    escalation = proposed(cast, days)
    assert stage(escalation) == Stage.TO_SEND
    consent = standing_of(escalation).last(StepKind.LETTER_CONSENTED)
    assert "C-7" in consent.text and consent.author == cast.facilitator
    assert not mail.outbox
    step = letters.send_letter(
        escalation=escalation, on=days.today, way="registered", tracking="1", by=cast.facilitator
    )
    assert step.day_of("due_on") == days.today + dt.timedelta(days=21)


def test_an_agreement_that_ended_consents_to_nothing(cast, days, papers):
    AgreementFactory(buyer=cast.buyer_a, letter_consent=True, ends_on=dt.date(2026, 2, 28))
    assert stage(proposed(cast, days)) == Stage.TO_APPROVE


def test_a_letter_sent_back_is_proposed_again(cast, days, papers):
    escalation = proposed(cast, days)
    assert "Dites ce qui ne convient pas" in refused(
        letters.send_back_letter, escalation=escalation, reason=" ", by=cast.buyer_user_a
    )
    letters.send_back_letter(escalation=escalation, reason="Citez le lot 2.", by=cast.buyer_user_a)
    assert (stage(escalation), open_tasks(escalation)) == (Stage.TO_PROPOSE, {("to_propose", "house")})
    letters.propose_letter(escalation=escalation, recipient="", address="ici", by=cast.facilitator)
    assert stage(escalation) == Stage.TO_APPROVE
    assert len(mail.outbox) == 2


# --- Contacts -------------------------------------------------------------------------------------------------


def test_before_a_letter_two_contacts_without_an_answer_one_of_them_in_writing(cast, days):
    escalation = opened(cast, days)

    def ask():
        return refused(
            letters.propose_letter, escalation=escalation, recipient="", address="ici", by=cast.facilitator
        )

    assert "il manque 2 contacts sans réponse, dont un écrit" in ask()
    contact(escalation, days.today)
    assert "il manque 1 contact sans réponse, dont un écrit" in ask()
    contact(escalation, days.today)
    assert "aucun des contacts sans réponse n’est écrit" in ask()
    contact(escalation, days.today, Channel.MAIL, reached=True)
    assert "aucun des contacts sans réponse n’est écrit" in ask()
    contact(escalation, days.today, Channel.MAIL)
    assert stage(escalation) == Stage.TO_PROPOSE


def test_contacts_of_another_market_another_company_or_to_come_are_none(cast, days):
    escalation = opened(cast, days)
    InteractionFactory(market=escalation.market, on=days.today, channel=Channel.MAIL, reached=False)
    InteractionFactory(
        market=MarketFactory(), company=escalation.holder, on=days.today, channel=Channel.MAIL, reached=False
    )
    contact(escalation, days.today + dt.timedelta(days=1), Channel.MAIL)
    assert standing_of(escalation).contacts == []


def test_contacts_of_a_former_difficulty_do_not_serve_twice(cast, days):
    escalation = with_contacts(cast, days)
    services.close_escalation(
        escalation=escalation, on=days.today, reason="Ils embauchent.", by=cast.facilitator
    )
    days.pass_by(30)
    again = opened(cast, days)
    assert standing_of(again).contacts == []
    assert len(standing_of(escalation).contacts) == 2
    contact(again, days.today, Channel.MAIL)
    assert len(standing_of(again).contacts) == 1


# --- Everything else needs its predecessor ---------------------------------------------------------------------


def test_each_step_out_of_turn_is_refused_with_what_is_missing(cast, days, papers):
    house, buyer = cast.facilitator, cast.buyer_user_a
    gestures = {
        Stage.TO_APPROVE: lambda row: letters.approve_letter(escalation=row, by=buyer),
        Stage.TO_SEND: lambda row: letters.send_letter(
            escalation=row, on=days.today, way="registered", tracking="1", by=house
        ),
        Stage.TO_ALERT: lambda row: services.alert_buyer(escalation=row, by=house),
        Stage.TO_NOTIFY: lambda row: services.notify_default(
            escalation=row, on=days.today, document=pdf(), by=buyer
        ),
        Stage.TO_DECIDE: lambda row: services.decide_penalty(
            escalation=row, decision="waived", reason="x", seen=Decimal(0), by=buyer
        ),
    }
    missing = {
        Stage.TO_PROPOSE: "le courrier de rappel n’a pas été proposé",
        Stage.TO_APPROVE: "le donneur d’ordre n’a pas encore approuvé le courrier",
        Stage.TO_SEND: "le courrier de rappel n’est pas encore envoyé",
        Stage.WAITING: "le délai laissé à l’entreprise court jusqu’au",
        Stage.TO_ALERT: "le donneur d’ordre n’a pas encore été alerté",
        Stage.TO_NOTIFY: "n’a pas encore notifié sa défaillance",
    }
    order = list(missing)
    for index, reached in enumerate(order):
        escalation = make_escalation(upto=reached, opened_on=days.today - dt.timedelta(days=40))
        BuyerMembershipFactory(user=buyer, buyer=escalation.market.buyer)
        if reached == Stage.WAITING:
            days.today = escalation.opened_on + dt.timedelta(days=30)
        steps = escalation.steps.count()
        for wanted, gesture in gestures.items():
            if wanted in order[: index + 1] and wanted == reached:
                continue
            sentence = refused(gesture, escalation)
            if wanted not in order or order.index(wanted) > index:
                assert missing[reached] in sentence, (reached, wanted)
            else:
                assert "cette étape est déjà faite" in sentence, (reached, wanted)
        assert escalation.steps.count() == steps


@pytest.mark.parametrize("over", [Stage.DECIDED, Stage.CLOSED])
def test_nothing_follows_the_end(cast, over):
    escalation = make_escalation(cast.commitment_a, upto=over)
    day = dt.date(2026, 4, 1)
    for gesture in (
        lambda: services.record_refusal(escalation=escalation, on=day, text="x", by=cast.facilitator),
        lambda: services.record_meeting(
            escalation=escalation, on=day, participants="x", text="x", by=cast.facilitator
        ),
        lambda: services.close_escalation(escalation=escalation, on=day, reason="x", by=cast.facilitator),
        lambda: services.alert_buyer(escalation=escalation, by=cast.facilitator),
    ):
        assert "close depuis le" in refused(gesture)


def test_dates_follow_each_other(cast, days, papers):
    tomorrow = days.today + dt.timedelta(days=1)
    assert "Cette date est à venir" in refused(
        services.open_escalation, commitment=cast.commitment_a, on=tomorrow, text="", by=cast.facilitator
    )
    assert "précède la notification du marché du 15/01/2025" in refused(
        services.open_escalation,
        commitment=cast.commitment_a,
        on=dt.date(2025, 1, 14),
        text="",
        by=cast.facilitator,
    )
    escalation = proposed(cast, days)
    letters.approve_letter(escalation=escalation, by=cast.buyer_user_a)
    send = {"escalation": escalation, "way": "registered", "tracking": "1", "by": cast.facilitator}
    before = days.today - dt.timedelta(days=1)
    assert "précède l’accord du donneur d’ordre, du 09/03/2026" in refused(
        letters.send_letter, on=before, **send
    )
    assert "à venir" in refused(letters.send_letter, on=days.today + dt.timedelta(days=1), **send)
    letters.send_letter(on=days.today, **send)
    assert "précède l’envoi du courrier du 09/03/2026" in refused(
        services.record_refusal, escalation=escalation, on=before, text="Non.", by=cast.facilitator
    )
    days.pass_by(16)
    services.alert_buyer(escalation=escalation, by=cast.facilitator)
    assert "précède l’alerte du 25/03/2026" in refused(
        services.notify_default,
        escalation=escalation,
        on=days.today - dt.timedelta(days=1),
        document=pdf(),
        by=cast.buyer_user_a,
    )


def test_one_difficulty_at_a_time_on_a_commitment_and_none_on_a_closed_market(cast, days):
    opened(cast, days)
    assert "déjà ouverte sur cet engagement" in refused(opened, cast, days)
    closed = CommitmentFactory(market=MarketFactory(closed_on=dt.date(2026, 1, 1)))
    assert "Ce marché est clos" in refused(
        services.open_escalation, commitment=closed, on=days.today, text="", by=cast.facilitator
    )


def test_the_way_of_a_letter_brings_its_number_or_its_address(cast, days, papers):
    escalation = proposed(cast, days)
    letters.approve_letter(escalation=escalation, by=cast.buyer_user_a)
    base = {"escalation": escalation, "on": days.today, "by": cast.facilitator}
    assert "numéro du recommandé" in refused(letters.send_letter, way="registered", **base)
    assert "adresse électronique" in refused(letters.send_letter, way="email", **base)
    assert "comment le courrier part" in refused(letters.send_letter, way="pigeon", **base)
    days.pass_by(1)
    assert "part d’ici, aujourd’hui" in refused(
        letters.send_letter, way="both", tracking="1", email="a@b.example", **base
    )


def test_a_letter_sent_by_e_mail_carries_the_approved_document(cast, days, papers):
    escalation = proposed(cast, days)
    approved = letters.approve_letter(escalation=escalation, by=cast.buyer_user_a)
    mail.outbox.clear()
    step = letters.send_letter(
        escalation=escalation, on=days.today, way="email", email="Chantier@Alpha.example", by=cast.facilitator
    )
    (message,) = mail.outbox
    assert message.to == ["chantier@alpha.example"]
    assert message.attachments[0][0] == approved.document.name
    assert "avant le 24/03/2026" in message.body
    assert step.document == approved.document
    assert step.facts["sha256"] == approved.document.sha256


# --- Who decides ----------------------------------------------------------------------------------------------


def test_only_the_buyer_approves_notifies_and_decides(cast, days, papers):
    escalation = proposed(cast, days)
    for user in (cast.facilitator, cast.admin, cast.buyer_user_b, cast.company_user_a):
        assert "Seul le donneur d’ordre" in refused(letters.approve_letter, escalation=escalation, by=user)
        assert "Seul le donneur d’ordre" in refused(
            letters.send_back_letter, escalation=escalation, reason="x", by=user
        )
    escalation = make_escalation(cast.other_commitment_a, upto=Stage.TO_DECIDE)
    for user in (cast.facilitator, cast.admin, cast.buyer_user_b, cast.limited_a):
        assert "Seul le donneur d’ordre" in refused(
            services.decide_penalty,
            escalation=escalation,
            decision="waived",
            reason="x",
            seen=Decimal(0),
            by=user,
        )


def test_members_of_the_whole_buyer_and_of_the_market_s_department_decide(cast):
    assert {user.pk for user in deciders_of(cast.commitment_a.market)} == {
        cast.buyer_user_a.pk,
        cast.limited_a.pk,
    }
    assert [user.pk for user in deciders_of(cast.other_commitment_a.market)] == [cast.buyer_user_a.pk]
    # A market without department: nobody limited to one decides of it.
    market = MarketFactory(buyer=cast.buyer_a)
    assert [user.pk for user in deciders_of(market)] == [cast.buyer_user_a.pk]


def test_a_buyer_without_account_cannot_be_asked_to_approve(cast, days):
    for user in (cast.buyer_user_a, cast.limited_a):
        user.is_active = False
        user.save()
    assert "Personne n’a de compte chez Ville d’Alpha" in refused(proposed, cast, days)


def test_the_buyer_is_told_by_e_mail_when_something_waits_for_it(cast, days, papers):
    escalation = in_default(cast, days)
    asked, alert, decide = mail.outbox
    both = sorted([cast.buyer_user_a.email, cast.limited_a.email])
    assert asked.to == alert.to == both
    # Who recorded the default knows that the decision waits.
    assert decide.to == [cast.limited_a.email]
    assert f"/marches/difficultes/{escalation.pk}/courrier/accord/" in asked.body
    assert f"/marches/difficultes/{escalation.pk}/defaillance/" in alert.body
    assert alert.attachments[0][0].startswith("alerte-")
    assert f"/marches/difficultes/{escalation.pk}/penalite/" in decide.body
    assert not any("Bravo" in message.body for message in mail.outbox)


def test_a_second_decision_meets_a_sentence(cast, days, papers):
    priced(cast.commitment_a)
    escalation = in_default(cast, days)
    decide = {"escalation": escalation, "seen": Decimal(28_000)}
    services.decide_penalty(decision="applied", by=cast.buyer_user_a, **decide)
    sentence = refused(services.decide_penalty, decision="waived", reason="x", by=cast.limited_a, **decide)
    assert sentence == "La pénalité ne peut pas être décidée : le donneur d’ordre a déjà décidé."
    assert escalation.steps.filter(kind=StepKind.DECISION).count() == 1


def test_the_database_keeps_one_decision_whatever_writes_it(cast):
    escalation = make_escalation(cast.commitment_a, upto=Stage.DECIDED)
    with pytest.raises(IntegrityError), transaction.atomic():
        EscalationStep.objects.create(escalation=escalation, kind=StepKind.DECISION, on=dt.date(2026, 4, 1))


# --- The decision ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"decision": "reduced", "amount": None, "reason": "x"}, "entre 0 et 28 000 €"),
        ({"decision": "reduced", "amount": Decimal(28_000), "reason": "x"}, "entre 0 et 28 000 €"),
        ({"decision": "reduced", "amount": Decimal(-5), "reason": "x"}, "entre 0 et 28 000 €"),
        ({"decision": "reduced", "amount": Decimal("1e17"), "reason": "x"}, "entre 0 et 28 000 €"),
        ({"decision": "reduced", "amount": Decimal(5)}, "Dites pourquoi"),
        ({"decision": "waived", "reason": "  "}, "Dites pourquoi"),
        ({"decision": "doubled"}, "Choisissez votre décision"),
        ({"decision": "applied", "seen": Decimal(1)}, "Le calcul a changé"),
    ],
)
def test_a_decision_that_does_not_stand_is_refused_and_nothing_is_written(
    cast, days, papers, typed, sentence
):
    priced(cast.commitment_a)  # 800 h × 35 €
    escalation = in_default(cast, days)
    values = {"seen": Decimal(28_000), **typed}
    assert sentence in refused(services.decide_penalty, escalation=escalation, by=cast.buyer_user_a, **values)
    assert stage(escalation) == Stage.TO_DECIDE


def test_a_reduced_penalty_keeps_the_computed_one_and_the_reason(cast, days, papers):
    priced(cast.commitment_a)
    escalation = in_default(cast, days)
    step = services.decide_penalty(
        escalation=escalation,
        decision="reduced",
        amount=Decimal(5_000),
        reason="Première défaillance.",
        seen=Decimal(28_000),
        by=cast.limited_a,
    )
    assert (step.facts["amount"], step.facts["computed"], step.text) == (
        "5000.00",
        "28000.00",
        "Première défaillance.",
    )
    assert documents.decision_words(step).replace("\u202f", " ") == (
        "Pénalité réduite à 5 000 €, pour 28 000 € calculés"
    )


def test_without_a_formula_a_penalty_can_only_be_waived(cast, days, papers):
    clause = cast.commitment_a.clause
    clause.penalty_text = "60 € par heure"
    clause.save()
    escalation = in_default(cast, days)
    assert "ne porte que le texte de la pénalité" in refused(
        services.decide_penalty,
        escalation=escalation,
        decision="applied",
        seen=Decimal(0),
        by=cast.buyer_user_a,
    )
    services.decide_penalty(
        escalation=escalation,
        decision="waived",
        reason="Texte ambigu.",
        seen=Decimal(0),
        by=cast.buyer_user_a,
    )


def test_the_computation_reads_the_changes_in_force_and_the_lot_s_amount(cast):
    commitment = cast.commitment_a  # 800 h, lot without amount, award of 400,000 €
    CommitmentChangeFactory(commitment=commitment, delta=Decimal(100), effective_on=dt.date(2099, 1, 1))
    priced(commitment, penalty_cap=Decimal(5), penalty_cap_unit="percent")
    count_hours(commitment, 100)
    assert computation_of(commitment).amount == Decimal(20_000)  # 700 × 35 = 24,500; 5 % of 400,000
    commitment.clause.lot.amount = Decimal(300_000)
    commitment.clause.lot.save()
    assert computation_of(commitment).amount == Decimal(15_000)


# --- Meetings, closing ----------------------------------------------------------------------------------------


def test_a_tripartite_meeting_is_held_at_any_point_and_changes_nothing(cast, days, papers):
    for climb in (opened, with_contacts, proposed, sent, alerted, in_default):
        with transaction.atomic():
            days.today = START
            escalation = climb(cast, days)
            before, tasks = stage(escalation), open_tasks(escalation)
            services.record_meeting(
                escalation=escalation,
                on=days.today,
                participants="Ville, entreprise, maison",
                text="Chacun redit sa position.",
                by=cast.facilitator,
            )
            assert (stage(escalation), open_tasks(escalation)) == (before, tasks)
            report = Interaction.objects.get(market=escalation.market, channel=Channel.TRIPARTITE)
            assert report.summary == "Chacun redit sa position."
            transaction.set_rollback(True)


def test_a_planned_meeting_is_a_task_of_the_three_and_its_report_ends_it(cast, days, papers):
    escalation = opened(cast, days)
    when = timezone.now() + dt.timedelta(days=3)
    task = services.plan_meeting(escalation=escalation, starts_at=when, place="Mairie", by=cast.facilitator)
    for user in (cast.facilitator, cast.buyer_user_a, cast.company_user_a):
        assert task in Task.objects.visible_to(user)
    assert task not in Task.objects.visible_to(cast.buyer_user_b)
    services.record_refusal(escalation=escalation, on=days.today, text="Non.", by=cast.facilitator)
    task.refresh_from_db()
    assert task.is_open, "the next step does not cancel the meeting"
    services.record_meeting(
        escalation=escalation, on=days.today, participants="x", text="y", by=cast.facilitator
    )
    task.refresh_from_db()
    assert not task.is_open and task.report.summary == "y"
    assert "déjà passée" in refused(
        services.plan_meeting,
        escalation=escalation,
        starts_at=timezone.now() - dt.timedelta(hours=1),
        by=cast.facilitator,
    )


@pytest.mark.parametrize("climb", [opened, with_contacts, proposed, sent, alerted])
def test_a_company_that_answers_ends_the_difficulty_before_the_penalty(cast, days, papers, climb):
    escalation = climb(cast, days)
    assert "Dites pourquoi" in refused(
        services.close_escalation, escalation=escalation, on=days.today, reason=" ", by=cast.facilitator
    )
    services.close_escalation(
        escalation=escalation, on=days.today, reason="Deux embauches en mai.", by=cast.facilitator
    )
    escalation.refresh_from_db()
    assert (stage(escalation), open_tasks(escalation)) == (Stage.CLOSED, set())
    again = opened(cast, days)
    assert again.pk != escalation.pk


def test_after_the_default_only_the_buyer_closes(cast, days, papers):
    escalation = in_default(cast, days)
    close = {"escalation": escalation, "on": days.today, "reason": "Accord trouvé."}
    assert "Seul le donneur d’ordre" in refused(services.close_escalation, by=cast.facilitator, **close)
    services.close_escalation(by=cast.buyer_user_a, **close)
    assert stage(escalation) == Stage.CLOSED


def test_a_daily_command_turns_passed_delays_into_alerts_to_make(cast, days, papers):
    escalation = sent(cast, days)
    days.pass_by(15)
    assert services.open_overdue_alerts(days.today) == 0
    assert open_tasks(escalation) == {("waiting", "company")}
    days.pass_by(1)
    assert services.open_overdue_alerts(days.today) == 1
    assert open_tasks(escalation) == {("to_alert", "house")}
    assert services.open_overdue_alerts(days.today) == 0
    assert Task.objects.filter(key=f"escalation:{escalation.pk}:to_alert").count() == 1


# --- What is kept -----------------------------------------------------------------------------------------------


def test_a_step_is_never_changed_nor_removed(cast):
    escalation = make_escalation(cast.commitment_a, upto=Stage.WAITING)
    for statement in (
        "UPDATE clauses_escalationstep SET text = 'autre' WHERE escalation_id = %s",
        "DELETE FROM clauses_escalationstep WHERE escalation_id = %s",
    ):
        with (
            pytest.raises(Exception, match="ne se modifie pas"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [escalation.pk])


def test_a_letter_that_was_sent_stays_what_it_was(cast, days, papers):
    escalation = sent(cast, days)
    step = standing_of(escalation).last(StepKind.LETTER_SENT)
    content = read_file(step.document)
    market = escalation.market
    market.object = "Autre objet"
    market.save()
    step.refresh_from_db()
    assert read_file(step.document) == content
    assert [template for template, _ in papers].count("escalation_letter.html") == 1
    with pytest.raises(Exception, match=r"ProtectedError|référenc|protected"):
        step.document.delete()


def test_the_letter_cites_failed_contacts_by_day_and_means_never_their_reports(cast, days, papers):
    ResponsibilityFactory(market=cast.commitment_a.market, facilitator=cast.facilitator)
    escalation = with_contacts(cast, days)
    contact(escalation, days.today, reached=True, summary="Le gardien est au courant.")
    letters.propose_letter(
        escalation=escalation, recipient="M. Dupont", address="ici", text="Mot.", by=cast.facilitator
    )
    letter = standing_of(escalation).letter.facts["letter"]
    assert [row["on"] for row in letter["contacts"]] == ["2026-03-02", "2026-03-09"]
    assert "Répondeur" not in str(letter) and "gardien" not in str(letter)
    assert (letter["engaged"], letter["delay_days"]) == ("800.00", 15)
    assert letter["person"]["email"] == cast.facilitator.email


def test_the_alert_hands_over_only_the_contacts_that_the_facilitator_kept(cast, days, papers):
    escalation = sent(cast, days)
    kept = contact(escalation, days.today, summary="Message au standard")
    days.pass_by(16)
    step = services.alert_buyer(escalation=escalation, contacts=[kept.pk], by=cast.facilitator)
    assert [row["summary"] for row in step.facts["contacts"]] == ["Message au standard"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("vide.pdf", b"", "vide"),
        ("faux.pdf", b"<html>pas un pdf</html>", "n’est pas d’un type accepté"),
        ("gros.pdf", b"%PDF-1.7 " + b"0" * (21 * 1024 * 1024), "dépasse"),
    ],
)
def test_a_document_that_is_none_is_refused_beside_its_field(cast, days, papers, name, content, sentence):
    escalation = alerted(cast, days)
    with pytest.raises(DomainError, match=sentence) as found:
        services.notify_default(
            escalation=escalation,
            on=days.today,
            document=SimpleUploadedFile(name, content),
            by=cast.buyer_user_a,
        )
    assert found.value.field == "document"
    assert stage(escalation) == Stage.TO_NOTIFY


def test_who_opens_which_document(cast, days, papers):
    escalation = alerted(cast, days)
    letter = standing_of(escalation).last(StepKind.LETTER_SENT).document
    alert = standing_of(escalation).last(StepKind.ALERT).document

    def opens(user, stored):
        try:
            return file_for(user, stored.pk) == stored
        except Exception:
            return False

    for user in (cast.facilitator, cast.buyer_user_a, cast.limited_a):
        assert opens(user, letter) and opens(user, alert)
    assert opens(cast.company_user_a, letter) and not opens(cast.company_user_a, alert)
    for user in (cast.buyer_user_b, cast.company_user_b):
        assert not opens(user, letter) and not opens(user, alert)


def test_a_letter_only_approved_is_not_the_company_s_to_read(cast):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_SEND)
    document = standing_of(escalation).last(StepKind.LETTER_APPROVED).document
    assert not documents.may_open(cast.company_user_a, document)


def test_where_many_stand_costs_the_same_as_one(cast, django_assert_num_queries):
    one = [make_escalation(upto=Stage.WAITING)]
    six = [make_escalation(upto=Stage.WAITING) for _ in range(6)]
    for rows in (one, six):
        with django_assert_num_queries(3):
            assert len([standing.stage for standing in standings_of(rows)]) == len(rows)
