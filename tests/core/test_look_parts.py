"""Tags, forms and tables as HTML."""

from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from core import tables
from core.context import PLACES, Page
from core.samples import SampleForm, SampleTable
from core.templatetags import maillon
from core.templatetags.maillon import STATES, state

T = "\u202f"


def rendered(source: str, path: str = "/", **context) -> str:
    return Template(source).render(Context({"request": RequestFactory().get(path), **context}))


@pytest.mark.parametrize("code", list(STATES))
def test_a_state_is_a_word_and_a_shape(code):
    html = state(code)
    assert html.endswith(f"{STATES[code][0]}</span>")
    assert 'aria-hidden="true"' in html


def test_a_state_is_known_by_its_label_too_and_keeps_the_words_given():
    assert "state-watch" in state("à surveiller")
    html = state("eligible", "éligible jusqu’au 12/03/2026")
    assert "state-good" in html
    assert "éligible jusqu’au 12/03/2026" in html


def test_an_unknown_state_shows_its_own_words_escaped():
    html = state("<b>inconnu</b>")
    assert "&lt;b&gt;inconnu" in html
    assert "state-none" in html


def test_tones_of_state_differ_by_shape_and_not_by_colour_alone():
    assert len(set(maillon.SHAPES.values())) == len(maillon.SHAPES)


def test_the_filters_write_figures_as_the_formats_do():
    html = rendered(
        "{{ h|hours }} {{ a|amount }} {{ r|rate }} {{ n|noun:'personne' }}",
        h=Decimal("1204.5"),
        a=14700,
        r=0.87,
        n=3,
    )
    assert html == f"1{T}204,5{T}h 14{T}700{T}€ 87{T}% 3 personnes"


def test_a_heading_escapes_its_title_and_holds_its_actions():
    html = rendered(
        "{% heading title facts='lot 3' code='late' %}<a href='#'>Modifier</a>{% endheading %}",
        title="<Rue> & cie",
    )
    assert "<h1>&lt;Rue&gt; &amp; cie</h1>" in html
    assert "en retard" in html
    assert '<div class="actions"><a' in html


def test_a_heading_without_actions_has_no_empty_box():
    assert "actions" not in rendered("{% heading 'Titre' %}{% endheading %}")


def test_a_breadcrumb_links_what_has_an_address():
    html = rendered("{% breadcrumb 'Marchés' '/marches/' 'Ville fictive' '' '2025-014' %}")
    assert '<a href="/marches/">Marchés</a>' in html
    assert "<li>Ville fictive</li><li>2025-014</li>" in html


def test_the_tab_of_the_present_address_is_marked():
    html = rendered(
        "{% tabs entries %}", "/b/", entries=[("A", "/a/"), ("B", "/b/", 3), {"label": "C", "url": "/c/"}]
    )
    assert html.count("aria-current") == 1
    assert '<a href="/b/" aria-current="page">B <span class="tab-count">3</span></a>' in html


def test_a_next_step_keeps_its_colon_with_its_word():
    html = rendered(
        "{% next_step who='À l’entreprise de jouer :' until='avant le 15/04' %}relevé attendu{% endnext_step %}"
    )
    assert f"À l’entreprise de jouer{T}:" in html
    assert "next-step-watch" in html


def test_a_form_says_which_fields_are_optional_and_ties_help_to_its_field():
    html = str(SampleForm())
    assert html.count("(facultatif)") == 2
    assert 'aria-describedby="id_hours_helptext"' in html
    assert 'id="id_hours_helptext"' in html
    assert "error-summary" not in html


def test_a_refused_form_sums_its_errors_up_on_top_and_links_to_the_fields():
    html = str(SampleForm({"hours": "beaucoup", "name": "École", "family": "works"}))
    summary = html[: html.index("</ul>")]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert targets == ["id_hours", "id_kinds", "id_reserved"]
    assert all(f'id="{target}"' in html for target in targets)
    assert 'aria-describedby="id_hours_helptext id_hours_error"' in html
    assert 'value="beaucoup"' in html


