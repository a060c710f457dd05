"""Reference lists about people and contracts, with their sources in docs/reference-data.md."""

from django.db import models

from beneficiaries.enums import PlacementNature, Route, Sufficiency
from core.models import ReferenceRow


class ContractType(ReferenceRow):
    """A kind of contract (CDI, CDDI, mission d’intérim…)."""

    nature = models.CharField(
        "nature", max_length=12, choices=PlacementNature, default=PlacementNature.EMPLOYMENT
    )

    class Meta(ReferenceRow.Meta):
        verbose_name = "type de contrat"
        verbose_name_plural = "types de contrat"


class EducationLevel(ReferenceRow):
    """An education level of the ASP list, and the band it is reported in."""

    band = models.CharField("tranche", max_length=12)

    class Meta(ReferenceRow.Meta):
        verbose_name = "niveau de formation"
        verbose_name_plural = "niveaux de formation"


class Occupation(ReferenceRow):
    """An occupation of the ROME list (France Travail)."""

    class Meta(ReferenceRow.Meta):
        verbose_name = "métier (ROME)"
        verbose_name_plural = "métiers (ROME)"
        ordering = ("code",)  # type: ignore[assignment]  # the base orders by two fields


class Qpv(ReferenceRow):
    """A priority neighbourhood, of a vintage: a person keeps the one held at entry."""

    vintage = models.PositiveSmallIntegerField("millésime")
    commune_codes = models.CharField("communes", max_length=250, blank=True)

    class Meta(ReferenceRow.Meta):
        verbose_name = "quartier prioritaire"
        verbose_name_plural = "quartiers prioritaires"
        ordering = ("label", "code")


class EligibilityCriterion(ReferenceRow):
    """A status that opens, or helps to open, the right to insertion hours; dated, with its proof."""

    proof = models.CharField("justificatif", max_length=250, blank=True)
    proof_max_age_months = models.PositiveSmallIntegerField(
        "âge maximal du justificatif",
        null=True,
        blank=True,
        help_text="en mois ; vide : valable à l’embauche",
    )
    route = models.CharField("voie", max_length=12, choices=Route, default=Route.INDIVIDUAL)
    sufficiency = models.CharField("portée", max_length=12, choices=Sufficiency, default=Sufficiency.ALONE)
    sensitive = models.BooleanField("sensible", default=False)
    public = models.CharField("public", max_length=20, blank=True)
    valid_from = models.DateField("depuis", null=True, blank=True)
    valid_to = models.DateField("jusqu’au", null=True, blank=True)
    # One that the house added: no file holds it, and none takes it away.
    added_on = models.DateField("ajouté par la maison le", null=True, blank=True, editable=False)

    class Meta(ReferenceRow.Meta):
        verbose_name = "critère d’éligibilité"
        verbose_name_plural = "critères d’éligibilité"
