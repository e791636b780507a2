"""A function as Lambda runs it: one invocation at a time, a fresh process after a failure.

    sandbox = Sandbox(Function(bootstrap=Path("target/lambda/hello/bootstrap")))
    outcome = sandbox.invoke(b'{}')
    sandbox.stop()

Standard library only, so that tests and benches drive a real `bootstrap`
without LocalStack.
"""

import math
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from . import errors
from .instance import Exited, Instance, NotDelivered, TimedOut
from .lines import LineLog
from .runtime_api import Invocation

INIT_SECONDS = 10.0


@dataclass(frozen=True)
class Function:
    """`bootstrap` is an executable file; its folder is the task root and working folder."""

    bootstrap: Path
    env: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 3
    memory_mb: int = 128
    version: str = "$LATEST"
    arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:local"
    log_file: Path | None = None
    temp_root: str | None = None
    init_seconds: float = INIT_SECONDS


@dataclass(frozen=True)
class Outcome:
    """`error_type` is None, "Handled" for an error that the runtime reported, or
    one of Lambda's own (`Sandbox.Timedout` …). Lambda calls all of them
    `FunctionError: Unhandled` towards the caller."""

    request_id: str
    payload: bytes
    error_type: str | None
    logs: str
    duration_ms: float
    init_ms: float | None
    peak_memory_kb: int


class Sandbox:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.log = LineLog(function.log_file)
        self._instance: Instance | None = None
        self._init_ms: float | None = None
        self._init_failure: tuple[str, Callable[[str], bytes]] | None = None
        self._invoking = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Starts the process and waits for its first poll. A failure is not
        raised but becomes the answer to the next invocation, as on Lambda."""
        with self._invoking:
            self._ensure_instance()

    def invoke(
        self,
        event: bytes,
        *,
        request_id: str | None = None,
        arn: str | None = None,
        trace_id: str | None = None,
        client_context: str | None = None,
        cognito_identity: str | None = None,
    ) -> Outcome:
        request_id = request_id or str(uuid.uuid4())
        with self._invoking:
            for _ in range(2):  # an instance may end between two invocations: once more, in a fresh one
                self._ensure_instance()
                if self._init_failure is not None:
                    return self._fail_init(request_id)
                invocation = Invocation(
                    request_id=request_id,
                    event=event,
                    deadline_ms=int((time.time() + self.function.timeout_seconds) * 1000),
                    function_arn=arn or self.function.arn,
                    trace_id=trace_id,
                    client_context=client_context,
                    cognito_identity=cognito_identity,
                )
                try:
                    return self._invoke(invocation)
                except NotDelivered:
                    self._end_instance()
            return self._report(request_id, errors.exited(request_id, 0), "Runtime.ExitError", 0.0, 0)

    def stop(self) -> None:
        """Ends the process, also in the middle of an invocation."""
        self._stopped = True
        instance = self._instance
        if instance is not None:
            instance.stop()
        self.log.close()

    def _ensure_instance(self) -> None:
        if self._instance is not None and self._instance.alive:
            return
        self._end_instance()
        if self._stopped:
            self._init_failure = ("Runtime.ExitError", lambda request_id: errors.exited(request_id, -15))
            return
        self._init_failure = None
        started = time.perf_counter()
        function = self.function
        try:
            self._instance = Instance(function.bootstrap, function.env, self.log, function.temp_root)
            if self._stopped:  # stop() came while it was being started
                self._instance.stop()
            self._init_ms = self._instance.wait_for_init(function.init_seconds)
            return
        except OSError as error:
            reason = f"{function.bootstrap.name} could not be started: {error.strerror}"
            self._init_failure = ("Runtime.InvalidEntrypoint", lambda request_id: errors.could_not_start(request_id, reason))
        except TimedOut:
            self._init_failure = ("Sandbox.Timedout", lambda request_id: errors.timed_out(request_id, function.init_seconds))
        except Exited:
            body, returncode = self._instance.init_error_body, self._instance.process.returncode
            if body is not None:
                self._init_failure = ("Handled", lambda _: body)
            else:
                self._init_failure = ("Runtime.ExitError", lambda request_id: errors.exited(request_id, returncode or 0))
        milliseconds = (time.perf_counter() - started) * 1000
        status = "timeout" if self._init_failure[0] == "Sandbox.Timedout" else "error"
        self.log.add(f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {status}")

    def _end_instance(self) -> None:
        if self._instance is not None:
            self._instance.stop()
            self._instance = None

    def _fail_init(self, request_id: str) -> Outcome:
        error_type, body = self._init_failure
        peak = self._instance.process.peak_memory_kb() if self._instance else 0
        self._end_instance()
        self._init_failure = None
        self.log.add(f"START RequestId: {request_id} Version: {self.function.version}")
        return self._report(request_id, body(request_id), error_type, 0.0, peak)

    def _invoke(self, invocation: Invocation) -> Outcome:
        request_id, seconds, process = invocation.request_id, self.function.timeout_seconds, self._instance.process
        process.drain()  # what was written before this invocation stands before its START
        self.log.add(f"START RequestId: {request_id} Version: {self.function.version}")
        started = time.perf_counter()
        error_type = None
        try:
            answer = self._instance.invoke(invocation, seconds)
            payload = answer.body
            if answer.too_large:
                payload, error_type = errors.response_too_large(), "Function.ResponseSizeTooLarge"
            elif answer.error:
                error_type = "Handled"
        except TimedOut:
            payload, error_type = errors.timed_out(request_id, seconds), "Sandbox.Timedout"
        except Exited:
            payload, error_type = errors.exited(request_id, process.returncode), "Runtime.ExitError"
        duration_ms = (time.perf_counter() - started) * 1000
        if error_type == "Sandbox.Timedout":
            now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self.log.add(f"{now} {request_id} Task timed out after {seconds:.2f} seconds")
        return self._report(request_id, payload, error_type, duration_ms, process.peak_memory_kb())

    def _report(self, request_id: str, payload: bytes, error_type: str | None, duration_ms: float, peak_kb: int) -> Outcome:
        init_ms, self._init_ms = self._init_ms, None
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            # A provided runtime is billed for its init.
            f"Billed Duration: {math.ceil(duration_ms + (init_ms or 0))} ms",
            f"Memory Size: {self.function.memory_mb} MB",
            f"Max Memory Used: {math.ceil(peak_kb / 1024)} MB",
        ]
        if init_ms is not None:
            fields.append(f"Init Duration: {init_ms:.2f} ms")
        if error_type == "Sandbox.Timedout":
            fields.append("Status: timeout")
        elif error_type not in (None, "Handled"):
            fields += ["Status: error", f"Error Type: {error_type}"]
        self.log.add(f"END RequestId: {request_id}")
        self.log.add("\t".join(fields))
        return Outcome(request_id, payload, error_type, self.log.take(), duration_ms, init_ms, peak_kb)
