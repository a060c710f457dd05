"""Addresses of clauses: the pages of markets that count hours, clauses and commitments."""

from django.urls import path

from clauses.views import commitments, decp, markets

urlpatterns = [
    path("marches/", markets.MarketList.as_view(), name="market_list"),
    path("marches/decp/", decp.decp_upload, name="decp_import"),
    path("marches/decp/<int:pk>/", decp.decp_report, name="decp_report"),
    path("marches/<int:pk>/", markets.market_detail, name="market_detail"),
    path("marches/<int:pk>/engagements/", markets.market_commitments, name="market_commitments"),
    path("acheteurs/<int:pk>/marches/", markets.buyer_markets, name="buyer_markets"),
    path("entreprises/<int:pk>/engagements/", markets.company_commitments, name="company_commitments"),
    path("marches/lots/<int:pk>/clauses/nouvelle/", commitments.clause_create, name="clause_create"),
    path("marches/clauses/<int:pk>/modifier/", commitments.clause_edit, name="clause_edit"),
    path(
        "marches/clauses/<int:pk>/engagements/nouveau/",
        commitments.commitment_create,
        name="commitment_create",
    ),
    path("marches/engagements/<int:pk>/", commitments.commitment_detail, name="commitment_detail"),
    path("marches/engagements/<int:pk>/modifier/", commitments.commitment_edit, name="commitment_edit"),
    path("marches/engagements/<int:pk>/evolution/", commitments.change_create, name="change_create"),
    path("marches/engagements/<int:pk>/commande/", commitments.order_create, name="order_create"),
    path("marches/engagements/<int:pk>/repartir/", commitments.commitment_move, name="commitment_move"),
]
