"""The executor inside a real LocalStack: every way an event reaches a function."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from runtime import alive, script, wait_until, zipped

boto3 = pytest.importorskip("boto3")
pytest.importorskip("localstack")

REGION = "eu-central-1"
ROLE = "arn:aws:iam::000000000000:role/probe"

# One function for all triggers. Messages are appended to a file that the test
# reads; a body with "fail" is handed back for another try, once.
CODE = """
def api(event):
    return {'statusCode': 201, 'headers': {'content-type': 'text/plain'}, 'body': event['path'] + ' ' + (event.get('body') or '')}

def batch(event):
    failed = []
    for record in event['Records']:
        tries = int(record['attributes']['ApproximateReceiveCount'])
        if 'fail' in record['body'] and tries == 1:
            failed.append({'itemIdentifier': record['messageId']})
            continue
        with open(os.environ['SEEN'], 'a') as file:
            file.write(json.dumps([tries, record['body']]) + '\\n')
    return {'batchItemFailures': failed}

def handle(event, headers):
    event = event or {}
    if 'httpMethod' in event: return api(event)
    if 'Records' in event: return batch(event)
    if 'sleep' in event: time.sleep(event['sleep'])
    if 'exit' in event: os._exit(event['exit'])
    if 'error' in event: raise ValueError(event['error'])
    print('seen', json.dumps(event), flush=True)
    return {'pid': os.getpid(), 'env': dict(os.environ)}

