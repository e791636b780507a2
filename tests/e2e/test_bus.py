"""The bus as an operator meets it: a rule that is gone, events sent once more, dead letters put back."""

import json
import uuid

import pytest
from drops import find, import_file, language_file, session, until
from teei_local import deploy, follow, localstack, settings
from teei_local.api import Api

COMPLETED = "kintell.session.completed.v1"
PROJECTION = """
SELECT
  (SELECT json_agg(t ORDER BY t::text) FROM core.timeline t) AS timeline,
  (SELECT json_agg(t ORDER BY t::text) FROM core.match_facts t) AS match_facts,
  (SELECT json_agg(t ORDER BY t::text) FROM core.enrolments t) AS enrolments,
  (SELECT json_agg(t ORDER BY t::text) FROM core.milestones t) AS milestones,
  (SELECT json_agg(t ORDER BY t::text) FROM core.flags t) AS flags,
  (SELECT json_agg(json_build_array(profile_id, revision) ORDER BY profile_id) FROM core.profiles) AS revisions,
  (SELECT count(*) FROM bus.events) AS told
"""


def projector(api: Api) -> dict:
    """What the projector has of everything published, without time to arrive."""
    found = api.get("/v1/bus/reconciliation", grace_seconds=0)
    return next(c for c in found["consumers"] if c["consumer"] == "profile-projector")


def of_type(consumer: dict, kind: str) -> dict:
    return next(line for line in consumer["types"] if line["type"] == kind)


def replay(api: Api, **body) -> dict:
    """A replay from the asking to its end."""
    asked = api.call("POST", "/v1/bus/replays", json={"consumer": "profile-projector"} | body, headers={"Idempotency-Key": uuid.uuid4().hex})
    assert asked.status_code == 202, asked.text

    def done():
        now = api.get(f"/v1/bus/replays/{asked.json()['id']}")
        assert now["state"] != "failed", now
        return now if now["state"] == "done" else None

    return until(done, 120, "the replay does not come to its end")


@pytest.fixture
def rule():
    """The projector's rule, and it is there again afterwards whatever happened."""
    events, name = localstack.client("events"), deploy.resources("AWS::Events::Rule")["ProfileProjectorRule"].split("|")[-1]
    bus = deploy.outputs()["EventBus"]
    kept = events.describe_rule(Name=name, EventBusName=bus)
    targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]

    def remove():
        events.remove_targets(Rule=name, EventBusName=bus, Ids=[t["Id"] for t in targets])
        events.delete_rule(Name=name, EventBusName=bus)

    def restore():
        events.put_rule(Name=name, EventBusName=bus, EventPattern=kept["EventPattern"], State="ENABLED")
        answer = events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
        assert answer["FailedEntryCount"] == 0, answer

    yield remove, restore
    restore()


def test_a_rule_that_is_gone_is_named_and_a_replay_heals_what_was_lost(db, api, mark, rule):
    remove, restore = rule
    before = of_type(projector(api), COMPLETED)
    remove()
    receipt = import_file(api, f"kintell/sessions/lost-{mark}.csv", language_file([session(mark, n) for n in (1, 2, 3)]))
    assert find(api, f"newcomer.{mark}@example.org")["enrolments"] == [], "the events came although the rule is gone"

    now = of_type(projector(api), COMPLETED)
    assert now["published"] - before["published"] == 3 and now["missing"] - before["missing"] == 3
    assert projector(api)["status"] == "gap"
    gap = now["oldest_gap"]
    assert gap["age_seconds"] >= 0 and db.value("SELECT type FROM bus.events WHERE event_id = :'id'::uuid", id=gap["event_id"]) == COMPLETED

    restore()
    counted = api.call("POST", "/v1/bus/replays", json={"consumer": "profile-projector", "import": receipt["id"], "dry_run": True})
    assert counted.status_code == 200 and counted.json()["total"] == 3, counted.text
    ended = replay(api, **{"import": receipt["id"]})
    assert (ended["total"], ended["sent"], ended["taken_in"], ended["failed"]) == (3, 3, 3, 0)
    assert of_type(projector(api), COMPLETED)["missing"] == before["missing"]
    profile = find(api, f"newcomer.{mark}@example.org")
    assert [e["programme"] for e in profile["enrolments"]] == ["language"]
    follow.settle()
    told = "SELECT count(*) FROM bus.events WHERE subject = :'id'::uuid AND type = 'profile.milestone.reached.v1'"
    assert db.value(told, id=profile["id"]) == 1, "the milestone that followed was told at the replay's end"


