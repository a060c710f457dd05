"""What must be done next, by whom and until when: deadlines, answers that are waited for, meetings to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.history import TrackedModel
from core.querysets import ScopedQuerySet
from markets.enums import TaskKind, Turn
from markets.models.buyers import Buyer
from markets.models.companies import Company, CompanyMembership
from markets.models.markets import Award, Market
from markets.models.people import Responsibility, exactly_one

if TYPE_CHECKING:
    from accounts.models import User


# What the room of people says: the numbers of files (a query) that the admins alone may read.
restricted_people: list[Callable[[], Any]] = []


class TaskQuerySet(ScopedQuerySet):
    def visible_to_house(self, user: User) -> Any:
        """Every task; those about people of the restricted archive are the admins'."""
        rows = self.all()
        for numbers in () if user.is_admin else restricted_people:
            rows = rows.exclude(person_number__in=numbers())
        return rows

    def visible_to_buyer(self, user: User) -> Any:
        """What waits for the buyer itself, and the meetings it is asked to.

        On a market of several, what waits is the leader's; the others are asked to its meetings, those of a difficulty
        left out, which is not theirs to know.
        """
        mine = Q(market__in=Market.objects.led_by(user).values("pk")) | Q(
            buyer__in=Buyer.objects.visible_as_a_whole_to(user).values("pk")
        )
        asked = Q(kind=TaskKind.MEETING, with_buyer=True)
        shared = Q(market__in=Market.objects.visible_to(user).values("pk")) & ~Q(
            key__startswith="escalation:"
        )
        return self.about_no_person().filter(Q(mine, Q(turn=Turn.BUYER) | asked) | Q(shared, asked))

    def visible_to_company(self, user: User) -> Any:
        """What waits for the company, and the meetings it is asked to: its own, and those of all who hold a lot."""
        companies = CompanyMembership.objects.filter(user=user).values("company")
        awarded = Award.objects.filter(company__in=companies).values("lot__market")
        asked = Q(kind=TaskKind.MEETING, with_company=True)
        return self.about_no_person().filter(
            Q(Q(turn=Turn.COMPANY) | asked, company__in=companies)
            | Q(asked, company__isnull=True, market__in=awarded)
        )

    def about_no_person(self) -> Any:
        """What may be shown outside of the house: a person's name stands in the others."""
        return self.filter(person_number__isnull=True)

    def open(self) -> Any:
        return self.filter(done_on__isnull=True)

    def overdue(self, on: dt.date) -> Any:
        return self.open().filter(due_on__lt=on)

    def of_portfolio(self, user: User, on: dt.date) -> Any:
        """Tasks given to `user`, and those of the files that `user` answers for that nobody else was given."""
        return self.of_portfolios([user.pk], on)

    def of_portfolios(self, users: Sequence[int], on: dt.date) -> Any:
        """The same for several colleagues (ids)."""
        held = (
            Responsibility.objects.on(on).filter(Q(facilitator__in=users) | Q(stand_in__in=users)).order_by()
        )
        given = Task.objects.filter(assignee__in=users)
        free = Task.objects.filter(assignee__isnull=True)
        answered = (
            free.filter(market__in=held.filter(market__isnull=False).values("market")),
            free.filter(
                market__isnull=True, company__in=held.filter(company__isnull=False).values("company")
            ),
            free.filter(buyer__isnull=False, buyer__in=held.filter(buyer__isnull=False).values("buyer")),
        )
        # A union rather than « or »: each part goes by its own index instead of reading every open task.
        found = given.order_by().values("pk").union(*(rows.order_by().values("pk") for rows in answered))
        return self.filter(pk__in=found)

    def of_nobody(self, on: dt.date) -> Any:
        """Tasks given to nobody, of files that nobody answers for."""
        rows = Responsibility.objects.on(on)
        held = (
            Q(market__in=rows.filter(market__isnull=False).values("market"))
            | Q(market__isnull=True, company__in=rows.filter(company__isnull=False).values("company"))
            | Q(buyer__in=rows.filter(buyer__isnull=False).values("buyer"))
        )
        return self.filter(assignee__isnull=True).exclude(held)


