"""The words by which the tables of employers, partners and former tools name what an import looks for."""

from __future__ import annotations

from core.spreadsheets import Wanted

# --- Columns ------------------------------------------------------------------------------------------------

LAST_NAME = Wanted("last_name", "Nom", ("nom", "nom de famille", "nom usuel", "nom d usage", "nom salarie", "nom du salarie", "nom beneficiaire", "nom responsable dossier"))  # fmt: skip
FIRST_NAME = Wanted("first_name", "Prénom", ("prenom", "prenoms", "prenom salarie", "prenom du salarie", "prenom beneficiaire", "prenom responsable dossier"))  # fmt: skip
FULL_NAME = Wanted("full_name", "Nom et prénom", ("nom prenom", "nom et prenom", "nom prenoms", "prenom nom", "prenom et nom", "salarie", "salariee", "salarie e", "nom du salarie et prenom", "beneficiaire", "personne", "interimaire", "participant", "identite", "nom complet"))  # fmt: skip
BIRTH_DATE = Wanted("birth_date", "Date de naissance", ("date de naissance", "date naissance", "ne e le", "nee le", "ne le", "naissance", "ddn", "date naiss", "date de naiss"))  # fmt: skip
MARKET = Wanted("market", "Marché (référence)", ("marche", "reference du marche", "reference marche", "ref marche", "n marche", "numero de marche", "n du marche", "code marche", "chantier", "affaire"))  # fmt: skip
EMPLOYER = Wanted("employer", "Employeur", ("employeur", "structure", "structure employeuse", "siae", "agence", "entreprise", "structure nom", "raison sociale", "societe"))  # fmt: skip
EMPLOYER_SIRET = Wanted("employer_siret", "SIRET de l’employeur", ("siret", "siret employeur", "siret structure", "structure siret", "n siret", "numero siret"))  # fmt: skip
MONTH = Wanted("month", "Mois", ("mois", "periode", "mois de paie", "mois concerne", "mois annee", "mois travaille", "mois debut", "date du releve", "mois et annee"))  # fmt: skip
YEAR = Wanted("year", "Année", ("annee", "exercice", "millesime"))
KIND = Wanted("kind", "Nature des heures", ("nature", "nature des heures", "type d heures", "type heure", "type d heure", "categorie d heures"))  # fmt: skip
HOURS = Wanted("hours", "Heures", ("heures", "nb heures", "nombre d heures", "heures realisees", "heures effectuees", "heures travaillees", "total heures", "nbre heures", "nb h", "h", "heures du mois", "heures insertion", "heures d insertion", "volume horaire", "duree"))  # fmt: skip
HOURS_WORK = Wanted("hours_work", "Heures de travail", ("heures travail", "heures de travail", "travail", "production", "heures de production", "heures productives", "h travail"))  # fmt: skip
HOURS_TRAINING = Wanted("hours_training", "Heures de formation", ("heures formation", "heures de formation", "formation", "h formation"))  # fmt: skip
HOURS_TUTORING = Wanted("hours_tutoring", "Heures de tutorat", ("heures tutorat", "heures de tutorat", "tutorat", "h tutorat", "accompagnement"))  # fmt: skip
HOURS_IMMERSION = Wanted("hours_immersion", "Heures d’immersion", ("heures immersion", "heures d immersion", "immersion", "pmsmp", "stage"))  # fmt: skip
FIRST_DAY = Wanted("first_day", "Premier jour du mois travaillé", ("premier jour", "du", "date debut", "debut de periode"))  # fmt: skip
LAST_DAY = Wanted("last_day", "Dernier jour du mois travaillé", ("dernier jour", "au", "date fin", "fin de periode"))  # fmt: skip

# Which hours of a line are of which kind; « hours » follows the column of the kind, else it is work.
HOURS_COLUMNS = {
    "hours": "",
    "hours_work": "work",
    "hours_training": "training",
    "hours_tutoring": "tutoring",
    "hours_immersion": "immersion",
}
HOURS_OF_KIND = {kind: name for name, kind in HOURS_COLUMNS.items() if kind}

HOURS_WANTED = (
    LAST_NAME, FIRST_NAME, FULL_NAME, BIRTH_DATE, MONTH, YEAR, HOURS, HOURS_WORK, HOURS_TRAINING, HOURS_TUTORING,
    HOURS_IMMERSION, KIND, MARKET, EMPLOYER, EMPLOYER_SIRET, FIRST_DAY, LAST_DAY,
)  # fmt: skip

