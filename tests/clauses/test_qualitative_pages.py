"""« Grille de suivi » by its pages: what each role reads, sends and decides; nothing of one company to another."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from clauses.models import Achievement, Evidence, QualitativeCommitment
from core.models import StoredFile
from tests.factories import (
    AchievementFactory,
    AssignmentFactory,
    AwardFactory,
    BuyerMembershipFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyMembershipFactory,
    EvidenceFactory,
    LotFactory,
    QualitativeCommitmentFactory,
)

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%%EOF\n"
TODAY = timezone.localdate()
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


@pytest.fixture
def company(cast, signed_in):
    return signed_in(cast.company_user_a)


@pytest.fixture
def lines(cast):
    """A line on either side, and on A's market one of a partner that A must not read."""
    partner = AwardFactory(
        lot=LotFactory(market=cast.commitment_a.market), company=CompanyFactory(name="Partenaire Discret")
    )
    alpha = QualitativeCommitmentFactory(award=cast.commitment_a.award, action="Visites Alpha")
    bravo = QualitativeCommitmentFactory(award=cast.commitment_b.award, action="Visites Bravo")
    return alpha, bravo, QualitativeCommitmentFactory(award=partner, action="Tutorat du partenaire")


def grid(client, row, **query):
    return client.get(reverse("market_qualitative", args=[row.market_id]), query)


def text(response):
    return response.content.decode()


def pdf(content=PDF, name="attestation.pdf"):
    return SimpleUploadedFile(name, content)


# --- Who reads what ------------------------------------------------------------------------------------------


def test_each_reads_the_lines_that_are_theirs(cast, lines):
    alpha, bravo, partner = lines
    for model, make in (
        (QualitativeCommitment, None),
        (Achievement, AchievementFactory),
        (Evidence, EvidenceFactory),
    ):
        rows = {row: make(qualitative=row, state="accepted") if make else row for row in lines}
        seen = {
            user: set(model.objects.visible_to(getattr(cast, user)))
            for user in (
                "facilitator",
                "buyer_user_a",
                "limited_a",
                "buyer_user_b",
                "company_user_a",
                "company_user_b",
            )
        }
        assert seen == {
            "facilitator": set(rows.values()),
            "buyer_user_a": {rows[alpha], rows[partner]},
            "limited_a": {rows[alpha], rows[partner]},
            "buyer_user_b": {rows[bravo]},
            "company_user_a": {rows[alpha]},
            "company_user_b": {rows[bravo]},
        }


def test_a_company_never_reads_the_line_of_another(company, lines):
    alpha, bravo, partner = lines
    html = text(grid(company, alpha))
    assert "Visites Alpha" in html
    assert "partenaire" not in html.lower() and "Bravo" not in html
    assert company.get(reverse("market_qualitative", args=[bravo.market_id])).status_code == 404
    for row in (bravo, partner):
        for name in ("qualitative_detail", "achievement_create", "evidence_create"):
            assert company.get(reverse(name, args=[row.pk])).status_code == 404
            assert company.post(reverse(name, args=[row.pk]), {}).status_code in (404, 405)


def test_a_buyer_reads_the_grid_of_its_market_and_opens_no_proof(cast, signed_in, lines):
    alpha, bravo, _ = lines
    accepted = EvidenceFactory(qualitative=alpha, state="accepted", note="promotion 2025")
    EvidenceFactory(qualitative=alpha, note="en attente")
    buyer = signed_in(cast.buyer_user_a)
    html = text(grid(buyer, alpha))
    assert "Visites Alpha" in html and "Tutorat du partenaire" in html
    assert reverse("achievement_create", args=[alpha.pk]) not in html
    page = text(buyer.get(reverse("qualitative_detail", args=[alpha.pk])))
    assert "promotion 2025" in page and "en attente" not in page
    assert "attestation.pdf" not in page
    for client, status in (
        (buyer, 404),
        (signed_in(cast.company_user_b), 404),
        (signed_in(cast.buyer_user_b), 404),
    ):
        assert client.get(reverse("file_download", args=[accepted.file_id])).status_code == status
    assert buyer.get(reverse("market_qualitative", args=[bravo.market_id])).status_code == 404
    assert buyer.get(reverse("qualitative_detail", args=[bravo.pk])).status_code == 404


