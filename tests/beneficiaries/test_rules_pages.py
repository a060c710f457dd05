"""Réglages about people: rules that recount, years that close, lists that are read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beneficiaries.models import (
    ClosedYear,
    ContractType,
    CountingRules,
    EducationLevel,
    EligibilityCriterion,
    Occupation,
    Qpv,
)
from beneficiaries.registrations import create_default_rules
from beneficiaries.services.rules import people_touched
from core.models import Job
from core.reference import load_reference_lists
from tests.factories import (
    ClosedYearFactory,
    ContractTypeFactory,
    CountingRulesFactory,
    HoursEntryFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def rules_form(**changes: Any) -> dict[str, Any]:
    return {
        "in_force_from": "01/2026",
        "counts_work": "on",
        "counts_training": "on",
        "period_months": "24",
        "review_validity_months": "3",
        "full_time_month": "151,67",
        "legal_max_month": "220",
        "chain_gap_days": "30",
        "exit_months": "3",
        **changes,
    }


def test_a_new_installation_has_rules_of_the_territory_from_2000(cast):
    rules = CountingRules.objects.get()
    assert (rules.in_force_from, rules.period_months, rules.review_validity_months) == (
        dt.date(2000, 1, 1),
        24,
        3,
    )
    assert rules.kinds == {"work", "training"}
    create_default_rules()
    assert CountingRules.objects.count() == 1


def test_new_rules_recount_the_people_whom_they_touch(cast, signed_in):
    assignment = eligible_assignment(commitment=cast.commitment_a, starts_on=dt.date(2026, 3, 2))
    entry = HoursEntryFactory(
        assignment=assignment,
        month=dt.date(2026, 3, 1),
        kind="tutoring",
        hours=Decimal("6"),
        validated=True,
        counting_reason="kind_not_counted",
    )
    other = eligible_assignment(commitment=cast.commitment_b, starts_on=dt.date(2026, 3, 2))
    HoursEntryFactory(assignment=other, month=dt.date(2026, 3, 1), validated=True)
    typed = rules_form(market=cast.commitment_a.market_id, counts_tutoring="on")
    browser = signed_in(cast.admin)
    asked = browser.post(reverse("counting_rules_create"), typed).content.decode()
    assert "Ceci changera 1 ligne de 2026, +6 h." in plain(asked)
    assert CountingRules.objects.count() == 1 and not Job.objects.exists()
    answer = browser.post(reverse("counting_rules_create"), {**typed, "recomptage_lu": "1"})
    job = Job.objects.get(kind="recount_rules")
    assert answer.headers["Location"] == reverse("job_detail", args=[job.pk])
    assert job.total == 1
    if job.state != Job.State.DONE:
        call_command("run_jobs")
        job.refresh_from_db()
    entry.refresh_from_db()
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("6.00"), "counted")
    assert job.report == {"personnes": 1, "releves_changes": 1}


def test_rules_touch_the_people_of_their_scope(cast):
    a = eligible_assignment(commitment=cast.commitment_a)
    b = eligible_assignment(commitment=cast.commitment_b)
    HoursEntryFactory(assignment=a)
    HoursEntryFactory(assignment=b)
    of = lambda assignment: assignment.placement.beneficiary_id  # noqa: E731
    assert set(people_touched(CountingRulesFactory())) == {of(a), of(b)}
    assert set(people_touched(CountingRulesFactory(buyer=cast.buyer_a))) == {of(a)}
    assert set(people_touched(CountingRulesFactory(market=cast.commitment_b.market))) == {of(b)}


def test_rules_that_touch_nobody_are_simply_recorded(cast, signed_in):
    answer = signed_in(cast.admin).post(reverse("counting_rules_create"), rules_form(buyer=cast.buyer_a.pk))
    assert answer.headers["Location"] == reverse("counting_rules_list")
    assert CountingRules.objects.get(buyer=cast.buyer_a).in_force_from == dt.date(2026, 1, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"in_force_from": "01/2000"}, "Des règles du territoire commencent déjà ce mois-là."),
        ({"in_force_from": ""}, "Indiquez le premier mois de ces règles."),
        ({"in_force_from": "treize"}, "n’est pas un mois"),
        ({"legal_max_month": "100"}, "Le maximum légal est au moins égal au temps plein."),
        ({"period_months": "0"}, "supérieurs à zéro"),
    ],
)
def test_rules_that_do_not_hold_get_a_sentence(cast, signed_in, changes, sentence):
    answer = signed_in(cast.admin).post(reverse("counting_rules_create"), rules_form(**changes))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert CountingRules.objects.count() == 1


def test_rules_are_for_a_buyer_or_a_market_not_both(cast, signed_in):
    answer = signed_in(cast.admin).post(
        reverse("counting_rules_create"),
        rules_form(buyer=cast.buyer_a.pk, market=cast.commitment_a.market_id),
    )
    assert "pas les deux" in answer.content.decode()


def test_a_change_of_rules_is_kept_in_their_history(cast, signed_in):
    rules = CountingRulesFactory()
    browser = signed_in(cast.admin)
    browser.post(
        reverse("counting_rules_edit", args=[rules.pk]),
        rules_form(in_force_from="01/2000", period_months="36"),
    )
    rules.refresh_from_db()
    assert rules.period_months == 36
    page = browser.get(reverse("counting_rules_edit", args=[rules.pk])).content.decode()
    assert "Adam Ministre" in page


def test_closing_a_year_says_what_remains_and_locks_it(cast, signed_in):
    assignment = eligible_assignment(starts_on=dt.date(2024, 3, 4))
    HoursEntryFactory(assignment=assignment, month=dt.date(2024, 3, 1), counted=True)
    for month in (4, 5):
        HoursEntryFactory(assignment=assignment, month=dt.date(2024, month, 1), hours=Decimal("50.50"))
    browser = signed_in(cast.admin)
    assert "Clore 2024" in browser.get(reverse("closed_year_list")).content.decode()
    page = browser.get(reverse("closed_year_close", args=[2024])).content.decode()
    assert "2 relevés restent à valider (101" in page
    assert "hors bilan publié" in page
    browser.post(reverse("closed_year_close", args=[2024]))
    assert ClosedYear.objects.get().closed_by == cast.admin
    again = browser.post(reverse("closed_year_close", args=[2024]), follow=True)
    assert "est déjà close" in again.content.decode()
    assert ClosedYear.objects.count() == 1


def test_a_year_that_is_not_over_or_has_no_hours_does_not_close(cast, signed_in, settings):
    from django.utils import timezone

    this_year = timezone.localdate().year
    HoursEntryFactory(month=dt.date(this_year, 1, 1))
    browser = signed_in(cast.admin)
    answer = browser.post(reverse("closed_year_close", args=[this_year]), follow=True)
    assert "n’est pas finie" in answer.content.decode()
    assert browser.post(reverse("closed_year_close", args=[1999])).status_code == 404
    assert not ClosedYear.objects.exists()


def test_a_closed_year_stays_in_the_list_with_who_closed_it(cast, signed_in):
    ClosedYearFactory(year=2023, closed_by=cast.admin)
    page = signed_in(cast.admin).get(reverse("closed_year_list")).content.decode()
    assert "2023" in page and "par Adam Ministre" in page


def test_reference_lists_are_loaded_and_read_by_the_admin(cast, signed_in):
    load_reference_lists()
    counts = {
        model: model.objects.count()
        for model in (Qpv, Occupation, ContractType, EducationLevel, EligibilityCriterion)
    }
    assert counts == {
        Qpv: 145,
        Occupation: 532,
        ContractType: 17,
        EducationLevel: 11,
        EligibilityCriterion: 24,
    }
    browser = signed_in(cast.admin)
    for name, words in (
        ("criterion_list", "Bénéficiaire du RSA"),
        ("contract_type_list", "CDD d’insertion"),
        ("education_level_list", "CAP, BEP"),
    ):
        assert words in browser.get(reverse(name)).content.decode()


def test_the_rules_of_the_reference_list_are_those_that_the_decisions_apply(cast):
    load_reference_lists()
    rsa, qpv = EligibilityCriterion.objects.get(pk="rsa"), EligibilityCriterion.objects.get(pk="qpv")
    assert (rsa.sufficiency, rsa.proof_max_age_months, rsa.sensitive) == ("alone", 3, False)
    assert (qpv.sufficiency, qpv.proof_max_age_months) == ("priority", 6)
    assert EligibilityCriterion.objects.get(pk="rqth").sensitive
    assert set(EligibilityCriterion.objects.filter(route="automatic").values_list("pk", flat=True)) == {
        "pass_iae",
        "geiq",
        "adapted",
        "regie",
    }


@pytest.mark.parametrize(
    ("typed", "kept", "words"),
    [
        ("12", {"cddi": 12}, ""),
        ("", {}, ""),
        ("0", {}, ""),
        ("61", None, "un nombre de mois entre 0 et 60"),
        ("-1", None, "un nombre de mois entre 0 et 60"),
        ("beaucoup", None, "un nombre entier de mois"),
        ("1e17", None, "un nombre entier de mois"),
    ],
)
def test_extensions_are_months_by_contract_type(client, cast, typed, kept, words):
    ContractTypeFactory()
    client.force_login(cast.admin)
    page = client.post(reverse("counting_rules_create"), rules_form(prolongation_cddi=typed))
    found = CountingRules.objects.filter(in_force_from=dt.date(2026, 1, 1)).first()
    assert (found.extension_months if found else None) == kept
    assert not words or words in page.content.decode()


def test_extensions_that_rules_hold_are_in_their_form(client, cast):
    ContractTypeFactory()
    rules = CountingRulesFactory()
    rules.extension_months = {"cddi": 18}
    rules.save()
    client.force_login(cast.admin)
    page = client.get(reverse("counting_rules_edit", args=[rules.pk])).content.decode()
    assert 'name="prolongation_cddi" value="18"' in page


def test_the_list_says_which_rules_count_for_a_market_in_a_month(cast, signed_in):
    market = cast.commitment_a.market
    CountingRulesFactory(market=market, in_force_from=dt.date(2026, 1, 1), period_months=36)
    browser = signed_in(cast.admin)
    url = reverse("counting_rules_list")
    page = browser.get(url, {"marche": market.reference, "mois": "03/2026"}).content.decode()
    assert page.count("l’emportent") == 1 and "couvertes par de plus proches" in page
    assert page.index("l’emportent") < page.index("couvertes par de plus proches")
    assert "Aucun marché ne porte" in browser.get(url, {"marche": "rien"}).content.decode()
    assert browser.get(url, {"mois": "treize"}).status_code == 200


def test_rules_that_change_nothing_are_saved_without_being_asked_twice(cast, signed_in):
    HoursEntryFactory(
        assignment=eligible_assignment(starts_on=dt.date(2026, 3, 2)),
        month=dt.date(2026, 3, 1),
        counted=True,
    )
    answer = signed_in(cast.admin).post(reverse("counting_rules_create"), rules_form(note="précision"))
    assert answer.status_code == 302
    assert CountingRules.objects.filter(note="précision").exists()


def test_the_page_of_rules_asks_the_same_queries_with_one_line_and_with_six(cast, signed_in):
    browser = signed_in(cast.admin)
    url = reverse("counting_rules_list")
    costs = []
    for rows in (1, 6):
        while CountingRules.objects.count() < rows:
            CountingRulesFactory(
                market=cast.commitment_a.market, in_force_from=dt.date(2026, CountingRules.objects.count(), 1)
            )
        asked = {"marche": cast.commitment_a.market.reference}
        browser.get(url, asked)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url, asked)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12
