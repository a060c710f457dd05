"""Factories of every model, one section per room, with a small cast: two buyers and two companies that share nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import factory
from django.db import connection
from factory.django import DjangoModelFactory

from accounts.enums import Role
from accounts.models import User
from beneficiaries.counting import period_end
from beneficiaries.enums import (
    CountingReason,
    Decision,
    EntryState,
    Gender,
    HourKind,
    Modality,
    PlacementNature,
    PrescriberKind,
    Route,
    Sufficiency,
)
from beneficiaries.models import (
    AggregateDeclaration,
    Assignment,
    Beneficiary,
    ClosedYear,
    ContractType,
    CountingRules,
    EducationLevel,
    EligibilityCriterion,
    EligibilityPeriod,
    EligibilityReview,
    FollowUp,
    HeldCriterion,
    HoursEntry,
    Mutualisation,
    MutualisationShare,
    Occupation,
    Outcome,
    Placement,
    Prescriber,
    ProofFile,
    ProofRequest,
    Qpv,
    Recount,
    Referrer,
    SettledAnomaly,
)
from clauses.enums import ChangeReason, Channel, ClauseKind, ReviewState, StepKind
from clauses.ladder import Stage
from clauses.models import (
    Achievement,
    Clause,
    Commitment,
    CommitmentChange,
    Escalation,
    EscalationStep,
    Evidence,
    Interaction,
    LabourShare,
    QualitativeCommitment,
)
from core.dates import add_months
from core.files import store_file
from markets.enums import (
    BuyerKind,
    CharterAxis,
    CompanyKindCode,
    Family,
    IdentifierKind,
    OperationKind,
    TaskKind,
)
from markets.models import (
    Agreement,
    ApiToken,
    Award,
    Buyer,
    BuyerMembership,
    CharterPledge,
    Commune,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    CpvCode,
    Department,
    FeeReview,
    House,
    Invoice,
    Lot,
    Market,
    MarketParty,
    Operation,
    PlannedPurchase,
    ProcurementThreshold,
    Quote,
    Responsibility,
    Sector,
    Task,
)
from reporting.services.drafts import start_bilan
from reporting.services.publication import freeze
from reporting.services.workflow import review_bilan

# --- accounts ------------------------------------------------------------------------------------------------


class UserFactory(DjangoModelFactory):
    """A facilitator; `UserFactory(role=Role.BUYER)` is one of a buyer, and sees nothing before a membership."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"camille.martin{n}@maison.example")
    first_name = "Camille"
    last_name = factory.Sequence(lambda n: f"Martin{n}")
    role = Role.FACILITATOR

    class Params:
        admin = factory.Trait(role=Role.ADMIN)
        buyer = factory.Trait(role=Role.BUYER)
        company = factory.Trait(role=Role.COMPANY)


# --- markets -------------------------------------------------------------------------------------------------


def _luhn(body: str) -> str:
    doubled = [int(char) * (2 - i % 2) for i, char in enumerate(reversed(body))]
    return body + str(-sum(sum(divmod(digit, 10)) for digit in doubled) % 10)


def siret(n: int) -> str:
    """The n-th invented SIRET whose SIREN and number both pass the Luhn check."""
    return _luhn(_luhn(f"9{n:07d}") + "0001")


class CommuneFactory(DjangoModelFactory):
    class Meta:
        model = Commune
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"69{n:03d}")
    label = factory.Sequence(lambda n: f"Commune {n}")
    department_code = "69"


class CpvCodeFactory(DjangoModelFactory):
    class Meta:
        model = CpvCode
        django_get_or_create = ("code",)

    code = "45"
    label = "Travaux de construction"


class HouseFactory(DjangoModelFactory):
    class Meta:
        model = House

    name = "Maison de l’emploi d’exemple"
    siret = "13000354400033"

    class Params:
        # What an invoice must say of the house.
        invoicing = factory.Trait(
            address="1 rue de l’Exemple\n69000 Lyon",
            vat_note="TVA non applicable, article 293 B du code général des impôts",
            iban="FR7630006000011234567890189",
        )


class BuyerFactory(DjangoModelFactory):
    class Meta:
        model = Buyer

    name = factory.Sequence(lambda n: f"Ville d’Exemple {n}")
    kind = BuyerKind.COMMUNE
    identifier = factory.Sequence(lambda n: siret(1_000 + n))
    identifier_kind = IdentifierKind.SIRET


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department

    buyer = factory.SubFactory(BuyerFactory)
    name = factory.Sequence(lambda n: f"Direction {n}")


class BuyerMembershipFactory(DjangoModelFactory):
    """Give `department=` to limit the account to it."""

    class Meta:
        model = BuyerMembership

    user = factory.SubFactory(UserFactory, buyer=True)
    buyer = factory.SubFactory(BuyerFactory)


class CompanyFactory(DjangoModelFactory):
    """An ordinary company; `CompanyFactory(etti=True)` also holds that kind."""

    class Meta:
        model = Company
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Entreprise {n}")
    identifier = factory.Sequence(lambda n: siret(500_000 + n))
    identifier_kind = IdentifierKind.SIRET

    class Params:
        etti = factory.Trait(
            kind_row=factory.RelatedFactory(
                "tests.factories.CompanyKindFactory",
                factory_related_name="company",
                kind=CompanyKindCode.ETTI,
            )
        )
        geiq = factory.Trait(
            kind_row=factory.RelatedFactory(
                "tests.factories.CompanyKindFactory",
                factory_related_name="company",
                kind=CompanyKindCode.GEIQ,
            )
        )


