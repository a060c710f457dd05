"""The hours of the last months: declared by employers, imported, taken over from another tool, checked, put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Min

from accounts.models import User
from beneficiaries.aggregates import is_adapted
from beneficiaries.anomalies import Anomaly, find_anomalies
from beneficiaries.declaration_dates import due_on
from beneficiaries.declaration_mail import write_to_company
from beneficiaries.enums import AnomalyKind, EntrySource, EntryState, HourKind, ImportKind, Modality
from beneficiaries.models import (
    AggregateDeclaration,
    Assignment,
    Beneficiary,
    DataImport,
    HoursEntry,
    MonthDeclaration,
    Mutualisation,
    MutualisationShare,
)
from beneficiaries.models.hours import FROM_EMPLOYER
from beneficiaries.services import declarations, imports
from beneficiaries.services.aggregates import save_declaration
from beneficiaries.services.checks import settle_anomaly
from beneficiaries.services.declaration_states import await_company
from beneficiaries.services.employment import update_assignment
from beneficiaries.services.hours import Cell, save_cells, validate_hours
from beneficiaries.services.import_endings import take_back_import, validate_import
from beneficiaries.services.mutualisation import attach_document, record_agreement, save_mutualisation
from beneficiaries.services.writing import save_by
from clauses.models import Commitment
from core import formats
from core.dates import add_months
from core.uploads import keep_upload
from markets.models import Company, CompanyKind
from markets.services.tokens import create_token, revoke_token, token_of
from reporting.demo.cast import Cast
from reporting.demo.clock import on_day
from reporting.demo.hires import MONTHS, Crew, hire, planned_end
from reporting.demo.papers import paper

if TYPE_CHECKING:
    from reporting.demo.story_markets import Files


def tell_hours(cast: Cast, files: Files, crew: Crew) -> None:
    """On the commitments of the territory that run, with people of the territory who were free."""
    own, lent = _hires(cast, crew)
    _declarations_of_holder(cast, own)
    _declarations_of_agency(cast, crew, lent)
    _declarations_without_account(cast, crew)
    _keys(cast, crew)
    _imports(cast, crew)
    _take_over(cast)
    _checks(cast)
    _mutualisation(cast, crew)
    _without_names(cast, crew)


def day_in(cast: Cast, shift: int, day: int) -> dt.date:
    """That day of the month that lies so many months from today's; moved to a working day, never after today."""
    found = cast.month(shift).replace(day=day)
    while found.weekday() > 4:
        found += dt.timedelta(days=1)
    return min(found, cast.as_of)


def assigned_to(company: Company, month: dt.date) -> list[Assignment]:
    """The employer's people of that month, in the order in which they were hired."""
    rows = Assignment.objects.employed_by(company).active_in(month)
    return list(
        rows.select_related("placement__beneficiary", "commitment__market").order_by("starts_on", "pk")
    )


def cells(rows: Sequence[Assignment], month: dt.date, hours: Sequence[Any]) -> list[Cell]:
    """Hours of work for each of them, where something is said and nothing is written yet."""
    taken = set(
        HoursEntry.objects.current()
        .filter(assignment__in=rows, month=month)
        .values_list("assignment", flat=True)
    )
    return [
        Cell(row, month, HourKind.WORK, Decimal(str(worked)), 0)
        for row, worked in zip(rows, hours, strict=False)
        if worked is not None and row.pk not in taken
    ]


# --- People at work ---------------------------------------------------------------------------------------------


def _hires(cast: Cast, crew: Crew) -> tuple[list[Assignment], list[Assignment]]:
    """Three people at the holder that has an account; two whom the agency lends to it."""
    post = crew.post(holder=cast.company)
    starts = day_in(cast, -MONTHS, 2)
    own = [
        hire(cast, person, post, employer=cast.company, starts_on=starts, ends_on=planned_end(cast))
        for person in crew.take(3)
    ]
    lent = [
        hire(
            cast,
            person,
            post,
            employer=crew.agency,
            user_company=cast.company,
            modality=Modality.ETTI,
            contract="ctt",
            starts_on=starts,
            ends_on=planned_end(cast, 2),
            by=cast.thomas,
        )
        for person in crew.take(2)
    ]
    return own, lent


