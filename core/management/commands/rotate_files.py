"""Encrypts every stored file again with the first key of FILES_KEYS, and removes bytes that no row knows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.files import encrypt_again, orphans
from core.models import StoredFile


class Command(BaseCommand):
    help = "Chiffre de nouveau tous les fichiers avec la première clé de FILES_KEYS ; retire les fichiers orphelins."

    def handle(self, *args: Any, **options: Any) -> None:
        done = unreadable = 0
        for stored in StoredFile.objects.order_by("pk").iterator(chunk_size=500):
            try:
                done += encrypt_again(stored)
            except OSError as error:
                unreadable += 1
                self.stderr.write(f"{stored.pk} : {error}")
        removed = 0
        for place in orphans():
            place.unlink(missing_ok=True)
            removed += 1
        self.stdout.write(
            f"{done} fichiers chiffrés de nouveau, {removed} orphelins retirés, {unreadable} illisibles."
        )
        if unreadable:
            raise CommandError("Des fichiers restent illisibles : gardez les anciennes clés dans FILES_KEYS.")
