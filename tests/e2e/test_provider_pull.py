"""Courses are asked of Ralph, a learning-record store that nobody here wrote: everything once, also when cut off."""

import json
import signal
import threading
import time
import uuid

import pytest
import requests
from drops import find
from kill import kill
from teei_local import follow, localstack, lrs, settings

SECRET = f"teei/{settings.STAGE}/upskilling/providers"
ADL = "http://adlnet.gov/expapi/verbs/"
EARNED = "http://id.tincanapi.com/verb/earned"
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"

FACTS = """
SELECT 'completion' AS kind, course_id, final_score::text AS value, revision FROM core.upskilling_completions WHERE provider = :'provider'
UNION ALL SELECT 'credential', course_id, credential_type, revision FROM core.upskilling_credentials WHERE provider = :'provider'
UNION ALL SELECT 'progress', course_id, progress_percent::text, revision FROM core.upskilling_progress WHERE provider = :'provider'
ORDER BY 1, 2
"""
EVENTS = "SELECT count(*) AS n FROM bus.events WHERE detail::jsonb -> 'data' ->> 'provider' = :'provider'"


class Store:
    """Ralph, and the function that asks it under a provider's code of this test's own."""

    def __init__(self, stack: dict, endpoint: str, process, mark: str):
        self.function, self.endpoint, self.process = stack["functions"]["UpskillingSync"], endpoint, process
        self.mark, self.provider = mark, f"ralph_{mark}"

    def configure(self) -> None:
        entry = {
            "provider": self.provider, "endpoint": self.endpoint, "username": lrs.LOGIN[0], "password": lrs.LOGIN[1],
            "course_prefix": "https://courses.example.org/", "page": 3,
        }
        secret(json.dumps({"providers": [entry]}))

    def fill(self, statements: list[dict]) -> None:
        headers = {"X-Experience-API-Version": "1.0.3"}
        answer = requests.post(f"{self.endpoint}/statements", json=statements, auth=lrs.LOGIN, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text

    def sync(self) -> dict:
        """One run: what it reports of this provider. The schedule's own run may be on its way."""
        event = (settings.EVENTS / "upskilling-sync.json").read_bytes()
        for _ in range(20):
            reply = localstack.client("lambda").invoke(FunctionName=self.function, Payload=event)
            report = json.load(reply["Payload"])
            assert "FunctionError" not in reply, report
            [asked] = [one for one in report["providers"] if one["provider"] == self.provider]
            if asked["outcome"] != "busy":
                return asked
            time.sleep(0.5)
        pytest.fail("the provider stays busy")

    def address(self, who: str) -> str:
        return f"{who}.{self.mark}@example.org"

    def statement(self, verb: str, course: str, actor: dict | None = None, **more) -> dict:
        return {
            "id": str(uuid.uuid4()), "actor": actor or {"mbox": f"mailto:{self.address('olena')}"}, "verb": {"id": verb},
            "object": {"id": f"https://courses.example.org/{course}", "definition": {"name": {"en": f"Course {course}"}}},
            "timestamp": "2025-03-04T10:00:00Z", **more,
        }


def secret(text: str) -> None:
    localstack.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)


@pytest.fixture
def store(stack, mark, tmp_path):
    with lrs.serve(tmp_path) as (endpoint, process):
        store = Store(stack, endpoint, process, mark)
        store.configure()
        try:
            yield store
        finally:
            secret('{"providers": []}')


def test_ralph_is_asked_twice_and_every_statement_is_one_fact(db, api, store):
    taken_back = store.statement(ADL + "completed", "NOR-109")
    store.fill([
        store.statement(ADL + "completed", "NOR-101", result={"score": {"scaled": 0.925}}),
        store.statement(ADL + "passed", "NOR-102", {"account": {"homePage": "https://lms.example", "name": store.address("taras")}}),
        store.statement(ADL + "progressed", "NOR-103", result={"extensions": {PROGRESS: 40}}),
        store.statement(EARNED, "NOR-104"),
        store.statement(ADL + "experienced", "NOR-105"),
        store.statement(ADL + "completed", "NOR-106", {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}),
        store.statement(ADL + "completed", "NOR-107", {"openid": "https://olena.example/"}),
        taken_back,
    ])
    first = store.sync()
    assert (first["outcome"], first["pages"]) == ("done", 3)
    assert first["statements"] == {"new": 5, "passed_over": 1, "rejected": 2}
    store.fill([store.statement(ADL + "voided", "", object={"objectType": "StatementRef", "id": taken_back["id"]})])
    assert store.sync()["statements"]["voiding"] == 1
    facts = [(row["kind"], row["course_id"], row["value"]) for row in db.rows(FACTS, provider=store.provider)]
    assert facts == [
        ("completion", "NOR-101", "92.5"), ("completion", "NOR-102", None), ("credential", "NOR-104", "badge"), ("progress", "NOR-103", "40"),
    ]

    told = db.value(EVENTS, provider=store.provider)
    again = store.sync()
    assert again["outcome"] == "done" and set(again["statements"]) == {"known", "passed_over"}
    assert db.value(EVENTS, provider=store.provider) == told

    follow.settle(patience=60)
    person = find(api, store.address("taras"))
    assert [(one["programme"], one["status"]) for one in person["enrolments"]] == [("upskilling", "completed")]


def test_what_a_device_sends_late_is_found_although_ralph_compares_timestamps(db, store):
    store.fill([store.statement(ADL + "completed", "NOR-101")])
    assert store.sync()["statements"]["new"] == 1
    store.fill([store.statement(ADL + "completed", "NOR-102", timestamp="2024-11-05T08:00:00Z")])
    assert store.sync()["statements"]["new"] == 1
    means = "SELECT since_means AS n FROM intake.pull_providers WHERE provider = :'provider'"
    assert db.value(means, provider=store.provider) == "timestamp"


def test_a_run_that_is_killed_in_the_middle_leaves_every_fact_once(db, store):
    store.fill([store.statement(ADL + "completed", f"NOR-{n:03}") for n in range(60)])
    count = "SELECT count(*) AS n FROM core.upskilling_completions WHERE provider = :'provider'"
    run = threading.Thread(target=lambda: localstack.client("lambda").invoke(FunctionName=store.function, Payload=b"{}"))
    run.start()
    patience = time.time() + 30
    while db.value(count, provider=store.provider) < 3:
        assert time.time() < patience, "the run does not begin"
    store.process.send_signal(signal.SIGSTOP)  # the next page does not come
    try:
        time.sleep(1)
        cut = db.value(count, provider=store.provider)
        assert kill(store.function), "no sync was running"
    finally:
        store.process.send_signal(signal.SIGCONT)
    run.join(timeout=60)
    assert 3 <= cut < 60, "it was cut in the middle"
    rest = store.sync()
    assert (rest["outcome"], rest["statements"]["new"]) == ("done", 60 - cut)
    facts = db.rows(FACTS, provider=store.provider)
    assert len(facts) == 60 and {row["revision"] for row in facts} == {1}
    assert db.value(EVENTS, provider=store.provider) == 60
