"""Apply the retention rules, or say what they would do: `manage.py apply_retention --dry-run`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from beneficiaries.models import RetentionRun
from beneficiaries.retention import Step
from beneficiaries.services.retention import FILES, PARTS, STEP_LABELS, apply_rules, make_plan, told


class Command(BaseCommand):
    help = (
        "Applique les durées de conservation : archive restreinte, justificatifs effacés, anonymisation. "
        "Avec --dry-run, dit seulement ce qui serait fait."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="ne rien faire, dire ce qui serait fait")
        parser.add_argument("--by", metavar="COURRIEL", help="le compte d’administration qui le décide")
        parser.add_argument(
            "--step",
            action="append",
            choices=PARTS,
            dest="parts",
            help="une étape seulement (peut être répété) ; toutes sans elle",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        parts = options["parts"] or list(PARTS)
        plan = make_plan(today)
        if options["dry_run"]:
            for part in parts:
                label = STEP_LABELS[Step(part)] if part != FILES else "fichiers et candidatures à effacer"
                self.stdout.write(f"{label} : {plan.count(part)}")
            for words, count in plan.held_by:
                self.stdout.write(f"gardées, {words} : {count}")
            return
        # What cannot be undone is decided by someone, and the report says by whom.
        by = User.objects.filter(email=(options["by"] or "").lower(), role=Role.ADMIN, is_active=True).first()
        if by is None:
            raise CommandError(
                "Dites qui le décide : --by suivi du courriel d’un compte d’administration en service."
            )
        run = apply_rules(run=RetentionRun.objects.create(made_by=by), parts=parts, today=today)
        for label, count in told(run).items():
            self.stdout.write(f"{label} : {count}")
        self.stdout.write(f"Rapport : {run.report.name}" if run.report else "Sans rapport.")
