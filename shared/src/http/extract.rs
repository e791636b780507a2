//! Extractors whose refusals are problems and name places, never values: a body may hold a person.

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::problem::{BAD_JSON, BAD_QUERY, BODY_TOO_LARGE, FieldError, NOT_FOUND, Problem, UNSUPPORTED_MEDIA_TYPE};

/// Bodies have at most this many bytes.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// A UUID in its hyphenated form; the reader of UUIDs also knows braces, URNs and bare digits, all of other lengths.
const HYPHENATED: usize = 36;

/// A JSON body. The target type should refuse unknown fields.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        expect_json(request.headers())?;
        let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| Problem::new(&BODY_TOO_LARGE))?;
        read(&body).map(Self)
    }
}

/// A JSON body that may be left out. Without one nothing needs to be said of its kind either.
#[derive(Debug)]
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| Problem::new(&BODY_TOO_LARGE))?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        expect_json(&headers)?;
        read(&body).map(Self)
    }
}

/// A body that says it is JSON, as its bytes came: signatures are over these.
#[derive(Debug)]
pub struct RawJson(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawJson {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        expect_json(request.headers())?;
        let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| Problem::new(&BODY_TOO_LARGE))?;
        Ok(Self(body))
    }
}

/// 415 for anything but `application/json`.
pub(super) fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE)) }
}

/// A body, or a problem that names the place and not the value.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let at = |error: &serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        Problem::new(&BAD_JSON).detail(format!("The body is not JSON at line {line}, column {column}."))
    };
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| if error.inner().is_data() { bad_field(&error) } else { at(error.inner()) })?;
    reader.end().map_err(|error| at(&error))?;
    Ok(value)
}

/// serde's message quotes the value, so only its beginning is looked at and the sentence is ours.
fn bad_field(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let message = error.inner().to_string();
    let path: Vec<String> = error.path().iter().map(ToString::to_string).collect();
    // The path ends at the object for these two; the field's name stands in the message.
    let within = message.strip_prefix("missing field `").or(message.strip_prefix("duplicate field `"));
    let named =
        within.and_then(|rest| rest.split('`').next()).filter(|name| path.last().is_none_or(|last| last != name));
    let (code, detail) = if message.starts_with("missing field") {
        ("missing_field", "This field is required.")
    } else if message.starts_with("unknown field") {
        ("unknown_field", "There is no such field here.")
    } else if message.starts_with("duplicate field") {
        ("duplicate_field", "This field is there twice.")
    } else {
        ("wrong_type", "This is not of the type the API description names.")
    };
    // The name of an unknown field comes from outside: shown only when it looks like a field's name.
    let plain = |part: &&str| part.len() <= 40 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // A place in a list comes as `[1]`; a JSON pointer says `1` (RFC 6901).
    let parts = path.iter().map(|part| part.trim_matches(['[', ']'])).chain(named).filter(plain);
    let pointer: String = parts.map(|part| format!("/{part}")).collect();
    Problem::field(FieldError { pointer, code, detail: detail.into() })
}

/// The query string. The target type should refuse unknown fields: a misspelt filter must not widen an answer. NUL is
/// in nothing that is stored, and Postgres refuses a text that holds it.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let refused = || Problem::new(&BAD_QUERY);
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| refused())?;
        if pairs.iter().any(|(_, value)| value.contains('\0')) {
            return Err(refused());
        }
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|_| refused())
    }
}

/// The `{id}` of a path, hyphenated: one thing has one address. What is no id cannot be there: 404.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::new(&NOT_FOUND))?;
        let id = Some(id).filter(|id| id.len() == HYPHENATED).and_then(|id| id.parse().ok());
        id.map(Self).ok_or_else(|| Problem::new(&NOT_FOUND))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Body {
        email: String,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[test]
    fn a_place_in_a_list_is_its_number() {
        let problem = read::<Vec<Inner>>(br#"[{"age": 1}, {"age": "old"}]"#).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/1/age");
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Inner {
        age: u8,
    }

    fn refused(body: &str) -> (String, String) {
        let problem = read::<Body>(body.as_bytes()).unwrap_err();
        let pointer = problem.errors.first().map_or(String::new(), |e| format!("{} {}", e.pointer, e.code));
        (problem.code.code.to_owned() + " " + &problem.detail, pointer)
    }

    #[test]
    fn what_is_no_json_is_told_by_line_and_column() {
        assert_eq!(refused("{\n \"email\": }").0, "bad_json The body is not JSON at line 2, column 11.");
        assert_eq!(refused("").0, "bad_json The body is not JSON at line 1, column 0.");
        assert!(refused(r#"{"email":"a"} {}"#).0.starts_with("bad_json"));
    }

    #[test]
    fn a_field_at_fault_is_named_and_its_value_is_not() {
        assert_eq!(refused(r#"{"email": 42}"#).1, "/email wrong_type");
        assert_eq!(refused(r#"{}"#).1, "/email missing_field");
        assert_eq!(refused(r#"{"email":"a","mail":"b"}"#).1, "/mail unknown_field");
        assert_eq!(refused(r#"{"email":"a","inner":{"age":"olena@example.org"}}"#).1, "/inner/age wrong_type");
        assert_eq!(refused(r#"{"email":"a","olena@example.org":1}"#).1, " unknown_field");
        assert_eq!(refused(r#"{"email":"a","email":"b"}"#).1, "/email duplicate_field");
    }
}
