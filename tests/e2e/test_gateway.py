"""The API from outside: who gets in, what a refusal looks like, health, its own description."""

import base64
import json
import uuid

import pytest
from drops import find, import_file, language_file, session
from teei_local import tokens
from teei_local.api import Api

PROTECTED = ["/v1/imports", f"/v1/imports/{uuid.uuid4()}", f"/v1/profiles/{uuid.uuid4()}"]


def bare(api: Api, method: str, path: str, token: str | None = None, **options):
    headers = {"Authorization": f"Bearer {token}"} if token else {"Authorization": None}
    return api.call(method, path, headers=headers, **options)


def assert_problem(answer, status: int, code: str | None = None) -> dict:
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status and problem["code"] and problem["title"]
    assert problem["request_id"] and problem["request_id"] == answer.headers["x-request-id"]
    assert code is None or problem["code"] == code, problem
    return problem


@pytest.mark.parametrize("path", PROTECTED)
def test_without_a_token_nothing_is_told(api, path):
    assert_problem(bare(api, "GET", path), 401, "missing_token")


def forged() -> dict[str, str]:
    """Tokens that must not open anything, by what is wrong with them."""
    good = tokens.token("admin")
    head, body, signature = good.split(".")
    none = tokens.encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    swapped = claims | {"sub": "somebody-else"}
    return {
        "noise": "not.a.token",
        "no algorithm": f"{none}.{body}.",
        "other body": f"{head}.{tokens.encode(json.dumps(swapped).encode())}.{signature}",
        "other issuer": tokens.token("admin", claims={"iss": "https://elsewhere.test"}),
        "other audience": tokens.token("admin", claims={"aud": "another-api"}),
        "unknown role": tokens.token("admin", claims={"role": "owner"}),
        "not yet": tokens.token("admin", claims={"nbf": 4_000_000_000}),
    }


@pytest.mark.parametrize("wrong", ["noise", "no algorithm", "other body", "other issuer", "other audience", "unknown role", "not yet"])
def test_a_forged_token_opens_nothing(api, wrong):
    for path in PROTECTED:
        assert_problem(bare(api, "GET", path, forged()[wrong]), 401, "bad_token")


def test_an_expired_token_says_so(api):
    assert_problem(bare(api, "GET", "/v1/imports", tokens.token("admin", seconds=-3600)), 401, "expired_token")


def test_a_good_token_opens_the_same_paths(api):
    assert api.call("GET", "/v1/imports").status_code == 200
    assert_problem(api.call("GET", f"/v1/imports/{uuid.uuid4()}"), 404, "not_found")


@pytest.mark.parametrize("role", ["company_user", "participant", "volunteer", "reviewer", "safeguarding"])
def test_roles_without_a_right_to_imports_are_refused(api, role):
    assert Api(role, api.address).call("GET", "/v1/imports").status_code in (403, 404)


def test_a_participant_sees_the_own_profile_and_no_other(api, mark):
    import_file(api, f"kintell/sessions/own-{mark}.csv", language_file([session(mark, 1)]))
    own = find(api, f"newcomer.{mark}@example.org")["id"]
    other = find(api, f"volunteer.{mark}@example.org")["id"]
    me = Api("participant", api.address, subject=f"person-{mark}", profile=own)
    assert me.call("GET", f"/v1/profiles/{own}").json()["email"] == f"newcomer.{mark}@example.org"
    assert_problem(me.call("GET", f"/v1/profiles/{other}"), 404, "not_found")


def test_a_profile_is_changed_only_by_who_read_it(api, mark):
    import_file(api, f"kintell/sessions/put-{mark}.csv", language_file([session(mark, 1)]))
    path = f"/v1/profiles/{find(api, f'newcomer.{mark}@example.org')['id']}"
    etag = api.call("GET", path).headers["ETag"]
    fields = {"name": "Ny Navnesen", "language": "uk", "city": "Bergen"}
    assert_problem(api.call("PUT", path, json=fields), 428)
    changed = api.call("PUT", path, json=fields, headers={"If-Match": etag})
    assert changed.status_code == 200, changed.text
    assert_problem(api.call("PUT", path, json=fields | {"city": "Oslo"}, headers={"If-Match": etag}), 412)
    now = api.call("GET", path)
    assert (now.json()["name"], now.json()["city"]) == ("Ny Navnesen", "Bergen") and now.headers["ETag"] != etag


def test_an_external_id_belongs_to_one_person(api, mark):
    import_file(api, f"kintell/sessions/link-{mark}.csv", language_file([session(mark, 1)]))
    one, two = find(api, f"newcomer.{mark}@example.org")["id"], find(api, f"volunteer.{mark}@example.org")["id"]
    body = {"source": "buddy", "external_id": f"b-{mark}"}
    assert api.call("POST", f"/v1/profiles/{one}/external-ids", json=body).status_code == 201
    assert api.call("POST", f"/v1/profiles/{one}/external-ids", json=body).status_code == 200
    assert_problem(api.call("POST", f"/v1/profiles/{two}/external-ids", json=body), 409, "external_id_taken")
    found = api.call("POST", "/v1/profiles/search", json=body).json()["items"]
    assert [item["id"] for item in found] == [one]


SERVICES = {"buddy", "kintell", "upskilling", "profiles", "moderation", "q2q", "bus", "gateway"}


def test_health_is_public_and_up(api):
    whole = bare(api, "GET", "/v1/health")
    assert whole.status_code == 200, whole.text
    assert whole.json()["status"] == "up"
    assert {s["service"] for s in whole.json()["services"]} == SERVICES
    assert all(set(s) == {"service", "status"} for s in whole.json()["services"]), "the public sees up or down only"
    for service in SERVICES:
        assert bare(api, "GET", f"/v1/{service}/health").status_code == 200
    assert_problem(bare(api, "GET", "/v1/nonsense/health"), 404, "not_found")


def test_what_is_not_there_is_a_problem_too(api):
    assert_problem(api.call("GET", "/v1/nothing/here"), 404, "not_found")
    wrong = api.call("DELETE", "/v1/imports")
    assert_problem(wrong, 405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]


def test_the_api_describes_itself(api):
    description = bare(api, "GET", "/v1/openapi.json")
    assert description.status_code == 200
    assert description.json()["openapi"].startswith("3.1")
    for path in ("/v1/health", "/v1/imports", "/v1/imports/{id}/records", "/v1/profiles/{id}", "/v1/profiles/search"):
        assert path in description.json()["paths"], path
