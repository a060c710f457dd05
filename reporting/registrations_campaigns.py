"""What campaigns say to the other rooms: their section, their jobs, their archive, what each day looks for."""

from __future__ import annotations

from core.files import register_file_kind
from core.jobs import register_job_end, register_job_link
from core.registry import Section, register_daily, register_section
from reporting import campaign_jobs
from reporting.services import batches


def register_campaigns() -> None:
    """Called once, in AppConfig.ready()."""
    register_section("bilans", Section("Bilans", "bilan_list", 10))
    register_section("bilans", Section("Campagnes", "campaign_list", 20))
    register_file_kind(campaign_jobs.ARCHIVE_KIND, may_open=lambda user, stored: user.is_house_staff)
    register_job_link("open_bilans", campaign_jobs.link_to_campaign)
    register_job_link("campaign_due_date", campaign_jobs.link_to_campaign)
    register_job_link("publish_batch", campaign_jobs.link_to_batch)
    register_job_link("batch_archive", campaign_jobs.link_to_batch)
    register_job_end("publish_bilan", batches.after_publication)
    register_daily("Archives des publications groupées", batches.archives_left)
