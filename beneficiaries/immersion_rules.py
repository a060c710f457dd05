"""The limits of a PMSMP: how long it may last, how often it comes back to one host, its part of a CDDI. No Django.

Code du travail, article D5135-3 (version in force since 16/11/2014):
« La convention mentionnée à l’article L. 5135-4 est conclue pour une durée ne pouvant excéder un mois de date à date,
que la présence du bénéficiaire au sein de la structure d’accueil soit continue ou discontinue.
Lorsque le ou les objectifs […] n’ont pas été atteints, la convention peut être renouvelée une fois, pour le même objet
et les mêmes objectifs que ceux initialement fixés et pour une durée au plus égale […].
Il peut être conclu, avec un même bénéficiaire et au cours d’une période de douze mois consécutifs, au plus deux
conventions […] dans la même structure d’accueil, sous réserve que ces conventions comportent des objets ou des objectifs
différents et sans que la durée totale de ces conventions, renouvellements compris, n’excède soixante jours sur la même
période. »
During a CDDI (immersion allowed by article L5132-15-1): 25 % of the contract's duration at most, all immersions together
(décret 2014-1360 of 13/11/2014; the same words as article D5134-50-2).
Days are days of the calendar: what the agreement covers, whether or not the person is there each day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from core import formats
from core.dates import add_months, month_end

HOST_DAYS = 60
HOST_MONTHS = 12
HOST_AGREEMENTS = 2
CONTRACT_PART = Fraction(1, 4)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Immersion:
    """One agreement: its number, its host, its object, its days (both included), the agreement that it renews."""

    key: int
    host: int
    purpose: str
    starts_on: dt.date
    ends_on: dt.date
    renews: int | None = None
    # The CDDI during which it takes place.
    during: int | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """The CDDI during which an immersion takes place; without end, its part cannot be worked out."""

    key: int
    starts_on: dt.date
    ends_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that is passed: which, in one sentence, by how many days, and the last day that keeps within it."""

    rule: str
    sentence: str
    over: int = 0
    allowed_until: dt.date | None = None


def last_day_of_month_from(start: dt.date) -> dt.date:
    """The last day of « un mois de date à date »: from 03/03, 02/04; from 31/01, the last day of February."""
    following = add_months(start, 1)
    return following - DAY if following.day == start.day else month_end(following)


def days_of(start: dt.date, end: dt.date) -> int:
    """How many days from one to the other, both included."""
    return (end - start).days + 1


def check_immersion(
    new: Immersion, others: Iterable[Immersion], during: Contract | None = None
) -> list[Breach]:
    """Every limit that `new` passes among the person's other immersions, in the order of the article.

    The others may come in any order; one with the same key is the former state of `new` and is left out.
    """
    rest = sorted((row for row in others if row.key != new.key), key=lambda row: (row.starts_on, row.key))
    found = [*_one_month(new), *_renewal(new, rest), *_host(new, rest)]
    return found + (_contract(new, rest, during) if during else [])


def _one_month(new: Immersion) -> Iterator[Breach]:
    last = last_day_of_month_from(new.starts_on)
    if new.ends_on <= last:
        return
    over = (new.ends_on - last).days
    yield Breach(
        "one_month",
        f"La convention dépasse un mois de date à date de {formats.noun(over, 'jour')} : commencée le "
        f"{formats.day(new.starts_on)}, elle peut aller jusqu’au {formats.day(last)}.",
        over,
        last,
    )


def _renewal(new: Immersion, rest: Sequence[Immersion]) -> Iterator[Breach]:
    by_key = {row.key: row for row in rest}
    if new.renews is None:
        return
    renewed = by_key.get(new.renews)
    if renewed is None:
        return
    if renewed.host != new.host:
        yield Breach(
            "renewal_host",
            "Un renouvellement se fait dans la même structure : ailleurs, c’est une nouvelle convention.",
        )
    if renewed.purpose != new.purpose:
        yield Breach(
            "renewal_purpose",
            "Un renouvellement garde l’objet de la convention renouvelée : pour un autre objet, c’est une nouvelle "
            "convention.",
        )
    if renewed.renews is not None and renewed.renews in by_key:
        yield Breach(
            "renewed_once",
            f"La convention du {formats.day(renewed.starts_on)} est déjà un renouvellement : une convention ne se "
            "renouvelle qu’une fois.",
        )
    elif any(row.renews == renewed.key for row in rest):
        yield Breach(
            "renewed_once",
            f"La convention du {formats.day(renewed.starts_on)} a déjà été renouvelée : elle ne l’est qu’une fois.",
        )


def _host(new: Immersion, rest: Sequence[Immersion]) -> Iterator[Breach]:
    here = [row for row in rest if row.host == new.host]
    over = _host_days(new, here) - HOST_DAYS
    if over > 0:
        until = _latest(new, lambda end: _host_days(_ending(new, end), here) <= HOST_DAYS)
        when = (
            f"jusqu’au {formats.day(until)}"
            if until
            else f"à partir du {formats.day(_first_possible(new, here))} au plus tôt"
        )
        yield Breach(
            "host_days",
            f"La personne passerait {HOST_DAYS + over} jours dans cette structure sur 12 mois : "
            f"{formats.noun(over, 'jour')} de trop, la limite est de {HOST_DAYS}. Cette convention serait possible {when}.",
            over,
            until,
        )
    agreements = [row for row in here if not _is_renewal(row, here)]
    if not _is_renewal(new, here):
        yield from _same_object(new, agreements)
        most = _most_in_twelve_months(new, agreements)
        if most > HOST_AGREEMENTS:
            yield Breach(
                "host_agreements",
                f"Ce serait la {most}ᵉ convention dans cette structure sur 12 mois : deux au plus sont possibles, "
                "renouvellements à part.",
            )


