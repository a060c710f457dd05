"""The search of people by hand: the same rows by written SQL, for SQLite and PostgreSQL, on the list's own table.

Near spellings are looked up in the same index and ranked by the same function: what is compared is the way to the rows.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.urls import path
from django.utils import timezone

from beneficiaries.filters import NameFilter, PersonFilter
from beneficiaries.name_likeness import score, variants
from beneficiaries.tables import PersonTable
from beneficiaries.views.people import PersonList
from config.urls import urlpatterns as project_urls
from core import formats
from core.tables import Rows

# Nothing sorts after it on either database: the words are compared byte by byte.
END = chr(0x10FFFF)
FEW, SUGGESTIONS, RANKED, PAGE = 20, 12, 1_000, 50
SEEN = "b.merged_into_id IS NULL"
WORD = "b.id IN (SELECT object_id FROM core_searchword WHERE source = 'person' AND word >= %s AND word < %s)"
NEAR = "b.id IN (SELECT beneficiary_id FROM beneficiaries_namevariant WHERE variant IN ({marks}){begun})"
BEGUN = " OR (variant >= %s AND variant < %s)"
REVIEW = (
    "FROM beneficiaries_eligibilityreview r WHERE r.beneficiary_id = b.id AND r.decided_on <= %s AND NOT EXISTS "
    "(SELECT 1 FROM beneficiaries_eligibilityreview s WHERE s.supersedes_id = r.id)"
)
COLUMNS = f"""
b.id, b.last_name, b.first_name, b.birth_date, c.label,
COALESCE(
 (SELECT p.ends_on FROM beneficiaries_eligibilityperiod p WHERE p.beneficiary_id = b.id AND p.ends_on >= %s
  ORDER BY p.ends_on DESC LIMIT 1),
 (SELECT r.valid_until {REVIEW} AND r.decision = 'approved' AND r.valid_until >= %s AND NOT EXISTS
  (SELECT 1 FROM beneficiaries_eligibilityperiod p WHERE p.review_id = r.id) ORDER BY r.valid_until DESC LIMIT 1)),
(SELECT r.decision {REVIEW} ORDER BY r.decided_on DESC, r.id DESC LIMIT 1),
(SELECT COALESCE(NULLIF(e.short_name, ''), e.name) FROM beneficiaries_placement s
 JOIN markets_company e ON e.id = s.employer_id WHERE s.beneficiary_id = b.id AND s.starts_on <= %s
 AND (s.ends_on IS NULL OR s.ends_on >= %s) ORDER BY s.starts_on DESC, s.id DESC LIMIT 1),
COALESCE((SELECT SUM(h.counted_hours) FROM beneficiaries_hoursentry h
 JOIN beneficiaries_assignment a ON a.id = h.assignment_id JOIN beneficiaries_placement s ON s.id = a.placement_id
 WHERE s.beneficiary_id = b.id AND NOT h.is_superseded AND h.state = 'validated' AND h.counted_hours > 0), 0)
