"""The journal of a file: noted in seconds, never about a person, read by the house alone."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from clauses.models import Interaction
from core.models import StoredFile
from markets.models import Task
from tests.factories import (
    AssignmentFactory,
    CommitmentFactory,
    InteractionFactory,
    MarketFactory,
    MeetingFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


def in_days(days):
    return timezone.localdate() + dt.timedelta(days=days)


def errors_of(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def typed(**changes):
    return {
        "on": f"{timezone.localdate():%d/%m/%Y}",
        "channel": "call",
        "reached": "on",
        "summary": "Ils rappellent.",
        **changes,
    }


def test_a_contact_is_noted_with_what_follows_and_what_it_ends(house, cast):
    market = cast.commitment_a.market
    awaited = TaskFactory(market=market, title="Rappeler Alpha", since=in_days(-9), due_on=in_days(-2))
    kept = TaskFactory(market=market, title="Envoyer la liste", since=in_days(-9), due_on=in_days(5))
    response = house.post(
        reverse("market_interaction_create", args=[market.pk]),
        typed(
            company=cast.company_a.pk,
            participants="M. Alpha, conducteur de travaux",
            finished=[awaited.pk],
            next_what="Proposer deux dates d’embauche",
            next_turn="company",
            next_due=f"{in_days(10):%d/%m/%Y}",
        ),
    )
    assert response.status_code == 302
    noted = Interaction.objects.get()
    assert (noted.market, noted.company, noted.author) == (market, cast.company_a, cast.facilitator)
    awaited.refresh_from_db()
    assert awaited.done_on == timezone.localdate() and awaited.done_by == cast.facilitator
    assert awaited.outcome == f"appel du {timezone.localdate():%d/%m/%Y}"
    following = Task.objects.open().exclude(pk=kept.pk).get()
    assert (following.title, following.turn) == ("Proposer deux dates d’embauche", "company")
    assert (following.company, following.due_on, following.since) == (
        cast.company_a,
        in_days(10),
        timezone.localdate(),
    )
    for name, pk in (("market_journal", market.pk), ("company_journal", cast.company_a.pk)):
        html = house.get(reverse(name, args=[pk])).content.decode()
        assert "Ils rappellent." in html and "Proposer deux dates d’embauche" in html


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"summary": " "}, "summary", "obligatoire"),
        ({"on": "31/12/2090"}, "on", "une fois qu’il a eu lieu"),
        ({"next_due": "31/12/2090"}, "next_what", "Dites ce qu’il y a à faire"),
        ({"next_what": "Relancer", "next_due": "01/02/2024"}, "next_due", "jour à venir"),
        ({"next_what": "Répondre", "next_turn": "company"}, "company", "quelle entreprise"),
    ],
)
def test_bad_input_stands_beside_its_field_and_nothing_is_written(house, cast, changes, field, sentence):
    market = cast.commitment_a.market
    response = house.post(
        reverse("market_interaction_create", args=[market.pk]), typed(participants="Mme Alpha", **changes)
    )
    found = errors_of(response)
    assert list(found) == [field] and sentence in found[field][0]
    assert "Mme Alpha" in response.content.decode()
    assert not Interaction.objects.exists() and not Task.objects.exists()


def test_a_task_of_another_file_is_not_closed(house, cast):
    other = TaskFactory(market=cast.commitment_b.market)
    response = house.post(
        reverse("market_interaction_create", args=[cast.commitment_a.market_id]), typed(finished=[other.pk])
    )
    other.refresh_from_db()
    assert other.done_on is None
    assert response.status_code == 302 or "finished" in errors_of(response)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("note.pdf", b"", "vide"),
        ("note.pdf", b"MZ\x90\x00" + b"\x00" * 60, "type accepté"),
        ("note.pdf", b"%PDF-1.4\n" + b"0" * (20 * 1024 * 1024), "dépasse"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_and_keeps_what_was_typed(house, cast, name, content, sentence):
    response = house.post(
        reverse("market_interaction_create", args=[cast.commitment_a.market_id]),
        typed(upload=SimpleUploadedFile(name, content)),
    )
    found = errors_of(response)
    assert list(found) == ["upload"] and sentence in found["upload"][0]
    assert "Ils rappellent." in response.content.decode()
    assert not Interaction.objects.exists() and not StoredFile.objects.exists()


def test_an_attachment_opens_to_the_house_only(house, cast, signed_in):
    house.post(
        reverse("market_interaction_create", args=[cast.commitment_a.market_id]),
        typed(upload=SimpleUploadedFile("courriel.pdf", b"%PDF-1.4\nbonjour")),
    )
    address = reverse("file_download", args=[Interaction.objects.get().document_id])
    assert b"".join(house.get(address).streaming_content).startswith(b"%PDF")
    for user in (cast.buyer_user_a, cast.company_user_a):
        assert signed_in(user).get(address).status_code == 404


def test_the_name_of_someone_followed_on_the_file_is_refused_until_a_namesake_is_declared(house, cast):
    assignment = AssignmentFactory(commitment=cast.commitment_a)
    person = assignment.placement.beneficiary
    market = cast.commitment_a.market
    text = f"{person.first_name.upper()} {person.last_name} ne vient plus."
    response = house.post(reverse("market_interaction_create", args=[market.pk]), typed(summary=text))
    assert "jamais d’une personne" in errors_of(response)["summary"][0]
    assert not Interaction.objects.exists()
    response = house.post(
        reverse("market_interaction_create", args=[market.pk]), typed(summary=text, homonym="on")
    )
    assert response.status_code == 302 and Interaction.objects.count() == 1
    # Someone of another market is unknown here: nothing is said of them either way.
    other = AssignmentFactory(commitment=cast.commitment_b).placement.beneficiary
    response = house.post(
        reverse("market_interaction_create", args=[market.pk]),
        typed(summary=f"{other.first_name} {other.last_name} a appelé."),
    )
    assert response.status_code == 302


def test_only_its_author_and_an_admin_correct_a_contact_and_its_history_keeps_both(cast, signed_in):
    noted = InteractionFactory(market=cast.commitment_a.market, author=cast.facilitator, summary="Avant.")
    address = reverse("interaction_edit", args=[noted.pk])
    colleague = UserFactory()
    answer = signed_in(colleague).post(address, typed(summary="Par un autre."))
    assert answer.status_code == 302
    noted.refresh_from_db()
    assert noted.summary == "Avant."
    signed_in(cast.facilitator).post(address, typed(summary="Après."))
    signed_in(cast.admin).post(address, typed(summary="Par l’administration."))
    noted.refresh_from_db()
    assert noted.summary == "Par l’administration." and noted.author == cast.facilitator
    html = signed_in(cast.admin).get(address).content.decode()
    assert "Avant." in html and "Après." in html


def test_a_buyer_and_a_company_read_nothing_of_the_journal(cast, signed_in):
    InteractionFactory(market=cast.commitment_a.market, summary="Propos réservé à la maison.")
    for user in (cast.buyer_user_a, cast.company_user_a):
        client = signed_in(user)
        assert client.get(reverse("market_journal", args=[cast.commitment_a.market_id])).status_code == 403
        page = client.get(reverse("market_detail", args=[cast.commitment_a.market_id]))
        assert "Propos réservé" not in page.content.decode()
        assert not Interaction.objects.visible_to(user).exists()


def test_the_journal_is_filtered_by_channel_and_read_page_by_page(house, cast):
    market = cast.commitment_a.market
    for n in range(30):
        InteractionFactory(
            market=market, summary=f"Appel numéro {n}.", on=dt.date(2026, 1, 1) + dt.timedelta(n)
        )
    InteractionFactory(market=market, summary="Un courrier.", channel="letter", on=dt.date(2025, 6, 1))
    address = reverse("market_journal", args=[market.pk])
    first, second = house.get(address).content.decode(), house.get(address + "?page=2").content.decode()
    assert "31 échanges" in first and "Appel numéro 29." in first and "Appel numéro 4." not in first
    assert "Appel numéro 4." in second and "Un courrier." in second
    letters = house.get(address + "?moyen=letter").content.decode()
    assert "Un courrier." in letters and "Appel numéro 29." not in letters
    assert house.get(address + "?moyen=n-existe-pas&page=abc").status_code == 200


def test_pages_ask_the_same_number_of_queries_with_one_row_and_with_many(
    house, cast, django_assert_max_num_queries
):
    market = cast.commitment_a.market
    addresses = [
        reverse("market_detail", args=[market.pk]),
        reverse("market_journal", args=[market.pk]),
        reverse("company_journal", args=[cast.company_a.pk]),
    ]

    def counts():
        found = []
        for address in addresses:
            with django_assert_max_num_queries(12) as captured:
                assert house.get(address).status_code == 200
            found.append(len(captured))
        return found

    def add(number):
        for _ in range(number):
            InteractionFactory(market=market, company=cast.company_a, author=UserFactory())
            TaskFactory(market=market, company=cast.company_a, assignee=UserFactory())
            MeetingFactory(market=market)

    add(1)
    one = counts()
    add(5)
    assert counts() == one


def test_the_head_of_a_market_says_whose_turn_it_is_the_overdue_first(house, cast):
    market = MarketFactory()
    CommitmentFactory(market=market)
    TaskFactory(market=market, title="Envoyer le point d’étape", since=in_days(-30), due_on=in_days(12))
    TaskFactory(
        market=market,
        title="Approuver le courrier de rappel",
        turn="buyer",
        since=in_days(-20),
        due_on=in_days(-3),
    )
    html = house.get(reverse("market_detail", args=[market.pk])).content.decode()
    head = html[html.index("next-step") : html.index('class="tabs"')]
    assert f"À {market.buyer} d’agir" in head and "Approuver le courrier de rappel" in head
    assert "3 jours de retard" in head and f"depuis le {in_days(-20):%d/%m/%Y}" in head
    assert "next-step-late" in html and "Envoyer le point d’étape" not in head
