"""The bilan: its state, its narrative, its frozen figures and its files; and the points d’étape of a market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Buyer, Market, MarketParty, Operation
from reporting.enums import BilanFormat, BilanKind, BilanState

if TYPE_CHECKING:
    from accounts.models import User


class BilanQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Published ones, of the buyers that the user sees as a whole; a final one is for every buyer of the market."""
        whole = Buyer.objects.visible_as_a_whole_to(user).order_by().values("pk")
        shared = MarketParty.objects.filter(buyer__in=whole).order_by().values("market")
        return self.filter(Q(buyer__in=whole) | Q(market__in=shared), state=BilanState.PUBLISHED)

    def published(self) -> Any:
        return self.filter(state=BilanState.PUBLISHED)

    def annual(self) -> Any:
        return self.filter(kind=BilanKind.ANNUAL)

    def of_same_subject(self, bilan: Bilan) -> Any:
        """Every version of the same bilan: of a buyer’s year, of a market or of an operation."""
        if bilan.kind == BilanKind.ANNUAL:
            return self.annual().filter(buyer=bilan.buyer_id, year=bilan.year)
        return self.filter(kind=bilan.kind, market=bilan.market_id, operation=bilan.operation_id)


class Bilan(TrackedModel):
    """The annual bilan of a buyer, or the final one of a market or an operation over its whole life.

    Once published it never changes (trigger); a correction is version n+1. `buyer` is the one that leads the market.
    """

    kind = models.CharField("nature", max_length=10, choices=BilanKind, default=BilanKind.ANNUAL)
    buyer = models.ForeignKey(Buyer, models.PROTECT, related_name="bilans", verbose_name="donneur d’ordre")
    year = models.PositiveSmallIntegerField("année", null=True, blank=True)
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="bilans", verbose_name="marché"
    )
    operation = models.ForeignKey(
        Operation, models.PROTECT, null=True, blank=True, related_name="bilans", verbose_name="opération"
    )
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
            models.CheckConstraint(
                condition=Q(kind="annual", year__isnull=False, market__isnull=True, operation__isnull=True)
                | Q(kind="final", year__isnull=True, market__isnull=False, operation__isnull=True)
                | Q(kind="final", year__isnull=True, market__isnull=True, operation__isnull=False),
                name="bilan_subject",
                violation_error_message="Un bilan annuel porte sur une année ; un bilan final, sur un marché ou une "
                "opération.",
            ),
            models.UniqueConstraint(
                fields=["buyer", "year", "version"],
                condition=Q(kind="annual"),
                name="bilan_version_unique",
                violation_error_message="Cette version du bilan existe déjà.",
            ),
            models.UniqueConstraint(
                fields=["buyer", "year"],
                condition=~Q(state="published") & Q(kind="annual"),
                name="bilan_one_draft",
                violation_error_message="Un bilan de cette année est déjà en cours pour ce donneur d’ordre.",
            ),
            *(
                constraint
                for subject, words in (("market", "ce marché"), ("operation", "cette opération"))
                for constraint in (
                    models.UniqueConstraint(
                        fields=[subject, "version"],
                        condition=Q(kind="final") & Q(**{f"{subject}__isnull": False}),
                        name=f"bilan_version_unique_{subject}",
                        violation_error_message="Cette version du bilan existe déjà.",
                    ),
                    models.UniqueConstraint(
                        fields=[subject],
                        condition=~Q(state="published")
                        & Q(kind="final")
                        & Q(**{f"{subject}__isnull": False}),
                        name=f"bilan_one_draft_{subject}",
                        violation_error_message=f"Un bilan final est déjà en cours pour {words}.",
                    ),
                )
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
        subject = f"Bilan {self.year}, {self.buyer}"
        if self.is_final:
            subject = f"Bilan final, {self.market.reference if self.market else self.operation}"
        return subject + (f", version {self.version}" if self.version > 1 else "")

    @property
    def is_published(self) -> bool:
        return self.state == BilanState.PUBLISHED

    @property
    def is_final(self) -> bool:
        return self.kind == BilanKind.FINAL


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


class ProgressReportQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(market__in=Market.objects.visible_to(user).values("pk"))


class ProgressReport(models.Model):
    """A point d’étape: where a market stood over some months, on the day it was made. Append-only (trigger)."""

    market = models.ForeignKey(Market, models.PROTECT, related_name="progress_reports", verbose_name="marché")
    first_month = models.DateField("premier mois")
    last_month = models.DateField("dernier mois")
    # What was computed then; the page and the PDF are made from it alone.
    snapshot = models.JSONField("chiffres", editable=False)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="fichier", editable=False
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="fait par"
    )
    made_at = models.DateTimeField("fait le", auto_now_add=True)

    objects = ProgressReportQuerySet.as_manager()

    class Meta:
        verbose_name = "point d’étape"
        verbose_name_plural = "points d’étape"
        ordering = ("-made_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")),
                name="progress_report_months",
                violation_error_message="Le dernier mois précède le premier : corrigez l’un des deux.",
            ),
        ]

    def __str__(self) -> str:
        return f"Point d’étape, {self.market.reference}"