# --- The month, declared ----------------------------------------------------------------------------------------


def _open(cast: Cast, company: Company, month: dt.date) -> MonthDeclaration:
    """As each morning does once a month is over."""
    with on_day(min(add_months(month, 1), cast.as_of), 6):
        row = declarations.start_declaration(company=company, month=month, by=None)
        await_company(row, by=None)
        write_to_company(row, what="open", turn="1", by=None)
    return row


def _declare(
    cast: Cast,
    company: Company,
    shift: int,
    hours: Mapping[int, Any],
    *,
    by: User | None,
    name: str = "",
    note: str = "",
    proofs: Sequence[str] = (),
    source: str = EntrySource.PORTAL,
) -> MonthDeclaration:
    """The month of a company, opened, written with its proofs and sent to the house."""
    month = cast.month(shift)
    row = _open(cast, company, month)
    people = assigned_to(company, month)
    worked = [hours.get(person.pk, "121.5") for person in people]
    with on_day(day_in(cast, shift + 1, 5), 10):
        _gather(row)
        declarations.declare_hours(declaration=row, cells=cells(people, month, worked), by=by, source=source)
        for label in proofs:
            upload = paper("justificatif", f"{label}, {formats.month(month)}", str(company))
            declarations.add_proof(declaration=row, upload=upload, label=label, by=by)
        # What the territory says was sent back goes again as it was: that asks for a word.
        again = declarations.entries_of(row).filter(state=EntryState.SENT_BACK).exists()
        note = note or ("Relu avec l’équipe\u202f: ces heures sont bien celles du mois." if again else "")
        declarations.submit_declaration(declaration=row, by=by, name=name, note=note)
    return MonthDeclaration.objects.get(pk=row.pk)


def _gather(row: MonthDeclaration) -> None:
    """What the territory says was submitted by the portal belongs to the month that is told."""
    sent = declarations.entries_of(row).filter(declaration__isnull=True, source__in=FROM_EMPLOYER)
    for entry in sent.filter(state=EntryState.SUBMITTED).order_by("pk"):
        entry.declaration = row
        entry.version += 1
        save_by(entry, None, "déclaration soumise")  # type: ignore[arg-type]  # no account is known of it


def _accept(cast: Cast, row: MonthDeclaration, shift: int, by: User) -> None:
    with on_day(day_in(cast, shift + 1, 9), 15):
        declarations.accept_declaration(declaration=row, by=by)


def _declarations_of_holder(cast: Cast, own: list[Assignment]) -> None:
    """Accepted three months ago, sent back for one line since, begun for last month."""
    if len(own) < 3:
        return
    company, by = cast.company, cast.andrea
    first, second, third = (row.pk for row in own)
    accepted = _declare(
        cast,
        company,
        -3,
        {first: 138, second: 145.5, third: 140},
        by=by,
        proofs=["Récapitulatif des bulletins de paie"],
    )
    _accept(cast, accepted, -3, cast.nadia)
    sent = _declare(
        cast,
        company,
        -2,
        {first: 151.67, second: 148, third: 132.5},
        by=by,
        note="Une journée d’intempéries le 14. Trois jours d’absence pour la troisième personne.",
    )
    wrong = sent.entries.get(assignment=third)
    with on_day(day_in(cast, -1, 12), 11):
        declarations.send_back_declaration(
            declaration=sent,
            reason="",
            lines={
                wrong.pk: "Trois jours d’absence dans votre message\u202f: ces heures sont-elles déjà déduites\u202f?"
            },
            by=cast.nadia,
        )
    begun = _open(cast, company, cast.month(-1))
    with on_day(min(due_on(begun.month), cast.as_of), 16):
        declarations.declare_hours(declaration=begun, cells=cells([own[1]], begun.month, [147]), by=by)


