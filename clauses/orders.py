"""Hours due for orders and invoices at one hour per so many euros; pure arithmetic.

The cumulative figure is what counts: all the orders of a commitment together owe the sum of amount ÷ rate, rounded
once to the hundredth of an hour. An order owes what it adds to that figure, so that a hundred small orders neither
lose nor gain hours against one large one.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

HUNDREDTHS = 100
# (amount excl. tax in €, negative for a credit note; € per hour due)
Order = tuple[Decimal, Decimal]


def hours_of_orders(orders: Iterable[Order]) -> Decimal:
    """Hours due for these orders together, to the nearest hundredth, a half upwards.

    Raises ValueError for a rate that is not above zero.
    """
    exact = Fraction(0)
    for amount, rate in orders:
        if rate <= 0:
            raise ValueError("Le montant facturé par heure due doit être supérieur à zéro.")
        exact += Fraction(amount) / Fraction(rate)
    return (
        Decimal((2 * exact.numerator * HUNDREDTHS + exact.denominator) // (2 * exact.denominator))
        / HUNDREDTHS
    )


def hours_of_next(order: Order, earlier: Iterable[Order]) -> Decimal:
    """What one more order adds to the hours due for the earlier ones; negative for a credit note."""
    known = list(earlier)
    return hours_of_orders([*known, order]) - hours_of_orders(known)
