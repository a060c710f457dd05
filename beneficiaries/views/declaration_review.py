"""The house and the months declared: one month examined, accepted, sent back; companies reminded, links sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from beneficiaries.anomalies import Anomaly, mark_rows
from beneficiaries.declaration_dates import due_on, month_of_address, written
from beneficiaries.declaration_grid import own_assignments
from beneficiaries.declaration_list import WORDS, month_asked, of_portfolio, with_month
from beneficiaries.declaration_mail import LINK, contact_addresses, members_of
from beneficiaries.enums import DeclarationState, EntryState
from beneficiaries.forms.declarations import LinkForm, ReturnForm
from beneficiaries.grid import build_grid
from beneficiaries.lookups import is_key
from beneficiaries.models import Assignment, HoursEntry, MonthDeclaration
from beneficiaries.services import declarations as services
from core import formats
from core.access import house_required
from core.errors import DomainError
from core.links import revoke_links
from core.models import AccessLink
from markets.models import Company
from markets.views.forms import confirm_page, form_page

NAMES_SHOWN = 40


@dataclass(slots=True)
class Line:
    """One line of a month as the house examines it; without an entry, somebody whose hours are not there."""

    assignment: Assignment
    previous: Any
    entry: HoursEntry | None
    reason: str = ""
    checked: bool = False
    # What looks wrong in it, that nobody explained.
    marks: list[Anomaly] = field(default_factory=list)

    @property
    def will_be_validated(self) -> bool:
        """By accepting the month: it counts in full, and nothing looks wrong in it."""
        entry = self.entry
        if entry is None or entry.state != EntryState.SUBMITTED or self.marks:
            return False
        return bool(entry.counted_hours == entry.hours)

    @property
    def sentences(self) -> list[str]:
        """Those that the count does not say already."""
        said = self.entry.counting_detail if self.entry else ""
        return [mark.sentence for mark in self.marks if mark.sentence != said]

    @property
    def can_go_back(self) -> bool:
        entry = self.entry
        return entry is not None and entry.state == EntryState.SUBMITTED and entry.declaration_id is not None


def _company_and_row(
    request: HttpRequest, pk: int, month: str
) -> tuple[Company, dt.date, MonthDeclaration | None]:
    company = get_object_or_404(Company.objects.visible_to(request.user), pk=pk)
    when = month_of_address(month)
    rows = MonthDeclaration.objects.visible_to(request.user).select_related(
        "company", "submitted_by", "decided_by"
    )
    return company, when, rows.filter(company=company, month=when).first()


def _row_or_404(request: HttpRequest, pk: int, month: str) -> MonthDeclaration:
    return get_object_or_404(
        MonthDeclaration.objects.visible_to(request.user).select_related("company"),
        company=pk,
        month=month_of_address(month),
    )


def _page_of(row: MonthDeclaration) -> str:
    return reverse("declaration_review", args=[row.company_id, written(row.month)])


@house_required
@require_safe
def declaration_review(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """One company's month: its lines, its documents, its message, and what to do with it."""
    company, when, row = _company_and_row(request, pk, month)
    return _review(request, company, when, row, ReturnForm(user=request.user))


def _lines(company: Company, month: dt.date) -> list[Line]:
    grid = build_grid(list(own_assignments(company, month)), month, all_kinds=True)
    found = []
    mark_rows(grid)
    for row in grid.rows:
        entries = row.entries
        for entry in entries:
            marks = [mark for mark in row.anomalies if entry.pk in mark.entries]
            found.append(Line(row.assignment, row.previous, entry, marks=marks))
        if not entries:
            found.append(Line(row.assignment, row.previous, None))
    return found


