"""« Échéances »: what is overdue for me, my team, everyone; the gestures on a task; what buyers and companies see."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from markets.models import Task
from markets.services import tasks as services
from tests.factories import (
    AwardFactory,
    CompanyMembershipFactory,
    LotFactory,
    MarketFactory,
    MeetingFactory,
    ResponsibilityFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + dt.timedelta(days=days)


def titles(response):
    return [row.record.title for row in response.context["table"].paginated_rows]


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


def test_the_board_opens_on_my_portfolio_then_my_team_then_the_whole_house(house, cast):
    colleague, stranger = UserFactory(last_name="Binôme"), UserFactory(last_name="Lointain")
    mine, stood_in, far, orphan = MarketFactory(), MarketFactory(), MarketFactory(), MarketFactory()
    ResponsibilityFactory(market=mine, facilitator=cast.facilitator, stand_in=colleague)
    ResponsibilityFactory(market=stood_in, facilitator=colleague)
    ResponsibilityFactory(market=far, facilitator=stranger)
    TaskFactory(market=mine, title="À moi", due_on=in_days(-1), since=in_days(-5))
    TaskFactory(market=mine, title="Confié au loin", assignee=stranger, due_on=in_days(1), since=in_days(-5))
    TaskFactory(market=stood_in, title="Au binôme", due_on=in_days(2), since=in_days(-5))
    TaskFactory(market=far, title="Au loin", due_on=in_days(3), since=in_days(-5))
    TaskFactory(
        market=far, title="Confié à moi", assignee=cast.facilitator, due_on=in_days(4), since=in_days(-5)
    )
    TaskFactory(market=orphan, title="À personne", due_on=None)
    address = reverse("task_list")
    assert titles(house.get(address)) == ["À moi", "Confié à moi"]
    assert titles(house.get(address + "?portee=equipe")) == ["À moi", "Au binôme", "Confié à moi"]
    assert titles(house.get(address + "?portee=tous")) == [
        "À moi", "Confié au loin", "Au binôme", "Au loin", "Confié à moi", "À personne",
    ]  # fmt: skip
    assert titles(house.get(address + "?portee=personne")) == ["À personne"]
    assert titles(house.get(f"{address}?facilitator={stranger.pk}")) == ["Confié au loin", "Au loin"]


def test_an_admin_opens_on_the_whole_house(cast, signed_in):
    TaskFactory(title="Sans responsable")
    assert titles(signed_in(cast.admin).get(reverse("task_list"))) == ["Sans responsable"]


def test_the_groups_say_how_many_are_late_this_week_later_and_without_a_date(house):
    for days in (-40, -1, 0, 6, 7, 60):
        TaskFactory(title=f"{days}", since=in_days(-50), due_on=in_days(days))
    TaskFactory(title="Sans date", due_on=None)
    TaskFactory(title="Close", due_on=in_days(-3), since=in_days(-9), done_on=in_days(-1))
    page = house.get(reverse("task_list") + "?portee=tous")
    groups = {group["label"]: group["count"] for group in page.context["groups"]}
    assert groups == {"Tout": 7, "En retard": 2, "Dans les sept jours": 2, "Plus tard": 2, "Sans date": 1}
    assert titles(page) == ["-40", "-1", "0", "6", "7", "60", "Sans date"]
    html = page.content.decode()
    assert "40 jours de retard" in html and "aujourd’hui" in html and "dans 60 jours" in html
    late = house.get(reverse("task_list") + "?portee=tous&groupe=retard")
    assert titles(late) == ["-40", "-1"]
    assert late.context["groups"][0]["count"] == 7
    assert titles(house.get(reverse("task_list") + "?portee=tous&vie=faites")) == ["Close"]


def test_a_task_is_done_put_off_with_a_reason_and_given_from_the_row(house, cast):
    colleague = UserFactory(first_name="Chloé", last_name="Collègue")
    task = TaskFactory(due_on=in_days(-4), since=in_days(-9))
    back = reverse("task_list") + "?portee=tous"
    panel = house.get(reverse("task_detail", args=[task.pk]), headers={"X-Requested-With": "XMLHttpRequest"})
    assert "<html" not in panel.content.decode() and "Marquer comme fait" in panel.content.decode()
    response = house.post(
        reverse("task_postpone", args=[task.pk]),
        {
            "report-due_on": f"{in_days(8):%d/%m/%Y}",
            "report-reason": "congés de l’entreprise",
            "retour": back,
        },
    )
    assert response.url == back
    house.post(reverse("task_assign", args=[task.pk]), {"confier-to": colleague.pk})
    task.refresh_from_db()
    assert (task.due_on, task.assignee) == (in_days(8), colleague)
    page = house.get(reverse("task_detail", args=[task.pk])).content.decode()
    assert "congés de l’entreprise" in page and "Chloé Collègue" in page
    house.post(reverse("task_done", args=[task.pk]), {"fait-outcome": "deux embauches prévues"})
    task.refresh_from_db()
    assert (task.done_on, task.done_by, task.outcome) == (
        timezone.localdate(),
        cast.facilitator,
        "deux embauches prévues",
    )
    again = house.post(reverse("task_done", args=[task.pk]), {"fait-outcome": "encore"}, follow=True)
    assert "close depuis le" in again.content.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"report-due_on": "", "report-reason": "congés"}, "obligatoire"),
        ({"report-due_on": "01/01/2024", "report-reason": "congés"}, "jour à venir"),
        ({"report-due_on": "31/12/2098", "report-reason": ""}, "obligatoire"),
        ({"report-due_on": "32/01/2098", "report-reason": "congés"}, "n’existe pas au calendrier"),
    ],
)
def test_a_deadline_is_not_put_off_without_a_day_to_come_and_a_reason(house, given, sentence):
    task = TaskFactory(due_on=in_days(3))
    page = house.post(reverse("task_postpone", args=[task.pk]), given)
    assert sentence in page.content.decode()
    task.refresh_from_db()
    assert task.due_on == in_days(3)


def test_a_gesture_returns_only_to_an_address_of_ours(house):
    task = TaskFactory(due_on=in_days(3))
    for bad in ("https://ailleurs.example/", "//ailleurs.example/x", "/\\ailleurs.example"):
        response = house.post(reverse("task_assign", args=[task.pk]), {"confier-to": "", "retour": bad})
        assert response.url == reverse("task_detail", args=[task.pk])


def test_a_meeting_is_not_put_off_from_the_board(cast):
    with pytest.raises(DomainError, match="se déplace depuis sa page"):
        services.postpone_task(task=MeetingFactory(), due_on=in_days(9), reason="x", by=cast.facilitator)


def test_a_task_is_not_given_outside_the_house(house, cast):
    task = TaskFactory()
    page = house.post(reverse("task_assign", args=[task.pk]), {"confier-to": cast.buyer_user_a.pk})
    assert page.status_code == 200 and page.context["assign_form"].errors
    with pytest.raises(DomainError, match="compte en service dans la maison"):
        services.assign_task(task=task, to=cast.company_user_a, by=cast.facilitator)


def test_a_buyer_and_a_company_see_what_waits_for_them_and_nothing_of_the_others(cast, signed_in):
    market_a, market_b = cast.commitment_a.market, cast.commitment_b.market
    TaskFactory(market=market_a, title="Approuver Alpha", turn="buyer")
    TaskFactory(market=market_a, title="Interne Alpha", turn="house")
    TaskFactory(market=market_a, company=cast.company_a, title="Répondre Alpha", turn="company")
    TaskFactory(market=market_b, title="Approuver Bravo", turn="buyer")
    TaskFactory(market=market_b, company=cast.company_b, title="Répondre Bravo", turn="company")
    TaskFactory(market=None, buyer=cast.buyer_a, title="Relire la convention Alpha", turn="buyer")
    MeetingFactory(market=market_a, title="Lancement Alpha")
    MeetingFactory(market=market_b, title="Lancement Bravo")
    MeetingFactory(market=market_a, title="Mise au point Alpha", with_buyer=False, company=cast.company_a)
    expected = {
        cast.buyer_user_a: {"Approuver Alpha", "Relire la convention Alpha", "Lancement Alpha"},
        cast.limited_a: {"Approuver Alpha", "Lancement Alpha"},
        cast.company_user_a: {"Répondre Alpha", "Lancement Alpha", "Mise au point Alpha"},
        cast.buyer_user_b: {"Approuver Bravo", "Lancement Bravo"},
        cast.company_user_b: {"Répondre Bravo", "Lancement Bravo"},
    }
    for user, wanted in expected.items():
        client = signed_in(user)
        page = client.get(reverse("task_list"))
        assert set(titles(page)) == wanted
        other = "Bravo" if user.last_name == "Alpha" else "Alpha"
        assert other not in page.content.decode()
        export = b"".join(client.get(reverse("task_list") + "?export=csv").streaming_content).decode()
        assert other not in export and all(title in export for title in wanted)
        hidden = Task.objects.exclude(title__in=wanted)
        for task in hidden:
            assert client.get(reverse("task_detail", args=[task.pk])).status_code == 404
            assert client.get(reverse("meeting_file", args=[task.pk])).status_code == 404


def test_a_meeting_of_all_who_hold_a_lot_is_not_that_of_a_company_that_holds_none(cast, signed_in):
    market = cast.commitment_a.market
    second = CompanyMembershipFactory()
    AwardFactory(lot=LotFactory(market=market, number="2"), company=second.company)
    meeting = MeetingFactory(market=market, title="Lancement commun")
    own = MeetingFactory(market=market, company=cast.company_a, title="Mise au point Alpha")
    assert signed_in(second.user).get(reverse("meeting_detail", args=[meeting.pk])).status_code == 200
    assert signed_in(second.user).get(reverse("meeting_detail", args=[own.pk])).status_code == 404
    assert signed_in(cast.company_user_b).get(reverse("meeting_detail", args=[meeting.pk])).status_code == 404


def test_what_waits_stands_on_the_home_of_each_role(cast, signed_in):
    market = cast.commitment_a.market
    ResponsibilityFactory(market=market, facilitator=cast.facilitator)
    TaskFactory(market=market, turn="buyer", since=in_days(-20), due_on=in_days(-2))
    TaskFactory(market=market, company=cast.company_a, turn="company", since=in_days(-9), due_on=in_days(3))
    MeetingFactory(market=market)
    # The dashboard of a buyer asks for what waits once it is shown; without JavaScript a link leads there.
    waiting = f"{reverse('home')}?attente=1"
    assert waiting in signed_in(cast.buyer_user_a).get(reverse("home"), follow=True).content.decode()
    pages = {
        user: signed_in(user).get(waiting if user.is_buyer else reverse("home")).content.decode()
        for user in (cast.facilitator, cast.buyer_user_a, cast.company_user_a, cast.buyer_user_b)
    }
    assert "échéance en retard" in pages[cast.facilitator]
    assert "échéance dans les sept jours" in pages[cast.facilitator]
    assert "demande attend votre réponse" in pages[cast.buyer_user_a]
    assert "réunion à venir" in pages[cast.buyer_user_a]
    assert "demande attend votre réponse" in pages[cast.company_user_a]
    assert "attend votre réponse" not in pages[cast.buyer_user_b]


def test_a_task_leads_where_it_is_done_when_the_role_may_open_that_page(cast, signed_in):
    market = cast.commitment_a.market
    TaskFactory(market=market, turn="buyer", title="Lire", url=reverse("market_detail", args=[market.pk]))
    closed = TaskFactory(
        market=market, turn="buyer", title="Réservé", url=reverse("market_journal", args=[market.pk])
    )
    html = signed_in(cast.buyer_user_a).get(reverse("task_list")).content.decode()
    assert f'href="{reverse("market_detail", args=[market.pk])}">Lire' in html
    assert f'href="{reverse("task_detail", args=[closed.pk])}">Réservé' in html
    assert signed_in(cast.buyer_user_a).get(reverse("task_detail", args=[closed.pk])).status_code == 200


def test_the_board_asks_the_same_number_of_queries_with_one_row_and_with_six(
    cast, signed_in, django_assert_max_num_queries
):
    def add():
        market = MarketFactory(buyer=cast.buyer_a)
        ResponsibilityFactory(market=market, facilitator=cast.facilitator, stand_in=UserFactory())
        TaskFactory(market=market, assignee=UserFactory(), company=cast.company_a, turn="buyer")
        TaskFactory(market=market, company=cast.company_a, turn="company")
        TaskFactory(market=None, company=cast.company_a)
        TaskFactory(market=None, buyer=cast.buyer_a)
        MeetingFactory(market=market)

    cases = [
        (signed_in(cast.facilitator), "?portee=tous"),
        (signed_in(cast.facilitator), "?portee=equipe"),
        (signed_in(cast.facilitator), ""),
        (signed_in(cast.buyer_user_a), ""),
        (signed_in(cast.company_user_a), ""),
    ]

    def counts():
        found = []
        for client, query in cases:
            with django_assert_max_num_queries(12) as captured:
                assert client.get(reverse("task_list") + query).status_code == 200
            found.append(len(captured))
        return found

    add()
    one = counts()
    for _ in range(5):
        add()
    assert counts() == one


def test_a_task_is_added_by_hand_and_its_bad_input_refused(house, cast):
    address = reverse("market_task_create", args=[cast.commitment_a.market_id])
    page = house.post(address, {"title": "", "turn": "company", "due_on": "1/1/2024"})
    assert set(page.context["form"].errors) == {"title", "due_on", "company"}
    house.post(
        address,
        {
            "title": "Envoyer le planning",
            "turn": "company",
            "company": cast.company_a.pk,
            "due_on": f"{in_days(5):%d/%m/%Y}",
        },
    )
    task = Task.objects.get()
    assert (task.title, task.turn, task.company, task.created_by) == (
        "Envoyer le planning",
        "company",
        cast.company_a,
        cast.facilitator,
    )
