//! The parts of a fact's key: what stands in it for each column it is made of.

use std::collections::HashMap;

use shared::intake::entity::Key;

/// Column → its part. An e-mail stands there by its blind index, in hexadecimal.
pub fn parts<'k>(key: &Key, stored: &'k str) -> HashMap<&'static str, &'k str> {
    match *key {
        Key::Column(name) | Key::Email(name) => HashMap::from([(name, stored)]),
        Key::ColumnOr(name, _) if !stored.starts_with(' ') => HashMap::from([(name, stored)]),
        Key::Columns(names) | Key::ColumnOr(_, names) => names.iter().copied().zip(split(stored)).collect(),
    }
}

/// A key of several parts is ` <length>:<part>` for each, the length in bytes.
fn split(mut stored: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some((length, rest)) = stored.strip_prefix(' ').and_then(|rest| rest.split_once(':')) {
        let Some((part, rest)) = length.parse().ok().and_then(|length| rest.split_at_checked(length)) else { break };
        found.push(part);
        stored = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_of_a_key_has_its_part_whatever_stands_in_it() {
        let key = Key::Columns(&["event_id", "user_id"]);
        let found = parts(&key, " 6:a 3:ø 2: 4:  :9");
        assert_eq!((found["event_id"], found["user_id"]), ("a 3:ø", " 4"), "{found:?}");
        let either = Key::ColumnOr("checkin_id", &["match_id", "checkin_date"]);
        assert_eq!(parts(&either, "C-1"), HashMap::from([("checkin_id", "C-1")]));
        assert_eq!(parts(&either, " 3:M-1 1:2"), HashMap::from([("match_id", "M-1"), ("checkin_date", "2")]));
        assert_eq!(parts(&Key::Email("email"), "00ff"), HashMap::from([("email", "00ff")]));
    }

    #[test]
    fn a_damaged_key_has_the_parts_before_the_damage() {
        let key = Key::Columns(&["a", "b"]);
        for stored in [" 9:x", " x:y", "3:abc", " 1:ø", ""] {
            assert!(parts(&key, stored).is_empty(), "{stored}");
        }
    }
}
