"""For whom: people, their eligibility, their employment and their hours."""

from beneficiaries.models.eligibility import EligibilityPeriod, EligibilityReview, HeldCriterion
from beneficiaries.models.employment import Assignment, Placement
from beneficiaries.models.hours import ClosedYear, HoursEntry
from beneficiaries.models.people import Beneficiary, Prescriber
from beneficiaries.models.reference import ContractType, EducationLevel, EligibilityCriterion, Occupation, Qpv
from beneficiaries.models.rules import CountingRules

__all__ = [
    "Assignment",
    "Beneficiary",
    "ClosedYear",
    "ContractType",
    "CountingRules",
    "EducationLevel",
    "EligibilityCriterion",
    "EligibilityPeriod",
    "EligibilityReview",
    "HeldCriterion",
    "HoursEntry",
    "Occupation",
    "Placement",
    "Prescriber",
    "Qpv",
]
