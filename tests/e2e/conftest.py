"""A real Chromium on a real server over a real database file; a journey fails on anything the browser complains of."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from tests.e2e.territory import Territory, make_territory

WIDE, NARROW = (1280, 900), (390, 844)
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium of the system; bin/test says where it is."""
    program = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or "/usr/bin/chromium"
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--no-sandbox"]
    return {**browser_type_launch_args, "executable_path": program, "args": quiet}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """A database in a file: each request and each job has its own connection, as in real life."""
    with tempfile.TemporaryDirectory(prefix="maillon-e2e-") as folder:
        database = settings.DATABASES["default"]
        if database["ENGINE"].endswith("sqlite3"):
            database.setdefault("TEST", {})["NAME"] = str(Path(folder) / "journeys.sqlite3")
        yield


class Watch:
    """What the browser and the server complained of; `expect` names what a journey provokes on purpose."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.expected: list[tuple[int, str]] = []

    def expect(self, status: int, path: str) -> None:
        """Answers of this status under this path are part of the journey."""
        self.expected.append((status, path))

    def _is_expected(self, url: str, status: int | None = None) -> bool:
        path = urlsplit(url).path
        return any(path.startswith(start) and status in (None, code) for code, start in self.expected)

    def on(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error}"))
        context.on("response", self._response)
        context.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium and htmx also write refused answers here; those that a journey expects are no fault.
        told = re.match(r"Response Status Error Code (\d+) from (\S+),", message.text)
        where, status = message.location.get("url", ""), None
        if told:
            status, where = int(told[1]), told[2]
        if message.type in ("error", "warning") and not self._is_expected(where, status):
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not self._is_expected(response.url, response.status):
            self.problems.append(f"{response.status} {response.request.method} {response.url}")

    def _failed(self, request: Request) -> None:
        # A download, or a page left behind, ends its request: that is no failure.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.problems.append(f"failed: {request.method} {request.url} {request.failure}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    seen = Watch()
    yield seen
    assert not seen.problems, "The browser complained:\n" + "\n".join(dict.fromkeys(seen.problems))


@pytest.fixture(autouse=True)
def _as_served(settings: Any, live_server: Any) -> None:
    """Jobs run beside the requests, links lead to this server, no attempt is remembered from another journey."""
    settings.JOBS_RUNNER = "thread"
    settings.SITE_URL = live_server.url
    cache.clear()


@pytest.fixture
def open_browser(
    browser: Browser, live_server: Any, watch: Watch, transactional_db: None
) -> Iterator[Callable[..., Page]]:
    """`open_browser(user)` is a page of a browser of its own, where that user, if any, is signed in."""
    contexts: list[BrowserContext] = []

    def open_one(user: Any = None, *, size: tuple[int, int] = WIDE, javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
            java_script_enabled=javascript,
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watch.on(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
            )
        return context.new_page()

    yield open_one
    for number, context in enumerate(contexts):
        # E2E_PICTURES=folder keeps what each browser showed last.
        if folder := os.environ.get("E2E_PICTURES"):
            for page in context.pages:
                page.screenshot(path=Path(folder) / f"{number}.png", full_page=True)
        context.close()


@pytest.fixture
def territory(transactional_db: None) -> Territory:
    return make_territory()