def _declarations_of_agency(cast: Cast, crew: Crew, lent: list[Assignment]) -> None:
    """By its payroll software two months ago, accepted; by hand last month, waiting with what is to be looked at."""
    if len(lent) < 2:
        return
    first, second = lent[0].pk, lent[1].pk
    by = User.objects.get(email__startswith="etti@demo.")
    earlier = _declare(
        cast,
        crew.agency,
        -2,
        {first: 150, second: 144},
        by=by,
        source=EntrySource.API,
    )
    _accept(cast, earlier, -2, cast.thomas)
    # More than the contract explains, and half of the month before.
    _declare(
        cast,
        crew.agency,
        -1,
        {first: 189, second: 63},
        by=by,
        note="Heures supplémentaires demandées par le chantier, deux semaines d’arrêt pour l’autre personne.",
        proofs=["Relevés signés par l’entreprise utilisatrice", "Avenants de mission"],
    )


def _declarations_without_account(cast: Cast, crew: Crew) -> None:
    """One company answers by the link that it was sent; another one is late, and was reminded."""
    quick, late = cast.others[0], cast.others[2]
    starts = day_in(cast, -MONTHS, 3)
    for person in crew.take(2):
        hire(
            cast,
            person,
            crew.post(buyer=cast.metropole),
            employer=quick,
            starts_on=starts,
            ends_on=planned_end(cast),
        )
    for person in crew.take(1):
        post = crew.post(buyer=cast.metropole, rank=1)
        hire(cast, person, post, employer=late, starts_on=starts, ends_on=planned_end(cast), by=cast.ines)
    if assigned_to(quick, cast.month(-1)):
        for shift in (-2, -1):
            row = _open(cast, quick, cast.month(shift))
            with on_day(day_in(cast, shift + 1, 3), 11):
                declarations.send_declaration_link(
                    declaration=row, email="paie@entreprise.invalid", by=cast.nadia
                )
            row = _declare(cast, quick, shift, {}, by=None, name="Service de la paie", proofs=["Bulletins"])
            _accept(cast, row, shift, cast.nadia)
    if assigned_to(late, cast.month(-2)):
        row = _open(cast, late, cast.month(-2))
        with on_day(day_in(cast, -1, 14), 9):
            declarations.remind_companies(declarations=[row], by=cast.ines)
        with on_day(day_in(cast, -1, 24), 9):
            declarations.remind_companies(declarations=[row], by=cast.ines)
        _open(cast, late, cast.month(-1))


def _keys(cast: Cast, crew: Crew) -> None:
    """The payroll software of the agency has a key in use; its former one was taken back."""
    by = User.objects.get(email__startswith="etti@demo.")
    with on_day(cast.day(-200)):
        former = create_token(name="Ancien logiciel de paie", company=crew.agency, by=cast.admin)
    with on_day(cast.day(-95)):
        revoke_token(token=former.row, by=cast.admin)
        key = create_token(name="Logiciel de paie des missions", company=crew.agency, by=by)
    with on_day(day_in(cast, -1, 5), 10):
        token_of(key.words)


# --- Imports ----------------------------------------------------------------------------------------------------

TITLES = "Nom;Prénom;Né(e) le;Mois;Heures"


def _line(person: Beneficiary, month: dt.date, hours: str) -> str:
    born = f"{person.birth_date:%d/%m/%Y}" if person.birth_date else ""
    return f"{person.last_name};{person.first_name};{born};{month:%m/%Y};{hours}"


def _receive(cast: Cast, company: Company, month: dt.date, name: str, lines: list[str]) -> DataImport:
    content = "\n".join([TITLES, *lines, ""]).encode("cp1252", "replace")
    row = imports.receive_import(
        kind=ImportKind.HOURS,
        name=f"{name}-{month:%Y-%m}.csv",
        content=content,
        company=company,
        month=month,
        user=cast.thomas,
    )
    imports.check_import(row, user=cast.thomas)
    return row


def _load(cast: Cast, row: DataImport) -> None:
    people = imports.load_import(row, user=cast.thomas)
    imports.recount_import(row, people, user=cast.thomas)


