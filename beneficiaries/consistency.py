"""What `check_consistency` proves of hours: the market that an entry carries, and results within the rules."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from beneficiaries.models import HoursEntry
from beneficiaries.services.counting import recount_people


def entries_carry_the_market_of_their_assignment() -> Iterator[str]:
    """Chaque relevé porte le marché de son affectation."""
    astray = HoursEntry.objects.exclude(market=F("assignment__commitment__market")).order_by("pk")
    for pk in astray.values_list("pk", flat=True).iterator():
        yield f"relevé {pk} : le marché n’est pas celui de son affectation"


def counting_results_are_those_of_the_rules() -> Iterator[str]:
    """Chaque résultat de comptage est celui que donnent les règles."""
    people = (
        HoursEntry.objects.current().order_by().values_list("assignment__placement__beneficiary", flat=True)
    )
    report = recount_people(people.distinct(), user=None, reason="", write=False)
    for entry in report.changed:
        yield f"relevé {entry.pk} : le comptage donnerait {entry.counted_hours} h"
