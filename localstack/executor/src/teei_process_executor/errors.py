"""The error bodies Lambda itself produces, as opposed to those of a handler.

Names and sentences are those of the Lambda service, so that a caller (or a
test) that matches on `errorType` sees the same thing locally and on AWS.
"""

import json
import signal

# 6 MB plus 100 bytes: the limit the service applies to a buffered response.
MAX_RESPONSE_BYTES = 6_291_556

# How Go prints a signal; the service's sandbox is written in Go.
SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}


def body(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def timed_out(request_id: str, seconds: float) -> bytes:
    return body("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, returncode: int) -> bytes:
    return body("Runtime.ExitError", f"RequestId: {request_id} Error: {describe_exit(returncode)}")


def could_not_start(request_id: str, reason: str) -> bytes:
    return body("Runtime.InvalidEntrypoint", f"RequestId: {request_id} Error: {reason}")


def response_too_large() -> bytes:
    return body(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
    )


def describe_exit(returncode: int) -> str:
    """Of a return code as `subprocess` gives it: negative for a signal."""
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode > 0:
        return f"Runtime exited with error: exit status {returncode}"
    return f"Runtime exited with error: signal: {SIGNAL_NAMES.get(-returncode, f'signal {-returncode}')}"
