"""Difficulties by their pages: what is typed, what each role reads, and what never leaves the house."""

import datetime as dt
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from clauses.enums import Channel, StepKind
from clauses.ladder import Stage
from clauses.models import Escalation, EscalationStep
from clauses.standings import standing_of
from core.models import Job
from core.pdf import PdfUnavailable
from tests.factories import (
    AgreementFactory,
    ClauseFactory,
    CommitmentFactory,
    InteractionFactory,
    LotFactory,
    MarketFactory,
    MarketPartyFactory,
    make_escalation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def papers(monkeypatch):
    monkeypatch.setattr(
        "clauses.escalation_documents.render_pdf",
        lambda template, context, **_: b"%PDF-1.7 " + template.encode(),
    )


@pytest.fixture
def house(cast, signed_in):
    return signed_in(cast.facilitator)


@pytest.fixture
def buyer(cast, signed_in):
    return signed_in(cast.buyer_user_a)


def url(name, escalation):
    return reverse(name, args=[escalation.pk])


def text_of(response):
    return response.content.decode().replace("\u202f", " ")


def status_of(client, address):
    """What a download answers; its file is closed."""
    response = client.get(address)
    response.close()
    return response.status_code


def errors_of(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def page(client, name, escalation):
    return text_of(client.get(url(name, escalation)))


# --- From page to page ----------------------------------------------------------------------------------------


def test_the_ladder_is_climbed_by_its_pages(cast, house, buyer):
    clause = cast.commitment_a.clause
    clause.penalty_kind, clause.penalty_rate = "rate", Decimal(35)
    clause.save()
    market, today = cast.commitment_a.market, timezone.localdate()
    response = house.post(
        reverse("escalation_open", args=[market.pk]),
        {"commitment": cast.commitment_a.pk, "on": f"{today:%d/%m/%Y}", "text": "Aucune nouvelle."},
    )
    escalation = Escalation.objects.get()
    assert response.url == url("escalation_detail", escalation)
    for channel in (Channel.CALL, Channel.MAIL):
        InteractionFactory(
            market=market,
            company=cast.company_a,
            on=today,
            channel=channel,
            reached=False,
            summary="Répondeur",
        )
    assert "Proposer le courrier de rappel" in page(house, "escalation_detail", escalation)
    house.post(url("escalation_letter", escalation), {"recipient": "M. Dupont", "address": "2 rue Alpha"})
    assert "Lire et approuver le courrier" in page(buyer, "escalation_detail", escalation)
    assert buyer.get(url("escalation_letter_preview", escalation))["Content-Type"] == "application/pdf"
    assert "Votre accord figure au dossier" in page(buyer, "escalation_letter_decide", escalation)
    buyer.post(url("escalation_letter_decide", escalation), {"answer": "approve"})
    house.post(
        url("escalation_send", escalation),
        {"on": f"{today:%d/%m/%Y}", "way": "registered", "tracking": "1A 234"},
    )
    house.post(
        url("escalation_refusal", escalation), {"on": f"{today:%d/%m/%Y}", "text": "« Non », dit le gérant."}
    )
    house.post(
        url("escalation_alert", escalation),
        {"contacts": [str(row.pk) for row in standing_of(escalation).contacts], "text": ""},
    )
    buyer.post(
        url("escalation_default", escalation),
        {
            "on": f"{today:%d/%m/%Y}",
            "document": SimpleUploadedFile("notification.pdf", b"%PDF-1.7 notification"),
        },
    )
    shown = page(buyer, "escalation_penalty", escalation)
    assert "800 h × 35 €/h = 28 000 €" in shown
    assert "Elle clôt la difficulté, figure au dossier et ne se modifie plus" in shown
    buyer.post(url("escalation_penalty", escalation), {"decision": "applied", "seen": "28000"})
    escalation.refresh_from_db()
    assert escalation.closing_reason.replace("\u202f", " ") == "pénalité appliquée : 28 000 €"
    assert "Pénalité appliquée : 28 000 €" in page(house, "escalation_detail", escalation)
    authors = {
        step.kind: step.author.pk
        for step in EscalationStep.objects.filter(escalation=escalation).order_by("pk")
    }
    for kind in (StepKind.LETTER_APPROVED, StepKind.DEFAULT, StepKind.DECISION):
        assert authors[kind] == cast.buyer_user_a.pk


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("escalation_send", {"on": "1/4/26", "way": "registered", "tracking": "1"}, "pas été proposé"),
        ("escalation_alert", {"text": ""}, "pas été proposé"),
    ],
)
def test_a_gesture_posted_out_of_turn_is_refused_on_its_page_with_what_is_missing(
    cast, house, name, typed, sentence
):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_PROPOSE)
    response = house.post(url(name, escalation), typed)
    assert sentence in str(errors_of(response))
    assert escalation.steps.count() == 1
    # By its link, before its time, the form is not even shown.
    assert house.get(url(name, escalation)).url == url("escalation_detail", escalation)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("escalation_letter_decide", {"answer": "approve"}),
        ("escalation_default", {"on": "1/4/26", "text": "x"}),
        ("escalation_penalty", {"decision": "waived", "reason": "x", "seen": "0"}),
    ],
)
def test_the_buyer_s_gestures_posted_out_of_turn_write_nothing(cast, buyer, name, typed):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_SEND)
    files = {"document": SimpleUploadedFile("n.pdf", b"%PDF-1.7 n")} if name == "escalation_default" else {}
    response = buyer.post(url(name, escalation), {**typed, **files})
    assert errors_of(response)["__all__"]
    assert standing_of(escalation).stage == Stage.TO_SEND


