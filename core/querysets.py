"""The one verb for scoping: `Model.objects.visible_to(user)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class ScopedQuerySet(models.QuerySet):
    """What a user may see. House staff see the house; the others see nothing until a model says what."""

    def visible_to(self, user: User) -> Self:
        """Rows that `user` (signed in or anonymous) may see; never more."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_house_staff:
            return self.visible_to_house(user)
        if user.is_buyer:
            return self.visible_to_buyer(user)
        if user.is_company:
            return self.visible_to_company(user)
        return self.none()

    def visible_to_house(self, user: User) -> Self:
        return self.all()

    def visible_to_buyer(self, user: User) -> Self:
        return self.none()

    def visible_to_company(self, user: User) -> Self:
        return self.none()


ScopedManager = models.Manager.from_queryset(ScopedQuerySet)
