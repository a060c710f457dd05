"""The PDF and the DOCX of a recommendation, opened again and read."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader

from clauses.models import ScenarioLot
from clauses.recommendation_documents import docx_of, file_name, pdf_of
from clauses.recommendation_paper import paper_of
from clauses.services import recommendation_answers as answers
from clauses.services import recommendations as services
from core.files import read_file
from tests.factories import (
    BuyerFactory,
    HouseFactory,
    PlannedPurchaseFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

THIN = "\u202f"


@pytest.fixture
def row() -> Any:
    """833 h and 3,500 h in the scenario advised, 3,500 h alone in the other; the worked examples of the trade."""
    HouseFactory()
    fanny = UserFactory(first_name="Fanny", last_name="Facile")
    purchase = PlannedPurchaseFactory(
        buyer=BuyerFactory(name="Ville d’Exemple"),
        reference="2027-04",
        object="Groupe scolaire Pasteur",
        lots=2,
    )
    found = services.start_recommendation(target=purchase, title="Groupe scolaire Pasteur", by=fanny)
    first, second = ScenarioLot.objects.filter(scenario__recommendation=found).order_by("position")
    first.label, first.amount, first.share, first.cost, first.rate = "Maçonnerie", 1_000_000, 50, 30, 5
    second.label, second.amount, second.share, second.cost, second.rate = "Peinture", 1_500_000, 70, 30, 10
    services.save_estimation(
        recommendation=found,
        edition=0,
        values={"context": "Deux métiers qui recrutent.", "penalty_text": "40 € par heure non réalisée"},
        advised=None,
        scenarios=[],
        lots=[first, second],
        by=fanny,
    )
    other = services.add_scenario(recommendation=found, by=fanny)
    services.remove_lot(lot=other.lots.order_by("position").first(), by=fanny)
    found.refresh_from_db()
    return found


def words(text: str) -> str:
    return " ".join(text.replace(THIN, " ").replace("\u00ad", "").split())


def test_the_pdf_holds_the_reasoning_the_scenarios_and_the_wording(row):
    reader = PdfReader(io.BytesIO(pdf_of(paper_of(row))))
    text = words(" ".join(page.extract_text() for page in reader.pages))
    assert "Projet, non envoyé" in text
    assert "1 000 000 € × 50 % ÷ 30 €/h × 5 % = 833 h" in text
    assert "1 500 000 € × 70 % ÷ 30 €/h × 10 % = 3 500 h" in text
    assert "4 333 h" in text
    assert "Scénarios côte à côte" in text
    assert "Lot 1, Maçonnerie : 833 h au moins" in text
    assert "40 € par heure non réalisée" in text
    assert "Deux métiers qui recrutent." in text
    assert reader.metadata.title == "Préconisation d’insertion — Groupe scolaire Pasteur"
    assert 2 <= len(reader.pages) <= 5


def test_the_docx_holds_the_same(row):
    document = Document(io.BytesIO(docx_of(paper_of(row))))
    text = words("\n".join(paragraph.text for paragraph in document.paragraphs))
    cells = words(
        " ".join(cell.text for table in document.tables for line in table.rows for cell in line.cells)
    )
    assert "1 000 000 € × 50 % ÷ 30 €/h × 5 % = 833 h" in cells
    assert "Total (h) 4 333 3 500" in cells
    assert "Lot 1, Maçonnerie : 833 h au moins" in text
    assert "40 € par heure non réalisée" in text
    headings = [part.text for part in document.paragraphs if part.style.name.startswith("Heading")]
    assert "Analyse" in headings
    assert "Personnes concernées" in headings
    assert any(part.style.name == "List Bullet" for part in document.paragraphs)
    assert document.core_properties.title == f"Préconisation d’insertion{THIN}: Groupe scolaire Pasteur"


def test_the_files_kept_are_those_that_were_sent(row):
    fanny = row.created_by
    sent = answers.send_recommendation(
        recommendation=row, recipients=["a@b.example"], subject="s", body="b", by=fanny
    )
    assert sent.pdf.name == "preconisation-ville-d-exemple-2027-04-v1.pdf"
    assert sent.docx.name.endswith("v1.docx")
    text = words(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(read_file(sent.pdf))).pages))
    assert "Projet" not in text
    assert "envoyée le" in text
    assert Document(io.BytesIO(read_file(sent.docx))).paragraphs


def test_the_same_recommendation_gives_the_same_bytes(row):
    first, second = (pdf_of(paper_of(row, on=row.created_at.date())) for _ in range(2))
    assert first == second


def test_the_name_of_a_file_is_plain(row):
    assert file_name(paper_of(row), "docx") == "preconisation-ville-d-exemple-2027-04-v1.docx"
