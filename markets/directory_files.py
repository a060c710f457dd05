"""Reads lists of insertion and adapted structures: which columns say what in each known file, line by line.

Known shapes: the SIAE of the ASP (CSV, or a JSON fixture of it), the labelled GEIQ (JSON), the ESAT of FINESS (CSV), the
yearly annexes of the IAE (CSV), and any table with a SIRET, a name and a kind under usual headers.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from stdnum.fr import siren

from core.errors import DomainError
from core.forms import parse_day
from core.spreadsheets import ROWS_MAX, Wanted, guess_header, is_total, read_sheets, text_of
from core.text import normalise
from markets.enums import DIRECTORY_KINDS, CompanyKindCode, IdentifierKind

MISSING = {"", "nc", "n c", "na", "null", "none", "nan", "non renseigne"}


class UnreadableList(ValueError):
    """The file is no list of structures; the sentence is for the person who gave it."""


@dataclass
class Entry:
    """One structure under one kind, as a line says it."""

    position: int
    kind: str
    name: str
    identifier: str = ""
    identifier_kind: str = IdentifierKind.NONE.value
    short_name: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    insee: str = ""
    department: str = ""
    latitude: float | None = None
    longitude: float | None = None
    naf: str = ""
    activities: str = ""
    email: str = ""
    phone: str = ""
    starts_on: dt.date | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that could not be used, and why."""

    position: int
    sentence: str
    department: str = ""


@dataclass(frozen=True)
class Shape:
    """A known file: the name of its list, and the kind of its lines when no column says it."""

    label: str
    kind: str = ""


SIAE = Shape("SIAE (ASP)")
GEIQ = Shape("GEIQ labellisés", CompanyKindCode.GEIQ.value)
ESAT = Shape("ESAT (FINESS)", CompanyKindCode.ESAT.value)
ANNEXES = Shape("Annexes financières de l’IAE")
OTHER = Shape("Autre liste")

