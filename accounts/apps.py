from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Comptes"

    def ready(self) -> None:
        from accounts import access_log  # noqa: F401  connects its receivers
        from accounts.registry import EVERYONE, SettingsPage, register_settings_page

        register_settings_page(
            SettingsPage(
                "Mon compte",
                "account",
                "Votre nom, votre téléphone, votre mot de passe et vos dernières connexions.",
                roles=EVERYONE,
                position=10,
                section="Vous",
            )
        )
        register_settings_page(
            SettingsPage(
                "Second facteur",
                "mfa_index",
                "Un code de votre téléphone en plus du mot de passe.",
                roles=EVERYONE,
                position=20,
                section="Vous",
            )
        )
        register_settings_page(
            SettingsPage(
                "Comptes",
                "user_list",
                "Qui se connecte, avec quel rôle ; inviter, désactiver.",
                position=30,
            )
        )
        register_settings_page(
            SettingsPage(
                "Journal des accès",
                "access_log",
                "Connexions, échecs, téléchargements et lectures de données sensibles.",
                position=90,
            )
        )
        register_settings_page(
            SettingsPage(
                "Messages",
                "message_list",
                "Les courriels écrits par Maillon, et leur sort.",
                position=92,
            )
        )
        register_settings_page(
            SettingsPage(
                "Travaux",
                "job_list",
                "Imports, bilans et envois : où ils en sont, ce qu’ils ont fait.",
                roles=("facilitator", "admin"),
                position=94,
            )
        )
