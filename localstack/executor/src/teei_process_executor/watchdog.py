"""Kills the functions' processes when the process that started them is gone.

One small process for all functions of one parent. It reads a pipe whose only
other end is in the parent: `+<process group> <temp folder>` when a function
starts, `-<process group>` when it has ended. However the parent ends, SIGKILL
included, the kernel closes its end, and the groups still listed are killed and
their temp folders removed.

A parent-death signal would be simpler but exists on Linux only and fires when
the *thread* that started the child ends, which in a threaded server is soon.

Runs as a script of its own, so it imports nothing of this package.
"""

import os
import shutil
import signal
import sys


def main() -> None:
    # A signal to the parent's group (Ctrl-C, a service manager) must not end
    # the watchdog before the parent.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, str] = {}
    for line in sys.stdin.buffer:
        group, _, folder = line[1:].strip().decode().partition(" ")
        if line.startswith(b"+"):
            groups[int(group)] = folder
        else:
            groups.pop(int(group), None)
    for group, folder in groups.items():
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