class CompanyKindFactory(DjangoModelFactory):
    class Meta:
        model = CompanyKind

    company = factory.SubFactory(CompanyFactory)
    kind = CompanyKindCode.ORDINARY


class SectorFactory(DjangoModelFactory):
    class Meta:
        model = Sector
        django_get_or_create = ("code",)

    code = "green"
    label = "Espaces verts et milieux naturels"
    cpv = "772 773 451127"
    naf = "0130 02 8130"
    words = "espaces verts, paysage"


class CharterPledgeFactory(DjangoModelFactory):
    class Meta:
        model = CharterPledge

    company = factory.SubFactory(CompanyFactory)
    signed_on = dt.date(2025, 1, 15)
    axis = CharterAxis.HOST
    action = "Accueillir deux stagiaires de troisième"


class CompanyMembershipFactory(DjangoModelFactory):
    class Meta:
        model = CompanyMembership

    user = factory.SubFactory(UserFactory, company=True)
    company = factory.SubFactory(CompanyFactory)


class MarketFactory(DjangoModelFactory):
    """A works market that runs over 2025 and 2026; `closed=True` closes it on 30/06/2026."""

    class Meta:
        model = Market

    buyer = factory.SubFactory(BuyerFactory)
    reference = factory.Sequence(lambda n: f"2025-{n:04d}")
    object = factory.Sequence(lambda n: f"Réhabilitation du groupe scolaire {n}")
    family = Family.WORKS
    cpv = "45000000"
    amount = Decimal("1000000.00")
    notified_on = dt.date(2025, 1, 15)
    starts_on = dt.date(2025, 2, 1)
    planned_end = dt.date(2026, 12, 31)

    class Params:
        closed = factory.Trait(closed_on=dt.date(2026, 6, 30))


class OperationFactory(DjangoModelFactory):
    class Meta:
        model = Operation

    buyer = factory.SubFactory(BuyerFactory)
    name = factory.Sequence(lambda n: f"Opération {n}")

    class Params:
        private = factory.Trait(kind=OperationKind.PRIVATE, target_hours=Decimal("1000.00"))


class MarketPartyFactory(DjangoModelFactory):
    """A buyer that shares a market, with 40 % of its hours."""

    class Meta:
        model = MarketParty

    market = factory.SubFactory(MarketFactory)
    buyer = factory.SubFactory(BuyerFactory)
    share = Decimal("40.00")


class LotFactory(DjangoModelFactory):
    class Meta:
        model = Lot

    market = factory.SubFactory(MarketFactory)
    number = factory.Sequence(lambda n: str(n + 1))
    object = "Gros œuvre"


class AwardFactory(DjangoModelFactory):
    class Meta:
        model = Award

    lot = factory.SubFactory(LotFactory)
    company = factory.SubFactory(CompanyFactory)
    amount = Decimal("400000.00")
    awarded_on = dt.date(2025, 1, 10)


class ContactFactory(DjangoModelFactory):
    """Of a buyer; `ContactFactory(buyer=None, company=…)` for a company's."""

    class Meta:
        model = Contact

    buyer = factory.SubFactory(BuyerFactory)
    name = factory.Sequence(lambda n: f"Dominique Contact{n}")
    email = factory.Sequence(lambda n: f"contact{n}@organisation.example")


class ResponsibilityFactory(DjangoModelFactory):
    """Of a market; `ResponsibilityFactory(market=None, buyer=…)` or `company=…` for the others."""

    class Meta:
        model = Responsibility

    market = factory.SubFactory(MarketFactory)
    facilitator = factory.SubFactory(UserFactory)
    starts_on = dt.date(2025, 1, 1)


class ThresholdFactory(DjangoModelFactory):
    """The European threshold of works of 2026 and 2027."""

    class Meta:
        model = ProcurementThreshold

    code = factory.Sequence(lambda n: f"threshold-{n}")
    label = "Travaux"
    scope = "works"
    amount = Decimal("5404000")
    valid_from = dt.date(2026, 1, 1)


class PlannedPurchaseFactory(DjangoModelFactory):
    """A works purchase of 2027, to be studied."""

    class Meta:
        model = PlannedPurchase

    buyer = factory.SubFactory(BuyerFactory)
    year = 2027
    reference = factory.Sequence(lambda n: f"2027-{n:03d}")
    object = "Rénovation d’un groupe scolaire"
    family = Family.WORKS
    amount = Decimal("1200000")
    planned_on = dt.date(2027, 3, 1)


class AgreementFactory(DjangoModelFactory):
    """In force from 2024 to 2027, made without its reminders: `save_agreement` opens them."""

    class Meta:
        model = Agreement

    buyer = factory.SubFactory(BuyerFactory)
    starts_on = dt.date(2024, 1, 1)
    ends_on = dt.date(2027, 12, 31)


class FeeReviewFactory(DjangoModelFactory):
    class Meta:
        model = FeeReview

    agreement = factory.SubFactory(AgreementFactory)
    year = 2024
    amount = Decimal("2000.00")
    reason = "Montant de la convention"


