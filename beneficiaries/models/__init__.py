"""For whom: people, their eligibility, their recruitment, their employment and their hours."""

from beneficiaries.models.checks import Recount, SettledAnomaly
from beneficiaries.models.criteria import CriterionTerms
from beneficiaries.models.declarations import DeclarationProof, MonthDeclaration
from beneficiaries.models.eligibility import EligibilityPeriod, EligibilityReview, HeldCriterion
from beneficiaries.models.employment import Assignment, ImmersionAgreement, Placement, TrainingCourse
from beneficiaries.models.follow_up import FollowUp, PersonMerge, ReferrerFeedback, SeparatePeople
from beneficiaries.models.hours import ClosedYear, HoursEntry
from beneficiaries.models.imports import ColumnMapping, DataImport, ImportedRow, ImportLine
from beneficiaries.models.outcomes import Outcome
from beneficiaries.models.people import Beneficiary, NameVariant, Prescriber, Referrer
from beneficiaries.models.privacy import InformationNotice, RetentionRules, RetentionRun
from beneficiaries.models.proofs import ProofFile, ProofRequest
from beneficiaries.models.recruitment import (
    Application,
    Attendance,
    CollectiveAction,
    JobOffer,
    OfferRecipient,
    TrainingNeed,
    TrainingNeedNotice,
)
from beneficiaries.models.reference import ContractType, EducationLevel, EligibilityCriterion, Occupation, Qpv
from beneficiaries.models.rules import CountingRules
from beneficiaries.models.shared_hours import AggregateDeclaration, Mutualisation, MutualisationShare

__all__ = [
    "AggregateDeclaration",
    "Application",
    "Assignment",
    "Attendance",
    "Beneficiary",
    "ClosedYear",
    "CollectiveAction",
    "ColumnMapping",
    "ContractType",
    "CountingRules",
    "CriterionTerms",
    "DataImport",
    "DeclarationProof",
    "EducationLevel",
    "EligibilityCriterion",
    "EligibilityPeriod",
    "EligibilityReview",
    "FollowUp",
    "HeldCriterion",
    "HoursEntry",
    "ImmersionAgreement",
    "ImportLine",
    "ImportedRow",
    "InformationNotice",
    "JobOffer",
    "MonthDeclaration",
    "Mutualisation",
    "MutualisationShare",
    "NameVariant",
    "Occupation",
    "OfferRecipient",
    "Outcome",
    "PersonMerge",
    "Placement",
    "Prescriber",
    "ProofFile",
    "ProofRequest",
    "Qpv",
    "Recount",
    "Referrer",
    "ReferrerFeedback",
    "RetentionRules",
    "RetentionRun",
    "SeparatePeople",
    "SettledAnomaly",
    "TrainingCourse",
    "TrainingNeed",
    "TrainingNeedNotice",
]
