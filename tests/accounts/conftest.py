"""People with a password, and throttles that start empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import User
from core.models import Message
from tests.accounts.people import PASSWORD
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def _empty_throttles() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def with_password(db: Any) -> Callable[..., User]:
    """`with_password(admin=True)`: a user who has chosen PASSWORD."""

    def make(**traits: Any) -> User:
        user = UserFactory(**traits)
        user.set_password(PASSWORD)
        user.save()
        return user

    return make


@pytest.fixture
def admin(db: Any) -> User:
    user = UserFactory(admin=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def messages_to(db: Any) -> Callable[[str], list[Message]]:
    """The messages written to an address, oldest first."""

    def found(email: str) -> list[Message]:
        return [message for message in Message.objects.order_by("pk") if message.recipients == [email]]

    return found