def test_the_company_of_the_line_opens_its_proof(company, lines):
    proof = EvidenceFactory(qualitative=lines[0])
    response = company.get(reverse("file_download", args=[proof.file_id]))
    assert b"".join(response.streaming_content) == PDF
    response.close()


def test_the_export_holds_what_the_page_shows(cast, signed_in, lines):
    AchievementFactory(qualitative=lines[0], quantity=Decimal("1.5"))
    for user, actions in (
        (cast.facilitator, ["Visites Alpha", "Tutorat du partenaire"]),
        (cast.company_user_a, ["Visites Alpha"]),
    ):
        response = grid(signed_in(user), lines[0], export="xlsx")
        book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
        response.close()
        rows = book.get_sheet_by_index(0).to_python()
        header = next(index for index, row in enumerate(rows) if row[0] == "Entreprise")
        assert sorted(row[2] for row in rows[header + 1 :]) == sorted(actions)
        alpha = next(row for row in rows if row[2] == "Visites Alpha")
        assert (alpha[3], alpha[4], alpha[5], alpha[7]) == ("2 visites", 2, 1.5, "attendu")


# --- The house's gestures ------------------------------------------------------------------------------------


def test_a_line_is_added_and_changed(house, cast):
    market = cast.commitment_a.market
    typed = {
        "company": cast.company_a.pk,
        "commitment": cast.commitment_a.pk,
        "origin": "offer",
        "action": "Deux visites de chantier",
        "target_number": "2",
        "unit": "visites",
        "due_on": "31/12/2026",
        "needs_evidence": "on",
    }
    url = reverse("qualitative_create", args=[market.pk])
    page = house.get(url)
    assert page.context["form"]["due_on"].value() == "31/12/2026"
    assert page.context["form"]["company"].value() == cast.company_a.pk
    assert "Jamais le nom ni la situation d’une personne" in text(page)
    assert house.post(url, typed).url == reverse("market_qualitative", args=[market.pk])
    row = QualitativeCommitment.objects.get()
    assert (row.company, row.commitment, row.target_number) == (cast.company_a, cast.commitment_a, 2)
    house.post(reverse("qualitative_edit", args=[row.pk]), {**typed, "target_number": "2,5"})
    row.refresh_from_db()
    assert row.target_number == Decimal("2.5")
    assert row.history.first().history_user == cast.facilitator


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"target_number": "", "target_text": ""}, "target_number", "Donnez un objectif"),
        ({"target_number": "0"}, "target_number", "supérieur à zéro"),
        ({"target_number": "-2"}, "target_number", "supérieur à zéro"),
        ({"target_number": "1e17"}, "target_number", "n’est pas un nombre"),
        ({"target_number": "99999999999"}, "target_number", "dépasse toute quantité"),
        ({"due_on": "31/12/2024"}, "due_on", "précède le début du marché"),
        ({"due_on": "32/12/2026"}, "due_on", "n’existe pas"),
        ({"action": ""}, "action", "obligatoire"),
    ],
)
def test_bad_input_of_a_line_stands_beside_its_field(house, cast, changes, field, sentence):
    typed = {
        "company": cast.company_a.pk,
        "origin": "offer",
        "action": "Tutorat",
        "target_number": "2",
        "unit": "heures de tutorat",
        "due_on": "31/12/2026",
    }
    response = house.post(
        reverse("qualitative_create", args=[cast.commitment_a.market_id]), {**typed, **changes}
    )
    errors = {name: " ".join(found) for name, found in response.context["form"].errors.items()}
    assert list(errors) == [field] and sentence in errors[field]
    assert "heures de tutorat" in text(response)
    assert not QualitativeCommitment.objects.exists()


