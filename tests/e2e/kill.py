"""Kills a function's processes at a chosen point of their work.

The point is chosen with a lock: a session of the owner locks a table, the
function comes to it in its transaction and waits there, `kill -9`, unlock.
No sleeping and hoping: a test that did not hit the work fails.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

from teei_local import processes, settings, sql

WAITING = """
SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE NOT l.granted AND a.usename = :'role' AND l.relation = :'relation'::regclass
"""


@contextlib.contextmanager
def locked(db: sql.Database, table: str, mode: str) -> Iterator[None]:
    """Holds a table's lock while inside."""
    holder = subprocess.Popen(
        [sql.psql(), "-X", "-q", "-A", "-t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=sql.connection_env(db.url)
    )
    try:
        holder.stdin.write(f"BEGIN; LOCK TABLE {table} IN {mode} MODE; SELECT 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "held", f"{table} could not be locked"
        yield
    finally:
        holder.stdin.close()
        holder.wait(timeout=10)


def wait_until_blocked(db: sql.Database, role: str, table: str, patience: float = 30.0) -> None:
    """Until the function with this database role waits for the table."""
    end = time.time() + patience
    while not db.value(WAITING, role=role, relation=table):
        assert time.time() < end, f"{role} did not come to {table} in {patience} s"
        time.sleep(0.05)


def processes_of(function: str) -> list[int]:
    """The running instances of a deployed function."""
    found = []
    for pid, command in processes.of_stack(settings.HOME).items():
        if command.split(" ")[0].endswith("/bootstrap") and f"AWS_LAMBDA_FUNCTION_NAME={function}" in environment(pid):
            found.append(pid)
    return found


def environment(pid: int) -> list[str]:
    if os.path.isdir("/proc/self"):
        try:
            with open(f"/proc/{pid}/environ") as file:
                return file.read().split("\0")
        except OSError:
            return []
    return subprocess.run(["ps", "-Eww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout.split()


def kill(function: str) -> int:
    """kill -9 of every instance; how many."""
    pids = processes_of(function)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)
