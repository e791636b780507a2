//! A bearer token, verified.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};

use super::{
    Claims, HttpsKeys, Refresh,
    jwks::{FetchKeys, Key, Keys, Remote},
};
use crate::{
    config::{ConfigError, Env},
    error::{Classified, Retry},
    intake::email::{at_sign, invisible},
};

/// Clocks may differ by this much, seconds.
const LEEWAY: u64 = 60;

/// Longer tokens are not looked at: API Gateway lets 10 KB of headers through.
const MAX_TOKEN: usize = 8 * 1024;

/// Why a caller is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("There is no bearer token: send `Authorization: Bearer <token>`.")]
    Missing,
    /// It cannot be trusted; which check failed is for the log, not for the caller.
    #[error("The token cannot be used: sign in again.")]
    Bad(&'static str),
    /// It was good once.
    #[error("The token has expired: sign in again.")]
    Expired,
    /// The issuer's keys are not there to judge it by.
    #[error("The token cannot be checked just now: try again in a few seconds.")]
    KeysUnavailable,
}

impl Classified for TokenError {
    fn retry(&self) -> Retry {
        match self {
            Self::KeysUnavailable => Retry::Retry,
            _ => Retry::Never,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing_token",
            Self::Bad(_) => "bad_token",
            Self::Expired => "expired_token",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }
}

enum Source {
    Inline(Keys),
    Remote(Remote),
}

/// Checks tokens: signature, issuer, audience, times, role.
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: Source,
}

impl Verifier {
    /// Reads `JWT_ISSUER`, `JWT_AUDIENCE` and `JWT_JWKS`. A URL is asked on the first token, not here.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let jwks = env.required("JWT_JWKS")?;
        let invalid = |why: &str| ConfigError::Invalid { name: "JWT_JWKS", why: why.to_owned() };
        let keys = if jwks.trim_start().starts_with('{') {
            let keys = Keys::parse(jwks.as_bytes());
            Source::Inline(keys.ok_or_else(|| invalid("it holds no RS256 or ES256 signing key"))?)
        } else if jwks.starts_with("https://") && jwks.parse::<http::Uri>().is_ok() {
            Source::Remote(Remote::new(Box::new(HttpsKeys::new(jwks)), Refresh::default()))
        } else {
            return Err(invalid("it is neither a key set in JSON nor an https URL"));
        };
        Ok(Self { issuer: env.required("JWT_ISSUER")?, audience: env.required("JWT_AUDIENCE")?, keys })
    }

    /// A verifier for services that no token opens: every token is a bad one.
    pub fn nobody() -> Self {
        Self { issuer: String::new(), audience: String::new(), keys: Source::Inline(Keys::default()) }
    }

    /// A verifier whose keys come from elsewhere.
    pub fn with_source(issuer: &str, audience: &str, source: Box<dyn FetchKeys>, refresh: Refresh) -> Self {
        let keys = Source::Remote(Remote::new(source, refresh));
        Self { issuer: issuer.to_owned(), audience: audience.to_owned(), keys }
    }

    /// Verifies the value of an `Authorization` header.
    pub async fn verify(&self, authorization: Option<&str>) -> Result<Claims, TokenError> {
        let header = authorization.map(str::trim).filter(|value| !value.is_empty()).ok_or(TokenError::Missing)?;
        let (scheme, token) = header.split_once(' ').ok_or(TokenError::Bad("no bearer scheme"))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(TokenError::Bad("no bearer scheme"));
        }
        self.verify_token(token.trim()).await
    }

    async fn verify_token(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Bad("too long"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Bad("no readable header"))?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(TokenError::Bad("algorithm"));
        }
        // RFC 7515 §4.1.11: an extension that must be understood and is not makes the token invalid.
        if header.crit.is_some() {
            return Err(TokenError::Bad("critical extension"));
        }
        let key = self.find(header.kid.as_deref(), header.alg).await?.ok_or(TokenError::Bad("unknown key"))?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &self.validation(&key)).map_err(reason)?.claims;
        // The subject stands in logs and in the audit trail, so it has to be an id: no address, no name with its
        // space, nothing that reads as another's.
        let foreign = |c: char| c.is_whitespace() || at_sign(c) || invisible(c);
        if claims.sub.is_empty() || claims.sub.chars().count() > 255 || claims.sub.chars().any(foreign) {
            return Err(TokenError::Bad("sub"));
        }
        if claims.iat > jsonwebtoken::get_current_timestamp() + LEEWAY {
            return Err(TokenError::Bad("issued in the future"));
        }
        Ok(claims)
    }

    async fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<Option<Key>, TokenError> {
        match &self.keys {
            Source::Inline(keys) => Ok(keys.find(kid, algorithm).cloned()),
            Source::Remote(remote) => {
                remote.find(kid, algorithm, Timestamp::now()).await.map_err(|_| TokenError::KeysUnavailable)
            }
        }
    }

    /// The algorithm is the key's, whatever the token's header asks for.
    fn validation(&self, key: &Key) -> Validation {
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation
    }
}

fn reason(error: jsonwebtoken::errors::Error) -> TokenError {
    match error.kind() {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::InvalidSignature => TokenError::Bad("signature"),
        ErrorKind::InvalidIssuer => TokenError::Bad("issuer"),
        ErrorKind::InvalidAudience => TokenError::Bad("audience"),
        ErrorKind::ImmatureSignature => TokenError::Bad("not valid yet"),
        ErrorKind::InvalidAlgorithm => TokenError::Bad("algorithm"),
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::Json(_) => TokenError::Bad("claims"),
        _ => TokenError::Bad("not a token"),
    }
}
