"""Candidates: their page, their matching with a file, each gesture up to the contract."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from beneficiaries.enums import ApplicationState
from beneficiaries.forms.applications import (
    AddCandidateForm,
    ChooseOfferForm,
    HireForm,
    LinkContractForm,
    MatchForm,
    MeetForm,
    RejectForm,
)
from beneficiaries.models import (
    Application,
    Attendance,
    Beneficiary,
    Placement,
    ReferrerFeedback,
)
from beneficiaries.name_search import likely_same
from beneficiaries.offer_list import APPLICATION_TONES, application_state
from beneficiaries.services import applications as services
from beneficiaries.services.feedback import address_of
from beneficiaries.services.people import SamePerson, namesakes
from beneficiaries.tables import eligibility_words
from beneficiaries.views.offers import offer_or_404
from beneficiaries.views.people import file_context, person_or_404
from clauses.models import Commitment
from core import formats
from core.access import house_required
from core.changes import history_of
from core.errors import DomainError
from markets.views.forms import form_page

State = ApplicationState


def application_or_404(request: HttpRequest, pk: int) -> Application:
    rows = Application.objects.visible_to(request.user).select_related(
        "offer__award__company",
        "offer__award__lot__market",
        "beneficiary__prescriber",
        "beneficiary__referrer__prescriber",
        "recipient__prescriber",
        "recipient__company",
        "referrer__prescriber",
        "placement__employer",
        "placement__contract_type",
    )
    return get_object_or_404(rows, pk=pk)


@house_required
def application_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Who they are, where they stand, what was told to their referrer."""
    row = application_or_404(request, pk)
    today = timezone.localdate()
    person = None
    if row.beneficiary_id:
        person = (
            Beneficiary.objects.visible_to(request.user).with_eligibility(today).get(pk=row.beneficiary_id)
        )
    prescriber, referrer, address = (
        address_of(row.beneficiary, row) if row.beneficiary else (None, row.referrer, row.referrer_email)
    )
    context = {
        "application": row,
        "offer": row.offer,
        "company": row.offer.award.company,
        "market": row.offer.award.lot.market,
        "tone": APPLICATION_TONES[State(row.state)],
        "person": person,
        "eligibility_words": eligibility_words(person.eligibility_state, person.eligible_until)
        if person
        else "",
        "likely": [] if person else _likely(request, row),
        "match_form": None if person else MatchForm(user=request.user),
        "identity": _identity(row),
        "path": _path(row),
        "told_to": ", ".join(str(one) for one in (referrer, prescriber) if one),
        "told_at": address,
        "feedbacks": feedbacks_of(request, application=row) if person else [],
        "is_open": row.state not in (State.HIRED, State.REJECTED),
        "may_present": bool(person) and row.state in (State.PROPOSED, State.MET, State.PRESENTED),
        "contract_url": contract_url(request, row)
        if row.state == State.HIRED and not row.placement_id
        else "",
        "may_link": row.state == State.HIRED
        and not row.placement_id
        and Placement.objects.visible_to(request.user).filter(beneficiary=row.beneficiary_id).exists(),
        "next_step": _next_step(request, row, person),
        "entries": history_of(row),
    }
    return render(request, "beneficiaries/application_detail.html", context)


def feedbacks_of(request: HttpRequest, **where: Any) -> list[ReferrerFeedback]:
    """What was told to the referrer, the newest first, as `beneficiaries/_feedback_list.html` shows it."""
    rows = ReferrerFeedback.objects.visible_to(request.user).filter(**where)
    return list(
        rows.select_related(
            "written_by",
            "prescriber",
            "referrer",
            "application__offer",
            "placement__employer",
            "placement__contract_type",
        ).order_by("-written_at", "-pk")
    )


def _likely(request: HttpRequest, row: Application) -> list[dict[str, Any]]:
    """Files that may be this candidate's, likeliest first."""
    people = Beneficiary.objects.visible_to(request.user).select_related("commune", "prescriber")
    found = likely_same(row.last_name, row.first_name, row.birth_date, people)
    taken = set(
        row.offer.applications.filter(beneficiary__in=[match.person.pk for match in found]).values_list(
            "beneficiary", flat=True
        )
    )
    return [
        {"person": match.person, "is_sure": match.score >= 100, "is_taken": match.person.pk in taken}
        for match in found
    ]


def _identity(row: Application) -> list[tuple[str, Any]]:
    """As the partner wrote it."""
    lines = [
        ("Nom", row.last_name),
        ("Prénom", row.first_name),
        ("Date de naissance", formats.day(row.birth_date) if row.birth_date else None),
        ("Téléphone", row.phone),
        ("Adresse électronique", row.email),
        ("Message", row.message),
        ("Référent·e", ", ".join(filter(None, [row.referrer_name, row.referrer_email]))),
    ]
    return lines if row.last_name else []