def test_only_the_companies_and_commitments_of_the_market_are_offered(house, cast, lines):
    form = house.get(reverse("qualitative_create", args=[cast.commitment_a.market_id])).context["form"]
    names = {str(row) for row in form.fields["company"].queryset}
    assert names == {"Alpha Bâtiment", "Partenaire Discret"}
    assert list(form.fields["commitment"].queryset) == [cast.commitment_a]
    other = CommitmentFactory(market=cast.commitment_a.market)
    response = house.post(
        reverse("qualitative_create", args=[cast.commitment_a.market_id]),
        {
            "company": cast.company_a.pk,
            "commitment": other.pk,
            "origin": "offer",
            "action": "X",
            "target_number": "1",
            "due_on": "31/12/2026",
        },
    )
    assert "n’est pas celui de" in response.context["form"].errors["commitment"][0]


def test_a_line_never_names_a_person_of_the_market(house, cast):
    person = AssignmentFactory(commitment=cast.commitment_a).placement.beneficiary
    response = house.post(
        reverse("qualitative_create", args=[cast.commitment_a.market_id]),
        {
            "company": cast.company_a.pk,
            "origin": "offer",
            "action": f"Tutorat de {person.first_name} {person.last_name}",
            "target_number": "1",
            "due_on": "31/12/2026",
        },
    )
    assert "la grille ne parle jamais d’une personne" in response.context["form"].errors["action"][0]


def test_without_attributaire_the_page_says_what_to_do_first(house):
    market = LotFactory().market
    assert "pas encore d’attributaire" in text(house.get(reverse("qualitative_create", args=[market.pk])))


def test_an_action_is_abandoned_with_its_reason_and_taken_up_again(house, lines):
    row = lines[0]
    url = reverse("qualitative_abandon", args=[row.pk])
    assert "obligatoire" in text(house.post(url, {"reason": ""}))
    house.post(url, {"reason": "Chantier arrêté"})
    html = text(house.get(reverse("qualitative_detail", args=[row.pk])))
    assert "abandonné" in html and "Chantier arrêté" in html
    assert "Reprendre" in text(house.get(url))
    house.post(url)
    row.refresh_from_db()
    assert row.abandoned_on is None


def test_an_achievement_is_noted_in_the_grid_without_leaving_it(house, lines):
    row = lines[0]
    url = reverse("achievement_create", args=[row.pk])
    form = text(house.get(url, headers=HTMX))
    assert "<html" not in form and f'id="ligne-{row.pk}"' in form and "Noter une réalisation" in form
    refused = text(
        house.post(url, {"on": TODAY, "quantity": "beaucoup", "note": "le chantier"}, headers=HTMX)
    )
    assert "n’est pas un nombre" in refused and 'value="le chantier"' in refused
    saved = text(house.post(url, {"on": TODAY, "quantity": "2"}, headers=HTMX))
    assert "La réalisation est notée." in saved and "<form" not in saved
    assert row.achievements.get().quantity == 2
    back = text(house.get(reverse("qualitative_detail", args=[row.pk]), headers=HTMX))
    assert "<html" not in back and "preuve manquante" in back


def test_the_same_gestures_work_without_javascript(house, lines):
    row = lines[0]
    response = house.post(reverse("achievement_create", args=[row.pk]), {"on": TODAY, "quantity": "1"})
    assert response.url == reverse("qualitative_detail", args=[row.pk])
    house.post(reverse("evidence_create", args=[row.pk]), {"on": TODAY, "kind": "certificate", "file": pdf()})
    assert row.evidence.get().state == "accepted"


# --- The company sends, the house decides --------------------------------------------------------------------


def test_a_company_sends_and_the_house_decides(company, house, lines):
    row = lines[0]
    company.post(reverse("achievement_create", args=[row.pk]), {"on": TODAY, "quantity": "2"})
    company.post(reverse("evidence_create", args=[row.pk]), {"on": TODAY, "kind": "report", "file": pdf()})
    html = text(grid(house, row))
    assert "Examiner" in html
    achievement, evidence = row.achievements.get(), row.evidence.get()
    assert (achievement.state, evidence.state) == ("submitted", "submitted")
    for name, sent in (("achievement_decide", achievement), ("evidence_decide", evidence)):
        url = reverse(name, args=[sent.pk])
        assert company.get(url).status_code == 403
        page = house.get(url)
        refused = house.post(url, {"decision": "refused", "reason": "", "seen": "submitted"})
        assert "Dites pourquoi" in refused.context["form"].errors["reason"][0]
        assert 'value="submitted"' in text(page)
        house.post(url, {"decision": "accepted", "seen": "submitted"})
        assert "déjà examiné" in text(
            house.post(url, {"decision": "refused", "reason": "X", "seen": "submitted"})
        )
    assert "tenu" in text(grid(company, row))


