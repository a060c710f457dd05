"""Every page that a role can reach from « Accueil »: it answers, it fits a phone, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from django.utils import timezone
from playwright.sync_api import Error, Page

from clauses.services.tenders import start_grid, write_assessment
from core.outbox import write_message
from markets.services.documents import expect_documents
from reporting.services.drafts import start_bilan
from reporting.services.progress import make_progress_report
from reporting.services.publication import freeze
from reporting.services.workflow import review_bilan
from tests.e2e.bilan_furniture import furnish_the_bilans
from tests.e2e.conftest import NARROW, WIDE
from tests.e2e.territory import Territory
from tests.factories import (
    AchievementFactory,
    AgreementFactory,
    BeneficiaryFactory,
    CharterPledgeFactory,
    ClosedYearFactory,
    ContactFactory,
    CountingRulesFactory,
    DepartmentFactory,
    EligibilityReviewFactory,
    EvidenceFactory,
    FeeReviewFactory,
    HoursEntryFactory,
    InteractionFactory,
    InvoiceFactory,
    LotFactory,
    MarketFactory,
    MeetingFactory,
    OperationFactory,
    PlannedPurchaseFactory,
    PrescriberFactory,
    QualitativeCommitmentFactory,
    QuoteFactory,
    SectorFactory,
    TaskFactory,
    make_escalation,
    make_recommendation,
)

MOST_PAGES = 400
# Files, and what is the same page with other rows.
LEFT_OUT = {"file_download", "account_logout", "favicon", "robots", "health"}
FILES = (".pdf", ".docx", ".ics", ".xlsx", ".csv")
# What a page of its own would look like with other values of these is another page.
TELLING = {"natures"}
SEEN_BY_AXE: set[str] = set()


def furnish(territory: Territory) -> None:
    """A row of everything that has a page."""
    DepartmentFactory(buyer=territory.buyer, name="Direction des bâtiments")
    ContactFactory(buyer=territory.buyer, name="Claude Interlocutrice")
    ContactFactory(buyer=None, company=territory.commitment.holder, name="Dominique Chef")
    CountingRulesFactory()
    refused = BeneficiaryFactory(last_name="Guérin", prescriber=PrescriberFactory())
    EligibilityReviewFactory(beneficiary=refused, refused=True)
    today = timezone.localdate()
    HoursEntryFactory(
        assignment=territory.assignments["Belkacem"], month=today.replace(day=1), hours=Decimal(35)
    )
    sent = HoursEntryFactory(
        assignment=territory.assignments["Costa"], month=territory.month, hours=Decimal(70)
    )
    sent.state = "submitted"
    sent.save()
    published = start_bilan(buyer=territory.buyer, year=territory.year, user=territory.admin)
    review_bilan(bilan=published, user=territory.admin)
    ClosedYearFactory(year=territory.year)
    published = freeze(bilan=published, user=territory.admin)
    draft = start_bilan(buyer=territory.buyer, year=territory.year + 1, user=territory.admin)
    furnish_the_follow_up(territory)
    furnish_the_bilans(territory, published=published, draft=draft)
    write_message(key="essai", recipients=["x@maison.example"], subject="Essai", body="Bonjour")


def furnish_the_follow_up(territory: Territory) -> None:
    """What stands before and beside the hours: agreement, purchases, fees, promises, exchanges, a difficulty."""
    house, buyer, market = territory.facilitator, territory.buyer, territory.market
    agreement = AgreementFactory(buyer=buyer)
    FeeReviewFactory(agreement=agreement)
    quote = QuoteFactory(agreement=agreement, market=market, accepted=True)
    InvoiceFactory(quote=quote, issued=True)
    InvoiceFactory(quote=quote, kind="completion")
    QuoteFactory(agreement=agreement, market=market)
    MarketFactory(buyer=buyer, operation=OperationFactory(buyer=buyer, private=True))
    make_recommendation(PlannedPurchaseFactory(buyer=buyer), house)
    make_recommendation(PlannedPurchaseFactory(buyer=buyer), house, sent=True)
    make_recommendation(market, house)
    lot = LotFactory(market=market)
    grid = start_grid(lot=lot, by=house)
    write_assessment(grid=grid, bidder="Cloisons du Rhône", hours_offered=Decimal(900), points={}, by=house)
    expect_documents(market=market, by=house)
    promise = QualitativeCommitmentFactory(award=territory.commitment.award)
    AchievementFactory(qualitative=promise, state="submitted")
    EvidenceFactory(qualitative=promise)
    MeetingFactory(market=market)
    TaskFactory(market=market)
    InteractionFactory(market=market, author=house)
    make_escalation(territory.commitment, upto="to_approve")
    CharterPledgeFactory(company=territory.commitment.holder)
    SectorFactory()
    make_progress_report(market=market, first=territory.month, last=territory.month, user=house)


def kind_of(address: str) -> str | None:
    """The page that an address is of, whatever its row: its name, and the few parameters that change its shape."""
    parts = urlsplit(address)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return address
    query = parse_qs(parts.query)
    if name in LEFT_OUT or "export" in query or parts.path.endswith(FILES):
        return None
    return "?".join([name, *sorted(TELLING & query.keys())])


def crawl(page: Page, look: Callable[[str], None]) -> list[str]:
    """Visit one page of each kind, breadth first."""
    waiting, known, visited = ["/"], {"home"}, []
    while waiting and len(visited) < MOST_PAGES:
        address = waiting.pop(0)
        try:
            answer = page.goto(address)
        except Error as error:
            # An answer that is a file without saying so in its address.
            if "Download is starting" in error.message:
                continue
            raise
        # Or one that the browser shows by itself: a PDF, the JSON of the interface.
        if answer is not None and "text/html" not in answer.headers.get("content-type", ""):
            continue
        visited.append(address)
        look(address)
        for href in page.locator("a[href]").evaluate_all("links => links.map(link => link.href)"):
            parts = urlsplit(href)
            if parts.scheme != "http" or parts.netloc != urlsplit(page.url).netloc:
                continue
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            kind = kind_of(target)
            if kind and kind not in known:
                known.add(kind)
                waiting.append(target)
    return visited


@pytest.mark.parametrize("role", ["facilitator", "admin", "buyer_user", "company_user", "nobody"])
def test_every_page_answers_fits_and_is_accessible(
    open_browser: Callable[..., Page], territory: Territory, role: str
) -> None:
    furnish(territory)
    user = getattr(territory, role, None)
    page = open_browser(user)
    axe, faults = Axe(), []

    def look(address: str) -> None:
        kind = kind_of(address) or address
        # What the house's two roles share is looked at once.
        skip = user is not None and user.is_house_staff and kind in SEEN_BY_AXE
        if user is not None and user.is_house_staff:
            SEEN_BY_AXE.add(kind)
        for size in (WIDE, NARROW):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            if not skip:
                for fault in axe.run(page).response["violations"]:
                    where = [node["target"] for node in fault["nodes"]][:3]
                    faults.append(
                        f"{size[0]} {address} {fault['impact']} {fault['id']}: {fault['help']} {where}"
                    )
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW[0]:
            faults.append(f"{address} is {width} px wide on a phone")
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    visited = crawl(page, look)
    print(len(visited), *visited, sep="\n")
    assert not faults, "\n".join(faults)
    least = {"facilitator": 50, "admin": 60, "buyer_user": 8, "company_user": 6, "nobody": 5}
    assert len(visited) >= least[role]
