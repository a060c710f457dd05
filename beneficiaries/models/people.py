"""Beneficiaries, and the organisations that send them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from beneficiaries.enums import Gender, PrescriberKind
from beneficiaries.models.reference import EducationLevel, Qpv
from core.fields import WordField
from core.history import TrackedModel
from core.models import Searchable, SearchableQuerySet
from core.querysets import ScopedQuerySet
from markets.models import Commune

if TYPE_CHECKING:
    from accounts.models import User


class PrescriberQuerySet(SearchableQuerySet):
    pass


class Prescriber(Searchable, TrackedModel):
    """An organisation that sends and follows people (France Travail, mission locale, PLIE, SPIP…)."""

    search_fields: ClassVar[tuple[str, ...]] = ("name",)

    name = models.CharField("nom", max_length=250)
    kind = models.CharField("nature", max_length=20, choices=PrescriberKind, default=PrescriberKind.OTHER)
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    is_active = models.BooleanField("en activité", default=True)

    objects = PrescriberQuerySet.as_manager()

    class Meta:
        verbose_name = "prescripteur"
        verbose_name_plural = "prescripteurs"
        ordering = ("search_key", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["name", "kind"],
                name="prescriber_unique",
                violation_error_message="Ce prescripteur existe déjà.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Referrer(Searchable, TrackedModel):
    """A référent de parcours: the person who follows someone, in the organisation that sent them."""

    search_fields: ClassVar[tuple[str, ...]] = ("last_name", "first_name")

    prescriber = models.ForeignKey(
        Prescriber, models.PROTECT, related_name="referrers", verbose_name="prescripteur"
    )
    first_name = models.CharField("prénom", max_length=100, blank=True)
    last_name = models.CharField("nom", max_length=100)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    is_active = models.BooleanField("en poste", default=True)

    objects = SearchableQuerySet.as_manager()

    class Meta:
        verbose_name = "référent·e de parcours"
        verbose_name_plural = "référent·es de parcours"
        ordering = ("search_key", "pk")

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


# What stands in the place of a name once the file is nobody's.
BARE_NAME = "Personne anonymisée"


class BeneficiaryQuerySet(SearchableQuerySet):
    def visible_to_house(self, user: User) -> Any:
        """One file a person: those merged into another are gone; the restricted archive is the admin's."""
        files = self.filter(merged_into__isnull=True)
        return files if user.is_admin else files.filter(archived_on__isnull=True)

    def visible_to_company(self, user: User) -> Any:
        """The people whom the user's companies employ, receive, or count on a commitment that they hold."""
        from beneficiaries.models.employment import Assignment

        return self.filter(
            pk__in=Assignment.objects.visible_to(user).values("placement__beneficiary"),
            merged_into__isnull=True,
            archived_on__isnull=True,
        )

    def with_eligibility(self, today: dt.date) -> Any:
        """Add `eligible_until` and `eligibility_state` (a value of `EligibilityState`) as they are on that day."""
        from beneficiaries.models.standing import with_eligibility

        return with_eligibility(self, today)

    def with_employer(self, today: dt.date) -> Any:
        """Add `employer_name`: who employs or hosts the person on that day."""
        from beneficiaries.models.standing import with_employer

        return with_employer(self, today)

    def with_hours_counted(self, entries: Any) -> Any:
        """Add `hours_counted`, summed over these entries: those that the reader may see."""
        from beneficiaries.models.standing import with_hours_counted

        return with_hours_counted(self, entries)


