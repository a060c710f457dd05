"""DECP files: the real ones load as published, again they change nothing, and a bad one gets a sentence."""

import io
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clauses.decp import clause_kind, family_of, load_decp
from clauses.enums import ClauseKind
from clauses.models import Clause
from core.models import Job
from markets.decp import Contract, Refused, UnreadableFile, read_contracts
from markets.enums import AwardRole, Family, IdentifierKind, MarketNature, Reservation, Source
from markets.models import Award, Buyer, Company, Lot, Market
from tests.factories import BuyerFactory, LotFactory, MarketFactory, UserFactory

pytestmark = pytest.mark.django_db
REAL = sorted((Path(__file__).parents[3] / "shared/data/decp/2022_reel").glob("*.json"))
SHARED = Path(__file__).parents[3] / "shared/data"


def contract(**changes):
    base = {
        "id": "2026-01",
        "acheteur": {"id": "21690149600010"},
        "nature": "Marché",
        "objet": "Construction d’une école",
        "codeCPV": "45214200",
        "procedure": "Procédure adaptée",
        "lieuExecution": {"code": "69149", "typeCode": "Code commune"},
        "dureeMois": 12,
        "dateNotification": "2026-01-15",
        "datePublicationDonnees": "2026-01-20",
        "montant": 100000,
        "typeGroupementOperateurs": "Pas de groupement",
        "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": "50932828200025"}}],
        "considerationsSociales": {"considerationSociale": ["Clause sociale"]},
    }
    return {**base, **changes}


def as_file(*contracts, concessions=()):
    content = {"marches": {"marche": list(contracts), "contrat-concession": list(concessions)}}
    return io.BytesIO(json.dumps(content).encode())


def load(*contracts, **options):
    return load_decp(as_file(*contracts), name="essai.json", **options)


def state():
    """Every row that a load may write, as values."""
    models = (Buyer, Market, Lot, Company, Award, Clause)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.slow
@pytest.mark.shared
def test_the_five_real_files_give_the_published_counts_and_loading_again_changes_nothing():
    lines, amount, considerations = 0, Decimal(0), {}
    for path in REAL:
        with path.open("rb") as source:
            report = load_decp(source, name=path.name)
        assert not report.refused_count and not report.stopped
        lines += report.lines["market"]
        amount += report.amount
        for name, count in report.considerations.items():
            considerations[name] = considerations.get(name, 0) + count
    assert (len(REAL), lines, amount) == (5, 480, Decimal("229963340.00"))
    assert considerations["clause sociale"] == 34
    assert considerations["critere social"] == 10
    assert considerations["marche reserve"] == 7
    concessions = Market.objects.filter(nature=MarketNature.CONCESSION)
    assert (Market.objects.count() - 1, concessions.count()) == (474, 1)
    assert Lot.objects.exclude(market__in=concessions).count() == 477
    lots = Lot.objects.exclude(market__in=concessions)
    assert lots.aggregate(total=Sum("amount"))["total"] == Decimal("201941522.00")
    lots = Lot.objects.exclude(market__in=concessions)
    assert lots.aggregate(total=Sum("amount"))["total"] == Decimal("201941522.00")
    before = state()
    for path in REAL:
        with path.open("rb") as source:
            load_decp(source, name=path.name)
    assert state() == before


def test_an_amended_contract_of_a_later_file_replaces_the_amount_and_an_older_one_does_not():
    older, newer = contract(), contract(montant=110000, datePublicationDonnees="2026-03-01")
    load(older)
    load(newer)
    assert (Lot.objects.get().amount, Market.objects.get().amount) == (Decimal(110000), Decimal(110000))
    load(older)
    assert Lot.objects.get().amount == Decimal(110000)


def test_one_number_may_cover_several_lots_with_their_own_holders():
    load(
        contract(objet="Fournitures, lot 2", montant=9000),
        contract(
            objet="Fournitures, lot 5",
            montant=171000,
            titulaires=[{"typeIdentifiant": "SIRET", "id": "44455346500014"}],
        ),
    )
    assert sorted(Lot.objects.values_list("number", "amount")) == [
        ("2", Decimal(9000)),
        ("5", Decimal(171000)),
    ]
    assert Market.objects.get().amount == Decimal(180000)


@pytest.mark.parametrize(
    ("change", "settled"),
    [(120000, Decimal(120000)), (5000, Decimal(100000)), (900000, Decimal(100000)), (None, Decimal(100000))],
)
def test_a_modification_is_a_new_total_when_it_may_be_one_and_is_flagged_otherwise(change, settled):
    modification = {"dateNotificationModification": "2026-02-01", "id": 1, "montant": change}
    report = load(contract(modifications=[{"modification": modification}]))
    assert Lot.objects.get().amount == settled
    assert bool(report.warnings) == (change in (5000, 900000))


