"""The watch on published contracts: what is kept, what is followed, what the duty asks, and what people decide."""

import datetime as dt
import io
import json
import threading
import urllib.request
from collections import Counter
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from clauses import coverage_fetch
from clauses.coverage_jobs import fetch_daily
from clauses.coverage_words import why
from clauses.decp import load_decp
from clauses.enums import CoverageState
from clauses.models import PublishedContract
from clauses.services.coverage import leave_aside, look_again, match_followed, say_followed, watch_file
from clauses.waiting import commitments_waiting
from core.errors import DomainError
from core.models import Job
from markets.decp import UnreadableFile, read_contracts
from markets.enums import BuyerKind
from markets.models import Buyer, Market
from tests.factories import (
    BuyerFactory,
    LotFactory,
    MarketFactory,
    ResponsibilityFactory,
    ThresholdFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).parents[3] / "shared/data/decp"
REAL = sorted((SHARED / "2022_reel").glob("*.json"))
LYON, LYON_SCHOOLS, ELSEWHERE = "21690123100011", "21690123100219", "21690266800013"


def contract(**changes):
    base = {
        "id": "2026-01",
        "acheteur": {"id": LYON},
        "nature": "Marché",
        "objet": "Construction d’une école",
        "codeCPV": "45214200",
        "procedure": "Procédure adaptée",
        "dureeMois": 12,
        "dateNotification": "2026-01-15",
        "datePublicationDonnees": "2026-01-20",
        "montant": 100000,
        "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": "50932828200025"}}],
        "considerationsSociales": {"considerationSociale": ["Clause sociale"]},
    }
    return {**base, **changes}


NOTHING = {"considerationSociale": ["Pas de considération sociale"]}


def as_bytes(*contracts):
    return json.dumps({"marches": {"marche": list(contracts)}}).encode()


def watch(*contracts, name="essai.json"):
    return watch_file(io.BytesIO(as_bytes(*contracts)), name=name)


def state():
    """Every published contract as values, and how many versions its history holds."""
    return list(PublishedContract.objects.order_by("pk").values()), PublishedContract.history.count()


@pytest.fixture
def lyon():
    return BuyerFactory(identifier=LYON, name="Ville de Lyon", kind=BuyerKind.COMMUNE)


@pytest.fixture
def works_threshold():
    """As the reference row of 2026: works of any buyer."""
    return ThresholdFactory(
        scope="works", buyer="", amount=Decimal("5404000"), valid_from=dt.date(2026, 1, 1), valid_to=None
    )


# --- Real files -----------------------------------------------------------------------------------------------


def _lines():
    for path in REAL:
        with path.open("rb") as source:
            yield from read_contracts(source)


@pytest.mark.shared
def test_the_real_files_give_exactly_the_34_clauses_10_criteria_and_7_reserved_markets_of_our_buyers():
    for identifier in sorted({line.buyer.identifier for line in _lines()}):
        BuyerFactory(identifier=identifier)
    total = Counter()
    for path in REAL:
        with path.open("rb") as source:
            report = watch_file(source, name=path.name)
        assert report.ours == report.read and not report.refused_count
        total += Counter(report.considerations) + Counter(read=report.read, unsaid=report.unsaid)
    assert total["clause"], total["criterion"] == (34, 10)
    assert total["reserved"] == 7
    assert total["read"] == 481  # 480 markets and one concession
    # The same lines counted by hand on the files: one row each for buyer, number and lot.
    wanted = {
        (line.buyer.identifier, line.number, line.lot_key)
        for line in _lines()
        if line.considerations & {"clause sociale", "critere social", "marche reserve", "concession reservee"}
    }
    kept = set(PublishedContract.objects.values_list("buyer__identifier", "number", "lot_key"))
    assert kept == wanted
    assert set(PublishedContract.objects.values_list("state", flat=True)) == {"to_look"}


@pytest.mark.shared
def test_only_our_buyers_are_kept_and_reading_again_changes_nothing():
    by_buyer = Counter(line.buyer.identifier for line in _lines() if "clause sociale" in line.considerations)
    first, second = [identifier for identifier, _number in by_buyer.most_common(2)]
    BuyerFactory(identifier=first)
    BuyerFactory(identifier=second)
    for path in REAL:
        with path.open("rb") as source:
            watch_file(source, name=path.name)
    before = state()
    assert set(PublishedContract.objects.values_list("buyer__identifier", flat=True)) == {first, second}
    for path in REAL:
        with path.open("rb") as source:
            report = watch_file(source, name=path.name)
            assert not report.made["nouveaux"] and not report.made["mis à jour"]
    assert state() == before


