"""Runs a `bootstrap`, or the zip that holds one, with events from files.

    python -m teei_process_executor.run <bootstrap-or-zip> --event FILE [--event FILE …]

One line an event on standard output: the response, or with --json the
response with the timings. The function's own output goes to standard error.
Ends with 1 when an invocation failed, with 2 when it could not be run.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from .environment import reserved
from .package import BadPackage, unpack
from .sandbox import Function, Outcome, Sandbox


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m teei_process_executor.run", description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path, metavar="bootstrap-or-zip")
    parser.add_argument("--event", type=Path, action="append", required=True, metavar="FILE", help="- for standard input; repeat for several, in order, in one process")
    parser.add_argument("--env", action="append", default=[], metavar="K=V", help="what the template would set; nothing else is inherited")
    parser.add_argument("--timeout", type=float, default=30, metavar="S", help="time limit of an invocation in seconds")
    parser.add_argument("--memory", type=int, default=128, metavar="MB")
    parser.add_argument("--name", default="local", help="function name")
    parser.add_argument("--json", action="store_true", help="JSON lines with timings")
    options = parser.parse_args(arguments)
    if wrong := [pair for pair in options.env if "=" not in pair]:
        parser.error(f"--env takes K=V, not {wrong[0]!r}")
    try:
        events = [sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes() for file in options.event]
        with tempfile.TemporaryDirectory(prefix="teei-run-") as folder:
            bootstrap = locate(options.program.resolve(), Path(folder))
            sandbox = Sandbox(
                Function(
                    bootstrap=bootstrap,
                    env={
                        **reserved(name=options.name, task_root=bootstrap.parent, memory_mb=options.memory),
                        **dict(pair.split("=", 1) for pair in options.env),
                    },
                    timeout_seconds=options.timeout,
                    memory_mb=options.memory,
                )
            )
            try:
                return run(sandbox, events, options.json)
            finally:
                sandbox.stop()
    except (OSError, BadPackage) as error:
        print(f"run: {error}", file=sys.stderr)
        return 2


def locate(program: Path, folder: Path) -> Path:
    with open(program, "rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if is_zip:
        return unpack(program, folder / "task")
    if not os.access(program, os.X_OK):
        raise BadPackage(f"{program} is neither executable nor a zip")
    return program


def run(sandbox: Sandbox, events: list[bytes], as_json: bool) -> int:
    failed = False
    for event in events:
        outcome = sandbox.invoke(event)
        failed = failed or outcome.error_type is not None
        sys.stderr.write(outcome.logs)
        sys.stderr.flush()
        print(json.dumps(as_line(outcome)) if as_json else outcome.payload.decode(errors="replace"), flush=True)
    return 1 if failed else 0


def as_line(outcome: Outcome) -> dict[str, object]:
    """`first_poll_ms` (process start to first poll) only where this invocation started the process."""
    try:
        response = json.loads(outcome.payload) if outcome.payload else None
    except ValueError:
        response = outcome.payload.decode(errors="replace")
    return {
        "request_id": outcome.request_id,
        "error_type": outcome.error_type,
        "first_poll_ms": None if outcome.init_ms is None else round(outcome.init_ms, 3),
        "invoke_ms": round(outcome.duration_ms, 3),
        "peak_rss_kb": outcome.peak_memory_kb,
        "response": response,
    }


if __name__ == "__main__":
    sys.exit(main())
