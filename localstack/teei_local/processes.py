"""Finds and ends the processes of a stack, by a variable in their environment.

Pid files get lost, process groups are left, parents die: the environment a
process was started with stays. Functions run in a clean environment without
the variable, but their folder lies in the stack's. Readable for Python 3.6,
standard library only: `make down` works when the virtual environment is gone.
"""

import os
import signal
import subprocess
import time

MARKER = "TEEI_STACK"


def of_stack(home, nested=False):
    """{pid: command} of every process that belongs to the stack in folder `home`; `nested`: and to stacks below it."""
    home = os.path.realpath(home)
    mark = "%s=%s" % (MARKER, home)
    below = mark + os.sep
    folders = (os.path.join(home, "localstack") + os.sep, os.path.join(home, "tmp") + os.sep)
    found = {}
    for pid, command, environment, places in _all():
        if pid in (os.getpid(), os.getppid()):
            continue
        ours = mark in environment or any(place.startswith(folders) for place in places)
        if ours or (nested and any(entry.startswith(below) for entry in environment)):
            found[pid] = command
    return found


def _all():
    if os.path.isdir("/proc/self"):
        return _from_proc()
    return _from_ps()


def _from_proc():
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        base = os.path.join("/proc", name)
        try:
            with open(os.path.join(base, "stat")) as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    continue
            with open(os.path.join(base, "cmdline"), "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        environment, places = [], []
        try:
            with open(os.path.join(base, "environ"), "rb") as file:
                environment = file.read().decode(errors="replace").split("\0")
        except OSError:
            pass
        for link in ("exe", "cwd"):
            try:
                places.append(os.readlink(os.path.join(base, link)) + os.sep)
            except OSError:
                pass
        yield int(name), " ".join(words).strip(), environment, places


def _from_ps():
    """macOS: ps appends the environment of the caller's own processes."""
    done = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], stdout=subprocess.PIPE)
    for row in done.stdout.decode(errors="replace").splitlines():
        pid, _, rest = row.strip().partition(" ")
        words = rest.split(" ")
        yield int(pid), rest[:200], words, words[:1]


def end(home, grace=15.0, nested=False):
    """Asks every process of the stack to end, then makes it. The number that ran."""
    first = of_stack(home, nested)
    _signal(first, signal.SIGTERM)
    waited = time.time() + grace
    while of_stack(home, nested) and time.time() < waited:
        time.sleep(0.1)
    for _ in range(50):
        rest = of_stack(home, nested)
        if not rest:
            break
        _signal(rest, signal.SIGKILL)
        time.sleep(0.1)
    return len(first)


def _signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass
