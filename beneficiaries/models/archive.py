"""The restricted archive: what is about people who stand in it is read by the admins alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps

from core.querysets import ScopedQuerySet

if TYPE_CHECKING:
    from accounts.models import User


def archived_people() -> Any:
    """Keys of the files in the restricted archive, for a condition."""
    files = apps.get_model("beneficiaries", "Beneficiary").objects.filter(archived_on__isnull=False)
    return files.order_by().values("pk")


class OfPersonQuerySet(ScopedQuerySet):
    """Rows about a person. `person` is the look-up that leads to the file."""

    person: ClassVar[str] = "beneficiary"

    def outside_archive(self) -> Any:
        """Without the rows of people who stand in the restricted archive."""
        return self.exclude(**{f"{self.person}__in": archived_people()})

    def visible_to_house(self, user: User) -> Any:
        return self.all() if user.is_admin else self.outside_archive()


class OfReviewQuerySet(OfPersonQuerySet):
    """Rows of a decision about a person."""

    person = "review__beneficiary"


class OfPlacementQuerySet(OfPersonQuerySet):
    """Rows of a contract or a step of a person."""

    person = "placement__beneficiary"


class OfMergeQuerySet(OfPersonQuerySet):
    """Files made one: the person is the one of the file that was kept."""

    person = "kept"
