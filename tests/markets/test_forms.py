"""What people type in the forms of this room: read as meant, or refused beside the field with the rest kept."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from markets.models import Award, Buyer, Company, CompanyKind, Contact, House, Lot, Market
from tests.factories import (
    AwardFactory,
    BuyerFactory,
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    CpvCodeFactory,
    DepartmentFactory,
    LotFactory,
    MarketFactory,
    siret,
)

pytestmark = pytest.mark.django_db
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


def errors_of(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def buyer_data(**changes):
    return {"name": "Ville neuve", "kind": "commune", "identifier_kind": "siret", "identifier": "", **changes}


def market_data(buyer, **changes):
    return {
        "buyer": buyer.pk,
        "reference": "2026-01",
        "object": "Nettoyage",
        "family": "services",
        "nature": "market",
        "procedure": "other",
        "technique": "none",
        **changes,
    }


def test_a_siret_is_read_with_its_spaces(house):
    number = siret(42)
    spaced = f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"
    response = house.post(reverse("buyer_create"), buyer_data(identifier=spaced))
    buyer = Buyer.objects.get(name="Ville neuve")
    assert buyer.identifier == number
    assert response.url == reverse("buyer_detail", args=[buyer.pk])


def test_a_wrong_siret_is_refused_beside_its_field_and_the_rest_is_kept(house):
    response = house.post(reverse("buyer_create"), buyer_data(identifier="130 003 544 00034"))
    assert "la clé de ce SIRET est fausse" in errors_of(response)["identifier"][0]
    html = response.content.decode()
    assert 'value="Ville neuve"' in html and 'value="130 003 544 00034"' in html
    assert not Buyer.objects.filter(name="Ville neuve").exists()


def test_a_malformed_identifier_is_kept_when_it_is_said_to_be_one(house):
    house.post(reverse("buyer_create"), buyer_data(identifier="abc 12", identifier_kind="unknown"))
    buyer = Buyer.objects.get(name="Ville neuve")
    assert (buyer.identifier, buyer.identifier_is_sound) == ("ABC12", False)


def test_no_identifier_is_said_as_such(house):
    house.post(reverse("company_create"), {"name": "Sans numéro", "identifier_kind": "siret"})
    assert Company.objects.get(name="Sans numéro").identifier_kind == "none"


def test_the_identifier_of_another_is_refused_beside_its_field(house):
    other = CompanyFactory()
    response = house.post(
        reverse("company_create"),
        {"name": "Double", "identifier_kind": "siret", "identifier": other.identifier},
    )
    assert errors_of(response) == {
        "identifier": ["Une entreprise porte déjà cet identifiant : ouvrez sa fiche."]
    }


@pytest.mark.parametrize(
    ("typed", "code"), [("bron", "69029"), ("Bron (69)", "69029"), ("69029", "69029"), ("BRON ", "69029")]
)
def test_a_commune_is_found_by_its_name_or_code(house, typed, code):
    CommuneFactory(code="69029", label="Bron")
    house.post(reverse("buyer_create"), buyer_data(commune=typed))
    assert Buyer.objects.get(name="Ville neuve").commune_id == code


def test_an_unknown_commune_and_two_of_one_name_are_said_so(house):
    CommuneFactory(code="69001", label="Saint-Genis", department_code="69")
    CommuneFactory(code="38001", label="Saint-Genis", department_code="38")
    response = house.post(reverse("buyer_create"), buyer_data(commune="Brron"))
    assert "n’est pas une commune connue" in errors_of(response)["commune"][0]
    response = house.post(reverse("buyer_create"), buyer_data(commune="saint genis"))
    assert "« Saint-Genis (38) » ou « Saint-Genis (69) »" in errors_of(response)["commune"][0]


def test_todays_commune_is_meant_when_a_former_one_has_its_name(house):
    CommuneFactory(code="69149", label="Oullins", valid_to=dt.date(2023, 12, 31))
    CommuneFactory(code="69999", label="Oullins")
    house.post(reverse("buyer_create"), buyer_data(commune="Oullins"))
    assert Buyer.objects.get(name="Ville neuve").commune_id == "69999"


def test_a_market_is_made_with_its_first_lot(house):
    response = house.post(
        reverse("market_create"),
        market_data(BuyerFactory(), amount="14 700,50 €", notified_on="3/2/26", planned_end="3 février 2027"),
    )
    market = Market.objects.get(reference="2026-01")
    assert market.amount == Decimal("14700.50")
    assert (market.notified_on, market.planned_end) == (dt.date(2026, 2, 3), dt.date(2027, 2, 3))
    assert market.lots.get().number == "1"
    assert response.url == reverse("market_lots", args=[market.pk])


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"amount": "-5"}, "amount", "ne peut pas être négatif"),
        ({"amount": "1e17"}, "amount", "n’est pas un montant"),
        ({"amount": "1" * 17}, "amount", "dépasse tout montant possible"),
        ({"amount": "douze"}, "amount", "n’est pas un montant"),
        (
            {"starts_on": "01/03/2026", "planned_end": "01/02/2026"},
            "planned_end",
            "précède l’ordre de service",
        ),
        (
            {"notified_on": "01/03/2026", "planned_end": "01/02/2026"},
            "planned_end",
            "précède la notification",
        ),
        ({"notified_on": "01/03/2026", "received_on": "01/02/2026"}, "received_on", "précède le début"),
        ({"notified_on": "31/02/2026"}, "notified_on", "n’existe pas au calendrier"),
        ({"cpv": "45"}, "cpv", "huit chiffres"),
        ({"cpv": "99123456"}, "cpv", "division 99"),
        ({"reference": ""}, "reference", "obligatoire"),
    ],
)
def test_bad_input_of_a_market_stands_beside_its_field(house, changes, field, sentence):
    CpvCodeFactory(code="45")
    response = house.post(reverse("market_create"), market_data(BuyerFactory(), **changes))
    found = errors_of(response)
    assert list(found) == [field]
    assert sentence in found[field][0]
    assert "Nettoyage" in response.content.decode()
    assert not Market.objects.filter(object="Nettoyage").exists()


def test_a_reference_is_taken_once_by_a_buyer(house):
    present = MarketFactory()
    response = house.post(reverse("market_create"), market_data(present.buyer, reference=present.reference))
    assert errors_of(response) == {"reference": ["Ce donneur d’ordre a déjà un marché de cette référence."]}


def test_the_department_of_another_buyer_is_refused(house):
    response = house.post(
        reverse("market_create"), market_data(BuyerFactory(), department=DepartmentFactory().pk)
    )
    assert "Cette direction n’est pas de" in errors_of(response)["department"][0]


def test_the_framework_of_another_buyer_is_refused(house):
    parent = MarketFactory(technique="framework")
    response = house.post(
        reverse("market_create"), market_data(BuyerFactory(), technique="subsequent", parent=parent.pk)
    )
    assert "Cet accord-cadre n’est pas de" in errors_of(response)["parent"][0]


def test_a_market_keeps_its_buyer(house):
    market = MarketFactory()
    house.post(
        reverse("market_edit", args=[market.pk]),
        market_data(BuyerFactory(), reference="2026-02", notified_on="15/01/2025"),
    )
    changed = Market.objects.get(pk=market.pk)
    assert (changed.reference, changed.buyer) == ("2026-02", market.buyer)


def test_a_closed_market_keeps_its_closing_after_its_notification(house):
    market = MarketFactory(closed=True)
    response = house.post(
        reverse("market_edit", args=[market.pk]), market_data(market.buyer, notified_on="01/07/2026")
    )
    assert errors_of(response) == {
        "notified_on": ["La clôture précède la notification : corrigez l’une des deux dates."]
    }


def test_lots_are_numbered_on_and_each_number_serves_once(house):
    lot = LotFactory(number="3")
    page = house.get(reverse("lot_create", args=[lot.market_id]))
    assert 'value="4"' in page.content.decode()
    response = house.post(reverse("lot_create", args=[lot.market_id]), {"number": "3", "reservation": "none"})
    assert errors_of(response) == {"number": ["Ce marché a déjà un lot de ce numéro."]}


@pytest.mark.parametrize("typed", ["name", "spaced siret", "lower case"])
def test_an_attributaire_is_found_by_name_or_number(house, typed):
    company = CompanyFactory(name="Menuiserie Dupré")
    text = {
        "name": "Menuiserie Dupré",
        "spaced siret": f"{company.identifier[:9]} {company.identifier[9:]}",
        "lower case": "menuiserie dupre",
    }[typed]
    lot = LotFactory()
    house.post(
        reverse("award_create", args=[lot.pk]), {"company": text, "role": "holder", "amount": "12 000"}
    )
    assert Award.objects.get(lot=lot).company == company


def test_a_company_without_file_is_refused_beside_its_field(house):
    response = house.post(
        reverse("award_create", args=[LotFactory().pk]), {"company": "Inconnue", "role": "holder"}
    )
    assert "n’a pas de fiche" in errors_of(response)["company"][0]


def test_a_company_is_attributaire_of_a_lot_once(house):
    award = AwardFactory()
    response = house.post(
        reverse("award_create", args=[award.lot_id]), {"company": award.company.name, "role": "holder"}
    )
    assert errors_of(response) == {"company": ["Cette entreprise est déjà attributaire de ce lot."]}


def test_a_lot_has_one_mandataire(house):
    award = AwardFactory(role="leader")
    response = house.post(
        reverse("award_create", args=[award.lot_id]), {"company": CompanyFactory().name, "role": "leader"}
    )
    assert errors_of(response) == {"role": ["Ce lot a déjà un mandataire."]}


def test_an_award_keeps_its_company(house):
    award = AwardFactory()
    house.post(
        reverse("award_edit", args=[award.pk]),
        {"company": CompanyFactory().name, "role": "leader", "amount": "1"},
    )
    changed = Award.objects.get(pk=award.pk)
    assert (changed.role, changed.company) == ("leader", award.company)


def test_a_company_may_hold_two_kinds_but_each_once(house, cast):
    url = reverse("company_kind_create", args=[cast.company_a.pk])
    house.post(url, {"kind": "EI", "starts_on": "01/01/2020"})
    house.post(url, {"kind": "ETTI"})
    assert set(cast.company_a.kinds.values_list("kind", flat=True)) == {"EI", "ETTI"}
    response = house.post(url, {"kind": "EI"})
    assert errors_of(response) == {
        "kind": ["Cette entreprise a déjà cette nature : fermez l’ancienne d’abord."]
    }


def test_a_kind_ends_after_it_starts(house):
    kind = CompanyKindFactory(kind="EI")
    response = house.post(
        reverse("company_kind_edit", args=[kind.pk]),
        {"kind": "EI", "starts_on": "02/01/2026", "ends_on": "01/01/2026"},
    )
    assert "précède" in errors_of(response)["ends_on"][0]
    assert CompanyKind.objects.get().ends_on is None


def test_contacts_and_departments_are_added_to_their_buyer(house, cast):
    buyer = cast.buyer_b
    house.post(
        reverse("buyer_contact_create", args=[buyer.pk]),
        {"kind": "main", "name": "Jo", "starts_on": "1/1/26"},
    )
    house.post(reverse("department_create", args=[buyer.pk]), {"name": "Voirie", "is_active": "on"})
    assert Contact.objects.get().buyer == buyer
    assert buyer.departments.get().name == "Voirie"
    page = house.get(reverse("buyer_contacts", args=[buyer.pk])).content.decode()
    assert "Jo" in page and "Voirie" in page


def test_a_former_contact_is_kept_apart(house, cast):
    Contact.objects.create(company=cast.company_a, name="Parti", ends_on=dt.date(2025, 1, 1))
    response = house.get(reverse("company_contacts", args=[cast.company_a.pk]))
    assert [row.name for row in response.context["former_contacts"]] == ["Parti"]
    assert not response.context["contacts"]


def test_handing_over_and_closing_by_their_pages(house, cast):
    market = cast.commitment_a.market
    house.post(reverse("market_hand_over", args=[market.pk]), {"to": cast.admin.pk, "on": "01/02/2026"})
    assert market.responsibilities.get().facilitator == cast.admin
    response = house.post(
        reverse("market_hand_over", args=[market.pk]), {"to": cast.facilitator.pk, "on": "01/02/2026"}
    )
    assert "choisissez un jour plus tardif" in errors_of(response)["on"][0]
    page = house.get(reverse("market_close", args=[market.pk])).content.decode()
    assert "ne se rouvre pas" in page and "1 lot" in page
    response = house.post(reverse("market_close", args=[market.pk]), {"on": "14/01/2025"})
    assert "la notification" in errors_of(response)["on"][0]
    house.post(reverse("market_close", args=[market.pk]), {"on": "30/06/2026"})
    market.refresh_from_db()
    assert market.closed_on == dt.date(2026, 6, 30)
    assert house.get(reverse("market_close", args=[market.pk])).status_code == 302


def test_only_people_of_the_house_are_offered_as_responsible(house, cast):
    form = house.get(reverse("market_hand_over", args=[cast.commitment_a.market_id])).context["form"]
    assert set(form.fields["to"].queryset) == {cast.facilitator, cast.admin}


def test_an_access_is_given_limited_and_removed(house, cast):
    page = house.get(reverse("buyer_invite", args=[cast.buyer_b.pk])).content.decode()
    assert "Direction Alpha" not in page
    house.post(
        reverse("buyer_invite", args=[cast.buyer_a.pk]),
        {
            "email": "new@ville.example",
            "first_name": "Noé",
            "last_name": "Neuf",
            "department": cast.department_a.pk,
        },
    )
    membership = cast.buyer_a.memberships.get(user__email="new@ville.example")
    assert membership.department == cast.department_a
    url = reverse("buyer_access_remove", args=[membership.pk])
    assert "ne montrera plus rien" in house.get(url).content.decode()
    assert cast.buyer_a.memberships.filter(pk=membership.pk).exists()
    house.post(url)
    assert not cast.buyer_a.memberships.filter(pk=membership.pk).exists()


def test_inviting_a_taken_address_says_so_beside_it(house, cast):
    response = house.post(
        reverse("company_invite", args=[cast.company_b.pk]),
        {"email": cast.buyer_user_a.email, "first_name": "A", "last_name": "B"},
    )
    assert "demandez-en une autre" in errors_of(response)["email"][0]


def test_the_house_keeps_its_logo_encrypted_and_lets_it_go(cast, signed_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    admin = signed_in(cast.admin)
    data = {"name": "Maison d’exemple", "siret": "130 003 544 00033"}
    admin.post(reverse("house_settings"), {**data, "new_logo": SimpleUploadedFile("logo.png", PNG)})
    house = House.objects.get()
    assert house.siret == "13000354400033"
    download = admin.get(reverse("file_download", args=[house.logo_id]))
    assert b"".join(download.streaming_content) == PNG
    download.close()
    admin.post(reverse("house_settings"), {**data, "without_logo": "on"})
    assert House.objects.get().logo is None


def test_a_logo_that_is_no_image_is_refused_beside_its_field(cast, signed_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    response = signed_in(cast.admin).post(
        reverse("house_settings"),
        {"name": "Maison", "new_logo": SimpleUploadedFile("logo.png", b"not an image at all")},
    )
    assert response.status_code == 200
    assert not House.objects.exists()
    assert errors_of(response)


def test_a_lot_of_a_market_without_number_is_one():
    assert Lot(market=MarketFactory()).number == "1"


def test_the_history_of_a_market_tells_its_lots_awards_clauses_and_commitments(house, cast):
    lot = cast.commitment_a.clause.lot
    house.post(
        reverse("lot_edit", args=[lot.pk]),
        {"number": lot.number, "object": "Charpente", "reservation": "siae"},
    )
    entries = house.get(reverse("market_history", args=[lot.market_id])).context["entries"]
    latest = entries[0]
    assert (latest.who, latest.what) == (str(cast.facilitator), f"lot {lot.number}, modification")
    assert {(change.label, change.old, change.new) for change in latest.changes} == {
        ("Objet", "Lot Alpha", "Charpente"),
        ("Réservation", "non réservé", "réservé SIAE (L2113-13)"),
    }
    told = {entry.what for entry in entries}
    assert f"attribution à {cast.company_a}, création" in told
    assert f"clause du lot {lot.number}, création" in told
    assert f"engagement de {cast.company_a}, création" in told


def test_an_access_taken_away_stays_in_the_history(house, cast):
    membership = cast.buyer_user_a.buyer_memberships.get()
    house.post(reverse("buyer_access_remove", args=[membership.pk]))
    entries = house.get(reverse("buyer_history", args=[cast.buyer_a.pk])).context["entries"]
    assert entries[0].what == f"accès de {cast.buyer_user_a}, suppression"