def test_what_was_typed_is_kept_when_a_date_is_out_of_order(cast, house):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_SEND)
    response = house.post(
        url("escalation_send", escalation), {"on": "1/2/26", "way": "registered", "tracking": "1A 999"}
    )
    assert "précède l’accord du donneur d’ordre" in errors_of(response)["on"][0]
    assert 'value="1A 999"' in text_of(response)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"decision": "reduced", "amount": "1e17", "reason": "x"}, "amount", "n’est pas un montant"),
        ({"decision": "reduced", "amount": "-5", "reason": "x"}, "amount", "entre 0 et"),
        ({"decision": "reduced", "amount": "28 000 €", "reason": "x"}, "amount", "entre 0 et"),
        ({"decision": "reduced", "amount": "5 000 €"}, "reason", "Dites pourquoi"),
        ({"amount": "5"}, "decision", "obligatoire"),
        ({"decision": "applied", "seen": "1"}, "__all__", "Le calcul a changé"),
        ({"decision": "applied", "seen": "abc"}, "seen", "n’est pas un montant"),
    ],
)
def test_bad_input_of_a_decision_gets_a_sentence(cast, buyer, typed, field, sentence):
    clause = cast.commitment_a.clause
    clause.penalty_kind, clause.penalty_rate = "rate", Decimal(35)
    clause.save()
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_DECIDE)
    response = buyer.post(url("escalation_penalty", escalation), {"seen": "28000", **typed})
    assert sentence in errors_of(response)[field][0].replace("\u202f", " ")
    assert standing_of(escalation).stage == Stage.TO_DECIDE


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("n.pdf", b"", "vide"),
        ("n.pdf", b"<html></html>", "n’est pas d’un type accepté"),
        ("n.exe", b"MZ\x00\x00", "n’est pas d’un type accepté"),
    ],
)
def test_a_notification_that_is_no_document_is_refused_beside_its_field(cast, buyer, name, content, sentence):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_NOTIFY)
    response = buyer.post(
        url("escalation_default", escalation),
        {"on": "1/4/26", "text": "Motifs", "document": SimpleUploadedFile(name, content)},
    )
    assert sentence in errors_of(response)["document"][0]
    assert "Motifs" in text_of(response)


def test_without_formula_the_buyer_is_told_and_may_only_waive(cast, buyer):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_DECIDE)
    shown = page(buyer, "escalation_penalty", escalation)
    assert "La clause ne dit pas la pénalité" in shown
    assert "Renoncer à la pénalité" in shown and "Appliquer la pénalité" not in shown
    response = buyer.post(url("escalation_penalty", escalation), {"decision": "applied", "seen": "0"})
    assert "decision" in errors_of(response)