class QuoteFactory(DjangoModelFactory):
    """A draft on a market of the agreement's buyer; `operation=` for one on an operation, `sent=True` for a sent one."""

    class Meta:
        model = Quote

    agreement = factory.SubFactory(AgreementFactory)
    market = factory.Maybe(
        "operation",
        yes_declaration=None,
        no_declaration=factory.SubFactory(MarketFactory, buyer=factory.SelfAttribute("..agreement.buyer")),
    )
    operation = None
    subject = "Participation à la mission d’appui"
    amount = Decimal("2000.00")
    dated_on = dt.date(2026, 1, 5)

    class Params:
        sent = factory.Trait(
            state="sent",
            sequence=factory.Sequence(lambda n: n + 1),
            year=2026,
            number=factory.LazyAttribute(lambda made: f"D{made.year}-{made.sequence:04d}"),
            sent_on=dt.date(2026, 1, 6),
        )
        accepted = factory.Trait(
            state="accepted",
            sequence=factory.Sequence(lambda n: n + 1),
            year=2026,
            number=factory.LazyAttribute(lambda made: f"D{made.year}-{made.sequence:04d}"),
            sent_on=dt.date(2026, 1, 6),
            decided_on=dt.date(2026, 1, 10),
        )


class InvoiceFactory(DjangoModelFactory):
    """A ready first half, without a number; `issued=True` for one that has it, without a document."""

    class Meta:
        model = Invoice

    quote = factory.SubFactory(QuoteFactory, accepted=True)
    kind = "calibration"
    net = Decimal("1000.00")
    vat = Decimal("0.00")
    total = factory.LazyAttribute(lambda made: made.net + made.vat)
    state = "ready"
    ready_on = dt.date(2026, 1, 12)

    class Params:
        issued = factory.Trait(
            state="issued",
            series="F",
            year=2026,
            sequence=factory.Sequence(lambda n: n + 1),
            number=factory.LazyAttribute(lambda made: f"F{made.year}-{made.sequence:04d}"),
            issued_on=dt.date(2026, 1, 15),
            due_on=dt.date(2026, 2, 14),
        )


# --- clauses -------------------------------------------------------------------------------------------------


class ClauseFactory(DjangoModelFactory):
    class Meta:
        model = Clause

    lot = factory.SubFactory(LotFactory)
    kind = ClauseKind.EXECUTION
    minimum_hours = Decimal("500.00")


class CommitmentFactory(DjangoModelFactory):
    """A commitment with its whole chain: buyer → market → lot → clause and award, and a first change of 500 h.

    What is given is kept and what is missing is made around it: `buyer=`, `market=`, `lot=`, `clause=`, `award=`,
    `company=` (its holder), `kind=` (of the clause). `hours=800` is another minimum, `hours=0` none at all;
    `offer=300` adds an offer above the minimum.
    """

    class Meta:
        model = Commitment

    starts_on = dt.date(2025, 2, 1)
    ends_on = dt.date(2026, 12, 31)

    @classmethod
    def _create(
        cls,
        model_class: Any,
        *args: Any,
        buyer: Any = None,
        market: Any = None,
        lot: Any = None,
        clause: Any = None,
        award: Any = None,
        company: Any = None,
        kind: str = ClauseKind.EXECUTION,
        hours: Any = 500,
        offer: Any = None,
        **kwargs: Any,
    ) -> Commitment:
        lot = lot or (clause and clause.lot) or (award and award.lot)
        if lot is None:
            market = market or (MarketFactory(buyer=buyer) if buyer else MarketFactory())
            lot = LotFactory(market=market)
        clause = clause or ClauseFactory(lot=lot, kind=kind)
        if award is None:
            award = AwardFactory(lot=lot, company=company) if company else AwardFactory(lot=lot)
        commitment = model_class.objects.create(clause=clause, award=award, **kwargs)
        if hours:
            CommitmentChangeFactory(commitment=commitment, delta=Decimal(hours))
        if offer:
            CommitmentChangeFactory(commitment=commitment, delta=Decimal(offer), reason=ChangeReason.OFFER)
        return commitment


class CommitmentChangeFactory(DjangoModelFactory):
    class Meta:
        model = CommitmentChange

    commitment = factory.SubFactory(CommitmentFactory, hours=0)
    effective_on = dt.date(2025, 2, 1)
    delta = Decimal("500.00")
    reason = ChangeReason.MINIMUM


class TaskFactory(DjangoModelFactory):
    """Something that the house does about a market before 01/04/2026; `done_on=` closes it."""

    class Meta:
        model = Task

    market = factory.SubFactory(MarketFactory)
    title = factory.Sequence(lambda n: f"Rappeler l’entreprise {n}")
    since = dt.date(2026, 3, 1)
    due_on = dt.date(2026, 4, 1)


class MeetingFactory(TaskFactory):
    """A launch meeting of a market, on 04/05/2099 at 14:00 in Paris, with buyer and company."""

    kind = TaskKind.MEETING
    title = factory.Sequence(lambda n: f"Réunion de lancement {n}")
    channel = Channel.LAUNCH
    starts_at = dt.datetime(2099, 5, 4, 12, 0, tzinfo=dt.UTC)
    due_on = dt.date(2099, 5, 4)
    place = "Hôtel de ville"
    details = "- Présentation de chacun"
    with_buyer = True
    with_company = True


