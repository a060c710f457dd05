"""The sentences beside the text of a section: added, edited, left aside, replaced, and a first text of all sections."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from reporting.models import Bilan
from reporting.narrative import SECTIONS
from reporting.services.drafting import ACCEPTED, DROPPED, EDITED, UNREAD, offered, write_first_text
from reporting.services.drafts import save_narrative, start_bilan
from tests.factories import HoursEntryFactory, UserFactory, eligible_assignment, make_bilan
from tests.reporting.made_snapshot import a_snapshot, holders, row

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(cast):
    for _ in range(3):
        HoursEntryFactory(
            assignment=eligible_assignment(commitment=cast.commitment_a), hours=20, counted=True
        )
    return make_bilan(buyer=cast.buyer_a)


def url(bilan, section="personnes", phrases=True):
    return reverse("bilan_section", args=[bilan.pk, section]) + ("?phrases=1" if phrases else "")


def tokens(page, gesture):
    """The signed sentences of the buttons of a page."""
    return re.findall(rf'name="{gesture}" value="([^"]+)"', page)


def sentences(page):
    return re.findall(r'class="phrase-text">([^<]+)<', page)


def test_the_page_opens_without_the_figures_and_asks_for_the_sentences(client, cast, draft):
    client.force_login(cast.facilitator)
    page = client.get(url(draft, phrases=False)).text
    assert 'hx-get="?phrases=1"' in page and not sentences(page)
    part = client.get(url(draft), headers=HTMX).text
    whole = client.get(url(draft)).text
    assert "<html" not in part and sentences(part) == sentences(whole) != []
    # Each figure with its table.
    assert "chiffres=1#people" in part and 'target="_blank"' in part


def test_a_sentence_is_added_at_the_end_of_what_is_typed_and_not_proposed_again(client, cast, draft):
    client.force_login(cast.facilitator)
    page = client.get(url(draft)).text
    (token, *_), (sentence, *_) = tokens(page, "ajouter"), sentences(page)
    typed = {"text": "Ce que j’écris.", "seen_version": 1, "taken": "", "ajouter": token}
    after = client.post(url(draft), typed).text
    bilan = Bilan.objects.get()
    assert bilan.narrative["personnes"] == f"Ce que j’écris. {sentence}"
    assert [entry["state"] for entry in bilan.drafting.values()] == [ACCEPTED]
    assert sentence not in sentences(after) and "1 phrase reprise" in after
    # What was edited since stays the writer's.
    save_narrative(
        bilan=bilan, texts={"personnes": "Tout autre chose."}, seen_version=2, user=cast.facilitator
    )
    assert sentence not in sentences(client.get(url(draft)).text)


def test_with_htmx_the_editor_and_the_card_change_in_place(client, cast, draft):
    client.force_login(cast.facilitator)
    token = tokens(client.get(url(draft)).text, "ajouter")[0]
    typed = {"text": "", "seen_version": 1, "taken": "", "ajouter": token}
    part = client.post(url(draft), typed, headers=HTMX).text
    assert "<html" not in part and 'hx-swap-oob="true"' in part and 'name="seen_version" value="2"' in part
    assert "Dans le texte" in part and Bilan.objects.get().narrative["personnes"] in part


def test_modify_puts_the_sentence_in_the_editor_and_saves_nothing_before_the_writer_does(client, cast, draft):
    client.force_login(cast.facilitator)
    page = client.get(url(draft)).text
    (token, *_), (sentence, *_) = tokens(page, "modifier"), sentences(page)
    typed = {"text": "Début.", "seen_version": 1, "taken": "", "modifier": token}
    part = client.post(url(draft), typed, headers=HTMX).text
    assert sentence in part and token in part and Bilan.objects.get().narrative == {}
    client.post(url(draft), {"text": "Début. À ma façon.", "seen_version": 1, "taken": token})
    bilan = Bilan.objects.get()
    assert bilan.narrative == {"personnes": "Début. À ma façon."}
    assert [entry["state"] for entry in bilan.drafting.values()] == [EDITED]
    assert sentence not in sentences(client.get(url(draft)).text)


def test_a_sentence_left_aside_stays_so_even_when_its_figures_change_and_may_be_shown_again(
    client, cast, draft
):
    client.force_login(cast.facilitator)
    page = client.get(url(draft)).text
    (token, *_), (sentence, *_) = tokens(page, "ecarter"), sentences(page)
    after = client.post(
        url(draft), {"text": "Je tape.", "seen_version": 1, "taken": "", "ecarter": token}
    ).text
    bilan = Bilan.objects.get()
    assert bilan.edit_version == 1 and bilan.narrative == {}
    assert [entry["state"] for entry in bilan.drafting.values()] == [DROPPED]
    # What was typed is kept, the sentence is with those left aside.
    assert "Je tape." in after and sentence not in sentences(after) and "1 phrase écartée" in after
    HoursEntryFactory(assignment=eligible_assignment(commitment=cast.commitment_a), hours=5, counted=True)
    assert not [one for one in sentences(client.get(url(draft)).text) if one[:30] == sentence[:30]]
    again = tokens(client.get(url(draft)).text, "remontrer")[0]
    shown = client.post(
        url(draft), {"text": "", "seen_version": 1, "taken": "", "remontrer": again}, headers=HTMX
    )
    assert len(sentences(shown.text)) == len(sentences(page)) and Bilan.objects.get().drafting == {}


def test_a_sentence_whose_figures_changed_takes_the_place_of_the_former_one(cast, draft):
    first = a_snapshot(holders(row("1", "Alpha", hours="10.00"), hours="10.00", hours_previous="8.00"))
    write_first_text(bilan=draft, snapshot=first, user=cast.facilitator)
    bilan = Bilan.objects.get()
    assert bilan.narrative["heures"].endswith("à 10\u202fh en 2025 (+25\u202f%).")
    now = a_snapshot(holders(row("1", "Alpha", hours="12.00"), hours="12.00", hours_previous="8.00"))
    found = next(one for one in offered(bilan, "heures", now) if one.proposal.key == "heures.total")
    assert found.is_replaceable and "à 10" in found.former
    from reporting.services.drafting import replace_sentence

    about = {
        "bilan": bilan,
        "section": "heures",
        "seen_version": bilan.edit_version,
        "user": cast.facilitator,
    }
    bilan = replace_sentence(text=bilan.narrative["heures"], token=found.token, **about)
    assert bilan.narrative["heures"].endswith("à 12\u202fh en 2025 (+50\u202f%).")
    assert not next(one for one in offered(bilan, "heures", now) if one.proposal.key == "heures.total").former


def test_a_conflict_keeps_the_typed_text_and_shows_theirs(client, cast, draft):
    client.force_login(cast.facilitator)
    token = tokens(client.get(url(draft)).text, "ajouter")[0]
    save_narrative(bilan=draft, texts={"personnes": "Le leur."}, seen_version=1, user=UserFactory())
    typed = {"text": "Le mien.", "seen_version": 1, "taken": "", "ajouter": token}
    part = client.post(url(draft), typed, headers=HTMX).text
    assert "Le mien." in part and "Le leur." in part and 'value="2"' in part
    assert Bilan.objects.get().narrative == {"personnes": "Le leur."} and Bilan.objects.get().drafting == {}


@pytest.mark.parametrize("gesture", ["ajouter", "modifier", "ecarter", "remplacer", "remontrer"])
def test_only_what_was_proposed_for_this_section_of_this_bilan_is_taken(client, cast, draft, gesture):
    other = make_bilan(buyer=cast.buyer_b)
    client.force_login(cast.facilitator)
    theirs = offered(
        draft,
        "heures",
        a_snapshot(
            holders(row("1", "A", hours="1.00", hours_previous="2.00"), hours="1.00", hours_previous="2.00")
        ),
    )
    for token, headers in ((theirs[0].token, {}), ("n’importe quoi", HTMX), ("", HTMX)):
        page = client.post(
            url(other), {"text": "x", "seen_version": 1, "taken": "", gesture: token}, headers=headers
        )
        assert page.status_code == 200 and "n’est plus proposée" in page.text
    other.refresh_from_db()
    assert other.drafting == {} and other.narrative == {}


def test_a_first_text_fills_the_empty_sections_each_to_be_read(client, cast, draft):
    client.force_login(cast.facilitator)
    save_narrative(bilan=draft, texts={"heures": "Déjà écrit."}, seen_version=1, user=cast.facilitator)
    page = client.get(reverse("bilan_detail", args=[draft.pk])).text
    assert "Proposer un premier texte" in page
    after = client.post(reverse("bilan_first_text", args=[draft.pk]), follow=True).text
    bilan = Bilan.objects.get()
    assert bilan.narrative["heures"] == "Déjà écrit." and bilan.narrative["personnes"]
    assert "premier texte, à relire" in after and set(bilan.drafting[UNREAD]) == bilan.narrative.keys() - {
        "heures"
    }
    # Read, and nothing to change: saved as it is, it is read.
    text = bilan.narrative["personnes"]
    assert "relisez-le" in client.get(url(draft, "personnes")).text
    client.post(url(draft, "personnes"), {"text": text, "seen_version": bilan.edit_version, "taken": ""})
    assert "personnes" not in Bilan.objects.get().drafting[UNREAD]
    assert "relisez-le" not in client.get(url(draft, "personnes")).text


def test_a_first_text_holds_no_sentence_that_was_left_aside_and_says_when_there_is_none(cast, draft):
    snapshot = a_snapshot(
        holders(row("1", "A", hours="1.00", hours_previous="2.00"), hours="1.00", hours_previous="2.00")
    )
    draft.drafting = {"heures.total": {"state": DROPPED, "sentence": "…"}}
    draft.save()
    from core.errors import DomainError

    with pytest.raises(DomainError, match="aucune phrase"):
        write_first_text(bilan=draft, snapshot=snapshot, user=cast.facilitator)
    draft.narrative = dict.fromkeys(SECTIONS, "Écrit.")
    draft.save()
    with pytest.raises(DomainError, match="déjà un texte"):
        write_first_text(bilan=draft, snapshot=snapshot, user=cast.facilitator)


def test_a_published_bilan_has_no_sentence_and_its_rectified_version_remembers(client, cast):
    bilan = make_bilan(buyer=cast.buyer_a)
    bilan.drafting = {"heures.total": {"state": DROPPED, "sentence": "…"}}
    bilan.save()
    published = make_bilan(buyer=cast.buyer_b, published=True)
    client.force_login(cast.facilitator)
    assert client.post(url(published), {"text": "x", "seen_version": 1}).status_code == 302
    client.post(reverse("bilan_first_text", args=[published.pk]))
    published.refresh_from_db()
    assert published.narrative == {}
    second = start_bilan(buyer=cast.buyer_b, year=2025, user=None, rectification_reason="heures retrouvées")
    assert second.drafting == published.drafting


def test_the_pages_of_a_section_ask_for_no_more_queries_than_the_figures_do(
    client, cast, draft, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from reporting.services.publication import compute

    client.force_login(cast.facilitator)
    client.get(url(draft))
    with django_assert_max_num_queries(12):
        client.get(url(draft, phrases=False))
    bilan = Bilan.objects.select_related("buyer").get(pk=draft.pk)
    with CaptureQueriesContext(
        connection,
    ) as own:
        compute(bilan, now=timezone.now())
    with CaptureQueriesContext(connection) as whole:
        client.get(url(draft), headers=HTMX)
    assert len(whole) - len(own) <= 12
