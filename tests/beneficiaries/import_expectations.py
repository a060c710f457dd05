"""What each role gets at the addresses of imports: the house's alone."""

from __future__ import annotations

from typing import Any

from beneficiaries.models import DataImport
from beneficiaries.services.imports import check_import, receive_import
from tests.expectations import HOUSE_FORM, HOUSE_ONLY, Expectations, Kwargs

EXPECTED: Expectations = {
    "import_list": HOUSE_ONLY,
    "import_create": HOUSE_ONLY,
    "import_detail": HOUSE_ONLY,
    "import_columns": HOUSE_ONLY,
    "import_refused": HOUSE_ONLY,
    "import_decide": HOUSE_FORM,
    "import_decide_all": HOUSE_FORM,
    "import_do": HOUSE_FORM,
}


def tried_import() -> DataImport:
    """An import that was tried and wrote nothing yet."""
    content = "Nom;Prénom;Mois;Heures\nDupont;Jean;03/2025;100\n".encode()
    row = receive_import(kind="hours", name="heures.csv", content=content, user=None)
    check_import(row, user=None)
    row.refresh_from_db()
    return row


def _of_import(cast: Any) -> dict[str, Any]:
    return {"pk": tried_import().pk}


KWARGS: Kwargs = {
    **dict.fromkeys(("import_detail", "import_columns", "import_refused", "import_decide_all"), _of_import),
    "import_do": lambda cast: {"pk": tried_import().pk, "what": "load"},
    "import_decide": lambda cast: {"pk": tried_import().lines.get().pk},
}
