"""Documents: a template and its context become the bytes of a tagged PDF, without a call to any server."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.template.loader import render_to_string

from core.errors import DomainError
from core.pdf_tags import finish

# What the documents of the house share; each adds a sheet of its own.
PAPER = "css/paper.css"
_lock = threading.Lock()


class PdfUnavailable(DomainError):
    """The system libraries that set the pages are missing."""

    def __init__(self) -> None:
        super().__init__(
            "Le PDF n’a pas pu être fabriqué : il manque au serveur les bibliothèques Pango et HarfBuzz "
            "(paquets libpango-1.0-0, libpangoft2-1.0-0 et libharfbuzz-subset0). "
            "Le tableur et les pages restent disponibles."
        )


# What is read with a screen reader, and what is kept for good: tagged too, fonts and colours inside, files carried.
ACCESSIBLE, ARCHIVAL = "pdf/ua-1", "pdf/a-3a"


@dataclass(frozen=True)
class PdfAttachment:
    """A file carried inside the PDF. relationship: what it is to the document (PDF/A-3), « Source » or « Data »."""

    name: str
    content: bytes
    description: str = ""
    relationship: str = "Unspecified"


def _weasyprint() -> Any:
    """WeasyPrint, imported late: it costs more than a second and needs system libraries."""
    try:
        with _lock:
            import weasyprint
    except OSError as error:
        raise PdfUnavailable from error
    return weasyprint


def pdf_available() -> bool:
    """Whether documents can be made on this machine."""
    try:
        _weasyprint()
    except PdfUnavailable:
        return False
    return True


def local_static_file(path: str) -> Path:
    """The static file at `css/paper.css`. Raises ValueError when it is not a static file of ours."""
    try:
        found = finders.find(path)
    except SuspiciousFileOperation:
        raise ValueError(f"Not a static file: {path}") from None
    if found is None and settings.STATIC_ROOT:
        candidate = (Path(settings.STATIC_ROOT) / path).resolve()
        if candidate.is_relative_to(Path(settings.STATIC_ROOT).resolve()) and candidate.is_file():
            found = str(candidate)
    if not found:
        raise ValueError(f"Not a static file: {path}")
    return Path(found)


def _static_root() -> str:
    return BASE_URL + settings.STATIC_URL.lstrip("/")


@lru_cache(maxsize=1)
def _fetcher_class() -> Any:
    weasyprint = _weasyprint()
    from weasyprint.urls import URLFetcherResponse

    class LocalFetcher(weasyprint.URLFetcher):  # type: ignore[name-defined]
        """Reads `data:` and our static files; anything else is refused, a web server above all."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            if url.startswith(_static_root()):
                place = local_static_file(unquote(urlsplit(url.removeprefix(_static_root())).path))
                return URLFetcherResponse(url, place.read_bytes(), {"Content-Type": _content_type(place)})
            raise ValueError(f"A document reads local static files only, not {urlsplit(url).scheme}:")

    return LocalFetcher


# Never called: what starts with it is read from our static files.
BASE_URL = "https://maillon.invalid/"
_CONTENT_TYPES = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".woff2": "font/woff2",
}


def _content_type(place: Path) -> str:
    return _CONTENT_TYPES.get(place.suffix, "application/octet-stream")


def render_pdf(
    template: str,
    context: dict[str, Any],
    *,
    stylesheets: Sequence[str] = (PAPER,),
    made_on: dt.datetime | dt.date | None = None,
    attachments: Sequence[PdfAttachment] = (),
    variant: str = ACCESSIBLE,
) -> bytes:
    """The PDF of a template, tagged. The template gives `<html lang>` and `<title>`.

    stylesheets: static paths. made_on: the date written into the document; with it, the same input gives the same
    bytes. variant: PDF/UA-1, or PDF/A-3a for what is archived. Raises PdfUnavailable where the system libraries are
    missing.
    """
    html = render_to_string(template, context)
    return html_to_pdf(
        html, stylesheets=stylesheets, made_on=made_on, attachments=attachments, variant=variant
    )


def html_to_pdf(
    html: str,
    *,
    stylesheets: Sequence[str] = (PAPER,),
    made_on: dt.datetime | dt.date | None = None,
    attachments: Sequence[PdfAttachment] = (),
    variant: str = ACCESSIBLE,
) -> bytes:
    """The PDF of a page of HTML; see `render_pdf`."""
    weasyprint = _weasyprint()
    fetcher = _fetcher_class()()
    moment = _moment(made_on)
    if moment is not None:
        meta = f'<meta name="dcterms.created" content="{moment:%Y-%m-%dT%H:%M:%SZ}">'
        meta += f'<meta name="dcterms.modified" content="{moment:%Y-%m-%dT%H:%M:%SZ}">'
        html = html.replace("<head>", f"<head>{meta}", 1)
    document = weasyprint.HTML(string=html, base_url=BASE_URL, url_fetcher=fetcher)
    sheets = [weasyprint.CSS(url=_static_root() + path, url_fetcher=fetcher) for path in stylesheets]
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    with warnings.catch_warnings():
        if variant == ARCHIVAL:
            # WeasyPrint leaves the file of its colour profile for the garbage collector to close.
            warnings.simplefilter("ignore", ResourceWarning)
        return document.write_pdf(
            stylesheets=sheets,
            pdf_variant=variant,
            pdf_identifier=identifier,
            finisher=finish,
            attachments=[
                weasyprint.Attachment(
                    string=extra.content,
                    name=extra.name,
                    description=extra.description or extra.name,
                    relationship=extra.relationship,
                    created=moment,
                    modified=moment,
                )
                for extra in attachments
            ],
        )


def _moment(made_on: dt.datetime | dt.date | None) -> dt.datetime | None:
    if made_on is None:
        return None
    if isinstance(made_on, dt.datetime):
        return made_on.astimezone(dt.UTC) if made_on.tzinfo else made_on.replace(tzinfo=dt.UTC)
    return dt.datetime(made_on.year, made_on.month, made_on.day, 12, tzinfo=dt.UTC)
