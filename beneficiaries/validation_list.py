"""« Validations à suivre »: periods that end, validations that lapse unused, people at work whose hours do not count."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_tables2 import A

from beneficiaries.enums import Decision
from beneficiaries.models import Beneficiary, EligibilityPeriod, EligibilityReview
from beneficiaries.models.standing import assigned_on, never_used
from beneficiaries.services.validation_watch import (
    ending_periods,
    last_periods,
    validated_again,
    words_of,
    works_beyond,
)
from core import formats
from core.filters import FilterSet
from core.lists import ListPage
from core.tables import DayColumn, Table, TextColumn, state
from markets.models import Market

# An unused validation is said to near its end so many days before, and is still listed so many days after.
LAPSING_DAYS, LAPSED_DAYS = 30, 180

WITHOUT, ENDING, REASSIGN, LAPSING, LAPSED = "without", "ending", "reassign", "lapsing", "lapsed"
KINDS = (
    (WITHOUT, "au travail sans validation", "late"),
    (ENDING, "période qui finit, au travail", "to_watch"),
    (REASSIGN, "validée de nouveau, à réaffecter", "to_watch"),
    (LAPSING, "validation inutilisée, bientôt éteinte", "to_review"),
    (LAPSED, "validation éteinte sans avoir servi", "expired"),
)
LABELS = {code: label for code, label, _ in KINDS}
SHAPES = {code: shape for code, _, shape in KINDS}


def watched(people: Any, today: dt.date) -> Any:
    """The people to follow, with `watch` (one of KINDS, what loses hours first) and `deadline`."""
    periods = EligibilityPeriod.objects.filter(beneficiary=OuterRef("pk"))
    unused = never_used(
        EligibilityReview.objects.standing().filter(
            beneficiary=OuterRef("pk"), decision=Decision.APPROVED, decided_on__lte=today
        )
    )
    over = last_periods().filter(ends_on__lt=today).filter(works_beyond(today, "beneficiary", "ends_on"))
    renewed = over.filter(validated_again("beneficiary", "starts_on", "ends_on", "review"))
    soon = today + dt.timedelta(days=LAPSING_DAYS)
    long_ago = today - dt.timedelta(days=LAPSED_DAYS)
    rows = people.with_eligibility(today).annotate(
        at_work=Exists(assigned_on(today).filter(placement__beneficiary=OuterRef("pk"))),
        in_period=Exists(periods.filter(ends_on__gte=today)),
        period_end=Subquery(periods.order_by("-starts_on").values("ends_on")[:1]),
        unused_until=Subquery(
            unused.order_by("-valid_until").values("valid_until")[:1], output_field=DateField()
        ),
    )
    rows = rows.annotate(
        watch=Case(
            When(pk__in=ending_periods(today).values("beneficiary"), then=Value(ENDING)),
            When(pk__in=renewed.values("beneficiary"), then=Value(REASSIGN)),
            When(Q(at_work=True) & ~Q(eligibility_state="eligible"), then=Value(WITHOUT)),
            When(in_period=False, unused_until__gte=today, unused_until__lte=soon, then=Value(LAPSING)),
            When(
                in_period=False,
                last_decision=Decision.APPROVED,
                unused_until__lt=today,
                unused_until__gte=long_ago,
                then=Value(LAPSED),
            ),
            default=None,
            output_field=CharField(),
        ),
    ).filter(watch__isnull=False)
    return rows.annotate(
        deadline=Case(
            When(watch__in=(ENDING, REASSIGN), then=F("period_end")),
            When(watch__in=(LAPSING, LAPSED), then=F("unused_until")),
            default=None,
            output_field=DateField(),
        ),
        watch_rank=Case(
            *(When(watch=code, then=Value(rank)) for rank, (code, _, _) in enumerate(KINDS)),
            default=Value(9),
            output_field=IntegerField(),
        ),
    )


class WatchFilter(FilterSet):
    """What happens, and whose markets."""

    search_label = "Nom, prénom"

    kind = django_filters.ChoiceFilter(
        label="Situation",
        choices=[(code, label) for code, label, _ in KINDS],
        field_name="watch",
        empty_label="toutes",
    )
    mine = django_filters.ChoiceFilter(
        label="Portefeuille",
        choices=[("1", "mes marchés")],
        method="by_portfolio",
        empty_label="toute la maison",
    )

    class Meta:
        model = Beneficiary
        fields: list[str] = []

    def by_portfolio(self, queryset: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        markets = Market.objects.visible_to(self.request.user).portfolio_of(self.request.user, today)
        here = assigned_on(today).filter(commitment__market__in=markets.values("pk"))
        return queryset.filter(pk__in=here.values("placement__beneficiary"))


class WatchTable(Table):
    """Who, what happens, until when, and the gesture that settles it."""

    name = TextColumn(
        accessor="last_name",
        verbose_name="Nom, prénom",
        order_by="search_key",
        linkify=("beneficiary_eligibility", [A("pk")]),
    )
    situation = TextColumn(accessor="watch", verbose_name="Situation", order_by="watch_rank")
    deadline = DayColumn(verbose_name="Échéance")
    words = TextColumn(accessor="pk", verbose_name="Ce qui se passe", orderable=False)
    employer = TextColumn(accessor="employer_name", verbose_name="Employeur actuel", order_by="employer_name")
    gesture = TextColumn(accessor="pk", verbose_name="Geste", orderable=False)

    class Meta:
        model = Beneficiary
        fields = ("name", "situation", "deadline", "words", "employer", "gesture")
        caption = "Validations à suivre"

    def render_name(self, record: Any) -> str:
        return str(record)

    def value_name(self, record: Any) -> str:
        return str(record)

    def render_situation(self, record: Any) -> Any:
        over = is_over(record)
        return state("late" if over else SHAPES[record.watch], self.value_situation(record))

    def value_situation(self, record: Any) -> str:
        return "période finie, au travail" if is_over(record) else LABELS[record.watch]

    def render_words(self, record: Any) -> str:
        return watch_words(record, timezone.localdate())

    def value_words(self, record: Any) -> str:
        return self.render_words(record)

    def render_gesture(self, record: Any) -> Any:
        label, url = gesture_of(record)
        return format_html(
            '<a href="{}">{}<span class="visually-hidden"> pour {}</span></a>', url, label, record
        )

    def value_gesture(self, record: Any) -> str:
        return gesture_of(record)[0]


def is_over(person: Any) -> bool:
    """Whether the period has ended already: hours are being lost."""
    return person.watch == ENDING and person.deadline < timezone.localdate()


def watch_words(person: Any, today: dt.date) -> str:
    """One sentence: the fact, and what it costs."""
    if person.watch == ENDING:
        words = words_of(EligibilityPeriod(ends_on=person.period_end), today)
        return f"{words[0].upper()}{words[1:]}."
    if person.watch == REASSIGN:
        before = f", avant le {formats.day(person.unused_until)}" if person.unused_until else ""
        return (
            f"La période a fini le {formats.day(person.period_end)}\u202f; la nouvelle validation sert à une affectation "
            f"commencée depuis{before} (un nouveau contrat pour une embauche directe)."
        )
    if person.watch == WITHOUT:
        refused = person.last_decision == Decision.REFUSED
        return (
            "Décision de refus\u202f: les heures ne comptent pas."
            if refused
            else "Les heures ne comptent pas."
        )
    if person.watch == LAPSING:
        return "Validée et pas encore au travail\u202f: sans contrat d’ici là, la validation s’éteint."
    return "La validation n’a pas servi\u202f: une embauche demande une nouvelle décision."


def gesture_of(person: Any) -> tuple[str, str]:
    """The gesture that settles it, and its page."""
    if person.watch == LAPSING:
        return "Ajouter un contrat", reverse("placement_create", args=[person.pk])
    if person.watch == REASSIGN:
        return "Ouvrir l’affectation", reverse("beneficiary_contracts", args=[person.pk])
    return "Enregistrer une décision", reverse("review_create", args=[person.pk])


class ValidationWatch(ListPage):
    """« Validations à suivre »."""

    model, table_class, filterset_class = Beneficiary, WatchTable, WatchFilter
    title, export_name = "Validations à suivre", "validations-a-suivre"
    intro = (
        "Ce qui fera perdre des heures, le plus pressé d’abord. Une échéance s’ouvre d’elle-même 60 jours avant la fin "
        "d’une période, et se ferme à la nouvelle validation."
    )
    empty_message = "Rien à suivre\u202f: aucune période ne finit, aucune validation ne s’éteint, personne ne travaille sans."

    def prepare(self, queryset: Any) -> Any:
        today = timezone.localdate()
        return (
            watched(queryset, today)
            .with_employer(today)
            .order_by("watch_rank", F("deadline").asc(nulls_first=True), "search_key", "pk")
        )
