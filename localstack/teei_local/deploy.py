"""CloudFormation: create or update the stack from the packaged template, watch it, say why it failed."""

import base64
import hashlib
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from . import localstack, package, settings
from .say import Problem, Step, short

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def describe(name: str = settings.STACK) -> dict[str, Any] | None:
    try:
        return localstack.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError:
        return None


def outputs(name: str = settings.STACK) -> dict[str, str]:
    return {o["OutputKey"]: o["OutputValue"] for o in (describe(name) or {}).get("Outputs", [])}


def resources(kind: str, name: str = settings.STACK) -> dict[str, str]:
    """{logical id: physical id} of the stack's resources of one type."""
    pages = localstack.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        r["LogicalResourceId"]: r["PhysicalResourceId"]
        for page in pages
        for r in page["StackResourceSummaries"]
        if r["ResourceType"] == kind and r.get("PhysicalResourceId")
    }


def deploy(step: Step, body: str, parameters: dict[str, str], name: str = settings.STACK) -> None:
    """Creates or updates the stack and waits; an update that changes nothing is fine."""
    cloud = localstack.client("cloudformation")
    key = f"{name}.template.json"
    localstack.client("s3").put_object(Bucket=package.BUCKET, Key=key, Body=body.encode())
    declared = package.read().get("Parameters", {})
    unknown = sorted(set(parameters) - set(declared))
    if unknown:
        raise Problem(f"template.yaml has no parameter {', '.join(unknown)}, which the launcher sets")
    request = {
        "StackName": name,
        "TemplateURL": f"{localstack.endpoint()}/{package.BUCKET}/{key}",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        "Capabilities": CAPABILITIES,
    }
    there = describe(name)
    try:
        (cloud.update_stack if there else cloud.create_stack)(**request)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates are to be performed" in message:
            step.result = "nothing to change"
            return
        raise Problem(f"CloudFormation refuses the template: {message}") from None
    watch(step, name)


def verify_code(base: Path = settings.ROOT) -> None:
    """Every function must run the zip we made: told apart by the hash the service reports."""
    client, names = localstack.client("lambda"), resources("AWS::Lambda::Function")
    for logical, properties in package.functions(package.read()).items():
        zipped = package.archive(base / properties["CodeUri"])
        wanted = base64.b64encode(hashlib.sha256(zipped.read_bytes()).digest()).decode()
        if client.get_function_configuration(FunctionName=names[logical])["CodeSha256"] != wanted:
            client.update_function_code(FunctionName=names[logical], S3Bucket=package.BUCKET, S3Key=zipped.name)
            client.get_waiter("function_updated_v2").wait(FunctionName=names[logical], WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def watch(step: Step, name: str) -> None:
    cloud = localstack.client("cloudformation")
    patience = time.time() + 300
    while True:
        status = (describe(name) or {"StackStatus": "gone"})["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        if time.time() > patience:
            raise Problem("CloudFormation has been at it for five minutes: `make down` and try again", short(localstack.LOG))
        try:
            states = [r["ResourceStatus"] for r in cloud.describe_stack_resources(StackName=name)["StackResources"]]
            step.now(f"{sum(s.endswith('_COMPLETE') for s in states)} of {len(states)} resources")
        except ClientError:
            pass
        time.sleep(0.3)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Problem(f"CloudFormation ended with {status}: {reason(name)}", short(localstack.LOG))
    found = cloud.describe_stack_resources(StackName=name)["StackResources"]
    # LocalStack calls an update complete whose parts failed.
    failed = [r["LogicalResourceId"] for r in found if r["ResourceStatus"].endswith("_FAILED")]
    missing = sorted(set(package.read().get("Outputs", {})) - set(outputs(name)))
    if failed or missing:
        raise Problem(f"CloudFormation left {', '.join(failed or missing)} undone: {reason(name)}", short(localstack.LOG))
    step.result = f"{len(found)} resources"


def reason(name: str) -> str:
    """The first resource that failed, and what it says."""
    events = localstack.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    failed = [e for e in events if e["ResourceStatus"].endswith("_FAILED") and e.get("ResourceStatusReason")]
    failed = [e for e in failed if "ancelled" not in e["ResourceStatusReason"]] or failed
    if not failed:
        return (describe(name) or {}).get("StackStatusReason", "no reason given")
    first = min(failed, key=lambda e: e["Timestamp"])
    return f"{first['LogicalResourceId']} ({first['ResourceType']}): {first['ResourceStatusReason']}"