def test_all_profiles_are_made_anew_from_the_log_and_are_the_same(db, api, mark):
    import_file(api, f"kintell/sessions/anew-{mark}.csv", language_file([session(mark, n, rating=5, language_level="A2" if n < 3 else "B1") for n in range(1, 6)]))
    before = db.rows(PROJECTION)[0]
    assert before["timeline"] and before["milestones"] and before["flags"]
    counted = api.call("POST", "/v1/bus/replays", json={"consumer": "profile-projector", "all": True, "dry_run": True}).json()
    ended = replay(api, all=True)
    assert ended["total"] == counted["total"] == ended["taken_in"] + ended["failed"]
    follow.settle()
    assert db.rows(PROJECTION)[0] == before


def test_a_dead_letter_says_why_and_is_put_back_when_the_cause_is_gone(db, api, mark):
    sqs, out = localstack.client("sqs"), deploy.outputs()
    sample = json.loads((settings.EVENTS / "profile-projector.json").read_text())["Records"][0]["body"]
    stranger, event = str(uuid.uuid4()), str(uuid.uuid4())
    body = json.loads(sample)
    body["detail"] |= {"id": event, "subject": str(uuid.uuid4())}
    body["detail"]["data"] |= {"sessionId": body["detail"]["subject"], "participantId": stranger}
    sqs.send_message(QueueUrl=out["ProfileProjectorQueueUrl"], MessageBody=json.dumps(body))

    def letters():
        item = next(i for i in api.get("/v1/bus/dead-letters")["items"] if i["function"] == "profile-projector")
        return item if item["dead_letters"] and any(r.get("event_id") == event for r in item["reasons"]) else None

    reasons = until(letters, 120, "the event is no dead letter")["reasons"]
    why = next(r for r in reasons if r.get("event_id") == event)
    assert why["code"] == "unknown_profile" and why["tries"] >= 5

    db.run(f"INSERT INTO core.profiles (profile_id) VALUES ('{stranger}')")
    back = api.call("POST", "/v1/bus/redrives", json={"function": "profile-projector"})
    assert back.status_code == 202 and back.json()["dead_letters"] >= 1, back.text
    taken = "SELECT count(*) FROM bus.inbox WHERE consumer = 'profile-projector' AND event_id = :'id'::uuid"
    until(lambda: db.value(taken, id=event), 60, "the letter was put back and not taken in")
    assert db.value("SELECT count(*) FROM bus.dead_letters WHERE event_id = :'id'::uuid", id=event) == 0
    until(lambda: follow.depth(out["ProfileProjectorDlqUrl"]) == 0, 30, "something is left behind")


@pytest.mark.parametrize("role", ["coordinator", "dpo", "service", "participant"])
def test_the_bus_is_the_admins(api, role):
    other = Api(role, api.address)
    for path in ("/v1/bus/reconciliation", "/v1/bus/replays", "/v1/bus/dead-letters"):
        assert other.call("GET", path).status_code == 403
    for path, body in (("/v1/bus/replays", {"consumer": "profile-projector", "all": True}), ("/v1/bus/redrives", {"function": "profile-projector"})):
        assert other.call("POST", path, json=body).status_code == 403


def test_the_operators_page_is_there_for_everyone_and_holds_nothing(api):
    page = api.call("GET", "/v1/bus/console", headers={"Authorization": None})
    assert page.status_code == 200 and page.text.startswith("<!doctype html>")
    assert "connect-src 'self';" in page.headers["Content-Security-Policy"]