def test_an_hour_that_is_no_hour_of_a_meeting_gets_a_sentence(cast, house):
    escalation = make_escalation(cast.commitment_a)
    for typed in ("25h", "midi", ""):
        response = house.post(url("escalation_meeting_plan", escalation), {"on": "1/12/2098", "at": typed})
        assert "at" in errors_of(response)
    house.post(
        url("escalation_meeting_plan", escalation), {"on": "1/12/2098", "at": "14h30", "place": "Mairie"}
    )
    assert "01/12/2098 à 14:30" in page(house, "escalation_detail", escalation)


def test_a_server_without_page_setting_says_so_and_writes_nothing(cast, buyer, monkeypatch):
    def no_pango(*_, **__):
        raise PdfUnavailable

    monkeypatch.setattr("clauses.escalation_documents.render_pdf", no_pango)
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    response = buyer.get(url("escalation_letter_preview", escalation), follow=True)
    assert "bibliothèques Pango" in text_of(response)
    response = buyer.post(url("escalation_letter_decide", escalation), {"answer": "approve"})
    assert "bibliothèques Pango" in str(errors_of(response))
    assert standing_of(escalation).stage == Stage.TO_APPROVE


# --- Who reads what -------------------------------------------------------------------------------------------


def test_the_house_s_notebook_is_not_the_buyer_s_before_the_alert(cast, house, buyer):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    assert "Secret de la maison" in page(house, "escalation_detail", escalation)
    for name in ("escalation_detail", "escalation_letter_decide"):
        assert "Secret de la maison" not in page(buyer, name, escalation)
    tab = reverse("market_escalations", args=[escalation.market_id])
    assert "Secret de la maison" not in text_of(buyer.get(tab))
    assert "appel du 02/03/2026" in page(buyer, "escalation_letter_decide", escalation)


EVERY_PAGE = (
    "escalation_detail",
    "escalation_refusal",
    "escalation_letter",
    "escalation_letter_preview",
    "escalation_letter_decide",
    "escalation_send",
    "escalation_alert",
    "escalation_default",
    "escalation_penalty",
    "escalation_meeting_plan",
    "escalation_meeting",
    "escalation_close",
    "escalation_file",
)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_another_buyer_reaches_no_page_of_a_difficulty_and_a_company_none_at_all(cast, signed_in, name):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    house_only = name in {
        "escalation_refusal",
        "escalation_letter",
        "escalation_send",
        "escalation_alert",
        "escalation_meeting_plan",
        "escalation_meeting",
    }
    for ask in ("get", "post"):
        other = getattr(signed_in(cast.buyer_user_b), ask)(url(name, escalation))
        assert other.status_code in ((403,) if house_only else (404, 405))
        for user in (cast.company_user_a, cast.company_user_b):
            wanted = 404 if name == "escalation_detail" else 403
            assert getattr(signed_in(user), ask)(url(name, escalation)).status_code == wanted
    assert escalation.steps.count() == 2


def test_the_list_and_the_tab_hold_no_word_of_another_organisation(cast, signed_in):
    make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    make_escalation(cast.commitment_b, upto=Stage.TO_DECIDE)
    for user, own, foreign in (
        (cast.buyer_user_a, "Alpha", "Bravo"),
        (cast.buyer_user_b, "Bravo", "Alpha"),
    ):
        client = signed_in(user)
        for address in (reverse("escalation_list"), reverse("escalation_list") + "?export=csv"):
            response = client.get(address)
            content = b"".join(response) if response.streaming else response.content
            assert own in content.decode() and foreign not in content.decode()
    tab = reverse("market_escalations", args=[cast.commitment_a.market_id])
    assert signed_in(cast.buyer_user_b).get(tab).status_code == 404


def test_a_member_limited_to_a_department_reads_and_decides_its_own(cast, signed_in):
    own = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    other = make_escalation(cast.other_commitment_a, upto=Stage.TO_APPROVE)
    limited = signed_in(cast.limited_a)
    assert limited.get(url("escalation_letter_decide", own)).status_code == 200
    assert limited.get(url("escalation_detail", other)).status_code == 404
    assert "ALPHA-2" not in text_of(limited.get(reverse("escalation_list")))
    limited.post(url("escalation_letter_decide", own), {"answer": "approve"})
    assert standing_of(own).stage == Stage.TO_SEND


