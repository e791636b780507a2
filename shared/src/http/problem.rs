//! Problems: what every refusal and failure looks like on the wire (RFC 9457, `application/problem+json`).
//!
//! The message for the caller and the cause for the log are different things: [`Problem::cause`] never leaves.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::TokenError,
    bus::{nudge::NudgeError, outbox::OutboxError},
    db::DbError,
    error::{Classified, Retry},
    intake::live::CommitError,
    vault::VaultError,
    webhook::Refused,
};

/// A kind of problem. The code is a promise: it never changes its meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// What programs look at, snake_case.
    pub code: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// A few words, the same for every occurrence.
    pub title: &'static str,
    /// A sentence for a person: what to do.
    pub detail: &'static str,
    /// Seconds after which the same request may succeed; none where it never will.
    pub retry_after: Option<u32>,
}

macro_rules! codes {
    ($($name:ident $status:ident $code:literal $title:literal $retry:expr, $detail:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code {
            code: $code, status: StatusCode::$status, title: $title, detail: $detail, retry_after: $retry,
        };)*
        /// Every code there is, in the order of the statuses.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    BAD_REQUEST BAD_REQUEST "bad_request" "The request cannot be read" None, "Compare the request with the API description.";
    BAD_JSON BAD_REQUEST "bad_json" "The body is not JSON" None, "The body is not JSON at line 1, column 1.";
    BAD_QUERY BAD_REQUEST "bad_query" "The query cannot be used" None, "A query parameter is unknown, repeated or not of the kind the API description names.";
    BAD_LIMIT BAD_REQUEST "bad_limit" "The limit cannot be used" None, "limit is a whole number from 1 to 200.";
    BAD_CURSOR BAD_REQUEST "bad_cursor" "The cursor cannot be used" None, "cursor is the `next` of an earlier answer of the same list, unchanged.";
    BAD_IF_MATCH BAD_REQUEST "bad_if_match" "If-Match cannot be read" None, "If-Match is the ETag of the version you read, quotes included.";
    BAD_IDEMPOTENCY_KEY BAD_REQUEST "bad_idempotency_key" "Idempotency-Key cannot be used" None, "Idempotency-Key is one text of 1 to 255 visible ASCII characters; a UUID is a good one.";
    MISSING_TOKEN UNAUTHORIZED "missing_token" "Who are you?" None, "There is no bearer token: send `Authorization: Bearer <token>`.";
    BAD_TOKEN UNAUTHORIZED "bad_token" "The token cannot be used" None, "The token cannot be used: sign in again.";
    EXPIRED_TOKEN UNAUTHORIZED "expired_token" "The token has expired" None, "The token has expired: sign in again.";
    BAD_SIGNATURE UNAUTHORIZED "bad_signature" "The signature does not hold" None, "No signature holds: sign the body's bytes as they are sent, with the secret agreed on.";
    FORBIDDEN FORBIDDEN "forbidden" "Your role does not allow this" None, "Your role does not allow this operation.";
    NOT_FOUND NOT_FOUND "not_found" "There is no such thing" None, "There is nothing here, or nothing that you may see.";
    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "method_not_allowed" "The method is not there" None, "Use a method that the Allow header names.";
    EXTERNAL_ID_TAKEN CONFLICT "external_id_taken" "The external id is taken" None, "This id of this source is linked to another profile; ids are never moved. Unlink it there, or merge the two.";
    IDEMPOTENCY_RUNNING CONFLICT "idempotency_running" "The first request still runs" Some(1), "A request with this Idempotency-Key is being answered. Send it again in a moment to get the same answer.";
    NOT_PLANNED CONFLICT "not_planned" "There is no plan to commit" None, "Only an import whose outcome is `planned` can be committed. Look at its receipt again.";
    NOT_LOADED CONFLICT "not_loaded" "There is nothing to undo" None, "Only an import whose outcome is `loaded` can be undone. Look at its receipt again.";
    REPLAY_RUNNING CONFLICT "replay_running" "A replay to this consumer runs" None, "One replay a consumer at a time: look at GET /v1/bus/replays, and ask again when it is done.";
    ALREADY_CLAIMED CONFLICT "already_claimed" "Somebody else holds it" None, "Another reviewer has claimed this item. Take the next one; it is free again when they release it or their claim ends.";
    NOT_CLAIMED CONFLICT "not_claimed" "You do not hold it" None, "Claim this item first: your claim is missing or has ended.";
    NOT_OPENED CONFLICT "not_opened" "You have not read it" None, "Open the text before you decide on it.";
    REVIEW_CLOSED CONFLICT "review_closed" "It is decided" None, "This item is closed. Who does not agree with its decision can appeal.";
    NOT_DECIDED CONFLICT "not_decided" "There is no decision to appeal" None, "Only a decided item can be appealed, and while its text has no other item open.";
    OTHER_EYES CONFLICT "other_eyes" "Somebody else has to decide" None, "You made the decision that is appealed. An appeal is decided by another reviewer.";
    TEXT_WITHDRAWN CONFLICT "text_withdrawn" "The text does not hold any more" None, "This text was withdrawn or replaced, so it cannot be let through. Uphold or escalate it.";
    NO_PURPOSE CONFLICT "no_purpose" "This may not be processed" None, "The person, or who wrote the text, does not allow this use of their data now. Nothing was changed.";
    NOT_CLEARED CONFLICT "not_cleared" "The text does not hold any more" None, "This text was withdrawn, replaced or held back by moderation, so nobody can judge a score of it. Nothing was changed.";
    STALE PRECONDITION_FAILED "stale" "Somebody was faster" None, "The version you read is not the current one: read it again, then repeat your change.";
    PLAN_MOVED PRECONDITION_FAILED "plan_moved" "The plan has changed" None, "The import's plan is not the one with this plan_hash any more: read the new plan, then commit that.";
    BODY_TOO_LARGE PAYLOAD_TOO_LARGE "body_too_large" "The body is too large" None, "A body has at most 1 MiB.";
    UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "Only JSON is understood" None, "Send the body as application/json.";
    BAD_FIELD UNPROCESSABLE_ENTITY "bad_field" "A field cannot be used" None, "See `errors` for the fields and what is wrong with each.";
    IDEMPOTENCY_MISMATCH UNPROCESSABLE_ENTITY "idempotency_mismatch" "The Idempotency-Key was used for something else" None, "An earlier request with this Idempotency-Key asked for something else. Use a new key for a new request.";
    EXTERNAL_ID_REFUSED UNPROCESSABLE_ENTITY "external_id_refused" "The external id cannot be linked" None, "This external id may not be stored.";
    INVALID_RECORD UNPROCESSABLE_ENTITY "invalid_record" "The record cannot be taken in" None, "See `errors` for the fields and what is wrong with each. Sending it again unchanged is pointless; correct it and send it as a new message.";
    ORPHAN_REF UNPROCESSABLE_ENTITY "orphan_ref" "What the record refers to is not here yet" Some(300), "See `errors` for what it refers to. Send that first, then this again as it is, under the same id.";
    UNKNOWN_EVENT UNPROCESSABLE_ENTITY "unknown_event" "Events of this type are not taken here" None, "See `errors` for the types that are taken. Sending it again is pointless.";
    WEBHOOK_ID_MISMATCH UNPROCESSABLE_ENTITY "webhook_id_mismatch" "The webhook-id was used for another body" None, "An id names one message for ever. Send another message, a corrected one too, under an id of its own.";
    PRECONDITION_REQUIRED PRECONDITION_REQUIRED "precondition_required" "If-Match is missing" None, "Read it first and send its ETag as If-Match.";
    INTERNAL INTERNAL_SERVER_ERROR "internal" "Our mistake" None, "Something went wrong on our side. Tell us the request_id.";
    REJECTS_PENDING SERVICE_UNAVAILABLE "rejects_pending" "The rejects file is not written yet" Some(1), "The import is done and its rejected records are being written into a file. Ask again in a moment.";
    DATABASE_UNAVAILABLE SERVICE_UNAVAILABLE "database_unavailable" "The database does not answer" Some(2), "Nothing was changed. Try again in a few seconds.";
    VAULT_UNAVAILABLE SERVICE_UNAVAILABLE "vault_unavailable" "The vault's keys cannot be reached" Some(5), "Nothing was read or changed. Try again in a few seconds.";
    BUS_UNAVAILABLE SERVICE_UNAVAILABLE "bus_unavailable" "The event queue does not answer" Some(5), "Nothing was changed. Try again in a few seconds.";
    QUEUE_UNAVAILABLE SERVICE_UNAVAILABLE "queue_unavailable" "The queue does not answer" Some(5), "Nothing was changed, or messages are being moved already. Try again in a few seconds.";
    IMPORTER_UNAVAILABLE SERVICE_UNAVAILABLE "importer_unavailable" "The importer's queue does not answer" Some(5), "Nothing was changed. Try again in a few seconds.";
    SCREENING_UNAVAILABLE SERVICE_UNAVAILABLE "screening_unavailable" "The text cannot be screened now" Some(5), "What the policy replaces in this text is not known, so nothing of it goes on. Nothing was changed. Try again in a few seconds.";
    STORAGE_UNAVAILABLE SERVICE_UNAVAILABLE "storage_unavailable" "No address can be signed" Some(5), "Nothing was changed. Try again in a few seconds.";
    SECRETS_UNAVAILABLE SERVICE_UNAVAILABLE "secrets_unavailable" "Signatures cannot be checked" Some(5), "The secrets that signatures are checked with cannot be read. Nothing was changed. Try again in a few seconds.";
    KEYS_UNAVAILABLE SERVICE_UNAVAILABLE "keys_unavailable" "Tokens cannot be checked" Some(5), "The issuer of tokens does not answer. Try again in a few seconds.";
}

/// One field and what is wrong with it. Never the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the body: `/email`.
    pub pointer: String,
    /// What is wrong, for programs: `missing_field`, `unknown_field`, `wrong_type`, `too_long`, `bad_email`, …
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// An error of the field with this name.
    pub fn new(field: &str, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: format!("/{field}"), code, detail: detail.into() }
    }
}

