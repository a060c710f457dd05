"""The pages of a declared month: by account, by link, for the house; what each may not reach, and says nothing of."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beneficiaries.declaration_dates import due_on, written
from beneficiaries.models import DeclarationProof, EligibilityReview, HoursEntry, MonthDeclaration
from beneficiaries.services import declarations as services
from core.dates import add_months
from core.links import make_link, revoke_links
from core.models import AccessLink, Message
from tests.factories import (
    BeneficiaryFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    PrescriberFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
LAST = add_months(timezone.localdate().replace(day=1), -1)
BEGAN = add_months(LAST, -2)
MONTH = written(LAST)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def _many_writings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message and each month accepted is its own writing, here sent by jobs that run inline."""
    own = [{"model": f"core.{name}"} for name in ("Job", "Message")]
    own += [{"model": f"beneficiaries.{name}"} for name in ("MonthDeclaration", "HoursEntry")]
    monkeypatch.setattr(settings, "ZEAL_ALLOWLIST", [*settings.ZEAL_ALLOWLIST, *own])


def at_work(commitment: Any, name: str, **kwargs: Any) -> Any:
    person = BeneficiaryFactory(last_name=name, prescriber=PrescriberFactory(name=f"Mission de {name}"))
    return eligible_assignment(commitment=commitment, beneficiary=person, starts_on=BEGAN, **kwargs)


@pytest.fixture
def people(cast):
    """Somebody of company A and somebody of company B, at work since two months before the last one."""
    return at_work(cast.commitment_a, "Alphonse"), at_work(cast.commitment_b, "Bravoure")


def page_of(company: Any, month: str = MONTH) -> str:
    return reverse("company_declaration", args=[company.pk, month])


def link_to(company: Any, **kwargs: Any) -> tuple[str, MonthDeclaration]:
    row = services.start_declaration(company=company, month=LAST, by=None)
    made = make_link(kind="declaration", object_id=row.pk, email="paie@a.example", days=10, by=None, **kwargs)
    return reverse("declaration_by_link", args=[made.token]), row


def cell(assignment: Any, hours: str, version: int = 0) -> dict[str, str]:
    return {f"h-{assignment.pk}-work": hours, f"v-{assignment.pk}-work": str(version)}


# --- By account ----------------------------------------------------------------------------------------------


def test_a_company_fills_its_month_and_submits_it(cast, people, signed_in):
    mine, _ = people
    client = signed_in(cast.company_user_a)
    page = client.get(page_of(cast.company_a)).content.decode()
    assert "Alphonse" in page and 'placeholder="151,67"' in page
    assert "Soumettre" in page
    assert not MonthDeclaration.objects.exists(), "reading a month opens nothing"
    answer = client.post(
        page_of(cast.company_a),
        {**cell(mine, "120,5"), "action": "submit", "note": "Deux jours d’absence."},
        follow=True,
    )
    row = MonthDeclaration.objects.get()
    assert (row.state, row.submitted_by, row.note) == (
        "submitted",
        cast.company_user_a,
        "Deux jours d’absence.",
    )
    assert HoursEntry.objects.get().hours == Decimal("120.50")
    text = answer.content.decode()
    assert "hours-input" not in text and "120,5" in text and "Ahmed Alpha" in text


def test_a_row_is_saved_by_itself_and_answers_with_its_state(cast, people, signed_in):
    mine, _ = people
    client = signed_in(cast.company_user_a)
    address = reverse("company_declaration_row", args=[cast.company_a.pk, MONTH, mine.pk])
    answer = client.post(address, cell(mine, "12h30"), headers={"HX-Request": "true"}).content.decode()
    assert HoursEntry.objects.get().hours == Decimal("12.50")
    assert 'data-text="12,5"' in answer and "brouillon" in answer and "Chaque personne a ses heures" in answer
    # Somebody else wrote meanwhile: the cell is a conflict, what is typed stays.
    answer = client.post(address, cell(mine, "20", version=0)).content.decode()
    assert "entre-temps" in answer and HoursEntry.objects.get().hours == Decimal("12.50")


