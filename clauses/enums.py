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
