"""Hours put together and given back by a key: to the cent, the total unchanged. No Django."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

HUNDRED = Decimal(100)


def redistribute(worked: Mapping[int, Decimal], key: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """What each part of the key is credited with: its share (%) of all hours worked together (hours, two decimals).

    The cents that rounding leaves go to the largest remainders, then to the lowest numbers: the sum is always what was
    worked. Raises ValueError when the key does not make 100 %.
    """
    if sum(key.values()) != HUNDRED or any(share < 0 for share in key.values()):
        raise ValueError("la clé ne fait pas 100 %")
    # In whole cents, and shares in hundredths of a percent: nothing is rounded but once.
    total = int(sum(worked.values(), Decimal(0)) * 100)
    parts = {pk: divmod(total * int(share * 100), 10_000) for pk, share in key.items()}
    left = total - sum(whole for whole, _ in parts.values())
    first = sorted(parts, key=lambda pk: (-parts[pk][1], pk))[:left]
    return {pk: Decimal(whole + (pk in first)) / 100 for pk, (whole, _) in parts.items()}
