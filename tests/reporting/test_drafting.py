"""Sentences proposed for the text of a bilan: each rule on a snapshot written by hand, the sentence as it is read."""

from __future__ import annotations

import pytest

from core.formats import THIN
from reporting.drafting import proposals
from reporting.drafting.texts import as_markdown, holds, with_other_sentence, with_sentence
from reporting.narrative import SECTIONS, to_html
from tests.reporting.made_snapshot import a_snapshot, column, figures, holders, row, table, with_last_year


def said(snapshot, key):
    """The sentence of a rule with plain spaces, or None."""
    return next(
        (found.sentence.replace(THIN, " ") for found in proposals(snapshot) if found.key == key), None
    )


ALPHA = row("1", "Alpha", hours="2000.00", hours_previous="1200.00")
BETA = row("2", "Bêta", hours="500.00", hours_previous="800.00")
TWO = holders(ALPHA, BETA, hours="2500.00", hours_previous="2000.00")


# --- Hours --------------------------------------------------------------------------------------------------


def test_the_total_stands_beside_the_published_one():
    assert (
        said(a_snapshot(TWO), "heures.total")
        == "Les heures réalisées passent de 2 000 h en 2024 à 2 500 h en 2025 (+25 %)."
    )


def test_the_same_total_twice_is_said_without_a_change():
    same = holders(ALPHA, hours="2000.00", hours_previous="2000.00")
    assert (
        said(a_snapshot(same), "heures.total")
        == "Les heures réalisées restent à 2 000 h en 2025, comme en 2024."
    )


def test_a_base_of_zero_has_no_percentage():
    zero = holders(ALPHA, hours="2000.00", hours_previous="0.00")
    assert (
        said(a_snapshot(zero), "heures.total")
        == "Les heures réalisées passent de 0 h en 2024 à 2 000 h en 2025."
    )


def test_the_largest_rise_and_the_largest_fall_name_their_company():
    assert said(a_snapshot(TWO), "heures.rise") == (
        "La plus forte hausse en heures est portée par Alpha, dont les heures passent de 1 200 h en 2024 à 2 000 h en 2025 "
        "(+66,7 %)."
    )
    assert said(a_snapshot(TWO), "heures.fall") == (
        "La plus forte baisse en heures est portée par Bêta, dont les heures passent de 800 h en 2024 à 500 h en 2025 (−37,5 %)."
    )
    assert said(a_snapshot(TWO), "essentiel.change") == (
        "Le plus grand changement est porté par Alpha, dont les heures passent de 1 200 h en 2024 à 2 000 h en 2025 (+66,7 %)."
    )


def test_nothing_is_compared_without_a_published_bilan_nor_before_the_end_of_the_year():
    for snapshot in (a_snapshot(TWO, previous=False), a_snapshot(TWO, over=False)):
        assert not [found.sentence for found in proposals(snapshot) if "2024" in found.sentence]


def test_companies_without_an_hour_last_year_are_named():
    new = row("3", "Étoile", hours="150.50", hours_previous=None)
    one = a_snapshot(holders(ALPHA, new, hours="2150.50", hours_previous="2000.00"))
    assert said(one, "relation.first_time") == "Étoile, sans heure au bilan 2024, en porte 150,5 h en 2025."
    more = [row(str(i), f"Neuve {i}", hours=f"{100 - i}.00", hours_previous=None) for i in range(4, 10)]
    many = a_snapshot(holders(ALPHA, *more, hours="2500.00", hours_previous="2000.00"))
    assert said(many, "essentiel.first_time") == (
        "6 entreprises sans heure au bilan 2024 en portent en 2025 : Neuve 4 (96 h), Neuve 5 (95 h), Neuve 6 (94 h), "
        "Neuve 7 (93 h) et 2 autres entreprises."
    )


def test_nobody_is_new_where_the_published_bilan_had_not_this_table():
    unknown = holders(
        row("1", "Alpha", hours="10.00", hours_previous=None), hours="10.00", hours_previous=None
    )
    assert said(a_snapshot(unknown), "relation.first_time") is None


def test_the_hours_of_companies_that_left_are_told_from_their_line():
    gone = row("gone", "Entreprises de 2024, sans heure en 2025", hours="0", hours_previous="300.00")
    assert said(
        a_snapshot(holders(ALPHA, gone, hours="2000.00", hours_previous="1500.00")), "heures.gone"
    ) == (
        "Les entreprises qui portaient des heures en 2024 et n’en portent plus en 2025 en avaient réalisé 300 h."
    )


