"""Addresses of recruitment: offers and their answers, candidates, feedback, collective actions, training needs."""

from django.urls import path

from beneficiaries.action_list import ActionList
from beneficiaries.training_need_list import NeedList
from beneficiaries.views import (
    actions,
    applications,
    feedback,
    offer_replies,
    offers,
    presentations,
    training_needs,
)

urlpatterns = [
    path("personnes/offres/", offers.offer_list, name="job_offer_list"),
    path("personnes/offres/nouvelle/", offers.offer_create, name="job_offer_create"),
    path("personnes/offres/<int:pk>/", offers.offer_detail, name="job_offer_detail"),
    path("personnes/offres/<int:pk>/modifier/", offers.offer_edit, name="job_offer_edit"),
    path("personnes/offres/<int:pk>/diffuser/", offers.offer_send, name="job_offer_send"),
    path("personnes/offres/<int:pk>/presenter/", presentations.offer_present, name="job_offer_present"),
    path("personnes/offres/<int:pk>/clore/", offers.offer_close, name="job_offer_close"),
    path("personnes/offres/<int:pk>/rouvrir/", offers.offer_reopen, name="job_offer_reopen"),
    path(
        "personnes/offres/<int:pk>/candidature/", applications.application_create, name="application_create"
    ),
    # Without an account: the token is the whole proof.
    path("lien/offre/<str:token>/", offer_replies.offer_reply, name="job_offer_reply"),
    # Candidates
    path("personnes/candidatures/<int:pk>/", applications.application_detail, name="application_detail"),
    path("personnes/candidatures/<int:pk>/fiche/", applications.application_match, name="application_match"),
    path(
        "personnes/candidatures/<int:pk>/nouvelle-fiche/",
        applications.application_create_person,
        name="application_create_person",
    ),
    path(
        "personnes/candidatures/<int:pk>/rencontre/", applications.application_meet, name="application_meet"
    ),
    path("personnes/candidatures/<int:pk>/embauche/", applications.application_hire, name="application_hire"),
    path("personnes/candidatures/<int:pk>/contrat/", applications.application_link, name="application_link"),
    path(
        "personnes/candidatures/<int:pk>/ne-pas-retenir/",
        applications.application_reject,
        name="application_reject",
    ),
    path(
        "personnes/candidatures/<int:pk>/rouvrir/", applications.application_reopen, name="application_reopen"
    ),
    path("personnes/<int:pk>/candidatures/", applications.person_applications, name="person_applications"),
    path(
        "personnes/<int:pk>/candidatures/nouvelle/",
        applications.person_application_create,
        name="person_application_create",
    ),
    path("personnes/<int:pk>/retour/", feedback.feedback_create, name="feedback_create"),
    # Collective actions
    path("personnes/actions/", ActionList.as_view(), name="action_list"),
    path("personnes/actions/nouvelle/", actions.action_create, name="action_create"),
    path("personnes/actions/<int:pk>/", actions.action_detail, name="action_detail"),
    path("personnes/actions/<int:pk>/modifier/", actions.action_edit, name="action_edit"),
    path("personnes/actions/<int:pk>/concerne/<slug:kind>/", actions.action_concern, name="action_concern"),
    path("personnes/actions/<int:pk>/ajouter/", actions.attendance_create, name="attendance_create"),
    path("personnes/actions/<int:pk>/presences/", actions.attendance_record, name="attendance_record"),
    path("personnes/presences/<int:pk>/retirer/", actions.attendance_delete, name="attendance_delete"),
    path("acheteurs/<int:pk>/actions/", actions.buyer_actions, name="buyer_actions"),
    # Training needs
    path("personnes/besoins/", NeedList.as_view(), name="need_list"),
    path("personnes/besoins/nouveau/", training_needs.need_create, name="need_create"),
    path("personnes/besoins/<int:pk>/", training_needs.need_detail, name="need_detail"),
    path("personnes/besoins/<int:pk>/modifier/", training_needs.need_edit, name="need_edit"),
]
