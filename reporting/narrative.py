"""The text of a bilan: its sections, and Markdown made into clean HTML."""

from __future__ import annotations

import re

import markdown
import nh3
from django.utils.html import escape

# Key → (title, help). The order is that of the document.
SECTIONS: dict[str, tuple[str, str]] = {
    "essentiel": ("L’essentiel", "trois ou quatre phrases que lira un·e élu·e pressé·e"),
    "marches": (
        "Marchés et clauses",
        "ce qui a changé dans les achats, les clauses nouvelles, les marchés réservés",
    ),
    "heures": ("Heures et entreprises", "qui a réalisé les heures, les hausses et les baisses, et pourquoi"),
    "personnes": (
        "Personnes et parcours",
        "les publics accueillis, les parcours, sans jamais nommer personne",
    ),
    "relation": (
        "Relation avec les entreprises",
        "réactivité, difficultés rencontrées, entreprises nouvelles",
    ),
    "partenariat": ("Note sur le partenariat", "note synthétique qualitative de la convention (article 5)"),
    "ameliorations": ("Axes d’amélioration", "ce que la maison et le donneur d’ordre feront autrement"),
}
TEXT_MAX = 200_000
_BRACKETS = re.compile(r"\[{10,}")
# A character of the private area stands for each while Markdown reads.
_BRACKET = "\ue000"

_TAGS = {
    "p",
    "br",
    "strong",
    "em",
    "ul",
    "ol",
    "li",
    "h3",
    "h4",
    "blockquote",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
}
_TAGS |= {"th", "td", "hr", "sup", "sub"}


def to_html(text: str) -> str:
    """Markdown to HTML without script, style, image or any tag that a bilan has no use for.

    Raw HTML of the text loses what is not allowed; links keep http(s) and mailto only.
    """
    # Long runs of brackets are no link, and would cost the square of their length.
    text = _BRACKETS.sub(lambda run: _BRACKET * len(run[0]), (text or "").replace(_BRACKET, ""))
    try:
        html = markdown.markdown(text, extensions=["tables", "sane_lists", "nl2br"], output_format="html")
    except RecursionError:
        # Hundreds of lists one in another: no page may fall for a text that was typed.
        html = f"<p>{escape(text)}</p>"
    # The document's own titles are h1 and h2: those of the text start below.
    for level in (2, 1):
        html = html.replace(f"<h{level}>", "<h3>").replace(f"</h{level}>", "</h3>")
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return cleaned.replace(_BRACKET, "[")
