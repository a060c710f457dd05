"""The arithmetic of the participation financière, without Django: VAT, and a quote cut into two halves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Amounts:
    """What is asked (€): without tax, the tax, and both."""

    net: Decimal
    vat: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.vat

    def __neg__(self) -> Amounts:
        return Amounts(-self.net, -self.vat)


def with_vat(net: Decimal, rate: Decimal) -> Amounts:
    """`net` (€) and its tax at `rate` (%), to the cent."""
    return Amounts(net, (net * rate / 100).quantize(CENT, ROUND_HALF_UP))


def halves(net: Decimal, rate: Decimal) -> tuple[Amounts, Amounts]:
    """A quote of `net` (€) at `rate` (%) in two invoices of 50 % (convention, article 7).

    The odd cent goes to the first; the second is what is left, of the amount and of the tax, so that both add up to
    the quote to the cent.
    """
    whole = with_vat(net, rate)
    first = with_vat((net / 2).quantize(CENT, ROUND_HALF_UP), rate)
    return first, Amounts(whole.net - first.net, whole.vat - first.vat)