/// A refusal or failure on its way to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which.
    pub code: &'static Code,
    /// What to do about this one.
    pub detail: Cow<'static, str>,
    /// The fields at fault.
    pub errors: Vec<FieldError>,
    /// For the log only: a code or SQLSTATE, no values.
    pub cause: Option<String>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with its code's own sentence.
    pub fn new(code: &'static Code) -> Self {
        Self { code, detail: Cow::Borrowed(code.detail), errors: Vec::new(), cause: None, headers: Vec::new() }
    }

    /// Says it more exactly. Never with a value that came from outside.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Names the fields at fault.
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// 422 `bad_field` for one field.
    pub fn field(error: FieldError) -> Self {
        Self { errors: vec![error], ..Self::new(&BAD_FIELD) }
    }

    /// 422 `bad_field`, or `Ok` if there is nothing wrong.
    pub fn check(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self { errors, ..Self::new(&BAD_FIELD) }) }
    }

    /// 500 `internal`, with a cause for the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(&INTERNAL) }
    }

    /// Says to the log why.
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Any classified error: what may succeed later is a 503, the rest is ours.
    pub fn of(error: &impl Classified) -> Self {
        let code = match (error.retry(), error.code()) {
            (Retry::Retry, "key_service_unavailable") => &VAULT_UNAVAILABLE,
            (Retry::Retry, "nudge_failed") => &BUS_UNAVAILABLE,
            (Retry::Retry, _) => &DATABASE_UNAVAILABLE,
            _ => &INTERNAL,
        };
        Self { cause: Some(format!("{}: {error}", error.code())), ..Self::new(code) }
    }

    /// The body, for a request with this path and id.
    pub fn body(&self, instance: &str, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:teei:problem:{}", self.code.code),
            title: self.code.title,
            status: self.code.status.as_u16(),
            detail: self.detail.clone().into_owned(),
            instance: instance.to_owned(),
            code: self.code.code,
            request_id: request_id.to_owned(),
            retryable: self.code.retry_after.is_some(),
            errors: self.errors.clone(),
        }
    }

    pub(super) fn respond(&self, instance: &str, request_id: &str) -> Response {
        let body = serde_json::to_vec(&self.body(instance, request_id)).unwrap_or_default();
        let mut response = (self.code.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.code.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        response
    }
}