PERSON_WANTED = (
    Wanted("birth_name", "Nom de naissance", ("nom de naissance", "nom de jeune fille", "nom naissance")),
    Wanted("gender", "Genre", ("genre", "sexe", "civilite", "type personne")),
    Wanted("address", "Adresse", ("adresse", "adresse postale", "rue", "voie")),
    Wanted("address_more", "Complément d’adresse", ("adresse complement", "complement d adresse", "complement adresse")),
    Wanted("postcode", "Code postal", ("code postal", "cp", "code postal domicile")),
    Wanted("city", "Commune", ("commune", "ville", "commune de residence", "ville de residence", "residence")),
    Wanted("commune_code", "Code INSEE de la commune", ("code insee", "insee", "code commune")),
    Wanted("education", "Niveau de formation", ("niveau de formation", "niveau formation", "niveau d etudes", "niveau")),
    Wanted("prescriber", "Prescripteur", ("prescripteur", "organisme prescripteur", "orienteur")),
)  # fmt: skip
CONTACT_WANTED = (
    Wanted("phone", "Téléphone", ("telephone", "tel", "telephones", "mobile", "portable", "numero telephone dossier", "n de telephone", "numero de telephone")),
    Wanted("email", "Courriel", ("courriel", "email", "e mail", "mail", "adresse electronique", "adresse mail", "adresse email", "adresse electronique dossier")),
)  # fmt: skip
PEOPLE_WANTED = (LAST_NAME, FIRST_NAME, FULL_NAME, BIRTH_DATE, *PERSON_WANTED, *CONTACT_WANTED)

# The words of the columns that repeat those of an hours file come after its own.
TAKE_OVER_WANTED = (
    LAST_NAME, FIRST_NAME, FULL_NAME, BIRTH_DATE,
    Wanted("person_id", "Identifiant de la personne", ("beneficiaire id", "id beneficiaire", "identifiant", "matricule", "n beneficiaire", "code beneficiaire", "identifiant dans le si")),
    *(row for row in PERSON_WANTED if row.name != "prescriber"),
    Wanted("buyer", "Donneur d’ordre", ("donneur d ordre", "maitre d ouvrage", "acheteur", "collectivite", "pouvoir adjudicateur", "mo")),
    Wanted("buyer_siret", "SIRET du donneur d’ordre", ("siret donneur d ordre", "siret acheteur", "siret maitre d ouvrage")),
    Wanted("department", "Direction, service", ("direction", "service", "direction service")),
    MARKET,
    Wanted("market_object", "Objet du marché", ("objet", "objet du marche", "intitule", "intitule du marche", "libelle du marche", "operation")),
    Wanted("family", "Famille d’achat", ("famille", "famille d achat", "categorie d achat", "type de marche")),
    Wanted("notified_on", "Notification du marché", ("date de notification", "notification", "notifie le")),
    Wanted("lot", "Numéro du lot", ("lot", "n lot", "numero de lot", "n du lot")),
    Wanted("holder", "Titulaire", ("titulaire", "attributaire", "entreprise titulaire", "entreprise attributaire", "mandataire")),
    Wanted("holder_siret", "SIRET du titulaire", ("siret titulaire", "siret attributaire", "siret entreprise")),
    Wanted("engaged", "Heures engagées", ("heures engagees", "engagement", "objectif", "heures prevues", "objectif heures", "heures a realiser")),
    EMPLOYER, EMPLOYER_SIRET,
    Wanted("modality", "Modalité", ("modalite", "mode embauche", "mode d embauche", "modalite d embauche", "modalite de mise en oeuvre", "type de structure", "type structure")),
    Wanted("contract", "Identifiant du contrat", ("contrat", "id contrat", "n contrat", "numero de contrat", "identifiant du contrat")),
    Wanted("contract_type", "Type de contrat", ("type de contrat", "type contrat", "nature du contrat")),
    Wanted("starts_on", "Début du contrat", ("debut du contrat", "date de debut", "date debut", "date d embauche", "debut contrat", "date embauche", "entree")),
    Wanted("ends_on", "Fin du contrat", ("fin du contrat", "date de fin", "date fin", "fin contrat", "sortie")),
    Wanted("validated_on", "Validation d’éligibilité", ("date de validation", "validation", "date validation", "eligible le", "date d eligibilite", "date agrement")),
    MONTH, YEAR, HOURS, HOURS_WORK, HOURS_TRAINING, HOURS_TUTORING, HOURS_IMMERSION, KIND,
)  # fmt: skip

