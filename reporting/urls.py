"""Addresses of « Accueil », dashboards and bilans."""

from django.urls import path

from reporting import campaign_urls, narrative_urls, workflow_urls
from reporting.bilan_list import BilanList
from reporting.views import bilans, dashboards, exports, home, house_dashboards, progress, yearly

urlpatterns = [
    path("", home.home, name="home"),
    path("acheteurs/<int:pk>/tableau-de-bord/", dashboards.buyer_dashboard, name="buyer_dashboard"),
    path("tableau-de-bord/portefeuille/", house_dashboards.portfolio_dashboard, name="portfolio_dashboard"),
    path("tableau-de-bord/territoire/", house_dashboards.territory_dashboard, name="territory_dashboard"),
    path("tableau-de-bord/charge/", house_dashboards.load_dashboard, name="load_dashboard"),
    path("tableau-de-bord/qualite/", house_dashboards.quality_dashboard, name="quality_dashboard"),
    path("tableau-de-bord/participation/", house_dashboards.fees_dashboard, name="fees_dashboard"),
    path("marches/<int:pk>/points-d-etape/", progress.market_progress, name="market_progress"),
    path("marches/<int:pk>/points-d-etape/nouveau/", progress.progress_create, name="progress_create"),
    path("points-d-etape/<int:pk>/", progress.progress_detail, name="progress_detail"),
    path("marches/<int:pk>/bilan-final/", progress.market_final_bilan, name="market_final_bilan"),
    path("operations/<int:pk>/bilan-final/", progress.operation_final_bilan, name="operation_final_bilan"),
    path("bilans/", BilanList.as_view(), name="bilan_list"),
    path("marches/<int:pk>/bilan-annuel/", yearly.market_reserved_bilan, name="market_reserved_bilan"),
    path("bilans/territoire/", yearly.territory_bilan, name="territory_bilan"),
    path("bilans/exports/", exports.exports, name="exports"),
    path("bilans/nouveau/", bilans.bilan_start, name="bilan_start"),
    path("bilans/<int:pk>/", bilans.bilan_detail, name="bilan_detail"),
    path("bilans/<int:pk>/relire/", bilans.bilan_review, name="bilan_review"),
    path("bilans/<int:pk>/publier/", bilans.bilan_publish, name="bilan_publish"),
    *campaign_urls.urlpatterns,
    *workflow_urls.urlpatterns,
    *narrative_urls.urlpatterns,
]
