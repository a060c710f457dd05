"""The participation financière: what a buyer pays for the follow-up of a market or an operation, quote by quote."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from core.fields import AmountField
from core.history import TrackedModel
from core.models import StoredFile
from core.querysets import ScopedQuerySet
from markets.enums import InvoiceChannel, InvoiceKind, InvoiceState, QuoteState, ReleaseCause
from markets.models.agreements import Agreement
from markets.models.buyers import Buyer
from markets.models.markets import Market
from markets.models.operations import Operation
from markets.models.people import exactly_one

if TYPE_CHECKING:
    from accounts.models import User

# Beyond, an amount is a slip of the keyboard (€).
FEE_MAX = Decimal("10000000")
NOT_NUMBERED = (InvoiceState.UPCOMING, InvoiceState.READY, InvoiceState.DROPPED)


class FeeReviewQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        return self.filter(agreement__in=Agreement.objects.visible_to(user).values("pk"))


class FeeReview(TrackedModel):
    """The reference amount of one quote under an agreement, from that year on (convention, article 7)."""

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="fee_reviews", verbose_name="convention"
    )
    year = models.PositiveSmallIntegerField(
        "à partir de l’année", validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )
    amount = AmountField("montant de référence hors taxes")
    reason = models.CharField("motif de la révision", max_length=300)
    created_at = models.DateTimeField("inscrit le", auto_now_add=True)

    objects = FeeReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "montant de référence"
        verbose_name_plural = "montants de référence"
        ordering = ("agreement", "-year")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "year"],
                name="fee_review_once_a_year",
                violation_error_message="Le montant de cette année est déjà inscrit : modifiez-le.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(amount__lte=FEE_MAX),
                name="fee_review_amount",
                violation_error_message="Le montant est supérieur à zéro, et ne dépasse pas 10 000 000 €.",
            ),
        ]

    def __str__(self) -> str:
        return f"Montant de référence {self.year}"


class QuoteQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        whole = Buyer.objects.visible_as_a_whole_to(user)
        return self.filter(agreement__buyer__in=whole.values("pk")).exclude(state=QuoteState.DRAFT)

    def with_file(self) -> Any:
        """With the rows that its page and its PDF name."""
        return self.select_related(
            "agreement__buyer__commune",
            "agreement__buyer_referent",
            "market__buyer",
            "operation",
            "document",
            "signed_document",
        )


class Quote(TrackedModel):
    """A devis: the participation for one market or one operation; a refused one stays, another is made."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="quotes", verbose_name="convention")
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="quotes", verbose_name="marché"
    )
    operation = models.ForeignKey(
        Operation, models.PROTECT, null=True, blank=True, related_name="quotes", verbose_name="opération"
    )
    # Given when it is sent: a draft has none.
    number = models.CharField("numéro", max_length=20, blank=True, editable=False)
    year = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    sequence = models.PositiveIntegerField(null=True, blank=True, editable=False)
    subject = models.CharField("objet", max_length=300)
    details = models.TextField("détail de la mission", blank=True)
    amount = AmountField("montant hors taxes")
    vat_rate = models.DecimalField(
        "taux de TVA", max_digits=5, decimal_places=2, default=Decimal("0"), help_text="en %"
    )
    dated_on = models.DateField("établi le")
    valid_until = models.DateField("valable jusqu’au", null=True, blank=True)
    service_code = models.CharField("code service Chorus Pro", max_length=100, blank=True)
    engagement_number = models.CharField("numéro d’engagement", max_length=50, blank=True)
    state = models.CharField("état", max_length=8, choices=QuoteState, default=QuoteState.DRAFT)
    sent_on = models.DateField("envoyé le", null=True, blank=True)
    decided_on = models.DateField("réponse du", null=True, blank=True)
    refusal_reason = models.CharField("motif du refus", max_length=300, blank=True)
    # The two facts that make the halves ready; the second one is written once, by whichever comes first.
    calibrated_on = models.DateField("calibrage fait le", null=True, blank=True)
    completed_on = models.DateField("solde exigible depuis le", null=True, blank=True)
    completed_cause = models.CharField(
        "cause du solde", max_length=12, choices=ReleaseCause, blank=True, editable=False
    )
    snapshot = models.JSONField(null=True, blank=True, editable=False, encoder=DjangoJSONEncoder)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="devis"
    )
    signed_document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="devis signé"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="préparé par",
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = "devis"
        verbose_name_plural = "devis"
        ordering = ("-dated_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("market", "operation"),
                name="quote_of_one_thing",
                violation_error_message="Un devis porte sur un marché ou sur une opération : choisissez l’un des deux.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=1) & Q(amount__lte=FEE_MAX),
                name="quote_amount",
                violation_error_message="Un devis va de 1 € à 10 000 000 € : vérifiez le montant.",
            ),
            models.CheckConstraint(
                condition=Q(vat_rate__gte=0) & Q(vat_rate__lte=100),
                name="quote_vat_rate",
                violation_error_message="Le taux de TVA se donne en pourcentage, entre 0 et 100.",
            ),
            models.CheckConstraint(
                condition=Q(state=QuoteState.DRAFT, number="", sent_on__isnull=True)
                | (~Q(state=QuoteState.DRAFT) & ~Q(number="") & Q(sent_on__isnull=False)),
                name="quote_numbered_when_sent",
                violation_error_message="Un devis prend son numéro quand il est envoyé.",
            ),
            models.CheckConstraint(
                condition=Q(sent_on__isnull=True) | Q(sent_on__gte=F("dated_on")),
                name="quote_sent_after_dated",
                violation_error_message="L’envoi précède le jour où le devis est établi.",
            ),
            models.CheckConstraint(
                condition=Q(decided_on__isnull=True) | Q(decided_on__gte=F("sent_on")),
                name="quote_decided_after_sent",
                violation_error_message="La réponse précède l’envoi du devis.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("dated_on")),
                name="quote_valid_after_dated",
                violation_error_message="La fin de validité précède le jour où le devis est établi.",
            ),
            models.UniqueConstraint(
                fields=["year", "sequence"],
                name="quote_number_once",
                violation_error_message="Ce numéro de devis est déjà pris.",
            ),
        ]

    def __str__(self) -> str:
        return f"Devis {self.number}" if self.number else "Devis en brouillon"

    @property
    def target_short(self) -> str:
        """The market's reference, or the operation's name."""
        return self.market.reference if self.market else str(self.operation)

    @property
    def target_label(self) -> str:
        """The market's reference and object, or the operation's name."""
        return str(self.market) if self.market_id else str(self.operation)


