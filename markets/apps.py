from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "markets"
    verbose_name = "Marchés"

    def ready(self) -> None:
        from accounts.registry import (
            InvitationWay,
            SettingsPage,
            register_attachment,
            register_invitation_way,
            register_settings_page,
        )
        from core.access import BUYER, COMPANY, HOUSE
        from core.consistency import register_check
        from core.files import register_file_kind
        from core.jobs import register_job_link
        from core.reference import register_reference
        from core.registry import Section, Tab, register_house, register_section, register_tab
        from core.search import register_search
        from markets import consistency, histories, search_sources
        from markets.attachments import memberships_of
        from markets.files import register_history
        from markets.models import Buyer, Commune, CpvCode, House, Sector
        from markets.paper_access import may_open_agreement, may_open_document, opens_as_a_whole
        from markets.planning_registry import register_planning
        from markets.services.agreements import AGREEMENT_FILE
        from markets.services.fees import QUOTE_FILE, QUOTE_SIGNED_FILE
        from markets.services.files import BUYER_LOGO_KIND, LOGO_KIND
        from markets.services.invoices import INVOICE_FILE

        for source in search_sources.SOURCES:
            register_search(source)
        register_planning()
        register_house(House.current)
        register_attachment(memberships_of)
        # The logo stands on documents that every role may open.
        register_file_kind(LOGO_KIND, may_open=lambda user, stored: user.is_authenticated)
        register_file_kind(
            BUYER_LOGO_KIND,
            may_open=lambda user, stored: Buyer.objects.visible_to(user).filter(logo=stored).exists(),
        )

        register_invitation_way(InvitationWay("Inviter un donneur d’ordre", "buyer_list"))
        register_invitation_way(InvitationWay("Inviter une entreprise", "company_list"))
        register_settings_page(
            SettingsPage(
                "Passer des dossiers",
                "portfolio",
                "Nommer un·e suppléant·e pendant une absence, ou passer tout un portefeuille.",
                roles=HOUSE,
                position=30,
                section="Vous",
            )
        )
        register_settings_page(
            SettingsPage(
                "Clés d’interface",
                "api_keys",
                "Le logiciel de paie de votre entreprise déclare vos heures, avec sa propre clé.",
                roles=(COMPANY,),
                position=40,
                section="Vous",
            )
        )
        register_settings_page(
            SettingsPage(
                "Clés d’interface",
                "api_key_list",
                "Les logiciels des entreprises qui déclarent des heures, et leurs clés.",
                roles=HOUSE,
                position=90,
            )
        )
        register_settings_page(
            SettingsPage(
                "La maison",
                "house_settings",
                "Nom, adresse, signataire, banque et logo, tels qu’ils figurent sur les bilans et les factures.",
                position=20,
            )
        )
        register_settings_page(
            SettingsPage(
                "Communes",
                "commune_list",
                "Communes et arrondissements, avec ce qu’ils sont devenus.",
                position=10,
                section="Référentiels",
            )
        )
        register_settings_page(
            SettingsPage(
                "Codes CPV",
                "cpv_list",
                "Nomenclature européenne des achats.",
                position=20,
                section="Référentiels",
            )
        )

        for kind, tabs in {
            "buyer": (
                ("Synthèse", "buyer_detail", 10),
                ("Directions et contacts", "buyer_contacts", 30),
                ("Accès", "buyer_access", 80),
                ("Historique", "buyer_history", 90),
            ),
            "company": (
                ("Synthèse", "company_detail", 10),
                ("Natures et contacts", "company_contacts", 30),
                ("Accès", "company_access", 80),
                ("Historique", "company_history", 90),
            ),
            "market": (
                ("Lots et attributions", "market_lots", 20),
                ("Historique", "market_history", 90),
            ),
        }.items():
            for label, url_name, position in tabs:
                register_tab(kind, Tab(label, url_name, HOUSE, position))

        # The convention and what it costs are the buyer's business too.
        readers = (*HOUSE, BUYER)
        register_tab("buyer", Tab("Convention", "buyer_agreement", readers, 40, opens_as_a_whole))
        register_tab("buyer", Tab("Facturation", "buyer_fees", readers, 60, opens_as_a_whole))
        register_tab("market", Tab("Facturation", "market_fees", readers, 80))
        register_section("markets", Section("Opérations", "operation_list", 30))
        register_section("markets", Section("Participation financière", "fee_list", 70))
        register_section("markets", Section("Conventions", "agreement_list", 80))
        for kind in (QUOTE_FILE, QUOTE_SIGNED_FILE, INVOICE_FILE):
            register_file_kind(kind, may_open=may_open_document)
        register_file_kind(AGREEMENT_FILE, may_open=may_open_agreement)
        register_check(consistency.invoice_numbers_have_no_gap)
        register_check(consistency.invoices_add_up_to_their_quote)
        register_check(consistency.one_agreement_at_a_time)

        register_history("market", histories.market_parts)
        register_history("buyer", histories.buyer_parts)
        register_history("company", histories.company_parts)

        commune = {
            "label": "name",
            "kind": "kind",
            "parent": "parent_code",
            "successor": "successor_code",
            "department_code": "department_code",
            "valid_from": "valid_from",
            "valid_to": "valid_to",
            "population": "population",
        }
        for position, file in enumerate(("communes.csv", "communes_aura.csv"), start=10):
            register_reference(file, Commune, commune, position=position)
        for position, file in enumerate(("cpv_divisions.csv", "cpv.csv"), start=20):
            register_reference(file, CpvCode, {"label": "label"}, position=position)
        register_reference(
            "sectors.csv",
            Sector,
            {"label": "label", "cpv": "cpv", "naf": "naf", "words": "words", "position": "position"},
            position=30,
        )

        # The directory of insertion and adapted structures, and the Charte des 1000.
        from markets import directory_jobs

        register_section("companies", Section("Structures d’insertion", "directory_list", 20))
        register_tab("company", Tab("Charte des 1000", "company_charter", HOUSE, 50))
        register_file_kind("directory", may_open=lambda user, stored: user.is_house_staff)
        for kind in ("directory_check", "directory_load"):
            register_job_link(kind, directory_jobs.link_to_report)
