"""Where words about a person stand in the whole application, and what becomes of each when the person is anonymised.

Every text of every model is declared here, in one of three ways: it never holds a word about a person (`kept`), it is
about the person whom a look-up leads to and goes (`erased`), or it may name anyone and is searched (`searched`, `cells`).
A test walks the models and fails for a text, or a kind of file, that nobody declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from beneficiaries.models import ProofFile
from core.models import ReferenceRow, StoredFile

ROOMS = ("accounts", "beneficiaries", "clauses", "core", "markets", "reporting")
# What a trigger lets stand in the place of words that go.
ERASED = "(effacé)"
# Forms of a text; a day of birth is one wherever it stands.
TEXTS = (models.CharField, models.TextField, models.JSONField, models.FileField)


@dataclass(frozen=True)
class Words:
    """What one model's texts are.

    kept: they hold no word about a person. person: look-ups that lead to one (a number, for `person_number`).
    erased: field → what stands there once its person is anonymised, where something stood.
    searched: texts that may name anyone: the full name is looked for. cells: the same, with the names apart from one
    another (« Nom : … ; Prénom : … »), as in messages, tables and answers. apart: texts that another gesture takes care of.
    """

    kept: str = ""
    person: tuple[str, ...] = ()
    erased: Mapping[str, Any] = field(default_factory=dict)
    searched: str = ""
    cells: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)

    @property
    def looked_through(self) -> tuple[str, ...]:
        return (*self.searched.split(), *self.cells.split())

    def declared(self) -> set[str]:
        return {*self.kept.split(), *self.erased, *self.searched.split(), *self.cells.split(), *self.apart}


def _of(person: str, erased: str = "", **more: Any) -> Words:
    """Texts about one person, which go together."""
    return Words(person=(person,), erased=dict.fromkeys(erased.split(), ERASED), **more)


def model_of(label: str) -> Any:
    """The model of « app.Model »."""
    return apps.get_model(label)


def texts_of(model: Any) -> Iterator[str]:
    """The texts of a model that must be declared: closed lists and reference lists hold nobody's words."""
    if issubclass(model, ReferenceRow):
        return
    for one in model._meta.local_concrete_fields:
        if isinstance(one, TEXTS) and not one.choices:
            yield one.name


# --- Rows ---------------------------------------------------------------------------------------------------

ORGANISATION = "search_key name short_name identifier address"

