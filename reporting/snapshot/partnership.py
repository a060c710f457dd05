"""The chapter on the partnership: the yearly meeting, and the improvement actions, former and new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import formats
from markets.models import Buyer
from reporting.enums import ActionState
from reporting.models import ImprovementAction, PartnershipNote
from reporting.services.partnership import carried
from reporting.snapshot.document import SECTIONS_OF_CHAPTER
from reporting.snapshot.material import chapter
from reporting.snapshot.words import agree, count, typeset, upper_first

# As the agreement says it; a long account of where an action stands is cut.
PROGRESS_MAX = 300


def partnership_chapter(
    narrative: Mapping[str, str], of: str, *, buyer: Buyer | None = None, year: int | None = None
) -> dict[str, Any]:
    """Of a buyer's year: its meeting and its actions, those of the notes shared with the buyer only."""
    note, actions = None, []
    if buyer is not None and year is not None:
        note = PartnershipNote.objects.filter(buyer=buyer, year=year, shared_at__isnull=False).first()
        former = carried(buyer=buyer, year=year).filter(note__shared_at__isnull=False)
        own = note.actions.select_related("note").order_by("pk") if note is not None else ()
        actions = [*former, *own]
    blocks = [_table(actions, year)] if actions and year is not None else []
    return chapter("partnership", "Partenariat", _answer(narrative, of, note, actions), blocks)


def _answer(
    narrative: Mapping[str, str], of: str, note: PartnershipNote | None, actions: list[ImprovementAction]
) -> str:
    facts = []
    if note is not None and note.meeting_on is not None:
        facts.append(f"la réunion annuelle s’est tenue le {formats.day(note.meeting_on)}")
    if actions:
        done = sum(row.state == ActionState.DONE for row in actions)
        followed = count(len(actions), "axe d’amélioration est suivi", "axes d’amélioration sont suivis")
        facts.append(
            f"{followed}, dont {formats.number(done)} {agree(done, 'réalisé', 'réalisés')}"
            if done
            else followed
        )
    if facts:
        return typeset(f"{upper_first(' ; '.join(facts))}.")
    if any(narrative.get(key, "").strip() for key in SECTIONS_OF_CHAPTER["partnership"]):
        return f"Ce que {of} dit du partenariat, et ce qui sera amélioré."
    return f"La note sur le partenariat n’est pas rédigée pour {of}."


def _table(actions: list[ImprovementAction], year: int) -> dict[str, Any]:
    columns = (
        ("label", "Axe d’amélioration", "text"),
        ("decided", "Décidé", "text"),
        ("owner", "Porté par", "text"),
        ("due_on", "Pour le", "day"),
        ("state", "État", "text"),
        ("progress", "Où en est-on", "text"),
    )
    rows = [
        {
            "key": str(row.pk),
            "cells": {
                "label": row.title,
                # A year is a name, not a quantity.
                "decided": str(row.note.year),
                "owner": row.get_owner_display(),
                "due_on": row.due_on.isoformat() if row.due_on else None,
                "state": _state(row),
                "progress": formats.short(" ".join(row.progress.split()), PROGRESS_MAX) or None,
            },
            "masked": [],
        }
        for row in actions
    ]
    taken_up = sum(row.note.year < year for row in actions)
    base = (
        f"Axes décidés pour {year}, et {count(taken_up, 'axe repris', 'axes repris')} des années précédentes."
        if taken_up
        else f"Axes décidés pour {year}."
    )
    return {
        "type": "table",
        "key": "improvement_actions",
        "title": "Axes suivis d’une année à l’autre",
        "columns": [
            {"key": key, "label": label, "kind": kind, "previous": False} for key, label, kind in columns
        ],
        "rows": rows,
        "totals": None,
        "base": typeset(base),
        "formula": "",
        "notes": ["Leur état est celui du jour où ces chiffres sont arrêtés."],
        "empty": "",
        "print_rows": None,
    }


def _state(action: ImprovementAction) -> str:
    said = action.get_state_display()
    return f"{said} le {formats.day(action.settled_on)}" if action.settled_on else said
