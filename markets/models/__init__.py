"""Who buys, what, from whom."""

from markets.models.agreements import Agreement, AgreementAmendment
from markets.models.buyers import Buyer, BuyerMembership, Department
from markets.models.companies import Company, CompanyKind, CompanyMembership
from markets.models.house import House
from markets.models.markets import Award, Lot, Market
from markets.models.operations import MarketParty, Operation
from markets.models.people import Contact, Responsibility
from markets.models.planning import PlannedPurchase
from markets.models.reference import Commune, CpvCode
from markets.models.tasks import Task

__all__ = [
    "Agreement",
    "AgreementAmendment",
    "Award",
    "Buyer",
    "BuyerMembership",
    "Commune",
    "Company",
    "CompanyKind",
    "CompanyMembership",
    "Contact",
    "CpvCode",
    "Department",
    "House",
    "Lot",
    "Market",
    "MarketParty",
    "Operation",
    "PlannedPurchase",
    "Responsibility",
    "Task",
]
