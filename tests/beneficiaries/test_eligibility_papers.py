"""Papers: the attestation holds no ground for anyone, the letter of a refusal, the notice and its hand-over."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import AccessRecord
from beneficiaries.eligibility_papers import notice_text, parts_of
from beneficiaries.models import EligibilityCriterion, InformationNotice, Prescriber
from beneficiaries.registrations_eligibility import create_default_notice
from beneficiaries.services.notices import notice_on, record_informed, save_notice
from core.errors import DomainError
from core.pdf import pdf_available
from core.reference import load_reference_lists
from core.text import normalise
from markets.models import House
from tests.factories import (
    BeneficiaryFactory,
    CommuneFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    PrescriberFactory,
    ProofFileFactory,
    ProofRequestFactory,
    QpvFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def text_of(response: Any) -> str:
    assert response["Content-Type"] == "application/pdf"
    content = b"".join(response) if response.streaming else response.content
    reader = PdfReader(io.BytesIO(content))
    facts = " ".join(str(value) for value in (reader.metadata or {}).values())
    return " ".join((" ".join(page.extract_text() for page in reader.pages) + " " + facts).split())


def employee(cast: Any, **changes: Any) -> Any:
    """Someone of company A at work since last month, with everything that must not be told."""
    person = BeneficiaryFactory(
        last_name="Dupont",
        first_name="Marie",
        commune=CommuneFactory(label="Vaulx-en-Velin"),
        qpv=QpvFactory(label="Le Grand Vire"),
        prescriber=Prescriber.objects.filter(name="Mission locale Zéphyr").first()
        or PrescriberFactory(name="Mission locale Zéphyr"),
        **changes.pop("person", {}),
    )
    begun = timezone.localdate() - 30 * DAY
    return eligible_assignment(
        beneficiary=person, commitment=cast.commitment_a, starts_on=begun, **changes
    ).placement.beneficiary


def test_the_attestation_says_who_until_when_and_by_whom(cast, signed_in):
    assert pdf_available()
    House.objects.create(name="Maison Rhône", signatory="Camille Bois", signatory_title="Directrice")
    person = employee(cast)
    until = person.periods.get().ends_on
    review = person.reviews.get()
    for user in (cast.facilitator, cast.company_user_a):
        text = text_of(signed_in(user).get(reverse("eligibility_attestation", args=[person.pk])))
        for words in (
            "Marie Dupont",
            "17/05/1990",
            f"éligible jusqu’au {until:%d/%m/%Y}",
            "Maison Rhône",
            "Camille Bois",
            f"{review.decided_on:%Y}-{review.pk:05d}",
        ):
            assert words in text
    assert AccessRecord.objects.filter(subject=f"attestation person {person.pk}").count() == 2


@pytest.mark.slow
def test_no_attestation_holds_a_ground_a_route_a_residence_or_a_prescriber(cast, signed_in, settings):
    load_reference_lists(settings.REFERENCE_DIR)
    House.objects.create(name="Maison Rhône", address="Bourg")
    every = list(EligibilityCriterion.objects.order_by("position"))
    assert any(row.sensitive for row in every) and any(not row.sensitive for row in every)
    browser = signed_in(cast.company_user_a)
    for criterion in every:
        person = employee(
            cast, criteria=[criterion], person={"birth_date": dt.date(1980, 1, 1) + criterion.position * DAY}
        )
        text = normalise(text_of(browser.get(reverse("eligibility_attestation", args=[person.pk]))))
        for row in every:
            assert normalise(row.label) not in text
            assert not row.proof or normalise(row.proof) not in text
        words = text.split()
        for secret in (
            "qpv",
            "rsa",
            "rqth",
            "aah",
            "ass",
            "deld",
            "spip",
            "pass",
            "plie",
            "geiq",
            "automatique",
        ):
            assert secret not in words
        for secret in ("vaulx en velin", "le grand vire", "zephyr", "individuelle", "prescripteur"):
            assert secret not in text


def test_a_company_that_receives_or_counts_without_employing_has_no_attestation(cast, signed_in):
    begun = timezone.localdate() - 30 * DAY
    received = eligible_assignment(
        commitment=cast.commitment_b, employer=cast.company_b, user_company=cast.company_a, starts_on=begun
    ).placement.beneficiary
    held = eligible_assignment(
        commitment=cast.commitment_a, employer=cast.company_b, starts_on=begun
    ).placement.beneficiary
    browser = signed_in(cast.company_user_a)
    for person in (received, held):
        assert browser.get(reverse("beneficiary_detail", args=[person.pk])).status_code == 200
        assert browser.get(reverse("eligibility_attestation", args=[person.pk])).status_code == 404
        page = browser.get(reverse("beneficiary_detail", args=[person.pk])).content.decode()
        assert "Attestation" not in page
    mine = employee(cast)
    assert "Attestation" in browser.get(reverse("beneficiary_detail", args=[mine.pk])).content.decode()
    assert (
        signed_in(cast.company_user_b).get(reverse("eligibility_attestation", args=[mine.pk])).status_code
        == 404
    )


def test_a_validation_that_waits_is_attested_too_and_nothing_else_is(cast, signed_in):
    today = timezone.localdate()
    waiting = EligibilityReviewFactory(decided_on=today)
    browser = signed_in(cast.facilitator)
    text = text_of(browser.get(reverse("eligibility_attestation", args=[waiting.beneficiary_id])))
    assert f"éligible jusqu’au {waiting.valid_until:%d/%m/%Y}" in text and "la validation s’éteint" in text
    for person in (
        BeneficiaryFactory(),
        EligibilityReviewFactory(refused=True).beneficiary,
        EligibilityReviewFactory(decided_on=dt.date(2020, 1, 1)).beneficiary,
    ):
        answer = browser.get(reverse("eligibility_attestation", args=[person.pk]), follow=True)
        assert "n’est pas éligible aujourd’hui" in answer.content.decode()


def test_no_page_search_nor_export_of_a_company_or_a_buyer_holds_a_ground_or_a_proof(cast, signed_in):
    secret = EligibilityCriterionFactory(
        sensitive_one=True, label="Statut Xylophone", proof="Certificat Xylophone"
    )
    person = employee(cast, criteria=[secret])
    proof = ProofFileFactory(beneficiary=person, criterion=secret)
    ProofRequestFactory(beneficiary=person, email="x@example.org", criteria=[secret])
    HoursEntryFactory(assignment=person.placements.get().assignments.get(), month=dt.date(2026, 1, 1))
    for user in (cast.company_user_a, cast.buyer_user_a):
        browser = signed_in(user)
        for address in (
            reverse("home"),
            reverse("task_list"),
            reverse("beneficiary_list"),
            f"{reverse('beneficiary_list')}?export=csv",
            reverse("beneficiary_detail", args=[person.pk]),
            f"{reverse('search')}?q=Xylophone",
            f"{reverse('search')}?q=Dupont",
            reverse("company_entry_list"),
            reverse("beneficiary_eligibility", args=[person.pk]),
            reverse("file_download", args=[proof.stored_id]),
        ):
            response = browser.get(address)
            content = b"".join(response) if response.streaming else response.content
            # The words that were searched are shown again on the page of results.
            shown = content.decode(errors="ignore").replace('value="Xylophone"', "")
            for word in ("Statut Xylophone", "Certificat Xylophone", "Le Grand Vire", "Zéphyr"):
                assert word not in shown, address
            response.close()


# --- The letter of a refusal --------------------------------------------------------------------------------


def test_the_letter_tells_the_reason_and_what_can_be_done(cast, signed_in):
    House.objects.create(name="Maison Rhône", phone="04 78 00 00 00")
    review = EligibilityReviewFactory(
        refused=True,
        refusal_reason="Aucun des statuts n’est établi.",
        beneficiary__address="3 rue des Lilas",
        beneficiary__commune=CommuneFactory(label="Bron"),
    )
    browser = signed_in(cast.facilitator)
    text = text_of(browser.get(reverse("review_letter", args=[review.beneficiary_id, review.pk])))
    for words in (
        "3 rue des Lilas",
        "Bron",
        "Aucun des statuts n’est établi.",
        "04 78 00 00 00",
        "14/02/2025",
    ):
        assert words in text
    approved = EligibilityReviewFactory()
    assert (
        browser.get(reverse("review_letter", args=[approved.beneficiary_id, approved.pk])).status_code == 404
    )
    assert browser.get(reverse("review_letter", args=[approved.beneficiary_id, review.pk])).status_code == 404
    page = browser.get(reverse("beneficiary_eligibility", args=[review.beneficiary_id])).content.decode()
    assert reverse("review_letter", args=[review.beneficiary_id, review.pk]) in page


# --- The notice ---------------------------------------------------------------------------------------------


def test_a_first_notice_comes_with_the_installation_and_is_not_made_twice():
    create_default_notice()
    notice = InformationNotice.objects.get()
    for words in ("# Vos droits", "CNIL", "# Combien de temps", "{contact}"):
        assert words in notice.text


def test_the_places_left_for_the_house_are_filled():
    House.objects.create(name="Maison Rhône", address="1 rue\nde Bourg", email="dpo@example.org")
    notice = InformationNotice(
        in_force_from=dt.date(2026, 1, 1), text="# Qui\n{maison}, {adresse}. {contact}."
    )
    assert notice_text(notice) == "# Qui\nMaison Rhône, 1 rue de Bourg. dpo@example.org."
    parts = parts_of("Début\nsuite\n\nAutre\n# Titre\ntexte")
    assert [(part.title, part.paragraphs) for part in parts] == [
        ("", ("Début suite", "Autre")),
        ("Titre", ("texte",)),
    ]


def test_a_new_version_holds_from_its_day_and_the_former_stays(cast, signed_in):
    today = timezone.localdate()
    browser = signed_in(cast.admin)
    later = today + 5 * DAY
    answer = browser.post(
        reverse("notice_create"),
        {"in_force_from": f"{later:%d/%m/%Y}", "text": "# Neuf\nTexte."},
        follow=True,
    )
    assert "La notice est enregistrée." in answer.content.decode()
    assert notice_on(today) == InformationNotice.objects.earliest("in_force_from")
    assert notice_on(later).text == "# Neuf\nTexte."
    save_notice(text="Encore", in_force_from=later, user=cast.admin)
    assert InformationNotice.objects.count() == 2
    with pytest.raises(DomainError) as refusal:
        save_notice(text="Hier", in_force_from=today - DAY, user=cast.admin)
    assert "celles qui ont été remises ne changent pas" in refusal.value.sentence


def test_the_notice_is_printed_for_a_person_and_its_hand_over_recorded(cast, signed_in):
    person = BeneficiaryFactory(last_name="Dupont", first_name="Marie")
    browser = signed_in(cast.facilitator)
    text = text_of(browser.get(reverse("person_notice", args=[person.pk])))
    assert "Marie Dupont" in text and "Vos droits" in text and "Signature" in text
    assert "non remise" in browser.get(reverse("beneficiary_eligibility", args=[person.pk])).content.decode()
    listed = browser.get(reverse("beneficiary_list"), {"informed": "non"}).content.decode()
    assert "Dupont Marie" in listed
    address = reverse("notice_hand_over", args=[person.pk])
    assert "est à venir" in browser.post(address, {"informed_on": "1/1/2100"}).content.decode()
    assert browser.post(address, {"informed_on": "5/1/26"}).status_code == 302
    person.refresh_from_db()
    assert person.informed_on == dt.date(2026, 1, 5)
    assert person.history.first().history_user == cast.facilitator
    assert (
        "Dupont Marie" not in browser.get(reverse("beneficiary_list"), {"informed": "non"}).content.decode()
    )


def test_a_hand_over_of_a_day_to_come_is_refused(cast):
    with pytest.raises(DomainError):
        record_informed(beneficiary=BeneficiaryFactory(), on=timezone.localdate() + DAY, by=cast.facilitator)
