"""The built binaries themselves over the Lambda Runtime API, without LocalStack between: what the zip holds is what runs."""

import json
import os
from pathlib import Path

import pytest
from teei_local import localstack, settings
from teei_process_executor.environment import reserved
from teei_process_executor.sandbox import Function, Sandbox

BINARIES = {
    "authorizer": "JWT_JWKS",
    "buddy-api": "JWT_JWKS",
    "bus-relay": "DATABASE_HOST",
    "gateway-api": "JWT_JWKS",
    "kintell-import": "DATABASE_HOST",
    "migrate": "DATABASE_HOST",
    "moderation-api": "JWT_JWKS",
    "moderation-screener": "OFFICE_ZONE",
    "profile-api": "JWT_JWKS",
    "profile-projector": "DATABASE_HOST",
    "q2q-api": "JWT_JWKS",
    "q2q-scorer": "DATABASE_HOST",
    "upskilling-sync": "DATABASE_HOST",
    "upskilling-webhook": "JWT_JWKS",
}
ROOT = Path(__file__).resolve().parents[2]
BUILT = settings.ROOT / "target" / "lambda"


def sandbox(binary: str, env: dict[str, str]) -> Sandbox:
    bootstrap = BUILT / binary / "bootstrap"
    base = reserved(name=binary, task_root=bootstrap.parent, memory_mb=256)
    return Sandbox(Function(bootstrap=bootstrap, env={**base, **env}, timeout_seconds=20, memory_mb=256))


def run(binary: str, env: dict[str, str], event: bytes):
    box = sandbox(binary, env)
    try:
        return box.invoke(event)
    finally:
        box.stop()


def environment_of(stack: dict, logical_id: str) -> dict[str, str]:
    """What the template gave the function, and how a sandbox finds the local cloud."""
    answer = localstack.client("lambda").get_function_configuration(FunctionName=stack["functions"][logical_id])
    return {
        **answer["Environment"]["Variables"],
        "AWS_ENDPOINT_URL": stack["aws_endpoint_url"],
        "AWS_REGION": stack["region"],
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


@pytest.mark.parametrize(("binary", "first"), BINARIES.items())
def test_a_binary_without_its_environment_stops_and_names_what_is_missing(binary, first):
    outcome = run(binary, {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "eu-north-1"}, b"{}")
    assert outcome.error_type == "Runtime.ExitError", outcome
    assert f"{first} is not set" in outcome.logs, outcome.logs


def test_the_built_gateway_answers_its_sample_event(stack):
    outcome = run("gateway-api", environment_of(stack, "GatewayApi"), (ROOT / "events/gateway-api.json").read_bytes())
    assert outcome.error_type is None, outcome
    answer = json.loads(outcome.payload)
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["status"] == "up"


def test_the_built_importer_does_nothing_on_the_test_event_of_s3(stack, db):
    before = db.value("SELECT count(*) FROM intake.imports")
    outcome = run("kintell-import", environment_of(stack, "KintellImport"), (ROOT / "events/kintell-import.test-event.json").read_bytes())
    assert (outcome.error_type, json.loads(outcome.payload)) == (None, {"batchItemFailures": []})
    assert db.value("SELECT count(*) FROM intake.imports") == before


def test_the_built_relay_and_projector_answer_every_message(stack):
    relay = run("bus-relay", environment_of(stack, "BusRelay"), (ROOT / "events/bus-relay.schedule.json").read_bytes())
    assert relay.error_type is None, relay
    projector = run("profile-projector", environment_of(stack, "ProfileProjector"), (ROOT / "events/profile-projector.json").read_bytes())
    assert json.loads(projector.payload) == {"batchItemFailures": []}, projector


def test_the_built_authorizer_refuses_a_forged_token(stack):
    event = json.loads((ROOT / "events/authorizer.json").read_text())
    event["authorizationToken"] = "Bearer forged.forged.forged"
    outcome = run("authorizer", environment_of(stack, "Authorizer"), json.dumps(event).encode())
    assert json.loads(outcome.payload)["errorMessage"] == "Unauthorized", outcome


def test_the_zip_for_aws_holds_the_bootstrap_that_runs_here():
    for binary in BINARIES:
        assert os.access(BUILT / binary / "bootstrap", os.X_OK), binary
