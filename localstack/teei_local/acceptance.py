"""`make acceptance`: the six success criteria, each proven by asking the running stack.

What is not built yet says so and counts neither way.
"""

import time
import uuid

from . import api, follow, invoke, localstack, package, postgres, seed, settings
from .say import Problem, line

SERVICES = ("kintell", "profiles", "moderation", "q2q", "bus", "gateway")
COUNTS = """
SELECT (SELECT count(*) FROM core.companies) AS companies, (SELECT count(*) FROM core.profiles) AS profiles,
       (SELECT count(*) FROM vault.emails) AS emails, (SELECT count(*) FROM core.external_ids) AS external_ids
"""
IMPORTS = """
SELECT source, entity, count(*) AS files, sum((receipt -> 'counts' ->> 'records')::int) AS records,
       sum((receipt -> 'counts' ->> 'rejected')::int) AS rejected
FROM intake.imports WHERE status = 'done' AND outcome IN ('loaded', 'unchanged') GROUP BY 1, 2 ORDER BY 1, 2
"""
PUBLISHED = """
SELECT sum(count) AS events, sum(next - 1) AS published, (SELECT count(DISTINCT type) FROM bus.events) AS types
FROM bus.batches
"""


class Later(Exception):
    """Belongs to what is not built yet."""


def migrations_and_seed() -> str:
    database = postgres.owner()
    before = database.rows(COUNTS)[0]
    versions = database.value("SELECT max(version) AS n FROM refinery_schema_history")
    seed.migrate()
    seed.load()
    after = database.rows(COUNTS)[0]
    demand(versions, "no migration has run")
    demand(before["companies"] >= 2, "the seed's two companies are not there")
    demand(before == after, f"loading the seed again changed something: {before} → {after}")
    return f"schema version {versions}; migrations and seed run again, nothing changed ({after['companies']} companies, {after['profiles']} profiles)"


def importers() -> str:
    database = postgres.owner()
    loaded = database.rows(IMPORTS)
    seen = {(r["source"], r["entity"]) for r in loaded}
    for wanted in sorted({tuple(key.split("/")[:2]) for key in follow.SAMPLES}):
        demand(wanted in seen, f"no {'/'.join(wanted)} file is loaded: `make samples`")
    events = database.rows(PUBLISHED)[0]
    demand(events["events"] and events["published"] == events["events"], f"{events['published']} of {events['events']} events published")
    files = ", ".join(f"{r['files']} {r['source']}/{r['entity']} ({r['records']} records, {r['rejected']} rejected)" for r in loaded)
    return f"{files}; {events['published']} events of {events['types']} types published"


def outcomes() -> str:
    database = postgres.owner()
    texts = database.value("SELECT count(*) AS n FROM vault.texts")
    announced = database.value("SELECT count(*) AS n FROM bus.events WHERE type = 'intake.text.received.v1'")
    demand(texts == announced, f"{texts} texts are sealed, {announced} announced")
    raise Later(f"scoring is not built yet; {texts} feedback texts are sealed and announced, waiting for it")


def health() -> str:
    caller = api.Api("admin")
    for path in ("/v1/health", *(f"/v1/{service}/health" for service in SERVICES)):
        answer = caller.call("GET", path)
        demand(answer.status_code == 200 and answer.json().get("status") == "up", f"GET {path} answers {answer.status_code}: {answer.text[:300]}")
    return f"GET /v1/health is up; {', '.join(SERVICES)} each answer for themselves. The other services are not built yet"


def end_to_end() -> str:
    """A new invented person, from the file to the profile."""
    mark = uuid.uuid4().hex[:12]
    email = f"accept.{mark}@example.org"
    head = "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level\n"
    row = f"ACC-{mark},{email},kari.nordmann@nordlys.example,2026-03-02T16:00:00Z,2026-03-02T16:45:00Z,45,4,Dette gikk fint.,A2\n"
    key, caller, started = f"kintell/sessions/acceptance-{mark}.csv", api.Api("admin"), time.time()
    version = follow.drop(key, (head + row).encode())
    receipt = follow.receipt(caller, key, version)
    demand(receipt["counts"]["new"] == 1, f"the receipt says {receipt['counts']}")
    until, profile = time.time() + 30, {}
    while time.time() < until and not profile.get("enrolments"):
        found = caller.call("POST", "/v1/profiles/search", json={"email": email}).json().get("items", [])
        demand(len(found) == 1, f"searching the new address finds {len(found)} profiles")
        profile = caller.get(f"/v1/profiles/{found[0]['id']}")
        time.sleep(0.2)
    programmes = [e["programme"] for e in profile.get("enrolments", [])]
    demand(programmes == ["language"], f"the profile's enrolments are {programmes}")
    return f"a new file became a profile enrolled in language {time.time() - started:.1f} s after the drop; the whole suite: make test"


def documented() -> str:
    paths = api.Api("admin").get("/v1/openapi.json")["paths"]
    served = [name for name in SERVICES if name != "bus"]
    for needed in ("/v1/profiles/{id}", "/v1/imports", "/v1/health"):
        demand(needed in paths, f"GET /v1/openapi.json does not describe {needed}")
    page = settings.ROOT / "docs" / "Platform_Architecture.md"
    text = page.read_text() if page.exists() else ""
    unnamed = [b for b in sorted(package.binary_of(f) for f in invoke.functions()) if b not in text]
    demand(not unnamed, f"docs/{page.name} does not name {', '.join(unnamed)}")
    return f"{len(paths)} paths in the served OpenAPI ({', '.join(served)}); docs/{page.name} names all {len(invoke.functions())} functions"


CRITERIA = (
    ("migrations run and the seed loads", migrations_and_seed),
    ("importers accept the samples and events are published", importers),
    ("feedback texts end as outcome rows", outcomes),
    ("health of every service through the gateway", health),
    ("the end-to-end way works", end_to_end),
    ("every service is documented", documented),
)


def demand(holds: object, otherwise: str) -> None:
    if not holds:
        raise Problem(otherwise)


def run() -> int:
    if not localstack.running() or not postgres.running():
        raise Problem("nothing is running here to prove anything on: `make up` first")
    failed = 0
    for number, (title, proof) in enumerate(CRITERIA, 1):
        try:
            mark, text = "✓", proof()
        except Later as later:
            mark, text = "–", str(later)
        except (Problem, KeyError, IndexError) as problem:
            failed += 1
            mark, text = "✗", str(problem) if isinstance(problem, Problem) else f"the answer lacks {problem}"
        print(f"  {mark} {number}. {title}\n       {text}", flush=True)
    if failed:
        line(f"teei: {failed} of {len(CRITERIA)} criteria do not hold")
    return 1 if failed else 0