def test_a_year_that_stands_out_of_the_series_is_said():
    series = [(2023, "800.00"), (2024, "900.00"), (2025, "1000.00")]
    assert (
        said(a_snapshot(series=series), "heures.highest")
        == "De 2023 à 2025, 2025 est l’année où le plus d’heures sont réalisées (1 000 h)."
    )
    assert said(a_snapshot(series=[*series[:2], (2025, "850.00")]), "heures.highest") is None
    assert (
        said(a_snapshot(series=[*series[:2], (2025, "750.00")]), "heures.lowest")
        == "De 2023 à 2025, 2025 est l’année où le moins d’heures sont réalisées (750 h)."
    )


def test_modalities_and_types_that_moved_most_leave_out_what_is_not_known():
    columns = with_last_year("hours", "Heures", "hours")
    rows = [
        row("unknown", "Non renseigné", hours="900.00", hours_previous="10.00"),
        row("cdi", "CDI", hours="300.00", hours_previous="100.00"),
        row("cdd", "CDD", hours="50.00", hours_previous="100.00"),
    ]
    assert said(a_snapshot(table("contract_types", columns, rows)), "heures.contract_types") == (
        "Le type de contrat dont les heures changent le plus est « CDI » : elles passent de 100 h en 2024 à 300 h en 2025 (+200 %)."
    )
    assert said(a_snapshot(table("modalities", columns, rows[1:])), "heures.modalities") == (
        "La modalité dont les heures changent le plus est « CDI » : elles passent de 100 h en 2024 à 300 h en 2025 (+200 %)."
    )


def test_hours_of_siae_and_the_first_occupation_are_parts_of_the_whole():
    employers = table(
        "hours_by_employer",
        [column("hours", "Heures 2025", "hours"), column("siae", "dont comme SIAE", "hours")],
        [],
        hours="1000.00",
        siae="250.00",
    )
    assert said(a_snapshot(employers), "heures.siae") == (
        "250 h sont réalisées par des structures de l’insertion par l’activité économique comme employeurs, soit 25 % des heures."
    )
    jobs = table(
        "occupations",
        [column("hours", "Heures 2025", "hours")],
        [row("F1703", "F1703 · Maçonnerie", hours="400.00"), row("unknown", "Non renseigné", hours="600.00")],
        hours="1000.00",
    )
    assert (
        said(a_snapshot(jobs), "heures.occupation")
        == "Le métier qui réunit le plus d’heures est « Maçonnerie » : 400 h, soit 40 % des heures."
    )


def commitments(*rates):
    """Commitments of 100 hours each, by what was counted."""
    rows = []
    for number, done in enumerate(rates, 1):
        cells = {
            "company": f"Société {number}",
            "engaged": "100.00",
            "counted": f"{done}.00",
            "rate": f"{done / 100:.4f}",
            "surplus": f"{max(0, done - 100)}.00",
        }
        rows.append(row(str(number), f"M-{number} · Objet", **cells))
    columns = [
        column("company", "Entreprise", "text"),
        column("engaged", "Engagées", "hours"),
        column("counted", "Comptées", "hours"),
        column("rate", "Taux", "rate"),
        column("surplus", "Au-delà", "hours"),
    ]
    return a_snapshot(table("rates_by_commitment", columns, rows))


def missed(*rates):
    """Commitments of 100 hours each whose time is over."""
    columns = [
        column("company", "Entreprise", "text"),
        column("engaged", "Engagées", "hours"),
        column("counted", "Comptées", "hours"),
        column("rate", "Taux", "rate"),
    ]
    rows = [
        row(
            str(number),
            f"M-{number} · Objet",
            company=f"Société {number}",
            engaged="100.00",
            counted=f"{done}.00",
            rate=f"{done / 100:.4f}",
        )
        for number, done in enumerate(rates, 1)
    ]
    return a_snapshot(table("commitments_missed", columns, rows))


def test_commitments_met_and_exceeded_are_two_sentences():
    found = commitments(150, 100, 40, 60)
    assert (
        said(found, "heures.met") == "Au 31/12/2025, 2 engagements chiffrés sur 4 ont atteint leur objectif."
    )
    assert (
        said(found, "heures.exceeded")
        == "Un engagement est dépassé de 50 h : M-1 (Société 1), pour 100 h engagées."
    )
    assert (
        said(commitments(100, 130), "heures.met")
        == "Au 31/12/2025, les 2 engagements chiffrés ont atteint leur objectif."
    )
    assert said(commitments(120, 130), "heures.exceeded") == (
        "2 engagements sont dépassés ; le plus grand dépassement est de 30 h : M-2 (Société 2), pour 100 h engagées."
    )


