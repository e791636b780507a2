"""The Lambda Runtime API over HTTP, for one instance of a function.

A server an instance, on a port of its own: the runtime's only address is a
host and a port, so the port is what tells instances apart.
"""

import contextlib
import http.server
import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .errors import MAX_RESPONSE_BYTES

PREFIX = "/2018-06-01/runtime"
ANSWER = re.compile(PREFIX + r"/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True)
class Invocation:
    """What `next` hands out. `deadline_ms` is in milliseconds since the epoch."""

    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str | None = None
    client_context: str | None = None
    cognito_identity: str | None = None

    def headers(self) -> dict[str, str]:
        named = {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
            "Lambda-Runtime-Client-Context": self.client_context,
            "Lambda-Runtime-Cognito-Identity": self.cognito_identity,
        }
        return {name: value for name, value in named.items() if value}


class Instance(Protocol):
    """The side that the routes are served for."""

    def next_invocation(self, connected: Callable[[], bool]) -> Invocation | None:
        """Waits for one. None when the instance ends first, or when `connected`
        says that nobody is left to take it."""

    def answer(self, request_id: str, body: bytes, error: bool, too_large: bool) -> bool:
        """False when no invocation of that id is open."""

    def init_error(self, body: bytes) -> None: ...


class RuntimeApi:
    def __init__(self, instance: Instance) -> None:
        handler = type("Handler", (_Handler,), {"instance": instance})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.address = "127.0.0.1:%d" % self._server.server_address[1]
        self._closed = False
        threading.Thread(target=self._serve, name=f"runtime-api-{self.address}", daemon=True).start()

    def _serve(self) -> None:
        # handle_request waits without a timeout, where serve_forever would
        # wake up twice a second in every idle instance.
        while not self._closed:
            self._server.handle_request()
        self._server.server_close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):  # ends the wait in _serve
                socket.create_connection(self._server.server_address, timeout=1).close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address) -> None:
        """A function that is killed leaves connections half read: not worth a trace."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet an answer
    instance: Instance

    def do_GET(self) -> None:
        if self.path != PREFIX + "/invocation/next":
            return self._reply(404, {"errorType": "NotFound", "errorMessage": self.path})
        invocation = self.instance.next_invocation(self._connected)
        if invocation is None:
            self.close_connection = True
            return
        self.send_response_only(200)
        for name, value in invocation.headers().items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.event)))
        self.end_headers()
        self.wfile.write(invocation.event)

    def do_POST(self) -> None:
        body = self._body()
        if self.path == PREFIX + "/init/error":
            self.instance.init_error(body)
            return self._reply(202, {"status": "OK"})
        route = ANSWER.fullmatch(self.path)
        if route is None:
            return self._reply(404, {"errorType": "NotFound", "errorMessage": self.path})
        too_large = len(body) > MAX_RESPONSE_BYTES
        if not self.instance.answer(route[1], body, route[2] == "error", too_large):
            return self._reply(400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
        if too_large:
            message = f"Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            return self._reply(413, {"errorType": "RequestEntityTooLarge", "errorMessage": message})
        self._reply(202, {"status": "OK"})

    def _connected(self) -> bool:
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True  # open, and nothing sent: what a waiting runtime looks like
        except OSError:
            return False

    def _body(self) -> bytes:
        """At most one byte more than a response may have; the rest is read and dropped."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked_body()
        length = int(self.headers.get("Content-Length") or 0)
        kept = min(length, MAX_RESPONSE_BYTES + 1)
        body = self.rfile.read(kept)
        if len(body) < kept:
            raise ConnectionError("the function ended in the middle of its answer")
        self._skip(length - len(body))
        return body

    def _chunked_body(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            kept = min(size, MAX_RESPONSE_BYTES + 1 - len(body))
            body += self.rfile.read(kept)
            self._skip(size - kept)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return bytes(body)

    def _skip(self, length: int) -> None:
        while length > 0:
            dropped = self.rfile.read(min(length, 65536))
            if not dropped:
                return
            length -= len(dropped)

    def _reply(self, status: int, answer: dict[str, str]) -> None:
        body = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
