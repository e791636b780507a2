use super::*;

fn pattern(pattern: &str) -> Language {
    Language::pattern(pattern).unwrap()
}

#[test]
fn a_pattern_holds_what_it_says_and_nothing_else() {
    for (text, good, bad) in [
        ("^[a-z][a-z0-9_]{1,3}$", vec!["ab", "a_9z"], vec!["", "a", "9a", "abcde", "aB"]),
        ("^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", vec!["uk", "nb-NO"], vec!["n", "nb-", "nb-N", "NB"]),
        ("^a(b|cd)*e?$", vec!["a", "abcdb", "acde"], vec!["ac", "e", "abee"]),
        ("b+", vec!["b", "abba"], vec!["", "ac"]),
        ("^\\d\\.[^x-z\\u0041]$", vec!["1.b"], vec!["1.x", "1.A", "1,b", "1."]),
        ("^(?!.*[^ @]@[^ @]*\\.)[^\\u0000-\\u001f]{1,5}$", vec!["a", "a @ b", "a@b"], vec!["", "a@b.", "\n", "abcdef"]),
    ] {
        for text_in in good {
            assert!(pattern(text).holds(text_in), "{text} {text_in}");
        }
        for text_out in bad {
            assert!(!pattern(text).holds(text_out), "{text} {text_out}");
        }
    }
}

#[test]
fn the_shortest_text_between_two_patterns_is_found_or_there_is_none() {
    let between = |old: &str, new: &str| pattern(old).and(pattern(new).others()).shortest().unwrap();
    assert_eq!(between("^[a-z]{1,32}$", "^[a-z]{1,16}$").as_deref(), Some("aaaaaaaaaaaaaaaaa"));
    assert_eq!(between("^[a-z]{1,16}$", "^[a-z]{1,32}$"), None);
    assert_eq!(between("^[a-z0-9]{1,32}$", "^[a-z]{1,32}$").as_deref(), Some("0"));
    assert_eq!(between("^(ab|ac)$", "^a[bc]$"), None);
    assert_eq!(between("^a[bcd]$", "^(ab|ac)$").as_deref(), Some("ad"));
    assert_eq!(between("^.{0,300}$", "^.{0,299}$").map(|text| text.len()), Some(300));
    let printable = "^(?!.*[^ @]@[^ @]*\\.)[^\\u0000-\\u001f]{1,255}$";
    assert_eq!(between("^[^\\u0000-\\u001f]{1,255}$", printable).map(|text| text.len()), Some(3));
    assert_eq!(between(printable, "^[^\\u0000-\\u001f]{1,255}$"), None);
    assert_eq!(between(printable, &printable.replace("255", "99")).map(|text| text.len()), Some(100));
}

#[test]
fn a_pattern_that_no_set_of_texts_can_be_made_of_is_an_error() {
    for text in ["^a|b$", "(a", "a)", "[a", "a**", "(?<=a)b", "a(?=b)", "\\bword", "a{2,1}", "\\p{L}", "^a^b$", "[z-a]"]
    {
        assert!(Language::pattern(text).is_err(), "{text}");
    }
    assert!(Language::format("hostname").is_err());
}

#[test]
fn formats_hold_what_they_name() {
    let uuid = Language::format("uuid").unwrap();
    assert!(uuid.holds("00000000-0000-0000-0000-000000000000") && !uuid.holds("0000"));
    let instant = Language::format("date-time").unwrap();
    assert!(instant.holds("1970-01-01T00:00:00Z") && instant.holds("2025-03-04T17:45:00.5+02:00"));
    assert!(!instant.holds("2025-13-04T17:45:00Z") && !instant.holds("2025-03-04"));
}
