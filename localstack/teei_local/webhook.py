"""Signs a sample delivery as its sender would, sends it to the running stack, and says what to do next.

Standard Webhooks: base64 of HMAC-SHA-256 over `<id>.<timestamp>.<body>`, by the secret that the stack generated.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid

import requests

from . import api, localstack, settings
from .say import Problem, line, short

SAMPLES = settings.EVENTS / "webhooks"
# Sources with a path of their own; the others are providers of courses.
SERVICES = ("kintell", "buddy")
BAD = ("", "signature", "old")


def key(secret: str) -> bytes:
    """The bytes a secret stands for."""
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


def secret_of(source: str) -> str:
    """What this source signs with; the first while one is being replaced."""
    client = localstack.client("secretsmanager")
    try:
        stored = client.get_secret_value(SecretId=f"teei/{settings.STAGE}/webhooks/{source}")["SecretString"].strip()
    except client.exceptions.ResourceNotFoundException:
        raise Problem(f"there is no secret of {source}: is the stack up (`make status`)?") from None
    return json.loads(stored)[0] if stored.startswith("[") else stored


def sign(secret: str, message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a delivery."""
    signed = hmac.new(key(secret), f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def path_of(source: str) -> str:
    return f"/v1/{source}/webhooks" if source in SERVICES else f"/v1/upskilling/webhooks/{source}"


def source_of(path: str) -> str:
    """The source that signs what is sent to this path: `/v1/upskilling/webhooks/ecornell` → `ecornell`."""
    parts = path.strip("/").split("/")
    return parts[1] if parts[-1] == "webhooks" else parts[-1]


def sample(source: str, event: str) -> bytes:
    sources = sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir())
    if source not in sources:
        raise Problem(f"SOURCE={source} has no samples: use one of {', '.join(sources)}")
    events = sorted(file.stem for file in (SAMPLES / source).glob("*.json"))
    if event not in events:
        raise Problem(f"EVENT={event} is no sample of {source}: use one of {', '.join(events)}")
    return (SAMPLES / source / f"{event}.json").read_bytes()


def send(source: str, body: bytes, headers: dict[str, str]) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.post(api.base() + path_of(source), data=body, headers={"Content-Type": "application/json"} | headers, timeout=60)


def run(source: str, event: str, bad: str) -> int:
    if bad not in BAD:
        raise Problem(f"BAD={bad} is not known: use signature or old, or leave it out")
    body = sample(source, event)
    now = int(time.time()) - (600 if bad == "old" else 0)
    headers = sign(secret_of(source), f"msg_{uuid.uuid4().hex}", now, body)
    sent = body + b" " if bad == "signature" else body
    answer = send(source, sent, headers)
    line(f"  POST {path_of(source)}  {short(SAMPLES / source / f'{event}.json')}")
    print(f"{answer.status_code} {answer.reason}")
    found = answer.json() if "json" in answer.headers.get("Content-Type", "") else {"body": answer.text[:500]}
    print(json.dumps(found, indent=2, ensure_ascii=False))
    line(f"\n  {following(source, event, found)}")
    return 0 if answer.ok != bool(bad) else 1


def following(source: str, event: str, answer: dict) -> str:
    """What somebody would try now."""
    again = f"make webhook SOURCE={source} EVENT="
    match answer:
        case {"import_id": import_id}:
            return (
                "Its receipt:\n\n"
                f"curl -s -H \"Authorization: Bearer $(make -s token ROLE=admin)\" {api.base()}/v1/imports/{import_id}"
            )
        case {"code": "orphan_ref"}:
            first = "session.completed" if source == "kintell" else "match.created"
            if event == first:
                return "What it refers to comes first, and comes as a file: make samples"
            return f"What it refers to comes first: {again}{first}"
        case {"code": "bad_signature"}:
            return f"As it should be signed: {again}{event}"
    return f"The errors say what to correct in {short(SAMPLES / source / f'{event}.json')}"
