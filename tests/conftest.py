"""Guard rails of the whole suite, and the few fixtures that every room uses.

A test fails when a template uses an undefined variable, a form that posts lacks its token, a page carries inline code,
a query repeats for each row, a query without order is relied upon, a warning is given, or anything calls the network.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# pytest-django fails on undefined template variables when this is set; `{% if x %}` and `{% firstof %}` may test one.
os.environ.setdefault("FAIL_INVALID_TEMPLATE_VARS", "true")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # live_server beside Playwright's loop

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import OrderBy
from django.db.models.functions import Random
from django.db.models.sql.compiler import SQLCompiler
from django.test.client import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from core.files import _may_open
from tests.made_database import made_once

OUR_ROOMS = {"accounts", "beneficiaries", "clauses", "core", "markets", "reporting"}

hypothesis_settings.register_profile(
    "suite", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
hypothesis_settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _quick_and_contained() -> Iterator[None]:
    """Fast password hashes, and private files in a folder that goes away."""
    # Argon2 is slow on purpose; what is tested here is not its strength.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # It lists every static file whenever a client is made; pages are tested here, not the serving of files.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("whitenoise")]
    # Django itself reads a session twice in a request that ends or renews one.
    settings.ZEAL_ALLOWLIST = [{"model": "sessions.Session"}]
    with tempfile.TemporaryDirectory(prefix="maillon-tests-") as folder:
        settings.FILES_DIR = folder
        yield


@pytest.fixture(autouse=True)
def _kinds_of_files() -> Iterator[None]:
    """A kind of file that a test makes up is not there for the next one."""
    kept = dict(_may_open)
    yield
    _may_open.clear()
    _may_open.update(kept)


# --- No network ---------------------------------------------------------------------------------------------

_LOCAL = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """SQLite's tables are migrated once for each state of the migrations."""
    yield from made_once()


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    connect, servers = socket.socket.connect, _given_servers()

    def guarded(self: socket.socket, address: Any) -> Any:
        is_far = self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOCAL | servers
        if is_far:
            raise AssertionError(f"A test calls the network: {address[0]}")
        return connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


