"""Forms of the planned purchases: the purchase, its targeting, its saisine, its market, its advice, its list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from core.forms import DateFormField, Form
from core.spreadsheets import titles_of
from markets.enums import Derogation, Family, Targeting
from markets.fields import CommuneFormField
from markets.forms.files import AMOUNT_HELP, DATE_HELP, MarketForm, RowForm, StaffChoiceField, positive_amount
from markets.models import Buyer, Department, PlannedPurchase, Sector
from markets.purchase_words import WANTED
from markets.services.planning import LOTS_MAX, department_limit

YEAR_MIN, YEAR_MAX = 2000, 2100
YEAR_WORDS = "L’année de programmation s’écrit en quatre chiffres, par exemple 2027."


def check_year(value: int) -> None:
    if not YEAR_MIN <= value <= YEAR_MAX:
        raise ValidationError(YEAR_WORDS)


class PurchaseForm(RowForm):
    """A planned purchase, for the house and for the buyer itself."""

    beside = {
        "purchase_reference_unique": "reference",
        "purchase_amount_positive": "amount",
        "purchase_has_a_lot": "lots",
        "purchase_year": "year",
        "purchase_months": "months",
    }
    given = ("buyer",)
    commune = CommuneFormField(label="Lieu d’exécution")

    class Meta:
        model = PlannedPurchase
        fields = (
            "buyer",
            "department",
            "year",
            "reference",
            "object",
            "nature",
            "family",
            "cpv",
            "amount",
            "lots",
            "months",
            "procedure",
            "technique",
            "commune",
            "planned_on",
            "notes",
        )
        widgets = {"object": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "year": "Celle de la liste où l’achat figure.",
            "reference": "Celle du donneur d’ordre : elle distingue les achats quand la liste est chargée de nouveau.",
            "amount": f"{AMOUNT_HELP} Tous lots réunis, sur toute la durée.",
            "cpv": "Code à huit chiffres, par exemple 45262522.",
            "planned_on": f"Publication ou consultation. {DATE_HELP}",
            "months": "En mois.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
        self.scope_field("department", Department, self._departments)
        self.fields["department"].label_from_instance = lambda row: f"{row.buyer} · {row.name}"  # type: ignore[attr-defined]
        for name in ("year", "lots", "months"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "numeric"})
        if self.instance.pk:
            # The list is the buyer's own: a purchase does not change hands.
            self.fields["buyer"].disabled = True
            self.fields["department"].label_from_instance = str  # type: ignore[attr-defined]
            self._limit_department(self.instance.buyer)
        elif self.user.is_buyer:
            buyers = list(Buyer.objects.visible_to(self.user)[:2])
            if len(buyers) == 1:
                self.instance.buyer = buyers[0]
                del self.fields["buyer"]
                self.fields["department"].label_from_instance = str  # type: ignore[attr-defined]
                self._limit_department(buyers[0])

    def _departments(self, rows: Any) -> Any:
        rows = rows.select_related("buyer").order_by("buyer__search_key", "name", "pk")
        return rows.filter(buyer=self.instance.buyer_id) if self.instance.pk else rows.filter(is_active=True)

    def _limit_department(self, buyer: Buyer) -> None:
        # An account limited to a department writes that one's purchases: there is nothing to choose.
        if department_limit(buyer, self.user):
            del self.fields["department"]

    clean_cpv = MarketForm.clean_cpv

    def clean_year(self) -> int:
        check_year(self.cleaned_data["year"])
        return self.cleaned_data["year"]

    def clean_lots(self) -> int:
        lots = self.cleaned_data["lots"]
        if not 1 <= lots <= LOTS_MAX:
            raise ValidationError(f"Un achat a de 1 à {LOTS_MAX} lots.")
        return lots

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        positive_amount(self, "amount")
        buyer, department = cleaned.get("buyer") or self.instance.buyer_id, cleaned.get("department")
        buyer_pk = buyer.pk if isinstance(buyer, Buyer) else buyer
        if buyer_pk and department and department.buyer_id != buyer_pk:
            self.add_error("department", "Cette direction est celle d’un autre donneur d’ordre.")
        return cleaned


class TargetingForm(Form):
    """What facilitator and buyer decided together."""

    targeting = forms.ChoiceField(label="Décision", choices=Targeting.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Motif",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Nécessaire pour écarter un achat ; utile pour le retenir.",
    )
    on = DateFormField(label="Décidé le", help_text=DATE_HELP)
    derogation = forms.ChoiceField(
        label="Motif de dérogation",
        required=False,
        choices=[("", "Aucun"), *Derogation.choices],
        help_text="Si l’achat est écarté alors que la condition sociale est obligatoire. "
        "L’acheteur en garde la trace dans son dossier.",
    )
    derogation_note = forms.CharField(
        label="Précisions sur la dérogation",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, purchase: PlannedPurchase, is_concerned: bool, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "targeting": purchase.targeting,
                "reason": purchase.targeting_reason,
                "on": purchase.targeted_on or timezone.localdate(),
                "derogation": purchase.derogation,
                "derogation_note": purchase.derogation_note,
            },
        )
        super().__init__(*args, **kwargs)
        if not is_concerned:
            del self.fields["derogation"], self.fields["derogation_note"]


class RequestForm(Form):
    """The two dates of a saisine."""

    asked_on = DateFormField(label="Saisine reçue le", required=False, help_text=DATE_HELP)
    answered_on = DateFormField(
        label="Réponse donnée le",
        required=False,
        help_text="Laissez vide tant que la maison n’a pas répondu.",
    )


class StartMarketForm(Form):
    """What the market that comes of a purchase needs besides."""

    reference = forms.CharField(
        label="Référence du marché", max_length=60, help_text="Celle du donneur d’ordre."
    )
    facilitator = StaffChoiceField(label="Suivi par")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("facilitator", User, lambda rows: rows.house_staff().filter(is_active=True))


REACHES = (10, 25, 50, 100)


class AdviceForm(Form):
    """Which structures are counted: a sector (that of the CPV code by default) and a distance."""

    sector = forms.ChoiceField(label="Secteur", required=False)
    within = forms.TypedChoiceField(
        label="Distance",
        coerce=int,
        choices=[(km, f"{km} km") for km in REACHES],
        required=False,
        empty_value=50,  # type: ignore[arg-type]  # what is not coerced is given as it is
    )

    def __init__(self, *args: Any, purchase: PlannedPurchase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = "D’après le code CPV" if purchase.cpv else "Tous les secteurs"
        sectors = Sector.objects.filter(is_active=True).values_list("code", "label")
        self.fields["sector"].choices = [("", first), *sectors]  # type: ignore[attr-defined]


class ListFileForm(Form):
    """A buyer's yearly list."""

    buyer = forms.ModelChoiceField(
        label="Donneur d’ordre", queryset=Buyer.objects.none(), empty_label="Choisir…"
    )
    year = forms.IntegerField(
        label="Année de programmation",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        validators=[check_year],
    )
    file = forms.FileField(
        label="Liste des achats", help_text="CSV, XLSX, XLS ou ODS, 20 Mo au plus, une ligne par achat."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope_field("buyer", Buyer)
        buyers = self.fields["buyer"].queryset  # type: ignore[attr-defined]
        if self.user.is_buyer and buyers.count() == 1:
            self.initial["buyer"] = buyers.get()
            self.fields["buyer"].disabled = True


class SheetForm(Form):
    """Which sheet, and which line has the titles."""

    sheet = forms.TypedChoiceField(label="Feuille", coerce=int)
    header = forms.IntegerField(
        label="Ligne des titres", min_value=1, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    def __init__(self, *args: Any, sheets: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [
            (
                index,
                f"{sheet.name or 'Fichier'}{' (masquée)' if sheet.hidden else ''}, {len(sheet.rows)} lignes",
            )
            for index, sheet in enumerate(sheets)
        ]
        self.fields["sheet"].choices = names  # type: ignore[attr-defined]
        if len(sheets) == 1:
            self.fields["sheet"].widget = forms.HiddenInput()


class ColumnsForm(Form):
    """Which column of the file says what: one choice for each thing that an import looks for."""

    family = forms.ChoiceField(
        label="Famille des lignes qui ne la disent pas",
        required=False,
        choices=[("", "Refuser ces lignes"), *Family.choices],
        help_text="Sert quand ni la colonne ni le code CPV ne la donnent.",
    )

    def __init__(self, *args: Any, rows: Any, header: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = titles_of(rows[: max(header, 40)], header)
        choices = [("", "–"), *((str(index), title[:80]) for index, title in enumerate(titles))]
        for entry in WANTED:
            self.fields[f"c_{entry.name}"] = forms.ChoiceField(
                label=entry.label, required=False, choices=choices, help_text=entry.help
            )
        self.order_fields([*(f"c_{entry.name}" for entry in WANTED), "family"])

    @property
    def columns(self) -> dict[str, int]:
        """Name of what is looked for → index of its column, for those that were chosen."""
        return {
            entry.name: int(self.cleaned_data[f"c_{entry.name}"])
            for entry in WANTED
            if self.cleaned_data.get(f"c_{entry.name}")
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.columns.keys() & {"object", "reference"}:
            self.add_error("c_object", "Choisissez la colonne de l’objet, ou au moins celle de la référence.")
        used: dict[int, str] = {}
        for entry in WANTED:
            index = self.columns.get(entry.name)
            if index is None:
                continue
            if index in used:
                self.add_error(f"c_{entry.name}", f"Cette colonne sert déjà pour « {used[index]} ».")
            used[index] = entry.label
        return cleaned