class InvoiceQuerySet(ScopedQuerySet):
    def visible_to_buyer(self, user: User) -> Any:
        whole = Buyer.objects.visible_as_a_whole_to(user)
        return self.filter(quote__agreement__buyer__in=whole.values("pk")).exclude(state__in=NOT_NUMBERED)

    def with_file(self) -> Any:
        """With the rows that its page and its PDF name."""
        return self.select_related(
            "quote__agreement__buyer__commune",
            "quote__agreement__buyer_referent",
            "quote__market__buyer",
            "quote__operation",
            "document",
            "cancels",
        )


class Invoice(TrackedModel):
    """One half of an accepted quote, or the avoir that takes an issued one back.

    Once numbered, what it says never changes (a trigger holds it): only its sending and its payment are recorded.
    """

    quote = models.ForeignKey(Quote, models.PROTECT, related_name="invoices", verbose_name="devis")
    kind = models.CharField("nature", max_length=12, choices=InvoiceKind)
    cancels = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_note", verbose_name="annule"
    )
    state = models.CharField("état", max_length=10, choices=InvoiceState, default=InvoiceState.UPCOMING)
    net = AmountField("montant hors taxes")
    vat_rate = models.DecimalField("taux de TVA", max_digits=5, decimal_places=2, default=Decimal("0"))
    vat = AmountField("TVA")
    total = AmountField("total à payer")
    ready_on = models.DateField("prête depuis le", null=True, blank=True)
    cause = models.CharField("cause", max_length=12, choices=ReleaseCause, blank=True)
    # Given when it is issued, without gaps: `series` is F for invoices, A for avoirs.
    number = models.CharField("numéro", max_length=20, blank=True, editable=False)
    series = models.CharField(max_length=1, blank=True, editable=False)
    year = models.PositiveSmallIntegerField("année", null=True, blank=True, editable=False)
    sequence = models.PositiveIntegerField(null=True, blank=True, editable=False)
    issued_on = models.DateField("émise le", null=True, blank=True)
    due_on = models.DateField("à payer avant le", null=True, blank=True)
    snapshot = models.JSONField(null=True, blank=True, editable=False, encoder=DjangoJSONEncoder)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="facture"
    )
    sent_on = models.DateField("transmise le", null=True, blank=True)
    channel = models.CharField("transmission", max_length=6, choices=InvoiceChannel, blank=True)
    paid_on = models.DateField("payée le", null=True, blank=True)
    # Why it was taken back (on the avoir), or why it stays without follow-up.
    reason = models.CharField("motif", max_length=300, blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = "facture"
        verbose_name_plural = "factures"
        ordering = ("-issued_on", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["quote", "kind"],
                condition=~Q(kind=InvoiceKind.CREDIT) & ~Q(state=InvoiceState.CANCELLED),
                name="invoice_half_once",
                violation_error_message="Cette moitié du devis a déjà sa facture.",
            ),
            models.UniqueConstraint(
                fields=["series", "year", "sequence"],
                name="invoice_number_once",
                violation_error_message="Ce numéro de facture est déjà pris.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=NOT_NUMBERED, number="", sequence__isnull=True, issued_on__isnull=True)
                | (
                    ~Q(state__in=NOT_NUMBERED)
                    & ~Q(number="")
                    & Q(sequence__isnull=False, year__isnull=False, issued_on__isnull=False)
                ),
                name="invoice_numbered_when_issued",
                violation_error_message="Une facture prend son numéro quand elle est émise.",
            ),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.CREDIT, cancels__isnull=False, net__lt=0)
                | (~Q(kind=InvoiceKind.CREDIT) & Q(cancels__isnull=True, net__gt=0)),
                name="invoice_credit_cancels_one",
                violation_error_message="Un avoir annule une facture, et son montant est négatif.",
            ),
            models.CheckConstraint(
                condition=Q(sent_on__isnull=True) | Q(sent_on__gte=F("issued_on")),
                name="invoice_sent_after_issued",
                violation_error_message="La transmission précède l’émission.",
            ),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True) | Q(paid_on__gte=F("issued_on")),
                name="invoice_paid_after_issued",
                violation_error_message="Le paiement précède l’émission.",
            ),
        ]
        indexes = [
            models.Index(fields=["state"], name="invoice_state"),
        ]

    def __str__(self) -> str:
        if self.number:
            return f"{'Avoir' if self.kind == InvoiceKind.CREDIT else 'Facture'} {self.number}"
        return f"Facture à venir, {self.half_label}"

    @property
    def half_label(self) -> str:
        """Which half it is, in two words, or « avoir »."""
        return {InvoiceKind.CALIBRATION: "1re moitié", InvoiceKind.COMPLETION: "2e moitié"}.get(
            InvoiceKind(self.kind), "avoir"
        )

    @property
    def is_credit(self) -> bool:
        return self.kind == InvoiceKind.CREDIT

    @property
    def net_paid(self) -> Decimal:
        """What was paid of it (€, excluding tax): kept when an avoir takes it back, until the avoir is paid back.

        The avoir of an invoice that was never paid gives nothing back.
        """
        paid = self.paid_on and (self.cancels is None or self.cancels.paid_on)
        return self.net if paid else Decimal("0.00")

    @property
    def state_label(self) -> str:
        """The state in a word; one that is on Chorus Pro is déposée."""
        if self.state == InvoiceState.SENT:
            return "déposée" if self.channel == InvoiceChannel.CHORUS else "envoyée"
        if self.is_credit and self.state == InvoiceState.PAID:
            return "remboursé"
        if self.is_credit and self.state == InvoiceState.ISSUED:
            return "émis"
        return str(self.get_state_display())
