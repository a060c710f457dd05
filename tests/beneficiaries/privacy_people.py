"""Someone of whom the house holds everything, under words that stand nowhere else, for the tests of privacy."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection

from beneficiaries.enums import Milestone, Situation
from beneficiaries.models import (
    Application,
    Attendance,
    CollectiveAction,
    DataImport,
    DeclarationProof,
    FollowUp,
    ImportLine,
    JobOffer,
    MonthDeclaration,
    OfferRecipient,
    Outcome,
    PersonMerge,
    ProofFile,
    ProofRequest,
    ReferrerFeedback,
)
from core.files import store_file
from core.models import AccessLink, Job
from core.outbox import write_message
from markets.models import ApiAnswer, ApiToken, Award
from markets.services.tasks import open_task
from tests.factories import (
    BeneficiaryFactory,
    EligibilityCriterionFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    InteractionFactory,
    PrescriberFactory,
    eligible_assignment,
)

# Accents, a hyphen and an apostrophe: the marks must be found however JSON writes them.
LAST, FIRST = "Zorglûb-D’Oréal", "Éloïse-Ombeline"
FORMER_LAST, BIRTH_LAST = "Quaxigny", "Wyvernois"
EMAIL, PHONE = "zorglub.unique@exemple.fr", "06 98 76 54 32"
ADDRESS, GROUND_NOTE = "12 impasse Xylophage", "confidence kryptonique"
BORN = dt.date(1987, 4, 23)
# What must be nowhere once the person is anonymised; without accents, as the search writes them, too.
MARKS = (
    "zorgl", "Zorglûb", "eloise", "Éloïse", "ombeline", "quaxigny", "wyvernois", "xylophage", "kryptonique",
    EMAIL, "06 98 76 54 32", "0698765432", "1987-04-23", "23/04/1987",
)  # fmt: skip


def make_known_person(*, cast: Any, closed_on: dt.date | None = dt.date(2019, 6, 30)) -> Any:
    """A person of 2018 on a market of buyer A, closed since, of whom every table tells something."""
    person = BeneficiaryFactory(
        last_name=FORMER_LAST,
        first_name=FIRST,
        birth_name=BIRTH_LAST,
        birth_date=BORN,
        address=ADDRESS,
        email=EMAIL,
        phone=PHONE,
    )
    person.last_name = LAST
    person._change_reason = f"mariage de {FIRST} {LAST}"
    person.save()
    market = cast.commitment_a.market
    market.starts_on, market.notified_on = dt.date(2018, 1, 2), dt.date(2018, 1, 2)
    market.planned_end, market.closed_on = dt.date(2019, 6, 1), closed_on
    market.save()
    assignment = eligible_assignment(
        beneficiary=person,
        commitment=cast.commitment_a,
        starts_on=dt.date(2018, 3, 5),
        ends_on=dt.date(2018, 9, 28),
        criteria=[EligibilityCriterionFactory(), EligibilityCriterionFactory(sensitive_one=True)],
    )
    HoursEntryFactory(assignment=assignment, month=dt.date(2018, 3, 1), hours=Decimal("98.50"), counted=True)
    HoursEntryFactory(assignment=assignment, month=dt.date(2018, 4, 1), hours=Decimal("110.00"), counted=True)
    EligibilityReviewFactory(
        beneficiary=person,
        refused=True,
        refusal_reason=f"{GROUND_NOTE} de {LAST}",
        note=f"note {GROUND_NOTE}",
        decided_on=dt.date(2017, 5, 2),
    )
    _words(person, assignment, cast)
    _files(person, assignment, cast)
    # What tells of the person today is older than any rule.
    _long_ago(person)
    return person


def _words(person: Any, assignment: Any, cast: Any) -> None:
    house = cast.facilitator
    FollowUp.objects.create(
        beneficiary=person, happened_on=dt.date(2018, 5, 4), text=f"{FIRST} : {GROUND_NOTE}", author=house
    )
    offer = JobOffer.objects.create(
        award=Award.objects.filter(company=cast.company_a).order_by("pk").first(), title="Maçon·ne"
    )
    recipient = OfferRecipient.objects.create(
        offer=offer,
        prescriber=PrescriberFactory(),
        email="partenaire@exemple.fr",
        note=f"{FIRST} {LAST} peut-être",
    )
    application = Application.objects.create(
        offer=offer,
        recipient=recipient,
        beneficiary=person,
        last_name=LAST,
        first_name=FIRST,
        birth_date=BORN,
        email=EMAIL,
        phone=PHONE,
        message=f"Nous vous proposons {FIRST} {LAST}, {GROUND_NOTE}.",
        proposed_on=dt.date(2018, 1, 8),
    )
    ReferrerFeedback.objects.create(
        beneficiary=person,
        application=application,
        moment="during",
        email="r@exemple.fr",
        progress=f"{GROUND_NOTE}",
    )
    Outcome.objects.create(
        beneficiary=person,
        milestone=Milestone.EXIT,
        exit_on=dt.date(2018, 9, 28),
        due_on=dt.date(2018, 12, 28),
        situation=Situation.CDI,
        recorded_on=dt.date(2019, 1, 7),
        note=f"chez un ami de {FIRST}, {GROUND_NOTE}"[:300],
    )
    ProofRequest.objects.create(
        beneficiary=person,
        email=EMAIL,
        message=f"Bonjour {FIRST} {LAST}",
        asked_on=dt.date(2018, 1, 9),
        due_on=dt.date(2018, 1, 30),
        answered_on=dt.date(2018, 1, 20),
    )
    action = CollectiveAction.objects.create(
        kind="information", title="Réunion", held_on=dt.date(2018, 2, 1), summary=f"Venue de {FIRST} {LAST}."
    )
    Attendance.objects.create(action=action, beneficiary=person, came=True)
    write_message(
        key="privacy:1",
        recipients=[EMAIL],
        subject="Votre dossier",
        body=f"Bonjour, {GROUND_NOTE}.",
        person=person.pk,
    )
    write_message(
        key="privacy:2",
        recipients=["autre@exemple.fr"],
        subject=f"Au sujet de Mme {LAST}",
        body=f"Nom : {LAST.upper()}\nPrénom : {FIRST}\nNé·e le 23/04/1987, tél. 06.98.76.54.32 ou {EMAIL}",
    )
    open_task(
        title=f"Rappeler {FIRST} {LAST}", details=GROUND_NOTE, key="privacy:task", person=person.pk, by=house
    )
    open_task(
        title="Relire le suivi",
        details=f"vu avec {LAST} {FIRST}",
        market=assignment.commitment.market,
        by=house,
    )
    InteractionFactory(
        market=assignment.commitment.market, summary=f"M. Dupont parle de {FIRST} {LAST} et d’autres."
    )
    Job.objects.create(
        kind="x", key="x", label=f"Lettre à {FIRST} {LAST}", state="done", report={"pour": [LAST, FIRST]}
    )
    AccessLink.objects.create(
        kind="outcome",
        object_id=1,
        digest="d" * 64,
        email=EMAIL,
        expires_at=dt.datetime(2030, 1, 1, tzinfo=dt.UTC),
    )
    token = ApiToken.objects.create(name="Paie", company=cast.company_a, prefix="abc", digest="e" * 64)
    ApiAnswer.objects.create(
        token=token,
        key="k1",
        request_digest="f" * 64,
        status=200,
        answer={
            "people": [{"nom": LAST, "prenom": FIRST, "ne": "1987-04-23"}, {"nom": "Petit", "prenom": "Ana"}]
        },
    )
    former = BeneficiaryFactory(
        last_name=LAST, first_name=FIRST, birth_date=None, phone=PHONE, merged_into=person
    )
    PersonMerge.objects.create(
        kept=person,
        merged=former,
        former={"last_name": LAST, "first_name": FIRST, "phone": PHONE},
        reason=f"la même {FIRST}",
        merged_by=house,
    )


def _files(person: Any, assignment: Any, cast: Any) -> None:
    def kept(kind: str, name: str) -> Any:
        content = f"{LAST};{FIRST};{BORN}\n".encode()
        return store_file(kind=kind, name=name, content=content, user=cast.facilitator, allowed_types=["csv"])

    ProofFile.objects.create(
        beneficiary=person,
        criterion=EligibilityCriterionFactory(),
        stored=kept("proof", f"attestation {LAST}.csv"),
        review=assignment.review,
    )
    declaration = MonthDeclaration.objects.create(
        company=cast.company_a, month=dt.date(2018, 5, 1), state="accepted", note=f"{FIRST} {LAST} absente"
    )
    DeclarationProof.objects.create(
        declaration=declaration, stored=kept("declaration_proof", "paie.csv"), label=f"Paie {LAST} {FIRST}"
    )
    loaded = DataImport.objects.create(
        kind="hours",
        state="validated",
        stored=kept("data_import", f"heures_{LAST}_{FIRST}.csv"),
        file_name=f"heures_{LAST}_{FIRST}.csv",
        digest="0" * 64,
    )
    ImportLine.objects.create(
        data_import=loaded,
        number=2,
        state="doubtful",
        cells=[LAST, FIRST, "23/04/1987"],
        sentence=f"Qui est {LAST} {FIRST} ?",
    )
    HoursEntryFactory(
        assignment=assignment,
        month=dt.date(2018, 5, 1),
        hours=Decimal("77.25"),
        counted=True,
        declaration=declaration,
        data_import=loaded,
        import_line=2,
    )


def _long_ago(person: Any) -> None:
    """Everything was written in 2018: rows that date themselves say today."""
    then = dt.datetime(2018, 6, 1, 9, 0, tzinfo=dt.UTC)
    with connection.cursor() as cursor:
        for table, column in (
            ("core_message", "created_at"),
            ("beneficiaries_prooffile", "added_at"),
            ("beneficiaries_referrerfeedback", "written_at"),
            ("beneficiaries_beneficiary", "created_at"),
            ("beneficiaries_dataimport", "created_at"),
        ):
            cursor.execute(f"UPDATE {table} SET {column} = %s", [then])


def dump() -> Iterator[tuple[str, str]]:
    """(table.column, text) of every value of the whole database, on either database."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if value is not None and not isinstance(value, int | float | Decimal):
                        yield f"{table}.{column}", _text(value)


def _text(value: Any) -> str:
    """A value as it may be read: JSON with its accents, bytes as text."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    if text.startswith(("{", "[", '"')) and "\\u" in text:
        return text.encode().decode("unicode_escape", "replace")
    return text


def places_of(*marks: str) -> list[str]:
    """Where any of these words still stands."""
    wanted = [mark.casefold() for mark in marks]
    return sorted({place for place, text in dump() if any(mark in text.casefold() for mark in wanted)})
