"""Two files of one person made one: everything moves, nothing is lost, no hour counts twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse

from beneficiaries.duplicates import likely_pairs
from beneficiaries.enums import ApplicationState, Milestone, Situation
from beneficiaries.models import (
    Application,
    Attendance,
    Beneficiary,
    CollectiveAction,
    EligibilityPeriod,
    EligibilityReview,
    HoursEntry,
    JobOffer,
    Outcome,
    PersonMerge,
    Placement,
    ReferrerFeedback,
    SeparatePeople,
)
from beneficiaries.services.counting import recount_people
from beneficiaries.services.merging import (
    DECISIONS,
    merge_people,
    nothing_hangs_on_a_merged_file,
    separate_people,
)
from core.errors import DomainError
from markets.models import Task
from markets.services.tasks import open_task
from tests.factories import (
    AwardFactory,
    BeneficiaryFactory,
    ClosedYearFactory,
    CommitmentFactory,
    CommuneFactory,
    FollowUpFactory,
    HoursEntryFactory,
    PrescriberFactory,
    QpvFactory,
    ReferrerFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
BORN = dt.date(1988, 3, 14)


def two_files(**changes: Any) -> tuple[Beneficiary, Beneficiary]:
    kept = BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=BORN)
    merged = BeneficiaryFactory(
        **{"last_name": "Lefebvre", "first_name": "Elodie", "birth_date": BORN, **changes}
    )
    return kept, merged


def worked(person: Any, *, month: dt.date = dt.date(2025, 4, 1), hours: str = "100.00", **more: Any) -> Any:
    assignment = eligible_assignment(beneficiary=person, **more)
    entry = HoursEntryFactory(assignment=assignment, month=month, hours=Decimal(hours), counted=True)
    return assignment, entry


def test_every_relation_to_a_person_has_a_decision():
    """A new model that points to a person must say what a merge does of its rows."""
    relations = {
        (relation.related_model, relation.field.name)
        for relation in Beneficiary._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ForeignObjectRel)
        and not relation.related_model.__name__.startswith("Historical")
    }
    assert relations == set(DECISIONS)
    many = [
        field
        for model in apps.get_models()
        for field in model._meta.local_many_to_many
        if field.related_model is Beneficiary
    ]
    assert many == []


def test_everything_that_hangs_on_the_file_moves(cast):
    kept, merged = two_files()
    assignment, entry = worked(merged)
    note = FollowUpFactory(beneficiary=merged)
    feedback = ReferrerFeedback.objects.create(beneficiary=merged, moment="during", progress="À l’heure.")
    action = CollectiveAction.objects.create(kind="information", title="Réunion", held_on=dt.date(2025, 2, 3))
    attendance = Attendance.objects.create(action=action, beneficiary=merged, came=True)
    offer = JobOffer.objects.create(award=AwardFactory(), title="Manœuvre")
    application = Application.objects.create(
        offer=offer, beneficiary=merged, proposed_on=dt.date(2025, 2, 10)
    )
    outcome = Outcome.objects.create(
        beneficiary=merged,
        milestone=Milestone.EXIT,
        exit_on=dt.date(2025, 9, 30),
        due_on=dt.date(2025, 12, 31),
    )
    task = open_task(
        title="Justificatif à demander",
        key=f"person:{merged.pk}:proof",
        market=assignment.commitment.market,
        person=merged.pk,
        url=reverse("beneficiary_eligibility", args=[merged.pk]),
        by=cast.facilitator,
    )
    done = merge_people(kept=kept, merged=merged, reason="faute de frappe", user=cast.facilitator)

    for row in (assignment.placement, assignment.review, note, feedback, attendance, application, outcome):
        row.refresh_from_db()
        assert row.beneficiary_id == kept.pk, row
    entry.refresh_from_db()
    assert (entry.counted_hours, entry.counting_reason) == (Decimal("100.00"), "counted")
    period = EligibilityPeriod.objects.get()
    assert (period.beneficiary_id, period.starts_on) == (kept.pk, dt.date(2025, 3, 3))
    task.refresh_from_db()
    assert (task.person_number, task.key) == (kept.pk, f"person:{kept.pk}:proof")
    assert task.url == reverse("beneficiary_eligibility", args=[kept.pk])
    trace = done.trace
    assert (trace.reason, trace.merged_by, trace.former["fiche"]["last_name"]) == (
        "faute de frappe",
        cast.facilitator,
        "Lefebvre",
    )
    assert trace.moved["placement"] == [assignment.placement_id]
    assert trace.moved["eligibilityreview"] == [assignment.review_id]
    assert list(nothing_hangs_on_a_merged_file()) == []
    merged.refresh_from_db()
    assert merged.merged_into == kept
    assert list(Beneficiary.objects.visible_to(cast.admin)) == [kept]
    placement = Placement.objects.get()
    assert placement.history.latest().history_change_reason == "réunion de fiches"


def test_what_was_chosen_of_each_file_stays_and_the_rest_is_kept_in_the_trace(cast):
    commune, qpv = CommuneFactory(label="Bron"), QpvFactory(label="Parilly", vintage=2015)
    referrer = ReferrerFactory()
    kept, merged = two_files(
        address="3 rue des Lilas",
        commune=commune,
        qpv=qpv,
        phone="0601020304",
        prescriber=referrer.prescriber,
        referrer=referrer,
    )
    Beneficiary.objects.get(pk=kept.pk)
    kept.phone, kept.prescriber = "0699999999", PrescriberFactory()
    kept.save()
    merge_people(
        kept=kept, merged=merged, taken=["last_name", "residence", "prescriber"], user=cast.facilitator
    )
    kept.refresh_from_db()
    assert (kept.last_name, kept.first_name) == ("Lefebvre", "Élodie")
    assert (kept.address, kept.commune, kept.qpv, kept.qpv_vintage) == ("3 rue des Lilas", commune, qpv, 2015)
    assert (kept.prescriber, kept.referrer, kept.phone) == (referrer.prescriber, referrer, "0699999999")
    former = PersonMerge.objects.get().former
    assert former["fiche"]["phone"] == "0601020304"
    assert former["fiche gardée"]["last_name"] == "Lefèvre"


def test_two_paths_counted_together_draw_on_one_period_and_one_cap(cast):
    kept, merged = two_files()
    first, april = worked(kept, hours="150.00")
    second, same_april = worked(merged, hours="150.00", starts_on=dt.date(2025, 4, 1))
    before = HoursEntry.objects.counted().aggregate(sum=models.Sum("counted_hours"))["sum"]
    assert before == Decimal("300.00")
    done = merge_people(kept=kept, merged=merged, user=cast.facilitator)
    # 220 h is the legal maximum of one person in a month: 150 + 70 count, 80 do not.
    counted = HoursEntry.objects.counted().aggregate(sum=models.Sum("counted_hours"))["sum"]
    assert counted <= Decimal("220.00")
    assert done.recount.delta == counted - before
    # Neither entry is lost: the excess is an anomaly, not a refusal.
    assert HoursEntry.objects.current().count() == 2
    assert {first.commitment_id, second.commitment_id} == set(
        HoursEntry.objects.values_list("assignment__commitment", flat=True)
    )
    assert not recount_people([kept.pk], user=None, reason="", write=False).changed
    assert april.pk != same_april.pk


def test_the_same_month_on_the_same_commitment_twice_keeps_both_entries(cast):
    kept, merged = two_files()
    commitment = CommitmentFactory()
    worked(kept, commitment=commitment, hours="100.00")
    worked(merged, commitment=commitment, hours="100.00")
    merge_people(kept=kept, merged=merged, user=cast.facilitator)
    rows = HoursEntry.objects.current().filter(
        assignment__placement__beneficiary=kept, month=dt.date(2025, 4, 1)
    )
    assert rows.count() == 2
    assert sum(row.counted_hours for row in rows) <= Decimal("200.00")


def test_a_closed_year_keeps_what_was_published(cast):
    kept, merged = two_files()
    worked(kept, hours="150.00")
    worked(merged, hours="150.00")
    ClosedYearFactory(year=2025)
    done = merge_people(kept=kept, merged=merged, user=cast.facilitator)
    assert done.recount.changed == []
    assert HoursEntry.objects.counted().aggregate(sum=models.Sum("counted_hours"))["sum"] == Decimal("300.00")


def test_what_a_person_has_once_only_is_completed_and_its_double_kept_in_the_trace(cast):
    kept, merged = two_files()
    action = CollectiveAction.objects.create(kind="information", title="Réunion", held_on=dt.date(2025, 2, 3))
    Attendance.objects.create(action=action, beneficiary=kept, came=None)
    Attendance.objects.create(action=action, beneficiary=merged, came=True)
    offer = JobOffer.objects.create(award=AwardFactory(), title="Manœuvre")
    Application.objects.create(
        offer=offer, beneficiary=kept, proposed_on=dt.date(2025, 2, 10), note="mobile, permis B"
    )
    further = Application.objects.create(
        offer=offer,
        beneficiary=merged,
        proposed_on=dt.date(2025, 2, 12),
        state=ApplicationState.MET,
        met_on=dt.date(2025, 2, 14),
    )
    exit_on, due_on = dt.date(2025, 9, 30), dt.date(2025, 12, 31)
    awaited = Outcome.objects.create(
        beneficiary=kept, milestone=Milestone.EXIT, exit_on=exit_on, due_on=due_on
    )
    open_task(
        title="Situation", key=f"outcome:{awaited.pk}", person=kept.pk, assignee=cast.facilitator, by=None
    )
    known = Outcome.objects.create(
        beneficiary=merged,
        milestone=Milestone.EXIT,
        exit_on=exit_on,
        due_on=due_on,
        situation=Situation.CDI,
        recorded_on=due_on,
    )
    done = merge_people(kept=kept, merged=merged, user=cast.facilitator)
    assert Attendance.objects.get().came is True
    application = Application.objects.get()
    assert (application, application.note, application.beneficiary) == (further, "mobile, permis B", kept)
    assert Outcome.objects.get() == known
    assert Task.objects.open().count() == 0
    assert done.doubles == [
        "participation à «\u202fRéunion\u202f»",
        "candidature à «\u202fManœuvre\u202f»",
        "situation à la sortie",
    ]
    assert [row["nature"] for row in done.trace.former["doubles"]] == done.doubles


def test_a_chain_of_merges_leads_to_the_last_file(cast, signed_in):
    first = BeneficiaryFactory(last_name="Un")
    second = BeneficiaryFactory(last_name="Deux")
    third = BeneficiaryFactory(last_name="Trois")
    worked(first)
    merge_people(kept=second, merged=first, user=cast.facilitator)
    merge_people(kept=third, merged=second, user=cast.facilitator)
    assert set(Beneficiary.objects.filter(merged_into=third)) == {first, second}
    assert set(EligibilityReview.objects.values_list("beneficiary", flat=True)) == {third.pk}
    assert list(nothing_hangs_on_a_merged_file()) == []
    browser = signed_in(cast.facilitator)
    for name in ("beneficiary_detail", "beneficiary_hours", "beneficiary_eligibility", "person_follow_up"):
        answer = browser.get(reverse(name, args=[first.pk]))
        assert answer.headers["Location"] == reverse(name, args=[third.pk])
    history = browser.get(reverse("beneficiary_history", args=[third.pk])).content.decode()
    assert f"Fiche n° {first.pk}" in history and f"Fiche n° {second.pk}" in history


def test_a_file_that_was_merged_in_the_meantime_is_merged_no_more(cast):
    kept, merged = two_files()
    other = BeneficiaryFactory()
    merge_people(kept=kept, merged=merged, user=cast.facilitator)
    for one, two in ((other, merged), (merged, other), (merged, kept)):
        with pytest.raises(DomainError, match="réunie avec une autre entre-temps"):
            merge_people(kept=one, merged=two, user=cast.facilitator)
    with pytest.raises(DomainError, match="elle-même"):
        merge_people(kept=kept, merged=kept, user=cast.facilitator)


def test_the_name_of_a_third_file_is_refused_and_nothing_is_half_done(cast):
    kept, merged = two_files(birth_date=dt.date(1988, 4, 14))
    BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=dt.date(1988, 4, 14))
    worked(merged)
    with pytest.raises(DomainError, match="Une troisième fiche"):
        merge_people(kept=kept, merged=merged, taken=["birth_date"], user=cast.facilitator)
    merged.refresh_from_db()
    assert merged.merged_into_id is None
    assert EligibilityReview.objects.get().beneficiary == merged
    assert not PersonMerge.objects.exists()


def test_the_database_moves_a_decision_along_a_merge_only():
    kept, merged = two_files()
    assignment, _ = worked(merged)
    table = EligibilityReview._meta.db_table
    with (
        pytest.raises(IntegrityError, match="ne se modifie pas"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(f"UPDATE {table} SET beneficiary_id = %s WHERE id = %s", [kept.pk, assignment.review_id])


def test_a_merge_is_written_once_for_all(cast):
    kept, merged = two_files()
    trace = merge_people(kept=kept, merged=merged, user=cast.facilitator).trace
    for statement in ("UPDATE {} SET merged_id = kept_id WHERE id = %s", "DELETE FROM {} WHERE id = %s"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(PersonMerge._meta.db_table), [trace.pk])


def test_those_told_apart_stay_apart_after_a_merge(cast):
    kept, merged = two_files()
    stranger = BeneficiaryFactory(last_name="Lefevre", first_name="Elodie", birth_date=dt.date(1988, 3, 15))
    separate_people(one=stranger, other=merged, user=cast.facilitator)
    separate_people(one=kept, other=merged, user=cast.facilitator)
    merge_people(kept=kept, merged=merged, user=cast.facilitator)
    row = SeparatePeople.objects.get()
    assert (row.first_id, row.second_id) == tuple(sorted((kept.pk, stranger.pk)))


# The screens


def test_likely_pairs_are_found_over_the_whole_directory_without_comparing_all_with_all(cast):
    kept, merged = two_files()
    swapped = BeneficiaryFactory(last_name="Diallo", first_name="Aïssatou", birth_date=dt.date(1990, 5, 6))
    again = BeneficiaryFactory(last_name="AISSATOU", first_name="Diallo", birth_date=dt.date(1990, 6, 5))
    undated = BeneficiaryFactory(last_name="Nguyen", first_name="Van", birth_date=None)
    dated = BeneficiaryFactory(last_name="Nguyễn", first_name="Văn", birth_date=BORN)
    older = BeneficiaryFactory(last_name="Nguyen", first_name="Van", birth_date=dt.date(1950, 1, 1))
    BeneficiaryFactory(last_name="Bernard", first_name="Paul", birth_date=BORN)
    pairs = likely_pairs(Beneficiary.objects.visible_to(cast.facilitator))
    # Two dated namesakes born on other days are no pair; one without birth date may be either.
    assert [(pair.first, pair.second, pair.score) for pair in pairs] == [
        (kept.pk, merged.pk, 95),
        (swapped.pk, again.pk, 90),
        (undated.pk, dated.pk, 80),
        (undated.pk, older.pk, 80),
    ]
    separate_people(one=swapped, other=again, user=cast.facilitator)
    assert (swapped.pk, again.pk) not in {
        (pair.first, pair.second) for pair in likely_pairs(Beneficiary.objects.visible_to(cast.facilitator))
    }


def test_a_pair_is_compared_chosen_and_made_one_on_the_screen(cast, signed_in):
    kept = BeneficiaryFactory(last_name="Lefèvre", first_name="Élodie", birth_date=BORN, phone="0601020304")
    merged = BeneficiaryFactory(
        last_name="Lefevre", first_name="Elodi", birth_date=BORN, email="e@exemple.example"
    )
    worked(merged)
    browser = signed_in(cast.facilitator)
    listed = browser.get(reverse("duplicate_list")).content.decode()
    address = reverse("person_merge", args=[kept.pk, merged.pk])
    assert address in listed and "noms proches, même date de naissance" in listed
    page = browser.get(address)
    text = page.content.decode()
    assert "Cela ne se défait pas" in text and "contrats et étapes" in text
    form = page.context["form"]
    # What one of the files alone says is taken from it unless someone says otherwise.
    assert form["email"].value() == "merged" and form["phone"].value() == "kept"
    chosen = {row["field"].html_name: row["value"] for row in form.rows if row["field"]}
    answer = browser.post(address, {**chosen, "seen": form.seen(), "reason": "doublon"}, follow=True)
    kept.refresh_from_db()
    assert (kept.last_name, kept.email, kept.phone) == ("Lefèvre", "e@exemple.example", "0601020304")
    assert "n’en font plus qu’une" in answer.content.decode()
    assert Placement.objects.get().beneficiary == kept


def test_a_choice_left_out_or_a_file_changed_meanwhile_is_asked_again(cast, signed_in):
    kept, merged = two_files()
    browser, address = signed_in(cast.facilitator), reverse("person_merge", args=[kept.pk, merged.pk])
    seen = browser.get(address).context["form"].seen()
    missing = browser.post(address, {"seen": seen, "last_name": "kept"})
    assert "Choisissez ce qui reste" in missing.content.decode()
    merged.phone = "0607080910"
    merged.save()
    changed = browser.post(
        address, {"seen": seen, "last_name": "kept", "first_name": "kept", "phone": "kept"}
    )
    assert "a été modifiée entre-temps" in changed.content.decode()
    assert not PersonMerge.objects.exists()


def test_two_people_are_told_apart_on_the_screen(cast, signed_in):
    kept, merged = two_files()
    browser = signed_in(cast.facilitator)
    browser.post(reverse("person_separate", args=[kept.pk, merged.pk]))
    page = browser.get(reverse("duplicate_list"))
    assert page.context["count"] == 0
    assert "sont deux personnes" in page.content.decode()


def test_a_person_leads_to_the_other_file_that_is_theirs(cast, signed_in):
    kept, merged = two_files()
    browser, address = signed_in(cast.facilitator), reverse("person_duplicates", args=[kept.pk])
    page = browser.get(address).content.decode()
    assert reverse("person_merge", args=[kept.pk, merged.pk]) in page
    stranger = BeneficiaryFactory(last_name="Martin", first_name="Zoé")
    answer = browser.post(address, {"other": f"Martin Zoé [{stranger.pk}]"})
    assert answer.headers["Location"] == reverse("person_merge", args=[kept.pk, stranger.pk])
    itself = browser.post(address, {"other": f"Lefèvre Élodie [{kept.pk}]"})
    assert "C’est cette fiche" in itself.content.decode()


def test_files_out_of_sight_are_not_merged(cast, signed_in):
    kept, merged = two_files()
    merged.archived_on = dt.date(2026, 1, 1)
    merged.save()
    browser = signed_in(cast.facilitator)
    assert browser.get(reverse("person_merge", args=[kept.pk, merged.pk])).status_code == 404
    assert browser.post(reverse("person_separate", args=[kept.pk, merged.pk])).status_code == 404
    assert browser.get(reverse("person_merge", args=[kept.pk, kept.pk])).status_code == 404
