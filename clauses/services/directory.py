"""Sends a list of structures to a company: PDF and XLSX by e-mail, kept in the journal (convention, annexe 1.B)."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from clauses.enums import Channel
from clauses.models import Interaction
from core import formats
from core.errors import DomainError
from core.exports import Column, Sheet, write_xlsx
from core.files import store_file
from core.models import Message
from core.outbox import write_message
from core.pdf import render_pdf
from markets.directory import Distance
from markets.directory_list import activities_of, written_distance
from markets.enums import DIRECTORY_KINDS, CompanyKindCode
from markets.models import Company, Contact, House
from markets.paper import logo_address, sheets

if TYPE_CHECKING:
    from accounts.models import User
    from markets.models import Market

FILE_KIND = "directory_list"
# Some thirty pages: beyond, it is no list to choose from.
LINES_MAX = 500
NOTICE = (
    "Liste diffusée à titre indicatif, d’après les annuaires publics et les fiches de la maison à cette date. "
    "Elle ne vaut ni recommandation ni engagement des structures : vérifiez auprès d’elles leurs activités et leurs "
    "disponibilités."
)


@dataclass(frozen=True)
class Line:
    """One structure as a list shows it."""

    name: str
    kinds: tuple[str, ...]
    activities: str
    address: str
    commune: str
    contact: str
    phone: str
    email: str
    identifier: str
    distance: Distance | None

    @property
    def written_distance(self) -> str:
        if self.distance is None:
            return ""
        written = written_distance(self.distance)
        return f"{written}\u202fkm" if written[-1:].isdigit() else written


@dataclass(frozen=True)
class DirectoryExtract:
    """What is sent: the lines in their order, and the sentence that says how they were chosen."""

    lines: Sequence[Line]
    criteria: str
    made_on: dt.date

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """The lines by kind; a structure of two kinds stands under each."""
        return [
            (str(CompanyKindCode(kind).label), found)
            for kind in DIRECTORY_KINDS
            if (found := [line for line in self.lines if kind in line.kinds])
        ]

    @property
    def counts(self) -> str:
        """« 12 EI, 8 ACI »."""
        counted = Counter(kind for line in self.lines for kind in line.kinds)
        return ", ".join(f"{counted[kind]} {kind}" for kind in DIRECTORY_KINDS if counted[kind])

    @property
    def has_distances(self) -> bool:
        return any(line.distance is not None for line in self.lines)


def extract_of(
    companies: Iterable[Company], *, criteria: str, distances: Mapping[int, Distance] | None = None
) -> DirectoryExtract:
    """The extract of companies loaded with their commune, kinds and activities: one query for their contacts.

    Raises DomainError when there is nothing, or more than a list to choose from.
    """
    today = timezone.localdate()
    rows = list(companies)
    if not rows:
        raise DomainError("Cette liste est vide : élargissez les filtres, ou cochez au moins une structure.")
    if len(rows) > LINES_MAX:
        raise DomainError(
            f"Cette liste compte {formats.noun(len(rows), 'structure')} : resserrez-la à {LINES_MAX} au plus, "
            "par la distance ou le secteur."
        )
    people: dict[int, Contact] = {}
    found = Contact.objects.filter(company__in=[row.pk for row in rows]).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today)
    )
    # The one in charge of insertion is whom to call, else the main one.
    rank = {"insertion": 0, "main": 1, "hierarchy": 2, "other": 3}
    for contact in sorted(found.order_by("pk"), key=lambda row: (rank.get(row.kind, 9), row.pk)):
        people.setdefault(contact.company_id or 0, contact)
    known = distances or {}
    lines = [_line(row, people.get(row.pk), known.get(row.pk), today) for row in rows]
    return DirectoryExtract(lines, criteria, today)


def _line(company: Company, contact: Contact | None, distance: Distance | None, today: dt.date) -> Line:
    kinds = {
        row.kind
        for row in company.kinds.all()
        if row.kind in DIRECTORY_KINDS and (row.ends_on is None or row.ends_on >= today)
    }
    return Line(
        name=company.name,
        kinds=tuple(kind for kind in DIRECTORY_KINDS if kind in kinds),
        activities=activities_of(company),
        address=company.address,
        commune=company.commune.label.removesuffix(" Arrondissement") if company.commune else "",
        contact=contact.name if contact else "",
        phone=company.phone or (contact.phone if contact else ""),
        email=company.email or (contact.email if contact else ""),
        identifier=company.identifier if company.identifier_is_sound else "",
        distance=distance,
    )


def extract_pdf(
    extract: DirectoryExtract, *, company: Company | None = None, market: Market | None = None
) -> bytes:
    """The list as a tagged A4 PDF."""
    house = House.current()
    context = {
        "extract": extract,
        "house": house,
        "logo": logo_address(house),
        "company": company,
        "market": market,
        "notice": NOTICE,
    }
    return render_pdf(
        "clauses/directory_document.html", context, stylesheets=sheets("directory"), made_on=extract.made_on
    )


def extract_xlsx(extract: DirectoryExtract) -> bytes:
    """The same lines in a workbook; names that look like formulas stay text."""
    columns = [
        Column("Structure", "text", lambda line: line.name, 40),
        Column("Nature", "text", lambda line: ", ".join(line.kinds), 12),
        Column("Secteurs", "text", lambda line: line.activities, 40),
        Column("Adresse", "text", lambda line: line.address, 36),
        Column("Commune", "text", lambda line: line.commune, 24),
        *([Column("Distance (km)", "number", _kilometres, 12)] if extract.has_distances else []),
        Column("Contact", "text", lambda line: line.contact, 24),
        Column("Téléphone", "text", lambda line: line.phone, 18),
        Column("Courriel", "text", lambda line: line.email, 32),
        Column("SIRET", "text", lambda line: line.identifier, 18),
    ]
    notes = [
        f"Structures d’insertion, liste du {formats.day(extract.made_on)} : {extract.criteria}",
        NOTICE,
    ]
    stream = io.BytesIO()
    write_xlsx([Sheet("Structures", columns, extract.lines, notes)], stream)
    return stream.getvalue()


def _kilometres(line: Line) -> float | None:
    return round(line.distance.km, 1) if line.distance and line.distance.km is not None else None


# --- Sending ------------------------------------------------------------------------------------------------


def letter_text(
    extract: DirectoryExtract, *, company: Company, market: Market | None, by: User
) -> tuple[str, str]:
    """Subject and body proposed for the e-mail."""
    subject = "Structures d’insertion pouvant vous accompagner"
    if market is not None:
        subject += f", marché {market.reference or market.pk}"
    body = render_to_string(
        "clauses/email/directory_list.txt",
        {"extract": extract, "company": company, "market": market, "by": by, "house": House.current()},
    )
    return subject, body


def send_directory(
    *,
    extract: DirectoryExtract,
    company: Company,
    market: Market | None = None,
    addresses: Sequence[str],
    subject: str,
    body: str,
    key: str,
    by: User | None,
) -> Interaction:
    """Make the PDF and the workbook, send them, and note it in the journal of the company and of the market.

    The same `key` sends once: a second call gives the first one's line of the journal. Raises DomainError without an
    address, and where no PDF can be made.
    """
    wanted = sorted({address.strip().lower() for address in addresses if address.strip()})
    if not wanted:
        raise DomainError("Choisissez au moins un destinataire, ou écrivez une adresse.", field="recipients")
    pdf = extract_pdf(extract, company=company, market=market)
    workbook = extract_xlsx(extract)
    with transaction.atomic():
        # The company's row is the lock: the same sending taken up twice at once follows itself.
        Company.objects.select_for_update().get(pk=company.pk)
        sent = Message.objects.filter(key=key).first()
        if sent is not None:
            known = Interaction.objects.filter(document__in=sent.attachments.values("pk")).first()
            if known is not None:
                return known
        name = f"structures-d-insertion_{extract.made_on:%Y-%m-%d}"
        files = [
            store_file(kind=FILE_KIND, name=f"{name}.pdf", content=pdf, user=by, allowed_types=["pdf"]),
            store_file(
                kind=FILE_KIND, name=f"{name}.xlsx", content=workbook, user=by, allowed_types=["xlsx"]
            ),
        ]
        write_message(key=key, recipients=wanted, subject=subject, body=body, attachments=files)
        row = Interaction(
            company=company,
            market=market,
            on=timezone.localdate(),
            channel=Channel.LIST_SENT,
            reached=True,
            participants=", ".join(wanted)[:300],
            summary=f"Liste de {formats.noun(len(extract.lines), 'structure')} envoyée ({extract.counts}). "
            f"{extract.criteria}",
            document=files[0],
            author=by,
        )
        row._history_user = by  # type: ignore[attr-defined]
        row.save()
    return row


def criteria_of(given: Mapping[str, Any], *, ticked: bool) -> str:
    """How the lines were chosen, in one sentence for the paper and the journal."""
    said = []
    if given.get("kind_label"):
        said.append(given["kind_label"])
    if given.get("sector_label"):
        said.append(given["sector_label"])
    if commune := given.get("commune"):
        within = given.get("within")
        if within and int(within):
            said.append(f"à moins de {within}\u202fkm de {commune.label}")
        elif within:
            said.append(f"à {commune.label}")
        else:
            said.append(f"autour de {commune.label}")
    if given.get("q"):
        said.append(f"« {given['q']} »")
    if ticked:
        said.append("structures choisies une à une")
    return (" · ".join(said) or "tout l’annuaire")[:300]
