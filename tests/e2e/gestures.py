"""The hands of a person on a page, each key and click counted: a journey that promises few gestures says how many."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from pathlib import Path

from playwright.sync_api import Locator, Page


def named(words: str, hidden: str) -> re.Pattern[str]:
    """The whole name of a link or a button of which the second part is for screen readers: a browser may space it out."""
    return re.compile(rf"^{re.escape(words)}\s*, {re.escape(hidden)}$", re.IGNORECASE)


class Gestures:
    """The hands of a person on a page: each key, each click, each character typed, each file chosen counts one."""

    def __init__(self, page: Page, who: str) -> None:
        self.page, self.who = page, who
        self.by_step: Counter[str] = Counter()
        self.by_kind: Counter[str] = Counter()
        self.step = ""
        self._since = time.monotonic()
        self.seconds: dict[str, float] = {}

    def begin(self, step: str) -> None:
        """What follows belongs to this step; the picture of the one before is kept where it is asked for."""
        self.end()
        self.step, self._since = step, time.monotonic()

    def end(self) -> None:
        if not self.step:
            return
        self.seconds[self.step] = self.seconds.get(self.step, 0) + time.monotonic() - self._since
        self.picture(self.step)
        self.step = ""

    def picture(self, name: str) -> None:
        """E2E_PICTURES=folder keeps what each step showed."""
        if folder := os.environ.get("E2E_PICTURES"):
            self.page.screenshot(path=Path(folder) / f"{self.who} {name}.png")

    @property
    def total(self) -> int:
        return self.by_step.total()

    def _count(self, kind: str, times: int = 1) -> None:
        self.by_step[self.step] += times
        self.by_kind[kind] += times

    def click(self, target: Locator) -> None:
        self._count("clicks")
        target.click()

    def select(self, target: Locator, label: str) -> None:
        """A line of a closed list: the list, then the line."""
        self._count("clicks", 2)
        target.select_option(label=label)

    def press(self, keys: str, times: int = 1) -> None:
        """« Control+d » is two keys."""
        for _ in range(times):
            self._count("keys", len(keys.split("+")))
            self.page.keyboard.press(keys)

    def type(self, text: str) -> None:
        self._count("keys", len(text))
        self.page.keyboard.type(text)

    def choose(self, target: Locator, name: str, content: bytes, kind: str) -> None:
        self._count("files")
        target.set_input_files({"name": name, "mimeType": kind, "buffer": content})

    def follow(self, words: str | re.Pattern[str]) -> None:
        """A link of the page, by its words."""
        self.click(self.page.get_by_role("main").get_by_role("link", name=words).first)

    def push(self, words: str) -> None:
        """A button of the page, by its words."""
        self.click(self.page.get_by_role("main").get_by_role("button", name=words).first)

    def section(self, name: str) -> None:
        """A list of « Heures »."""
        self.click(
            self.page.get_by_role("navigation", name="Rubriques").get_by_role("link", name=name, exact=True)
        )

    def hours(self) -> None:
        self.click(self.page.get_by_role("navigation", name="Principale").get_by_role("link", name="Heures"))

    def report(self) -> str:
        lines = [
            f"{self.who} : {self.total} gestes ({dict(self.by_kind)}), {sum(self.seconds.values()):.1f} s"
        ]
        lines += [
            f"  {name:<32} {self.by_step[name]:>4} gestes  {self.seconds[name]:>6.1f} s"
            for name in self.seconds
        ]
        return "\n".join(lines)
