"""The directory as it is used: near spellings, duplicates at entry, residence, referrers, notes apart, the whole path."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import Milestone, Situation
from beneficiaries.models import (
    Beneficiary,
    FollowUp,
    ImmersionAgreement,
    Outcome,
    Qpv,
    Referrer,
    ReferrerFeedback,
    SeparatePeople,
    TrainingCourse,
)
from beneficiaries.services.people import save_person
from markets.services.tasks import open_task
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    CommuneFactory,
    ContractTypeFactory,
    EligibilityReviewFactory,
    FollowUpFactory,
    HoursEntryFactory,
    PlacementFactory,
    PrescriberFactory,
    QpvFactory,
    ReferrerFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
BORN = dt.date(1988, 3, 14)


def names(answer: Any) -> list[str]:
    return [row.record.last_name for row in answer.context["page"].object_list]


# Near spellings


def test_the_list_shows_those_who_bear_the_words_then_near_spellings_and_says_so(cast, signed_in):
    for last in ("Martin", "Martinez", "Martyn", "Durand"):
        BeneficiaryFactory(last_name=last, first_name="Anne")
    answer = signed_in(cast.facilitator).get(reverse("beneficiary_list"), {"q": "anne martin"})
    assert names(answer) == ["Martin", "Martinez", "Martyn"]
    page = answer.content.decode()
    assert page.count("orthographe proche") == 1
    assert page.index("Martinez Anne") < page.index("Martyn Anne") < page.index("orthographe proche")


def test_near_spellings_go_with_the_other_filters_the_sort_and_the_export(cast, signed_in):
    BeneficiaryFactory(last_name="Martyn", first_name="Anne", gender="F")
    BeneficiaryFactory(last_name="Martin", first_name="Anne", gender="M")
    browser, address = signed_in(cast.facilitator), reverse("beneficiary_list")
    assert names(browser.get(address, {"q": "martin", "gender": "F"})) == ["Martyn"]
    assert names(browser.get(address, {"q": "martin", "tri": "-name"})) == ["Martyn", "Martin"]
    exported = browser.get(address, {"q": "martin", "export": "csv"})
    text = b"".join(exported).decode("utf-8-sig")
    assert "Martyn Anne" in text and "orthographe proche" not in text


def test_a_search_asks_as_much_for_many_rows_as_for_few(cast, signed_in):
    browser, address = signed_in(cast.facilitator), reverse("beneficiary_list")

    def queries() -> int:
        browser.get(address, {"q": "martin"})
        with CaptureQueriesContext(connection) as captured:
            browser.get(address, {"q": "martin"})
        return len(captured)

    BeneficiaryFactory(last_name="Martin")
    BeneficiaryFactory(last_name="Martyn")
    few = queries()
    for number in range(5):
        BeneficiaryFactory(last_name="Martin", birth_date=BORN + dt.timedelta(days=number))
        BeneficiaryFactory(last_name="Martyn", birth_date=BORN + dt.timedelta(days=number))
    assert queries() == few <= 12


def test_a_company_finds_its_own_people_only(cast, signed_in):
    mine = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Martin", first_name="Anne"), commitment=cast.commitment_a
    )
    eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Martyn", first_name="Anne"), commitment=cast.commitment_b
    )
    answer = signed_in(cast.company_user_a).get(reverse("beneficiary_list"), {"q": "anne martni"})
    assert names(answer) == ["Martin"]
    assert "Martyn" not in answer.content.decode()
    assert mine.placement.beneficiary.last_name == "Martin"


def test_suggestions_forgive_an_error_and_never_choose_someone_by_it(cast, signed_in):
    person = BeneficiaryFactory(last_name="Martin", first_name="Anne", birth_date=BORN)
    browser = signed_in(cast.facilitator)
    answer = browser.get(reverse("lookup", args=["person"]), {"q": "mratin ane"})
    assert answer.json()["suggestions"] == [f"Martin Anne, né·e le 14/03/1988 [{person.pk}]"]
    other = BeneficiaryFactory(last_name="Autre")
    refused = browser.post(reverse("person_duplicates", args=[other.pk]), {"other": "mratin ane"})
    assert "Orthographe proche" in refused.content.decode()


# Duplicates at entry


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "last_name": "Lefebre",
        "first_name": "Elodie",
        "birth_date": "14/3/1988",
        "phone": "0601020304",
        **changes,
    }


def test_likely_files_are_shown_before_a_second_one_is_made(cast, signed_in):
    existing = BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=BORN)
    browser, address = signed_in(cast.facilitator), reverse("beneficiary_create")
    answer = browser.post(address, typed())
    page = answer.content.decode()
    assert "Est-ce la même personne" in page and "C’est elle" in page and "Créer quand même" in page
    assert 'value="0601020304"' in page
    assert Beneficiary.objects.get() == existing

    made = browser.post(address, typed(anyway="1", shown=[str(existing.pk)]))
    person = Beneficiary.objects.exclude(pk=existing.pk).get()
    assert made.headers["Location"] == reverse("beneficiary_detail", args=[person.pk])
    told = SeparatePeople.objects.get()
    assert (told.first, told.second, told.said_by) == (existing, person, cast.facilitator)
    assert browser.get(reverse("duplicate_list")).context["count"] == 0


def test_someone_who_appeared_meanwhile_is_shown_before_the_file_is_made(cast, signed_in):
    existing = BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=BORN)
    BeneficiaryFactory(last_name="Lefebvre", first_name="Elodie", birth_date=BORN)
    answer = signed_in(cast.facilitator).post(
        reverse("beneficiary_create"), typed(anyway="1", shown=[str(existing.pk)])
    )
    assert answer.status_code == 200
    assert Beneficiary.objects.count() == 2


def test_it_is_her_opens_the_file_completed_by_what_was_typed(cast, signed_in):
    existing = BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=BORN, email="")
    browser = signed_in(cast.facilitator)
    answer = browser.post(reverse("beneficiary_create"), typed(same=str(existing.pk)))
    page = answer.content.decode()
    assert f'action="{reverse("beneficiary_edit", args=[existing.pk])}"' in page
    assert 'value="0601020304"' in page and 'value="Lefèvre"' in page and "Lefebre" not in page
    nothing_new = browser.post(reverse("beneficiary_create"), typed(same=str(existing.pk), phone=""))
    assert nothing_new.headers["Location"] == reverse("beneficiary_detail", args=[existing.pk])
    assert Beneficiary.objects.count() == 1


def test_a_file_in_the_restricted_archive_is_said_without_being_opened(cast, signed_in):
    BeneficiaryFactory(
        last_name="Lefèvre", first_name="Élodie", birth_date=BORN, archived_on=dt.date(2026, 1, 5)
    )
    answer = signed_in(cast.facilitator).post(
        reverse("beneficiary_create"), typed(last_name="LEFEVRE", first_name="elodie")
    )
    page = answer.content.decode()
    assert "archive restreinte" in page and "ouvrez sa fiche" not in page


# Residence


def test_newer_contours_change_neither_people_nor_decisions(cast, signed_in, tmp_path):
    old = QpvFactory(code="QP069001", label="Parilly", vintage=2015)
    person = BeneficiaryFactory(commune=CommuneFactory(), qpv=old)
    review = EligibilityReviewFactory(beneficiary=person)
    review_before = (review.entry_qpv_id, review.entry_qpv_vintage)
    source = Path(__file__).parents[2] / "reference"
    for path in source.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    # The next vintage keeps one code with other contours, and the neighbourhood of this person vanishes.
    kept = next(row for row in (source / "qpv.csv").read_text(encoding="utf-8").splitlines()[1:])
    code = kept.split(",")[0]
    call_command("load_reference", directory=tmp_path, verbosity=0)
    neighbour = BeneficiaryFactory(last_name="Voisin", qpv=Qpv.objects.get(pk=code))
    assert neighbour.qpv_vintage == 2024
    (tmp_path / "qpv.csv").write_text(f"code,name,vintage,commune_codes\n{code},Contours neufs,2030,69266\n")
    call_command("load_reference", directory=tmp_path, verbosity=0)

    old.refresh_from_db()
    assert old.is_active is False
    for row, vintage in ((person, 2015), (neighbour, 2024)):
        row.refresh_from_db()
        assert row.qpv_vintage == row.residence_vintage == vintage
    review.refresh_from_db()
    assert (review.entry_qpv_id, review.entry_qpv_vintage) == review_before
    browser = signed_in(cast.facilitator)
    assert (
        "Parilly (contours 2015)"
        in browser.get(reverse("beneficiary_detail", args=[person.pk])).content.decode()
    )
    assert "contours 2024" in browser.get(reverse("beneficiary_detail", args=[neighbour.pk])).content.decode()
    # It stays readable where it is, and is offered to nobody else.
    assert "Parilly (2015)" in browser.get(reverse("beneficiary_edit", args=[person.pk])).content.decode()
    assert "Parilly" not in browser.get(reverse("beneficiary_edit", args=[neighbour.pk])).content.decode()
    person.phone = "0601020304"
    save_person(person=person, user=cast.facilitator)
    person.refresh_from_db()
    assert (person.qpv_id, person.qpv_vintage) == ("QP069001", 2015)
    person.qpv = Qpv.objects.get(pk=code)
    save_person(person=person, user=cast.facilitator)
    assert person.qpv_vintage == 2030


# Referrers


def test_a_referrer_is_one_of_the_prescriber_of_the_person(cast, signed_in):
    referrer = ReferrerFactory(prescriber=PrescriberFactory(name="Mission locale"))
    other = PrescriberFactory(name="Cap emploi")
    browser, address = signed_in(cast.facilitator), reverse("beneficiary_create")
    refused = browser.post(address, typed(prescriber=other.pk, referrer=referrer.pk))
    assert "pas pour Cap emploi" in refused.content.decode()
    browser.post(address, typed(referrer=referrer.pk))
    person = Beneficiary.objects.get()
    assert (person.prescriber, person.referrer) == (referrer.prescriber, referrer)
    options = browser.get(reverse("referrer_options"), {"prescriber": other.pk}).content.decode()
    assert str(referrer) not in options
    options = browser.get(
        reverse("referrer_options"), {"prescriber": referrer.prescriber_id, "referrer": referrer.pk}
    ).content.decode()
    assert f'value="{referrer.pk}" selected' in options


def test_a_prescriber_lists_its_referrers_and_whom_each_follows(cast, signed_in):
    referrer = ReferrerFactory(last_name="Suivante")
    followed = BeneficiaryFactory(last_name="Suivie", prescriber=referrer.prescriber, referrer=referrer)
    BeneficiaryFactory(last_name="Autre", prescriber=referrer.prescriber)
    browser, address = (
        signed_in(cast.facilitator),
        reverse("prescriber_detail", args=[referrer.prescriber_id]),
    )
    page = browser.get(address).content.decode()
    assert "Suivante" in page and "Suivie" in page and "Autre" in page
    narrowed = browser.get(address, {"referent": referrer.pk}).content.decode()
    assert str(followed) in narrowed and "Autre Sacha" not in narrowed


def test_a_referrer_is_added_changed_and_put_out_of_office(cast, signed_in):
    prescriber = PrescriberFactory()
    browser, address = signed_in(cast.facilitator), reverse("referrer_create", args=[prescriber.pk])
    data = {"last_name": "Nadir", "first_name": "Sonia", "email": "s@ml.example", "is_active": "on"}
    browser.post(address, data)
    referrer = Referrer.objects.get()
    assert (str(referrer), referrer.prescriber) == ("Sonia Nadir", prescriber)
    again = browser.post(address, {**data, "last_name": "NADIR"})
    assert "a déjà un·e référent·e de ce nom" in again.content.decode()
    browser.post(reverse("referrer_edit", args=[referrer.pk]), {**data, "is_active": ""})
    referrer.refresh_from_db()
    assert referrer.is_active is False
    assert referrer.history.latest().history_user == cast.facilitator
    assert "Sonia Nadir" not in browser.get(reverse("beneficiary_create")).content.decode()


# Notes apart


def test_a_note_is_written_changed_the_same_day_by_its_author_and_its_history_is_kept(cast, signed_in):
    person = BeneficiaryFactory()
    browser, address = signed_in(cast.facilitator), reverse("person_follow_up", args=[person.pk])
    today = f"{timezone.localdate():%d/%m/%Y}"
    browser.post(address, {"kind": "interview", "happened_on": today, "text": "Cherche un logement."})
    note = FollowUp.objects.get()
    assert (note.author, note.kind, note.beneficiary) == (cast.facilitator, "interview", person)
    changed = {"kind": "interview", "happened_on": today, "text": "Cherche un logement à Bron."}
    browser.post(reverse("follow_up_edit", args=[note.pk]), changed)
    note.refresh_from_db()
    assert note.text == "Cherche un logement à Bron."
    page = browser.get(reverse("follow_up_edit", args=[note.pk])).content.decode()
    assert "Cherche un logement." in page
    colleague = signed_in(UserFactory())
    refused = colleague.post(reverse("follow_up_edit", args=[note.pk]), {**changed, "text": "Autre chose"})
    note.refresh_from_db()
    assert (refused.status_code, note.text) == (200, "Cherche un logement à Bron.")
    colleague.post(reverse("follow_up_delete", args=[note.pk]))
    assert FollowUp.objects.exists()
    browser.post(reverse("follow_up_delete", args=[note.pk]))
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": "  "}, "Écrivez la note."),
        ({"text": "x" * 10_001}, "trop longue"),
        ({"happened_on": "1/1/2100"}, "est à venir"),
        ({"happened_on": "31/02/2025"}, "n’existe pas au calendrier"),
    ],
)
def test_a_wrong_note_gets_a_sentence_and_keeps_what_was_typed(cast, signed_in, changes, sentence):
    person = BeneficiaryFactory()
    data = {"kind": "note", "happened_on": "3/2/25", "text": "À rappeler lundi.", **changes}
    answer = signed_in(cast.facilitator).post(reverse("person_follow_up", args=[person.pk]), data)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not FollowUp.objects.exists()


def test_the_tab_shows_what_was_said_to_the_referrer(cast, signed_in):
    person = BeneficiaryFactory()
    ReferrerFeedback.objects.create(beneficiary=person, moment="during", progress="Ponctuelle et volontaire.")
    FollowUpFactory(beneficiary=person, text="Permis de conduire en cours.")
    page = signed_in(cast.facilitator).get(reverse("person_follow_up", args=[person.pk])).content.decode()
    assert "Ponctuelle et volontaire." in page and "Permis de conduire en cours." in page


def test_no_company_and_no_buyer_reads_a_note_anywhere(cast, signed_in):
    secret = "Secretissime"
    assignment = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Employée"), commitment=cast.commitment_a
    )
    person = assignment.placement.beneficiary
    HoursEntryFactory(assignment=assignment, counted=True)
    note = FollowUpFactory(beneficiary=person, text=f"{secret} : logement, santé.")
    market = assignment.commitment.market
    pages = [
        reverse("home"),
        reverse("beneficiary_list"),
        reverse("beneficiary_detail", args=[person.pk]),
        reverse("company_entry_list"),
        reverse("market_detail", args=[market.pk]),
        f"{reverse('search')}?q={secret}",
        f"{reverse('beneficiary_list')}?export=csv",
        f"{reverse('company_entry_list')}?export=csv",
    ]
    for user in (cast.company_user_a, cast.company_user_b, cast.buyer_user_a, cast.buyer_user_b):
        browser = signed_in(user)
        assert list(FollowUp.objects.visible_to(user)) == []
        assert list(ReferrerFeedback.objects.visible_to(user)) == []
        for address in (
            reverse("person_follow_up", args=[person.pk]),
            reverse("follow_up_edit", args=[note.pk]),
            reverse("follow_up_delete", args=[note.pk]),
            reverse("duplicate_list"),
        ):
            assert browser.get(address).status_code == 403
        for address in pages:
            answer = browser.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
            answer.close()
            assert (
                secret.encode()
                not in body.replace(f"q={secret}".encode(), b"").replace(f'value="{secret}"'.encode(), b"")
                or "search" in address
                or "recherche" in address
            )
            assert "logement, santé".encode() not in body


# The whole path


def test_the_whole_path_tells_decisions_contracts_chained_trainings_immersions_outcomes_and_hours(
    cast, signed_in
):
    kind = ContractTypeFactory(label="CDD d’insertion")
    first = eligible_assignment(
        beneficiary=BeneficiaryFactory(last_name="Parcours"),
        commitment=cast.commitment_a,
        contract_type=kind,
        starts_on=dt.date(2025, 3, 3),
        ends_on=dt.date(2025, 8, 31),
    )
    person = first.placement.beneficiary
    employer = first.placement.employer
    previous = first.placement
    for start, end in ((dt.date(2025, 9, 1), dt.date(2025, 12, 31)), (dt.date(2026, 1, 1), None)):
        previous = PlacementFactory(
            beneficiary=person,
            employer=employer,
            contract_type=kind,
            starts_on=start,
            ends_on=end,
            previous=previous,
        )
        AssignmentFactory(
            placement=previous,
            commitment=cast.commitment_a,
            starts_on=start,
            ends_on=end,
            review=first.review,
        )
    HoursEntryFactory(assignment=first, month=dt.date(2025, 4, 1), hours=Decimal("100.00"), counted=True)
    HoursEntryFactory(
        assignment=first,
        month=dt.date(2025, 5, 1),
        hours=Decimal("80.00"),
        state="validated",
        counted_hours=0,
        counting_reason="outside_market",
    )
    HoursEntryFactory(assignment=first, month=dt.date(2025, 6, 1), hours=Decimal("40.00"), state="submitted")
    training = PlacementFactory(
        beneficiary=person,
        nature="training",
        modality="training",
        starts_on=dt.date(2025, 2, 3),
        ends_on=dt.date(2025, 2, 14),
    )
    TrainingCourse.objects.create(
        placement=training, title="CACES nacelle", qualification_aimed="CACES R486", qualification="obtained"
    )
    immersion = PlacementFactory(
        beneficiary=person,
        nature="immersion",
        modality="pmsmp",
        starts_on=dt.date(2025, 1, 6),
        ends_on=dt.date(2025, 1, 17),
    )
    ImmersionAgreement.objects.create(placement=immersion, purpose="confirm")
    Outcome.objects.create(
        beneficiary=person,
        milestone=Milestone.MONTHS_6,
        exit_on=dt.date(2024, 1, 31),
        due_on=dt.date(2024, 7, 31),
        situation=Situation.CDD_SHORT,
        recorded_on=dt.date(2024, 8, 2),
    )
    open_task(title="Rappeler le référent", person=person.pk, assignee=cast.facilitator, by=cast.facilitator)
    answer = signed_in(cast.facilitator).get(reverse("beneficiary_detail", args=[person.pk]))
    page = " ".join(answer.content.decode().split())
    whole = answer.context["whole"]
    assert (whole.counted, whole.not_counted, whole.pending) == (
        Decimal("100.00"),
        Decimal("80.00"),
        Decimal("40.00"),
    )
    [year] = answer.context["years"]
    assert (year["year"], year["total"].counted, year["total"].not_counted) == (
        2025,
        Decimal("100.00"),
        Decimal("80.00"),
    )
    assert "80 h : hors de la vie du marché" in page
    assert [event.kind for event in answer.context["events"]] == [
        "chain",
        "period",
        "review",
        "training",
        "immersion",
        "outcome",
    ]
    chain = answer.context["events"][0].what
    assert (len(chain["contracts"]), chain["starts_on"], chain["ends_on"]) == (3, dt.date(2025, 3, 3), None)
    for words in (
        "3 contrats qui se suivent",
        "CACES nacelle",
        "vise CACES R486",
        "qualification obtenue",
        "confirmer un projet professionnel",
        "CDD de moins de 6 mois",
        "Rappeler le référent",
        "dernier jour d’éligibilité",
    ):
        assert words in page, words


def test_the_other_pages_of_the_directory_ask_as_much_for_six_rows_as_for_one(cast, signed_in):
    browser, person = signed_in(cast.facilitator), BeneficiaryFactory(last_name="Bon", birth_date=BORN)
    twin = BeneficiaryFactory(last_name="Bom", birth_date=BORN)
    referrer = ReferrerFactory()
    addresses = [
        reverse("duplicate_list"),
        reverse("person_follow_up", args=[person.pk]),
        reverse("person_merge", args=[person.pk, twin.pk]),
        reverse("person_duplicates", args=[person.pk]),
        reverse("prescriber_detail", args=[referrer.prescriber_id]),
    ]

    def more(number: int) -> None:
        for last in ("Paire", "Pairee"):
            BeneficiaryFactory(
                last_name=last,
                first_name=f"Lea{number}",
                birth_date=dt.date(1970, 1, 1 + number),
                referrer=ReferrerFactory(prescriber=referrer.prescriber),
                prescriber=referrer.prescriber,
                commune=CommuneFactory(),
            )
        for row in (person, twin):
            FollowUpFactory(beneficiary=row, author=UserFactory())
            eligible_assignment(beneficiary=row, starts_on=dt.date(2015 + number, 1, 5))
            ReferrerFeedback.objects.create(
                beneficiary=row, moment="during", progress="Bien.", referrer=referrer
            )

    def queries(address: str) -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address).status_code == 200
        return len(captured)

    more(0)
    one = [queries(address) for address in addresses]
    for number in range(1, 6):
        more(number)
    assert [queries(address) for address in addresses] == one
    # The merge counts what hangs on each of the two files, relation by relation.
    assert max(count for address, count in zip(addresses, one, strict=True) if "reunir" not in address) <= 12
