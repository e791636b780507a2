"""What the browser tests and the spreadsheet test need of the machine: Chromium, Node, LibreOffice.

As root on Debian or Ubuntu what is missing is installed; otherwise one line says what is missing. The packages of
`tests/browser` come from its lock file.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import settings, tokens
from .say import Problem, line

BROWSER_TESTS = settings.ROOT / "tests" / "browser"
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


def packages() -> None:
    """The test's npm packages as locked; nothing to do when they are there."""
    lock, stamp = BROWSER_TESTS / "package-lock.json", BROWSER_TESTS / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=BROWSER_TESTS, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"npm ci failed in tests/browser: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:200]}")
    stamp.touch()


def browser(api_url: str | None = None) -> tuple[int, int, int]:
    """Runs the browser tests, on the stack at this address or on the page's fake API: (exit code, passed, failed)."""
    ensure()
    packages()
    env = settings.child_env()
    if api_url:
        env |= {"TEEI_BASE_URL": api_url, "TEEI_TOKEN": tokens.token("admin")}
    command = ["node", "--test", "--test-concurrency=1", "--test-reporter=spec"]
    files = sorted(str(path.relative_to(BROWSER_TESTS)) for path in Path(BROWSER_TESTS).glob("*.test.mjs"))
    # A process group's marker (settings.MARKER) is in `env`: `down` ends a browser that was left.
    child = subprocess.Popen([*command, *files], cwd=BROWSER_TESTS, env=env, stdout=subprocess.PIPE, text=True, errors="replace")
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
