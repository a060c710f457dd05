"""Two halves of a quote add up to it, to the cent, whatever the amount and the tax."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.fee_amounts import halves, with_vat

CENT = Decimal("0.01")
amounts = st.decimals(Decimal("1"), Decimal("10000000"), places=2)
rates = st.decimals(Decimal("0"), Decimal("100"), places=2)


@given(amounts, rates)
def test_the_halves_add_up_to_the_quote_to_the_cent(net, rate):
    first, second = halves(net, rate)
    whole = with_vat(net, rate)
    assert first.net + second.net == net
    assert first.vat + second.vat == whole.vat
    assert first.total + second.total == whole.total
    assert abs(first.net - second.net) <= CENT
    assert abs(first.vat - second.vat) <= 2 * CENT
    assert first.net > 0
    assert second.net > 0


@pytest.mark.parametrize(
    ("net", "rate", "first", "second"),
    [
        ("2000.00", "0", ("1000.00", "0.00"), ("1000.00", "0.00")),
        ("1800.01", "0", ("900.01", "0.00"), ("900.00", "0.00")),
        # 20 % of 1,800.01 is 360.002, so 360.00; of 900.01 180.002, so 180.00.
        ("1800.01", "20", ("900.01", "180.00"), ("900.00", "180.00")),
        # 5.5 % of 333.33 is 18.33315; of 166.67 9.16685, so 9.17; what is left is 9.16.
        ("333.33", "5.5", ("166.67", "9.17"), ("166.66", "9.16")),
        ("1.00", "20", ("0.50", "0.10"), ("0.50", "0.10")),
    ],
)
def test_worked_halves(net, rate, first, second):
    made = halves(Decimal(net), Decimal(rate))
    assert [(str(half.net), str(half.vat)) for half in made] == [first, second]


def test_an_avoir_is_the_invoice_with_the_other_sign():
    first, _ = halves(Decimal("1800.01"), Decimal("20"))
    assert (-first).total == -first.total == Decimal("-1080.01")
