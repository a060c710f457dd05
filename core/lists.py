"""The one base of every list: scope, filters, sort, pages, totals and export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage, Paginator
from django.db.models import Count, Model, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.generic import View

from core.access import HOUSE
from core.exports import export_response
from core.filters import FilterSet
from core.signals import list_exported
from core.tables import Rows, Table

EXPORT_FORMATS = {"xlsx": "Tableur (XLSX)", "csv": "CSV"}


class CountedPaginator(Paginator):
    """Pages of rows that were already counted, with their totals, by one query."""

    def __init__(self, *args: Any, total: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Shadows the counting property: tables2 and Django would each count again.
        self.__dict__["count"] = total


class ListPage(View):
    """A list of rows that the user may see. See docs/core.md for its attributes and its context."""

    model: ClassVar[type[Model]]
    table_class: ClassVar[type[Table]]
    filterset_class: ClassVar[type[FilterSet] | None] = None
    title: ClassVar[str] = ""
    intro: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = HOUSE
    export_name: ClassVar[str] = ""
    create_url_name: ClassVar[str | None] = None
    create_label: ClassVar[str] = ""
    empty_message: ClassVar[str] = "Rien à afficher pour l’instant."
    per_page: ClassVar[int] = 50
    template_name: ClassVar[str] = "core/list.html"
    part_template_name: ClassVar[str] = "core/_list.html"
    http_method_names = ["get", "head", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        view = super().as_view(**initkwargs)
        view.roles = initkwargs.get("roles", cls.roles)  # type: ignore[attr-defined]
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.role not in self.roles:  # type: ignore[union-attr]
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def is_house(self) -> bool:
        return self.request.user.role in HOUSE  # type: ignore[union-attr]

    def prepare(self, queryset: QuerySet) -> QuerySet:
        """Related rows and annotations that the table needs; to override."""
        return queryset

    def finish(self, rows: list[Any]) -> list[Any]:
        """Give a page's loaded rows (or a slice of an export's) what no SQL of the list can say; to override."""
        return rows

    def extra_context(self) -> dict[str, Any]:
        """What the page needs besides the list; to override."""
        return {}

    def get_title(self) -> str:
        return self.title

    def get_create_url(self) -> str:
        return reverse(self.create_url_name) if self.create_url_name else ""

    def table_kwargs(self) -> dict[str, Any]:
        """Arguments of the table, such as `exclude=("buyer",)`; to override."""
        return {}

    def get_queryset(self) -> QuerySet:
        return self.prepare(self.model.objects.visible_to(self.request.user))  # type: ignore[attr-defined]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        queryset = self.get_queryset()
        self.filterset = None
        if self.filterset_class:
            self.filterset = self.make_filterset(queryset)
            refused = self.filterset.is_bound and not self.filterset.is_valid()
            queryset = queryset.none() if refused else self.filterset.qs
        table = self.make_table(queryset)
        wanted = request.GET.get("export")
        if wanted and self.export_name:
            return self.export(wanted, table)
        return self.show(table)

    def make_filterset(self, queryset: QuerySet) -> FilterSet:
        """The filters, read from the address; to override where they need more than the request."""
        assert self.filterset_class is not None
        return self.filterset_class(self.request.GET or None, queryset=queryset, request=self.request)

    def make_table(self, queryset: QuerySet) -> Table:
        """The table, sorted as the address says; `pk` breaks ties so that pages never overlap."""
        table = self.table_class(data=queryset, **self.table_kwargs())
        asked = [
            alias
            for value in self.request.GET.getlist(table.order_by_field)
            for alias in value.split(",")
            if alias
        ]
        if asked:
            table.order_by = asked
        rows = table.data.data
        ordering = tuple(rows.query.order_by) or tuple(rows.model._meta.ordering)
        if not {"pk", "-pk", "id", "-id"} & {part for part in ordering if isinstance(part, str)}:
            ordering = (*ordering, "pk")
        # Said outright: a query that counts related rows forgets its model's own order.
        rows = rows.order_by(*ordering)
        table.data.data = rows
        return table

    def export(self, wanted: str, table: Table) -> HttpResponseBase:
        if wanted not in EXPORT_FORMATS:
            raise Http404
        list_exported.send(sender=type(self), user=self.request.user, name=self.export_name, format=wanted)
        return export_response(
            self.export_name, wanted, table.export_columns(), self.finished(table.data.data)
        )

    def finished(self, rows: QuerySet) -> Iterator[Any]:
        """All the rows, finished slice by slice: the number of queries does not grow with each row."""
        found = rows.iterator(chunk_size=2_000)
        while batch := list(islice(found, 2_000)):
            yield from self.finish(batch)

    def show(self, table: Table) -> HttpResponse:
        rows = table.data.data
        sums = {f"total_{name}": Sum(path) for name, path in table.summed.items()}
        found = (
            rows.order_by().aggregate(rows_found=Count("pk"), **sums)
            if sums
            else {"rows_found": rows.count()}
        )
        table.totals = {name: found[f"total_{name}"] for name in table.summed}
        paginator = CountedPaginator(rows, self.per_page, total=found["rows_found"])
        try:
            page = paginator.page(self.request.GET.get("page") or 1)
        except InvalidPage:
            # A filter or a deletion left fewer pages than the address says.
            page = paginator.get_page(self.request.GET.get("page"))
        page.object_list = Rows(self.finish(list(page.object_list)), table)
        table.paginator, table.page = paginator, page
        context = {
            "title": self.get_title(),
            "intro": self.intro,
            "table": table,
            "filter": self.filterset,
            "count": paginator.count,
            "active_filters": self.filterset.active if self.filterset else 0,
            "clear_url": self.request.path,
            "exports": [
                {"label": label, "url": self.url(export=name)} for name, label in EXPORT_FORMATS.items()
            ]
            if self.export_name
            else [],
            "create_url": self.get_create_url(),
            "create_label": self.create_label,
            "empty_message": self.empty_message,
            "page": page,
            **self.extra_context(),
        }
        is_part = bool(self.request.htmx) and self.request.htmx.target == "liste"  # type: ignore[attr-defined]
        response = render(self.request, self.part_template_name if is_part else self.template_name, context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def url(self, **changes: Any) -> str:
        """The address of this list with these changes; what is not named stays, `page` and `export` go."""
        query = self.request.GET.copy()
        for name in ("page", "export"):
            query.pop(name, None)
        for name, value in changes.items():
            query[name] = str(value)
        return f"{self.request.path}?{query.urlencode()}"
