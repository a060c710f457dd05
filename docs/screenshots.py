"""Take the pictures of docs/images from the demonstration, by hand: `.venv/bin/python docs/screenshots.py`.

`--everything FOLDER` takes every page whole instead, to be looked at; `--var FOLDER` keeps the demonstration for a next run.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
# The pictures tell the same story whatever the day they are taken.
AS_OF = "2026-11-20"
BUYER, YEAR = "21690149600010", "2025"
WIDE, TALL, NARROW = (1280, 900), (1280, 1240), (390, 844)
CHROMIUM = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")

# The accounts of the one-click picker, by role.
ACCOUNTS = {
    "facilitator": "Thomas",
    "admin": "Dominique",
    "buyer": "Oullins",
    "company": "Lou",
    "holder": "Andréa",
}
# name → (role, address or the gestures that lead there, sizes kept in docs/images)
PAGES = {
    "home": ("facilitator", "/", (WIDE, NARROW)),
    "grid": ("facilitator", "hours", (TALL, NARROW)),
    "market": ("facilitator", "market", (WIDE,)),
    "people": ("facilitator", "/personnes/", (WIDE,)),
    "person": ("facilitator", "person", (WIDE,)),
    "dashboard": ("buyer", "/", (WIDE, NARROW)),
    "bilan-screen": ("buyer", "bilan", (WIDE,)),
}
MORE = {
    "markets": ("facilitator", "/marches/"),
    "companies": ("facilitator", "/entreprises/"),
    "hours-all": ("facilitator", "/heures/"),
    "entries": ("facilitator", "/heures/releves/"),
    "lots": ("facilitator", "lots"),
    "market-people": ("facilitator", "market-people"),
    "company": ("facilitator", "company"),
    "eligibility": ("facilitator", "eligibility"),
    "review": ("facilitator", "review"),
    "contracts": ("facilitator", "contracts"),
    "market-form": ("facilitator", "/marches/nouveau/"),
    "buyers": ("facilitator", "/acheteurs/"),
    "keyboard": ("facilitator", "/aide/clavier/"),
    "settings": ("admin", "/reglages/"),
    "rules": ("admin", "/reglages/regles-de-comptage/"),
    "bilans": ("admin", "/bilans/"),
    "board": ("facilitator", "/echeances/"),
    "purchases": ("facilitator", "/marches/achats/"),
    "purchase": ("facilitator", "purchase"),
    "agreements": ("facilitator", "/marches/conventions/"),
    "operation": ("facilitator", "operation"),
    "difficulties": ("facilitator", "/marches/difficultes/"),
    "difficulty": ("facilitator", "difficulty"),
    "fees": ("facilitator", "/marches/participation-financiere/"),
    "letters": ("holder", "/marches/courriers/"),
    "home-admin": ("admin", "/"),
    "home-company": ("company", "/"),
    "entries-company": ("company", "/heures/mes-releves/"),
}
# Where the first link of a list leads: list's address, then the end of the file's address.
FILES = {
    "market": ("/marches/?tri=-hours_engaged", ""),
    "hours": ("/marches/?tri=-hours_engaged", "heures/?mois=2026-10"),
    "lots": ("/marches/?tri=-hours_engaged", "lots/"),
    "market-people": ("/marches/?tri=-hours_engaged", "personnes/"),
    "company": ("/entreprises/", ""),
    "person": ("/personnes/", ""),
    "eligibility": ("/personnes/", "eligibilite/"),
    "review": ("/personnes/", "eligibilite/decision/"),
    "contracts": ("/personnes/", "contrats/"),
    "bilan": ("/bilans/", ""),
    "purchase": ("/marches/achats/", ""),
    "operation": ("/operations/", ""),
    "difficulty": ("/marches/difficultes/", ""),
}


def prepare(var: Path) -> dict[str, str]:
    """The environment of a demonstration that stands in `var`."""
    environment = {**os.environ, "MAILLON_VAR": str(var), "MAILLON_DEMO": "1"}
    if (var / "maillon.sqlite3").exists():
        return environment
    make = ["make_bilan", "--buyer", BUYER, "--year", YEAR, "--pdf", str(var / "bilan.pdf")]
    for command in (
        ["migrate", "--noinput", "--verbosity", "0"],
        ["load_reference"],
        ["create_demo", "--size", "small", "--years", "3", "--seed", "1", "--as-of", AS_OF],
        make,
    ):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
    return environment


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [str(ROOT / "bin" / "web")], cwd=ROOT, env={**environment, "PORT": str(port), "HOST": "127.0.0.1"}
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/sante", timeout=2)
                break
            except (URLError, OSError):
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def enter(browser: Browser, address: str, role: str) -> Page:
    """A page where one account of the demonstration is signed in."""
    page = browser.new_context(base_url=address, locale="fr-FR", timezone_id="Europe/Paris").new_page()
    page.goto("/connexion/")
    page.get_by_role("button", name=ACCOUNTS[role]).click()
    page.wait_for_load_state()
    return page


def go(page: Page, where: str) -> None:
    if where not in FILES:
        page.goto(where)
        return
    start, end = FILES[where]
    page.goto(start)
    page.goto((page.locator("#liste tbody a").first.get_attribute("href") or "") + end)


def shrink(png: bytes, target: Path) -> None:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64):
        image.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size < 200_000:
            return


def take(page: Page, name: str, size: tuple[int, int], folder: Path, *, whole: bool) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("document.activeElement.blur()")
    shrink(page.screenshot(full_page=whole), folder / f"{name}-{size[0]}.png")


def pdf_pages(pdf: Path, folder: Path, pages: tuple[int, ...] | None) -> None:
    with tempfile.TemporaryDirectory() as raw:
        subprocess.run(["pdftoppm", "-r", "80", "-png", str(pdf), f"{raw}/bilan"], check=True)
        for number, image in enumerate(sorted(Path(raw).glob("*.png")), start=1):
            if pages is None or number in pages:
                shrink(image.read_bytes(), folder / f"bilan-pdf-{number}.png")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--everything", type=Path, metavar="FOLDER")
    given.add_argument("--var", type=Path, metavar="FOLDER")
    options = given.parse_args()
    folder = options.everything or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="maillon-pictures-") as temporary:
        var = options.var or Path(temporary)
        var.mkdir(parents=True, exist_ok=True)
        environment = prepare(var)
        wanted = {name: (role, where, sizes) for name, (role, where, sizes) in PAGES.items()}
        if options.everything:
            both = (WIDE, NARROW)
            wanted = {name: (role, where, both) for name, (role, where, _) in PAGES.items()}
            wanted |= {name: (role, where, both) for name, (role, where) in MORE.items()}
        with served(environment) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            people: dict[str, Page] = {}
            for name, (role, where, sizes) in wanted.items():
                page = people.get(role) or people.setdefault(role, enter(browser, address, role))
                go(page, where)
                for size in sizes:
                    take(page, name, size, folder, whole=bool(options.everything))
            browser.close()
        pdf_pages(var / "bilan.pdf", folder, None if options.everything else (1, 2, 4))


if __name__ == "__main__":
    main()