def test_a_party_to_the_market_does_not_decide_for_the_buyer_that_leads_it(cast, signed_in):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    MarketPartyFactory(market=escalation.market, buyer=cast.buyer_b)
    client = signed_in(cast.buyer_user_b)
    assert client.get(url("escalation_letter_decide", escalation)).status_code == 404


def test_a_company_reads_the_letters_sent_to_it_and_nothing_of_the_file(cast, signed_in):
    make_escalation(cast.commitment_a, upto=Stage.TO_DECIDE)
    make_escalation(cast.other_commitment_a, upto=Stage.TO_SEND)
    make_escalation(cast.commitment_b, upto=Stage.WAITING)
    response = signed_in(cast.company_user_a).get(reverse("escalation_letters"))
    shown = text_of(response)
    assert "ALPHA-1" in shown and "Fanny Facile" in shown
    assert "réponse demandée jusqu’au" in shown.lower()
    for hidden in ("ALPHA-2", "BRAVO-1", "Secret de la maison", "Rien depuis deux mois"):
        assert hidden not in shown
    # The task that it reads leads to the letter; another company's leads nowhere.
    sent = response.context["letters"][0]["step"]
    task_url = reverse("escalation_detail", args=[sent.escalation_id])
    assert signed_in(cast.company_user_a).get(task_url).url.endswith(f"#courrier-{sent.pk}")
    assert signed_in(cast.company_user_b).get(task_url).status_code == 404
    document = response.context["letters"][0]["step"].document_id
    download = reverse("file_download", args=[document])
    assert status_of(signed_in(cast.company_user_a), download) == 200
    for user in (cast.company_user_b, cast.buyer_user_b):
        assert status_of(signed_in(user), download) == 404


def test_the_whole_file_opens_to_who_asked_for_it_and_to_the_house(cast, house, buyer, signed_in):
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    response = buyer.post(url("escalation_file", escalation))
    job = Job.objects.get(kind="escalation_file")
    assert job.state == "done", job.error
    assert urlsplit(response.url).path == reverse("job_detail", args=[job.pk])
    download = reverse("file_download", args=[job.result_file_id])
    assert status_of(buyer, download) == status_of(house, download) == 200
    for user in (cast.limited_a, cast.buyer_user_b, cast.company_user_a):
        assert status_of(signed_in(user), download) == 404
    house.post(url("escalation_file", escalation))
    by_house = Job.objects.filter(created_by=cast.facilitator).get()
    assert status_of(buyer, reverse("file_download", args=[by_house.result_file_id])) == 404


# --- The tab and the list -------------------------------------------------------------------------------------


def test_only_the_next_gesture_is_primary_and_only_for_who_makes_it(cast, house, buyer):
    for upto, whose, words in (
        (Stage.TO_PROPOSE, house, "Proposer le courrier de rappel"),
        (Stage.TO_APPROVE, buyer, "Lire et approuver le courrier"),
        (Stage.TO_SEND, house, "Enregistrer l’envoi"),
        (Stage.TO_ALERT, house, "Alerter le donneur d’ordre"),
        (Stage.TO_NOTIFY, buyer, "Enregistrer la notification"),
        (Stage.TO_DECIDE, buyer, "Décider de la pénalité"),
    ):
        escalation = make_escalation(CommitmentFactory(market=cast.commitment_a.market), upto=upto)
        for client in (house, buyer):
            shown = page(client, "escalation_detail", escalation)
            assert ('class="button" href' in shown) == (client is whose), upto
            assert (f">{words}</a>" in shown) == (client is whose), upto


def test_an_empty_tab_says_what_a_difficulty_is(cast, house):
    shown = text_of(house.get(reverse("market_escalations", args=[cast.commitment_a.market_id])))
    assert "Aucune difficulté sur ce marché" in shown and "Ouvrir une difficulté" in shown


def test_without_a_commitment_there_is_no_difficulty_to_open(cast, house):
    market = MarketFactory()
    response = house.get(reverse("escalation_open", args=[market.pk]), follow=True)
    assert "Une difficulté porte sur un engagement" in text_of(response)


