"""A list of structures goes to a company: PDF and XLSX by e-mail, once, and the journal keeps it."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.urls import reverse
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from clauses.enums import Channel
from clauses.models import Interaction
from clauses.services import directory as services
from core import jobs
from core.errors import DomainError
from core.files import file_for, read_file
from core.models import Job, Message
from tests.factories import (
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    ContactFactory,
    HouseFactory,
    SectorFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def structures(cast):
    HouseFactory()
    here = CommuneFactory(code="69266", label="Villeurbanne")
    made = []
    for number, (name, kinds) in enumerate(
        (("Jardins du Rhône", ["EI", "ETTI"]), ("Atelier Bois", ["ESAT"]), ("=1+1 Propreté", ["ACI"]))
    ):
        company = CompanyFactory(
            name=name, commune=here, latitude=45.0 + number / 10, longitude=4.0, phone=f"047200000{number}"
        )
        for kind in kinds:
            CompanyKindFactory(company=company, kind=kind)
        made.append(company)
    made[0].activities.add(SectorFactory())
    ContactFactory(
        buyer=None, company=made[0], kind="insertion", name="Dominique Ferrand", email="d@jardins.example"
    )
    return made


@pytest.fixture
def work(settings, monkeypatch):
    """Jobs wait for `work()`, as they do for a thread: a request that sends does not work them itself."""
    settings.JOBS_RUNNER = "thread"
    monkeypatch.setattr(jobs, "wake_thread", lambda: None)

    def done() -> None:
        while jobs.run_waiting():
            pass

    return done


def address(cast, **query: object) -> str:
    return (
        f"{reverse('directory_send')}?{urlencode({'entreprise': cast.company_a.name, **query}, doseq=True)}"
    )


def send(client, url: str, **changes: object):
    data = {
        "others": "chef@alpha.example",
        "subject": "Votre liste",
        "body": "Bonjour",
        "cle": "abc",
        **changes,
    }
    return client.post(url, data)


def test_the_filtered_list_is_sent_and_kept_in_the_journal(cast, signed_in, structures, work) -> None:
    market = cast.commitment_a.market
    client = signed_in(cast.facilitator)
    url = address(cast, commune="69266", within=50)
    page = client.get(url)
    assert page.status_code == 200
    assert "3 structures" in page.content.decode()

    send(client, url, market=market.pk)
    work()

    assert Job.objects.get(kind="directory_send").state == Job.State.DONE
    row = Interaction.objects.get()
    assert (row.company, row.market, row.channel, row.author) == (
        cast.company_a,
        market,
        Channel.LIST_SENT,
        cast.facilitator,
    )
    assert "Liste de 3 structures envoyée" in row.summary
    assert "à moins de 50\u202fkm de Villeurbanne" in row.summary
    assert row.participants == "chef@alpha.example"
    (email,) = mail.outbox
    assert (email.to, email.subject) == (["chef@alpha.example"], "Votre liste")
    pdf, workbook = sorted(email.attachments, key=lambda part: part[0])
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf[1])).pages)
    assert "Alpha Bâtiment" in text
    for words in (
        "Jardins du Rhône",
        "Dominique Ferrand",
        "0472000000",
        "à titre indicatif",
        "ESAT (1)",
        market.reference,
    ):
        assert words in text, words
    rows = CalamineWorkbook.from_filelike(io.BytesIO(workbook[1])).get_sheet_by_index(0).to_python()
    # The commune's middle is at 45.1, where « Atelier Bois » stands; the two others are a tenth of a degree away.
    assert rows[3][0] == "Atelier Bois"
    assert {line[0] for line in rows[4:]} == {"Jardins du Rhône", "=1+1 Propreté"}
    assert [line[5] for line in rows[3:]] == [0.0, 11.1, 11.1]


def test_the_same_form_sent_twice_sends_once(cast, signed_in, structures, work) -> None:
    client = signed_in(cast.facilitator)
    for _ in range(2):
        send(client, address(cast))
        work()
    assert len(mail.outbox) == 1
    assert Interaction.objects.count() == 1
    assert Message.objects.count() == 1


def test_ticked_lines_alone_are_sent(cast, signed_in, structures, work) -> None:
    send(signed_in(cast.facilitator), address(cast, ligne=[structures[1].pk]))
    work()
    row = Interaction.objects.get()
    assert "Liste de 1 structure envoyée (1 ESAT)" in row.summary
    assert "structures choisies une à une" in row.summary


def test_the_document_opens_to_the_house_only(cast, signed_in, structures, work) -> None:
    send(signed_in(cast.facilitator), address(cast))
    work()
    document = Interaction.objects.get().document
    assert document is not None
    assert read_file(file_for(cast.admin, document.pk)).startswith(b"%PDF")
    for user in (cast.buyer_user_a, cast.company_user_a):
        assert signed_in(user).get(reverse("file_download", args=[document.pk])).status_code == 404
        assert signed_in(user).get(address(cast)).status_code == 403


def test_recipients_are_the_contacts_of_today(cast, signed_in, structures) -> None:
    ContactFactory(buyer=None, company=cast.company_a, name="Claude Présent", email="claude@alpha.example")
    ContactFactory(
        buyer=None, company=cast.company_a, name="Parti", email="parti@alpha.example", ends_on="2024-01-01"
    )
    ContactFactory(buyer=None, company=cast.company_b, email="bravo@bravo.example")
    client = signed_in(cast.facilitator)
    page = client.get(address(cast)).content.decode()
    assert "claude@alpha.example" in page
    assert "parti@alpha.example" not in page
    assert "bravo@bravo.example" not in page
    response = send(client, address(cast), recipients=["bravo@bravo.example"])
    assert response.context["form"].errors["recipients"]
    assert not mail.outbox


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"others": ""}, "others", "obligatoire"),
        ({"others": "pas une adresse"}, "others", "n’est pas une adresse"),
        ({"subject": ""}, "subject", "obligatoire"),
        ({"body": ""}, "body", "obligatoire"),
        ({"others": ",".join(f"a{n}@x.example" for n in range(21))}, "others", "20 adresses au plus"),
    ],
)
def test_a_message_that_cannot_leave_says_why(
    cast, signed_in, structures, changes, field: str, words: str
) -> None:
    response = send(signed_in(cast.facilitator), address(cast), **changes)
    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert not Job.objects.exists()


def test_another_companys_market_cannot_be_chosen(cast, signed_in, structures) -> None:
    response = send(signed_in(cast.facilitator), address(cast), market=cast.commitment_b.market_id)
    assert response.context["form"].errors["market"]
    assert not Interaction.objects.exists()


def test_an_empty_list_goes_back_with_a_sentence(cast, signed_in, structures) -> None:
    response = signed_in(cast.facilitator).get(address(cast, q="introuvable"), follow=True)
    assert response.redirect_chain[0][0] == f"{reverse('directory_list')}?q=introuvable"
    assert "Cette liste est vide" in response.content.decode()


@pytest.mark.parametrize(
    "query", [{"commune": "Nullepart"}, {"kind": "zzz"}, {"ligne": "99999999999999999999"}]
)
def test_a_twisted_address_breaks_nothing(cast, signed_in, structures, query) -> None:
    assert signed_in(cast.facilitator).get(address(cast, **query)).status_code in (200, 302)


def test_an_unknown_company_is_told(cast, signed_in, structures) -> None:
    page = (
        signed_in(cast.facilitator)
        .get(reverse("directory_send"), {"entreprise": "Inconnue"})
        .content.decode()
    )
    assert "n’a pas de fiche" in page


def test_a_list_longer_than_anyone_reads_is_refused(structures, monkeypatch) -> None:
    monkeypatch.setattr(services, "LINES_MAX", 2)
    with pytest.raises(DomainError, match="resserrez-la à 2"):
        services.extract_of(structures, criteria="")


def test_the_pdf_can_be_looked_at_before(cast, signed_in, structures) -> None:
    response = signed_in(cast.facilitator).get(reverse("directory_pdf"), {"kind": "siae"})
    assert response["Content-Type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(response.content)).pages)
    assert "Jardins du Rhône" in text
    assert "Atelier Bois" not in text


def test_a_structure_of_two_kinds_stands_under_each_and_counts_once(structures) -> None:
    extract = services.extract_of(structures, criteria="")
    assert [(label.split(",")[0], len(lines)) for label, lines in extract.groups] == [
        ("EI", 1),
        ("ETTI", 1),
        ("ACI", 1),
        ("ESAT", 1),
    ]
    assert len(extract.lines) == 3
