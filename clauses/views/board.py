"""The board of what must be done, and the page of one task."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from clauses.board import GROUPS, TaskFilter, TaskTable, default_scope, group_counts, in_scope
from clauses.forms.interactions import AssignForm, DoneForm, PostponeForm, TaskForm
from clauses.turns import turn_line
from clauses.views.interactions import file_name, file_of, journal_url
from core.access import EVERYONE, HOUSE, everyone_required, house_required
from core.changes import history_of
from core.errors import DomainError
from core.lists import ListPage
from core.views.errors import wants_fragment
from markets.enums import TaskKind
from markets.models import Responsibility, Task
from markets.services import tasks as services
from markets.views.forms import form_page
from markets.views.shared import file_row


class TaskBoard(ListPage):
    """« Échéances »: what is overdue first; the house's by portfolio, a buyer's and a company's own."""

    model = Task
    table_class = TaskTable
    filterset_class = TaskFilter
    title = "Échéances"
    roles = EVERYONE
    export_name = "echeances"
    template_name = "clauses/board.html"
    part_template_name = "clauses/board_list.html"

    @property
    def empty_message(self) -> str:  # type: ignore[override]
        if self.is_house:
            return "Rien n’attend dans cette liste : tout est à jour."
        return "Rien n’attend de vous pour l’instant."

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.place = "markets"  # type: ignore[attr-defined]
        return super().dispatch(request, *args, **kwargs)

    def prepare(self, queryset: Any) -> Any:
        user, asked = self.request.user, self.request.GET
        rows = queryset.filter(done_on__isnull=asked.get("vie") != "faites")
        if self.is_house and not asked.get("portee") and not asked.get("facilitator"):
            rows = in_scope(rows, default_scope(user), user)
        return rows.select_related("market__buyer", "company", "buyer", "assignee")

    def make_table(self, queryset: Any) -> Any:
        # Counted before the group narrows the list, after the filters did.
        self.counts = group_counts(queryset) if self.request.GET.get("vie") != "faites" else {}
        group = next((one for one in GROUPS if one.code == self.request.GET.get("groupe")), None)
        if group is not None:
            queryset = queryset.filter(group.condition(timezone.localdate()))
        return super().make_table(queryset)

    def table_kwargs(self) -> dict[str, Any]:
        hidden = () if self.is_house else ("turn", "follower", "act")
        return {"user": self.request.user, "exclude": hidden}

    def finish(self, rows: list[Any]) -> list[Any]:
        return add_followers(rows, self.request.user)

    def extra_context(self) -> dict[str, Any]:
        here = self.request.GET.get("groupe", "")
        total = sum(self.counts.values())
        groups = [("", "Tout", total)] + [
            (one.code, one.label, self.counts.get(one.code, 0)) for one in GROUPS
        ]
        return {
            "groups": [
                {"label": label, "count": count, "url": self.group_url(code), "active": code == here}
                for code, label, count in groups
            ]
            if self.counts
            else [],
            "group": here,
        }

    def group_url(self, code: str) -> str:
        query = self.request.GET.copy()
        for name in ("page", "export", "groupe"):
            query.pop(name, None)
        if code:
            query["groupe"] = code
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path


def add_followers(tasks: list[Task], user: Any) -> list[Task]:
    """Give loaded tasks their `follower`: who they were given to, else who answers for the file: one query."""
    if user.role not in HOUSE:
        return tasks
    wanted: dict[str, set[int]] = {"market": set(), "company": set(), "buyer": set()}
    for task in tasks:
        kind, _ = _file_key(task)
        wanted[kind].add(getattr(task, f"{kind}_id"))
    rows = Responsibility.objects.visible_to(user).on(timezone.localdate()).select_related("facilitator")
    found: dict[tuple[str, int], str] = {}
    parts = [Q(**{f"{kind}__in": pks}) for kind, pks in wanted.items() if pks]
    if parts:
        for row in rows.filter(reduce(or_, parts)).order_by("pk"):
            for kind in wanted:
                if pk := getattr(row, f"{kind}_id"):
                    found[kind, pk] = str(row.facilitator)
    for task in tasks:
        task.follower = str(task.assignee) if task.assignee else found.get(_file_key(task), "")  # type: ignore[attr-defined]
    return tasks


def _file_key(task: Task) -> tuple[str, int]:
    kind = "market" if task.market_id else "buyer" if task.buyer_id else "company"
    return kind, getattr(task, f"{kind}_id")


