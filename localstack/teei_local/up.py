"""`make up`: from nothing to a profile one can ask for, step by step.

Run again it looks first: what runs and has the same code and template stays
as it is, and changed code is deployed over it with the data kept. After a stop,
or when the template changed, everything starts from the seed: LocalStack forgets
its keys, and a database sealed with them is of no use.
"""

import hashlib
import json
import os
from urllib.parse import unquote, urlsplit

from . import build, checks, deploy, down, follow, invoke, localstack, package, postgres, seed, settings, table, tokens
from .say import Problem, Step, line

STACK_FILE = settings.HOME / "stack.json"
STATE_FILE = settings.HOME / "state.json"


def run() -> int:
    settings.prepare()
    steps: list = json.loads(os.environ.pop("TEEI_STEPS", "[]"))
    if not steps:
        steps = checks.first(str(settings.ROOT))
    with Step("build", steps) as step:
        build.build(step)
    state, code = recall(), package.fingerprint()
    alive = localstack.running() and deploy.describe() is not None
    same = state.get("samples") and state.get("shape") == structure() and state.get("code") == code
    if alive and same and STACK_FILE.exists() and postgres.running():
        line("  already up, code and template unchanged: nothing to do")
        print(table.render([]))
        return 0
    if alive and settings.OWN_CLOUD and state.get("shape") != structure():
        why = "template.yaml changed, which the local cloud cannot apply to a running API" if state else "the last start did not finish"
        line(f"  {why}: starting again from the seed")
        down.stop()
        alive = False
    if not alive:
        state = {}
        down.stop()  # what is left of a start that died, or answers no more
    database(steps, fresh=not alive)
    with Step("localstack", steps) as step:
        step.result = localstack.start()
    with Step("deploy", steps) as step:
        step.now("packing")
        seed.store_owner()
        deploy.deploy(step, package.package(), parameters())
        deploy.verify_code()
    with Step("migrate", steps) as step:
        step.result = seed.migrate()
    with Step("seed", steps) as step:
        step.result = seed.load()
    write_stack()
    remember(shape=structure(), code=code, samples=state.get("samples", False))
    if not state.get("samples"):
        follow.samples(steps)
    remember(shape=structure(), code=code, samples=True)
    print(table.render(steps))
    return 0


def remember(**state: str | bool) -> None:
    STATE_FILE.write_text(json.dumps(state))


def structure() -> str:
    """A hash of the template and what it is told; code apart."""
    return hashlib.sha256(json.dumps([package.read(), parameters()], sort_keys=True).encode()).hexdigest()


def recall() -> dict:
    return json.loads(STATE_FILE.read_text()) if STATE_FILE.exists() else {}


def database(steps: list, fresh: bool) -> None:
    """Starts Postgres; a database that an earlier LocalStack's keys sealed is emptied, and we say so."""
    with Step("postgres", steps) as step:
        step.result = postgres.start()
        if not fresh:
            return
        schemas = ", ".join(f"'{name}'" for name in seed.SCHEMAS)
        used = postgres.owner().rows(f"SELECT 1 FROM pg_namespace WHERE nspname IN ({schemas})")
        if not used:
            return
        if settings.OWN_DATABASE:
            admin = postgres.sql.Database(postgres.url("postgres", "postgres"))
            admin.run(f"DROP DATABASE {postgres.DATABASE} WITH (FORCE);")
            postgres.start()
        elif os.environ.get("TEEI_WIPE") == "yes":
            drop = [f"DROP SCHEMA IF EXISTS {name} CASCADE;" for name in seed.SCHEMAS]
            postgres.owner().run("\n".join([*drop, "DROP TABLE IF EXISTS public.refinery_schema_history;"]))
        else:
            raise Problem(
                "DATABASE_URL holds an earlier stack's data, unreadable without that stack's keys: "
                "name an empty database, or set TEEI_WIPE=yes to drop its schemas " + ", ".join(seed.SCHEMAS)
            )
        step.result += ", emptied: the local cloud keeps no keys over a stop, so we start from the seed"


def parameters() -> dict[str, str]:
    """What the template is told on this machine."""
    parts = urlsplit(postgres.url())
    return {
        "Stage": settings.STAGE,
        "DatabaseHost": parts.hostname or "127.0.0.1",
        "DatabasePort": str(parts.port or 5432),
        "DatabaseName": unquote(parts.path.lstrip("/")),
        "DatabaseAuth": "secret",
        "DatabaseTls": "require" if "sslmode=require" in parts.query else "off",
        "SafeguardingContact": "Vakt (oppdiktet), vakt@teei.example",
        "JwtIssuer": settings.ISSUER,
        "JwtAudience": settings.AUDIENCE,
        "JwtJwks": tokens.jwks(),
        "AuthorizerEnabled": "false",  # the local gateway calls none; the handlers verify by themselves
        # Short, so that what was killed is delivered again while one watches.
        "ImportSeconds": "60",
        "ImportRetrySeconds": "60",
        "EventSeconds": "10",
        "EventRetrySeconds": "10",
    } | dict(pair.split("=", 1) for pair in os.environ.get("TEEI_PARAMETERS", "").split() if "=" in pair)


def write_stack() -> None:
    """What tests and tools need to know of the running stack. It holds the owner's password."""
    outputs = deploy.outputs()
    stack = {
        "api_url": f"{localstack.endpoint()}/_aws/execute-api/{outputs['ApiId']}/{settings.API_STAGE}",
        "drops_bucket": outputs["DropsBucket"],
        "results_bucket": outputs["ResultsBucket"],
        "event_bus": outputs["EventBus"],
        "database_url": postgres.url(),
        "aws_endpoint_url": localstack.endpoint(),
        "region": settings.REGION,
        "functions": invoke.functions(),
    }
    STACK_FILE.touch(mode=0o600)
    STACK_FILE.chmod(0o600)
    STACK_FILE.write_text(json.dumps(stack, indent=2) + "\n")
