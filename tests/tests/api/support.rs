//! An issuer of tokens, a database with the seed, and the two services on it.

use std::sync::{Arc, OnceLock};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_lc_rs::{encoding::AsDer, rsa, signature};
use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::STANDARD};
use gateway::{
    bus::{Tools, queues::RecordedLetters},
    console::Console,
    presign::Presigner,
    queues::RecordedQueues,
};
use http::{HeaderMap, Request, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use shared::{
    auth::{Role, Verifier},
    bus::{
        nudge::{NudgeError, Nudger},
        testing::RecordedNudges,
    },
    config::Env,
    db::Db,
};
use tests::{Database, keys};
use tower::ServiceExt;
use uuid::Uuid;

pub const ISSUER: &str = "https://issuer.test";
pub const AUDIENCE: &str = "teei-test";

/// The N-th person of the seed.
pub fn person(n: u128) -> Uuid {
    Uuid::from_u128(0x01900000_0000_7000_8000_000000000000 + n)
}

/// A signing key with its name.
pub struct Key {
    pub kid: &'static str,
    pub algorithm: Algorithm,
    pub private: EncodingKey,
}

impl Key {
    pub fn rsa(kid: &'static str) -> Self {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let private = EncodingKey::from_rsa_pem(pem(der.as_ref()).as_bytes()).unwrap();
        Self { kid, algorithm: Algorithm::RS256, private }
    }

    pub fn ec(kid: &'static str) -> Self {
        let pair = signature::EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        Self {
            kid,
            algorithm: Algorithm::ES256,
            private: EncodingKey::from_ec_pem(pem(der.as_ref()).as_bytes()).unwrap(),
        }
    }

    pub fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.kid.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.to_owned());
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

pub fn jwks(keys: &[&Key]) -> String {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string()
}

/// The test issuer's RSA key; made once, because that takes a while.
pub fn rsa_key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| Key::rsa("rsa-1"))
}

pub fn ec_key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| Key::ec("ec-1"))
}

pub fn verifier() -> Verifier {
    let set = jwks(&[rsa_key(), ec_key()]);
    let env = [("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", AUDIENCE), ("JWT_JWKS", set.as_str())];
    Verifier::from_env(&Env::from_pairs(&env)).unwrap()
}

/// Claims of a good token.
pub fn claims(role: &str, subject: &str, profile: Option<Uuid>) -> Value {
    let now = jiff::Timestamp::now().as_second();
    let mut claims =
        json!({"sub": subject, "role": role, "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 600});
    if let Some(profile) = profile {
        claims["profile_id"] = json!(profile);
    }
    claims
}

pub fn token(role: Role, subject: &str, profile: Option<Uuid>) -> String {
    ec_key().sign(&claims(role.name(), subject, profile))
}

pub fn admin() -> String {
    token(Role::Admin, "admin-1", None)
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body, if it is JSON.
    pub json: Value,
    pub text: String,
}

impl Answer {
    /// The status and the problem's code: `404 not_found`.
    pub fn brief(&self) -> String {
        match self.json["code"].as_str() {
            Some(code) if self.status.as_u16() >= 400 => format!("{} {code}", self.status.as_u16()),
            _ => self.status.as_u16().to_string(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request under construction.
pub struct Call(http::request::Builder, Body);

pub fn call(method: &str, path: &str) -> Call {
    Call(Request::builder().method(method).uri(path), Body::empty())
}

impl Call {
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    pub fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    pub fn text(self, body: &str) -> Self {
        Self(self.0.header("content-type", "application/json"), Body::from(body.to_owned()))
    }

    pub async fn to(self, router: &Router) -> Answer {
        let response = router.clone().oneshot(self.0.body(self.1).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let kind = parts.headers.get("content-type").map_or("", |value| value.to_str().unwrap());
        let json = if kind.contains("json") { serde_json::from_slice(&bytes).unwrap() } else { Value::Null };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, json, text }
    }
}

/// Nudges that the test can look at after giving them away.
#[derive(Clone, Default)]
pub struct Nudges(pub Arc<RecordedNudges>);

impl Nudger for Nudges {
    fn send(&self, delay_seconds: u16) -> futures::future::BoxFuture<'_, Result<(), NudgeError>> {
        self.0.send(delay_seconds)
    }
}

/// A seeded database and the services on it, each under its own role.
pub struct World {
    pub database: Database,
    pub profiles: Router,
    pub gateway: Router,
    pub queues: Arc<RecordedQueues>,
    pub letters: Arc<RecordedLetters>,
    pub nudges: Nudges,
    pub owner: tokio_postgres::Client,
}

impl World {
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        seed(&database).await;
        let nudges = Nudges::default();
        let profiles = profile_service(&database, &nudges);
        let queues = Arc::new(RecordedQueues::default());
        let letters = Arc::new(RecordedLetters::default());
        let tools = Tools { letters: Box::new(letters.clone()), nudger: Box::new(nudges.clone()) };
        let gateway = gateway_service_with(database.db_for("teei_gateway_api"), queues.clone(), tools);
        let owner = database.owner().await;
        Self { database, profiles, gateway, queues, letters, nudges, owner }
    }

    /// How many rows a query counts.
    pub async fn count(&self, sql: &str) -> i64 {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }
}

/// One more instance of `profile-api`, with a connection of its own.
pub fn profile_service(database: &Database, nudges: &Nudges) -> Router {
    let app = profile::api::App::new(database.db_for("teei_profile_api"), Box::new(keys()), Box::new(nudges.clone()));
    profile::api::router(Arc::new(app), verifier())
}

/// One more instance of `gateway-api`, with a connection of its own. Its addresses are signed with invented keys.
pub fn gateway_service(db: Db, queues: Arc<RecordedQueues>) -> Router {
    let tools = Tools { letters: Box::new(RecordedLetters::default()), nudger: Box::new(Nudges::default()) };
    gateway_service_with(db, queues, tools)
}

fn gateway_service_with(db: Db, queues: Arc<RecordedQueues>, tools: Tools) -> Router {
    let credentials = Credentials::new("AKIDINVENTED", "invented secret", None, None, "tests");
    let aws = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-north-1"))
        .endpoint_url("http://127.0.0.1:4566")
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let presigner = Presigner::new(&aws, "drops".to_owned(), "results".to_owned());
    let app = gateway::api::App::new(db, Box::new(keys()), Box::new(queues), presigner, tools)
        .with_console(Console::with_store("http://127.0.0.1:4566"));
    gateway::api::router(Arc::new(app), verifier())
}

async fn seed(database: &Database) {
    migrate::seed::load(&keys(), &mut database.owner().await).await.unwrap();
}

/// Compares a text with the checked-in file, or writes it with `UPDATE_GENERATED=1`.
pub fn golden(path: &str, actual: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "{} differs: run `make generate` and look at the change\n{actual}", path.display());
}
