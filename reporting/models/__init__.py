"""What reporting keeps: bilans and their life, campaigns, partnership, points d’étape."""

from reporting.models.bilans import Bilan, BilanFile
from reporting.models.campaigns import Campaign, PublicationBatch, PublicationItem
from reporting.models.kept import KeptFigures
from reporting.models.partnership import ImprovementAction, PartnershipNote
from reporting.models.portraits import PathPortrait
from reporting.models.progress import ProgressReport
from reporting.models.workflow import BilanComment, BilanDelivery, BilanStep, SentDraft

__all__ = [
    "Bilan",
    "BilanComment",
    "BilanDelivery",
    "BilanFile",
    "BilanStep",
    "Campaign",
    "ImprovementAction",
    "KeptFigures",
    "PartnershipNote",
    "PathPortrait",
    "ProgressReport",
    "PublicationBatch",
    "PublicationItem",
    "SentDraft",
]
