"""The files of a published bilan and of a point d’étape, each made from its snapshot alone."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from core.files import store_file
from core.models import StoredFile
from core.pdf import render_pdf
from markets.paper import sheets
from reporting.enums import BilanFormat
from reporting.models import Bilan, BilanFile, ProgressReport
from reporting.snapshot.labels import labels_of
from reporting.snapshot.paper import for_paper

if TYPE_CHECKING:
    from accounts.models import User

FILE_KIND = "bilan"
PROGRESS_KIND = "progress_report"


def make_document(*, bilan: Bilan, file_format: str, user: User | None) -> StoredFile:
    """One file of the bilan, kept in the private storage."""
    assert bilan.snapshot is not None
    content = content_of(bilan.snapshot, file_format)
    name = f"{labels_of(bilan.snapshot).file}.{file_format}"
    return store_file(kind=FILE_KIND, name=name, content=content, user=user, allowed_types=[file_format])


def content_of(snapshot: dict[str, Any], file_format: str) -> bytes:
    """The bytes of one format; the same snapshot gives the same figures in each."""
    if file_format == BilanFormat.PDF:
        return bilan_pdf(snapshot)
    if file_format == BilanFormat.XLSX:
        from reporting.annex import annex_xlsx

        return annex_xlsx(snapshot)
    return json.dumps(snapshot, ensure_ascii=False, indent=1, sort_keys=True).encode()


def bilan_pdf(snapshot: dict[str, Any], *, draft: bool = False) -> bytes:
    """The bilan as a tagged PDF (PDF/UA-1). draft: a projet transmis, marked « PROJET » on each page."""
    return _pdf("reporting/bilan/document.html", snapshot, draft=draft)


def progress_pdf(snapshot: dict[str, Any]) -> bytes:
    """The point d’étape as a tagged PDF: no cover, its title stands above its chapters."""
    return _pdf("reporting/progress/document.html", snapshot)


def _pdf(template: str, snapshot: dict[str, Any], *, draft: bool = False) -> bytes:
    made_on = dt.datetime.fromisoformat(snapshot["computed_at"])
    context = {"bilan": for_paper(snapshot), "labels": labels_of(snapshot), "draft": draft}
    return render_pdf(template, context, stylesheets=sheets("bilan"), made_on=made_on)


def may_open(user: Any, stored: StoredFile) -> bool:
    """A bilan's file is for who may see the bilan."""
    bilans = Bilan.objects.visible_to(user).values("pk")
    return BilanFile.objects.filter(file=stored, bilan__in=bilans).exists()


def may_open_progress(user: Any, stored: StoredFile) -> bool:
    """A point d’étape is for the house and for the buyers of its market."""
    return ProgressReport.objects.visible_to(user).filter(file=stored).exists()
