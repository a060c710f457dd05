"""How big the demonstration territories are, by blocks: the first block of `france` is `mmie` itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """One house's territory. Markets, people and hours are those of one whole year (markets: alive in it)."""

    code: str
    buyers: int
    markets: int
    companies: int
    people: int
    hours: int
    # Share of the hours that falls to the first buyer; None leaves it to chance.
    first_buyer_share: float | None = None
    # The first block holds every state and edge, and the buyers that the accounts belong to.
    is_first: bool = True


SMALL = Block("small", buyers=6, markets=34, companies=25, people=120, hours=42_000, first_buyer_share=0.68)
MMIE = Block("mmie", buyers=80, markets=600, companies=250, people=2_000, hours=800_000)

# The other houses of the country: 58,000 markets, 57,000 people, 3,600 buyers and 25 million hours with `MMIE`.
OTHER_HOUSES = 44
SIZES: dict[str, tuple[Block, ...]] = {
    "small": (SMALL,),
    "mmie": (MMIE,),
    "france": (
        MMIE,
        *(
            Block(
                f"house-{number}",
                buyers=80,
                markets=1_305,
                companies=250,
                people=1_250,
                hours=550_000,
                is_first=False,
            )
            for number in range(1, OTHER_HOUSES + 1)
        ),
    ),
}
