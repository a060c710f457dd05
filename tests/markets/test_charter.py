"""Charte des 1000: pledges of a company, kept or late, counted on its page and in the list of companies."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.errors import DomainError
from markets.models import CharterPledge, Task
from markets.services.charter import mark_pledge_done, save_pledge, task_key
from tests.factories import CharterPledgeFactory, CompanyFactory

pytestmark = pytest.mark.django_db


def form(**changes: str) -> dict[str, str]:
    return {"signed_on": "15/1/25", "axis": "mentor", "action": "Parrainer trois jeunes", **changes}


def test_a_pledge_is_added_and_waits_as_a_task_until_it_is_done(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    company = cast.company_a

    client.post(reverse("charter_create", args=[company.pk]), form(due_on="31/12/26"))
    pledge = CharterPledge.objects.get(company=company)
    task = Task.objects.get(key=task_key(pledge))
    assert (task.due_on, task.company, task.done_on) == (dt.date(2026, 12, 31), company, None)
    assert task.url == reverse("company_charter", args=[company.pk])

    page = client.get(reverse("company_charter", args=[company.pk])).content.decode()
    assert "Parrainer trois jeunes" in page
    assert "0 action réalisée" in page

    client.post(reverse("charter_done", args=[pledge.pk]), {"on": "3/2/26"})
    pledge.refresh_from_db()
    task.refresh_from_db()
    assert (pledge.done_on, task.done_on) == (dt.date(2026, 2, 3), dt.date(2026, 2, 3))
    page = client.get(reverse("company_detail", args=[company.pk])).content.decode()
    assert (
        "Charte des 1000\u202f: 1 action réalisée sur 1" in page
        or "Charte des 1000 : 1 action réalisée sur 1" in page
    )


def test_the_signature_of_the_first_pledge_is_proposed_for_the_next(cast, signed_in) -> None:
    CharterPledgeFactory(company=cast.company_a)
    page = (
        signed_in(cast.facilitator).get(reverse("charter_create", args=[cast.company_a.pk])).content.decode()
    )
    assert 'value="15/01/2025"' in page


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"action": ""}, "action", "obligatoire"),
        ({"axis": "other"}, "axis", "choix"),
        ({"signed_on": "1/1/2100"}, "signed_on", "aujourd’hui au plus tard"),
        ({"done_on": "1/1/2100"}, "done_on", "aujourd’hui au plus tard"),
        ({"done_on": "1/1/25"}, "done_on", "précède la signature"),
        ({"due_on": "1/1/25"}, "due_on", "précède la signature"),
        ({"signed_on": "31/02/2025"}, "signed_on", "calendrier"),
    ],
)
def test_a_bad_pledge_is_told_beside_its_field(cast, signed_in, changes, field: str, words: str) -> None:
    response = signed_in(cast.facilitator).post(
        reverse("charter_create", args=[cast.company_a.pk]), form(**changes)
    )
    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert not CharterPledge.objects.exists()
    # What was typed is kept.
    assert changes.get("action", "Parrainer trois jeunes") in response.content.decode()


def test_a_pledge_is_done_once_and_after_its_signature(cast) -> None:
    pledge = CharterPledgeFactory()
    with pytest.raises(DomainError, match="ne peut pas la précéder"):
        mark_pledge_done(pledge=pledge, on=dt.date(2024, 12, 31), by=cast.facilitator)
    with pytest.raises(DomainError, match="aujourd’hui au plus tard"):
        mark_pledge_done(pledge=pledge, on=dt.date(2100, 1, 1), by=cast.facilitator)
    mark_pledge_done(pledge=pledge, on=dt.date(2025, 3, 1), by=cast.facilitator)
    with pytest.raises(DomainError, match="déjà notée réalisée le 01/03/2025"):
        mark_pledge_done(pledge=pledge, on=dt.date(2025, 4, 1), by=cast.facilitator)
    assert CharterPledge.history.filter(history_user=cast.facilitator).count() == 1


def test_a_pledge_without_due_date_any_more_waits_for_nobody(cast) -> None:
    pledge = CharterPledgeFactory(due_on=dt.date(2026, 1, 1))
    save_pledge(pledge=pledge, by=cast.facilitator)
    pledge.due_on = None
    save_pledge(pledge=pledge, by=cast.facilitator)
    assert not Task.objects.open().filter(key=task_key(pledge)).exists()


def test_signatories_are_a_column_and_a_filter_of_the_companies(cast, signed_in) -> None:
    CharterPledgeFactory(company=cast.company_a, done_on=dt.date(2025, 6, 1))
    CharterPledgeFactory(company=cast.company_a)
    client = signed_in(cast.facilitator)
    response = client.get(reverse("company_list"), {"charter": "on"})
    assert [row.record.name for row in response.context["table"].page.object_list] == ["Alpha Bâtiment"]
    assert "signataire, 1 sur 2" in response.content.decode()


def test_the_tab_asks_as_often_for_one_pledge_as_for_six(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    url = reverse("company_charter", args=[cast.company_a.pk])

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    CharterPledgeFactory(company=cast.company_a)
    one = count()
    CharterPledgeFactory.create_batch(5, company=cast.company_a, due_on=dt.date(2025, 6, 1))
    assert count() == one


def test_nobody_else_sees_the_pledges(cast, signed_in) -> None:
    CharterPledgeFactory(company=cast.company_a)
    for user in (cast.buyer_user_a, cast.company_user_a):
        assert signed_in(user).get(reverse("company_charter", args=[cast.company_a.pk])).status_code == 403
        assert not CharterPledge.objects.visible_to(user).exists()


def test_a_company_without_pledges_says_so(cast, signed_in) -> None:
    page = (
        signed_in(cast.facilitator)
        .get(reverse("company_charter", args=[CompanyFactory().pk]))
        .content.decode()
    )
    assert "n’a pas signé la Charte des 1000" in page


def test_the_history_of_the_company_tells_its_pledges(cast, signed_in) -> None:
    pledge = CharterPledgeFactory(company=cast.company_a)
    mark_pledge_done(pledge=pledge, on=dt.date(2025, 3, 1), by=cast.facilitator)
    page = (
        signed_in(cast.facilitator).get(reverse("company_history", args=[cast.company_a.pk])).content.decode()
    )
    assert "Accueillir deux stagiaires de troisième" in page
    assert "Fanny Facile" in page
