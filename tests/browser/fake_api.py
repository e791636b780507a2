"""The page and the import API it talks to, without a stack: enough of the contract to try every view.

`python3 fake_api.py` prints its address and serves until it is ended. It knows one kind of file, a CSV whose first column
is the key and whose `rating` is 1 to 5, and keeps everything in memory. Not the rules, only their answers' shapes.
"""

import base64
import csv
import hashlib
import io
import json
import re
import threading
import time
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

GATEWAY = Path(__file__).resolve().parents[2] / "functions" / "gateway"
FATES = ("new", "changed", "unchanged", "duplicate", "blank", "rejected", "suppressed")
DELAY = 0.4  # seconds a file is queued, and as long again read
REASONS = {
    "en": 'rating "{value}" is outside 1 to 5: correct it.',
    "nb": 'rating «{value}» er utenfor 1 til 5: rett den.',
    "uk": 'rating «{value}» поза межами від 1 до 5: виправте.',
}

lock = threading.Lock()
imports: dict[str, dict] = {}
keys: dict[str, str] = {}  # Idempotency-Key → import
facts: dict[str, list[dict]] = {}  # key → revisions: {"fields", "import"}
failing: list[dict] = []  # problems to answer with, one a request


def page(package: Path = GATEWAY) -> tuple[bytes, str]:
    """The page as the package's console.rs puts it together, and its policy."""
    source = (package / "src" / "console.rs").read_text()
    read = lambda constant: "".join(
        (package / "src" / name).read_text()
        for name in re.findall(r'include_str!\("([^"]+)"\)', re.search(rf"const {constant}: &str =(.*?);", source, re.S)[1])
    )
    style, script = read("STYLE"), read("SCRIPT")
    sha = lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{sha(script)}'; style-src 'sha256-{sha(style)}'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    return read("PAGE").replace("{{style}}", style).replace("{{script}}", script).encode(), policy


def now() -> str:
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


# ── What an import does ──────────────────────────────────────────────────────────────────────────────────────────────

def rows_of(text: str) -> tuple[str | None, list[str], list[tuple[int, dict]]]:
    """(the import its rejects came from, header, [(line, cells)])."""
    lines = text.splitlines()
    first = re.match(r"# teei-rejects import=(\S+)", lines[0]) if lines else None
    skip = 1 if first else 0
    header = next(csv.reader([lines[skip]])) if len(lines) > skip else []
    rows = []
    for at, line in enumerate(lines[skip + 1 :], skip + 2):
        cells = next(csv.reader([line]), [])
        rows.append((at, dict(zip(header, cells))))
    return (first[1] if first else None), [name for name in header if not name.startswith("_")], rows


def pass_over(one: dict, apply_stale: bool) -> dict:
    """What the file would do to the facts: fates, changes, and what to apply."""
    first_attempt, header, rows = rows_of(one["text"])
    key_name = header[0] if header else ""
    seen, records, changes, elsewhere = {}, [], [], []
    rejected_before = {}
    if first_attempt in imports:
        rejected_before = {r["raw"].get(key_name): r["raw"] for r in imports[first_attempt].get("records", []) if r["fate"] == "rejected"}
    for number, (line, row) in enumerate(rows, 1):
        fields = {name: row.get(name, "") for name in header}
        record = {"record": number, "line": line, "line_end": line, "warnings": [], "raw": fields}
        key, rating = fields.get(key_name, ""), fields.get("rating", "")
        known = facts.get(key)
        if not any(fields.values()):
            record["fate"] = "blank"
        elif rating and rating not in "12345":
            record |= {"fate": "rejected", "code": "out_of_range", "column": "rating", "value": rating}
        elif key in seen and seen[key] == fields:
            record["fate"] = "duplicate"
        elif known and known[-1]["fields"] == fields:
            record["fate"] = "unchanged"
        elif known and not apply_stale and any(revision["fields"] == fields for revision in known):
            record |= {"fate": "unchanged", "warnings": ["stale_revision"]}
        else:
            record["fate"] = "changed" if known else "new"
            record["fact"] = str(uuid.uuid5(uuid.NAMESPACE_OID, key))
            old = known[-1]["fields"] if known else {}
            told = [{"field": n} | ({} if n == "feedback_text" or "email" in n else ({"from": old[n]} if old else {}) | {"to": v}) for n, v in fields.items() if old.get(n, "") != v]
            changes.append({"record": number, "line": line, "fields": told, "fate": record["fate"]})
        before = rejected_before.get(key)
        if before:
            elsewhere += [{"line": line, "column": n} for n in header if n != "rating" and before[n] != fields[n]]
        seen[key] = fields
        records.append(record)
    return {"records": records, "changes": changes, "header": header, "first_attempt": first_attempt, "elsewhere": elsewhere}


