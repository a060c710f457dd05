"""Recommendations: drafted, estimated, written, sent, answered, taken up, by the services."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from clauses import recommendation_documents
from clauses.enums import ClauseKind
from clauses.models import Clause, HourlyCost, LabourShare, Recommendation, Scenario, ScenarioLot
from clauses.services import recommendation_answers as answers
from clauses.services import recommendations as services
from clauses.wording import blocks_of
from core.errors import DomainError
from core.models import Message
from markets.models import Task
from tests.factories import (
    ClauseFactory,
    LotFactory,
    MarketFactory,
    PlannedPurchaseFactory,
    UserFactory,
    make_recommendation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _light_pdf(monkeypatch):
    """Paper is read in tests/clauses/test_recommendation_documents.py."""
    monkeypatch.setattr(recommendation_documents, "pdf_of", lambda paper: b"%PDF-1.7\n%%EOF\n")


@pytest.fixture
def fanny() -> Any:
    return UserFactory(
        first_name="Fanny", last_name="Facile", email="fanny@maison.example", phone="04 00 00 00 00"
    )


def only_lot(row: Recommendation) -> ScenarioLot:
    return ScenarioLot.objects.get(scenario__recommendation=row)


def save(row: Recommendation, lots: list[ScenarioLot], by: Any, **values: Any) -> Recommendation:
    row.refresh_from_db()
    return services.save_estimation(
        recommendation=row, edition=row.edition, values=values, advised=None, scenarios=[], lots=lots, by=by
    )


# --- A draft --------------------------------------------------------------------------------------------------


def test_a_market_proposes_its_lots(fanny):
    market = MarketFactory()
    LotFactory(market=market, number="1", object="Gros œuvre", amount=D("600000"))
    LotFactory(market=market, number="2", object="Peinture", amount=None)
    row = services.start_recommendation(target=market, title="École", by=fanny)
    lots = ScenarioLot.objects.filter(scenario__recommendation=row).order_by("position")
    assert [(lot.number, lot.label, lot.amount) for lot in lots] == [
        ("1", "Gros œuvre", D("600000")),
        ("2", "Peinture", None),
    ]
    assert Scenario.objects.get(recommendation=row).is_advised


def test_a_purchase_of_one_lot_proposes_its_amount_and_several_lots_wait_for_theirs(fanny):
    single = services.start_recommendation(
        target=PlannedPurchaseFactory(amount=D("1000000"), months=18), title="t", by=fanny
    )
    assert (only_lot(single).amount, only_lot(single).months) == (D("1000000"), 18)
    several = services.start_recommendation(
        target=PlannedPurchaseFactory(amount=D("1000000"), lots=3), title="t", by=fanny
    )
    lots = ScenarioLot.objects.filter(scenario__recommendation=several).order_by("position")
    assert [(lot.number, lot.amount) for lot in lots] == [("1", None), ("2", None), ("3", None)]


def test_cleaning_is_estimated_by_the_pact(fanny):
    purchase = PlannedPurchaseFactory(cpv="90910000", amount=D("960000"), months=48)
    row = services.start_recommendation(target=purchase, title="Nettoyage", by=fanny)
    lot = only_lot(row)
    assert lot.method == "pact"
    lot.taken_over, lot.rate = D(400), D(10)
    save(row, [lot], fanny)
    lot.refresh_from_db()
    assert lot.hours_computed == 1920


def test_the_trade_brings_its_values_of_the_day():
    today = dt.date(2026, 6, 1)
    LabourShare.objects.create(code="masonry", label="Maçonnerie", share=D(50), source="guide")
    LabourShare.objects.create(
        label="Maçonnerie", share=D(55), source="nos bilans", valid_from=dt.date(2026, 1, 1)
    )
    LabourShare.objects.create(
        label="Maçonnerie", share=D(60), source="à venir", valid_from=dt.date(2027, 1, 1)
    )
    HourlyCost.objects.create(code="all", cost=D(30), source="guide")
    HourlyCost.objects.create(
        label="Maçonnerie",
        cost=D(28),
        source="passé",
        valid_from=dt.date(2024, 1, 1),
        valid_to=dt.date(2025, 1, 1),
    )
    assert services.values_in_force(today) == ({"Maçonnerie": D(55)}, {"": D(30)})
    assert services.values_in_force(dt.date(2025, 6, 1))[0] == {"Maçonnerie": D(50)}
    assert services.values_in_force(dt.date(2024, 6, 1))[1] == {"": D(30), "Maçonnerie": D(28)}


def test_only_one_draft_is_open_at_a_time(fanny):
    purchase = PlannedPurchaseFactory()
    services.start_recommendation(target=purchase, title="t", by=fanny)
    with pytest.raises(DomainError, match="déjà ouvert"):
        services.start_recommendation(target=purchase, title="t", by=fanny)


def test_a_lot_below_the_minimum_asks_for_nothing_unless_hours_are_proposed(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, hours=(149,))
    lot = only_lot(row)
    assert (lot.hours_computed, lot.hours) == (149, 0)
    lot.hours_proposed, lot.reason = D(160), "formation comprise"
    save(row, [lot], fanny)
    lot.refresh_from_db()
    assert lot.hours == 160


def test_the_database_asks_for_a_reason_when_the_hours_proposed_differ(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    lot = only_lot(row)
    lot.hours_proposed = D(800)
    with pytest.raises(DatabaseError), transaction.atomic():
        save(row, [lot], fanny)
    lot.hours_proposed = D(833)
    save(row, [lot], fanny)


def test_a_save_over_somebody_elses_is_refused_and_writes_nothing(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    lot, edition = only_lot(row), row.edition
    save(row, [lot], fanny, title="Autre intitulé")
    lot.amount = D(1)
    with pytest.raises(services.StaleEdition, match="pendant votre saisie"):
        services.save_estimation(
            recommendation=row,
            edition=edition,
            values={"title": "Le mien"},
            advised=None,
            scenarios=[],
            lots=[lot],
            by=fanny,
        )
    lot.refresh_from_db()
    row.refresh_from_db()
    assert (lot.amount, row.title) == (D("49980"), "Autre intitulé")


def test_a_scenario_is_copied_with_its_lots_and_one_always_remains_advised(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, hours=(833, 3500))
    first = row.scenarios.get()
    second = services.add_scenario(recommendation=row, by=fanny)
    assert [lot.hours_computed for lot in second.lots.order_by("position")] == [833, 3500]
    assert not second.is_advised
    services.remove_scenario(scenario=first, by=fanny)
    second.refresh_from_db()
    assert second.is_advised
    with pytest.raises(DomainError, match="au moins un scénario"):
        services.remove_scenario(scenario=second, by=fanny)


def test_there_are_six_scenarios_at_most(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    for _ in range(5):
        services.add_scenario(recommendation=row, by=fanny)
    with pytest.raises(DomainError, match="au plus 6"):
        services.add_scenario(recommendation=row, by=fanny)


# --- The wording ----------------------------------------------------------------------------------------------


def test_the_text_is_filled_from_the_file(fanny):
    row = make_recommendation(
        PlannedPurchaseFactory(object="Groupe scolaire Pasteur"), fanny, hours=(833, 149)
    )
    save(row, [], fanny, penalty_text="40 € par heure non réalisée")
    body = row.texts.get().body
    assert "Groupe scolaire Pasteur" in body
    assert "833\u202fh au moins" in body
    assert "149" not in body
    assert "40 € par heure non réalisée" in body
    assert str(row.purchase.buyer) in body
    assert "fanny@maison.example" in body
    for way in ("ETTI", "GEIQ", "embauche directe", "sous-traitance ou la cotraitance"):
        assert way in body
    kinds = [block.kind for block in blocks_of(body)]
    assert kinds[0] == "title"
    assert kinds.count("list") == 3


@pytest.mark.parametrize("kind", ClauseKind.values)
def test_every_kind_of_clause_has_its_text(fanny, kind):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    lot = only_lot(row)
    lot.kind = kind
    save(row, [lot], fanny)
    text = row.texts.get()
    assert text.kind == kind
    assert "833\u202fh" in text.body
    # Narrow spaces before double marks, everywhere.
    assert " :" not in text.body
    assert " ;" not in text.body


def test_a_text_written_by_hand_is_kept_and_says_when_the_file_moved(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    text = row.texts.get()
    services.save_text(text=text, body="Notre texte à nous.", by=fanny)
    lots = services.advised_lots(row)
    assert not services.has_moved(text, lots)
    lots[0].amount = D(60 * 1000)
    save(row, lots, fanny)
    text = row.texts.get()
    assert text.body == "Notre texte à nous."
    assert services.has_moved(text, services.advised_lots(row))
    services.remake_text(text=text, by=fanny)
    assert "1\u202f000\u202fh" in row.texts.get().body
    assert not row.texts.get().is_handwritten


def test_an_empty_text_is_refused(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    with pytest.raises(DomainError, match="vide"):
        services.save_text(text=row.texts.get(), body="  \n ", by=fanny)


# --- Sent -----------------------------------------------------------------------------------------------------


def test_sending_freezes_mails_both_documents_and_waits_for_the_buyer(fanny):
    purchase = PlannedPurchaseFactory(asked_on=timezone.localdate() - dt.timedelta(days=3))
    row = make_recommendation(purchase, fanny)
    row = answers.send_recommendation(
        recommendation=row,
        recipients=["Achats@Ville.example", "achats@ville.example", "dg@ville.example"],
        subject="Préconisation",
        body="Bonjour,",
        by=fanny,
    )
    assert (row.state, row.sent_on, row.sent_by) == ("sent", timezone.localdate(), fanny)
    assert row.recipients == ["achats@ville.example", "dg@ville.example"]
    message = Message.objects.get(key=f"recommendation:{row.pk}:sent")
    assert f"/marches/preconisations/{row.pk}/" in message.body
    (sent,) = mail.outbox
    assert [name.rsplit(".", 1)[1] for name, _, _ in sent.attachments] in (["pdf", "docx"], ["docx", "pdf"])
    task = Task.objects.get(key=f"recommendation:{row.pk}:answer")
    assert (task.turn, task.buyer, task.due_on) == (
        "buyer",
        purchase.buyer,
        timezone.localdate() + dt.timedelta(days=15),
    )
    purchase.refresh_from_db()
    assert purchase.answered_on == timezone.localdate()


def test_an_unfinished_estimation_is_not_sent(fanny):
    purchase = PlannedPurchaseFactory(lots=2)
    row = services.start_recommendation(target=purchase, title="t", by=fanny)
    with pytest.raises(DomainError, match="des lots 1, 2 n’est pas complet"):
        answers.send_recommendation(
            recommendation=row, recipients=["a@b.example"], subject="s", body="b", by=fanny
        )
    row.refresh_from_db()
    assert row.is_draft


def test_nothing_leaves_without_an_address(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    with pytest.raises(DomainError, match="destinataire"):
        answers.send_recommendation(recommendation=row, recipients=[" "], subject="s", body="b", by=fanny)
    row.refresh_from_db()
    assert row.is_draft
    assert not Message.objects.exists()


def test_what_was_sent_refuses_every_change_in_the_database_itself(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, sent=True)
    for statement in (
        "UPDATE clauses_recommendation SET title = 'autre'",
        "UPDATE clauses_scenario SET name = 'autre'",
        "UPDATE clauses_scenariolot SET hours_computed = 1",
        "UPDATE clauses_clausetext SET body = 'autre'",
        "DELETE FROM clauses_scenariolot",
        "DELETE FROM clauses_clausetext",
    ):
        with (
            pytest.raises(DatabaseError, match="envoyée ne se modifie pas"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    for gesture in (
        lambda: services.add_scenario(recommendation=row, by=fanny),
        lambda: services.save_text(text=row.texts.get(), body="autre", by=fanny),
        lambda: services.delete_draft(recommendation=row, by=fanny),
    ):
        with pytest.raises(DomainError, match="ne change plus"):
            gesture()


def test_a_draft_is_deleted_with_all_that_hangs_on_it(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny)
    services.delete_draft(recommendation=row, by=fanny)
    assert not Recommendation.objects.exists()
    assert not ScenarioLot.objects.exists()


def test_a_new_version_is_a_copy_and_replaces_the_former_once_sent(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, hours=(833, 3500), sent=True)
    copy = answers.start_new_version(recommendation=row, by=fanny)
    assert (copy.number, copy.is_draft, copy.recipients) == (2, True, [])
    lots = ScenarioLot.objects.filter(scenario__recommendation=copy).order_by("position")
    assert [lot.hours for lot in lots] == [833, 3500]
    with pytest.raises(DomainError, match="déjà ouvert"):
        answers.start_new_version(recommendation=row, by=fanny)
    answers.send_recommendation(
        recommendation=copy, recipients=["a@b.example"], subject="s", body="b", by=fanny
    )
    former = Task.objects.get(key=f"recommendation:{row.pk}:answer")
    assert former.outcome == "Remplacée par la version 2."
    with pytest.raises(DomainError, match="plus récente"):
        answers.record_answer(
            recommendation=row, answer="refused", on=timezone.localdate(), text="non", by=fanny
        )


# --- Answered -------------------------------------------------------------------------------------------------


def test_an_acceptance_names_its_scenario_and_closes_the_wait(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, sent=True)
    scenario = row.scenarios.get()
    with pytest.raises(DomainError, match="scénario retenu"):
        answers.record_answer(recommendation=row, answer="accepted", on=timezone.localdate(), by=fanny)
    row = answers.record_answer(
        recommendation=row, answer="accepted", on=timezone.localdate(), chosen=scenario, by=fanny
    )
    assert (row.state, row.chosen, row.answered_by) == ("accepted", scenario, fanny)
    task = Task.objects.get(key=f"recommendation:{row.pk}:answer")
    assert (task.done_by, task.outcome) == (fanny, "acceptée")
    with pytest.raises(DomainError, match="déjà enregistrée"):
        answers.record_answer(
            recommendation=row, answer="refused", on=timezone.localdate(), text="non", by=fanny
        )


def test_a_request_for_change_says_what_and_is_the_houses_turn(fanny):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, sent=True)
    with pytest.raises(DomainError, match="Dites ce qui doit changer"):
        answers.record_answer(
            recommendation=row, answer="amended", on=timezone.localdate(), text=" ", by=fanny
        )
    answers.record_answer(
        recommendation=row, answer="amended", on=timezone.localdate(), text="Trop pour le lot 1.", by=fanny
    )
    task = Task.objects.get(key=f"recommendation:{row.pk}:rework")
    assert (task.turn, task.details) == ("house", "Trop pour le lot 1.")
    copy = answers.start_new_version(recommendation=row, by=fanny)
    answers.send_recommendation(
        recommendation=copy, recipients=["a@b.example"], subject="s", body="b", by=fanny
    )
    task.refresh_from_db()
    assert task.done_on == timezone.localdate()


@pytest.mark.parametrize("shift", [-1, 1])
def test_an_answer_comes_between_the_sending_and_today(fanny, shift):
    row = make_recommendation(PlannedPurchaseFactory(), fanny, sent=True)
    with pytest.raises(DomainError, match="entre l’envoi"):
        answers.record_answer(
            recommendation=row,
            answer="refused",
            on=timezone.localdate() + dt.timedelta(days=shift),
            text="non",
            by=fanny,
        )


# --- Taken up -------------------------------------------------------------------------------------------------


def accepted(target: Any, by: Any, **traits: Any) -> Recommendation:
    row = make_recommendation(target, by, sent=True, **traits)
    return answers.record_answer(
        recommendation=row, answer="accepted", on=timezone.localdate(), chosen=row.scenarios.get(), by=by
    )


def test_the_chosen_scenario_becomes_the_clauses_of_the_market_once(fanny):
    market = MarketFactory()
    lots = [LotFactory(market=market, number=number) for number in ("1", "2")]
    row = accepted(market, fanny, hours=(833, 3500))
    parts = list(row.chosen.lots.order_by("position"))
    waiting = Task.objects.get(key=f"recommendation:{row.pk}:take_up")
    assert (waiting.market, waiting.turn, waiting.done_on) == (market, "house", None)
    made = answers.take_up(recommendation=row, lots=list(zip(parts, lots, strict=True)), by=fanny)
    assert [(clause.lot, clause.minimum_hours, clause.effort_rate, clause.kind) for clause in made] == [
        (lots[0], D(833), D(100), "execution"),
        (lots[1], D(3500), D(100), "execution"),
    ]
    waiting.refresh_from_db()
    assert waiting.done_by == fanny
    with pytest.raises(DomainError, match="est repris"):
        answers.take_up(recommendation=row, lots=list(zip(parts, lots, strict=True)), by=fanny)
    assert Clause.objects.count() == 2


def test_a_lot_that_has_the_clause_already_stops_the_whole(fanny):
    market = MarketFactory()
    lots = [LotFactory(market=market, number=number) for number in ("1", "2")]
    ClauseFactory(lot=lots[1])
    row = accepted(market, fanny, hours=(833, 3500))
    parts = list(row.chosen.lots.order_by("position"))
    with pytest.raises(DomainError, match="lot 2 a déjà une clause"):
        answers.take_up(recommendation=row, lots=list(zip(parts, lots, strict=True)), by=fanny)
    assert Clause.objects.count() == 1


def test_a_purchase_needs_its_market_and_an_acceptance(fanny):
    purchase = PlannedPurchaseFactory()
    row = make_recommendation(purchase, fanny, sent=True)
    assert "accepté" in answers.why_not_taken_up(row)
    row = answers.record_answer(
        recommendation=row, answer="accepted", on=timezone.localdate(), chosen=row.scenarios.get(), by=fanny
    )
    assert "pas encore donné de marché" in answers.why_not_taken_up(row)
    market = MarketFactory(buyer=purchase.buyer)
    lot = LotFactory(market=market, number="1")
    purchase.market = market
    purchase.save()
    row = Recommendation.objects.get(pk=row.pk)
    (clause,) = answers.take_up(recommendation=row, lots=[(row.chosen.lots.get(), lot)], by=fanny)
    assert clause.minimum_hours == 833


# --- Who sees -------------------------------------------------------------------------------------------------


def test_a_buyer_sees_its_own_once_sent_and_a_company_nothing(cast):
    mine = PlannedPurchaseFactory(buyer=cast.buyer_a, department=cast.department_a)
    draft = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    sent = make_recommendation(mine, cast.facilitator, sent=True)
    on_market = make_recommendation(cast.other_commitment_a.market, cast.facilitator, sent=True)
    visible = {
        name: set(Recommendation.objects.visible_to(getattr(cast, name)).values_list("pk", flat=True))
        for name in ("facilitator", "buyer_user_a", "limited_a", "buyer_user_b", "company_user_a")
    }
    assert visible == {
        "facilitator": {draft.pk, sent.pk, on_market.pk},
        "buyer_user_a": {sent.pk, on_market.pk},
        "limited_a": {sent.pk},
        "buyer_user_b": set(),
        "company_user_a": set(),
    }
    for user in (cast.buyer_user_b, cast.company_user_a):
        assert not ScenarioLot.objects.visible_to(user).exists()
    assert ScenarioLot.objects.visible_to(cast.limited_a).count() == 1
    assert not LabourShare.objects.visible_to(cast.buyer_user_a).exists()