@pytest.mark.shared
@pytest.mark.slow
def test_a_file_loaded_later_makes_its_contracts_followed():
    path = REAL[0]
    with path.open("rb") as source:
        for identifier in {line.buyer.identifier for line in read_contracts(source)}:
            BuyerFactory(identifier=identifier)
    with path.open("rb") as source:
        report = watch_file(source, name=path.name)
    assert report.to_look and not report.followed
    with path.open("rb") as source:
        load_decp(source, name=path.name)
    assert match_followed() == 0  # told as soon as the load was written
    assert not PublishedContract.objects.filter(state=CoverageState.TO_LOOK).exists()
    with path.open("rb") as source:
        assert watch_file(source, name=path.name).followed == report.to_look


@pytest.mark.shared
def test_the_official_xml_examples_read_as_their_contracts():
    with (SHARED / "exemples_officiels/Marche.xml").open("rb") as source:
        market = next(iter(read_contracts(source)))
    assert (market.nature, market.number, market.buyer.identifier) == ("market", "TEST2022", "21750001630040")
    assert market.considerations == {"clause sociale", "critere social"}
    with (SHARED / "exemples_officiels/Contrat-concession.xml").open("rb") as source:
        concessions = list(read_contracts(source))
    assert [row.nature for row in concessions] == ["concession", "concession"]
    assert concessions[0].amount == Decimal("10.30") and len(concessions[0].holders) == 2
    with (SHARED / "2019_reel_metropole_de_lyon_extrait.xml").open("rb") as source:
        (market,) = read_contracts(source)
    assert (market.amount, market.holders[0].name) == (Decimal("260000.00"), "IVANHOE")
    assert market.published_on == dt.date(2019, 1, 17)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b'<!DOCTYPE a [<!ENTITY b "c">]><marches><marche><id>&b;</id></marche></marches>',
            "type de document",
        ),
        (b"<marches><marche><id>1</id></marche><marche>", "tronqué ou mal formé"),
        (b"<html><body>Non</body></html>", "aucun marché"),
        (b"<marches>" + b"<a>" * 100, "trop profondément"),
        (b"<marches><marche><id>" + b"1" * 2_000_000 + b"</id></marche></marches>", "mégaoctet"),
    ],
)
def test_an_xml_file_that_is_no_decp_gets_a_sentence(content, sentence):
    with pytest.raises(UnreadableFile, match=sentence):
        list(read_contracts(io.BytesIO(content)))


# --- What is kept ---------------------------------------------------------------------------------------------


def test_an_establishment_is_known_by_its_siren_and_another_buyer_is_left_out(lyon):
    report = watch(
        contract(id="1"),
        contract(id="2", acheteur={"id": LYON_SCHOOLS}),
        contract(id="3", acheteur={"id": ELSEWHERE}),
        contract(id="4", considerationsSociales=NOTHING),
    )
    assert (report.read, report.ours, report.to_look) == (4, 3, 2)
    assert list(PublishedContract.objects.order_by("number").values_list("number", "buyer")) == [
        ("1", lyon.pk),
        ("2", lyon.pk),
    ]


def test_an_establishment_of_ours_keeps_its_own_contracts_and_its_markets_answer_for_the_others(lyon):
    schools = BuyerFactory(identifier=LYON_SCHOOLS)
    MarketFactory(buyer=lyon, reference="2026-01")
    report = watch(contract(acheteur={"id": LYON_SCHOOLS}))
    row = PublishedContract.objects.get()
    assert (row.buyer, row.state, row.market.buyer, report.followed) == (schools, "followed", lyon, 1)


def test_a_contract_is_followed_by_its_number_its_decp_number_or_its_lot(lyon):
    MarketFactory(buyer=lyon, reference="A")
    MarketFactory(buyer=lyon, reference="autre", decp_id="B")
    lotted = MarketFactory(buyer=lyon, reference="C")
    LotFactory(market=lotted, decp_key="un autre lot|50932828200025")
    MarketFactory(buyer=BuyerFactory(identifier=ELSEWHERE), reference="D")
    watch(*(contract(id=number) for number in "ABCD"))
    states = dict(PublishedContract.objects.values_list("number", "state"))
    assert states == {"A": "followed", "B": "followed", "C": "to_look", "D": "to_look"}


def test_a_later_publication_updates_and_an_older_one_does_not(lyon):
    watch(contract())
    watch(contract(montant=120000, datePublicationDonnees="2026-02-20"), name="suite.json")
    row = PublishedContract.objects.get()
    assert (row.amount, row.source) == (Decimal("120000.00"), "suite.json")
    before = state()
    watch(contract(), name="ancien.json")
    watch(contract(montant=120000, datePublicationDonnees="2026-02-20"), name="copie.json")
    assert state() == before