class Task(TrackedModel):
    """One thing to do about a market, a company or a buyer; closed once, by the gesture that does it.

    `market` with `company` says which company of the market it is about. A task opened by a service bears a `key`,
    so that the same cause opens it once and its end is found again.
    """

    # Its own index too: SQLite does not see that a given key is in the index of the keys that are not empty.
    key = models.CharField(max_length=120, blank=True, editable=False, db_index=True)
    kind = models.CharField("nature", max_length=10, choices=TaskKind, default=TaskKind.TODO)
    market = models.ForeignKey(
        Market, models.CASCADE, null=True, blank=True, related_name="tasks", verbose_name="marché"
    )
    company = models.ForeignKey(
        Company, models.CASCADE, null=True, blank=True, related_name="tasks", verbose_name="entreprise"
    )
    buyer = models.ForeignKey(
        Buyer, models.CASCADE, null=True, blank=True, related_name="tasks", verbose_name="donneur d’ordre"
    )
    # The number of a person's file, where the thing is about a person: the room of people stands above this one.
    person_number = models.PositiveBigIntegerField(
        "personne", null=True, blank=True, editable=False, db_index=True
    )
    title = models.CharField("quoi", max_length=200)
    details = models.TextField("précisions", blank=True)
    # A path of the application: the page where the thing is done.
    url = models.CharField(max_length=200, blank=True, editable=False)
    turn = models.CharField("à qui d’agir", max_length=8, choices=Turn, default=Turn.HOUSE)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name="confié à",
    )
    since = models.DateField("depuis le")
    due_on = models.DateField("avant le", null=True, blank=True)
    # A meeting has a time and a place, and says who is asked to it.
    channel = models.CharField("réunion", max_length=14, blank=True)
    starts_at = models.DateTimeField("commence le", null=True, blank=True)
    duration = models.PositiveSmallIntegerField("durée", default=60, help_text="en minutes")
    place = models.CharField("lieu", max_length=200, blank=True)
    participants = models.CharField("participants", max_length=300, blank=True)
    with_buyer = models.BooleanField("avec le donneur d’ordre", default=False)
    with_company = models.BooleanField("avec l’entreprise", default=False)
    # Addresses that hold an invitation, and its number: what moves or falls through is sent to the same ones.
    invited = models.TextField("invitations envoyées à", blank=True, editable=False)
    sequence = models.PositiveSmallIntegerField("version de l’invitation", default=0, editable=False)
    cancelled = models.BooleanField("annulée", default=False, editable=False)
    done_on = models.DateField("fait le", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="par"
    )
    outcome = models.CharField("suite", max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="créé par",
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "échéance"
        verbose_name_plural = "échéances"
        ordering = (F("due_on").asc(nulls_last=True), "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=~Q(key=""),
                name="task_key_unique",
                violation_error_message="Cette échéance existe déjà.",
            ),
            models.CheckConstraint(
                condition=exactly_one("market", "buyer")
                | Q(market__isnull=True, buyer__isnull=True, company__isnull=False)
                | Q(market__isnull=True, buyer__isnull=True, person_number__isnull=False),
                name="task_of_one_file",
                violation_error_message="Une échéance porte sur un marché, une entreprise, un donneur d’ordre ou une personne.",
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(due_on__gte=F("since")),
                name="task_due_after_since",
                violation_error_message="L’échéance précède le jour où l’on a commencé à attendre.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="meeting") | Q(starts_at__isnull=False) | Q(due_on__isnull=False),
                name="task_meeting_has_a_day",
                violation_error_message="Une réunion a une date : indiquez quand elle se tient, ou avant quand.",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(done_on__isnull=True), name="task_open_due"),
            models.Index(fields=["market"], condition=Q(done_on__isnull=True), name="task_open_market"),
            models.Index(fields=["company"], condition=Q(done_on__isnull=True), name="task_open_company"),
            # The usual index counts the tasks of markets too, and SQLite then prefers to read everything.
            models.Index(fields=["buyer"], condition=Q(buyer__isnull=False), name="task_of_buyer"),
            models.Index(fields=["assignee"], condition=Q(done_on__isnull=True), name="task_open_assignee"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.done_on is None

    @property
    def invited_addresses(self) -> list[str]:
        return self.invited.split()

    def days_late(self, on: dt.date) -> int:
        """Days since the deadline passed; 0 before it, and without one."""
        return max(0, (on - self.due_on).days) if self.due_on and self.is_open else 0
