"""The chapter on the work done before the markets: the planned purchases looked at, the recommendations sent."""

from __future__ import annotations

from typing import Any

from reporting.indicators.advice import advice
from reporting.snapshot.material import Material, chapter
from reporting.snapshot.words import agree, count, upper_first


def advice_chapter(m: Material) -> dict[str, Any]:
    found = advice(m.facts, m.span)
    if not found.asked and not found.sent:
        answer = f"Aucune saisine ni préconisation n’est enregistrée {m.when}."
    else:
        answer = (
            f"{upper_first(m.when)}, {count(found.asked, 'projet d’achat', 'projets d’achat')} "
            f"{agree(found.asked, 'a fait', 'ont fait')} l’objet d’une saisine ; {count(found.sent, 'préconisation', none='aucune')} "
            f"{agree(found.sent, 'a été envoyée', 'ont été envoyées')}."
        )
        if not found.asked:
            answer = answer.replace("aucun projet d’achat a fait", "aucun projet d’achat n’a fait")
        if not found.sent:
            answer = answer.replace("aucune préconisation a été", "aucune préconisation n’a été")
    figures = [
        m.figure("purchases_asked", agree(found.asked, "saisine reçue", "saisines reçues"), "number", found.asked,
                 f"de {count(found.buyers, 'donneur d’ordre', 'donneurs d’ordre')}" if found.buyers else ""),
        m.figure("purchases_answered", agree(found.answered, "réponse donnée", "réponses données"), "number", found.answered),
        m.figure("purchases_kept", agree(found.kept, "achat retenu pour une clause", "achats retenus pour une clause"), "number", found.kept),
        m.figure("purchases_dismissed", agree(found.dismissed, "achat écarté, avec son motif", "achats écartés, avec leur motif"), "number", found.dismissed),
        m.figure("recommendations_sent", agree(found.sent, "préconisation envoyée", "préconisations envoyées"), "number", found.sent,
                 f"dont {count(found.accepted, 'acceptée à ce jour', 'acceptées à ce jour', none='aucune')}" if found.sent else ""),
    ]  # fmt: skip
    blocks = (
        [m.key_figures("advice_figures", figures)]
        if any((found.asked, found.answered, found.kept, found.dismissed, found.sent))
        else []
    )
    return chapter("advice", "Conseil aux donneurs d’ordre", answer, blocks)
