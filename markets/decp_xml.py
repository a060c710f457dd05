"""Reads the XML form of a DECP file piece by piece, in bounded memory, as the values that its JSON form holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

PIECE = 64 * 1024
# Names of the elements that are contracts, wherever the list that holds them stands.
CONTRACTS = {"marche": "market", "contrat-concession": "concession", "contratConcession": "concession"}


class BrokenXml(Exception):
    """The file is no XML that may be read; str(error) is a French sentence."""


class _Reader:
    """Follows the elements; what a contract holds becomes dicts, lists and texts."""

    def __init__(self, *, most_values: int, deepest: int, longest: int) -> None:
        self.most_values, self.deepest, self.longest = most_values, deepest, longest
        self.found: deque[tuple[str, dict[str, Any] | None]] = deque()
        # Open elements inside a contract: name, what they hold, their text.
        self.open: list[tuple[str, dict[str, Any], list[str]]] = []
        self.nature = ""
        self.depth = self.values = self.length = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > self.deepest:
            raise BrokenXml("Le fichier est trop profondément imbriqué : ce n’est pas un fichier DECP.")
        name = tag.rpartition(":")[2]
        self.length = 0
        if self.open:
            self.values += 1
            self.open.append((name, {}, []))
        elif name in CONTRACTS:
            self.nature, self.values = CONTRACTS[name], 0
            self.open.append((name, {}, []))

    def text(self, text: str) -> None:
        self.length += len(text)
        if self.length > self.longest:
            raise BrokenXml(
                "Le fichier contient une valeur de plus d’un mégaoctet : ce n’est pas un fichier DECP."
            )
        if self.open and self.values <= self.most_values:
            self.open[-1][2].append(text)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if not self.open:
            return
        name, inner, words = self.open.pop()
        if not self.open:
            self.found.append((self.nature, inner if self.values <= self.most_values else None))
        elif self.values <= self.most_values:
            _put(self.open[-1][1], name, inner or "".join(words).strip())


def _put(holder: dict[str, Any], name: str, value: Any) -> None:
    """A name met again makes a list; a date met again keeps its latest day."""
    if name not in holder:
        holder[name] = value
    elif name.startswith("date") and isinstance(value, str) and isinstance(holder[name], str):
        holder[name] = max(holder[name], value)
    elif isinstance(holder[name], list):
        holder[name].append(value)
    else:
        holder[name] = [holder[name], value]


def _refuse(*_: Any) -> None:
    # Entities could make one page stand for gigabytes, or read a file of the server.
    raise BrokenXml("Ce fichier XML déclare un type de document, ce qu’un fichier DECP ne fait pas.")


def read_items(
    head: bytes, source: IO[bytes], *, most_values: int, deepest: int, longest: int
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Every contract with its nature; one that holds too many values comes as None. Raises BrokenXml."""
    reader = _Reader(most_values=most_values, deepest=deepest, longest=longest)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    piece, seen, is_last = head, 0, False
    while not is_last:
        is_last = not piece
        try:
            parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            while reader.found:
                seen += 1
                yield reader.found.popleft()
            raise BrokenXml(
                f"Le fichier n’est plus du XML après la ligne {seen}\u202f: il est tronqué ou mal formé. "
                "Demandez-le de nouveau au producteur."
            ) from error
        while reader.found:
            seen += 1
            yield reader.found.popleft()
        piece = source.read(PIECE)
