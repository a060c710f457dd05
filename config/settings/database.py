"""The database: embedded SQLite by default, PostgreSQL from DATABASE_URL."""

from config.settings.env import TESTING, VAR_DIR, env

_default = env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'maillon.sqlite3'}")
if _default["ENGINE"].endswith("sqlite3"):
    # Writers queue instead of failing; readers never wait.
    _default["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
elif not TESTING:
    _default["OPTIONS"] = {"pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8)}}
DATABASES = {"default": _default}
