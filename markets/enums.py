"""Closed lists of the purchase: kinds of buyers, of markets, of reservations, of companies."""

from django.db import models


class IdentifierKind(models.TextChoices):
    SIRET = "siret", "SIRET"
    VAT = "vat", "TVA intracommunautaire"
    FOREIGN = "foreign", "identifiant étranger"
    UNKNOWN = "unknown", "identifiant à vérifier"
    NONE = "none", "sans identifiant"


class BuyerKind(models.TextChoices):
    COMMUNE = "commune", "commune"
    INTERCOMMUNAL = "intercommunal", "métropole, communauté, syndicat"
    DEPARTMENT = "department", "département"
    REGION = "region", "région"
    STATE = "state", "État"
    SOCIAL_LANDLORD = "social_landlord", "bailleur social"
    HOSPITAL = "hospital", "hôpital"
    SEM_SPL = "sem_spl", "SEM, SPL"
    DEVELOPER = "developer", "aménageur"
    PUBLIC_BODY = "public_body", "établissement public"
    PRIVATE = "private", "privé"
    OTHER = "other", "autre"


class Family(models.TextChoices):
    WORKS = "works", "travaux"
    SERVICES = "services", "services"
    SUPPLIES = "supplies", "fournitures"
    INTELLECTUAL = "intellectual", "prestations intellectuelles"


class MarketNature(models.TextChoices):
    MARKET = "market", "marché"
    CONCESSION = "concession", "concession"
    INSERTION = "insertion", "marché d’insertion"
    PRIVATE = "private", "marché privé volontaire"


class Procedure(models.TextChoices):
    ADAPTED = "adapted", "procédure adaptée"
    OPEN_TENDER = "open_tender", "appel d’offres ouvert"
    RESTRICTED_TENDER = "restricted_tender", "appel d’offres restreint"
    NEGOTIATED = "negotiated", "procédure avec négociation"
    DIALOGUE = "dialogue", "dialogue compétitif"
    DIRECT = "direct", "marché sans publicité ni mise en concurrence"
    OTHER = "other", "autre ou non renseignée"


class Technique(models.TextChoices):
    NONE = "none", "sans technique d’achat"
    FRAMEWORK = "framework", "accord-cadre"
    SUBSEQUENT = "subsequent", "marché subséquent"
    DYNAMIC = "dynamic", "système d’acquisition dynamique"
    OTHER = "other", "autre"


class Reservation(models.TextChoices):
    """Ground of a reserved lot (code de la commande publique); said here and nowhere else."""

    NONE = "none", "non réservé"
    EA_ESAT = "ea_esat", "réservé EA, ESAT (L2113-12)"
    SIAE = "siae", "réservé SIAE (L2113-13)"
    PRISON = "prison", "réservé travail pénitentiaire (L2113-13-1)"
    ESS = "ess", "réservé ESS (L2113-15)"
    TO_SPECIFY = "to_specify", "réservé, fondement à préciser"


class AwardRole(models.TextChoices):
    HOLDER = "holder", "titulaire"
    LEADER = "leader", "mandataire"
    CO_CONTRACTOR = "co_contractor", "cotraitant"
    SUBCONTRACTOR = "subcontractor", "sous-traitant"


class CompanyKindCode(models.TextChoices):
    ORDINARY = "ordinary", "entreprise"
    EI = "EI", "EI, entreprise d’insertion"
    ETTI = "ETTI", "ETTI, entreprise de travail temporaire d’insertion"
    ACI = "ACI", "ACI, atelier et chantier d’insertion"
    AI = "AI", "AI, association intermédiaire"
    EITI = "EITI", "EITI, insertion par le travail indépendant"
    GEIQ = "GEIQ", "GEIQ"
    EA = "EA", "EA, entreprise adaptée"
    EATT = "EATT", "EATT, entreprise adaptée de travail temporaire"
    ESAT = "ESAT", "ESAT"
    REGIE = "REGIE", "régie de quartier"
    ETT = "ETT", "ETT, entreprise de travail temporaire"


# The structures of the insertion by economic activity (article L5132-4 du code du travail).
SIAE_KINDS = ("EI", "ETTI", "ACI", "AI", "EITI")
# Who can hold a market of its own among the insertion and adapted structures. A GEIQ is not there: it employs people
# for its members and tenders for nothing, but it is in the directory.
ANSWERING_KINDS = (*SIAE_KINDS, "EA", "EATT", "ESAT", "REGIE")
DIRECTORY_KINDS = (*ANSWERING_KINDS, "GEIQ")


class CharterAxis(models.TextChoices):
    """Axes of the Charte des 1000, in our own words."""

    HIRE = "hire", "recruter sans discriminer, ouvrir des postes en insertion"
    HOST = "host", "accueillir en stage, en immersion, en alternance"
    DISCOVER = "discover", "faire découvrir ses métiers"
    MENTOR = "mentor", "parrainer, préparer aux entretiens"
    BUY = "buy", "acheter à des structures d’insertion ou adaptées"
    TRAIN = "train", "former et qualifier"


class ContactKind(models.TextChoices):
    MAIN = "main", "référent·e"
    INSERTION = "insertion", "interlocuteur·rice insertion"
    HIERARCHY = "hierarchy", "responsable hiérarchique"
    OTHER = "other", "autre contact"


