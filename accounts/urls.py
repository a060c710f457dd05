"""Addresses of the accounts. Of allauth only these: no sign-up, no management of addresses."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.urls import path, re_path

from accounts.views import entrance, house, own

urlpatterns = [
    path("connexion/", entrance.SignIn.as_view(), name="account_login"),
    path("connexion/code/", entrance.SecondFactor.as_view(), name="mfa_authenticate"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("compte-desactive/", entrance.Closed.as_view(), name="account_inactive"),
    path("mot-de-passe-oublie/", entrance.AskReset.as_view(), name="account_reset_password"),
    path("mot-de-passe-oublie/envoye/", entrance.ResetAsked.as_view(), name="account_reset_password_done"),
    path(
        "mot-de-passe-oublie/fait/",
        entrance.ResetDone.as_view(),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^mot-de-passe-oublie/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entrance.Reset.as_view(),
        name="account_reset_password_from_key",
    ),
    path("invitation/", entrance.invitation_accept, name="invitation_accept"),
    path("invitation/<str:token>/", entrance.invitation, name="invitation"),
    path("mon-compte/", own.account, name="account"),
    path("mon-compte/mot-de-passe/", own.change_password, name="account_change_password"),
    path("mon-compte/confirmer/", account.reauthenticate, name="account_reauthenticate"),
    path("mon-compte/confirmer/code/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("mon-compte/second-facteur/", factor.index, name="mfa_index"),
    path("mon-compte/second-facteur/activer/", totp.activate_totp, name="mfa_activate_totp"),
    path("mon-compte/second-facteur/retirer/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("mon-compte/codes-de-secours/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "mon-compte/codes-de-secours/renouveler/",
        codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "mon-compte/codes-de-secours/fichier/",
        own.RecoveryCodesFile.as_view(),
        name="mfa_download_recovery_codes",
    ),
    path("reglages/", house.settings_index, name="settings"),
    path("reglages/comptes/", house.UserList.as_view(), name="user_list"),
    path("reglages/comptes/inviter/", house.user_invite, name="user_invite"),
    path("reglages/comptes/<int:pk>/", house.user_detail, name="user_detail"),
    path("reglages/comptes/<int:pk>/modifier/", house.user_edit, name="user_edit"),
    path("reglages/comptes/<int:pk>/desactiver/", house.user_deactivate, name="user_deactivate"),
    path("reglages/comptes/<int:pk>/reactiver/", house.user_reactivate, name="user_reactivate"),
    path("reglages/comptes/<int:pk>/inviter/", house.user_resend_invitation, name="user_resend_invitation"),
    path(
        "reglages/comptes/<int:pk>/second-facteur/",
        house.user_remove_second_factor,
        name="user_remove_second_factor",
    ),
    path("reglages/acces/", house.AccessLog.as_view(), name="access_log"),
]
if settings.DEMO:
    urlpatterns.append(path("demo/entrer", entrance.demo_enter, name="demo_enter"))
