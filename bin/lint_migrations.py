"""Lints the migrations of our own apps only: third-party ones are not ours to mend."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main(apps: list[str]) -> int:
    import django

    django.setup()
    from django_migration_linter import MigrationLinter

    linter = MigrationLinter(
        str(ROOT),
        include_apps=apps,
        no_cache=True,
        ignore_initial_migrations=True,
        # An update stops the application first (docs/deployment.md): the former code never meets a column that it
        # does not fill, nor writes beside a new uniqueness.
        exclude_migration_tests=["NOT_NULL", "ADD_UNIQUE"],
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return int(linter.has_errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
