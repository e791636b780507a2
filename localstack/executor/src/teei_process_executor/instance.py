"""One life of a function's process, from its start to its end, over the Runtime API."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .lines import LineLog
from .process import FunctionProcess
from .runtime_api import Invocation, RuntimeApi


@dataclass(frozen=True)
class Answer:
    body: bytes
    error: bool
    too_large: bool


class TimedOut(Exception):
    """The time limit passed; the process has been killed."""


class Exited(Exception):
    """The process ended while it had the invocation."""


class NotDelivered(Exception):
    """The process ended before it took the invocation: another may have it."""


class Instance:
    def __init__(self, bootstrap: Path, env: dict[str, str], log: LineLog, temp_root: str | None) -> None:
        self._changed = threading.Condition()
        self._invocation: Invocation | None = None
        self._delivered = False
        self._answer: Answer | None = None
        self._polled_at: float | None = None
        self._ended = False
        self.init_error_body: bytes | None = None
        self._api = RuntimeApi(self)
        try:
            env = {**env, "AWS_LAMBDA_RUNTIME_API": self._api.address}
            self.process = FunctionProcess(bootstrap, env, log, temp_root, self._on_exit)
        except BaseException:
            self._api.close()
            raise

    @property
    def alive(self) -> bool:
        return not self._ended

    def wait_for_init(self, seconds: float) -> float:
        """Milliseconds to the first poll. Raises TimedOut or Exited; on an init
        error of the runtime Exited, with the body in `init_error_body`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._polled_at is not None or self._ended or self.init_error_body is not None, seconds
            )
            if self._polled_at is not None:
                return (self._polled_at - self.process.started_at) * 1000
            late = not self._ended and self.init_error_body is None
        self._kill()
        raise TimedOut if late else Exited

    def invoke(self, invocation: Invocation, seconds: float) -> Answer:
        with self._changed:
            self._invocation, self._delivered, self._answer = invocation, False, None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._answer is not None or self._ended, seconds)
            answer, delivered, self._invocation = self._answer, self._delivered, None
        if answer is not None:
            self.process.drain()
            self.process.peak_memory_kb()
            return answer
        if not self._ended:
            self._kill()
            raise TimedOut
        raise Exited if delivered else NotDelivered

    def stop(self) -> None:
        self.process.stop()

    def _kill(self) -> None:
        self.process.kill()
        with self._changed:
            self._changed.wait_for(lambda: self._ended, 5)

    def _on_exit(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._api.close()

    # The routes of the Runtime API, each called in a thread of its connection.

    def next_invocation(self, connected: Callable[[], bool]) -> Invocation | None:
        with self._changed:
            if self._polled_at is None:
                self._polled_at = time.perf_counter()
                self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._ended or (self._invocation is not None and not self._delivered)
            )
            # A process that died while it waited may not have been reaped yet.
            if self._ended or not connected():
                return None
            self._delivered = True
            return self._invocation

    def answer(self, request_id: str, body: bytes, error: bool, too_large: bool) -> bool:
        with self._changed:
            open_now = self._invocation is not None and self._delivered and self._answer is None
            if not open_now or self._invocation.request_id != request_id:
                return False
            self._answer = Answer(body, error, too_large)
            self._changed.notify_all()
            return True

    def init_error(self, body: bytes) -> None:
        with self._changed:
            self.init_error_body = body
            self._changed.notify_all()
