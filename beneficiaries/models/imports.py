"""Tables that come from outside: the file, how its columns are read, what became of its lines."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from beneficiaries.enums import ImportKind, ImportState, LineState
from beneficiaries.models.people import Beneficiary
from core.fields import MonthField
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.models import Company


class DataImport(TrackedModel):
    """One file of hours, of past years or of people: received, tried, loaded, validated — or taken back as a whole."""

    kind = models.CharField("nature", max_length=9, choices=ImportKind)
    state = models.CharField("état", max_length=10, choices=ImportState, default=ImportState.RECEIVED)
    stored = models.ForeignKey(
        StoredFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="fichier"
    )
    file_name = models.CharField("nom du fichier", max_length=200)
    # Of the bytes: the same file twice is known at once.
    digest = models.CharField(max_length=64, db_index=True, editable=False)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="data_imports", verbose_name="employeur"
    )
    # The month of all the lines, where the file does not say it.
    month = MonthField("mois", null=True, blank=True)
    sheet = models.CharField("feuille", max_length=200, blank=True)
    header = models.PositiveIntegerField("ligne des titres", default=0)
    # Index of a column → name of what it says; and how values are read (buyer, granularity, order of names…).
    columns = models.JSONField("colonnes", default=dict, blank=True)
    options = models.JSONField("lecture", default=dict, blank=True)
    # What the dry run and the load counted: lines by state, hours, people, contracts made.
    counts = models.JSONField("comptes", default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("reçu le", auto_now_add=True)
    loaded_at = models.DateTimeField("chargé le", null=True, blank=True)
    validated_at = models.DateTimeField("validé le", null=True, blank=True)
    taken_back_at = models.DateTimeField("repris le", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        verbose_name_plural = "imports"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.file_name


class ImportLine(models.Model):
    """A line of the dry run: what it would do, what was corrected, doubted or refused, and what was decided of it.

    It goes when the import is validated or taken back: a name that no file bears stays nowhere.
    """

    data_import = models.ForeignKey(DataImport, models.CASCADE, related_name="lines", verbose_name="import")
    sheet = models.CharField("feuille", max_length=200, blank=True)
    number = models.PositiveIntegerField("ligne")
    state = models.CharField("état", max_length=9, choices=LineState)
    # As the file names the person, and what loading the line writes.
    who = models.CharField("personne du fichier", max_length=300, blank=True)
    effect = models.CharField("ce qui sera écrit", max_length=500, blank=True)
    # The cells as the file wrote them, and the sentence that says what is wrong and where.
    cells = models.JSONField("contenu", default=list, encoder=DjangoJSONEncoder)
    sentence = models.CharField("pourquoi", max_length=500, blank=True)
    # What is asked, the same for all the lines that one answer settles.
    question = models.CharField(max_length=400, blank=True)
    # Whom the line is about; a dry run never keeps a file from being removed.
    beneficiary = models.ForeignKey(
        Beneficiary, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="personne"
    )
    # The people proposed, the choice made (a person, a new one, leave out).
    proposals = models.JSONField("propositions", default=list, blank=True)
    choice = models.CharField("décision", max_length=20, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne d’import"
        verbose_name_plural = "lignes d’import"
        ordering = ("number", "pk")
        indexes = [models.Index(fields=["data_import", "state", "number"], name="import_line_state")]

    def __str__(self) -> str:
        return f"ligne {self.number}"


class ImportedRow(models.Model):
    """A person, contract, assignment, market… that an import made or changed: taken back with it, in the reverse order.

    `kept` is what stood there before a change, or what waits for the validation of the import (decisions, engaged hours).
    """

    data_import = models.ForeignKey(DataImport, models.CASCADE, related_name="made", verbose_name="import")
    model = models.CharField("nature", max_length=40)
    object_id = models.PositiveBigIntegerField()
    kept = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne faite par un import"
        verbose_name_plural = "lignes faites par un import"
        ordering = ("pk",)
        indexes = [models.Index(fields=["data_import", "model"], name="imported_row_model")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"


class ColumnMapping(TrackedModel):
    """How the columns of a company's table are read, as it was decided last time."""

    kind = models.CharField("nature", max_length=9, choices=ImportKind)
    company = models.ForeignKey(
        Company,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="column_mappings",
        verbose_name="employeur",
    )
    # Normalised title of the column → name of what is wanted.
    titles = models.JSONField("titres", default=dict)
    options = models.JSONField("lecture", default=dict, blank=True)
    updated_at = models.DateTimeField("revu le", auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "lecture de colonnes"
        verbose_name_plural = "lectures de colonnes"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "company"],
                condition=models.Q(company__isnull=False),
                name="column_mapping_once_a_company",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(company__isnull=True),
                name="column_mapping_once_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.company or 'toutes'}"
