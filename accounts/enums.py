"""Roles of the people who open Maillon."""

from django.db import models


class Role(models.TextChoices):
    FACILITATOR = "facilitator", "facilitateur·rice"
    ADMIN = "admin", "administrateur·rice"
    BUYER = "buyer", "donneur d’ordre"
    COMPANY = "company", "entreprise"
