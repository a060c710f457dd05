"""Celery's side of core.jobs: it claims the same rows."""

from celery import shared_task

from core import daily, jobs

# A long queue only waits: handing all of it over each minute would fill the broker with the same jobs.
HANDED_OVER_AT_ONCE = 50


@shared_task(name="core.run_job", acks_late=True, ignore_result=True)
def run_job(pk: int) -> None:
    """Do one job, if it still waits."""
    jobs.run_job(pk)


@shared_task(name="core.take_up_stale_jobs", ignore_result=True)
def take_up_stale_jobs() -> None:
    """Hand over again the jobs of dead workers and those that the broker never got."""
    jobs.give_up_broken()
    for pk in jobs.waiting_jobs(only_forgotten=True)[:HANDED_OVER_AT_ONCE]:
        run_job.delay(pk)


@shared_task(name="core.run_daily", ignore_result=True)
def run_daily_works() -> None:
    """What `manage.py remind` does, for installations with Celery beat."""
    daily.run_daily()
