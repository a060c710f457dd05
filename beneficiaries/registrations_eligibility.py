"""What eligibility tells the others when it starts: its section, settings, kind of file, daily works, first notice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.access_log import record_access
from accounts.enums import Role
from accounts.models import AccessKind
from accounts.registry import SettingsPage, register_settings_page
from beneficiaries.models import Beneficiary, InformationNotice, ProofFile
from beneficiaries.services.proofs import FILE_KIND, remind_late_proofs
from beneficiaries.services.validation_watch import keep_validation_watch
from core.files import register_file_kind
from core.models import StoredFile
from core.registry import Section, register_daily, register_section
from core.signals import file_opened

NOTICE_FROM = dt.date(2018, 5, 25)
NOTICE = """\
Vous êtes accompagné·e vers un emploi au titre d’une clause sociale d’insertion. Pour cela, {maison} enregistre des \
informations sur vous. Cette notice dit lesquelles, pourquoi, pour combien de temps, et quels sont vos droits \
(articles 13 et 14 du règlement européen sur la protection des données).

# Qui est responsable
{maison}, {adresse}. Pour toute question sur vos données\u202f: {contact}.

# Pourquoi ces données
Pour vérifier que vous pouvez occuper un emploi réservé à l’insertion, vous présenter à des employeurs, compter les heures \
que vous faites, vous suivre pendant et après le contrat, et rendre compte de l’action aux donneurs d’ordre publics, en \
chiffres seulement. Ce traitement relève d’une mission d’intérêt public\u202f; la clause sociale est prévue par le code de la \
commande publique.

# Quelles données
Votre identité et vos coordonnées, votre commune et votre quartier, votre niveau de formation, votre situation à l’entrée et \
les documents qui la montrent, vos contrats, vos heures, et votre situation après le parcours. Elles viennent de vous, de \
l’organisme qui vous oriente et de vos employeurs. Aucune décision n’est prise par une machine seule.

# Qui les lit
Les facilitatrices et facilitateurs de {maison}. Votre employeur lit votre nom, les dates et heures de votre contrat, et \
jusqu’à quand vous êtes éligible\u202f: jamais la raison. Le donneur d’ordre ne lit que des totaux, sans nom. Vos données ne \
sont ni vendues, ni envoyées hors de l’Union européenne.

# Combien de temps
Votre dossier est suivi tant que vous êtes accompagné·e, puis deux ans après le dernier contact. Il passe ensuite dans une \
archive à accès restreint. Les documents que vous avez remis sont effacés cinq ans après la clôture du dernier marché, et votre \
dossier est alors rendu anonyme.

# Vos droits
Vous pouvez lire vos données et en recevoir une copie, les faire corriger ou effacer, demander qu’on en limite l’usage, ou vous \
y opposer pour une raison qui tient à votre situation. Écrivez à {contact}. Si la réponse ne vous convient pas, vous pouvez saisir \
la CNIL (3 place de Fontenoy, 75007 Paris, www.cnil.fr).
"""


def may_open_proof(user: Any, stored: StoredFile) -> bool:
    """The house alone, and of the people whom this user may see: a file in the archive is the admin's."""
    if not user.is_house_staff:
        return False
    people = Beneficiary.objects.visible_to(user).values("pk")
    return ProofFile.objects.filter(stored=stored, beneficiary__in=people).exists()


def log_sensitive_proof(sender: Any, user: Any, stored: StoredFile, **kwargs: Any) -> None:
    """Opening the proof of a sensitive criterion is a reading of it: to whom and when, never which."""
    if stored.kind != FILE_KIND:
        return
    proof = ProofFile.objects.filter(stored=stored, criterion__sensitive=True).first()
    if proof is not None:
        record_access(user=user, kind=AccessKind.SENSITIVE, subject=f"person {proof.beneficiary_id}")


def register() -> None:
    register_section("people", Section("Validations à suivre", "validation_watch", 30))
    register_file_kind(FILE_KIND, may_open=may_open_proof)
    file_opened.connect(log_sensitive_proof, dispatch_uid="sensitive-proof-opened")
    register_daily("Périodes d’éligibilité qui finissent", keep_validation_watch)
    register_daily("Justificatifs en retard", remind_late_proofs)
    register_settings_page(
        SettingsPage(
            "Notice d’information",
            "notice_settings",
            "Le texte remis aux personnes sur leurs données.",
            roles=(Role.ADMIN,),
            position=60,
            section="La maison",
        )
    )


def create_default_notice(using: str = "default", **kwargs: Any) -> None:
    """After a migration: a first notice, when there is none at all."""
    from django.db import connections

    if InformationNotice._meta.db_table not in connections[using].introspection.table_names():
        return
    if InformationNotice.objects.using(using).exists():
        return
    InformationNotice(in_force_from=NOTICE_FROM, text=NOTICE.strip()).save(using=using)
