"""Closed lists about people, their eligibility, their employment and their hours."""

from django.db import models


class Gender(models.TextChoices):
    FEMALE = "F", "femme"
    MALE = "M", "homme"
    OTHER = "X", "autre ou non communiqué"


class PrescriberKind(models.TextChoices):
    FRANCE_TRAVAIL = "france_travail", "France Travail"
    LOCAL_MISSION = "local_mission", "mission locale"
    CAP_EMPLOI = "cap_emploi", "Cap emploi"
    PLIE = "plie", "PLIE"
    METROPOLE = "metropole", "métropole ou département (RSA)"
    CCAS = "ccas", "CCAS"
    SPIP = "spip", "SPIP"
    ASSOCIATION = "association", "association"
    SIAE = "siae", "SIAE, GEIQ"
    OTHER = "other", "autre"


class Route(models.TextChoices):
    AUTOMATIC = "automatic", "automatique"
    INDIVIDUAL = "individual", "individuelle"


class Sufficiency(models.TextChoices):
    ALONE = "alone", "suffit seul"
    COMBINED = "combined", "à combiner"
    PRIORITY = "priority", "priorité seulement"


class Decision(models.TextChoices):
    APPROVED = "approved", "éligible"
    REFUSED = "refused", "refusé"


class EligibilityState(models.TextChoices):
    """Where a person stands today; worked out, never stored."""

    ELIGIBLE = "eligible", "éligible"
    TO_REVIEW = "to_review", "à valider"
    EXPIRED = "expired", "expiré"
    REFUSED = "refused", "refusé"


class Unemployment(models.TextChoices):
    LESS_THAN_6 = "lt6", "moins de 6 mois"
    FROM_6 = "6_11", "de 6 à 11 mois"
    FROM_12 = "12_23", "de 12 à 23 mois"
    FROM_24 = "ge24", "24 mois et plus"


class PlacementNature(models.TextChoices):
    EMPLOYMENT = "employment", "emploi"
    IMMERSION = "immersion", "immersion"
    TRAINING = "training", "formation"


class Modality(models.TextChoices):
    """How the clause is carried out."""

    DIRECT = "direct", "embauche directe"
    ETTI = "ETTI", "mise à disposition, ETTI"
    AI = "AI", "mise à disposition, AI"
    GEIQ = "GEIQ", "mise à disposition, GEIQ"
    ETT = "ETT", "mise à disposition, ETT"
    ADAPTED = "adapted", "EA, EATT, ESAT"
    REGIE = "regie", "régie de quartier"
    SIAE_CONTRACT = "siae_contract", "cotraitance ou sous-traitance d’une SIAE"
    TRAINING = "training", "formation"
    PMSMP = "pmsmp", "PMSMP"
    STAGE = "stage", "stage"


class HourKind(models.TextChoices):
    WORK = "work", "travail"
    TRAINING = "training", "formation"
    TUTORING = "tutoring", "tutorat"
    IMMERSION = "immersion", "immersion"


class EntryState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    SUBMITTED = "submitted", "soumis"
    VALIDATED = "validated", "validé"
    SENT_BACK = "sent_back", "à corriger"


class EntrySource(models.TextChoices):
    SCREEN = "screen", "saisie"
    IMPORT = "import", "import"
    PORTAL = "portal", "portail"
    API = "api", "API"
    TAKE_OVER = "take_over", "reprise"


class CountingReason(models.TextChoices):
    """Why hours count or not; the same values as `beneficiaries.counting.Reason`."""

    NOT_COMPUTED = "", "à calculer"
    COUNTED = "counted", "comptées"
    NOT_VALIDATED = "not_validated", "personne non validée"
    NO_PRIOR_VALIDATION = "no_prior_validation", "validation postérieure au début"
    VALIDATION_EXPIRED = "validation_expired", "validation expirée"
    OUTSIDE_ASSIGNMENT = "outside_assignment", "hors de l’affectation"
    OUTSIDE_MARKET = "outside_market", "hors de la vie du marché"
    KIND_NOT_COUNTED = "kind_not_counted", "nature d’heures non comptée"
    PERIOD_USED_UP = "period_used_up", "période d’éligibilité épuisée"
    OVER_CAP = "over_cap", "au-delà du plafond"
