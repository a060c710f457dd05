"""Logs without personal data, reads that only read, registries, history as pages show it."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from typing import Any

import pytest
from django.db import IntegrityError
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from core import registry
from core.changes import history_of
from core.logs import NoVariablesFilter, PrivacyFilter, scrub
from core.models import Job
from core.readonly import WroteInReadOnlyView, readonly_view
from core.registry import (
    Tab,
    WaitingItem,
    register_tab,
    register_waiting,
    tabs_of,
    waiting_for,
)
from tests.factories import UserFactory


def test_logs_lose_addresses_query_strings_and_refused_values() -> None:
    assert scrub("mail to elise.dupre+a@example.co.uk failed") == "mail to …@… failed"
    assert scrub('"GET /personnes/?q=dupre&page=2 HTTP/1.1" 200') == '"GET /personnes/?… HTTP/1.1" 200'
    assert scrub("error\nDETAIL:  Key (name)=(Dupré) exists.\nend") == "error\nDETAIL: …\nend"
    assert scrub("Est-ce fait ? Oui.") == "Est-ce fait ? Oui."


def test_a_record_is_cleaned_with_its_arguments_and_its_traceback() -> None:
    try:
        raise IntegrityError("duplicate\nDETAIL:  Key (email)=(elise@example.org) already exists.")
    except IntegrityError:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "for %s", ("elise@example.org",), sys.exc_info()
        )
    assert PrivacyFilter().filter(record)
    line = logging.Formatter("%(message)s").format(record)
    assert "elise" not in line
    assert "IntegrityError" in line
    assert line.startswith("for …@…")


def test_a_record_whose_arguments_do_not_fit_is_kept() -> None:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "%s and %s", ("one",), None)
    assert PrivacyFilter().filter(record)
    assert record.getMessage() == "%s and %s"


def test_an_error_report_has_no_value_of_any_variable() -> None:
    request = RequestFactory().post("/personnes/?q=dupre", {"name": "Dupré"}, headers={"X-Secret": "header"})
    try:
        name = "Dupré la personne"
        raise ValueError(len(name))
    except ValueError:
        report = ExceptionReporter(request, *sys.exc_info())
    report.filter = NoVariablesFilter()
    data = report.get_traceback_data()
    assert "la personne" not in str([frame.get("vars") for frame in data["frames"]])
    assert NoVariablesFilter().get_post_parameters(request) == {}
    assert NoVariablesFilter().get_safe_request_meta(request) == {}
    assert NoVariablesFilter().get_safe_cookies(request) == {}
    assert NoVariablesFilter().is_active(request)


@pytest.mark.django_db
def test_a_read_that_writes_fails() -> None:
    @readonly_view
    def bad(request: Any) -> HttpResponse:
        Job.objects.create(kind="k", key="k", label="l")
        return HttpResponse()

    @readonly_view
    def good(request: Any) -> HttpResponse:
        return HttpResponse(str(Job.objects.count()))

    assert good(RequestFactory().get("/")).content == b"0"
    with pytest.raises(WroteInReadOnlyView, match="INSERT INTO"):
        bad(RequestFactory().get("/"))


@pytest.mark.django_db
def test_in_production_a_read_that_writes_is_logged_and_goes_on(settings: Any, caplog: Any) -> None:
    settings.TESTING = False

    @readonly_view
    def bad(request: Any) -> HttpResponse:
        Job.objects.create(kind="k", key="k", label="l")
        return HttpResponse()

    assert bad(RequestFactory().get("/")).status_code == 200
    assert "A read-only view wrote: INSERT INTO" in caplog.text


@pytest.mark.django_db
def test_a_deferred_page_is_rendered_inside_the_guard() -> None:
    class Writing(TemplateResponse):
        def resolve_context(self, context: Any) -> Any:
            Job.objects.create(kind="k", key="k", label="l")
            return context

    @readonly_view
    def bad(request: Any) -> HttpResponse:
        return Writing(request, "core/error.html", {})

    with pytest.raises(WroteInReadOnlyView):
        bad(RequestFactory().get("/"))


@pytest.fixture
def empty_registries(monkeypatch: Any) -> None:
    for name, empty in (("_tabs", {}), ("_waiting", [])):
        monkeypatch.setattr(registry, name, empty)


@pytest.mark.django_db
def test_tabs_are_those_of_the_role_in_their_order(empty_registries: None) -> None:
    register_tab("job", Tab("Annuler", "job_cancel", ("admin",), 20))
    register_tab("job", Tab("Travail", "job_detail", position=10))
    register_tab("job", Tab("Travail", "job_detail", position=10))
    assert [(t.label, t.url) for t in tabs_of("job", UserFactory(admin=True), 7)] == [
        ("Travail", "/travaux/7/"),
        ("Annuler", "/travaux/7/annuler/"),
    ]
    assert [t.label for t in tabs_of("job", UserFactory(), 7)] == ["Travail"]
    assert tabs_of("nothing", UserFactory(), 7) == []


def test_what_waits_is_the_oldest_first_and_never_zero(empty_registries: None) -> None:
    old, young = dt.date(2026, 1, 5), dt.date(2026, 3, 1)
    register_waiting(lambda user: [WaitingItem("relevés", 3, "/a", young), WaitingItem("rien", 0, "/b", old)])
    register_waiting(lambda user: [WaitingItem("bilans", 1, "/c"), WaitingItem("pièces", 2, "/d", old)])
    assert [item.label for item in waiting_for(None)] == ["pièces", "relevés", "bilans"]


@pytest.mark.django_db
def test_a_history_says_who_changed_what_from_what_to_what(cast: Any, django_assert_num_queries: Any) -> None:
    row = cast.company_a
    before = row.name
    row._history_user = cast.facilitator
    row.name = "Alpha Rénovation"
    row.save()
    row.save()
    with django_assert_num_queries(1):
        entries = history_of(row, hidden=["commune"])
    assert [entry.what for entry in entries] == ["modification", "création"]
    assert entries[0].who == "Fanny Facile"
    change = next(change for change in entries[0].changes if change.new == "Alpha Rénovation")
    assert (change.old, change.new) == (before, "Alpha Rénovation")
    assert history_of(row, hidden=["name", "commune"])[0].what == "création"


@pytest.mark.django_db
def test_a_history_names_related_rows_with_one_query_for_all(
    cast: Any, django_assert_num_queries: Any
) -> None:
    from tests.factories import MarketFactory

    market = MarketFactory(buyer=cast.buyer_a)
    market.buyer = cast.buyer_b
    market.save()
    market.buyer = cast.buyer_a
    market.save()
    changes = [change for entry in history_of(market) for change in entry.changes]
    assert ("Ville de Bravo", "Ville d’Alpha") in {(change.old, change.new) for change in changes}