class Source(models.TextChoices):
    SCREEN = "screen", "saisie"
    DECP = "decp", "DECP"
    DIRECTORY = "directory", "annuaire importé"
    TAKE_OVER = "take_over", "reprise"
    DEMO = "demo", "démonstration"


class TaskKind(models.TextChoices):
    TODO = "todo", "à faire"
    ANSWER = "answer", "réponse attendue"
    DEADLINE = "deadline", "échéance"
    MEETING = "meeting", "réunion"


class Turn(models.TextChoices):
    """Who must act next."""

    HOUSE = "house", "la maison"
    BUYER = "buyer", "le donneur d’ordre"
    COMPANY = "company", "l’entreprise"
    PARTNER = "partner", "un partenaire"


class AgreementIndicator(models.TextChoices):
    """Indicators of the convention (article 5), which the buyer validates."""

    MARKETS = "markets", "nombre de marchés et d’opérations intégrant une clause sociale ou une action"
    RESERVED = "reserved", "nombre de marchés réservés"
    INSERTION = "insertion", "nombre de marchés d’insertion"
    HOURS = "hours", "nombre d’heures réalisées"
    PEOPLE = "people", "nombre de personnes concernées"
    TYPOLOGY = "typology", "typologie des bénéficiaires"
    MODALITIES = "modalities", "modalités d’application de la clause"
    RESULTS = "results", "résultats et bénéfices pour les personnes"


class OperationKind(models.TextChoices):
    PUBLIC = "public", "opération"
    PRIVATE = "private", "site privé"


class PartyRole(models.TextChoices):
    MEMBER = "member", "membre du groupement de commandes"
    DELEGATING = "delegating", "maître d’ouvrage délégant"
    FUNDER = "funder", "financeur"


class Targeting(models.TextChoices):
    TO_STUDY = "to_study", "à étudier"
    KEPT = "kept", "retenu"
    DISMISSED = "dismissed", "écarté"


class Derogation(models.TextChoices):
    """Grounds on which the social condition of 22 August 2026 may be left out (L2112-2-1, I; L3114-2-1)."""

    IMMEDIATE = "immediate", "besoin satisfait par une solution immédiatement disponible"
    NO_LINK = "no_link", "condition sans lien suffisant avec l’objet du contrat"
    COMPETITION = "competition", "concurrence restreinte, ou exécution rendue difficile"
    SHORT = "short", "travaux de moins de six mois"
    OTHER = "other", "autre motif, à préciser"


class ThresholdScope(models.TextChoices):
    WORKS = "works", "travaux"
    SUPPLIES_SERVICES = "supplies_services", "fournitures et services"
    CONCESSION = "concession", "concessions"


class ThresholdBuyer(models.TextChoices):
    STATE = "state", "État"
    OTHER = "other", "autres acheteurs"


class AgreementState(models.TextChoices):
    """Where a convention stands on a day: worked out from its dates, never stored."""

    UPCOMING = "upcoming", "à venir"
    IN_FORCE = "in_force", "en vigueur"
    NOTICE_NEAR = "notice_near", "préavis proche"
    ENDED = "ended", "échue"
    TERMINATED = "terminated", "dénoncée"


class QuoteState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    SENT = "sent", "envoyé"
    ACCEPTED = "accepted", "accepté"
    REFUSED = "refused", "refusé"


class InvoiceKind(models.TextChoices):
    """The two halves of a quote (convention, article 7), and what takes one back."""

    CALIBRATION = "calibration", "1re moitié, au calibrage"
    COMPLETION = "completion", "2e moitié, au bilan final ou à la clôture"
    CREDIT = "credit", "avoir"


class InvoiceState(models.TextChoices):
    UPCOMING = "upcoming", "à venir"
    READY = "ready", "prête"
    ISSUED = "issued", "émise"
    SENT = "sent", "transmise"
    PAID = "paid", "payée"
    CANCELLED = "cancelled", "annulée par avoir"
    DROPPED = "dropped", "sans suite"


class ReleaseCause(models.TextChoices):
    """What made a half of a quote ready to be invoiced."""

    CALIBRATION = "calibration", "calibrage"
    FINAL_BILAN = "final_bilan", "remise du bilan final synthétique"
    CLOSING = "closing", "clôture"
    REPLACEMENT = "replacement", "remplacement d’une facture annulée"


class InvoiceChannel(models.TextChoices):
    CHORUS = "chorus", "déposée sur Chorus Pro"
    EMAIL = "email", "envoyée par courrier électronique"
    POST = "post", "envoyée par la poste"


class DocumentKind(models.TextChoices):
    ENGAGEMENT = "engagement", "acte d’engagement"
    ADMINISTRATIVE = "administrative", "CCAP ou document unique"
    TECHNICAL = "technical", "CCTP"
    RULES = "rules", "règlement de la consultation"
    MEMORANDUM = "memorandum", "mémoire technique, volet insertion"
    NOTIFICATION = "notification", "notification"
    SERVICE_ORDER = "service_order", "ordre de service"
    AMENDMENT = "amendment", "avenant"
    SUBCONTRACT = "subcontract", "acte de sous-traitance"
    RECEPTION = "reception", "procès-verbal de réception"
    OTHER = "other", "autre pièce"