def test_several_considerations_at_once_make_one_clause_and_a_reservation():
    words = ["Critère social", "Clause sociale", "Marché réservé"]
    load(contract(considerationsSociales={"considerationSociale": words}))
    assert Clause.objects.get().kind == ClauseKind.EXECUTION_AND_CRITERION
    assert Lot.objects.get().reservation == Reservation.TO_SPECIFY
    assert clause_kind(frozenset({"critere social"})) == ClauseKind.CRITERION
    assert clause_kind(frozenset({"pas de consideration sociale"})) is None


def test_a_group_has_a_leader_and_subcontractors_are_kept_with_their_amount():
    load(
        contract(
            typeGroupementOperateurs="Solidaire",
            titulaires=[
                {"typeIdentifiant": "SIRET", "id": "50932828200025"},
                {"titulaire": {"typeIdentifiant": "SIRET", "id": "44455346500014"}},
            ],
            actesSousTraitance=[
                {
                    "acteSousTraitance": {
                        "id": 1,
                        "montant": 7287,
                        "sousTraitant": {"typeIdentifiant": "SIRET", "id": "329 046 668 00086"},
                    }
                }
            ],
        )
    )
    roles = {
        row.company.identifier: (row.role, row.amount) for row in Award.objects.select_related("company")
    }
    assert roles == {
        "50932828200025": (AwardRole.LEADER, None),
        "44455346500014": (AwardRole.CO_CONTRACTOR, None),
        "32904666800086": (AwardRole.SUBCONTRACTOR, Decimal(7287)),
    }


@pytest.mark.parametrize(
    ("identifier", "kept", "kind"),
    [
        ("509 328 282 00025", "50932828200025", IdentifierKind.SIRET),
        ("99999999999999", "99999999999999", IdentifierKind.UNKNOWN),
        ("753830346", "753830346", IdentifierKind.UNKNOWN),
        ("12345678901234567890", "12345678901234567890", IdentifierKind.UNKNOWN),
        ("CDL", "", IdentifierKind.NONE),
    ],
)
def test_a_malformed_identifier_is_kept_and_flagged_never_dropped(identifier, kept, kind):
    report = load(contract(titulaires=[{"typeIdentifiant": "SIRET", "id": identifier}]))
    company = Award.objects.get().company
    assert (company.identifier, company.identifier_kind) == (kept, kind)
    assert bool(report.warnings) == (kind != IdentifierKind.SIRET)


def test_a_subcontractor_named_instead_of_numbered_keeps_its_name():
    act = {"sousTraitant": {"typeIdentifiant": "SIRET", "id": "DUPONT PEINTURE"}}
    load(contract(actesSousTraitance=[act]))
    assert Company.objects.filter(name="DUPONT PEINTURE", identifier="").exists()


@pytest.mark.parametrize("amount", [1e17, -5, "beaucoup"])
def test_an_amount_that_cannot_be_is_flagged_and_the_line_loads(amount):
    report = load(contract(montant=amount))
    assert report.warning_count == 1 and Lot.objects.get().amount is None


def test_a_line_without_number_or_buyer_is_reported_with_file_and_position_and_the_others_load():
    report = load(contract(id=None), contract(acheteur={}), contract(id="2026-02"), "texte")
    assert Market.objects.get().reference == "2026-02"
    assert report.refused[0].startswith("essai.json, ligne 1") and "identifiant" in report.refused[0]
    assert report.refused[1].startswith("essai.json, ligne 2") and "acheteur" in report.refused[1]


def test_what_a_person_typed_is_completed_and_never_replaced():
    buyer = BuyerFactory(identifier="21690149600010", name="Ville d’Oullins-Pierre-Bénite")
    market = MarketFactory(
        buyer=buyer, reference="2026-01", object="Notre école", amount=Decimal(90000), cpv=""
    )
    lot = LotFactory(market=market, number="1", amount=Decimal(90000))
    load(contract())
    market.refresh_from_db()
    lot.refresh_from_db()
    assert (market.object, market.amount, market.cpv, market.source) == (
        "Notre école",
        Decimal(90000),
        "45214200",
        Source.SCREEN,
    )
    assert (lot.amount, Lot.objects.count(), lot.clauses.count()) == (Decimal(90000), 1, 1)
    before = state()
    load(contract())
    assert state() == before


