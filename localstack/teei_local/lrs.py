"""Ralph, the learning-record store that the end-to-end tests ask: an environment of its own, and a running store."""

import contextlib
import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from . import settings
from .say import Problem, line

FOLDER = settings.ROOT / "tests" / "lrs"
VENV = settings.ROOT / ".local" / "lrs-venv"
LOGIN = ("teei", "opensesame")


def ensure() -> Path:
    """The environment's Python; made when it is missing or its pins changed."""
    lock, stamp, python = FOLDER / "requirements.txt", VENV / ".teei-requirements", VENV / "bin" / "python"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    line("    installing Ralph, a learning-record store")
    shutil.rmtree(VENV, ignore_errors=True)
    run([str(settings.VENV / "bin" / "python"), "-I", "-m", "venv", str(VENV)])
    run([str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(lock)])
    stamp.write_text(wanted)
    return python


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise Problem(f"Ralph's environment could not be made: {reason[:300]}")


@contextlib.contextmanager
def serve(home: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """A store of an empty folder: its endpoint, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = ensure()
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "ralph.log", "wb") as log:
        command = [str(python), "-I", str(FOLDER / "serve.py"), str(home), str(port), *LOGIN]
        # A process group's marker (settings.MARKER) is in the environment: `down` ends a store that was left.
        server = subprocess.Popen(command, env=settings.child_env(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        patience = time.time() + 60
        while not listens(port):
            if server.poll() is not None or time.time() > patience:
                raise Problem("Ralph did not start", str(home / "ralph.log"))
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/xAPI", server
    finally:
        server.kill()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
