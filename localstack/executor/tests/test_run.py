import json
import subprocess
import sys

from runtime import write_zip


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "teei_process_executor.run", *map(str, arguments)], capture_output=True, text=True, timeout=30
    )


def test_a_zip_is_run_with_several_events_and_prints_a_line_each(tmp_path):
    program = write_zip(tmp_path / "a.zip", "serve(lambda event, headers: [event, os.environ['STAGE']])")
    for n in (1, 2):
        (tmp_path / f"{n}.json").write_text(f'{{"n": {n}}}')
    done = run(program, "--event", tmp_path / "1.json", "--event", tmp_path / "2.json", "--env", "STAGE=live", "--json")
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["response"] == [{"n": 1}, "live"] and second["response"] == [{"n": 2}, "live"]
    assert first["first_poll_ms"] > 0 and second["first_poll_ms"] is None
    assert second["invoke_ms"] > 0 and second["peak_rss_kb"] > 1000
    assert "REPORT RequestId" in done.stderr


def test_a_failed_invocation_ends_with_one_and_prints_the_error(tmp_path):
    program = write_zip(tmp_path / "a.zip", "serve(lambda event, headers: time.sleep(9))")
    (tmp_path / "e.json").write_text("{}")
    done = run(program, "--event", tmp_path / "e.json", "--timeout", "0.2")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "Sandbox.Timedout"


def test_what_cannot_be_run_is_one_line(tmp_path):
    (tmp_path / "e.json").write_text("{}")
    done = run(tmp_path / "e.json", "--event", tmp_path / "e.json")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"run: {tmp_path / 'e.json'} is neither executable nor a zip"]
