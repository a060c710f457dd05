"""Reads a DECP file (données essentielles de la commande publique) line by line, in bounded memory, without a database.

Formats: the arrêté of 22/12/2022 (`marches.marche`, `marches.contrat-concession`) and the 2019 list (`marches`), in
JSON or in XML.
Every line becomes a `Contract`, or a sentence that says where it stands and why it could not be read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import IO, Any

import ijson
from stdnum.fr import siren

from core.text import normalise
from markets.decp_xml import BrokenXml, read_items

# A line of the real files holds some hundreds of values; one that holds more is not a contract.
MOST_VALUES = 20_000
DEEPEST = 64
PIECE = 64 * 1024
LONGEST_STRING = 1024 * 1024
AMOUNT_MAX = Decimal("9999999999.99")
CENT = Decimal("0.01")
MISSING = {"", "cdl", "nc", "mq", "inx", "na", "n/a", "null", "none", "sans objet"}

# Where contracts stand, from the root object; a bare list of contracts has no name.
LISTS = {
    "marches.marche": "market",
    "marches.contrat-concession": "concession",
    "marches.contratConcession": "concession",
    "marches": "market",
}


class UnreadableFile(Exception):
    """The file is not a DECP file, or breaks off; str(error) is a French sentence."""


@dataclass(frozen=True, slots=True)
class Party:
    """A titulaire, concessionnaire or sous-traitant: an identifier, perhaps malformed, perhaps a name."""

    identifier: str
    kind: str  # siret, vat, foreign, unknown or none: the values of markets.enums.IdentifierKind
    name: str = ""
    amount: Decimal | None = None
    notified_on: dt.date | None = None


@dataclass(slots=True)
class Contract:
    """One line of a DECP file, with what could not be understood in `warnings`."""

    position: int
    nature: str
    buyer: Party
    number: str
    object: str
    amount: Decimal | None
    settled_amount: Decimal | None
    cpv: str
    procedure: str
    techniques: frozenset[str]
    place: str
    place_kind: str
    months: int | None
    notified_on: dt.date | None
    published_on: dt.date | None
    grouping: str
    holders: list[Party]
    subcontractors: list[Party]
    considerations: frozenset[str]
    warnings: list[str] = field(default_factory=list)

    @property
    def lot_key(self) -> str:
        """What tells two lots under one number apart: their object and their holders."""
        holders = ",".join(sorted(party.identifier or normalise(party.name) for party in self.holders))
        return f"{normalise(self.object)[:140]}|{holders}"[:200]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that could not be read: its position in its list (from 1), and why."""

    position: int
    nature: str
    sentence: str


# --- Reading ------------------------------------------------------------------------------------------------


# Python's own writers leave `NaN` where a value is missing; no JSON reader takes it.
_NOT_A_NUMBER = re.compile(rb"(?<=[:\[,\s])(?:NaN|-?Infinity)(?=[\s,\]}])")


# Beyond 4 300 digits Python refuses to make a number, and ijson's reader in C ends the whole process.
LONGEST_NUMBER = 400
_DIGITS = re.compile(rb"[0-9]{%d}" % LONGEST_NUMBER)


class _Pieces:
    """A binary file read in pieces, that stops at a string or a number longer than any contract holds."""

    def __init__(self, head: bytes, source: IO[bytes]) -> None:
        self.kept = head
        self.source = source
        self.since_quote = 0
        self.last_digits = b""

    def read(self, size: int = -1) -> bytes:
        if size == 0:
            return b""
        read = self.source.read(PIECE)
        piece, self.kept = self.kept + read, b""
        if read:
            # The end waits for the next piece: a word may be cut there.
            piece, self.kept = piece[:-16], piece[-16:]
            piece = piece or self.read(size)
        at = piece.rfind(b'"')
        self.since_quote = self.since_quote + len(piece) if at < 0 else len(piece) - at
        if self.since_quote > LONGEST_STRING:
            raise UnreadableFile(
                "Le fichier contient une valeur de plus d’un mégaoctet : ce n’est pas un fichier DECP."
            )
        digits = self.last_digits + piece
        if _DIGITS.search(digits):
            raise UnreadableFile(
                f"Le fichier contient un nombre de plus de {LONGEST_NUMBER} chiffres : ce n’est pas un fichier DECP."
            )
        end = digits[-LONGEST_NUMBER:]
        self.last_digits = end[len(end.rstrip(b"0123456789")) :]
        return _NOT_A_NUMBER.sub(b"null", piece)


