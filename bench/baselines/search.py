"""The search of the house by hand: the same rows by written SQL, for SQLite and PostgreSQL, on the page's own template."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.urls import path, reverse

from config.urls import urlpatterns as project_urls
from core import formats

# Nothing sorts after it on either database: the words are compared byte by byte.
END = chr(0x10FFFF)
WORD = "t.id IN (SELECT object_id FROM core_searchword WHERE source = %s AND word >= %s AND word < %s)"
BY_KEY = "ORDER BY t.search_key, t.id LIMIT 9"
IN_COMMUNE = "LEFT JOIN markets_commune r ON r.code = t.commune_id"
# Source, title, page, list, statement.
SOURCES = (
    ("market", "Marchés", "market_detail", "market_list",
     "SELECT t.id, t.reference, t.object, t.closed_on, r.short_name, r.name "
     "FROM markets_market t JOIN markets_buyer r ON r.id = t.buyer_id WHERE {words} ORDER BY t.id DESC LIMIT 9"),
    ("company", "Entreprises et partenaires", "company_detail", "company_list",
     f"SELECT t.id, t.short_name, t.name, t.identifier, r.label FROM markets_company t {IN_COMMUNE} WHERE {{words}} {BY_KEY}"),
    ("purchase", "Achats prévus", "purchase_detail", "purchase_list",
     "SELECT t.id, t.object, t.year, t.targeting, r.short_name, r.name "
     "FROM markets_plannedpurchase t JOIN markets_buyer r ON r.id = t.buyer_id WHERE {words} ORDER BY t.id DESC LIMIT 9"),
    ("operation", "Opérations", "operation_detail", "operation_list",
     "SELECT t.id, t.name, t.reference, r.short_name, r.name "
     f"FROM markets_operation t JOIN markets_buyer r ON r.id = t.buyer_id WHERE {{words}} {BY_KEY}"),
    ("buyer", "Donneurs d’ordre", "buyer_detail", "buyer_list",
     f"SELECT t.id, t.short_name, t.name, t.identifier, r.label FROM markets_buyer t {IN_COMMUNE} WHERE {{words}} {BY_KEY}"),
    ("person", "Personnes", "beneficiary_detail", "beneficiary_list",
     f"SELECT t.id, t.last_name, t.first_name, t.birth_date FROM beneficiaries_beneficiary t WHERE {{words}} {BY_KEY}"),
    ("prescriber", "Prescripteurs", "prescriber_detail", "prescriber_list",
     f"SELECT t.id, t.name, t.kind FROM beneficiaries_prescriber t WHERE {{words}} {BY_KEY}"),
)  # fmt: skip


def rows_by_hand(words: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """The first nine rows of each source that bear every word, as the house sees them."""
    found = {}
    with connection.cursor() as cursor:
        for key, _, _, _, statement in SOURCES:
            conditions = " AND ".join([WORD] * len(words))
            values = [value for word in words for value in (key, word, word + END)]
            cursor.execute(statement.format(words=conditions), values)
            found[key] = cursor.fetchall()
    return found


def page_by_hand(request: HttpRequest) -> HttpResponse:
    """The page of the results on the template of the real one, with nothing of ours between the address and the rows."""
    text = request.GET["q"]
    words = text.split()
    found = rows_by_hand(words)
    groups = []
    for key, label, page, listing, _ in SOURCES:
        if not found[key]:
            continue
        rows = [(_title(key, row), reverse(page, args=[row[0]]), _facts(key, row)) for row in found[key][:8]]
        more = len(found[key]) > 8
        groups.append(
            {"key": key, "label": label, "rows": rows, "more": more, "rest": f"{reverse(listing)}?q={text}"}
        )
    labels = [label.casefold() for _, label, _, _, _ in SOURCES]
    context = {"text": text, "too_short": False, "groups": groups, "labels": labels}
    return HttpResponse(get_template("core/search.html").render(context, request))


# The project's own addresses, and this page beside them: it goes through the same session and the same rights.
urlpatterns = [*project_urls, path("par-sql/", page_by_hand, name="search_by_hand")]


def _title(key: str, row: tuple[Any, ...]) -> str:
    if key == "market":
        return f"{row[1]} · {row[2]}"
    if key in ("purchase", "operation"):
        return row[1]
    return f"{row[1]} {row[2]}" if key == "person" else row[1] or row[2]


def _facts(key: str, row: tuple[Any, ...]) -> str:
    if key in ("market", "purchase"):
        return row[4] or row[5]
    if key == "operation":
        return row[3] or row[4]
    if key == "person":
        return f"né·e en {str(row[3])[:4]}" if row[3] else ""
    return f"{row[4] or ''} · {formats.siret(row[3])}" if key != "prescriber" else row[2]
