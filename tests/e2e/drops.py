"""Files for the drop bucket, and waiting for what becomes of them."""

import time
from typing import Any

from teei_local import follow
from teei_local.api import Api

HEADER = (
    "session_id", "participant_email", "volunteer_email", "scheduled_at", "completed_at",
    "duration_minutes", "rating", "feedback_text", "language_level", "topics", "metadata",
)


def quoted(value: Any) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def language_file(rows: list[dict[str, Any]]) -> bytes:
    """A Kintell export, layout language; columns a row does not name are empty."""
    lines = [",".join(HEADER)] + [",".join(quoted(row.get(column)) for column in HEADER) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def session(mark: str, n: int, **over: Any) -> dict[str, Any]:
    """The n-th completed session of a test's pair of people, a week after the one before."""
    day = f"2026-{1 + (n - 1) // 4:02d}-{1 + 7 * ((n - 1) % 4):02d}"
    return {
        "session_id": f"{mark}-{n:03d}",
        "participant_email": f"newcomer.{mark}@example.org",
        "volunteer_email": f"volunteer.{mark}@example.org",
        "scheduled_at": f"{day}T16:00:00Z",
        "completed_at": f"{day}T16:45:00Z",
        "duration_minutes": 45,
        "rating": 4,
        "language_level": "A2",
    } | over


def import_file(api: Api, key: str, body: bytes, settle: bool = True, patience: float = 60.0) -> dict[str, Any]:
    """Drops a file and waits for its receipt, and (settle) for every consumer to be done."""
    version = follow.drop(key, body)
    receipt = follow.receipt(api, key, version, patience)
    if settle:
        follow.settle(patience=patience)
    return receipt


def find(api: Api, email: str) -> dict[str, Any]:
    """The one profile with this address."""
    answer = api.call("POST", "/v1/profiles/search", json={"email": email})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert len(items) == 1, f"{len(items)} profiles have the address"
    whole = api.call("GET", f"/v1/profiles/{items[0]['id']}")
    assert whole.status_code == 200, whole.text
    return whole.json()


def counts(receipt: dict[str, Any]) -> dict[str, int]:
    """The receipt's counts that are not zero; they must add up."""
    found = receipt["counts"]
    assert found["records"] == sum(n for fate, n in found.items() if fate != "records"), found
    return {fate: n for fate, n in found.items() if n}


def until(what, patience: float = 60.0, why: str = ""):
    """The first answer that holds."""
    end = time.time() + patience
    while not (answer := what()):
        assert time.time() < end, why or "it did not come to that"
        time.sleep(0.3)
    return answer