def test_a_line_keeps_who_decided_what_for_the_house(house, company, lines):
    proof = EvidenceFactory(qualitative=lines[0])
    url = reverse("evidence_decide", args=[proof.pk])
    house.post(url, {"decision": "refused", "reason": "Non signé", "seen": "submitted"})
    house.post(url, {"decision": "accepted", "seen": "refused"})
    page = reverse("qualitative_detail", args=[lines[0].pk])
    whats = [(entry.who, entry.what) for entry in house.get(page).context["entries"]]
    assert whats.count(("Fanny Facile", "justificatif du 02/05/2025, modification")) == 2
    assert "Historique" not in text(company.get(page))


def test_a_refused_proof_tells_the_company_why(company, house, lines):
    proof = EvidenceFactory(qualitative=lines[0])
    house.post(
        reverse("evidence_decide", args=[proof.pk]),
        {"decision": "refused", "reason": "Le document n’est pas signé.", "seen": "submitted"},
    )
    html = text(company.get(reverse("qualitative_detail", args=[lines[0].pk])))
    assert "refusé" in html and "Le document n’est pas signé." in html


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "vide.xlsx", "vide"),
        (b"<html><table></table></html>", "faux.xlsx", "type accepté"),
        (b"%PDF-1.4\n" + b"0" * 21_000_000, "gros.pdf", "dépasse 20\u202fMo"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_bad_file_gets_a_sentence_and_nothing_is_kept(company, lines, content, name, sentence, headers):
    url = reverse("evidence_create", args=[lines[0].pk])
    typed = {"on": TODAY, "kind": "report", "note": "deuxième envoi", "file": pdf(content, name)}
    html = text(company.post(url, typed, headers=headers))
    assert sentence in html and 'value="deuxième envoi"' in html
    assert not Evidence.objects.exists() and not StoredFile.objects.exists()


def test_a_day_to_come_is_refused(company, lines):
    url = reverse("achievement_create", args=[lines[0].pk])
    tomorrow = TODAY + dt.timedelta(1)
    response = company.post(url, {"on": f"{tomorrow:%d/%m/%Y}", "quantity": "1"})
    assert "dans l’avenir" in response.context["form"].errors["on"][0]


# --- Queries -------------------------------------------------------------------------------------------------


def test_the_grid_asks_the_database_as_often_for_one_line_as_for_six(cast, signed_in):
    lot = LotFactory(market=cast.commitment_a.market, reservation="siae")
    award = AwardFactory(lot=lot)
    users = [
        cast.facilitator,
        BuyerMembershipFactory(buyer=award.lot.market.buyer).user,
        CompanyMembershipFactory(company=award.company).user,
    ]

    def add():
        row = QualitativeCommitmentFactory(award=award)
        for _ in range(2):
            AchievementFactory(qualitative=row, sent_by=cast.facilitator)
            EvidenceFactory(qualitative=row, sent_by=users[2])
        return row

    def counts(row):
        found = []
        for user in users:
            client = signed_in(user)
            for url in (
                reverse("market_qualitative", args=[row.market_id]),
                reverse("qualitative_detail", args=[row.pk]),
            ):
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(url).status_code == 200
                found.append(len(queries))
        return found

    row = add()
    few = counts(row)
    for _ in range(5):
        add()
        AchievementFactory(qualitative=row, sent_by=users[2])
        EvidenceFactory(qualitative=row, state="accepted", decided_by=cast.facilitator)
    assert counts(row) == few
    assert max(few) <= 12
