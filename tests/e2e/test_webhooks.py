"""Kintell's deliveries as a provider sends them: signed by a library that nobody here wrote, over the gateway, in its bytes."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import deliveries
import pytest
import requests
from deliveries import signed
from drops import counts, find, import_file, language_file, session
from kill import kill, locked, wait_until_blocked
from standardwebhooks import Webhook
from teei_local import follow, localstack, settings, webhook

SECRET = f"teei/{settings.STAGE}/webhooks/kintell"
FACTS = """
SELECT s.session_id, s.revision, s.rating::float AS rating, i.door FROM core.kintell_sessions s JOIN intake.imports i USING (import_id)
WHERE s.source_id LIKE :'mark' || '%'
"""


@pytest.fixture
def secret(stack) -> str:
    return webhook.secret_of("kintell")


def event(kind: str, **data) -> str:
    return json.dumps({"type": kind, "timestamp": "2026-02-09T16:50:00Z", "data": data}, ensure_ascii=False)


def completed(mark: str, n: int = 1, **over) -> str:
    """The n-th session of a test's pair, as the row of a file would say it."""
    return event("session.completed", **(session(mark, n) | over))


def post(stack, body: str | bytes, headers: dict[str, str]) -> requests.Response:
    return deliveries.post(stack, "/v1/kintell/webhooks", body, headers)


def test_a_delivery_signed_by_the_reference_library_becomes_a_fact_an_event_and_a_profile(stack, db, api, bus, secret, mark):
    body = completed(mark, feedback_text="Æ turte å snakke 🙂")
    headers = signed(secret, body)
    assert Webhook(secret).verify(body, headers) == json.loads(body), "the library agrees with itself"
    answer = post(stack, body, headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["delivery_id"], told["fate"], told["fact"]["revision"]) == (headers["webhook-id"], "new", 1)
    follow.settle()
    rows = db.rows(FACTS, mark=mark)
    assert [(r["session_id"], r["rating"], r["door"]) for r in rows] == [(told["fact"]["id"], 0.75, "webhook")]
    heard = bus.until(1, lambda d: d["type"] == "kintell.session.completed.v1" and d["subject"] == told["fact"]["id"])[0]["detail"]
    assert (heard["data"]["importId"], heard["data"]["line"]) == (told["import_id"], 1)
    assert heard["correlationid"] == answer.headers["x-correlation-id"]
    profile = find(api, f"newcomer.{mark}@example.org")
    assert [(e["programme"], e["role"]) for e in profile["enrolments"]] == [("language", "participant")]
    receipt = api.get(f"/v1/imports/{told['import_id']}")
    assert (receipt["door"], receipt["outcome"], counts(receipt)) == ("webhook", "loaded", {"records": 1, "new": 1})
    assert told["import_id"] in [item["id"] for item in api.get("/v1/imports", door="webhook", source="kintell")["items"]]
    for name in ("KintellWebhook", "ProfileProjector"):
        assert heard["correlationid"] in (settings.LOGS / f"{name}.log").read_text(), f"the request's id is not in the log of {name}"
    log = (settings.LOGS / "KintellWebhook.log").read_text()
    assert f"newcomer.{mark}" not in log and "turte" not in log


def test_forty_deliveries_at_once_are_one_fact(stack, db, secret, mark):
    body = completed(mark)
    headers = signed(secret, body)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: post(stack, body, headers), range(40)))
    assert [a.status_code for a in answers] == [200] * 40, {a.status_code: a.text for a in answers}
    assert len({json.dumps(a.json(), sort_keys=True) for a in answers}) == 1
    assert len(db.rows(FACTS, mark=mark)) == 1
    events = "SELECT count(*) FROM bus.events WHERE subject = :'id'::uuid"
    assert db.value(events, id=answers[0].json()["fact"]["id"]) == 1


def test_the_bytes_are_signed_also_where_they_are_no_text(stack, secret):
    body = b'{"type": "session.completed", "data": {"session_id": "\xff\xfe"}}'
    message, now = f"msg_{uuid.uuid4().hex}", int(time.time())
    headers = webhook.sign(secret, message, now, body) | {"Content-Type": "application/json"}
    answer = post(stack, body, headers)
    # Believed, and then no JSON: the signature was over these bytes and the gateway changed none of them.
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json"), answer.text


def test_what_is_not_believed_is_refused_with_its_own_sentence(stack, db, secret, mark):
    body = completed(mark)
    good = signed(secret, body)
    cases = {
        "older than five minutes": (body, signed(secret, body, ago=timedelta(minutes=6))),
        "more than five minutes ahead": (body, signed(secret, body, ago=timedelta(minutes=-6))),
        "No signature holds": (body + " ", good),
        "is missing": (body, {k: v for k, v in good.items() if k != "webhook-signature"}),
    }
    for sentence, (sent, headers) in cases.items():
        answer = post(stack, sent, headers)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["retryable"]) == (401, "bad_signature", False), answer.text
        assert sentence in problem["detail"], problem
    other = post(stack, body, signed("whsec_" + "A" * 44, body))
    assert (other.status_code, other.json()["code"]) == (401, "bad_signature")
    assert db.rows(FACTS, mark=mark) == []
    assert db.value("SELECT count(*) FROM intake.webhook_deliveries WHERE webhook_id = :'id'", id=good["webhook-id"]) == 0