def run(one: dict, commit: dict | None = None) -> None:
    one["status"] = "running"
    time.sleep(DELAY)
    with lock:
        (undo if commit and commit["kind"] == "undo" else load)(one, commit or {})
        one["status"] = "done"


def base(one: dict) -> dict:
    return {
        "id": one["id"], "source": one["source"], "entity": one["entity"], "layout": "language", "status": "done", "retryable": False, "name": one["name"],
        "file": {"bucket": "fake-drops", "key": one["key"], "version": "1", "bytes": len(one["bytes"]), "sha256": hashlib.sha256(one["bytes"]).hexdigest()},
        "counts": dict.fromkeys(("records", *FATES), 0), "warnings": [], "rejects": [], "events": 0, "people": {"known": 0, "created": 0}, "dry_run": one["dry_run"],
        "started_at": now(), "finished_at": now(), "rows_per_second": 900, "cents": 0.001,
    }


def load(one: dict, command: dict) -> None:
    receipt = one["receipt"] = base(one)
    one["outcome"] = receipt["outcome"] = "refused"
    if not one["text"].strip() or "," not in one["text"].splitlines()[0] and not one["text"].startswith("#"):
        receipt |= {"code": "not_csv", "reason": "This looks like a PDF, not like a CSV file: export it again as CSV."}
        return
    if one["text"].startswith("match_id"):
        receipt |= {"code": "wrong_entity", "hint": "buddy/matches", "reason": "This looks like an export of buddy/matches."}
        return
    found = pass_over(one, command.get("apply_stale", False))
    records = one["records"] = found["records"]
    counts = receipt["counts"]
    counts["records"] = len(records)
    for record in records:
        counts[record["fate"]] += 1
    one["fates"] = [record["fate"] for record in records]
    known = ("session_id", "participant_email", "volunteer_email", "scheduled_at", "completed_at", "duration_minutes", "rating", "feedback_text", "language_level", "topics", "metadata")
    receipt |= {
        "dialect": {"encoding": "utf-8", "bom": False, "delimiter": "comma", "line_ending": "lf", "preamble_lines": 1 if found["first_attempt"] else 0},
        "columns": {"known": {n: n for n in found["header"] if n in known}, "unknown": [{"name": n, "nearest": "rating"} for n in found["header"] if n not in known], "missing": [n for n in known if n not in found["header"]]},
        "facts_used": {"date_order": "dmy", "rating_scale": "1-5", "zone": "Europe/Oslo", "author": "participant", "from": "source profile"},
        "control_total": {"stated": len(records), "counted": len(records)},
    }
    stale = [record["line"] for record in records if "stale_revision" in record["warnings"]]
    if stale:
        receipt["warnings"].append({"code": "stale_revision", "records": len(stale), "first_line": stale[0]})
    if receipt["columns"]["unknown"]:
        receipt["warnings"].append({"code": "unknown_column", "records": 0, "detail": "1 column is not read."})
    if found["first_attempt"]:
        receipt["first_attempt"] = found["first_attempt"]
    plan_hash = hashlib.sha256(json.dumps([one["fates"], found["changes"]]).encode()).hexdigest()
    receipt |= {"plan_hash": plan_hash}
    why = None
    if command.get("plan_hash") and command["plan_hash"] != plan_hash and not command.get("apply_stale"):
        why, receipt["moved"] = "moved", True
    elif one["dry_run"] and not command:
        why = "dry_run"
    elif found["elsewhere"] and not command.get("accept_changes"):
        why = "changed_elsewhere"
    elif len(records) > 20 and counts["rejected"] > len(records) / 2 and not command:
        why = "brake"
    people = {row["raw"].get(n) for row in records if row["fate"] == "new" for n in ("participant_email", "volunteer_email")}
    fresh = people - {None, ""} - {fields.get(n) for revisions in facts.values() for r in revisions for fields in [r["fields"]] for n in ("participant_email", "volunteer_email")}
    receipt["people"] = {"known": len(people) - len(fresh), "created": len(fresh)}
    if why:
        receipt |= {"outcome": "planned", "code": why, "reason": "Nothing was applied.", "plan": {"changes": found["changes"][:100], "people_created": len(fresh), "changed_elsewhere": found["elsewhere"]}}
    else:
        same = next((other["id"] for other in imports.values() if other is not one and other.get("bytes") == one["bytes"] and other.get("outcome") in ("loaded", "unchanged")), None)
        nothing = not counts["new"] and not counts["changed"]
        receipt["outcome"] = "unchanged" if nothing and same else "loaded"
        receipt |= {"first_import": same} if same else {}
        receipt["events"] = counts["new"] + counts["changed"]
        for record in records:
            if record["fate"] in ("new", "changed"):
                facts.setdefault(record["raw"][found["header"][0]], []).append({"fields": record["raw"], "import": one["id"]})
    one["outcome"] = receipt["outcome"]