def test_rows_sent_together_answer_each_for_itself(cast, people, signed_in):
    mine, other = people
    second = at_work(cast.commitment_a, "Anselme")
    client = signed_in(cast.company_user_a)
    sent = {**cell(mine, "10"), **cell(second, "dix"), **cell(other, "10")}
    answer = client.post(page_of(cast.company_a), sent, headers={"HX-Request": "true"}).content.decode()
    assert f'id="compte-{mine.pk}"' in answer and f'id="compte-{second.pk}"' in answer
    assert f'id="compte-{other.pk}"' not in answer and "n’est pas un nombre d’heures" in answer
    assert list(HoursEntry.objects.values_list("assignment", flat=True)) == [mine.pk]


def test_what_is_refused_keeps_what_was_typed_and_submits_nothing(cast, people, signed_in):
    mine, _ = people
    client = signed_in(cast.company_user_a)
    answer = client.post(page_of(cast.company_a), {**cell(mine, "beaucoup"), "action": "submit"})
    text = answer.content.decode()
    assert 'value="beaucoup"' in text and "n’est pas un nombre d’heures" in text
    assert "Rien n’a été soumis" in text
    assert not MonthDeclaration.objects.filter(state="submitted").exists()


def test_an_empty_month_is_submitted_only_by_saying_so(cast, people, signed_in):
    client = signed_in(cast.company_user_a)
    text = client.post(page_of(cast.company_a), {"action": "submit"}).content.decode()
    assert "Aucune heure n’est saisie" in text
    client.post(page_of(cast.company_a), {"action": "submit", "no_hours": "on"})
    assert MonthDeclaration.objects.get().no_hours


def test_a_document_is_joined_opened_and_taken_away(cast, people, signed_in):
    client = signed_in(cast.company_user_a)
    client.post(
        page_of(cast.company_a),
        {"action": "proof", "upload": SimpleUploadedFile("paie.pdf", PDF), "label": "Paie"},
    )
    proof = DeclarationProof.objects.get()
    for browser in (client, signed_in(cast.facilitator)):
        answer = browser.get(reverse("file_download", args=[proof.stored_id]))
        assert answer.status_code == 200
        answer.close()
    for user in (cast.company_user_b, cast.buyer_user_a):
        assert signed_in(user).get(reverse("file_download", args=[proof.stored_id])).status_code == 404
    client.post(page_of(cast.company_a), {"retirer": str(proof.pk)})
    assert not DeclarationProof.objects.exists()


def test_a_document_too_big_or_of_no_type_is_refused_with_a_sentence(cast, people, signed_in):
    client = signed_in(cast.company_user_a)
    for content in (b"", b"MZ\x00\x00", b"%PDF-1.4 " + b"x" * 20_000_001):
        answer = client.post(
            page_of(cast.company_a), {"action": "proof", "upload": SimpleUploadedFile("paie.pdf", content)}
        )
        assert answer.status_code == 200 and "field-error" in answer.content.decode()
    assert not DeclarationProof.objects.exists()


def test_the_holder_and_the_user_company_read_what_was_submitted_and_write_nothing(cast, signed_in):
    employer = CompanyFactory(name="Intérim Charlie")
    lent = at_work(cast.commitment_a, "Prêtée", employer=employer)
    client = signed_in(cast.company_user_a)
    row = services.start_declaration(company=employer, month=LAST, by=None)
    from beneficiaries.services.hours import Cell

    services.declare_hours(declaration=row, cells=[Cell(lent, LAST, "work", Decimal("77.25"), 0)], by=None)
    entries = reverse("company_entry_list")
    assert "77,25" not in client.get(entries).content.decode(), "an unfinished month is its employer's"
    services.submit_declaration(declaration=row, by=None, name="Charlie")
    assert "77,25" in client.get(entries).content.decode()
    # Company A holds the commitment: it has no month of this employer, and no cell of it in its own.
    assert client.get(page_of(employer)).status_code == 404
    assert client.post(page_of(employer), cell(lent, "1")).status_code == 404
    address = reverse("company_declaration_row", args=[cast.company_a.pk, MONTH, lent.pk])
    assert client.post(address, cell(lent, "1", version=2)).status_code == 404
    assert HoursEntry.objects.get().hours == Decimal("77.25")


def test_months_of_other_companies_and_of_no_calendar_are_not_found(cast, people, signed_in):
    client = signed_in(cast.company_user_a)
    assert client.get(page_of(cast.company_b)).status_code == 404
    for month in ("2026-13", "1999-01", "mars", "2026-1", "0000-00"):
        assert client.get(page_of(cast.company_a, month)).status_code == 404


