"""The pages of recommendations: live estimation, texts, sending, the buyer's answer, Réglages; who sees what."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clauses import recommendation_documents
from clauses.models import Clause, HourlyCost, LabourShare, Recommendation, ScenarioLot
from clauses.services import recommendation_answers as answers
from clauses.services import recommendations as services
from core.models import Message
from tests.factories import (
    ContactFactory,
    LotFactory,
    MarketFactory,
    PlannedPurchaseFactory,
    make_recommendation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _light_pdf(monkeypatch):
    """Pages are read here, not paper (tests/clauses/test_recommendation_documents.py)."""
    monkeypatch.setattr(recommendation_documents, "pdf_of", lambda paper: b"%PDF-1.7\n%%EOF\n")


def url(name: str, row: Any) -> str:
    return reverse(f"recommendation_{name}", args=[row.pk])


def text(response: Any) -> str:
    return " ".join(response.content.decode().replace("\u202f", " ").split())


def typed(row: Recommendation, **changes: Any) -> dict[str, str]:
    """What the estimation page posts as it stands; `lot1_amount="…"` changes the first lot."""
    row.refresh_from_db()
    data = {
        "edition": str(row.edition),
        "title": row.title,
        "context": row.context,
        "hours_per_person": "400",
        "penalty_text": row.penalty_text,
    }
    for scenario in row.scenarios.order_by("position", "pk"):
        data |= {f"scenario{scenario.pk}-name": scenario.name, f"scenario{scenario.pk}-note": scenario.note}
        if scenario.is_advised:
            data["advised"] = str(scenario.pk)
    lots = ScenarioLot.objects.filter(scenario__recommendation=row).order_by("scenario__position", "position")
    for rank, lot in enumerate(lots, start=1):
        for name in (
            "number", "label", "kind", "trade", "method", "amount", "share", "cost", "rate", "months", "taken_over",
            "coefficient", "hours_proposed", "reason",
        ):  # fmt: skip
            value = changes.get(f"lot{rank}_{name}", getattr(lot, name))
            data[f"lot{lot.pk}-{name}"] = "" if value is None else str(value).replace(".", ",")
    return data | {name: value for name, value in changes.items() if not name.startswith("lot")}


# --- The estimation -------------------------------------------------------------------------------------------


def test_a_recommendation_begins_from_the_purchase_and_is_estimated_to_833_hours(cast, signed_in):
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_a, amount=D("1000000"))
    browser = signed_in(cast.facilitator)
    start = reverse("recommendation_create", args=["achat", purchase.pk])
    response = browser.post(start, {"title": "Groupe scolaire"}, follow=True)
    row = Recommendation.objects.get()
    assert response.redirect_chain[-1][0] == url("edit", row)
    data = typed(row, lot1_share="50", lot1_cost="30", lot1_rate="5 %", finish="1")
    response = browser.post(url("edit", row), data, follow=True)
    assert "1 000 000 € × 50 % ÷ 30 €/h × 5 % = 833 h" in text(response)
    assert ScenarioLot.objects.get().hours_computed == 833


def test_the_live_figures_come_from_the_same_code_and_save_nothing(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    data = typed(row, lot1_amount="1 500 000 €", lot1_share="70", lot1_rate="10")
    shown = text(signed_in(cast.facilitator).post(url("estimate", row), data, headers={"HX-Request": "true"}))
    assert "1 500 000 € × 70 % ÷ 30 €/h × 10 % = 3 500 h" in shown
    assert "soit 2,19 ETP et environ 9 personnes" in shown
    assert 'hx-swap-oob="true"' in shown
    assert ScenarioLot.objects.get().hours_computed == 833


def test_recalculating_without_script_shows_the_figures_and_saves_nothing(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    data = typed(row, lot1_amount="1500000", lot1_share="70", lot1_rate="10", recalculate="1")
    shown = text(signed_in(cast.facilitator).post(url("edit", row), data))
    assert "= 3 500 h" in shown
    assert ScenarioLot.objects.get().hours_computed == 833


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("amount", "1e17", "n’est pas un montant"),
        ("amount", "99999999999999999", "dépasse tout montant possible"),
        ("amount", "-5", "ne peut pas être négatif"),
        ("share", "101", "Un pourcentage va de 0 à 100"),
        ("rate", "-3", "Un pourcentage va de 0 à 100"),
        ("rate", "beaucoup", "Écrivez un pourcentage"),
        ("cost", "0", "supérieur à zéro"),
        ("hours_proposed", "700", "dites pourquoi"),
    ],
)
def test_a_wrong_value_is_said_beside_its_lot_and_what_was_typed_is_kept(
    cast, signed_in, name, value, sentence
):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    browser = signed_in(cast.facilitator)
    data = typed(row, **{f"lot1_{name}": value}, title="Titre repris", keep="1")
    response = browser.post(url("edit", row), data)
    assert response.status_code == 200
    assert sentence in text(response)
    assert f'value="{value}"' in text(response)
    assert 'value="Titre repris"' in text(response)
    assert ScenarioLot.objects.get().amount == D("49980")
    row.refresh_from_db()
    assert row.title == "Préconisation"
    live = browser.post(url("estimate", row), data, headers={"HX-Request": "true"})
    assert sentence in text(live)


def test_an_amount_as_people_write_it_is_read(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    data = typed(
        row, lot1_amount="1 234 567,50 €", lot1_hours_proposed="12h30", lot1_reason="accord", keep="1"
    )
    assert signed_in(cast.facilitator).post(url("edit", row), data).status_code == 302
    lot = ScenarioLot.objects.get()
    assert (lot.amount, lot.hours_proposed) == (D("1234567.50"), D("12.50"))


def test_the_values_of_the_trade_fill_what_is_left_empty(cast, signed_in):
    call_command("load_reference", verbosity=0)
    row = services.start_recommendation(
        target=PlannedPurchaseFactory(buyer=cast.buyer_a, amount=D("1500000")), title="t", by=cast.facilitator
    )
    data = typed(row, lot1_trade="Peinture intérieure", lot1_share="", lot1_cost="", lot1_rate="10", keep="1")
    assert signed_in(cast.facilitator).post(url("edit", row), data).status_code == 302
    lot = ScenarioLot.objects.get()
    assert (lot.share, lot.cost, lot.hours_computed) == (D(70), D(30), 3500)


def test_lots_and_scenarios_are_added_and_removed_once_the_rest_is_saved(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    browser = signed_in(cast.facilitator)
    scenario = row.scenarios.get()
    browser.post(url("edit", row), typed(row, title="Gardé", add_lot=str(scenario.pk)))
    row.refresh_from_db()
    assert (row.title, scenario.lots.count()) == ("Gardé", 2)
    browser.post(url("edit", row), typed(row, add_scenario="1"))
    assert row.scenarios.count() == 2
    shown = text(browser.get(url("edit", row)))
    assert shown.count('name="advised"') == 2
    # The lot about to go may be wrong: it does not hold the rest up.
    last = scenario.lots.order_by("position").last()
    rank = "lot2_amount"
    browser.post(url("edit", row), typed(row, **{rank: "faux"}, remove_lot=f"lot{last.pk}"))
    assert scenario.lots.count() == 1
    second = row.scenarios.order_by("position").last()
    browser.post(url("edit", row), typed(row, remove_scenario=f"scenario{second.pk}"))
    assert row.scenarios.count() == 1


def test_the_other_scenario_becomes_the_one_advised(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    second = services.add_scenario(recommendation=row, by=cast.facilitator)
    signed_in(cast.facilitator).post(url("edit", row), typed(row, advised=str(second.pk), keep="1"))
    assert [part.is_advised for part in row.scenarios.order_by("position")] == [False, True]


def test_two_people_at_once_lose_nothing(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    mine = typed(row, lot1_amount="77 777", keep="1")
    signed_in(cast.admin).post(url("edit", row), typed(row, title="De l’autre", keep="1"))
    browser = signed_in(cast.facilitator)
    response = browser.post(url("edit", row), mine)
    assert "pendant votre saisie" in text(response)
    assert 'value="77 777"' in text(response)
    row.refresh_from_db()
    again = mine | {"edition": str(row.edition)}
    assert browser.post(url("edit", row), again).status_code == 302
    assert ScenarioLot.objects.get().amount == 77_777


# --- Texts, sending, answer -----------------------------------------------------------------------------------


def test_a_text_is_edited_and_made_again(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    browser = signed_in(cast.facilitator)
    page = reverse("recommendation_text", args=[row.texts.get().pk])
    assert "833 h au moins" in text(browser.get(page))
    browser.post(page, {"body": "Le nôtre."})
    assert "Le nôtre." in text(browser.get(url("detail", row)))
    browser.post(page, {"remake": "1"})
    assert "Le nôtre." not in text(browser.get(url("detail", row)))


def test_it_is_sent_to_the_contacts_and_to_free_addresses(cast, signed_in):
    ContactFactory(buyer=cast.buyer_a, name="Juliette Achats", email="juliette@alpha.example")
    ContactFactory(buyer=cast.buyer_a, name="Parti", email="parti@alpha.example", ends_on=dt.date(2020, 1, 1))
    ContactFactory(buyer=cast.buyer_b, name="Bravo", email="bravo@bravo.example")
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    browser = signed_in(cast.facilitator)
    shown = text(browser.get(url("send", row)))
    assert "juliette@alpha.example" in shown
    assert "parti@alpha.example" not in shown
    assert "bravo@bravo.example" not in shown
    data = {"subject": "Préconisation", "body": "Bonjour", "due_on": f"{timezone.localdate():%d/%m/%Y}"}
    assert "au moins un destinataire" in text(browser.post(url("send", row), data))
    assert "n’est pas une adresse" in text(
        browser.post(url("send", row), data | {"others": "dg@ville.example, non"})
    )
    response = browser.post(
        url("send", row),
        data | {"contacts": ["juliette@alpha.example"], "others": "dg@ville.example"},
        follow=True,
    )
    assert "La préconisation est envoyée" in text(response)
    assert Message.objects.get().recipients == ["dg@ville.example", "juliette@alpha.example"]
    assert browser.get(url("edit", row)).status_code == 404
    assert browser.get(url("send", row)).status_code == 404


def test_the_buyer_accepts_a_scenario_under_its_own_account(cast, signed_in):
    row = make_recommendation(
        PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator, hours=(833, 3500), sent=True
    )
    browser = signed_in(cast.buyer_user_a)
    shown = text(browser.get(url("detail", row)))
    assert "= 833 h" in shown
    assert "Au donneur d’ordre de jouer" in shown
    assert "achats@ville.example" not in shown
    form = text(browser.get(url("answer", row)))
    assert "Réponse donnée le" not in form
    scenario = row.scenarios.get()
    response = browser.post(
        url("answer", row), {"answer": "accepted", "chosen": str(scenario.pk)}, follow=True
    )
    assert "La réponse est enregistrée" in text(response)
    row.refresh_from_db()
    assert (row.state, row.chosen, row.answered_by) == ("accepted", scenario, cast.buyer_user_a)
    # Who sent it is told.
    told = Message.objects.get(key=f"recommendation:{row.pk}:answered")
    assert told.recipients == [cast.facilitator.email]
    assert "Scénario retenu\u202f: Scénario 1." in told.body


def test_a_refusal_without_a_reason_is_said(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator, sent=True)
    response = signed_in(cast.buyer_user_a).post(url("answer", row), {"answer": "refused", "text": ""})
    assert "Dites ce qui doit changer" in text(response)


def test_the_house_records_an_answer_with_its_day(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator, sent=True)
    data = {"answer": "amended", "text": "Moins d’heures.", "on": "03/02/2020"}
    response = signed_in(cast.facilitator).post(url("answer", row), data)
    assert "entre l’envoi" in text(response)
    data["on"] = f"{timezone.localdate():%d/%m/%Y}"
    assert signed_in(cast.facilitator).post(url("answer", row), data).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.answer_text) == ("amended", "Moins d’heures.")


def test_the_accepted_scenario_is_previewed_then_written_on_the_lots(cast, signed_in):
    market = MarketFactory(buyer=cast.buyer_a)
    lot = LotFactory(market=market, number="1", object="Gros œuvre")
    row = make_recommendation(market, cast.facilitator, sent=True)
    answers.record_answer(
        recommendation=row,
        answer="accepted",
        on=timezone.localdate(),
        chosen=row.scenarios.get(),
        by=cast.facilitator,
    )
    browser = signed_in(cast.facilitator)
    shown = text(browser.get(url("take_up", row)))
    assert "Gros œuvre" in shown
    assert not Clause.objects.filter(lot=lot).exists()
    part = ScenarioLot.objects.get()
    response = browser.post(url("take_up", row), {f"lot{part.pk}": str(lot.pk)}, follow=True)
    assert "Les clauses sont écrites" in text(response)
    assert Clause.objects.get(lot=lot).minimum_hours == 833
    response = browser.get(url("take_up", row), follow=True)
    assert "est repris dans le marché" in text(response)


def test_a_market_shows_what_was_recommended_on_its_purchase(cast, signed_in):
    market = cast.commitment_a.market
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_a, department=cast.department_a, market=market)
    make_recommendation(purchase, cast.facilitator, sent=True, title="Avant le marché")
    page = reverse("market_preparation", args=[market.pk])
    for user in (cast.facilitator, cast.buyer_user_a, cast.limited_a):
        assert "Avant le marché" in text(signed_in(user).get(page))


def test_a_new_version_and_a_deleted_draft(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator, sent=True)
    browser = signed_in(cast.facilitator)
    browser.post(url("version", row))
    copy = Recommendation.objects.get(number=2)
    assert copy.is_draft
    browser.post(url("delete", copy))
    assert not Recommendation.objects.filter(number=2).exists()


# --- Who sees what --------------------------------------------------------------------------------------------


def test_no_word_of_another_buyer_and_no_draft_is_shown(cast, signed_in):
    purchase = PlannedPurchaseFactory(buyer=cast.buyer_b, object="Gymnase Bravo")
    theirs = make_recommendation(purchase, cast.facilitator, sent=True, title="Bravo secret")
    market = cast.commitment_a.market
    make_recommendation(market, cast.facilitator, title="Brouillon Alpha")
    buyer = signed_in(cast.buyer_user_a)
    for name in ("detail", "answer"):
        assert buyer.get(url(name, theirs)).status_code == 404
    assert buyer.get(reverse("recommendation_document", args=[theirs.pk, "docx"])).status_code == 404
    assert buyer.get(reverse("file_download", args=[theirs.pdf_id])).status_code == 404
    shown = text(buyer.get(reverse("market_preparation", args=[market.pk])))
    assert "Bravo" not in shown
    assert "Brouillon Alpha" not in shown
    for user in (cast.company_user_a, cast.company_user_b):
        browser = signed_in(user)
        assert browser.get(url("detail", theirs)).status_code == 403
        assert browser.get(reverse("market_preparation", args=[market.pk])).status_code == 403
        assert browser.get(reverse("file_download", args=[theirs.pdf_id])).status_code == 404
    theirs_browser = signed_in(cast.buyer_user_b)
    assert theirs_browser.get(url("detail", theirs)).status_code == 200
    response = theirs_browser.get(reverse("file_download", args=[theirs.pdf_id]))
    assert response.status_code == 200
    response.close()


def test_a_buyer_cannot_choose_the_scenario_of_another_recommendation(cast, signed_in):
    row = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator, sent=True)
    other = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_b), cast.facilitator, sent=True)
    data = {"answer": "accepted", "chosen": str(other.scenarios.get().pk)}
    assert signed_in(cast.buyer_user_a).post(url("answer", row), data).status_code == 200
    row.refresh_from_db()
    assert row.state == "sent"


# --- Queries --------------------------------------------------------------------------------------------------


def queries(browser: Any, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(page).status_code == 200
    return len(captured)


def test_the_page_costs_the_same_with_one_lot_and_with_six(cast, signed_in):
    browser = signed_in(cast.facilitator)
    small = make_recommendation(PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator)
    large = make_recommendation(
        PlannedPurchaseFactory(buyer=cast.buyer_a), cast.facilitator, hours=(200, 300, 400, 500, 600, 700)
    )
    services.add_scenario(recommendation=large, by=cast.facilitator)
    for name, most in (("detail", 12), ("edit", 12)):
        counts = [queries(browser, url(name, row)) for row in (small, large)]
        assert counts[0] == counts[1] <= most, (name, counts)


def test_the_tabs_cost_the_same_with_one_version_and_with_six(cast, signed_in):
    browser = signed_in(cast.facilitator)
    market, purchase = cast.commitment_a.market, PlannedPurchaseFactory(buyer=cast.buyer_a)
    pages = {
        market: reverse("market_preparation", args=[market.pk]),
        purchase: reverse("purchase_recommendations", args=[purchase.pk]),
    }
    before = {}
    for target, page in pages.items():
        make_recommendation(target, cast.facilitator, sent=True)
        before[page] = queries(browser, page)
    for target, page in pages.items():
        for _ in range(5):
            make_recommendation(target, cast.facilitator, sent=True)
        assert queries(browser, page) == before[page]


# --- Réglages -------------------------------------------------------------------------------------------------


def test_the_reference_is_seeded_with_its_sources_and_the_house_adds_its_own(cast, signed_in):
    call_command("load_reference", verbosity=0)
    assert {(row.label, row.share) for row in LabourShare.objects.order_by("pk")} == {
        ("Peinture intérieure", D(70)),
        ("Maçonnerie", D(50)),
        ("Charpente métallique", D(20)),
        ("Nettoyage", D(80)),
    }
    assert HourlyCost.objects.get(label="").cost == 30
    browser = signed_in(cast.admin)
    add = reverse("estimation_value_create", args=["part"])
    data = {"label": "Maçonnerie", "share": "55", "source": "Nos bilans 2025", "valid_from": "01/01/2026"}
    assert browser.post(add, data).status_code == 302
    assert "déjà une part" in text(browser.post(add, data))
    assert "entre 0 et 100" in text(browser.post(add, data | {"share": "0", "label": "Toiture"}))
    assert "précède son début" in text(
        browser.post(add, data | {"label": "Toiture", "valid_to": "01/01/2025"})
    )
    assert services.values_in_force(timezone.localdate())[0]["Maçonnerie"] == 55
    # A new load of the files leaves what the house wrote.
    call_command("load_reference", verbosity=0)
    mine = LabourShare.objects.get(share=55)
    assert mine.history.count() == 1
    shown = text(browser.get(reverse("estimation_values")))
    assert "Nos bilans 2025" in shown
    assert "mefsud77.fr" in shown
    edit = reverse("estimation_value_edit", args=["part", mine.pk])
    assert browser.post(edit, data | {"share": "56"}).status_code == 302
    assert browser.get(reverse("estimation_value_edit", args=["part", "masonry"])).status_code == 404


def test_only_an_admin_changes_the_values(cast, signed_in):
    for user in (cast.facilitator, cast.buyer_user_a, cast.company_user_a):
        assert signed_in(user).get(reverse("estimation_values")).status_code == 403
