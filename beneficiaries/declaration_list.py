"""Lists of declarations: a company's months of the last year, and the house's board of a month, what is late first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from beneficiaries.declaration_dates import due_on, written
from beneficiaries.enums import DeclarationState
from beneficiaries.models import Assignment, HoursEntry, MonthDeclaration
from core import formats
from core.dates import add_months, month_end
from core.fields import HoursField
from core.filters import FilterSet
from core.forms import parse_month
from core.lists import ListPage
from core.tables import CountColumn, DayColumn, HoursColumn, Table, TextColumn
from core.templatetags.maillon import state
from markets.models import Company, Market

ZERO = Decimal("0.00")
# A company goes back over a year; earlier months are the house's.
MONTHS_BACK = 12
# What a month is, as lists say it: its words and its tone. The last two are no state of a declaration.
WORDS = {
    "late": ("en retard", "late"),
    DeclarationState.SENT_BACK: ("à corriger", "late"),
    DeclarationState.SUBMITTED: ("soumise", "wait"),
    DeclarationState.DRAFT: ("à déclarer", "watch"),
    "house": ("saisi par la maison", "done"),
    DeclarationState.ACCEPTED: ("acceptée", "done"),
}
ORDER = tuple(WORDS)


# --- A company's months --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CompanyMonth:
    """A month of an employer, as the employer's list says it."""

    company: Company
    month: dt.date
    code: str
    people: int
    hours: Decimal
    is_over: bool

    @property
    def url(self) -> str:
        return reverse("company_declaration", args=[self.company.pk, written(self.month)])

    @property
    def due_on(self) -> dt.date:
        return due_on(self.month)

    @property
    def is_awaited(self) -> bool:
        return self.is_over and self.code in ("late", DeclarationState.DRAFT, DeclarationState.SENT_BACK)

    @property
    def words(self) -> str:
        return WORDS[self.code][0] if self.is_over or self.code != DeclarationState.DRAFT else "en cours"

    @property
    def tone(self) -> str:
        return WORDS[self.code][1] if self.is_over or self.code != DeclarationState.DRAFT else "none"


def months_of(companies: list[Company], today: dt.date) -> list[CompanyMonth]:
    """The months in which these companies employ somebody, the latest first; three queries."""
    this = today.replace(day=1)
    months = [add_months(this, -back) for back in range(MONTHS_BACK + 1)]
    ids = [company.pk for company in companies]
    people: Counter[tuple[int, dt.date]] = Counter()
    spans = Assignment.objects.filter(placement__employer__in=ids, starts_on__lte=month_end(this))
    spans = spans.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=months[-1])).order_by()
    for employer, first, last in spans.values_list("placement__employer", "starts_on", "ends_on"):
        for month in months:
            if first <= month_end(month) and (last is None or last >= month):
                people[employer, month] += 1
    declared = {
        (row.company_id, row.month): row.state
        for row in MonthDeclaration.objects.filter(company__in=ids, month__gte=months[-1]).order_by()
    }
    logged = {
        (row["assignment__placement__employer"], row["month"]): row
        for row in HoursEntry.objects.current()
        .filter(assignment__placement__employer__in=ids, month__gte=months[-1])
        .order_by()
        .values("assignment__placement__employer", "month")
        .annotate(total=Sum("hours"), people=Count("assignment", distinct=True))
    }
    found = []
    for month in months:
        for company in companies:
            place = company.pk, month
            if not people[place] and place not in declared:
                continue
            row = logged.get(place)
            all_logged = bool(row) and row["people"] >= people[place]  # type: ignore[index]
            code = _code(declared.get(place), all_logged, month, today)
            hours = row["total"] if row else ZERO
            found.append(CompanyMonth(company, month, code, people[place], hours, month < this))
    return found


def _code(declared: str | None, all_logged: bool, month: dt.date, today: dt.date) -> str:
    if declared is None and all_logged:
        return "house"
    code = declared or DeclarationState.DRAFT
    return "late" if code == DeclarationState.DRAFT and due_on(month) < today else code


def months_awaited(companies: Any, today: dt.date) -> tuple[int, dt.date | None]:
    """How many months these companies have to send, and since when the oldest can be."""
    rows = MonthDeclaration.objects.awaited().filter(company__in=companies, month__lt=today.replace(day=1))
    months = sorted(rows.order_by().values_list("month", flat=True))
    return len(months), add_months(months[0], 1) if months else None


# --- The house's board ---------------------------------------------------------------------------------------


def month_asked(request: HttpRequest) -> dt.date:
    """The month of the address, else the one that ended last."""
    last = add_months(timezone.localdate().replace(day=1), -1)
    try:
        return parse_month(request.GET.get("mois", "")) or last
    except ValueError:
        return last


def with_month(companies: Any, month: dt.date) -> Any:
    """Employers of that month, each with its people, its hours, its declaration and `standing` (a key of WORDS)."""
    today = timezone.localdate()
    active = Assignment.objects.active_in(month).filter(placement__employer=OuterRef("pk")).order_by()
    entries = HoursEntry.objects.current().filter(month=month, assignment__placement__employer=OuterRef("pk"))
    written_in = HoursEntry.objects.current().filter(month=month).order_by().values("assignment")
    rows = MonthDeclaration.objects.filter(company=OuterRef("pk"), month=month)

    def counted(assignments: Any) -> Any:
        found = assignments.values("placement__employer").annotate(found=Count("pk")).values("found")
        return Coalesce(Subquery(found, output_field=IntegerField()), 0)

    summed = entries.order_by().values("assignment__placement__employer").annotate(found=Sum("hours"))
    late = "late" if due_on(month) < today else DeclarationState.DRAFT.value
    return (
        companies.annotate(
            people=counted(active),
            left=counted(active.exclude(pk__in=written_in)),
            hours=Coalesce(Subquery(summed.values("found")[:1]), ZERO, output_field=HoursField()),
            declared=Subquery(rows.values("state")[:1]),
            submitted_at=Subquery(rows.values("submitted_at")[:1]),
            reminded_on=Subquery(rows.values("reminded_on")[:1]),
        )
        .filter(Q(people__gt=0) | Q(declared__isnull=False))
        .annotate(
            standing=Case(
                When(declared__isnull=True, left=0, then=Value("house")),
                When(Q(declared__isnull=True) | Q(declared=DeclarationState.DRAFT), then=Value(late)),
                default=F("declared"),
            )
        )
        .annotate(
            rank=Case(
                *(When(standing=code, then=Value(rank)) for rank, code in enumerate(ORDER)),
                default=Value(len(ORDER)),
                output_field=IntegerField(),
            )
        )
    )


