"""Papers about eligibility: the attestation (never the ground), the letter of a refusal, the notice on personal data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from beneficiaries.models import Beneficiary, EligibilityReview, InformationNotice
from beneficiaries.validity import Validity
from core import formats
from core.pdf import render_pdf
from core.text import normalise
from markets.paper import house_facts, logo_address, sheets

STYLES = sheets("person-letter")


def called(person: Beneficiary) -> str:
    """First name, then name, as a letter says it."""
    return f"{person.first_name} {person.last_name}".strip()


def file_name(what: str, person: Beneficiary) -> str:
    """« attestation-eligibilite-dupont-marie.pdf »."""
    words = normalise(f"{person.last_name} {person.first_name}").split()
    return f"{what}-{'-'.join(words)[:80]}.pdf"


def attestation_pdf(person: Beneficiary, validity: Validity, *, on: dt.date) -> bytes:
    """The attestation that an employer keeps: who, until when, the house; nothing of the ground nor of the route."""
    context = {
        "name": called(person),
        "birth_date": person.birth_date,
        "until": validity.until,
        "is_used": validity.is_used,
        "number": validity.number,
        "house": house_facts(),
        "logo": logo_address(),
        "dated": formats.long_day(on),
    }
    return render_pdf("beneficiaries/attestation.html", context, stylesheets=STYLES, made_on=on)


def refusal_pdf(review: EligibilityReview, *, on: dt.date) -> bytes:
    """The letter that tells a person of a refusal, its reason, and what can be done."""
    person = review.beneficiary
    context = {
        "name": called(person),
        "address": person.address,
        "commune": str(person.commune) if person.commune else "",
        "decided_on": review.decided_on,
        "reason": review.refusal_reason,
        "has_referrer": person.referrer_id is not None or person.prescriber_id is not None,
        "house": house_facts(),
        "logo": logo_address(),
        "dated": formats.long_day(on),
    }
    return render_pdf("beneficiaries/refusal_letter.html", context, stylesheets=STYLES, made_on=on)


def notice_text(notice: InformationNotice) -> str:
    """The notice with the house's own facts in the places that its text leaves for them."""
    house = house_facts()
    contact = ", ".join(value for value in (house["email"], house["phone"]) if value)
    text = notice.text
    for place, value in (
        ("{maison}", house["name"]),
        ("{adresse}", " ".join(house["address"].split()) or "à l’adresse de la maison"),
        ("{contact}", contact or "à l’adresse de la maison"),
    ):
        text = text.replace(place, value)
    return text


@dataclass(frozen=True, slots=True)
class Part:
    """A title of the notice and its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


def parts_of(text: str) -> list[Part]:
    """A text in parts: a line that begins with « # » is a title, a blank line ends a paragraph."""
    parts: list[Part] = []
    title = ""
    lines: list[str] = []
    paragraphs: list[str] = []

    def close_paragraph() -> None:
        if lines:
            paragraphs.append(" ".join(lines))
            lines.clear()

    for raw in [*text.splitlines(), "# "]:
        line = raw.strip()
        if line.startswith("#"):
            close_paragraph()
            if title or paragraphs:
                parts.append(Part(title, tuple(paragraphs)))
            title, paragraphs = line.lstrip("# ").strip(), []
        elif line:
            lines.append(line)
        else:
            close_paragraph()
    return parts


def notice_pdf(notice: InformationNotice, *, person: Beneficiary | None, on: dt.date) -> bytes:
    """The notice to hand over, with the name of the person and a place to sign; blank without a person."""
    context = {
        "name": called(person) if person else "",
        "parts": parts_of(notice_text(notice)),
        "notice": notice,
        "house": house_facts(),
        "logo": logo_address(),
    }
    return render_pdf("beneficiaries/notice_paper.html", context, stylesheets=STYLES, made_on=on)
