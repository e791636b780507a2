"""The sample files that `make up` drops: every entity and layout of every source, as a coordinator exports them."""

import pytest
from drops import counts, import_file
from teei_local import follow, settings

# file: (entity, layout, delimiter, byte order mark, line ending, records, rejected)
EXPECTED = {
    "kintell/users.csv": ("users", "users", "comma", False, "lf", 24, 0),
    "kintell/sessions-language.csv": ("sessions", "language", "comma", False, "lf", 40, 0),
    "kintell/sessions-mentor.csv": ("sessions", "mentor", "semicolon", True, "crlf", 26, 0),
    "kintell/sessions-legacy.csv": ("sessions", "legacy", "comma", False, "lf", 22, 0),
    "kintell/sessions-one-bad-rating.csv": ("sessions", "language", "comma", False, "lf", 6, 1),
    "buddy/users.csv": ("users", "users", "comma", False, "lf", 4, 0),
    "buddy/matches.csv": ("matches", "matches", "comma", False, "lf", 2, 0),
    "buddy/matches-legacy.csv": ("matches", "legacy", "comma", False, "lf", 2, 0),
    "buddy/events.csv": ("events", "events", "comma", False, "lf", 2, 0),
    "buddy/event_attendance.csv": ("event_attendance", "event_attendance", "comma", False, "lf", 2, 0),
    "buddy/skill_sessions.csv": ("skill_sessions", "skill_sessions", "comma", False, "lf", 2, 0),
    "buddy/checkins.csv": ("checkins", "checkins", "comma", False, "lf", 3, 0),
    "buddy/feedback.csv": ("feedback", "feedback", "comma", False, "lf", 2, 0),
    "buddy/milestones.csv": ("milestones", "milestones", "comma", False, "lf", 2, 0),
    "upskilling/completions.csv": ("completions", "completions", "comma", False, "lf", 2, 0),
    "upskilling/credentials.csv": ("credentials", "credentials", "comma", False, "lf", 2, 0),
    "upskilling/progress.csv": ("progress", "progress", "comma", False, "lf", 2, 0),
}


def test_every_sample_is_known_here():
    assert set(follow.SAMPLES.values()) == set(EXPECTED) == {f"{f.parent.name}/{f.name}" for f in settings.FIXTURES.glob("*/*.csv") if not f.stem.endswith("-dirty")}
    assert sum(expected[5] for expected in EXPECTED.values()) < 150, "the local bus carries 60 events a second"


@pytest.mark.parametrize("key", follow.SAMPLES)
def test_a_sample_is_read_as_what_it_is(api, key):
    name = follow.SAMPLES[key]
    entity, layout, delimiter, bom, ending, records, rejected = EXPECTED[name]
    receipt = import_file(api, key, (settings.FIXTURES / name).read_bytes())
    assert (receipt["entity"], receipt["layout"]) == (entity, layout)
    dialect = receipt["dialect"]
    assert (dialect["delimiter"], dialect["bom"], dialect["line_ending"]) == (delimiter, bom, ending)
    found = counts(receipt)
    assert found["records"] == records and found.get("rejected", 0) == rejected, receipt["rejects"]
    assert receipt["outcome"] in ("loaded", "unchanged")
    if rejected:
        assert (receipt["rejects"][0]["line"], receipt["rejects"][0]["column"]) == (4, "rating")