def read_contracts(source: IO[bytes]) -> Iterator[Contract | Refused]:
    """Every line of the file, in order. Raises UnreadableFile when it is not a DECP file or breaks off.

    Lines before the break were already given.
    """
    head = source.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise UnreadableFile("Ce fichier est vide.")
    if head[:1] == b"<":
        yield from _read_xml(head, source)
        return
    if head[:1] not in (b"{", b"["):
        raise UnreadableFile(
            "Ce fichier n’est pas du JSON ni du XML : attendez un fichier DECP au format de l’arrêté de 2022."
        )
    seen = 0
    try:
        for nature, item in _items(ijson.basic_parse(_Pieces(head, source))):
            seen += 1
            yield _read(seen, nature, item)
    except ijson.IncompleteJSONError as error:
        if "UTF8" in str(error) or "UTF-8" in str(error):
            raise UnreadableFile(_encoding(seen)) from error
        raise UnreadableFile(
            f"Le fichier s’interrompt après la ligne {seen} : il est tronqué. Demandez-le de nouveau au producteur."
        ) from error
    except ijson.JSONError as error:
        raise UnreadableFile(
            f"Le fichier n’est plus du JSON après la ligne {seen} : {_short(str(error))}."
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFile(
            f"Le fichier devient illisible après la ligne {seen} : son encodage est faux."
        ) from error
    if not seen:
        raise UnreadableFile("Ce fichier JSON ne contient aucun marché : ce n’est pas un fichier DECP.")


def _read_xml(head: bytes, source: IO[bytes]) -> Iterator[Contract | Refused]:
    seen = 0
    items = read_items(head, source, most_values=MOST_VALUES, deepest=DEEPEST, longest=LONGEST_STRING)
    try:
        for nature, item in items:
            seen += 1
            yield _read(seen, nature, item)
    except BrokenXml as error:
        raise UnreadableFile(str(error)) from error
    if not seen:
        raise UnreadableFile("Ce fichier XML ne contient aucun marché : ce n’est pas un fichier DECP.")


def _encoding(seen: int) -> str:
    return f"Le fichier devient illisible après la ligne {seen} : il n’est pas en UTF-8."


def _items(events: Any) -> Iterator[tuple[str, Any]]:
    """The objects of the lists that hold contracts; one that is too large comes as None."""
    # Names of the containers from the root, with what each is: a list or not.
    path: list[tuple[str, bool]] = []
    key = inside = ""
    builder: Any = None
    depth = values = 0
    for event, value in events:
        if event == "map_key":
            key = value
        elif event in ("start_map", "start_array"):
            in_list = bool(path) and path[-1][1]
            if builder is None and event == "start_map" and in_list:
                found = LISTS.get(".".join(name for name, _ in path[1:]))
                if found:
                    inside, builder, depth, values = found, ijson.ObjectBuilder(), len(path), 0
            path.append(("item" if in_list else key, event == "start_array"))
            if len(path) > DEEPEST:
                raise UnreadableFile(
                    "Le fichier est trop profondément imbriqué : ce n’est pas un fichier DECP."
                )
        elif event in ("end_map", "end_array"):
            path.pop()
        if builder is None:
            continue
        values += 1
        if values <= MOST_VALUES:
            builder.event(event, value)
        if len(path) == depth and event == "end_map":
            yield inside, (builder.value if values <= MOST_VALUES else None)
            builder = None


def _read(position: int, nature: str, item: Any) -> Contract | Refused:
    if item is None:
        return Refused(position, nature, f"elle porte plus de {MOST_VALUES} valeurs")
    try:
        return _contract(position, nature, item)
    except _Unreadable as error:
        return Refused(position, nature, str(error))
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        return Refused(position, nature, f"sa forme n’est pas celle d’un contrat ({_short(str(error))})")


class _Unreadable(Exception):
    pass


def _contract(position: int, nature: str, item: dict[str, Any]) -> Contract:
    warnings: list[str] = []
    number = _text(item.get("id"))
    if not number:
        raise _Unreadable("elle n’a pas d’identifiant de marché")
    buyer = item.get("autoriteConcedante") or item.get("acheteur")
    if not isinstance(buyer, dict) or not (_text(buyer.get("id")) or _text(buyer.get("nom"))):
        raise _Unreadable("elle n’a pas d’acheteur")
    amount = _amount(item.get("valeurGlobale", item.get("montant")), "montant", warnings)
    changes = [_inner(change, "modification") for change in _list(item.get("modifications"), "modification")]
    published = [_day(item.get("datePublicationDonnees"), "date de publication", warnings)]
    published += [_day(change.get("datePublicationDonneesModification"), "", []) for change in changes]
    place = item.get("lieuExecution") or {}
    months = item.get("dureeMois")
    if isinstance(months, str) and re.fullmatch(r"\s*\d{1,3}(\.0*)?\s*", months):
        months = int(float(months))
    if months is not None and not (isinstance(months, int | Decimal | float) and 0 <= months < 1200):
        warnings.append(f"durée illisible : {_short(str(months))}")
        months = None
    holders = [
        _party(_inner(entry, "titulaire", "concessionnaire"), "titulaire", warnings)
        for entry in _list(
            item.get("concessionnaires") or item.get("titulaires"), "titulaire", "concessionnaire"
        )
    ]
    if not holders:
        warnings.append("sans titulaire")
    notified = item.get("dateNotification") or item.get("dateSignature") or item.get("dateDebutExecution")
    return Contract(
        position=position,
        nature=nature,
        buyer=_party(
            {"id": buyer.get("id"), "typeIdentifiant": "SIRET", "nom": buyer.get("nom")}, "acheteur", warnings
        ),
        number=number[:60],
        object=(_text(item.get("objet")) or f"Marché {number}")[:1000],
        amount=amount,
        settled_amount=_settled(amount, changes, warnings),
        cpv=re.sub(r"\D", "", _text(item.get("codeCPV"))[:10])[:8],
        procedure=_text(item.get("procedure")),
        techniques=frozenset(_words(item.get("techniques"), "technique")),
        place=_text(place.get("nom") or place.get("code"))[:200],
        place_kind=_text(place.get("typeCode")),
        months=int(months) if months is not None else None,
        notified_on=_day(notified, "date de notification", warnings),
        published_on=max((day for day in published if day), default=None),
        grouping=_text(item.get("typeGroupementOperateurs") or item.get("typeGroupement")),
        holders=_without_twins(holders),
        subcontractors=_subcontractors(item, warnings),
        considerations=frozenset(_words(item.get("considerationsSociales"), "considerationSociale")),
        warnings=warnings,
    )


def _subcontractors(item: dict[str, Any], warnings: list[str]) -> list[Party]:
    found = []
    for entry in _list(item.get("actesSousTraitance"), "acteSousTraitance"):
        act = _inner(entry, "acteSousTraitance")
        party = _party(act.get("sousTraitant") or {}, "sous-traitant", warnings)
        if party.identifier or party.name:
            amount = _amount(act.get("montant"), "montant sous-traité", warnings)
            notified = _day(act.get("dateNotification"), "", [])
            found.append(Party(party.identifier, party.kind, party.name, amount, notified))
    return _without_twins(found)


def _without_twins(parties: list[Party]) -> list[Party]:
    return list({party.identifier or normalise(party.name): party for party in parties}.values())


# --- Values -------------------------------------------------------------------------------------------------


def _settled(amount: Decimal | None, changes: list[dict[str, Any]], warnings: list[str]) -> Decimal | None:
    """The amount after modifications: real files give now the new total, now the difference.

    What lies between half and twice the amount known so far is read as a new total; anything else is kept out and
    flagged, never guessed (docs/decp.md).
    """
    if amount is None:
        return None
    dated = sorted(
        (change for change in changes if change.get("montant") is not None),
        key=lambda change: (
            str(change.get("dateNotificationModification") or ""),
            str(change.get("id") or ""),
        ),
    )
    for change in dated:
        new = _amount(change.get("montant"), "montant d’une modification", warnings)
        if new is None:
            continue
        if amount / 2 <= new <= amount * 2:
            amount = new
        else:
            warnings.append(
                f"modification de {new} € laissée de côté : total ou écart, le fichier ne le dit pas"
            )
    return amount


def _party(entry: dict[str, Any], what: str, warnings: list[str]) -> Party:
    """An identifier made comparable; malformed it is kept, and flagged."""
    raw = _text(entry.get("id"))
    declared = normalise(_text(entry.get("typeIdentifiant")))
    name = _text(entry.get("nom") or entry.get("denominationSociale"))[:300]
    compact = re.sub(r"[\s.\-]", "", raw).upper()
    if not compact or compact.lower() in MISSING:
        if not name:
            warnings.append(f"{what} sans identifiant")
        return Party("", "none", name)
    if compact.isdigit() and len(compact) == 14 and declared in ("", "siret"):
        if len(set(compact)) == 1:
            warnings.append(f"{what} : SIRET bouchon {compact}")
            return Party(compact, "unknown", name)
        # A La Poste establishment does not pass Luhn: only the SIREN is asked to.
        if siren.is_valid(compact[:9]):
            return Party(compact, "siret", name)
        warnings.append(f"{what} : SIRET {compact} à vérifier, sa clé est fausse")
        return Party(compact, "unknown", name)
    if declared.startswith("tva"):
        return Party(compact[:40], "vat", name)
    if declared in ("ue", "hors ue", "ridet", "tahiti", "frwf", "irep"):
        return Party(compact[:40], "foreign", name)
    if not re.search(r"\d", compact) and not name:
        warnings.append(f"{what} : un nom à la place de l’identifiant")
        return Party("", "none", raw[:300])
    warnings.append(f"{what} : identifiant « {_short(raw)} » à vérifier")
    return Party(compact[:40], "unknown", name)


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | Decimal) else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _amount(value: Any, what: str, warnings: list[str]) -> Decimal | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
        return None
    try:
        amount = Decimal(str(value).replace(",", ".").replace(" ", "")).quantize(CENT)
    except InvalidOperation:
        warnings.append(f"{what} illisible : {_short(str(value))}")
        return None
    if not 0 <= amount <= AMOUNT_MAX:
        warnings.append(f"{what} invraisemblable : {_short(str(value))}")
        return None
    return amount


def _day(value: Any, what: str, warnings: list[str]) -> dt.date | None:
    if value is None:
        return None
    try:
        day = dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        if what and str(value).strip().lower() not in MISSING:
            warnings.append(f"{what} illisible : {_short(str(value))}")
        return None
    return day if 1950 <= day.year <= 2100 else None


def _list(value: Any, *wrappers: str) -> list[Any]:
    """A list however it is wrapped: absent, alone, `[…]` or `{"titulaire": […]}`."""
    if value in (None, "", {}):
        return []
    if isinstance(value, dict):
        inner = next((value[name] for name in wrappers if isinstance(value.get(name), list)), None)
        return inner if inner is not None else [value]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _inner(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((entry[name] for name in names if isinstance(entry.get(name), dict)), entry)


def _words(value: Any, name: str) -> list[str]:
    """The values of a list that may stand flat, nested, or alone."""
    if isinstance(value, dict):
        value = value.get(name)
    if isinstance(value, str):
        value = value.split(",")
    return [normalise(word) for word in value or [] if isinstance(word, str) and word.strip()]