def _path(row: Application) -> list[tuple[str, Any]]:
    lines = [
        ("Proposée", f"le {formats.day(row.proposed_on)}, par {row.recipient or 'la maison'}"),
        ("Rencontrée", f"le {formats.day(row.met_on)}" if row.met_on else None),
        ("Présentée", f"le {formats.day(row.presented_on)}" if row.presented_on else None),
    ]
    if row.state == State.REJECTED:
        lines.append(
            ("Non retenue", f"le {formats.day(row.decided_on)}\u202f: {row.get_rejection_display()}")
        )
    if row.state == State.HIRED:
        lines.append(("Embauchée", f"le {formats.day(row.decided_on)}"))
        lines.append(("Contrat", row.placement))
    return [*lines, ("Remarques", row.note)]


def _next_step(request: HttpRequest, row: Application, person: Any) -> dict[str, str] | None:
    if row.state == State.REJECTED:
        return None
    if person is None:
        return {
            "who": "À vous de jouer\u202f:",
            "what": "dire qui est cette personne, dans l’annuaire ou par une nouvelle fiche.",
            "url": "#fiche",
            "label": "Voir les fiches proches",
        }
    if person.eligibility_state != "eligible":
        sentence = services.presentation_warnings([person])[0]
        return {
            "who": "Attention\u202f:",
            "what": sentence,
            "url": reverse("review_create", args=[person.pk]),
            "label": "Enregistrer une décision",
        }
    if row.state == State.HIRED and row.placement_id is None:
        return {
            "who": "À vous de jouer\u202f:",
            "what": "le contrat est à enregistrer.",
            "url": contract_url(request, row),
            "label": "Écrire le contrat",
        }
    if row.state == State.PRESENTED:
        return {
            "who": f"{row.offer.award.company}\u202f:",
            "what": f"réponse attendue depuis le {formats.day(row.presented_on)}.",
            "url": "",
            "label": "",
        }
    return None


def contract_url(request: HttpRequest, row: Application) -> str:
    """The form of the contract, filled from the offer: company, job, hours, and the commitment where there is one."""
    commitment = (
        Commitment.objects.visible_to(request.user)
        .filter(clause__lot=row.offer.award.lot_id, holder=row.offer.award.company_id)
        .order_by("pk")
        .first()
    )
    address = f"{reverse('placement_create', args=[row.beneficiary_id])}?candidature={row.pk}"
    return f"{address}&engagement={commitment.pk}" if commitment else address


# --- Putting someone forward ---------------------------------------------------------------------------------


