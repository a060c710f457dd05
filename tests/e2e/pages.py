"""What a person does on a page, said once: signing in, moving in the grid of hours."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def plain(text: str) -> str:
    """Narrow and no-break spaces as plain ones, to compare with what is typed here."""
    return " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())


def sign_in(page: Page, email: str, password: str) -> None:
    """Through the door, with the keyboard."""
    page.goto("/connexion/")
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.keyboard.press("Enter")
    expect(page.locator(".account-menu")).to_be_visible()


class Grid:
    """The grid of hours of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def row(self, name: str) -> Locator:
        return self.page.locator(".grid-row", has=self.page.get_by_role("rowheader", name=name))

    def cell(self, name: str, kind: str = "work") -> Locator:
        return self.row(name).locator(f'.hours-input[data-kind="{kind}"]')

    def error(self, name: str) -> Locator:
        return self.row(name).locator(".cell-error:not(:empty)")

    def state(self, name: str) -> Locator:
        return self.row(name).locator("[data-label='État']")

    def counted(self, name: str) -> Locator:
        return self.row(name).locator(".why")

    def is_saved(self, name: str) -> None:
        expect(self.row(name)).to_have_attribute("data-saved", "yes")
        expect(self.row(name)).not_to_have_attribute("data-saving", "yes")

    def paste(self, text: str) -> None:
        """What Ctrl+V does with a copied column, wherever the focus is."""
        self.page.evaluate(
            """text => {
                const data = new DataTransfer();
                data.setData("text/plain", text);
                const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
                document.activeElement.dispatchEvent(event);
            }""",
            text,
        )
