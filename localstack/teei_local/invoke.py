"""Sends a function an event and shows its answer and the end of its log."""

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

from . import deploy, localstack, package, settings, tokens, webhook
from .say import Problem, line, short


def functions() -> dict[str, str]:
    """{logical id: real name} of the deployed functions."""
    return deploy.resources("AWS::Lambda::Function")


def logical_id(name: str) -> str:
    """`kintell-import` or `KintellImport` → `KintellImport`."""
    known = sorted(package.functions(package.read()))
    wanted = "".join(part[:1].upper() + part[1:] for part in name.split("-"))
    if wanted not in known:
        raise Problem(f"FN={name} is no function: use one of {', '.join(package.binary_of(k) for k in known)}")
    return wanted


def call(logical: str, payload: Any) -> Any:
    """The function's answer; a failing function is a Problem with the end of its log."""
    answer, log, failed = ask(logical, payload)
    if failed:
        raise Problem(f"{logical} failed: {summary(answer)}\n{tail(log)}", short(log_file(logical)))
    return answer


def ask(logical: str, payload: Any) -> tuple[Any, str, bool]:
    """(answer, end of the log, whether the function failed)."""
    name = functions().get(logical)
    if name is None:
        raise Problem(f"{logical} is not deployed: run `make up`")
    body = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
    reply = localstack.client("lambda").invoke(FunctionName=name, Payload=body, LogType="Tail")
    raw = reply["Payload"].read()
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = raw.decode(errors="replace")
    return answer, base64.b64decode(reply.get("LogResult", "")).decode(errors="replace"), "FunctionError" in reply


def summary(answer: Any) -> str:
    if isinstance(answer, dict) and "errorMessage" in answer:
        return f"{answer.get('errorType', 'error')}: {answer['errorMessage']}"
    return json.dumps(answer)[:400]


def tail(log: str, lines: int = 12) -> str:
    return "\n".join("      " + text[:400] for text in log.strip().splitlines()[-lines:])


def log_file(logical: str) -> Path:
    return settings.LOGS / f"{logical}.log"


def with_token(event: str) -> str:
    """The samples name a token that nobody can check in: a fresh one takes its place."""
    return re.sub(r"Bearer <[^>]*>", f"Bearer {tokens.token('admin')}", event)


def signed(event: str) -> str:
    """The samples of deliveries are signed for nobody: one made now takes the place of what they hold."""
    if "<made by `make invoke`>" not in event:
        return event
    whole = json.loads(event)
    secret, body = webhook.secret_of(webhook.source_of(whole["path"])), base64.b64decode(whole["body"])
    for name, value in webhook.sign(secret, whole["headers"]["webhook-id"], int(time.time()), body).items():
        whole["headers"][name], whole["multiValueHeaders"][name] = value, [value]
    return json.dumps(whole)


def run(name: str, event: str | None) -> int:
    logical = logical_id(name)
    file = Path(event) if event else settings.EVENTS / f"{package.binary_of(logical)}.json"
    if not file.exists():
        raise Problem(f"{short(file)} does not exist: give EVENT=<file>, or look into events/")
    answer, log, failed = ask(logical, signed(with_token(file.read_text())))
    line(tail(log, 30))
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 1 if failed else 0
