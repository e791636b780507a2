"""`make bench`, second part: a million Kintell sessions through the built importer, beside `psql \\copy` of the same file.

A Postgres and a LocalStack (S3, SQS, KMS, secrets) of their own, the `bootstrap` over the Lambda Runtime API, no relay.
In one run, on the same server:

| load | what it is |
|---|---|
| `\\copy` | the file's columns as they are, into one table with a primary key |
| first import | every row new: 20,000 people sealed, a sealed text in every fourth row, facts, fates, events |
| second import | every row known and unchanged |

The server is the stack's own with `fsync` off, for both alike.
"""

import csv
import json
import os
import random
import time
from pathlib import Path

from . import build, down, localstack, package, postgres, seed, settings, sql
from .say import Problem, Step

ROWS = int(os.environ.get("TEEI_BENCH_ROWS", "1000000"))
PEOPLE = 20_000
DROPS, RESULTS = "bench-drops", "bench-results"
HEADER = [
    "session_id", "participant_email", "volunteer_email", "scheduled_at", "completed_at", "duration_minutes", "rating",
    "feedback_text", "language_level", "topics", "metadata",
]
WORDS = (
    "we talked about work and the weather in Bergen I felt more sure of myself today the new words were hard but useful "
    "Kari helped me with the application and we laughed a lot next time we read the newspaper together"
).split()


