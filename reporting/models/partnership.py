"""The yearly meeting with a buyer: its minutes, and the improvement actions that the next bilans take up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Buyer
from reporting.enums import ActionOwner, ActionState

if TYPE_CHECKING:
    from accounts.models import User


class PartnershipNoteQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Those shared with the buyers that the user sees as a whole."""
        whole = Buyer.objects.visible_as_a_whole_to(user).order_by().values("pk")
        return self.filter(buyer__in=whole, shared_at__isnull=False)


class PartnershipNote(TrackedModel):
    """The point on a year of partnership (convention, articles 3 and 5): the meeting, who came, what was said.

    The qualitative text itself is the section « Note sur le partenariat » of the bilan.
    """

    buyer = models.ForeignKey(
        Buyer, models.PROTECT, related_name="partnership_notes", verbose_name="donneur d’ordre"
    )
    year = models.PositiveSmallIntegerField("année")
    meeting_on = models.DateField("réunion annuelle le", null=True, blank=True)
    participants = models.CharField("participant·es", max_length=500, blank=True)
    minutes = models.TextField("compte rendu", blank=True, max_length=20_000)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="pièce jointe"
    )
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="rédigée par"
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    shared_at = models.DateTimeField("partagée le", null=True, blank=True)

    objects = PartnershipNoteQuerySet.as_manager()

    class Meta:
        verbose_name = "note de partenariat"
        verbose_name_plural = "notes de partenariat"
        ordering = ("-year", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["buyer", "year"],
                name="partnership_note_once_a_year",
                violation_error_message="La note de cette année existe déjà : ouvrez-la.",
            ),
        ]

    def __str__(self) -> str:
        return f"Partenariat {self.year}, {self.buyer}"


class ImprovementActionQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(note__in=PartnershipNote.objects.visible_to(user).order_by().values("pk"))

    def open(self) -> Any:
        return self.filter(state__in=[ActionState.TO_DO, ActionState.ONGOING])


class ImprovementAction(TrackedModel):
    """An axis of improvement decided with a buyer, followed from year to year until it is done or dropped."""

    note = models.ForeignKey(
        PartnershipNote, models.PROTECT, related_name="actions", verbose_name="note de partenariat"
    )
    title = models.CharField("axe d’amélioration", max_length=300)
    owner = models.CharField("porté par", max_length=5, choices=ActionOwner, default=ActionOwner.BOTH)
    due_on = models.DateField("pour le", null=True, blank=True)
    state = models.CharField("état", max_length=8, choices=ActionState, default=ActionState.TO_DO)
    progress = models.TextField("où en est-on", blank=True, max_length=2000)
    settled_on = models.DateField("terminé le", null=True, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = ImprovementActionQuerySet.as_manager()

    class Meta:
        verbose_name = "axe d’amélioration"
        verbose_name_plural = "axes d’amélioration"
        ordering = ("note", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["to_do", "ongoing"], settled_on__isnull=True)
                | Q(state__in=["done", "dropped"], settled_on__isnull=False),
                name="improvement_settled_has_a_day",
                violation_error_message="Un axe réalisé ou abandonné porte sa date ; un axe ouvert n’en a pas.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
