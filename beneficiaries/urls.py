"""Addresses of people, eligibility, employment and hours."""

from django.urls import path

from beneficiaries.declaration_urls import urlpatterns as declarations
from beneficiaries.directory_urls import urlpatterns as directory
from beneficiaries.entry_list import CompanyEntryList, EntryList
from beneficiaries.import_urls import urlpatterns as imports
from beneficiaries.placement_urls import urlpatterns as placements
from beneficiaries.privacy_urls import urlpatterns as privacy
from beneficiaries.recount_list import RecountList
from beneficiaries.recruitment_urls import urlpatterns as recruitment
from beneficiaries.validation_list import ValidationWatch
from beneficiaries.views import (
    anomalies,
    criteria,
    eligibility,
    eligibility_papers,
    employment,
    hour_rows,
    hours,
    notices,
    positioning,
    proofs,
    recounts,
    rules,
)

urlpatterns = [
    path("heures/", hours.hours, name="hours"),
    path("heures/ligne/<int:pk>/", hour_rows.hours_row, name="hours_row"),
    path("heures/lignes/", hour_rows.hours_rows, name="hours_rows"),
    path("heures/releve/<int:pk>/jours/", hours.entry_days, name="entry_days"),
    path("heures/releve/<int:pk>/corriger/", hours.entry_correct, name="entry_correct"),
    path("heures/releve/<int:pk>/renvoyer/", hours.entry_send_back, name="entry_send_back"),
    path("heures/releve/<int:pk>/reprendre/", hours.entry_take_over, name="entry_take_over"),
    path("heures/releves/", EntryList.as_view(), name="entry_list"),
    path("heures/mes-releves/", CompanyEntryList.as_view(), name="company_entry_list"),
    *declarations,
    path("marches/<int:pk>/heures/", hours.market_hours, name="market_hours"),
    path("entreprises/<int:pk>/heures/", hours.company_hours, name="company_hours"),
    *directory,
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
    path("personnes/<int:pk>/eligibilite/etude/", eligibility.review_assess, name="review_assess"),
    path(
        "personnes/<int:pk>/eligibilite/<int:review_pk>/courrier/",
        eligibility_papers.review_letter,
        name="review_letter",
    ),
    path(
        "personnes/<int:pk>/attestation/",
        eligibility_papers.eligibility_attestation,
        name="eligibility_attestation",
    ),
    path("personnes/<int:pk>/notice/", eligibility_papers.person_notice, name="person_notice"),
    path("personnes/<int:pk>/notice/remise/", eligibility_papers.notice_hand_over, name="notice_hand_over"),
    path("personnes/<int:pk>/justificatifs/nouveau/", proofs.proof_create, name="proof_create"),
    path("personnes/justificatifs/<int:pk>/retirer/", proofs.proof_remove, name="proof_remove"),
    path(
        "personnes/<int:pk>/justificatifs/demander/",
        proofs.proof_request_create,
        name="proof_request_create",
    ),
    path(
        "personnes/justificatifs/demandes/<int:pk>/relancer/",
        proofs.proof_request_remind,
        name="proof_request_remind",
    ),
    path(
        "personnes/justificatifs/demandes/<int:pk>/clore/",
        proofs.proof_request_close,
        name="proof_request_close",
    ),
    path("personnes/<int:pk>/positionner/", positioning.person_position, name="person_position"),
    path("marches/<int:pk>/personnes/positionner/", positioning.market_position, name="market_position"),
    path("personnes/validations/", ValidationWatch.as_view(), name="validation_watch"),
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
    # Checks and recounts
    path("heures/a-verifier/", anomalies.anomaly_list, name="anomaly_list"),
    path("heures/a-verifier/exact/", anomalies.anomaly_settle, name="anomaly_settle"),
    path("heures/a-verifier/<int:pk>/rouvrir/", anomalies.anomaly_reopen, name="anomaly_reopen"),
    path("heures/recomptages/", RecountList.as_view(), name="recount_list"),
    path("heures/recomptages/<int:pk>/", recounts.recount_detail, name="recount_detail"),
    # Réglages
    path("reglages/regles-de-comptage/", rules.CountingRulesList.as_view(), name="counting_rules_list"),
    path("reglages/regles-de-comptage/nouvelles/", rules.counting_rules_create, name="counting_rules_create"),
    path("reglages/regles-de-comptage/<int:pk>/", rules.counting_rules_edit, name="counting_rules_edit"),
    path("reglages/annees-closes/", rules.closed_year_list, name="closed_year_list"),
    path("reglages/annees-closes/<int:year>/clore/", rules.closed_year_close, name="closed_year_close"),
    path("reglages/criteres/", criteria.CriterionList.as_view(), name="criterion_list"),
    path("reglages/criteres/nouveau/", criteria.criterion_create, name="criterion_create"),
    path("reglages/criteres/<slug:code>/", criteria.criterion_detail, name="criterion_detail"),
    path("reglages/criteres/<slug:code>/changer/", criteria.criterion_change, name="criterion_change"),
    path("reglages/criteres/<slug:code>/fermer/", criteria.criterion_close, name="criterion_close"),
    path("reglages/notice/", notices.notice_settings, name="notice_settings"),
    path("reglages/notice/nouvelle/", notices.notice_create, name="notice_create"),
    path("reglages/notice/<int:pk>/pdf/", notices.notice_paper, name="notice_paper"),
    path("reglages/types-de-contrat/", rules.ContractTypeList.as_view(), name="contract_type_list"),
    path("reglages/niveaux-de-formation/", rules.EducationLevelList.as_view(), name="education_level_list"),
    *recruitment,
    *imports,
    *privacy,
    *placements,
]
