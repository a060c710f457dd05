"""Who buys, what, from whom."""

from markets.models.agreements import Agreement, AgreementAmendment
from markets.models.buyers import Buyer, BuyerMembership, Department
from markets.models.charter import CharterPledge
from markets.models.companies import Company, CompanyKind, CompanyMembership
from markets.models.documents import MarketDocument
from markets.models.fees import FeeReview, Invoice, Quote
from markets.models.house import House
from markets.models.markets import Award, Lot, Market
from markets.models.operations import MarketParty, Operation
from markets.models.people import Contact, Responsibility
from markets.models.planning import PlannedPurchase
from markets.models.reference import Commune, CpvCode
from markets.models.sectors import Sector
from markets.models.tasks import Task
from markets.models.thresholds import ProcurementThreshold
from markets.models.tokens import ApiAnswer, ApiToken

__all__ = [
    "Agreement",
    "AgreementAmendment",
    "ApiAnswer",
    "ApiToken",
    "Award",
    "Buyer",
    "BuyerMembership",
    "CharterPledge",
    "Commune",
    "Company",
    "CompanyKind",
    "CompanyMembership",
    "Contact",
    "CpvCode",
    "Department",
    "FeeReview",
    "House",
    "Invoice",
    "Lot",
    "Market",
    "MarketDocument",
    "MarketParty",
    "Operation",
    "PlannedPurchase",
    "ProcurementThreshold",
    "Quote",
    "Responsibility",
    "Sector",
    "Task",
]
