"""`make status`: what runs, where, and how it feels."""

from . import api, deploy, localstack, ports, postgres, processes, settings
from .say import Problem, line, short


def run() -> int:
    rows = [("folder", short(settings.HOME))]
    database, cloud = postgres.running() if installed() else False, localstack.running()
    rows.append(("postgres", f"up, port {ports.port('TEEI_PG_PORT')}" if database else "down"))
    rows.append(("localstack", f"up, {localstack.endpoint()}" if cloud else "down"))
    stack = deploy.describe() if cloud else None
    rows.append(("stack", stack["StackStatus"].lower() if stack else "not deployed"))
    running = processes.of_stack(settings.HOME)
    functions = sorted(command.rsplit("/", 1)[-1] for command in running.values() if command.endswith("bootstrap"))
    rows.append(("processes", f"{len(running)}, of them {len(functions)} functions kept warm"))
    if stack and database:
        rows.append(("api", api.base()))
        try:
            answer = api.Api("admin").call("GET", "/v1/health")
            down = [s for s in answer.json().get("services", []) if s["status"] != "up"]
            rows.append(("health", answer.json().get("status", answer.text[:200])))
            rows += [("", f"{s['service']} is down: {s.get('last_error') or 'no reason given'}") for s in down]
        except (Problem, ValueError) as problem:
            rows.append(("health", f"no answer: {problem}"))
    for name, value in rows:
        print(f"  {name:<11} {value}")
    if not (database and cloud and stack):
        line("  `make up` starts what is missing")
    return 0


def installed() -> bool:
    return settings.HOME.exists() and (not settings.OWN_DATABASE or postgres.SECRETS.exists())