class InteractionFactory(DjangoModelFactory):
    """A call about a market, that the company answered."""

    class Meta:
        model = Interaction

    market = factory.SubFactory(MarketFactory)
    on = dt.date(2026, 3, 2)
    channel = Channel.CALL
    summary = "Le chef de chantier propose deux postes."
    author = factory.SubFactory(UserFactory)


class QualitativeCommitmentFactory(DjangoModelFactory):
    """A line of the grid: two visits before the end of 2025, by the holder of a market's lot.

    `award=` gives its market and company; `words=True` makes an objective in words.
    """

    class Meta:
        model = QualitativeCommitment
        exclude = ("award",)

    award = factory.SubFactory(AwardFactory)
    market = factory.SelfAttribute("award.lot.market")
    company = factory.SelfAttribute("award.company")
    action = factory.Sequence(lambda n: f"Visites de chantier {n}")
    target_number = Decimal("2.00")
    unit = "visites"
    due_on = dt.date(2025, 12, 31)

    class Params:
        words = factory.Trait(target_number=None, unit="", target_text="Un livret d’accueil remis")


class AchievementFactory(DjangoModelFactory):
    """Accepted, as the house records it; `state="submitted"` is a company's."""

    class Meta:
        model = Achievement

    qualitative = factory.SubFactory(QualitativeCommitmentFactory)
    on = dt.date(2025, 5, 1)
    quantity = Decimal("1.00")
    state = ReviewState.ACCEPTED


class EvidenceFactory(DjangoModelFactory):
    """A proof that waits for the house."""

    class Meta:
        model = Evidence

    qualitative = factory.SubFactory(QualitativeCommitmentFactory)
    on = dt.date(2025, 5, 2)

    @factory.lazy_attribute
    def file(self) -> Any:
        content = b"%PDF-1.4\n%%EOF\n"
        return store_file(kind="evidence", name="attestation.pdf", content=content, user=None)


# A letter as `clauses.escalation_documents.letter_facts` freezes it.
LETTER = {
    "house": {
        "name": "Maison de l’emploi d’exemple",
        "address": "1 place de l’Emploi",
        "siret": "",
        "email": "",
        "phone": "",
        "signatory": "",
        "signatory_title": "",
    },
    "company": "Entreprise",
    "recipient": "",
    "address": "2 rue du Chantier",
    "buyer": "Ville d’Exemple",
    "reference": "2025-0001",
    "object": "Réhabilitation",
    "lot": "Lot 1",
    "clause": "condition d’exécution (L2112-2)",
    "notified_on": "2025-01-15",
    "ends_on": "2026-12-31",
    "engaged": "500.00",
    "counted": "0.00",
    "missing": "500.00",
    "due": "250.00",
    "computed_on": "2026-03-20",
    "contacts": [
        {"on": "2026-03-02", "channel": "appel", "outcome": "sans réponse", "reached": False},
        {"on": "2026-03-09", "channel": "courriel", "outcome": "sans réponse", "reached": False},
    ],
    "refused_on": "",
    "penalty": "",
    "delay_days": 15,
    "person": {"name": "Fanny Facile", "email": "fanny@maison.example", "phone": ""},
    "text": "",
    "subject": "Vos engagements d’insertion",
}
_HOURS = {"engaged": "500.00", "counted": "0.00", "missing": "500.00", "formula": "", "problem": ""}


def make_escalation(
    commitment: Any = None, *, upto: str = "contacts", opened_on: dt.date = dt.date(2026, 3, 1)
) -> Escalation:
    """An escalation that waits at a stage of `clauses.ladder` (« to_approve »), its steps written without services.

    Its contacts are made too from « to_propose » on: a call and an e-mail without an answer.
    """
    commitment = commitment or CommitmentFactory()
    escalation = Escalation.objects.create(commitment=commitment, opened_on=opened_on)

    def step(kind: str, days: int, **facts: Any) -> EscalationStep:
        stored = None
        if kind in (StepKind.LETTER_APPROVED, StepKind.LETTER_SENT, StepKind.ALERT, StepKind.DEFAULT):
            stored = store_file(
                kind="escalation", name=f"{kind}.pdf", content=b"%PDF-1.7 " + kind.encode(), user=None
            )
        return EscalationStep.objects.create(
            escalation=escalation,
            kind=kind,
            on=opened_on + dt.timedelta(days=days),
            facts=facts,
            document=stored,
            text="Rien depuis deux mois." if kind == StepKind.OPENED else "",
        )

    stages = list(Stage)
    reached = stages.index(Stage(upto))
    step(StepKind.OPENED, 0, **_HOURS)
    if reached >= stages.index(Stage.TO_PROPOSE):
        for day, channel in ((1, Channel.CALL), (8, Channel.MAIL)):
            InteractionFactory(
                market=commitment.market,
                company=commitment.holder,
                on=opened_on + dt.timedelta(days=day),
                channel=channel,
                reached=False,
                summary="Secret de la maison",
            )
    due_on = opened_on + dt.timedelta(days=36)
    climbed = (
        (Stage.TO_APPROVE, StepKind.LETTER_PROPOSED, 19, {**_HOURS, "letter": LETTER}),
        (Stage.TO_SEND, StepKind.LETTER_APPROVED, 20, {}),
        (
            Stage.WAITING,
            StepKind.LETTER_SENT,
            21,
            {
                "way": "registered",
                "way_words": "recommandé avec accusé de réception",
                "tracking": "1A 000 000",
                "email": "",
                "delay_days": 15,
                "due_on": due_on.isoformat(),
                "person": LETTER["person"],
            },
        ),
        (Stage.TO_ALERT, StepKind.REFUSAL, 22, {}),
        (Stage.TO_NOTIFY, StepKind.ALERT, 23, {**_HOURS, "contacts": [], "written_to": ["a@b.example"]}),
        (Stage.TO_DECIDE, StepKind.DEFAULT, 24, _HOURS),
        (Stage.DECIDED, StepKind.DECISION, 25, {**_HOURS, "decision": "waived", "amount": "0.00"}),
    )
    for stage, kind, days, facts in climbed:
        if reached >= stages.index(stage) and upto != Stage.CLOSED:
            step(kind, days, **facts)
    if upto in (Stage.DECIDED, Stage.CLOSED):
        if upto == Stage.CLOSED:
            step(StepKind.CLOSED, 25)
        escalation.closed_on = opened_on + dt.timedelta(days=25)
        escalation.closing_reason = "L’entreprise a repris contact."
        escalation.save()
    return escalation