def test_a_month_that_has_not_begun_takes_no_hours(cast, people, signed_in):
    mine, _ = people
    month = written(add_months(LAST, 3))
    client = signed_in(cast.company_user_a)
    text = client.post(
        page_of(cast.company_a, month), {**cell(mine, "10"), "action": "save"}
    ).content.decode()
    assert "n’a pas commencé" in text
    assert not HoursEntry.objects.exists() and not MonthDeclaration.objects.exists()


def test_a_cell_of_another_company_posted_in_one_s_own_month_changes_nothing(cast, people, signed_in):
    _, other = people
    client = signed_in(cast.company_user_a)
    client.post(page_of(cast.company_a), {**cell(other, "99"), "action": "save"})
    assert not HoursEntry.objects.exists()


def test_home_says_how_many_months_are_to_be_declared(cast, people, signed_in):
    services.start_declaration(company=cast.company_a, month=LAST, by=None)
    text = signed_in(cast.company_user_a).get("/").content.decode()
    assert "mois d’heures à déclarer" in text and reverse("company_declaration_list") in text
    assert "mois d’heures à déclarer" not in signed_in(cast.company_user_b).get("/").content.decode()


def test_a_structure_without_award_declares_too(cast, signed_in):
    structure = CompanyFactory(name="Chantier Alpha")
    membership = CompanyMembershipFactory(company=structure)
    assignment = at_work(CommitmentFactory(), "Sansmarché", employer=structure)
    client = signed_in(membership.user)
    client.post(page_of(structure), {**cell(assignment, "35"), "action": "submit"})
    assert MonthDeclaration.objects.get(company=structure).state == "submitted"


# --- By a link -----------------------------------------------------------------------------------------------


def test_a_link_opens_its_month_without_account_or_navigation(cast, people):
    mine, _ = people
    address, row = link_to(cast.company_a)
    client = Client()
    answer = client.get(address)
    text = answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    assert "Alphonse" in text and "Principale" not in text and "Bravoure" not in text
    assert "Votre nom" in text
    refused = client.post(address, {**cell(mine, "80"), "action": "submit"}).content.decode()
    assert "Rien n’a été soumis" in refused
    assert MonthDeclaration.objects.get().state == "draft"
    client.post(address, {"action": "submit", "name": "Lou Paie"})
    row.refresh_from_db()
    assert (row.state, row.submitted_name, row.submitted_by) == ("submitted", "Lou Paie", None)
    assert HoursEntry.objects.get().entered_by is None
    assert "hours-input" not in client.get(address).content.decode()


def test_a_link_saves_rows_and_opens_its_documents_only(cast, people):
    mine, other = people
    address, _row = link_to(cast.company_a)
    _, foreign_row = link_to(cast.company_b)
    token = address.rstrip("/").rsplit("/", 1)[1]
    client = Client()
    client.post(reverse("declaration_row_by_link", args=[token, mine.pk]), cell(mine, "7"))
    assert HoursEntry.objects.get().hours == Decimal("7.00")
    assert (
        client.post(reverse("declaration_row_by_link", args=[token, other.pk]), cell(other, "7")).status_code
        == 404
    )
    client.post(address, {"action": "proof", "upload": SimpleUploadedFile("paie.pdf", PDF)})
    mine_proof = DeclarationProof.objects.get()
    answer = client.get(reverse("declaration_proof_by_link", args=[token, mine_proof.pk]))
    assert answer.status_code == 200 and answer.content == PDF
    foreign = services.add_proof(declaration=foreign_row, upload=SimpleUploadedFile("b.pdf", PDF), by=None)
    assert client.get(reverse("declaration_proof_by_link", args=[token, foreign.pk])).status_code == 404
    assert client.post(address, {"retirer": str(foreign.pk)}).status_code == 404
    assert DeclarationProof.objects.filter(pk=foreign.pk).exists()
    # Nor does the link open what is for accounts.
    assert client.get(reverse("file_download", args=[mine_proof.stored_id])).status_code == 302
    assert client.get(page_of(cast.company_a)).status_code == 302


