"""A text from a file to the reviewer and on to scoring, through the running platform."""

import json
import uuid
from typing import Any

import pytest
from drops import import_file, language_file, session, until
from teei_local import follow, settings
from teei_local.api import Api

# Words that occur nowhere by chance, in texts that a person has to look at.
CANARY = "zymurgisk kvernstein"
TEXTS = {
    "plain": f"Jeg turte å snakke norsk på butikken, {CANARY}.",
    "contact": f"Ring meg på 415 55 012 eller skriv til {CANARY.replace(' ', '.')}@example.org.",
    "crisis": f"I do not want to live any more, I want to die. {CANARY}",
}
SCREENED = """
SELECT t.text_id, s.decision, s.lane, s.failure, r.review_id, r.state
FROM core.kintell_sessions k JOIN vault.texts t ON t.text_id = k.feedback_text_id
LEFT JOIN core.screenings s ON s.text_id = t.text_id AND s.newest
LEFT JOIN core.reviews r ON r.text_id = t.text_id
WHERE k.source_id = :'id'
"""
CLEARED = "SELECT count(*) AS n FROM vault.cleared_texts WHERE text_id = :'id'::uuid AND withdrawn_at IS NULL"


@pytest.fixture(scope="module")
def reviewers(stack) -> dict[str, Api]:
    return {role: Api(role, stack["api_url"], subject=f"{role}-e2e") for role in ("reviewer", "safeguarding")}


@pytest.fixture(scope="module")
def screened(db, api) -> dict[str, dict[str, Any]]:
    """The texts, dropped as a file, screened and in their queues."""
    mark = uuid.uuid4().hex[:10]
    rows = [session(mark, n, feedback_text=words) for n, words in enumerate(TEXTS.values(), 1)]
    import_file(api, f"kintell/sessions/moderation-{mark}.csv", language_file(rows))

    def found():
        rows = {name: db.rows(SCREENED, id=f"{mark}-{n:03d}")[0] for n, name in enumerate(TEXTS, 1)}
        return rows if all(row["decision"] for row in rows.values()) else None

    return until(found, why="not screened after a minute")


def post(api: Api, path: str, **options: Any):
    return api.call("POST", f"/v1/moderation/{path}", **options)


def test_a_dropped_text_is_allowed_or_waits_in_its_lane(db, screened):
    assert (screened["plain"]["decision"], screened["plain"]["review_id"]) == ("allow", None)
    assert db.value(CLEARED, id=screened["plain"]["text_id"]) == 1
    assert (screened["contact"]["decision"], screened["contact"]["lane"], screened["contact"]["state"]) == ("review", "general", "pending")
    assert (screened["crisis"]["decision"], screened["crisis"]["lane"], screened["crisis"]["state"]) == ("review", "sensitive", "pending")
    for name in ("contact", "crisis"):
        assert db.value(CLEARED, id=screened[name]["text_id"]) == 0


def test_a_reviewer_claims_opens_and_redacts_and_what_is_left_goes_on(db, bus, reviewers, screened):
    item, reviewer = screened["contact"]["review_id"], reviewers["reviewer"]
    listed = [i["id"] for i in reviewer.get("/v1/moderation/reviews", limit="200")["items"]]
    assert item in listed and screened["crisis"]["review_id"] not in listed
    assert post(reviewer, f"reviews/{item}/open").json()["code"] == "not_claimed"
    assert post(reviewer, f"reviews/{item}/claim").status_code == 200
    assert post(reviewers["safeguarding"], f"reviews/{item}/claim").json()["code"] == "already_claimed"
    opened = post(reviewer, f"reviews/{item}/open")
    assert opened.json()["text"] == TEXTS["contact"]
    decision = {"decision": "redact", "notes": f"{CANARY}: numbers are private"}
    headers = {"If-Match": opened.headers["ETag"], "Idempotency-Key": f"e2e-{item}"}
    made = post(reviewer, f"reviews/{item}/decision", json=decision, headers=headers)
    assert (made.status_code, made.json()["scored"]) == (200, True), made.text
    again = post(reviewer, f"reviews/{item}/decision", json=decision, headers=headers)
    assert (again.json(), again.headers.get("Idempotency-Replayed")) == (made.json(), "true")
    assert db.value(CLEARED, id=screened["contact"]["text_id"]) == 1
    caught = bus.until(1, lambda d: d["type"] == "safety.review.completed.v1" and d["data"]["reviewId"] == item)
    assert [e["detail"]["data"]["decision"] for e in caught] == ["redact"]


def test_a_cry_for_help_is_for_its_reviewers_alone_and_is_scored_after_no_decision(db, reviewers, screened):
    item, text = screened["crisis"]["review_id"], screened["crisis"]["text_id"]
    assert post(reviewers["reviewer"], f"reviews/{item}/claim").status_code == 404
    reviewer = reviewers["safeguarding"]
    queue = reviewer.get("/v1/moderation/reviews", lane="sensitive", limit="200")
    shown = next(i for i in queue["items"] if i["id"] == item)
    assert shown["urgent"] and shown["due_at"] and shown["written_at"].startswith("2026-01-15")
    assert queue["queue"]["sensitive"]["contact"] and "no emergency service" in queue["queue"]["sensitive"]["notice"]
    claimed = post(reviewer, f"reviews/{item}/claim")
    body = {"decision": "overturn", "notes": "talked with her"}
    unseen = post(reviewer, f"reviews/{item}/decision", json=body, headers={"If-Match": claimed.headers["ETag"]})
    assert unseen.json()["code"] == "not_opened"
    opened = post(reviewer, f"reviews/{item}/open")
    made = post(reviewer, f"reviews/{item}/decision", json=body, headers={"If-Match": opened.headers["ETag"]})
    assert (made.status_code, made.json()["scored"]) == (200, False), made.text
    assert db.value(CLEARED, id=text) == 0


def test_no_word_of_a_text_or_a_note_is_in_a_log_or_an_event(bus, screened):
    follow.settle()
    bus.poll()
    traces = [CANARY, CANARY.split()[0], CANARY.replace(" ", "."), "415 55 012", "numbers are private"]
    events = {e["detail"]["id"]: json.dumps(e, ensure_ascii=False) for e in bus.caught}
    logs = {file.name: file.read_text(errors="replace") for file in settings.LOGS.glob("*.log")}
    assert any(screened["contact"]["text_id"] in text for text in events.values()), "the search would find nothing"
    assert "ModerationScreener.log" in logs and "ModerationApi.log" in logs
    found = [f"{trace} in {name}" for name, text in (events | logs).items() for trace in traces if trace in text]
    assert found == []


def test_health_says_that_moderation_is_up(api):
    assert api.get("/v1/moderation/health") == {"status": "up", "service": "moderation"}
    services = {s["service"]: s["status"] for s in api.get("/v1/health")["services"]}
    assert services["moderation"] == "up"
