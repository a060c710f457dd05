"""The bytes of a document by WeasyPrint alone: same HTML, same style sheet, same kind of PDF, nothing of ours around."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import weasyprint
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from weasyprint.urls import URLFetcherResponse

BASE = "https://maillon.invalid/"


class StaticFiles(weasyprint.URLFetcher):
    """Static files from the disk: the page names its images as the site does."""

    def fetch(self, url, headers=None):  # type: ignore[no-untyped-def]
        start = BASE + settings.STATIC_URL.lstrip("/")
        if not url.startswith(start):
            return super().fetch(url, headers)
        place = Path(finders.find(url.removeprefix(start)))
        kind = "image/svg+xml" if place.suffix == ".svg" else "application/octet-stream"
        return URLFetcherResponse(url, place.read_bytes(), {"Content-Type": kind})


def html_of(template: str, context: dict) -> str:
    return render_to_string(template, context)


def bare_pdf(html: str, stylesheets: Sequence[str], variant: str | None) -> bytes:
    """The PDF of a page; `variant` is `pdf/ua-1`, or None for an untagged one."""
    fetcher = StaticFiles()
    sheets = [
        weasyprint.CSS(filename=finders.find(path), base_url=BASE, url_fetcher=fetcher)
        for path in stylesheets
    ]
    document = weasyprint.HTML(string=html, base_url=BASE, url_fetcher=fetcher)
    return document.write_pdf(stylesheets=sheets, pdf_variant=variant)