"""
TABLE = "FROM beneficiaries_beneficiary b LEFT JOIN markets_commune c ON c.code = b.commune_id"
NAMES = "SELECT b.id, b.search_key, b.last_name, b.first_name, b.birth_date FROM beneficiaries_beneficiary b"


class Person(SimpleNamespace):
    """A row as the table reads it."""

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name}"


def _bearing(words: list[str]) -> tuple[str, list[Any]]:
    return " AND ".join([SEEN, *[WORD] * len(words)]), [part for word in words for part in (word, word + END)]


def _near(cursor: Any, words: list[str], limit: int, beside: list[int]) -> list[tuple[Any, ...]]:
    conditions, values = [SEEN], []
    for word in sorted(words, key=len, reverse=True):
        marks = sorted(variants(word))
        conditions.append(
            NEAR.format(marks=", ".join(["%s"] * len(marks)), begun=BEGUN if len(word) >= 4 else "")
        )
        values += marks + ([word, word + END] if len(word) >= 4 else [])
    cursor.execute(f"{NAMES} WHERE {' AND '.join(conditions)} LIMIT {RANKED}", values)
    ranked = sorted(
        (
            -score(words, row[1].split()),
            row[0],
            row,
        )
        for row in cursor.fetchall()
        if row[0] not in beside
    )
    return [row for value, _, row in ranked[:limit] if value <= -70]


def rows_by_hand(text: str) -> tuple[int, list[Person]]:
    """How many people the list finds, and those of its first page."""
    today, words = timezone.localdate(), text.split()
    condition, values = _bearing(words)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT b.id FROM beneficiaries_beneficiary b WHERE {condition} LIMIT {FEW}", values)
        first = [row[0] for row in cursor.fetchall()]
        near = [row[0] for row in _near(cursor, words, FEW - len(first), first)] if len(first) < FEW else []
        rank = {pk: place for place, pk in enumerate(near, start=1)}
        if near:
            found = [*first, *near]
            condition, values = f"b.id IN ({', '.join(['%s'] * len(found))})", found
            count = len(found)
        else:
            cursor.execute(f"SELECT COUNT(*) FROM beneficiaries_beneficiary b WHERE {condition}", values)
            count = cursor.fetchone()[0]
        days = [today] * 6
        order = "b.search_key, b.id" if not near else "b.id"
        cursor.execute(
            f"SELECT {COLUMNS} {TABLE} WHERE {condition} ORDER BY {order} LIMIT {PAGE}", [*days, *values]
        )
        rows = [_person(row, rank) for row in cursor.fetchall()]
    return count, rows


def _person(row: tuple[Any, ...], rank: dict[int, int]) -> Person:
    pk, last, first, born, commune, until, decision, employer, hours = row
    return Person(
        pk=pk,
        last_name=last,
        first_name=first,
        birth_date=_day(born),
        commune=SimpleNamespace(label=commune) if commune else None,
        commune__label=commune,
        eligible_until=_day(until),
        eligibility_state="eligible"
        if until
        else {"refused": "refused", "approved": "expired"}.get(decision, "to_review"),
        employer_name=employer,
        hours_counted=Decimal(str(hours)),
        near_rank=rank.get(pk, 0),
    )


def _day(value: Any) -> dt.date | None:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def list_by_hand(request: HttpRequest) -> HttpResponse:
    """The searched part of the page, bare: no other filter, no sort, no pages between the address and the rows."""
    text = request.GET["q"]
    count, rows = rows_by_hand(text)
    rows.sort(key=lambda row: row.near_rank)
    table = PersonTable(data=rows, orderable=False)
    page = SimpleNamespace(
        object_list=Rows(rows, table),
        number=1,
        has_other_pages=lambda: False,
        paginator=SimpleNamespace(num_pages=1),
    )
    table.page = page
    context = {
        "title": "Personnes", "table": table, "count": count, "active_filters": 1, "clear_url": request.path,
        "exports": [{"label": "CSV", "url": "?export=csv"}], "create_url": "", "create_label": "", "empty_message": "",
        "page": page,
    }  # fmt: skip
    return HttpResponse(get_template("core/_list.html").render(context, request))


class HandSearch(NameFilter):
    """The search of the list by written SQL; the list around it is the real one."""

    def filter(self, qs: Any, value: str) -> Any:
        words = value.split()
        condition, values = _bearing(words)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT b.id FROM beneficiaries_beneficiary b WHERE {condition} LIMIT {FEW}", values
            )
            first = [row[0] for row in cursor.fetchall()]
            if len(first) == FEW:
                statement = f"SELECT b.id FROM beneficiaries_beneficiary b WHERE {condition}"
                return qs.filter(pk__in=RawSQL(statement, values))
            near = [row[0] for row in _near(cursor, words, FEW - len(first), first)]
        found = qs.filter(pk__in=[*first, *near])
        if not near:
            return found
        places = " ".join(["WHEN %s THEN %s"] * len(near))
        rank = RawSQL(
            f"CASE beneficiaries_beneficiary.id {places} ELSE 0 END",
            [value for place, pk in enumerate(near, start=1) for value in (pk, place)],
            output_field=IntegerField(),
        )
        return found.annotate(near_rank=rank).order_by("near_rank", "search_key", "pk")


class HandFilters(PersonFilter):
    q = HandSearch()


class HandList(PersonList):
    filterset_class = HandFilters


def suggestions_by_hand(request: HttpRequest) -> JsonResponse:
    """The suggestions under a field, by two statements and the ranking."""
    words = request.GET["q"].split()
    condition, values = _bearing(words)
    with connection.cursor() as cursor:
        cursor.execute(f"{NAMES} WHERE {condition} LIMIT {RANKED}", values)
        ranked = sorted((-score(words, row[1].split()), row[0], row) for row in cursor.fetchall())
        rows = [row for _, _, row in ranked[:SUGGESTIONS]]
        if len(rows) < SUGGESTIONS:
            rows += _near(cursor, words, SUGGESTIONS - len(rows), [row[0] for row in rows])
    return JsonResponse(
        {
            "suggestions": [
                f"{row[2]} {row[3]}, né·e le {formats.day(_day(row[4]))} [{row[0]}]"
                if row[4]
                else f"{row[2]} {row[3]} [{row[0]}]"
                for row in rows
            ]
        }
    )


# The project's own addresses, and these beside them: they go through the same session and the same rights.
urlpatterns = [
    *project_urls,
    path("par-sql/liste/", list_by_hand, name="people_by_hand"),
    path("par-sql/meme-liste/", HandList.as_view(), name="people_list_by_hand"),
    path("par-sql/suggestions/", suggestions_by_hand, name="suggestions_by_hand"),
]
