"""How Django's forms and django-tables2's rows become Maillon's HTML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django_tables2.utils import AttributeDict, signature

from core import formats


class FormRenderer(TemplatesSetting):
    """One column, label above, help under the label, error under the field."""

    form_template_name = "core/forms/form.html"
    formset_template_name = "core/forms/formset.html"
    field_template_name = "core/forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if template_name == "django/forms/widgets/select.html":
            return select_html(context["widget"])
        return super().render(template_name, context, request)


def select_html(widget: dict[str, Any]) -> SafeString:
    """A select box as Django's own template writes it, without a template for each of its options.

    A list's filters hold a hundred options and more: their templates cost as much as the list's rows.
    """
    pieces = [f'<select name="{conditional_escape(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _ in widget["optgroups"]:
        if group:
            pieces.append(f'<optgroup label="{conditional_escape(group)}">')
        pieces.extend(
            f'<option value="{conditional_escape(option["value"])}"{_attributes(option["attrs"])}>'
            f"{conditional_escape(option['label'])}</option>"
            for option in options
        )
        if group:
            pieces.append("</optgroup>")
    pieces.append("</select>")
    return mark_safe("".join(pieces))  # noqa: S308  every part was escaped above


def _attributes(attrs: dict[str, Any]) -> str:
    return "".join(
        f" {name}" if value is True else f' {name}="{conditional_escape(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _written(content: Any) -> str:
    """What a cell shows for a raw value: figures and dates as `core.formats` writes them, years untouched."""
    if isinstance(content, Decimal | float):
        return formats.number(content)
    if isinstance(content, dt.datetime):
        return formats.moment(content)
    if isinstance(content, dt.date):
        return formats.day(content)
    return conditional_escape(content)


class _Cells:
    """The cells of one column: everything that does not depend on the row is worked out once.

    django-tables2 inspects the signature of `render` and computes the attributes again for every cell.
    """

    def __init__(self, table: Any, bound: Any, *, is_header: bool) -> None:
        self.table, self.bound, self.default = table, bound, bound.default
        self.names, self.catch_all = signature(bound.render)
        attrs = dict(bound.attrs["td"])
        tag, kind = ("th", 'scope="row" role="rowheader"') if is_header else ("td", 'role="cell"')
        if not is_header and (label := str(bound.header or "").strip()):
            attrs["data-label"] = label
        self.opening = f"<{tag} {kind} {AttributeDict(attrs).as_html()}>"
        self.closing = f"</{tag}>"
        self.row: Any = None

    def html(self, row: Any) -> str:
        self.row = row
        content = row._get_and_render_with(self.bound, self._render, self.default)
        return f"{self.opening}{_written(content)}{self.closing}"

    def _render(self, bound: Any, value: Any = None) -> Any:
        arguments = {
            "value": value,
            "record": self.row.record,
            "column": bound.column,
            "bound_column": bound,
            "bound_row": self.row,
            "table": self.table,
        }
        wanted = arguments if self.catch_all else {name: arguments[name] for name in self.names}
        content = bound.render(**wanted)
        return bound.link(content, **arguments) if bound.link else content


def table_rows(table: Any) -> SafeString:
    """The rows of a table's page; the first column is the row's header.

    Attributes of a column are the same for all of its cells: what depends on the row belongs into the
    cell's content or into the table's `row_attrs`.
    """
    columns = [_Cells(table, bound, is_header=index == 0) for index, bound in enumerate(table.columns)]
    pieces: list[str] = []
    for row in table.paginated_rows:
        attrs = f" {row.attrs.as_html()}" if table.row_attrs else ""
        pieces.append(f'<tr role="row"{attrs}>')
        pieces.extend(column.html(row) for column in columns)
        pieces.append("</tr>")
    return mark_safe("".join(pieces))  # noqa: S308  every cell was escaped above


@dataclass(frozen=True)
class HeaderCell:
    """One column's header: its label, its attributes, how it is sorted and the address that sorts it."""

    label: str
    attrs: str
    sort: str
    url: str


def header_cells(table: Any, address_of: Callable[[str], str]) -> Iterator[HeaderCell]:
    """The header of each column; `address_of` gives the page's address for an ordering."""
    for bound in table.columns:
        alias = bound.order_by_alias
        is_sorted = bound.orderable and bound.is_ordered
        yield HeaderCell(
            label=bound.header,
            attrs=AttributeDict(bound.attrs["th"]).as_html(),
            sort=("descending" if alias.is_descending else "ascending") if is_sorted else "",
            url=address_of(alias.next) if bound.orderable else "",
        )
