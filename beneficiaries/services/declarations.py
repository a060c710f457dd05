"""The month of an employer's people: opened, filled in, submitted by the company; accepted or sent back by the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from beneficiaries.declaration_mail import send_link, write_to_company
from beneficiaries.enums import DeclarationState, EntrySource, EntryState
from beneficiaries.models import Assignment, Beneficiary, DeclarationProof, HoursEntry, MonthDeclaration
from beneficiaries.services import declaration_states as states
from beneficiaries.services.checks import what_looks_wrong
from beneficiaries.services.counting import recount_people
from beneficiaries.services.hours import Cell, Outcome, ValidationReport, save_cells, validate_hours
from beneficiaries.services.writing import save_by
from core import formats
from core.dates import add_months
from core.errors import DomainError
from core.files import delete_file
from core.history import bulk_update_tracked
from core.uploads import keep_upload

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User
    from core.models import StoredFile
    from markets.models import Company

PROOF_KIND = "declaration_proof"
PROOFS_MAX = 20


# --- The company's gestures ----------------------------------------------------------------------------------


@transaction.atomic
def start_declaration(*, company: Company, month: dt.date, by: User | None) -> MonthDeclaration:
    """The declaration of that month, opened if it is not.

    Raises DomainError for a month that has not begun, or in which the company employs nobody for a clause.
    """
    rows = MonthDeclaration.objects.select_related("company").filter(company=company, month=month)
    found = rows.first()
    if found is None:
        if month > timezone.localdate():
            raise DomainError(
                f"{formats.month(month).capitalize()} n’a pas commencé : les heures se déclarent une fois faites."
            )
        if not Assignment.objects.employed_by(company).active_in(month).exists():
            raise DomainError(f"Vous n’employez personne au titre d’une clause en {formats.month(month)}.")
        found, _ = MonthDeclaration.objects.get_or_create(company=company, month=month)
    return found


def _open_or_refuse(declaration: MonthDeclaration) -> None:
    if declaration.is_open:
        return
    what = "acceptée" if declaration.state == DeclarationState.ACCEPTED else "soumise"
    raise DomainError(
        f"Cette déclaration est {what} : elle ne se change plus. Si une ligne est fausse, écrivez à la maison, "
        "qui vous la renverra."
    )


@transaction.atomic
def declare_hours(
    *,
    declaration: MonthDeclaration,
    cells: Sequence[Cell],
    by: User | None,
    source: str = EntrySource.PORTAL,
) -> list[Outcome]:
    """Write an employer's hours as drafts of its month. Raises DomainError when the month is not open to it."""
    row = states.lock_declaration(declaration)
    _open_or_refuse(row)
    for cell in cells:
        # The pages and the interface ask for these rows only: whatever comes here otherwise is nobody's to write.
        own = cell.assignment.placement.employer_id == row.company_id and cell.month == row.month
        if not own:
            raise DomainError("Cette ligne n’est pas de cette déclaration.")
    return save_cells(cells, user=by, source=source, declaration=row)


@transaction.atomic
def copy_previous_month(
    *, declaration: MonthDeclaration, assignments: Sequence[Assignment], by: User | None
) -> list[Outcome]:
    """Write last month's hours in the places that are empty; what is written already stays."""
    month = declaration.month
    ids = [assignment.pk for assignment in assignments]
    rows = HoursEntry.objects.current().filter(assignment__in=ids, month__in=[add_months(month, -1), month])
    hours = {}
    taken = set()
    for entry in rows.order_by("pk"):
        if entry.month == month:
            taken.add((entry.assignment_id, entry.kind))
        else:
            hours[entry.assignment_id, entry.kind] = entry.hours
    by_id = {assignment.pk: assignment for assignment in assignments}
    cells = [
        Cell(by_id[pk], month, kind, value, 0)
        for (pk, kind), value in hours.items()
        if (pk, kind) not in taken
    ]
    return declare_hours(declaration=declaration, cells=cells, by=by)


