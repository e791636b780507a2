"""Where things are and what they are called, for one stack.

| variable | default | meaning |
|---|---|---|
| TEEI_HOME | .local | folder of one stack; a second folder is a second stack |
| TEEI_PG_PORT | 54329, or the next free | port of the embedded Postgres |
| TEEI_AWS_PORT | 4566, or the next free | port of LocalStack |
| DATABASE_URL | – | use this Postgres (the owner's URL) instead of the embedded one |
| AWS_ENDPOINT_URL | – | use this LocalStack instead of starting one |
| TEEI_WIPE | – | `yes`: allow `up` to drop an earlier stack's schemas in DATABASE_URL |
| TEEI_PARAMETERS | – | further template parameters, `Name=value Name=value` |
| TEEI_TMP | /tmp | where Postgres goes when run as root from a folder nobody else may enter |
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".local" / "venv"
HOME = Path(os.path.realpath(os.environ.get("TEEI_HOME") or ROOT / ".local"))
LOGS = HOME / "logs"
KEYS = HOME / "keys"
TEMPLATE = ROOT / "template.yaml"
EVENTS = ROOT / "events"
FIXTURES = ROOT / "tests" / "fixtures"

STAGE = "local"
STACK = "teei-local"
REGION = "eu-north-1"
ACCOUNT = "000000000000"
ISSUER = "https://login.teei.test/local"
AUDIENCE = "teei-api"
API_STAGE = "live"

# Every process of a stack carries this variable, so that `down` finds it without a pid file.
MARKER = "TEEI_STACK"

OWN_DATABASE = "DATABASE_URL" not in os.environ
OWN_CLOUD = "AWS_ENDPOINT_URL" not in os.environ


def child_env(**more: str) -> dict[str, str]:
    """The environment of a process we start: the caller's, without what would lead it astray."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    env = {name: value for name, value in os.environ.items() if name not in dropped and not name.startswith("PG")}
    env[MARKER] = str(HOME)
    env["NO_PROXY"] = ",".join(filter(None, [env.get("NO_PROXY") or env.get("no_proxy"), "127.0.0.1,localhost"]))
    env["no_proxy"] = env["NO_PROXY"]
    return env | more


def prepare() -> None:
    """The stack's folders, and this process's own environment."""
    for folder in (HOME, LOGS, KEYS, HOME / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    KEYS.chmod(0o700)
    quiet_environment()


def quiet_environment() -> None:
    """The user's own AWS settings and proxies must not reach calls to 127.0.0.1."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = child_env()["NO_PROXY"]