WORDS: dict[str, Words] = {
    # Whom they are about is followed, not searched.
    "beneficiaries.Beneficiary": Words(
        apart=dict.fromkeys(
            ("search_key", "last_name", "first_name", "birth_name", "address", "email", "phone"),
            "the file itself: anonymisation.bare_identity",
        )
    ),
    "beneficiaries.NameVariant": Words(apart={"variant": "deleted with the name"}),
    "beneficiaries.EligibilityReview": _of("beneficiary", "refusal_reason note correction_reason"),
    "beneficiaries.HeldCriterion": _of("review__beneficiary", "proof_label"),
    "beneficiaries.TrainingCourse": _of(
        "placement__beneficiary", searched="title provider qualification_aimed"
    ),
    "beneficiaries.FollowUp": _of("beneficiary", "text"),
    "beneficiaries.ReferrerFeedback": Words(
        person=("beneficiary",),
        erased={"email": "", "progress": ERASED, "obstacles": ERASED, "next_steps": ERASED},
    ),
    "beneficiaries.PersonMerge": Words(
        person=("kept",), erased={"former": {}, "reason": ERASED}, kept="moved"
    ),
    "beneficiaries.HoursEntry": _of(
        "assignment__placement__beneficiary", "sent_back_reason correction_reason", kept="counting_detail"
    ),
    "beneficiaries.Outcome": Words(person=("beneficiary",), erased={"note": ""}),
    "beneficiaries.ProofRequest": Words(person=("beneficiary",), erased={"email": "", "message": ""}),
    "beneficiaries.Application": Words(
        person=("beneficiary",),
        erased={
            "last_name": ERASED,
            "first_name": ERASED,
            "birth_date": None,
            "phone": "",
            "email": "",
            "message": "",
            "note": "",
        },
        kept="referrer_name referrer_email",
    ),
    "core.Message": Words(
        kept="key",
        person=("person_number",),
        erased={"recipients": [], "subject": ERASED, "body": ERASED, "error": ""},
        cells="recipients subject body error",
    ),
    "markets.Task": Words(
        kept="key url",
        person=("person_number",),
        erased={
            "title": "Échéance d’une personne anonymisée",
            "details": "",
            "place": "",
            "participants": "",
            "invited": "",
            "outcome": "",
        },
        cells="title details place participants invited outcome channel",
    ),
    # What may name several people.
    "core.SearchWord": Words(apart={"word": "written again with the file", "source": "a key"}),
    "core.StoredFile": Words(kept="kind content_type sha256 path", cells="name"),
    "core.Job": Words(kept="kind key worker", cells="label payload report error"),
    "core.AccessLink": Words(kept="kind digest", cells="email"),
    "markets.ApiAnswer": Words(kept="key request_digest", cells="answer"),
    "beneficiaries.ImportLine": Words(
        person=("beneficiary",),
        erased={
            "who": ERASED,
            "effect": ERASED,
            "cells": [],
            "sentence": ERASED,
            "question": "",
            "proposals": [],
        },
        cells="who effect cells sentence question proposals choice sheet",
    ),
    "beneficiaries.DataImport": Words(
        kept="digest", searched="file_name sheet", cells="columns options counts"
    ),
    "beneficiaries.ImportedRow": Words(kept="model", cells="kept"),
    "beneficiaries.ColumnMapping": Words(kept="titles options"),
    "beneficiaries.MonthDeclaration": Words(cells="note submitted_name sent_back_reason"),
    "beneficiaries.DeclarationProof": Words(cells="label"),
    "beneficiaries.SettledAnomaly": Words(kept="key", cells="reason"),
    # Append-only: numbers of entries, never a name (a test of the recounts holds it).
    "beneficiaries.Recount": Words(kept="reason by_year details"),
    "beneficiaries.JobOffer": Words(
        searched="search_key title duration place conditions skills closing_note"
    ),
    "beneficiaries.OfferRecipient": Words(kept="email", cells="note"),
    "beneficiaries.CollectiveAction": Words(searched="title place summary"),
    "beneficiaries.TrainingNeed": Words(searched="skill response"),
    "beneficiaries.TrainingNeedNotice": Words(searched="note"),
    "beneficiaries.Mutualisation": Words(searched="label note"),
    "beneficiaries.AggregateDeclaration": Words(searched="note"),
    # About colleagues and organisations, or about nobody.
    "beneficiaries.Prescriber": Words(kept="search_key name email phone"),
    "beneficiaries.Referrer": Words(kept="search_key first_name last_name email phone"),
    "beneficiaries.CriterionTerms": Words(kept="proof reason"),
    "beneficiaries.CountingRules": Words(kept="extension_months note"),
    "beneficiaries.InformationNotice": Words(kept="text"),
    "beneficiaries.RetentionRules": Words(kept="note"),
    "beneficiaries.RetentionRun": Words(kept="counts details"),
    "accounts.User": Words(kept="password email first_name last_name phone calendar_hash"),
    "accounts.AccessRecord": Words(kept="subject"),
    "markets.Buyer": Words(kept=f"{ORGANISATION} source", searched="notes"),
    "markets.Department": Words(kept="name"),
    "markets.Company": Words(kept=f"{ORGANISATION} source sectors email phone", searched="notes"),
    "markets.CompanyKind": Words(kept="source"),
    "markets.Operation": Words(kept="search_key reference name place", searched="notes"),
    "markets.Market": Words(kept="search_key reference decp_id object cpv place source", searched="notes"),
    "markets.Lot": Words(kept="number object decp_key"),
    "markets.Contact": Words(kept="name function email phone"),
    "markets.Agreement": Words(kept="reference indicators", searched="termination_reason procedure notes"),
    "markets.AgreementAmendment": Words(kept="subject"),
    "markets.CharterPledge": Words(kept="axis", searched="action note"),
    "markets.MarketDocument": Words(searched="label"),
    "markets.FeeReview": Words(kept="reason"),
    # Fees are about markets; what was issued is frozen.
    "markets.Quote": Words(
        kept="number subject details service_code engagement_number refusal_reason completed_cause snapshot"
    ),
    "markets.Invoice": Words(kept="number series snapshot channel reason cause"),
    "markets.House": Words(
        kept="name siret address email phone signatory signatory_title bank_name iban bic vat_number vat_note"
    ),
    "markets.PlannedPurchase": Words(
        kept="search_key reference object cpv", searched="targeting_reason derogation_note notes"
    ),
    "markets.ApiToken": Words(kept="name prefix digest"),
    "clauses.Clause": Words(kept="penalty_text penalty_reference_label source", searched="notes"),
    "clauses.Commitment": Words(searched="notes"),
    # Append-only: figures of a company's commitment, and letters to it.
    "clauses.CommitmentChange": Words(kept="note"),
    "clauses.Escalation": Words(searched="closing_reason"),
    "clauses.EscalationStep": Words(kept="text facts"),
    "clauses.Interaction": Words(searched="participants summary"),
    "clauses.QualitativeCommitment": Words(kept="unit", searched="origin action target_text abandon_reason"),
    "clauses.Achievement": Words(searched="reason note"),
    "clauses.Evidence": Words(searched="reason note"),
    "clauses.LabourShare": Words(kept="code source label"),
    "clauses.HourlyCost": Words(kept="code source label"),
    # What buyers publish themselves, and why the house leaves a contract aside.
    "clauses.PublishedContract": Words(
        kept="number lot_key object cpv holders considerations source", searched="reason"
    ),
    "clauses.Recommendation": Words(kept="title context penalty_text recipients answer_text"),
    "clauses.Scenario": Words(kept="name note"),
    "clauses.ScenarioLot": Words(kept="number label trade method reason"),
    "clauses.ClauseText": Words(kept="body made"),
    "clauses.OfferGrid": Words(kept="notes"),
    "clauses.OfferCriterion": Words(kept="label expected"),
    "clauses.OfferAssessment": Words(kept="bidder comment"),
    "clauses.OfferScore": Words(kept="reason"),
    # Published, they never change; they hold figures and the house's own words about a year.
    "reporting.Bilan": Words(kept="narrative drafting rectification_reason snapshot"),
    # What a published bilan tells stays there, under a letter; the text leads to nobody any more.
    "reporting.PathPortrait": Words(person=("beneficiary",), erased={"text": ERASED, "beneficiary": None}),
    "reporting.BilanFile": Words(),
    # Append-only: the house's words about a document, the document as a buyer was given it.
    "reporting.BilanStep": Words(kept="reason"),
    "reporting.SentDraft": Words(kept="snapshot word"),
    "reporting.BilanComment": Words(kept="chapter", searched="text answer"),
    "reporting.BilanDelivery": Words(kept="email"),
    "reporting.PartnershipNote": Words(searched="participants minutes"),
    "reporting.ImprovementAction": Words(searched="title progress"),
    "reporting.ProgressReport": Words(kept="snapshot"),
    # Sums of a year, computed again at will.
    "reporting.KeptFigures": Words(kept="state figures"),
}