def entries_of(declaration: MonthDeclaration) -> Any:
    """The entries in force of an employer's month, whoever wrote them."""
    own = Assignment.objects.employed_by(declaration.company).values("pk")
    return HoursEntry.objects.current().filter(assignment__in=own, month=declaration.month)


@transaction.atomic
def submit_declaration(
    *,
    declaration: MonthDeclaration,
    by: User | None,
    name: str = "",
    note: str = "",
    no_hours: bool = False,
) -> MonthDeclaration:
    """Send the month to the house; the company changes nothing in it from then on.

    Raises DomainError without a name where there is no account, for a month without a line that does not say so, and
    for a line sent back that comes again as it was without a word.
    """
    row = states.lock_declaration(declaration)
    _open_or_refuse(row)
    name = " ".join(name.split()) or (str(by) if by else "")
    if not name:
        raise DomainError("Indiquez votre nom : la maison sait ainsi qui a déclaré.", field="name")
    people = set(entries_of(row).order_by().values_list("assignment__placement__beneficiary", flat=True))
    # People before their entries, in the order of everything that writes hours.
    list(Beneficiary.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))
    entries = list(entries_of(row).select_for_update(of=("self",)).order_by("pk"))
    worked = sum((entry.hours for entry in entries), start=0)
    if worked and no_hours:
        raise DomainError(
            f"{formats.hours(worked)} sont saisies : décochez « Aucune heure ce mois », ou effacez ces heures.",
            field="no_hours",
        )
    if not entries and not no_hours:
        raise DomainError(
            "Aucune heure n’est saisie : remplissez au moins une ligne, ou cochez « Aucune heure ce mois ».",
            field="no_hours",
        )
    same = [entry for entry in entries if entry.state == EntryState.SENT_BACK]
    if same and not note.strip():
        raise DomainError(
            f"{formats.noun(len(same), 'ligne renvoyée n’a', 'lignes renvoyées n’ont')} pas changé : "
            "dites pourquoi dans le message, ou corrigez.",
            field="note",
        )
    sent = [entry for entry in entries if entry.is_with_employer or entry.state == EntryState.SENT_BACK]
    for entry in sent:
        entry.state = EntryState.SUBMITTED
        entry.declaration = row
        entry.version += 1
    bulk_update_tracked(
        HoursEntry, sent, ["state", "declaration", "version"], user=by, reason="déclaration soumise"
    )
    # Sent, they take their place in the month beside those of other employers.
    recount_people(people, user=by, reason="déclaration soumise", listed=False)
    row.state = DeclarationState.SUBMITTED
    row.note = note.strip()
    row.no_hours = no_hours
    row.submitted_at, row.submitted_by, row.submitted_name = timezone.now(), by, name[:150]
    row.version += 1
    save_by(row, by, "soumise")
    states.await_house(row, by=by)
    return row


@transaction.atomic
def add_proof(
    *, declaration: MonthDeclaration, upload: UploadedFile, label: str = "", by: User | None
) -> DeclarationProof:
    """Keep a document with the month. Raises DomainError when it is of no accepted type, too big or one too many."""
    row = states.lock_declaration(declaration)
    _open_or_refuse(row)
    if row.proofs.count() >= PROOFS_MAX:
        raise DomainError(
            f"Cette déclaration porte déjà {PROOFS_MAX} documents : retirez-en un d’abord.", field="upload"
        )
    stored = keep_upload(kind=PROOF_KIND, upload=upload, user=by)
    proof = DeclarationProof(declaration=row, stored=stored, label=label.strip()[:150] or stored.name[:150])
    save_by(proof, by)
    return proof


@transaction.atomic
def remove_proof(*, proof: DeclarationProof, by: User | None) -> None:
    """Take a document away while the month is open. Raises DomainError afterwards."""
    _open_or_refuse(states.lock_declaration(proof.declaration))
    stored = proof.stored
    proof._history_user = by  # type: ignore[attr-defined]
    proof.delete()
    if stored:
        delete_file(stored)


def may_open_proof(user: User, stored: StoredFile) -> bool:
    """The house, and the employer whose declaration it came with."""
    return bool(DeclarationProof.objects.visible_to(user).filter(stored=stored).exists())


