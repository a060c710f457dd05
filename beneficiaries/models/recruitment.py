"""Recruitment: offers of the companies that won, whom partners propose, actions in common, needs of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from beneficiaries.enums import ActionKind, ApplicationState, NeedState, OfferState, RejectionReason
from beneficiaries.models.employment import Placement
from beneficiaries.models.people import Beneficiary, Prescriber, Referrer
from beneficiaries.models.reference import ContractType, Occupation
from core.history import TrackedModel
from core.models import Searchable, SearchableQuerySet
from core.querysets import ScopedQuerySet
from markets.models import Award, Buyer, Company, CompanyMembership, Market
from markets.models.people import exactly_one

if TYPE_CHECKING:
    from accounts.models import User


class JobOfferQuerySet(SearchableQuerySet):
    def visible_to_company(self, user: User) -> Any:
        """The offers of the user's own companies, once they left the house."""
        own = CompanyMembership.objects.filter(user=user).values("company")
        return self.filter(award__company__in=own).exclude(state=OfferState.DRAFT)


class JobOffer(Searchable, TrackedModel):
    """A post to be filled for a clause, by a company on the lot that it won."""

    search_fields: ClassVar[tuple[str, ...]] = ("title", "place")

    award = models.ForeignKey(Award, models.PROTECT, related_name="job_offers", verbose_name="attribution")
    title = models.CharField("intitulé du poste", max_length=200)
    occupation = models.ForeignKey(
        Occupation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="métier (ROME)"
    )
    places = models.PositiveSmallIntegerField("nombre de postes", default=1)
    contract_type = models.ForeignKey(
        ContractType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="type de contrat"
    )
    starts_on = models.DateField("début souhaité", null=True, blank=True)
    duration = models.CharField("durée", max_length=100, blank=True)
    weekly_hours = models.DecimalField(
        "heures par semaine", max_digits=4, decimal_places=2, null=True, blank=True
    )
    place = models.CharField("lieu de travail", max_length=200, blank=True)
    conditions = models.TextField("horaires, salaire, conditions", blank=True)
    skills = models.TextField("compétences attendues, prérequis", blank=True)
    closes_on = models.DateField("candidatures jusqu’au", null=True, blank=True)
    state = models.CharField("état", max_length=8, choices=OfferState, default=OfferState.DRAFT)
    sent_on = models.DateField("diffusée le", null=True, blank=True)
    closed_on = models.DateField("close le", null=True, blank=True)
    closing_note = models.CharField("suite donnée", max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = JobOfferQuerySet.as_manager()

    class Meta:
        verbose_name = "offre d’emploi"
        verbose_name_plural = "offres d’emploi"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(places__gte=1),
                name="job_offer_has_a_place",
                violation_error_message="Une offre porte sur un poste au moins.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class OfferRecipient(TrackedModel):
    """A partner to whom an offer was sent: a prescriber, or an SIAE or GEIQ."""

    offer = models.ForeignKey(JobOffer, models.CASCADE, related_name="recipients", verbose_name="offre")
    prescriber = models.ForeignKey(
        Prescriber, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="prescripteur"
    )
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="SIAE ou GEIQ"
    )
    email = models.EmailField("envoyée à")
    sent_at = models.DateTimeField("envoyée le", null=True, blank=True)
    declined_on = models.DateField("sans candidat, dit le", null=True, blank=True)
    note = models.CharField("réponse", max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "destinataire d’une offre"
        verbose_name_plural = "destinataires d’une offre"
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("prescriber", "company"),
                name="offer_recipient_is_one_partner",
                violation_error_message="Un destinataire est un prescripteur, ou une structure.",
            ),
            models.UniqueConstraint(
                fields=["offer", "email"],
                name="offer_recipient_once",
                violation_error_message="L’offre est déjà adressée à cette adresse.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.prescriber or self.company)


class ApplicationQuerySet(ScopedQuerySet):
    def visible_to_house(self, user: User) -> Any:
        """The applications of those whose file one may read, and of those who have none yet."""
        known = Beneficiary.objects.visible_to(user).values("pk")
        return self.filter(Q(beneficiary__isnull=True) | Q(beneficiary__in=known))

    def visible_to_company(self, user: User) -> Any:
        """Those who were presented to the user's own companies; never another candidate."""
        return self.filter(
            offer__in=JobOffer.objects.visible_to(user).values("pk"),
            presented_on__isnull=False,
            beneficiary__isnull=False,
            beneficiary__archived_on__isnull=True,
        )

    def under_way(self) -> Any:
        """Neither hired nor rejected yet."""
        return self.exclude(state__in=[ApplicationState.HIRED, ApplicationState.REJECTED])


class Application(TrackedModel):
    """Someone proposed for an offer. As the partner wrote them, until they are matched with a person's file."""

    offer = models.ForeignKey(JobOffer, models.PROTECT, related_name="applications", verbose_name="offre")
    beneficiary = models.ForeignKey(
        Beneficiary,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name="personne",
    )
    recipient = models.ForeignKey(
        OfferRecipient,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name="proposée par",
    )
    referrer = models.ForeignKey(
        Referrer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="référent·e"
    )
    last_name = models.CharField("nom", max_length=300, blank=True)
    first_name = models.CharField("prénom", max_length=300, blank=True)
    birth_date = models.DateField("date de naissance", null=True, blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    message = models.TextField("message du partenaire", blank=True)
    # As the partner wrote them; `referrer` is their file, once someone made the link.
    referrer_name = models.CharField("référent·e indiqué·e", max_length=200, blank=True)
    referrer_email = models.EmailField("adresse du référent", blank=True)
    state = models.CharField(
        "état", max_length=9, choices=ApplicationState, default=ApplicationState.PROPOSED
    )
    proposed_on = models.DateField("proposée le")
    met_on = models.DateField("rencontrée le", null=True, blank=True)
    presented_on = models.DateField("présentée le", null=True, blank=True)
    decided_on = models.DateField("décidée le", null=True, blank=True)
    rejection = models.CharField("motif", max_length=14, choices=RejectionReason, blank=True)
    note = models.TextField("remarques", blank=True)
    placement = models.ForeignKey(
        Placement,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name="contrat signé",
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "candidature"
        verbose_name_plural = "candidatures"
        ordering = ("-proposed_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ApplicationState.REJECTED) | ~Q(rejection=""),
                name="application_rejection_has_reason",
                violation_error_message="Une candidature non retenue dit pourquoi.",
            ),
            models.UniqueConstraint(
                fields=["offer", "beneficiary"],
                condition=Q(beneficiary__isnull=False),
                name="application_once_a_person",
                violation_error_message="Cette personne est déjà candidate à cette offre.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.beneficiary) if self.beneficiary_id else f"{self.last_name} {self.first_name}".strip()


class CollectiveActionQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        """Those led for the buyer as a whole, and those of the markets that the account reads."""
        buyers = Buyer.objects.visible_as_a_whole_to(user).values("pk")
        markets = Market.objects.visible_to(user).values("pk")
        through = CollectiveAction.buyers.through.objects.filter(buyer__in=buyers).values("collectiveaction")
        of_markets = CollectiveAction.markets.through.objects.filter(market__in=markets)
        return self.filter(Q(pk__in=through) | Q(pk__in=of_markets.values("collectiveaction")))

    def of_buyer(self, buyer: Buyer) -> Any:
        """Those that name the buyer, or a market that it leads or shares."""
        named = CollectiveAction.buyers.through.objects.filter(buyer=buyer).values("collectiveaction")
        markets = Market.objects.of_buyer(buyer).order_by().values("pk")
        theirs = CollectiveAction.markets.through.objects.filter(market__in=markets)
        return self.filter(Q(pk__in=named) | Q(pk__in=theirs.values("collectiveaction")))


class CollectiveAction(TrackedModel):
    """Something done for several people at once: information session, site visit, practice of interviews…"""

    kind = models.CharField("nature", max_length=12, choices=ActionKind)
    title = models.CharField("intitulé", max_length=200)
    held_on = models.DateField("le")
    ended_on = models.DateField("au", null=True, blank=True)
    place = models.CharField("lieu", max_length=200, blank=True)
    markets = models.ManyToManyField(
        Market, blank=True, related_name="collective_actions", verbose_name="marchés"
    )
    buyers = models.ManyToManyField(
        Buyer, blank=True, related_name="collective_actions", verbose_name="donneurs d’ordre"
    )
    companies = models.ManyToManyField(
        Company, blank=True, related_name="collective_actions", verbose_name="entreprises"
    )
    prescribers = models.ManyToManyField(
        Prescriber, blank=True, related_name="collective_actions", verbose_name="prescripteurs"
    )
    summary = models.TextField("contenu, constats", blank=True)
    # Those who came and whose names were not taken.
    unnamed_attendance = models.PositiveSmallIntegerField("présents sans nom", default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = CollectiveActionQuerySet.as_manager()

    class Meta:
        verbose_name = "action collective"
        verbose_name_plural = "actions collectives"
        ordering = ("-held_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("held_on")),
                name="collective_action_dates",
                violation_error_message="La fin de l’action précède son début.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AttendanceQuerySet(ScopedQuerySet):
    def visible_to_house(self, user: User) -> Any:
        return self.filter(beneficiary__in=Beneficiary.objects.visible_to(user).values("pk"))


class Attendance(TrackedModel):
    """Someone asked to a collective action, and whether they came."""

    action = models.ForeignKey(
        CollectiveAction, models.CASCADE, related_name="attendances", verbose_name="action"
    )
    beneficiary = models.ForeignKey(
        Beneficiary, models.PROTECT, related_name="attendances", verbose_name="personne"
    )
    came = models.BooleanField("présent·e", null=True, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = "participation"
        verbose_name_plural = "participations"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["action", "beneficiary"],
                name="attendance_once",
                violation_error_message="Cette personne y est déjà inscrite.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beneficiary} · {self.action}"


class TrainingNeed(TrackedModel):
    """A need of training that comes back, and what is done about it (convention, annex 2/A)."""

    skill = models.CharField("savoir-faire ou savoir-être", max_length=200)
    occupation = models.ForeignKey(
        Occupation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="métier (ROME)"
    )
    first_noticed_on = models.DateField("repéré le")
    state = models.CharField("état", max_length=8, choices=NeedState, default=NeedState.NOTICED)
    response = models.TextField("réponse apportée", blank=True)
    action = models.ForeignKey(
        CollectiveAction,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="needs",
        verbose_name="action qui y répond",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="par"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "besoin de formation"
        verbose_name_plural = "besoins de formation"
        ordering = ("-first_noticed_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=NeedState.ANSWERED) | ~Q(response=""),
                name="training_need_answer_is_said",
                violation_error_message="Dites quelle réponse a été apportée.",
            ),
        ]

    def __str__(self) -> str:
        return self.skill


class TrainingNeedNotice(TrackedModel):
    """One time that a need was met again: where, for whom."""

    need = models.ForeignKey(TrainingNeed, models.CASCADE, related_name="notices", verbose_name="besoin")
    noticed_on = models.DateField("constaté le")
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="entreprise"
    )
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="marché"
    )
    people = models.PositiveSmallIntegerField("personnes concernées", default=1)
    note = models.CharField("précisions", max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "constat d’un besoin"
        verbose_name_plural = "constats d’un besoin"
        ordering = ("-noticed_on", "-pk")

    def __str__(self) -> str:
        return f"{self.need} le {self.noticed_on:%d/%m/%Y}"
