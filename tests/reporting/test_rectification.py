"""A rectified version says what it changes, against the version that it replaces; logos are frozen with the figures."""

import base64
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from core.files import read_file, store_file
from markets.models import Buyer
from markets.services.files import BUYER_LOGO_KIND
from reporting.documents import bilan_pdf
from reporting.services.drafts import save_narrative, start_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan
from reporting.snapshot.rectification import rectification_of
from tests.factories import (
    BuyerFactory,
    HoursEntryFactory,
    HouseFactory,
    UserFactory,
    eligible_assignment,
    make_bilan,
)

pytestmark = pytest.mark.django_db


def picture(kind="PNG", size=(40, 20), noise=False):
    out = io.BytesIO()
    made = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, "#0b5f6b")
    made.save(out, kind)
    return out.getvalue()


def rectified(buyer, reason="Un relevé était compté deux fois.", **texts):
    user = UserFactory(admin=True)
    bilan = start_bilan(buyer=buyer, year=2025, user=user, rectification_reason=reason)
    if texts:
        bilan = save_narrative(bilan=bilan, texts=texts, seen_version=bilan.edit_version, user=user)
    return freeze(bilan=review_bilan(bilan=bilan, user=user), user=user)


# --- What changes ---------------------------------------------------------------------------------------------


def test_a_first_version_changes_nothing_and_a_second_one_names_its_reason(cast):
    assignment = eligible_assignment(commitment=cast.commitment_a)
    entry = HoursEntryFactory(assignment=assignment, hours=100, counted=True)
    first = make_bilan(buyer=cast.buyer_a, published=True, narrative={"heures": "Avant."})
    assert first.snapshot["rectification"] is None
    # What a first version counted was wrong: the row goes, as a test may and a person may not.
    HoursEntryFactory(
        assignment=assignment, month=entry.month.replace(month=entry.month.month + 1), hours=20, counted=True
    )
    found = rectified(cast.buyer_a, heures="Après.").snapshot["rectification"]
    assert found["reason"] == "Un relevé était compté deux fois."
    assert found["previous_version"] == 1 and found["sections"] == ["Heures et entreprises"]
    changes = {row["label"]: (row["before"], row["after"]) for row in found["changes"]}
    assert changes["Heures d’insertion réalisées"] == ("100.00", "120.00")
    # The same people: nothing is said of what did not move.
    assert not any(label.startswith("Personne") for label in changes)
    [by_company] = [
        change for label, change in changes.items() if "par entreprise" in label and "Heures 2025" in label and "Alpha" in label
    ]  # fmt: skip
    assert by_company == ("100.00", "120.00")


def test_a_rectified_version_that_changes_no_figure_says_so(cast):
    make_bilan(buyer=cast.buyer_a, published=True)
    found = rectified(cast.buyer_a, essentiel="Un mot de plus.").snapshot["rectification"]
    assert found["changes"] == [] and found["more"] == 0 and found["sections"] == ["L’essentiel"]


def test_what_an_older_maillon_did_not_tell_is_no_correction(cast):
    first = make_bilan(buyer=cast.buyer_a, published=True).snapshot
    now = {**first, "version": 2, "figures": {**first["figures"], "hours": "12.00", "new_indicator": "3"}}
    now["chapters"] = [{"key": "x", "blocks": [{"type": "key_figures", "key": "k", "items": [
        {"key": "hours", "label": "d’insertion réalisées", "kind": "hours"},
        {"key": "new_indicator", "label": "nouveau", "kind": "number"},
    ]}]}]  # fmt: skip
    labels = {change["label"] for change in rectification_of(now)["changes"]}
    assert "Nouveau" in labels and "Heures d’insertion réalisées" in labels
    labels = {change["label"] for change in rectification_of({**now, "schema_version": 99})["changes"]}
    assert "Nouveau" not in labels and "Heures d’insertion réalisées" in labels


def test_a_table_that_the_version_before_did_not_have_is_named(cast):
    first = make_bilan(buyer=cast.buyer_a, published=True).snapshot
    table = {
        "type": "table",
        "key": "outcomes_situations",
        "title": "Situation la plus récente",
        "columns": [{"key": "label", "label": "Situation", "kind": "text"}],
        "rows": [{"key": "durable", "cells": {"label": "Emploi durable"}}],
    }
    chapter = {
        "key": "outcomes",
        "blocks": [table, {**table, "key": "empty", "title": "Sans ligne", "rows": []}],
    }
    found = rectification_of({**first, "version": 2, "chapters": [chapter]})
    assert found["added"] == ["Situation la plus récente"]


