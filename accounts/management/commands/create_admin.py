"""Make the first admin of a new installation, or another one when nobody can manage accounts any more."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.enums import Role
from accounts.invitations import invitation_url
from accounts.models import User
from core.errors import DomainError

TRIES = 3


class Command(BaseCommand):
    help = "Crée un compte d’administration : demande un mot de passe, ou imprime un lien d’invitation (--invite)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="adresse électronique du compte")
        parser.add_argument("--first-name", default="", help="prénom")
        parser.add_argument("--last-name", default="", help="nom")
        parser.add_argument(
            "--invite", action="store_true", help="imprimer le lien où la personne choisit son mot de passe"
        )

    def handle(
        self, *args: Any, email: str, first_name: str, last_name: str, invite: bool, **options: Any
    ) -> None:
        words = {"email": email, "first_name": first_name, "last_name": last_name}
        try:
            if invite:
                user = services.invite_user(**words, role=Role.ADMIN, by=None)
                self.stdout.write(
                    f"Le compte {user.email} attend son mot de passe. Lien, à usage unique :\n{invitation_url(user)}"
                )
                return
            user = services.create_admin(**words, password=self._ask_password(**words))
        except DomainError as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(f"Le compte d’administration {user.email} est prêt.")

    def _ask_password(self, email: str, first_name: str, last_name: str) -> str:
        person = User(email=email, first_name=first_name, last_name=last_name)
        for _ in range(TRIES):
            password = getpass.getpass("Mot de passe : ")
            try:
                validate_password(password, person)
            except ValidationError as refused:
                self.stderr.write("\n".join(refused.messages))
                continue
            if password == getpass.getpass("Mot de passe, à nouveau : "):
                return password
            self.stderr.write("Les deux mots de passe ne sont pas les mêmes.")
        raise CommandError(f"Aucun mot de passe valable après {TRIES} essais : le compte n’est pas créé.")
