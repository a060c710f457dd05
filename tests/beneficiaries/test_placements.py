"""Immersions, trainings, lent-out work, chains and ends of contracts: services and pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from beneficiaries.models import ImmersionAgreement, Placement, TrainingCourse
from beneficiaries.services.employment import assign, create_placement, end_placement, update_assignment
from beneficiaries.services.immersions import OverLimit
from beneficiaries.services.trainings import record_result
from core.errors import DomainError
from markets.models import Task
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CompanyFactory,
    CompanyKindFactory,
    ContractTypeFactory,
    PlacementFactory,
    PrescriberFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
D = dt.date


def pmsmp(person: Any, host: Any, start: D, end: D, purpose: str = "discover", **values: Any) -> Placement:
    """An immersion written by the service, its object given."""
    more = {name: values.pop(name) for name in ("during", "amendment_on") if name in values}
    accept = values.pop("accept", False)
    return create_placement(
        placement=Placement(
            beneficiary=person,
            employer=host,
            nature="immersion",
            modality="pmsmp",
            starts_on=start,
            ends_on=end,
            **values,
        ),
        agreement=ImmersionAgreement(purpose=purpose, **more),
        accept_over_limit=accept,
        user=None,  # type: ignore[arg-type]
    )


# --- PMSMP --------------------------------------------------------------------------------------------------


def test_an_immersion_over_a_month_is_refused_unless_it_is_recorded_knowingly():
    person, host = BeneficiaryFactory(), CompanyFactory()
    with pytest.raises(OverLimit) as refusal:
        pmsmp(person, host, D(2026, 3, 2), D(2026, 4, 10))
    assert "de 9 jours" in refusal.value.sentence
    assert not ImmersionAgreement.objects.exists()
    made = pmsmp(person, host, D(2026, 3, 2), D(2026, 4, 10), accept=True)
    assert made.immersion_agreement.purpose == "discover"


def test_an_immersion_soon_after_for_the_same_object_renews_the_first_and_a_third_one_does_not():
    person, host = BeneficiaryFactory(), CompanyFactory()
    first = pmsmp(person, host, D(2026, 3, 2), D(2026, 3, 20))
    second = pmsmp(person, host, D(2026, 3, 23), D(2026, 4, 3))
    assert second.previous == first
    with pytest.raises(OverLimit, match="déjà un renouvellement"):
        pmsmp(person, host, D(2026, 4, 6), D(2026, 4, 10))
    # Another object is another agreement.
    assert pmsmp(person, host, D(2026, 4, 6), D(2026, 4, 10), purpose="recruit").previous is None


def test_a_quarter_of_the_cddi_is_counted_over_all_hosts_and_needs_a_cddi_of_the_person():
    cddi = PlacementFactory(
        contract_type=ContractTypeFactory(), starts_on=D(2026, 1, 1), ends_on=D(2026, 4, 30)
    )
    person = cddi.beneficiary
    pmsmp(person, CompanyFactory(), D(2026, 1, 12), D(2026, 1, 31), during=cddi)
    with pytest.raises(OverLimit, match="25 %"):
        pmsmp(person, CompanyFactory(), D(2026, 3, 2), D(2026, 3, 20), during=cddi)
    with pytest.raises(DomainError, match="Choisissez un CDDI de la même personne"):
        pmsmp(BeneficiaryFactory(), CompanyFactory(), D(2026, 3, 2), D(2026, 3, 6), during=cddi)


def immersion_form(**changes: Any) -> dict[str, Any]:
    return {
        "nature": "immersion",
        "employer": "Bravo Travaux",
        "modality": "pmsmp",
        "purpose": "confirm",
        "starts_on": "2/3/26",
        "ends_on": "20/3/26",
        **changes,
    }


def test_the_form_of_an_immersion_asks_for_its_object_and_explains_the_limit(cast, signed_in):
    person = BeneficiaryFactory()
    prescriber = PrescriberFactory()
    client, address = signed_in(cast.facilitator), reverse("placement_create", args=[person.pk])
    page = client.get(f"{address}?nature=immersion").content.decode()
    assert (
        "Objet de la PMSMP" in page
        and "Type de contrat" not in page
        and "Intitulé de la formation" not in page
    )
    page = client.post(address, immersion_form(purpose="")).content.decode()
    assert "Indiquez l’objet de la PMSMP" in page
    page = client.post(address, immersion_form(ends_on="10/4/26")).content.decode()
    assert "peut aller jusqu’au 01/04/2026" in page and "Enregistrer quand même" in page
    assert not Placement.objects.exists()
    answer = client.post(
        address,
        immersion_form(ends_on="10/4/26", accept_over_limit="on", prescribed_by=prescriber.pk),
        follow=True,
    )
    page = answer.content.decode()
    # What was signed over the limit stays written on the path.
    assert "Objet : confirmer un projet professionnel" in page and "dépasse un mois de date à date" in page
    agreement = ImmersionAgreement.objects.get()
    assert (agreement.prescribed_by, agreement.placement.contract_type) == (prescriber, None)


def test_an_internship_is_no_pmsmp_and_a_pmsmp_made_a_job_loses_its_agreement(cast, signed_in):
    person = BeneficiaryFactory()
    client = signed_in(cast.facilitator)
    client.post(
        reverse("placement_create", args=[person.pk]), immersion_form(modality="stage", ends_on="10/6/26")
    )
    assert Placement.objects.get().modality == "stage" and not ImmersionAgreement.objects.exists()
    made = pmsmp(person, cast.company_b, D(2026, 7, 6), D(2026, 7, 10))
    client.post(
        reverse("placement_edit", args=[made.pk]),
        {
            "nature": "employment",
            "employer": "Bravo Travaux",
            "modality": "direct",
            "starts_on": "6/7/26",
            "contract_type": "",
        },
    )
    made.refresh_from_db()
    assert made.nature == "employment" and not ImmersionAgreement.objects.exists()


# --- Trainings ----------------------------------------------------------------------------------------------


def training_form(**changes: Any) -> dict[str, Any]:
    return {
        "nature": "training",
        "title": "Titre professionnel de maçon",
        "employer": "Alpha Bâtiment",
        "provider": "AFPA",
        "modality": "training",
        "starts_on": "2/3/26",
        "ends_on": "29/5/26",
        "qualification_aimed": "TP maçon",
        "qualification": "under_way",
        **changes,
    }


def test_a_training_asks_for_its_result_on_its_last_day_and_the_answer_ends_the_waiting(cast, signed_in):
    person = BeneficiaryFactory()
    client = signed_in(cast.facilitator)
    client.post(
        reverse("placement_create", args=[person.pk]), training_form(**{"affectation-commitment": "alpha-1"})
    )
    course = TrainingCourse.objects.get()
    task = Task.objects.get(key=f"training:{course.placement_id}:result")
    assert (task.due_on, task.person_number, task.done_on) == (D(2026, 5, 29), person.pk, None)
    page = client.get(reverse("beneficiary_contracts", args=[person.pk])).content.decode()
    assert "Titre professionnel de maçon" in page and "résultat à recueillir" in page
    address = reverse("training_result", args=[course.placement_id])
    assert (
        "Indiquez quand la qualification a été obtenue"
        in client.post(address, {"qualification": "obtained"}).content.decode()
    )
    page = client.post(
        address, {"qualification": "obtained", "obtained_on": "29/5/26"}, follow=True
    ).content.decode()
    assert "obtenue le 29/05/2026" in page
    task.refresh_from_db()
    assert task.done_on is not None and task.outcome == "obtenue"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"qualification": "obtained", "obtained_on": None}, "Indiquez quand"),
        (
            {"qualification": "failed", "obtained_on": D(2026, 5, 29)},
            "qualification obtenue, au moins en partie",
        ),
        ({"qualification": "obtained", "obtained_on": D(2026, 3, 1)}, "avant le début de la formation"),
        ({"qualification": "none", "obtained_on": None}, "Une qualification visée est indiquée"),
    ],
)
def test_a_result_out_of_order_is_refused(values, sentence):
    placement = PlacementFactory(
        nature="training", modality="training", contract_type=None, starts_on=D(2026, 3, 2)
    )
    course = TrainingCourse.objects.create(placement=placement, title="Maçon", qualification_aimed="TP maçon")
    with pytest.raises(DomainError, match=sentence):
        record_result(course=course, user=None, **values)  # type: ignore[arg-type]


# --- Lent-out work ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", ["ETTI", "AI", "GEIQ", "ETT"])
def test_lent_out_work_says_for_whom(cast, modality):
    placement = PlacementFactory(modality=modality, starts_on=D(2026, 3, 2))
    given = {"placement": placement, "commitment": cast.commitment_a, "starts_on": D(2026, 3, 2)}
    with pytest.raises(DomainError) as refusal:
        assign(**given, user=cast.facilitator)
    assert refusal.value.field == "user_company" and "met la personne à disposition" in refusal.value.sentence
    with pytest.raises(DomainError, match="n’est pas l’employeur"):
        assign(**given, user_company=placement.employer, user=cast.facilitator)
    done = assign(**given, user_company=cast.company_a, user=cast.facilitator)
    assert done.assignment.user_company == cast.company_a
    done.assignment.user_company = None
    with pytest.raises(DomainError, match="met la personne à disposition"):
        update_assignment(assignment=done.assignment, user=cast.facilitator)


def test_the_user_company_stands_in_the_tabs_of_the_market_and_of_the_person(cast, signed_in):
    agency = CompanyFactory(name="Tremplin Intérim", etti=True)
    assignment = eligible_assignment(
        commitment=cast.commitment_a, employer=agency, user_company=cast.company_b, modality="ETTI"
    )
    client = signed_in(cast.facilitator)
    for address in (
        reverse("market_people", args=[cast.commitment_a.market_id]),
        reverse("company_people", args=[agency.pk]),
        reverse("beneficiary_contracts", args=[assignment.placement.beneficiary_id]),
        reverse("beneficiary_hours", args=[assignment.placement.beneficiary_id]),
    ):
        page = client.get(address).content.decode()
        assert "Tremplin Intérim" in page or "Aucune heure" in page
        assert "Bravo Travaux" in page or "Aucune heure" in page, address


def test_a_modality_that_its_employer_does_not_have_is_warned_of_when_saved_and_on_the_path(cast, signed_in):
    person = BeneficiaryFactory()
    CompanyKindFactory(company=cast.company_a, kind="ETTI", ends_on=D(2026, 1, 31))
    form = {
        "nature": "employment",
        "employer": "Alpha Bâtiment",
        "modality": "ETTI",
        "contract_type": "",
        "starts_on": "2/3/26",
    }
    client = signed_in(cast.facilitator)
    page = client.post(reverse("placement_create", args=[person.pk]), form, follow=True).content.decode()
    assert page.count("suppose que l’employeur soit ETTI") == 2
    CompanyKindFactory(company=cast.company_a, kind="ETTI", starts_on=D(2026, 2, 1))
    page = client.get(reverse("beneficiary_contracts", args=[person.pk])).content.decode()
    assert "suppose que l’employeur" not in page


def test_a_modality_of_another_nature_is_refused(cast):
    for nature, modality in (("employment", "pmsmp"), ("immersion", "direct"), ("training", "ETTI")):
        placement = Placement(
            beneficiary=BeneficiaryFactory(),
            employer=cast.company_a,
            nature=nature,
            modality=modality,
            starts_on=D(2026, 3, 2),
        )
        with pytest.raises(DomainError) as refusal:
            create_placement(placement=placement, user=cast.facilitator)
        assert refusal.value.field == "modality"


# --- Chains and ends ----------------------------------------------------------------------------------------


def test_the_page_tells_the_chain_of_contracts_and_where_it_breaks(cast, signed_in):
    person = BeneficiaryFactory()
    for start, end in (
        (D(2026, 1, 5), D(2026, 1, 30)),
        (D(2026, 2, 2), D(2026, 2, 27)),
        (D(2026, 3, 2), D(2026, 3, 31)),
        (D(2026, 6, 1), None),
    ):
        PlacementFactory(beneficiary=person, employer=cast.company_a, starts_on=start, ends_on=end)
    page = (
        signed_in(cast.facilitator).get(reverse("beneficiary_contracts", args=[person.pk])).content.decode()
    )
    assert "3e de 3 contrats enchaînés, du 05/01/2026 au 31/03/2026" in page
    # 1 April to 31 May: 61 days.
    assert "61 jours sans contrat avec cet employeur" in page


def test_a_contract_cut_short_says_why_and_one_that_ends_as_planned_needs_not(cast):
    placement = eligible_assignment(starts_on=D(2026, 3, 2), ends_on=D(2026, 6, 30)).placement
    with pytest.raises(DomainError) as refusal:
        end_placement(placement=placement, ends_on=D(2026, 5, 29), user=cast.facilitator)
    assert refusal.value.field == "end_reason" and "La fin prévue est le 30/06/2026" in refusal.value.sentence
    with pytest.raises(DomainError):
        end_placement(placement=placement, ends_on=D(2026, 5, 29), end_reason="term", user=cast.facilitator)
    done = end_placement(
        placement=placement, ends_on=D(2026, 5, 29), end_reason="other_job", user=cast.facilitator
    )
    assert (done.end_reason, done.assignments.get().ends_on) == ("other_job", D(2026, 5, 29))
    planned = PlacementFactory(starts_on=D(2026, 3, 2), ends_on=D(2026, 6, 30))
    assert (
        end_placement(placement=planned, ends_on=D(2026, 6, 30), user=cast.facilitator).end_reason == "term"
    )


def test_the_contracts_of_a_person_ask_as_much_for_six_steps_of_each_nature_as_for_one(
    cast, signed_in, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    person = BeneficiaryFactory()

    def more(rank: int) -> None:
        month = D(2025, 1 + rank, 3)
        PlacementFactory(
            beneficiary=person, employer=CompanyFactory(etti=True), starts_on=month, modality="ETTI"
        )
        pmsmp(person, CompanyFactory(), month, month + dt.timedelta(days=5))
        training = PlacementFactory(
            beneficiary=person, nature="training", modality="training", contract_type=None, starts_on=month
        )
        TrainingCourse.objects.create(placement=training, title="Titre")
        AssignmentFactory(placement=training, commitment=cast.commitment_a)

    client, address = signed_in(cast.facilitator), reverse("beneficiary_contracts", args=[person.pk])
    counts = []
    for rank in range(6):
        more(rank)
        if rank in (0, 5):
            client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                client.get(address)
            counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[1] <= 18
