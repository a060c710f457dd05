"""A job that works until a file appears: loaded into the real worker, so that a test can kill it in the middle."""

import time
from pathlib import Path

from core.jobs import RunningJob, job


@job("wait_for_file")
def wait_for_file(running: RunningJob) -> None:
    for step in range(1, 600):
        running.progress(step)
        if Path(running.payload["file"]).exists():
            return
        time.sleep(0.1)
