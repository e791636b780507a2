"""All tests from nothing, on a stack of their own that is gone afterwards, also when interrupted."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from . import build, down, lrs, postgres, processes, settings, tools
from .say import Problem, clock, line

PASSED = re.compile(r"(\d+) passed")
FAILED = re.compile(r"(\d+) failed")


def database() -> str:
    """Starts a Postgres of this stack's folder; its superuser's URL."""
    settings.prepare()
    postgres.start()
    return postgres.url("postgres", "postgres")


def everything() -> int:
    return guarded(
        ("tools for the tests", need_tools),
        ("unit and integration", cargo_tests),
        ("process executor", executor_tests),
        ("the contracts outside Rust", contract_tests),
        ("the page in a browser", page_alone),
        ("a stack for the end-to-end tests", stack_up),
        ("end to end", end_to_end),
        ("the page on the stack", page_on_stack),
    )


def fast() -> int:
    return guarded(("unit and integration", cargo_tests))


def generate() -> int:
    """Refreshes generated files: the tests that compare them write them instead."""
    return guarded(("generated files", generated))


def generated() -> str | None:
    env = build.environment() | {"TEST_DATABASE_URL": database(), "UPDATE_GENERATED": "1", "CARGO_TERM_PROGRESS_WHEN": "auto"}
    return verdict(*run([build.CARGO, "test", "-q", "--workspace", "generated"], env))


def guarded(*stages) -> int:
    """Runs the stages on an empty folder, ends every process whatever happens, and sums up."""
    home = settings.HOME
    if home == settings.ROOT / ".local":
        raise Problem("tests want a folder of their own: unset TEEI_HOME or set it to another")
    empty()
    results, started = [], time.time()
    try:
        for name, stage in stages:
            line(f"\n── {name}")
            begun, before = time.time(), len(results)
            try:
                count = stage()
                results.append((name, count is not None, count or "failed", time.time() - begun))
            except Problem as problem:
                line(f"teei: {problem}")
                results.append((name, False, str(problem).splitlines()[0], time.time() - begun))
            if name.startswith("a stack") and not results[before][1]:
                results.append(("end to end", False, "no stack to run on", 0.0))
                break
    except KeyboardInterrupt:
        results.append(("interrupted", False, "", 0.0))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second ctrl-C must not leave anything running
        down.stop()
    left = processes.of_stack(home)
    results.append(("nothing left running", not left, f"{len(left)} processes left" if left else "", 0.0))
    line("\n── summary")
    for name, good, text, seconds in results:
        line(f"  {'✓' if good else '✗'} {name:<34} {clock(seconds):>10}  {text}")
    good = all(result[1] for result in results)
    line(f"\n{'all good' if good else 'something failed'} in {clock(time.time() - started)}")
    return 0 if good else 1


def empty() -> None:
    """Ends what runs on the tests' folder, and empties it."""
    down.stop()
    for child in settings.HOME.glob("*"):
        if child.name != "zips":  # named by content, so still true
            shutil.rmtree(child) if child.is_dir() else child.unlink()
    settings.prepare()


def run(command: list[str], env: dict[str, str]) -> tuple[int, int, int]:
    """Runs a command in the open; (exit code, tests passed, tests failed) as its output counts them."""
    passed = failed = 0
    child = subprocess.Popen(command, cwd=settings.ROOT, env=env, stdout=subprocess.PIPE, text=True, errors="replace")
    try:
        for text in child.stdout:
            sys.stdout.write(text)
            sys.stdout.flush()
            if text.startswith("test result:") or re.match(r"=*\s*(\d+ (passed|failed|error|skipped))", text):
                passed += sum(map(int, PASSED.findall(text)))
                failed += sum(map(int, FAILED.findall(text)))
        return child.wait(), passed, failed
    except BaseException:
        child.terminate()
        child.wait()
        raise


def verdict(code: int, passed: int, failed: int) -> str | None:
    """None for a failure. No test at all is one: a suite that ran nothing proves nothing."""
    if code or failed or not passed:
        line(f"    {failed} failed, {passed} passed, exit code {code}")
        return None
    return f"{passed} passed"


def cargo_tests() -> str | None:
    url = database()
    env = build.environment() | {"TEST_DATABASE_URL": url, "CARGO_TERM_PROGRESS_WHEN": "auto"}
    return verdict(*run([build.CARGO, "test", "--workspace", "--no-fail-fast"], env))


def need_tools() -> str | None:
    """Chromium, Node and LibreOffice, which three parts of the suite drive, and the store that courses are asked of."""
    tools.ensure()
    tools.packages(tools.BROWSER_TESTS)
    tools.packages(tools.CONTRACT_TESTS)
    lrs.ensure()
    return "ready"


def contract_tests() -> str | None:
    return verdict(*tools.contracts())


def page_alone() -> str | None:
    return verdict(*tools.browser())


def page_on_stack() -> str | None:
    return verdict(*tools.browser(json.loads((settings.HOME / "stack.json").read_text())["api_url"]))


def executor_tests() -> str | None:
    return verdict(*pytest("localstack/executor/tests"))


def stack_up() -> str | None:
    empty()  # the server of the tests before knows roles with other passwords
    # The crash tests wait for a killed function's message to come again.
    short_retries = "ImportSeconds=10 ImportRetrySeconds=10 EventSeconds=5 EventRetrySeconds=5"
    env = os.environ | {"TEEI_HOME": str(settings.HOME), "TEEI_PARAMETERS": short_retries}
    child = subprocess.run([sys.executable, "-m", "teei_local", "up"], cwd=settings.ROOT, env=env, stdout=subprocess.DEVNULL)
    return "ready" if child.returncode == 0 else None


def end_to_end() -> str | None:
    return verdict(*pytest("tests/e2e", TEEI_STACK_FILE=str(settings.HOME / "stack.json")))


def pytest(folder: str, **more: str) -> tuple[int, int, int]:
    env = settings.child_env(TEEI_HOME=str(settings.HOME), **more)
    return run([sys.executable, "-m", "pytest", "-q", "--color=yes" if sys.stdout.isatty() else "--color=no", folder], env)