def _review(
    request: HttpRequest,
    company: Company,
    month: dt.date,
    row: MonthDeclaration | None,
    form: ReturnForm,
    status: int = 200,
) -> HttpResponse:
    request.place = "hours"  # type: ignore[attr-defined]
    lines = _lines(company, month)
    if request.method == "POST":
        for line in lines:
            if line.entry is not None:
                line.checked = str(line.entry.pk) in request.POST.getlist("ligne")
                line.reason = request.POST.get(f"motif-{line.entry.pk}", "")
    entries = [line.entry for line in lines if line.entry is not None]
    declared = row.state if row else None
    all_logged = bool(lines) and all(line.entry for line in lines)
    standing = declared or ("house" if all_logged else DeclarationState.DRAFT)
    if standing == DeclarationState.DRAFT and due_on(month) < timezone.localdate():
        standing = "late"
    links = AccessLink.objects.usable(timezone.now()).filter(kind=LINK, object_id=row.pk) if row else None
    to_validate = [entry for entry in entries if entry.state == EntryState.SUBMITTED]
    context = {
        "company": company,
        "month": month,
        "declaration": row,
        "words": WORDS[standing][0],
        "tone": WORDS[standing][1],
        "is_submitted": declared == DeclarationState.SUBMITTED,
        "is_with_house": declared in (DeclarationState.SUBMITTED, DeclarationState.ACCEPTED),
        "due_words": f"À l’entreprise de jouer avant le {formats.day(due_on(month))}\u202f:",
        "lines": lines,
        "hours": sum((entry.hours for entry in entries), 0),
        "in_full": sum(line.will_be_validated for line in lines),
        "to_validate": len(to_validate),
        "can_return": any(line.can_go_back for line in lines),
        "without": sum(line.entry is None for line in lines),
        "proofs": list(row.proofs.select_related("stored").order_by("pk")) if row else [],
        "members": members_of([company.pk]).get(company.pk, []),
        "links": list(links.order_by("pk")) if links is not None else [],
        "form": form,
        "board_url": f"{reverse('declaration_list')}?mois={written(month)}",
        "grid_url": f"{reverse('company_hours', args=[company.pk])}?mois={written(month)}",
        "here": reverse("declaration_review", args=[company.pk, written(month)]),
        "written": written(month),
    }
    return render(request, "beneficiaries/declarations/review.html", context, status=status)


