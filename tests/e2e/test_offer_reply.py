"""A partner answers an offer by its link, without an account, on a telephone; the house then sees who was proposed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page, expect

from beneficiaries.models import Application
from tests.beneficiaries.recruitment import make_offer, make_recipient, make_token
from tests.factories import UserFactory

PHONE = (390, 844)


def test_a_partner_proposes_two_people_and_the_house_reads_them(
    open_browser: Callable[..., Page], watch: Any
) -> None:
    offer = make_offer(title="Peintre en bâtiment")
    address = reverse("job_offer_reply", args=[make_token(make_recipient(offer))])
    watch.expect(422, "/lien/offre/")
    for javascript in (True, False):
        page = open_browser(size=PHONE, javascript=javascript)
        page.goto(address)
        expect(page.get_by_role("heading", name="Peintre en bâtiment")).to_be_visible()
        first = page.locator("#id_p0-last_name")
        first.fill(f"Nguyen{javascript}")
        page.locator("#id_p0-first_name").fill("Linh")
        page.get_by_text("Proposer deux autres personnes").click()
        page.locator("#id_p1-last_name").fill(f"Diallo{javascript}")
        page.get_by_role("button", name="Proposer", exact=True).click()
        # The box and the first name are missing: what was typed is there.
        expect(page.get_by_text("Rien n’est encore transmis")).to_be_visible()
        expect(first).to_have_value(f"Nguyen{javascript}")
        page.locator("#id_p1-first_name").fill("Awa")
        page.locator("#id_informed").check()
        page.get_by_role("button", name="Proposer", exact=True).click()
        expect(page.get_by_text("c’est transmis")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert Application.objects.count() == 4
    house = open_browser(UserFactory())
    house.goto(reverse("job_offer_detail", args=[offer.pk]))
    expect(house.get_by_role("link", name="DialloTrue Awa")).to_be_visible()
