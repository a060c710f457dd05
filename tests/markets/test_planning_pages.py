"""The pages of the planned purchases: each role does what is its own, a list is loaded step by step, nothing leaks."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import Job, StoredFile
from markets.models import Market, PlannedPurchase
from markets.planning_jobs import KIND
from markets.purchase_files import LIST_KIND, REFUSED_KIND, forget_old_files
from tests.factories import (
    CommuneFactory,
    CompanyFactory,
    CompanyKindFactory,
    DepartmentFactory,
    MarketFactory,
    PlannedPurchaseFactory,
    ThresholdFactory,
)

pytestmark = pytest.mark.django_db

CSV = (
    "Référence;Objet;Montant prévu HT;Famille;Lancement;SIRET acheteur\r\n"
    "A1;Réfection de l’école;1 234,56 €;travaux;30/03/2027;\r\n"
    "A2;Nettoyage;300 000;services;mars 2027;\r\n"
    "A3;Mobilier;-5;fournitures;;\r\n"
    ";;;;;\r\n"
    "TOTAL;;301 234,56;;;\r\n"
)


@pytest.fixture
def purchases(cast):
    """A purchase of each side, with words of its own."""
    ThresholdFactory(code="o", scope="supplies_services", buyer="other", amount=Decimal("216000"))
    ThresholdFactory(code="w", scope="works", amount=Decimal("5404000"))
    own = {"buyer": cast.buyer_a, "department": cast.department_a}
    cast = SimpleNamespace(**{entry.name: getattr(cast, entry.name) for entry in dataclasses.fields(cast)})
    cast.purchase_a = PlannedPurchaseFactory(**own, object="École Alpha, réfection", reference="ALPHA-P1")
    cast.purchase_a2 = PlannedPurchaseFactory(
        buyer=cast.buyer_a,
        department=cast.other_department_a,
        object="Rue Alpha, pavage neuf",
        reference="ALPHA-P2",
    )
    cast.purchase_b = PlannedPurchaseFactory(
        buyer=cast.buyer_b, object="Gymnase Bravo, toiture", reference="BRAVO-P1", amount=Decimal("777000")
    )
    return cast


def detail(purchase):
    return reverse("purchase_detail", args=[purchase.pk])


# --- Who sees what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["buyer_user_a", "limited_a"])
def test_no_word_of_the_other_buyer_is_on_any_page_nor_export(purchases, signed_in, name) -> None:
    client = signed_in(getattr(purchases, name))
    pages = [
        reverse("purchase_list"),
        reverse("purchase_create"),
        reverse("purchase_import"),
        detail(purchases.purchase_a),
    ]
    for url in pages:
        html = client.get(url).content.decode()
        assert "bravo" not in html.casefold() and "777" not in html, url
    export = b"".join(client.get(reverse("purchase_list"), {"export": "csv"}).streaming_content).decode()
    assert "ALPHA-P1" in export and "BRAVO" not in export


def test_a_limited_account_reads_its_department_s_purchases_only(purchases, signed_in) -> None:
    client = signed_in(purchases.limited_a)
    html = client.get(reverse("purchase_list")).content.decode()
    assert "ALPHA-P1" in html and "ALPHA-P2" not in html and "pavage" not in html
    assert client.get(detail(purchases.purchase_a2)).status_code == 404


@pytest.mark.parametrize("page", ["detail", "edit", "remove", "ask"])
def test_the_other_buyer_s_purchase_is_not_found(purchases, signed_in, page) -> None:
    url = reverse(f"purchase_{page}", args=[purchases.purchase_b.pk])
    client = signed_in(purchases.buyer_user_a)
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404


@pytest.mark.parametrize("page", ["targeting", "request", "start", "history"])
def test_the_targeting_and_its_following_are_the_house_s(purchases, signed_in, page) -> None:
    url = reverse(f"purchase_{page}", args=[purchases.purchase_a.pk])
    assert signed_in(purchases.buyer_user_a).get(url).status_code == 403


def test_a_buyer_reads_neither_the_directory_s_count_nor_who_noted_the_decision(purchases, signed_in) -> None:
    purchases.purchase_a.targeting = "kept"
    purchases.purchase_a.targeted_on = dt.date(2026, 11, 1)
    purchases.purchase_a.targeted_by = purchases.facilitator
    purchases.purchase_a.save()
    html = signed_in(purchases.buyer_user_a).get(detail(purchases.purchase_a)).content.decode()
    assert "Retenu le 01/11/2026" in html
    assert "Qui peut répondre" not in html and "Facile" not in html
    assert reverse("purchase_edit", args=[purchases.purchase_a.pk]) not in html


# --- The list -----------------------------------------------------------------------------------------------


def found(client, **filters):
    response = client.get(reverse("purchase_list"), filters)
    return {row.record.reference for row in response.context["table"].page.object_list}


def test_the_list_is_filtered_by_buyer_year_targeting_duty_and_saisine(purchases, signed_in) -> None:
    client = signed_in(purchases.facilitator)
    PlannedPurchaseFactory(
        reference="S1", family="services", amount=Decimal("216000"), year=2028, planned_on=None
    )
    PlannedPurchaseFactory(
        reference="S2",
        family="services",
        amount=Decimal("300000"),
        targeting="dismissed",
        targeting_reason="x",
        derogation="no_link",
    )
    PlannedPurchaseFactory(reference="S3", family="services", amount=None, asked_on=dt.date(2026, 11, 2))
    assert found(client, buyer=purchases.buyer_b.pk) == {"BRAVO-P1"}
    assert found(client, year=2028) == {"S1"}
    assert found(client, targeting="dismissed") == {"S2"}
    assert found(client, duty="concerned") == {"S1", "S2"}
    assert found(client, duty="to_decide") == {"S1"}
    assert found(client, duty="derogated") == {"S2"}
    assert found(client, duty="unknown") == {"S3"}
    assert found(client, to_answer="on") == {"S3"}
    assert found(client, family="works") == {"ALPHA-P1", "ALPHA-P2", "BRAVO-P1"}
    assert found(client, q="toiture") == {"BRAVO-P1"}


def test_the_list_says_how_many_are_concerned_met_and_derogated(purchases, signed_in) -> None:
    big = {"family": "services", "amount": Decimal("216000")}
    PlannedPurchaseFactory.create_batch(2, **big)
    PlannedPurchaseFactory(**big, targeting="kept")
    PlannedPurchaseFactory(**big, targeting="dismissed", targeting_reason="x", derogation="no_link")
    PlannedPurchaseFactory(**big, targeting="dismissed", targeting_reason="x")
    context = signed_in(purchases.facilitator).get(reverse("purchase_list")).context
    assert context["duty"] == {
        "not_concerned": 3,
        "unknown": 0,
        "to_decide": 2,
        "met": 1,
        "derogated": 1,
        "to_justify": 1,
        "concerned": 5,
    }
    assert context["targeting"] == {"to_study": 5, "kept": 1, "dismissed": 2, "to_answer": 0}
    html = signed_in(purchases.facilitator).get(reverse("purchase_list")).content.decode()
    assert "5 achats sont soumis" in html.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_buyer_s_tab_shows_a_year_at_a_time(purchases, signed_in) -> None:
    PlannedPurchaseFactory(buyer=purchases.buyer_a, year=2026, reference="OLD", object="Vieil achat")
    client = signed_in(purchases.facilitator)
    url = reverse("buyer_purchases", args=[purchases.buyer_a.pk])
    html = client.get(url).content.decode()
    assert "ALPHA-P1" in html and "Vieil achat" not in html and "BRAVO" not in html
    assert "Vieil achat" in client.get(url, {"annee": "2026"}).content.decode()
    assert client.get(url, {"annee": "9" * 30}).status_code == 200
    empty = client.get(reverse("buyer_purchases", args=[MarketFactory().buyer_id])).content.decode()
    assert "La liste des achats n’est pas encore là" in empty


# --- One purchase -------------------------------------------------------------------------------------------


def post_purchase(client, url, **changes):
    values = {
        "year": "2027",
        "reference": "N1",
        "object": "Achat neuf",
        "nature": "market",
        "family": "works",
        "cpv": "",
        "amount": "1 234,50 €",
        "lots": "2",
        "months": "",
        "procedure": "adapted",
        "technique": "none",
        "commune": "",
        "planned_on": "3/2/27",
        "notes": "",
    }
    return client.post(url, {**values, **changes})


def test_a_buyer_adds_a_purchase_to_its_own_list(cast, signed_in) -> None:
    response = post_purchase(signed_in(cast.buyer_user_a), reverse("purchase_create"))
    purchase = PlannedPurchase.objects.get(reference="N1")
    assert response.url == detail(purchase)
    assert (purchase.buyer, purchase.amount, purchase.planned_on) == (
        cast.buyer_a,
        Decimal("1234.50"),
        dt.date(2027, 2, 3),
    )


def test_a_buyer_writes_in_no_other_list_than_its_own(cast, signed_in) -> None:
    post_purchase(signed_in(cast.buyer_user_a), reverse("purchase_create"), buyer=cast.buyer_b.pk)
    assert set(PlannedPurchase.objects.order_by("pk")) == set(
        PlannedPurchase.objects.filter(buyer=cast.buyer_a)
    )


def test_a_limited_account_s_purchase_is_its_department_s(cast, signed_in) -> None:
    post_purchase(
        signed_in(cast.limited_a), reverse("purchase_create"), department=str(cast.other_department_a.pk)
    )
    assert PlannedPurchase.objects.get(reference="N1").department == cast.department_a


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"amount": "-5"}, "amount", "ne peut pas être négatif"),
        ({"amount": "1e17"}, "amount", "n’est pas un montant"),
        ({"amount": "100000000000000000"}, "amount", "dépasse tout montant"),
        ({"amount": "douze"}, "amount", "n’est pas un montant"),
        ({"year": "27"}, "year", "quatre chiffres"),
        ({"year": "99999999999999999999"}, "year", ""),
        ({"lots": "0"}, "lots", "de 1 à 200"),
        ({"lots": "201"}, "lots", "de 1 à 200"),
        ({"months": "-1"}, "months", ""),
        ({"cpv": "4521"}, "cpv", "huit chiffres"),
        ({"planned_on": "31/02/2027"}, "planned_on", ""),
        ({"reference": "ALPHA-P1"}, "reference", "déjà un achat prévu de cette référence"),
        ({"object": ""}, "object", ""),
    ],
)
def test_what_is_typed_wrong_gets_a_sentence_beside_its_field(
    purchases, signed_in, changes, field, words
) -> None:
    client = signed_in(purchases.facilitator)
    count = PlannedPurchase.objects.count()
    response = post_purchase(client, reverse("purchase_create"), buyer=purchases.buyer_a.pk, **changes)
    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert PlannedPurchase.objects.count() == count


def test_another_buyer_s_department_is_refused(purchases, signed_in) -> None:
    response = post_purchase(
        signed_in(purchases.facilitator),
        reverse("purchase_create"),
        buyer=purchases.buyer_a.pk,
        department=DepartmentFactory(buyer=purchases.buyer_b).pk,
    )
    assert "department" in response.context["form"].errors


def test_a_targeted_purchase_is_closed_to_its_buyer_and_open_to_the_house(purchases, signed_in) -> None:
    purchase = purchases.purchase_a
    purchase.targeting = "kept"
    purchase.save()
    url = reverse("purchase_edit", args=[purchase.pk])
    assert post_purchase(
        signed_in(purchases.buyer_user_a), url, reference="ALPHA-P1", object="Autre"
    ).url == detail(purchase)
    purchase.refresh_from_db()
    assert purchase.object == "École Alpha, réfection"
    post_purchase(signed_in(purchases.facilitator), url, reference="ALPHA-P1", object="Autre")
    purchase.refresh_from_db()
    assert purchase.object == "Autre"


def test_the_saisine_and_its_answer_are_two_gestures_of_two_people(purchases, signed_in) -> None:
    purchase = purchases.purchase_a
    assert signed_in(purchases.buyer_user_a).post(reverse("purchase_ask", args=[purchase.pk])).url == detail(
        purchase
    )
    house = signed_in(purchases.facilitator)
    assert "répondre à la saisine avant le" in house.get(detail(purchase)).content.decode()
    purchase.refresh_from_db()
    day = f"{purchase.asked_on:%d/%m/%Y}"
    house.post(reverse("purchase_request", args=[purchase.pk]), {"asked_on": day, "answered_on": day})
    purchase.refresh_from_db()
    assert purchase.answered_on == purchase.asked_on


def test_the_targeting_form_asks_for_a_ground_only_where_the_duty_may_apply(purchases, signed_in) -> None:
    client = signed_in(purchases.facilitator)
    url = reverse("purchase_targeting", args=[purchases.purchase_a.pk])
    assert "Motif de dérogation" not in client.get(url).content.decode()
    big = PlannedPurchaseFactory(family="services", amount=Decimal("300000"))
    url = reverse("purchase_targeting", args=[big.pk])
    assert "Motif de dérogation" in client.get(url).content.decode()
    values = {"targeting": "dismissed", "reason": "Sans main-d’œuvre", "on": "01/11/2026", "derogation": ""}
    response = client.post(url, {**values, "derogation_note": ""})
    assert "demande un motif de dérogation" in str(response.context["form"].errors["derogation"])
    client.post(url, {**values, "derogation": "no_link", "derogation_note": "Achat de licences"})
    html = client.get(detail(big)).content.decode()
    assert "dérogation motivée" in html and "Achat de licences" in html


def test_the_market_is_opened_from_the_purchase_and_shown_there(purchases, signed_in) -> None:
    purchase, client = purchases.purchase_a, signed_in(purchases.facilitator)
    purchase.targeting = "kept"
    purchase.save()
    url = reverse("purchase_start", args=[purchase.pk])
    assert client.get(url).context["form"].initial["reference"] == "ALPHA-P1"
    response = client.post(url, {"reference": "27-001", "facilitator": purchases.admin.pk})
    market = Market.objects.get(reference="27-001")
    assert response.url == reverse("market_lots", args=[market.pk])
    assert "Marché 27-001" in client.get(detail(purchase)).content.decode()
    assert client.get(url).url == reverse("market_detail", args=[market.pk])


def test_a_purchase_is_taken_off_after_one_question(purchases, signed_in) -> None:
    url = reverse("purchase_remove", args=[purchases.purchase_a.pk])
    client = signed_in(purchases.buyer_user_a)
    assert "ne sera plus sur la liste" in client.get(url).content.decode()
    client.post(url)
    assert not PlannedPurchase.objects.filter(pk=purchases.purchase_a.pk).exists()


# --- The advice ---------------------------------------------------------------------------------------------


def test_the_page_counts_who_can_answer_and_advises(purchases, signed_in) -> None:
    commune = CommuneFactory(code="69029", label="Bron")
    purchase = PlannedPurchaseFactory(commune=commune)
    for _ in range(2):
        CompanyKindFactory(company=CompanyFactory(commune=commune), kind="EI")
    CompanyKindFactory(company=CompanyFactory(commune=commune), kind="ORDINARY")
    client = signed_in(purchases.facilitator)
    response = client.get(detail(purchase), {"sector": "", "within": "25"})
    assert response.context["advice_count"] == 2
    assert response.context["advice"].label == "Poser une clause d’exécution"
    assert "autour de Bron" in response.content.decode()
    assert "commune=69029" in response.context["directory_url"]
    part = client.get(
        detail(purchase), {"within": "25"}, headers={"HX-Request": "true", "HX-Target": "conseil"}
    ).content.decode()
    assert "Poser une clause" in part and "<h1" not in part
    # What is typed in the address counts nothing else than the default.
    assert client.get(detail(purchase), {"within": "abc", "sector": "zzz"}).context["advice_count"] == 2


# --- The load of a list -------------------------------------------------------------------------------------


def upload(client, cast, content, name="liste 2027.csv", **more):
    values = {"buyer": cast.buyer_a.pk, "year": "2027", "file": SimpleUploadedFile(name, content), **more}
    return client.post(reverse("purchase_import"), values)


def columns(client, url):
    response = client.get(url)
    form = response.context["form"]
    query = {name: form[name].value() or "" for name in form.fields}
    opened = response.context["opened"]
    base = {**opened.query, "sheet": opened.index, "header": opened.header, "apercu": "1"}
    return client.get(url.split("?")[0], {**base, **query})


@pytest.mark.parametrize("name", ["facilitator", "buyer_user_a"])
def test_a_list_goes_from_the_file_to_the_purchases(cast, signed_in, name) -> None:
    client = signed_in(getattr(cast, name))
    to_columns = upload(client, cast, CSV.encode("cp1252", "replace"))
    assert StoredFile.objects.get(kind=LIST_KIND).name == "liste 2027.csv"
    to_preview = columns(client, to_columns.url)
    page = client.get(to_preview.url)
    plan = page.context["plan"]
    assert (len(plan.added), len(plan.refused), page.context["reading"].totals) == (2, 1, 1)
    assert "est négatif" in page.content.decode()
    assert not PlannedPurchase.objects.exists()

    refused = client.get(to_preview.url + "&export=refus")
    assert "A3;Mobilier" in refused.content.decode("utf-8-sig")
    assert "liste%202027" in refused["Content-Disposition"]

    response = client.post(to_preview.url)

    job = Job.objects.get(kind=KIND)
    assert response.url == reverse("job_detail", args=[job.pk])
    assert job.state == Job.State.DONE, job.error
    assert (job.report["achats ajoutés"], job.report["lignes refusées"]) == (2, 1)
    assert {row.reference for row in PlannedPurchase.objects.filter(buyer=cast.buyer_a, year=2027)} == {
        "A1",
        "A2",
    }
    # The list is forgotten; what is to be corrected is kept for whoever loaded it.
    assert not StoredFile.objects.filter(kind=LIST_KIND).exists()
    assert job.result_file.kind == REFUSED_KIND
    download = client.get(reverse("file_download", args=[job.result_file.pk]))
    assert "A3;Mobilier" in b"".join(download.streaming_content).decode("utf-8-sig")
    download.close()
    other = signed_in(cast.buyer_user_b)
    assert other.get(reverse("file_download", args=[job.result_file.pk])).status_code == 404
    assert "Voir les achats prévus" in client.get(response.url).content.decode()


def test_a_list_loaded_already_has_nothing_to_write(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    content = CSV.replace("A3;Mobilier;-5;fournitures;;\r\n", "").encode()
    client.post(columns(client, upload(client, cast, content).url).url)
    assert PlannedPurchase.objects.count() == 2
    page = client.get(columns(client, upload(client, cast, content).url).url)
    assert "Cette liste est déjà chargée" in page.content.decode()
    client.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"])
    assert PlannedPurchase.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"<html><body><table></table></body></html>", "page web"),
        (b"%PDF-1.4 rien", "n’est pas un tableau"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
        (b"a;b\n" * 30_000, "lignes"),
        (b"a;b;c\n" + b"x" * 21_000_000, "dépasse 20"),
    ],
)
def test_a_file_that_is_no_list_is_refused_beside_its_field_and_not_kept(
    cast, signed_in, content, words
) -> None:
    response = upload(signed_in(cast.facilitator), cast, content, name="liste.xlsx")
    assert response.status_code == 200
    assert words in str(response.context["form"].errors["file"])
    assert not StoredFile.objects.exists()


def test_without_the_column_of_the_object_nor_of_the_reference_there_is_no_preview(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    url = upload(client, cast, b"a;b\n1;2\n").url
    response = columns(client, url)
    assert response.status_code == 200
    assert "colonne de l’objet" in response.content.decode()


def test_one_column_does_not_serve_twice(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    url = upload(client, cast, b"a;b\n1;2\n").url
    response = client.get(url + "&apercu=1&sheet=0&header=1&c_object=0&c_reference=0")
    assert "sert déjà pour" in response.content.decode()


def test_a_list_is_opened_by_whoever_sent_it_and_by_the_house(cast, signed_in) -> None:
    url = upload(signed_in(cast.buyer_user_a), cast, CSV.encode()).url
    assert signed_in(cast.buyer_user_b).get(url).status_code == 404
    assert signed_in(cast.facilitator).get(url).status_code == 200
    # A buyer that is not one's own, a year that is none, a file of another kind.
    path = url.split("?")[0]
    client = signed_in(cast.buyer_user_a)
    for query in (f"buyer={cast.buyer_b.pk}&year=2027", "year=2027", f"buyer={cast.buyer_a.pk}&year=99999"):
        assert client.get(f"{path}?{query}").status_code == 404, query


def test_a_sheet_or_a_line_that_is_not_there_falls_back_on_what_is(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    url = upload(client, cast, CSV.encode()).url
    opened = client.get(url + "&sheet=99&header=99999").context["opened"]
    assert (opened.index, opened.header) == (0, 1)
    response = client.get(url.replace("?", "apercu/?") + "&c_object=77")
    assert response.status_code == 302


def test_the_forgotten_lists_go_after_their_days(cast, signed_in) -> None:
    upload(signed_in(cast.facilitator), cast, CSV.encode())
    stored = StoredFile.objects.get(kind=LIST_KIND)
    assert forget_old_files(dt.date.today()) == 0
    StoredFile.objects.filter(pk=stored.pk).update(created_at=stored.created_at - dt.timedelta(days=8))
    assert forget_old_files(dt.date.today()) == 1
    assert not StoredFile.objects.exists()


def test_a_job_whose_list_is_gone_says_so(cast, signed_in) -> None:
    client = signed_in(cast.facilitator)
    to_preview = columns(client, upload(client, cast, CSV.encode()).url).url
    client.post(to_preview)
    first = Job.objects.get(kind=KIND)
    first.pk, first.state = None, Job.State.QUEUED
    first.attempts = 0
    first.save()
    from core.jobs import run_job

    run_job(first.pk)
    first.refresh_from_db()
    assert (first.state, "n’est plus là" in first.error) == (Job.State.FAILED, True)
    assert PlannedPurchase.objects.count() == 2


def test_a_workbook_is_loaded_as_a_csv_is(cast, signed_in) -> None:
    from core.exports import Column, Sheet, write_xlsx

    rows = [("A1", "École", Decimal("1234.5"), "travaux")]
    names = (("Référence", "text"), ("Objet", "text"), ("Montant HT", "number"), ("Famille", "text"))
    stream = io.BytesIO()
    write_xlsx(
        [Sheet("Achats", [Column(n, k, lambda r, i=i: r[i]) for i, (n, k) in enumerate(names)], rows)], stream
    )
    client = signed_in(cast.facilitator)
    client.post(columns(client, upload(client, cast, stream.getvalue(), name="liste.xlsx").url).url)
    assert PlannedPurchase.objects.get().amount == Decimal("1234.50")


# --- Queries ------------------------------------------------------------------------------------------------


def asked(client, url):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code == 200, url
    return len(queries), [query["sql"][:150] for query in queries.captured_queries]


def test_one_purchase_or_six_the_same_number_of_queries_and_at_most_twelve(purchases, signed_in) -> None:
    purchase = purchases.purchase_a
    house = [
        reverse("purchase_list"),
        reverse("purchase_list") + "?duty=concerned&mine=on",
        reverse("purchase_list") + "?export=xlsx",
        reverse("buyer_purchases", args=[purchases.buyer_a.pk]),
        reverse("purchase_history", args=[purchase.pk]),
        reverse("threshold_list"),
        detail(purchase),
    ]
    mine = [reverse("purchase_list"), detail(purchase)]
    clients = [(signed_in(purchases.admin), house), (signed_in(purchases.buyer_user_a), mine)]
    few = {}
    for client, urls in clients:
        for url in urls:
            client.get(url).close()
            few[(id(client), url)] = asked(client, url)[0]
    for number in range(5):
        PlannedPurchaseFactory(
            buyer=purchases.buyer_a, department=purchases.department_a, commune=CommuneFactory()
        )
        CompanyKindFactory(company=CompanyFactory(commune=CommuneFactory()), kind="EI")
        ThresholdFactory(valid_from=dt.date(2028 + number, 1, 1))
        purchase.notes = f"encore {number}"
        purchase.save()
    grown, heavy = {}, {}
    for client, urls in clients:
        for url in urls:
            count, sqls = asked(client, url)
            if count != few[(id(client), url)]:
                grown[url] = (few[(id(client), url)], count)
            if count > 12:
                heavy[url] = (count, sqls)
    assert grown == {}
    assert heavy == {}
