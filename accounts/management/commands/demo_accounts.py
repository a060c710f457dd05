"""Say which accounts the demonstration's one-click picker opens."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.views.entrance import demo_accounts_by_role


class Command(BaseCommand):
    help = "Affiche les comptes de démonstration, par rôle."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Les comptes de démonstration n’existent qu’avec MAILLON_DEMO=1.")
        groups = demo_accounts_by_role()
        if not groups:
            self.stdout.write("Aucun compte de démonstration : lancez « manage.py create_demo ».")
        for label, users in groups:
            for user in users:
                self.stdout.write(f"{label} : {user} ({user.email})")
