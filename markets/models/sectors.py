"""Sectors of activity of the directory: a short closed list of our own, tied to CPV and NAF codes."""

from __future__ import annotations

from django.db import models

from core.models import ReferenceRow


class Sector(ReferenceRow):
    """What a structure does, as a buyer would look for it."""

    # Beginnings of codes separated by spaces: « 4521 45262 ».
    cpv = models.CharField("codes CPV", max_length=120, blank=True)
    naf = models.CharField("codes NAF", max_length=120, blank=True)
    # Words of an activity's label, separated by commas: « espaces verts, paysage ».
    words = models.CharField("mots", max_length=250, blank=True)

    class Meta(ReferenceRow.Meta):
        verbose_name = "secteur d’activité"
        verbose_name_plural = "secteurs d’activité"