@house_required
def application_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Someone of the directory, for this offer."""
    offer = offer_or_404(request, pk)
    form = AddCandidateForm(request.POST or None, user=request.user)
    back = reverse("job_offer_detail", args=[pk])
    return form_page(
        request,
        form,
        title="Ajouter une candidature",
        facts=f"{offer.title}, {offer.award.company}",
        intro="Si la personne n’a pas encore de fiche, créez-la d’abord dans Personnes.",
        back=lambda row: reverse("application_detail", args=[row.pk]),
        cancel_url=back,
        back_label=offer.title,
        submit_label="Ajouter",
        done="La candidature est ajoutée.",
        template="beneficiaries/lookup_form.html",
        save=lambda: services.add_application(offer=offer, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
def person_applications(request: HttpRequest, pk: int) -> HttpResponse:
    """« Candidatures » of a person: offers, collective actions."""
    person = person_or_404(request, pk)
    rows: list[Any] = list(
        Application.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related(
            "offer__award__company",
            "offer__award__lot__market",
            "recipient__prescriber",
            "recipient__company",
        )
        .order_by("-proposed_on", "-pk")
    )
    for row in rows:
        row.shown_state = application_state(row)
    attendances = (
        Attendance.objects.visible_to(request.user)
        .filter(beneficiary=person)
        .select_related("action")
        .order_by("-action__held_on", "-pk")
    )
    context = {**file_context(request, person), "applications": rows, "attendances": attendances}
    return render(request, "beneficiaries/person_applications.html", context)


@house_required
def person_application_create(request: HttpRequest, pk: int) -> HttpResponse:
    """An offer for this person."""
    person = person_or_404(request, pk)
    form = ChooseOfferForm(request.POST or None, user=request.user)
    back = reverse("person_applications", args=[pk])
    return form_page(
        request,
        form,
        title=f"Proposer {person} à une offre",
        back=lambda row: reverse("application_detail", args=[row.pk]),
        cancel_url=back,
        back_label=str(person),
        submit_label="Proposer",
        done="La candidature est ajoutée.",
        template="beneficiaries/lookup_form.html",
        save=lambda: services.add_application(person=person, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
@require_POST
def application_match(request: HttpRequest, pk: int) -> HttpResponse:
    """« C’est cette personne »: one of those that are likely, or another one that was typed."""
    row = application_or_404(request, pk)
    asked = request.POST.get("fiche", "")
    people = Beneficiary.objects.visible_to(request.user)
    person = None
    if asked.isdecimal() and len(asked) <= 18:
        person = get_object_or_404(people, pk=asked)
    else:
        form = MatchForm(request.POST, user=request.user)
        if form.is_valid():
            person = form.cleaned_data["person"]
        else:
            messages.error(request, " ".join(form.errors.get("person", ["Indiquez la personne."])))
    if person is not None:
        try:
            services.match_application(application=row, person=person, by=request.user)  # type: ignore[arg-type]
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, f"La candidature est rattachée à la fiche de {person}.")
    return redirect("application_detail", pk=pk)


@house_required
@require_POST
def application_create_person(request: HttpRequest, pk: int) -> HttpResponse:
    """« Créer sa fiche », with what the partner wrote."""
    row = application_or_404(request, pk)
    try:
        person = services.create_person_for(application=row, by=request.user)  # type: ignore[arg-type]
    except SamePerson as error:
        messages.error(
            request,
            format_html(
                'Une personne de ce nom née le {} existe déjà\u202f: <a href="{}">voyez sa fiche</a>, puis rattachez-y '
                "la candidature.",
                formats.day(error.existing.birth_date),
                reverse("beneficiary_detail", args=[error.existing.pk]),
            ),
        )
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(
            request, f"La fiche de {person} est créée\u202f: complétez-la, puis validez l’éligibilité."
        )
        if person.birth_date is None and namesakes(person):
            messages.warning(
                request,
                "Une autre fiche porte ce nom\u202f: sans date de naissance, un doublon ne peut pas être écarté.",
            )
    return redirect("application_detail", pk=pk)


# --- Gestures ------------------------------------------------------------------------------------------------


def _gesture(request: HttpRequest, row: Application, form: Any, **page: Any) -> HttpResponse:
    back = reverse("application_detail", args=[row.pk])
    return form_page(
        request,
        form,
        facts=f"{row}, {row.offer.title} chez {row.offer.award.company}",
        cancel_url=back,
        back_label=str(row),
        **{"back": back, **page},
    )


@house_required
def application_meet(request: HttpRequest, pk: int) -> HttpResponse:
    row = application_or_404(request, pk)
    initial = {"on": row.met_on or timezone.localdate(), "note": row.note}
    form = MeetForm(request.POST or None, user=request.user, initial=initial)
    return _gesture(
        request,
        row,
        form,
        title="Rencontre",
        intro="La rencontre vérifie que l’offre et le projet de la personne vont ensemble.",
        done="La rencontre est notée.",
        save=lambda: services.meet_application(application=row, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
def application_reject(request: HttpRequest, pk: int) -> HttpResponse:
    row = application_or_404(request, pk)
    form = RejectForm(request.POST or None, user=request.user, initial={"on": timezone.localdate()})
    return _gesture(
        request,
        row,
        form,
        title="Ne pas retenir",
        intro="Le motif reste dans la maison\u202f: ni l’entreprise ni le partenaire ne le lit. Pensez au retour au référent.",
        submit_label="Ne pas retenir",
        done="La candidature est close.",
        save=lambda: services.reject_application(application=row, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
def application_hire(request: HttpRequest, pk: int) -> HttpResponse:
    """« Embauchée », then the form of the contract."""
    row = application_or_404(request, pk)
    form = HireForm(request.POST or None, user=request.user, initial={"on": timezone.localdate()})
    intro = "La page suivante est celle du contrat, remplie d’après l’offre."
    if row.beneficiary_id:
        person = Beneficiary.objects.with_eligibility(timezone.localdate()).get(pk=row.beneficiary_id)
        warnings = services.presentation_warnings([person])
        intro = " ".join([*warnings, intro])
    return _gesture(
        request,
        row,
        form,
        title="Embauche",
        intro=intro,
        submit_label="Embauchée",
        done="L’embauche est notée\u202f: enregistrez le contrat.",
        back=lambda saved: contract_url(request, saved),
        save=lambda: services.hire_application(application=row, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
def application_link(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract of a hire that was recorded elsewhere."""
    row = application_or_404(request, pk)
    placements = (
        Placement.objects.visible_to(request.user)
        .filter(beneficiary=row.beneficiary_id or 0)
        .select_related("employer", "contract_type")
    )
    form = LinkContractForm(request.POST or None, user=request.user, placements=placements)
    return _gesture(
        request,
        row,
        form,
        title="Rattacher un contrat",
        submit_label="Rattacher",
        done="Le contrat est rattaché à la candidature.",
        save=lambda: services.link_contract(application=row, by=request.user, **form.cleaned_data),  # type: ignore[arg-type]
    )


@house_required
@require_POST
def application_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    row = application_or_404(request, pk)
    try:
        services.reopen_application(application=row, by=request.user)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "La candidature est rouverte.")
    return redirect("application_detail", pk=pk)
