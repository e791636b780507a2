"""Small `bootstrap` scripts: the least a Lambda runtime does, in Python over a plain socket."""

import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

MINIMAL_RUNTIME = '''#!{python} -IS
import json, os, socket, sys, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
connection = socket.create_connection((host, int(port)))
reader = connection.makefile("rb")

def call(method, path, body=b""):
    head = "%s /2018-06-01/runtime/%s HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % (method, path, len(body))
    connection.sendall(head.encode() + body)
    status = reader.readline()
    if not status:
        sys.exit(0)
    headers = {{}}
    while (line := reader.readline().strip()):
        name, _, value = line.decode().partition(": ")
        headers[name.lower()] = value
    return int(status.split()[1]), headers, reader.read(int(headers.get("content-length", 0)))

def serve(handle):
    while True:
        _, headers, event = call("GET", "invocation/next")
        request = headers["lambda-runtime-aws-request-id"]
        try:
            answer = handle(json.loads(event or b"null"), headers)
        except ValueError as error:
            body = json.dumps({{"errorType": "ValueError", "errorMessage": str(error)}}).encode()
            call("POST", "invocation/%s/error" % request, body)
        else:
            call("POST", "invocation/%s/response" % request, json.dumps(answer).encode())

'''


def script(code: str) -> str:
    return MINIMAL_RUNTIME.format(python=sys.executable) + code


def zipped(content: str | bytes, name: str = "bootstrap", mode: int = 0o100644) -> bytes:
    """The mode leaves the executable bit out, as zips made on other systems do."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        package.writestr(entry, content)
    return buffer.getvalue()


def write_zip(path: Path, code: str) -> Path:
    path.write_bytes(zipped(script(code)))
    return path


def alive(pid: int) -> bool:
    """A zombie counts as gone: nothing of it runs."""
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return listing != "" and not listing.startswith("Z")


def wait_until(condition, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