def test_errors_that_concern_no_field_and_hidden_fields_stand_in_the_summary():
    class Refusing(forms.Form):
        version = forms.IntegerField(widget=forms.HiddenInput, label="Version")

        def clean(self):
            raise forms.ValidationError("La fin précède le début.")

    html = str(Refusing({}))
    assert "La fin précède le début." in html
    assert f"Version{T}: Ce champ est obligatoire." in html


ROWS = [
    {
        "name": "École <b>",
        "notified": None,
        "due": Decimal(1850),
        "done": Decimal("1204.5"),
        "share": Decimal("0.65"),
        "state": "tenu",
    },
    {
        "name": "Parc",
        "notified": None,
        "due": Decimal(10),
        "done": Decimal(0),
        "share": None,
        "state": "en retard",
    },
]


def table_html(path: str = "/marches/?q=parc&page=2", **kwargs) -> str:
    table = SampleTable(ROWS, **kwargs)
    table.totals = {"due": Decimal(1860), "done": Decimal("1204.5")}
    return rendered("{% include 'core/table.html' %}", path, table=table, title="Marchés")


def test_a_table_has_headers_with_scope_and_a_label_on_each_cell():
    html = table_html()
    assert html.count('scope="col"') == 6
    assert '<th scope="row" role="rowheader"' in html
    assert 'data-label="Engagées (h)"' in html
    assert "École &lt;b&gt;" in html
    assert f"1{T}204,5" in html


def test_a_table_writes_its_totals_in_the_footer():
    html = table_html()
    assert f"1{T}860</td>" in html[html.index("<tfoot") :]


def test_a_sorted_column_says_so_and_its_link_keeps_the_filters_and_leaves_the_page():
    html = table_html(order_by="-due")
    assert html.count("aria-sort") == 1
    assert 'aria-sort="descending"' in html
    assert 'href="?q=parc&amp;tri=due"' in html
    assert 'href="?q=parc&amp;tri=name"' in html


def test_a_plain_table_of_django_tables2_is_written_with_french_figures():
    import django_tables2

    class Plain(django_tables2.Table):
        name = django_tables2.Column()
        hours = django_tables2.Column()

    html = maillon.table_rows(Plain([{"name": "A", "hours": Decimal("1204.50")}]))
    assert f"1{T}204,5</td>" in html


def test_row_attributes_depend_on_the_row():
    class Marked(tables.Table):
        name = tables.TextColumn()

        class Meta:
            row_attrs = {"data-name": lambda record: record["name"]}

    assert 'data-name="Parc"' in maillon.table_rows(Marked(ROWS))


def test_the_pager_keeps_the_filters_and_marks_the_present_page():
    class Names(tables.Table):
        name = tables.TextColumn()

    table = Names([{"name": f"Marché {n}"} for n in range(45)])
    table.paginate(page=2, per_page=10)
    html = rendered("{% pager table %}", "/?q=a", table=table)
    assert 'href="?q=a&amp;page=1" rel="prev"' in html
    assert 'href="?q=a&amp;page=3" rel="next"' in html
    assert re.search(r'href="\?q=a&amp;page=2" aria-current="page"', html)


def test_one_page_needs_no_pager():
    class Names(tables.Table):
        name = tables.TextColumn()

    table = Names([{"name": "Seul"}])
    table.paginate(page=1, per_page=10)
    assert "pager" not in rendered("{% pager table %}", table=table)


def test_an_empty_list_says_what_will_be_here_and_a_filtered_one_how_to_see_all_again():
    nothing = {"count": 0, "clear_url": "/marches/", "create_url": "/marches/ajouter/", "create_label": "Ajouter un marché",
               "empty_message": "Les marchés apparaîtront ici.", "exports": [], "active_filters": 0}  # fmt: skip
    empty = render_to_string("core/_list.html", nothing)
    assert "Les marchés apparaîtront ici." in empty
    assert 'href="/marches/ajouter/"' in empty
    filtered = render_to_string("core/_list.html", {**nothing, "active_filters": 2})
    assert "2 filtres actifs" in filtered
    assert filtered.count('href="/marches/"') == 2


