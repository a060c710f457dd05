"""Documents: tagged, in French, made without any call to a server."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from pypdf import PdfReader

from core import pdf
from core.pdf import PdfAttachment, PdfUnavailable, html_to_pdf, local_static_file, pdf_available, render_pdf

PAGE = (
    '<!doctype html><html lang="fr"><head><title>Bilan 2025</title></head><body><h1>Alpha</h1>'
    "<table><tr><th>Heures</th></tr><tr><td>1\u202f204,5</td></tr></table>{}</body></html>"
)
MADE_ON = dt.date(2026, 3, 12)


def make(extra: str = "", **options: Any) -> bytes:
    options.setdefault("stylesheets", ())
    return html_to_pdf(PAGE.format(extra), made_on=MADE_ON, **options)


def test_a_document_is_tagged_titled_and_in_french() -> None:
    reader = PdfReader(io.BytesIO(make()))
    root = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Bilan 2025"
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert reader.metadata.creation_date_raw == "D:20260312120000Z"
    assert "1\u202f204,5" in reader.pages[0].extract_text()


def test_the_same_input_gives_the_same_bytes() -> None:
    extra = {"attachments": [PdfAttachment("lignes.csv", b"a;b\r\n", "Les lignes")]}
    assert make(**extra) == make(**extra)
    assert make("<p>autre</p>") != make()


def test_a_file_is_carried_inside() -> None:
    reader = PdfReader(io.BytesIO(make(attachments=[PdfAttachment("lignes.csv", b"a;b\r\n")])))
    assert reader.attachments["lignes.csv"] == [b"a;b\r\n"]


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/pixel.png",
        "http://127.0.0.1:8000/static/img/favicon.svg",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "https://maillon.invalid/etc/passwd",
        "https://maillon.invalid/static/../manage.py",
        "https://maillon.invalid/static/%2e%2e/manage.py",
    ],
)
def test_nothing_but_static_files_and_data_is_read(address: str) -> None:
    with pytest.raises((ValueError, OSError)) as caught:
        pdf._fetcher_class()().fetch(address)
    assert "static file" in str(caught.value) or "outside" in str(caught.value)


def test_static_files_and_data_are_read() -> None:
    fetcher = pdf._fetcher_class()()
    found = fetcher.fetch("https://maillon.invalid/static/img/favicon.svg")
    assert b"<svg" in found.read()
    assert found.content_type == "image/svg+xml"
    assert fetcher.fetch("data:text/plain,abc").read() == b"abc"
    assert local_static_file("css/maillon.css").name == "maillon.css"


def test_a_stylesheet_is_a_static_path() -> None:
    assert make(stylesheets=["css/maillon.css"]).startswith(b"%PDF")


def test_a_template_becomes_a_document() -> None:
    context = {"code": 404, "title": "Page introuvable", "sentence": "Rien ici.", "home_url": "/"}
    content = render_pdf("core/error.html", context, stylesheets=(), made_on=MADE_ON)
    assert "Page introuvable" in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_without_the_system_libraries_a_sentence_says_what_is_missing(monkeypatch: Any) -> None:
    assert pdf_available()

    def missing() -> Any:
        raise PdfUnavailable

    monkeypatch.setattr(pdf, "_weasyprint", missing)
    assert not pdf_available()
    with pytest.raises(PdfUnavailable, match="libpango"):
        make()


def test_a_library_that_does_not_load_is_told_as_such(monkeypatch: Any) -> None:
    import builtins

    load = builtins.__import__

    def broken(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(PdfUnavailable):
        pdf._weasyprint()