def test_the_filters_of_the_list(cast, house):
    make_escalation(cast.commitment_a, upto=Stage.TO_APPROVE)
    make_escalation(
        cast.commitment_b, upto=Stage.WAITING, opened_on=timezone.localdate() - dt.timedelta(days=22)
    )
    make_escalation(cast.other_commitment_a, upto=Stage.CLOSED)

    def listed(**query):
        response = house.get(reverse("escalation_list"), query)
        return {row.record.market.reference for row in response.context["table"].page.object_list}

    assert listed() == {"ALPHA-1", "ALPHA-2", "BRAVO-1"}
    assert listed(life="open") == {"ALPHA-1", "BRAVO-1"}
    assert listed(life="closed") == listed(stage="closed") == {"ALPHA-2"}
    assert listed(stage="to_approve") == {"ALPHA-1"}
    assert listed(stage="waiting") == {"BRAVO-1"}
    assert listed(buyer=cast.buyer_b.pk) == {"BRAVO-1"}


@pytest.mark.parametrize("role", ["facilitator", "buyer"])
def test_pages_cost_the_same_with_one_difficulty_and_with_six(
    cast, house, buyer, role, django_assert_max_num_queries
):
    client = house if role == "facilitator" else buyer
    market = cast.commitment_a.market
    stages = [Stage.TO_APPROVE, Stage.WAITING, Stage.TO_ALERT, Stage.TO_DECIDE, Stage.CONTACTS, Stage.TO_SEND]
    addresses = [reverse("escalation_list"), reverse("market_escalations", args=[market.pk])]
    counts = []
    for many in (1, 6):
        while Escalation.objects.count() < many:
            lot = LotFactory(market=market)
            commitment = CommitmentFactory(clause=ClauseFactory(lot=lot))
            make_escalation(commitment, upto=stages[Escalation.objects.count()])
        found = []
        for address in addresses:
            with django_assert_max_num_queries(17) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 12, counts


def test_a_penalty_formula_is_typed_on_its_clause(cast, house):
    clause = cast.commitment_a.clause
    edit = reverse("clause_edit", args=[clause.pk])
    base = {"kind": clause.kind, "minimum_hours": "500"}
    house.post(edit, {**base, "penalty_kind": "rate", "penalty_rate": "35 €"})
    clause.refresh_from_db()
    assert clause.penalty_formula.per_hour == Decimal(35)
    house.post(
        edit,
        {
            **base,
            "penalty_kind": "coefficient",
            "penalty_coefficient": "1,5",
            "penalty_reference": "12,02",
            "penalty_reference_label": "SMIC horaire brut",
            "penalty_reference_on": "1/1/26",
            "penalty_rate": "35",
            "penalty_allowance": "10",
            "penalty_allowance_unit": "percent",
            "penalty_cap": "5",
            "penalty_cap_unit": "percent",
        },
    )
    clause.refresh_from_db()
    assert (clause.penalty_rate, clause.penalty_formula.per_hour) == (None, Decimal("18.03"))
    for typed, field in (
        ({"penalty_kind": "rate"}, "penalty_rate"),
        ({"penalty_kind": "rate", "penalty_rate": "1e17"}, "penalty_rate"),
        ({"penalty_kind": "rate", "penalty_rate": "-35"}, "penalty_rate"),
        ({"penalty_kind": "coefficient", "penalty_coefficient": "abc"}, "penalty_coefficient"),
        ({"penalty_kind": "coefficient", "penalty_coefficient": "2"}, "penalty_reference"),
        ({"penalty_rate": "35"}, "penalty_kind"),
        (
            {
                "penalty_kind": "rate",
                "penalty_rate": "35",
                "penalty_allowance": "120",
                "penalty_allowance_unit": "percent",
            },
            "penalty_allowance",
        ),
        ({"penalty_kind": "rate", "penalty_rate": "35", "penalty_cap": "0"}, "penalty_cap"),
    ):
        assert list(errors_of(house.post(edit, {**base, **typed}))) == [field], typed


def test_an_agreement_that_consents_is_said_before_the_letter_is_made(cast, house):
    AgreementFactory(buyer=cast.buyer_a, letter_consent=True, ends_on=dt.date(2099, 1, 1))
    escalation = make_escalation(cast.commitment_a, upto=Stage.TO_PROPOSE)
    shown = page(house, "escalation_letter", escalation)
    assert "La convention donne l’accord d’avance" in shown and "Établir le courrier" in shown
