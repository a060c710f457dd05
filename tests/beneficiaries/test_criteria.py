"""Criteria in time: what is asked on a day, the house's dated changes, which no reload undoes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import CriterionTerms, EligibilityCriterion
from beneficiaries.services.criteria import (
    add_criterion,
    change_criterion,
    close_criterion,
    criteria_on,
    terms_of,
)
from beneficiaries.services.eligibility import record_review
from core.errors import DomainError
from core.reference import load_reference_lists
from tests.factories import BeneficiaryFactory, EligibilityCriterionFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def terms(code: str, day: dt.date) -> Any:
    return terms_of([EligibilityCriterion.objects.get(pk=code)], day)[code]


def change(cast: Any, criterion: Any, **changes: Any) -> CriterionTerms:
    arguments = {
        "criterion": criterion,
        "in_force_from": timezone.localdate() + 10 * DAY,
        "reason": "Délibération du 12/11",
        "proof": "Attestation de moins de 6 mois",
        "proof_max_age_months": 6,
        "sufficiency": "combined",
        "user": cast.admin,
        **changes,
    }
    return change_criterion(**arguments)


def own(cast: Any, **changes: Any) -> EligibilityCriterion:
    arguments = {
        "label": "Sortant de garantie jeunes",
        "proof": "Attestation de la mission locale",
        "proof_max_age_months": 6,
        "sufficiency": "alone",
        "route": "individual",
        "sensitive": False,
        "in_force_from": dt.date(2026, 1, 1),
        "reason": "Convention 2026",
        "user": cast.admin,
        **changes,
    }
    return add_criterion(**arguments)


def test_before_the_first_change_the_file_holds_and_after_it_the_latest_change(cast):
    rsa = EligibilityCriterionFactory()
    today = timezone.localdate()
    change(cast, rsa)
    change(cast, rsa, in_force_from=today + 20 * DAY, proof_max_age_months=1)
    ages = [terms("rsa", today + days * DAY).max_age_months for days in (0, 9, 10, 19, 20, 400)]
    assert ages == [3, 3, 6, 6, 1, 1]
    assert (
        terms("rsa", today).sufficiency == "alone"
        and terms("rsa", today + 10 * DAY).sufficiency == "combined"
    )
    rsa.refresh_from_db()
    assert (rsa.proof_max_age_months, rsa.sufficiency) == (3, "alone")


def test_a_decision_is_judged_on_what_was_asked_on_its_day(cast):
    rsa = EligibilityCriterionFactory()
    today = timezone.localdate()
    change(cast, rsa, in_force_from=today, proof_max_age_months=1, sufficiency="alone")
    old = today - 45 * DAY

    def decide(on: dt.date) -> Any:
        return record_review(
            beneficiary=BeneficiaryFactory(),
            decision="approved",
            decided_on=on,
            criteria=[(rsa, old, "attestation")],
            user=cast.facilitator,
        )

    assert decide(today - DAY).is_approved
    with pytest.raises(DomainError) as refusal:
        decide(today)
    assert "il doit avoir 1 mois au plus" in refusal.value.sentence


def test_a_change_of_the_same_day_replaces_the_former_and_one_of_a_day_gone_is_refused(cast):
    rsa = EligibilityCriterionFactory()
    change(cast, rsa)
    change(cast, rsa, proof_max_age_months=2)
    assert CriterionTerms.objects.get().proof_max_age_months == 2
    for changes, sentence in (
        ({"in_force_from": timezone.localdate() - DAY}, "à partir d’aujourd’hui"),
        ({"reason": "  "}, "Dites pourquoi"),
        ({"proof_max_age_months": 0}, "de 1 à 120"),
    ):
        with pytest.raises(DomainError) as refusal:
            change(cast, rsa, **changes)
        assert sentence in refusal.value.sentence


def test_a_closed_criterion_serves_until_its_last_day_and_is_not_proposed_after(cast):
    rsa = EligibilityCriterionFactory()
    today = timezone.localdate()
    close_criterion(criterion=rsa, last_day=today, reason="Fin du dispositif", user=cast.admin)
    assert [row.pk for row, _ in criteria_on(today)] == ["rsa"]
    assert criteria_on(today + DAY) == []
    with pytest.raises(DomainError) as refusal:
        close_criterion(criterion=rsa, last_day=today + 5 * DAY, reason="Encore", user=cast.admin)
    assert "n’est déjà plus en vigueur" in refusal.value.sentence


def test_reloading_the_reference_lists_undoes_nothing(cast, settings):
    load_reference_lists(settings.REFERENCE_DIR)
    today = timezone.localdate()
    mine = own(cast)
    change(cast, EligibilityCriterion.objects.get(pk="rsa"), in_force_from=today)
    close_criterion(
        criterion=EligibilityCriterion.objects.get(pk="ass"),
        last_day=today - DAY,
        reason="Fin",
        user=cast.admin,
    )
    load_reference_lists(settings.REFERENCE_DIR)
    mine.refresh_from_db()
    assert mine.is_active and mine.label == "Sortant de garantie jeunes"
    codes = {row.pk: found for row, found in criteria_on(today)}
    assert mine.pk in codes and "ass" not in codes
    assert codes["rsa"].max_age_months == 6


def test_a_criterion_that_the_file_withdraws_is_deactivated_and_an_own_one_is_not(cast, settings):
    load_reference_lists(settings.REFERENCE_DIR)
    gone = EligibilityCriterionFactory(code="gone", label="Ancien statut")
    mine = own(cast)
    load_reference_lists(settings.REFERENCE_DIR)
    gone.refresh_from_db()
    mine.refresh_from_db()
    assert (gone.is_active, mine.is_active) == (False, True)
    with pytest.raises(DomainError) as refusal:
        change(cast, gone)
    assert "n’est plus dans la liste de référence" in refusal.value.sentence


def test_own_criteria_are_numbered_and_never_bear_a_label_twice(cast):
    EligibilityCriterionFactory()
    assert own(cast).pk == "maison-1"
    assert own(cast, label="Autre public").pk == "maison-2"
    with pytest.raises(DomainError) as refusal:
        own(cast, label="bénéficiaire du  rsa")
    assert "porte déjà ce nom" in refusal.value.sentence


def test_an_own_criterion_carries_a_decision_from_its_first_day(cast):
    mine = own(cast)

    def decide(on: dt.date) -> Any:
        return record_review(
            beneficiary=BeneficiaryFactory(),
            decision="approved",
            decided_on=on,
            criteria=[(mine, on, "attestation")],
            user=cast.facilitator,
        )

    assert decide(dt.date(2026, 1, 1)).is_approved
    with pytest.raises(DomainError) as refusal:
        decide(dt.date(2025, 12, 31))
    assert "n’est pas un critère en vigueur le 31/12/2025" in refusal.value.sentence


# --- Pages --------------------------------------------------------------------------------------------------


def test_the_list_is_read_on_any_day(cast, signed_in):
    rsa = EligibilityCriterionFactory()
    today = timezone.localdate()
    change(cast, rsa)
    own(cast, in_force_from=today + 30 * DAY)
    browser = signed_in(cast.admin)
    page = browser.get(reverse("criterion_list")).content.decode()
    assert f"Ce qui est demandé le {today:%d/%m/%Y}" in page and "liste de référence" in page
    day = today + 15 * DAY
    page = browser.get(reverse("criterion_list"), {"jour": f"{day:%d/%m/%Y}"}).content.decode()
    assert "Attestation de moins de 6 mois" in page and "à combiner" in page
    assert "changé par la maison le" in page and "hors d’usage" in page
    assert browser.get(reverse("criterion_list"), {"jour": "32/13/2026"}).status_code == 200
    exported = b"".join(browser.get(reverse("criterion_list"), {"export": "csv"})).decode("utf-8-sig")
    assert "Bénéficiaire du RSA" in exported and "en vigueur" in exported


def test_the_admin_changes_closes_and_adds_from_the_pages(cast, signed_in):
    EligibilityCriterionFactory()
    browser = signed_in(cast.admin)
    form = {
        "in_force_from": "01/01/2100",
        "proof": "Attestation",
        "proof_max_age_months": "2",
        "sufficiency": "alone",
        "reason": "Délibération",
    }
    answer = browser.post(reverse("criterion_change", args=["rsa"]), form, follow=True)
    page = answer.content.decode()
    assert "Le changement est enregistré." in page and "à venir" in page and "Délibération" in page
    answer = browser.post(
        reverse("criterion_close", args=["rsa"]), {"last_day": "01/01/2020", "reason": "Fin"}
    )
    assert "Un critère se ferme à partir d’hier" in answer.content.decode()
    answer = browser.post(
        reverse("criterion_create"), {**form, "label": "Nouveau public", "route": "individual"}, follow=True
    )
    assert "Le critère est ajouté." in answer.content.decode()
    assert EligibilityCriterion.objects.get(pk="maison-1").added_on == timezone.localdate()
