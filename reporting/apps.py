from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Bilans"

    def ready(self) -> None:
        from core.access import HOUSE
        from core.files import register_file_kind
        from core.jobs import register_job_link
        from core.registry import Tab, register_tab
        from reporting import jobs
        from reporting.documents import FILE_KIND, PROGRESS_KIND, may_open, may_open_progress
        from reporting.registrations_campaigns import register_campaigns
        from reporting.registrations_exports import register_exports
        from reporting.registrations_house import register_house_dashboards
        from reporting.registrations_portraits import register_portraits
        from reporting.registrations_workflow import register_workflow

        register_file_kind(FILE_KIND, may_open=may_open)
        register_file_kind(PROGRESS_KIND, may_open=may_open_progress)
        register_tab("market", Tab("Points d’étape", "market_progress", (*HOUSE, "buyer"), 70))
        register_job_link("publish_bilan", jobs.link_to_bilan)
        register_tab("buyer", Tab("Tableau de bord", "buyer_dashboard", HOUSE, 15))
        register_campaigns()
        register_exports()
        register_workflow()
        register_portraits()
        register_house_dashboards()
