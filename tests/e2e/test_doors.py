"""Buddy's and the course providers' records by delivery and by call, over the gateway, beside the same records in files."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from deliveries import post, sample, signed, tell
from drops import counts, find, import_file, quoted
from kill import kill, locked, wait_until_blocked
from teei_local import follow, localstack, settings, webhook
from teei_local.api import Api

UPSKILLING = ("ecornell", "itslearning", "generic")
TYPES = {
    "buddy": (
        "match.created", "event.logged", "event.attended", "skill_share.completed", "checkin.completed",
        "feedback.submitted", "milestone.reached", "match.ended",
    ),
    "ecornell": ("enrollment.created", "course.started", "course.completed", "certificate.issued"),
    "itslearning": ("CourseEnrollment", "CourseProgress", "CourseCompletion"),
    "generic": ("progress.updated", "course.completed", "credential.issued"),
}


def csv(*records: dict) -> bytes:
    """A file with the columns of these records."""
    cell = lambda value: quoted(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))  # noqa: E731
    lines = [",".join(records[0])] + [",".join(cell(value) for value in record.values()) for record in records]
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def pair(api, mark) -> dict[str, str]:
    """A newcomer and a buddy in Buddy's list, and the id of a match of theirs that nobody has told yet."""
    people = {"participant_id": str(uuid.uuid4()), "buddy_id": str(uuid.uuid4())}
    users = [
        {
            "id": person, "email": f"{part}.{mark}@example.org", "first_name": part, "last_name": mark,
            "role": "buddy" if part == "buddy_id" else "participant", "joined_at": "2025-01-10T09:00:00Z",
        }
        for part, person in people.items()
    ]
    receipt = import_file(api, f"buddy/users/{mark}.csv", csv(*users), settle=False)
    assert counts(receipt) == {"records": 2, "new": 2}
    return people | {"match_id": f"{mark}-m"}


def match(pair: dict[str, str], **over) -> dict:
    return pair | {"matched_at": "2025-02-01T10:00:00Z", "status": "active"} | over


def checkin(pair: dict[str, str], n: int, **over) -> dict:
    return {"checkin_id": f"{pair['match_id']}-c{n}", "match_id": pair["match_id"], "checkin_date": f"2025-03-{n:02d}T09:00:00Z", "mood": "good"} | over


def completion(mark: str, n: int = 1, **over) -> dict:
    return {
        "user_email": f"learner.{mark}@example.org", "provider": "futurelearn", "course_id": f"{mark}-{n}",
        "course_name": "Everyday IT", "completed_at": "2025-09-30T12:00:00Z", "final_score": 92.5,
    } | over


def told(kind: str, data: dict, at: str = "2025-12-01T10:00:00Z") -> dict:
    return {"type": kind, "timestamp": at, "data": data}


def test_a_match_told_by_buddy_is_a_fact_an_event_and_an_enrolment(stack, db, api, bus, pair, mark):
    answer = tell(stack, "buddy", told("match.created", match(pair)))
    assert answer.status_code == 200, answer.text
    fact = answer.json()["fact"]["id"]
    follow.settle()
    heard = bus.until(1, lambda d: d["type"] == "buddy.match.created.v1" and d["subject"] == fact)[0]["detail"]
    assert heard["correlationid"] == answer.headers["x-correlation-id"]
    profile = find(api, f"participant_id.{mark}@example.org")
    assert [(e["programme"], e["role"], e["status"]) for e in profile["enrolments"]] == [("buddy", "participant", "active")]
    log = (settings.LOGS / "BuddyApi.log").read_text()
    assert heard["correlationid"] in log and pair["participant_id"] not in log and f"participant_id.{mark}" not in log


def test_the_same_match_and_check_in_by_any_door_in_any_order_are_one_fact(stack, db, api, pair, mark):
    def dropped(entity: str, record: dict) -> str:
        found = counts(import_file(api, f"buddy/{entity}/{uuid.uuid4().hex}.csv", csv(record), settle=False))
        return next(fate for fate in found if fate != "records")

    doors = {
        "file": dropped,
        "webhook": lambda entity, record: tell(stack, "buddy", told("match.created" if entity == "matches" else "checkin.completed", record)).json()["fate"],
        "adapter": lambda entity, record: api.call("POST", f"/v1/buddy/{entity}", json=record).json()["fate"],
    }
    orders = (("webhook", "file", "adapter"), ("adapter", "webhook", "file"), ("file", "adapter", "webhook"))
    for n, order in enumerate(orders, 1):
        record = match(pair | {"match_id": f"{mark}-{n}"})
        for entity, one in (("matches", record), ("checkins", checkin(record, n))):
            assert [doors[door](entity, one) for door in order] == ["new", "unchanged", "unchanged"], (order, entity)
    rows = "SELECT revision FROM core.buddy_matches WHERE source_id LIKE :'mark' || '%'"
    assert [r["revision"] for r in db.rows(rows, mark=mark)] == [1, 1, 1]