serve(handle)
"""


class Cloud:
    def __init__(self, root: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.logs, self.seen = root / "logs", root / "seen"
        self.output = open(root / "localstack.log", "wb")
        environment = {
            "DISABLE_EVENTS": "1",
            "DNS_ADDRESS": "0",
            "FILESYSTEM_ROOT": str(root),
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.5",
            "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.05",
            "LAMBDA_RUNTIME_EXECUTOR": "teei-process",
            "OVERRIDE_IN_DOCKER": "0",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "TEEI_LOG_DIR": str(self.logs),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "localstack.runtime.main"],
            env={**os.environ, **environment},
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,
        )
        assert wait_until(self.healthy, 40), Path(self.output.name).read_text()[-2000:]

    def healthy(self) -> bool:
        assert self.process.poll() is None, Path(self.output.name).read_text()[-2000:]
        try:
            with urllib.request.urlopen(self.url + "/_localstack/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def function(self, name: str, code: str = CODE, **settings) -> str:
        functions = self.client("lambda")
        arn = functions.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=ROLE,
            Code={"ZipFile": zipped(script(code))},
            Environment={"Variables": {"SEEN": str(self.seen)}},
            **{"Timeout": 10, **settings},
        )["FunctionArn"]
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1})
        return arn

    def invoke(self, name: str, event: object):
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        logs = base64.b64decode(answer.get("LogResult", "")).decode()
        return json.load(answer["Payload"]), answer.get("FunctionError"), logs

    def messages(self) -> list:
        return [json.loads(line) for line in self.seen.read_text().splitlines()] if self.seen.exists() else []

    def subscribed_queue(self, name: str, arn: str, batch_size: int = 10) -> tuple[str, str]:
        """A queue whose messages reach the function: its URL and ARN."""
        queues = self.client("sqs")
        url = queues.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
        queue = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        functions = self.client("lambda")
        mapping = functions.create_event_source_mapping(
            EventSourceArn=queue,
            FunctionName=arn,
            BatchSize=batch_size,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )["UUID"]
        assert wait_until(lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == "Enabled", 10)
        return url, queue

    def pids(self) -> list[int]:
        """Of the processes that are children of LocalStack and run a bootstrap, and the watchdog."""
        listing = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()]
        children = [row for row in rows if len(row) == 3 and int(row[1]) == self.process.pid]
        return [int(pid) for pid, _, command in children if "bootstrap" in command or "watchdog" in command]

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:  # see "Ending it" in the README
            self.process.kill()
            self.process.wait()
        self.output.close()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    yield cloud
    if cloud.process.poll() is None:
        cloud.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def probe(cloud):
    return cloud.function("probe")


def test_an_invocation_answers_with_logs_in_the_result_the_file_and_the_log_group(cloud, probe):
    answer, error, logs = cloud.invoke("probe", {"n": 1})
    assert error is None
    assert 'seen {"n": 1}\n' in logs and "Max Memory Used" in logs
    assert 'seen {"n": 1}\n' in (cloud.logs / "probe.log").read_text()
    env = answer["env"]
    assert env["AWS_ENDPOINT_URL"] == cloud.url and env["AWS_LAMBDA_FUNCTION_NAME"] == "probe"
    assert not [name for name in env if name.startswith(("LOCALSTACK", "TEEI_", "EDGE_", "PYTHON", "HOME"))]

    log_groups = cloud.client("logs")

    def in_log_group():
        try:
            found = log_groups.filter_log_events(logGroupName="/aws/lambda/probe")["events"]
        except log_groups.exceptions.ResourceNotFoundException:
            return False  # written from a thread of LocalStack's
        return any(event["message"].strip() == 'seen {"n": 1}' for event in found)

    assert wait_until(in_log_group, 15)


def test_a_warm_function_keeps_its_process(cloud, probe):
    assert len({cloud.invoke("probe", {})[0]["pid"] for _ in range(5)}) == 1


def test_the_errors_of_a_function_reach_the_caller_as_on_lambda(cloud):
    cloud.function("faulty", Timeout=1)
    crashed, error, _ = cloud.invoke("faulty", {"exit": 4})
    assert (error, crashed["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert crashed["errorMessage"].endswith("Error: Runtime exited with error: exit status 4")
    late, error, logs = cloud.invoke("faulty", {"sleep": 9})
    assert (error, late["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert late["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert "Status: timeout" in logs
    handled, error, _ = cloud.invoke("faulty", {"error": "no such thing"})
    assert (error, handled) == ("Unhandled", {"errorType": "ValueError", "errorMessage": "no such thing"})
    assert cloud.invoke("faulty", {})[1] is None


def test_a_function_that_cannot_initialise_says_why(cloud):
    cloud.function("broken", "print('DATABASE_URL is missing'); sys.exit(1)")
    answer, error, logs = cloud.invoke("broken", {})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "DATABASE_URL is missing" in logs


def test_a_zip_without_bootstrap_fails_the_function_with_a_reason(cloud):
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="empty", Runtime="provided.al2023", Handler="x", Role=ROLE, Code={"ZipFile": zipped("x", name="readme")}
    )
    state = lambda: functions.get_function(FunctionName="empty")["Configuration"]  # noqa: E731
    assert wait_until(lambda: state()["State"] == "Failed", 10)
    assert "the zip has no file named bootstrap" in state()["StateReason"]


def test_forty_cold_invocations_at_once_are_all_answered(cloud):
    cloud.function("crowd", Timeout=60)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: cloud.invoke("crowd", {"sleep": 1}), range(40)))
    assert [error for _, error, _ in answers if error] == []
    assert len({answer["pid"] for answer, _, _ in answers}) > 20


def test_a_request_to_the_rest_api_reaches_the_function(cloud, probe):
    apis = cloud.client("apigateway")
    api = apis.create_rest_api(name="probe")["id"]
    parent = apis.get_resources(restApiId=api)["items"][0]["id"]
    proxy = apis.create_resource(restApiId=api, parentId=parent, pathPart="{proxy+}")["id"]
    apis.put_method(restApiId=api, resourceId=proxy, httpMethod="ANY", authorizationType="NONE")
    apis.put_integration(
        restApiId=api,
        resourceId=proxy,
        httpMethod="ANY",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{probe}/invocations",
    )
    apis.create_deployment(restApiId=api, stageName="live")
    request = urllib.request.Request(f"{cloud.url}/_aws/execute-api/{api}/live/v1/things", data=b"a,b", headers={"Content-Type": "text/csv"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert (answer.status, answer.read()) == (201, b"/v1/things a,b")


def test_messages_that_the_function_hands_back_come_again_alone(cloud, probe):
    url, _ = cloud.subscribed_queue("batch", probe)
    cloud.client("sqs").send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": f"batch {body}"} for n, body in enumerate(["a", "fail", "b"])]
    )
    seen = lambda: sorted(message for message in cloud.messages() if message[1].startswith("batch"))  # noqa: E731
    assert wait_until(lambda: len(seen()) >= 3, 15)
    assert seen() == [[1, "batch a"], [1, "batch b"], [2, "batch fail"]]


def test_an_object_put_to_s3_reaches_the_function_through_a_queue(cloud, probe):
    _, queue = cloud.subscribed_queue("drop", probe)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="drop", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_notification_configuration(
        Bucket="drop",
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]},
    )
    s3.put_object(Bucket="drop", Key="in/a.csv", Body=b"x")
    assert wait_until(lambda: any("in/a.csv" in body for _, body in cloud.messages()), 15)


def test_an_event_put_to_the_bus_reaches_the_function_through_a_queue(cloud, probe):
    _, queue = cloud.subscribed_queue("facts", probe)
    events = cloud.client("events")
    events.create_event_bus(Name="teei")
    events.put_rule(Name="facts", EventBusName="teei", EventPattern='{"source": ["teei.probe"]}')
    events.put_targets(Rule="facts", EventBusName="teei", Targets=[{"Id": "queue", "Arn": queue}])
    events.put_events(
        Entries=[{"EventBusName": "teei", "Source": "teei.probe", "DetailType": "Probe", "Detail": '{"mark": "fact-1"}'}]
    )
    assert wait_until(lambda: any("fact-1" in body for _, body in cloud.messages()), 15)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_stays_when_localstack_ends(cloud, tmp_path, number):
    # The first end is that of the shared one, so that only one more is started.
    here = cloud if cloud.process.poll() is None else Cloud(tmp_path)
    if here is not cloud:
        here.function("probe")
    here.invoke("probe", {})
    for _ in range(2):
        here.client("lambda").invoke(FunctionName="probe", Payload=b'{"sleep": 9}', InvocationType="Event")
    assert wait_until(lambda: len(here.pids()) >= 3, 10)
    pids = here.pids()
    here.end(number)
    assert wait_until(lambda: not any(alive(pid) for pid in pids), 3), pids