def test_what_is_posted_through_a_link_reaches_no_other_month_nor_company(cast, people):
    mine, other = people
    address, _ = link_to(cast.company_a)
    client = Client()
    client.post(
        f"{address}?mois=2020-01",
        {**cell(other, "99"), "company": str(cast.company_b.pk), "month": "2020-01", "action": "save"},
    )
    assert not HoursEntry.objects.exists()
    client.post(f"{address}?mois=2020-01", {**cell(mine, "9"), "month": "2020-01", "action": "save"})
    assert HoursEntry.objects.get().month == LAST


@pytest.mark.parametrize("death", ["expired", "revoked", "accepted", "other kind", "unknown"])
def test_a_dead_link_opens_nothing_and_says_so(cast, people, death):
    mine, _ = people
    address, row = link_to(cast.company_a)
    client = Client()
    if death == "expired":
        AccessLink.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    elif death == "revoked":
        revoke_links(kind="declaration", object_id=row.pk)
    elif death == "accepted":
        client.post(address, {**cell(mine, "80"), "action": "submit", "name": "Lou"})
        services.accept_declaration(declaration=row, by=UserFactory())
    elif death == "other kind":
        made = make_link(kind="offer", object_id=row.pk, days=10, by=None)
        address = reverse("declaration_by_link", args=[made.token])
    else:
        address = reverse("declaration_by_link", args=["x" * 43])
    before = HoursEntry.objects.count()
    token = address.rstrip("/").rsplit("/", 1)[1]
    for answer in (
        client.get(address),
        client.post(address, {**cell(mine, "80"), "action": "save"}),
        client.post(reverse("declaration_row_by_link", args=[token, mine.pk]), cell(mine, "80")),
        client.get(reverse("declaration_proof_by_link", args=[token, 1])),
    ):
        assert answer.status_code == 404
        text = answer.content.decode()
        assert "Ce lien n’ouvre plus rien" in text and "Alphonse" not in text
    assert HoursEntry.objects.count() == before


def test_a_link_asked_too_often_is_slowed_down(cast, monkeypatch):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "link": "3/m/ip"}
    monkeypatch.setattr(settings, "ACCOUNT_RATE_LIMITS", limits)
    client = Client()
    address = reverse("declaration_by_link", args=["x" * 43])
    assert [client.get(address).status_code for _ in range(5)] == [404, 404, 404, 429, 429]


def test_the_secret_of_a_link_is_kept_out_of_the_logs():
    from core.logs import scrub

    assert "secret-token" not in scrub("GET /lien/declaration/secret-token/ligne/3/ refused")


# --- The house -----------------------------------------------------------------------------------------------


def test_the_board_shows_late_companies_first_and_what_is_awaited(cast, people, signed_in, monkeypatch):
    mine, _ = people
    row = services.start_declaration(company=cast.company_a, month=LAST, by=None)
    from beneficiaries.services.hours import Cell

    services.declare_hours(declaration=row, cells=[Cell(mine, LAST, "work", Decimal(80), 0)], by=None)
    services.submit_declaration(declaration=row, by=None, name="Lou")
    late_month = add_months(LAST, -1)
    text = signed_in(cast.facilitator).get(reverse("declaration_list"), {"mois": written(late_month)})
    rows = re.findall(r"Bravo Travaux|Alpha Bâtiment", text.content.decode())
    assert "en retard" in text.content.decode() and rows
    page = signed_in(cast.facilitator).get(reverse("declaration_list"), {"mois": MONTH}).content.decode()
    assert page.index("Bravo Travaux") < page.index("Alpha Bâtiment"), "who is awaited comes first"
    assert "soumise" in page and "1 personne sans heures" in page


def test_one_gesture_accepts_a_whole_month(cast, people, signed_in, _many_writings):
    mine, _ = people
    Client().post(link_to(cast.company_a)[0], {**cell(mine, "80"), "action": "submit", "name": "Lou"})
    client = signed_in(cast.facilitator)
    review = reverse("declaration_review", args=[cast.company_a.pk, MONTH])
    page = client.get(review).content.decode()
    assert "Accepter le mois (1 sur 1)" in page and "Alphonse" in page
    client.post(reverse("declaration_accept", args=[cast.company_a.pk, MONTH]))
    assert HoursEntry.objects.get().state == "validated"
    assert MonthDeclaration.objects.get().state == "accepted"


