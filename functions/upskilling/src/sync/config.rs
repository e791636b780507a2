//! Which learning-record stores are asked: the secret `teei/<stage>/upskilling/providers`, read anew by every run so
//! that another password or provider needs no deploy.
//!
//! ```json
//! {"providers": [{
//!   "provider": "ecornell",
//!   "endpoint": "https://lrs.example.org/xapi/",
//!   "username": "…", "password": "…",
//!   "course_prefix": "https://courses.example.org/", "home_page": "https://login.example.org/",
//!   "page": 200, "request_seconds": 20, "run_seconds": 240
//! }]}
//! ```

use std::{collections::HashSet, time::Duration};

use serde::Deserialize;
use shared::pii::Pii;

use super::irl::Endpoint;

/// Statements a page, where nothing else is said; a store may give fewer.
const PAGE: u32 = 200;
const REQUEST_SECONDS: u64 = 20;
const RUN_SECONDS: u64 = 240;

/// A learning-record store and how to ask it.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its code, as in the column `provider`: `ecornell`.
    pub code: String,
    /// Where its statements are.
    pub endpoint: Endpoint,
    /// The value of the header `Authorization`.
    pub authorization: Pii<String>,
    /// What an activity's id begins with and a course's id does not: `https://courses.example.org/`.
    pub course_prefix: Option<String>,
    /// The home page of accounts whose name alone is the provider's id of a person.
    pub home_page: Option<String>,
    /// Types of activities that are courses; none: all but those known to be a part of one.
    pub activity_types: Option<HashSet<String>>,
    /// Statements a page, at most.
    pub page: u32,
    /// The time one request may take, from connecting to the last byte.
    pub request: Duration,
    /// The time one run may spend on this provider.
    pub run: Duration,
}

/// The secret is not what it should be. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProviders {
    /// No JSON of that shape.
    #[error("the secret of the providers cannot be read ({0}): write it as docs/runbook.md says")]
    Shape(String),
    /// One entry is wrong.
    #[error("entry {at} of the providers has a wrong {field}: {why}")]
    Entry {
        /// Its number, from 1.
        at: usize,
        /// The field.
        field: &'static str,
        /// What it has to be.
        why: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    providers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    provider: String,
    endpoint: String,
    username: String,
    password: String,
    course_prefix: Option<String>,
    home_page: Option<String>,
    activity_types: Option<HashSet<String>>,
    page: Option<u32>,
    request_seconds: Option<u64>,
    run_seconds: Option<u64>,
}

/// Reads the secret.
///
/// # Errors
/// The first entry that is wrong, and its field. Half a configuration is none: a provider that was left out by a
/// typing error would be missed by nobody.
pub fn read(json: &str) -> Result<Vec<Provider>, BadProviders> {
    // serde's text may quote a value; where it stopped says enough.
    let shape = |error: serde_json::Error| {
        BadProviders::Shape(format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify()))
    };
    let file: File = serde_json::from_str(json).map_err(shape)?;
    let mut codes = HashSet::new();
    file.providers
        .into_iter()
        .enumerate()
        .map(|(at, entry)| {
            let wrong = |field, why| BadProviders::Entry { at: at + 1, field, why };
            let provider = provider(entry).map_err(|(field, why)| wrong(field, why))?;
            if !codes.insert(provider.code.clone()) {
                return Err(wrong("provider", "another entry has the same code; each code is one store"));
            }
            Ok(provider)
        })
        .collect()
}

fn provider(entry: Entry) -> Result<Provider, (&'static str, &'static str)> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let first = entry.provider.starts_with(|c: char| c.is_ascii_lowercase());
    if !first || entry.provider.len() < 2 || entry.provider.len() > 32 || !entry.provider.chars().all(letters) {
        return Err(("provider", "2 to 32 lower-case letters, digits or underscores, a letter first"));
    }
    let endpoint = Endpoint::parse(&entry.endpoint).map_err(|why| ("endpoint", why))?;
    if entry.username.contains(':') {
        return Err(("username", "no colon, which ends it in basic authentication (RFC 7617)"));
    }
    let within = |value: Option<u64>, default: u64, most: u64, field: &'static str, why: &'static str| {
        let value = value.unwrap_or(default);
        if (1..=most).contains(&value) { Ok(Duration::from_secs(value)) } else { Err((field, why)) }
    };
    let page = entry.page.unwrap_or(PAGE);
    if !(1..=1000).contains(&page) {
        return Err(("page", "1 to 1000 statements"));
    }
    Ok(Provider {
        authorization: Pii::new(basic(&entry.username, &entry.password)),
        request: within(entry.request_seconds, REQUEST_SECONDS, 120, "request_seconds", "1 to 120 seconds")?,
        run: within(entry.run_seconds, RUN_SECONDS, 840, "run_seconds", "1 to 840 seconds")?,
        code: entry.provider,
        endpoint,
        course_prefix: entry.course_prefix.filter(|prefix| !prefix.is_empty()),
        home_page: entry.home_page.filter(|page| !page.is_empty()),
        activity_types: entry.activity_types,
        page,
    })
}

fn basic(username: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(more: &str) -> String {
        format!(
            r#"{{"providers": [{{"provider": "ecornell", "endpoint": "https://lrs.example.org/xapi", "username": "teei", "password": "opensesame"{more}}}]}}"#
        )
    }

    #[test]
    fn a_provider_needs_a_code_an_endpoint_and_a_login() {
        let providers = read(&entry("")).unwrap();
        let [one] = providers.as_slice() else { panic!("{providers:?}") };
        assert_eq!((one.code.as_str(), one.page), ("ecornell", 200));
        assert_eq!(one.authorization.expose(), "Basic dGVlaTpvcGVuc2VzYW1l");
        assert_eq!(read(r#"{"providers": []}"#).unwrap().len(), 0);
    }

    #[test]
    fn what_is_wrong_is_said_by_entry_and_field_and_never_quotes_the_secret() {
        for (json, part) in [
            (entry(r#", "page": 0"#), "wrong page"),
            (entry(r#", "request_seconds": 121"#), "wrong request_seconds"),
            (entry(r#", "run_seconds": 0"#), "wrong run_seconds"),
            (entry(r#", "colour": "opensesame""#), "cannot be read"),
            (entry("").replace("ecornell", "E Cornell"), "wrong provider"),
            (entry("").replace("teei", "te:ei"), "wrong username"),
            (entry("").replace("https://", "ftp://"), "wrong endpoint"),
            ("opensesame".to_owned(), "cannot be read"),
        ] {
            let error = read(&json).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("opensesame"), "{error}");
        }
    }

    #[test]
    fn two_stores_with_one_code_are_refused() {
        let one = entry("").replace(r#"{"providers": ["#, "").replace("]}", "");
        let error = read(&format!(r#"{{"providers": [{one}, {one}]}}"#)).unwrap_err();
        assert!(matches!(error, BadProviders::Entry { at: 2, field: "provider", .. }), "{error}");
    }

    #[test]
    fn a_login_prints_nowhere() {
        let printed = format!("{:?}", read(&entry("")).unwrap());
        assert!(!printed.contains("opensesame") && !printed.contains("dGVlaT"), "{printed}");
    }
}
