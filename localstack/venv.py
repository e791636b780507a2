#!/usr/bin/env python3
"""Makes the virtual environment of the local cloud.

    python3 localstack/venv.py <venv-dir> [--dev]

Every package is pinned and checked against its hash. A few come as source:
their build tools (pip, setuptools, wheel) are pinned in the same file and
installed first, and builds run without isolation, because an isolated build
would fetch unpinned tools. A second run with nothing changed returns at once.

Every Python starts with -I: `-m venv` would otherwise find this file first.
Standard library only, and runs on any Python 3.6 or later: the Python that
reads this file need not be the one that the environment is made with.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXECUTOR = HERE / "executor"
FITTING = ((3, 13), (3, 12), (3, 11))  # LocalStack 4.10.0 imports enum.StrEnum, which is newer than 3.10
BUILD_TOOLS = ("pip", "setuptools", "wheel")
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


class Failure(Exception):
    """One line for the person at the terminal: what is wrong and what to do."""


def say(text):
    print("venv: " + text, flush=True)


def find_python():
    """The newest fitting Python on PATH. Each candidate is run, because version
    managers put shims on PATH that exist but refuse to start."""
    names = ["python%d.%d" % version for version in FITTING] + ["python3", "python"]
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    without_venv = None
    for name in names:
        for folder in folders:
            path = shutil.which(name, path=folder) if folder else None
            if path is None:
                continue
            version = output_of([path, "-I", "-c", PROBE])
            if version in ["%d.%d" % fitting for fitting in FITTING]:
                return path, version
            if version is None and output_of([path, "-I", "-c", "import sys; print(sys.version_info[:2] in %r)" % (FITTING,)]) == "True":
                without_venv = path
    if without_venv:
        raise Failure(without_venv + " has no venv module: install it (Debian, Ubuntu: apt install python3-venv)")
    raise Failure("no Python 3.11, 3.12 or 3.13 on PATH: install one and run this again")


def output_of(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode().strip() if done.returncode == 0 else None


def digest(*files):
    """Of the files' content and of this folder's place: an editable install and
    a virtual environment both hold absolute paths."""
    sha = hashlib.sha256(str(HERE).encode())
    for file in files:
        sha.update(file.read_bytes())
    return sha.hexdigest()


def build_tools(requirements):
    """The blocks (pin and hashes) of the build tools in the lock file."""
    blocks = re.findall(r"(?m)^[^\s#].*\\\n(?:[ ]+--hash=.*\n)+", requirements.read_text())
    return "".join(block for block in blocks if block.split("==")[0] in BUILD_TOOLS)


def pip(python, *arguments):
    command = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode == 0:
        return
    log = done.stdout.strip()
    last = next((line for line in log.splitlines() if line.startswith("ERROR:")), log[-300:])
    # "from versions: none" for a pinned release is what pip says when it could not look.
    if re.search(r"from versions: none|NewConnectionError|ConnectTimeout|ReadTimeout|Name or service|SSLError|ProxyError|Connection", log):
        raise Failure("the package registry cannot be reached: check network and proxy, then run this again (%s)" % last)
    if "HASHES" in log:
        raise Failure("a package differs from its pinned hash, nothing was installed from it: %s" % last)
    raise Failure("pip failed: %s" % last)


def install(target, dev):
    started = time.monotonic()
    python = target / "bin" / "python"
    base, version = find_python()
    say("Python %s at %s" % (version, base))
    done = subprocess.run([base, "-I", "-m", "venv", "--clear", str(target)], stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
    if done.returncode:
        raise Failure("could not make %s: %s" % (target, done.stdout.decode().strip()[-300:]))
    say("installing the pinned packages (about a minute, once)")
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "build-tools.txt"
        first.write_text(build_tools(HERE / "requirements.txt"))
        pip(python, "--require-hashes", "-r", str(first))
    # Before the rest: LocalStack's plugin library hooks into setuptools and
    # breaks editable builds of a package that has its code under src.
    pip(python, "--no-deps", "--no-build-isolation", "--editable", str(EXECUTOR))
    lock = HERE / ("requirements-dev.txt" if dev else "requirements.txt")
    pip(python, "--require-hashes", "--no-deps", "--no-build-isolation", "-r", str(lock))
    say("ready in %.0f s: %s" % (time.monotonic() - started, target))


def main():
    parser = argparse.ArgumentParser(description="make the virtual environment of the local cloud")
    parser.add_argument("venv", type=Path)
    parser.add_argument("--dev", action="store_true", help="with pytest as well")
    arguments = parser.parse_args()
    target = Path(os.path.abspath(str(arguments.venv)))
    stamp = target / ".teei-requirements"
    wanted = [digest(HERE / "requirements.txt", EXECUTOR / "pyproject.toml")]
    if arguments.dev:  # an environment with the extras also serves whoever asks for none
        wanted.append(digest(HERE / "requirements-dev.txt"))

    def up_to_date():
        return (target / "bin" / "python").exists() and stamp.exists() and stamp.read_text().split()[: len(wanted)] == wanted

    if up_to_date():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(str(target) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if up_to_date():  # another run made it while this one waited
            return
        install(target, arguments.dev)
        stamp.write_text("\n".join(wanted) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit("venv: " + str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