# --- Files --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileWords:
    """What the files of a kind hold of people: nothing, one person (`of` finds theirs), or several (`shared`)."""

    of: Callable[[list[int]], Any] | None = None
    shared: bool = False


def _exports_of(people: list[int]) -> Any:
    from beneficiaries.services.person_export import exports_of

    return exports_of(people)


def _consents_of(people: list[int]) -> Any:
    portraits = model_of("reporting.PathPortrait").objects.filter(beneficiary__in=people)
    return StoredFile.objects.filter(pk__in=portraits.values("consent_file"))


NO_NAME, OF_SEVERAL = FileWords(), FileWords(shared=True)
FILES: dict[str, FileWords] = {
    "proof": FileWords(
        of=lambda people: StoredFile.objects.filter(
            pk__in=ProofFile.objects.filter(beneficiary__in=people).values("stored")
        )
    ),
    "person_export": FileWords(of=_exports_of),
    "portrait_consent": FileWords(of=_consents_of),
    "data_import": OF_SEVERAL,
    "declaration_proof": OF_SEVERAL,
    # About organisations, markets and figures; a report of retention holds numbers of files.
    **dict.fromkeys(
        (
            "aggregate_declaration",
            "agreement",
            "bilan",
            "bilan_archive",
            "commitment_document",
            "coverage",
            "decp",
            "directory",
            "directory_list",
            "escalation",
            "escalation_file",
            "evidence",
            "flat_export",
            "house_logo",
            "buyer_logo",
            "interaction",
            "invoice",
            "market_document",
            "meeting_invitation",
            "mutualisation",
            "partnership_document",
            "progress_report",
            "purchase_list",
            "purchase_refused",
            "quote",
            "quote_signed",
            "recommendation",
            "retention_report",
            "sent_draft",
        ),
        NO_NAME,
    ),
}
