"""The life of a bilan: its steps, its comments, the projets transmis and its deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.history import TrackedModel
from core.models import Message, StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Buyer, Contact
from reporting.enums import BilanState, BilanStepKind, CommentOutcome, CommentSide
from reporting.models.bilans import Bilan

if TYPE_CHECKING:
    from accounts.models import User


class BilanStep(models.Model):
    """A passage of a bilan from one state to another, with its reason. Append-only (trigger); the house only."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="steps", verbose_name="bilan")
    kind = models.CharField("étape", max_length=10, choices=BilanStepKind)
    reason = models.TextField("motif", blank=True, max_length=2000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    at = models.DateTimeField("le", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "étape d’un bilan"
        verbose_name_plural = "étapes d’un bilan"
        ordering = ("at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="sent_back") | ~Q(reason=""),
                name="bilan_sent_back_has_reason",
                violation_error_message="Dites pourquoi le bilan est renvoyé : la personne qui l’écrit doit savoir quoi "
                "reprendre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bilan}, {self.get_kind_display()}"


class SentDraftQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Those of the buyers that the user sees as a whole."""
        return self.filter(bilan__buyer__in=Buyer.objects.visible_as_a_whole_to(user).order_by().values("pk"))

    def open_to_remarks(self) -> Any:
        """The last projet of each bilan that the buyer is commenting."""
        later = self.model._base_manager.filter(bilan=OuterRef("bilan"), number__gt=OuterRef("number"))
        return self.filter(~Exists(later), bilan__state=BilanState.SENT)


class SentDraft(models.Model):
    """A projet transmis: the bilan as the buyer was given it to comment, watermarked. Append-only (trigger)."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="drafts", verbose_name="bilan")
    number = models.PositiveSmallIntegerField("numéro")
    snapshot = models.JSONField("chiffres et texte du jour", editable=False)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="fichier", editable=False
    )
    word = models.TextField("mot d’accompagnement", blank=True, max_length=2000)
    comments_until = models.DateField("observations jusqu’au")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="transmis par"
    )
    sent_at = models.DateTimeField("transmis le", auto_now_add=True)

    objects = SentDraftQuerySet.as_manager()

    class Meta:
        verbose_name = "projet transmis"
        verbose_name_plural = "projets transmis"
        ordering = ("bilan", "-number")
        constraints = [
            models.UniqueConstraint(
                fields=["bilan", "number"],
                name="sent_draft_number_unique",
                violation_error_message="Ce projet a déjà été transmis.",
            ),
        ]

    def __str__(self) -> str:
        return f"Projet {self.number}, {self.bilan}"


class BilanCommentQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """What the buyer said of the projets it was given, with the answers; never what the house says to itself."""
        whole = Buyer.objects.visible_as_a_whole_to(user).order_by().values("pk")
        return self.filter(side=CommentSide.BUYER, bilan__buyer__in=whole)

    def open(self) -> Any:
        return self.filter(outcome="")


class BilanComment(TrackedModel):
    """A remark on one chapter, of who reviews or of the buyer, and what was done of it."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="comments", verbose_name="bilan")
    # The projet that the buyer read when it wrote.
    draft = models.ForeignKey(
        SentDraft, models.PROTECT, null=True, blank=True, related_name="comments", verbose_name="projet"
    )
    side = models.CharField("de", max_length=5, choices=CommentSide)
    # A key of the chapters of the snapshot; blank for the whole document.
    chapter = models.CharField("chapitre", max_length=30, blank=True)
    text = models.TextField("observation", max_length=5000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="auteur·rice"
    )
    at = models.DateTimeField("le", auto_now_add=True)
    outcome = models.CharField("suite", max_length=8, choices=CommentOutcome, blank=True)
    answer = models.TextField("réponse", max_length=5000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="répondu par",
    )
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)

    objects = BilanCommentQuerySet.as_manager()

    class Meta:
        verbose_name = "observation"
        verbose_name_plural = "observations"
        ordering = ("at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(side="house") | Q(draft__isnull=False),
                name="comment_of_buyer_is_on_a_draft",
                violation_error_message="Une observation du donneur d’ordre porte sur un projet transmis.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(answered_at__isnull=False),
                name="comment_settled_has_a_day",
                violation_error_message="Une suite donnée porte sa date.",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "taken"]) | ~Q(answer=""),
                name="comment_declined_says_why",
                violation_error_message="Répondez en une phrase : le donneur d’ordre la lira.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bilan}, observation {self.pk}"


class BilanDelivery(TrackedModel):
    """A published bilan sent to one referent by e-mail, with its link and what was downloaded; the house only."""

    bilan = models.ForeignKey(Bilan, models.PROTECT, related_name="deliveries", verbose_name="bilan")
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="référent"
    )
    email = models.EmailField("adresse")
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="message"
    )
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="remis par"
    )
    sent_at = models.DateTimeField("remis le", auto_now_add=True)
    first_download_at = models.DateTimeField("premier téléchargement", null=True, blank=True)
    last_download_at = models.DateTimeField("dernier téléchargement", null=True, blank=True)
    downloads = models.PositiveIntegerField("téléchargements", default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "remise d’un bilan"
        verbose_name_plural = "remises d’un bilan"
        ordering = ("-sent_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["bilan", "email"],
                name="bilan_delivered_once_per_address",
                violation_error_message="Ce bilan a déjà été remis à cette adresse.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bilan}, remis à {self.email}"
