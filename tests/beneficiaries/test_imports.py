"""Imports of hours: tried, decided on, loaded in one transaction, loaded twice, taken back, validated."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from beneficiaries.anomalies import find_anomalies
from beneficiaries.enums import EntrySource, EntryState, ImportState, LineState
from beneficiaries.models import Assignment, ColumnMapping, DataImport, HoursEntry, ImportedRow, ImportLine
from beneficiaries.services.checks import settle_anomaly
from beneficiaries.services.hours import validate_hours
from beneficiaries.services.import_endings import take_back_import, validate_import
from beneficiaries.services.imports import (
    check_import,
    choose_columns,
    decide_line,
    forget_old_imports,
    load_import,
    receive_import,
    recount_import,
)
from core.errors import DomainError
from core.models import StoredFile
from tests.factories import AssignmentFactory, HoursEntryFactory, UserFactory, eligible_assignment

pytestmark = pytest.mark.django_db
MARCH = dt.date(2025, 3, 1)


def person(assignment: Any, last: str, first: str, born: dt.date | None) -> Any:
    """Give the person of an assignment a name."""
    row = assignment.placement.beneficiary
    row.last_name, row.first_name, row.birth_date = last, first, born
    row.save()
    return row


@pytest.fixture
def team() -> Any:
    """Two people of one employer, eligible since 2025."""
    first = eligible_assignment()
    employer = first.placement.employer
    second = eligible_assignment()
    second.placement.employer = employer
    second.placement.save()
    person(first, "Dupont", "Jean", dt.date(1990, 5, 12))
    person(second, "Martin", "Léa", dt.date(1985, 2, 1))
    return first, second


def receive(team: Any, text: str, *, name: str = "heures.csv", user: Any = None, **kwargs: Any) -> DataImport:
    return receive_import(
        kind="hours",
        name=name,
        content=text.encode("utf-8"),
        user=user or UserFactory(),
        company=team[0].placement.employer,
        **kwargs,
    )


def load(row: DataImport, user: Any = None) -> DataImport:
    check_import(row, user=user)
    recount_import(row, load_import(row, user=user), user=user)
    row.refresh_from_db()
    return row


def states(row: DataImport) -> list[tuple[int, str]]:
    return list(ImportLine.objects.filter(data_import=row).order_by("number").values_list("number", "state"))


FILE = """Nom;Prénom;Né le;Mois;Heures
DUPONT;Jean;12/05/1990;03/2025;100
Martin;LEA;01/02/1985;03/2025;120,5
"""


def test_a_file_is_tried_then_loaded_and_its_hours_wait_for_validation(team):
    user = UserFactory()
    row = receive(team, FILE, user=user)
    plan = check_import(row, user=user)
    assert [planned.state for planned in plan.lines] == [LineState.ACCEPTED] * 2
    assert not HoursEntry.objects.exists()
    row.refresh_from_db()
    assert (row.state, row.counts["accepted"], row.counts["hours"]) == (ImportState.CHECKED, 2, 220.5)
    recount_import(row, load_import(row, user=user), user=user)
    rows = HoursEntry.objects.order_by("import_line").values_list(
        "assignment",
        "month",
        "hours",
        "state",
        "source",
        "data_import",
        "import_line",
        "entered_by",
        "counted_hours",
    )
    first, second = (assignment.pk for assignment in team)
    assert list(rows) == [
        (first, MARCH, Decimal("100.00"), "submitted", "import", row.pk, 2, user.pk, Decimal("100.00")),
        (second, MARCH, Decimal("120.50"), "submitted", "import", row.pk, 3, user.pk, Decimal("120.50")),
    ]
    assert HoursEntry.history.filter(history_user=user, history_type="+").count() == 2


def test_the_same_file_twice_changes_nothing(team):
    load(receive(team, FILE))
    before = list(HoursEntry.objects.order_by("pk").values())
    second = load(receive(team, FILE))
    assert second.counts["unchanged"] == 2 and second.counts["entries"] == 0
    assert list(HoursEntry.objects.order_by("pk").values()) == before


def test_a_later_file_replaces_the_hours_of_a_former_one_and_says_so(team):
    load(receive(team, FILE))
    row = load(receive(team, FILE.replace(";100\n", ";110\n")))
    line = ImportLine.objects.get(data_import=row, number=2)
    assert line.state == LineState.CORRECTED
    assert line.effect == "mars 2025\u202f: 110\u202fh au lieu de 100\u202fh"
    assert HoursEntry.objects.get(assignment=team[0]).hours == Decimal("110.00")


def test_validated_hours_are_never_changed_and_the_line_says_it(team):
    entry = HoursEntryFactory(assignment=team[0], month=MARCH, hours=Decimal(120), state=EntryState.VALIDATED)
    row = load(receive(team, FILE))
    line = ImportLine.objects.get(data_import=row, number=2)
    assert line.state == LineState.REFUSED
    assert line.sentence == (
        "Mars 2025 est déjà validé à 120\u202fh, le fichier dit 100\u202fh\u202f: rien n’est changé."
    )
    entry.refresh_from_db()
    assert (entry.hours, entry.state, entry.data_import_id) == (Decimal("120.00"), EntryState.VALIDATED, None)


def test_hours_that_somebody_typed_are_kept_until_it_is_decided(team):
    entry = HoursEntryFactory(assignment=team[0], month=MARCH, hours=Decimal(90), state=EntryState.DRAFT)
    row = receive(team, FILE)
    check_import(row, user=None)
    line = ImportLine.objects.get(data_import=row, number=2)
    assert line.state == LineState.DOUBTFUL and [value for value, _ in line.proposals] == ["keep", "replace"]
    decide_line(line=line, answer="replace", user=None)
    load(row)
    entry.refresh_from_db()
    assert (entry.hours, entry.source, entry.state) == (
        Decimal("100.00"),
        EntrySource.IMPORT,
        EntryState.SUBMITTED,
    )


def test_a_name_with_a_slip_is_asked_and_one_answer_settles_all_its_lines(team):
    text = (
        FILE.replace("DUPONT;Jean;12/05/1990", "DUPOND;Jean;12/05/1990")
        + "DUPOND;Jean;12/05/1990;04/2025;80\n"
    )
    row = receive(team, text)
    check_import(row, user=None)
    assert states(row) == [(2, "doubtful"), (3, "accepted"), (4, "doubtful")]
    line = ImportLine.objects.get(data_import=row, number=4)
    assert line.proposals[0][0] == f"p:{team[0].placement.beneficiary_id}"
    decide_line(line=line, answer=line.proposals[0][0], user=None)
    check_import(row, user=None)
    assert states(row) == [(2, "corrected"), (3, "accepted"), (4, "corrected")]
    load(row)
    assert HoursEntry.objects.filter(assignment=team[0]).count() == 2


def test_a_doubtful_line_that_nobody_decided_is_left_and_the_rest_is_loaded(team):
    row = load(receive(team, FILE.replace("DUPONT;Jean", "DUPOND;Jean")))
    assert [entry.assignment_id for entry in HoursEntry.objects.all()] == [team[1].pk]
    assert states(row) == [(2, "doubtful"), (3, "accepted")]


def test_another_birth_date_is_asked(team):
    row = receive(team, FILE.replace("12/05/1990", "12/05/1991"))
    check_import(row, user=None)
    line = ImportLine.objects.get(data_import=row, number=2)
    assert line.state == LineState.DOUBTFUL
    assert (
        line.sentence == "Même nom, mais né·e le 12/05/1991 dans le fichier et le 12/05/1990 dans la fiche."
    )


def test_an_unknown_person_is_refused_with_a_sentence(team):
    row = receive(team, FILE + "Personne;Inconnue;03/03/1970;03/2025;10\n")
    check_import(row, user=None)
    line = ImportLine.objects.get(data_import=row, number=4)
    assert line.state == LineState.REFUSED
    assert line.sentence.startswith("Personne de ce nom n’est affecté ici\u202f: Personne Inconnue")


def test_two_assignments_in_the_month_are_asked_unless_the_file_names_the_market(team):
    other = AssignmentFactory(
        placement=team[0].placement,
        review=team[0].review,
        positioned_on=team[0].starts_on,
        starts_on=team[0].starts_on,
    )
    row = receive(team, FILE)
    check_import(row, user=None)
    line = ImportLine.objects.get(data_import=row, number=2)
    assert line.state == LineState.DOUBTFUL
    assert {value for value, _ in line.proposals} == {f"a:{team[0].pk}", f"a:{other.pk}", "leave"}
    named = f"Nom;Prénom;Marché;Mois;Heures\nDUPONT;Jean;{other.commitment.market.reference};03/2025;100\n"
    load(receive(team, named))
    assert [entry.assignment_id for entry in HoursEntry.objects.all()] == [other.pk]


def test_lines_of_one_month_add_up_and_the_same_line_twice_does_not(team):
    text = FILE + "DUPONT;Jean;12/05/1990;03/2025;20\nDUPONT;Jean;12/05/1990;03/2025;20\n"
    row = load(receive(team, text))
    assert HoursEntry.objects.get(assignment=team[0]).hours == Decimal("120.00")
    assert dict(states(row))[5] == "refused"


def test_hours_to_come_or_before_the_market_are_refused(team):
    market = team[0].commitment.market
    market.starts_on = dt.date(2025, 4, 1)
    market.notified_on = dt.date(2025, 3, 31)
    market.save()
    future = f"{dt.date.today().year + 2}"
    row = receive(team, FILE + f"Martin;LEA;01/02/1985;03/{future};10\n")
    plan = check_import(row, user=None)
    assert "le marché" in plan.lines[0].sentence and "commence le 01/04/2025" in plan.lines[0].sentence
    assert "n’a pas commencé" in plan.lines[2].sentence


def test_an_import_is_taken_back_whole_and_what_it_replaced_comes_back(team):
    HoursEntryFactory(assignment=team[0], month=MARCH, hours=Decimal(90), state=EntryState.DRAFT)
    first = load(receive(team, FILE.replace("DUPONT", "Absent")))
    before = {entry.pk: (entry.hours, entry.state, entry.source) for entry in HoursEntry.objects.all()}
    row = receive(team, FILE.replace("120,5", "99"))
    check_import(row, user=None)
    decide_line(line=ImportLine.objects.get(data_import=row, number=2), answer="replace", user=None)
    load(row)
    assert HoursEntry.objects.get(assignment=team[1]).hours == Decimal("99.00")
    assert take_back_import(row, user=None) == 0
    after = {entry.pk: (entry.hours, entry.state, entry.source) for entry in HoursEntry.objects.all()}
    assert after == before
    assert HoursEntry.objects.get(assignment=team[1]).data_import_id == first.pk
    row.refresh_from_db()
    assert (row.state, row.stored) == (ImportState.TAKEN_BACK, None)
    assert not ImportLine.objects.filter(data_import=row).exists()
    assert not ImportedRow.objects.filter(data_import=row).exists()


def test_an_import_with_a_validated_entry_is_no_longer_taken_back(team):
    row = load(receive(team, FILE))
    validate_hours(entries=HoursEntry.objects.filter(assignment=team[0]), user=UserFactory())
    with pytest.raises(DomainError, match="1 relevé de cet import est déjà validé"):
        take_back_import(row, user=None)
    assert HoursEntry.objects.count() == 2


def test_validating_an_import_validates_what_counts_and_forgets_the_file(team):
    row = load(receive(team, FILE))
    assert validate_import(row, user=UserFactory()) == 0
    row.refresh_from_db()
    assert row.state == ImportState.VALIDATED
    assert set(HoursEntry.objects.values_list("state", flat=True)) == {EntryState.VALIDATED}
    assert not StoredFile.objects.exists() and not ImportLine.objects.exists()
    with pytest.raises(DomainError, match="Seul un import chargé"):
        take_back_import(row, user=None)


def test_validating_an_import_leaves_what_looks_wrong_until_somebody_explains_it(team):
    for assignment in team:
        HoursEntryFactory(assignment=assignment, month=dt.date(2025, 3, 1), hours=Decimal(140), counted=True)
    text = (
        "Nom;Prénom;Né le;Mois;Heures\nDupont;Jean;12/05/1990;04/2025;135\nMartin;Léa;01/02/1985;04/2025;30\n"
    )
    row = load(receive(team, text))
    assert validate_import(row, user=UserFactory()) == 1
    april = HoursEntry.objects.filter(month=dt.date(2025, 4, 1))
    assert dict(april.values_list("assignment", "state")) == {
        team[0].pk: EntryState.VALIDATED,
        team[1].pk: EntryState.SUBMITTED,
    }
    [sudden] = find_anomalies(Assignment.objects.all(), dt.date(2025, 4, 1), dt.date(2025, 4, 1)).open
    settle_anomaly(key=sudden.key, reason="Arrêt de travail", user=UserFactory())
    assert validate_import(row, user=UserFactory()) == 0


def test_columns_are_remembered_for_the_employer(team):
    text = "Qui;Quand;Combien\nDUPONT Jean;03/2025;100\n"
    row = receive(team, text)
    with pytest.raises(DomainError, match="Fichier, ligne 1 : Aucune colonne ne donne le nom"):
        check_import(row, user=None)
    row = choose_columns(
        row=row,
        sheet=0,
        header=1,
        says={0: "full_name", 1: "month", 2: "hours"},
        month=None,
        options={},
        user=None,
    )
    load(row)
    assert ColumnMapping.objects.get().company_id == team[0].placement.employer_id
    again = receive(team, text.replace("03/2025;100", "04/2025;80"), name="avril.csv")
    assert check_import(again, user=None).lines[0].state == LineState.ACCEPTED


def test_nothing_is_written_when_the_load_fails_half_way(team, monkeypatch):
    row = receive(team, FILE)
    check_import(row, user=None)
    monkeypatch.setattr(
        "beneficiaries.services.imports._write_outcome", lambda *args: (_ for _ in ()).throw(RuntimeError)
    )
    with pytest.raises(RuntimeError):
        load_import(row, user=None)
    assert not HoursEntry.objects.exists()
    row.refresh_from_db()
    assert row.state == ImportState.CHECKED


def test_an_import_that_nobody_loaded_is_forgotten_with_its_names(team):
    row = receive(team, FILE)
    check_import(row, user=None)
    DataImport.objects.filter(pk=row.pk).update(created_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    assert forget_old_imports(dt.date.today()) == 1
    assert not DataImport.objects.exists() and not StoredFile.objects.exists()


def test_the_number_of_queries_does_not_follow_the_lines(team):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(months: int) -> int:
        lines = "".join(
            f"DUPONT;Jean;12/05/1990;{month:02d}/2025;{100 + month}\n" for month in range(4, months + 4)
        )
        row = receive(team, "Nom;Prénom;Né le;Mois;Heures\n" + lines, name=f"{months}.csv")
        check_import(row, user=None)
        with CaptureQueriesContext(connection) as captured:
            load_import(row, user=None)
        HoursEntry.objects.all().delete()
        return len(captured)

    assert queries(1) == queries(6)
