"""Deliveries as a provider sends them: signed by a library that nobody here wrote."""

import json
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import requests
from standardwebhooks import Webhook
from teei_local import webhook


def signed(secret: str, body: str, message: str | None = None, ago: timedelta = timedelta()) -> dict[str, str]:
    """Headers as the reference library makes them."""
    message, when = message or f"msg_{uuid.uuid4().hex}", datetime.now(timezone.utc) - ago
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, when, body),
    }


def post(stack: dict, path: str, body: str | bytes, headers: dict[str, str]) -> requests.Response:
    """Sends it over the gateway, in its bytes."""
    raw = body.encode() if isinstance(body, str) else body
    return requests.post(f"{stack['api_url']}{path}", data=raw, headers=headers, timeout=60)


def tell(stack: dict, source: str, body: Any, message: str | None = None) -> requests.Response:
    """A source's signed delivery of this body."""
    text = json.dumps(body, ensure_ascii=False)
    return post(stack, webhook.path_of(source), text, signed(webhook.secret_of(source), text, message))


def sample(source: str, kind: str) -> dict[str, Any]:
    """What `make webhook` sends."""
    return json.loads((webhook.SAMPLES / source / f"{kind}.json").read_text())
