"""What the imports tell the others when they start: their section, their job, who opens their files, the daily work."""

from __future__ import annotations

from beneficiaries import import_jobs
from beneficiaries.services.imports import FILE_KIND
from core.files import register_file_kind
from core.jobs import register_job_link
from core.registry import Section, register_daily, register_section


def register() -> None:
    """Called once, when the application starts."""
    register_section("hours", Section("Imports", "import_list", 30))
    register_file_kind(FILE_KIND, may_open=import_jobs.may_open)
    register_job_link(import_jobs.KIND, import_jobs.link_to_import)
    register_daily("Imports oubliés", import_jobs.forget)