def write_file(path: Path) -> None:
    """Invented sessions: half of the people take part, half volunteer; every fourth session has words."""
    chance = random.Random(20250304)
    levels = ["A1", "A2", "B1", "B2", "C1", "C2"]
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for number in range(ROWS):
            day, hour = 1 + number % 28, 8 + number % 12
            month, year = 1 + (number // 28) % 12, 2024 + number % 2
            text = " ".join(chance.choices(WORDS, k=chance.randint(8, 40))) if number % 4 == 0 else ""
            rows.writerow([
                f"S-{number:07}", f"p{chance.randrange(PEOPLE // 2)}@newcomer.example", f"v{chance.randrange(PEOPLE // 2)}@volunteer.example",
                f"{year}-{month:02}-{day:02}T{hour:02}:00:00Z", f"{year}-{month:02}-{day:02}T{hour:02}:45:00Z", 45, chance.randint(1, 5),
                text, levels[number % 6], "", "",
            ])


def copy(database: sql.Database, path: Path) -> float:
    """Seconds of `\\copy` into a table with a primary key."""
    columns = ", ".join(f"{name} text" + (" PRIMARY KEY" if name == "session_id" else "") for name in HEADER)
    database.run(f"DROP TABLE IF EXISTS public.bench_copy; CREATE TABLE public.bench_copy ({columns});")
    begun = time.perf_counter()
    database.run(f"\\copy public.bench_copy FROM '{path}' WITH (FORMAT csv, HEADER true)\n")
    seconds = time.perf_counter() - begun
    database.run("DROP TABLE public.bench_copy;")
    return seconds


class Cloud:
    """What the importer needs of AWS, and its environment."""

    def __init__(self) -> None:
        s3, sqs, kms = localstack.client("s3"), localstack.client("sqs"), localstack.client("kms")
        for bucket in (DROPS, RESULTS):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": settings.REGION})
        s3.put_bucket_versioning(Bucket=DROPS, VersioningConfiguration={"Status": "Enabled"})
        self.s3 = s3
        self.queue = sqs.create_queue(QueueName="bench-nudges")["QueueUrl"]
        self.key = kms.create_key()["KeyMetadata"]["Arn"]
        seed.store_owner()

    def environment(self, logical: str) -> dict[str, str]:
        template = package.read()
        names = dict(template["Globals"]["Function"]["Environment"]["Variables"])
        names |= package.functions(template)[logical]["Environment"]["Variables"]
        from .up import parameters

        stack = parameters()
        known = {
            "STAGE": settings.STAGE, "RUST_LOG": "info", "DATABASE_HOST": stack["DatabaseHost"], "DATABASE_PORT": stack["DatabasePort"],
            "DATABASE_NAME": stack["DatabaseName"], "DATABASE_AUTH": "secret", "ROLE_AUTH": "secret", "DATABASE_TLS": stack["DatabaseTls"],
            "DATABASE_CA_FILE": "", "RESULTS_BUCKET": RESULTS, "NUDGE_QUEUE_URL": self.queue, "KMS_KEY_ID": self.key,
        }
        for name, value in names.items():
            if name not in known and isinstance(value, str):
                known[name] = value
        secrets = {"KintellImport": "teei_kintell_import", "Migrate": "owner"}
        known["DATABASE_SECRET"] = f"teei/{settings.STAGE}/database/{secrets[logical]}"
        known["DATABASE_SECRET_PREFIX"] = f"teei/{settings.STAGE}/database"
        return {name: known[name] for name in names if name in known} | {
            "AWS_ENDPOINT_URL": localstack.endpoint(), "AWS_REGION": settings.REGION,
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }


def invoke(binary: str, env: dict[str, str], event: dict):
    """One event to a fresh process of the built binary."""
    from teei_process_executor.environment import reserved
    from teei_process_executor.sandbox import Function, Sandbox

    bootstrap = settings.ROOT / "target" / "lambda" / binary / "bootstrap"
    function = Function(
        bootstrap=bootstrap, env=reserved(name=binary, task_root=bootstrap.parent, memory_mb=1769) | env, timeout_seconds=900, memory_mb=1769,
    )
    sandbox = Sandbox(function)
    try:
        outcome = sandbox.invoke(json.dumps(event).encode())
    finally:
        sandbox.stop()
    if outcome.error_type:
        raise Problem(f"{binary} failed: {outcome.payload.decode(errors='replace')[:300]} {outcome.logs[-600:]}")
    return outcome


def notification(key: str, version: str) -> dict:
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": DROPS}, "object": {"key": key, "size": 1, "versionId": version}}}]}


def import_file(cloud: Cloud, database: sql.Database, path: Path, name: str):
    """(seconds, peak MB, receipt) of one import of a file that lies in the bucket."""
    key = f"kintell/sessions/{name}"
    cloud.s3.upload_file(str(path), DROPS, key)
    version = cloud.s3.head_object(Bucket=DROPS, Key=key)["VersionId"]
    env = cloud.environment("KintellImport")
    begun = time.perf_counter()
    outcome = invoke("kintell-import", env, notification(key, version))
    seconds = time.perf_counter() - begun
    receipt = database.value("SELECT receipt FROM intake.imports WHERE object_key = :'key' ORDER BY created_at DESC LIMIT 1", key=key)
    return seconds, outcome.peak_memory_kb / 1024, receipt


def run() -> int:
    settings.prepare()
    with Step("build") as step:
        build.build(step)
    down.stop()
    postgres.wipe()
    try:
        with Step("postgres") as step:
            step.result = postgres.start()
        with Step("localstack") as step:
            step.result = localstack.start()
        cloud = Cloud()
        with Step("migrate") as step:
            invoke("migrate", cloud.environment("Migrate"), {})
            step.result = "ready"
        path = settings.HOME / "tmp" / "sessions.csv"
        with Step("file") as step:
            write_file(path)
            step.result = f"{ROWS:,} rows, {path.stat().st_size / 1e6:.0f} MB"
        database = postgres.owner()
        report(cloud, database, path)
    finally:
        down.stop()
    return 0


def report(cloud: Cloud, database: sql.Database, path: Path) -> None:
    base = min(copy(database, path) for _ in range(2))
    print(f"\n  {'load':<28} {'seconds':>8} {'rows/s':>10} {'of copy':>8} {'peak MB':>8}")
    print(f"  {'psql copy, primary key':<28} {base:>8.1f} {ROWS / base:>10,.0f} {'1':>8}", flush=True)
    for name in ("first", "second"):
        seconds, peak, receipt = import_file(cloud, database, path, f"{name}.csv")
        counts = receipt["counts"]
        print(
            f"  {name + ' import':<28} {seconds:>8.1f} {ROWS / seconds:>10,.0f} {'1/%.1f' % (seconds / base):>8} {peak:>8.0f}"
            f"  {receipt['outcome']}: {counts['new']} new, {counts['unchanged']} unchanged, {counts['rejected']} rejected, {receipt['events']} events",
            flush=True,
        )
