"""Empties a running stack and loads the seed again; what is deployed stays.

Order: triggers off (nothing may write while tables empty), queues purged,
buckets emptied with all versions, tables truncated, seed, triggers on.
"""

import time

from . import deploy, follow, localstack, postgres, seed
from .say import Problem, Step

# The keys everything is sealed with, and what the migrations and the deploy declare.
KEPT = ("vault.keyring", "core.purpose_defaults", "intake.source_profiles", "bus.subscriptions")


def mappings(names: set[str]) -> list[dict]:
    pages = localstack.client("lambda").get_paginator("list_event_source_mappings").paginate()
    return [m for page in pages for m in page["EventSourceMappings"] if m["FunctionArn"].rsplit(":", 1)[-1] in names]


def triggers(on: bool) -> None:
    """Switches the functions' queue triggers and waits until they are."""
    client, names = localstack.client("lambda"), set(deploy.resources("AWS::Lambda::Function").values())
    for mapping in mappings(names):
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
    wanted, until = "Enabled" if on else "Disabled", time.time() + 30
    while any(m["State"] != wanted for m in mappings(names)):
        if time.time() > until:
            raise Problem(f"the triggers are not {wanted.lower()} after 30 s: run `make reset` again")
        time.sleep(0.1)


def rest() -> None:
    """Waits for what functions are doing now: messages handed out and not yet given back. Not for long: the message
    of a function that died looks the same until its time is over, and a truncation waits for a running transaction."""
    client, until = localstack.client("sqs"), time.time() + 3
    urls = list(deploy.resources("AWS::SQS::Queue").values())
    hidden = "ApproximateNumberOfMessagesNotVisible"
    while time.time() < until:
        if not any(int(client.get_queue_attributes(QueueUrl=u, AttributeNames=[hidden])["Attributes"][hidden]) for u in urls):
            return
        time.sleep(0.2)


def purge() -> int:
    urls = list(deploy.resources("AWS::SQS::Queue").values())
    for url in urls:
        localstack.client("sqs").purge_queue(QueueUrl=url)
    return len(urls)


def empty_buckets() -> int:
    """Removes every version of every object; how many."""
    client, removed = localstack.client("s3"), 0
    for bucket in deploy.resources("AWS::S3::Bucket").values():
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [{"Key": o["Key"], "VersionId": o["VersionId"]} for kind in ("Versions", "DeleteMarkers") for o in page.get(kind, [])]
            if found:
                client.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
                removed += len(found)
    return removed


def truncate() -> int:
    """Empties all tables in one transaction; the kept ones come back as they were, without references to what is gone."""
    database = postgres.owner()
    schemas = ", ".join(f"'{name}'" for name in seed.SCHEMAS)
    tables = [r["t"] for r in database.rows(f"SELECT format('%I.%I', schemaname, tablename) AS t FROM pg_tables WHERE schemaname IN ({schemas})")]
    kept = [table for table in KEPT if table in tables]
    script = ["BEGIN;", "SET LOCAL lock_timeout = '10s';"]
    for n, table in enumerate(kept):
        script.append(f"CREATE TEMP TABLE kept_{n} ON COMMIT DROP AS SELECT * FROM {table};")
        for row in database.rows(REFERENCES, table=table):
            script.append(f"UPDATE kept_{n} SET {row['col']} = NULL;")
    script.append(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY;")
    script += [f"INSERT INTO {table} SELECT * FROM kept_{n};" for n, table in enumerate(kept)]
    database.run("\n".join([*script, "COMMIT;"]))
    return len(tables) - len(kept)


# Columns of a table that refer to another table.
REFERENCES = """
SELECT DISTINCT a.attname AS col
FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) AS k (n)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n
WHERE c.contype = 'f' AND c.conrelid = :'table'::regclass
"""


def run() -> None:
    if not localstack.running() or deploy.describe() is None:
        raise Problem("nothing is running here: `make up` starts from the seed anyway")
    steps: list = []
    with Step("triggers off", steps):
        triggers(False)
        rest()
    try:
        with Step("queues", steps) as step:
            step.result = f"{purge()} purged"
        with Step("buckets", steps) as step:
            step.result = f"{empty_buckets()} versions removed"
        with Step("tables", steps) as step:
            step.result = f"{truncate()} emptied, {len(KEPT)} kept"
        with Step("seed", steps) as step:
            step.result = seed.load()
        purge()  # seeding may have nudged, and an emptied bucket may have told somebody
    finally:
        with Step("triggers on", steps):
            triggers(True)
    follow.settle(patience=30)