/// What a problem looks like on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:teei:problem:<code>`
    #[serde(rename = "type")]
    pub kind: String,
    /// A few words, the same for every occurrence of the code.
    pub title: &'static str,
    /// The HTTP status again.
    pub status: u16,
    /// What to do.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// What programs look at; a code never changes its meaning.
    pub code: &'static str,
    /// What to tell us when you ask about it; the `x-request-id` header too.
    pub request_id: String,
    /// Whether the same request may succeed later (see `Retry-After`).
    pub retryable: bool,
    /// The fields at fault, for `bad_field`, `invalid_record`, `orphan_ref` and `unknown_event`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

impl IntoResponse for Problem {
    /// Leaves the body to the edge layer, which knows the path and the request id.
    fn into_response(self) -> Response {
        let mut response = self.code.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        Self::of(&error)
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        Self::of(&error)
    }
}

impl From<OutboxError> for Problem {
    fn from(error: OutboxError) -> Self {
        Self::of(&error)
    }
}

impl From<NudgeError> for Problem {
    fn from(error: NudgeError) -> Self {
        Self::of(&error)
    }
}

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Nudge(error) => error.into(),
            CommitError::Db(error) => error.into(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Secrets(error) => Self::new(&SECRETS_UNAVAILABLE).because(error.0),
            Refused::Signature(error) => Self::new(&BAD_SIGNATURE)
                .detail(error.to_string())
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Webhook-Signature realm="teei""#)),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Missing => &MISSING_TOKEN,
            TokenError::Bad(_) => &BAD_TOKEN,
            TokenError::Expired => &EXPIRED_TOKEN,
            TokenError::KeysUnavailable => &KEYS_UNAVAILABLE,
        };
        // RFC 6750 §3: the scheme alone where there was no token, else why it was refused.
        let challenge = match error {
            TokenError::Missing => Some(r#"Bearer realm="teei""#),
            TokenError::Bad(_) => Some(r#"Bearer realm="teei", error="invalid_token""#),
            TokenError::Expired => Some(r#"Bearer realm="teei", error="invalid_token", error_description="expired""#),
            TokenError::KeysUnavailable => None,
        };
        let mut problem = Self::new(code);
        if let TokenError::Bad(why) = error {
            problem.cause = Some(format!("bad token: {why}"));
        }
        match challenge {
            Some(value) => problem.header(header::WWW_AUTHENTICATE, HeaderValue::from_static(value)),
            None => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_unique_and_only_a_503_and_what_may_heal_ask_to_try_again() {
        let codes: HashSet<_> = ALL.iter().map(|code| code.code).collect();
        assert_eq!(codes.len(), ALL.len());
        for code in ALL {
            let heals =
                code.status == StatusCode::SERVICE_UNAVAILABLE || [&ORPHAN_REF, &IDEMPOTENCY_RUNNING].contains(&code);
            assert_eq!(code.retry_after.is_some(), heals, "{}", code.code);
        }
    }

    #[test]
    fn the_sentence_of_a_token_error_is_the_sentence_of_its_code() {
        for error in [TokenError::Missing, TokenError::Bad("x"), TokenError::Expired] {
            let problem = Problem::from(error);
            assert_eq!((problem.code.code, problem.detail.as_ref()), (error.code(), error.to_string().as_str()));
        }
    }
}