def test_all_that_was_submitted_is_accepted_from_the_board(cast, people, signed_in, _many_writings):
    for company, assignment in zip((cast.company_a, cast.company_b), people, strict=True):
        Client().post(link_to(company)[0], {**cell(assignment, "80"), "action": "submit", "name": "Lou"})
    client = signed_in(cast.facilitator)
    address = f"{reverse('declaration_accept_all')}?mois={MONTH}"
    assert "2 déclarations soumises seront acceptées" in client.get(address).content.decode()
    client.post(address)
    assert set(HoursEntry.objects.values_list("state", flat=True)) == {"validated"}
    assert set(MonthDeclaration.objects.values_list("state", flat=True)) == {"accepted"}


def test_the_house_sends_lines_back_each_with_its_reason(cast, people, signed_in, _many_writings):
    mine, _ = people
    Client().post(link_to(cast.company_a)[0], {**cell(mine, "80"), "action": "submit", "name": "Lou"})
    entry = HoursEntry.objects.get()
    client = signed_in(cast.facilitator)
    address = reverse("declaration_send_back", args=[cast.company_a.pk, MONTH])
    text = client.post(address, {"ligne": [str(entry.pk)], f"motif-{entry.pk}": ""}).content.decode()
    assert "Dites à l’entreprise ce qui est à corriger" in text and "checked" in text
    client.post(address, {"ligne": [str(entry.pk)], f"motif-{entry.pk}": "Congés non déduits"})
    entry.refresh_from_db()
    assert (entry.state, entry.sent_back_reason) == ("sent_back", "Congés non déduits")
    page = signed_in(cast.company_user_a).get(page_of(cast.company_a)).content.decode()
    assert "Congés non déduits" in page and "hours-input" in page


def test_the_house_reminds_and_sends_links(cast, people, signed_in):
    cast.company_user_b.is_active = False
    cast.company_user_b.save()
    client = signed_in(cast.facilitator)
    address = f"{reverse('declaration_remind')}?mois={MONTH}"
    page = client.get(address).content.decode()
    assert re.search(r"Un message part à 1\s+entreprise", page)
    assert re.search(r"Sans compte ni adresse, à appeler\s*: Bravo Travaux", page)
    client.post(address)
    assert Message.objects.get().recipients == [cast.company_user_a.email]
    # Once a day: the second time, nobody is left.
    assert client.post(address).status_code == 302
    assert Message.objects.count() == 1
    link = reverse("declaration_link", args=[cast.company_b.pk, MONTH])
    client.post(link, {"email": "chef@bravo.example"})
    found = Message.objects.get(recipients=["chef@bravo.example"])
    path = re.search(r"/lien/declaration/\S+", found.body).group()
    assert Client().get(path).status_code == 200
    client.post(link, {"email": "chef@bravo.example"})
    assert Client().get(path).status_code == 404, "a new link takes the former one back"
    client.post(reverse("declaration_link_revoke", args=[cast.company_b.pk, MONTH]))
    assert not AccessLink.objects.usable(timezone.now()).filter(email="chef@bravo.example").exists()


def test_the_grid_offers_to_take_a_line_over_and_not_to_validate_it(cast, people, signed_in):
    mine, _ = people
    Client().post(link_to(cast.company_a)[0], {**cell(mine, "80"), "action": "save"})
    entry = HoursEntry.objects.get()
    client = signed_in(cast.facilitator)
    grid = f"{reverse('hours')}?mois={MONTH}"
    page = client.get(grid).content.decode()
    assert "L’entreprise n’a pas encore soumis ce mois." in page
    assert reverse("entry_take_over", args=[entry.pk]) in page
    client.post(grid, {"action": "validate"})
    client.post(grid, {"valider": str(mine.pk)})
    entry.refresh_from_db()
    assert entry.state == "draft"
    client.post(reverse("entry_take_over", args=[entry.pk]))
    client.post(grid, {"action": "validate"})
    entry.refresh_from_db()
    assert entry.state == "validated"


# --- What is said to whom ------------------------------------------------------------------------------------


