"""The long work of the planned purchases: loading a buyer's list."""

from __future__ import annotations

from django.urls import reverse

from core import formats
from core.errors import DomainError
from core.files import delete_file, read_file, store_file
from core.jobs import RunningJob, job
from core.models import Job, StoredFile
from core.spreadsheets import read_sheets
from markets.models import Buyer
from markets.purchase_files import LIST_KIND, REFUSED_KIND, lines_to_correct, refused_name
from markets.purchase_import import Reading, read_lines
from markets.services.planning import Plan, known_for, load_plan

KIND = "purchase_load"
# Sentences of the report; the file has them all.
SHOWN_MAX = 20


@job(KIND)
def load_list(running: RunningJob) -> None:
    """Load the right lines of a list, give the others back, and forget the file; again, it changes nothing."""
    payload, user = running.payload, running.user
    if user is None:
        raise DomainError("Le compte qui a demandé ce chargement n’existe plus : la liste n’est pas chargée.")
    stored = StoredFile.objects.filter(pk=payload["file"], kind=LIST_KIND).first()
    if stored is None:
        raise DomainError(
            "Cette liste n’est plus là : elle a déjà été chargée, ou elle a attendu plus de sept jours."
        )
    buyer = Buyer.objects.visible_to(user).filter(pk=payload["buyer"]).first()
    if buyer is None:
        raise DomainError("Vous n’avez plus accès à ce donneur d’ordre : la liste n’est pas chargée.")
    sheet = read_sheets(read_file(stored))[payload["sheet"]]
    known = known_for(buyer, year=payload["year"], default_family=payload["family"])
    reading = read_lines(sheet, header=payload["header"], columns=payload["columns"], known=known)
    plan = load_plan(buyer=buyer, year=payload["year"], reading=reading, by=user, progress=running.progress)
    _report(running, plan, reading, stored)
    delete_file(stored)


def _report(running: RunningJob, plan: Plan, reading: Reading, stored: StoredFile) -> None:
    running.report(
        **{
            "achats ajoutés": len(plan.added),
            "achats mis à jour": len(plan.changed),
            "achats inchangés": len(plan.unchanged),
            "lignes refusées": len(plan.refused),
        }
    )
    if plan.refused:
        sentences = [
            formats.typeset(f"Ligne {line.number} : {' '.join(line.errors)}")
            for line in plan.refused[:SHOWN_MAX]
        ]
        left = len(plan.refused) - SHOWN_MAX
        if left > 0:
            sentences.append(
                f"Et {formats.noun(left, 'autre ligne', 'autres lignes')}, dans le fichier à corriger."
            )
        running.report(pourquoi=sentences)
        running.result(
            store_file(
                kind=REFUSED_KIND,
                name=refused_name(stored.name),
                content=lines_to_correct(reading.titles, plan.refused),
                user=running.user,
                allowed_types=["csv"],
            )
        )


def link_to_report(row: Job) -> tuple[str, str] | None:
    query = f"?buyer={row.payload['buyer']}&year={row.payload['year']}"
    return "Voir les achats prévus", reverse("purchase_list") + query