def undo(one: dict, _command: dict) -> None:
    tally = {"restored": 0, "removed": 0, "kept_later_edit": 0, "people_removed": 0}
    for record in one["records"]:
        if record["fate"] not in ("new", "changed"):
            continue
        key = next(iter(record["raw"].values()))
        revisions = facts.get(key, [])
        if not revisions or revisions[-1]["import"] != one["id"]:
            record["fate"] = "kept_later_edit"
        else:
            revisions.pop()
            record["fate"] = "restored" if revisions else "removed"
            if not revisions:
                facts.pop(key)
        tally[record["fate"]] += 1
    one["outcome"] = one["receipt"]["outcome"] = "undone"
    one["receipt"] |= {"undo": {"at": now(), "by": "coordinator"} | tally}


# ── What it answers ──────────────────────────────────────────────────────────────────────────────────────────────────

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: object, kind: str = "application/json", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), "Cache-Control": "no-store", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status: int, code: str, retryable: bool = False, **more: object) -> None:
        body = {"type": f"urn:teei:problem:{code}", "title": f"Title of {code}", "status": status, "detail": "Detail.", "code": code, "request_id": "0000-fake", "retryable": retryable}
        self.answer(status, body | more, "application/problem+json")

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_PUT(self) -> None:
        data = self.body()
        one = imports.get(self.headers.get("x-amz-meta-import-id", ""))
        if one is None or self.path != f"/drops/{one['id']}":
            return self.answer(403, b"", "application/xml")
        one |= {"bytes": data, "text": data.decode("utf-8-sig", errors="replace"), "status": "queued"}
        self.answer(200, b"")
        threading.Timer(DELAY, run, [one]).start()

    def do_GET(self) -> None:
        self.route("GET")

    def do_POST(self) -> None:
        self.route("POST")

    def route(self, method: str) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        data = self.body()
        if parts.path == "/v1/imports/console":
            html, policy = page()
            return self.answer(200, html, "text/html; charset=utf-8", Content_Security_Policy=policy, Referrer_Policy="no-referrer", X_Content_Type_Options="nosniff")
        if parts.path == "/fail":  # the tests' own: the next request is answered with this problem
            failing.append(json.loads(data))
            return self.answer(200, {})
        if match := re.fullmatch(r"/results/([\w-]+)\.(csv|xlsx)", parts.path):
            return self.answer(200, rejects_csv(imports[match[1]]), "text/csv", Content_Disposition=f'attachment; filename="rejects.{match[2]}"')
        if failing:
            with lock:
                more = dict(failing.pop())
            return self.problem(more.pop("status"), more.pop("code"), **more)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not token.endswith(".fake"):
            return self.problem(401, "bad_token")
        path = parts.path.removeprefix("/v1/imports")
        if path in ("", "/"):
            return self.create(json.loads(data)) if method == "POST" else self.list(query)
        _, id, *rest = path.split("/")
        one = imports.get(id)
        if one is None:
            return self.problem(404, "not_found")
        match method, rest:
            case "GET", []:
                self.answer(200, self.receipt(one))
            case "GET", ["records"]:
                self.records(one, query)
            case "GET", ["rejects"]:
                self.answer(200, {f"{kind}_url": f"/results/{id}.{kind}" for kind in ("csv", "xlsx")} | {"expires_at": now()})
            case "POST", ["commit" | "undo" as kind]:
                self.decide(one, kind, json.loads(data or b"{}"))
            case _:
                self.problem(404, "not_found")

    def create(self, body: dict) -> None:
        if body["source"] not in ("kintell", "buddy", "upskilling"):
            return self.problem(422, "bad_field", errors=[{"pointer": "/source", "code": "bad_enum", "detail": "No such source."}])
        id = str(uuid.uuid4())
        entity = body.get("entity") or "sessions"
        key = f"{body['source']}/{entity}/{body['name']}"
        announced = self.headers.get("Idempotency-Key")
        if announced in keys:
            id = keys[announced]
        else:
            imports[id] = {"id": id, "source": body["source"], "entity": entity, "name": body["name"], "key": key, "dry_run": body.get("dry_run", False), "status": "waiting_upload", "outcome": None, "created_at": now()}
            keys[announced or id] = id
        target = {"method": "PUT", "url": f"http://{self.headers['Host']}/drops/{id}", "headers": {"x-amz-meta-import-id": id}, "expires_at": now()}
        self.answer(201, {"id": id, "status": "waiting_upload", "key": key, "upload": target})

    def list(self, query: dict) -> None:
        found = [one for one in reversed(imports.values()) if all(one[n] == query[n] for n in ("source", "outcome") if n in query)]
        found = [one for one in found if query.get("from", "") <= one["created_at"] and one["created_at"] < query.get("to", "9")]
        found = [one for one in found if query.get("name", "").lower() in one["name"].lower()]
        if "rejects_of" in query:
            found = [one for one in found if one.get("receipt", {}).get("first_attempt") == query["rejects_of"]]
        lines: dict[str, list[int]] = {}
        if "row" in query:
            brought = {revision["import"] for revision in facts.get(query["row"], [])}
            found = [one for one in found if one["id"] in brought]
            lines = {one["id"]: [r["line"] for r in one["records"] if query["row"] in r["raw"].values()] for one in found}
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
        items = [{n: one[n] for n in ("id", "source", "entity", "status", "outcome", "key", "name", "created_at")} | {"counts": one.get("receipt", {}).get("counts"), "lines": lines.get(one["id"], [])} for one in found[start : start + limit]]
        self.answer(200, {"items": items} | ({"next": str(start + limit)} if len(found) > start + limit else {}))

    def said(self, record: dict) -> dict:
        told = {n: record[n] for n in ("record", "line", "line_end", "fate", "code", "column", "fact") if n in record}
        if record["fate"] == "rejected":
            told["reason"] = REASONS[self.headers.get("Accept-Language", "en")[:2]].format(value=record["value"])
        return told

    def receipt(self, one: dict) -> dict:
        if "receipt" not in one:
            return {n: one[n] for n in ("id", "source", "entity", "status", "outcome", "name", "created_at")} | {"retryable": False, "file": {"key": one["key"]}}
        rejects = [self.said(record) for record in one.get("records", []) if record["fate"] == "rejected"][:100]
        return one["receipt"] | {"rejects": rejects, "status": one["status"]}

    def records(self, one: dict, query: dict) -> None:
        found = [record for record in one.get("records", []) if query.get("fate", record["fate"]) == record["fate"] and record["line"] >= int(query.get("line", 0))]
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
        items = [self.said(record) | {"warnings": record["warnings"]} | ({"values": record["raw"]} if query.get("values") else {}) for record in found[start : start + limit]]
        self.answer(200, {"items": items} | ({"next": str(start + limit)} if len(found) > start + limit else {}))

    def decide(self, one: dict, kind: str, body: dict) -> None:
        stale = body.get("apply_stale") and one["outcome"] in ("loaded", "unchanged", "planned")
        if kind == "commit" and one["outcome"] != "planned" and not stale:
            return self.problem(409, "not_planned")
        if kind == "undo" and one["outcome"] != "loaded":
            return self.problem(409, "not_loaded")
        one["status"] = "queued"
        self.answer(202, {"id": one["id"], "status": "queued"})
        threading.Timer(DELAY, run, [one, body | {"kind": kind}]).start()


def rejects_csv(one: dict) -> bytes:
    out = io.StringIO()
    rejected = [record for record in one["records"] if record["fate"] == "rejected"]
    header = list(rejected[0]["raw"])
    out.write(f"# teei-rejects import={one['id']}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["_line", "_reason", *header])
    for record in rejected:
        writer.writerow([record["line"], "rating is outside 1 to 5", *record["raw"].values()])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A tab that was closed breaks its connections; what is wrong here shows in the tests."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
