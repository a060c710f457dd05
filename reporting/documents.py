"""The files of a published bilan, each made from its snapshot alone."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from core.files import store_file
from core.models import StoredFile
from core.pdf import render_pdf
from core.text import normalise
from reporting.enums import BilanFormat
from reporting.models import Bilan, BilanFile
from reporting.snapshot.paper import for_paper

if TYPE_CHECKING:
    from accounts.models import User

FILE_KIND = "bilan"


def make_document(*, bilan: Bilan, file_format: str, user: User | None) -> StoredFile:
    """One file of the bilan, kept in the private storage."""
    assert bilan.snapshot is not None
    content = content_of(bilan.snapshot, file_format)
    name = f"{file_name(bilan.snapshot)}.{file_format}"
    return store_file(kind=FILE_KIND, name=name, content=content, user=user, allowed_types=[file_format])


def content_of(snapshot: dict[str, Any], file_format: str) -> bytes:
    """The bytes of one format; the same snapshot gives the same figures in each."""
    if file_format == BilanFormat.PDF:
        return bilan_pdf(snapshot)
    if file_format == BilanFormat.XLSX:
        from reporting.annex import annex_xlsx

        return annex_xlsx(snapshot)
    return json.dumps(snapshot, ensure_ascii=False, indent=1, sort_keys=True).encode()


def bilan_pdf(snapshot: dict[str, Any]) -> bytes:
    """The bilan as a tagged PDF (PDF/UA-1)."""
    made_on = dt.datetime.fromisoformat(snapshot["computed_at"])
    return render_pdf(
        "reporting/bilan/document.html",
        {"bilan": for_paper(snapshot)},
        stylesheets=("css/bilan.css",),
        made_on=made_on,
    )


def file_name(snapshot: dict[str, Any]) -> str:
    """« bilan-2025-ville-d-oullins-v1 », without accents or spaces."""
    buyer = normalise(snapshot["buyer"]["name"]).replace(" ", "-")[:80]
    return f"bilan-{snapshot['year']}-{buyer}-v{snapshot['version']}"


def may_open(user: Any, stored: StoredFile) -> bool:
    """A bilan's file is for who may see the bilan."""
    bilans = Bilan.objects.visible_to(user).values("pk")
    return BilanFile.objects.filter(file=stored, bilan__in=bilans).exists()
