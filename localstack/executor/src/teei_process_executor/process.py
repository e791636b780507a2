"""A function's process: start it, follow its output, end it, know its memory."""

import contextlib
import ctypes
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from . import watchdog as watchdog_script
from .lines import LineLog

# What AWS grants between SIGTERM and SIGKILL.
GRACE_SECONDS = 0.5


class Watchdog:
    """This process's one connection to its `watchdog` (see there)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[int, str] = {}
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with self._lock:
            self._ensure()

    def add(self, group: int, folder: str) -> None:
        with self._lock:
            self._groups[group] = folder
            self._send(f"+{group} {folder}\n")

    def remove(self, group: int) -> None:
        with self._lock:
            if self._groups.pop(group, None) is not None:
                self._send(f"-{group}\n")

    def _send(self, line: str) -> None:
        if self._ensure():
            return  # the new one has just been told of every group
        try:
            self._process.stdin.write(line.encode())
        except BrokenPipeError:
            self._ensure()

    def _ensure(self) -> bool:
        """Starts the watchdog if none runs. True when it did."""
        if self._process is not None and self._process.poll() is None:
            return False
        # A session of its own, so that signals to the parent's group miss it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog_script.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )
        for group, folder in self._groups.items():
            self._process.stdin.write(f"+{group} {folder}\n".encode())
        return True


WATCHDOG = Watchdog()


class FunctionProcess:
    """One `bootstrap`, in a process group and a temp folder of its own.

    `on_exit` is called from a thread of this object, once the process has
    ended, its group is gone and its output is in `log`.
    """

    def __init__(
        self, bootstrap: Path, env: dict[str, str], log: LineLog, temp_root: str | None, on_exit: Callable[[], None]
    ) -> None:
        WATCHDOG.start()  # first, so that little time passes between fork and registration
        self.returncode: int | None = None
        self._peak_kb = 0
        self._log = log
        self._on_exit = on_exit
        self._folder = tempfile.mkdtemp(prefix="function-", dir=temp_root)
        self._reading = threading.Lock()
        self._output, their_end = os.pipe()
        os.set_blocking(self._output, False)
        self.started_at = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                [str(bootstrap)],
                cwd=bootstrap.parent,
                env={**env, "TMPDIR": self._folder},
                stdin=subprocess.DEVNULL,
                stdout=their_end,
                stderr=their_end,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._output)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        finally:
            os.close(their_end)
        self.pid = self._process.pid
        WATCHDOG.add(self.pid, self._folder)
        self._reader = threading.Thread(target=self._read, name=f"function-output-{self.pid}", daemon=True)
        self._waiter = threading.Thread(target=self._wait, name=f"function-exit-{self.pid}", daemon=True)
        self._reader.start()
        self._waiter.start()

    def kill(self) -> None:
        self.peak_memory_kb()  # the kernel forgets it with the process
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for whoever did not listen. Returns once it is gone."""
        self._signal(signal.SIGTERM)
        self._waiter.join(GRACE_SECONDS)
        if self._waiter.is_alive():
            self._signal(signal.SIGKILL)
            self._waiter.join(5)

    def drain(self) -> None:
        """Puts into the log what the process wrote before this call."""
        with self._reading:
            if self._output < 0:
                return
            with contextlib.suppress(BlockingIOError):
                while chunk := os.read(self._output, 65536):
                    self._log.feed(chunk)

    def peak_memory_kb(self) -> int:
        if self.returncode is None:
            self._peak_kb = max(self._peak_kb, peak_memory_kb(self.pid))
        return self._peak_kb

    def _signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while True:
                selector.select()
                with self._reading:
                    try:
                        chunk = os.read(self._output, 65536)
                    except BlockingIOError:
                        continue  # drain() was first
                    self._log.feed(chunk)
                    if not chunk:
                        break
        with self._reading:
            os.close(self._output)
            self._output = -1

    def _wait(self) -> None:
        returncode = self._process.wait()
        # Children that outlived it go too, and with them the last writers of
        # the pipe, so that the reader sees its end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._reader.join(1)
        self.drain()
        self._log.flush()
        self.returncode = returncode
        shutil.rmtree(self._folder, ignore_errors=True)
        WATCHDOG.remove(self.pid)
        self._on_exit()


def peak_memory_kb(pid: int) -> int:
    """Peak resident memory since exec; 0 when it cannot be known.

    Not `wait4`'s ru_maxrss: on Linux that starts from the size of the parent
    that forked, which here is LocalStack with its hundreds of megabytes.
    """
    if sys.platform == "darwin":
        return _peak_memory_kb_macos(pid)
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def _peak_memory_kb_macos(pid: int) -> int:
    try:
        libproc = ctypes.CDLL("/usr/lib/libproc.dylib")
        usage = ctypes.create_string_buffer(1024)
        if libproc.proc_pid_rusage(pid, 4, usage) != 0:  # 4: rusage_info_v4
            return 0
        # ri_lifetime_max_phys_footprint, in bytes
        return int.from_bytes(usage.raw[240:248], sys.byteorder) // 1024
    except (OSError, AttributeError):
        return 0
