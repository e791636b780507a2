"""A file in the drop bucket becomes a receipt, events and profiles: the platform's main job."""

import json
import time

from catcher import assert_contract
from drops import counts, find, import_file, language_file, session
from teei_local import localstack, settings

FACTS = """
SELECT (SELECT count(*) FROM core.kintell_sessions) AS sessions, (SELECT count(*) FROM core.profiles) AS profiles,
       (SELECT count(*) FROM vault.emails) AS emails, (SELECT count(*) FROM vault.texts) AS texts,
       (SELECT count(*) FROM core.timeline) AS timeline, (SELECT count(*) FROM core.milestones) AS milestones,
       (SELECT count(*) FROM bus.events) AS events, (SELECT count(*) FROM bus.inbox) AS inbox
"""
SESSIONS = """
SELECT source_id, session_id, session_type, participant_id, volunteer_id, rating::float AS rating, rating_raw::float AS rating_raw,
       rating_scale, rated_by, language_level, duration_minutes, completed_at IS NOT NULL AS completed, revision, line, feedback_text_id
FROM core.kintell_sessions WHERE source_id LIKE :'mark' || '-%' ORDER BY source_id
"""


def three_sessions(mark: str) -> bytes:
    return language_file([
        session(mark, 1, feedback_text="Jeg turte å snakke norsk."),
        session(mark, 2, rating="", language_level="b1"),
        session(mark, 3, scheduled_at="2027-01-10T16:00:00Z", completed_at="", duration_minutes="", rating=""),
    ])


