"""What the life of a bilan and the partnership register when the application starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone

from core.registry import WaitingItem
from reporting.enums import BilanState, CommentSide
from reporting.models import Bilan, SentDraft


def register_workflow() -> None:
    from core.access import BUYER, HOUSE
    from core.files import register_file_kind
    from core.jobs import register_job_link
    from core.registry import Section, Tab, register_daily, register_section, register_tab, register_waiting
    from core.signals import file_opened
    from markets.paper_access import opens_as_a_whole
    from reporting import sent_draft_jobs
    from reporting.services import partnership, sent_drafts

    register_section("bilans", Section("Bilans", "bilan_list", 10))
    register_section("bilans", Section("Partenariat", "partnership_list", 30))
    register_tab("buyer", Tab("Partenariat", "buyer_partnership", (*HOUSE, BUYER), 50, opens_as_a_whole))
    register_file_kind(sent_drafts.FILE_KIND, may_open=sent_drafts.may_open)
    register_file_kind(partnership.FILE_KIND, may_open=partnership.may_open)
    register_job_link("send_bilan_draft", sent_draft_jobs.link_to_draft)
    register_waiting(bilans_waiting)
    register_daily("Projets de bilan transmis", sent_drafts.remind_of_drafts)
    register_daily("Réunions annuelles à tenir", partnership.open_meetings_due)
    file_opened.connect(_downloaded, dispatch_uid="bilan_delivery")


def _downloaded(sender: Any, user: Any, stored: Any, **kwargs: Any) -> None:
    from reporting.documents import FILE_KIND
    from reporting.services.deliveries import note_download_in_application

    if stored.kind == FILE_KIND:
        note_download_in_application(user=user, stored=stored)


def bilans_waiting(user: Any) -> Iterator[WaitingItem]:
    """What a bilan waits for from this person: to write, to answer, to publish; a projet to read for a buyer."""
    if user.is_buyer:
        yield from _drafts_to_read(user)
        return
    if not user.is_house_staff:
        return
    mine = Q(writer=user)
    remarks = Q(comments__side=CommentSide.BUYER, comments__outcome="") & (Q() if user.is_admin else mine)
    page = reverse("bilan_list")
    # Distinct: a bilan is there once for each of its remarks.
    found = (
        Bilan.objects.visible_to(user)
        .order_by()
        .aggregate(
            write=Count("pk", filter=mine & Q(state=BilanState.DRAFT), distinct=True),
            since=Min("created_at", filter=mine & Q(state=BilanState.DRAFT)),
            review=Count("pk", filter=Q(state=BilanState.SUBMITTED), distinct=True),
            publish=Count("pk", filter=Q(state=BilanState.REVIEWED), distinct=True),
            remarks=Count("comments", filter=remarks),
            remarked=Min("comments__at", filter=remarks),
        )
    )
    since = timezone.localdate(found["since"]) if found["since"] else None
    yield WaitingItem(
        "bilan à écrire" if found["write"] == 1 else "bilans à écrire",
        found["write"],
        f"{page}?state={BilanState.DRAFT}&writer={user.pk}",
        since,
    )
    yield WaitingItem(
        "bilan à relire" if found["review"] == 1 else "bilans à relire",
        found["review"],
        f"{page}?state={BilanState.SUBMITTED}",
    )
    yield WaitingItem(
        "observation d’un donneur d’ordre sans réponse"
        if found["remarks"] == 1
        else "observations de donneurs d’ordre sans réponse",
        found["remarks"],
        f"{page}?state={BilanState.SENT}",
        timezone.localdate(found["remarked"]) if found["remarked"] else None,
    )
    if user.is_admin:
        yield WaitingItem(
            "bilan relu à transmettre ou à publier"
            if found["publish"] == 1
            else "bilans relus à transmettre ou à publier",
            found["publish"],
            f"{page}?state={BilanState.REVIEWED}",
        )


def _drafts_to_read(user: Any) -> Iterator[WaitingItem]:
    """The last projet of each bilan that is open to remarks."""
    rows = SentDraft.objects.visible_to(user).open_to_remarks().order_by("sent_at", "pk")
    found = list(rows.values_list("pk", "sent_at")[:20])
    if not found:
        return
    url = reverse("sent_draft_detail", args=[found[0][0]]) if len(found) == 1 else reverse("task_list")
    yield WaitingItem(
        "projet de bilan ouvert à vos observations"
        if len(found) == 1
        else "projets de bilan ouverts à vos observations",
        len(found),
        url,
        timezone.localdate(found[0][1]),
    )
