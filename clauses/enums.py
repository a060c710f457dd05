"""Closed lists of the promise: kinds of clauses and reasons why a commitment changes."""

from django.db import models


class ClauseKind(models.TextChoices):
    """Article of the code de la commande publique in brackets."""

    EXECUTION = "execution", "condition d’exécution (L2112-2)"
    CRITERION = "criterion", "critère d’attribution"
    EXECUTION_AND_CRITERION = "execution_criterion", "condition d’exécution et critère"
    TRAINING = "training", "clause de formation"
    IMMERSION = "immersion", "stage, PMSMP"
    VOLUNTARY = "voluntary", "démarche volontaire"


class ChangeReason(models.TextChoices):
    MINIMUM = "minimum", "minimum de la clause"
    OFFER = "offer", "offre au-dessus du minimum"
    AMENDMENT = "amendment", "avenant"
    ORDER = "order", "bon de commande, facture"
    TRANCHE = "tranche", "affermissement de tranche"
    MOVE = "move", "répartition dans le groupement"
    DISCHARGE = "discharge", "décharge accordée par le donneur d’ordre"
    # Negative when it begins, positive when the work is taken up again.
    SUSPENSION = "suspension", "suspension accordée par le donneur d’ordre"


class EstimationMethod(models.TextChoices):
    """How the hours of a lot are worked out (`clauses.estimation`)."""

    STANDARD = "standard", "formule courante"
    PACT = "pact", "PACT Propreté"


class RecommendationState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    SENT = "sent", "envoyée, réponse attendue"
    ACCEPTED = "accepted", "acceptée"
    AMENDED = "amended", "modification demandée"
    REFUSED = "refused", "refusée"


class Channel(models.TextChoices):
    """How a contact took place; the meetings of the convention (annexe 1.A and 1.B) have their names."""

    CALL = "call", "appel"
    MAIL = "mail", "courriel"
    LETTER = "letter", "courrier"
    LAUNCH = "launch", "réunion de lancement"
    KICK_OFF = "kick_off", "mise au point avec le titulaire"
    SITE = "site", "réunion de chantier"
    MID_YEAR = "mid_year", "réunion de mi-année"
    YEAR_END = "year_end", "réunion de fin d’année"
    STEERING = "steering", "comité de pilotage"
    TRIPARTITE = "tripartite", "rencontre tripartite"
    VISIT = "visit", "visite"
    LIST_SENT = "list_sent", "liste de structures envoyée"
    OTHER = "other", "autre"


class QualitativeOrigin(models.TextChoices):
    """Where a promise that is not in hours was made."""

    OFFER = "offer", "mémoire technique"
    ACCOMPANIMENT = "accompaniment", "accompagnement promis par la structure"


class ReviewState(models.TextChoices):
    """What the house made of what a company sent."""

    SUBMITTED = "submitted", "à examiner"
    ACCEPTED = "accepted", "accepté"
    REFUSED = "refused", "refusé"


class EvidenceKind(models.TextChoices):
    CERTIFICATE = "certificate", "attestation"
    ATTENDANCE = "attendance", "feuille de présence"
    REPORT = "report", "compte rendu"
    AGREEMENT = "agreement", "convention, contrat"
    PHOTO = "photo", "photographie"
    OTHER = "other", "autre document"


class PenaltyKind(models.TextChoices):
    """How the market writes its penalty; the values are those of `clauses.penalties.Formula`."""

    RATE = "rate", "montant par heure manquante"
    COEFFICIENT = "coefficient", "coefficient × montant de référence × heures manquantes"


class AllowanceUnit(models.TextChoices):
    HOURS = "hours", "heures"
    PERCENT = "percent", "% des heures engagées"


class CapUnit(models.TextChoices):
    EUROS = "euros", "euros"
    PERCENT = "percent", "% du montant du lot"


class StepKind(models.TextChoices):
    """What happens in an escalation (convention, annexe 2.A). Only a meeting is nobody's predecessor."""

    OPENED = "opened", "difficulté ouverte"
    REFUSAL = "refusal", "refus de l’entreprise"
    LETTER_PROPOSED = "proposed", "courrier proposé au donneur d’ordre"
    LETTER_SENT_BACK = "sent_back", "courrier renvoyé par le donneur d’ordre"
    LETTER_APPROVED = "approved", "courrier approuvé par le donneur d’ordre"
    LETTER_CONSENTED = "consented", "courrier couvert par l’accord de la convention"
    LETTER_SENT = "sent", "courrier envoyé"
    NO_ANSWER = "no_answer", "délai passé sans réponse"
    ALERT = "alert", "alerte au donneur d’ordre"
    DEFAULT = "default", "défaillance notifiée par le donneur d’ordre"
    DECISION = "decision", "décision du donneur d’ordre sur la pénalité"
    MEETING = "meeting", "rencontre tripartite"
    CLOSED = "closed", "difficulté close"


class LetterWay(models.TextChoices):
    REGISTERED = "registered", "recommandé avec accusé de réception"
    EMAIL = "email", "courriel"
    BOTH = "both", "recommandé et courriel"


class PenaltyDecision(models.TextChoices):
    APPLIED = "applied", "appliquer la pénalité"
    REDUCED = "reduced", "appliquer un montant réduit"
    WAIVED = "waived", "renoncer à la pénalité"


# What is planned with a day and invited to; the others are noted once they took place.
MEETING_CHANNELS = (
    Channel.LAUNCH,
    Channel.KICK_OFF,
    Channel.SITE,
    Channel.MID_YEAR,
    Channel.YEAR_END,
    Channel.STEERING,
    Channel.TRIPARTITE,
    Channel.VISIT,
    Channel.OTHER,
)


class CoverageState(models.TextChoices):
    """Where the watch on published contracts stands for one of them."""

    TO_LOOK = "to_look", "à regarder"
    FOLLOWED = "followed", "suivi ici"
    LEFT = "left", "laissé de côté"
