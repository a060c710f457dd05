"""Hours that reconcile: nothing twice, nothing lost, whatever files and gestures follow one another."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from beneficiaries.anomalies import find_anomalies
from beneficiaries.enums import EntryState, ImportState, LineState
from beneficiaries.models import Assignment, CountingRules, DataImport, HoursEntry, ImportLine, Mutualisation
from beneficiaries.services import mutualisation as globalisations
from beneficiaries.services.checks import validate_without_anomaly
from beneficiaries.services.counting import recount_people
from beneficiaries.services.employment import update_placement
from beneficiaries.services.hours import Cell, save_cells, validate_hours
from beneficiaries.services.import_endings import take_back_import, validate_import
from beneficiaries.services.imports import (
    check_import,
    decide_line,
    load_import,
    receive_import,
    recount_import,
)
from beneficiaries.services.outcomes import exits
from beneficiaries.services.rules import people_touched, preview_rules
from clauses.models import Commitment
from core.errors import DomainError
from markets.models import Company
from tests.factories import (
    AssignmentFactory,
    AwardFactory,
    BuyerFactory,
    CommitmentFactory,
    CompanyFactory,
    HoursEntryFactory,
    LotFactory,
    MarketFactory,
    PlacementFactory,
    UserFactory,
    eligible_assignment,
    mutualisation,
)

pytestmark = pytest.mark.django_db
D = dt.date
MARCH, APRIL, MAY = D(2025, 3, 1), D(2025, 4, 1), D(2025, 5, 1)


@pytest.fixture
def dupont() -> Any:
    """Jean Dupont, eligible since March 2025."""
    assignment = eligible_assignment()
    person = assignment.placement.beneficiary
    person.last_name, person.first_name, person.birth_date = "Dupont", "Jean", D(1990, 5, 12)
    person.save()
    return assignment


def try_file(text: str, *, kind: str = "hours", company: Any = None, **options: Any) -> DataImport:
    row = receive_import(
        kind=kind, name="heures.csv", content=text.encode(), user=None, company=company, options=options
    )
    check_import(row, user=None)
    return row


def load(row: DataImport) -> DataImport:
    check_import(row, user=None)
    recount_import(row, load_import(row, user=None), user=None)
    row.refresh_from_db()
    return row


def hours() -> list[tuple[dt.date, Decimal]]:
    return list(HoursEntry.objects.current().order_by("month", "hours").values_list("month", "hours"))


def total() -> Decimal:
    return sum((value for _, value in hours()), Decimal(0))


def typed(assignment: Any, month: dt.date, value: str, version: int = 0) -> HoursEntry:
    """What a facilitator writes in the grid."""
    assignment = Assignment.objects.select_related("placement", "commitment__market").get(pk=assignment.pk)
    [outcome] = save_cells([Cell(assignment, month, "work", Decimal(value), version)], user=UserFactory())
    assert outcome.saved
    return outcome.entry


# --- Imports of hours -----------------------------------------------------------------------------------------

THREE_MONTHS = "Nom;Prénom;Né le;Mars 2025;Avril 2025;Mai 2025\nDUPONT;Jean;12/05/1990;100;110;120\n"


def test_a_doubtful_line_writes_nothing_until_it_is_decided_then_whole(dupont):
    # April was typed by somebody: the line asks; March and May wait with it.
    typed(dupont, APRIL, "90")
    row = load(try_file(THREE_MONTHS, company=dupont.placement.employer))
    line = ImportLine.objects.get(data_import=row)
    assert line.state == LineState.DOUBTFUL
    assert hours() == [(APRIL, Decimal("90.00"))]
    assert (row.counts["entries"], row.counts["hours"]) == (0, 0)


def test_one_answer_is_about_all_the_figures_that_it_shows_and_about_no_other(dupont):
    typed(dupont, APRIL, "90")
    entry = typed(dupont, MAY, "95")
    row = try_file(THREE_MONTHS, company=dupont.placement.employer)
    line = ImportLine.objects.get(data_import=row)
    assert "Avril 2025\u202f: 90\u202fh" in line.sentence and "Mai 2025\u202f: 95\u202fh" in line.sentence
    decide_line(line=line, answer="replace", user=None)
    # May is typed again meanwhile: what was decided of 95 h says nothing of 97.
    typed(dupont, MAY, "97", entry.version)
    load(row)
    assert hours() == [(APRIL, Decimal("90.00")), (MAY, Decimal("97.00"))]
    row = try_file(THREE_MONTHS, company=dupont.placement.employer)
    decide_line(line=ImportLine.objects.get(data_import=row), answer="replace", user=None)
    load(row)
    # 100 + 110 + 120.
    assert total() == Decimal(330)


def test_a_line_left_out_adds_nothing_to_another_one(dupont):
    # Two assignments from April on: the second line asks for April, and is left out with its 20 h of March.
    AssignmentFactory(placement=dupont.placement, review=dupont.review, positioned_on=APRIL, starts_on=APRIL)
    text = "Nom;Prénom;Né le;Mars 2025;Avril 2025\nDUPONT;Jean;12/05/1990;50;\nDUPONT;Jean;12/05/1990;20;30\n"
    row = try_file(text, company=dupont.placement.employer)
    line = ImportLine.objects.get(data_import=row, number=3)
    assert line.state == LineState.DOUBTFUL
    decide_line(line=line, answer="leave", user=None)
    load(row)
    assert hours() == [(MARCH, Decimal("50.00"))]


def test_imported_hours_that_somebody_corrected_are_asked_about_not_overwritten(dupont):
    text = "Nom;Prénom;Né le;Mois;Heures\nDUPONT;Jean;12/05/1990;03/2025;100\n"
    load(try_file(text, company=dupont.placement.employer))
    entry = HoursEntry.objects.get()
    typed(dupont, MARCH, "90", entry.version)
    row = load(try_file(text, company=dupont.placement.employer))
    assert ImportLine.objects.get(data_import=row).state == LineState.DOUBTFUL
    assert hours() == [(MARCH, Decimal("90.00"))]


@pytest.mark.parametrize(
    ("typed_as", "read"), [("1,234", "1.23"), ("12.345", "12.35"), ("151,666", "151.67")]
)
def test_a_figure_that_is_rounded_is_told_as_text_too(dupont, typed_as, read):
    text = f"Nom;Prénom;Né le;Mois;Heures\nDUPONT;Jean;12/05/1990;03/2025;{typed_as}\n"
    row = load(try_file(text, company=dupont.placement.employer))
    line = ImportLine.objects.get(data_import=row)
    assert line.state == LineState.CORRECTED and f"{typed_as} est arrondi" in line.sentence
    assert hours() == [(MARCH, Decimal(read))]


def test_an_import_that_a_later_one_replaced_is_taken_back_after_it(dupont):
    text = "Nom;Prénom;Né le;Mois;Heures\nDUPONT;Jean;12/05/1990;03/2025;100\n"
    first = load(try_file(text, company=dupont.placement.employer))
    second = load(try_file(text.replace(";100", ";120"), company=dupont.placement.employer))
    # Else the 100 h would come back with the second one, from an import that was taken back.
    with pytest.raises(DomainError, match="plus récent"):
        take_back_import(first, user=None)
    assert take_back_import(second, user=None) == 0
    assert hours() == [(MARCH, Decimal("100.00"))]
    first.refresh_from_db()
    assert take_back_import(first, user=None) == 0
    assert hours() == [] and not DataImport.objects.exclude(state=ImportState.TAKEN_BACK).exists()


def test_hours_typed_then_imported_twice_are_as_typed_once_both_imports_are_taken_back(dupont):
    typed(dupont, MARCH, "90")
    text = "Nom;Prénom;Né le;Mois;Heures\nDUPONT;Jean;12/05/1990;03/2025;100\n"
    first = try_file(text, company=dupont.placement.employer)
    decide_line(line=ImportLine.objects.get(data_import=first), answer="replace", user=None)
    load(first)
    second = load(try_file(text.replace(";100", ";120"), company=dupont.placement.employer))
    assert hours() == [(MARCH, Decimal("120.00"))]
    assert (take_back_import(second, user=None), hours()) == (0, [(MARCH, Decimal("100.00"))])
    assert (take_back_import(first, user=None), hours()) == (0, [(MARCH, Decimal("90.00"))])
    assert HoursEntry.objects.get().state == EntryState.DRAFT


def test_a_draft_of_100_replaced_by_120_is_100_again(dupont):
    typed(dupont, MARCH, "100")
    text = "Nom;Prénom;Né le;Mois;Heures\nDUPONT;Jean;12/05/1990;03/2025;120\n"
    row = try_file(text, company=dupont.placement.employer)
    decide_line(line=ImportLine.objects.get(data_import=row), answer="replace", user=None)
    load(row)
    assert hours() == [(MARCH, Decimal("120.00"))]
    assert take_back_import(row, user=None) == 0
    entry = HoursEntry.objects.get()
    assert (entry.hours, entry.counted_hours, entry.state, entry.source) == (
        Decimal("100.00"), Decimal("100.00"), EntryState.DRAFT, "screen",
    )  # fmt: skip


# --- Past years ------------------------------------------------------------------------------------------------

PAST = "Acheteur;Marché;Titulaire;Nom;Prénom;Né le;Employeur;Contrat;Date de début;Mois;Heures\n"


def past(text: str, **options: Any) -> DataImport:
    return load(try_file(text, kind="take_over", **options))


def test_two_contracts_of_one_employer_on_one_day_are_not_taken_over_twice():
    text = PAST + (
        "Ville;M1;Maçons;DUPONT;Jean;12/05/1990;Insert;C1;02/01/2023;01/2023;60\n"
        "Ville;M2;Routes;DUPONT;Jean;12/05/1990;Insert;C2;02/01/2023;01/2023;40\n"
        "Ville;M2;Routes;DUPONT;Jean;12/05/1990;Insert;C3;02/01/2023;01/2023;15\n"
    )
    past(text)
    assert total() == Decimal(115)
    again = past(text)
    assert total() == Decimal(115)
    assert (again.counts["unchanged"], again.counts["entries"]) == (3, 0)


def test_a_file_without_first_days_may_come_again_with_an_earlier_month():
    head = "Acheteur;Marché;Titulaire;Nom;Prénom;Né le;Mois;Heures\n"
    line = "Ville;M1;Maçons;DUPONT;Jean;12/05/1990;{};{}\n"
    text = line.format("02/2023", 60) + line.format("03/2023", 70)
    past(head + text)
    past(head + line.format("01/2023", 50) + text)
    # 50 + 60 + 70.
    assert total() == Decimal(180)


def test_a_market_of_two_lots_whose_file_says_no_holder_is_not_taken_over_twice():
    buyer = BuyerFactory(name="Ville")
    market = MarketFactory(buyer=buyer, reference="M1")
    for number in ("1", "2"):
        lot = LotFactory(market=market, number=number)
        CommitmentFactory(award=AwardFactory(lot=lot, company=CompanyFactory()))
    text = "Acheteur;Marché;Nom;Prénom;Né le;Mois;Heures\nVille;M1;DUPONT;Jean;12/05/1990;01/2023;60\n"
    past(text)
    past(text)
    assert total() == Decimal(60)
    assert Company.objects.filter(name__startswith="Titulaire de M1").count() == 1


def test_hours_of_a_year_told_in_two_lines_are_all_there():
    text = (
        "Acheteur;Marché;Nom;Prénom;Né le;Année;Heures\n"
        "Ville;M1;DUPONT;Jean;12/05/1990;2019;600\n"
        "Ville;M1;DUPONT;Jean;12/05/1990;2019;500\n"
    )
    row = past(text)
    # 1 100 h: 744 in January, 356 in February.
    assert hours() == [(D(2019, 1, 1), Decimal("744.00")), (D(2019, 2, 1), Decimal("356.00"))]
    assert row.counts["hours"] == 1100.0
    assert past(text).counts["entries"] == 0 and total() == Decimal(1100)


def test_hours_taken_over_are_validated_with_their_import_and_its_decisions_not_before():
    row = past(PAST + "Ville;M1;Maçons;DUPONT;Jean;12/05/1990;Insert;C1;02/01/2023;01/2023;60\n")
    user = UserFactory()
    report = validate_hours(entries=HoursEntry.objects.all(), user=user)
    [(_, sentence)] = report.left
    assert not report.validated and "validez l’import" in sentence
    assert (
        validate_without_anomaly(
            assignments=Assignment.objects.all(), month=D(2023, 1, 1), user=user
        ).report.validated
        == []
    )
    # Nothing was counted, nothing keeps the import from being taken back or validated.
    assert not HoursEntry.objects.counted().exists()
    assert validate_import(row, user=user) == 0
    assert [entry.counted_hours for entry in HoursEntry.objects.counted()] == [Decimal("60.00")]
    assert Assignment.objects.get().review is not None


# --- Globalisations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["months", "key"])
def test_an_agreement_given_for_other_months_or_another_key_is_asked_again(cast, change):
    third = CommitmentFactory()
    row = mutualisation(
        {cast.commitment_a: 40, cast.commitment_b: 30, third: 30},
        in_effect=False,
        starts_on=D(2025, 1, 1),
        ends_on=D(2025, 6, 1),
    )
    share = row.shares.get(commitment=cast.commitment_a)
    globalisations.record_agreement(share=share, agreed_on=D(2025, 1, 6), user=cast.facilitator)
    shares = {cast.commitment_a: Decimal(40), cast.commitment_b: Decimal(30), third: Decimal(30)}
    # What stays as it was agreed stays agreed.
    row.label = "Un autre intitulé"
    globalisations.save_mutualisation(row=row, shares=shares, user=cast.facilitator)
    share.refresh_from_db()
    assert share.agreed_on == D(2025, 1, 6)
    row = Mutualisation.objects.get(pk=row.pk)
    if change == "months":
        row.ends_on = D(2026, 12, 1)
    else:
        shares |= {cast.commitment_b: Decimal(20), third: Decimal(40)}
    globalisations.save_mutualisation(row=row, shares=shares, user=cast.facilitator)
    share.refresh_from_db()
    assert share.agreed_on is None


# --- Recounts, exits, anomalies --------------------------------------------------------------------------------


def test_rules_touch_those_whose_period_opened_in_their_scope_though_their_hours_are_elsewhere():
    # The period opens on market A in March 2025, where nothing was typed; the hours are market B's, a year later.
    opening = eligible_assignment(starts_on=D(2025, 3, 3), ends_on=D(2025, 3, 31))
    placement = PlacementFactory(
        beneficiary=opening.placement.beneficiary, starts_on=D(2026, 4, 1), modality="etti"
    )
    elsewhere = AssignmentFactory(
        placement=placement, positioned_on=D(2026, 4, 1), commitment=CommitmentFactory()
    )
    entry = HoursEntryFactory(assignment=elsewhere, month=D(2026, 4, 1), validated=True)
    recount_people([placement.beneficiary_id], user=None, reason="")
    entry.refresh_from_db()
    assert entry.counted_hours == 100
    # Twelve months: to 2 March 2026, so that the 100 h of April come after.
    rules = CountingRules(market=opening.commitment.market, in_force_from=D(2025, 1, 1), period_months=12)
    assert preview_rules(rules).hours == Decimal(-100)
    assert list(people_touched(rules)) == [placement.beneficiary_id]


def test_the_exit_is_the_end_of_a_contract_that_ended_before_its_assignments():
    assignment = eligible_assignment(starts_on=D(2025, 9, 1), ends_on=D(2026, 6, 30))
    placement = assignment.placement
    placement.ends_on = D(2026, 1, 31)
    update_placement(placement=placement, user=UserFactory())
    assert exits(D(2026, 4, 30), 3) == {placement.beneficiary_id: D(2026, 1, 31)}


def kinds(first: dt.date, last: dt.date, **more: Any) -> list[str]:
    found = find_anomalies(Assignment.objects.all(), first, last, **more)
    return [anomaly.kind.value for anomaly in found.open]


def test_an_awardee_of_a_market_that_only_has_a_notification_is_silent_too():
    market = MarketFactory(starts_on=None, notified_on=D(2025, 1, 6), planned_end=D(2026, 12, 31))
    CommitmentFactory(market=market, starts_on=None, ends_on=None, hours=300)
    assert kinds(MAY, MAY, commitments=Commitment.objects.all()) == ["silent"]


def test_a_month_typed_as_zero_is_not_missing(dupont):
    typed(dupont, MARCH, "100")
    typed(dupont, MAY, "100")
    assert kinds(MAY, MAY) == ["missing"]
    typed(dupont, APRIL, "0")
    assert kinds(MAY, MAY) == []


def test_a_month_told_on_two_contracts_of_one_employer_that_overlap_is_a_duplicate(dupont):
    placement = PlacementFactory(
        beneficiary=dupont.placement.beneficiary,
        employer=dupont.placement.employer,
        starts_on=D(2025, 4, 16),
        weekly_hours=None,
    )
    again = AssignmentFactory(
        placement=placement, commitment=dupont.commitment, review=dupont.review, positioned_on=D(2025, 4, 1)
    )
    HoursEntryFactory(assignment=dupont, month=APRIL, hours=Decimal(70))
    HoursEntryFactory(assignment=again, month=APRIL, hours=Decimal(71))
    recount_people([placement.beneficiary_id], user=None, reason="")
    assert "duplicate" in kinds(APRIL, APRIL)
    # A renewal in the middle of the month is no duplicate.
    dupont.ends_on = D(2025, 4, 15)
    dupont.save()
    recount_people([placement.beneficiary_id], user=None, reason="")
    assert "duplicate" not in kinds(APRIL, APRIL)
