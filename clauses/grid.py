"""What the grid of promises that are not in hours says to the other rooms: its tab, its files, its history."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, Q

from clauses.models import QualitativeCommitment
from clauses.services.qualitative import EVIDENCE_KIND
from clauses.services.reserved import top_up_reserved_meetings
from clauses.views.qualitative import may_open_evidence
from core.access import EVERYONE
from core.changes import Part
from core.consistency import register_check
from core.files import register_file_kind
from core.registry import Tab, register_daily, register_tab
from markets.files import register_history
from markets.models import Market


def register_grid() -> None:
    """Called once, in AppConfig.ready()."""
    register_tab("market", Tab("Grille de suivi", "market_qualitative", EVERYONE, 35))
    register_file_kind(EVIDENCE_KIND, may_open=may_open_evidence)
    register_history("market", grid_parts)
    register_check(lines_repeat_their_commitment)
    register_daily("Réunions des marchés réservés", top_up_reserved_meetings)


def grid_parts(market: Market) -> list[Part]:
    """The history of the lines, told with their market's; what was sent about each is on the line's page."""
    return [
        Part(
            QualitativeCommitment.history.filter(market=market),
            lambda record: f"action « {record.action} »",
            ("market",),
        )
    ]


def lines_repeat_their_commitment() -> Iterator[str]:
    """A line that goes with a commitment in hours has its market and its company."""
    wrong = QualitativeCommitment.objects.filter(commitment__isnull=False).exclude(
        Q(market=F("commitment__market")) & Q(company=F("commitment__holder"))
    )
    for pk in wrong.order_by("pk").values_list("pk", flat=True):
        yield f"La ligne {pk} de la grille n’a pas le marché ou l’entreprise de son engagement."
