"""What the grid of hours writes most often: its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from beneficiaries.grid import GridCell, GridRow

register = template.Library()


@register.simple_tag
def hours_cells(row: GridRow) -> SafeString:
    """The cells of a row: what may be typed, or what is locked, and the sentence of what was refused.

    Written here and not in the template: fifty rows of four kinds are two hundred cells, each with fifteen values.
    """
    person = escape(str(row.assignment.placement.beneficiary))
    return mark_safe("\n".join(_cell(cell, person) for cell in row.cells))  # noqa: S308  every value is escaped


def _cell(cell: GridCell, person: str) -> str:
    name, text, error = cell.name, escape(cell.text), escape(cell.error)
    label = escape(cell.label[:1].upper() + cell.label[1:])
    if cell.locked:
        shown = f'<span class="locked">{text}</span>'
    else:
        refused = f' aria-invalid="true" aria-describedby="e-{name}"' if error else ""
        version = cell.version_name
        before = f' data-previous="{cell.previous}"' if cell.previous else ""
        if cell.proposal:
            before += (
                f' placeholder="{cell.proposal}" title="Selon le contrat\u202f: {cell.proposal} h. '
                'Espace pour accepter."'
            )
        shown = (
            f'<input form="grille" type="text" inputmode="decimal" class="hours-input" name="{name}" id="{name}" '
            f'value="{text}" aria-label="{label}, {person}" autocomplete="off" maxlength="20" '
            f'data-kind="{cell.kind}"{before}{refused}>'
            f'<input form="grille" type="hidden" name="{version}" id="{version}" value="{cell.version}">'
        )
    return f'<td class="num" data-cell="{cell.kind}" data-label="{label}">{shown}<span class="cell-error" id="e-{name}">{error}</span></td>'
