import json
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from runtime import alive, wait_until

ECHO_PID = "serve(lambda event, headers: {'pid': os.getpid(), 'event': event})"


def payload(outcome):
    return json.loads(outcome.payload)


def test_an_event_is_answered_and_the_process_is_used_again(sandbox):
    function = sandbox(ECHO_PID)
    first, second = function.invoke(b'{"n": 1}'), function.invoke(b'{"n": 2}')
    assert first.error_type is None
    assert payload(first)["event"] == {"n": 1}
    assert payload(second) == {"pid": payload(first)["pid"], "event": {"n": 2}}
    assert first.init_ms is not None and second.init_ms is None


def test_a_warm_invocation_costs_less_than_five_milliseconds(sandbox):
    function = sandbox("serve(lambda event, headers: None)")
    function.invoke(b"{}")
    times = sorted(function.invoke(b"{}").duration_ms for _ in range(50))
    assert times[25] < 5, times


def test_the_headers_of_an_invocation_are_those_of_lambda(sandbox):
    function = sandbox("serve(lambda event, headers: headers)", timeout_seconds=7)
    before = time.time()
    headers = payload(
        function.invoke(
            b"{}",
            request_id="5c6f2f3e-0000-4000-8000-000000000001",
            arn="arn:aws:lambda:eu-central-1:000000000000:function:probe",
            trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            client_context='{"custom": 1}',
            cognito_identity='{"cognitoIdentityId": "x"}',
        )
    )
    deadline = int(headers.pop("lambda-runtime-deadline-ms")) / 1000
    assert before + 6.9 < deadline < time.time() + 7
    assert headers == {
        "lambda-runtime-aws-request-id": "5c6f2f3e-0000-4000-8000-000000000001",
        "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-central-1:000000000000:function:probe",
        "lambda-runtime-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "lambda-runtime-client-context": '{"custom": 1}',
        "lambda-runtime-cognito-identity": '{"cognitoIdentityId": "x"}',
        "content-type": "application/json",
        "content-length": "2",
    }


def test_the_time_limit_kills_and_the_next_invocation_gets_a_fresh_process(sandbox):
    function = sandbox(
        "serve(lambda event, headers: time.sleep(event['sleep']) or os.getpid())", timeout_seconds=0.3
    )
    first = payload(function.invoke(b'{"sleep": 0}'))
    late = function.invoke(b'{"sleep": 60}', request_id="r-1")
    assert late.error_type == "Sandbox.Timedout"
    assert payload(late) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 0.30 seconds",
    }
    assert "r-1 Task timed out after 0.30 seconds\n" in late.logs
    assert late.logs.rstrip().endswith("Status: timeout")
    assert not alive(first)
    again = function.invoke(b'{"sleep": 0}')
    assert again.error_type is None and payload(again) != first and again.init_ms is not None


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
    ],
)
def test_a_crash_is_an_exit_error_and_the_next_invocation_gets_a_fresh_process(sandbox, code, sentence):
    function = sandbox(f"def handle(event, headers):\n    if event['crash']:\n        {code}\n    return 'fine'\nserve(handle)")
    crashed = function.invoke(b'{"crash": true}', request_id="r-2")
    assert crashed.error_type == "Runtime.ExitError"
    assert payload(crashed) == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: r-2 Error: {sentence}"}
    assert payload(function.invoke(b'{"crash": false}')) == "fine"


def test_a_process_that_ends_between_invocations_costs_no_invocation(sandbox):
    function = sandbox("serve(lambda event, headers: os.getpid())")
    pid = payload(function.invoke(b"{}"))
    os.kill(pid, 9)
    assert wait_until(lambda: not alive(pid))
    again = function.invoke(b"{}")
    assert again.error_type is None and payload(again) != pid


def test_the_error_body_of_a_handler_is_passed_through_and_the_process_stays(sandbox):
    function = sandbox(
        "def handle(event, headers):\n    if event: raise ValueError('no such thing')\n    return os.getpid()\nserve(handle)"
    )
    pid = payload(function.invoke(b"null"))
    failed = function.invoke(b"1")
    assert failed.error_type == "Handled"
    assert payload(failed) == {"errorType": "ValueError", "errorMessage": "no such thing"}
    assert payload(function.invoke(b"null")) == pid


