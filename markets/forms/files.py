"""Forms of buyers, companies, markets, lots and awards; each error stands beside what it is about."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Q
from django.utils import timezone
from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban

from accounts.models import User
from core.forms import AmountFormField, DateFormField, Form, ModelForm, SiretFormField, clean_siret
from markets.enums import AwardRole, IdentifierKind, Technique
from markets.fields import CommuneFormField, CompanyFormField
from markets.models import (
    Award,
    Buyer,
    Company,
    CompanyKind,
    Contact,
    CpvCode,
    Department,
    House,
    Lot,
    Market,
    Operation,
    Responsibility,
    Sector,
)

DATE_HELP = "Par exemple 03/02/2026."
AMOUNT_HELP = "En euros, par exemple 14 700,50."


class RowForm(ModelForm):
    """A model's form whose broken constraints are shown beside the field that they are about.

    beside: constraint's name → field. given: fields of the model that the view sets before the form is read, so
    that constraints over them are checked too.
    """

    beside: ClassVar[dict[str, str]] = {}
    given: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, DateFormField) and not field.help_text:
                field.help_text = DATE_HELP
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = "Choisir…" if field.required else "–"
        if "notes" in self.fields:
            self.fields["notes"].widget.attrs["rows"] = 4

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - set(self.given)

    def _update_errors(self, errors: ValidationError) -> None:
        if hasattr(errors, "error_dict"):
            sentences = {
                str(constraint.get_violation_error_message()): self.beside[constraint.name]
                for constraint in self.instance._meta.constraints
                if constraint.name in self.beside
            }
            kept = []
            for error in errors.error_dict.pop(NON_FIELD_ERRORS, []):
                field = sentences.get(str(error.message))
                if field in self.fields:
                    errors.error_dict.setdefault(field, []).append(error)
                else:
                    kept.append(error)
            if kept:
                errors.error_dict[NON_FIELD_ERRORS] = kept
        super()._update_errors(errors)


def positive_amount(form: RowForm, name: str) -> None:
    """Refuse a negative amount with the model's own words (the constraint is skipped when the field is bad)."""
    value = form.cleaned_data.get(name)
    if value is not None and value < 0:
        form.add_error(name, "Le montant ne peut pas être négatif.")