def awaited_words(row: Any) -> str:
    """What a company's month still waits for, in a few words."""
    if row.standing == DeclarationState.SUBMITTED:
        return "à examiner"
    if row.standing == DeclarationState.SENT_BACK:
        return "des corrections"
    if row.standing in ("late", DeclarationState.DRAFT):
        return (
            formats.noun(row.left, "personne sans heures", "personnes sans heures")
            if row.left
            else "la soumission"
        )
    return ""


class DeclarationTable(Table):
    """Employers in one month."""

    company = TextColumn(
        accessor=lambda row: row,
        verbose_name="Entreprise",
        order_by="search_key",
        linkify=lambda record, table: reverse("declaration_review", args=[record.pk, table.month_written]),
    )
    standing = TextColumn(verbose_name="État", order_by=("rank", "search_key"))
    awaits = TextColumn(
        accessor=awaited_words, verbose_name="Attendu", order_by="left", attrs={"td": {"class": "nowrap"}}
    )
    people = CountColumn(verbose_name="Personnes", order_by="people")
    hours = HoursColumn(verbose_name="Heures", order_by="hours")
    submitted_at = DayColumn(verbose_name="Soumise le")
    reminded_on = DayColumn(verbose_name="Dernier rappel")

    class Meta:
        model = Company
        fields = ("company", "standing", "awaits", "people", "hours", "submitted_at", "reminded_on")
        caption = "Déclarations du mois, par entreprise"

    def __init__(self, *args: Any, month_written: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.month_written = month_written

    def render_standing(self, value: str) -> Any:
        return state("", *WORDS[value])

    def value_standing(self, value: str) -> str:
        return WORDS[value][0]


class DeclarationFilter(FilterSet):
    """Words of the company's name, state, own portfolio; the month goes along."""

    standing = django_filters.ChoiceFilter(
        label="État", choices=[(code, words) for code, (words, _) in WORDS.items()], empty_label="tous"
    )
    mine = django_filters.BooleanFilter(
        label="Mon portefeuille", method="of_portfolio", widget=forms.CheckboxInput
    )
    mois = django_filters.CharFilter(method="as_it_is", widget=forms.HiddenInput)

    class Meta:
        model = Company
        fields: list[str] = []

    @property
    def active(self) -> int:
        """The month is no filter: there is always one."""
        given = bool(self.is_bound and self.form.is_valid() and self.form.cleaned_data.get("mois"))
        return super().active - given

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def of_portfolio(self, queryset: Any, name: str, value: bool) -> Any:
        return of_portfolio(queryset, self.request.user, month_asked(self.request)) if value else queryset


def of_portfolio(companies: Any, user: Any, month: dt.date) -> Any:
    """Employers with somebody at work that month on the markets that the user answers for."""
    markets = Market.objects.visible_to(user).portfolio_of(user, timezone.localdate())
    mine = (
        Assignment.objects.visible_to(user)
        .active_in(month)
        .filter(commitment__market__in=markets.values("pk"))
    )
    return companies.filter(pk__in=mine.order_by().values("placement__employer"))


class DeclarationBoard(ListPage):
    """« Déclarations »: who has sent the month, and who has not."""

    model, table_class, filterset_class = Company, DeclarationTable, DeclarationFilter
    export_name = "declarations"
    template_name = "beneficiaries/declarations/board.html"
    empty_message = "Aucune entreprise n’emploie quelqu’un au titre d’une clause ce mois-là."

    def get_title(self) -> str:
        return f"Déclarations {formats.of_month(month_asked(self.request))}"

    def prepare(self, queryset: Any) -> Any:
        return with_month(queryset, month_asked(self.request)).order_by("rank", "search_key", "pk")

    def table_kwargs(self) -> dict[str, Any]:
        return {"month_written": written(month_asked(self.request))}

    def extra_context(self) -> dict[str, Any]:
        month = month_asked(self.request)
        found = self.filterset.qs if self.filterset is not None else self.get_queryset()
        counts = Counter(found.order_by().values_list("standing", flat=True))
        query = {"mois": written(month)}
        if self.request.GET.get("mine") == "on":
            query["mine"] = "on"
        suffix = "&".join(f"{name}={value}" for name, value in query.items())
        return {
            "month": month,
            "due_on": due_on(month),
            "previous_url": self.url(mois=written(add_months(month, -1))),
            "next_url": self.url(mois=written(add_months(month, 1))),
            "clear_url": f"{self.request.path}?mois={written(month)}",
            "awaited": counts["late"] + counts[DeclarationState.DRAFT] + counts[DeclarationState.SENT_BACK],
            "late": counts["late"],
            "submitted": counts[DeclarationState.SUBMITTED],
            "remind_url": f"{reverse('declaration_remind')}?{suffix}",
            "accept_url": f"{reverse('declaration_accept_all')}?{suffix}",
        }
