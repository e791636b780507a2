"""A subscriber as an integration developer would write one: a rule and a queue on the bus."""

import json
import time
import uuid
from typing import Any, Callable

import jsonschema
from teei_local import localstack, settings

CONTRACTS = settings.EVENTS / "contracts"


class Catcher:
    """Keeps every event of the bus since it was made; duplicates as well, in the order they came."""

    def __init__(self, bus: str) -> None:
        self.bus, self.name = bus, f"catcher-{uuid.uuid4().hex[:8]}"
        self.sqs, self.events = localstack.client("sqs"), localstack.client("events")
        self.queue = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.events.put_rule(Name=self.name, EventBusName=bus, EventPattern=json.dumps({"source": [{"prefix": "teei."}]}))
        answer = self.events.put_targets(Rule=self.name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        assert answer["FailedEntryCount"] == 0, answer
        self.caught: list[dict[str, Any]] = []

    def poll(self) -> None:
        while True:
            got = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
            if not got:
                return
            self.caught += [json.loads(message["Body"]) for message in got]
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(got)]
            self.sqs.delete_message_batch(QueueUrl=self.queue, Entries=entries)

    def those(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Envelopes whose detail is wanted, so far."""
        self.poll()
        return [envelope for envelope in self.caught if wanted(envelope["detail"])]

    def until(self, count: int, wanted: Callable[[dict[str, Any]], bool], patience: float = 30.0) -> list[dict[str, Any]]:
        """Waits for at least `count` wanted events; fails with what came instead."""
        end = time.time() + patience
        while len(found := self.those(wanted)) < count:
            if time.time() > end:
                raise AssertionError(f"{len(found)} of {count} events came in {patience} s: {[e['detail-type'] for e in found]}")
            time.sleep(0.2)
        return found

    def of_import(self, import_id: str, correlation: str) -> list[dict[str, Any]]:
        return self.those(lambda d: d.get("correlationid") == correlation or d["data"].get("importId") == import_id)

    def close(self) -> None:
        self.events.remove_targets(Rule=self.name, EventBusName=self.bus, Ids=["queue"])
        self.events.delete_rule(Name=self.name, EventBusName=self.bus)
        self.sqs.delete_queue(QueueUrl=self.queue)


def assert_contract(envelope: dict[str, Any]) -> None:
    """The EventBridge entry says what its CloudEvent says, and both keep the checked-in schema."""
    detail = envelope["detail"]
    assert envelope["detail-type"] == detail["type"]
    assert envelope["source"] == detail["source"].replace("/", ".")
    assert detail["specversion"] == "1.0"
    assert uuid.UUID(detail["id"]).version == 7
    assert detail["dataschema"].endswith(f"/contracts/{detail['type']}.schema.json"), detail["dataschema"]
    assert detail["dataclassification"] == "pseudonymous"
    assert detail["data"]["revision"] >= 1
    schema = json.loads((CONTRACTS / f"{detail['type']}.schema.json").read_text())
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(detail)
