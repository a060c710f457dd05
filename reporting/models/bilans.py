"""The bilan: what it is about, its state, its narrative, its frozen figures and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

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
        """Those of a buyer’s whole year."""
        return self.filter(kind=BilanKind.ANNUAL)

    def of_same_subject(self, bilan: Bilan) -> Any:
        """Every version of the same bilan: of a year (of a buyer, of the territory, of a reserved market), of a life."""
        same = self.filter(
            kind=bilan.kind, year=bilan.year, market=bilan.market_id, operation=bilan.operation_id
        )
        return same.filter(buyer=bilan.buyer_id) if bilan.kind == BilanKind.ANNUAL else same


class Bilan(TrackedModel):
    """The bilan of a year (of a buyer, of the territory, of a reserved market), or of a market’s or operation’s life.

    Once published it never changes (trigger); a correction is version n+1. `buyer` is the one that leads the market;
    the bilan of the territory has none.
    """

    kind = models.CharField("nature", max_length=10, choices=BilanKind, default=BilanKind.ANNUAL)
    buyer = models.ForeignKey(
        Buyer, models.PROTECT, null=True, blank=True, related_name="bilans", verbose_name="donneur d’ordre"
    )
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
    # What was done with the sentences proposed, by their key; sections that nobody has read yet (`services.drafting`).
    drafting = models.JSONField("phrases proposées", default=dict, blank=True, editable=False)
    writer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bilans_to_write",
        verbose_name="rédigé par",
    )
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
                condition=Q(kind="annual", year__isnull=False, buyer__isnull=False, market__isnull=True)
                & Q(operation__isnull=True)
                | Q(kind="territory", year__isnull=False, buyer__isnull=True, market__isnull=True)
                & Q(operation__isnull=True)
                | Q(kind="reserved", year__isnull=False, buyer__isnull=False, market__isnull=False)
                & Q(operation__isnull=True)
                | Q(kind="final", year__isnull=True, buyer__isnull=False, market__isnull=False)
                & Q(operation__isnull=True)
                | Q(kind="final", year__isnull=True, buyer__isnull=False, operation__isnull=False)
                & Q(market__isnull=True),
                name="bilan_subject",
                violation_error_message="Un bilan annuel porte sur une année d’un donneur d’ordre, du territoire ou d’un "
                "marché réservé ; un bilan final, sur un marché ou une opération.",
            ),
            *(
                constraint
                for kind, subject, name, words in (
                    ("annual", ("buyer", "year"), "", "cette année, pour ce donneur d’ordre"),
                    ("territory", ("year",), "_territory", "cette année, pour le territoire"),
                    ("reserved", ("market", "year"), "_reserved", "cette année, pour ce marché"),
                    ("final", ("market",), "_market", "ce marché"),
                    ("final", ("operation",), "_operation", "cette opération"),
                )
                for about in (Q(kind=kind, **{f"{subject[0]}__isnull": False}),)
                for constraint in (
                    models.UniqueConstraint(
                        fields=[*subject, "version"],
                        condition=about,
                        name=f"bilan_version_unique{name}",
                        violation_error_message="Cette version du bilan existe déjà.",
                    ),
                    models.UniqueConstraint(
                        fields=subject,
                        condition=~Q(state="published") & about,
                        name=f"bilan_one_draft{name}",
                        violation_error_message=f"Un bilan est déjà en cours : {words}.",
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
        match self.kind:
            case BilanKind.FINAL:
                subject = f"Bilan final, {self.market.reference if self.market else self.operation}"
            case BilanKind.RESERVED:
                subject = f"Bilan {self.year}, marché réservé {self.market.reference if self.market else ''}"
            case BilanKind.TERRITORY:
                subject = f"Bilan {self.year} du territoire"
            case _:
                subject = f"Bilan {self.year}, {self.buyer}"
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
