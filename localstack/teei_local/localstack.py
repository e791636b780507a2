"""LocalStack in host mode: one process tree, all files inside the stack's folder."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from . import ports, processes, settings
from .say import Problem, short

LOG = settings.LOGS / "localstack.log"


def endpoint() -> str:
    return os.environ.get("AWS_ENDPOINT_URL") or f"http://127.0.0.1:{ports.port('TEEI_AWS_PORT')}"


def client(service: str) -> Any:
    """A boto3 client for this stack's endpoint; credentials are a formality here."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service, endpoint_url=endpoint(), region_name=settings.REGION, aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(
            s3={"addressing_style": "path"}, proxies={}, connect_timeout=5, read_timeout=320, retries={"max_attempts": 2},
        ),
    )


def healthy(timeout: float = 2.0) -> bool:
    import requests

    try:
        return requests.get(f"{endpoint()}/_localstack/health", timeout=timeout).ok
    except requests.RequestException:
        return False


def running() -> bool:
    """Healthy, and this stack's own: another one on the same port is somebody else's."""
    if not settings.OWN_CLOUD:
        return healthy()
    commands = processes.of_stack(settings.HOME).values()
    ours = any("teei_local/host.py" in command or "localstack.runtime" in command for command in commands)
    return ours and healthy()


def environment(port: int) -> dict[str, str]:
    return settings.child_env(
        OVERRIDE_IN_DOCKER="0",  # it guesses wrongly where a /.dockerenv exists and writes to system folders
        FILESYSTEM_ROOT=str(settings.HOME / "localstack"),
        TMPDIR=str(settings.HOME / "tmp"),
        GATEWAY_LISTEN=f"127.0.0.1:{port}",
        LOCALSTACK_HOST=f"127.0.0.1:{port}",
        DNS_ADDRESS="0",
        SKIP_SSL_CERT_DOWNLOAD="1",
        DISABLE_EVENTS="1",
        LAMBDA_RUNTIME_EXECUTOR="teei-process",
        TEEI_LOG_DIR=str(settings.LOGS),
        LAMBDA_SYNCHRONOUS_CREATE="1",
        # Triggers poll once a second and back off to ten otherwise, and to sixty after an error.
        LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC="0.05",
        LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC="0.5",
        LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC="1",
    )


def start() -> str:
    """Starts LocalStack and waits until it is healthy. One line of what runs."""
    if not settings.OWN_CLOUD:
        if not healthy():
            raise Problem(f"AWS_ENDPOINT_URL={endpoint()} is not healthy: start it, or unset the variable to use our own")
        return f"{endpoint()} (AWS_ENDPOINT_URL)"
    if running():
        return endpoint()
    for folder in ("localstack", "tmp"):  # it keeps no state, so what lies there is litter
        shutil.rmtree(settings.HOME / folder, ignore_errors=True)
        (settings.HOME / folder).mkdir(parents=True)
    port = ports.choose("TEEI_AWS_PORT", "LocalStack")
    with open(LOG, "ab") as log:
        server = subprocess.Popen(
            [str(settings.VENV / "bin" / "python"), "-I", str(Path(__file__).with_name("host.py"))],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=settings.HOME / "localstack",
            env=environment(port), start_new_session=True,
        )
    patience = time.time() + 90
    while not healthy():
        if server.poll() is not None:
            raise Problem("LocalStack ended while starting", short(LOG))
        if time.time() > patience:
            raise Problem("LocalStack is not healthy after 90 s: `make down` and try again", short(LOG))
        time.sleep(0.1)
    return endpoint()