class LabourShareFactory(DjangoModelFactory):
    """A value of the house, from 2026 on."""

    class Meta:
        model = LabourShare

    label = factory.Sequence(lambda n: f"Métier {n}")
    share = Decimal("50")
    source = "Bilans de la maison"
    valid_from = dt.date(2026, 1, 1)


def make_recommendation(
    target: Any, by: Any, *, hours: tuple[int, ...] = (833,), sent: bool = False, title: str = "Préconisation"
) -> Any:
    """A draft of one scenario on a purchase or a market, one lot for each number of hours; `sent` sends it.

    A lot of h hours is h × 60 € at 50 % of labour, 30 €/h and an effort of 100 %.
    """
    from clauses.services import recommendation_answers as answers
    from clauses.services import recommendations as services

    row = services.start_recommendation(target=target, title=title, by=by)
    scenario = row.scenarios.get()
    while scenario.lots.count() < len(hours):
        services.add_lot(scenario=scenario, by=by)
    lots = list(scenario.lots.order_by("position", "pk"))
    for lot in lots[len(hours) :]:
        lot.delete()
    for lot, number in zip(lots, hours, strict=False):
        lot.method, lot.amount = "standard", Decimal(number * 60)
        lot.share, lot.cost, lot.rate = Decimal(50), Decimal(30), Decimal(100)
    row.refresh_from_db()
    row = services.save_estimation(
        recommendation=row,
        edition=row.edition,
        values={},
        advised=scenario.pk,
        scenarios=[],
        lots=lots[: len(hours)],
        by=by,
    )
    if sent:
        row = answers.send_recommendation(
            recommendation=row, recipients=["achats@ville.example"], subject="s", body="b", by=by
        )
    return row


# --- beneficiaries -------------------------------------------------------------------------------------------


class ApiTokenFactory(DjangoModelFactory):
    """A key whose words nobody has: `create_token` gives those that a test calls with."""

    class Meta:
        model = ApiToken

    name = "Logiciel de paie"
    prefix = "mln_exempl"
    digest = factory.Sequence(lambda n: f"{n:064d}")
    expires_on = dt.date(2099, 12, 31)


class QpvFactory(DjangoModelFactory):
    class Meta:
        model = Qpv
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"QN069{n:02d}M")
    label = factory.Sequence(lambda n: f"Quartier {n}")
    vintage = 2024


class EducationLevelFactory(DjangoModelFactory):
    class Meta:
        model = EducationLevel
        django_get_or_create = ("code",)

    code = "50"
    label = "Formation de niveau CAP ou BEP"
    band = "cap_bep"


class OccupationFactory(DjangoModelFactory):
    class Meta:
        model = Occupation
        django_get_or_create = ("code",)

    code = "F1703"
    label = "Maçonnerie"


class ContractTypeFactory(DjangoModelFactory):
    class Meta:
        model = ContractType
        django_get_or_create = ("code",)

    code = "cddi"
    label = "CDDI (CDD d’insertion)"
    nature = PlacementNature.EMPLOYMENT


