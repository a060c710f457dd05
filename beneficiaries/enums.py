"""Closed lists about people, their eligibility, their employment and their hours."""

from django.db import models


class Gender(models.TextChoices):
    FEMALE = "F", "femme"
    MALE = "M", "homme"
    OTHER = "X", "autre ou non communiqué"


class PrescriberKind(models.TextChoices):
    FRANCE_TRAVAIL = "france_travail", "France Travail"
    LOCAL_MISSION = "local_mission", "mission locale"
    CAP_EMPLOI = "cap_emploi", "Cap emploi"
    PLIE = "plie", "PLIE"
    METROPOLE = "metropole", "métropole ou département (RSA)"
    CCAS = "ccas", "CCAS"
    SPIP = "spip", "SPIP"
    ASSOCIATION = "association", "association"
    SIAE = "siae", "SIAE, GEIQ"
    OTHER = "other", "autre"


class Route(models.TextChoices):
    AUTOMATIC = "automatic", "automatique"
    INDIVIDUAL = "individual", "individuelle"


class Sufficiency(models.TextChoices):
    ALONE = "alone", "suffit seul"
    COMBINED = "combined", "à combiner"
    PRIORITY = "priority", "priorité seulement"


class Decision(models.TextChoices):
    APPROVED = "approved", "éligible"
    REFUSED = "refused", "refusé"


class EligibilityState(models.TextChoices):
    """Where a person stands today; worked out, never stored."""

    ELIGIBLE = "eligible", "éligible"
    TO_REVIEW = "to_review", "à valider"
    EXPIRED = "expired", "expiré"
    REFUSED = "refused", "refusé"


class Unemployment(models.TextChoices):
    LESS_THAN_6 = "lt6", "moins de 6 mois"
    FROM_6 = "6_11", "de 6 à 11 mois"
    FROM_12 = "12_23", "de 12 à 23 mois"
    FROM_24 = "ge24", "24 mois et plus"


class PlacementNature(models.TextChoices):
    EMPLOYMENT = "employment", "emploi"
    IMMERSION = "immersion", "immersion"
    TRAINING = "training", "formation"


class Modality(models.TextChoices):
    """How the clause is carried out."""

    DIRECT = "direct", "embauche directe"
    ETTI = "ETTI", "mise à disposition, ETTI"
    AI = "AI", "mise à disposition, AI"
    GEIQ = "GEIQ", "mise à disposition, GEIQ"
    ETT = "ETT", "mise à disposition, ETT"
    ADAPTED = "adapted", "EA, EATT, ESAT"
    REGIE = "regie", "régie de quartier"
    SIAE_CONTRACT = "siae_contract", "cotraitance ou sous-traitance d’une SIAE"
    TRAINING = "training", "formation"
    PMSMP = "pmsmp", "PMSMP"
    STAGE = "stage", "stage"


class HourKind(models.TextChoices):
    WORK = "work", "travail"
    TRAINING = "training", "formation"
    TUTORING = "tutoring", "tutorat"
    IMMERSION = "immersion", "immersion"


class EntryState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    SUBMITTED = "submitted", "soumis"
    VALIDATED = "validated", "validé"
    SENT_BACK = "sent_back", "à corriger"


class EntrySource(models.TextChoices):
    SCREEN = "screen", "saisie"
    IMPORT = "import", "import"
    PORTAL = "portal", "portail"
    API = "api", "API"
    TAKE_OVER = "take_over", "reprise"


class CountingReason(models.TextChoices):
    """Why hours count or not; the same values as `beneficiaries.counting.Reason`."""

    NOT_COMPUTED = "", "à calculer"
    COUNTED = "counted", "comptées"
    NOT_VALIDATED = "not_validated", "personne non validée"
    NO_PRIOR_VALIDATION = "no_prior_validation", "validation postérieure au début"
    VALIDATION_EXPIRED = "validation_expired", "validation expirée"
    OUTSIDE_ASSIGNMENT = "outside_assignment", "hors de l’affectation"
    OUTSIDE_MARKET = "outside_market", "hors de la vie du marché"
    KIND_NOT_COUNTED = "kind_not_counted", "nature d’heures non comptée"
    PERIOD_USED_UP = "period_used_up", "période d’éligibilité épuisée"
    OVER_CAP = "over_cap", "au-delà du plafond"


