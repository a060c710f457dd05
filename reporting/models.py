"""The bilan: its state, its narrative, its frozen figures and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Buyer
from reporting.enums import BilanFormat, BilanState

if TYPE_CHECKING:
    from accounts.models import User


class BilanQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Published ones, of the buyers that the user sees as a whole."""
        whole = Buyer.objects.visible_as_a_whole_to(user)
        return self.filter(state=BilanState.PUBLISHED, buyer__in=whole.values("pk"))

    def published(self) -> Any:
        return self.filter(state=BilanState.PUBLISHED)


class Bilan(TrackedModel):
    """The annual bilan of a buyer. Once published it never changes (trigger); a correction is version n+1."""

    buyer = models.ForeignKey(Buyer, models.PROTECT, related_name="bilans", verbose_name="donneur d’ordre")
    year = models.PositiveSmallIntegerField("année")
    version = models.PositiveSmallIntegerField("version", default=1)
    state = models.CharField("état", max_length=10, choices=BilanState, default=BilanState.DRAFT)
    # Markdown by section key; the sections are those of `reporting.narrative`.
    narrative = models.JSONField("texte", default=dict, blank=True)
    rectification_reason = models.CharField("motif de la rectification", max_length=300, blank=True)
    snapshot = models.JSONField("chiffres arrêtés", null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="créé par"
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="relu par",
    )
    reviewed_at = models.DateTimeField("relu le", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="publié par",
    )
    published_at = models.DateTimeField("publié le", null=True, blank=True)
    # Compared when two people edit the text.
    edit_version = models.PositiveIntegerField(default=1, editable=False)

    objects = BilanQuerySet.as_manager()

    class Meta:
        verbose_name = "bilan"
        verbose_name_plural = "bilans"
        ordering = ("-year", "buyer__name", "-version", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "year", "version"],
                name="bilan_version_unique",
                violation_error_message="Cette version du bilan existe déjà.",
            ),
            models.UniqueConstraint(
                fields=["buyer", "year"],
                condition=~Q(state="published"),
                name="bilan_one_draft",
                violation_error_message="Un bilan de cette année est déjà en cours pour ce donneur d’ordre.",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(snapshot__isnull=False, published_at__isnull=False),
                name="bilan_published_is_frozen",
                violation_error_message="Un bilan publié porte ses chiffres arrêtés et sa date.",
            ),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(rectification_reason=""),
                name="bilan_rectification_has_reason",
                violation_error_message="Une version rectifiée se motive : dites ce qui change.",
            ),
        ]

    def __str__(self) -> str:
        return f"Bilan {self.year}, {self.buyer}" + (f", version {self.version}" if self.version > 1 else "")

    @property
    def is_published(self) -> bool:
        return self.state == BilanState.PUBLISHED


class BilanFileQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(bilan__in=Bilan.objects.visible_to(user).values("pk"))


class BilanFile(models.Model):
    """A file made from the snapshot of a published bilan alone."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="files", verbose_name="bilan")
    format = models.CharField("format", max_length=4, choices=BilanFormat)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="fichier")

    objects = BilanFileQuerySet.as_manager()

    class Meta:
        verbose_name = "fichier de bilan"
        verbose_name_plural = "fichiers de bilan"
        ordering = ("bilan", "format")
        constraints = [
            models.UniqueConstraint(
                fields=["bilan", "format"],
                name="bilan_file_once_per_format",
                violation_error_message="Ce fichier existe déjà.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bilan} ({self.get_format_display()})"
