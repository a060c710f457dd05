"""`bin/bench`: measures the project against its baselines on throw-away territories; JSON on standard output.

This process stays small: the peak of a child's memory is never below that of the parent it was started from.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import batch, territory_year
from bench.territory import CACHE, ROOT, environment, make, sqlite_territory

MOST_MEGABYTES = 300
PARTS = (
    "indicators",
    "grid",
    "lists",
    "queries",
    "pdf",
    "recount",
    "checks",
    "search",
    "people",
    "board",
    "market",
    "import",
    "territory",
)


def measure(env: dict[str, str], only: list[str]) -> dict[str, Any]:
    """What `bench.measure` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.measure", "--only", *only],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def memory_of_make_bilan(env: dict[str, str], buyer: str, year: int) -> dict[str, Any]:
    """Publish one bilan with its three files in a process of its own, and look at the most it held."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"--{kind}={folder}/bilan.{kind}" for kind in ("pdf", "xlsx", "json")]
        command = [sys.executable, "manage.py", "make_bilan", "--buyer", buyer, "--year", str(year), *files]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        sizes = {path.suffix[1:]: path.stat().st_size // 1024 for path in sorted(Path(folder).iterdir())}
    megabytes = usage.ru_maxrss / 1024
    return {
        "name": "memory of make_bilan",
        "bilan": [buyer, year],
        "kilobytes": sizes,
        "value": round(megabytes),
        "bound": MOST_MEGABYTES,
        "ok": megabytes <= MOST_MEGABYTES,
    }


def on_sqlite(size: str, only: list[str], *, fresh: bool, most: int) -> dict[str, Any]:
    folder, seconds = sqlite_territory(size, fresh=fresh)
    env = environment(folder, None)
    found = measure(env, only)
    if not only or "memory" in only:
        # On a copy: the territory stays as it was made.
        with tempfile.TemporaryDirectory(dir=CACHE) as copy:
            source, target = (sqlite3.connect(Path(place) / "maillon.sqlite3") for place in (folder, copy))
            source.backup(target)
            source.close()
            target.close()
            found["measures"].append(memory_of_make_bilan(environment(Path(copy), None), *found["to_make"]))
    if "batch" in only:
        with tempfile.TemporaryDirectory(dir=CACHE) as copy:
            found["measures"] += batch.measures(batch.copy_of(env, Path(copy), ""), most)
    return found | {"made_in_seconds": seconds}


def on_postgresql(size: str, only: list[str], most: int) -> dict[str, Any]:
    """In a cluster that lives as long as the measure, or in the empty database of BENCH_DATABASE_URL."""
    command = [
        sys.executable,
        "-m",
        "bench.run",
        "--inside",
        "--size",
        size,
        "--bilans",
        str(most),
        "--only",
        *only,
    ]
    if not os.environ.get("BENCH_DATABASE_URL"):
        if not shutil.which("pg_virtualenv"):
            return {"left_out": "neither pg_virtualenv nor BENCH_DATABASE_URL"}
        command = ["pg_virtualenv", "-t", *command]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    # pg_virtualenv speaks before and after.
    return json.JSONDecoder().raw_decode(done.stdout, done.stdout.index("{"))[0]


def inside_postgresql(size: str, only: list[str], most: int) -> dict[str, Any]:
    url = os.environ.get(
        "BENCH_DATABASE_URL"
    ) or "postgres://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/postgres".format(**os.environ)
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder), url)
        seconds = make(size, env)
        found = measure(env, only)
        if not only or "memory" in only:
            found["measures"].append(memory_of_make_bilan(env, *found["to_make"]))
        if "batch" in only:
            # The last one: it publishes everything.
            found["measures"] += batch.measures(env, most)
    return found | {"made_in_seconds": seconds}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--size", choices=("small", "mmie", "france"), default="mmie")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--fresh", action="store_true", help="make the SQLite territory again")
    parser.add_argument(
        "--only", nargs="*", default=[], choices=(*PARTS, "memory", "batch"), help="some measures only"
    )
    parser.add_argument(
        "--bilans",
        type=int,
        default=batch.MANY,
        help="for `batch`, which is measured when asked for only: how many",
    )
    parser.add_argument(
        "--against", metavar="FILE", help="the JSON of a run at a smaller size, for how the same buyer grows"
    )
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        json.dump(inside_postgresql(options.size, options.only, options.bilans), sys.stdout)
        return 0
    found: dict[str, Any] = {
        "command": " ".join(["bin/bench", *sys.argv[1:]]),
        "on": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "machine": {
            "processors": os.cpu_count(),
            "load": [round(value, 1) for value in os.getloadavg()],
            "python": platform.python_version(),
        },
        "size": options.size,
    }
    for database in ("sqlite", "postgresql"):
        if options.database in (database, "both"):
            print(f"→ {database}", file=sys.stderr, flush=True)
            if database == "sqlite":
                found[database] = on_sqlite(
                    options.size, options.only, fresh=options.fresh, most=options.bilans
                )
            else:
                found[database] = on_postgresql(options.size, options.only, options.bilans)
            found[database]["measures"] = territory_year.judged(
                found[database].get("measures", []), options.size, database, options.against
            )
    failed = [
        f"{database}: {row['name']}"
        for database in ("sqlite", "postgresql")
        for row in found.get(database, {}).get("measures", ())
        if not row.get("ok", True)
    ]
    found["ok"], found["not_held"] = not failed, failed
    found["machine"]["load_after"] = [round(value, 1) for value in os.getloadavg()]
    print(json.dumps(found, ensure_ascii=False, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