class EligibilityCriterionFactory(DjangoModelFactory):
    """RSA; traits `combined`, `priority`, `automatic`, `sensitive`, `opinion` are other criteria of the list."""

    class Meta:
        model = EligibilityCriterion
        django_get_or_create = ("code",)

    code = "rsa"
    label = "Bénéficiaire du RSA"
    proof = "Attestation de paiement de la CAF ou de la MSA"
    proof_max_age_months = 3
    sufficiency = Sufficiency.ALONE
    public = "rsa"
    position = 10

    class Params:
        combined = factory.Trait(
            code="isolated_parent",
            label="Parent isolé",
            sufficiency=Sufficiency.COMBINED,
            public="",
            position=150,
        )
        other_combined = factory.Trait(
            code="education_3",
            label="Niveau d’études 3 (CAP, BEP) ou moins",
            sufficiency=Sufficiency.COMBINED,
            proof_max_age_months=None,
            public="",
            position=180,
        )
        priority = factory.Trait(
            code="qpv",
            label="Résident d’un quartier prioritaire",
            sufficiency=Sufficiency.PRIORITY,
            proof_max_age_months=6,
            public="qpv",
            position=190,
        )
        automatic = factory.Trait(
            code="pass_iae",
            label="Titulaire d’un PASS IAE",
            route=Route.AUTOMATIC,
            proof_max_age_months=24,
            public="",
            position=200,
        )
        sensitive_one = factory.Trait(
            code="rqth",
            label="Reconnaissance de la qualité de travailleur handicapé (RQTH)",
            sensitive=True,
            proof_max_age_months=None,
            public="rqth",
            position=50,
        )
        opinion = factory.Trait(
            code="other",
            label="Autre situation, sur avis motivé d’un prescripteur",
            sensitive=True,
            proof_max_age_months=None,
            public="",
            position=240,
        )


class PrescriberFactory(DjangoModelFactory):
    class Meta:
        model = Prescriber

    name = factory.Sequence(lambda n: f"Mission locale d’Exemple {n}")
    kind = PrescriberKind.LOCAL_MISSION


class ReferrerFactory(DjangoModelFactory):
    class Meta:
        model = Referrer

    prescriber = factory.SubFactory(PrescriberFactory)
    last_name = factory.Sequence(lambda n: f"Référent{n}")
    first_name = "Claude"


class BeneficiaryFactory(DjangoModelFactory):
    class Meta:
        model = Beneficiary

    last_name = factory.Sequence(lambda n: f"Personne{n}")
    first_name = "Sacha"
    birth_date = dt.date(1990, 5, 17)
    gender = Gender.FEMALE


class FollowUpFactory(DjangoModelFactory):
    class Meta:
        model = FollowUp

    beneficiary = factory.SubFactory(BeneficiaryFactory)
    happened_on = dt.date(2026, 3, 2)
    text = "Entretien de suivi."


class EligibilityReviewFactory(DjangoModelFactory):
    """An approved decision on RSA, its entry situation frozen from the person; `criteria=` holds others.

    `refused=True` is a refusal. `criteria=[]` holds none.
    """

    class Meta:
        model = EligibilityReview

    beneficiary = factory.SubFactory(BeneficiaryFactory)
    decision = Decision.APPROVED
    decided_on = dt.date(2025, 2, 14)
    valid_until = factory.LazyAttribute(
        lambda made: add_months(made.decided_on, 3) if made.decision == Decision.APPROVED else None
    )

    class Params:
        refused = factory.Trait(decision=Decision.REFUSED, refusal_reason="Ne remplit aucun critère.")

    @classmethod
    def _create(
        cls, model_class: Any, *args: Any, criteria: Any = None, principal: Any = None, **kwargs: Any
    ) -> EligibilityReview:
        person = kwargs["beneficiary"]
        if criteria is None:
            criteria = [EligibilityCriterionFactory()] if kwargs["decision"] == Decision.APPROVED else []
        born, decided = person.birth_date, kwargs["decided_on"]
        entry = {
            "entry_age": decided.year - born.year - ((decided.month, decided.day) < (born.month, born.day))
            if born
            else None,
            "entry_gender": person.gender,
            "entry_commune": person.commune,
            "entry_qpv": person.qpv,
            "entry_qpv_vintage": person.qpv.vintage if person.qpv else None,
            "entry_education": person.education,
            "entry_prescriber": person.prescriber,
            "principal": principal or (criteria[0] if criteria else None),
        }
        review = model_class.objects.create(**{**entry, **kwargs})
        for criterion in criteria:
            HeldCriterion.objects.create(
                review=review, criterion=criterion, proof_date=decided, proof_label=criterion.proof
            )
        return review


class ProofFileFactory(DjangoModelFactory):
    """A PDF at the file of a person, with no decision yet; `review=` files it with one."""

    class Meta:
        model = ProofFile

    beneficiary = factory.SubFactory(BeneficiaryFactory)
    criterion = factory.SubFactory(EligibilityCriterionFactory)
    dated = dt.date(2026, 1, 5)
    stored = factory.LazyFunction(
        lambda: store_file(kind="proof", name="attestation.pdf", content=b"%PDF-1.7\nproof\n%%EOF", user=None)
    )


