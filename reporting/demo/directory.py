"""What the directory and the Charte des 1000 show in the demonstration: drawn from the companies once they are written.

Nothing is drawn by chance: the same territory has the same sectors and the same pledges.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Model

from core.dates import add_months
from core.history import bulk_load_generated
from markets.directory import sectors_of_words
from markets.enums import CharterAxis
from markets.models import CharterPledge, Company, Sector
from markets.services.charter import save_pledge

COMPANY_SECTOR: type[Model] = Company.activities.through
MODELS: tuple[type[Model], ...] = (COMPANY_SECTOR, CharterPledge)
SIGNATORIES = 6
ACTIONS = (
    (CharterAxis.HOST, "Accueillir deux stagiaires de troisième par an"),
    (CharterAxis.MENTOR, "Parrainer trois jeunes suivis par la mission locale"),
    (CharterAxis.DISCOVER, "Ouvrir le dépôt aux collégiens du quartier"),
    (CharterAxis.BUY, "Confier l’entretien des locaux à une entreprise d’insertion"),
    (CharterAxis.HIRE, "Proposer les offres aux facilitateurs avant de les publier"),
    (CharterAxis.TRAIN, "Former deux tuteurs"),
)


def load_directory_of(as_of: dt.date) -> None:
    """Sectors of every company by the words of its trade, and the pledges of a few."""
    known = list(Sector.objects.filter(is_active=True))
    codes: dict[str, list[str]] = {}
    links: list[Model] = []
    for company, words in Company.objects.order_by("pk").values_list("pk", "sectors"):
        if words not in codes:
            codes[words] = [sector.code for sector in sectors_of_words(words, known)] if words else []
        for code in codes[words]:
            links.append(COMPANY_SECTOR(id=len(links) + 1, company_id=company, sector_id=code))
    bulk_load_generated(COMPANY_SECTOR, links)
    pledges = _pledges(as_of)
    bulk_load_generated(CharterPledge, pledges)
    for pledge in pledges:
        if pledge.due_on:
            # What is still to be done waits for someone, as it does in real life.
            save_pledge(pledge=pledge, by=None)


def _pledges(as_of: dt.date) -> list[CharterPledge]:
    signed_on = add_months(as_of.replace(day=15), -20)
    rows: list[CharterPledge] = []
    holders = (
        Company.objects.filter(awards__isnull=False).order_by("pk").distinct().values_list("pk", flat=True)
    )
    for rank, company in enumerate(holders[:SIGNATORIES]):
        for turn in range(3):
            axis, action = ACTIONS[(rank + turn) % len(ACTIONS)]
            is_done = turn < 1 + rank % 2
            rows.append(
                CharterPledge(
                    id=len(rows) + 1,
                    company_id=company,
                    signed_on=signed_on,
                    axis=axis,
                    action=action,
                    due_on=None if is_done else add_months(as_of, 2 + turn),
                    done_on=add_months(signed_on, 6 + turn) if is_done else None,
                )
            )
    return rows