def test_a_publication_without_its_consideration_is_told_and_nothing_goes(lyon):
    watch(contract())
    watch(contract(considerationsSociales=NOTHING, datePublicationDonnees="2026-03-01"))
    row = PublishedContract.objects.get()
    assert row.considerations == [] and "n’annonce plus" in why(row)


def test_what_was_decided_is_not_updated_until_it_is_undone(lyon):
    user = UserFactory(role="facilitator")
    watch(contract())
    row = PublishedContract.objects.get()
    with pytest.raises(DomainError, match="Dites pourquoi"):
        leave_aside(contract=row, reason="  ", user=user)
    leave_aside(contract=row, reason="suivi par la Métropole", user=user)
    report = watch(contract(montant=130000, datePublicationDonnees="2026-05-01"))
    row.refresh_from_db()
    assert (row.state, row.amount, report.made["déjà décidés"]) == ("left", Decimal("100000.00"), 1)
    look_again(contract=row, user=user)
    watch(contract(montant=130000, datePublicationDonnees="2026-05-01"))
    row.refresh_from_db()
    assert (row.state, row.amount, row.reason) == ("to_look", Decimal("130000.00"), "")


def test_a_market_of_another_buyer_is_refused(lyon):
    user = UserFactory(role="facilitator")
    watch(contract())
    row = PublishedContract.objects.get()
    with pytest.raises(DomainError, match="n’est pas de ce donneur d’ordre"):
        say_followed(contract=row, market=MarketFactory(), user=user)
    say_followed(contract=row, market=MarketFactory(buyer=lyon), user=user)
    with pytest.raises(DomainError, match="suivi ici"):
        leave_aside(contract=row, reason="x", user=user)


def test_a_market_opened_later_is_followed(lyon, django_capture_on_commit_callbacks):
    watch(contract())
    with django_capture_on_commit_callbacks(execute=True):
        market = MarketFactory(buyer=lyon, reference="2026-01")
    row = PublishedContract.objects.get()
    assert (row.state, row.market, row.decided_at) == ("followed", market, None)


# --- The duty -------------------------------------------------------------------------------------------------

DUE = {
    "dateNotification": "2026-09-10",
    "datePublicationDonnees": "2026-09-20",
    "considerationsSociales": NOTHING,
}


def test_a_contract_above_the_threshold_since_22_august_without_anything_is_to_look(lyon, works_threshold):
    report = watch(
        contract(id="dessus", montant=5404000, **DUE),
        contract(id="dessous", montant=5403999, **DUE),
        contract(id="avant", montant=9000000, considerationsSociales=NOTHING, dateNotification="2026-08-21"),
        contract(id="sans montant", montant=None, **DUE),
        contract(
            id="clause",
            montant=9000000,
            **{**DUE, "considerationsSociales": {"considerationSociale": ["Clause sociale"]}},
        ),
    )
    rows = {row.number: row for row in PublishedContract.objects.all()}
    assert set(rows) == {"dessus", "clause"}
    assert rows["dessus"].is_due is True and rows["dessus"].considerations == []
    assert "10/09/2026" in why(rows["dessus"]) and "obligatoire" in why(rows["dessus"])
    assert (report.to_look, report.due_without, report.unsaid) == (2, 1, 1)


def test_the_lots_of_a_number_are_compared_together_and_one_clause_is_enough(lyon, works_threshold):
    watch(
        contract(id="deux lots", objet="Lot 1", montant=3000000, **DUE),
        contract(id="deux lots", objet="Lot 2", montant=3000000, **DUE),
        contract(id="une clause", objet="Lot 1", montant=3000000, **DUE),
        contract(
            id="une clause",
            objet="Lot 2",
            montant=3000000,
            **{**DUE, "considerationsSociales": {"considerationSociale": ["Critère social"]}},
        ),
    )
    kept = PublishedContract.objects.order_by("number", "object").values_list(
        "number", "object", "is_due", "considerations"
    )
    assert list(kept) == [
        ("deux lots", "Lot 1", True, []),
        ("deux lots", "Lot 2", True, []),
        ("une clause", "Lot 2", True, ["criterion"]),
    ]


def test_one_object_held_by_two_companies_is_counted_once(lyon, works_threshold):
    other = [{"titulaire": {"typeIdentifiant": "SIRET", "id": "35600000000048"}}]
    watch(contract(montant=3000000, **DUE), contract(montant=3000000, titulaires=other, **DUE))
    assert not PublishedContract.objects.exists()