def test_a_dropped_file_becomes_receipt_events_and_a_profile(stack, db, api, bus, mark):
    key = f"kintell/sessions/main-{mark}.csv"
    receipt = import_file(api, key, three_sessions(mark))

    # The receipt, and the same in three places
    assert (receipt["status"], receipt["outcome"], receipt["source"], receipt["entity"]) == ("done", "loaded", "kintell", "sessions")
    assert receipt["layout"] == "language"
    assert counts(receipt) == {"records": 3, "new": 3}
    assert receipt["rejects"] == []
    assert receipt["people"] == {"known": 0, "created": 2}
    assert receipt["file"]["key"] == key and receipt["file"]["bucket"] == stack["drops_bucket"]
    assert receipt["dialect"]["delimiter"] == "comma" and receipt["dialect"]["bom"] is False
    stored = db.rows("SELECT receipt FROM intake.imports WHERE import_id = :'id'::uuid", id=receipt["id"])
    assert stored[0]["receipt"]["counts"] == receipt["counts"]
    path = f"kintell/sessions/main-{mark}.csv/{receipt['id']}/receipt.json"
    s3 = localstack.client("s3")
    found = [o["Key"] for o in s3.list_objects_v2(Bucket=stack["results_bucket"], Prefix="kintell/sessions/").get("Contents", [])]
    written = [k for k in found if receipt["id"] in k and k.endswith("/receipt.json")]
    assert len(written) == 1, f"{path} or the like is not among {found}"
    assert json.load(s3.get_object(Bucket=stack["results_bucket"], Key=written[0])["Body"])["counts"] == receipt["counts"]

    # The rows
    rows = db.rows(SESSIONS, mark=mark)
    assert [r["source_id"] for r in rows] == [f"{mark}-001", f"{mark}-002", f"{mark}-003"]
    first = rows[0]
    assert (first["rating"], first["rating_raw"], first["rating_scale"], first["rated_by"]) == (0.75, 4, "1-5", "participant")
    assert (first["session_type"], first["language_level"], first["duration_minutes"], first["revision"], first["line"]) == ("language", "A2", 45, 1, 2)
    assert rows[1]["rating"] is None and rows[1]["language_level"] == "B1"
    assert [r["completed"] for r in rows] == [True, True, False]
    assert len({r["participant_id"] for r in rows}) == len({r["volunteer_id"] for r in rows}) == 1
    text = db.rows("SELECT author_role, kind, subject_id FROM vault.texts WHERE text_id = :'id'::uuid", id=first["feedback_text_id"])
    assert text == [{"author_role": "participant", "kind": "kintell_session", "subject_id": first["participant_id"]}]

    # The events: each logged one was on the bus, once, and keeps its contract
    ids = {r["session_id"] for r in rows}
    completed = bus.until(2, lambda d: d["type"] == "kintell.session.completed.v1" and d["data"]["sessionId"] in ids)
    assert len(completed) == 2
    one = next(e["detail"] for e in completed if e["detail"]["data"]["sessionId"] == first["session_id"])
    data = one["data"]
    assert one["subject"] == first["session_id"] and one["time"].startswith("2026-01-01T16:45:00")
    assert (data["participantId"], data["volunteerId"]) == (first["participant_id"], first["volunteer_id"])
    assert (data["rating"], data["languageLevel"], data["durationMinutes"], data["fromRole"]) == (0.75, "A2", 45, "participant")
    assert (data["textId"], data["importId"], data["line"]) == (first["feedback_text_id"], receipt["id"], 2)
    other = next(e["detail"]["data"] for e in completed if e["detail"]["data"]["sessionId"] == rows[1]["session_id"])
    assert "rating" not in other and "textId" not in other, "an empty cell is absent, never a zero"
    logged = db.rows("SELECT event_id, type FROM bus.events WHERE correlation_id = :'c'", c=one["correlationid"])
    caught = bus.until(len(logged), lambda d: d["correlationid"] == one["correlationid"])
    assert sorted(e["detail"]["id"] for e in caught) == sorted(r["event_id"] for r in logged)
    types = sorted(r["type"] for r in logged)
    for needed, number in (
        ("kintell.session.scheduled.v1", 1), ("kintell.session.completed.v1", 2), ("intake.text.received.v1", 1),
        ("profile.created.v1", 2), ("intake.import.completed.v1", 1), ("profile.milestone.reached.v1", 1),
    ):
        assert types.count(needed) >= number, f"{needed} is missing in {types}"
    for envelope in caught:
        assert_contract(envelope)

    # The profile
    profile = find(api, f"newcomer.{mark}@example.org")
    assert profile["id"] == first["participant_id"]
    assert [(e["programme"], e["role"], e["status"]) for e in profile["enrolments"]] == [("language", "participant", "active")]
    assert {m["name"]: m["reached_at"][:19] for m in profile["milestones"]}["first_language_session"] == "2026-01-01T16:45:00"
    volunteer = find(api, f"volunteer.{mark}@example.org")
    assert volunteer["id"] == first["volunteer_id"]
    assert [(e["programme"], e["role"]) for e in volunteer["enrolments"]] == [("language", "volunteer")]


def test_the_same_file_again_adds_no_row_and_no_event(db, api, bus, mark):
    body = three_sessions(mark)
    first = import_file(api, f"kintell/sessions/twice-{mark}.csv", body)
    before = db.rows(FACTS)[0]
    bus.poll()
    heard = len(bus.caught)

    again = import_file(api, f"kintell/sessions/twice-{mark}.csv", body)
    elsewhere = import_file(api, f"kintell/sessions/twice-{mark}-copy.csv", body)

    assert first["id"] != again["id"] != elsewhere["id"]
    for receipt in (again, elsewhere):
        assert receipt["outcome"] == "unchanged"
        assert counts(receipt) == {"records": 3, "unchanged": 3}
        assert receipt["first_import"] == first["id"]
        assert receipt["events"] == 0
    assert db.rows(FACTS)[0] == before
    bus.poll()
    assert len(bus.caught) == heard, [e["detail-type"] for e in bus.caught[heard:]]