def _imports(cast: Cast, crew: Crew) -> None:
    """A file loaded, one taken back, and one that waits for what is to be decided."""
    company, starts = cast.others[1], day_in(cast, -MONTHS, 2)
    post = crew.post(buyer=cast.oullins)
    team = [
        hire(
            cast,
            person,
            post,
            employer=company,
            starts_on=starts,
            ends_on=planned_end(cast),
            # The last one lacks the positionnement, until somebody sees that the hours do not count.
            positioned=rank < 4,
            by=cast.thomas,
        )
        for rank, person in enumerate(crew.take(5))
    ]
    if len(team) < 5:
        return
    people = [row.placement.beneficiary for row in team]
    earlier, month = cast.month(-2), cast.month(-1)
    hours = ("140", "151,67", "136,5", "88 h 30", "145")
    with on_day(day_in(cast, -1, 8), 10):
        _load(
            cast,
            _receive(
                cast,
                company,
                earlier,
                "heures",
                [_line(person, earlier, text) for person, text in zip(people, hours, strict=True)],
            ),
        )
    with on_day(min(day_in(cast, 0, 4), cast.as_of), 10):
        wrong = _receive(
            cast, company, month, "heures-provisoires", [_line(person, month, "70") for person in people[:3]]
        )
        _load(cast, wrong)
    with on_day(min(day_in(cast, 0, 6), cast.as_of), 11):
        take_back_import(DataImport.objects.get(pk=wrong.pk), user=cast.thomas)
    last = people[1].last_name
    misspelt = f"{last[:-2]}{last[-1]}{last[-2]}"
    with on_day(min(day_in(cast, 0, 9), cast.as_of), 11):
        _receive(
            cast,
            company,
            month,
            "heures",
            [
                _line(people[0], month, "147"),
                f"{misspelt};{people[1].first_name};;{month:%m/%Y};139,5",
                _line(people[2], month, "12 jours"),
                _line(people[3], month, "121 h 15"),
                f"Belkacem;Rosalie;04/05/1990;{month:%m/%Y};96",
            ],
        )
    late = Assignment.objects.select_related("placement__beneficiary", "commitment__market").get(
        pk=team[4].pk
    )
    with on_day(cast.day(-3), 10):
        late.positioned_on = late.starts_on
        update_assignment(assignment=late, user=cast.thomas)


OVER = (
    "Donneur d’ordre;Référence du marché;Objet du marché;Titulaire;Heures engagées;Nom;Prénom;Date de naissance;"
    "Sexe;Type de contrat;Modalité;Début du contrat;Fin du contrat;Date de validation;Mois;Heures"
)
FORMER = (
    ("Aubertin", "Clarisse", "17/03/1988", "F", ("112", "140", "133,5")),
    ("Okonkwo", "Désiré", "02/11/1979", "M", ("98", "126", "91")),
)


def _take_over(cast: Cast) -> None:
    """The year before Maillon, on a market that only the former tool knew; loaded and validated."""
    first = HoursEntry.objects.aggregate(first=Min("month"))["first"]
    year = (first or cast.as_of).year - 1
    market = (
        f"{cast.metropole.name};{year}-REP-07;Entretien des berges, repris de l’ancien outil;"
        f"{cast.others[0].name};700"
    )
    lines = [
        f"{market};{last};{name};{born};{sex};CDD;embauche directe;01/03/{year};31/05/{year};"
        f"20/02/{year};{month:02}/{year};{hours}"
        for last, name, born, sex, months in FORMER
        for month, hours in zip((3, 4, 5), months, strict=True)
    ]
    with on_day(cast.day(-160), 10):
        row = imports.receive_import(
            kind=ImportKind.TAKE_OVER,
            name=f"ancien-outil-{year}.csv",
            content="\n".join([OVER, *lines, ""]).encode(),
            user=cast.admin,
        )
        imports.check_import(row, user=cast.admin)
        people = imports.load_import(row, user=cast.admin)
        imports.recount_import(row, people, user=cast.admin)
        validate_import(DataImport.objects.get(pk=row.pk), user=cast.admin)


# --- Checks -----------------------------------------------------------------------------------------------------


