"""No process stays when the one that started it is gone, however it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from runtime import alive, script, wait_until

PARENT = """
import signal, sys, threading
from pathlib import Path
from teei_process_executor.sandbox import Function, Sandbox
# Ignored in whatever a shell starts in the background, and inherited: the signal has to be heard here.
signal.signal(signal.SIGINT, signal.default_int_handler)
root = Path(sys.argv[1])
for n in range(3):
    s = Sandbox(Function(bootstrap=root / "bootstrap", timeout_seconds=60, temp_root=str(root / "tmp")))
    print(s.invoke(b"0").payload.decode(), flush=True)
    threading.Thread(target=s.invoke, args=(b"60",)).start()
print("busy", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_functions_end_with_their_parent(tmp_path: Path, number: signal.Signals):
    (tmp_path / "tmp").mkdir()
    bootstrap = tmp_path / "bootstrap"
    # Deaf to everything that can be ignored, and busy for a minute.
    bootstrap.write_text(
        script(
            "import signal\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\n"
            "serve(lambda event, headers: time.sleep(event) or os.getpid())"
        )
    )
    bootstrap.chmod(0o755)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    lines = [parent.stdout.readline().strip() for _ in range(4)]
    assert lines[3] == "busy"
    pids = [int(line) for line in lines[:3]]
    assert all(alive(pid) for pid in pids)
    parent.send_signal(number)
    parent.stdout.close()
    if number != signal.SIGINT:  # Python waits for its threads on SIGINT, so it takes a second one
        parent.wait(5)
    else:
        wait_until(lambda: parent.poll() is not None, 1) or parent.send_signal(signal.SIGINT)
        parent.wait(5)
    assert wait_until(lambda: not any(alive(pid) for pid in pids))
    assert wait_until(lambda: list((tmp_path / "tmp").iterdir()) == [])
