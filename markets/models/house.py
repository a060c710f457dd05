"""The house that this installation serves: one row."""

from __future__ import annotations

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
    logo = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="logo"
    )

    objects = ScopedManager()

    class Meta:
        verbose_name = "maison"
        verbose_name_plural = "maison"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if House.objects.exclude(pk=self.pk).exists():
            raise ValidationError("Une installation sert une seule maison : modifiez celle qui existe.")

    @classmethod
    def current(cls) -> House:
        """The house of this installation; an unsaved, nameless one before it is set up."""
        return cls.objects.order_by("pk").first() or cls(name="Maison non renseignée")