def test_commitments_missed_are_those_whose_time_is_over():
    assert said(commitments(40, 60), "heures.missed") is None
    assert said(missed(40), "heures.missed") == (
        "Un engagement arrivé à terme n’a pas atteint son objectif : M-1 (Société 1), 40 h comptées sur 100 h engagées (40 %)."
    )
    assert said(missed(70, 40), "heures.missed") == (
        "2 engagements arrivés à terme n’ont pas atteint leur objectif ; le taux le plus bas est celui du marché M-2 (Société 2), "
        "40 h comptées sur 100 h engagées (40 %)."
    )


def test_a_territory_tells_its_buyers_and_how_many_commitments_are_met():
    buyers = table(
        "hours_by_buyer",
        with_last_year("hours", "Heures", "hours"),
        [row("1", "Ville d’Alpha", hours="900.00", hours_previous="1000.00"), row("2", "Bêta", hours="50.00", hours_previous="40.00")],
    )  # fmt: skip
    found = a_snapshot(
        buyers, figures("rates_figures", commitments_met="185"), figures("companies_figures", contacts="240")
    )
    assert said(found, "heures.buyer_change") == (
        "Le plus grand changement est porté par Ville d’Alpha, dont les heures passent de 1 000 h en 2024 à 900 h en 2025 (−10 %)."
    )
    assert said(found, "heures.met") == "Au 31/12/2025, 185 engagements chiffrés ont atteint leur objectif."
    assert said(found, "relation.contacts") == "240 échanges sont inscrits au journal des marchés en 2025."


def test_the_accompaniment_promised_on_a_reserved_market_is_counted():
    found = a_snapshot(figures("promises_figures", promises="8", promises_kept="5"))
    assert (
        said(found, "relation.promises") == "5 engagements d’accompagnement sur 8 sont tenus au 31/12/2025."
    )


def test_hours_of_former_years_are_said_apart():
    late = table(
        "regularisation",
        [column("hours", "Heures", "hours")],
        [row("2023", "2023", hours="10.00"), row("2024", "2024", hours="32.50")],
        hours="42.50",
    )
    assert said(a_snapshot(late), "heures.regularisation") == (
        "42,5 h de 2023 et 2024, validées ou corrigées après la clôture, s’ajoutent aux heures cumulées sans être dans celles "
        "de l’année."
    )


# --- Purchase -----------------------------------------------------------------------------------------------


def test_markets_stand_beside_last_year_and_few_of_them_without_a_percentage():
    known = figures(
        "markets_figures", markets=("24", "20"), markets_notified=("3", "0"), markets_reserved=("2", "1")
    )
    assert (
        said(a_snapshot(known), "marches.markets")
        == "Le nombre de marchés avec clause passe de 20 en 2024 à 24 en 2025 (+20 %)."
    )
    assert (
        said(a_snapshot(known), "marches.markets_reserved")
        == "Le nombre de marchés réservés passe de 1 en 2024 à 2 en 2025."
    )
    assert (
        said(a_snapshot(known), "marches.notified")
        == "3 marchés avec clause ont été notifiés en 2025, contre aucun en 2024."
    )
    assert (
        said(a_snapshot(known), "essentiel.reserved")
        == "2 marchés en cours en 2025 étaient réservés, en tout ou partie."
    )


def test_the_kind_of_clause_that_moved_most_and_the_reserved_lots_are_said():
    kinds = table(
        "markets_by_clause_kind",
        with_last_year("markets", "Marchés"),
        [row("criterion", "Critère", markets="5", markets_previous="2"), row("execution", "Condition", markets="1", markets_previous="2")],
    )  # fmt: skip
    assert (
        said(a_snapshot(kinds), "marches.clause_kind")
        == "La nature de clause qui change le plus est « Critère » : elle passe de 2 marchés en 2024 à 5 en 2025."
    )
    lots = table(
        "markets_reserved_by_ground", [column("lots", "Lots 2025")], [row("siae", "Réservé SIAE", lots="3")]
    )
    assert (
        said(a_snapshot(lots), "marches.reserved_lots")
        == "Lots réservés des marchés en cours : « Réservé SIAE » 3 lots."
    )


