"""Starts Ralph, a learning-record store, on a port of this machine, with its statements in a file of a folder.

    python -I serve.py <folder> <port> <username> <password>

Runs in the environment that requirements.txt describes. Of Ralph's stores only
the one in a file needs no server of its own. As released it takes one request
with statements and refuses every later one, because it means to make a new
file each time: here it appends.
"""

import json
import os
import sys
from pathlib import Path


def main(folder: str, port: str, username: str, password: str) -> None:
    import bcrypt

    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    user = {
        "username": username, "hash": bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode(), "scopes": ["all"],
        "agent": {"mbox": "mailto:store@example.org"},
    }
    (home / "auth.json").write_text(json.dumps([user]))
    os.chdir(home)
    os.environ |= {
        "RALPH_APP_DIR": str(home), "RALPH_AUTH_FILE": str(home / "auth.json"), "RALPH_HISTORY_FILE": str(home / "history.json"),
        "RALPH_RUNSERVER_BACKEND": "fs", "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(home / "statements"),
    }
    import uvicorn
    from ralph.backends.data.base import BaseOperationType
    from ralph.backends.lrs.fs import FSLRSBackend

    FSLRSBackend.default_operation_type = BaseOperationType.APPEND
    uvicorn.run("ralph.api:app", host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
