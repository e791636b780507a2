"""The closing table of `make up`: what the running stack holds, asked of its database."""

import json

from . import api, localstack, postgres, settings, tokens
from .say import clock, short

FILES = """
SELECT object_key, outcome,
       (receipt -> 'counts' ->> 'records')::int AS records,
       ((receipt -> 'counts' ->> 'new')::int + (receipt -> 'counts' ->> 'changed')::int
         + (receipt -> 'counts' ->> 'unchanged')::int) AS accepted,
       (receipt -> 'counts' ->> 'rejected')::int AS rejected,
       (receipt ->> 'events')::int AS events,
       ((receipt -> 'people' ->> 'known')::int + (receipt -> 'people' ->> 'created')::int) AS people,
       round(extract(epoch FROM finished_at - created_at)::numeric, 2)::float AS seconds
FROM (SELECT * FROM intake.imports ORDER BY created_at DESC LIMIT 12) newest ORDER BY created_at
"""
TOTALS = """
SELECT (SELECT count(*) FROM core.profiles) AS profiles,
       (SELECT count(*) FROM core.timeline) AS timeline,
       (SELECT count(*) FROM core.enrolments) AS enrolments,
       (SELECT count(*) FROM core.milestones) AS milestones,
       (SELECT COALESCE(sum(count), 0) FROM bus.batches) AS events,
       (SELECT COALESCE(sum(next - 1), 0) FROM bus.batches) AS published,
       (SELECT count(*) FROM bus.dead) AS dead
"""
A_PROFILE = "SELECT profile_id FROM core.timeline GROUP BY profile_id ORDER BY count(*) DESC, profile_id LIMIT 1"
COLUMNS = ("file", "outcome", "records", "accepted", "rejected", "events", "people", "seconds")


def render(steps: list) -> str:
    database = postgres.owner()
    files = database.rows(FILES)
    totals = database.rows(TOTALS)[0]
    rows = [[file.pop("object_key")] + ["–" if value is None else str(value) for value in file.values()] for file in files]
    widths = [max(len(str(row[i])) for row in [COLUMNS, *rows]) for i in range(len(COLUMNS))]

    def shape(row) -> str:
        return "  " + "  ".join(str(c).ljust(w) if i < 2 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths)))

    text = ["", shape(COLUMNS), shape(["─" * w for w in widths]), *map(shape, rows)]
    if not rows:
        text.append("  no file has been imported since the last reset: `make samples` drops the sample files again")
    text += [
        "",
        "  {profiles} profiles, {timeline} timeline entries, {enrolments} enrolments, {milestones} milestones".format(**totals),
        "  {published} of {events} events published".format(**totals) + (f", {totals['dead']} dead" if totals["dead"] else ""),
    ]
    if steps:
        text += ["", "  " + " · ".join(f"{name} {clock(seconds)}" for name, seconds in steps)]
    return "\n".join(text + next_steps(database.value(A_PROFILE)))


def next_steps(profile: str | None) -> list[str]:
    address = api.base()
    path = f"/v1/profiles/{profile}" if profile else "/v1/imports"
    return [
        "",
        f"  API      {address}",
        f"  pages    {address}/v1/imports/console      (make token ROLE=coordinator)",
        f"           {address}/v1/moderation/console   (make token ROLE=safeguarding)",
        f"           {address}/v1/q2q/console          (make token ROLE=admin)",
        f"  more     make status · make logs · make psql · make acceptance · {short(settings.HOME / 'stack.json')}",
        "",
        "  Ask for a profile (the token holds for an hour; a new one: make token ROLE=admin):",
        "",
        f"curl -s -H 'Authorization: Bearer {tokens.token('admin')}' \\\n  {address}{path}",
        "",
        "  Then try: drop a file of your own and read its receipt",
        f"    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test {short(settings.VENV / 'bin' / 'aws')} --endpoint-url {localstack.endpoint()} "
        f"--region {settings.REGION} s3 cp my.csv s3://{json.loads((settings.HOME / 'stack.json').read_text())['drops_bucket']}/kintell/sessions/my.csv",
        f"    curl -s -H \"Authorization: Bearer $(make -s token ROLE=admin)\" '{address}/v1/imports?key=kintell/sessions/my.csv'",
        "",
    ]
