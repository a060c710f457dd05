"""Who buys, what, from whom."""

from markets.models.buyers import Buyer, BuyerMembership, Department
from markets.models.companies import Company, CompanyKind, CompanyMembership
from markets.models.house import House
from markets.models.markets import Award, Lot, Market
from markets.models.people import Contact, Responsibility
from markets.models.reference import Commune, CpvCode

__all__ = [
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
    "Responsibility",
]