def _checks(cast: Cast) -> None:
    """Hours of someone who was never validated, typed by the house; one of the other anomalies explained."""
    month = cast.month(-1)
    person = (
        Beneficiary.objects.visible_to(cast.nadia)
        .filter(reviews__isnull=True, attendances__isnull=True, applications__isnull=True)
        .order_by("pk")
        .first()
    )
    team = assigned_to(cast.others[1], month)
    if person and team:
        row = hire(
            cast,
            person,
            team[0].commitment,
            employer=cast.others[1],
            starts_on=cast.month(-1) + dt.timedelta(days=6),
            ends_on=planned_end(cast),
            positioned=False,
            by=cast.thomas,
        )
        with on_day(day_in(cast, 0, 8), 9):
            save_cells(cells([row], month, [84]), user=cast.thomas)
    explained = _first_of(month, AnomalyKind.OVER_CONTRACT)
    if explained:
        with on_day(cast.day(-2), 9):
            settle_anomaly(
                key=explained.key,
                reason="Heures supplémentaires du chantier, vues sur le relevé signé.",
                user=cast.thomas,
            )


def _first_of(month: dt.date, kind: AnomalyKind) -> Anomaly | None:
    found = find_anomalies(Assignment.objects.active_in(month), month, month, gaps=False)
    return next((row for row in found.open if row.kind == kind), None)


# --- Hours put together, hours without names --------------------------------------------------------------------


def _mutualisation(cast: Cast, crew: Crew) -> None:
    """Two commitments of the town that share the hours of one team, from last month on."""
    shared = [crew.post(buyer=cast.oullins), crew.post(buyer=cast.oullins, rank=1)]
    if shared[0].pk == shared[1].pk:
        return
    names = " et ".join(commitment.market.reference for commitment in shared)
    with on_day(cast.day(-48), 10):
        row = save_mutualisation(
            row=Mutualisation(
                label=f"Équipe commune, marchés {names}",
                signed_on=cast.day(-50),
                starts_on=cast.month(-1),
                ends_on=cast.month(9),
                note="Une équipe travaille sur les deux chantiers voisins\u202f; la clé suit les montants des lots.",
            ),
            shares={shared[0]: Decimal(70), shared[1]: Decimal(30)},
            user=cast.nadia,
        )
        for share in MutualisationShare.objects.filter(mutualisation=row).order_by("pk"):
            record_agreement(share=share, agreed_on=cast.day(-50), user=cast.nadia)
        upload = paper("globalisation", "Convention de globalisation des heures", row.label, "Signée.")
        stored = keep_upload(kind="mutualisation", upload=upload, user=cast.nadia)
        attach_document(row=row, document=stored, user=cast.nadia)


def _without_names(cast: Cast, crew: Crew) -> None:
    """An adapted company declares a quarter without names, with its attestation."""
    last = cast.month(-1)
    first = max(cast.month(-3), last.replace(month=1))
    kinds = (
        CompanyKind.objects.filter(kind__in=("EA", "EATT", "ESAT")).select_related("company").order_by("pk")
    )
    company = next((row.company for row in kinds if is_adapted(row.company, first, last)), None)
    if company is None:
        return
    with on_day(day_in(cast, 0, 12), 10):
        upload = paper("attestation", "Attestation d’heures", str(company), "Sept personnes, 412,5 heures.")
        save_declaration(
            row=AggregateDeclaration(
                company=company,
                commitment=crew.post(buyer=cast.metropole),
                first_month=first,
                last_month=last,
                headcount=7,
                hours=Decimal("412.5"),
                note="Entretien des espaces verts confié à une équipe de sept personnes.",
            ),
            document=keep_upload(kind="aggregate_declaration", upload=upload, user=cast.thomas),
            user=cast.thomas,
        )


def type_and_validate(cast: Cast, row: Assignment, hours: Mapping[int, str], *, by: User) -> list[HoursEntry]:
    """Hours typed by the house, month shift → hours, and validated."""
    ids = []
    for shift, worked in hours.items():
        with on_day(day_in(cast, shift + 1, 7), 9):
            for outcome in save_cells(cells([row], cast.month(shift), [worked]), user=by):
                if outcome.entry:
                    ids.append(outcome.entry.pk)
            validate_hours(entries=HoursEntry.objects.filter(pk__in=ids), user=by)
    return list(HoursEntry.objects.filter(pk__in=ids))


def commitments_of(files: Files) -> list[Commitment]:
    """Those of the private site, which runs."""
    return list(
        Commitment.objects.filter(market=files.site).select_related("market", "holder").order_by("pk")
    )
