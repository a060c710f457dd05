"""What the house's dashboards and the kept figures register when the application starts."""

from __future__ import annotations


def register_house_dashboards() -> None:
    from core.jobs import register_job_link
    from core.registry import Section, register_daily, register_section
    from reporting import kept

    register_section("home", Section("Accueil", "home", 10))
    register_section("home", Section("Portefeuille", "portfolio_dashboard", 20))
    register_section("home", Section("Territoire", "territory_dashboard", 30))
    register_section("home", Section("Charge", "load_dashboard", 40))
    register_section("home", Section("Qualité des données", "quality_dashboard", 50))
    register_section("home", Section("Participation financière", "fees_dashboard", 60))
    register_job_link("keep_figures", kept.link_to_year)
    register_daily("Chiffres du territoire", kept.keep_recent_years)
