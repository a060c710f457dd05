"""What the planned purchases add to the registries: their section, tabs, settings page, files and what waits."""

from __future__ import annotations

from decimal import Decimal


def register_planning() -> None:
    """Called once, from AppConfig.ready()."""
    from accounts.registry import SettingsPage, register_settings_page
    from core.access import BUYER, HOUSE
    from core.files import register_file_kind
    from core.jobs import register_job_link
    from core.reference import register_reference
    from core.registry import (
        Section,
        Tab,
        register_daily,
        register_section,
        register_tab,
        register_waiting,
    )
    from markets import planning_jobs
    from markets.files import register_head
    from markets.models import ProcurementThreshold
    from markets.planning_waiting import purchases_waiting
    from markets.purchase_files import LIST_KIND, REFUSED_KIND, forget_old_files, may_open
    from markets.purchase_head import purchase_head

    register_section("markets", Section("Achats prévus", "purchase_list", 20))
    register_tab("buyer", Tab("Achats prévus", "buyer_purchases", HOUSE, 50))
    register_tab("purchase", Tab("Achat", "purchase_detail", (*HOUSE, BUYER), 10))
    register_tab("purchase", Tab("Historique", "purchase_history", HOUSE, 90))
    register_head("purchase", purchase_head)
    register_waiting(purchases_waiting)
    register_daily("listes d’achats à oublier", forget_old_files)
    for kind in (LIST_KIND, REFUSED_KIND):
        register_file_kind(kind, may_open=may_open)
    register_job_link(planning_jobs.KIND, planning_jobs.link_to_report)
    register_settings_page(
        SettingsPage(
            "Seuils de la commande publique",
            "threshold_list",
            "Seuils européens datés, que l’obligation de condition sociale compare au montant des achats.",
            position=30,
            section="Référentiels",
        )
    )
    register_reference(
        "procurement_thresholds.csv",
        ProcurementThreshold,
        {name: name for name in ("label", "scope", "buyer", "amount", "valid_from", "valid_to", "position")},
        parse={"amount": Decimal},
        position=40,
    )