def test_eight_deliveries_and_eight_calls_at_once_are_one_fact(stack, db, api, pair):
    body = json.dumps(told("match.created", match(pair)))
    headers = signed(webhook.secret_of("buddy"), body)
    with ThreadPoolExecutor(16) as pool:
        deliveries = [pool.submit(post, stack, "/v1/buddy/webhooks", body, headers) for _ in range(8)]
        calls = [pool.submit(api.call, "POST", "/v1/buddy/matches", json=match(pair)) for _ in range(8)]
        answers = [one.result() for one in deliveries + calls]
    assert all(a.ok for a in answers), {a.status_code: a.text for a in answers}
    assert len({a.json()["fact"]["id"] for a in answers}) == 1
    assert db.value("SELECT count(*) FROM core.buddy_matches WHERE source_id = :'id'", id=pair["match_id"]) == 1
    events = "SELECT count(*) FROM bus.events WHERE type = 'buddy.match.created.v1' AND subject = :'id'::uuid"
    assert db.value(events, id=answers[0].json()["fact"]["id"]) == 1


def test_a_batch_with_good_and_bad_records_has_an_end_for_each(stack, api, pair):
    assert api.call("POST", "/v1/buddy/matches", json=match(pair)).status_code == 201
    items = [checkin(pair, 1), checkin(pair, 2, mood="fine"), checkin(pair, 3, match_id="nobody-knows"), checkin(pair, 4)]
    answer = api.call("POST", "/v1/buddy/checkins", json={"items": items})
    assert answer.status_code == 200, answer.text
    batch = answer.json()
    assert [item["fate"] for item in batch["items"]] == ["new", "rejected", "rejected", "new"]
    assert [(i["error"]["code"], i["error"]["pointer"], i["retryable"]) for i in batch["items"] if "error" in i] == [
        ("bad_enum", "/items/1/mood", False), ("orphan_ref", "/items/2/match_id", True),
    ]
    receipt = api.get(f"/v1/imports/{batch['import_id']}")
    assert (receipt["door"], counts(receipt)) == ("adapter", {"records": 4, "new": 2, "rejected": 2})
    too_many = api.call("POST", "/v1/buddy/checkins", json=[checkin(pair, 5)] * 501)
    assert (too_many.status_code, too_many.json()["errors"][0]["code"]) == (422, "too_many")


def test_an_idempotency_key_is_done_once_and_for_one_body(stack, db, api, mark):
    key = {"Idempotency-Key": f"key-{mark}"}
    call = lambda body: api.call("POST", "/v1/upskilling/completions", json=body, headers=key)  # noqa: E731
    first, again = call(completion(mark)), call(completion(mark))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = call(completion(mark, 2))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda _: api.call("POST", "/v1/upskilling/completions", json=completion(mark, 3), headers={"Idempotency-Key": f"eight-{mark}"}), range(8)))
    assert {a.status_code for a in at_once} <= {201, 409}, [a.text for a in at_once]
    good = [a.json() for a in at_once if a.status_code == 201]
    assert good and all(answer == good[0] for answer in good)
    rows = "SELECT count(*) FROM core.upskilling_completions WHERE course_id LIKE :'mark' || '%'"
    assert db.value(rows, mark=mark) == 2


@pytest.mark.parametrize("table", ["core.upskilling_completions", "bus.events", "intake.idempotency_keys"])
def test_killed_in_its_transaction_a_call_leaves_nothing_and_the_same_again_is_done(stack, db, api, mark, table):
    key = {"Idempotency-Key": f"kill-{mark}"}
    call = lambda: api.call("POST", "/v1/upskilling/completions", json=completion(mark), headers=key)  # noqa: E731
    with ThreadPoolExecutor(1) as pool:
        with locked(db, table, "EXCLUSIVE"):
            sending = pool.submit(call)
            wait_until_blocked(db, "teei_upskilling_webhook", table)
            assert kill(stack["functions"]["UpskillingWebhook"]), "no function was running"
            assert sending.result().status_code >= 500
    assert db.value("SELECT count(*) FROM core.upskilling_completions WHERE course_id LIKE :'mark' || '%'", mark=mark) == 0
    done = call()
    assert (done.status_code, done.json()["fate"]) == (201, "new"), done.text
    assert call().headers["idempotency-replayed"] == "true"
    follow.settle()


