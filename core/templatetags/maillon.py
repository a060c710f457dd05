"""Filters and tags of every template (a builtin library): how figures are written, how components are built."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core import charts, formats, rendering

register = template.Library()

for _filter in (
    formats.hours,
    formats.amount,
    formats.day,
    formats.moment,
    formats.month,
    formats.of_month,
    formats.siret,
    formats.size,
):
    register.filter(_filter.__name__, _filter, is_safe=True)


@register.filter(is_safe=True)
def number(value: Any, decimals: int = 2) -> str:
    return formats.number(value, decimals)


@register.filter(is_safe=True)
def money(value: Any) -> str:
    """An amount in a column whose title says « € »."""
    return formats.money(value)


@register.filter(is_safe=True)
def typeset(value: Any) -> str:
    """A sentence that comes from Python (error, notice, formula) with its narrow no-break spaces."""
    return formats.typeset(str(value))


@register.filter(is_safe=True)
def rate(value: Any, decimals: int = 0) -> str:
    return formats.rate(value, decimals)


@register.filter(is_safe=True)
def variation(value: Any, previous: Any) -> str:
    return formats.variation(value, previous)


@register.filter
def noun(value: Any, words: str) -> str:
    """`{{ 3|noun:"personne" }}` → « 3 personnes »; `"marché réservé,marchés réservés"` gives the plural."""
    singular, _, plural = words.partition(",")
    return formats.noun(value, singular, plural or None)


@register.filter
def short(value: Any, length: int) -> str:
    return formats.short(str(value), int(length))


# --- States -------------------------------------------------------------------------------------------------

_STROKED = 'fill="none" stroke="currentColor"'
SHAPES = {
    "good": '<circle cx="6" cy="6" r="5"/>',
    "done": (
        '<circle cx="6" cy="6" r="6"/>'
        '<path d="M3.4 6.2l1.9 1.9 3.4-3.9" fill="none" stroke="#fff" stroke-width="1.6"/>'
    ),
    "watch": '<path d="M6 0l6 6-6 6-6-6z"/>',
    "late": '<path d="M1 1h10v10H1z"/>',
    "wait": f'<path d="M6 0a6 6 0 0 1 0 12z"/><circle cx="6" cy="6" r="5.2" {_STROKED} stroke-width="1.5"/>',
    "none": f'<circle cx="6" cy="6" r="5" {_STROKED} stroke-width="1.8"/>',
    "draft": f'<circle cx="6" cy="6" r="5" {_STROKED} stroke-width="1.8" stroke-dasharray="2.6 1.4"/>',
}
# Code kept in the database → (words, tone). One vocabulary across pages, PDF and exports.
STATES = {
    "on_track": ("en bonne voie", "good"),
    "to_watch": ("à surveiller", "watch"),
    "late": ("en retard", "late"),
    "met": ("tenu", "done"),
    "no_target": ("sans objet", "none"),
    "draft": ("brouillon", "draft"),
    "submitted": ("soumis", "wait"),
    "sent_back": ("à corriger", "late"),
    "validated": ("validé", "done"),
    "missing": ("non saisi", "none"),
    "eligible": ("éligible", "good"),
    "to_review": ("à valider", "watch"),
    "expired": ("expiré", "late"),
    "refused": ("refusé", "late"),
    "reviewed": ("relu", "wait"),
    "published": ("publié", "done"),
    "superseded": ("remplacé", "none"),
    "upcoming": ("à venir", "none"),
    "running": ("en cours", "wait"),
    "closed": ("clos", "done"),
    "queued": ("en attente", "none"),
    "done": ("terminé", "done"),
    "failed": ("en échec", "late"),
    "cancelled": ("annulé", "none"),
    "sending": ("envoi en cours", "wait"),
    "sent": ("envoyé", "done"),
    "unsure": ("envoi incertain", "watch"),
    "counted": ("comptée", "good"),
    "not_counted": ("non comptée", "late"),
    "active": ("actif", "good"),
    "inactive": ("inactif", "none"),
}
_TONES_OF_WORDS = dict(STATES.values())


@lru_cache(maxsize=512)
def _badge(words: str, tone: str) -> SafeString:
    shape = mark_safe(SHAPES[tone])  # noqa: S308  constants above
    return format_html(
        '<span class="state state-{}"><svg class="state-shape" viewBox="0 0 12 12" width="12" height="12" '
        'fill="currentColor" aria-hidden="true" focusable="false">{}</svg>{}</span>',
        tone,
        shape,
        words,
    )


@register.simple_tag
def state(code: Any, words: str = "", tone: str = "") -> SafeString:
    """A state as text and shape. `code` is a key or a label of STATES; `words` and `tone` override them."""
    key = str(getattr(code, "value", code) or "")
    known_words, known_tone = STATES.get(key, (key, _TONES_OF_WORDS.get(key, "none")))
    return _badge(str(words) or known_words, tone if tone in SHAPES else known_tone)


# --- Parts of a page ----------------------------------------------------------------------------------------


@register.simple_block_tag(end_name="endheading")
def heading(content: str, title: str, facts: str = "", code: Any = "", words: str = "") -> SafeString:
    """Title line: what it is, its facts, its state; the block's content is the actions at its right."""
    badge = state(code, words) if code else ""
    return format_html(
        '<div class="title-line"><div class="title-words"><h1>{}</h1>{}</div>{}</div>',
        title,
        format_html('<p class="title-facts">{}{}</p>', facts, badge) if facts or badge else "",
        format_html('<div class="actions">{}</div>', content) if content.strip() else "",
    )