def test_amounts_awarded_are_compared_where_there_was_one():
    awarded = table(
        "awarded",
        with_last_year("amount", "Montant hors taxes", "amount"),
        [
            row("siae", "SIAE", amount="120000.00", amount_previous="100000.00"),
            row("adapted", "EA", amount="500.50", amount_previous=None),
        ],
    )
    assert said(a_snapshot(awarded), "marches.awarded_siae") == (
        "Les montants hors taxes attribués à des structures de l’insertion par l’activité économique passent de 100 000 € en "
        "2024 à 120 000 € en 2025 (+20 %)."
    )
    assert (
        said(a_snapshot(awarded), "marches.awarded_adapted")
        == "500,50 € hors taxes ont été attribués à des entreprises adaptées et des ESAT en 2025."
    )


def test_the_market_with_the_most_hours_is_a_part_of_them():
    markets = table(
        "market_list",
        [column("hours", "Heures 2025", "hours")],
        [row("1", "V-1 · École", hours="1500.00"), row("2", "V-2 · Crèche", hours="1000.00")],
    )
    assert (
        said(a_snapshot(markets, TWO), "marches.first_market")
        == "Le marché qui réunit le plus d’heures en 2025 est V-1 · École : 1 500 h, soit 60 % des heures."
    )


# --- People -------------------------------------------------------------------------------------------------


def typology(key, *rows):
    return table(
        f"typology_{key}",
        with_last_year("people", "Personnes"),
        list(rows),
        people="100",
        people_previous="80",
    )


def test_people_newcomers_and_hours_by_person_come_from_the_key_figures():
    known = a_snapshot(
        figures(
            "people_figures", people=("100", "80"), new_people="40", hours_per_person=("210.50", "200.00")
        )
    )
    assert (
        said(known, "personnes.people") == "Le nombre de personnes passe de 80 en 2024 à 100 en 2025 (+25 %)."
    )
    assert (
        said(known, "personnes.new")
        == "40 personnes entrent pour la première fois dans les chiffres en 2025, soit 40 % des personnes."
    )
    assert (
        said(known, "personnes.hours_per_person")
        == "Les heures par personne, en moyenne, passent de 200 h en 2024 à 210,5 h en 2025 (+5,3 %)."
    )


def test_women_and_qpv_are_said_where_the_typology_shows_them():
    found = a_snapshot(
        typology(
            "gender", row("F", "Femme", people="29", people_previous="20"), row("M", "Homme", people="71")
        ),
        typology("qpv", row("yes", "En QPV", people="1", people_previous=None)),
        typology("age", row("0", "Moins de 26 ans", people="0", people_previous="5")),
    )
    assert (
        said(found, "personnes.women")
        == "29 femmes ont travaillé dans le cadre des clauses en 2025, soit 29 % des personnes, contre 20 en 2024."
    )
    assert said(found, "personnes.qpv") == (
        "1 personne résidant en quartier prioritaire (QPV) a travaillé dans le cadre des clauses en 2025, soit 1 % des personnes."
    )
    assert (
        said(found, "personnes.young")
        == "Aucune personne de moins de 26 ans n’a travaillé dans le cadre des clauses en 2025."
    )


def test_a_withheld_line_and_a_line_put_together_with_another_are_never_said():
    masked = row("F", "Femme", ("people", "people_previous"), people=None, people_previous=None)
    merged = row("0+26", "Moins de 40 ans", people="60")
    found = a_snapshot(typology("gender", masked), typology("age", merged))
    assert not [one for one in proposals(found) if one.section == "personnes"]
    # N-1 that was withheld is not said either.
    before = row("F", "Femme", ("people_previous",), people="29", people_previous=None)
    assert (
        said(a_snapshot(typology("gender", before)), "personnes.women")
        == "29 femmes ont travaillé dans le cadre des clauses en 2025, soit 29 % des personnes."
    )


def test_the_first_public_is_said_only_where_every_line_is_readable():
    people = figures("people_figures", people="100")
    rsa, qpv = row("rsa", "Bénéficiaires du RSA", people="45"), row("qpv", "Résidents d’un QPV", people="20")
    columns = [column("people", "Personnes 2025")]
    assert (
        said(a_snapshot(people, table("publics", columns, [rsa, qpv])), "personnes.first_public")
        == "Le public le plus présent à l’entrée est « Bénéficiaires du RSA » : 45 personnes, soit 45 % des personnes."
    )
    hidden = row("deld", "DELD", ("people",), people=None)
    assert (
        said(a_snapshot(people, table("publics", columns, [rsa, hidden])), "personnes.first_public") is None
    )


