"""One cargo call for all binaries, then a folder with `bootstrap` for each, as the template's CodeUri expects."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import settings
from .say import Problem, Step, short

CARGO = os.environ.get("CARGO", "cargo")
LOG = settings.LOGS / "build.log"
# No functions. Built in the same call, their features of shared crates would be in every function (the Makefile leaves
# them out too).
TOOLS = ("contract-check", "tests")
PROGRESS = re.compile(r"(\d+)/(\d+)(?:: (.*))?")


def environment() -> dict[str, str]:
    # Without it the crypto library gathers CPU jitter for 40 ms of every cold start; the system's random source stays.
    env = settings.child_env(AWS_LC_SYS_NO_JITTER_ENTROPY="1", CARGO_TERM_PROGRESS_WHEN="always", CARGO_TERM_PROGRESS_WIDTH="120")
    env.pop(settings.MARKER)  # a compiler is no part of the stack: `down` leaves it alone
    return env | {"CARGO_TERM_COLOR": "never"}


def metadata() -> dict:
    done = subprocess.run(
        [CARGO, "metadata", "--format-version", "1", "--no-deps", "--offline"],
        cwd=settings.ROOT, capture_output=True, text=True, env=environment(),
    )
    if done.returncode:
        raise Problem(f"cargo cannot read the workspace: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def binaries() -> tuple[Path, list[str]]:
    """(target folder, names of the functions' binaries)."""
    workspace = metadata()
    functions = [package for package in workspace["packages"] if package["name"] not in TOOLS]
    names = [t["name"] for package in functions for t in package["targets"] if "bin" in t["kind"]]
    return Path(workspace["target_directory"]), sorted(names)


def build(step: Step) -> dict[str, str]:
    """Builds all; {binary: sha256 of its bootstrap}."""
    target, names = binaries()
    if not names:
        raise Problem("the workspace has no binaries to build")
    compile_all(step)
    shas = {name: install(target / "release" / name, settings.ROOT / "target" / "lambda" / name) for name in names}
    step.result = f"{len(names)} binaries"
    return shas


def compile_all(step: Step) -> None:
    """One call, because the many crates of the SDK are then built once."""
    with open(LOG, "w") as log:
        cargo = subprocess.Popen(
            [CARGO, "build", "--release", "--bins", "--workspace", *(f"--exclude={tool}" for tool in TOOLS)], cwd=settings.ROOT, env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
        )
        try:
            for text in cargo.stderr:  # universal newlines: a redrawn progress bar is a line too
                text = text.strip()
                if text.startswith("Building ["):
                    found = PROGRESS.search(text.split("]", 1)[-1])
                    if found:
                        step.now(f"{found[1]} of {found[2]} crates  {(found[3] or '')[:60]}")
                elif text:
                    log.write(text + "\n")
                    if text.startswith(("Blocking", "Downloading", "Updating")):
                        step.now(text[:80])
            code = cargo.wait()
        except BaseException:
            cargo.terminate()
            cargo.wait()
            raise
    if code:
        errors = [text for text in LOG.read_text(errors="replace").splitlines() if text.startswith("error")]
        raise Problem(f"the build failed: {errors[0] if errors else f'cargo answered {code}'}", short(LOG))


def install(built: Path, folder: Path) -> str:
    """Copies a binary to `folder`/bootstrap if it differs; its sha256. A stamp spares reading 13 MB that did not change."""
    bootstrap, stamp = folder / "bootstrap", folder.parent / f".{folder.name}.stamp"
    if stamp.exists():
        seen, _, sha = stamp.read_text().rpartition(" ")
        if seen == mark(built, bootstrap):
            return sha
    sha = hashlib.sha256(built.read_bytes()).hexdigest()
    if not bootstrap.exists() or hashlib.sha256(bootstrap.read_bytes()).hexdigest() != sha:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / ".bootstrap"  # beside and renamed: whoever runs the old file keeps it
        shutil.copyfile(built, fresh)
        fresh.chmod(0o755)
        fresh.replace(bootstrap)
    stamp.write_text(f"{mark(built, bootstrap)} {sha}")
    return sha


def mark(*files: Path) -> str:
    """Of both files: `cargo lambda build` writes to the same place."""
    return " ".join(f"{f.stat().st_mtime_ns}:{f.stat().st_size}" if f.exists() else "none" for f in files)
