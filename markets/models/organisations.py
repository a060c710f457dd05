"""What a buyer and a company have in common: a name, a place and an identifier that may be malformed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.history import TrackedModel
from core.models import Searchable
from markets.enums import IdentifierKind, Source
from markets.models.reference import Commune


class Organisation(Searchable, TrackedModel):
    """An organisation with an identifier, kept and flagged when it is malformed, unique where it is not blank."""

    search_fields: ClassVar[tuple[str, ...]] = ("name", "short_name", "identifier")

    name = models.CharField("nom", max_length=300)
    short_name = models.CharField("nom d’usage", max_length=120, blank=True)
    identifier = models.CharField("identifiant", max_length=40, blank=True)
    identifier_kind = models.CharField(
        "nature de l’identifiant", max_length=10, choices=IdentifierKind, default=IdentifierKind.SIRET
    )
    address = models.CharField("adresse", max_length=300, blank=True)
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="commune"
    )
    notes = models.TextField("remarques", blank=True)
    source = models.CharField("origine", max_length=12, choices=Source, default=Source.SCREEN, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.short_name or self.name

    @property
    def identifier_is_sound(self) -> bool:
        return self.identifier_kind not in (IdentifierKind.UNKNOWN, IdentifierKind.NONE)


def unique_identifier(name: str, sentence: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["identifier"],
        condition=~models.Q(identifier=""),
        name=name,
        violation_error_message=sentence,
    )