def test_what_became_of_the_people_is_said_from_readable_figures():
    outcomes = figures(
        "outcomes_figures", left_path=("24", "20"), durable_share=("0.4200", "0.3700"), positive_m6="0.6100"
    )
    benefits = table(
        "benefits",
        [
            column("people", "Personnes 2025"),
            column("count", "Formations"),
            column("hours", "Heures", "hours"),
        ],
        [
            row("trained", "Formations suivies", people="12", count="14", hours="900.00"),
            row("obtained", "dont qualification obtenue", people="6", count="6"),
            row("long", "Parcours sur plusieurs marchés", people="7"),
        ],
    )
    found = a_snapshot(outcomes, benefits)
    assert (
        said(found, "personnes.left_path")
        == "24 personnes sont sorties de leur parcours en 2025, contre 20 en 2024."
    )
    assert (
        said(found, "essentiel.durable_share")
        == said(found, "personnes.durable_share")
        == "Parmi les sorties renseignées en 2025, 42 % sont en emploi durable, contre 37 % en 2024."
    )
    assert said(found, "personnes.positive_m6") == (
        "Parmi les personnes qui ont répondu 6 mois après leur sortie, 61 % sont en emploi ou en formation."
    )
    assert (
        said(found, "personnes.trainings")
        == "12 personnes ont suivi 14 formations en 2025, et 6 qualifications ont été obtenues."
    )
    assert said(found, "personnes.long_paths") == "7 personnes ont travaillé sur plusieurs marchés."
    assert proposals(a_snapshot(figures("outcomes_figures", left_path=None))) == []


# --- Companies, partnership, what may be improved -----------------------------------------------------------


FOLLOW_UP = table(
    "follow_up",
    [
        column("contacts", "Contacts"),
        column("kept", "Actions tenues"),
        column("late", "En retard"),
        column("evidence_missing", "Preuve manquante"),
        column("difficulty", "Difficulté en cours", "text"),
    ],
    [
        row("1", "Alpha", contacts="5", kept="2", late="1", evidence_missing="1", difficulty="–"),
        row("2", "Bêta", contacts="0", kept="0", late="0", evidence_missing="0", difficulty="depuis le 03/02/2025 : relance"),
    ],
    contacts="5",
    kept="2",
    late="1",
    evidence_missing="1",
)  # fmt: skip


def test_contacts_promises_and_difficulties_are_counted():
    found = a_snapshot(FOLLOW_UP)
    assert (
        said(found, "relation.contacts")
        == "5 échanges sont inscrits au journal des marchés en 2025, avec 1 entreprise."
    )
    assert (
        said(found, "relation.promises")
        == "2 actions promises par les entreprises sont tenues au 31/12/2025, 1 est en retard."
    )
    assert (
        said(found, "relation.difficulties") == "Une difficulté est en cours avec 1 entreprise au 31/12/2025."
    )
    assert (
        said(found, "ameliorations.evidence")
        == "La preuve de 1 action promise par les entreprises manque au 31/12/2025."
    )


def test_difficulties_of_the_year_are_told_by_how_they_ended():
    columns = [
        column("number", "Difficultés 2025"),
        column("closed", "closes"),
        column("open", "encore ouvertes"),
    ]
    steps = table("difficulties_by_step", columns, [], number="4", closed="3", open="1")
    assert said(a_snapshot(steps, FOLLOW_UP), "relation.difficulties") == (
        "4 difficultés avec des entreprises ont été en cours en 2025, 3 sont closes, 1 est encore ouverte."
    )


def test_companies_without_any_validated_hour_and_hours_to_validate_are_said():
    relations = table(
        "relations",
        [column("engaged", "Engagées", "hours"), column("last_month", "Dernier mois validé", "month"), column("unvalidated", "Relevés 2025 à valider")],
        [
            row("1", "Alpha", engaged="100.00", last_month="2025-11-01", unvalidated="2"),
            row("2", "Bêta", engaged="80.00", last_month=None, unvalidated="0"),
        ],
        unvalidated="2",
    )  # fmt: skip
    found = a_snapshot(relations)
    assert (
        said(found, "relation.silent")
        == "Une entreprise engagée n’a encore aucune heure validée : Bêta (80 h engagées)."
    )
    assert (
        said(found, "ameliorations.to_validate")
        == "2 relevés d’heures restent à valider : leurs heures ne sont pas comptées."
    )


