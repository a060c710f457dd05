"""Finding a person's name in any text, however it is written, and taking it out; without Django."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.text import normalise

STANDS_FOR = "(personne anonymisée)"
_TOKEN = re.compile(r"[^\W_]+")
_EMAIL = re.compile(r"[^\s<>,;:\"'()\[\]]+@[^\s<>,;:\"'()\[\]]+")
# Between the words of one name: « Dupont-Durand », « dupont_jean.pdf »; a comma parts people in a sentence.
_BETWEEN = re.compile(r"[\s\-\u2010\u2011’'_]{0,2}")
_BETWEEN_APART = re.compile(r"[\s\-\u2010\u2011’'.,()_/]{0,3}")
# A word this short is rarely a name alone: « de », « El ».
SHORTEST = 3

Name = tuple[str, ...]


def words_of(name: str) -> Name:
    """« D’Hérouville-Saint » → ("d", "herouville", "saint")."""
    return tuple(word for token in _TOKEN.findall(name or "") for word in normalise(token).split())


@dataclass
class Known:
    """What someone is or was called, and what leads to them: addresses, telephones, days of birth."""

    last_names: set[Name] = field(default_factory=set)
    first_names: set[Name] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    births: set[dt.date] = field(default_factory=set)

    def add(
        self,
        last_name: str = "",
        first_name: str = "",
        birth_name: str = "",
        email: str = "",
        phone: str = "",
        birth_date: dt.date | None = None,
    ) -> None:
        self.last_names |= {words for name in (last_name, birth_name) if (words := words_of(name))}
        self.first_names |= {words} if (words := words_of(first_name)) else set()
        self.emails |= {email.strip().casefold()} if email and email.strip() else set()
        self.phones |= {phone.strip()} if phone and phone.strip() else set()
        self.births |= {birth_date} if birth_date else set()

    def marks(self) -> Iterator[str]:
        """Telephones and days of birth as they are written beside a name."""
        for phone in self.phones:
            digits = re.sub(r"\D", "", phone)
            yield phone
            if len(digits) == 10:
                yield digits
                yield " ".join(digits[i : i + 2] for i in range(0, 10, 2))
        for day in self.births:
            yield from (f"{day:%d/%m/%Y}", f"{day:%d/%m/%y}", f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}")
            yield f"{day.day}/{day.month}/{day.year}"


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    words: Name


class NameFinder:
    """Looks for many people at once: one reading of a text, whatever their number."""

    def __init__(self, people: Iterable[Known]) -> None:
        self._by_word: dict[str, list[tuple[Name, Known]]] = defaultdict(list)
        self._emails: set[str] = set()
        for known in people:
            self._emails |= known.emails
            if known.first_names:
                for last in known.last_names:
                    # Its longest word is its rarest, as a rule.
                    self._by_word[max(last, key=len)].append((last, known))

    def scrub(self, value: Any, *, apart: bool) -> Any:
        """The value (a text, or what JSON holds) without the names; the same object where there was none.

        apart: the first and the last name may stand away from each other, as in a form or in the cells of a line.
        """
        if isinstance(value, str):
            return self._text(value, apart=apart)
        if isinstance(value, list | dict):
            return self._json(value, apart=apart)
        return value

    def scrub_row(self, values: dict[str, Any]) -> dict[str, Any]:
        """What changes of a row that is about one thing: who is named in one of its texts goes from the others too."""
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        named = list(self._named([token for text in texts.values() for token in _tokens(text)]))
        fresh = {name: self.scrub(_take_out(text, named), apart=True) for name, text in texts.items()}
        fresh |= {name: self.scrub(value, apart=True) for name, value in values.items() if name not in texts}
        return {name: value for name, value in fresh.items() if value != values[name]}

    # --- Texts ----------------------------------------------------------------------------------------------

    def _text(self, text: str, *, apart: bool) -> str:
        if len(text) < SHORTEST:
            return text
        tokens = _tokens(text)
        spans = [
            span for names, known in self._named(tokens) for span in _spans(text, tokens, names, known, apart)
        ]
        spans += [
            found.span() for found in _EMAIL.finditer(text) if found[0].casefold().rstrip(".") in self._emails
        ]
        return _without(text, spans)

    def _named(self, tokens: list[_Token]) -> Iterator[tuple[tuple[Name, Name], Known]]:
        """The people all of whose words stand among these."""
        words = {word for token in tokens for word in token.words}
        for word in words & self._by_word.keys():
            for last, known in self._by_word[word]:
                if words.issuperset(last):
                    for first in known.first_names:
                        if words.issuperset(first):
                            yield (last, first), known

    # --- What JSON holds ------------------------------------------------------------------------------------

    def _json(self, value: Any, *, apart: bool) -> Any:
        """Inside out: the smallest list or object that holds both names is the one that is about the person."""
        items = value.items() if isinstance(value, dict) else enumerate(value)
        fresh = {key: self.scrub(item, apart=apart) for key, item in items}
        changed = any(fresh[key] is not item for key, item in _pairs(value))
        if not changed and apart:
            tokens = [token for text in _texts(value) for token in _tokens(text)]
            named = list(self._named(tokens))
            if named:
                return _map_texts(value, lambda text: _take_out(text, named))
        if not changed:
            return value
        return fresh if isinstance(value, dict) else [fresh[index] for index in range(len(value))]


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for _, item in _pairs(value):
            yield from _texts(item)


def _map_texts(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_texts(item, change) for item in value]
    return value


def _take_out(text: str, named: list[tuple[tuple[Name, Name], Known]]) -> str:
    tokens = _tokens(text)
    return _without(
        text, [span for names, known in named for span in _spans(text, tokens, names, known, True)]
    )


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(found.start(), found.end(), tuple(normalise(found[0]).split()))
        for found in _TOKEN.finditer(text)
    ]


def _spans(
    text: str, tokens: list[_Token], names: tuple[Name, Name], known: Known, apart: bool
) -> Iterator[tuple[int, int]]:
    """Where the name stands, and what is written beside it of the same person."""
    last, first = names
    wanted = {*last, *first}
    runs = list(_runs(text, tokens, wanted, _BETWEEN_APART if apart else _BETWEEN))
    held = [{word for token in run for word in token.words} for run in runs]
    whole = [
        words.issuperset(wanted) and not _is_part(text, run) for run, words in zip(runs, held, strict=True)
    ]
    if not apart and not any(whole):
        return
    for run, words, is_whole in zip(runs, held, whole, strict=True):
        told_alone = words.issuperset(last) or (apart and any(len(word) >= SHORTEST for word in words))
        if is_whole or told_alone:
            yield run[0].start, run[-1].end
    lowered = text.casefold()
    for mark in known.marks():
        at = lowered.find(mark.casefold())
        while at >= 0:
            yield at, at + len(mark)
            at = lowered.find(mark.casefold(), at + len(mark))


def _runs(
    text: str, tokens: list[_Token], wanted: set[str], between: re.Pattern[str]
) -> Iterator[list[_Token]]:
    """Words of the name that follow one another."""
    run: list[_Token] = []
    for token in tokens:
        is_of_name = bool(token.words) and wanted.issuperset(token.words)
        if run and not (is_of_name and between.fullmatch(text[run[-1].end : token.start])):
            yield run
            run = []
        if is_of_name:
            run.append(token)
    if run:
        yield run


def _is_part(text: str, run: list[_Token]) -> bool:
    """Whether the words are the beginning or the end of a longer name: « Martin Jean » in « Martin Jean-Luc »."""
    before, after = text[: run[0].start], text[run[-1].end :]
    return bool(re.match(r"[-\u2010\u2011][^\W_]", after) or re.search(r"[^\W_][-\u2010\u2011]$", before))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with what stands for a person at each place; places that touch are one."""
    if not spans:
        return text
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    for start, end in reversed(merged):
        text = text[:start] + STANDS_FOR + text[end:]
    return text
