"""Hours by assignment, month and kind — the only thing that is ever summed — and the years that are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from beneficiaries.enums import CountingReason, EntrySource, EntryState, HourKind
from beneficiaries.models.declarations import MonthDeclaration
from beneficiaries.models.employment import Assignment
from beneficiaries.models.imports import DataImport
from core.fields import HoursField, MonthField
from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.models import CompanyMembership, Market

if TYPE_CHECKING:
    from accounts.models import User


# What an employer wrote, on the portal or by its software, and has not submitted.
FROM_EMPLOYER = (EntrySource.PORTAL, EntrySource.API)
_WITH_EMPLOYER = Q(state=EntryState.DRAFT, source__in=FROM_EMPLOYER)


class HoursEntryQuerySet(ScopedQuerySet):
    def visible_to_house(self, user: User) -> Any:
        """Figures are summed over every entry; those of people in the restricted archive are shown to the admins."""
        if user.is_admin:
            return self.all()
        # By keys, few as a rule: three joins would be paid on every page for those who are not there.
        archived = Assignment.objects.filter(placement__beneficiary__archived_on__isnull=False)
        return self.exclude(assignment__in=archived.order_by().values("pk"))

    def visible_to_company(self, user: User) -> Any:
        """Where it employs, receives or holds the commitment; what another employer has not sent yet is nobody's."""
        own = CompanyMembership.objects.filter(user=user).values("company")
        seen = self.filter(assignment__in=Assignment.objects.visible_to(user).values("pk"))
        return seen.filter(~Q(_WITH_EMPLOYER) | Q(assignment__placement__employer__in=own))

    def to_validate(self) -> Any:
        """What waits for the house: drafts of its own and what was submitted, not an employer's unfinished month."""
        waits = self.current().filter(state__in=[EntryState.DRAFT, EntryState.SUBMITTED])
        return waits.exclude(_WITH_EMPLOYER)

    def current(self) -> Any:
        """Entries that no correction replaces."""
        return self.filter(is_superseded=False)

    def validated(self) -> Any:
        return self.current().filter(state=EntryState.VALIDATED)

    def counted(self) -> Any:
        """What an indicator sums: validated, not replaced, with hours that count."""
        return self.validated().filter(counted_hours__gt=0)

    def annual(self) -> Any:
        """What a year's figures sum: hours that count and were there when their year was closed.

        A late entry is left to next year's régularisation, and the entry it corrects stays in its own year.
        """
        late_corrections = HoursEntry.objects.filter(supersedes=OuterRef("pk"), is_late=True)
        stands = Q(is_superseded=False) | Exists(late_corrections)
        return self.filter(stands, state=EntryState.VALIDATED, is_late=False, counted_hours__gt=0)

    def late(self) -> Any:
        """Entries and corrections validated after the closing of their year, corrected again or not."""
        return self.filter(is_late=True, state=EntryState.VALIDATED)

    def in_year(self, year: int) -> Any:
        return self.filter(month__year=year)


