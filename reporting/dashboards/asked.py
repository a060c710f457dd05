"""What the address of a dashboard asks for: years side by side or whole months, a place, a panel; bad values in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from core import formats
from core.forms import parse_month
from reporting.scope import Months, Period, Span

# How far back a year may be asked for, how many are offered, how many stand side by side, how many make a series.
OLDEST, OFFERED, SIDE_BY_SIDE, SERIES = 20, 6, (2, 5), 5
MOST_MONTHS = 60
PLACES = {"marche": "marché", "operation": "opération", "direction": "direction"}
PANELS = {"ensemble": "Vue d’ensemble", "achats": "Clauses, marchés réservés et secteurs"}


@dataclass(frozen=True)
class Asked:
    """A dashboard's address, read. `compared`: 0, or how many years stand side by side."""

    year: int
    months: Months | None = None
    compared: int = 0
    # (« marche », 12): the narrowest place asked for.
    place: tuple[str, int] | None = None
    panel: str = "ensemble"
    # The table that is wanted whole.
    whole: str = ""
    sentences: tuple[str, ...] = field(default=())

    @property
    def shown(self) -> tuple[Span, ...]:
        """The spans that stand side by side; one outside of a comparison."""
        if self.months:
            return (self.months,)
        return tuple(range(self.year - max(self.compared, 1) + 1, self.year + 1))

    @property
    def span(self) -> Span:
        return self.shown[-1]

    @property
    def period(self) -> Period:
        """Every span that is read: the years of the series too."""
        return Period((self.months,)) if self.months else Period.of_year(self.year, back=SERIES - 1)

    @property
    def is_annual(self) -> bool:
        return self.months is None

    @property
    def when(self) -> str:
        """« en 2026 », « de mars à juin 2026 »."""
        from reporting.snapshot.words import months_in_words

        return months_in_words(self.months) if self.months else f"en {self.year}"

    @property
    def label(self) -> str:
        """« année 2026 », « années 2024 à 2026 », « mars – juin 2026 »."""
        from reporting.snapshot.words import months_label

        if self.months:
            return months_label(self.months)
        if self.compared:
            return f"années {self.shown[0]} à {self.year}"
        return f"année {self.year}"

    def query(self, **changes: str | int) -> str:
        """« ?annee=2025&comparer=3 »: this address with these changes; a blank value takes a parameter away."""
        values: dict[str, str | int] = {}
        if self.months:
            values |= {"de": f"{self.months.first:%Y-%m}", "a": f"{self.months.last:%Y-%m}"}
        else:
            values["annee"] = self.year
            if self.compared:
                values["comparer"] = self.compared
        if self.place:
            values[self.place[0]] = self.place[1]
        if self.panel != "ensemble":
            values["volet"] = self.panel
        if any(name in PLACES for name in changes):
            values = {name: value for name, value in values.items() if name not in PLACES}
        if "annee" in changes:
            values = {name: value for name, value in values.items() if name not in ("de", "a")}
        values |= changes
        return "?" + urlencode({name: value for name, value in values.items() if value != ""})


def read(query: Mapping[str, str], today: dt.date) -> Asked:
    """The address as asked; what it says wrong is left out, and said."""
    said: list[str] = []
    year = _year(query.get("annee", ""), today, said)
    months = _months(query.get("de", ""), query.get("a", ""), today, said)
    compared = _compared(query.get("comparer", ""), said)
    if months and compared:
        said.append("Seules des années entières se comparent : la comparaison est laissée de côté.")
        compared = 0
    place = None
    for name in PLACES:
        if value := query.get(name, "").strip():
            if value.isascii() and value.isdecimal() and len(value) <= 9:
                place = place or (name, int(value))
            else:
                said.append(
                    f"« {formats.short(value, 30)} » ne désigne ni marché, ni opération, ni direction : tout est montré."
                )
    panel = query.get("volet", "") or "ensemble"
    if panel not in PANELS:
        said.append(f"« {formats.short(panel, 30)} » n’est pas un volet de ce tableau : voici l’ensemble.")
        panel = "ensemble"
    whole = query.get("tout", "")
    return Asked(year, months, compared, place, panel, whole, tuple(formats.typeset(row) for row in said))


def _year(text: str, today: dt.date, said: list[str]) -> int:
    text = text.strip()
    if not text:
        return today.year
    year = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0
    if today.year - OLDEST < year <= today.year:
        return year
    said.append(
        f"« {formats.short(text, 30)} » n’est pas une année que l’on puisse montrer : voici {today.year}."
    )
    return today.year


def _months(start: str, end: str, today: dt.date, said: list[str]) -> Months | None:
    start, end = start.strip(), end.strip()
    if not start and not end:
        return None
    try:
        first = parse_month(start[:30]) if start else None
        last = parse_month(end[:30]) if end else None
    except ValueError:
        said.append("Les mois se donnent ainsi : 03/2026, ou mars 2026. L’année est montrée.")
        return None
    if first is None:
        said.append("Dites aussi le premier mois. L’année est montrée.")
        return None
    last = last or max(first, today.replace(day=1))
    if last < first:
        said.append("Le dernier mois vient avant le premier : l’année est montrée.")
        return None
    if first > today or first.year <= today.year - OLDEST:
        said.append("Ces mois ne sont pas de ceux que l’on puisse montrer : l’année est montrée.")
        return None
    # What is to come holds nothing: the last month is this one.
    last = min(last, today.replace(day=1))
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        said.append(f"{MOST_MONTHS} mois au plus se montrent ensemble : l’année est montrée.")
        return None
    return Months(first, last)


def _compared(text: str, said: list[str]) -> int:
    text = text.strip()
    if not text or text == "1":
        return 0
    fewest, most = SIDE_BY_SIDE
    if len(text) == 1 and text.isascii() and text.isdecimal() and fewest <= int(text) <= most:
        return int(text)
    said.append(
        f"De {fewest} à {most} années se comparent : « {formats.short(text, 30)} » est laissé de côté."
    )
    return 0
