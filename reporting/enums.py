"""States of a bilan and kinds of files it produces."""

from django.db import models


class BilanKind(models.TextChoices):
    ANNUAL = "annual", "bilan annuel"
    TERRITORY = "territory", "bilan du territoire"
    RESERVED = "reserved", "bilan annuel d’un marché réservé"
    FINAL = "final", "bilan final"


class BilanState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    SUBMITTED = "submitted", "à relire"
    REVIEWED = "reviewed", "relu"
    # The projet transmis: the buyer reads and comments it, the yearly meeting is about it.
    SENT = "sent", "projet transmis"
    PUBLISHED = "published", "publié"


class BilanStepKind(models.TextChoices):
    """What happened to a bilan: its log of passages from a state to another."""

    STARTED = "started", "ouvert"
    SUBMITTED = "submitted", "proposé à la relecture"
    SENT_BACK = "sent_back", "renvoyé à la rédaction"
    REVIEWED = "reviewed", "relu"
    REOPENED = "reopened", "rouvert"
    SENT = "sent", "projet transmis"
    PUBLISHED = "published", "publié"
    DELIVERED = "delivered", "remis"


class CommentSide(models.TextChoices):
    HOUSE = "house", "de la maison"
    BUYER = "buyer", "du donneur d’ordre"


class CommentOutcome(models.TextChoices):
    TAKEN = "taken", "pris en compte"
    ANSWERED = "answered", "répondu"
    DECLINED = "declined", "non retenu"


class ActionOwner(models.TextChoices):
    HOUSE = "house", "la maison"
    BUYER = "buyer", "le donneur d’ordre"
    BOTH = "both", "les deux"


class ActionState(models.TextChoices):
    TO_DO = "to_do", "à engager"
    ONGOING = "ongoing", "en cours"
    DONE = "done", "réalisé"
    DROPPED = "dropped", "abandonné"


class BilanFormat(models.TextChoices):
    PDF = "pdf", "PDF"
    XLSX = "xlsx", "XLSX"
    JSON = "json", "JSON"
    # The same document for the archives: PDF/A-3a, its figures attached as JSON.
    ARCHIVE = "pdfa", "PDF/A"