class HoursEntry(TrackedModel):
    """A relevé: the hours of one kind, of one assignment, in one month.

    Once validated, its facts (assignment, month, kind, hours) never change (trigger); a correction is a new
    row with the full new value, `supersedes` and a reason. Its counting result is derived and recomputed.
    """

    assignment = models.ForeignKey(
        Assignment, models.PROTECT, related_name="entries", verbose_name="affectation"
    )
    # Carried for the index; `check_consistency` proves that it is the assignment's.
    market = models.ForeignKey(
        Market, models.PROTECT, related_name="+", verbose_name="marché", editable=False
    )
    month = MonthField("mois")
    kind = models.CharField("nature", max_length=10, choices=HourKind, default=HourKind.WORK)
    hours = HoursField("heures")
    first_day = models.DateField("premier jour", null=True, blank=True)
    last_day = models.DateField("dernier jour", null=True, blank=True)
    state = models.CharField("état", max_length=10, choices=EntryState, default=EntryState.DRAFT)
    sent_back_reason = models.CharField("motif du renvoi", max_length=300, blank=True)
    source = models.CharField("origine", max_length=10, choices=EntrySource, default=EntrySource.SCREEN)
    # Where it came from: the employer's declaration, or the line of a file.
    declaration = models.ForeignKey(
        MonthDeclaration,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name="déclaration",
    )
    data_import = models.ForeignKey(
        DataImport, models.PROTECT, null=True, blank=True, related_name="entries", verbose_name="import"
    )
    import_line = models.PositiveIntegerField("ligne du fichier", null=True, blank=True)
    counted_hours = HoursField("heures comptées", default=0)
    counting_reason = models.CharField(
        "comptée ?", max_length=22, choices=CountingReason, blank=True, default=""
    )
    counting_detail = models.CharField("explication", max_length=400, blank=True)
    after_planned_end = models.BooleanField("après la fin prévue", default=False)
    is_late = models.BooleanField(
        "hors bilan publié", default=False, help_text="validée après la clôture de son année"
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="saisi par"
    )
    entered_at = models.DateTimeField("saisi le", auto_now_add=True)
    validated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="validé par",
    )
    validated_at = models.DateTimeField("validé le", null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by", verbose_name="corrige"
    )
    is_superseded = models.BooleanField("remplacée", default=False)
    correction_reason = models.CharField("motif de la correction", max_length=300, blank=True)
    # Compared when the grid saves: the second of two people is told what the first wrote.
    version = models.PositiveIntegerField("version", default=1)

    objects = HoursEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "relevé d’heures"
        verbose_name_plural = "relevés d’heures"
        ordering = ("-month", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "month", "kind"],
                condition=Q(is_superseded=False),
                name="hours_entry_once_per_month_and_kind",
                violation_error_message="Ce mois est déjà saisi pour cette affectation : corrigez la ligne existante.",
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=0) & Q(hours__lte=744),
                name="hours_entry_within_a_month",
                violation_error_message="Les heures d’un mois se situent entre 0 et 744 (31 jours de 24 heures).",
            ),
            models.CheckConstraint(
                condition=Q(counted_hours__gte=0) & Q(counted_hours__lte=F("hours")),
                name="hours_entry_counted_within_hours",
                violation_error_message="On ne compte jamais plus d’heures qu’il n’en a été fait.",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(correction_reason=""),
                name="hours_entry_correction_has_reason",
                violation_error_message="Une correction se motive : dites pourquoi.",
            ),
            models.CheckConstraint(
                condition=~Q(state=EntryState.SENT_BACK) | ~Q(sent_back_reason=""),
                name="hours_entry_sent_back_has_reason",
                violation_error_message="Un renvoi se motive : dites à l’entreprise ce qui est à corriger.",
            ),
            models.CheckConstraint(
                condition=Q(first_day__isnull=True)
                | Q(last_day__isnull=True)
                | Q(last_day__gte=F("first_day")),
                name="hours_entry_days",
                violation_error_message="Le dernier jour précède le premier.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["market", "month", "assignment", "counted_hours"],
                # Cumulated and annual figures both read validated rows only.
                condition=Q(state="validated"),
                name="hours_market_month",
            ),
            models.Index(fields=["month", "state"], name="hours_month_state"),
            # The order of the list: its first page is read, not sorted out of them all.
            models.Index(fields=["-month", "-id"], name="hours_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.hours} h, {self.month:%m/%Y}"

    @property
    def is_with_employer(self) -> bool:
        """Whether the employer is still writing it: the house leaves it, or takes it over."""
        return self.state == EntryState.DRAFT and self.source in FROM_EMPLOYER

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.market_id is None:
            self.market_id = self.assignment.commitment.market_id
        super().save(*args, **kwargs)


class ClosedYearQuerySet(ScopedQuerySet):
    def is_closed(self, year: int) -> bool:
        return self.filter(year=year).exists()


class ClosedYear(models.Model):
    """A year whose hours are locked, for the whole house. Its rows are its own history."""

    year = models.PositiveSmallIntegerField("année", unique=True)
    closed_at = models.DateTimeField("close le", auto_now_add=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )

    objects = ClosedYearQuerySet.as_manager()

    class Meta:
        verbose_name = "année close"
        verbose_name_plural = "années closes"
        ordering = ("-year",)
        constraints = [
            models.CheckConstraint(
                condition=Q(year__gte=2000) & Q(year__lte=2100),
                name="closed_year_plausible",
                violation_error_message="L’année se situe entre 2000 et 2100.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)
