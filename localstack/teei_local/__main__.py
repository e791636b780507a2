"""Entry: `python -m teei_local <command>` with any Python 3.6 or later.

Makes the virtual environment when a command needs it, then hands over to the
same command inside it. Only this file and what it imports here must stay
readable for an old Python; the rest runs on 3.10 or later.
"""

import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".local", "venv")
# These work without the environment: they must, when it is gone.
WITHOUT_VENV = ("down", "clean")
# These may take the minute to make it; the others only look at what an earlier one started.
MAKE_VENV = ("up", "test", "test-fast", "testdb", "generate", "bench", "bench-load", "venv")


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in ("test", "test-fast", "testdb", "generate"):
        # Tests run beside a stack that is up, in a folder and on ports of their own.
        os.environ.setdefault("TEEI_HOME", os.path.join(ROOT, ".local", "test"))
    if command == "bench-load":
        os.environ.setdefault("TEEI_HOME", os.path.join(ROOT, ".local", "bench"))
    inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if not inside and command in WITHOUT_VENV:
        from teei_local import down

        return down.run(command)
    if not inside:
        python = os.path.join(VENV, "bin", "python")
        if command not in MAKE_VENV:
            if not os.path.exists(python):
                sys.stderr.write("teei: nothing is installed here yet: run `make up` first\n")
                return 1
            os.execv(python, [python, "-m", "teei_local"] + sys.argv[1:])
        steps = []
        if command in ("up", "test", "test-fast", "generate"):
            from teei_local import checks

            steps = checks.first(ROOT)
        dev = command == "test"
        started = time.time()
        make = [sys.executable, os.path.join(ROOT, "localstack", "venv.py"), VENV]
        code = subprocess.call(make + (["--dev"] if dev else []), stdout=sys.stderr)
        if code:
            return code
        steps.append(["environment", time.time() - started])
        os.environ["TEEI_STEPS"] = json.dumps(steps)
        sys.stdout.flush()
        os.execv(python, [python, "-m", "teei_local"] + sys.argv[1:])
    if command in ("down", "clean"):
        from teei_local import down

        return down.run(command)
    from teei_local import cli

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; `make down` ends what is running\n")
        sys.exit(130)