# What a column holds, by its header made comparable (lower case, no accents): the first that is there wins.
COLUMNS: dict[str, tuple[str, ...]] = {
    "identifier": ("siret", "et siret", "siret signature", "numero siret", "n siret", "siret siege"),
    "kind": ("kind", "type", "nature", "type de structure", "categorie", "type structure"),
    "name": (
        "name",
        "raison sociale",
        "et raison sociale",
        "nom",
        "denomination",
        "nom de la structure",
        "structure",
    ),
    "short_name": ("brand", "enseigne", "nom d usage", "nom commercial"),
    "address": ("address", "adresse", "et adresse", "address line 1", "adresse postale"),
    "postcode": ("post code", "code postal", "et code postal", "cp"),
    "city": ("city", "ville", "commune", "et commune libelle", "libelle commune"),
    "insee": ("code insee", "et commune code", "code commune", "insee", "commune code"),
    "department": ("department", "departement", "et departement code", "code departement"),
    "coords": ("coords", "coordonnees", "geo", "geom", "position"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "naf": ("naf", "code naf", "ape", "code ape"),
    "activities": (
        "secteurs",
        "secteur",
        "secteurs d activite",
        "secteur d activite",
        "activites",
        "activite",
        "sectors",
    ),
    "email": ("email", "e mail", "mail", "courriel", "adresse electronique", "contact email"),
    "phone": ("phone", "telephone", "tel", "contact phone"),
    "starts_on": ("debut", "depuis le", "date de debut", "date debut", "depuis"),
}

_WANTED = tuple(Wanted(meaning, names[0], names[1:]) for meaning, names in COLUMNS.items())

_KIND_WORDS = {
    "entreprise d insertion": "EI",
    "entreprises d insertion": "EI",
    "entreprise de travail temporaire d insertion": "ETTI",
    "atelier et chantier d insertion": "ACI",
    "ateliers et chantiers d insertion": "ACI",
    "chantier d insertion": "ACI",
    "association intermediaire": "AI",
    "entreprise d insertion par le travail independant": "EITI",
    "groupement d employeurs pour l insertion et la qualification": "GEIQ",
    "entreprise adaptee": "EA",
    "entreprise adaptee de travail temporaire": "EATT",
    "entreprise adaptee travail temporaire": "EATT",
    "etablissement et service d aide par le travail": "ESAT",
    "etablissement et service d accompagnement par le travail": "ESAT",
    "regie de quartier": "REGIE",
    "regie de territoire": "REGIE",
    "rq": "REGIE",
}


def read_list(content: bytes) -> tuple[Shape, list[Entry | Refused]]:
    """The structures of a file, whatever its name says: a JSON list or a table (CSV, XLSX, XLS, ODS).

    Raises DomainError, with the sentence to show, for what cannot be read or is no list of structures.
    """
    try:
        if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
            return read_json(content)
        return _read_tables(content)
    except UnreadableList as error:
        raise DomainError(str(error)) from error


def _read_tables(content: bytes) -> tuple[Shape, list[Entry | Refused]]:
    """The first sheet that is a list of structures."""
    refusal: UnreadableList | None = None
    for sheet in read_sheets(content):
        header = guess_header(sheet.rows, _WANTED)
        headers = sheet.rows[header - 1]
        try:
            shape = shape_of(headers)
        except UnreadableList as error:
            refusal = refusal or error
            continue
        rows = [[] if is_total(row) else row for row in sheet.rows[header:]]
        return shape, list(read_rows(headers, rows, first=header + 1))
    raise refusal or UnreadableList("Ce fichier ne contient aucun tableau.")


# --- Tables -------------------------------------------------------------------------------------------------


def columns_of(headers: Sequence[Any]) -> dict[str, int]:
    """What each known column is: its meaning → its place among the headers."""
    said = [normalise(str(header or "")) for header in headers]
    return {
        meaning: said.index(found)
        for meaning, names in COLUMNS.items()
        if (found := next((name for name in names if name in said), None)) is not None
    }


def shape_of(headers: Sequence[Any]) -> Shape:
    """Which known list a table is. Raises UnreadableList when neither a name nor a SIRET can be found in it."""
    said = {normalise(str(header or "")) for header in headers}
    columns = columns_of(headers)
    if "siret signature" in said:
        return ANNEXES
    if {"et siret", "et raison sociale"} <= said:
        return ESAT
    if {"siret", "kind", "name", "coords"} <= said:
        return SIAE
    if "name" not in columns or "identifier" not in columns:
        raise UnreadableList(
            "Ce tableau n’a pas de colonne « SIRET » et de colonne « Raison sociale » (ou « Nom ») en première ligne : "
            "il n’est pas lu."
        )
    if "kind" not in columns:
        raise UnreadableList(
            "Ce tableau ne dit pas la nature des structures : ajoutez une colonne « Type » (EI, ETTI, ACI, AI, GEIQ, "
            "EA, ESAT…)."
        )
    return OTHER


def read_rows(
    headers: Sequence[Any], rows: Iterable[Sequence[Any]], first: int = 2
) -> Iterator[Entry | Refused]:
    """The structures of a table; `first` is the number of its first line as a spreadsheet shows it."""
    shape, columns = shape_of(headers), columns_of(headers)
    for position, row in enumerate(rows, start=first):
        values = {
            meaning: _text(row[index]) if index < len(row) else "" for meaning, index in columns.items()
        }
        if not any(values.values()):
            continue
        yield _entry(position, values, shape)


# --- JSON ---------------------------------------------------------------------------------------------------


def read_json(content: bytes) -> tuple[Shape, list[Entry | Refused]]:
    """The structures of a JSON list: labelled GEIQ with their branches, or a fixture of SIAE."""
    try:
        items = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableList("Ce fichier JSON n’est pas en UTF-8 : il n’est pas lu.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableList(
            "Ce fichier n’est pas du JSON complet : demandez-le de nouveau à qui le produit."
        ) from error
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadableList("Ce fichier JSON n’est pas une liste de structures.")
    if not items:
        raise UnreadableList("Cette liste est vide.")
    if len(items) > ROWS_MAX:
        raise UnreadableList("Cette liste est bien plus longue qu’un annuaire : coupez-la en plusieurs.")
    if all(isinstance(item.get("fields"), dict) for item in items):
        rows = [_as_values(item["fields"]) for item in items]
        return SIAE, [_entry(number, values, SIAE) for number, values in enumerate(rows, start=1)]
    if all("nom" in item and "siret" in item for item in items):
        return GEIQ, list(_geiq(items))
    raise UnreadableList("Ce fichier JSON n’est pas une liste de structures : on n’y trouve ni SIRET ni nom.")


def _as_values(item: Mapping[str, Any]) -> dict[str, str]:
    columns = columns_of(list(item))
    cells = list(item.values())
    return {meaning: _text(cells[index]) for meaning, index in columns.items()}


def _geiq(content: list[dict[str, Any]]) -> Iterator[Entry | Refused]:
    for position, item in enumerate(content, start=1):
        yield _entry(position, _geiq_values(item, _text(item.get("nom"))), GEIQ)
        branches = item.get("antennes")
        for branch in branches if isinstance(branches, list) else []:
            if not isinstance(branch, dict):
                continue
            values = _geiq_values(branch, f"{_text(item.get('nom'))}, {_text(branch.get('nom'))}")
            if not values["identifier"]:
                yield Refused(
                    position, f"« {values['name']} » : une antenne sans SIRET n’a pas de fiche à elle"
                )
            elif values["identifier"] != _text(item.get("siret")):
                yield _entry(position, values, GEIQ)


def _geiq_values(item: Mapping[str, Any], name: str) -> dict[str, str]:
    return {
        "identifier": _text(item.get("siret")),
        "name": name.strip(" ,"),
        "postcode": _text(item.get("cp")),
        "city": _text(item.get("ville")),
    }


# --- Lines --------------------------------------------------------------------------------------------------


def _entry(position: int, values: Mapping[str, str], shape: Shape) -> Entry | Refused:
    name = _short_line(values.get("name", ""), 300)
    postcode, insee = _code(values.get("postcode", "")), _code(values.get("insee", ""))
    department = _department(insee or postcode) or values.get("department", "").rjust(2, "0")[:3]
    warnings: list[str] = []
    try:
        kind = kind_of(values.get("kind", "")) or shape.kind
        identifier, identifier_kind = _identifier(values.get("identifier", ""), warnings)
    except ValueError as error:
        return Refused(position, f"« {name or values.get('identifier', '')} » : {error}", department)
    if not kind:
        return Refused(position, f"« {name} » : la nature de la structure n’est pas dite", department)
    if not name and not identifier:
        return Refused(position, "ni nom ni SIRET", department)
    latitude, longitude = _place(values, warnings)
    return Entry(
        position=position,
        kind=kind,
        name=name,
        identifier=identifier,
        identifier_kind=identifier_kind,
        short_name=_short_line(values.get("short_name", ""), 120),
        address=_short_line(values.get("address", ""), 300),
        postcode=postcode,
        city=values.get("city", "")[:120],
        insee=insee,
        department=department,
        latitude=latitude,
        longitude=longitude,
        naf=values.get("naf", "")[:10],
        activities=_short_line(values.get("activities", ""), 300),
        email=_email(values.get("email", ""), warnings),
        phone=values.get("phone", "")[:30],
        starts_on=_day(values.get("starts_on", ""), warnings),
        warnings=warnings,
    )


def kind_of(text: str) -> str:
    """The code of a kind written as a code or in words; nothing when nothing is written.

    Raises ValueError when it is no kind of the directory.
    """
    said = normalise(text)
    if said in MISSING:
        return ""
    code = said.upper().replace(" ", "")
    if code in DIRECTORY_KINDS:
        return code
    if said in _KIND_WORDS:
        return _KIND_WORDS[said]
    # « Entreprise d’insertion (EI) », « ACI, ateliers et chantiers d’insertion »
    parts = [part for part in re.split(r"[(),/:–-]", text) if part.strip()]
    found = {
        _KIND_WORDS.get(normalise(part))
        or (part.strip().upper() if part.strip().upper() in DIRECTORY_KINDS else "")
        for part in parts
    } - {""}
    if len(found) == 1:
        return found.pop()
    raise ValueError(
        f"la nature « {_short_line(text, 40)} » n’est pas celle d’une structure d’insertion ou adaptée"
    )


def _identifier(text: str, warnings: list[str]) -> tuple[str, str]:
    """A SIRET made comparable; malformed, it is kept and flagged. Raises ValueError when digits were lost."""
    compact = re.sub(r"[\s.\-\u00a0\u202f']", "", text).upper()
    if normalise(text) in MISSING:
        warnings.append("sans SIRET : reconnue à son nom et à sa commune")
        return "", IdentifierKind.NONE.value
    if re.fullmatch(r"\d[.,]?\d*E\+?\d+", text.strip().upper()):
        raise ValueError(
            f"le SIRET « {text[:20]} » a perdu ses chiffres dans le tableur : mettez la colonne en texte"
        )
    if compact.isdigit() and compact.isascii() and len(compact) == 14:
        # A La Poste establishment does not pass Luhn: only the SIREN is asked to.
        if len(set(compact)) > 1 and siren.is_valid(compact[:9]):
            return compact, IdentifierKind.SIRET.value
        warnings.append(f"SIRET {compact} à vérifier : sa clé est fausse")
        return compact, IdentifierKind.UNKNOWN.value
    warnings.append(f"identifiant « {_short_line(text, 30)} » à vérifier : un SIRET compte 14 chiffres")
    return compact[:40], IdentifierKind.UNKNOWN.value


def _place(values: Mapping[str, str], warnings: list[str]) -> tuple[float | None, float | None]:
    """Degrees of « SRID=4326;POINT (4.40 44.60) » (longitude first), or of two columns."""
    point = re.search(
        r"POINT\s*\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s*\)", values.get("coords", ""), re.I
    )
    texts = (point[2], point[1]) if point else (values.get("latitude", ""), values.get("longitude", ""))
    if not all(texts):
        return None, None
    try:
        latitude, longitude = (round(float(text.replace(",", ".")), 6) for text in texts)
    except ValueError:
        warnings.append("coordonnées illisibles")
        return None, None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude, longitude) == (0, 0):
        warnings.append("coordonnées hors du globe ou nulles")
        return None, None
    return latitude, longitude


def _code(text: str) -> str:
    """A postal or INSEE code with the leading zero that a spreadsheet took away."""
    code = re.sub(r"\s|\.0$", "", text).upper()
    return code.zfill(5)[:5] if code and len(code) <= 5 else ""


def _department(code: str) -> str:
    if code.startswith(("97", "98")):
        return code[:3]
    return code[:2]


def _email(text: str, warnings: list[str]) -> str:
    text = text.strip()
    if not text:
        return ""
    if re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", text) and len(text) <= 254:
        return text
    warnings.append(f"adresse électronique « {_short_line(text, 40)} » laissée de côté")
    return ""


def _day(text: str, warnings: list[str]) -> dt.date | None:
    if not text:
        return None
    try:
        return parse_day(text[:10] if re.match(r"\d{4}-\d\d-\d\d", text) else text)
    except ValueError:
        warnings.append(f"date « {_short_line(text, 20)} » illisible")
        return None


def _text(value: Any) -> str:
    """A cell or a JSON value on one line."""
    if isinstance(value, float):
        value = Decimal(str(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, str | Decimal | dt.date):
        return ""
    return " ".join(text_of(value).replace("\x00", "").split())


def _short_line(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
