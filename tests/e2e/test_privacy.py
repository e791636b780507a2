"""A planted canary person: address, name and words must be in the vault, sealed, and nowhere else."""

import json
from pathlib import Path

from drops import counts, find, import_file, language_file, session
from teei_local import deploy, localstack, settings
from teei_local.api import Api

# Words that occur nowhere by chance; a letter beyond ASCII shows escapes and encodings too.
ADDRESS = "kanarifugl"
NAME = "Qanaryna Fuglestvédt"
NAME_OF_A_FILE = "Quillonda Brekkestøl"  # keys are stored as given, so the file's person is another
WORDS = "Jeg drømte om zymurgisk kvernstein"
TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS t FROM pg_tables
WHERE schemaname IN ('vault', 'core', 'intake', 'bus', 'audit', 'public')
"""


def spellings(text: str) -> list[bytes]:
    """A text as it may lie around: plain, JSON-escaped, hex as Postgres prints bytes."""
    plain = text.encode()
    return [plain, plain.lower(), json.dumps(text)[1:-1].encode(), plain.hex().encode()]


def canary(mark: str) -> tuple[str, list[bytes]]:
    """(address, everything of the person that must not be found)."""
    email = f"{ADDRESS}.{mark}@example.org"
    traces = [f"{ADDRESS}.{mark}", NAME, NAME.split()[0], NAME.split()[1], WORDS, "zymurgisk"]
    return email, sorted({s for trace in traces for s in spellings(trace)})


def plant(api: Api, mark: str, email: str) -> list[str]:
    """Sends the person through every door there is, also the ways that fail. The ids of the imports."""
    users = (
        'Email,Name,Linkedin_URL,Verification_status,"Role when joined",grant_access,Joined_kg_at\n'
        f'{email},{NAME},https://linkedin.test/in/{ADDRESS}.{mark},verified,Participant,yes,"Dec 14, 2025"\n'
    )
    imports = [import_file(api, f"kintell/users/canary-{mark}.csv", users.encode())]
    assert counts(imports[0]) == {"records": 1, "new": 1}
    good = session(mark, 1, participant_email=email, feedback_text=f"{WORDS}, sa {NAME}.", topics=WORDS, metadata=json.dumps({"note": WORDS}))
    bad_rating = session(mark, 2, participant_email=email, rating=WORDS, feedback_text=WORDS)
    bad_address = session(mark, 3, participant_email=f"{NAME} {email}")
    same_person = session(mark, 4, participant_email=email, volunteer_email=email, feedback_text=WORDS)
    shifted = language_file([good, bad_rating, bad_address, same_person]) + f"{email},{WORDS},{NAME},x,y,z,1,2,3,4,5,6,7,8\n".encode()
    imports.append(import_file(api, f"kintell/sessions/canary-{mark}.csv", shifted))
    assert counts(imports[1]) == {"records": 5, "new": 1, "rejected": 4}, imports[1]["rejects"]
    # Not a session file at all: the header holds the person
    imports.append(import_file(api, f"kintell/sessions/canary-{mark}-header.csv", f"{email};{NAME};{WORDS}\n1;2;3\n".encode()))
    assert imports[2]["outcome"] == "refused"
    for receipt in imports:
        api.get(f"/v1/imports/{receipt['id']}/records")
    # The API: found, corrected, refused
    profile = find(api, email)
    assert (profile["name"], profile["email"]) == (NAME, email), "the canary is not where it should be"
    headers = {"If-Match": api.call("GET", f"/v1/profiles/{profile['id']}").headers["ETag"]}
    fields = {"name": NAME, "language": "nb", "city": WORDS[:40]}
    assert api.call("PUT", f"/v1/profiles/{profile['id']}", json=fields, headers=headers).ok
    for body in ({"email": f"{NAME}@@{email}"}, {"email": email, NAME: WORDS}, {"source": "kintell", "external_id": email}):
        api.call("POST", "/v1/profiles/search", json=body)
    api.call("POST", "/v1/profiles/search", data=f'{{"email": "{email}", {WORDS}'.encode(), headers={"Content-Type": "application/json"})
    stranger = Api("participant", api.address).call("POST", "/v1/profiles/search", json={"email": email})
    assert stranger.status_code in (403, 404) or stranger.json()["items"] == [], "somebody else's address was told"
    taken = api.call("POST", f"/v1/profiles/{profile['id']}/external-ids", json={"source": "buddy", "external_id": email})
    assert taken.status_code == 422, "an address is no id"
    return [receipt["id"] for receipt in imports]


def found_in(traces: list[bytes], where: dict[str, bytes]) -> list[str]:
    return [f"{trace.decode(errors='replace')!r} in {name}" for name, data in where.items() for trace in traces if trace in data]


def queues() -> dict[str, bytes]:
    """What lies in every queue of the stack, dead letters included, looked at without taking it."""
    sqs, seen = localstack.client("sqs"), {}
    for name, url in deploy.resources("AWS::SQS::Queue").items():
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        seen[f"queue {name}"] = json.dumps(got).encode()
    return seen


def logs() -> dict[str, bytes]:
    return {f"log {file.name}": file.read_bytes() for file in Path(settings.LOGS).glob("*.log")}


def results(bucket: str, imports: list[str]) -> dict[str, bytes]:
    s3, seen = localstack.client("s3"), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            if any(i in item["Key"] for i in imports):
                seen[f"result {item['Key']}"] = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
    return seen


def test_a_canary_person_leaves_no_trace_outside_the_vault(stack, db, api, bus, mark):
    email, traces = canary(mark)
    imports = plant(api, mark, email)
    bus.poll()

    events = {f"event {e['detail-type']} {e['detail']['id']}": json.dumps(e, ensure_ascii=False).encode() for e in bus.caught}
    tables = {r["t"]: db.run(f"SELECT row_to_json(t)::text FROM {r['t']} t").encode() for r in db.rows(TABLES)}
    written, lying, logged = results(stack["results_bucket"], imports), queues(), logs()

    # The search itself works: what must be there is found in each place
    assert any(imports[1].encode() in data for data in events.values()), "no event of the canary's import was caught"
    assert imports[1].encode() in tables["intake.imports"]
    assert len([name for name in written if name.endswith("receipt.json")]) == 3, sorted(written)
    assert {"queue KintellImportDlq", "queue ProfileProjectorDlq", "queue NudgeDlq"} <= set(lying)
    assert {"log KintellImport.log", "log BusRelay.log", "log ProfileProjector.log", "log ProfileApi.log", "log postgres.log"} <= set(logged)
    assert imports[1].encode() in logged["log KintellImport.log"], "the importer's log does not name the import"

    # The rejects file gives the coordinator the rejected rows as they came; that is its purpose, and its bucket is theirs.
    receipts = {name: data for name, data in written.items() if name.endswith("receipt.json")}
    assert found_in(traces, events | tables | receipts | lying | logged) == []


def test_a_name_in_a_file_name_is_in_no_log_and_no_event(api, bus, mark):
    key = f"kintell/sessions/liste {NAME_OF_A_FILE} {mark}.csv"
    receipt = import_file(api, key, language_file([session(mark, 1)]))
    assert receipt["file"]["key"] == key
    bus.poll()
    events = {e["detail"]["id"]: json.dumps(e, ensure_ascii=False).encode() for e in bus.caught}
    functions = {name: data for name, data in logs().items() if name.split()[1][:1].isupper()}
    assert events and functions
    assert found_in([s for part in NAME_OF_A_FILE.split() for s in spellings(part)], events | functions) == []


def test_the_database_log_keeps_people_out(db, api):
    """The settings are in force, and a refused statement leaves neither statement nor value."""
    for name, value in (("log_statement", "none"), ("log_min_error_statement", "panic"), ("log_error_verbosity", "terse"), ("log_parameter_max_length_on_error", "0")):
        assert db.value(f"SELECT current_setting('{name}') AS v") == value
    log = settings.LOGS / "postgres.log"
    before = log.stat().st_size
    try:
        db.run("INSERT INTO core.company_domains VALUES ('kanarifugl.example', 'no uuid')")
    except Exception as refused:
        assert "uuid" in str(refused)
    grown = log.read_bytes()[before:]
    assert b"ERROR" in grown and b"kanarifugl" not in grown
