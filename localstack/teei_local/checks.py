"""What a machine must have before anything starts. Readable for Python 3.6."""

import os
import shutil
import subprocess
import sys

from teei_local.say import Problem, Step, line

NEEDED_GB = 6


def first(root):
    """The checks before the virtual environment exists; ends the process with one line when one fails."""
    steps = []
    try:
        with Step("checks", steps) as step:
            step.result = ", ".join([rust(), disk(root)])
    except Problem as problem:
        line("teei: %s" % problem)
        sys.exit(1)
    return steps


def rust():
    cargo = os.environ.get("CARGO", "cargo")
    if shutil.which(cargo) is None or shutil.which(os.environ.get("RUSTC", "rustc")) is None:
        raise Problem("cargo is not on PATH: install Rust from https://rustup.rs, open a new shell and run this again")
    # Not `cargo --version`: what stands in for cargo may be waiting for another build.
    done = subprocess.run([os.environ.get("RUSTC", "rustc"), "--version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Problem("Rust does not start: %s" % " ".join(done.stderr.decode(errors="replace").split())[:200])
    if shutil.which("cc") is None and shutil.which("gcc") is None and shutil.which("clang") is None:
        raise Problem("no C compiler on PATH, the crypto library needs one: install gcc or clang (macOS: xcode-select --install)")
    return " ".join(done.stdout.decode().split()[:2])


def disk(root):
    """The build and the environment together want about 5 GB the first time; what is there already counts."""
    free = shutil.disk_usage(root).free / 1e9
    built = os.path.isdir(os.path.join(root, "target", "release")) and os.path.isdir(os.path.join(root, ".local", "venv"))
    needed = 1 if built else NEEDED_GB
    if free < needed:
        raise Problem(
            "%.1f GB free on the disk of %s, %d GB are needed: make room (`cargo clean` and `make clean` help)" % (free, root, needed)
        )
    return "%.0f GB free" % free
