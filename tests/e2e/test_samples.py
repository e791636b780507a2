"""The sample files that `make up` drops: every layout and dialect of Kintell, as a coordinator exports them."""

import pytest
from drops import counts, import_file
from teei_local import follow, settings

# file: (entity, layout, delimiter, byte order mark, line ending, records, rejected)
EXPECTED = {
    "users.csv": ("users", "users", "comma", False, "lf", 24, 0),
    "sessions-language.csv": ("sessions", "language", "comma", False, "lf", 40, 0),
    "sessions-mentor.csv": ("sessions", "mentor", "semicolon", True, "crlf", 26, 0),
    "sessions-legacy.csv": ("sessions", "legacy", "comma", False, "lf", 22, 0),
    "sessions-one-bad-rating.csv": ("sessions", "language", "comma", False, "lf", 6, 1),
}


def test_every_sample_is_known_here():
    assert set(follow.SAMPLES.values()) == set(EXPECTED) == {f.name for f in settings.FIXTURES.glob("*.csv")}
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
