"""Places and purchase nomenclature: reference lists with their source (docs/reference-data.md)."""

from django.db import models

from core.models import ReferenceRow


class Commune(ReferenceRow):
    """A commune, an arrondissement or a former commune; dated, and it knows its successor (INSEE)."""

    kind = models.CharField("nature", max_length=20, default="commune")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name="commune de rattachement",
    )
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name="devenue"
    )
    department_code = models.CharField("département", max_length=3, blank=True)
    valid_from = models.DateField("depuis", null=True, blank=True)
    valid_to = models.DateField("jusqu’au", null=True, blank=True)
    population = models.PositiveIntegerField("population", null=True, blank=True)

    class Meta(ReferenceRow.Meta):
        verbose_name = "commune"
        verbose_name_plural = "communes"
        ordering = ("label", "code")


class CpvCode(ReferenceRow):
    """A division, group or class of the common procurement vocabulary (CPV 2008)."""

    class Meta(ReferenceRow.Meta):
        verbose_name = "code CPV"
        verbose_name_plural = "codes CPV"
        ordering = ("code",)  # type: ignore[assignment]  # the base orders by two fields
