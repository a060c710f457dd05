"""What each role gets at the addresses of markets: the house keeps buyers, companies and forms; the admin the lists."""

from __future__ import annotations

from tests.expectations import ADMIN_ONLY, HOUSE_ONLY, Expectations, Kwargs
from tests.factories import CompanyKindFactory, ContactFactory

HOUSE_PAGES = (
    "buyer_list",
    "buyer_create",
    "buyer_detail",
    "buyer_edit",
    "buyer_contacts",
    "department_create",
    "department_edit",
    "buyer_access",
    "buyer_invite",
    "buyer_access_remove",
    "buyer_contact_create",
    "buyer_history",
    "buyer_hand_over",
    "company_list",
    "company_create",
    "company_detail",
    "company_edit",
    "company_contacts",
    "company_kind_create",
    "company_kind_edit",
    "company_access",
    "company_invite",
    "company_access_remove",
    "company_contact_create",
    "company_history",
    "company_hand_over",
    "contact_edit",
    "market_create",
    "market_edit",
    "market_close",
    "market_hand_over",
    "market_history",
    "market_lots",
    "lot_create",
    "lot_edit",
    "award_create",
    "award_edit",
)
EXPECTED: Expectations = {
    **dict.fromkeys(HOUSE_PAGES, HOUSE_ONLY),
    "house_settings": ADMIN_ONLY,
    "commune_list": ADMIN_ONLY,
    "cpv_list": ADMIN_ONLY,
}


def _of_buyer(cast):
    return {"pk": cast.buyer_a.pk}


def _of_company(cast):
    return {"pk": cast.company_a.pk}


def _of_market(cast):
    return {"pk": cast.commitment_a.market_id}


def _of_lot(cast):
    return {"pk": cast.commitment_a.clause.lot_id}


KWARGS: Kwargs = {
    **{
        name: _of_buyer
        for name in HOUSE_PAGES
        if name.startswith("buyer_") and name not in ("buyer_list", "buyer_create", "buyer_access_remove")
    },
    "department_create": _of_buyer,
    "department_edit": lambda cast: {"pk": cast.department_a.pk},
    "buyer_access_remove": lambda cast: {"pk": cast.buyer_user_a.buyer_memberships.get().pk},
    **{
        name: _of_company
        for name in HOUSE_PAGES
        if name.startswith("company_")
        and name not in ("company_list", "company_create", "company_access_remove", "company_kind_edit")
    },
    "company_kind_edit": lambda cast: {"pk": CompanyKindFactory(company=cast.company_a, kind="EI").pk},
    "company_access_remove": lambda cast: {"pk": cast.company_user_a.company_memberships.get().pk},
    "contact_edit": lambda cast: {"pk": ContactFactory(buyer=cast.buyer_a).pk},
    **{name: _of_market for name in HOUSE_PAGES if name.startswith("market_") and name != "market_create"},
    "lot_create": _of_market,
    "lot_edit": _of_lot,
    "award_create": _of_lot,
    "award_edit": lambda cast: {"pk": cast.commitment_a.award_id},
}