def _given_servers() -> set[str]:
    """The database and the broker that TEST_DATABASE_URL and TEST_REDIS_URL name."""
    from urllib.parse import urlsplit

    names = ("DATABASE_URL", "REDIS_URL", "TEST_DATABASE_URL", "TEST_REDIS_URL")
    hosts = {urlsplit(os.environ[name]).hostname for name in names if os.environ.get(name)} - {None}
    found = set(hosts)
    for host in hosts:
        found |= {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    return found  # type: ignore[return-value]


# --- Pages --------------------------------------------------------------------------------------------------

_POST_FORM = re.compile(r"<form\b[^>]*method=[\"']?post[\"']?[^>]*>.*?</form>", re.I | re.S)
_INLINE = re.compile(
    r"<script(?![^>]*(?:\ssrc=|application/(?:ld\+)?json))|<style\b|<[a-z][^<>]*\s(?:style|on[a-z]+)=[\"']",
    re.I,
)


def check_page(html: str) -> None:
    """A page has no form without token, and nothing that the content policy would refuse."""
    for form in _POST_FORM.findall(html):
        assert "csrfmiddlewaretoken" in form, f"A form posts without {{% csrf_token %}}: {form[:200]}"
    inline = _INLINE.search(html)
    assert not inline, f"Inline code or style, refused by the content policy: {html[inline.start() :][:200]}"


@pytest.fixture(scope="session", autouse=True)
def _watched_requests() -> Iterator[None]:
    """Every request of the test client is watched for repeated queries and for faults of the page."""
    from zeal import zeal_context
    from zeal.constants import initialize_app_registry
    from zeal.patch import patch

    initialize_app_registry()
    patch()
    ask = Client.request

    def watched(self: Client, **request: Any) -> Any:
        with zeal_context():
            response = ask(self, **request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and not response.streaming:
            check_page(response.content.decode())
        return response

    Client.request = watched  # type: ignore[method-assign]
    yield
    Client.request = ask  # type: ignore[method-assign]


# --- Queries ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _disorder() -> Iterator[None]:
    """A query of ours without an order comes back in a random one, as a database may do any day."""
    order = SQLCompiler.get_order_by

    def shuffled(self: SQLCompiler) -> Any:
        found, query = order(self), self.query
        is_plain = not (
            found
            or query.subquery
            or query.distinct
            or query.combinator
            or query.group_by is not None
            or any(annotation.contains_aggregate for annotation in query.annotation_select.values())
            or not (query.default_cols or query.select)
        )
        if is_plain and query.model is not None and query.model._meta.app_label in OUR_ROOMS:
            chance = OrderBy(Random()).resolve_expression(query, allow_joins=True, reuse=None)
            sql, params = self.compile(chance)
            return [(chance, (sql, params, False))]
        return found

    SQLCompiler.get_order_by = shuffled  # type: ignore[method-assign]
    yield
    SQLCompiler.get_order_by = order  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _flush_past_triggers() -> Iterator[None]:
    """SQLite empties its tables with DELETE, which append-only triggers refuse: they stand aside meanwhile."""
    if connection.vendor != "sqlite":
        # PostgreSQL truncates, and TRUNCATE fires no trigger of rows.
        yield
        return
    from django.db.backends.sqlite3.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def past_triggers(self: Any, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            flush(self, sql_list)
        finally:
            with self.connection.cursor() as cursor:
                for _, sql in triggers:
                    cursor.execute(sql)

    DatabaseOperations.execute_sql_flush = past_triggers  # type: ignore[method-assign]
    yield
    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _a_test_outlives_its_requests() -> Iterator[None]:
    """The end of a request closes no connection in whose transaction a test stands (`response.close()` would)."""
    close = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def outside_transactions(self: BaseDatabaseWrapper) -> None:
        if not self.in_atomic_block:
            close(self)

    BaseDatabaseWrapper.close_if_unusable_or_obsolete = outside_transactions  # type: ignore[method-assign]
    yield
    BaseDatabaseWrapper.close_if_unusable_or_obsolete = close  # type: ignore[method-assign]


# --- What follows a commit ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _commits_happen(request: pytest.FixtureRequest) -> Iterator[None]:
    """Inside a test's own transaction, what waits for the commit runs when the code's outermost `atomic` ends."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    is_transactional = bool(marker and marker.kwargs.get("transaction")) or bool(
        names & {"transactional_db", "live_server", "django_db_reset_sequences"}
    )
    if is_transactional or not (marker or names & {"db", "client", "admin_client", "admin_user"}):
        yield
        return
    request.getfixturevalue("db")
    base = len(connection.savepoint_ids)
    leave, on_commit = transaction.Atomic.__exit__, transaction.on_commit

    def run_pending() -> None:
        if (
            connection.in_atomic_block
            and not connection.needs_rollback
            and len(connection.savepoint_ids) == base
        ):
            while connection.run_on_commit:
                pending, connection.run_on_commit = connection.run_on_commit, []
                for _, function, robust in pending:
                    try:
                        function()
                    except Exception:
                        if not robust:
                            raise

    def left(self: Any, exc_type: Any, exc_value: Any, traceback: Any) -> Any:
        result = leave(self, exc_type, exc_value, traceback)
        if exc_type is None:
            run_pending()
        return result

    def at_commit(function: Callable[[], Any], using: str | None = None, robust: bool = False) -> None:
        on_commit(function, using=using, robust=robust)
        run_pending()

    transaction.Atomic.__exit__, transaction.on_commit = left, at_commit  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        transaction.Atomic.__exit__, transaction.on_commit = leave, on_commit  # type: ignore[method-assign]


# --- Fixtures -----------------------------------------------------------------------------------------------


@pytest.fixture
def cast(db: Any) -> Any:
    """Two buyers and two companies that share nothing, with their people."""
    from tests.factories import make_cast

    return make_cast()


@pytest.fixture
def signed_in(db: Any) -> Callable[[Any], Client]:
    """`signed_in(user)` is a browser where that user is signed in."""

    def browser(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return browser
