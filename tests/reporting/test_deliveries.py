"""A published bilan handed over: a link of one's own, what is downloaded through it, and what a dead one says."""

import datetime as dt
import re

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord
from core.errors import DomainError
from core.files import store_file
from core.links import GONE
from reporting.enums import BilanFormat, BilanStepKind
from reporting.models import BilanDelivery, BilanFile, BilanStep
from reporting.services.deliveries import LINK_DAYS, deliver_bilan
from reporting.services.drafts import start_bilan
from reporting.services.publication import freeze
from reporting.services.workflow import review_bilan
from tests.beneficiaries.clock import on_day
from tests.factories import ContactFactory, make_bilan

pytestmark = pytest.mark.django_db
CONTENT = {"pdf": b"%PDF-1.7 bilan", "json": b'{"a": 1}'}


def published(buyer):
    bilan = make_bilan(buyer=buyer, published=True)
    for file_format, content in CONTENT.items():
        stored = store_file(
            kind="bilan",
            name=f"bilan-2025.{file_format}",
            content=content,
            user=None,
            allowed_types=[file_format],
        )
        BilanFile.objects.create(bilan=bilan, format=file_format, file=stored)
    return bilan


def link_in(message):
    return re.search(r"https?://[^/\s]+(/bilans/lien/[^\s]+)", message.body)[1]


def test_a_referent_gets_a_link_that_opens_the_files_without_an_account_and_each_download_is_noted(
    client, cast
):
    bilan = published(cast.buyer_a)
    contact = ContactFactory(buyer=cast.buyer_a, email="Rose@Alpha.example")
    [row] = deliver_bilan(bilan=bilan, addresses=["rose@alpha.example "], by=cast.facilitator)
    assert (row.email, row.contact, row.downloads) == ("rose@alpha.example", contact, 0)
    assert row.message.key.startswith("bilan_delivery:") and mail.outbox[0].to == ["rose@alpha.example"]
    url = link_in(mail.outbox[0])
    page = client.get(url)
    assert "Le document, à lire et à diffuser" in page.text and "Ville d’Alpha" in page.text
    assert page["Cache-Control"] == "private, no-store" and "noindex" in page["X-Robots-Tag"]
    row.refresh_from_db()
    assert row.downloads == 0
    for file_format in ("pdf", "json", "pdf"):
        response = client.get(f"{url}{file_format}/")
        assert response.content == CONTENT[file_format]
        assert response["Content-Disposition"].startswith("attachment")
    row.refresh_from_db()
    assert row.downloads == 3 and row.first_download_at < row.last_download_at
    log = AccessRecord.objects.filter(kind="download", user=None).order_by("pk")
    assert log.count() == 3 and all(f"remise {row.pk}" in entry.subject for entry in log)
    assert client.get(f"{url}xlsx/").status_code == 404


def test_the_same_address_again_gets_another_link_and_the_former_opens_no_more(client, cast):
    bilan = published(cast.buyer_a)
    for _ in range(2):
        deliver_bilan(bilan=bilan, addresses=["rose@alpha.example"], by=cast.facilitator)
    assert BilanDelivery.objects.count() == 1
    first, second = (link_in(message) for message in mail.outbox)
    assert client.get(second).status_code == 200
    dead = client.get(first)
    assert dead.status_code == 404 and GONE in dead.text
    assert client.get(f"{first}pdf/").status_code == 404
    steps = BilanStep.objects.filter(bilan=bilan, kind=BilanStepKind.DELIVERED)
    assert [step.reason for step in steps] == ["à rose@alpha.example"] * 2
    with pytest.raises(IntegrityError), transaction.atomic():
        BilanDelivery.objects.create(bilan=bilan, email="rose@alpha.example")


def test_a_link_ends_after_sixty_days(client, cast):
    bilan = published(cast.buyer_a)
    deliver_bilan(bilan=bilan, addresses=["rose@alpha.example"], by=cast.facilitator)
    url = link_in(mail.outbox[0])
    today = timezone.localdate()
    with on_day(today + dt.timedelta(days=LINK_DAYS - 1)):
        assert client.get(url).status_code == 200
    with on_day(today + dt.timedelta(days=LINK_DAYS + 1)):
        dead = client.get(f"{url}pdf/")
    assert dead.status_code == 404 and GONE in dead.text
    assert BilanDelivery.objects.get().downloads == 0


