"""The admin's pages: accounts, roles, closing and reopening; « Réglages » and « Mon compte »."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import registry, services
from accounts.enums import AccountState, Role
from accounts.models import User
from accounts.registry import EVERYONE, InvitationWay, SettingsPage
from core.errors import DomainError
from tests.accounts.people import PASSWORD, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_admin_invites_a_facilitator_from_the_page(client, admin, messages_to):
    client.force_login(admin)
    response = client.post(
        reverse("user_invite"),
        {"email": "neuf@exemple.fr", "first_name": "Nour", "last_name": "Neuf", "role": "facilitator"},
        follow=True,
    )
    user = User.objects.get(email="neuf@exemple.fr")
    assert (user.role, str(user)) == (Role.FACILITATOR, "Nour Neuf")
    assert len(messages_to("neuf@exemple.fr")) == 1
    text = response.content.decode()
    assert "L’invitation de Nour Neuf part à l’adresse neuf@exemple.fr." in text
    assert "Renvoyer l’invitation" in text


def test_an_address_already_taken_is_said_beside_the_field_and_the_rest_is_kept(client, admin):
    UserFactory(email="pris@exemple.fr")
    client.force_login(admin)
    page = client.post(
        reverse("user_invite"),
        {"email": "PRIS@exemple.fr", "first_name": "Nour", "last_name": "Neuf", "role": "facilitator"},
    )
    text = page.content.decode()
    assert "Un compte existe déjà pour cette adresse électronique." in text
    assert 'value="Nour"' in text


def test_the_page_invites_into_the_house_only(client, admin):
    client.force_login(admin)
    client.post(
        reverse("user_invite"),
        {"email": "x@exemple.fr", "first_name": "X", "last_name": "Y", "role": "buyer"},
    )
    assert not User.objects.filter(email="x@exemple.fr").exists()


def test_a_role_moves_inside_the_house(client, admin):
    user = UserFactory()
    client.force_login(admin)
    client.post(
        reverse("user_edit", args=[user.pk]),
        {"first_name": "Lou", "last_name": "Martin", "phone": "04 00 00 00 00", "role": "admin"},
    )
    user.refresh_from_db()
    assert (user.role, user.first_name, user.phone) == (Role.ADMIN, "Lou", "04 00 00 00 00")


@pytest.mark.parametrize(
    ("before", "after"), [("facilitator", "buyer"), ("buyer", "facilitator"), ("company", "admin")]
)
def test_a_role_never_crosses_the_door_of_the_house(admin, before, after):
    user = UserFactory(role=before)
    with pytest.raises(DomainError, match="ne devient pas"):
        services.change_role(user=user, role=after, by=admin)
    user.refresh_from_db()
    assert user.role == before


def test_the_form_of_a_buyers_account_offers_no_role(client, admin):
    user = UserFactory(buyer=True)
    client.force_login(admin)
    url = reverse("user_edit", args=[user.pk])
    assert 'name="role"' not in client.get(url).content.decode()
    client.post(url, {"first_name": "Lou", "last_name": "Martin", "phone": "", "role": "admin"})
    user.refresh_from_db()
    assert (user.role, user.first_name) == (Role.BUYER, "Lou")


def test_the_last_admin_can_neither_be_demoted_nor_closed(admin):
    with pytest.raises(DomainError, match="dernier compte d’administration"):
        services.change_role(user=admin, role=Role.FACILITATOR, by=admin)
    with pytest.raises(DomainError, match="dernier compte d’administration"):
        services.deactivate_user(user=admin, by=None)
    admin.refresh_from_db()
    assert admin.is_admin and admin.is_active


def test_an_invited_admin_who_has_not_come_does_not_replace_the_last_one(admin, with_password):
    services.invite_user(email="neuf@exemple.fr", role=Role.ADMIN, by=admin)
    with pytest.raises(DomainError):
        services.change_role(user=admin, role=Role.FACILITATOR, by=admin)
    with_password(admin=True)
    services.change_role(user=admin, role=Role.FACILITATOR, by=admin)
    admin.refresh_from_db()
    assert admin.role == Role.FACILITATOR


def test_nobody_closes_their_own_account(admin, with_password):
    with_password(admin=True)
    with pytest.raises(DomainError, match="votre propre compte"):
        services.deactivate_user(user=admin, by=admin)


def test_closing_asks_once_and_reopening_invites_again(client, admin, with_password, messages_to):
    user = with_password()
    client.force_login(admin)
    url = reverse("user_deactivate", args=[user.pk])
    assert "ne pourra plus se connecter" in client.get(url).content.decode()
    user.refresh_from_db()
    assert user.is_active
    client.post(url)
    user.refresh_from_db()
    assert not user.is_active and not user.check_password(PASSWORD)
    assert user.state == AccountState.CLOSED
    client.post(reverse("user_reactivate", args=[user.pk]))
    user.refresh_from_db()
    assert user.is_active and user.state == AccountState.INVITED
    assert len(messages_to(user.email)) == 1


@pytest.mark.parametrize("trait", ["facilitator", "buyer", "company"])
def test_only_an_admin_changes_accounts(trait, admin):
    by = UserFactory(**({} if trait == "facilitator" else {trait: True}))
    user = UserFactory()
    for refused in (
        lambda: services.change_role(user=user, role=Role.ADMIN, by=by),
        lambda: services.deactivate_user(user=user, by=by),
        lambda: services.resend_invitation(user=user, by=by),
        lambda: services.edit_user(user=user, first_name="X", last_name="Y", phone="", by=by),
    ):
        with pytest.raises(DomainError):
            refused()
    user.refresh_from_db()
    assert user.is_active and user.role == Role.FACILITATOR and user.first_name == "Camille"


def test_the_list_finds_accounts_by_words_role_and_state(client, admin, with_password):
    with_password(first_name="Zoé", last_name="Zanzibar")
    services.invite_user(
        email="neuf@exemple.fr", role=Role.ADMIN, first_name="Nour", last_name="Neuf", by=admin
    )
    UserFactory(buyer=True, first_name="Bruno", last_name="Bâtisseur")
    client.force_login(admin)

    def shown(query: str) -> set[str]:
        text = client.get(reverse("user_list") + query).content.decode()
        return {name for name in ("Zanzibar", "Neuf", "Bâtisseur") if name in text}

    assert shown("") == {"Zanzibar", "Neuf", "Bâtisseur"}
    assert shown("?q=zoé+zanz") == {"Zanzibar"}
    assert shown("?q=neuf@exemple") == {"Neuf"}
    assert shown("?role=buyer") == {"Bâtisseur"}
    assert shown("?state=invited") == {"Neuf"}
    assert shown("?state=closed") == set()


def test_states_are_the_same_one_by_one_and_in_the_query(admin, with_password, settings):
    closed = with_password()
    services.deactivate_user(user=closed, by=admin)
    waiting = services.invite_user(email="neuf@exemple.fr", role=Role.ADMIN, by=admin)
    late = services.invite_user(email="tard@exemple.fr", role=Role.ADMIN, by=admin)
    late.invited_at = waiting.invited_at.replace(year=waiting.invited_at.year - 1)
    late.save()
    services.ensure_demo_account(name="camille", role=Role.BUYER, first_name="Camille", last_name="Démo")
    for state in AccountState:
        assert {user.pk for user in User.objects.in_state(state)} == {
            user.pk for user in User.objects.all() if user.state == state
        }
    assert {user.pk for user in User.objects.in_state(AccountState.EXPIRED)} >= {late.pk}


def test_the_list_makes_as_many_queries_for_six_accounts_as_for_one(client, admin):
    def attached(users):
        found = User.objects.filter(pk__in=[user.pk for user in users]).count()
        return {user.pk: f"Rattachement parmi {found}" for user in users}

    registry.register_attachment(attached)
    try:
        client.force_login(admin)
        with CaptureQueriesContext(connection) as one:
            client.get(reverse("user_list"))
        UserFactory.create_batch(5, buyer=True)
        with CaptureQueriesContext(connection) as six:
            page = client.get(reverse("user_list"))
    finally:
        registry._attachments.remove(attached)
    assert len(six) == len(one) <= 12
    assert "Rattachement parmi 6" in page.content.decode()


def test_the_list_of_accounts_goes_to_a_spreadsheet(client, admin):
    client.force_login(admin)
    file = client.get(reverse("user_list") + "?export=csv")
    text = b"".join(file.streaming_content).decode() if file.streaming else file.content.decode()
    assert admin.email in text and "administrateur·rice" in text and "actif" in text


def test_a_settings_page_is_shown_to_its_roles_only(client, admin):
    page = SettingsPage("Une page d’essai", "access_log", "Pour voir.", roles=("admin", "buyer"))
    before = dict(registry._pages)
    registry.register_settings_page(page)
    try:
        for role in EVERYONE:
            client.force_login(UserFactory(role=role))
            text = client.get(reverse("settings")).content.decode()
            assert ("Une page d’essai" in text) == (role in ("admin", "buyer"))
            assert "Mon compte" in text
            assert (reverse("user_list") in text) == (role == "admin")
    finally:
        registry._pages.clear()
        registry._pages.update(before)


def test_a_way_to_invite_is_offered_above_the_list(client, admin):
    registry.register_invitation_way(InvitationWay("Inviter un essai", "access_log"))
    try:
        client.force_login(admin)
        assert "Inviter un essai" in client.get(reverse("user_list")).content.decode()
    finally:
        del registry._ways["access_log"]


def test_each_person_corrects_their_own_name_and_nothing_else(client):
    user = UserFactory(buyer=True)
    client.force_login(user)
    response = client.post(
        reverse("account"),
        {"first_name": "Lou", "last_name": "Martin", "phone": "", "role": "admin", "email": "x@exemple.fr"},
    )
    assert response.status_code == 302
    kept = User.objects.get(pk=user.pk)
    assert (str(kept), kept.role, kept.email) == ("Lou Martin", Role.BUYER, user.email)


def test_a_refused_profile_leaves_the_name_in_the_header(client):
    user = UserFactory(first_name="Lou", last_name="Martin")
    client.force_login(user)
    page = client.post(reverse("account"), {"first_name": "", "last_name": "Autre", "phone": ""})
    assert page.status_code == 200
    assert "Lou Martin" in page.content.decode()
    assert User.objects.get(pk=user.pk).last_name == "Martin"


def test_users_of_a_buyer_or_a_company_see_no_account_but_theirs():
    UserFactory.create_batch(2)
    for trait in ("buyer", "company"):
        user = UserFactory(**{trait: True})
        assert list(User.objects.visible_to(user)) == [user]
    assert User.objects.visible_to(UserFactory()).count() == 5


def test_the_history_of_an_account_tells_changes_and_not_sign_ins(client, admin, with_password):
    user = with_password()
    before = user.history.count()
    sign_in(client, user.email)
    assert user.history.count() == before
    services.change_role(user=user, role=Role.ADMIN, by=admin)
    assert [row.role for row in user.history.order_by("pk")][-2:] == [Role.FACILITATOR, Role.ADMIN]
    assert not hasattr(user.history.first(), "password")


def test_a_refusal_of_the_rules_is_said_on_the_page(client, admin):
    client.force_login(admin)
    url = reverse("user_edit", args=[admin.pk])
    page = client.post(url, {"first_name": "A", "last_name": "B", "phone": "", "role": "facilitator"})
    assert "dernier compte d’administration" in page.content.decode()
    page = client.post(reverse("user_deactivate", args=[admin.pk]), follow=True)
    assert "Vous ne pouvez pas désactiver votre propre compte." in page.content.decode()
    admin.refresh_from_db()
    assert admin.is_admin and admin.is_active


def test_inviting_again_from_the_page_says_what_it_did(client, admin, messages_to):
    user = services.invite_user(email="neuf@exemple.fr", role=Role.FACILITATOR, by=admin)
    client.force_login(admin)
    page = client.post(reverse("user_resend_invitation", args=[user.pk]), follow=True)
    assert "Une nouvelle invitation part à l’adresse neuf@exemple.fr." in page.content.decode()
    assert len(messages_to("neuf@exemple.fr")) == 2


def test_a_closed_account_gets_no_invitation_and_closing_twice_is_harmless(admin, messages_to):
    user = UserFactory()
    services.deactivate_user(user=user, by=admin)
    services.deactivate_user(user=user, by=admin)
    with pytest.raises(DomainError, match="Ce compte est désactivé"):
        services.resend_invitation(user=user, by=admin)
    services.reactivate_user(user=user, by=admin)
    services.reactivate_user(user=user, by=admin)
    assert len(messages_to(user.email)) == 1
