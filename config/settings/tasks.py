"""Who works the core.Job rows: a thread of the web process, or Celery where a broker is set."""

from celery.schedules import crontab

from config.settings.env import TESTING, env

REDIS_URL = env.str("REDIS_URL", default="")
# "inline" in tests and commands, "celery" with a broker, "thread" otherwise.
JOBS_RUNNER = "inline" if TESTING else ("celery" if REDIS_URL else "thread")
# A running job without a sign of life for so long is taken up by another process; one that nobody took is handed over again.
JOBS_STALE_SECONDS = env.int("JOBS_STALE_SECONDS", default=120)
JOBS_FORGOTTEN_SECONDS = env.int("JOBS_FORGOTTEN_SECONDS", default=60)
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# In kilobytes: a process that has passed it gives its place after its job, well before the 300 MB that it may take.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "take-up-stale-jobs": {"task": "core.take_up_stale_jobs", "schedule": 60.0},
    # Before the day begins; `manage.py remind` is the same work for installations without a broker.
    "run-daily": {"task": "core.run_daily", "schedule": crontab(hour=6, minute=15)},
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL and not TESTING
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