# --- The house's gestures ------------------------------------------------------------------------------------


@transaction.atomic
def accept_declaration(*, declaration: MonthDeclaration, by: User) -> ValidationReport:
    """Accept a month: its hours that count in full, and with which nothing looks wrong, are validated.

    The others stay, each with its reason. Raises DomainError when it is not submitted.
    """
    row = states.lock_declaration(declaration)
    if row.state != DeclarationState.SUBMITTED:
        raise DomainError("Cette déclaration n’est pas soumise : rechargez la page.")
    waiting = row.entries.to_validate()
    wrong = what_looks_wrong(Assignment.objects.employed_by(row.company), row.month, row.month)
    clean = waiting.exclude(pk__in=wrong)
    report = validate_hours(entries=clean, user=by, only_those_that_count=True)
    report.left += [(entry, wrong[entry.pk]) for entry in waiting.filter(pk__in=wrong).order_by("pk")]
    row.refresh_from_db()
    if row.state == DeclarationState.SUBMITTED:
        states.accept(row, by=by)
    return report


@transaction.atomic
def send_back_declaration(
    *, declaration: MonthDeclaration, reason: str, lines: Mapping[int, str], by: User
) -> MonthDeclaration:
    """Send a month back, whole or by lines (entry id → what is wrong with it; empty: as said for the whole).

    Raises DomainError without a reason, and for lines that are not submitted lines of this month.
    """
    row = states.lock_declaration(declaration)
    if row.is_open:
        raise DomainError("Cette déclaration est déjà chez l’entreprise : rechargez la page.")
    reason = reason.strip()
    entries = list(
        HoursEntry.objects.current()
        .select_for_update(of=("self",))
        .filter(declaration=row, state=EntryState.SUBMITTED)
        .order_by("pk")
    )
    if lines:
        if set(lines) - {entry.pk for entry in entries}:
            raise DomainError("Une de ces lignes n’est plus soumise : rechargez la page.")
        entries = [entry for entry in entries if entry.pk in lines]
    if not reason and not (lines and all(text.strip() for text in lines.values())):
        raise DomainError(
            "Dites à l’entreprise ce qui est à corriger : pour le mois, ou pour chaque ligne cochée.",
            field="reason",
        )
    for entry in entries:
        entry.state = EntryState.SENT_BACK
        entry.sent_back_reason = (lines.get(entry.pk, "").strip() or reason)[:300]
        entry.version += 1
    bulk_update_tracked(
        HoursEntry, entries, ["state", "sent_back_reason", "version"], user=by, reason="renvoi à l’employeur"
    )
    states.open_again(row, reason=reason or states.LINES_TO_CORRECT, by=by, lines=len(entries))
    return row


@transaction.atomic
def remind_companies(*, declarations: Sequence[MonthDeclaration], by: User) -> tuple[int, list[Company]]:
    """Write to those whose month is awaited, once a day at most; returns how many, and who has no address."""
    today = timezone.localdate()
    rows = list(
        MonthDeclaration.objects.awaited()
        .select_for_update(of=("self",))
        .filter(pk__in=[row.pk for row in declarations])
        .exclude(reminded_on=today)
        .select_related("company")
        .order_by("pk")
    )
    written, unreached = 0, []
    for row in rows:
        if not write_to_company(row, what="remind", turn=str(row.reminders + 1), by=by):
            unreached.append(row.company)
            continue
        row.reminders += 1
        row.reminded_on = today
        save_by(row, by, "rappel")
        written += 1
    return written, unreached


@transaction.atomic
def send_declaration_link(*, declaration: MonthDeclaration, email: str, by: User) -> None:
    """Send a link that opens this month without an account. Raises DomainError once it is accepted."""
    row = states.lock_declaration(declaration)
    if row.state == DeclarationState.ACCEPTED:
        raise DomainError("Cette déclaration est acceptée : un lien n’ouvrirait rien.")
    send_link(row, email=email, by=by)
