"""Roles of the people who open Maillon, and the states of their accounts."""

from django.db import models


class Role(models.TextChoices):
    FACILITATOR = "facilitator", "facilitateur·rice"
    ADMIN = "admin", "administrateur·rice"
    BUYER = "buyer", "donneur d’ordre"
    COMPANY = "company", "entreprise"


HOUSE_ROLES = (Role.FACILITATOR, Role.ADMIN)


class Digest(models.TextChoices):
    """How often a person is reminded by e-mail of what waits for them."""

    DAILY = "daily", "chaque matin, du lundi au vendredi"
    WEEKLY = "weekly", "une fois par semaine au plus"
    OFF = "off", "jamais"


class AccountState(models.TextChoices):
    """What can be done with an account; worked out, never stored."""

    ACTIVE = "active", "actif"
    INVITED = "invited", "invitation envoyée"
    EXPIRED = "expired", "invitation expirée"
    CLOSED = "closed", "désactivé"