def test_a_rehearsal_reports_and_writes_nothing():
    report = load(contract(), dry_run=True)
    assert report.made["marchés"] == 1
    assert not Market.objects.exists() and not Buyer.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"   ", "vide"),
        (b"PK\x03\x04archive", "pas du JSON"),
        (b"id;objet\n1;a", "pas du JSON"),
        (b"{}", "aucun march"),
        (b'{"a": ' + b"[" * 50_000, "imbriqué"),
        (json.dumps({"marches": {"marche": [contract()]}}).encode()[:-30], "tronqué"),
        (b'{"marches": {"marche": [{"id": "' + b"x" * 3_000_000 + b'"}]}}', "mégaoctet"),
        # ijson's reader in C ends the whole process on a number of more than 4 300 digits.
        (b'{"marches": {"marche": [{"montant": ' + b"9" * 5_000 + b"}]}}", "400 chiffres"),
        (
            b'{"marches": {"marche": [{"objet": "'
            + b"x" * 65_000
            + b'", "montant": '
            + b"9" * 5_000
            + b"}]}}",
            "400 chiffres",
        ),
        (b'{"marches": {"marche": [{"id": "\xff\xfe"}]}}', "illisible"),
    ],
)
def test_a_file_that_is_not_one_gets_a_sentence(content, words):
    report = load_decp(io.BytesIO(content), name="essai.json")
    assert words in report.stopped
    assert not Market.objects.exists()


def test_a_line_with_far_too_many_values_is_refused_and_the_others_load():
    report = load(contract(id="A", titulaires=[{"id": str(n)} for n in range(30_000)]), contract(id="B"))
    assert Market.objects.get().reference == "B" and "20000 valeurs" in report.refused[0]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["decp_test_2019.json", "decp_test_2022.json"])
def test_the_dirty_files_load_without_a_traceback(name):
    with (SHARED / "decp/sale" / name).open("rb") as source:
        report = load_decp(source, name=name)
    assert report.lines["market"] and not report.stopped


@pytest.mark.slow
@pytest.mark.shared
def test_the_real_files_of_other_producers_load_but_the_lines_without_a_number():
    refused = {}
    for path in (
        SHARED / "decp/2022_reel_megalis/decp-59920013600241-2024-07-09-01.json",
        SHARED / "decp/2019_reel/decp_21590163800019_2019-2021.json",
    ):
        with path.open("rb") as source:
            report = load_decp(source, name=path.name)
        assert not report.stopped
        refused[path.name[:8]] = report.refused_count
    croix = json.loads((SHARED / "decp/2019_reel/decp_21590163800019_2019-2021.json").read_text())["marches"]
    nameless = sum(not str(line.get("id") or "").strip() for line in croix)
    assert refused == {"decp-599": 0, "decp_215": nameless}
    assert Market.objects.filter(buyer__identifier="21590163800019").exists()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(contract())), inner),
        max_leaves=30,
    )
)
def test_no_content_ever_gives_a_traceback(value):
    content = json.dumps(
        {"marches": {"marche": [value, {**contract(), "titulaires": value, "modifications": value}]}}
    )
    try:
        lines = list(read_contracts(io.BytesIO(content.encode())))
    except UnreadableFile:
        return
    assert all(isinstance(line, Contract | Refused) for line in lines)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for lines in (1_000, 4_000):
        path = tmp_path / f"{lines}.json"
        path.write_bytes(as_file(*[contract()] * lines).read())
        tracemalloc.start()
        with path.open("rb") as source:
            assert sum(1 for _ in read_contracts(source)) == lines
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1


def test_the_command_says_what_it_did_and_fails_on_an_unreadable_file(tmp_path, capsys):
    good, bad = tmp_path / "bon.json", tmp_path / "mauvais.json"
    good.write_bytes(as_file(contract()).read())
    bad.write_text("non")
    call_command("import_decp", str(good))
    assert "1 ligne de marché" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("import_decp", str(bad))


def test_the_page_reads_first_and_loads_when_asked(client, django_capture_on_commit_callbacks):
    client.force_login(UserFactory())
    upload = SimpleUploadedFile("marches.json", as_file(contract()).read())
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("decp_import"), {"file": upload})
    check = Job.objects.get(kind="decp_check")
    assert response.url == reverse("job_detail", args=[check.pk])
    assert not Market.objects.exists()
    page = client.get(reverse("decp_report", args=[check.pk])).content.decode()
    assert "Rien n’est encore écrit" in page
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("decp_report", args=[check.pk]))
    assert Market.objects.get().reference == "2026-01"
    load_job = Job.objects.get(kind="decp_load")
    assert "Le fichier est chargé" in client.get(reverse("decp_report", args=[load_job.pk])).content.decode()


def test_a_file_that_lies_about_its_type_is_refused_beside_the_field(client):
    client.force_login(UserFactory())
    for name, content in (("marches.json", b"PK\x03\x04\x00\x00"), ("marches.json", b"")):
        response = client.post(reverse("decp_import"), {"file": SimpleUploadedFile(name, content)})
        assert response.status_code == 200 and "error" in response.content.decode()
    assert not Job.objects.exists()


def test_families_come_from_the_cpv_division():
    assert [family_of(code) for code in ("45214200", "71000000", "90911200", "30125110")] == [
        Family.WORKS,
        Family.INTELLECTUAL,
        Family.SERVICES,
        Family.SUPPLIES,
    ]
