"""The house on paper: who writes, its logo, and the sheets of style that its documents are set with."""

from __future__ import annotations

import base64

from core.files import read_file
from core.images import fitted_picture
from core.models import StoredFile
from core.pdf import PAPER
from markets.models import House

# A document that freezes a logo holds 150 kB of it at most, as text (four characters for three bytes).
FROZEN_LOGO_BYTES = 110_000
FACTS = ("name", "siret", "address", "email", "phone", "signatory", "signatory_title")


def house_facts(house: House | None = None) -> dict[str, str]:
    """Who writes and signs, as plain values: a document freezes them."""
    house = house or House.current()
    return {field: getattr(house, field).strip() for field in FACTS}


def logo_address(house: House | None = None) -> str:
    """The logo as a `data:` address that holds it whole; nothing without one, or when its bytes are lost."""
    logo = (house or House.current()).logo
    if logo is None:
        return ""
    try:
        content = read_file(logo)
    except OSError:
        return ""
    return f"data:{logo.content_type};base64,{base64.b64encode(content).decode()}"


def frozen_logo(logo: StoredFile | None) -> str:
    """A logo as a light `data:` address, for what is made again from itself alone; nothing where it cannot be read."""
    if logo is None:
        return ""
    try:
        content, content_type = fitted_picture(read_file(logo), max_bytes=FROZEN_LOGO_BYTES)
    except OSError:
        return ""
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}" if content else ""


def sheets(name: str) -> tuple[str, str]:
    """The shared sheet, then the document's own: « fee » → css/paper.css, css/fee.css."""
    return PAPER, f"css/{name}.css"