def test_a_notification_told_twice_runs_once(stack, db, api, mark):
    key = f"kintell/sessions/told-{mark}.csv"
    receipt = import_file(api, key, three_sessions(mark))
    before = db.rows(FACTS)[0]
    event = {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": stack["region"], "eventName": "ObjectCreated:Put",
        "eventTime": "2026-11-01T12:00:00.000Z",
        "s3": {
            "s3SchemaVersion": "1.0", "bucket": {"name": stack["drops_bucket"], "arn": f"arn:aws:s3:::{stack['drops_bucket']}"},
            "object": {"key": key, "versionId": receipt["file"]["version"], "size": receipt["file"]["bytes"], "sequencer": "0"},
        },
    }]}
    reply = localstack.client("lambda").invoke(FunctionName=stack["functions"]["KintellImport"], Payload=json.dumps(event))
    assert "FunctionError" not in reply, reply["Payload"].read()
    assert db.rows(FACTS)[0] == before
    assert db.value("SELECT count(*) AS n FROM intake.imports WHERE object_key = :'key'", key=key) == 1


def test_one_bad_rating_leaves_the_other_rows_in(db, api, mark):
    rows = [session(mark, 1, feedback_text="To linjer,\nher."), session(mark, 2, rating="7"), session(mark, 3)]
    receipt = import_file(api, f"kintell/sessions/bad-{mark}.csv", language_file(rows))

    assert receipt["outcome"] == "loaded"
    assert counts(receipt) == {"records": 3, "new": 2, "rejected": 1}
    reject = receipt["rejects"][0]
    # The first record's text spans two lines, so the second record is on line 4, as an editor counts.
    assert (reject["line"], reject["column"], reject["code"]) == (4, "rating", "out_of_range")
    assert reject["reason"] and "7" in str(reject)
    assert [r["source_id"] for r in db.rows(SESSIONS, mark=mark)] == [f"{mark}-001", f"{mark}-003"]
    fates = api.get(f"/v1/imports/{receipt['id']}/records")["items"]
    assert [(f["record"], f["line"], f["fate"]) for f in fates] == [(1, 2, "new"), (2, 4, "rejected"), (3, 5, "new")]
    assert (fates[1]["code"], fates[1]["column"]) == ("out_of_range", "rating")


def test_keys_with_spaces_letters_and_signs_find_their_object(api, mark):
    receipt = import_file(api, f"kintell/sessions/økter uke 7 + {mark} (2).CSV", language_file([session(mark, 1)]))
    assert counts(receipt) == {"records": 1, "new": 1}


def test_a_file_that_is_no_csv_is_refused_with_a_reason(api, mark):
    receipt = import_file(api, f"kintell/sessions/{mark}.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")
    assert receipt["outcome"] == "refused" and receipt["reason"]
    missing = import_file(api, f"kintell/sessions/{mark}-columns.csv", b"session_id,participant_email,volunteer_email\na,b@example.org,c@example.org\n")
    assert missing["outcome"] == "refused" and "scheduled_at" in missing["reason"]


def test_a_changed_row_is_the_next_revision_and_one_event(db, api, bus, mark):
    key = f"kintell/sessions/changed-{mark}.csv"
    import_file(api, key, language_file([session(mark, 1), session(mark, 2)]))
    receipt = import_file(api, key, language_file([session(mark, 1, rating=5), session(mark, 2)]))
    assert counts(receipt) == {"records": 2, "changed": 1, "unchanged": 1}
    rows = db.rows(SESSIONS, mark=mark)
    assert [(r["rating"], r["revision"]) for r in rows] == [(1, 2), (0.75, 1)]
    completed = bus.until(3, lambda d: d["type"] == "kintell.session.completed.v1" and d["data"]["sessionId"] in {r["session_id"] for r in rows})
    assert sorted(e["detail"]["data"]["revision"] for e in completed) == [1, 1, 2]


def test_one_id_is_in_the_log_of_every_function_the_file_went_through(stack, api, bus, mark):
    receipt = import_file(api, f"kintell/sessions/trace-{mark}.csv", three_sessions(mark))
    logs = {name: settings.LOGS / f"{name}.log" for name in ("KintellImport", "BusRelay", "ProfileProjector")}
    deadline = time.time() + 30
    while missing := [name for name, log in logs.items() if receipt["id"] not in log.read_text()]:
        assert time.time() < deadline, f"{receipt['id']} is not in the log of {missing}"
        time.sleep(0.3)
