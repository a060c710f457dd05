"""Addresses of the campaigns and of the batches of publications."""

from django.urls import path

from reporting.campaign_list import CampaignDetail, Campaigns
from reporting.views import campaigns

urlpatterns = [
    path("bilans/campagnes/", Campaigns.as_view(), name="campaign_list"),
    path("bilans/campagnes/ouvrir/", campaigns.campaign_open, name="campaign_open"),
    path("bilans/campagnes/<int:year>/", CampaignDetail.as_view(), name="campaign_detail"),
    path("bilans/campagnes/<int:year>/echeance/", campaigns.campaign_edit, name="campaign_edit"),
    path("bilans/campagnes/<int:year>/anomalies/", campaigns.campaign_anomalies, name="campaign_anomalies"),
    path("bilans/campagnes/<int:year>/brouillons/", campaigns.campaign_drafts, name="campaign_drafts"),
    path("bilans/campagnes/<int:year>/redaction/", campaigns.campaign_writers, name="campaign_writers"),
    path("bilans/campagnes/<int:year>/publier/", campaigns.campaign_publish, name="campaign_publish"),
    path("bilans/publications/<int:pk>/", campaigns.batch_detail, name="batch_detail"),
    path("bilans/publications/<int:pk>/avancement/", campaigns.batch_progress, name="batch_progress"),
    path("bilans/publications/<int:pk>/annuler/", campaigns.batch_cancel, name="batch_cancel"),
    path("bilans/publications/<int:pk>/relancer/", campaigns.batch_retry, name="batch_retry"),
    path("bilans/publications/<int:pk>/archive/", campaigns.batch_archive, name="batch_archive"),
]