class OrganisationForm(RowForm):
    """What buyers and companies have in common."""

    identifier = forms.CharField(
        label="Identifiant",
        required=False,
        max_length=60,
        help_text="SIRET avec ou sans espaces, par exemple 130 003 544 00033.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    commune = CommuneFormField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        text = cleaned.get("identifier", "").strip()
        kind = cleaned.get("identifier_kind")
        if not text:
            cleaned["identifier"], cleaned["identifier_kind"] = "", IdentifierKind.NONE
        elif kind == IdentifierKind.SIRET:
            try:
                cleaned["identifier"] = clean_siret(text)
            except ValueError as error:
                self.add_error(
                    "identifier",
                    f"{error} S’il n’y a pas mieux, gardez-le comme « {IdentifierKind.UNKNOWN.label} ».",
                )
        else:
            cleaned["identifier"] = re.sub(r"[\s\u00a0\u202f]", "", text).upper()[:40]
            if kind == IdentifierKind.NONE:
                cleaned["identifier_kind"] = IdentifierKind.UNKNOWN
        return cleaned


class LogoForm(RowForm):
    """A row that bears a logo: a new one, or none any more."""

    new_logo = forms.FileField(
        label="Logo",
        required=False,
        help_text="Image PNG ou JPEG, 2 Mo au plus. Il figure sur la couverture des bilans.",
    )
    without_logo = forms.BooleanField(label="Retirer le logo", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.logo_id:
            del self.fields["without_logo"]


class BuyerForm(LogoForm, OrganisationForm):
    beside = {"buyer_identifier_unique": "identifier"}

    class Meta:
        model = Buyer
        fields = (
            "name",
            "short_name",
            "kind",
            "identifier_kind",
            "identifier",
            "address",
            "commune",
            "agreement_since",
            "notes",
        )


class CompanyForm(OrganisationForm):
    beside = {"company_identifier_unique": "identifier"}

    class Meta:
        model = Company
        fields = (
            "name",
            "short_name",
            "identifier_kind",
            "identifier",
            "sectors",
            "activities",
            "address",
            "commune",
            "email",
            "phone",
            "notes",
        )
        widgets = {"activities": forms.CheckboxSelectMultiple}
        labels = {"sectors": "Activités, en clair"}
        help_texts = {"activities": "Ceux sous lesquels une structure se cherche dans l’annuaire."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["activities"].queryset = Sector.objects.filter(is_active=True)
        # Boxes have no empty choice.
        self.fields["activities"].empty_label = None


class CompanyKindForm(RowForm):
    beside = {"company_kind_open_once": "kind", "company_kind_dates": "ends_on"}
    given = ("company",)

    class Meta:
        model = CompanyKind
        fields = ("kind", "starts_on", "ends_on")


class DepartmentForm(RowForm):
    beside = {"department_unique_name": "name"}
    given = ("buyer",)

    class Meta:
        model = Department
        fields = ("name", "is_active")


class ContactForm(RowForm):
    beside = {"contact_dates": "ends_on"}
    given = ("buyer", "company")

    class Meta:
        model = Contact
        fields = ("kind", "name", "function", "email", "phone", "starts_on", "ends_on")


class MarketForm(RowForm):
    beside = {
        "market_reference_unique": "reference",
        "market_amount_positive": "amount",
        "market_end_after_start": "planned_end",
        "market_end_after_notification": "planned_end",
        "market_closed_after_notification": "notified_on",
    }
    # A closed market keeps its day of closing; dates typed here are checked against it.
    given = ("closed_on",)
    commune = CommuneFormField(label="Lieu d’exécution")

    class Meta:
        model = Market
        fields = (
            "buyer",
            "department",
            "reference",
            "decp_id",
            "object",
            "cpv",
            "family",
            "nature",
            "procedure",
            "technique",
            "parent",
            "operation",
            "amount",
            "commune",
            "place",
            "notified_on",
            "starts_on",
            "planned_end",
            "received_on",
            "notes",
        )
        widgets = {"object": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "reference": "Celle du donneur d’ordre.",
            "amount": AMOUNT_HELP,
            "cpv": "Code à huit chiffres, par exemple 45262522.",
            "parent": "Pour un marché subséquent, l’accord-cadre dont il relève.",
            "operation": "L’opération ou le site privé dont il fait partie.",
            "starts_on": "Le marché vit de l’ordre de service, ou à défaut de la notification, à la clôture.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
        self.scope_field("department", Department, self._of_buyer)
        self.scope_field(
            "parent", Market, lambda rows: self._of_buyer(rows.filter(technique=Technique.FRAMEWORK))
        )
        self.scope_field("operation", Operation, self._of_buyer)
        for name in ("department", "operation"):
            self.fields[name].label_from_instance = lambda row: f"{row.buyer} · {row.name}"  # type: ignore[attr-defined]
        if self.instance.pk:
            # Its figures are the buyer's own: a market does not change hands.
            self.fields["buyer"].disabled = True
            for name in ("department", "operation"):
                self.fields[name].label_from_instance = str  # type: ignore[attr-defined]

    def _of_buyer(self, rows: Any) -> Any:
        rows = rows.select_related("buyer").order_by("buyer__search_key", "pk")
        if self.instance.pk:
            # What it already has stays among the choices: a framework may be led by another buyer.
            kept = self.instance.parent_id if rows.model is Market else None
            rows = rows.filter(Q(buyer=self.instance.buyer_id) | Q(pk=kept))
            if rows.model is Market:
                rows = rows.exclude(pk=self.instance.pk)
        return rows

    def clean_cpv(self) -> str:
        text = re.sub(r"\s", "", self.cleaned_data["cpv"])
        if not text:
            return ""
        if not re.fullmatch(r"\d{8}(-\d)?", text):
            raise ValidationError(f"« {text} » : un code CPV compte huit chiffres, par exemple 45262522.")
        if not CpvCode.objects.filter(code=text[:2]).exists() and CpvCode.objects.exists():
            raise ValidationError(
                f"« {text} » : la division {text[:2]} n’existe pas dans la nomenclature CPV."
            )
        return text[:8]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        positive_amount(self, "amount")
        buyer, department, parent = cleaned.get("buyer"), cleaned.get("department"), cleaned.get("parent")
        if buyer and department and department.buyer_id != buyer.pk:
            self.add_error(
                "department", f"Cette direction n’est pas de {buyer} : choisissez l’une des siennes."
            )
        if buyer and parent and not Market.objects.of_buyer(buyer).filter(pk=parent.pk).exists():
            self.add_error("parent", f"Cet accord-cadre n’est pas de {buyer}, et n’est pas partagé avec lui.")
        operation = cleaned.get("operation")
        if buyer and operation and operation.buyer_id != buyer.pk:
            self.add_error(
                "operation", f"Cette opération n’est pas de {buyer} : choisissez l’une des siennes."
            )
        received, begins = cleaned.get("received_on"), cleaned.get("starts_on") or cleaned.get("notified_on")
        if received and begins and received < begins:
            self.add_error(
                "received_on", "La réception précède le début du marché : corrigez l’une des deux dates."
            )
        return cleaned


class LotForm(RowForm):
    beside = {"lot_number_unique": "number", "lot_amount_positive": "amount"}
    given = ("market",)

    class Meta:
        model = Lot
        fields = ("number", "object", "amount", "reservation")
        widgets = {"object": forms.Textarea(attrs={"rows": 2})}
        help_texts = {"amount": AMOUNT_HELP}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        positive_amount(self, "amount")
        return cleaned


class AwardForm(RowForm):
    beside = {"award_once_per_company": "company", "award_amount_positive": "amount"}
    given = ("lot",)
    company = CompanyFormField()

    class Meta:
        model = Award
        fields = ("company", "role", "amount", "joint_and_several", "awarded_on")
        help_texts = {
            "amount": AMOUNT_HELP,
            "role": "Le titulaire, ou le mandataire d’un groupement, porte l’engagement d’heures.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].scope(self.user)  # type: ignore[attr-defined]
        if self.instance.pk:
            # Its commitments follow the award: another company is another award.
            self.fields["company"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        positive_amount(self, "amount")
        if cleaned.get("role") == AwardRole.LEADER and self.instance.lot_id:
            others = Award.objects.filter(lot=self.instance.lot_id, role=AwardRole.LEADER)
            if others.exclude(pk=self.instance.pk).exists():
                self.add_error("role", "Ce lot a déjà un mandataire.")
        return cleaned


class StaffChoiceField(forms.ModelChoiceField):
    def __init__(self, *, required: bool = True, **kwargs: Any) -> None:
        super().__init__(
            queryset=User.objects.none(),
            required=required,
            empty_label="Choisir…" if required else "Personne",
            **kwargs,
        )


class HandOverForm(Form):
    """To whom a market, a company or a buyer goes, and from which day."""

    to = StaffChoiceField(label="Facilitateur·rice")
    stand_in = StaffChoiceField(label="Suppléant·e", required=False)
    on = DateFormField(label="À partir du", help_text=DATE_HELP)

    def __init__(self, *args: Any, current: Responsibility | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("to", "stand_in"):
            self.scope_field(name, User, lambda rows: rows.house_staff().filter(is_active=True))
        self.fields["on"].initial = timezone.localdate()
        if current:
            self.fields["stand_in"].initial = current.stand_in_id


class CloseMarketForm(Form):
    on = DateFormField(label="Clos le", help_text=DATE_HELP)


class InviteForm(Form):
    """Someone of a company."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        help_text="L’invitation part à cette adresse. Si un compte l’utilise déjà, il reçoit cet accès de plus.",
    )
    first_name = forms.CharField(label="Prénom", max_length=150)
    last_name = forms.CharField(label="Nom", max_length=150)


class InviteBuyerUserForm(InviteForm):
    """Someone of a buyer, maybe limited to one of its departments."""

    department = forms.ModelChoiceField(
        label="Limité à une direction",
        queryset=Department.objects.none(),
        required=False,
        empty_label="Non : tout le donneur d’ordre",
        help_text="Un accès limité ne voit que les marchés de cette direction.",
    )

    def __init__(self, *args: Any, buyer: Buyer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("department", Department, lambda rows: rows.filter(buyer=buyer, is_active=True))


class PercentFormField(AmountFormField):
    """A rate in %: `20`, `5,5`, `5,5 %`."""

    def to_python(self, value: Any) -> Any:
        text = value.replace("%", "") if isinstance(value, str) else value
        found = super().to_python(text)
        if found is not None and not 0 <= found <= 100:
            raise ValidationError("Un taux se donne en pourcentage, entre 0 et 100.")
        return found


def checked_bank_code(text: str, rule: Any, name: str) -> str:
    """An IBAN or a BIC without spaces, its key checked; empty stays empty."""
    code = re.sub(r"[\s\u00a0\u202f]", "", text or "").upper()
    if code and not rule.is_valid(code):
        raise ValidationError(f"« {text} » n’est pas un {name} : vérifiez les caractères un à un.")
    return code


class HouseForm(LogoForm):
    beside = {"house_vat_rate": "vat_rate"}
    siret = SiretFormField(label="SIRET", required=False, help_text="Avec ou sans espaces.")
    iban = forms.CharField(label="IBAN", required=False, max_length=60, help_text="Avec ou sans espaces.")
    vat_rate = PercentFormField(
        label="Taux de TVA des devis",
        required=False,
        help_text="En %. Vide, ou 0, si elle ne s’applique pas.",
    )

    class Meta:
        model = House
        fields = (
            "name",
            "siret",
            "address",
            "email",
            "phone",
            "signatory",
            "signatory_title",
            "bank_name",
            "iban",
            "bic",
            "vat_number",
            "vat_rate",
            "vat_note",
        )
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "bank_name": "Nom de la banque et de l’agence. Ces lignes figurent sur les factures.",
            "vat_number": "S’il y en a un, par exemple FR32123456789.",
            "vat_note": "Imprimée quand le taux est zéro, par exemple « TVA non applicable, article 293 B du code "
            "général des impôts ».",
        }

    def clean_siret(self) -> str:
        return self.cleaned_data["siret"] or ""

    def clean_vat_rate(self) -> Decimal:
        return self.cleaned_data["vat_rate"] or Decimal(0)

    def clean_iban(self) -> str:
        return checked_bank_code(self.cleaned_data["iban"], stdnum_iban, "IBAN")

    def clean_bic(self) -> str:
        return checked_bank_code(self.cleaned_data["bic"], stdnum_bic, "BIC")
