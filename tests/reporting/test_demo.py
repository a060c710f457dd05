"""`manage.py create_demo`: a small territory in a real database, which every rule and every page can live with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Length

from accounts.models import User
from beneficiaries import enums
from beneficiaries.models import (
    Assignment,
    Beneficiary,
    ClosedYear,
    ContractType,
    CountingRules,
    EligibilityPeriod,
    EligibilityReview,
    HoursEntry,
    Placement,
)
from beneficiaries.services.counting import recount_people
from clauses.enums import ChangeReason, ClauseKind
from clauses.models import Clause, Commitment, CommitmentChange
from core.errors import DomainError
from core.models import Job
from markets import enums as purchase
from markets.models import (
    Award,
    Buyer,
    Company,
    CompanyKind,
    Contact,
    House,
    Lot,
    Market,
    Responsibility,
)
from reporting.demo import bilans
from reporting.demo.generate import generate, make_territory
from reporting.demo.load import load_territory
from reporting.demo.territory import MODELS, Staff
from reporting.narrative import SECTIONS

ARGUMENTS = {"size": "small", "years": 3, "seed": 1, "as_of": "2026-11-22"}


@pytest.fixture(scope="module", autouse=True)
def loaded(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The territory, loaded once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_territory(ARGUMENTS, say=lambda text: None)
        yield
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db


def oullins() -> Buyer:
    return Buyer.objects.get(identifier="21690149600010")


def values(model, field: str) -> set:
    return set(model.objects.order_by().values_list(field, flat=True))


def counted_of(buyer: Buyer, year: int):
    return HoursEntry.objects.counted().filter(market__buyer=buyer).in_year(year)


# --- The command --------------------------------------------------------------------------------------------


def run(**options) -> str:
    out = StringIO()
    call_command("create_demo", **{"as_of": dt.date(2026, 11, 22)} | options, stdout=out)
    return out.getvalue()


def test_a_second_run_changes_nothing_and_says_so():
    before = HoursEntry.objects.count()
    assert "Ce territoire est déjà là (small, 3 ans, graine 1, au 22/11/2026)" in run()
    assert HoursEntry.objects.count() == before
    assert run(quiet=True) == ""


def test_other_arguments_are_refused_with_a_sentence():
    with pytest.raises(CommandError, match="contient déjà un territoire de démonstration"):
        run(seed=2)


def test_a_house_that_has_begun_to_work_is_refused():
    Job.objects.filter(kind="create_demo").delete()
    with pytest.raises(CommandError, match="ne se crée que dans une base vide"):
        run()


def test_production_refuses_invented_people(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="refuse de tourner en production"):
        run()


@pytest.mark.parametrize(
    ("option", "value"), [("--years", "0"), ("--years", "trois"), ("--as-of", "22/11/2026")]
)
def test_a_malformed_argument_is_refused_with_a_sentence(option, value):
    with pytest.raises(CommandError, match=r"nombre d’années|n’est pas un jour"):
        call_command("create_demo", option, value)


def test_every_stored_row_is_the_one_that_was_drawn():
    staff = dict(User.objects.demo().values_list("email", "pk"))
    at = "@demo.maillon.invalid"
    territory = make_territory(
        years=3,
        seed=1,
        as_of=dt.date(2026, 11, 22),
        staff=Staff(
            admin=staff[f"admin{at}"],
            facilitators=(staff[f"nadia{at}"], staff[f"thomas{at}"], staff[f"ines{at}"]),
            buyer=staff[f"oullins{at}"],
            buyer_department=staff[f"metropole{at}"],
            company_etti=staff[f"etti{at}"],
            company_holder=staff[f"titulaire{at}"],
        ),
        rules=list(CountingRules.objects.filter(buyer=None, market=None).order_by("in_force_from")),
    )
    (part,) = generate(territory, "small")
    for model, rows in part.rows:
        names = [field.attname for field in model._meta.concrete_fields]
        stored = model._default_manager.filter(pk__in=[row.pk for row in rows]).order_by("pk")
        drawn = [tuple(getattr(row, name) for name in names) for row in rows]
        assert list(stored.values_list(*names)) == drawn, model


# --- The rules ----------------------------------------------------------------------------------------------


def test_a_recount_finds_nothing_to_change():
    people = list(Beneficiary.objects.order_by("pk").values_list("pk", flat=True))
    fields = ("beneficiary", "review", "starts_on", "ends_on")
    periods = list(EligibilityPeriod.objects.order_by("pk").values_list("pk", *fields))
    versions = HoursEntry.history.count()
    report = recount_people(people, user=None, reason="vérification")
    assert (report.changed, report.delta) == ([], Decimal("0.00"))
    assert list(EligibilityPeriod.objects.order_by("pk").values_list("pk", *fields)) == periods
    assert HoursEntry.history.count() == versions


def test_the_rows_agree_with_each_other():
    out = StringIO()
    call_command("check_consistency", stdout=out)
    assert "à corriger" not in out.getvalue()


def test_a_generated_row_has_no_history():
    assert sum(model.history.count() for model in MODELS if hasattr(model, "history")) <= 1


def test_the_next_row_follows_the_generated_ones():
    last = Market.objects.order_by("-pk").first()
    market = Market.objects.create(buyer=oullins(), reference="A la suite", object="Essai")
    assert market.pk > last.pk


def test_whole_years_are_closed_and_the_running_one_is_open():
    assert values(ClosedYear, "year") == {2024, 2025}


def test_the_house_and_its_figures_are_said_to_be_invented():
    assert "démonstration" in House.current().name
    assert all("inventés" in notes for notes in values(Buyer, "notes"))


# --- Oullins-Pierre-Bénite, whose bilan is shown --------------------------------------------------------------


def test_oullins_has_hours_people_and_markets_enough_for_a_bilan():
    for year, people in ((2024, 40), (2025, 60)):
        entries = counted_of(oullins(), year)
        assert entries.aggregate(hours=Sum("counted_hours"))["hours"] > 10_000
        assert entries.order_by().values("assignment__placement__beneficiary").distinct().count() >= people
    assert Market.objects.filter(buyer=oullins()).count() >= 12


def test_oullins_shows_every_way_to_carry_out_a_clause():
    modalities = set(
        counted_of(oullins(), 2025).order_by().values_list("assignment__placement__modality", flat=True)
    )
    assert {"direct", "ETTI", "GEIQ", "siae_contract"} <= modalities
    assert Lot.objects.filter(market__buyer=oullins(), reservation="siae").exists()
    assert Market.objects.filter(buyer=oullins(), nature="insertion").exists()


def test_some_commitments_of_oullins_are_met_and_others_are_not():
    shares = []
    for commitment in Commitment.objects.filter(market__buyer=oullins()).with_hours_engaged():
        counted = HoursEntry.objects.counted().filter(assignment__commitment=commitment)
        hours = counted.aggregate(hours=Sum("counted_hours"))["hours"] or 0
        if commitment.hours_engaged:
            shares.append(hours / commitment.hours_engaged)
    assert any(share >= 1 for share in shares)
    assert any(share < Decimal("0.5") for share in shares)


def test_hours_validated_after_the_closing_are_kept_apart():
    late = HoursEntry.objects.late()
    assert late.exists()
    assert late.filter(supersedes__isnull=False).exists()
    assert late.filter(supersedes__isnull=True).exists()


def test_the_bilans_of_the_closed_years_are_written_and_published_oldest_first(monkeypatch):
    filed = []
    monkeypatch.setattr(bilans, "make_files", lambda *, bilan, user, formats: filed.append(bilan))
    made = [bilans.publish_bilan(year, say=lambda text: None) for year in bilans.closed_years()]
    assert [(row.buyer, row.year, row.state, row.published_by) for row in made] == [
        (oullins(), 2024, "published", account("admin")),
        (oullins(), 2025, "published", account("admin")),
    ]
    assert filed == made
    assert set(made[0].narrative) <= set(SECTIONS)


def test_without_the_library_of_the_pdf_the_bilans_are_published_all_the_same(monkeypatch):
    def impossible(*, bilan, user, formats):
        raise DomainError("Il manque Pango.")

    monkeypatch.setattr(bilans, "make_files", impossible)
    said: list[str] = []
    assert bilans.publish_bilan(2025, say=said.append).is_published
    assert said[0].endswith("publié sans ses fichiers : Il manque Pango.")


# --- Accounts -------------------------------------------------------------------------------------------------


def account(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.maillon.invalid")


def test_there_is_an_account_for_every_role_and_none_has_a_password():
    users = list(User.objects.demo())
    assert sorted(user.role for user in users) == [
        "admin",
        "buyer",
        "buyer",
        "company",
        "company",
        "facilitator",
        "facilitator",
        "facilitator",
    ]
    assert not any(user.has_usable_password() for user in users)


def test_each_account_sees_its_own():
    assert set(Market.objects.visible_to(account("oullins")).values_list("buyer", flat=True)) == {
        oullins().pk
    }
    of_department = Market.objects.visible_to(account("metropole"))
    assert of_department.exists()
    assert set(of_department.values_list("department__name", flat=True)) == {"Direction des bâtiments"}
    for name in ("etti", "titulaire"):
        assert Assignment.objects.visible_to(account(name)).exists()
    for name in ("nadia", "thomas", "ines"):
        assert Market.objects.portfolio_of(account(name), dt.date(2026, 11, 22)).exists()


# --- Every state and every edge -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "field", "expected"),
    [
        (HoursEntry, "state", enums.EntryState.values),
        (HoursEntry, "kind", enums.HourKind.values),
        (HoursEntry, "source", enums.EntrySource.values),
        (
            HoursEntry,
            "counting_reason",
            [reason for reason in enums.CountingReason.values if reason],
        ),
        (HoursEntry, "after_planned_end", [True, False]),
        (HoursEntry, "is_superseded", [True, False]),
        (HoursEntry, "is_late", [True, False]),
        (Placement, "modality", enums.Modality.values),
        (Placement, "nature", enums.PlacementNature.values),
        (EligibilityReview, "decision", enums.Decision.values),
        (EligibilityReview, "route", enums.Route.values),
        (EligibilityReview, "entry_unemployment", enums.Unemployment.values),
        (Beneficiary, "gender", [*enums.Gender.values, ""]),
        (Market, "nature", purchase.MarketNature.values),
        (Market, "technique", purchase.Technique.values),
        (Market, "family", purchase.Family.values[:2]),
        (Lot, "reservation", purchase.Reservation.values),
        (Award, "role", purchase.AwardRole.values),
        (Clause, "kind", ClauseKind.values),
        (CompanyKind, "kind", purchase.CompanyKindCode.values),
        (Company, "identifier_kind", ["siret", "vat", "foreign"]),
        (Contact, "kind", [*purchase.ContactKind.values[:3]]),
        (CommitmentChange, "reason", ChangeReason.values[:2]),
    ],
)
def test_every_value_is_there(model, field, expected):
    assert set(expected) <= values(model, field)


def test_every_contract_type_is_there():
    assert values(Placement, "contract_type") == values(ContractType, "pk")


@pytest.mark.parametrize(
    "rows",
    [
        lambda: EligibilityReview.objects.filter(supersedes__isnull=False),
        lambda: EligibilityReview.objects.filter(entry_commune="69149-2023", beneficiary__commune="69149"),
        lambda: EligibilityReview.objects.filter(assignments__isnull=True, decision="refused"),
        lambda: Assignment.objects.filter(review__isnull=True),
        lambda: Assignment.objects.filter(review__decision="refused"),
        lambda: Assignment.objects.filter(positioned_on__isnull=False, user_company__isnull=False),
        lambda: Placement.objects.filter(previous__isnull=False),
        lambda: Placement.objects.filter(ends_on__isnull=True),
        lambda: Beneficiary.objects.filter(birth_date__isnull=True),
        lambda: Beneficiary.objects.filter(commune__isnull=True),
        lambda: Beneficiary.objects.filter(qpv__isnull=False),
        lambda: Beneficiary.objects.filter(reviews__isnull=True),
        lambda: Beneficiary.objects.filter(first_name__regex=r".{60}"),
        lambda: EligibilityPeriod.objects.filter(
            beneficiary__periods__starts_on__gt="2026-01-01", starts_on__lt="2025-01-01"
        ),
        lambda: HoursEntry.objects.filter(first_day__isnull=False),
        lambda: HoursEntry.objects.filter(state="draft", month__year=2025),
        lambda: HoursEntry.objects.filter(counting_reason="period_used_up", counted_hours__gt=0),
        lambda: Market.objects.filter(parent__isnull=False),
        lambda: Market.objects.filter(closed_on__isnull=False, received_on__isnull=False),
        lambda: Market.objects.filter(closed_on__isnull=True, planned_end__lt="2026-11-01"),
        lambda: Market.objects.filter(amount__isnull=True),
        lambda: Market.objects.filter(department__isnull=True),
        lambda: Market.objects.annotate(size=Length("object")).filter(size__gt=300),
        lambda: Market.objects.filter(lots__clauses__isnull=True),
        lambda: Lot.objects.filter(number="3"),
        lambda: Commitment.objects.filter(changes__isnull=True),
        lambda: Commitment.objects.filter(changes__reason="order"),
        lambda: Commitment.objects.filter(starts_on__isnull=True),
        lambda: Company.objects.filter(kinds__kind="EI").filter(kinds__kind="ETTI"),
        lambda: CompanyKind.objects.filter(ends_on__isnull=False),
        lambda: Company.objects.annotate(size=Length("name")).filter(size__gt=200),
        lambda: Buyer.objects.filter(identifier=""),
        lambda: Contact.objects.filter(ends_on__isnull=False),
        lambda: Responsibility.objects.filter(stand_in__isnull=False),
        lambda: Responsibility.objects.filter(ends_on__isnull=False),
        lambda: CountingRules.objects.filter(buyer__isnull=False),
        lambda: CountingRules.objects.filter(market__isnull=False),
    ],
)
def test_every_edge_is_there(rows):
    assert rows().exists()