class FollowUpKind(models.TextChoices):
    """What a note about a person is the trace of; the companies' journal is another thing."""

    INTERVIEW = "interview", "entretien"
    CALL = "call", "appel"
    MAIL = "mail", "courrier ou courriel"
    VISIT = "visit", "visite sur le lieu de travail"
    PARTNER = "partner", "échange avec un partenaire"
    NOTE = "note", "remarque"


class FeedbackMoment(models.TextChoices):
    """When the referrer hears of the person whom they follow."""

    BEFORE = "before", "avant l’embauche"
    DURING = "during", "pendant la mission"
    AFTER = "after", "après la mission"


class OfferState(models.TextChoices):
    DRAFT = "draft", "brouillon"
    OPEN = "open", "diffusée"
    FILLED = "filled", "pourvue"
    CLOSED = "closed", "close sans suite"


class ApplicationState(models.TextChoices):
    PROPOSED = "proposed", "proposée"
    MET = "met", "rencontrée"
    PRESENTED = "presented", "présentée à l’entreprise"
    HIRED = "hired", "embauchée"
    REJECTED = "rejected", "non retenue"


class RejectionReason(models.TextChoices):
    UNREACHABLE = "unreachable", "injoignable"
    ABSENT = "absent", "absente au rendez-vous"
    EMPLOYED = "employed", "en emploi"
    IN_TRAINING = "in_training", "en formation"
    NOT_ELIGIBLE = "not_eligible", "non éligible"
    NOT_MOBILE = "not_mobile", "non mobile"
    NOT_INTERESTED = "not_interested", "pas intéressée"
    SKILLS = "skills", "compétences"
    OBSTACLE = "obstacle", "frein incompatible"
    FILLED = "filled", "poste pourvu"
    NO_RECRUITMENT = "no_recruitment", "recrutement abandonné"
    DUPLICATE = "duplicate", "doublon"
    OTHER = "other", "autre"


class ActionKind(models.TextChoices):
    INFORMATION = "information", "information collective"
    SITE_VISIT = "site_visit", "visite d’entreprise ou de chantier"
    INTERVIEWS = "interviews", "simulation d’entretiens"
    JOB_MEETING = "job_meeting", "rencontre métiers"
    AWARENESS = "awareness", "sensibilisation des référents"
    BEHAVIOUR = "behaviour", "savoir-être, préparation à l’emploi"
    OTHER = "other", "autre action"


class NeedState(models.TextChoices):
    NOTICED = "noticed", "repéré"
    PLANNED = "planned", "réponse en préparation"
    ANSWERED = "answered", "réponse apportée"
    DROPPED = "dropped", "sans suite"


class EndReason(models.TextChoices):
    """Why a contract or a step ended."""

    TERM = "term", "fin prévue"
    HIRED = "hired", "embauche durable"
    OTHER_JOB = "other_job", "départ vers un autre emploi"
    TRAINING = "training", "entrée en formation"
    RESIGNATION = "resignation", "démission"
    TRIAL_PERSON = "trial_person", "fin de période d’essai, à l’initiative de la personne"
    TRIAL_EMPLOYER = "trial_employer", "fin de période d’essai, à l’initiative de l’employeur"
    AGREEMENT = "agreement", "rupture d’un commun accord"
    DISMISSAL = "dismissal", "licenciement"
    ABSENCE = "absence", "abandon de poste"
    HEALTH = "health", "santé, inaptitude"
    SITE_END = "site_end", "fin de chantier ou de mission"
    OTHER = "other", "autre"


class ImmersionPurpose(models.TextChoices):
    """The three objects of a PMSMP (article L5135-1 of the Code du travail)."""

    DISCOVER = "discover", "découvrir un métier ou un secteur"
    CONFIRM = "confirm", "confirmer un projet professionnel"
    RECRUIT = "recruit", "initier une démarche de recrutement"


class Qualification(models.TextChoices):
    """What became of the qualification that a training aims at."""

    UNDER_WAY = "under_way", "en cours"
    OBTAINED = "obtained", "obtenue"
    PARTIAL = "partial", "obtenue en partie"
    FAILED = "failed", "non obtenue"
    NONE = "none", "sans qualification visée"