def test_no_page_of_company_a_holds_a_word_of_b_nor_of_what_is_known_of_people(cast, people, signed_in):
    mine, other = people
    criterion = EligibilityCriterionFactory(sensitive_one=True)
    refused = at_work(cast.commitment_a, "Refusée", decided_on=BEGAN + dt.timedelta(days=30))
    EligibilityReviewFactory(
        beneficiary=refused.placement.beneficiary,
        refused=True,
        decided_on=timezone.localdate(),
        refusal_reason="Motif secret du refus",
    )
    Client().post(
        link_to(cast.company_b)[0], {**cell(other, "66"), "action": "submit", "name": "Bruno Bravo"}
    )
    Client().post(link_to(cast.company_a)[0], {**cell(mine, "80"), **cell(refused, "20"), "action": "save"})
    address, _ = link_to(cast.company_a)
    client = signed_in(cast.company_user_a)
    pages = [
        client.get(reverse("company_declaration_list")),
        client.get(page_of(cast.company_a)),
        client.get(page_of(cast.company_a) + "?natures=toutes"),
        Client().get(address),
        client.post(
            reverse("company_declaration_row", args=[cast.company_a.pk, MONTH, refused.pk]),
            cell(refused, "21", version=1),
        ),
    ]
    forbidden = [
        "Bravo",
        "BRAVO-1",
        "Mission de",
        "Motif secret",
        str(criterion.label),
        "refusé",
        "expiré",
        "non validée",
        "Sans validation",
        "ne comptent pas",
        "comptée",
    ]
    for answer in pages:
        assert answer.status_code == 200
        text = answer.content.decode()
        assert [word for word in forbidden if word in text] == []
    assert EligibilityReview.objects.filter(refusal_reason="Motif secret du refus").exists()


def test_a_validity_that_is_over_is_not_told_as_an_expiry(cast, signed_in):
    old = eligible_assignment(
        commitment=cast.commitment_a,
        beneficiary=BeneficiaryFactory(last_name="Ancienne"),
        starts_on=add_months(LAST, -40),
    )
    assert old.review
    text = signed_in(cast.company_user_a).get(page_of(cast.company_a)).content.decode()
    assert "Ancienne" in text and "éligible jusqu’au" not in text


def test_buyers_reach_nothing_of_declarations(cast, people, signed_in):
    _, row = link_to(cast.company_a)
    client = signed_in(cast.buyer_user_a)
    for address in (
        reverse("company_declaration_list"),
        page_of(cast.company_a),
        reverse("declaration_list"),
        reverse("declaration_review", args=[cast.company_a.pk, MONTH]),
    ):
        assert client.get(address).status_code == 403
    assert not MonthDeclaration.objects.visible_to(cast.buyer_user_a).exists()
    assert list(MonthDeclaration.objects.visible_to(cast.company_user_a)) == [row]
    assert not MonthDeclaration.objects.visible_to(cast.company_user_b).exists()


# --- The number of queries -----------------------------------------------------------------------------------


def queries_of(client: Client, address: str, count: Any) -> int:
    with count() as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def count():
    from contextlib import contextmanager

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    @contextmanager
    def counting():
        with CaptureQueriesContext(connection) as queries:
            yield queries

    return counting


def test_as_many_queries_for_six_people_as_for_one(cast, people, signed_in, count):
    Client().post(link_to(cast.company_a)[0], {**cell(people[0], "80"), "action": "submit", "name": "Lou"})
    company, house = signed_in(cast.company_user_a), signed_in(cast.facilitator)
    pages = [
        (company, page_of(cast.company_a)),
        (company, reverse("company_declaration_list")),
        (house, reverse("declaration_review", args=[cast.company_a.pk, MONTH])),
    ]
    for client, address in pages:
        client.get(address)
    one = [queries_of(client, address, count) for client, address in pages]
    for n in range(5):
        more = at_work(cast.commitment_a, f"Alpha{n}")
        HoursEntryFactory(assignment=more, month=LAST, hours=Decimal(10 + n))
    six = [queries_of(client, address, count) for client, address in pages]
    assert one == six and max(six) <= 16, (one, six)


def test_as_many_queries_on_the_board_for_six_companies_as_for_one(cast, people, signed_in, count):
    house = signed_in(cast.facilitator)
    address = f"{reverse('declaration_list')}?mois={MONTH}"
    house.get(address)
    before = queries_of(house, address, count)
    for n in range(6):
        at_work(CommitmentFactory(), f"Autre{n}")
    assert queries_of(house, address, count) == before <= 12


def test_the_due_day_is_a_setting(monkeypatch):
    monkeypatch.setattr(settings, "DECLARATION_DUE_DAY", 5)
    assert due_on(dt.date(2026, 12, 1)) == dt.date(2027, 1, 5)
