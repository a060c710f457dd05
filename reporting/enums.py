"""States of a bilan and kinds of files it produces."""

from django.db import models


class BilanKind(models.TextChoices):
    ANNUAL = "annual", "bilan annuel"
    FINAL = "final", "bilan final"


class BilanState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    REVIEWED = "reviewed", "relu"
    PUBLISHED = "published", "publié"


class BilanFormat(models.TextChoices):
    PDF = "pdf", "PDF"
    XLSX = "xlsx", "XLSX"
    JSON = "json", "JSON"
