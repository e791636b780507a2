"""The consumer that a partner would copy, in a stack of its own beside the platform."""

import time
import uuid

import pytest
from drops import import_file, language_file, session
from teei_local import localstack, package, settings

FOLDER = settings.ROOT / "events" / "consumer-example"


@pytest.fixture
def partner(stack):
    """Deploys events/consumer-example; its outputs."""
    cloud, name = localstack.client("cloudformation"), f"partner-{uuid.uuid4().hex[:6]}"
    bus = localstack.client("events").describe_event_bus(Name=stack["event_bus"])["Arn"]
    parameters = [{"ParameterKey": "EventBus", "ParameterValue": bus}, {"ParameterKey": "Types", "ParameterValue": "kintell.session.completed.v1,profile.milestone.reached.v1"}]
    cloud.create_stack(
        StackName=name, TemplateBody=package.package(path=FOLDER / "template.yaml"), Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    end = time.time() + 120
    while (now := cloud.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith("_IN_PROGRESS"):
        assert time.time() < end, "the partner's stack does not come up"
        time.sleep(0.5)
    assert now["StackStatus"] == "CREATE_COMPLETE", now
    out = {o["OutputKey"]: o["OutputValue"] for o in now["Outputs"]}
    yield out
    cut_off(cloud, name, stack["event_bus"], out["ConsumerExampleName"])


def cut_off(cloud, name: str, bus: str, function: str) -> None:
    """Takes rule and poller away: the local cloud cannot delete a stack that names a resource its conditions left out."""
    resources = cloud.describe_stack_resources(StackName=name)["StackResources"]
    rule = next(r["PhysicalResourceId"] for r in resources if r["LogicalResourceId"] == "Rule").split("|")[-1]
    events, functions = localstack.client("events"), localstack.client("lambda")
    events.remove_targets(Rule=rule, EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name=rule, EventBusName=bus)
    for mapping in functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
    functions.delete_function(FunctionName=function)


def test_events_reach_a_consumer_that_shares_nothing_with_the_platform(db, api, mark, partner):
    receipt = import_file(api, f"kintell/sessions/partner-{mark}.csv", language_file([session(mark, n) for n in (1, 2)]))
    wanted = {r["id"] for r in db.rows(
        "SELECT event_id AS id FROM bus.events WHERE correlation_id = :'id' AND type IN ('kintell.session.completed.v1', 'profile.milestone.reached.v1')",
        id=receipt["id"],
    )}
    assert len(wanted) >= 3, "two sessions and the milestone that follows"
    log, end = settings.LOGS / "ConsumerExample.log", time.time() + 60
    seen = lambda: log.read_text() if log.exists() else ""  # noqa: E731
    while missing := {event for event in wanted if event not in seen()}:
        assert time.time() < end, f"{len(missing)} of {len(wanted)} events did not reach the partner; its log: {seen()[-500:]}"
        time.sleep(0.3)
    queue = localstack.client("sqs").get_queue_attributes(QueueUrl=partner["DlqUrl"], AttributeNames=["ApproximateNumberOfMessages"])
    assert queue["Attributes"]["ApproximateNumberOfMessages"] == "0"
