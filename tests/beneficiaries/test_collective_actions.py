"""Collective actions: who came, who was hired within six months, and what a buyer reads of them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.actions import figures_by_action, figures_of_actions
from beneficiaries.enums import PlacementNature
from beneficiaries.models import Attendance, CollectiveAction
from beneficiaries.views.actions import written_presence
from tests.beneficiaries.recruitment import make_action, make_attendance
from tests.factories import (
    BeneficiaryFactory,
    BuyerFactory,
    ContractTypeFactory,
    PlacementFactory,
    PrescriberFactory,
)

pytestmark = pytest.mark.django_db

HELD = dt.date(2026, 3, 10)


def came_and_hired(action, starts_on, **values):
    person = values.pop("person", None) or BeneficiaryFactory()
    make_attendance(action, person) if not action.attendances.filter(beneficiary=person).exists() else None
    PlacementFactory(beneficiary=person, starts_on=starts_on, **values)
    return person


def test_hires_after_are_employments_begun_after_the_action_within_six_months():
    action = make_action(held_on=HELD)
    came_and_hired(action, dt.date(2026, 3, 11))
    came_and_hired(action, dt.date(2026, 9, 10))
    # The very day, before, and after six months: not counted.
    came_and_hired(action, dt.date(2026, 3, 10))
    came_and_hired(action, dt.date(2026, 2, 1))
    came_and_hired(action, dt.date(2026, 9, 11))
    # An immersion is no hire; someone who did not come is none either.
    came_and_hired(action, dt.date(2026, 4, 1), nature=PlacementNature.IMMERSION, contract_type=None)
    absent = BeneficiaryFactory()
    make_attendance(action, absent, came=False)
    PlacementFactory(beneficiary=absent, starts_on=dt.date(2026, 4, 1))
    figures = figures_by_action([action])[action.pk]
    assert (figures.people, figures.participations, figures.hired) == (6, 6, 2)


def test_an_action_of_several_days_counts_from_its_last():
    action = make_action(held_on=HELD, ended_on=dt.date(2026, 3, 20))
    came_and_hired(action, dt.date(2026, 3, 15))
    came_and_hired(action, dt.date(2026, 9, 20))
    assert figures_by_action([action])[action.pk].hired == 1


def test_someone_of_two_actions_is_two_participations_one_person_and_one_hire():
    first = make_action(held_on=HELD, unnamed_attendance=7)
    second = make_action(held_on=dt.date(2026, 4, 1), title="Simulation d’entretiens")
    person = came_and_hired(first, dt.date(2026, 5, 4))
    make_attendance(second, person)
    make_attendance(second)
    figures = figures_of_actions([first, second])
    assert (figures.actions, figures.participations, figures.unnamed) == (2, 10, 7)
    assert (figures.people, figures.hired) == (2, 1)
    assert figures_of_actions([]).actions == 0


def test_figures_ask_two_queries_whatever_the_number_of_actions(django_assert_num_queries):
    actions = [make_action(title=f"Action {n}") for n in range(6)]
    for action in actions:
        came_and_hired(action, dt.date(2026, 4, 1))
    with django_assert_num_queries(2):
        figures_by_action(actions)


def test_an_action_is_written_with_what_it_concerns(cast, signed_in):
    prescriber = PrescriberFactory(name="PLIE du Rhône")
    client = signed_in(cast.facilitator)
    data = {
        "kind": "information",
        "title": "Information collective VRD",
        "held_on": "10/3/26",
        "market": "ALPHA-1",
        "buyer": "Ville d’Alpha",
        "prescriber": "PLIE du Rhône",
    }
    refused = client.post(reverse("action_create"), {**data, "ended_on": "09/03/2026", "market": "INCONNU-9"})
    text = refused.content.decode()
    assert "La fin de l’action précède son début." in text
    assert "aucun marché ne correspond" in text
    done = client.post(reverse("action_create"), data, follow=True)
    action = CollectiveAction.objects.get()
    assert [row.reference for row in action.markets.order_by("pk")] == ["ALPHA-1"]
    assert list(action.buyers.order_by("pk")) == [cast.buyer_a]
    assert list(action.prescribers.order_by("pk")) == [prescriber]
    assert "PLIE du Rhône" in done.content.decode()
    client.post(
        reverse("action_edit", args=[action.pk]),
        {**data, "title": "Information VRD", "held_on": "11/03/2026"},
    )
    action.refresh_from_db()
    assert (action.title, action.markets.count()) == ("Information VRD", 1)
    client.post(reverse("action_concern", args=[action.pk, "market"]), {"market-row": "BRAVO-1"})
    assert action.markets.count() == 2
    client.post(
        reverse("action_concern", args=[action.pk, "market"]), {"retirer": cast.commitment_b.market_id}
    )
    assert [row.reference for row in action.markets.order_by("pk")] == ["ALPHA-1"]
    assert client.post(reverse("action_concern", args=[action.pk, "autre"])).status_code == 404


def test_people_are_added_by_search_and_ticked_when_they_came(cast, signed_in):
    action = make_action()
    awa = BeneficiaryFactory(last_name="Diallo", first_name="Awa")
    leo = BeneficiaryFactory(last_name="Roux", first_name="Léo")
    client = signed_in(cast.facilitator)
    for person in (awa, leo):
        client.post(reverse("attendance_create", args=[action.pk]), {"person": f"{person} [{person.pk}]"})
    twice = client.post(
        reverse("attendance_create", args=[action.pk]), {"person": f"{awa} [{awa.pk}]"}, follow=True
    )
    assert "déjà sur la liste" in twice.content.decode()
    rows = {row.beneficiary: row for row in action.attendances.order_by("pk")}
    done = client.post(
        reverse("attendance_record", args=[action.pk]),
        {"ligne": [rows[awa].pk, rows[leo].pk], "venu": [rows[awa].pk], "unnamed": "4"},
        follow=True,
    )
    assert "5 personnes présentes" in done.content.decode()
    assert {row.beneficiary: row.came for row in action.attendances.order_by("pk")} == {awa: True, leo: False}
    for bad, sentence in (("-1", "négatif"), ("1e17", "nombre entier"), ("99999", "vérifiez")):
        page = client.post(
            reverse("attendance_record", args=[action.pk]), {"unnamed": bad}, follow=True
        ).content.decode()
        assert sentence in page
    action.refresh_from_db()
    assert action.unnamed_attendance == 4
    client.post(reverse("attendance_delete", args=[rows[leo].pk]))
    assert not Attendance.objects.filter(beneficiary=leo).exists()


def test_presences_are_not_noted_before_the_day(cast, signed_in):
    action = make_action(held_on=timezone.localdate() + dt.timedelta(days=3))
    row = make_attendance(action, came=None)
    page = signed_in(cast.facilitator).post(
        reverse("attendance_record", args=[action.pk]),
        {"ligne": [row.pk], "venu": [row.pk], "unnamed": ""},
        follow=True,
    )
    assert "les présences se notent ensuite" in page.content.decode()
    row.refresh_from_db()
    assert row.came is None


# --- What a buyer reads ------------------------------------------------------------------------------------------------


def test_a_buyer_reads_the_action_and_a_number_from_five_on_never_a_name(cast, signed_in):
    big = make_action(title="Visite Alpha", unnamed_attendance=4)
    big.markets.add(cast.commitment_a.market, cast.commitment_b.market)
    came_and_hired(big, dt.date(2026, 4, 1), person=BeneficiaryFactory(last_name="Secrète"))
    small = make_action(title="Petite visite Alpha", unnamed_attendance=3)
    small.buyers.add(cast.buyer_a)
    foreign = make_action(title="Visite Bravo", unnamed_attendance=9)
    foreign.buyers.add(cast.buyer_b)
    page = signed_in(cast.buyer_user_a).get(reverse("buyer_actions", args=[cast.buyer_a.pk]))
    lines = {line["action"].title: line["present"] for line in page.context["lines"]}
    assert lines == {"Visite Alpha": "5", "Petite visite Alpha": "moins de 5"}
    text = page.content.decode()
    assert "ALPHA-1" in text
    for secret in ("Bravo", "BRAVO", "Secrète", "Embauches ensuite", "embauchées"):
        assert secret not in text
    assert page.context["whole"] is None
    house = signed_in(cast.facilitator).get(reverse("buyer_actions", args=[cast.buyer_a.pk]))
    assert (house.context["whole"].participations, house.context["whole"].hired) == (8, 1)


def test_an_account_of_one_department_reads_the_actions_of_its_markets_only(cast, signed_in):
    its_own = make_action(title="Sienne")
    its_own.markets.add(cast.commitment_a.market)
    other = make_action(title="Autre direction")
    other.markets.add(cast.other_commitment_a.market)
    whole = make_action(title="Toute la ville")
    whole.buyers.add(cast.buyer_a)
    assert list(CollectiveAction.objects.visible_to(cast.limited_a)) == [its_own]
    assert set(CollectiveAction.objects.visible_to(cast.buyer_user_a)) == {its_own, other, whole}
    page = signed_in(cast.limited_a).get(reverse("buyer_actions", args=[cast.buyer_a.pk]))
    assert [line["action"] for line in page.context["lines"]] == [its_own]
    assert (
        signed_in(cast.buyer_user_b).get(reverse("buyer_actions", args=[cast.buyer_a.pk])).status_code == 404
    )
    assert not CollectiveAction.objects.visible_to(cast.buyer_user_b).exists()
    assert not CollectiveAction.objects.visible_to(cast.company_user_a).exists()


@pytest.mark.parametrize(("count", "written"), [(0, "aucun"), (1, "moins de 5"), (4, "moins de 5"), (5, "5")])
def test_a_small_number_is_not_said_to_a_buyer(count, written):
    assert written_presence(count) == written


def test_the_pages_of_actions_ask_as_many_queries_for_one_row_as_for_six(cast, signed_in):
    kind = ContractTypeFactory()
    one, six = make_action(title="Une"), make_action(title="Six")
    for action, count in ((one, 1), (six, 6)):
        for _ in range(count):
            came_and_hired(action, dt.date(2026, 4, 1), contract_type=kind)
            action.buyers.add(BuyerFactory())
            action.prescribers.add(PrescriberFactory())
    client = signed_in(cast.facilitator)
    counts = []
    for action in (one, six):
        client.get(reverse("action_detail", args=[action.pk]))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("action_detail", args=[action.pk]))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("action_list"))
    few = len(asked)
    for n in range(6):
        make_action(title=f"Action {n}")
    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("action_list"))
    assert len(asked) == few <= 12
    assert "Six" in page.content.decode()
