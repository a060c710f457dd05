"""The bilans that the demonstration tells: each state of the campaign, what became of people, who reads what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from beneficiaries.models import Outcome
from clauses.models import PublishedContract
from core.consistency import run_checks
from core.models import Message
from markets.models import Market
from reporting.demo import bilans, story_bilans
from reporting.demo.cast import OULLINS
from reporting.demo.clock import on_day
from reporting.demo.load import load_territory
from reporting.models import (
    Bilan,
    BilanComment,
    BilanDelivery,
    Campaign,
    ImprovementAction,
    PartnershipNote,
    PathPortrait,
    SentDraft,
)

ARGUMENTS = {"size": "small", "years": 3, "seed": 1, "as_of": "2026-11-22"}
AS_OF = dt.date(2026, 11, 22)
pytestmark = pytest.mark.django_db
SAID: list[str] = []


def in_figures_alone(**given: Any) -> Any:
    """The documents are tested elsewhere, and each costs seconds."""
    return REAL(**{**given, "formats": ("json",)})


REAL = bilans.make_files


@pytest.fixture(scope="module", autouse=True)
def told(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The territory and its bilans, told once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(bilans, "make_files", in_figures_alone)
        patch.setattr("reporting.services.sent_drafts.pdf_available", lambda: False)
        load_territory(ARGUMENTS, say=lambda text: None)
        story_bilans.tell_bilans(as_of=AS_OF, say=SAID.append)
        yield
        transaction.set_rollback(True)


def account(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.maillon.invalid")


def of_oullins() -> Any:
    return Bilan.objects.annual().filter(buyer__identifier=OULLINS)


def test_every_check_of_consistency_is_clean():
    assert [(title, found) for title, found in run_checks() if found] == []


def test_the_campaign_of_the_last_closed_year_has_a_bilan_in_every_state():
    campaign = Campaign.objects.get()
    assert (campaign.year, campaign.due_on) == (2025, dt.date(2026, 12, 18))
    states = list(Bilan.objects.annual().filter(year=2025).order_by("pk").values_list("state", flat=True))
    assert sorted(states) == ["draft", "published", "reviewed", "reviewed", "sent", "submitted"]
    assert not Bilan.objects.annual().filter(year=2025, writer=None).exists()


def test_a_bilan_was_sent_back_with_a_reason_then_reviewed_with_its_remarks():
    bilan = Bilan.objects.get(steps__kind="sent_back")
    kinds = list(bilan.steps.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["started", "submitted", "sent_back", "submitted", "reviewed"]
    assert sorted(bilan.comments.values_list("side", "outcome")) == [("house", ""), ("house", "taken")]


def test_two_projets_have_a_remark_that_is_answered_and_one_that_waits():
    drafts = SentDraft.objects.order_by("pk")
    assert [draft.bilan.kind for draft in drafts] == ["annual", "reserved"]
    for draft in drafts:
        assert draft.comments_until > AS_OF
        assert sorted(draft.comments.values_list("outcome", flat=True)) == ["", "answered"]
    # The town's account reads its own, and wrote its own remarks.
    claude = account("oullins")
    assert [row.bilan.kind for row in SentDraft.objects.visible_to(claude)] == ["reserved"]
    assert set(BilanComment.objects.visible_to(claude).values_list("author", flat=True)) == {claude.pk}


def test_the_last_bilan_was_handed_over_and_downloaded_by_one_of_two():
    bilan = of_oullins().get(year=2025)
    downloads = list(BilanDelivery.objects.filter(bilan=bilan).values_list("downloads", flat=True))
    assert sorted(downloads) == [0, 1]
    assert BilanDelivery.objects.filter(bilan=bilan, first_download_at__isnull=False).count() == 1


def test_the_year_before_has_a_rectified_version_that_says_what_became_of_people():
    first, second = of_oullins().filter(year=2024).order_by("version")
    assert (first.version, second.version) == (1, 2)
    assert first.published_at.date() == dt.date(2025, 4, 17)
    assert second.rectification_reason.startswith("Situations")
    blocks = [
        {block["key"] for chapter in row.snapshot["chapters"] for block in chapter["blocks"]}
        for row in (first, second)
    ]
    assert "outcomes_not_recorded" in blocks[0] and "outcomes_situations" not in blocks[0]
    assert "outcomes_situations" in blocks[1] and "portraits" in blocks[1]


def test_portraits_are_agreed_or_wait_and_only_the_agreed_ones_are_told():
    assert sorted(portrait.is_agreed for portrait in PathPortrait.objects.all()) == [False, False, True, True]
    told = of_oullins().get(year=2024, version=2).snapshot
    items = [
        item
        for chapter in told["chapters"]
        for block in chapter["blocks"]
        if block["type"] == "portraits"
        for item in block["items"]
    ]
    assert [item["text"] for item in items] == [story_bilans.AGREED]


def test_dozens_of_situations_are_known_on_their_day_and_the_others_are_awaited():
    rows = Outcome.objects.filter(cancelled_on=None)
    known = rows.exclude(situation="")
    assert known.values("beneficiary").distinct().count() >= 100
    assert not known.filter(recorded_on__gt=AS_OF).exists()
    # What is not known is not due yet.
    assert not rows.filter(situation="", due_on__lt=AS_OF).exists()
    assert set(known.values_list("milestone", flat=True)) == {"exit", "m6", "m12"}


def test_the_territory_and_the_others_wait_reviewed_for_who_publishes():
    territory = Bilan.objects.get(kind="territory")
    assert (territory.year, territory.state) == (2025, "reviewed")


def test_two_yearly_points_have_actions_done_under_way_and_dropped():
    notes = PartnershipNote.objects.filter(buyer__identifier=OULLINS)
    assert sorted(notes.values_list("year", flat=True)) == [2024, 2025]
    assert not notes.filter(shared_at=None).exists()
    states = ImprovementAction.objects.filter(note__in=notes).values_list("state", flat=True)
    assert sorted(states) == ["done", "dropped", "ongoing", "ongoing", "to_do"]
    assert PartnershipNote.objects.visible_to(account("oullins")).count() == 2


def test_published_contracts_are_followed_to_look_at_and_left_with_a_reason():
    states = PublishedContract.objects.values_list("state", flat=True)
    assert sorted(states) == ["followed", "left", "to_look", "to_look", "to_look"]
    assert (
        PublishedContract.objects.get(state="followed").market
        == Market.objects.filter(buyer__identifier=OULLINS, parent=None)
        .exclude(reference="")
        .order_by("pk")
        .first()
    )
    assert list(PublishedContract.objects.filter(is_due=True).values_list("number", flat=True)) == [
        "2026-EXT-02"
    ]


def test_nothing_leaves_and_each_step_is_said():
    assert not Message.objects.filter(state=Message.State.QUEUED).exists()
    assert any("version rectifiée" in words for words in SAID)


PAGES = (
    ("admin", "/bilans/campagnes/2025/", "1 publié sur 6"),
    ("admin", "/bilans/partenariat/", "2025"),
    ("thomas", "/bilans/", "Métropole"),
    ("oullins", "/bilans/", "version"),
    ("nadia", "/marches/publies/", "2026-EXT-02"),
)


@pytest.mark.parametrize(("name", "path", "words"), PAGES, ids=[f"{page[0]} {page[1]}" for page in PAGES])
def test_each_place_shows_what_was_told(client, name, path, words):
    client.force_login(account(name))
    with on_day(AS_OF):
        response = client.get(path)
    assert response.status_code == 200
    assert words.lower() in response.content.decode().lower()


def test_the_town_reads_its_projet_and_the_answer_that_it_was_given(client):
    client.force_login(account("oullins"))
    draft = SentDraft.objects.get(bilan__kind="reserved")
    with on_day(AS_OF):
        page = client.get(reverse("sent_draft_detail", args=[draft.pk])).content.decode()
    assert "sans réponse encore" in page and "paraîtront en régularisation" in page
