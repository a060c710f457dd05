from django.apps import AppConfig


class BeneficiariesConfig(AppConfig):
    name = "beneficiaries"
    verbose_name = "Personnes"

    def ready(self) -> None:
        from beneficiaries import consistency
        from beneficiaries.progress import hours_counted
        from beneficiaries.waiting import hours_waiting
        from clauses.progress import provide_hours_counted
        from core.access import HOUSE
        from core.consistency import register_check
        from core.registry import Tab, register_tab, register_waiting

        provide_hours_counted(hours_counted)
        register_check(consistency.entries_carry_the_market_of_their_assignment)
        register_check(consistency.counting_results_are_those_of_the_rules)
        register_waiting(hours_waiting)
        register_tab("market", Tab("Heures", "market_hours", HOUSE, 40))
        register_tab("company", Tab("Heures", "company_hours", HOUSE, 40))
        self.register_people()
        self.register_declarations()
        self.register_checks()
        self.register_directory()
        self.register_eligibility()
        self.register_placements()
        self.register_recruitment()
        self.register_imports()
        self.register_privacy()

    def register_checks(self) -> None:
        """What is to be looked at in hours, and what was recounted."""
        from beneficiaries import registrations_checks

        registrations_checks.register_checks()

    def register_declarations(self) -> None:
        """The employers' months: their places, what waits, the works of each morning."""
        from beneficiaries import registrations_declarations

        registrations_declarations.register()

    def register_people(self) -> None:
        """Tabs, reference lists, pages of « Réglages », the scope of companies, the default rules."""
        from django.db.models.signals import post_migrate

        from beneficiaries import registrations
        from beneficiaries.services import rules  # noqa: F401  registers its job

        registrations.register_tabs()
        registrations.register_searches()
        registrations.register_lists()
        registrations.register_settings()
        registrations.register_scopes()
        registrations.register_waiting_people()
        post_migrate.connect(registrations.create_default_rules, sender=self)

    def register_eligibility(self) -> None:
        """Proofs, validations to follow, the notice on personal data."""
        from django.db.models.signals import post_migrate

        from beneficiaries import registrations_eligibility

        registrations_eligibility.register()
        post_migrate.connect(registrations_eligibility.create_default_notice, sender=self)

    def register_directory(self) -> None:
        """The directory of people: typing errors forgiven, sections of « Personnes », the tab of notes."""
        from beneficiaries import registrations_directory

        registrations_directory.register()

    def register_recruitment(self) -> None:
        """Offers, candidates, collective actions, training needs."""
        from beneficiaries import registrations_recruitment

        registrations_recruitment.register()

    def register_placements(self) -> None:
        """Contracts chained and lent out, globalisations, declarations without names, situations after a path."""
        from beneficiaries import registrations_placements

        registrations_placements.register()

    def register_privacy(self) -> None:
        """What is kept of people and for how long, the export of their data, the rules of departure."""
        from django.db.models.signals import post_migrate

        from beneficiaries import registrations_privacy

        registrations_privacy.register()
        post_migrate.connect(registrations_privacy.create_default_rules, sender=self)

    def register_imports(self) -> None:
        """Tables that come from outside: hours, past years, people."""
        from beneficiaries import registrations_imports

        registrations_imports.register()