# --- What a cell says ---------------------------------------------------------------------------------------

KIND_WORDS = (
    ("training", r"\b(formation|formations|cfa|centre|organisme)\b"),
    ("tutoring", r"\b(tutorat|tuteur|accompagnement|encadrement)\b"),
    ("immersion", r"\b(immersion|pmsmp|stage|emt)\b"),
    (
        "work",
        r"\b(travail|travaillees?|production|productives?|chantier|mission|site|travaille|normales?|emploi)\b",
    ),
)

GENDER_WORDS = {
    "F": ("f", "femme", "feminin", "mme", "madame", "mlle", "mademoiselle", "w", "2"),
    "M": ("m", "h", "homme", "masculin", "mr", "monsieur", "1"),
    "X": ("x", "autre", "non communique", "nb"),
}

MODALITY_WORDS = (
    ("ETTI", r"\betti\b"),
    ("AI", r"\bai\b|association intermediaire"),
    ("GEIQ", r"\bgeiq\b"),
    ("ETT", r"\bett\b|^interim$|agence d interim|travail temporaire"),
    ("adapted", r"\b(ea|eatt|esat)\b|entreprise adaptee"),
    ("regie", r"\bregie\b"),
    ("siae_contract", r"\b(ei|aci|eiti)\b|sous traitance|cotraitance|entreprise d insertion|atelier"),
    ("pmsmp", r"\bpmsmp\b|immersion"),
    ("stage", r"\bstage\b"),
    ("training", r"\bformation\b"),
    ("direct", r"embauche directe|\bdirecte?\b|^entreprise$"),
)

CONTRACT_WORDS = (
    ("cdi_interimaire", r"cdi interim"),
    ("cdi_inclusion", r"cdi (d )?inclusion"),
    ("cddi", r"\bcddi\b|cdd (d )?insertion"),
    ("cdd_usage", r"cddu|cdd d usage|cdd usage"),
    ("cdd_tremplin", r"tremplin"),
    ("cdpi", r"\bcdpi\b|developpement professionnel interim"),
    ("apprentissage", r"apprenti"),
    ("professionnalisation", r"professionnalisation|contrat pro\b"),
    ("ctt", r"\bctt\b|interim|mission|travail temporaire"),
    ("cui_pec", r"\b(cui|pec|cae)\b"),
    ("esat", r"accompagnement par le travail|\besat\b"),
    ("pmsmp", r"\bpmsmp\b|immersion"),
    ("stage", r"\bstage\b"),
    ("cdi", r"\bcdi\b|duree indeterminee"),
    ("cdd", r"\bcdd\b|duree determinee"),
    ("formation", r"\bformation\b"),
)

FAMILY_WORDS = (
    ("works", r"\b(travaux|batiment|voirie|construction)\b"),
    ("intellectual", r"intellectuel|maitrise d oeuvre"),
    ("supplies", r"\bfourniture"),
    ("services", r"\b(service|services|proprete|espaces verts|nettoyage|entretien)\b"),
)

# « NV5 », « V bis », « Niveau 3 »: read where it is without doubt, else left out and said.
EDUCATION_WORDS = (
    ("51", r"\b(cap|bep)\b|^nv5$|^niveau v$|^v$"),
    ("41", r"bac pro|brevet de technicien"),
    ("40", r"^bac$|baccalaureat|^nv4$|^niveau iv$|^iv$"),
    ("30", r"\b(bts|dut|deug)\b|bac 2|^nv3$|^niveau iii$|^iii$"),
    ("20", r"licence|bac 3|^nv2$|^niveau ii$"),
    ("10", r"master|ingenieur|doctorat|bac 5|^nv1$|^niveau i$"),
    ("60", r"^nv5bis$|^v bis$|^vbis$|^nv5 bis$"),
    ("70", r"^nv6$|^niveau vi$|^vi$|sans diplome|sans qualification"),
)


def wanted_for(kind: str) -> tuple[Wanted, ...]:
    """The columns that an import of this kind looks for."""
    return {"hours": HOURS_WANTED, "people": PEOPLE_WANTED, "take_over": TAKE_OVER_WANTED}[kind]


def label_of(kind: str, name: str) -> str:
    """The French name of what a column says."""
    return next((row.label for row in wanted_for(kind) if row.name == name), name)
