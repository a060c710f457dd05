"""What was promised, and how it is followed."""

from clauses.models.clauses import Clause
from clauses.models.commitments import Commitment, CommitmentChange
from clauses.models.coverage import PublishedContract
from clauses.models.escalation import Escalation, EscalationStep
from clauses.models.interactions import Interaction
from clauses.models.qualitative import Achievement, Evidence, QualitativeCommitment
from clauses.models.recommendations import (
    ClauseText,
    HourlyCost,
    LabourShare,
    Recommendation,
    Scenario,
    ScenarioLot,
)
from clauses.models.tenders import OfferAssessment, OfferCriterion, OfferGrid, OfferScore

__all__ = [
    "Achievement",
    "Clause",
    "ClauseText",
    "Commitment",
    "CommitmentChange",
    "Escalation",
    "EscalationStep",
    "Evidence",
    "HourlyCost",
    "Interaction",
    "LabourShare",
    "OfferAssessment",
    "OfferCriterion",
    "OfferGrid",
    "OfferScore",
    "PublishedContract",
    "QualitativeCommitment",
    "Recommendation",
    "Scenario",
    "ScenarioLot",
]