def test_the_link_of_one_bilan_opens_no_other(client, cast):
    alpha, bravo = published(cast.buyer_a), published(cast.buyer_b)
    deliver_bilan(bilan=alpha, addresses=["rose@alpha.example"], by=cast.admin)
    deliver_bilan(bilan=bravo, addresses=["rose@bravo.example"], by=cast.admin)
    page = client.get(link_in(mail.outbox[0])).text
    assert "Alpha" in page and "Bravo" not in page
    for user in (cast.buyer_user_a, cast.buyer_user_b, cast.company_user_a):
        assert not BilanDelivery.objects.visible_to(user).exists()


def test_a_rectified_version_is_said_on_the_page_of_the_former(client, cast):
    bilan = published(cast.buyer_a)
    deliver_bilan(bilan=bilan, addresses=["rose@alpha.example"], by=cast.admin)
    again = start_bilan(
        buyer=cast.buyer_a, year=2025, user=cast.admin, rectification_reason="heures retrouvées"
    )
    freeze(bilan=review_bilan(bilan=again, user=cast.admin), user=cast.admin)
    assert "la version 2, a été publiée" in client.get(link_in(mail.outbox[0])).text


def test_a_download_under_the_account_that_was_written_to_is_noted_too(client, cast):
    bilan = published(cast.buyer_a)
    deliver_bilan(bilan=bilan, addresses=[cast.buyer_user_a.email], by=cast.admin)
    stored = bilan.files.get(format=BilanFormat.PDF).file
    for user in (cast.buyer_user_a, cast.facilitator):
        client.force_login(user)
        assert client.get(reverse("file_download", args=[stored.pk])).getvalue() == CONTENT["pdf"]
    assert BilanDelivery.objects.get().downloads == 1


def test_nothing_is_handed_over_before_it_is_published_with_its_files(cast):
    with pytest.raises(DomainError, match="une fois publié"):
        deliver_bilan(bilan=make_bilan(buyer=cast.buyer_a), addresses=["a@alpha.example"], by=cast.admin)
    bare = make_bilan(buyer=cast.buyer_b, published=True)
    with pytest.raises(DomainError, match="ne sont pas prêts"):
        deliver_bilan(bilan=bare, addresses=["a@alpha.example"], by=cast.admin)
    for addresses in ([], [" "], [f"a{n}@alpha.example" for n in range(21)]):
        with pytest.raises(DomainError):
            deliver_bilan(bilan=published_once(cast), addresses=addresses, by=cast.admin)
    assert not BilanDelivery.objects.exists() and not mail.outbox


def published_once(cast):
    from reporting.models import Bilan

    return Bilan.objects.published().filter(files__isnull=False).first() or published(cast.buyer_a)


def test_the_page_proposes_the_referents_and_says_who_has_no_address(client, cast):
    bilan = published(cast.buyer_a)
    ContactFactory(buyer=cast.buyer_a, name="Rose Référente", email="rose@alpha.example")
    ContactFactory(buyer=cast.buyer_a, name="Sans Adresse", email="")
    ContactFactory(buyer=cast.buyer_b, email="rose@bravo.example")
    client.force_login(cast.facilitator)
    url = reverse("bilan_deliver", args=[bilan.pk])
    page = client.get(url).text
    assert "rose@alpha.example" in page and "Sans adresse électronique\u202f: Sans Adresse" in page
    assert "bravo" not in page and cast.limited_a.email not in page
    response = client.post(url, {"recipients": [], "others": "pas une adresse"})
    assert "n’est pas une adresse électronique" in response.text
    response = client.post(url, {"recipients": [], "others": "dg@alpha.example"}, follow=True)
    assert "Le bilan est remis à 1 adresse." in response.text and "dg@alpha.example" in response.text
    assert "Déjà remis à dg@alpha.example" in client.get(url).text
    client.force_login(cast.buyer_user_a)
    assert client.get(url).status_code == 403
    assert "dg@alpha.example" not in client.get(reverse("bilan_detail", args=[bilan.pk])).text
