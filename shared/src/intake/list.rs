//! Lists in one cell: ids of people, numbers of goals.

use uuid::Uuid;

use super::{code::Code, json};

/// An id as it is compared: a UUID in its one spelling, anything else exactly as it is.
pub fn id(text: &str) -> String {
    match (text.len(), Uuid::try_parse(text)) {
        (36, Ok(id)) => id.to_string(),
        _ => text.to_owned(),
    }
}

/// Ids, each once, in their order: a JSON list of texts, or texts between commas, semicolons or bars.
///
/// # Errors
/// The end of a sentence that begins with the value.
pub fn ids(text: &str) -> Result<Vec<String>, &'static str> {
    let items = if text.starts_with('[') {
        json::list(text).map_err(|_| "is not a JSON list of ids; write ids between commas")?
    } else {
        text.split([',', ';', '|']).map(ToOwned::to_owned).collect()
    };
    let mut found = Vec::new();
    for item in items.iter().map(|item| item.trim()).filter(|item| !item.is_empty()) {
        let item = id(item);
        if !found.contains(&item) {
            found.push(item);
        }
    }
    Ok(found)
}

/// Whole numbers from `min` to `max`, each once, least first: a JSON list, or numbers between commas, semicolons, bars
/// or blanks.
///
/// # Errors
/// The code, and the end of a sentence that begins with the value.
pub fn integers(text: &str, min: i64, max: i64) -> Result<Vec<i64>, (Code, String)> {
    let bracketed = text.starts_with('[') || text.ends_with(']');
    if bracketed && json::check(text).is_err() {
        return Err((Code::BadJson, "is not a JSON list of numbers; write numbers between commas".to_owned()));
    }
    let inner = if bracketed { &text[1..text.len() - 1] } else { text };
    let mut found = Vec::new();
    for item in inner.split([',', ';', '|', ' ']).map(|item| item.trim().trim_matches('"')) {
        if item.is_empty() {
            continue;
        }
        let digits = item.len() <= 9 && item.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = digits.then(|| item.parse::<i64>().ok()).flatten() else {
            return Err((Code::BadNumber, "is not a list of whole numbers; write numbers between commas".to_owned()));
        };
        if !(min..=max).contains(&number) {
            return Err((Code::OutOfRange, format!("has a number that is not between {min} and {max}; correct it")));
        }
        found.push(number);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_list_reads_the_same_however_it_is_written() {
        for text in ["4,8", "[4, 8]", "8; 4", "4|8|8", "[\"4\",\"8\"]", " 4 8 "] {
            assert_eq!(integers(text, 1, 17), Ok(vec![4, 8]), "{text}");
        }
        assert_eq!(integers("[]", 1, 17), Ok(vec![]));
        assert_eq!(integers("4,18", 1, 17).unwrap_err().0, Code::OutOfRange);
        for text in ["4.5", "SDG 4", "-4", "[4", "4]", "4]x", "[4,]", "[4 8]", "[4;8]", "[[4]]", "\"4\"]"] {
            assert!(integers(text, 1, 17).is_err(), "{text}");
        }
        assert_eq!(ids("[\"a\", \"b\", \"a\"]").unwrap(), ["a", "b"]);
        assert_eq!(ids(" a ;b,").unwrap(), ["a", "b"]);
        assert!(ids("[1]").is_err());
    }

    #[test]
    fn a_uuid_is_the_same_id_in_capitals_and_other_ids_are_exact() {
        assert_eq!(id("018F3C1E-7B2A-7CC0-9D41-2F6A5B8C9E10"), "018f3c1e-7b2a-7cc0-9d41-2f6a5b8c9e10");
        assert_eq!((id("00042"), id("U-1")), ("00042".to_owned(), "U-1".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) { let _ = (ids(&text), integers(&text, 1, 17)); }
    }
}
