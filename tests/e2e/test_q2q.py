"""From a dropped file to outcomes: screened, read, scored, told, asked for; and what follows when it holds no more."""

from drops import counts, find, import_file, language_file, session, until
from teei_local import invoke
from teei_local.api import Api

WORDS = "Before I was afraid to speak. Now I am proud of myself and I dare to ask people in the shop."
RUSSIAN = "Мы вчера гуляли в парке и разговаривали о погоде, потом пили чай."
READINGS = """
SELECT r.text_id, r.state, r.reason, r.programme, r.engine_version FROM core.readings r
JOIN vault.texts t ON t.text_id = r.text_id JOIN intake.imports i ON i.import_id = t.import_id
WHERE i.import_id = :'id'::uuid ORDER BY t.line
"""


def dropped(api: Api, mark: str, *texts: str) -> dict:
    rows = [session(mark, n, feedback_text=text) for n, text in enumerate(texts, 1)]
    receipt = import_file(api, f"kintell/sessions/q2q-{mark}.csv", language_file(rows))
    assert counts(receipt) == {"records": len(texts), "new": len(texts)}
    return receipt


def outcomes(api: Api, profile: str) -> list[dict]:
    return api.get(f"/v1/profiles/{profile}/outcomes")["items"]


def test_a_dropped_file_becomes_outcomes_that_lead_back_to_its_words_and_its_line(stack, db, api, bus, mark):
    receipt = dropped(api, mark, WORDS, RUSSIAN)
    readings = until(lambda: (rows := db.rows(READINGS, id=receipt["id"])) and len(rows) == 2 and rows, why="the texts were not looked at")
    read, russian = readings
    assert (read["state"], read["programme"]) == ("read", "language")
    assert russian["state"] in ("held", "not_read"), "a language that is not covered is counted, never guessed"

    profile = find(api, f"newcomer.{mark}@example.org")["id"]
    found = [one for one in outcomes(api, profile) if one["dimension"] == "confidence"]
    assert len(found) == 1 and found[0]["polarity"] == "+", found
    one = found[0]
    assert (one["text_id"], one["import_id"], one["line"]) == (read["text_id"], receipt["id"], 2)
    assert 0.5 <= one["score"] <= 1 and one["engine_version"] == read["engine_version"]

    # From the number to the words
    whole = api.get(f"/v1/q2q/outcomes/{one['id']}")
    assert whole["text"] == WORDS
    assert whole["evidence"] and all(WORDS[p["start"]:p["end"]] == p["quote"] for p in whole["evidence"])
    assert whole["origin"]["line"] == 2 and whole["origin"]["door"] == "csv"
    assert db.value("SELECT count(*)::int FROM audit.log WHERE action = 'outcome.read' AND target = :'p'::uuid", p=profile) == 1

    # Told, by id, without a word
    told = bus.until(1, lambda d: d["type"] == "q2q.outcome.scored.v1" and d["subject"] == one["id"])
    assert len(told) == 1 and "afraid" not in str(told)

    # The same file again changes nothing
    before = db.value("SELECT count(*)::int FROM core.outcomes")
    rows = [session(mark, n, feedback_text=text) for n, text in enumerate((WORDS, RUSSIAN), 1)]
    import_file(api, f"kintell/sessions/q2q-{mark}-again.csv", language_file(rows))
    assert db.value("SELECT count(*)::int FROM core.outcomes") == before


def test_a_purpose_that_is_withdrawn_takes_scores_back(stack, db, api, bus, mark):
    dropped(api, mark, WORDS)
    profile = find(api, f"newcomer.{mark}@example.org")["id"]
    assert until(lambda: outcomes(api, profile))
    db.run("INSERT INTO core.purposes VALUES (:'p'::uuid, 'outcome_scoring', 'consent', 'withdrawn', 'test', now())", p=profile)
    invoke.call("Q2qScorer", {})
    assert until(lambda: not outcomes(api, profile), why="the sweep compares purposes")
    told = bus.until(1, lambda d: d["type"] == "fact.retracted.v1" and d["data"]["factType"] == "q2q.outcome" and d["data"]["reason"] == "withdrawn")
    assert told
    # Other people's are as they were
    db.run("DELETE FROM core.purposes WHERE profile_id = :'p'::uuid", p=profile)
    invoke.call("Q2qScorer", {})
    assert until(lambda: outcomes(api, profile), why="granted again, scored again")


def test_an_undone_import_takes_its_outcomes_along(stack, db, api, mark):
    receipt = dropped(api, mark, WORDS)
    profile = find(api, f"newcomer.{mark}@example.org")["id"]
    ids = [one["id"] for one in until(lambda: outcomes(api, profile))]
    answer = api.call("POST", f"/v1/imports/{receipt['id']}/undo", json={})
    assert answer.status_code == 202, answer.text
    left = "SELECT count(*)::int FROM core.outcomes WHERE retracted IS NULL AND outcome_id = ANY(string_to_array(:'ids', ',')::uuid[])"
    assert until(lambda: db.value(left, ids=",".join(ids)) == 0, why="the outcomes outlived their text")


def test_a_text_is_read_on_request_and_not_stored(stack, db, mark):
    before = db.value("SELECT count(*)::int FROM core.readings")
    answer = Api("service").call("POST", "/v1/q2q/classify", json={"items": [{"text": WORDS}, {"text": RUSSIAN}]})
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["items"]
    assert any(one["dimension"] == "confidence" and one["polarity"] == "+" for one in first["outcomes"])
    assert second["not_read"] == "language" and second["outcomes"] == []
    assert db.value("SELECT count(*)::int FROM core.readings") == before
    assert mark not in answer.text


def test_a_company_sees_figures_of_its_own_and_no_person(stack):
    company = "01900000-0000-7000-8000-0000000000c1"
    own = Api("company_user", company=company).call("GET", "/v1/q2q/outcomes")
    assert own.status_code == 200, own.text
    body = own.json()
    assert body["company"] == company and body["for_company"] is True and "left_out" not in body
    assert "profile_id" not in own.text and "text" not in body
    other = "01900000-0000-7000-8000-0000000000c2"
    assert Api("company_user", company=company).call("GET", f"/v1/q2q/outcomes?company={other}").status_code == 404
