"""Encrypt the secrets of second factors again with the newest key, before an old one is withdrawn."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.adapter import SecondFactorAdapter
from core.formats import noun

SECRETS = ("secret", "seed")


class Command(BaseCommand):
    help = "Chiffre à nouveau les secrets des seconds facteurs avec la première clé de FILES_KEYS."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        adapter, done = SecondFactorAdapter(), 0
        for authenticator in Authenticator.objects.select_for_update().order_by("pk"):
            for name in SECRETS:
                if name in authenticator.data:
                    authenticator.data[name] = adapter.rotate(authenticator.data[name])
            authenticator.save(update_fields=["data"])
            done += 1
        self.stdout.write(f"{noun(done, 'secret')} sous la nouvelle clé.")
