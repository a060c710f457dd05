"""The house that this installation serves: one row."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models

from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedManager


class House(TrackedModel):
    """The structure that facilitates the clauses (AMOI); another house is another installation."""

    name = models.CharField("nom", max_length=200)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    address = models.TextField("adresse", blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    signatory = models.CharField("signataire", max_length=200, blank=True)
    signatory_title = models.CharField("qualité du signataire", max_length=200, blank=True)
    # Bank details and tax: what a quote and an invoice must say.
    bank_name = models.CharField("domiciliation bancaire", max_length=120, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    vat_number = models.CharField("numéro de TVA intracommunautaire", max_length=20, blank=True)
    vat_rate = models.DecimalField(
        "taux de TVA des devis", max_digits=5, decimal_places=2, default=Decimal("0"), help_text="en %"
    )
    vat_note = models.CharField("mention quand la TVA ne s’applique pas", max_length=200, blank=True)
    logo = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="logo"
    )

    objects = ScopedManager()

    class Meta:
        verbose_name = "maison"
        verbose_name_plural = "maison"
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(vat_rate__gte=0) & models.Q(vat_rate__lte=100),
                name="house_vat_rate",
                violation_error_message="Le taux de TVA se donne en pourcentage, entre 0 et 100.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if House.objects.exclude(pk=self.pk).exists():
            raise ValidationError("Une installation sert une seule maison : modifiez celle qui existe.")

    @classmethod
    def current(cls) -> House:
        """The house of this installation; an unsaved, nameless one before it is set up."""
        return cls.objects.order_by("pk").first() or cls(name="Maison non renseignée")