def _same_object(new: Immersion, agreements: Sequence[Immersion]) -> Iterator[Breach]:
    """Over twelve months, the second agreement in a host has another object; the rules do not know the objectives."""
    for row in agreements:
        first, last = sorted((row.starts_on, new.starts_on))
        if row.purpose == new.purpose and last < add_months(first, HOST_MONTHS):
            yield Breach(
                "same_object",
                f"La convention du {formats.day(row.starts_on)} a déjà cet objet dans cette structure : sur 12 mois, une "
                "seconde en a un autre, ou d’autres objectifs. Si elle prolonge la première, c’est un renouvellement : "
                "indiquez-la sous « renouvelle ou continue ».",
            )
            return


def _is_renewal(row: Immersion, among: Sequence[Immersion]) -> bool:
    return row.renews is not None and any(other.key == row.renews for other in among)


def _ending(new: Immersion, end: dt.date) -> Immersion:
    return Immersion(new.key, new.host, new.purpose, new.starts_on, end, new.renews, new.during)


def _host_days(new: Immersion, here: Sequence[Immersion]) -> int:
    """The most days in the host over any twelve months that hold a day of `new`; one day counts once."""
    spans = _merged([new, *here])
    windows = [(row.starts_on, add_months(row.starts_on, HOST_MONTHS) - DAY) for row in (new, *here)]
    windows += [(add_months(row.ends_on + DAY, -HOST_MONTHS), row.ends_on) for row in (new, *here)]
    touched = [(first, last) for first, last in windows if first <= new.ends_on and new.starts_on <= last]
    return max(sum(_overlap(span, window) for span in spans) for window in touched)


def _most_in_twelve_months(new: Immersion, agreements: Sequence[Immersion]) -> int:
    """The most agreements begun in any twelve months in which `new` begins, itself included."""
    begun = sorted(row.starts_on for row in (new, *agreements))
    most = 0
    for first in begun:
        last = add_months(first, HOST_MONTHS) - DAY
        if first <= new.starts_on <= last:
            most = max(most, sum(first <= day <= last for day in begun))
    return most


def _contract(new: Immersion, rest: Sequence[Immersion], during: Contract) -> list[Breach]:
    if new.starts_on < during.starts_on or (during.ends_on and new.ends_on > during.ends_on):
        end = f"au {formats.day(during.ends_on)}" if during.ends_on else "sans fin connue"
        return [
            Breach(
                "outside_contract",
                f"L’immersion sort du CDDI, qui va du {formats.day(during.starts_on)} {end}.",
            )
        ]
    if during.ends_on is None:
        return []
    length = days_of(during.starts_on, during.ends_on)
    most = int(length * CONTRACT_PART)
    same = [row for row in rest if row.during == during.key]

    def taken(end: dt.date) -> int:
        return sum(days_of(*span) for span in _merged([_ending(new, end), *same]))

    over = taken(new.ends_on) - most
    if over <= 0:
        return []
    until = _latest(new, lambda end: taken(end) <= most)
    allowed = (
        f"Cette convention peut aller jusqu’au {formats.day(until)}."
        if until
        else "Il ne reste aucun jour pour cette convention."
    )
    return [
        Breach(
            "contract_part",
            f"Les immersions prendraient {most + over} des {length} jours du CDDI : {formats.noun(over, 'jour')} de trop, "
            f"la limite est de 25 %, soit {formats.noun(most, 'jour')}. {allowed}",
            over,
            until,
        )
    ]


def _merged(rows: Iterable[Immersion]) -> list[tuple[dt.date, dt.date]]:
    """The days covered, as spans that do not meet: a day in two agreements is one day."""
    spans: list[tuple[dt.date, dt.date]] = []
    for start, end in sorted((row.starts_on, row.ends_on) for row in rows):
        if spans and start <= spans[-1][1] + DAY:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _overlap(one: tuple[dt.date, dt.date], other: tuple[dt.date, dt.date]) -> int:
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return days_of(first, last) if first <= last else 0


def _latest(new: Immersion, fits: object) -> dt.date | None:
    """The last day on which the agreement may end and keep within a limit, a month at most; None when no day does."""
    end = min(new.ends_on, last_day_of_month_from(new.starts_on))
    while end >= new.starts_on:
        if fits(end):  # type: ignore[operator]
            return end
        end -= DAY
    return None


def _first_possible(new: Immersion, here: Sequence[Immersion]) -> dt.date:
    """The first day, after the one asked for, on which an agreement of one day would be within the limit."""
    start = new.starts_on
    for _ in range(HOST_MONTHS * 31):
        start += DAY
        if _host_days(Immersion(new.key, new.host, new.purpose, start, start, new.renews), here) <= HOST_DAYS:
            break
    return start