def test_the_same_session_by_file_and_by_webhook_is_one_fact_in_any_order(stack, db, api, secret, mark):
    import_file(api, f"kintell/sessions/hook-{mark}.csv", language_file([session(mark, 1)]))
    body = completed(mark)
    assert post(stack, body, signed(secret, body)).json()["fate"] == "unchanged"
    body = completed(mark, 2)
    assert post(stack, body, signed(secret, body)).json()["fate"] == "new"
    receipt = import_file(api, f"kintell/sessions/hook-{mark}-2.csv", language_file([session(mark, 1), session(mark, 2)]))
    assert counts(receipt) == {"records": 2, "unchanged": 2}
    assert [r["revision"] for r in db.rows(FACTS, mark=mark)] == [1, 1]


def test_an_invalid_record_is_told_by_its_field_and_kept(stack, db, api, secret, mark):
    body = completed(mark, rating=7)
    headers = signed(secret, body)
    answer = post(stack, body, headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["retryable"]) == (422, "invalid_record", False)
    assert problem["errors"][0]["pointer"] == "/data/rating" and problem["errors"][0]["code"] == "out_of_range"
    kept = db.rows("SELECT import_id, code FROM intake.webhook_deliveries WHERE webhook_id = :'id'", id=headers["webhook-id"])[0]
    assert kept["code"] == "invalid_record"
    fates = api.get(f"/v1/imports/{kept['import_id']}/records")["items"]
    assert [(f["fate"], f["code"], f["column"]) for f in fates] == [("rejected", "out_of_range", "rating")]


def test_a_rating_waits_for_its_session(stack, secret, mark):
    rating = event("rating.created", rating_id=f"{mark}-r", session_id=f"{mark}-001", from_role="participant", rating=5, created_at="2026-02-09T18:00:00Z")
    headers = signed(secret, rating)
    orphan = post(stack, rating, headers)
    assert (orphan.status_code, orphan.json()["code"], orphan.json()["retryable"]) == (422, "orphan_ref", True)
    assert int(orphan.headers["Retry-After"]) > 0
    body = completed(mark, rating=None)
    assert post(stack, body, signed(secret, body)).status_code == 200
    assert post(stack, rating, signed(secret, rating, headers["webhook-id"])).json()["fate"] == "new"


@pytest.mark.parametrize("table", ["intake.webhook_deliveries", "core.kintell_sessions", "bus.events"])
def test_killed_in_its_transaction_it_leaves_nothing_and_the_next_try_is_one_fact(stack, db, secret, mark, table):
    body = completed(mark)
    headers = signed(secret, body)
    with ThreadPoolExecutor(1) as pool:
        with locked(db, table, "EXCLUSIVE"):
            sending = pool.submit(post, stack, body, headers)
            wait_until_blocked(db, "teei_kintell_webhook", table)
            assert kill(stack["functions"]["KintellWebhook"]), "no function was running"
            assert sending.result().status_code >= 500
    assert db.rows(FACTS, mark=mark) == []
    again = post(stack, body, signed(secret, body, headers["webhook-id"]))
    assert (again.status_code, again.json()["fate"]) == (200, "new"), again.text
    assert len(db.rows(FACTS, mark=mark)) == 1
    follow.settle()


def test_both_secrets_are_good_while_one_is_replaced(stack, secret, mark):
    fresh, client = "whsec_" + "n" * 44, localstack.client("secretsmanager")
    try:
        client.put_secret_value(SecretId=SECRET, SecretString=json.dumps([fresh, secret]))
        body = completed(mark)
        until = time.time() + 40  # a wrong signature asks for the secrets again, at most every fifteen seconds
        while (answer := post(stack, body, signed(fresh, body))).status_code == 401:
            assert time.time() < until, "the new secret was not read"
            time.sleep(1)
        assert answer.status_code == 200, answer.text
        assert post(stack, body, signed(secret, body)).status_code == 200, "the old one is still good"
    finally:
        client.put_secret_value(SecretId=SECRET, SecretString=secret)


def test_the_samples_of_make_webhook_are_answered_as_it_says(stack, capsys):
    for kind in ("session.scheduled", "session.completed", "rating.created"):
        assert webhook.run("kintell", kind, "") == 0, capsys.readouterr().out
    for bad in ("signature", "old"):
        assert webhook.run("kintell", "session.completed", bad) == 0
        assert "401" in capsys.readouterr().out
