from django.apps import AppConfig


class ClausesConfig(AppConfig):
    name = "clauses"
    verbose_name = "Clauses"

    def ready(self) -> None:
        from clauses import (
            consistency,
            escalation_documents,
            escalation_jobs,
            heads,
            histories,
            jobs,
            waiting,
        )
        from clauses.follow import register_follow_up
        from clauses.grid import register_grid
        from clauses.recommending import register_recommendations
        from clauses.services.commitments import DOCUMENT_KIND
        from clauses.services.escalation import open_overdue_alerts
        from clauses.tendering import register_tendering
        from clauses.views import commitments
        from clauses.views.decp import FILE_KIND
        from clauses.watching import register_watch
        from core.access import EVERYONE, HOUSE
        from core.consistency import register_check
        from core.files import register_file_kind
        from core.jobs import register_job_link
        from core.registry import (
            Section,
            Tab,
            register_daily,
            register_section,
            register_tab,
            register_waiting,
        )
        from markets.files import register_head, register_history

        # The list of markets stands here, and those of its place with it.
        for place, label, url_name, position in (
            ("markets", "Marchés", "market_list", 10),
            ("markets", "Donneurs d’ordre", "buyer_list", 90),
            ("companies", "Entreprises", "company_list", 10),
        ):
            register_section(place, Section(label, url_name, position))
        register_tab("market", Tab("Synthèse", "market_detail", EVERYONE, 10))
        register_tab("market", Tab("Engagements", "market_commitments", (*HOUSE, "buyer"), 30))
        register_tab("buyer", Tab("Marchés", "buyer_markets", HOUSE, 20))
        register_tab("company", Tab("Attributions et engagements", "company_commitments", HOUSE, 20))
        register_head("market", heads.market_head)
        register_head("buyer", heads.buyer_head)
        register_head("company", heads.company_head)
        register_history("market", histories.market_parts)
        register_waiting(waiting.commitments_waiting)
        register_check(consistency.commitments_repeat_their_source)
        register_check(consistency.commitments_are_not_negative)
        register_file_kind(FILE_KIND, may_open=lambda user, stored: user.is_house_staff)
        register_file_kind(DOCUMENT_KIND, may_open=commitments.may_open_document)
        for kind in ("decp_check", "decp_load"):
            register_job_link(kind, jobs.link_to_import)

        # Escalation (convention, annexe 2.A).
        register_section("markets", Section("Difficultés", "escalation_list", 40))
        register_section("markets", Section("Courriers reçus", "escalation_letters", 45))
        register_tab("market", Tab("Difficultés", "market_escalations", (*HOUSE, "buyer"), 60))
        register_file_kind(escalation_documents.FILE_KIND, may_open=escalation_documents.may_open)
        register_file_kind(escalation_jobs.FILE_KIND, may_open=escalation_jobs.may_open)
        register_job_link("escalation_file", escalation_jobs.link_to_escalation)
        register_daily("Courriers restés sans réponse", open_overdue_alerts)
        register_follow_up()
        register_grid()
        register_recommendations()
        register_tendering()
        register_watch()

        # A list of structures sent to a company, kept with the journal.
        from clauses import directory_jobs

        register_file_kind("directory_list", may_open=lambda user, stored: user.is_house_staff)
        register_job_link("directory_send", directory_jobs.link_to_company)