def test_the_pages_of_refusal_need_neither_request_nor_database():
    html = render_to_string(
        "core/error.html", {"code": 500, "title": "Panne", "sentence": "Réessayez.", "home_url": "/"}
    )
    assert "<h1>Panne</h1>" in html
    assert "Erreur 500" in html


def user(role: str) -> SimpleNamespace:
    return SimpleNamespace(role=role, is_authenticated=True)


def places(role: str, path: str = "/") -> list:
    request = RequestFactory().get(path)
    request.user = user(role)
    return Page(request).places


def test_the_places_follow_the_order_of_the_design_and_the_role():
    order = [place.label for place in PLACES]
    for role in ("facilitator", "admin", "buyer", "company"):
        labels = [link.label for link in places(role)]
        assert labels == [label for label in order if label in labels]
    assert "Personnes" not in [link.label for link in places("buyer")]


def test_a_place_is_marked_when_its_pages_are_open():
    assert [link.label for link in places("admin", "/reglages/comptes/") if link.active] == ["Réglages"]


def test_a_view_may_say_its_place():
    request = RequestFactory().get("/ailleurs/")
    request.user, request.place = user("admin"), "settings"
    assert [link.label for link in Page(request).places if link.active] == ["Réglages"]


def test_nobody_signed_in_has_no_place():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert Page(request).places == []


def test_a_job_tells_about_how_long_it_still_takes():
    from datetime import timedelta

    from django.utils import timezone

    def left(seconds: int, done: int, total: int) -> str:
        return maillon.remaining(
            SimpleNamespace(started_at=timezone.now() - timedelta(seconds=seconds), done=done, total=total)
        )

    assert left(10, 90, 100) == "encore quelques secondes"
    assert left(30, 50, 100) == "encore 40 secondes environ"
    assert left(100, 10, 100) == "encore 15 minutes environ"
    assert left(10, 0, 100) == ""
    assert left(10, 100, 100) == ""


def test_a_report_is_shown_in_words():
    job = SimpleNamespace(report={"marchés créés": 1204, "essai": True, "refusées": ["ligne 3 : vide"]})
    assert maillon.report_lines(job) == [
        ("Marchés créés", [f"1{T}204"]),
        ("Essai", ["oui"]),
        ("Refusées", ["ligne 3 : vide"]),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["facilitator", "admin", "buyer", "company"])
def test_every_place_shown_to_a_role_opens(client, role):
    from accounts.models import User

    client.force_login(User.objects.create_user(f"{role}@exemple.fr", None, role=role))
    shown = places(role)
    assert len(shown) >= 4
    assert {link.label: client.get(link.url, follow=True).status_code for link in shown} == {
        link.label: 200 for link in shown
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/mentions-legales/", "/confidentialite/", "/accessibilite/", "/aide/clavier/"]
)
def test_pages_that_say_things_open_without_an_account(client, path):
    html = client.get(path).content.decode()
    assert html.count("<h1>") == 1
    assert "Se connecter" in html


@pytest.mark.django_db
def test_the_legal_notice_names_the_house(client):
    from markets.models import House

    House.objects.create(name="Maison fictive", siret="13000354400033", signatory="Camille Exemple")
    html = client.get("/mentions-legales/").content.decode()
    assert "Maison fictive" in html
    assert f"130{T}003{T}544{T}00033" in html
    assert "Camille Exemple" in html


@pytest.mark.django_db
def test_the_catalogue_shows_every_component_without_inline_style(admin_page):
    html = admin_page("/composants/")
    assert html.count('class="state ') >= len(STATES)
    assert 'style="' not in html
    assert "onclick" not in html


@pytest.fixture
def admin_page(client):
    from accounts.models import User

    client.force_login(User.objects.create_user("admin@exemple.fr", None, role="admin"))
    return lambda path: client.get(path).content.decode()