class Milestone(models.TextChoices):
    """When the situation of someone who left is asked for."""

    EXIT = "exit", "à la sortie"
    MONTHS_6 = "m6", "à 6 mois"
    MONTHS_12 = "m12", "à 12 mois"


class Situation(models.TextChoices):
    """Where someone stands after their path, in the order of `SITUATION_GROUPS`."""

    CDI = "cdi", "CDI"
    CDD_LONG = "cdd_long", "CDD de 6 mois et plus"
    BUSINESS = "business", "création d’entreprise"
    CDD_SHORT = "cdd_short", "CDD de moins de 6 mois"
    INTERIM = "interim", "intérim"
    SIAE = "siae", "SIAE"
    ALTERNANCE = "alternance", "apprentissage, professionnalisation"
    TRAINING = "training", "formation"
    SEEKING = "seeking", "en recherche d’emploi"
    INACTIVE = "inactive", "sans activité"
    NO_NEWS = "no_news", "sans nouvelles"
    UNKNOWN = "unknown", "non connue"


class SituationGroup(models.TextChoices):
    DURABLE = "durable", "emploi durable"
    TRANSITION = "transition", "emploi de transition"
    POSITIVE = "positive", "sortie positive"
    OTHER = "other", "autre sortie"


# Domain §5: which situations make which group; the other ones are « autre sortie ».
SITUATION_GROUPS = {
    SituationGroup.DURABLE: (Situation.CDI, Situation.CDD_LONG, Situation.BUSINESS),
    SituationGroup.TRANSITION: (Situation.CDD_SHORT, Situation.INTERIM, Situation.SIAE),
    SituationGroup.POSITIVE: (Situation.ALTERNANCE, Situation.TRAINING),
    SituationGroup.OTHER: (Situation.SEEKING, Situation.INACTIVE, Situation.NO_NEWS, Situation.UNKNOWN),
}


class OutcomeSource(models.TextChoices):
    HOUSE = "house", "recueillie par la maison"
    PERSON = "person", "répondue par la personne"
    REFERRER = "referrer", "répondue par le référent"
    EMPLOYER = "employer", "dite par l’employeur"


class DeclarationState(models.TextChoices):
    DRAFT = "draft", "à déclarer"
    SUBMITTED = "submitted", "soumise"
    ACCEPTED = "accepted", "acceptée"
    SENT_BACK = "sent_back", "à corriger"


class ImportKind(models.TextChoices):
    HOURS = "hours", "heures d’un mois"
    TAKE_OVER = "take_over", "reprise d’années passées"
    PEOPLE = "people", "personnes"


class ImportState(models.TextChoices):
    RECEIVED = "received", "colonnes à rapprocher"
    CHECKED = "checked", "essai à blanc"
    LOADED = "loaded", "chargé"
    VALIDATED = "validated", "validé"
    TAKEN_BACK = "taken_back", "repris en entier"


class LineState(models.TextChoices):
    ACCEPTED = "accepted", "acceptée"
    CORRECTED = "corrected", "corrigée"
    DOUBTFUL = "doubtful", "à décider"
    REFUSED = "refused", "refusée"
    UNCHANGED = "unchanged", "déjà chargée"


class AnomalyKind(models.TextChoices):
    """In the order in which they are shown: what loses hours first."""

    NO_VALIDATION = "no_validation", "sans validation préalable"
    EXPIRED = "expired", "éligibilité expirée"
    OVER_LEGAL = "over_legal", "au-dessus du maximum légal"
    OVER_CONTRACT = "over_contract", "plus que le contrat"
    DUPLICATE = "duplicate", "mois en double"
    AFTER_END = "after_end", "après la fin"
    SUDDEN = "sudden", "variation soudaine"
    MISSING = "missing", "mois manquant entre deux mois"
    SILENT = "silent", "attributaire silencieux"


class RetentionStep(models.TextChoices):
    ARCHIVED = "archived", "mise en archive restreinte"
    PROOFS_ERASED = "proofs_erased", "justificatifs effacés"
    ANONYMISED = "anonymised", "anonymisée"
