"""The clauses, commitments and difficulties whose history is told with their market's."""

from __future__ import annotations

from clauses.models import Clause, Commitment, Escalation
from core.changes import Part
from markets.models import Market


def market_parts(market: Market) -> list[Part]:
    """Evolutions of a commitment are not here: they are their own history, on its page."""
    return [
        Part(
            Clause.history.filter(lot__market=market).select_related("lot"),
            lambda record: f"clause du lot {record.lot.number}",
            ("lot",),
        ),
        Part(
            Commitment.history.filter(market=market).select_related("holder"),
            lambda record: f"engagement de {record.holder}",
            ("market", "holder", "clause", "award"),
        ),
        # Its steps are their own history, on its page.
        Part(
            Escalation.history.filter(market=market).select_related("holder"),
            lambda record: f"difficulté avec {record.holder}",
            ("market", "holder", "commitment"),
        ),
    ]
