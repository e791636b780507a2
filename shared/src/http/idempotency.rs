//! `Idempotency-Key`: a client that got no answer asks again, the effect stands once and the answer is the first one.
//!
//! The row is written in the transaction of the effect, so there is no half-done key to clean up: a request that died
//! left neither. That a first request still runs is seen by an advisory lock that ends with its transaction.
//! A key belongs to its caller and is kept for a day.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio_postgres::{Transaction, types::Type};

use super::{
    extract::{MAX_BODY, expect_json, read},
    problem::{BAD_IDEMPOTENCY_KEY, BODY_TOO_LARGE, IDEMPOTENCY_MISMATCH, IDEMPOTENCY_RUNNING, Problem},
};
use crate::{auth::Claims, db::DbError};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A JSON body, and the key it was sent under, if any.
#[derive(Debug)]
pub struct Idempotent<T> {
    /// The body.
    pub body: T,
    claim: Option<Claim>,
}

#[derive(Debug)]
struct Claim {
    key: String,
    /// `POST /v1/imports`
    route: String,
    /// SHA-256 of the body as JSON without its spacing.
    fingerprint: Vec<u8>,
}

/// Whether there is something to do.
pub enum Begun {
    /// The effect is still to be had.
    First,
    /// It was had; this is its answer.
    Replay(Response),
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Idempotent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        expect_json(request.headers())?;
        let key = key(request.headers())?;
        let route = format!("{} {}", request.method(), request.uri().path());
        let bytes = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| Problem::new(&BODY_TOO_LARGE))?;
        let body = read(&bytes)?;
        let claim = key.map(|key| Claim { key, route, fingerprint: fingerprint(&bytes) });
        Ok(Self { body, claim })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(first) = values.next() else { return Ok(None) };
    let refused = || Problem::new(&BAD_IDEMPOTENCY_KEY);
    // API Gateway gives every header as single and as multi value: the same twice is one.
    if values.any(|other| other != first) {
        return Err(refused());
    }
    let text = first.to_str().map_err(|_| refused())?;
    let good = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| Some(text.to_owned())).ok_or_else(refused)
}

/// The body was read as JSON before; spaces between its parts make no other body. Everything else does: numbers are
/// not read, so two that differ in their thirtieth digit are two.
fn fingerprint(body: &[u8]) -> Vec<u8> {
    let (mut plain, mut in_text, mut escaped) = (Vec::with_capacity(body.len()), false, false);
    for byte in body {
        match (in_text, byte) {
            (false, b' ' | b'\t' | b'\r' | b'\n') => continue,
            (true, b'\\') => escaped = !escaped,
            (_, b'"') if !escaped => in_text = !in_text,
            _ => escaped = false,
        }
        plain.push(*byte);
    }
    digest(&SHA256, &plain).as_ref().to_vec()
}

impl<T> Idempotent<T> {
    /// Asks for the key, in the transaction of the effect.
    ///
    /// # Errors
    /// 409 `idempotency_running` while another transaction holds the key, 422 `idempotency_mismatch` when it was used
    /// for something else.
    pub async fn begin(&self, tx: &Transaction<'_>, claims: &Claims) -> Result<Begun, Problem> {
        let Some(claim) = &self.claim else { return Ok(Begun::First) };
        let lock = format!("idempotency {} {}", claims.sub, claim.key);
        let held = tx
            .query_typed("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", &[(&lock, Type::TEXT)])
            .await?
            .first()
            .is_some_and(|row| row.get(0));
        if !held {
            return Err(Problem::new(&IDEMPOTENCY_RUNNING));
        }
        let known = tx
            .query_typed(
                "SELECT route, fingerprint, status, response FROM intake.idempotency_keys
                 WHERE actor = $1 AND key = $2 AND created_at > now() - interval '24 hours'",
                &[(&claims.sub, Type::TEXT), (&claim.key, Type::TEXT)],
            )
            .await?;
        let Some(row) = known.first() else { return Ok(Begun::First) };
        let (route, fingerprint): (&str, &[u8]) = (row.get(0), row.get(1));
        if route != claim.route || fingerprint != claim.fingerprint {
            return Err(Problem::new(&IDEMPOTENCY_MISMATCH));
        }
        let status = u16::try_from(row.get::<_, i16>(2)).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let replayed = [(REPLAYED, HeaderValue::from_static("true"))];
        let body = axum::Json(row.get::<_, Value>(3));
        Ok(Begun::Replay((status.unwrap_or(StatusCode::OK), replayed, body).into_response()))
    }

    /// Keeps the answer, in the transaction of the effect.
    pub async fn keep(
        &self,
        tx: &Transaction<'_>,
        claims: &Claims,
        status: StatusCode,
        answer: &impl Serialize,
    ) -> Result<(), Problem> {
        let Some(claim) = &self.claim else { return Ok(()) };
        let answer = serde_json::to_value(answer).map_err(|_| Problem::internal("an answer is no JSON"))?;
        sweep(tx, claims, &claim.key).await?;
        tx.execute_typed(
            "INSERT INTO intake.idempotency_keys (actor, key, route, fingerprint, status, response)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                (&claims.sub, Type::TEXT),
                (&claim.key, Type::TEXT),
                (&claim.route, Type::TEXT),
                (&claim.fingerprint, Type::BYTEA),
                (&i16::try_from(status.as_u16()).unwrap_or(200), Type::INT2),
                (&answer, Type::JSONB),
            ],
        )
        .await?;
        Ok(())
    }
}

/// Forgets this key, whose row can only be an old one, and all others of more than a day. The lock lets one do that at
/// a time: two that delete the same rows in another order would wait for each other.
async fn sweep(tx: &Transaction<'_>, claims: &Claims, key: &str) -> Result<(), DbError> {
    tx.execute_typed(
        "DELETE FROM intake.idempotency_keys
         WHERE (actor = $1 AND key = $2)
            OR (created_at <= now() - interval '24 hours'
                AND (SELECT pg_try_advisory_xact_lock(hashtext('teei idempotency sweep'))))",
        &[(&claims.sub, Type::TEXT), (&key, Type::TEXT)],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_between_the_parts_make_no_other_body() {
        assert_eq!(fingerprint(br#"{"a":1,"b":"x y"}"#), fingerprint(b"{\n \"a\" : 1, \"b\":\"x y\"}"));
        assert_ne!(fingerprint(br#"{"a":1,"b":"x y"}"#), fingerprint(br#"{"a":1,"b":"xy"}"#));
        assert_ne!(fingerprint(br#"{"a":"\" x"}"#), fingerprint(br#"{"a":"\"x"}"#));
        assert_eq!(fingerprint(br#"{"a":"\\\\" , "b":1}"#), fingerprint(br#"{"a":"\\\\","b":1}"#));
        assert_ne!(
            fingerprint(b"123456789012345678901234567890"),
            fingerprint(b"123456789012345678901234567891"),
            "no number is rounded on the way"
        );
    }

    #[test]
    fn a_key_is_visible_ascii_and_one() {
        let read = |values: &[&'static str]| {
            let pairs = values.iter().map(|value| (HEADER, HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value);
            }
            key(&headers).map_err(|problem| problem.code.code)
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["7f1c"]), Ok(Some("7f1c".to_owned())));
        assert_eq!(read(&["7f1c", "7f1c"]), Ok(Some("7f1c".to_owned())));
        for bad in [&["a", "b"][..], &[""], &["a b"]] {
            assert_eq!(read(bad), Err("bad_idempotency_key"));
        }
    }
}
