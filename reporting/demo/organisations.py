"""Draws who buys and who works: donneurs d’ordre, companies and their kinds, prescribers, contacts, accounts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from beneficiaries.models import Prescriber
from markets.enums import CompanyKindCode, ContactKind, IdentifierKind, Source
from markets.models import (
    Buyer,
    BuyerMembership,
    Company,
    CompanyKind,
    CompanyMembership,
    Contact,
    Department,
    Responsibility,
)
from reporting.demo import lists as words
from reporting.demo.draw import Draw, commune_siret, invented_siret, moment
from reporting.demo.lists import Place
from reporting.demo.sizes import Block
from reporting.demo.territory import Territory

ORDINARY = CompanyKindCode.ORDINARY
# What the companies are, 25 by 25; a company can be two things at once.
KINDS: tuple[tuple[str, ...], ...] = (
    *((ORDINARY,),) * 12,
    ("ETTI",),
    ("EI",),
    ("GEIQ",),
    ("AI",),
    ("ACI",),
    ("ETT",),
    ("EA",),
    ("EI", "ETTI"),
    ("REGIE",),
    ("ESAT",),
    ("EATT",),
    ("EITI",),
    (ORDINARY,),
)
OTHER_BUYERS = (
    ("social_landlord", "Habitat {} (bailleur fictif)"),
    ("hospital", "Centre hospitalier {} (établissement fictif)"),
    ("sem_spl", "SPL {} Aménagement (société fictive)"),
    ("public_body", "Syndicat mixte {} (organisme fictif)"),
    ("developer", "Société d’équipement {} (aménageur fictif)"),
    ("private", "Foncière {} (société fictive)"),
    ("state", "Direction interrégionale {} (service fictif)"),
    ("other", "Office {} (organisme fictif)"),
)
DEPARTMENTS = (
    "Direction des bâtiments",
    "Direction du cadre de vie",
    "Direction des achats",
    "Direction de l’éducation et des sports",
)


@dataclass
class Organisations:
    """The organisations of one block."""

    buyers: list[Buyer] = field(default_factory=list)
    departments: dict[int, list[Department]] = field(default_factory=dict)
    companies: list[Company] = field(default_factory=list)
    by_kind: dict[str, list[Company]] = field(default_factory=lambda: defaultdict(list))
    kinds_of: dict[int, tuple[str, ...]] = field(default_factory=dict)
    prescribers: list[Prescriber] = field(default_factory=list)
    homes: tuple[Place, ...] = ()
    home_weights: tuple[int, ...] = ()


def draw_organisations(territory: Territory, block: Block, number: int, draw: Draw) -> Organisations:
    """The organisations of block `number`; the first one holds the buyers and companies of the accounts."""
    made = Organisations()
    lists = territory.lists
    if block.is_first:
        made.homes = lists.metropole
        towns = lists.metropole_communes
    else:
        every_n_th = slice(number - 1, None, 44)
        made.homes = towns = lists.region_communes[every_n_th]
    weights: list[int] = []
    for place in made.homes:
        weights.append((weights[-1] if weights else 0) + place.population)
    made.home_weights = tuple(weights)
    _draw_buyers(territory, block, number, draw, made, towns)
    _draw_companies(territory, block, draw, made)
    for name, kind in words.FIRST_PRESCRIBERS:
        suffix = "" if number == 0 else f" ({towns[0].name})"
        made.prescribers.append(
            territory.add(Prescriber, name=f"{name}{suffix}", kind=kind, commune_id=draw.pick(towns).code)
        )
    if block.is_first:
        _draw_accesses(territory, made)
    return made


def _draw_buyers(
    territory: Territory, block: Block, number: int, draw: Draw, made: Organisations, towns: tuple[Place, ...]
) -> None:
    named: list[tuple[str, str, str, str, str | None]] = []
    if block.is_first:
        named.append(
            (
                "Ville d’Oullins-Pierre-Bénite",
                "Oullins-Pierre-Bénite",
                "commune",
                commune_siret("69149"),
                "69149",
            )
        )
        named.append(("Métropole de Lyon", "", "intercommunal", "20004697700019", "69123"))
        named.append(
            (
                "Habitat Gones et Canuts (bailleur fictif)",
                "Gones et Canuts Habitat",
                "social_landlord",
                invented_siret(600_001),
                "69381",
            )
        )
    by_size = sorted(towns, key=lambda place: (-place.population, place.code))
    candidates = [place for place in by_size if place.code != "69149"]
    others = 0
    while len(named) < block.buyers:
        if candidates and (len(named) % 5 < 3):
            place = candidates.pop(0)
            # Several towns bear the same name in the region: the department tells them apart.
            name = f"Ville {_of(place.name)}" + ("" if number == 0 else f" ({place.code[:2]})")
            named.append((name, "", "commune", commune_siret(place.code), place.code))
            continue
        kind, pattern = OTHER_BUYERS[others % len(OTHER_BUYERS)]
        stem = words.LANDLORD_STEMS[others // len(OTHER_BUYERS) % len(words.LANDLORD_STEMS)]
        suffix = f"{stem} {1 + others // 48}" if others >= 48 else stem
        if number:
            suffix += f" {_of(by_size[0].name).removeprefix('de ')}"
        named.append(
            (
                pattern.format(suffix),
                "",
                kind,
                invented_siret(500_000 + 100 * number + others),
                draw.pick(towns).code,
            )
        )
        others += 1
    first_day = territory.first_day
    for place_number, (name, short, kind, siret, commune) in enumerate(named):
        missing = place_number == 5 and block.is_first
        buyer = territory.add(
            Buyer,
            name=name,
            short_name=short,
            kind=kind,
            identifier="" if missing else siret,
            identifier_kind=IdentifierKind.NONE if missing else IdentifierKind.SIRET,
            commune_id=commune,
            notes=words.FICTITIOUS,
            source=Source.DEMO,
            agreement_since=draw.day(first_day.replace(year=first_day.year - 5), first_day)
            if draw.chance(0.8) or place_number == 0
            else None,
            created_at=moment(first_day),
        )
        made.buyers.append(buyer)
        count = 3 if place_number < 2 else draw.number(0, 4)
        made.departments[buyer.pk] = [
            territory.add(Department, buyer=buyer, name=DEPARTMENTS[rank], is_active=rank < 3)
            for rank in range(count)
        ]
        _draw_contacts(territory, draw, buyer=buyer)
        _draw_responsibility(territory, draw, buyer=buyer)


def _of(name: str) -> str:
    """« de Bron », « d’Irigny », « du Bourg »; the article of the name stays with it otherwise."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    return f"d’{name}" if name[0] in "AEIOUYÉÈÊH" else f"de {name}"


