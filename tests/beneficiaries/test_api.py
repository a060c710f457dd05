"""The interface of payroll software: keys, reading, writing line by line, once for each idempotency key, and refusals."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord
from beneficiaries.declaration_dates import written
from beneficiaries.models import HoursEntry, MonthDeclaration
from beneficiaries.services import declarations as services
from beneficiaries.services.hours import Cell, save_cells
from core.dates import add_months
from core.errors import DomainError
from markets.models import ApiAnswer, ApiToken
from markets.services.tokens import create_token, revoke_token
from tests.factories import (
    AssignmentFactory,
    BeneficiaryFactory,
    BuyerFactory,
    EligibilityReviewFactory,
    HoursEntryFactory,
    MarketFactory,
    PlacementFactory,
    PrescriberFactory,
    UserFactory,
    eligible_assignment,
)

pytestmark = pytest.mark.django_db
LAST = add_months(timezone.localdate().replace(day=1), -1)
BEGAN = add_months(LAST, -2)
MONTH = written(LAST)
HOURS = f"/api/v1/declarations/{MONTH}/hours"
SUBMISSION = f"/api/v1/declarations/{MONTH}/submission"
DECLARATION = f"/api/v1/declarations/{MONTH}"
ASSIGNMENTS = f"/api/v1/assignments?month={MONTH}"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


class Program:
    """A program with a key; its refusals are read as they come, never raised."""

    def __init__(self, company: Any = None, *, buyer: Any = None) -> None:
        self.made = create_token(name="Paie", company=company, buyer=buyer, by=UserFactory())
        self.client = Client(raise_request_exception=False)
        self.count = 0

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.made.words}", **headers}
        if body is not None:
            self.count += 1
            sent["Idempotency-Key"] = key if key is not None else f"envoi-{self.count}"
        data = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        return self.client.generic(method, path, data, content_type="application/json", headers=sent)

    def put(self, *lines: Any, key: str | None = None, **more: Any) -> Any:
        return self.ask("PUT", HOURS, {"lines": list(lines), **more}, key=key)


def at_work(commitment: Any, name: str, **kwargs: Any) -> Any:
    person = BeneficiaryFactory(
        last_name=name, first_name="Zoé", prescriber=PrescriberFactory(name=f"Mission de {name}")
    )
    return eligible_assignment(commitment=commitment, beneficiary=person, starts_on=BEGAN, **kwargs)


@pytest.fixture
def people(cast):
    return at_work(cast.commitment_a, "Alphonse"), at_work(cast.commitment_b, "Bravoure")


@pytest.fixture
def program(cast, people):
    return Program(cast.company_a)


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    """The body of a refusal, whose form is ours."""
    assert answer.status_code == status, answer.content.decode()[:500]
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status and body["title"] and body["detail"]
    assert "Traceback" not in answer.content.decode()
    return body


# --- Keys ----------------------------------------------------------------------------------------------------


def test_only_the_digest_of_a_key_is_kept_and_its_use_is_noted(program):
    row = ApiToken.objects.get()
    assert program.made.words not in str(vars(row)) and row.digest != program.made.words
    assert row.last_used_at is None
    assert program.ask("GET", "/api/v1/account").json()["company"] == "Alpha Bâtiment"
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert row.history.count() == 1, "a call is no change of the key"


@pytest.mark.parametrize("case", ["none", "basic", "unknown", "empty", "expired", "revoked", "odd"])
def test_a_key_that_opens_nothing_is_refused(program, case):
    words, row = program.made.words, program.made.row
    header = {
        "none": None,
        "basic": f"Basic {words}",
        "unknown": f"Bearer {words}x",
        "empty": "Bearer ",
        "odd": "Bearer \u00e9\u00e8",
    }.get(case, f"Bearer {words}")
    if case == "expired":
        row.expires_on = timezone.localdate() - dt.timedelta(days=1)
        row.save()
    if case == "revoked":
        revoke_token(token=row, by=UserFactory())
    answer = Client().get("/api/v1/account", headers={"Authorization": header} if header else {})
    is_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_session_opens_nothing_of_the_interface(cast, people, signed_in):
    for user in (cast.company_user_a, cast.admin):
        is_problem(signed_in(user).get(ASSIGNMENTS), 401)


def test_a_key_calls_and_guesses_so_often_and_no_more(program, monkeypatch):
    limits = {**settings.ACCOUNT_RATE_LIMITS, "api": "2/m/key", "api_refused": "2/m/ip"}
    monkeypatch.setattr(settings, "ACCOUNT_RATE_LIMITS", limits)
    codes = [program.ask("GET", "/api/v1/account").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    guesses = [Client().get("/api/v1/account", headers={"Authorization": "Bearer x"}) for _ in range(3)]
    assert [answer.status_code for answer in guesses] == [401, 401, 429]
    assert guesses[-1]["Retry-After"] == "60"


def test_a_key_lives_two_years_at_most_and_has_a_name(cast):
    by, today = UserFactory(), timezone.localdate()
    for wrong in (today, today + dt.timedelta(days=731)):
        with pytest.raises(DomainError) as refused:
            create_token(name="Paie", company=cast.company_a, expires_on=wrong, by=by)
        assert refused.value.field == "expires_on"
    with pytest.raises(DomainError):
        create_token(name=" ", company=cast.company_a, by=by)
    made = create_token(name="Paie", company=cast.company_a, by=by)
    assert made.row.expires_on == today + dt.timedelta(days=365)


def test_the_key_of_a_buyer_declares_nothing(cast, people):
    buyers = Program(buyer=cast.buyer_a)
    is_problem(buyers.ask("GET", ASSIGNMENTS), 403)
    is_problem(buyers.put({"assignment": people[0].pk, "hours": 1}), 403)


def test_a_company_makes_its_key_which_is_shown_once_and_takes_it_back(cast, signed_in):
    client = signed_in(cast.company_user_a)
    address = reverse("company_api_keys", args=[cast.company_a.pk])
    page = client.post(address, {"name": "Paie"})
    token = ApiToken.objects.get()
    assert token.company == cast.company_a and "mln_" in page.content.decode()
    words = page.content.decode().partition('value="mln_')[2].partition('"')[0]
    call = {"headers": {"Authorization": f"Bearer mln_{words}"}}
    assert Client().get("/api/v1/account", **call).status_code == 200
    assert words not in client.get(address).content.decode()
    revoke = reverse("company_api_key_revoke", args=[cast.company_a.pk, token.pk])
    assert signed_in(cast.company_user_b).post(revoke).status_code == 404
    client.post(revoke)
    assert Client().get("/api/v1/account", **call).status_code == 401


def test_a_company_sees_no_key_of_another(cast, signed_in):
    create_token(name="Paie Bravo", company=cast.company_b, by=UserFactory())
    client = signed_in(cast.company_user_a)
    assert client.get(reverse("company_api_keys", args=[cast.company_b.pk])).status_code == 404
    assert "Paie Bravo" not in client.get(reverse("api_keys"), follow=True).content.decode()
    assert "Paie Bravo" in signed_in(cast.facilitator).get(reverse("api_key_list")).content.decode()


# --- Reading -------------------------------------------------------------------------------------------------


def test_an_employer_reads_its_own_people_their_dates_and_hours_and_nothing_else(cast, program, people):
    mine, other = people
    EligibilityReviewFactory(
        beneficiary=mine.placement.beneficiary, refused=True, decided_on=BEGAN - dt.timedelta(days=60)
    )
    HoursEntryFactory(assignment=mine, month=LAST, hours=Decimal("77.5"))
    HoursEntryFactory(assignment=other, month=LAST, hours=Decimal(66))
    answer = program.ask("GET", ASSIGNMENTS)
    found = answer.json()
    assert [row["id"] for row in found["assignments"]] == [mine.pk]
    row = found["assignments"][0]
    assert row["person"] == {"last_name": "Alphonse", "first_name": "Zoé"}
    assert row["hours"] == [
        {
            "kind": "work",
            "hours": 77.5,
            "version": 1,
            "state": "draft",
            "sent_back_reason": "",
            "can_write": False,
        }
    ]
    text = answer.content.decode() + program.ask("GET", DECLARATION).content.decode()
    for word in ("Bravo", "Mission", "birth", "1990", "counted", "review", "refus", "expir", "rsa", "66"):
        assert word not in text.lower().replace("bravoure", "Bravo") and word not in text, word


def test_the_state_of_a_month_says_what_is_to_be_corrected(program, people, cast):
    mine, _ = people
    assert program.ask("GET", DECLARATION).json()["state"] == "draft"
    assert not MonthDeclaration.objects.exists(), "reading opens nothing"
    program.put({"assignment": mine.pk, "hours": 80})
    program.ask("POST", SUBMISSION, {"name": "Lou Paie"})
    row = MonthDeclaration.objects.get()
    assert (row.state, row.submitted_name, row.company) == ("submitted", "Lou Paie", cast.company_a)
    services.send_back_declaration(declaration=row, reason="Congés à déduire", lines={}, by=UserFactory())
    found = program.ask("GET", DECLARATION).json()
    assert (found["state"], found["sent_back_reason"], found["total_hours"]) == (
        "sent_back",
        "Congés à déduire",
        80.0,
    )
    line = program.ask("GET", ASSIGNMENTS).json()["assignments"][0]["hours"][0]
    assert (line["state"], line["sent_back_reason"], line["can_write"]) == (
        "sent_back",
        "Congés à déduire",
        True,
    )


@pytest.mark.parametrize("month", ["2026-13", "mars", "2026", "2026-1", "%00", "9" * 30])
def test_a_month_that_is_none_is_refused(program, month):
    is_problem(program.ask("GET", f"/api/v1/declarations/{month}"), 422)
    is_problem(program.ask("GET", f"/api/v1/assignments?month={month}"), 422)


def test_a_missing_month_names_its_field(program):
    body = is_problem(program.ask("GET", "/api/v1/assignments"), 422)
    assert body["errors"] == [{"pointer": "/month", "detail": "Ce champ manque."}]


# --- Writing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (120.5, "120.50"),
        (80, "80.00"),
        ("12,5", "12.50"),
        ("12h30", "12.50"),
        (0, "0.00"),
        ("151.67", "151.67"),
    ],
)
def test_hours_are_written_as_drafts_of_the_month(program, people, sent, kept):
    mine, _ = people
    answer = program.put({"assignment": mine.pk, "kind": "work", "hours": sent})
    assert answer.status_code == 200
    entry = HoursEntry.objects.get()
    assert (entry.hours, entry.state, entry.source, entry.entered_by) == (Decimal(kept), "draft", "api", None)
    result = answer.json()["results"][0]
    assert (result["status"], result["assignment"], result["version"]) == ("accepted", mine.pk, 1)


def test_the_house_leaves_what_a_program_wrote_until_it_is_submitted(program, people):
    program.put({"assignment": people[0].pk, "hours": 80})
    assert HoursEntry.objects.get().is_with_employer


@pytest.mark.parametrize(
    "hours", [True, "douze", -1, "1e17", 1e17, 745, [], {}, "", "12.345", 10**400, "\u0000"]
)
def test_hours_that_are_none_are_refused_with_a_sentence(program, people, hours):
    answer = program.put({"assignment": people[0].pk, "hours": hours})
    assert answer.status_code == 200
    result = answer.json()["results"][0]
    assert (result["status"], result["pointer"]) == ("refused", "/lines/0/hours")
    assert result["detail"].endswith((".", ")", "heures"))
    assert not HoursEntry.objects.exists()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_figures_that_json_does_not_have_are_refused(program, people, text):
    body = f'{{"lines": [{{"assignment": {people[0].pk}, "hours": {text}}}]}}'
    answer = program.ask("PUT", HOURS, body)
    assert answer.status_code in (200, 400, 422)
    assert not HoursEntry.objects.exists()


def test_each_line_has_its_own_answer(program, people, cast):
    mine, other = people
    second = at_work(cast.commitment_a, "Anselme")
    found = program.put(
        {"assignment": mine.pk, "hours": 80},
        {"assignment": other.pk, "hours": 80},
        {"assignment": second.pk, "kind": "sieste", "hours": 2},
        {"assignment": mine.pk, "hours": 90},
        {"assignment": 10**30, "hours": 1},
        {"hours": 3},
    ).json()
    assert (found["accepted"], found["refused"]) == (1, 5)
    assert [row["status"] for row in found["results"]] == ["accepted"] + ["refused"] * 5
    details = [row.get("detail") for row in found["results"]]
    assert details[1] == details[4] == "Vous n’avez pas d’affectation de ce numéro ce mois-là."
    assert "nature d’heures" in details[2] and "La ligne 0" in details[3]
    assert found["results"][1]["pointer"] == "/lines/1/assignment"
    assert list(HoursEntry.objects.values_list("assignment", "hours")) == [(mine.pk, Decimal("80.00"))]


def test_all_or_nothing_writes_nothing_when_one_line_is_refused(program, people, cast):
    mine, other = people
    body = is_problem(
        program.put(
            {"assignment": mine.pk, "hours": 80}, {"assignment": other.pk, "hours": 1}, all_or_nothing=True
        ),
        422,
    )
    assert [row["status"] for row in body["results"]] == ["not_written", "refused"]
    assert body["errors"][0]["pointer"] == "/lines/1/assignment"
    assert not HoursEntry.objects.exists()
    # What only the writing refuses undoes the others too.
    second = at_work(cast.commitment_a, "Anselme")
    is_problem(
        program.put(
            {"assignment": mine.pk, "hours": 80}, {"assignment": second.pk, "hours": 600}, all_or_nothing=True
        ),
        422,
    )
    assert not HoursEntry.objects.exists()


def test_a_person_is_found_by_name_birth_date_and_market(program, people, cast):
    mine, other = people
    born = mine.placement.beneficiary.birth_date.isoformat()
    who = {"last_name": "ALPHONSE", "first_name": "zoe", "birth_date": born}
    assert program.put({"person": who, "hours": 10}).json()["accepted"] == 1
    placement = PlacementFactory(
        beneficiary=mine.placement.beneficiary, employer=cast.company_a, starts_on=BEGAN
    )
    elsewhere = AssignmentFactory(placement=placement, commitment=cast.other_commitment_a)
    doubtful = program.put({"person": who, "hours": 11}).json()["results"][0]
    assert "plusieurs affectations" in doubtful["detail"]
    assert program.put({"person": who, "market": "alpha-2", "hours": 12}).json()["accepted"] == 1
    assert HoursEntry.objects.get(assignment=elsewhere).hours == Decimal("12.00")
    wrong = [{**who, "birth_date": "1991-01-01"}, {**who, "first_name": "Léa"}]
    foreign = other.placement.beneficiary
    wrong.append(
        {"last_name": foreign.last_name, "first_name": "Zoé", "birth_date": foreign.birth_date.isoformat()}
    )
    answers = {program.put({"person": one, "hours": 1}).json()["results"][0]["detail"] for one in wrong}
    assert answers == {"Aucune de vos affectations n’est à cette personne, pour ce mois-là."}


def test_null_erases_one_s_own_line_and_zero_says_none(program, people):
    mine, _ = people
    program.put({"assignment": mine.pk, "hours": 10})
    assert program.put({"assignment": mine.pk, "hours": None}).json()["accepted"] == 1
    assert not HoursEntry.objects.exists()
    assert program.put({"assignment": mine.pk, "hours": None}).json()["unchanged"] == 1


def test_a_version_that_is_old_is_a_conflict_of_its_line(program, people):
    mine, _ = people
    program.put({"assignment": mine.pk, "hours": 10})
    program.put({"assignment": mine.pk, "hours": 20})
    found = program.put({"assignment": mine.pk, "hours": 30, "version": 1}).json()["results"][0]
    assert found["status"] == "refused" and "entre-temps" in found["detail"] and found["version"] == 2
    assert program.put({"assignment": mine.pk, "hours": 30, "version": 2}).json()["accepted"] == 1


def test_what_the_house_wrote_is_not_a_program_s_to_change(program, people):
    mine, _ = people
    save_cells([Cell(mine, LAST, "work", Decimal(50), 0)], user=UserFactory())
    found = program.put({"assignment": mine.pk, "hours": 60}).json()["results"][0]
    assert found["status"] == "refused" and "saisies par la maison" in found["detail"]


def test_a_submitted_month_takes_nothing_more(program, people):
    mine, _ = people
    program.put({"assignment": mine.pk, "hours": 80})
    assert program.ask("POST", SUBMISSION, {"name": "Lou"}).json()["state"] == "submitted"
    is_problem(program.put({"assignment": mine.pk, "hours": 90}), 409)
    is_problem(program.ask("POST", SUBMISSION, {"name": "Lou"}), 409)
    assert HoursEntry.objects.get().hours == Decimal("80.00")


def test_an_empty_month_is_submitted_only_by_saying_so(program, people):
    body = is_problem(program.ask("POST", SUBMISSION, {"name": "Lou"}), 422)
    assert body["errors"][0]["pointer"] == "/no_hours"
    assert program.ask("POST", SUBMISSION, {"name": "Lou", "no_hours": True}).json()["no_hours"] is True


def test_a_month_to_come_takes_no_hours(program, people):
    path = f"/api/v1/declarations/{written(add_months(LAST, 3))}/hours"
    is_problem(program.ask("PUT", path, {"lines": [{"assignment": people[0].pk, "hours": 1}]}), 409)


# --- Once for each key ---------------------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_same_answer_and_write_nothing_twice(program, people):
    mine, _ = people
    first = program.put({"assignment": mine.pk, "hours": 80}, key="k1")
    history = HoursEntry.history.count()
    save_cells([Cell(mine, LAST, "work", Decimal(50), 1)], user=UserFactory())
    again = program.put({"assignment": mine.pk, "hours": 80}, key="k1")
    assert again.json() == first.json() and again.status_code == first.status_code
    assert again["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    assert HoursEntry.objects.get().hours == Decimal("50.00"), "the house's correction stands"
    assert HoursEntry.history.count() > history
    assert ApiAnswer.objects.count() == 1


def test_the_same_key_with_another_body_or_address_is_refused(program, people):
    mine, _ = people
    program.put({"assignment": mine.pk, "hours": 80}, key="k1")
    is_problem(program.put({"assignment": mine.pk, "hours": 90}, key="k1"), 422)
    is_problem(program.ask("POST", SUBMISSION, {"name": "Lou"}, key="k1"), 422)
    assert HoursEntry.objects.get().hours == Decimal("80.00")


def test_a_key_of_another_program_is_another_key(cast, people):
    for company, assignment in zip((cast.company_a, cast.company_b), people, strict=True):
        answer = Program(company).put({"assignment": assignment.pk, "hours": 80}, key="k1")
        assert answer.json()["accepted"] == 1
    assert ApiAnswer.objects.count() == 2


def test_what_was_refused_whole_may_come_again_under_the_same_key(program, people):
    mine, _ = people
    is_problem(program.ask("POST", SUBMISSION, {"name": "Lou"}, key="k1"), 422)
    program.put({"assignment": mine.pk, "hours": 80})
    assert program.ask("POST", SUBMISSION, {"name": "Lou"}, key="k1").status_code == 200


@pytest.mark.parametrize("key", ["", "   ", "x" * 201])
def test_a_writing_without_a_key_is_refused(program, people, key):
    is_problem(program.put({"assignment": people[0].pk, "hours": 80}, key=key), 400)
    assert not HoursEntry.objects.exists()


def test_answers_hold_no_name(program, people):
    person = people[0].placement.beneficiary
    who = {
        "last_name": person.last_name,
        "first_name": "Zoé",
        "birth_date": person.birth_date.isoformat(),
    }
    program.put({"person": who, "hours": 80})
    assert person.last_name not in json.dumps(ApiAnswer.objects.get().answer)


# --- Refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    ["", "pas du json", "[", b"\xff\xfe", "[" * 100_000, '"texte"', "[]", "null", "{}", '{"lines": {}}'],
)
def test_what_cannot_be_read_is_refused_without_a_traceback(program, people, body):
    answer = program.ask("PUT", HOURS, body)
    assert answer.status_code in (400, 422)
    is_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({"assignment": "douze", "hours": 1}, "/lines/0/assignment"),
        ({"assignment": 1, "hours": 1, "heures": 2}, "/lines/0/heures"),
        ({"assignment": 1}, "/lines/0/hours"),
        ({"person": {"last_name": "A", "first_name": "B", "birth_date": "hier"}, "hours": 1}, None),
        ({"person": {"last_name": "A"}, "hours": 1}, None),
        ("ligne", "/lines/0"),
    ],
)
def test_a_field_of_the_wrong_form_is_named(program, people, line, pointer):
    body = is_problem(program.put(line), 422)
    assert body["errors"] and all(row["detail"] for row in body["errors"])
    if pointer:
        assert body["errors"][0]["pointer"] == pointer
    assert not HoursEntry.objects.exists()


def test_too_many_lines_and_too_heavy_a_body_are_refused(program, people):
    lines = [{"assignment": n, "hours": 1} for n in range(2_001)]
    is_problem(program.put(*lines), 422)
    is_problem(program.ask("PUT", HOURS, "[" + " " * 5_300_000 + "]"), 413)


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/rien", "/api/v2/account", "/api/v1/account/x"])
def test_an_address_that_leads_nowhere_is_a_problem_too(program, path):
    is_problem(program.ask("GET", path), 404)
    is_problem(program.ask("POST", path, {}), 404)


def test_a_method_that_is_not_taken_is_a_problem_too(program):
    answer = program.ask("DELETE", HOURS)
    is_problem(answer, 405)
    assert set(answer["Allow"].split(", ")) == {"PUT", "POST"}


def test_what_breaks_says_so_without_a_traceback(program, people, monkeypatch, caplog):
    def broken(**kwargs: Any) -> None:
        raise RuntimeError("le détail intérieur")

    monkeypatch.setattr(services, "start_declaration", broken)
    body = is_problem(program.put({"assignment": people[0].pk, "hours": 1}), 500)
    assert "intérieur" not in json.dumps(body, ensure_ascii=False)
    assert "le détail intérieur" in caplog.text


def test_words_that_a_database_does_not_hold_are_cleaned(program, people):
    program.put({"assignment": people[0].pk, "hours": 80})
    body = '{"name": "Lou\\u0000 Paie", "note": "a\\u0000b"}'
    assert program.ask("POST", SUBMISSION, body).status_code == 200
    row = MonthDeclaration.objects.get()
    assert (row.submitted_name, row.note) == ("Lou Paie", "ab")


def test_a_form_of_another_site_writes_nothing(program, people):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory(admin=True))
    answer = browser.post(HOURS, {"lines": "[]"})
    is_problem(answer, 401)


# --- The document and its page -------------------------------------------------------------------------------


def test_the_document_is_open_and_describes_every_address(client):
    document = client.get("/api/v1/openapi.json").json()
    assert set(document["paths"]) == {
        "/api/v1/account",
        "/api/v1/assignments",
        "/api/v1/declarations/{month}",
        "/api/v1/declarations/{month}/hours",
        "/api/v1/declarations/{month}/submission",
        # What a buyer reads: `tests/reporting/test_buyer_api.py`.
        "/api/v1/buyer",
        "/api/v1/bilans",
        "/api/v1/bilans/{number}",
        "/api/v1/figures",
        "/api/v1/markets",
    }
    assert document["components"]["securitySchemes"]["KeyAuth"] == {"type": "http", "scheme": "bearer"}


def test_the_page_for_people_is_ours_and_loads_nothing_from_elsewhere(client):
    page = client.get(reverse("api_help")).content.decode()
    assert "Idempotency-Key" in page and "/api/v1/declarations/2026-10/hours" in page
    assert "cdn" not in page and 'src="http' not in page
    assert client.get("/api/v1/docs").status_code == 404


def test_each_call_is_in_the_log_of_accesses_without_a_name(program, people):
    program.ask("GET", ASSIGNMENTS)
    program.put({"assignment": people[0].pk, "hours": 80})
    pk = program.made.row.pk
    assert list(
        AccessRecord.objects.filter(kind="program").order_by("pk").values_list("subject", flat=True)
    ) == [
        f"clé {pk} GET affectations {MONTH}",
        f"clé {pk} PUT heures {MONTH}",
    ]


def test_another_buyer_or_market_of_the_same_employer_is_its_own_to_declare(cast, program):
    """The employer declares whoever holds the commitment; a market that it does not work on stays unknown."""
    MarketFactory(buyer=BuyerFactory(name="Ville de Charlie"), reference="CHARLIE-1")
    lent = at_work(cast.commitment_b, "Prêtée", employer=cast.company_a)
    found = program.ask("GET", ASSIGNMENTS).json()["assignments"]
    assert lent.pk in [row["id"] for row in found]
    assert "CHARLIE" not in json.dumps(found)


def test_as_many_queries_for_six_people_as_for_one(cast, program, people, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(ask: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert ask().status_code == 200
        return len(queries)

    program.ask("GET", ASSIGNMENTS)
    one = count(lambda: program.ask("GET", ASSIGNMENTS))
    more = [at_work(cast.commitment_a, f"Autre{n}") for n in range(5)]
    for assignment in more:
        HoursEntryFactory(assignment=assignment, month=LAST)
    assert count(lambda: program.ask("GET", ASSIGNMENTS)) == one <= 12
