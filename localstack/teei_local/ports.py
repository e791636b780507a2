"""Free ports: the one asked for, else the last used, else the default or the next free one."""

import json
import os
import socket

from . import settings
from .say import Problem, line

FILE = settings.HOME / "ports.json"
# A second stack starts looking elsewhere, so that the first finds its own ports free.
APART = 0 if settings.HOME == settings.ROOT / ".local" else 100
DEFAULTS = {"TEEI_PG_PORT": 54329 + APART, "TEEI_AWS_PORT": 4566 + APART}


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def recorded() -> dict[str, int]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def port(variable: str) -> int:
    """The port in use by this stack, or the one it would try first."""
    return int(os.environ.get(variable) or recorded().get(variable) or DEFAULTS[variable])


def choose(variable: str, what: str) -> int:
    """A free port for `what`; remembered for the commands that come after."""
    wanted = os.environ.get(variable)
    if wanted:
        if not wanted.isdigit() or not 1024 <= int(wanted) <= 65535:
            raise Problem(f"{variable}={wanted} is no port: use a number from 1024 to 65535")
        chosen = int(wanted)
        if not free(chosen):
            raise Problem(f"port {chosen} is taken: set {variable} to a free one for {what} (or leave it unset)")
    else:
        first = recorded().get(variable, DEFAULTS[variable])
        chosen = next((p for p in range(first, first + 200) if free(p)), 0)
        if not chosen:
            raise Problem(f"ports {first} to {first + 199} are all taken: set {variable} to a free one for {what}")
        if chosen != first:
            line(f"    port {first} is taken, {what} takes {chosen} (set {variable} to choose another)")
    FILE.write_text(json.dumps(recorded() | {variable: chosen}))
    return chosen
