"""What the tests outside Rust and Python need of the machine: Chromium, Node, LibreOffice.

As root on Debian or Ubuntu what is missing is installed; otherwise one line says what is missing. The packages of
`tests/browser` and `tests/contracts` come from their lock files.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import settings, tokens
from .say import Problem, line

BROWSER_TESTS = settings.ROOT / "tests" / "browser"
CONTRACT_TESTS = settings.ROOT / "tests" / "contracts"
# Programs of which one is enough, and the package that brings it.
NEEDED = (
    (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    (("node",), "nodejs"),
    (("npm",), "npm"),
    (("soffice", "libreoffice"), "libreoffice-calc"),
)
NODE = 20  # what puppeteer-core and node's own test runner want
COUNT = re.compile(r"^(?:ℹ|#) (pass|fail|cancelled|skipped) (\d+)$", re.M)


def missing() -> list[str]:
    """Packages whose programs are not on PATH."""
    found = [] if os.environ.get("CHROMIUM") else list(NEEDED[:1])
    return [package for programs, package in found + list(NEEDED[1:]) if not any(map(shutil.which, programs))]


def ensure() -> None:
    """Installs what is missing where that is allowed; a Problem in one line where it is not."""
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        line(f"    installing {', '.join(packages)}")
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]):
            done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode:
                raise Problem(f"{' '.join(command[:2])} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:200]}")
        packages = missing()
    if packages:
        raise Problem(f"missing for the browser and spreadsheet tests: {', '.join(packages)} (Debian, Ubuntu: apt-get install {' '.join(packages)})")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0] or 0) < NODE:
        raise Problem(f"node {version} is too old for the browser tests: install {NODE} or later")


def packages(folder: Path) -> None:
    """A folder's npm packages as locked; nothing to do when they are there."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"npm ci failed in {folder.relative_to(settings.ROOT)}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:200]}")
    stamp.touch()


def browser(api_url: str | None = None) -> tuple[int, int, int]:
    """Runs the browser tests, on the stack at this address or on the page's fake API: (exit code, passed, failed)."""
    ensure()
    env = {"TEEI_BASE_URL": api_url, "TEEI_TOKEN": tokens.token("admin")} if api_url else {}
    return node_tests(BROWSER_TESTS, env)


def contracts() -> tuple[int, int, int]:
    """Runs the tests of the contracts outside Rust: (exit code, passed, failed)."""
    ensure()
    return node_tests(CONTRACT_TESTS, {})


def node_tests(folder: Path, more: dict[str, str]) -> tuple[int, int, int]:
    """Runs a folder's tests with node's own runner: (exit code, passed, failed)."""
    packages(folder)
    command = ["node", "--test", "--test-concurrency=1", "--test-reporter=spec"]
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("*.test.mjs"))
    # A process group's marker (settings.MARKER) is in the environment: `down` ends a browser that was left.
    env = settings.child_env(**more)
    child = subprocess.Popen([*command, *files], cwd=folder, env=env, stdout=subprocess.PIPE, text=True, errors="replace")
    output = []
    try:
        for text in child.stdout:
            print(text, end="", flush=True)
            output.append(text)
        code = child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    counts = {name: int(n) for name, n in COUNT.findall("".join(output))}
    return code, counts.get("pass", 0), counts.get("fail", 0) + counts.get("cancelled", 0)
