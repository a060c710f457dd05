from django.apps import AppConfig
from django.db.models.signals import post_delete


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Socle"

    def ready(self) -> None:
        from core import outbox  # noqa: F401 - registers its job
        from core.consistency import register_check
        from core.files import forget_bytes
        from core.models import StoredFile
        from core.search import rows_are_found_by_their_words

        register_check(rows_are_found_by_their_words)
        post_delete.connect(forget_bytes, sender=StoredFile, dispatch_uid="core.forget_bytes")
