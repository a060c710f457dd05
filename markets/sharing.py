"""How hours and euros of a market shared by several buyers are told between them. Pure.

A share is in hundredths of a per cent: 3333 is 33,33 %. Members get theirs rounded to the cent; the buyer that leads
the market gets what they leave, so that the buyers together make the whole exactly, whatever is being told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
WHOLE = Decimal(100)


def part_of(value: Decimal, share: Decimal) -> Decimal:
    """The part of a member that has `share` per cent, two decimals; a negative value mirrors the positive one."""
    return (value * share / WHOLE).quantize(CENT, rounding=ROUND_HALF_UP)


def left_of(value: Decimal, shares: Sequence[Decimal]) -> Decimal:
    """What the members of these shares leave to the buyer that leads the market."""
    return value - sum((part_of(value, share) for share in shares), Decimal("0.00"))


@dataclass(frozen=True)
class Part:
    """What one buyer has of a market: its own share, or what the others leave when it leads the market."""

    own: Decimal | None = None
    others: tuple[Decimal, ...] = ()
    # Of a member, its own department for that market.
    department: int | None = None
    department_name: str = ""

    @property
    def share(self) -> Decimal:
        """In per cent."""
        return self.own if self.own is not None else WHOLE - sum(self.others, Decimal(0))

    def of(self, value: Decimal) -> Decimal:
        if self.own is not None:
            return part_of(value, self.own)
        return left_of(value, self.others)
