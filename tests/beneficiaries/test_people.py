"""People: one file each, found by words, whatever the name."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from beneficiaries.models import Beneficiary
from beneficiaries.services.people import SamePerson, save_person, save_prescriber
from tests.factories import (
    BeneficiaryFactory,
    CommuneFactory,
    EligibilityReviewFactory,
    PrescriberFactory,
    QpvFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
NAMES = Path(__file__).parents[3] / "shared" / "data" / "identites" / "noms_cas_limites.csv"
BORN = dt.date(1988, 3, 4)


def test_the_same_name_and_birth_date_are_refused_whatever_accents_case_and_hyphens(cast):
    existing = save_person(
        person=Beneficiary(last_name="Lefèvre", first_name="Élodie-Anne", birth_date=BORN),
        user=cast.facilitator,
    )
    with pytest.raises(SamePerson) as refusal:
        save_person(
            person=Beneficiary(last_name="LEFEVRE", first_name="elodie anne", birth_date=BORN),
            user=cast.facilitator,
        )
    assert refusal.value.existing == existing
    assert "née le 04/03/1988 existe déjà" in refusal.value.sentence


def test_the_database_refuses_it_too():
    BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=BORN)
    with pytest.raises(IntegrityError), transaction.atomic():
        BeneficiaryFactory(last_name="LEFEVRE", first_name="Elodie", birth_date=BORN)


def test_two_people_of_one_name_born_on_other_days_or_without_date_have_a_file_each(cast):
    for born in (BORN, dt.date(1990, 1, 1), None, None):
        save_person(
            person=Beneficiary(last_name="Martin", first_name="Claude", birth_date=born),
            user=cast.facilitator,
        )
    assert Beneficiary.objects.matching("claude martin").count() == 4


def test_who_changed_a_file_is_kept(cast):
    person = save_person(person=Beneficiary(last_name="Ba", first_name="Moussa"), user=cast.facilitator)
    person.phone = "06 00 00 00 00"
    save_person(person=person, user=cast.admin)
    assert [str(row.history_user) for row in person.history.order_by("history_id")] == [
        "Fanny Facile",
        "Adam Ministre",
    ]


def test_words_are_found_in_any_order_without_accents():
    person = BeneficiaryFactory(last_name="de La Rochefoucauld", first_name="Jean-Baptiste")
    for words in ("jean rochefoucauld", "ROCHEFOUCAULD Jean-Baptiste", "baptiste la", "Rochefoucauld"):
        assert Beneficiary.objects.matching(words).get() == person
    assert not Beneficiary.objects.matching("jean dupont").exists()


@pytest.mark.parametrize(
    ("last", "first", "typed"),
    [
        ("Żółć", "Łukasz", "lukasz zolc"),
        ("Ærø", "Søren", "soren aero"),
        ("Müller-Straße", "Zoë", "zoe strasse"),
        ("Trần", "Nguyễn Văn", "tran nguyen van"),
        ("Đặng", "Thị", "dang thi"),
        ("Cœurderoy", "Œdipe", "oedipe coeurderoy"),
    ],
)
def test_letters_of_other_languages_are_found_as_a_french_keyboard_types_them(last, first, typed):
    person = BeneficiaryFactory(last_name=last, first_name=first)
    assert Beneficiary.objects.matching(typed).get() == person


def form_data(**changes: Any) -> dict[str, Any]:
    return {"last_name": "Haddad", "first_name": "Karim", "birth_date": "4/3/88", **changes}


def test_a_form_creates_the_file(cast, signed_in):
    CommuneFactory(code="69266", label="Villeurbanne")
    answer = signed_in(cast.facilitator).post(
        reverse("beneficiary_create"), form_data(commune="villeurbanne", gender="M")
    )
    person = Beneficiary.objects.get()
    assert answer.headers["Location"] == reverse("beneficiary_detail", args=[person.pk])
    assert (person.birth_date, person.commune_id, person.gender) == (BORN, "69266", "M")


def test_a_second_file_is_refused_with_the_way_to_the_first_and_what_was_typed_is_kept(cast, signed_in):
    existing = BeneficiaryFactory(last_name="Haddad", first_name="Karim", birth_date=BORN)
    answer = signed_in(cast.facilitator).post(
        reverse("beneficiary_create"), form_data(last_name="HADDAD", address="3 rue des Lilas")
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "née le 04/03/1988 existe déjà" in page
    assert f'href="{reverse("beneficiary_detail", args=[existing.pk])}"' in page
    assert 'value="3 rue des Lilas"' in page
    assert Beneficiary.objects.count() == 1


def test_the_own_file_is_no_duplicate_of_itself(cast, signed_in):
    person = BeneficiaryFactory(last_name="Haddad", first_name="Karim", birth_date=BORN)
    answer = signed_in(cast.facilitator).post(
        reverse("beneficiary_edit", args=[person.pk]), form_data(phone="0601020304")
    )
    person.refresh_from_db()
    assert (answer.status_code, person.phone) == (302, "0601020304")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_name": ""}, "Indiquez le nom."),
        ({"last_name": " \u00a0 "}, "Indiquez le nom."),
        ({"first_name": ""}, "Indiquez le prénom."),
        ({"birth_date": "31/02/1990"}, "n’existe pas au calendrier"),
        ({"birth_date": "4/3/65"}, "écrivez l’année de naissance en quatre chiffres"),
        ({"commune": "Nulle-Part"}, "n’est pas une commune connue"),
        ({"email": "sans arobase"}, "adresse"),
    ],
)
def test_a_wrong_field_gets_a_sentence(cast, signed_in, changes, sentence):
    answer = signed_in(cast.facilitator).post(reverse("beneficiary_create"), form_data(**changes))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Beneficiary.objects.exists()


def test_a_name_without_birth_date_that_exists_already_is_said(cast, signed_in):
    BeneficiaryFactory(last_name="Haddad", first_name="Karim", birth_date=BORN)
    browser = signed_in(cast.facilitator)
    answer = browser.post(reverse("beneficiary_create"), form_data(birth_date=""))
    assert "Est-ce la même personne" in answer.content.decode()
    nameless = BeneficiaryFactory(last_name="Haddad", first_name="Karim", birth_date=None)
    answer = browser.post(
        reverse("beneficiary_edit", args=[nameless.pk]), form_data(birth_date=""), follow=True
    )
    assert "Une autre fiche porte ce nom" in answer.content.decode()


@pytest.mark.shared
@pytest.mark.parametrize("number", range(37))
def test_every_strange_name_is_saved_read_back_and_found(cast, signed_in, number):
    with NAMES.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 37
    first, last = rows[number]["prenom"], rows[number]["nom"]
    browser = signed_in(cast.facilitator)
    answer = browser.post(
        reverse("beneficiary_create"), {"last_name": last, "first_name": first, "birth_date": "1/2/1991"}
    )
    if not first.strip() or not last.strip():
        assert answer.status_code == 200
        return
    person = Beneficiary.objects.get()
    assert answer.headers["Location"] == reverse("beneficiary_detail", args=[person.pk])
    assert [person.last_name, person.first_name] == [
        unicodedata.normalize("NFC", " ".join(text.split())) for text in (last, first)
    ]
    found = browser.get(reverse("beneficiary_list"), {"q": f"{first} {last}"})
    assert found.context["count"] == 1
    page = browser.get(reverse("beneficiary_detail", args=[person.pk])).content.decode()
    assert "<b>Léa</b>" not in page
    for format in ("csv", "xlsx"):
        exported = browser.get(reverse("beneficiary_list"), {"export": format})
        body = b"".join(exported) if exported.streaming else exported.content
        exported.close()
        assert body
        if format == "csv":
            text = body.decode("utf-8-sig")
            assert "\n=" not in text and ";=" not in text and ";@" not in text


def test_the_directory_is_filtered_by_state_commune_qpv_prescriber_gender_and_work(cast, signed_in):
    commune, qpv, prescriber = CommuneFactory(label="Bron"), QpvFactory(), PrescriberFactory()
    working = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Travaille", commune=commune, gender="M"),
        starts_on=dt.date(2026, 3, 2),
    ).placement.beneficiary
    lodged = BeneficiaryFactory(last_name="Habite", qpv=qpv)
    sent = BeneficiaryFactory(last_name="Envoyee", prescriber=prescriber)
    EligibilityReviewFactory(beneficiary=sent, refused=True)
    old = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Ancienne"),
        starts_on=dt.date(2020, 3, 2),
        ends_on=dt.date(2020, 9, 30),
    ).placement.beneficiary
    browser = signed_in(cast.facilitator)

    def found(**query: str) -> set[str]:
        answer = browser.get(reverse("beneficiary_list"), query)
        return {row.record.last_name for row in answer.context["page"].object_list}

    assert found() == {"Travaille", "Habite", "Envoyee", "Ancienne"}
    assert found(state="eligible") == {"Travaille"}
    assert found(state="to_review") == {"Habite"}
    assert found(state="refused") == {"Envoyee"}
    assert found(state="expired") == {"Ancienne"}
    assert found(commune=commune.pk) == {"Travaille"}
    assert found(qpv="oui") == {"Habite"}
    assert found(prescriber=str(prescriber.pk)) == {"Envoyee"}
    assert found(gender="M") == {"Travaille"}
    assert found(assigned="oui") == {"Travaille"}
    assert found(assigned="non") == {"Habite", "Envoyee", "Ancienne"}
    assert found(q="travaille", state="refused") == set()
    assert {working.last_name, lodged.last_name, old.last_name} == {"Travaille", "Habite", "Ancienne"}


def test_a_prescriber_shows_the_people_it_sent(cast, signed_in):
    prescriber = save_prescriber(prescriber=PrescriberFactory.build(), user=cast.facilitator)
    BeneficiaryFactory(last_name="Orientée", prescriber=prescriber)
    page = signed_in(cast.facilitator).get(reverse("prescriber_detail", args=[prescriber.pk]))
    assert "Orientée" in page.content.decode()


def test_a_prescriber_is_created_once(cast, signed_in):
    browser = signed_in(cast.facilitator)
    data = {"name": "Mission locale  Alpha", "kind": "local_mission", "is_active": "on"}
    assert browser.post(reverse("prescriber_create"), data).status_code == 302
    again = browser.post(reverse("prescriber_create"), data)
    assert again.status_code == 200
    assert "Ce prescripteur existe déjà" in again.content.decode()
