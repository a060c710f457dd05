"""Every address of Maillon says what it answers to each role; one that says nothing fails here."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.expectations import ROLES, Expectations, Kwargs, expected_status
from tests.factories import Cast, make_cast

# What a request that reads may write: the session, and that a file was opened.
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(?!django_session|accounts_accessrecord)')
# About the account that asks, or about nobody.
ABOUT_NOBODY = ("account_", "mfa_", "invitation")


def written_by(queries: CaptureQueriesContext) -> list[str]:
    return [sql for query in queries if WRITES.match(sql := query["sql"])]


def declared() -> tuple[Expectations, Kwargs]:
    """The expectations of every app together. Raises AssertionError when two apps declare one address."""
    expected: Expectations = {}
    kwargs: Kwargs = {}
    for file in sorted(Path(__file__).parent.glob("*/url_expectations.py")):
        module = importlib.import_module(f"tests.{file.parent.name}.url_expectations")
        twice = expected.keys() & module.EXPECTED.keys()
        assert not twice, f"declared twice: {sorted(twice)}"
        expected.update(module.EXPECTED)
        kwargs.update(getattr(module, "KWARGS", {}))
    return expected, kwargs


def routes(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[tuple[str, str]]:
    """(name with its namespaces, pattern) of every address; the name is "" where there is none."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}" if entry.name else "", str(entry.pattern)
        else:
            yield from routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)


def users_of(cast: Cast) -> dict[str, Any]:
    return {
        "anonymous": None,
        "facilitator": cast.facilitator,
        "admin": cast.admin,
        "buyer": cast.buyer_user_a,
        "company": cast.company_user_a,
    }


def test_every_address_has_a_name():
    assert [pattern for name, pattern in routes() if not name] == []


def test_every_address_declares_what_each_role_gets_and_none_is_declared_in_vain():
    expected, _ = declared()
    names = {name for name, _ in routes() if name}
    assert sorted(names - expected.keys()) == [], "addresses without expectation"
    assert sorted(expected.keys() - names) == [], "expectations without address"
    for name, expectation in expected.items():
        unknown = expectation.keys() - {*ROLES, "others"}
        assert not unknown, f"{name}: {unknown}"
        for role in ROLES:
            assert role in expectation or "others" in expectation, f"{name} says nothing of {role}"


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_each_role_as_declared(role: str):
    expected, kwargs = declared()
    cast = make_cast()
    user = users_of(cast)[role]
    wrong = []
    for name, expectation in sorted(expected.items()):
        # A fresh client, empty throttles and a rollback each time: no answer may depend on the page before.
        cache.clear()
        with transaction.atomic():
            client = Client()
            if user:
                client.force_login(user)
            address = reverse(name, kwargs=kwargs[name](cast) if name in kwargs else {})
            try:
                with CaptureQueriesContext(connection) as queries:
                    response = client.get(address)
            except (Exception, pytest.fail.Exception) as error:
                # The other addresses have something to say too.
                wrong.append(f"{name} ({address}): {type(error).__name__}: {str(error)[:300]}")
                continue
            finally:
                transaction.set_rollback(True)
            response.close()
        written = [] if name.startswith(ABOUT_NOBODY) else written_by(queries)
        if written:
            wrong.append(f"{name} ({address}) writes when it is read: {written}")
        wanted = expected_status(expectation, role)
        if response.status_code != wanted:
            wrong.append(f"{name} ({address}): {response.status_code} instead of {wanted}")
    assert not wrong, "\n".join(wrong)


# A member limited to a department has its own dashboard and its own actions of the same buyer.
OWN_TOO = {"limited_a": {"buyer_dashboard", "buyer_actions"}}
FOREIGN = ("buyer_user_b", "company_user_b", "limited_a")


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("who", FOREIGN)
def test_no_address_gives_or_takes_anything_from_another_organisation(who: str):
    """Everything is made for buyer A and company A; for `limited_a`, for the department that is not its own."""
    _, kwargs = declared()
    cast = make_cast()
    user = getattr(cast, who)
    if who == "limited_a":
        cast = dataclasses.replace(
            cast, commitment_a=cast.other_commitment_a, department_a=cast.other_department_a
        )
    wrong = []
    for name, make in sorted(kwargs.items()):
        if name.startswith(ABOUT_NOBODY) or name in OWN_TOO.get(who, ()):
            continue
        for method in ("get", "post"):
            with transaction.atomic():
                client = Client()
                client.force_login(user)
                address = reverse(name, kwargs=make(cast))
                with CaptureQueriesContext(connection) as queries:
                    response = getattr(client, method)(address)
                response.close()
                transaction.set_rollback(True)
            written = written_by(queries)
            if response.status_code not in (401, 403, 404, 405) or written:
                wrong.append(f"{method} {name} ({address}): {response.status_code} {written}")
    assert not wrong, "\n".join(wrong)
