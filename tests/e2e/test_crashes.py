"""Kill a function in its work and let the message come again: the same end state as without."""

import time

import pytest
from drops import counts, find, import_file, language_file, session
from kill import kill, locked, wait_until_blocked
from teei_local import follow, localstack, reset

# What a test's people and sessions have become, without ids and times of this run.
STATE = """
WITH mine AS (SELECT * FROM core.kintell_sessions WHERE source_id LIKE :'mark' || '-%'),
     people AS (SELECT participant_id AS id, 'participant' AS who FROM mine UNION SELECT volunteer_id, 'volunteer' FROM mine)
SELECT
  (SELECT json_agg(json_build_array(substr(source_id, length(:'mark') + 2), rating, language_level, duration_minutes, scheduled_at, completed_at,
          feedback_text_id IS NOT NULL, revision, line) ORDER BY source_id) FROM mine) AS sessions,
  (SELECT count(*) FROM people) AS people,
  (SELECT count(*) FROM vault.emails WHERE profile_id IN (SELECT id FROM people)) AS emails,
  (SELECT count(*) FROM vault.texts WHERE fact_id IN (SELECT session_id FROM mine)) AS texts,
  (SELECT json_agg(json_build_array(who, fact_type, t.revision, programme, role, occurred_at, details) ORDER BY who, occurred_at, fact_type)
     FROM core.timeline t JOIN people ON id = profile_id) AS timeline,
  (SELECT json_agg(json_build_array(who, programme, role, status, since, until) ORDER BY who, programme)
     FROM core.enrolments JOIN people ON id = profile_id) AS enrolments,
  (SELECT json_agg(json_build_array(who, milestone, reached_at, m.revision) ORDER BY who, milestone)
     FROM core.milestones m JOIN people ON id = profile_id) AS milestones,
  (SELECT json_agg(json_build_array(who, flag, value) ORDER BY who, flag) FROM core.flags JOIN people ON id = profile_id) AS flags,
  (SELECT json_agg(json_build_array(type, n) ORDER BY type) FROM (
     SELECT type, count(*) AS n FROM bus.events
     WHERE subject IN (SELECT session_id FROM mine UNION SELECT id FROM people UNION SELECT text_id FROM vault.texts WHERE fact_id IN (SELECT session_id FROM mine))
     GROUP BY type) x) AS events,
  (SELECT COALESCE(sum(count - next + 1), 0) FROM bus.batches) AS unpublished,
  (SELECT count(*) FROM bus.dead) AS dead
"""


def body(mark: str) -> bytes:
    """Enough sessions for milestones, a flag, texts and several batches on the bus."""
    return language_file([
        session(mark, n, rating=5 - n % 2, language_level="A2" if n < 8 else "B1", feedback_text=f"Uke {n}" if n % 3 == 0 else "") for n in range(1, 13)
    ])


def state(db, mark: str) -> dict:
    return db.rows(STATE, mark=mark)[0]


@pytest.fixture(scope="module")
def undisturbed(db, api) -> dict:
    """The end state of the same file when nothing is killed."""
    import uuid

    mark = uuid.uuid4().hex[:10]
    receipt = import_file(api, f"kintell/sessions/calm-{mark}.csv", body(mark))
    assert counts(receipt) == {"records": 12, "new": 12}
    calm = state(db, mark)
    assert len(calm["sessions"]) == 12 and len(calm["timeline"]) == 24 and calm["milestones"] and calm["events"]
    assert calm["unpublished"] == 0
    return calm


@pytest.mark.parametrize(
    ("table", "mode"),
    [
        ("intake.imports", "EXCLUSIVE"),  # at its first step
        ("core.kintell_sessions", "EXCLUSIVE"),  # people are made, sessions are not
        ("bus.events", "EXCLUSIVE"),  # all rows written, the events are not
    ],
)
def test_the_importer_is_killed_at_each_step(stack, db, api, mark, undisturbed, table, mode):
    key = f"kintell/sessions/killed-{mark}.csv"
    with locked(db, table, mode):
        version = follow.drop(key, body(mark))
        wait_until_blocked(db, "teei_kintell_import", table)
        assert kill(stack["functions"]["KintellImport"]), "no importer was running"
    receipt = follow.receipt(api, key, version, patience=120)
    follow.settle(patience=120)
    assert counts(receipt) == {"records": 12, "new": 12}
    assert state(db, mark) == undisturbed
    assert db.value("SELECT count(*) AS n FROM intake.imports WHERE object_key = :'key'", key=key) == 1


