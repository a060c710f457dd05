"""The files of a published bilan and of a point d’étape, each made from its snapshot alone."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from core.files import store_file
from core.models import StoredFile
from core.pdf import ARCHIVAL, PdfAttachment, render_pdf
from markets.paper import sheets
from reporting.enums import BilanFormat
from reporting.models import Bilan, BilanFile, ProgressReport
from reporting.snapshot.labels import labels_of
from reporting.snapshot.paper import for_paper
from reporting.snapshot.pictures import without_pictures

if TYPE_CHECKING:
    from accounts.models import User

FILE_KIND = "bilan"
PROGRESS_KIND = "progress_report"
# The archive is a PDF too: its name tells it from the other.
EXTENSIONS: dict[str, str] = {BilanFormat.ARCHIVE: "pdf"}
SUFFIXES: dict[str, str] = {BilanFormat.ARCHIVE: "-archive"}


def keep_document(*, bilan: Bilan, file_format: str, content: bytes, user: User | None) -> StoredFile:
    """One file of the bilan, made already, kept in the private storage."""
    assert bilan.snapshot is not None
    kind = EXTENSIONS.get(file_format, file_format)
    name = f"{labels_of(bilan.snapshot).file}{SUFFIXES.get(file_format, '')}.{kind}"
    return store_file(kind=FILE_KIND, name=name, content=content, user=user, allowed_types=[kind])


def content_of(snapshot: dict[str, Any], file_format: str) -> bytes:
    """The bytes of one format; the same snapshot gives the same figures in each."""
    if file_format == BilanFormat.PDF:
        return bilan_pdf(snapshot)
    if file_format == BilanFormat.ARCHIVE:
        return bilan_archive(snapshot)
    if file_format == BilanFormat.XLSX:
        from reporting.annex import annex_xlsx

        return annex_xlsx(snapshot)
    return _json(snapshot)


def _json(snapshot: dict[str, Any]) -> bytes:
    """The figures and the words, without the pictures of the cover."""
    return json.dumps(without_pictures(snapshot), ensure_ascii=False, indent=1, sort_keys=True).encode()


def bilan_pdf(snapshot: dict[str, Any], *, draft: bool = False) -> bytes:
    """The bilan as a tagged PDF (PDF/UA-1). draft: a projet transmis, marked « PROJET » on each page."""
    return _pdf("reporting/bilan/document.html", snapshot, draft=draft)


def bilan_archive(snapshot: dict[str, Any]) -> bytes:
    """The bilan for the archives: PDF/A-3a, tagged too, with the figures it was made from attached as JSON."""
    figures = PdfAttachment(
        f"{labels_of(snapshot).file}.json", _json(snapshot), "Chiffres et textes de ce bilan", "Source"
    )
    return _pdf("reporting/bilan/document.html", snapshot, variant=ARCHIVAL, attachments=[figures])


def progress_pdf(snapshot: dict[str, Any]) -> bytes:
    """The point d’étape as a tagged PDF: no cover, its title stands above its chapters."""
    return _pdf("reporting/progress/document.html", snapshot)


def _pdf(template: str, snapshot: dict[str, Any], *, draft: bool = False, **options: Any) -> bytes:
    made_on = dt.datetime.fromisoformat(snapshot["computed_at"])
    context = {
        "bilan": for_paper(snapshot),
        "labels": labels_of(snapshot),
        "draft": draft,
        "logos": snapshot.get("logos", {}),
    }
    sheets_of_bilan = [*sheets("bilan"), *(["css/bilan-draft.css"] if draft else [])]
    return render_pdf(template, context, stylesheets=sheets_of_bilan, made_on=made_on, **options)


def may_open(user: Any, stored: StoredFile) -> bool:
    """A bilan's file is for who may see the bilan."""
    bilans = Bilan.objects.visible_to(user).values("pk")
    return BilanFile.objects.filter(file=stored, bilan__in=bilans).exists()


def may_open_progress(user: Any, stored: StoredFile) -> bool:
    """A point d’étape is for the house and for the buyers of its market."""
    return ProgressReport.objects.visible_to(user).filter(file=stored).exists()