def test_the_page_of_a_rectified_version_shows_what_changes(cast, signed_in):
    make_bilan(buyer=cast.buyer_a, published=True)
    bilan = rectified(cast.buyer_a)
    page = signed_in(cast.buyer_user_a).get(reverse("bilan_detail", args=[bilan.pk])).text
    assert "Ce que change cette version" in page and "Aucun chiffre ne change." in page


# --- Logos ----------------------------------------------------------------------------------------------------


def test_a_bilan_keeps_the_logos_of_its_day_and_its_pdf_is_made_again_from_it_alone():
    house, buyer = HouseFactory(), BuyerFactory()
    house.logo = store_file(kind="house_logo", name="a.png", content=picture(), user=None)
    house.save()
    buyer.logo = store_file(kind=BUYER_LOGO_KIND, name="b.jpg", content=picture("JPEG"), user=None)
    buyer.save()
    bilan = make_bilan(buyer=buyer, published=True)
    assert set(bilan.snapshot["logos"]) == {"house", "buyer"}
    before = bilan_pdf(bilan.snapshot)
    house.logo = buyer.logo = None
    house.save()
    buyer.save()
    assert bilan_pdf(bilan.snapshot) == before
    [figures] = make_files(bilan=bilan, user=None, formats=["json"])
    assert "logos" not in json.loads(read_file(figures.file))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_heavy_logo_is_made_light_before_it_is_frozen(kind):
    heavy = picture(kind, (1500, 900), noise=True)
    assert len(heavy) > 200_000
    buyer = BuyerFactory()
    buyer.logo = store_file(kind=BUYER_LOGO_KIND, name=f"l.{kind.lower()}", content=heavy, user=None)
    buyer.save()
    address = make_bilan(buyer=buyer, published=True).snapshot["logos"]["buyer"]
    assert len(address) <= 150_000
    head, _, content = address.partition(",")
    assert head == f"data:image/{kind.lower()};base64"
    made = Image.open(io.BytesIO(base64.b64decode(content)))
    assert made.width / made.height == pytest.approx(1500 / 900, rel=0.02)


def test_a_logo_that_is_lost_or_broken_leaves_the_name():
    buyer = BuyerFactory()
    buyer.logo = store_file(kind=BUYER_LOGO_KIND, name="l.png", content=picture(noise=True)[:200], user=None)
    buyer.save()
    assert "logos" not in make_bilan(buyer=buyer, published=True).snapshot


def buyer_data(buyer, **changes):
    return {
        "name": buyer.name, "kind": buyer.kind, "identifier_kind": buyer.identifier_kind,
        "identifier": buyer.identifier, **changes,
    }  # fmt: skip


def test_the_house_gives_a_buyer_its_logo_and_takes_it_back(cast, signed_in):
    house, buyer = signed_in(cast.facilitator), cast.buyer_a
    edit = reverse("buyer_edit", args=[buyer.pk])
    given = SimpleUploadedFile("logo.png", picture(), content_type="image/png")
    assert house.post(edit, buyer_data(buyer, new_logo=given)).status_code == 302
    buyer = Buyer.objects.get(pk=buyer.pk)
    address = reverse("file_download", args=[buyer.logo_id])
    assert address in house.get(reverse("buyer_detail", args=[buyer.pk])).text
    # Its own accounts open it; another buyer's do not.
    opened = signed_in(cast.buyer_user_a).get(address)
    assert opened.status_code == 200 and b"".join(opened.streaming_content) == picture()
    opened.close()
    assert signed_in(cast.buyer_user_b).get(address).status_code == 404
    house = signed_in(cast.facilitator)
    house.post(edit, buyer_data(buyer, without_logo="on"))
    assert Buyer.objects.get(pk=buyer.pk).logo is None


@pytest.mark.parametrize(
    "content", [b"", b"not an image at all", picture(noise=True)[:200], b"\x89PNG\r\n\x1a\n" + b"0" * 3_000_000],
    ids=["empty", "text", "cut", "too_big"],
)  # fmt: skip
def test_a_picture_that_is_none_is_refused_and_the_former_one_stays(cast, signed_in, content):
    buyer = cast.buyer_a
    buyer.logo = store_file(kind=BUYER_LOGO_KIND, name="l.png", content=picture(), user=None)
    buyer.save()
    response = signed_in(cast.facilitator).post(
        reverse("buyer_edit", args=[buyer.pk]),
        buyer_data(buyer, new_logo=SimpleUploadedFile("logo.png", content, content_type="image/png")),
    )
    assert response.status_code == 200 and response.context["form"].errors
    assert Buyer.objects.get(pk=buyer.pk).logo_id == buyer.logo_id
