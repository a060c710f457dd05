"""The campaign of a year: opening it, its drafts, and who writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from core import jobs
from core.errors import DomainError
from core.models import Job
from markets.models import Buyer
from reporting.enums import BilanState
from reporting.models import Bilan, Campaign
from reporting.services.drafts import start_bilan
from reporting.services.workflow import assign_writer, sync_tasks

if TYPE_CHECKING:
    from accounts.models import User

FIRST_YEAR, LAST_YEAR = 2000, 2100


def check_admin(user: User | None, sentence: str) -> None:
    if user is not None and not user.is_admin:
        raise DomainError(sentence)


# --- A campaign and its drafts --------------------------------------------------------------------------------


@transaction.atomic
def open_campaign(*, year: int, due_on: dt.date | None, user: User | None) -> Campaign:
    """Open the campaign of a year. Raises DomainError for a year to come, and for one that has its campaign."""
    check_admin(user, "Seul·e un·e administrateur·rice ouvre une campagne.")
    if not FIRST_YEAR <= year <= min(LAST_YEAR, timezone.localdate().year):
        raise DomainError(
            f"L’année {year} n’a pas commencé\u202f: sa campagne s’ouvre une fois l’année entamée."
            if year > timezone.localdate().year
            else f"Donnez une année à partir de {FIRST_YEAR}.",
            field="year",
        )
    if Campaign.objects.filter(year=year).exists():
        raise DomainError(f"La campagne {year} est déjà ouverte\u202f: elle est dans la liste.", field="year")
    _check_due(year, due_on)
    return Campaign.objects.create(year=year, due_on=due_on, opened_by=user)


@transaction.atomic
def change_due_date(*, campaign: Campaign, due_on: dt.date | None, user: User | None) -> Campaign:
    """Say until when the bilans are owed; the drafts that someone writes already have that day too."""
    check_admin(user, "Seul·e un·e administrateur·rice change la date d’une campagne.")
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    _check_due(campaign.year, due_on)
    if campaign.due_on != due_on:
        campaign.due_on = due_on
        campaign.save()
        drafts = Bilan.objects.annual().filter(year=campaign.year, state=BilanState.DRAFT)
        if drafts.exists():
            jobs.enqueue(
                "campaign_due_date",
                key=f"campaign:{campaign.pk}:due",
                label=f"Nouvelle échéance des bilans {campaign.year}",
                payload={"campaign": campaign.pk},
                user=user,
            )
    return campaign


def _check_due(year: int, due_on: dt.date | None) -> None:
    if due_on is not None and not dt.date(year, 1, 1) <= due_on <= dt.date(year + 5, 12, 31):
        raise DomainError(
            f"Les bilans {year} se remettent entre le 1er janvier {year} et le 31 décembre {year + 5}\u202f: "
            "vérifiez l’année de la date.",
            field="due_on",
        )


def tell_due_date(campaign: Campaign, *, step: Callable[[int, int], None], user: User | None) -> int:
    """Give the tasks of who writes the day of the campaign."""
    drafts = Bilan.objects.annual().filter(year=campaign.year, state=BilanState.DRAFT)
    keys = list(drafts.order_by("pk").values_list("pk", flat=True))
    for number, pk in enumerate(keys, start=1):
        with transaction.atomic():
            sync_tasks(Bilan.objects.select_related("buyer", "writer").get(pk=pk), user)
        step(number, len(keys))
    return len(keys)


def ask_for_drafts(*, campaign: Campaign, buyers: Iterable[int], user: User) -> Job:
    """Open in a job the drafts of these buyers that have none yet."""
    keys = sorted(buyers)
    if not keys:
        raise DomainError(
            "Aucun donneur d’ordre n’est choisi\u202f: élargissez les filtres, ou cochez des lignes."
        )
    return jobs.enqueue(
        "open_bilans",
        key=f"campaign:{campaign.pk}:open",
        label=f"Ouverture des brouillons {campaign.year}",
        payload={"campaign": campaign.pk, "buyers": keys},
        user=user,
        total=len(keys),
    )


def without_bilan(buyers: Any, year: int) -> Any:
    """Those of these buyers that have no bilan of the year, in whatever state."""
    return buyers.exclude(pk__in=Bilan.objects.annual().filter(year=year).order_by().values("buyer"))


def open_drafts(
    campaign: Campaign, buyers: list[int], *, step: Callable[[int], None], user: User | None
) -> dict[str, Any]:
    """Open the drafts that are missing, one transaction each: taken up after a failure, it goes on where it was."""
    waiting = set(
        without_bilan(Buyer.objects.filter(pk__in=buyers), campaign.year)
        .order_by()
        .values_list("pk", flat=True)
    )
    opened, refused = 0, []
    for number, pk in enumerate(buyers, start=1):
        if pk in waiting:
            buyer = Buyer.objects.get(pk=pk)
            try:
                start_bilan(buyer=buyer, year=campaign.year, user=user)
                opened += 1
            except DomainError as error:
                refused.append(f"{buyer}\u202f: {error.sentence}")
        step(number)
    report: dict[str, Any] = {"brouillons ouverts": opened, "déjà là": len(buyers) - opened - len(refused)}
    return report | ({"non ouverts": refused[:200]} if refused else {})


def set_writers(*, bilans: Iterable[Bilan], writer: User | None, by: User) -> tuple[int, int]:
    """Give these bilans to who will write them: how many were given, how many are published already."""
    given = published = 0
    for bilan in bilans:
        if bilan.is_published:
            published += 1
            continue
        assign_writer(bilan=bilan, writer=writer, by=by)
        given += 1
    return given, published
