"""The environment variables that Lambda gives to a function on a provided runtime."""

from pathlib import Path

# AWS_LAMBDA_RUNTIME_API and TMPDIR differ by process and are added when it starts.
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def reserved(
    *,
    name: str,
    task_root: Path,
    region: str = "eu-central-1",
    version: str = "$LATEST",
    memory_mb: int = 128,
    handler: str = "bootstrap",
    log_stream: str = "local",
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    return {
        "_HANDLER": handler,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": region,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(task_root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
    }
