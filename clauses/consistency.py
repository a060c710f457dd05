"""What must agree in the clauses although the database cannot say it."""

from collections.abc import Iterator

from django.db.models import F, Q, Sum
from django.db.models.functions import Round

from clauses.models import Commitment


def commitments_repeat_their_source() -> Iterator[str]:
    """A commitment carries its market and its holder: they are its clause's and its award's."""
    wrong = Commitment.objects.exclude(
        Q(market=F("clause__lot__market")) & Q(holder=F("award__company")) & Q(clause__lot=F("award__lot"))
    )
    for pk in wrong.order_by("pk").values_list("pk", flat=True):
        yield f"L’engagement {pk} n’a pas le marché, le lot ou le porteur de sa clause et de son attribution."


def commitments_are_not_negative() -> Iterator[str]:
    """A commitment's figure is never below zero."""
    wrong = Commitment.objects.annotate(total=Round(Sum("changes__delta"), precision=2)).filter(total__lt=0)
    for pk in wrong.order_by("pk").values_list("pk", flat=True):
        yield f"L’engagement {pk} a un total d’heures négatif."
