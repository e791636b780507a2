"""Drops sample files and follows them: receipt by the API, events to the bus, facts on profiles."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import deploy, invoke, localstack, postgres, settings
from .api import Api
from .say import Problem, Step, short

# Invented people. Lists of users first, so that sessions find names where there are some; Buddy's files refer to its
# users and matches.
SAMPLES = {
    "kintell/users/users.csv": "kintell/users.csv",
    "kintell/sessions/language.csv": "kintell/sessions-language.csv",
    "kintell/sessions/mentor.csv": "kintell/sessions-mentor.csv",
    "kintell/sessions/legacy.csv": "kintell/sessions-legacy.csv",
    "kintell/sessions/one-bad-rating.csv": "kintell/sessions-one-bad-rating.csv",
    "buddy/users/users.csv": "buddy/users.csv",
    "buddy/matches/matches.csv": "buddy/matches.csv",
    "buddy/matches/matches-legacy.csv": "buddy/matches-legacy.csv",
    "buddy/events/events.csv": "buddy/events.csv",
    "buddy/event_attendance/event_attendance.csv": "buddy/event_attendance.csv",
    "buddy/skill_sessions/skill_sessions.csv": "buddy/skill_sessions.csv",
    "buddy/checkins/checkins.csv": "buddy/checkins.csv",
    "buddy/feedback/feedback.csv": "buddy/feedback.csv",
    "buddy/milestones/milestones.csv": "buddy/milestones.csv",
    "upskilling/completions/completions.csv": "upskilling/completions.csv",
    "upskilling/credentials/credentials.csv": "upskilling/credentials.csv",
    "upskilling/progress/progress.csv": "upskilling/progress.csv",
}
PATIENCE = 120.0
# Functions that take events in behind a queue of their own.
CONSUMERS = ("ProfileProjector", "ModerationScreener", "Q2qScorer")
UNPUBLISHED = "SELECT coalesce(sum(count - next + 1), 0)::int AS n FROM bus.batches WHERE state = 'pending'"


@dataclass
class Followed:
    """One file's way: its receipt and how long each part took, in seconds."""

    key: str
    receipt: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def drop(key: str, body: bytes) -> str:
    """Puts a file into the drop bucket; its version id."""
    bucket = deploy.outputs()["DropsBucket"]
    return localstack.client("s3").put_object(Bucket=bucket, Key=key, Body=body).get("VersionId", "")


def receipt(api: Api, key: str, version: str, patience: float = PATIENCE) -> dict[str, Any]:
    """The receipt of one delivery, once its import is done."""
    until = time.time() + patience
    seen = "no import of it was started"
    while time.time() < until:
        for item in api.get("/v1/imports", key=key)["items"]:
            whole = api.get(f"/v1/imports/{item['id']}")
            if version and whole.get("file", {}).get("version", version) != version:
                continue
            if whole["status"] == "done":
                return whole
            seen = f"its import is {whole['status']}"
        time.sleep(0.2)
    log = invoke.log_file(invoke.logical_id(f"{key.removeprefix('dry-run/').split('/')[0]}-import"))
    words = invoke.tail(log.read_text(errors="replace")) if log.exists() else "      (the importer was never called)"
    raise Problem(f"no receipt for {key} after {patience:.0f} s: {seen}\n{words}", short(log))


def depth(url: str) -> int:
    """Messages in a queue that are not done, the delayed ones apart."""
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = localstack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return sum(int(found[name]) for name in wanted)


def settle(step: Step | None = None, patience: float = PATIENCE) -> None:
    """Returns when every event is published and every consumer's queue is empty, seen four times in a row."""
    database, until, calm = postgres.owner(), time.time() + patience, 0
    outputs = deploy.outputs()
    queues = {name: outputs[f"{name}QueueUrl"] for name in CONSUMERS}
    while time.time() < until:
        waiting, depths = database.value(UNPUBLISHED), {name: depth(url) for name, url in queues.items()}
        queued = sum(depths.values())
        if step:
            step.now(f"{waiting} events to publish, {queued} messages to work off")
        calm = calm + 1 if waiting == 0 and queued == 0 else 0
        if calm == 4:
            return
        time.sleep(0.2)
    which = "BusRelay" if waiting else max(depths, key=depths.get)
    log = invoke.log_file(which)
    words = invoke.tail(log.read_text(errors="replace")) if log.exists() else f"      ({which} was never called)"
    raise Problem(f"after {patience:.0f} s {waiting} events wait to be published and {queued} messages to be worked off\n{words}", short(log))


def samples(steps: list, folder: Path = settings.FIXTURES) -> list[Followed]:
    """Drops the sample files one after the other and follows each to its receipt, then all to the profiles."""
    api, files = Api("admin"), []
    with Step("import", steps) as step:
        for key, name in SAMPLES.items():
            step.now(name)
            started = time.time()
            version = drop(key, (folder / name).read_bytes())
            files.append(Followed(key, receipt(api, key, version), time.time() - started))
        step.result = f"{len(files)} files, {sum(f.receipt['counts']['records'] for f in files)} records"
    with Step("events", steps) as step:
        settle(step)
        made = sum(f.receipt["events"] for f in files)
        step.result = f"{made} events of the imports published and taken in" if made else "nothing new to tell"
    return files
