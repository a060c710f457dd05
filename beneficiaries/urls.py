"""Addresses of people, eligibility, employment and hours."""

from django.urls import path

from beneficiaries.entry_list import CompanyEntryList, EntryList
from beneficiaries.views import hours

urlpatterns = [
    path("heures/", hours.hours, name="hours"),
    path("heures/ligne/<int:pk>/", hours.hours_row, name="hours_row"),
    path("heures/releve/<int:pk>/corriger/", hours.entry_correct, name="entry_correct"),
    path("heures/releve/<int:pk>/renvoyer/", hours.entry_send_back, name="entry_send_back"),
    path("heures/releves/", EntryList.as_view(), name="entry_list"),
    path("heures/mes-releves/", CompanyEntryList.as_view(), name="company_entry_list"),
    path("marches/<int:pk>/heures/", hours.market_hours, name="market_hours"),
    path("entreprises/<int:pk>/heures/", hours.company_hours, name="company_hours"),
]