class Beneficiary(Searchable, TrackedModel):
    """A person far from employment, for whom hours of insertion are worked. Never seen by a buyer."""

    search_fields: ClassVar[tuple[str, ...]] = ("last_name", "first_name", "birth_name")

    last_name = models.CharField("nom", max_length=300)
    first_name = models.CharField("prénom", max_length=300)
    birth_name = models.CharField("nom de naissance", max_length=300, blank=True)
    birth_date = models.DateField("date de naissance", null=True, blank=True)
    gender = models.CharField("genre", max_length=1, choices=Gender, blank=True)
    address = models.CharField("adresse", max_length=300, blank=True)
    commune = models.ForeignKey(
        Commune,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="commune ou arrondissement",
    )
    qpv = models.ForeignKey(
        Qpv,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="quartier prioritaire (QPV)",
    )
    # Kept with the person: contours are drawn again, and someone who lived inside still did.
    qpv_vintage = models.PositiveSmallIntegerField("millésime du QPV", null=True, blank=True, editable=False)
    education = models.ForeignKey(
        EducationLevel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="niveau de formation",
    )
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    prescriber = models.ForeignKey(
        Prescriber,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="beneficiaries",
        verbose_name="prescripteur",
    )
    referrer = models.ForeignKey(
        Referrer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="beneficiaries",
        verbose_name="référent·e de parcours",
    )
    informed_on = models.DateField(
        "information sur les données remise le", null=True, blank=True, help_text="articles 13 et 14 du RGPD"
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    # A file merged into another stays as its trace, empty-handed.
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_files",
        verbose_name="réunie avec",
        editable=False,
    )
    # Domain rule 10: restricted archive, then proofs erased, then anonymised in place.
    archived_on = models.DateField("en archive restreinte depuis le", null=True, blank=True, editable=False)
    proofs_erased_on = models.DateField("justificatifs effacés le", null=True, blank=True, editable=False)
    anonymised_on = models.DateField("anonymisée le", null=True, blank=True, editable=False)

    objects = BeneficiaryQuerySet.as_manager()

    class Meta:
        verbose_name = "personne"
        verbose_name_plural = "personnes"
        # Without accents or case: Élise stands before Margot on both databases.
        ordering = ("search_key", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["search_key", "birth_date"],
                condition=Q(birth_date__isnull=False, merged_into__isnull=True),
                name="beneficiary_name_and_birth_unique",
                violation_error_message="Une personne de ce nom née ce jour-là existe déjà : ouvrez sa fiche.",
            ),
            models.CheckConstraint(
                condition=Q(anonymised_on__isnull=True)
                | Q(
                    last_name=BARE_NAME,
                    birth_name="",
                    birth_date__isnull=True,
                    address="",
                    email="",
                    phone="",
                ),
                name="beneficiary_anonymised_is_bare",
                violation_error_message="Cette fiche est anonymisée : elle ne porte plus ni nom, ni naissance, ni coordonnées.",
            ),
            models.CheckConstraint(
                condition=Q(birth_date__isnull=True) | Q(birth_date__gte=dt.date(1900, 1, 1)),
                name="beneficiary_born_after_1900",
                violation_error_message="La date de naissance est antérieure à 1900 : vérifiez l’année.",
            ),
        ]
        indexes = [
            # By it the files that may be one person's are brought together.
            models.Index(fields=["birth_date"], name="beneficiary_birth"),
            # Few of many: what every list leaves out for whom may not see the archive.
            models.Index(
                fields=["archived_on"], condition=Q(archived_on__isnull=False), name="beneficiary_archived"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields") is None:
            if self.qpv_id is None:
                self.qpv_vintage = None
            elif self.qpv_vintage is None:
                self.qpv_vintage = self.qpv.vintage  # type: ignore[union-attr]
        super().save(*args, **kwargs)

    @property
    def residence_vintage(self) -> int | None:
        """The vintage of the QPV as it was recorded; `qpv` is loaded with the file."""
        return self.qpv_vintage or (self.qpv.vintage if self.qpv else None)

    def clean(self) -> None:
        # The uniqueness of name and birth date is checked on the normalised name.
        self.search_key = self.make_search_key()
        super().clean()


class NameVariant(models.Model):
    """A word of a person's name, or that word less one letter: by these a typing error still finds them."""

    beneficiary = models.ForeignKey(Beneficiary, models.CASCADE, related_name="name_variants")
    variant = WordField(max_length=60)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "variante d’un nom"
        verbose_name_plural = "variantes des noms"
        ordering = ("pk",)
        indexes = [models.Index(fields=["variant", "beneficiary"], name="name_variant_found")]

    def __str__(self) -> str:
        return self.variant