def test_each_provider_in_its_own_form_and_with_its_own_secret(stack, api, mark):
    body = sample("ecornell", "course.completed")
    body["user"]["email"], body["course"]["course_id"] = f"learner.{mark}@example.org", mark
    assert tell(stack, "ecornell", body).json()["fate"] == "new"
    log = (settings.LOGS / "UpskillingWebhook.log").read_text()
    assert not any(secret in log for secret in (f"learner.{mark}", body["user"]["last_name"], "EC-CERT"))
    record = {
        "user_email": body["user"]["email"], "provider": "ecornell", "course_id": mark,
        "course_name": body["course"]["course_name"], "completed_at": body["progress"]["completed_at"],
        "credential_ref": body["certificate"]["certificate_id"],
    }
    assert api.call("POST", "/v1/upskilling/completions", json=record).json()["fate"] == "unchanged"
    assert counts(import_file(api, f"upskilling/completions/{mark}.csv", csv(record))) == {"records": 1, "unchanged": 1}
    text = json.dumps(body)
    for other in ("itslearning", "generic"):
        answer = post(stack, webhook.path_of("ecornell"), text, signed(webhook.secret_of(other), text))
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    answer = post(stack, "/v1/upskilling/webhooks/udemy", text, signed(webhook.secret_of("generic"), text))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    body["progress"]["completed_at"] = "last Tuesday"
    problem = tell(stack, "ecornell", body).json()
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("invalid_record", "/progress/completed_at")


@pytest.mark.parametrize("path", ["/v1/buddy/matches", "/v1/buddy/events", "/v1/buddy/checkins", "/v1/buddy/feedback", "/v1/upskilling/completions", "/v1/upskilling/credentials"])
def test_only_those_who_may_write_programmes_reach_an_adapter(stack, path):
    for role, expected in (("admin", 422), ("coordinator", 422), ("service", 422), ("dpo", 403), ("participant", 403), ("reviewer", 403)):
        who = {"profile": str(uuid.uuid4())} if role == "participant" else {}
        answer = Api(role, stack["api_url"], **who).call("POST", path, json={"items": []})
        assert answer.status_code == expected, f"{role}: {answer.text}"
    nobody = Api("admin", stack["api_url"]).call("POST", path, json={}, headers={"Authorization": None})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "missing_token")


@pytest.mark.parametrize("service", ["buddy", "upskilling"])
def test_the_health_of_a_service_with_doors_of_its_own_is_still_the_gateways(api, service):
    assert api.get(f"/v1/{service}/health")["status"] == "up"


@pytest.mark.parametrize("source", ["buddy", *UPSKILLING])
def test_both_secrets_are_good_while_one_is_replaced(stack, source):
    name, secret = f"teei/{settings.STAGE}/webhooks/{source}", webhook.secret_of(source)
    fresh, client, body = "whsec_" + "n" * 44, localstack.client("secretsmanager"), json.dumps({"type": "none", "data": {}})
    send = lambda key: post(stack, webhook.path_of(source), body, signed(key, body)).status_code  # noqa: E731
    try:
        client.put_secret_value(SecretId=name, SecretString=json.dumps([fresh, secret]))
        until = time.time() + 40  # a wrong signature asks for the secrets again, at most every fifteen seconds
        while send(fresh) == 401:
            assert time.time() < until, "the new secret was not read"
            time.sleep(1)
        assert send(secret) != 401, "the old one is still good"
    finally:
        client.put_secret_value(SecretId=name, SecretString=secret)


def test_the_samples_of_make_webhook_are_answered_as_it_says(stack, api, capsys):
    follow.samples([])
    for source, types in TYPES.items():
        for kind in types:
            assert webhook.run(source, kind, "") == 0, capsys.readouterr().out
        for bad in ("signature", "old"):
            assert webhook.run(source, types[0], bad) == 0
            assert "401" in capsys.readouterr().out
