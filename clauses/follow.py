"""What the follow-up tells the other rooms when it starts: tabs, the board, reminders, the calendar's settings page."""

from __future__ import annotations

from accounts.registry import EVERYONE as EVERY_ROLE
from accounts.registry import SettingsPage, register_settings_page
from clauses.reminders import send_reminders
from clauses.services.interactions import DOCUMENT_KIND, INVITATION_KIND
from clauses.waiting import tasks_waiting
from core.access import HOUSE
from core.files import register_file_kind
from core.registry import Section, Tab, register_daily, register_section, register_tab, register_waiting


def register_follow_up() -> None:
    register_tab("market", Tab("Journal", "market_journal", HOUSE, 50))
    register_tab("company", Tab("Journal", "company_journal", HOUSE, 40))
    register_tab("buyer", Tab("Journal", "buyer_journal", HOUSE, 70))
    register_section("markets", Section("Échéances", "task_list", 15))
    for kind in (DOCUMENT_KIND, INVITATION_KIND):
        register_file_kind(kind, may_open=lambda user, stored: user.is_house_staff)
    register_waiting(tasks_waiting)
    # After what opens tasks: the message of the day tells of them.
    register_daily("Rappels par courriel", send_reminders, last=True)
    register_settings_page(
        SettingsPage(
            "Rappels et agenda",
            "reminders",
            "Être prévenu·e par courriel de ce qui attend\u202f; lire ses réunions et ses échéances dans son agenda.",
            roles=EVERY_ROLE,
            position=15,
            section="Vous",
        )
    )
