"""Contracts that follow each other with one employer, told as one chain. No Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Link:
    """A contract as a chain sees it; `previous` is the one that it is said to renew or continue."""

    key: int
    employer: int
    starts_on: dt.date
    ends_on: dt.date | None
    previous: int | None = None


@dataclass(slots=True)
class Chain:
    """Contracts one after the other, the first day of the first and the last day of the last (None: it runs)."""

    links: list[Link] = field(default_factory=list)

    @property
    def starts_on(self) -> dt.date:
        return self.links[0].starts_on

    @property
    def ends_on(self) -> dt.date | None:
        ends = [link.ends_on for link in self.links]
        return None if None in ends else max(end for end in ends if end)


@dataclass(frozen=True, slots=True)
class Break:
    """A contract that comes too long after the one before with the same employer: the days between them."""

    key: int
    days: int


def chains_of(links: Iterable[Link], gap_days: int) -> tuple[list[Chain], list[Break]]:
    """The chains of a person's contracts, and where one is broken.

    A contract continues the chain of its employer, or of the contract that it is said to continue, when it begins at
    most `gap_days` days after the chain ended. Their order does not matter.
    """
    chains: list[Chain] = []
    breaks: list[Break] = []
    of_key: dict[int, Chain] = {}
    for link in sorted(links, key=lambda link: (link.starts_on, link.key)):
        same = [chain for chain in chains if chain.links[-1].employer == link.employer]
        candidate = of_key.get(link.previous or 0) or (same[-1] if same else None)
        gap = _gap(candidate, link) if candidate else None
        if candidate is not None and gap is not None and gap <= gap_days:
            chain = candidate
        else:
            chain = Chain()
            chains.append(chain)
            if gap is not None:
                breaks.append(Break(link.key, gap))
        chain.links.append(link)
        of_key[link.key] = chain
    return chains, breaks


def _gap(chain: Chain, link: Link) -> int:
    """Days without contract between a chain and what follows it; 0 when they touch or overlap."""
    end = chain.ends_on
    return 0 if end is None else max((link.starts_on - end).days - 1, 0)