# --- One task -----------------------------------------------------------------------------------------------


def _task(request: HttpRequest, pk: int) -> Task:
    rows = Task.objects.visible_to(request.user).select_related(
        "market__buyer", "company", "buyer", "assignee", "done_by", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


def _return_url(request: HttpRequest, default: str) -> str:
    """Back to the list that the gesture was made from, if it is one of ours."""
    asked = request.POST.get("retour") or request.GET.get("retour") or ""
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else default


@everyone_required
@require_safe
def task_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What, for whom, until when, and what can be done with it; to a script, the three gestures alone."""
    task = _task(request, pk)
    if task.kind == TaskKind.MEETING:
        return redirect("meeting_detail", pk=pk)
    return _task_page(request, task)


def _task_page(request: HttpRequest, task: Task, **forms: Any) -> HttpResponse:
    user: Any = request.user
    is_house = user.role in HOUSE
    kind, row = file_of(task)
    request.place = "companies" if kind == "company" and is_house else "markets"  # type: ignore[attr-defined]
    is_open = task.done_on is None
    context = {
        "task": task,
        "line": turn_line(task, user, timezone.localdate()),
        "is_house": is_house,
        "file": row,
        "file_name": file_name(kind, row),
        "file_url": reverse(f"{kind}_detail", args=[row.pk]) if is_house else "",
        "done_form": forms.get("done") or DoneForm(user=user, prefix="fait"),
        "postpone_form": forms.get("postpone") or PostponeForm(user=user, prefix="report"),
        "assign_form": forms.get("assign")
        or AssignForm(user=user, prefix="confier", initial={"to": task.assignee_id}),
        "may_act": is_house and is_open,
        "back_url": _return_url(request, ""),
    }
    if wants_fragment(request):
        return render(request, "clauses/task_gestures.html", context)
    hidden = ("created_at", "done_by", "sequence", "url", "key")
    context["entries"] = history_of(task, hidden=hidden) if is_house else []
    context["journal_url"] = journal_url(kind, row.pk) if is_house else ""
    return render(request, "clauses/task_detail.html", context)


def _gesture(request: HttpRequest, task: Task, name: str, form: Any, save: Any, done: str) -> HttpResponse:
    if form.is_valid():
        try:
            save(form.cleaned_data)
        except DomainError as error:
            if not error.field:
                # A colleague closed it meanwhile: the form has nothing left to correct.
                messages.warning(request, error.sentence)
                return redirect("task_detail", pk=task.pk)
            form.add_domain_error(error)
        else:
            messages.success(request, done)
            return redirect(_return_url(request, reverse("task_detail", args=[task.pk])))
    return _task_page(request, task, **{name: form})


@house_required
@require_POST
def task_done(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    form = DoneForm(request.POST, user=request.user, prefix="fait")
    return _gesture(
        request,
        task,
        "done",
        form,
        lambda given: services.complete_task(task=task, by=request.user, **given),  # type: ignore[arg-type]
        f"« {task.title} » est fait.",
    )


@house_required
@require_POST
def task_postpone(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    form = PostponeForm(request.POST, user=request.user, prefix="report")
    return _gesture(
        request,
        task,
        "postpone",
        form,
        lambda given: services.postpone_task(task=task, by=request.user, **given),  # type: ignore[arg-type]
        f"L’échéance de « {task.title} » est reportée.",
    )


@house_required
@require_POST
def task_assign(request: HttpRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    form = AssignForm(request.POST, user=request.user, prefix="confier")
    return _gesture(
        request,
        task,
        "assign",
        form,
        lambda given: services.assign_task(task=task, by=request.user, **given),  # type: ignore[arg-type]
        f"« {task.title} » est confié.",
    )


@house_required
def task_create(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Something to do about a file, by anyone."""
    row = file_row(kind, request.user, pk)
    request.place = "companies" if kind == "company" else "markets"  # type: ignore[attr-defined]
    back = journal_url(kind, pk)
    form = TaskForm(request.POST or None, user=request.user, kind=kind, row=row)

    def save() -> Task:
        given = dict(form.cleaned_data)
        given.pop("homonym", None)
        return services.open_task(**{**given, kind: row}, by=request.user)

    return form_page(
        request,
        form,
        title="Ajouter une échéance",
        facts=str(row),
        back=back,
        cancel_url=back,
        back_label="Journal",
        done="L’échéance est ajoutée.",
        save=save,
    )