@house_required
@require_POST
def declaration_accept(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Accept a whole month: one gesture."""
    row = _row_or_404(request, pk, month)
    try:
        report = services.accept_declaration(declaration=row, by=request.user)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        said = formats.noun(len(report.validated), "ligne validée", "lignes validées")
        if report.left:
            rest = formats.noun(len(report.left), "reste à regarder", "restent à regarder")
            messages.warning(request, f"Le mois est accepté. {said}. {rest}, chacune avec sa raison.")
        else:
            messages.success(request, f"Le mois est accepté. {said}.")
    return redirect(_page_of(row))


@house_required
@require_POST
def declaration_send_back(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Send the month back, whole or by lines; a refusal keeps what was typed."""
    row = _row_or_404(request, pk, month)
    form = ReturnForm(request.POST, user=request.user)
    chosen = [int(text) for text in request.POST.getlist("ligne") if is_key(text)]
    if form.is_valid():
        try:
            services.send_back_declaration(
                declaration=row,
                reason=form.cleaned_data["reason"],
                lines={pk: request.POST.get(f"motif-{pk}", "")[:300] for pk in chosen},
                by=request.user,
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, f"{row.company} est prévenue : le mois lui est rouvert.")
            return redirect(_page_of(row))
    return _review(request, row.company, row.month, row, form, status=200)


@house_required
@require_http_methods(["GET", "HEAD", "POST"])
def declaration_link(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Send a link that opens this month without an account."""
    company, when, row = _company_and_row(request, pk, month)
    back = reverse("declaration_review", args=[company.pk, written(when)])
    known = contact_addresses([company])[company.pk]
    form = LinkForm(request.POST or None, user=request.user, initial={"email": known})

    def save() -> None:
        declaration = row or services.start_declaration(company=company, month=when, by=request.user)
        services.send_declaration_link(
            declaration=declaration, email=form.cleaned_data["email"], by=request.user
        )

    return form_page(
        request,
        form,
        title="Envoyer un lien sans compte",
        facts=f"{company} · {formats.month(when)}",
        intro="La personne déclare ce mois-là, et lui seul, sans compte. Un lien envoyé avant à la même adresse "
        "n’ouvre plus rien ; tous s’éteignent quand le mois est accepté.",
        back=back,
        cancel_url=back,
        back_label=str(company),
        submit_label="Envoyer le lien",
        done="Le lien est parti.",
        save=save,
    )


@house_required
@require_POST
def declaration_link_revoke(request: HttpRequest, pk: int, month: str) -> HttpResponse:
    """Take back every link of the month."""
    row = _row_or_404(request, pk, month)
    count = revoke_links(kind=LINK, object_id=row.pk)
    gone = formats.noun(count, "lien n’ouvre", "liens n’ouvrent")
    messages.success(request, f"{gone} plus rien.")
    return redirect(_page_of(row))


def _of_board(request: HttpRequest, *standings: str) -> tuple[dt.date, list[Company]]:
    """The companies of the board's month in these standings, of the portfolio when it is what was shown."""
    month = month_asked(request)
    companies = with_month(Company.objects.visible_to(request.user), month).filter(standing__in=standings)
    if request.GET.get("mine") == "on":
        companies = of_portfolio(companies, request.user, month)
    return month, list(companies.order_by("rank", "search_key", "pk"))


def _named(companies: list[Company]) -> list[str]:
    names = [str(company) for company in companies[:NAMES_SHOWN]]
    left = len(companies) - NAMES_SHOWN
    return [*names, *([f"et {formats.noun(left, 'autre')}"] if left > 0 else [])]


def _board_url(request: HttpRequest, month: dt.date) -> str:
    mine = "&mine=on" if request.GET.get("mine") == "on" else ""
    return f"{reverse('declaration_list')}?mois={written(month)}{mine}"


@house_required
@require_http_methods(["GET", "HEAD", "POST"])
def declaration_remind(request: HttpRequest) -> HttpResponse:
    """Write to every company whose month is awaited."""
    month, companies = _of_board(request, "late", DeclarationState.DRAFT, DeclarationState.SENT_BACK)
    today = timezone.localdate()
    companies = [row for row in companies if row.reminded_on != today]  # type: ignore[attr-defined]
    members, contacts = members_of([row.pk for row in companies]), contact_addresses(companies)
    reached = [row for row in companies if members.get(row.pk) or contacts[row.pk]]
    unreached = [row for row in companies if row not in reached]
    back = _board_url(request, month)
    if not reached:
        messages.warning(
            request,
            "Personne à relancer aujourd’hui : chaque entreprise a soumis, a déjà été relancée ce jour, "
            "ou n’a ni compte ni adresse.",
        )
        return redirect(back)

    @transaction.atomic
    def save() -> int:
        rows = [services.start_declaration(company=row, month=month, by=request.user) for row in reached]
        return services.remind_companies(declarations=rows, by=request.user)[0]

    nobody = [f"Sans compte ni adresse, à appeler : {', '.join(_named(unreached))}."] if unreached else []
    return confirm_page(
        request,
        title=f"Relancer pour {formats.month(month)}",
        consequence=f"Un message part à {formats.noun(len(reached), 'entreprise')} : "
        "aux comptes de l’entreprise, sinon un lien sans compte à son contact.",
        details=[*_named(reached), *nobody],
        submit_label="Relancer",
        back=back,
        back_label="Déclarations",
        done=lambda count: f"{formats.noun(count, 'entreprise relancée', 'entreprises relancées')}.",
        save=save,
    )


@house_required
@require_http_methods(["GET", "HEAD", "POST"])
def declaration_accept_all(request: HttpRequest) -> HttpResponse:
    """Accept every month that was submitted: what counts in full is validated, the rest stays with its reason."""
    month, companies = _of_board(request, DeclarationState.SUBMITTED)
    back = _board_url(request, month)
    if not companies:
        messages.warning(request, "Aucune déclaration soumise ne reste à examiner ce mois-là.")
        return redirect(back)
    rows = MonthDeclaration.objects.visible_to(request.user).filter(
        company__in=[company.pk for company in companies], month=month, state=DeclarationState.SUBMITTED
    )

    @transaction.atomic
    def save() -> tuple[int, int]:
        reports = [
            services.accept_declaration(declaration=row, by=request.user) for row in rows.order_by("pk")
        ]
        return sum(len(found.validated) for found in reports), sum(len(found.left) for found in reports)

    def done(counts: tuple[int, int]) -> str:
        validated, left = counts
        rest = f" {formats.noun(left, 'reste à regarder', 'restent à regarder')}." if left else ""
        return f"{formats.noun(validated, 'ligne validée', 'lignes validées')}.{rest}"

    return confirm_page(
        request,
        title=f"Accepter les déclarations {formats.of_month(month)}",
        consequence=f"{formats.noun(len(companies), 'déclaration soumise sera acceptée', 'déclarations soumises seront acceptées')} : "
        "les lignes qui comptent en totalité et n’ont pas d’anomalie sont validées, les autres restent à regarder, "
        "avec leur raison.",
        details=_named(companies),
        submit_label="Accepter",
        back=back,
        back_label="Déclarations",
        done=done,
        save=save,
    )
