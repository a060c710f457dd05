"""Training needs that come back: sorted by recurrence, met again in one line, answered."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from beneficiaries.enums import NeedState
from beneficiaries.models import TrainingNeed, TrainingNeedNotice
from tests.beneficiaries.recruitment import make_action, make_need

pytestmark = pytest.mark.django_db


def notice(need, people=1, **values):
    return TrainingNeedNotice.objects.create(
        **{"need": need, "noticed_on": dt.date(2026, 2, 1), "people": people, **values}
    )


def test_the_list_shows_first_what_comes_back_most(cast, signed_in):
    often, seldom = make_need(skill="Français écrit"), make_need(skill="Habilitation électrique")
    never = make_need(skill="CACES", first_noticed_on=dt.date(2026, 5, 1))
    for _ in range(3):
        notice(often)
    notice(seldom, people=12)
    page = signed_in(cast.facilitator).get(reverse("need_list"))
    rows = [row.record for row in page.context["table"].rows]
    assert rows == [often, seldom, never]
    assert [(row.notices_count, row.people_sum) for row in rows] == [(3, 3), (1, 12), (0, 0)]


def test_a_notice_is_added_in_one_line(cast, signed_in):
    need = make_need()
    client = signed_in(cast.facilitator)
    address = reverse("need_detail", args=[need.pk])
    data = {
        "noticed_on": "3/1/26",
        "people": "4",
        "company": "Alpha Bâtiment",
        "market": "ALPHA-1",
        "note": "sur le chantier",
    }
    for bad, sentence in (
        ({"people": "0"}, "une personne au moins"),
        ({"people": "1e17"}, "nombre entier"),
        ({"noticed_on": "1/1/2099"}, "à venir"),
        ({"company": "Inconnue"}, "aucune entreprise"),
    ):
        page = client.post(address, {**data, **bad}).content.decode()
        assert sentence in page
        assert "sur le chantier" in page
    client.post(address, data)
    row = TrainingNeedNotice.objects.get()
    assert (row.people, row.company, row.market) == (4, cast.company_a, cast.commitment_a.market)
    need.refresh_from_db()
    # An older notice: the need was there before.
    assert need.first_noticed_on == dt.date(2026, 1, 3)
    page = client.get(address)
    assert (page.context["people"], page.context["places"]) == (4, 1)


def test_an_answered_need_says_how_and_by_which_action(cast, signed_in):
    need, action = make_need(), make_action(title="Atelier français écrit")
    client = signed_in(cast.facilitator)
    address = reverse("need_edit", args=[need.pk])
    data = {"skill": need.skill, "first_noticed_on": "15/01/2026", "state": "answered", "action": action.pk}
    assert "Dites quelle réponse" in client.post(address, {**data, "response": ""}).content.decode()
    client.post(address, {**data, "response": "Dix séances avec le PLIE"})
    need.refresh_from_db()
    assert (need.state, need.action) == (NeedState.ANSWERED, action)
    assert need.skill in client.get(reverse("action_detail", args=[action.pk])).content.decode()
    assert "Atelier français écrit" in client.get(reverse("need_detail", args=[need.pk])).content.decode()


def test_the_same_need_is_not_written_twice(cast, signed_in):
    make_need(skill="Français écrit")
    page = signed_in(cast.facilitator).post(
        reverse("need_create"),
        {
            "skill": "français  ÉCRIT",
            "first_noticed_on": timezone.localdate().strftime("%d/%m/%Y"),
            "state": "noticed",
        },
    )
    assert "déjà dans la liste" in page.content.decode()
    assert TrainingNeed.objects.count() == 1


def test_needs_are_the_house_s_alone(cast):
    need = make_need()
    notice(need)
    for user in (cast.buyer_user_a, cast.company_user_a):
        assert not TrainingNeed.objects.visible_to(user).exists()
        assert not TrainingNeedNotice.objects.visible_to(user).exists()


def test_the_pages_of_needs_ask_as_many_queries_for_one_row_as_for_six(cast, signed_in):
    one, six = make_need(skill="Une"), make_need(skill="Six")
    for need, count in ((one, 1), (six, 6)):
        for _ in range(count):
            notice(need, company=cast.company_a, market=cast.commitment_a.market)
    client = signed_in(cast.facilitator)
    counts = []
    for need in (one, six):
        client.get(reverse("need_detail", args=[need.pk]))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("need_detail", args=[need.pk]))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("need_list"))
    assert len(asked) <= 12