def test_the_relay_is_killed_between_publishing_and_noting_it(stack, db, api, bus, mark, undisturbed):
    relay = stack["functions"]["BusRelay"]
    mapping = reset.mappings({relay})
    assert mapping, "the relay has no trigger"
    switch(mapping, False)
    version = follow.drop(f"kintell/sessions/relay-{mark}.csv", body(mark))
    follow.receipt(api, f"kintell/sessions/relay-{mark}.csv", version)
    # SHARE lets the relay read and publish, and stops it where it would note how far it is.
    with locked(db, "bus.batches", "SHARE"):
        switch(mapping, True)
        wait_until_blocked(db, "teei_bus_relay", "bus.batches")
        assert kill(relay), "no relay was running"
    follow.settle(patience=120)
    ids = {r["session_id"] for r in db.rows("SELECT session_id FROM core.kintell_sessions WHERE source_id LIKE :'mark' || '-%'", mark=mark)}
    heard = bus.until(12, lambda d: d["type"] == "kintell.session.completed.v1" and d["data"]["sessionId"] in ids)
    unique = {e["detail"]["id"] for e in heard}
    assert len(unique) == 12, "an event said again keeps its id"
    assert len(heard) > 12, "nothing was said twice, so the kill came too early to prove anything"
    assert state(db, mark) == undisturbed


@pytest.mark.parametrize("table", ["bus.inbox", "core.timeline", "core.milestones", "bus.events"])
def test_the_projector_is_killed_at_each_step(stack, db, api, mark, undisturbed, table):
    projector = stack["functions"]["ProfileProjector"]
    mapping = reset.mappings({projector})
    switch(mapping, False)
    version = follow.drop(f"kintell/sessions/projector-{mark}.csv", body(mark))
    follow.receipt(api, f"kintell/sessions/projector-{mark}.csv", version)
    wait_for_published(db)
    with locked(db, table, "EXCLUSIVE"):
        switch(mapping, True)
        wait_until_blocked(db, "teei_profile_projector", table)
        assert kill(projector), "no projector was running"
    follow.settle(patience=120)
    assert state(db, mark) == undisturbed
    assert find(api, f"newcomer.{mark}@example.org")["enrolments"]


def test_all_three_are_killed_again_and_again(stack, db, api, mark, undisturbed):
    """Without a chosen point: whatever they are doing, in the first seconds of the work."""
    key = f"kintell/sessions/storm-{mark}.csv"
    version, killed, until = follow.drop(key, body(mark)), 0, time.time() + 6
    while time.time() < until:
        for function in ("KintellImport", "BusRelay", "ProfileProjector"):
            killed += kill(stack["functions"][function])
        time.sleep(1.7)  # a message survives four kills before it is a dead letter
    receipt = follow.receipt(api, key, version, patience=180)
    follow.settle(patience=180)
    assert killed, "nothing was there to kill"
    assert counts(receipt) == {"records": 12, "new": 12}
    assert state(db, mark) == undisturbed


def test_a_redelivered_event_has_no_second_effect(stack, db, api, bus, mark):
    """The projector gets the same events once more by hand."""
    import json

    import_file(api, f"kintell/sessions/again-{mark}.csv", body(mark))
    before = state(db, mark)
    ids = {r["session_id"] for r in db.rows("SELECT session_id FROM core.kintell_sessions WHERE source_id LIKE :'mark' || '-%'", mark=mark)}
    heard = bus.until(12, lambda d: d["type"] == "kintell.session.completed.v1" and d["data"]["sessionId"] in ids)
    records = [{
        "messageId": f"again-{n}", "receiptHandle": "x", "body": json.dumps(envelope), "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-north-1:000000000000:again", "awsRegion": stack["region"],
    } for n, envelope in enumerate(heard)]
    reply = localstack.client("lambda").invoke(FunctionName=stack["functions"]["ProfileProjector"], Payload=json.dumps({"Records": records}))
    assert json.load(reply["Payload"]) == {"batchItemFailures": []}
    assert state(db, mark) == before


def switch(mappings: list[dict], on: bool) -> None:
    client, wanted, until = localstack.client("lambda"), "Enabled" if on else "Disabled", time.time() + 30
    for mapping in mappings:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
        while client.get_event_source_mapping(UUID=mapping["UUID"])["State"] != wanted:
            assert time.time() < until, f"a trigger is not {wanted.lower()}"
            time.sleep(0.1)


def wait_for_published(db) -> None:
    until = time.time() + 60
    while db.value(follow.UNPUBLISHED):
        assert time.time() < until, "the relay did not publish"
        time.sleep(0.2)
