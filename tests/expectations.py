"""Words for `tests/<app>/url_expectations.py`: what a GET answers to each role.

An expectation maps each of ROLES to a status; "others" stands for every role not named. 302 is the way to the
sign-in page (or where the page leads), 403 the wrong role, 404 out of scope, 405 an address that takes forms only.
`KWARGS[url_name]` makes the arguments of an address from the cast (`tests.factories.Cast`): make what is not there
with a factory, belonging to `cast.buyer_a` and `cast.company_a`, whose users stand for their roles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ROLES = ("anonymous", "facilitator", "admin", "buyer", "company")

Expectation = dict[str, int]
Expectations = dict[str, Expectation]
Kwargs = dict[str, Callable[[Any], dict[str, Any]]]

PUBLIC: Expectation = {"others": 200}
SIGNED_IN: Expectation = {"anonymous": 302, "others": 200}
HOUSE_ONLY: Expectation = {"anonymous": 302, "facilitator": 200, "admin": 200, "others": 403}
ADMIN_ONLY: Expectation = {"anonymous": 302, "admin": 200, "others": 403}
HOUSE_FORM: Expectation = {"anonymous": 302, "facilitator": 405, "admin": 405, "others": 403}
ADMIN_FORM: Expectation = {"anonymous": 302, "admin": 405, "others": 403}


def expected_status(expectation: Expectation, role: str) -> int:
    """The status for one role. Raises KeyError when neither the role nor "others" is declared."""
    return expectation[role] if role in expectation else expectation["others"]