def _draw_companies(territory: Territory, block: Block, draw: Draw, made: Organisations) -> None:
    first_day = territory.first_day
    for rank in range(block.companies):
        kinds = KINDS[rank % len(KINDS)]
        is_ordinary = kinds == (ORDINARY,)
        family = "works" if draw.chance(0.65) else "services"
        sector = draw.pick(words.SECTORS[family])
        if is_ordinary:
            name = f"{draw.pick(words.COMPANY_STEMS)} {sector}"
        else:
            name = f"{draw.pick(words.INSERTION_STEMS)} {'Intérim' if 'ETTI' in kinds or 'ETT' in kinds else sector}"
        if rank >= len(KINDS):
            name += f" {draw.pick(territory.lists.last_names)}"
        number = territory.next_id(Company)
        identifier, identifier_kind = invented_siret(number), IdentifierKind.SIRET
        if rank == 3:
            name, identifier_kind = (
                f"Groupement {name} {words.LONG_WORDS}, société inventée"[:290],
                IdentifierKind.SIRET,
            )
        elif rank % 60 == 5:
            identifier, identifier_kind = f"BE0{number:09d}", IdentifierKind.VAT
        elif rank % 60 == 24:
            identifier, identifier_kind = f"CHE-{number:09d}", IdentifierKind.FOREIGN
        elif rank % 60 == 30:
            identifier, identifier_kind = f"{number:013d}", IdentifierKind.UNKNOWN
        elif rank % 60 == 36:
            identifier, identifier_kind = "", IdentifierKind.NONE
        company = territory.add(
            Company,
            name=name,
            identifier=identifier,
            identifier_kind=identifier_kind,
            commune_id=draw.pick(made.homes).code,
            sectors=sector,
            notes="Entreprise inventée pour la démonstration.",
            source=Source.DEMO,
            email=f"contact{number}@entreprise.invalid" if draw.chance(0.8) else "",
            created_at=moment(first_day),
        )
        made.companies.append(company)
        made.kinds_of[company.pk] = kinds
        for kind in kinds:
            made.by_kind[kind].append(company)
            territory.add(
                CompanyKind,
                company=company,
                kind=kind,
                starts_on=dt.date(2015, 1, 1) if draw.chance(0.5) else None,
            )
        if rank % len(KINDS) == 23:
            # It was an ordinary company before it became what it is.
            row = territory.rows[CompanyKind][-1]
            row.starts_on = first_day
            eve = first_day - dt.timedelta(days=1)
            territory.add(CompanyKind, company=company, kind=ORDINARY, ends_on=eve)
        _draw_contacts(territory, draw, company=company)
        if draw.chance(0.3) or rank < 3:
            _draw_responsibility(territory, draw, company=company)


