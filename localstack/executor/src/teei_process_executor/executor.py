"""LocalStack's Lambda executor that runs functions as local processes."""

import base64
import logging
import os
import re
import tempfile
import threading
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from . import environment
from .package import BadPackage, unpack
from .process import WATCHDOG
from .sandbox import Function, Sandbox

LOG = logging.getLogger(__name__)

# "<stack>-<logical id>-<8 hex digits>": how LocalStack names what a template leaves unnamed.
GENERATED_NAME = re.compile(r".+-([A-Za-z0-9]+)-[0-9a-f]{8}")

_unpacking = threading.Lock()


class ProcessRuntimeExecutor(RuntimeExecutor):
    """One execution environment: a sandbox, kept warm until LocalStack stops it.

    A process that failed is replaced inside the sandbox, so that LocalStack
    never sees an environment break.
    """

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._sandbox: Sandbox | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        bootstrap = prepared_bootstrap(self.function_version)
        version, settings = self.function_version.id, self.function_version.config
        self._sandbox = Sandbox(
            Function(
                bootstrap=bootstrap,
                env=clean_environment(self.function_version, bootstrap.parent, env_vars),
                timeout_seconds=settings.timeout,
                memory_mb=settings.memory_size,
                version=version.qualifier,
                arn=version.qualified_arn(),
                log_file=log_file(version.function_name),
                temp_root=folder("function-tmp"),
            )
        )
        self._sandbox.start()

    def stop(self) -> None:
        if self._sandbox is not None:
            self._sandbox.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        outcome = self._sandbox.invoke(
            payload["payload"].encode(),
            request_id=payload["invoke-id"],
            arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
        )
        return InvocationResult(
            request_id=outcome.request_id,
            payload=outcome.payload,
            is_error=outcome.error_type is not None,
            logs=outcome.logs,
        )

    def get_logs(self) -> str:
        return self._sandbox.log.peek() if self._sandbox else ""

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        # A number, not a name: S3 clients address buckets by path when the
        # endpoint is an IP address, and as a subdomain otherwise.
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return ""  # part of LocalStack's own protocol with its containers

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        WATCHDOG.start()
        prepared_bootstrap(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """The folder stays: other versions may have the same code. LocalStack
        empties its temp folder when it starts and stops."""

    @classmethod
    def validate_environment(cls) -> bool:
        return True


def folder(name: str) -> str:
    path = Path(config.dirs.tmp) / name
    path.mkdir(parents=True, exist_ok=True)
    return str(path)


def prepared_bootstrap(function_version: FunctionVersion) -> Path:
    """Unpacks the version's code once, into a folder named by its hash."""
    name, code = function_version.id.function_name, function_version.config.code
    if code is None:
        raise LambdaRuntimeException(f"{name}: only zip packages can be run, not container images")
    if code.is_hot_reloading():
        bootstrap = Path(code.get_unzipped_code_location()) / "bootstrap"
        if not os.access(bootstrap, os.X_OK):
            raise LambdaRuntimeException(f"{name}: {bootstrap} is not an executable file")
        return bootstrap
    target = Path(folder("functions")) / base64.b64decode(code.code_sha256).hex()
    with _unpacking:
        if not target.is_dir():
            with tempfile.NamedTemporaryFile(dir=folder("functions"), suffix=".zip") as archive:
                code._download_archive_to_file(archive)
                try:
                    unpack(Path(archive.name), target)
                except BadPackage as error:
                    raise LambdaRuntimeException(f"{name}: {error}") from error
    return target / "bootstrap"


def clean_environment(function_version: FunctionVersion, task_root: Path, given: dict[str, str]) -> dict[str, str]:
    """What Lambda would give, the role's credentials, the local endpoint, and
    the template's variables. Nothing of LocalStack's own environment."""
    version, settings = function_version.id, function_version.config
    env = environment.reserved(
        name=version.function_name,
        task_root=task_root,
        region=version.region,
        version=version.qualifier,
        memory_mb=settings.memory_size,
        handler=settings.handler or "bootstrap",
        log_stream=given["AWS_LAMBDA_LOG_STREAM_NAME"],
        initialization_type=given["AWS_LAMBDA_INITIALIZATION_TYPE"],
    )
    for name in (*environment.CREDENTIALS, "AWS_ENDPOINT_URL"):
        if name in given:
            env[name] = given[name]
    return {**env, **(settings.environment or {})}


def log_file(function_name: str) -> Path | None:
    root = os.environ.get("TEEI_LOG_DIR")
    if not root:
        return None
    generated = GENERATED_NAME.fullmatch(function_name)
    return Path(root) / f"{generated[1] if generated else function_name}.log"
