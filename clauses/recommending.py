"""What recommendations add to the house's registries: tabs, files, reference lists, Réglages."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.changes import Part

# The file cannot leave a label empty: this one stands for « every trade that has no cost of its own ».
EVERY_TRADE = "tous métiers"


def recommendation_parts(target: Any) -> list[Part]:
    """The recommendations of a purchase or of a market, in its history; their lots have too many lines to be told."""
    from clauses.models import Recommendation
    from core.changes import Part
    from markets.models import Market

    field = "market" if isinstance(target, Market) else "purchase"
    return [
        Part(
            Recommendation.history.filter(**{field: target}),
            lambda record: f"préconisation, version {record.number}",
            ("market", "purchase", "edition", "created_by"),
        )
    ]


def register_recommendations() -> None:
    """Called by AppConfig.ready()."""
    from accounts.registry import SettingsPage, register_settings_page
    from clauses.models import HourlyCost, LabourShare
    from clauses.preparation import register_preparation
    from clauses.recommendation_documents import FILE_KIND, may_open
    from clauses.services.recommendation_answers import market_started
    from clauses.views.recommendations import READERS, recommendation_part
    from core.files import register_file_kind
    from core.reference import register_reference
    from core.registry import Tab, register_tab
    from markets.files import register_history
    from markets.services.planning import register_market_started

    register_market_started(market_started)
    register_tab("market", Tab("Préparation", "market_preparation", READERS, 25))
    register_tab("purchase", Tab("Préconisation", "purchase_recommendations", READERS, 20))
    register_preparation(recommendation_part)
    for kind in ("market", "purchase"):
        register_history(kind, recommendation_parts)
    register_file_kind(FILE_KIND, may_open=may_open)
    dates = {"source": "source", "valid_from": "valid_from", "valid_to": "valid_to"}
    register_reference(
        "labour_shares.csv",
        LabourShare,
        {"label": "label", "share": "share", **dates},
        parse={"share": Decimal},
    )
    register_reference(
        "hourly_costs.csv",
        HourlyCost,
        {"label": "label", "cost": "cost", **dates},
        parse={"cost": Decimal, "label": lambda text: "" if text == EVERY_TRADE else text},
    )
    register_settings_page(
        SettingsPage(
            "Valeurs de chiffrage",
            "estimation_values",
            "Parts de main d’œuvre et coûts horaires, datés et sourcés, par métier.",
            position=40,
            section="Référentiels",
        )
    )