def test_what_was_not_collected_is_said_where_it_is_shown():
    unknown = row("unknown", "Non renseigné", people="12", people_previous=None)
    assert (
        said(a_snapshot(typology("residence", unknown)), "ameliorations.typology_residence")
        == "La commune de résidence à l’entrée n’est pas renseignée pour 12 personnes, soit 12 % des personnes."
    )


def test_the_meeting_the_actions_taken_up_and_those_that_go_on_are_said():
    actions = table(
        "improvement_actions",
        [
            column("decided", "Décidé", "text"),
            column("owner", "Porté par", "text"),
            column("due_on", "Pour le", "day"),
            column("state", "État", "text"),
        ],
        [
            row("4", "Transmettre les relevés", decided="2024", owner="les deux", due_on=None, state="réalisé le 12/05/2025"),
            row("7", "Viser plus de femmes.", decided="2025", owner="la maison", due_on="2026-06-30", state="à engager"),
        ],
    )  # fmt: skip
    found = a_snapshot(actions, answer="La réunion annuelle s’est tenue le 12/01/2026 ; 2 axes sont suivis.")
    assert said(found, "partenariat.meeting") == "La réunion annuelle s’est tenue le 12/01/2026."
    assert (
        said(found, "partenariat.former_actions")
        == "1 axe d’amélioration des années précédentes a été repris, dont 1 est réalisé."
    )
    assert (
        said(found, "ameliorations.action_7")
        == "« Viser plus de femmes » : porté par la maison, pour le 30/06/2026, à engager."
    )
    assert said(found, "ameliorations.action_4") is None


def test_collective_actions_are_said_of_the_partnership():
    found = a_snapshot(figures("actions_figures", actions="3", participations="41", hired_after="6"))
    assert (
        said(found, "partenariat.actions")
        == "3 actions collectives ont eu lieu en 2025, avec 41 participations."
    )
    assert said(found, "partenariat.hired_after") == "Après ces actions, 6 personnes ont été embauchées."


# --- All of them --------------------------------------------------------------------------------------------


def test_every_section_has_rules_and_a_year_without_data_has_no_sentence():
    assert proposals(a_snapshot()) == []
    whole = a_snapshot(TWO, FOLLOW_UP, figures("markets_figures", markets=("24", "20")), figures("people_figures", people=("9", "8")), figures("actions_figures", actions="3"), figures("contracts_figures", contracts="12"))  # fmt: skip
    assert {found.section for found in proposals(whole)} == set(SECTIONS)


def test_a_bilan_of_a_whole_life_is_beside_no_year():
    whole = {**a_snapshot(TWO), "year": None, "kind": "final", "previous": None}
    assert {found.key for found in proposals(whole)} == set()
    life = {**whole, "series": [{"year": y, "hours": h, "source": "computed"} for y, h in ((2023, "5.00"), (2024, "9.00"), (2025, "7.00"))]}  # fmt: skip
    assert (
        said(life, "heures.highest")
        == "De 2023 à 2025, 2024 est l’année où le plus d’heures sont réalisées (9 h)."
    )


# --- In the text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Une phrase."),
        ("Déjà écrit.", "Déjà écrit. Une phrase."),
        ("Déjà écrit.\n\n", "Déjà écrit. Une phrase."),
        ("- un point", "- un point\n\nUne phrase."),
        ("### Titre.", "### Titre.\n\nUne phrase."),
        ("| a | b |", "| a | b |\n\nUne phrase."),
        ("Sans point", "Sans point\n\nUne phrase."),
    ],
)
def test_a_sentence_joins_the_last_paragraph_of_prose(text, expected):
    assert with_sentence(text, "Une phrase.") == expected


def test_a_name_that_markdown_would_read_otherwise_is_shown_as_it_is():
    name = "SARL *Étoile*_du_[Sud] <b>|"
    assert to_html(as_markdown(name)) == "<p>SARL *Étoile*_du_[Sud] &lt;b&gt;|</p>"
    assert holds(with_sentence("Avant.", name), name)


def test_the_sentence_of_today_takes_the_place_of_the_one_that_still_stands():
    text = with_sentence("Avant.", "Il y a 3 marchés.") + " Après."
    assert (
        with_other_sentence(text, "Il y a 3 marchés.", "Il y a 4 marchés.")
        == "Avant. Il y a 4 marchés. Après."
    )
    assert not holds("Avant. Il y a trois marchés.", "Il y a 3 marchés.")