@register.simple_tag
def figure(value: Any, caption: str = "", before: str = "") -> SafeString:
    """One of the figures that matter, large. Give the value already written: `{% figure total|hours "…" %}`."""
    return format_html(
        '<div class="figure"><p class="figure-value">{}</p><p class="figure-caption">{}</p>{}</div>',
        value,
        caption,
        format_html('<p class="figure-before">{}</p>', before) if before else "",
    )


@register.simple_tag
def progress(done: Any, due: Any, expected: Any = None, label: str = "") -> SafeString:
    """A bar of what is done against what is due, with a mark where it should be today (hours)."""
    return charts.progress(done, due, expected, label=label)


@register.simple_block_tag(end_name="endnext_step")
def next_step(content: str, who: str, until: str = "", tone: str = "watch") -> SafeString:
    """What must be done next, by whom, until when. Tone: watch, late, good or none."""
    return format_html(
        '<div class="next-step next-step-{}"><p><span class="next-step-who">{}</span> {}{}</p></div>',
        tone if tone in SHAPES else "watch",
        formats.typeset(who),
        content,
        format_html(' <span class="next-step-until">{}</span>', until) if until else "",
    )


@register.inclusion_tag("core/_tabs.html", takes_context=True)
def tabs(context: template.Context, entries: Any, label: str = "Rubriques") -> dict[str, Any]:
    """Tabs with their own addresses. Entries: (label, url) or objects with label, url and maybe count."""
    request = context.get("request")
    path = request.path if request is not None else ""
    found = []
    for entry in entries:
        name, url, count = _tab(entry)
        found.append({"label": name, "url": url, "count": count, "active": url == path})
    return {"tabs": found, "label": label}


def _tab(entry: Any) -> tuple[str, str, Any]:
    if isinstance(entry, tuple | list):
        name, url, *rest = entry
        return name, url, rest[0] if rest else None
    if isinstance(entry, dict):
        return entry["label"], entry["url"], entry.get("count")
    return entry.label, entry.url, getattr(entry, "count", None)


@register.inclusion_tag("core/_breadcrumb.html")
def breadcrumb(*parts: Any) -> dict[str, Any]:
    """Places above the page: label, address, label, address…; a label with an empty address is plain text."""
    labels, urls = parts[::2], [*parts[1::2], ""]
    return {"steps": [{"label": label, "url": url} for label, url in zip(labels, urls, strict=False)]}


# --- Long works ---------------------------------------------------------------------------------------------


@register.filter
def remaining(job: Any) -> str:
    """About how long a running job still takes, from the pace so far; nothing before the pace is known."""
    if not (job.started_at and job.total and job.done) or job.done >= job.total:
        return ""
    spent = (timezone.now() - job.started_at).total_seconds()
    left = spent / job.done * (job.total - job.done)
    if left < 10:
        return "encore quelques secondes"
    if left < 90:
        return f"encore {int(left // 10 + 1) * 10} secondes environ"
    return f"encore {round(left / 60)} minutes environ"


@register.filter
def report_lines(job: Any) -> list[tuple[str, list[str]]]:
    """A job's report as labels and lines; keys are words (« marchés créés »), values numbers, sentences or lists."""
    lines = []
    for name, value in job.report.items():
        values = value if isinstance(value, list) else [value]
        label = name.replace("_", " ")
        lines.append((label[:1].upper() + label[1:], [_reported(one) for one in values]))
    return lines


def _reported(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return formats.number(value) if isinstance(value, int | float) else str(value)


# --- Tables -------------------------------------------------------------------------------------------------


def _address(query: QueryDict, **changes: Any) -> str:
    changed = query.copy()
    for name, value in changes.items():
        if value in (None, ""):
            changed.pop(name, None)
        else:
            changed[name] = str(value)
    return f"?{changed.urlencode()}"


@register.simple_tag(takes_context=True)
def table_header(context: template.Context, table: Any) -> list[rendering.HeaderCell]:
    query = context["request"].GET
    field, page = table.prefixed_order_by_field, table.prefixed_page_field
    return list(rendering.header_cells(table, lambda order: _address(query, **{field: order, page: None})))


@register.simple_tag
def table_rows(table: Any) -> SafeString:
    return rendering.table_rows(table)


@register.inclusion_tag("core/_pager.html", takes_context=True)
def pager(context: template.Context, table: Any) -> dict[str, Any]:
    """Pages of a table: first, around the current one, last."""
    page = getattr(table, "page", None)
    if page is None or page.paginator.num_pages < 2:
        return {"pages": []}
    query, field = context["request"].GET, table.prefixed_page_field
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "pages": [
            {
                "number": n,
                "url": _address(query, **{field: n}) if isinstance(n, int) else "",
                "here": n == page.number,
            }
            for n in numbers
        ],
        "previous": _address(query, **{field: page.number - 1}) if page.has_previous() else "",
        "next": _address(query, **{field: page.number + 1}) if page.has_next() else "",
    }


# --- Charts -------------------------------------------------------------------------------------------------


@register.simple_tag
def bars_horizontal(rows: Any, title: str, unit: str = "h") -> SafeString:
    return charts.bars_horizontal(rows, title=title, unit=unit, on_screen=True)


@register.simple_tag
def columns_by_year(rows: Any, title: str, unit: str = "h") -> SafeString:
    return charts.columns_by_year(rows, title=title, unit=unit, on_screen=True)


@register.simple_tag
def stacked_share(rows: Any, title: str, unit: str = "h") -> SafeString:
    return charts.stacked_share(rows, title=title, unit=unit, on_screen=True)
