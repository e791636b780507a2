"""`make bench`: what each binary costs before it does anything.

Process start to the first poll of the Runtime API (median of several cold
starts), resident memory while it waits, size of binary and zip. The variables
are the template's as on AWS, with addresses where nobody answers: nothing but start-up is measured.
"""

import http.server
import json
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time

from . import build, package, settings, tokens
from .say import Problem, Step

RUNS = 9
PATIENCE = 10.0


class Poll(http.server.BaseHTTPRequestHandler):
    """A Runtime API that notes the first poll and never answers it; and a secret store, which `migrate` asks first."""

    def do_GET(self) -> None:
        self.server.polled.set()
        self.server.released.wait(PATIENCE)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        secret = json.dumps({"username": "bench", "password": "bench"})
        body = json.dumps({"Name": "bench", "ARN": "bench", "SecretString": secret}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


class RuntimeApi(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Poll)
        self.polled, self.released = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def end(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


def variables(logical: str, template: dict) -> dict[str, str]:
    """The function's variables by name; what CloudFormation would fill in gets a plausible stand-in."""
    names = dict(template.get("Globals", {}).get("Function", {}).get("Environment", {}).get("Variables", {}))
    names |= package.functions(template)[logical].get("Environment", {}).get("Variables", {})
    known = {
        "STAGE": settings.STAGE, "RUST_LOG": "info", "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "9", "DATABASE_NAME": "teei",
        "DATABASE_AUTH": "iam", "DATABASE_TLS": "require", "DATABASE_CA_FILE": "", "JWT_ISSUER": settings.ISSUER,
        "JWT_AUDIENCE": settings.AUDIENCE, "JWT_JWKS": tokens.jwks(), "ROLE_AUTH": "iam",
    }
    return {name: value if isinstance(value, str) else known.get(name) or stand_in(name, value, template) for name, value in names.items()}


def stand_in(name: str, value: object, template: dict) -> str:
    """A parameter's default where the variable is one that has it; else an address where nobody answers."""
    parameter = template.get("Parameters", {}).get(value.get("Ref"), {}) if isinstance(value, dict) else {}
    return str(parameter.get("Default") or f"http://127.0.0.1:9/{name.lower()}")


def start(binary: str, env: dict[str, str]) -> tuple[float, float]:
    """(milliseconds to the first poll, resident MB a little later)."""
    server = RuntimeApi()
    with tempfile.TemporaryDirectory() as folder:
        environment = env | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}", "AWS_LAMBDA_FUNCTION_NAME": binary,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench", "AWS_REGION": settings.REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}", "PATH": os.defpath,
        }
        bootstrap = settings.ROOT / "target" / "lambda" / binary / "bootstrap"
        with open(os.path.join(folder, "log"), "w+") as log:
            begun = time.perf_counter()
            child = subprocess.Popen([str(bootstrap)], env=environment, cwd=folder, stdout=log, stderr=log)
            try:
                polled = server.polled.wait(PATIENCE)
                milliseconds = (time.perf_counter() - begun) * 1000
                if not polled:
                    log.seek(0)
                    raise Problem(f"{binary} did not ask for work within {PATIENCE:.0f} s: {log.read()[-300:].strip()}")
                time.sleep(0.1)
                return milliseconds, resident(child.pid)
            finally:
                child.kill()
                child.wait()
                server.end()


def resident(pid: int) -> float:
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True)
    return int(re.sub(r"\D", "", done.stdout) or 0) / 1024


def run() -> int:
    settings.prepare()
    with Step("build") as step:
        build.build(step)
    template = package.read()
    print(f"  {'binary':<20} {'first poll':>11} {'slowest':>9} {'at rest':>9} {'binary':>9} {'zip':>8}")
    for logical, properties in sorted(package.functions(template).items()):
        folder = settings.ROOT / properties["CodeUri"]
        env = variables(logical, template)
        measured = [start(folder.name, env) for _ in range(RUNS)]
        times, memory = [m[0] for m in measured], statistics.median(m[1] for m in measured)
        size, zipped = (folder / "bootstrap").stat().st_size / 1e6, package.archive(folder).stat().st_size / 1e6
        print(f"  {folder.name:<20} {statistics.median(times):>8.1f} ms {max(times):>6.1f} ms {memory:>6.1f} MB {size:>6.1f} MB {zipped:>5.1f} MB", flush=True)
    return 0