def test_an_exit_before_the_first_poll_is_an_exit_error(sandbox):
    failed = sandbox("print('no database'); sys.exit(1)").invoke(b"{}", request_id="r-3")
    assert payload(failed) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: r-3 Error: Runtime exited with error: exit status 1",
    }
    assert failed.logs.startswith("no database\nINIT_REPORT ")


def test_an_init_that_takes_too_long_times_out(sandbox):
    failed = sandbox("time.sleep(60)", init_seconds=0.3).invoke(b"{}")
    assert payload(failed)["errorType"] == "Sandbox.Timedout"
    assert "Phase: init\tStatus: timeout" in failed.logs


def test_an_init_error_of_the_runtime_is_passed_on(sandbox):
    failed = sandbox('call("POST", "init/error", b\'{"errorType": "Config", "errorMessage": "X is missing"}\')').invoke(b"{}")
    assert payload(failed) == {"errorType": "Config", "errorMessage": "X is missing"}


def test_a_failed_init_is_tried_again_with_the_next_invocation(sandbox, tmp_path):
    marker = tmp_path / "ready"
    function = sandbox(f"if not os.path.exists({str(marker)!r}): sys.exit(1)\nserve(lambda event, headers: 'ready')")
    function.start()
    assert function.invoke(b"{}").error_type == "Runtime.ExitError"
    marker.touch()
    assert payload(function.invoke(b"{}")) == "ready"


def test_a_bootstrap_that_cannot_be_executed_is_an_invalid_entrypoint(sandbox):
    function = sandbox("")
    bootstrap = function.function.bootstrap
    bootstrap.unlink()
    bootstrap.write_text("#!/no/such/interpreter\n")
    bootstrap.chmod(0o755)
    failed = function.invoke(b"{}", request_id="r-4")
    assert payload(failed)["errorType"] == "Runtime.InvalidEntrypoint"
    assert "bootstrap could not be started: No such file or directory" in payload(failed)["errorMessage"]


def test_a_response_above_six_megabytes_is_refused_and_one_just_below_is_not(sandbox):
    function = sandbox("serve(lambda event, headers: 'x' * (event - 2))")
    assert len(function.invoke(b"6291556").payload) == 6291556
    too_large = function.invoke(b"6291557")
    assert payload(too_large)["errorType"] == "Function.ResponseSizeTooLarge"
    assert too_large.error_type == "Function.ResponseSizeTooLarge"
    assert function.invoke(b"10").error_type is None


def test_a_chunked_response_is_understood(sandbox):
    function = sandbox(
        "_, headers, _ = call('GET', 'invocation/next')\n"
        "request = headers['lambda-runtime-aws-request-id']\n"
        "connection.sendall(('POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\n' % request).encode()"
        " + b'Transfer-Encoding: chunked\\r\\n\\r\\n3\\r\\n\"ab\\r\\n2;x=y\\r\\nc\"\\r\\n0\\r\\n\\r\\n')\n"
        "time.sleep(60)"
    )
    assert payload(function.invoke(b"{}")) == "abc"


