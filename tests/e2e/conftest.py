"""The running stack, as the tests see it.

They need one: `make up` (then `.local/stack.json` is theirs) or `make test`, which
brings its own. Without a stack they fail; a test that did not run proves nothing.
"""

import json
import os
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STACK_FILE = Path(os.environ.get("TEEI_STACK_FILE") or ROOT / ".local" / "stack.json")
os.environ["TEEI_HOME"] = str(STACK_FILE.parent)
sys.path.append(str(ROOT / "localstack"))  # at the end: its venv.py must not hide Python's own

from teei_local import settings, sql  # noqa: E402
from teei_local.api import Api  # noqa: E402

from catcher import Catcher  # noqa: E402

settings.quiet_environment()


@pytest.fixture(scope="session")
def stack() -> dict:
    if not STACK_FILE.exists():
        pytest.exit(f"{STACK_FILE} is missing: no stack is up, run `make up` or `make test`", returncode=3)
    return json.loads(STACK_FILE.read_text())


@pytest.fixture(scope="session")
def db(stack: dict) -> sql.Database:
    """The owner's connection: sees every table, the vault's sealed bytes as well."""
    return sql.Database(stack["database_url"])


@pytest.fixture(scope="session")
def api(stack: dict) -> Api:
    return Api("admin", stack["api_url"])


@pytest.fixture(scope="session")
def bus(stack: dict):
    """Catches everything on the bus from now on."""
    catcher = Catcher(stack["event_bus"])
    yield catcher
    catcher.close()


@pytest.fixture
def mark() -> str:
    """Makes a test's people and sessions its own."""
    return uuid.uuid4().hex[:10]