def test_nothing_is_said_of_the_duty_without_a_threshold(lyon):
    report = watch(contract(montant=9000000, **DUE))
    assert not PublishedContract.objects.exists() and report.unsaid == 1


# --- Pages ----------------------------------------------------------------------------------------------------


def test_the_page_filters_totals_and_exports_with_constant_queries(
    client, lyon, works_threshold, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    user = UserFactory(role="facilitator")
    client.force_login(user)
    watch(contract(id="0", montant=1234567890))
    url = reverse("coverage_list")
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        page = client.get(url).content.decode()
    assert "1\u202f234\u202f567\u202f890" in page
    watch(
        *(contract(id=str(number)) for number in range(1, 5)),
        contract(id="due", montant=6000000, **DUE),
        contract(id="critère", considerationsSociales={"considerationSociale": "Critère social"}),
    )
    with CaptureQueriesContext(connection) as six:
        page = client.get(url).content.decode()
    assert len(one) == len(six) <= 12
    # 1 234 567 890 + 5 × 100 000 + 6 000 000
    assert "1\u202f241\u202f067\u202f890" in page

    def found(**query):
        table = client.get(url, query).context["table"]
        return {row.record.number for row in table.paginated_rows}

    assert found(due="on") == {"due"} == found(consideration="none")
    assert found(consideration="criterion") == {"critère"}
    assert found(year="2025") == set() and len(found(year="2026")) == 7
    assert len(found(buyer=lyon.pk)) == 7 and found(state="left") == set() == found(mine="on")
    assert client.get(url, {"export": "csv"}).status_code == 200


def test_the_gestures_of_the_page(client, lyon):
    client.force_login(UserFactory(role="facilitator"))
    watch(contract())
    row = PublishedContract.objects.get()
    page = client.get(reverse("coverage_list")).content.decode()
    assert "personne ne suit ce contrat ici" in page
    prefilled = client.get(
        reverse("market_create"),
        {"acheteur": lyon.pk, "reference": "2026-01", "montant": "100000.00", "notifie": "2026-01-15"},
    )
    assert 'value="2026-01"' in prefilled.content.decode()
    leave = reverse("coverage_leave", args=[row.pk])
    assert "Ce champ" in client.post(leave, {"reason": ""}).content.decode() or row.state == "to_look"
    client.post(leave, {"reason": "hors de notre périmètre"})
    row.refresh_from_db()
    assert (row.state, row.reason) == ("left", "hors de notre périmètre")
    client.post(reverse("coverage_undo", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "to_look"
    market, foreign = MarketFactory(buyer=lyon), MarketFactory()
    match = reverse("coverage_match", args=[row.pk])
    client.post(match, {"market": foreign.pk})
    row.refresh_from_db()
    assert row.state == "to_look"
    client.post(match, {"market": market.pk})
    row.refresh_from_db()
    assert (row.state, row.market) == ("followed", market)


def test_opening_a_contract_fills_the_form_and_saving_it_makes_it_followed(
    client, lyon, django_capture_on_commit_callbacks
):
    client.force_login(UserFactory(role="facilitator"))
    watch(contract())
    rows = client.get(reverse("coverage_list")).context["table"].paginated_rows
    from clauses.coverage_list import gestures_of

    url = {label: url for url, label in gestures_of(next(iter(rows)).record)}["L’ouvrir ici"]
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    assert (typed["reference"], typed["amount"]) == ("2026-01", "100000.00")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, typed)
    assert answer.status_code == 302, answer.context["form"].errors
    market = Market.objects.get(reference="2026-01")
    assert (market.amount, market.notified_on) == (Decimal("100000.00"), dt.date(2026, 1, 15))
    assert PublishedContract.objects.get().market == market


def test_a_file_dropped_is_read_in_a_job_and_a_wrong_one_gets_a_sentence(
    client, lyon, django_capture_on_commit_callbacks
):
    client.force_login(UserFactory(role="facilitator"))
    url = reverse("coverage_drop")
    for content in (b"", b"PK\x03\x04\x00\x00", b"<html></html>"):
        answer = client.post(url, {"file": SimpleUploadedFile("contrats.json", content)})
        assert answer.status_code == 200 and answer.context["form"].errors["file"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url, {"file": SimpleUploadedFile("contrats.json", as_bytes(contract()))})
    job = Job.objects.get(kind="coverage_watch")
    assert (job.state, job.error) == ("done", "")
    assert (job.report["contrats_lus"], job.report["à_regarder"]) == (1, 1)
    assert "Voir les contrats publiés" in client.get(reverse("job_detail", args=[job.pk])).content.decode()


def test_the_watch_is_of_the_house_only(client, lyon):
    watch(contract())
    pk = PublishedContract.objects.get().pk
    gestures = ("coverage_match", "coverage_leave", "coverage_undo")
    addresses = [reverse("coverage_list"), reverse("coverage_drop")]
    addresses += [reverse(name, args=[pk]) for name in gestures]
    assert {client.get(url).status_code for url in addresses} == {302}
    for role, code in (("facilitator", 200), ("admin", 200), ("buyer", 403), ("company", 403)):
        client.force_login(UserFactory(role=role))
        assert {client.get(url).status_code for url in addresses} == {code}, role


def test_what_waits_is_told_to_who_answers_for_the_buyer(lyon):
    mine, other = UserFactory(role="facilitator"), UserFactory(role="facilitator")
    ResponsibilityFactory(market=None, buyer=lyon, facilitator=mine)
    watch(contract(id="1"), contract(id="2"))
    label = "contrats publiés à regarder"
    assert [item.count for item in commitments_waiting(mine) if item.label == label] == [2]
    assert [item.count for item in commitments_waiting(other) if item.label == label] == [0]
    assert list(commitments_waiting(UserFactory(role="buyer"))) == []


# --- Files of the command, and the address --------------------------------------------------------------------


class _Answer(BaseHTTPRequestHandler):
    content = b""
    code = 200
    to = ""

    def do_GET(self):
        self.send_response(self.code)
        if self.to:
            self.send_header("Location", self.to)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *args):
        pass


@pytest.fixture
def served(settings, monkeypatch):
    """An address of this machine that answers what the test says."""
    monkeypatch.setenv("no_proxy", "*")

    class Answer(_Answer):
        pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.DECP_URL = f"http://127.0.0.1:{server.server_port}/decp.json?cle=secret"
    yield Answer
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_command_reads_files_and_says_what_it_found(lyon, tmp_path, capsys):
    good, bad = tmp_path / "bon.json", tmp_path / "mauvais.json"
    good.write_bytes(as_bytes(contract()))
    bad.write_bytes(b"rien")
    call_command("watch_decp", str(good))
    assert "à regarder : 1" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 fichier n’a pas pu être lu"):
        call_command("watch_decp", str(bad))
    with pytest.raises(CommandError, match="Donnez un fichier"):
        call_command("watch_decp")


def test_the_address_is_read_by_the_command_and_once_a_day(lyon, served, django_capture_on_commit_callbacks):
    served.content = as_bytes(contract())
    call_command("watch_decp", "--fetch")
    assert PublishedContract.objects.get().source == "decp.json"
    today = dt.date(2026, 11, 22)
    with django_capture_on_commit_callbacks(execute=True):
        assert fetch_daily(today) == 1
    assert Job.objects.get(kind="coverage_fetch").state == "done"
    assert fetch_daily(today) == 0


def test_an_address_that_fails_gets_a_sentence_without_its_key(served, settings):
    def refusal():
        with pytest.raises(CommandError) as caught:
            call_command("watch_decp", "--fetch")
        assert "secret" not in str(caught.value)
        return str(caught.value)

    served.code = 404
    assert "répond 404" in refusal()
    served.code, served.to = 302, "file:///etc/passwd"
    assert "répond 302" in refusal()
    served.to = "ftp://exemple.fr/decp.json"
    assert "http ou https" in refusal()
    served.code, served.to, served.content = 200, "", b"{" * 2_000
    settings.DECP_MAX_BYTES = 1_000
    assert "dépasse" in refusal()
    settings.DECP_URL = "ftp://exemple.fr/decp.json"
    assert "http ou https" in refusal()
    settings.DECP_URL = ""
    assert "Aucune adresse" in refusal()
    assert fetch_daily(dt.date(2026, 11, 22)) == 0


def test_a_redirection_never_leaves_https():
    handler = coverage_fetch._SameSchemes()
    asked = urllib.request.Request("https://exemple.fr/decp.json")
    with pytest.raises(DomainError, match="plus en https"):
        handler.redirect_request(asked, io.BytesIO(), 302, "", {}, "http://exemple.fr/decp.json")
    followed = handler.redirect_request(asked, io.BytesIO(), 302, "", {}, "https://ailleurs.fr/decp.json")
    assert followed.full_url == "https://ailleurs.fr/decp.json"


def test_buyers_without_an_identifier_are_never_taken_for_ours():
    Buyer.objects.all().delete()
    BuyerFactory(identifier="")
    assert watch(contract(acheteur={"nom": "Ville de Lyon"})).ours == 0
