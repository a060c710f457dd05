"""Portraits of paths: without a name, on consent, out of the draft when it is withdrawn, and nobody's once anonymised."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from beneficiaries.models import Beneficiary
from beneficiaries.person_data import data_of
from beneficiaries.services.anonymisation import anonymise_person
from beneficiaries.services.merging import merge_people
from core.errors import DomainError
from core.models import StoredFile
from reporting.models import Bilan, PathPortrait
from reporting.portraits import check_text, facts_of
from reporting.services.portraits import (
    delete_portrait,
    record_consent,
    rewrite_portrait,
    withdraw_consent,
    write_portrait,
)
from reporting.services.publication import compute, freeze
from reporting.services.workflow import review_bilan
from reporting.snapshot.portraits import letter
from tests.factories import (
    BeneficiaryFactory,
    ClosedYearFactory,
    HoursEntryFactory,
    UserFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db
TEXT = "Après deux ans sans emploi, cette personne a repris confiance sur un chantier. Elle est aujourd’hui en CDI."
DAY = dt.date(2026, 1, 12)


def someone(cast, commitment=None, **kwargs):
    """A person with counted hours on a market of buyer A."""
    person = BeneficiaryFactory(**kwargs)
    assignment = eligible_assignment(beneficiary=person, commitment=commitment or cast.commitment_a)
    HoursEntryFactory(assignment=assignment, hours=100, counted=True)
    return person


def paper(name="accord.pdf"):
    return SimpleUploadedFile(name, b"%PDF-1.4\n%signed\n", content_type="application/pdf")


@pytest.fixture
def draft(cast):
    return make_bilan(buyer=cast.buyer_a)


@pytest.fixture
def user(cast):
    return cast.facilitator


def portrait(bilan, person, user, *, agreed=True, text=TEXT, upload=None):
    row = write_portrait(bilan=bilan, person=person, text=text, user=user)
    return record_consent(portrait=row, on=DAY, upload=upload, user=user) if agreed else row


def printed(bilan):
    """(label, text) of the portraits in the figures of a bilan as they stand."""
    snapshot = bilan.snapshot or compute(Bilan.objects.get(pk=bilan.pk), now=timezone.now())
    blocks = [block for chapter in snapshot["chapters"] for block in chapter["blocks"]]
    return [
        (item["label"], item["text"])
        for block in blocks
        if block["key"] == "portraits"
        for item in block["items"]
    ]


# --- Consent ------------------------------------------------------------------------------------------------


def test_only_the_portraits_that_were_agreed_are_in_the_figures_of_their_own_bilan(cast, draft, user):
    other = make_bilan(buyer=cast.buyer_b)
    one, two = someone(cast), someone(cast)
    portrait(draft, one, user, text=TEXT)
    portrait(draft, two, user, agreed=False, text=f"{TEXT} Une autre.")
    theirs = someone(cast, cast.commitment_b)
    portrait(other, theirs, user, text=f"{TEXT} Ailleurs.")
    assert printed(draft) == [("Parcours A", TEXT)]
    assert printed(other) == [("Parcours A", f"{TEXT} Ailleurs.")]
    record_consent(portrait=PathPortrait.objects.get(beneficiary=two), on=DAY, user=user)
    assert [label for label, _ in printed(draft)] == ["Parcours A", "Parcours B"]


def test_withdrawn_before_the_publication_the_portrait_leaves_the_draft(cast, draft, user):
    row = portrait(draft, someone(cast), user)
    with pytest.raises(DomainError, match="après avoir été donné"):
        withdraw_consent(portrait=row, on=DAY - dt.timedelta(days=1), user=user)
    withdraw_consent(portrait=row, on=DAY, user=user)
    assert printed(draft) == []


def test_published_it_stays_in_the_frozen_figures_and_is_in_no_later_version(cast, draft, user):
    from reporting.services.drafts import start_bilan

    stays, leaves = someone(cast), someone(cast)
    for person in (stays, leaves):
        portrait(draft, person, user, text=f"{TEXT} N° {person.pk}.")
    ClosedYearFactory(year=2025)
    bilan = freeze(bilan=review_bilan(bilan=draft, user=user), user=None)
    withdraw_consent(portrait=PathPortrait.objects.get(beneficiary=leaves), on=DAY, user=user)
    bilan.refresh_from_db()
    assert len(printed(bilan)) == 2
    second = start_bilan(buyer=cast.buyer_a, year=2025, user=user, rectification_reason="heures retrouvées")
    assert printed(second) == [("Parcours A", f"{TEXT} N° {stays.pk}.")]
    assert PathPortrait.objects.get(bilan=second).consent_on == DAY
    with pytest.raises(DomainError, match="publié"):
        delete_portrait(portrait=PathPortrait.objects.get(bilan=bilan, beneficiary=stays), user=user)


def test_a_text_that_changes_asks_for_the_consent_again_and_its_paper_goes(cast, draft, user):
    row = portrait(draft, someone(cast), user, upload=paper())
    stored = row.consent_file
    assert rewrite_portrait(portrait=row, text=f" {TEXT} ", user=user).consent_on == DAY
    row = rewrite_portrait(portrait=row, text=f"{TEXT} Et plus.", user=user)
    assert (row.consent_on, row.consent_file) == (None, None) and printed(draft) == []
    assert not StoredFile.objects.filter(pk=stored.pk).exists()


def test_a_consent_to_come_and_a_file_that_is_no_paper_are_refused(cast, draft, user):
    row = portrait(draft, someone(cast), user, agreed=False)
    with pytest.raises(DomainError, match="à venir"):
        record_consent(portrait=row, on=timezone.localdate() + dt.timedelta(days=1), user=user)
    for name, content in (
        ("accord.pdf", b"MZ\x90\x00nope\x00"),
        ("vide.pdf", b""),
        ("page.html", b"<html>x</html>"),
    ):
        with pytest.raises(DomainError) as refused:
            record_consent(portrait=row, on=DAY, upload=SimpleUploadedFile(name, content), user=user)
        assert refused.value.field == "upload"
    row.refresh_from_db()
    assert row.consent_on is None and not StoredFile.objects.exists()


def test_what_was_reviewed_is_a_draft_again_when_a_portrait_enters_or_leaves(cast, draft, user):
    row = portrait(draft, someone(cast), user, agreed=False)
    review_bilan(bilan=draft, user=user)
    record_consent(portrait=row, on=DAY, user=user)
    assert Bilan.objects.get().state == "draft"


# --- What the text may not hold -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("Madame DUPONT a repris.", "nom ou le prénom"),
        ("madame dupont-durand a repris.", "nom ou le prénom"),
        ("Elle s’appelle Maïté.", "nom ou le prénom"),
        ("Elle s’appelle MAITE.", "nom ou le prénom"),
        ("Née en 1988, elle a repris.", "année de naissance"),
        ("Chez Alpha Bâtiment, elle a repris.", "nomme un employeur"),
        ("Appelez-la au 06 12 34 56 78.", "téléphone"),
        ("   ", "Écrivez le récit"),
        ("x" * 3001, "3 000 caractères"),
    ],
)
def test_a_text_that_tells_who_the_person_is_is_refused(cast, draft, user, words, sentence):
    born = dt.date(1988, 3, 14)
    person = someone(cast, last_name="Dupont", first_name="Maïté", birth_date=born, phone="06 12 34 56 78")
    with pytest.raises(DomainError, match=sentence):
        write_portrait(bilan=draft, person=person, text=words, user=user)
    assert not PathPortrait.objects.exists()


def test_words_that_only_look_like_a_name_are_no_name(cast):
    person = someone(cast, last_name="Le", first_name="Li", birth_date=dt.date(1988, 3, 14))
    assert check_text("La liste de 19880 pages, lue à la pause.", person)
    assert check_text(TEXT, someone(cast, last_name="Chan", first_name="Marc"))


def test_someone_without_an_hour_in_the_bilan_or_with_a_portrait_already_is_refused(cast, draft, user):
    elsewhere, person = someone(cast, cast.commitment_b), someone(cast)
    with pytest.raises(DomainError, match="pas d’heure comptée"):
        write_portrait(bilan=draft, person=elsewhere, text=TEXT, user=user)
    portrait(draft, person, user)
    with pytest.raises(DomainError, match="déjà un portrait"):
        write_portrait(bilan=draft, person=person, text=TEXT, user=user)


def test_the_facts_proposed_hold_no_name_no_place_and_no_day(cast):
    person = someone(cast, last_name="Dupont", first_name="Maïté")
    facts = " ".join(facts_of(person, dt.date(2026, 1, 3)))
    assert "1 contrat de travail" in facts and "1 employeur" in facts and "environ 10 mois" in facts
    assert not any(word in facts for word in ("Dupont", "Maïté", "Alpha", "2025", "2026", "/"))


def test_letters_go_on_after_the_last_one():
    assert [letter(rank) for rank in (0, 1, 25, 26, 27, 52)] == ["A", "B", "Z", "AA", "AB", "BA"]


# --- The person's own data ----------------------------------------------------------------------------------


def test_the_person_is_given_what_was_written_about_them_and_nothing_of_another(cast, draft, user):
    one, other = someone(cast), someone(cast)
    portrait(draft, one, user)
    portrait(draft, other, user, text=f"{TEXT} Celui d’une autre.")
    told = next(section for section in data_of(one)["sections"] if section.title.startswith("Portraits"))
    assert len(told.rows) == 1 and TEXT in told.rows[0] and DAY in told.rows[0]


def test_anonymised_the_text_of_the_draft_goes_with_the_paper_and_the_way_to_the_person(cast, draft, user):
    one, other = someone(cast), someone(cast)
    row, kept = portrait(draft, one, user, upload=paper()), portrait(draft, other, user, upload=paper())
    row = rewrite_portrait(portrait=row, text=f"{TEXT} Autrement dit.", user=user)
    record_consent(portrait=row, on=DAY, upload=paper(), user=user)
    Beneficiary.objects.filter(pk=one.pk).update(archived_on=DAY)
    anonymise_person(person=one, on=DAY, by=user)
    row.refresh_from_db()
    assert (row.text, row.beneficiary_id, row.consent_file_id) == ("(effacé)", None, None)
    history = PathPortrait.history.filter(id=row.pk)
    assert {(line.text, line.beneficiary_id) for line in history} == {("(effacé)", None)}
    assert StoredFile.objects.filter(kind="portrait_consent").get() == kept.consent_file
    assert printed(draft) == [("Parcours A", TEXT)]


def test_anonymised_the_frozen_figures_of_a_published_bilan_stand(cast, draft, user):
    person = someone(cast)
    portrait(draft, person, user)
    ClosedYearFactory(year=2025)
    bilan = freeze(bilan=review_bilan(bilan=draft, user=user), user=None)
    Beneficiary.objects.filter(pk=person.pk).update(archived_on=DAY)
    anonymise_person(person=person, on=DAY, by=user)
    bilan.refresh_from_db()
    assert printed(bilan) == [("Parcours A", TEXT)]
    assert PathPortrait.objects.get().beneficiary is None


def test_two_files_made_one_keep_one_portrait_in_a_bilan_the_agreed_one(cast, draft, user):
    born = dt.date(1988, 3, 14)
    kept = someone(cast, last_name="Martin", first_name="Ana", birth_date=born)
    merged = someone(cast, last_name="Martine", first_name="Ana", birth_date=born)
    portrait(draft, kept, user, agreed=False, text=f"{TEXT} Sans accord.")
    portrait(draft, merged, user)
    merge_people(kept=kept, merged=merged, user=user)
    row = PathPortrait.objects.get()
    assert (row.beneficiary, row.text) == (kept, TEXT)


# --- Pages --------------------------------------------------------------------------------------------------


def test_from_the_choice_of_the_person_to_the_consent(client, cast, draft):
    person = someone(cast, last_name="Dupont", first_name="Maïté")
    elsewhere = someone(cast, cast.commitment_b, last_name="Ailleurs", first_name="Bo")
    client.force_login(cast.facilitator)
    create = reverse("portrait_create", args=[draft.pk])
    refused = client.post(create, {"person": f"x [{elsewhere.pk}]"})
    assert "pas d’heure comptée" in refused.text
    assert client.get(f"{create}?personne={elsewhere.pk}").status_code == 404
    answer = client.post(create, {"person": f"Dupont Maïté [{person.pk}]"})
    assert answer.url == f"{create}?personne={person.pk}"
    assert "1 contrat de travail" in client.get(answer.url).text
    kept = client.post(answer.url, {"text": "Maïté a repris."})
    assert "nom ou le prénom" in kept.text and "Maïté a repris." in kept.text
    answer = client.post(answer.url, {"text": TEXT})
    row = PathPortrait.objects.get()
    assert answer.url == reverse("portrait_consent", args=[row.pk])
    assert "garde le récit" in client.get(answer.url).text
    client.post(answer.url, {"on": "12/01/2026", "upload": paper()})
    page = client.get(reverse("portrait_list", args=[draft.pk])).text
    assert "Parcours A" in page and "accord donné" in page
    assert "Portraits de parcours" in client.get(reverse("bilan_detail", args=[draft.pk])).text


def test_the_paper_to_sign_is_a_pdf_with_the_text(client, cast, draft):
    pytest.importorskip("weasyprint")
    row = portrait(draft, someone(cast), cast.facilitator, agreed=False)
    client.force_login(cast.facilitator)
    answer = client.get(reverse("portrait_paper", args=[row.pk]))
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


def test_a_withdrawal_and_a_deletion_are_asked_once_and_say_what_follows(client, cast, draft):
    row = portrait(draft, someone(cast), cast.facilitator, upload=paper())
    client.force_login(cast.facilitator)
    withdraw = reverse("portrait_withdraw", args=[row.pk])
    assert "sort du bilan en préparation" in client.get(withdraw).text
    client.post(withdraw, {"on": "13/01/2026"})
    assert printed(draft) == []
    delete = reverse("portrait_delete", args=[row.pk])
    assert client.get(delete).status_code == 200
    client.post(delete)
    assert not PathPortrait.objects.exists() and not StoredFile.objects.exists()


def test_a_signed_consent_opens_for_the_house_only(client, cast, draft):
    row = portrait(draft, someone(cast), cast.facilitator, upload=paper())
    url = reverse("file_download", args=[row.consent_file_id])
    for user, status in ((cast.facilitator, 200), (cast.buyer_user_a, 404), (cast.company_user_a, 404)):
        client.force_login(user)
        answer = client.get(url)
        answer.close()
        assert answer.status_code == status
    assert not PathPortrait.objects.visible_to(cast.buyer_user_a).exists()
    assert PathPortrait.objects.visible_to(UserFactory()).exists()
    # Of someone in the restricted archive: the admins alone.
    Beneficiary.objects.filter(pk=row.beneficiary_id).update(archived_on=DAY)
    assert not PathPortrait.objects.visible_to(cast.facilitator).exists()
    assert PathPortrait.objects.visible_to(cast.admin).exists()


def test_the_list_asks_for_as_many_queries_with_one_portrait_as_with_six(
    client, cast, draft, django_assert_max_num_queries
):
    client.force_login(cast.facilitator)
    url = reverse("portrait_list", args=[draft.pk])
    portrait(draft, someone(cast), cast.facilitator)
    client.get(url)
    with django_assert_max_num_queries(12) as one:
        client.get(url)
    for _ in range(5):
        portrait(draft, someone(cast), cast.facilitator)
    with django_assert_max_num_queries(12) as six:
        client.get(url)
    assert len(one) == len(six)
