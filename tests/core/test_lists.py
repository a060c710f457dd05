"""Every list: scope, filters, sort, pages, totals and export, with a fixed number of queries."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Length
from django.test import RequestFactory
from django.utils import timezone
from django_htmx.middleware import HtmxDetails
from python_calamine import CalamineWorkbook

from core.filters import FilterSet, scoped
from core.lists import ListPage
from core.models import Job, StoredFile
from core.signals import list_exported
from core.tables import (
    AmountColumn,
    CountColumn,
    DayColumn,
    HoursColumn,
    MonthColumn,
    RateColumn,
    StateColumn,
    Table,
    TextColumn,
)
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class FileTable(Table):
    name = TextColumn("Nom")
    size = HoursColumn("Taille", total=True)
    letters = CountColumn("Lettres", total=True)
    shout = TextColumn("Cri", accessor=lambda row: row.name.upper())
    author = TextColumn("Par", accessor="created_by.last_name")

    def value_shout(self, value: str) -> str:
        return f"{value} !"


class FileFilter(FilterSet):
    class Meta:
        model = StoredFile
        fields = ("kind",)


class FileList(ListPage):
    model = StoredFile
    table_class = FileTable
    filterset_class = FileFilter
    title = "Fichiers"
    export_name = "fichiers"
    per_page = 3

    def prepare(self, queryset: Any) -> Any:
        return queryset.select_related("created_by").annotate(letters=Length("name"))


def keep(name: str, size: int = 10, kind: str = "proof", user: Any = None) -> StoredFile:
    return StoredFile.objects.create(
        kind=kind,
        name=name,
        content_type="text/plain",
        size=size,
        sha256="0",
        path=f"{kind}/{name}/{size}",
        created_by=user,
    )


def ask(user: Any, view: type[ListPage] = FileList, htmx_target: str = "", **query: Any) -> Any:
    headers = {"HX-Request": "true", "HX-Target": htmx_target} if htmx_target else {}
    request = RequestFactory().get("/fichiers/", query, headers=headers)
    request.user, request.htmx = user, HtmxDetails(request)
    return view.as_view()(request)


def names(response: Any) -> list[str]:
    html = response.content.decode()
    found = [name for name in ("alpha", "bravo", "charlie", "delta", "echo") if f">{name}<" in html]
    return sorted(found, key=lambda name: html.index(f">{name}<"))


@pytest.fixture
def user() -> Any:
    return UserFactory(last_name="Facile")


@pytest.fixture
def five(user: Any) -> None:
    for size, name in enumerate(("echo", "delta", "charlie", "bravo", "alpha"), start=1):
        keep(name, size * 1000, user=user)


def test_a_list_shows_a_page_sorted_as_asked_and_counts_all(user: Any, five: None) -> None:
    response = ask(user, tri="name")
    assert names(response) == ["alpha", "bravo", "charlie"]
    assert "5 résultats" in response.content.decode()
    assert names(ask(user, tri="name", page=2)) == ["delta", "echo"]
    assert names(ask(user, tri="-size")) == ["alpha", "bravo", "charlie"]
    assert names(ask(user, tri="no_such_column")) != []


def test_totals_are_those_of_all_rows_found(user: Any, five: None) -> None:
    html = ask(user, tri="name").content.decode()
    assert "15\u202f000" in html.split("<tfoot")[1]
    # Letters of the five names: 5 + 5 + 7 + 5 + 4.
    assert ">26<" in html.split("<tfoot")[1]


def test_a_page_past_the_end_is_the_last_and_a_word_is_the_first(user: Any, five: None) -> None:
    assert names(ask(user, tri="name", page=99)) == ["delta", "echo"]
    assert names(ask(user, tri="name", page="abc")) == ["alpha", "bravo", "charlie"]


def test_ties_are_broken_so_that_pages_never_overlap(user: Any) -> None:
    for name in ("alpha", "bravo", "charlie", "delta", "echo"):
        keep(name, 10)
    pages = names(ask(user, tri="size")) + names(ask(user, tri="size", page=2))
    assert sorted(pages) == ["alpha", "bravo", "charlie", "delta", "echo"]


def test_filters_narrow_are_counted_and_cleared_in_one_gesture(user: Any, five: None) -> None:
    keep("other", kind="bilan")
    response = ask(user, kind="bilan")
    html = response.content.decode()
    assert names(response) == []
    assert "1 résultat ·" in html
    assert "1 filtre actif" in html
    assert 'href="/fichiers/"' in html
    assert "filtre" not in ask(user).content.decode().split('id="liste"')[1]


def test_htmx_gets_the_list_alone(user: Any, five: None) -> None:
    response = ask(user, htmx_target="liste", tri="name")
    assert "<html" not in response.content.decode()
    assert names(response) == ["alpha", "bravo", "charlie"]
    assert "HX-Request" in response["Vary"]
    assert "<html" in ask(user, htmx_target="autre").content.decode()


@pytest.mark.parametrize("role", ["buyer", "company"])
def test_the_wrong_role_is_refused(role: str) -> None:
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        ask(UserFactory(role=role))
    assert FileList.as_view().roles == ("facilitator", "admin")


def test_a_list_starts_from_what_the_user_may_see(cast: Any) -> None:
    class JobTable(Table):
        label = TextColumn("Travail")

    class Jobs(ListPage):
        model, table_class, roles = Job, JobTable, ("buyer",)

    Job.objects.create(kind="k", key="a", label="alpha", created_by=cast.buyer_user_a)
    Job.objects.create(kind="k", key="b", label="bravo", created_by=cast.buyer_user_b)
    assert names(ask(cast.buyer_user_a, Jobs)) == ["alpha"]


def exported(response: Any) -> list[list[Any]]:
    content = io.BytesIO(b"".join(response.streaming_content))
    response.close()
    return CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()


def test_the_export_has_every_row_shown_as_values(user: Any, five: None) -> None:
    keep("other", kind="bilan")
    lines = exported(ask(user, kind="proof", tri="name", export="xlsx"))
    assert lines[0] == ["Nom", "Taille (h)", "Lettres", "Cri", "Par"]
    assert [line[0] for line in lines[1:]] == ["alpha", "bravo", "charlie", "delta", "echo"]
    assert lines[1] == ["alpha", 5000.0, 5.0, "ALPHA !", "Facile"]


def test_the_export_is_told_and_an_unknown_format_is_not_found(user: Any, five: None) -> None:
    from django.http import Http404

    told = []

    def remember(sender: Any, user: Any, name: str, format: str, **_: Any) -> None:
        told.append((sender, user, name, format))

    list_exported.connect(remember)
    try:
        assert b"alpha;5000;5" in b"".join(ask(user, export="csv").streaming_content)
    finally:
        list_exported.disconnect(remember)
    assert told == [(FileList, user, "fichiers", "csv")]
    with pytest.raises(Http404):
        ask(user, export="exe")


def test_one_row_and_six_cost_the_same_queries(user: Any, django_assert_num_queries: Any) -> None:
    keep("alpha", user=user)
    # The count with its totals, and the page.
    with django_assert_num_queries(2):
        ask(user)
    for name in ("bravo", "charlie", "delta", "echo", "foxtrot"):
        keep(name, user=user)
    with django_assert_num_queries(2):
        ask(user)
    # The rows, and the log of exports.
    with django_assert_num_queries(2):
        exported(ask(user, export="xlsx"))


def test_a_filter_that_cannot_be_read_shows_nothing_rather_than_all(user: Any, five: None) -> None:
    import django_filters

    class Filter(FilterSet):
        since = django_filters.DateFilter(field_name="created_at", label="Depuis")

    class Files(FileList):
        filterset_class = Filter

    response = ask(user, Files, since="demain")
    assert names(response) == []
    assert "field-error" in response.content.decode()


def test_choices_of_a_filter_are_what_the_user_may_see(cast: Any) -> None:
    request = RequestFactory().get("/")
    request.user = cast.buyer_user_a
    assert list(scoped(type(cast.buyer_a))(request)) == [cast.buyer_a]
    assert list(scoped(type(cast.buyer_a), lambda rows: rows.exclude(pk=cast.buyer_a.pk))(request)) == []


def test_a_model_with_words_is_searched_by_them_whatever_their_accents(cast: Any) -> None:
    class Filter(FilterSet):
        class Meta:
            model = type(cast.company_a)
            fields = ()

    rows = type(cast.company_a).objects.all()
    assert list(Filter({"q": "batiment ALPHÂ"}, queryset=rows).qs) == [cast.company_a]
    assert Filter({"q": "batiment"}, queryset=rows).active == 1
    assert Filter({"q": " "}, queryset=rows).active == 0


def test_cells_are_written_in_french_and_escaped() -> None:
    from decimal import Decimal

    class Rows(Table):
        name = TextColumn("Nom")
        hours = HoursColumn("Heures")
        amount = AmountColumn("Montant")
        rate = RateColumn("Taux")
        day = DayColumn("Jour")
        month = MonthColumn("Mois", accessor="day")
        state = StateColumn("État", tones={"odd": "late"})

    day = timezone.datetime(2026, 3, 12).date()
    row = {
        "name": "<b>Élise</b>",
        "hours": Decimal("1204.5"),
        "amount": 14700,
        "rate": Decimal("0.87"),
        "day": day,
        "state": "late",
    }
    empty = dict.fromkeys(row)
    table = Rows([row, empty])
    cells = [str(cell) for cell in table.rows[0]]
    assert cells[:6] == [
        "<b>Élise</b>",
        "1\u202f204,5",
        "14\u202f700",
        "87\u202f%",
        "12/03/2026",
        "mars 2026",
    ]
    assert "state-late" in cells[6]
    assert "en retard" in cells[6]
    assert [str(cell) for cell in table.rows[1]] == ["–"] * 7
    assert [column.header for column in table.columns][1:3] == ["Heures (h)", "Montant (€)"]


def test_a_state_shows_the_words_of_its_choice(user: Any) -> None:
    class Rows(Table):
        state = StateColumn("État")
        who = TextColumn("Par", accessor="created_by__last_name")

    Job.objects.create(kind="k", key="k", label="l", state="running", created_by=user)
    table = Rows(Job.objects.annotate(again=F("pk")))
    assert "en cours" in table.rows[0].get_cell("state")
    assert table.rows[0].get_cell("who") == "Facile"
    assert table.export_columns()[0].get(table.rows[0].record) == "en cours"
