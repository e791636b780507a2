"""What the person at the terminal reads: steps with their seconds, and one-line problems.

Everything goes to stderr; stdout belongs to the answer of a command (a token, a URL, a table).
Readable for Python 3.6: it is used before the virtual environment exists.
"""

import os
import sys
import time

TTY = sys.stderr.isatty()


class Problem(Exception):
    """One line: what is wrong and what to do about it. `log` names a file that tells more."""

    def __init__(self, message, log=None):
        super().__init__(message if log is None else "%s (log: %s)" % (message, log))


def line(text=""):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def clock(seconds):
    return "%.1f s" % seconds if seconds < 60 else "%d:%02d min" % divmod(int(seconds), 60)


def short(path):
    """A path as one would type it from here."""
    relative = os.path.relpath(str(path))
    return relative if not relative.startswith("..") else str(path)


class Step:
    """`with Step("build", steps) as step: step.now("12/90 crates")`: a live line, then its result and seconds."""

    def __init__(self, name, steps=None):
        self.name = name
        self.steps = steps
        self.result = ""

    def __enter__(self):
        self.started = self.last = time.time()
        if TTY:
            self._draw("…")
        return self

    def now(self, text):
        if TTY:
            self._draw(text)
        elif time.time() - self.last > 15:  # a log file wants a sign of life, no film
            self.last = time.time()
            line("  … %-12s %s" % (self.name, text))

    def _draw(self, text):
        width = 100
        try:
            width = os.get_terminal_size(2).columns
        except OSError:
            pass
        shown = "  … %-12s %s  %s" % (self.name, text, clock(time.time() - self.started))
        sys.stderr.write("\r\033[K" + shown[: width - 1])
        sys.stderr.flush()

    def __exit__(self, kind, error, trace):
        seconds = time.time() - self.started
        if TTY:
            sys.stderr.write("\r\033[K")
        mark = "✓" if kind is None else "✗"
        line("  %s %-12s %8s  %s" % (mark, self.name, clock(seconds), self.result if kind is None else ""))
        if self.steps is not None and kind is None:
            self.steps.append([self.name, seconds])
        return False
