"""Addresses of the directory of people: files, duplicates, notes, prescribers and their referrers."""

from django.urls import path

from beneficiaries.views import duplicates, follow_ups, people, person_forms, prescribers

urlpatterns = [
    path("personnes/", people.beneficiary_list, name="beneficiary_list"),
    path("personnes/nouvelle/", person_forms.beneficiary_create, name="beneficiary_create"),
    path("personnes/rapprochements/", duplicates.duplicate_list, name="duplicate_list"),
    path("personnes/referents/", person_forms.referrer_options, name="referrer_options"),
    path("personnes/<int:pk>/", people.beneficiary_detail, name="beneficiary_detail"),
    path("personnes/<int:pk>/modifier/", person_forms.beneficiary_edit, name="beneficiary_edit"),
    path("personnes/<int:pk>/heures/", people.beneficiary_hours, name="beneficiary_hours"),
    path("personnes/<int:pk>/historique/", people.beneficiary_history, name="beneficiary_history"),
    path("personnes/<int:pk>/autre-fiche/", duplicates.person_duplicates, name="person_duplicates"),
    path("personnes/<int:pk>/reunir/<int:other>/", duplicates.person_merge, name="person_merge"),
    path("personnes/<int:pk>/distinguer/<int:other>/", duplicates.person_separate, name="person_separate"),
    path("personnes/<int:pk>/suivi/", follow_ups.person_follow_up, name="person_follow_up"),
    path("personnes/suivi/<int:pk>/", follow_ups.follow_up_edit, name="follow_up_edit"),
    path("personnes/suivi/<int:pk>/effacer/", follow_ups.follow_up_delete, name="follow_up_delete"),
    path("prescripteurs/", prescribers.PrescriberList.as_view(), name="prescriber_list"),
    path("prescripteurs/nouveau/", prescribers.prescriber_create, name="prescriber_create"),
    path("prescripteurs/<int:pk>/", prescribers.prescriber_detail, name="prescriber_detail"),
    path("prescripteurs/<int:pk>/modifier/", prescribers.prescriber_edit, name="prescriber_edit"),
    path("prescripteurs/<int:pk>/referents/nouveau/", prescribers.referrer_create, name="referrer_create"),
    path("prescripteurs/referents/<int:pk>/", prescribers.referrer_edit, name="referrer_edit"),
]
