"""The TOML file by which a take-over from the shell says how the export of a former tool is read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from beneficiaries.enums import Modality
from beneficiaries.history_import import GRANULARITIES
from beneficiaries.import_words import TAKE_OVER_WANTED
from core.errors import DomainError
from core.text import normalise

TABLES = {"columns", "options", "modalities", "contract_types"}
OPTIONS = {"buyer", "employer", "granularity", "month", "all_sheets"}


@dataclass(frozen=True, slots=True)
class FileMapping:
    """What the mapping says: title → what the column says, and the options of the file."""

    sheet: str = ""
    header: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    modalities: dict[str, str] = field(default_factory=dict)
    contract_types: dict[str, str] = field(default_factory=dict)


def read_mapping(text: str, *, contract_types: set[str]) -> FileMapping:
    """The mapping of a TOML text. Raises DomainError, naming the key, for what Maillon does not know."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DomainError(f"Ce fichier de correspondance n’est pas du TOML : {error}.") from error
    for name in told:
        if name not in TABLES | {"sheet", "header"}:
            raise DomainError(
                f"« {name} » n’est pas connu : il y a sheet, header, {', '.join(sorted(TABLES))}."
            )
    columns = _words(told, "columns", {row.name for row in TAKE_OVER_WANTED} | {""})
    options = told.get("options", {})
    for name in options:
        if name not in OPTIONS:
            raise DomainError(f"Option « {name} » : il y a {', '.join(sorted(OPTIONS))}.")
    if options.get("granularity", "") not in {"", *GRANULARITIES}:
        raise DomainError(f"La granularité est l’une de {', '.join(GRANULARITIES)}.")
    header = told.get("header", 0)
    if not isinstance(header, int) or not 0 <= header <= 20_000:
        raise DomainError("« header » est le numéro de la ligne des titres.")
    return FileMapping(
        sheet=str(told.get("sheet", "")),
        header=header,
        columns={normalise(title): name for title, name in columns.items()},
        options=dict(options),
        modalities=_words(told, "modalities", set(Modality.values)),
        contract_types=_words(told, "contract_types", contract_types),
    )


def _words(told: Mapping[str, Any], name: str, allowed: set[str]) -> dict[str, str]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise DomainError(f'« {name} » est une table : [{name}] puis « "mot" = "code" ».')
    for word, code in table.items():
        if code not in allowed:
            raise DomainError(
                f"[{name}] « {word} » : « {code} » n’est pas l’un de {', '.join(sorted(allowed - {''}))}."
            )
    return {str(word): str(code) for word, code in table.items()}
