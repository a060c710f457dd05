"""Addresses of people, eligibility, employment and hours."""

from django.urls import path

from beneficiaries.entry_list import CompanyEntryList, EntryList
from beneficiaries.recount_list import RecountList
from beneficiaries.views import eligibility, employment, hours, people, prescribers, recounts, rules

urlpatterns = [
    path("heures/", hours.hours, name="hours"),
    path("heures/ligne/<int:pk>/", hours.hours_row, name="hours_row"),
    path("heures/releve/<int:pk>/corriger/", hours.entry_correct, name="entry_correct"),
    path("heures/releve/<int:pk>/renvoyer/", hours.entry_send_back, name="entry_send_back"),
    path("heures/releve/<int:pk>/reprendre/", hours.entry_take_over, name="entry_take_over"),
    path("heures/releves/", EntryList.as_view(), name="entry_list"),
    path("heures/mes-releves/", CompanyEntryList.as_view(), name="company_entry_list"),
    path("marches/<int:pk>/heures/", hours.market_hours, name="market_hours"),
    path("entreprises/<int:pk>/heures/", hours.company_hours, name="company_hours"),
    # People and their files
    path("personnes/", people.beneficiary_list, name="beneficiary_list"),
    path("personnes/nouvelle/", people.beneficiary_create, name="beneficiary_create"),
    path("personnes/<int:pk>/", people.beneficiary_detail, name="beneficiary_detail"),
    path("personnes/<int:pk>/modifier/", people.beneficiary_edit, name="beneficiary_edit"),
    path("personnes/<int:pk>/heures/", people.beneficiary_hours, name="beneficiary_hours"),
    path("personnes/<int:pk>/historique/", people.beneficiary_history, name="beneficiary_history"),
    path(
        "personnes/<int:pk>/eligibilite/",
        eligibility.beneficiary_eligibility,
        name="beneficiary_eligibility",
    ),
    path("personnes/<int:pk>/eligibilite/decision/", eligibility.review_create, name="review_create"),
    path(
        "personnes/<int:pk>/eligibilite/<int:review_pk>/corriger/",
        eligibility.review_correct,
        name="review_correct",
    ),
    # Contracts and assignments
    path("personnes/<int:pk>/contrats/", employment.beneficiary_contracts, name="beneficiary_contracts"),
    path("personnes/<int:pk>/contrats/nouveau/", employment.placement_create, name="placement_create"),
    path("personnes/contrats/<int:pk>/modifier/", employment.placement_edit, name="placement_edit"),
    path("personnes/contrats/<int:pk>/fin/", employment.placement_end, name="placement_end"),
    path("personnes/contrats/<int:pk>/affecter/", employment.assignment_create, name="assignment_create"),
    path("personnes/affectations/<int:pk>/modifier/", employment.assignment_edit, name="assignment_edit"),
    path("personnes/suggestions/<slug:kind>/", employment.lookup, name="lookup"),
    path("marches/<int:pk>/personnes/", employment.MarketPeople.as_view(), name="market_people"),
    path("marches/<int:pk>/personnes/affecter/", employment.market_assign, name="market_assign"),
    path("entreprises/<int:pk>/personnes/", employment.CompanyPeople.as_view(), name="company_people"),
    # Prescribers
    path("prescripteurs/", prescribers.PrescriberList.as_view(), name="prescriber_list"),
    path("prescripteurs/nouveau/", prescribers.prescriber_create, name="prescriber_create"),
    path("prescripteurs/<int:pk>/", prescribers.prescriber_detail, name="prescriber_detail"),
    path("prescripteurs/<int:pk>/modifier/", prescribers.prescriber_edit, name="prescriber_edit"),
    # Checks and recounts
    path("heures/recomptages/", RecountList.as_view(), name="recount_list"),
    path("heures/recomptages/<int:pk>/", recounts.recount_detail, name="recount_detail"),
    # Réglages
    path("reglages/regles-de-comptage/", rules.CountingRulesList.as_view(), name="counting_rules_list"),
    path("reglages/regles-de-comptage/nouvelles/", rules.counting_rules_create, name="counting_rules_create"),
    path("reglages/regles-de-comptage/<int:pk>/", rules.counting_rules_edit, name="counting_rules_edit"),
    path("reglages/annees-closes/", rules.closed_year_list, name="closed_year_list"),
    path("reglages/annees-closes/<int:year>/clore/", rules.closed_year_close, name="closed_year_close"),
    path("reglages/criteres/", rules.CriterionList.as_view(), name="criterion_list"),
    path("reglages/types-de-contrat/", rules.ContractTypeList.as_view(), name="contract_type_list"),
    path("reglages/niveaux-de-formation/", rules.EducationLevelList.as_view(), name="education_level_list"),
]
