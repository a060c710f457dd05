"""Publishes bilans of the demonstration: the first buyer's, for a year that is closed."""

from __future__ import annotations

from collections.abc import Callable, Collection

from accounts.models import User
from beneficiaries.models import ClosedYear
from core.errors import DomainError
from markets.models import Buyer
from reporting.enums import BilanFormat
from reporting.models import Bilan
from reporting.services.drafts import save_narrative, start_bilan
from reporting.services.publication import freeze, make_files
from reporting.services.workflow import review_bilan

TEXTS = {
    "essentiel": (
        "Ce bilan est celui d’une **démonstration** : les personnes, les entreprises et les chiffres sont inventés.\n\n"
        "Les engagements avancent à des rythmes différents : les marchés d’entretien portent la plus grande part des "
        "heures, les chantiers de travaux démarrent plus lentement."
    ),
    "marches": (
        "Un lot de nettoyage a été réservé aux structures de l’insertion, et un marché d’insertion se poursuit dans "
        "les espaces naturels."
    ),
    "heures": (
        "La mise à disposition par une ETTI et l’embauche directe restent les deux modalités principales. "
        "Plusieurs relevés sont arrivés après la clôture : ils sont repris en régularisation l’année suivante."
    ),
    "partenariat": (
        "Les échanges avec la direction des achats sont réguliers :\n\n"
        "- une réunion de lancement par marché notifié ;\n"
        "- un point à mi-année ;\n"
        "- une réunion annuelle de bilan."
    ),
    "ameliorations": "Saisir la maison plus tôt, avant la rédaction des pièces du marché.",
}


def closed_years() -> list[int]:
    """The last two closed years, the older one first."""
    return sorted(ClosedYear.objects.order_by("-year").values_list("year", flat=True)[:2])


def publish_bilan(
    year: int, *, say: Callable[[str], None], formats: Collection[str] = tuple(BilanFormat.values)
) -> Bilan:
    """Write, review and publish the first buyer’s bilan of a closed year, by the administrator."""
    admin = User.objects.demo().filter(role="admin").order_by("pk").first()
    buyer = Buyer.objects.order_by("pk").first()
    assert admin and buyer
    bilan = start_bilan(buyer=buyer, year=year, user=admin)
    bilan = save_narrative(bilan=bilan, texts=TEXTS, seen_version=bilan.edit_version, user=admin)
    bilan = review_bilan(bilan=bilan, user=admin)
    return publish(bilan, admin, say, formats)


def publish(
    bilan: Bilan,
    admin: User,
    say: Callable[[str], None],
    formats: Collection[str] = tuple(BilanFormat.values),
) -> Bilan:
    """Publish a reviewed bilan, with its files where they can be made."""
    bilan = freeze(bilan=bilan, user=admin)
    try:
        make_files(bilan=bilan, user=admin, formats=formats)
        say(f"{bilan}, publié")
    except DomainError as error:
        # Its figures are frozen; the files come when the PDF can be made.
        say(f"{bilan}, publié sans ses fichiers : {error.sentence}")
    return bilan
