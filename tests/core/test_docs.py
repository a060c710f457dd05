"""What the documentation names exists: files that it links to, pictures, scripts, commands, labels of keyboard help."""

import html
import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=str)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SCRIPT = re.compile(r"(?<![\w./])(bin/[a-z_]+(?:\.\w+)?)")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")


def _anchors(page: Path) -> set[str]:
    """The addresses of a page's titles, as a forge makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", PAGES, ids=NAMES)
def test_every_link_and_picture_leads_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    lost = []
    for target in LINK.findall(text):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        aim = (document.parent / path).resolve() if path else document
        if not aim.exists() or (anchor and anchor not in _anchors(aim)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("document", PAGES, ids=NAMES)
def test_every_script_and_command_that_is_named_exists(document):
    text = document.read_text(encoding="utf-8")
    commands = set(get_commands())
    lost = [script for script in SCRIPT.findall(text) if not (ROOT / script).exists()]
    lost += [command for command in COMMAND.findall(text) if command not in commands]
    assert lost == []


def test_every_page_of_the_documentation_is_in_its_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    docs = ROOT / "docs"
    missing = [
        name
        for name in (str(page.relative_to(docs)) for page in docs.rglob("*.md"))
        if name != "README.md" and name not in index
    ]
    assert missing == []


def test_decisions_are_numbered_without_gap():
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.django_db
def test_the_keyboard_help_says_the_same_on_the_screen_and_in_the_documentation(client):
    def plain(text: str) -> str:
        return " ".join(re.sub(r"[`*|]|<[^>]+>", " ", text).split())

    shown = html.unescape(client.get(reverse("keyboard_help")).content.decode())
    written = (ROOT / "docs" / "aide-clavier.md").read_text(encoding="utf-8")
    on_screen = re.findall(r"<dd>(.*?)</dd>", shown)
    in_docs = [row.split("|")[2] for row in written.splitlines() if row.startswith("| ") and "---" not in row]
    in_docs = [cell for cell in in_docs if plain(cell) not in ("Effet", "Exemples")]
    assert [plain(cell) for cell in in_docs] == [plain(cell) for cell in on_screen]