def _draw_contacts(
    territory: Territory, draw: Draw, buyer: Buyer | None = None, company: Company | None = None
) -> None:
    def someone() -> tuple[str, str]:
        first = draw.pick(territory.lists.women if draw.chance(0.5) else territory.lists.men)
        return (
            f"{first} {draw.pick(territory.lists.last_names)}",
            f"contact{draw.number(1, 99_999)}@exemple.invalid",
        )

    changed_on = draw.day(territory.first_day, territory.as_of)
    name, email = someone()
    more = {"buyer": buyer, "company": company}
    moved = draw.chance(0.2)
    territory.add(
        Contact,
        **more,
        kind=ContactKind.MAIN if buyer else ContactKind.INSERTION,
        name=name,
        email=email,
        function="Commande publique" if buyer else "Conduite de travaux",
        ends_on=changed_on - dt.timedelta(days=1) if moved else None,
    )
    if moved:
        name, email = someone()
        territory.add(Contact, **more, kind=ContactKind.MAIN, name=name, email=email, starts_on=changed_on)
    if draw.chance(0.3):
        name, email = someone()
        territory.add(Contact, **more, kind=ContactKind.HIERARCHY, name=name, email=email)
    if draw.chance(0.1):
        name, _ = someone()
        territory.add(Contact, **more, kind=ContactKind.OTHER, name=name, function="Comptabilité")


def _draw_responsibility(territory: Territory, draw: Draw, **target: object) -> None:
    territory.add(
        Responsibility,
        **target,
        facilitator_id=draw.pick(territory.staff.facilitators),
        starts_on=territory.first_day,
    )


def _draw_accesses(territory: Territory, made: Organisations) -> None:
    """Which buyers and companies the accounts belong to."""
    staff, metropole = territory.staff, made.buyers[1]
    territory.add(BuyerMembership, user_id=staff.buyer, buyer=made.buyers[0])
    territory.add(
        BuyerMembership,
        user_id=staff.buyer_department,
        buyer=metropole,
        department=made.departments[metropole.pk][0],
    )
    territory.add(CompanyMembership, user_id=staff.company_etti, company=made.by_kind["ETTI"][0])
    territory.add(CompanyMembership, user_id=staff.company_holder, company=made.companies[0])
