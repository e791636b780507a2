"""A function's output as whole lines, kept for the invocation and appended to a file."""

import os
import threading
from pathlib import Path


class LineLog:
    """Collects bytes, hands out text in whole lines.

    The file is written with one `write` a batch on an append-only descriptor,
    so lines of several instances of a function never mix.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._partial = b""
        self._taken: list[str] = []
        self._file = -1
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def feed(self, chunk: bytes) -> None:
        with self._lock:
            whole, newline, self._partial = (self._partial + chunk).rpartition(b"\n")
            self._add(whole + newline)

    def add(self, line: str) -> None:
        """A line of the service itself (START, END, REPORT)."""
        self.flush()
        with self._lock:
            self._add(line.encode() + b"\n")

    def flush(self) -> None:
        """Ends a line that was begun: with an invocation, a line ends too."""
        with self._lock:
            if self._partial:
                whole, self._partial = self._partial + b"\n", b""
                self._add(whole)

    def take(self) -> str:
        """All lines since the last call."""
        self.flush()
        with self._lock:
            lines, self._taken = self._taken, []
        return "".join(lines)

    def peek(self) -> str:
        with self._lock:
            return "".join(self._taken)

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _add(self, whole: bytes) -> None:
        if not whole:
            return
        self._taken.append(whole.decode(errors="replace"))
        if self._file >= 0:
            os.write(self._file, whole)
