"""The logos of the cover, held by the snapshot: its PDF is made again from itself alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markets.models import Buyer, House
from markets.paper import frozen_logo


def logos_of(buyer: Buyer | None) -> dict[str, str]:
    """`data:` addresses of those there are: « house », « buyer »."""
    found = {"house": frozen_logo(House.current().logo), "buyer": frozen_logo(buyer.logo if buyer else None)}
    return {key: address for key, address in found.items() if address}


def without_pictures(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The figures and the words of a snapshot: what a JSON file and the interface give."""
    return {key: value for key, value in snapshot.items() if key != "logos"}
