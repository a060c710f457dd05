"""What keeps personal data out of the logs: query strings, addresses, refused values, variables."""

import logging
import re
import traceback
from collections.abc import ItemsView
from typing import Any

from django.views.debug import SafeExceptionReporterFilter

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_QUERY = re.compile(r"(/[^\s?\"']*)\?[^\s\"']+")
# Addresses that are secrets themselves: a calendar's, an invitation's, those of links that need no account.
_SECRET = re.compile(r"(/(?:calendrier|invitation|situation|lien/[\w-]+)/)[^\s/\"']+")
# PostgreSQL quotes the refused values: « DETAIL:  Key (email)=(…) already exists. »
_DETAIL = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)


def scrub(text: str) -> str:
    """The same text without e-mail addresses, query strings, secret addresses or refused values."""
    return _DETAIL.sub(r"\1 …", _EMAIL.sub("…@…", _SECRET.sub(r"\1…", _QUERY.sub(r"\1?…", text))))


class PrivacyFilter(logging.Filter):
    """Takes personal data out of a record's message and traceback before any handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        record.msg, record.args = scrub(message), ()
        if record.exc_info and record.exc_info[0] and not record.exc_text:
            record.exc_text = scrub("".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
        return True


class NoVariablesFilter(SafeExceptionReporterFilter):
    """An error report has lines and no values: no local variable, no form field, no header."""

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        return {}.items()

    def get_post_parameters(self, request: Any) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: Any) -> dict[str, Any]:
        return {}

    def get_safe_cookies(self, request: Any) -> dict[str, Any]:
        return {}

    def is_active(self, request: Any) -> bool:
        return True