class ProofRequestFactory(DjangoModelFactory):
    """A request that still waits, of the proof of RSA; `criteria=` asks for others."""

    class Meta:
        model = ProofRequest
        skip_postgeneration_save = True

    beneficiary = factory.SubFactory(BeneficiaryFactory, email="personne@example.org")
    email = factory.SelfAttribute("beneficiary.email")
    asked_on = dt.date(2026, 1, 5)
    due_on = dt.date(2026, 1, 20)

    @factory.post_generation
    def criteria(made: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        made.criteria.set(extracted or [EligibilityCriterionFactory()])


class EligibilityPeriodFactory(DjangoModelFactory):
    class Meta:
        model = EligibilityPeriod

    review = factory.SubFactory(EligibilityReviewFactory)
    beneficiary = factory.SelfAttribute("review.beneficiary")
    starts_on = dt.date(2025, 3, 3)
    ends_on = factory.LazyAttribute(lambda made: period_end(made.starts_on, 24))


class PlacementFactory(DjangoModelFactory):
    class Meta:
        model = Placement

    beneficiary = factory.SubFactory(BeneficiaryFactory)
    employer = factory.SubFactory(CompanyFactory)
    contract_type = factory.SubFactory(ContractTypeFactory)
    modality = Modality.DIRECT
    starts_on = dt.date(2025, 3, 3)
    weekly_hours = Decimal("35.00")

    class Params:
        agency = factory.Trait(
            modality=Modality.ETTI,
            contract_type=factory.SubFactory(
                ContractTypeFactory, code="ctt", label="Mission d’intérim (CTT)", position=110
            ),
        )


class AssignmentFactory(DjangoModelFactory):
    """A placement put to work on a commitment, without any decision: its hours do not count."""

    class Meta:
        model = Assignment

    placement = factory.SubFactory(PlacementFactory)
    commitment = factory.SubFactory(CommitmentFactory)
    starts_on = factory.SelfAttribute("placement.starts_on")


class HoursEntryFactory(DjangoModelFactory):
    """A draft; `validated=True` is validated and not yet counted, `counted=True` counts whole."""

    class Meta:
        model = HoursEntry

    assignment = factory.SubFactory(AssignmentFactory)
    month = dt.date(2025, 3, 1)
    kind = HourKind.WORK
    hours = Decimal("100.00")
    state = EntryState.DRAFT

    class Params:
        validated = factory.Trait(
            state=EntryState.VALIDATED, validated_at=dt.datetime(2025, 4, 3, 9, 0, tzinfo=dt.UTC)
        )
        counted = factory.Trait(
            state=EntryState.VALIDATED,
            validated_at=dt.datetime(2025, 4, 3, 9, 0, tzinfo=dt.UTC),
            counted_hours=factory.SelfAttribute("hours"),
            counting_reason=CountingReason.COUNTED,
        )


class CountingRulesFactory(DjangoModelFactory):
    """Territory's rules from 2000 on; `buyer=` or `market=` narrows them."""

    class Meta:
        model = CountingRules
        django_get_or_create = ("in_force_from", "buyer", "market")

    in_force_from = dt.date(2000, 1, 1)
    buyer = None
    market = None


class SettledAnomalyFactory(DjangoModelFactory):
    """Something that looked wrong, and was explained."""

    class Meta:
        model = SettledAnomaly

    kind = "sudden"
    key = factory.Sequence(lambda n: f"sudden:a{n}:2025-03:140.00/35.00")
    reason = "Vérifié avec l’entreprise."


class RecountFactory(DjangoModelFactory):
    """A recount that changed one entry of a person who is not there any more."""

    class Meta:
        model = Recount

    reason = "règles de comptage"
    entries = 1
    delta = Decimal("-12.00")
    by_year = factory.LazyFunction(lambda: {"2026": [1, "-12.00"]})


class ClosedYearFactory(DjangoModelFactory):
    class Meta:
        model = ClosedYear
        django_get_or_create = ("year",)

    year = 2024


def eligible_assignment(
    *,
    beneficiary: Any = None,
    commitment: Any = None,
    employer: Any = None,
    user_company: Any = None,
    starts_on: dt.date = dt.date(2025, 3, 3),
    ends_on: dt.date | None = None,
    decided_on: dt.date | None = None,
    criteria: Any = None,
    modality: str = Modality.DIRECT,
    contract_type: Any = None,
    weekly_hours: Any = Decimal("35.00"),
) -> Assignment:
    """An assignment whose hours count: decided two weeks before, first used on its first day, period of 24 months.

    The employer is the holder of the commitment unless another is given. Hours are for the caller to add:
    `HoursEntryFactory(assignment=eligible_assignment(), counted=True)`.
    """
    commitment = commitment or CommitmentFactory()
    review = EligibilityReviewFactory(
        beneficiary=beneficiary or BeneficiaryFactory(),
        decided_on=decided_on or starts_on - dt.timedelta(days=14),
        criteria=criteria,
    )
    placement = PlacementFactory(
        beneficiary=review.beneficiary,
        employer=employer or commitment.holder,
        contract_type=contract_type or ContractTypeFactory(),
        modality=modality,
        starts_on=starts_on,
        ends_on=ends_on,
        weekly_hours=weekly_hours,
    )
    EligibilityPeriodFactory(review=review, starts_on=starts_on)
    return AssignmentFactory(
        placement=placement,
        commitment=commitment,
        user_company=user_company,
        starts_on=starts_on,
        ends_on=ends_on,
        review=review,
    )


class OutcomeFactory(DjangoModelFactory):
    """The situation of someone who left on 31/01/2026, asked for at the exit; `known=True` says CDI."""

    class Meta:
        model = Outcome

    beneficiary = factory.SubFactory(BeneficiaryFactory)
    milestone = "exit"
    exit_on = dt.date(2026, 1, 31)
    due_on = dt.date(2026, 4, 30)

    class Params:
        known = factory.Trait(situation="cdi", source="house", recorded_on=dt.date(2026, 5, 4))


class AggregateDeclarationFactory(DjangoModelFactory):
    """320 h of eight people of an ESAT, January to March 2026."""

    class Meta:
        model = AggregateDeclaration

    company = factory.SubFactory(CompanyFactory)
    commitment = factory.SubFactory(CommitmentFactory)
    first_month = dt.date(2026, 1, 1)
    last_month = dt.date(2026, 3, 1)
    headcount = 8
    hours = Decimal("320.00")


def mutualisation(shares: dict[Any, Any], *, in_effect: bool = True, **values: Any) -> Mutualisation:
    """A globalisation of 2025 and 2026; `shares`: commitment → percent. In effect: document held, agreements dated."""
    row = Mutualisation.objects.create(
        **{
            "label": "Globalisation des écoles",
            "signed_on": dt.date(2025, 1, 6),
            "starts_on": dt.date(2025, 1, 1),
            "ends_on": dt.date(2026, 12, 1),
            "document": store_file(
                kind="mutualisation", name="signée.pdf", content=b"%PDF-1.4 %%EOF", user=None, max_bytes=1000
            )
            if in_effect
            else None,
            **values,
        }
    )
    for commitment, share in shares.items():
        MutualisationShare.objects.create(
            mutualisation=row,
            commitment=commitment,
            share=Decimal(str(share)),
            agreed_on=dt.date(2025, 1, 6) if in_effect else None,
        )
    return row


# --- reporting -----------------------------------------------------------------------------------------------


def make_bilan(*, buyer: Any, year: int = 2025, published: bool = False, narrative: Any = None) -> Any:
    """A draft, or a bilan published, its year closed, with the figures that the database holds; no file is made."""
    bilan = start_bilan(buyer=buyer, year=year, user=None)
    if narrative:
        bilan.narrative = narrative
        bilan.save()
    if published:
        ClosedYearFactory(year=year)
        bilan = freeze(bilan=review_bilan(bilan=bilan, user=None), user=None)
    return bilan


# --- the planner ---------------------------------------------------------------------------------------------


def known_to_planner() -> None:
    """Tell PostgreSQL how its tables are filled: nobody else does inside a transaction, and plans of many rows depend on it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


# --- a small cast --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cast:
    """Two organisations of each kind that share nothing, with an account each: what A sees must hold no word of B.

    Buyer A has two departments with a market each; `limited_a` sees the first only. Every name of A holds
    « Alpha », every name of B « Bravo ».
    """

    facilitator: User
    admin: User
    buyer_a: Buyer
    buyer_b: Buyer
    department_a: Department
    other_department_a: Department
    buyer_user_a: User
    limited_a: User
    buyer_user_b: User
    company_a: Company
    company_b: Company
    company_user_a: User
    company_user_b: User
    commitment_a: Commitment
    other_commitment_a: Commitment
    commitment_b: Commitment


def make_cast() -> Cast:
    facilitator = UserFactory(first_name="Fanny", last_name="Facile")
    admin = UserFactory(admin=True, first_name="Adam", last_name="Ministre")
    buyer_a, buyer_b = BuyerFactory(name="Ville d’Alpha"), BuyerFactory(name="Ville de Bravo")
    department_a = DepartmentFactory(buyer=buyer_a, name="Direction Alpha des bâtiments")
    other_department_a = DepartmentFactory(buyer=buyer_a, name="Direction Alpha de la voirie")
    company_a, company_b = CompanyFactory(name="Alpha Bâtiment"), CompanyFactory(name="Bravo Travaux")
    market_a = MarketFactory(
        buyer=buyer_a, department=department_a, reference="ALPHA-1", object="École Alpha, gros œuvre"
    )
    other_market_a = MarketFactory(
        buyer=buyer_a, department=other_department_a, reference="ALPHA-2", object="Rue Alpha, pavage"
    )
    market_b = MarketFactory(buyer=buyer_b, reference="BRAVO-1", object="Gymnase Bravo, charpente")
    return Cast(
        facilitator=facilitator,
        admin=admin,
        buyer_a=buyer_a,
        buyer_b=buyer_b,
        department_a=department_a,
        other_department_a=other_department_a,
        buyer_user_a=BuyerMembershipFactory(
            buyer=buyer_a, user__first_name="Aline", user__last_name="Alpha"
        ).user,
        limited_a=BuyerMembershipFactory(
            buyer=buyer_a, department=department_a, user__first_name="Axel", user__last_name="Alpha"
        ).user,
        buyer_user_b=BuyerMembershipFactory(
            buyer=buyer_b, user__first_name="Bruno", user__last_name="Bravo"
        ).user,
        company_a=company_a,
        company_b=company_b,
        company_user_a=CompanyMembershipFactory(
            company=company_a, user__first_name="Ahmed", user__last_name="Alpha"
        ).user,
        company_user_b=CompanyMembershipFactory(
            company=company_b, user__first_name="Béa", user__last_name="Bravo"
        ).user,
        commitment_a=CommitmentFactory(
            lot=LotFactory(market=market_a, object="Lot Alpha"), company=company_a, hours=500, offer=300
        ),
        other_commitment_a=CommitmentFactory(
            lot=LotFactory(market=other_market_a, object="Lot Alpha voirie"), company=company_a, hours=321
        ),
        commitment_b=CommitmentFactory(
            lot=LotFactory(market=market_b, object="Lot Bravo"), company=company_b, hours=777
        ),
    )