def test_the_environment_holds_only_what_lambda_and_the_template_give(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    env = payload(sandbox("serve(lambda event, headers: dict(os.environ))", env={"STAGE": "live"}).invoke(b"{}"))
    env.pop("LC_CTYPE", None)  # Python sets it in itself
    assert sorted(env) == [
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "STAGE",
        "TMPDIR",
        "TZ",
        "_HANDLER",
    ]


def test_the_process_works_in_its_task_root_with_a_temp_folder_that_goes_with_it(sandbox):
    function = sandbox("open(os.environ['TMPDIR'] + '/x', 'w').close()\nserve(lambda event, headers: [os.getcwd(), os.environ['TMPDIR']])")
    folder, temp = payload(function.invoke(b"{}"))
    assert folder == str(function.function.bootstrap.parent)
    assert os.path.exists(temp + "/x")
    function.stop()
    assert not os.path.exists(temp)


def test_the_logs_of_an_invocation_are_its_output_between_start_and_report(sandbox):
    function = sandbox(
        "print('init', flush=True)\n"
        "def handle(event, headers):\n"
        "    print('out', event, flush=True); print('err', event, file=sys.stderr, flush=True)\n"
        "    sys.stdout.write('no end of line'); sys.stdout.flush()\n"
        "serve(handle)",
        memory_mb=256,
    )
    first = function.invoke(b"1", request_id="r-5").logs.splitlines()
    assert first[:-1] == ["init", "START RequestId: r-5 Version: $LATEST", "out 1", "err 1", "no end of line", "END RequestId: r-5"]
    report = r"REPORT RequestId: r-5\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: (\d+) MB\tInit Duration: [\d.]+ ms"
    assert re.fullmatch(report, first[-1])
    second = function.invoke(b"2", request_id="r-6").logs.splitlines()
    assert second[:3] == ["START RequestId: r-6 Version: $LATEST", "out 2", "err 2"]
    assert "Init Duration" not in second[-1]


def test_the_memory_reported_is_the_peak_of_the_process(sandbox):
    function = sandbox("def handle(event, headers):\n    block = bytearray(event << 20); block[::4096] = b'x' * len(block[::4096])\nserve(handle)")
    small, large = function.invoke(b"1"), function.invoke(b"64")
    assert small.peak_memory_kb < 40 * 1024
    assert 64 * 1024 < large.peak_memory_kb < 160 * 1024
    assert function.invoke(b"1").peak_memory_kb == large.peak_memory_kb


def test_several_instances_append_whole_lines_to_one_file(sandbox, tmp_path):
    file = tmp_path / "logs" / "probe.log"
    code = "def handle(event, headers):\n    for n in range(200): sys.stdout.write('%s-%d ' % (event, n)); sys.stdout.flush(); print('end of %s-%d' % (event, n), flush=True)\nserve(handle)"
    instances = [sandbox(code, log_file=file) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda pair: pair[1].invoke(b"%d" % pair[0]), enumerate(instances)))
    lines = [line for line in file.read_text().splitlines() if "end of" in line]
    assert len(lines) == 800
    assert all(re.fullmatch(r"(\d-\d+) end of \1", line) for line in lines)


def test_much_output_does_not_block_the_function(sandbox):
    outcome = sandbox("serve(lambda event, headers: print('x' * 99 + '\\n', end='', file=sys.stdout) or [print('x' * 99) for _ in range(20000)] and sys.stdout.flush())", timeout_seconds=10).invoke(b"{}")
    assert outcome.error_type is None
    assert outcome.logs.count("x" * 99) == 20001


def test_instances_work_at_the_same_time(sandbox):
    instances = [sandbox("serve(lambda event, headers: time.sleep(0.5) or os.getpid())") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: each.start(), instances))
        started = time.monotonic()
        pids = list(pool.map(lambda each: payload(each.invoke(b"{}")), instances))
    assert len(set(pids)) == 8
    assert time.monotonic() - started < 2


def test_a_process_is_asked_to_stop_before_it_is_killed(sandbox, tmp_path):
    told, pids = tmp_path / "told", []
    polite = sandbox(f"import signal\nsignal.signal(15, lambda *_: (open({str(told)!r}, 'w').close(), sys.exit(0)))\nserve(lambda event, headers: os.getpid())")
    deaf = sandbox("import signal\nsignal.signal(15, signal.SIG_IGN)\nserve(lambda event, headers: os.getpid())")
    for function in (polite, deaf):
        pids.append(payload(function.invoke(b"{}")))
        function.stop()
    assert told.exists()
    assert not any(alive(pid) for pid in pids)


def test_a_stop_ends_a_running_invocation(sandbox):
    function = sandbox("serve(lambda event, headers: time.sleep(60))", timeout_seconds=60)
    function.start()
    threading.Timer(0.2, function.stop).start()
    assert function.invoke(b"{}").error_type == "Runtime.ExitError"


def test_children_of_the_function_go_with_it(sandbox):
    function = sandbox("import subprocess\nserve(lambda event, headers: subprocess.Popen(['/bin/sleep', '60']).pid)")
    child = payload(function.invoke(b"{}"))
    function.stop()
    assert wait_until(lambda: not alive(child))
