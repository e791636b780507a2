//! Which tokens are believed.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use shared::{
    auth::{FetchError, FetchKeys, HttpsKeys, Refresh, Role, TokenError, Verifier},
    config::Env,
};

use crate::support::{AUDIENCE, ISSUER, Key, claims, ec_key, jwks, rsa_key, verifier};

async fn verify(token: &str) -> Result<Role, TokenError> {
    verifier().verify(Some(&format!("Bearer {token}"))).await.map(|claims| claims.role)
}

fn with(changes: Value) -> Value {
    let mut claims = claims("admin", "somebody", None);
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[tokio::test]
async fn tokens_of_both_algorithms_and_every_role_are_believed() {
    for role in Role::ALL {
        let claims = claims(role.name(), "somebody", None);
        assert_eq!(verify(&rsa_key().sign(&claims)).await, Ok(role));
        assert_eq!(verify(&ec_key().sign(&claims)).await, Ok(role));
    }
}

#[tokio::test]
async fn a_header_without_a_bearer_token_is_no_token() {
    let token = ec_key().sign(&claims("admin", "somebody", None));
    let verifier = verifier();
    assert_eq!(verifier.verify(None).await, Err(TokenError::Missing));
    assert_eq!(verifier.verify(Some("  ")).await, Err(TokenError::Missing));
    for header in [token.as_str(), &format!("Basic {token}"), "Bearer", "Bearer x", "Bearer a.b.c"] {
        assert!(matches!(verifier.verify(Some(header)).await, Err(TokenError::Bad(_))), "{header}");
    }
    assert!(verifier.verify(Some(&format!("bEARER   {token}"))).await.is_ok(), "the scheme has no case");
}

#[tokio::test]
async fn a_token_of_another_key_is_refused_under_a_known_or_unknown_name() {
    let claims = claims("admin", "somebody", None);
    assert_eq!(verify(&Key::ec("ec-1").sign(&claims)).await, Err(TokenError::Bad("signature")));
    assert_eq!(verify(&Key::ec("ec-2").sign(&claims)).await, Err(TokenError::Bad("unknown key")));
}

#[tokio::test]
async fn the_algorithm_is_the_keys_and_not_the_tokens_choice() {
    let payload = claims("admin", "somebody", None);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());

    // "none": no signature at all, in the spellings tried against other libraries.
    for alg in ["none", "None", "NONE"] {
        let token = format!("{}.{}.", encode(&json!({"alg": alg, "kid": "rsa-1"})), encode(&payload));
        assert!(matches!(verify(&token).await, Err(TokenError::Bad(_))), "{alg}");
    }
    // HS256 with the public key as the secret.
    for secret in [rsa_key().jwk()["n"].as_str().unwrap().to_owned(), rsa_key().jwk().to_string()] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("rsa-1".to_owned());
        let token = jsonwebtoken::encode(&header, &payload, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        assert_eq!(verify(&token).await, Err(TokenError::Bad("algorithm")));
    }
    // A good signature by one key under the name of the other, and with a hash the key is not for.
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("rsa-1".to_owned());
    let token = jsonwebtoken::encode(&header, &payload, &ec_key().private).unwrap();
    assert_eq!(verify(&token).await, Err(TokenError::Bad("algorithm")));
    let mut header = Header::new(Algorithm::RS512);
    header.kid = Some("rsa-1".to_owned());
    let token = jsonwebtoken::encode(&header, &payload, &rsa_key().private).unwrap();
    assert_eq!(verify(&token).await, Err(TokenError::Bad("algorithm")));
    // A critical extension nobody here knows.
    let mut header = Header::new(Algorithm::ES256);
    (header.kid, header.crit) = (Some("ec-1".to_owned()), Some(vec!["exp".to_owned()]));
    let token = jsonwebtoken::encode(&header, &payload, &ec_key().private).unwrap();
    assert_eq!(verify(&token).await, Err(TokenError::Bad("critical extension")));
}

#[tokio::test]
async fn a_changed_payload_breaks_the_signature() {
    let token = ec_key().sign(&claims("participant", "somebody", None));
    let parts: Vec<&str> = token.split('.').collect();
    let forged = URL_SAFE_NO_PAD.encode(claims("admin", "somebody", None).to_string());
    assert_eq!(verify(&format!("{}.{forged}.{}", parts[0], parts[2])).await, Err(TokenError::Bad("signature")));
}

#[tokio::test]
async fn times_are_checked_with_a_minute_for_clocks_that_differ() {
    let cases = [
        (json!({"exp": now() - 30}), Ok(Role::Admin)),
        (json!({"exp": now() - 90}), Err(TokenError::Expired)),
        (json!({"nbf": now() + 30}), Ok(Role::Admin)),
        (json!({"nbf": now() + 90}), Err(TokenError::Bad("not valid yet"))),
        (json!({"iat": now() + 30}), Ok(Role::Admin)),
        (json!({"iat": now() + 90}), Err(TokenError::Bad("issued in the future"))),
        (json!({"exp": "tomorrow"}), Err(TokenError::Bad("claims"))),
        (json!({"exp": -1}), Err(TokenError::Bad("claims"))),
    ];
    for (changes, expected) in cases {
        assert_eq!(verify(&ec_key().sign(&with(changes.clone()))).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn issuer_and_audience_have_to_be_ours() {
    for changes in [
        json!({"iss": "https://issuer.test.evil"}),
        json!({"iss": null}),
        json!({"iss": ""}),
        json!({"aud": "another-service"}),
        json!({"aud": []}),
        json!({"aud": null}),
    ] {
        assert!(matches!(verify(&ec_key().sign(&with(changes.clone()))).await, Err(TokenError::Bad(_))), "{changes}");
    }
    assert_eq!(verify(&ec_key().sign(&with(json!({"aud": ["another", AUDIENCE]})))).await, Ok(Role::Admin));
}

#[tokio::test]
async fn a_token_without_subject_role_or_times_is_refused() {
    for changes in [
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "x".repeat(256)}),
        json!({"sub": 7}),
        json!({"sub": "olena@example.org"}),
        json!({"sub": "olena\u{ff20}example.org"}),
        json!({"sub": "Olena Pryklad"}),
        json!({"sub": "admin\u{a0}1"}),
        json!({"sub": "admin\n1"}),
        json!({"sub": "admin\u{200b}-1"}),
        json!({"sub": "\u{202e}1-nimda"}),
        json!({"role": null}),
        json!({"role": "root"}),
        json!({"role": "Admin"}),
        json!({"role": ["admin"]}),
        json!({"iat": null}),
        json!({"exp": null}),
        json!({"profile_id": "me"}),
    ] {
        assert!(matches!(verify(&ec_key().sign(&with(changes.clone()))).await, Err(TokenError::Bad(_))), "{changes}");
    }
}

#[tokio::test]
async fn a_token_without_key_id_is_taken_only_where_there_is_no_choice() {
    let token = |key: &Key| {
        jsonwebtoken::encode(&Header::new(key.algorithm), &claims("admin", "somebody", None), &key.private).unwrap()
    };
    assert_eq!(verify(&token(ec_key())).await, Ok(Role::Admin), "one ES256 key in the set");
    let second = Key::ec("ec-2");
    let verifier = verifier_of(&jwks(&[ec_key(), &second])).unwrap();
    let answer = verifier.verify(Some(&format!("Bearer {}", token(ec_key())))).await;
    assert_eq!(answer.unwrap_err(), TokenError::Bad("unknown key"));
}

fn verifier_of(jwks: &str) -> Result<Verifier, String> {
    let env = [("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", AUDIENCE), ("JWT_JWKS", jwks)];
    Verifier::from_env(&Env::from_pairs(&env)).map_err(|error| error.to_string())
}

#[test]
fn a_start_without_usable_keys_fails_with_the_variables_name() {
    let secret = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "s"}]}).to_string();
    let mut encryption = ec_key().jwk();
    encryption["use"] = json!("enc");
    let encryption = json!({"keys": [encryption]}).to_string();
    for bad in ["{}", "{\"keys\":[]}", "http://issuer.test/keys", "file:///keys", "keys", &secret, &encryption] {
        let error = verifier_of(bad).err().unwrap_or_default();
        assert!(error.starts_with("JWT_JWKS cannot be used"), "{bad}: {error}");
    }
    for missing in ["JWT_ISSUER", "JWT_AUDIENCE", "JWT_JWKS"] {
        let set = jwks(&[ec_key()]);
        let all = [("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", AUDIENCE), ("JWT_JWKS", set.as_str())];
        let rest: Vec<_> = all.into_iter().filter(|(name, _)| *name != missing).collect();
        let error = Verifier::from_env(&Env::from_pairs(&rest)).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{missing} is not set")), "{error}");
    }
}

#[test]
fn a_key_of_an_unknown_kind_does_not_take_the_set_down() {
    let set = json!({"keys": [{"kty": "quantum"}, {"kty": "oct", "k": "eA"}, ec_key().jwk()]}).to_string();
    assert!(verifier_of(&set).is_ok());
}

/// An issuer that the test can rotate and switch off.
#[derive(Clone)]
struct FakeIssuer {
    answer: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicU32>,
}

impl FakeIssuer {
    fn new(answer: Option<String>) -> Self {
        Self { answer: Arc::new(Mutex::new(answer)), asked: Arc::default() }
    }
    fn set(&self, answer: Option<String>) {
        *self.answer.lock().unwrap() = answer;
    }
    fn verifier(&self, refresh: Refresh) -> Verifier {
        Verifier::with_source(ISSUER, AUDIENCE, Box::new(self.clone()), refresh)
    }
}

impl FetchKeys for FakeIssuer {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + '_>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer.lock().unwrap().clone();
        Box::pin(async move { answer.map(String::into_bytes).ok_or(FetchError) })
    }
}

async fn ask(verifier: &Verifier, key: &Key) -> Result<(), TokenError> {
    let token = key.sign(&claims("admin", "somebody", None));
    verifier.verify(Some(&format!("Bearer {token}"))).await.map(drop)
}

const EAGER: Refresh =
    Refresh { max_age: Duration::from_secs(600), min_interval: Duration::ZERO, stale_for: Duration::from_secs(3600) };

#[tokio::test]
async fn a_rotated_key_is_found_by_asking_the_issuer_again() {
    let (old, new) = (Key::ec("2025"), Key::ec("2026"));
    let issuer = FakeIssuer::new(Some(jwks(&[&old])));
    let verifier = issuer.verifier(EAGER);
    assert_eq!(ask(&verifier, &old).await, Ok(()));
    assert_eq!(ask(&verifier, &old).await, Ok(()));
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 1, "kept");
    issuer.set(Some(jwks(&[&new])));
    assert_eq!(ask(&verifier, &new).await, Ok(()));
    assert_eq!(ask(&verifier, &old).await, Err(TokenError::Bad("unknown key")), "withdrawn");
}

#[tokio::test]
async fn invented_key_ids_do_not_become_requests_to_the_issuer() {
    let key = Key::ec("2025");
    let issuer = FakeIssuer::new(Some(jwks(&[&key])));
    let verifier = issuer.verifier(Refresh { min_interval: Duration::from_secs(30), ..EAGER });
    for kid in ["a", "b", "c", "d"] {
        let invented = Key { kid, algorithm: Algorithm::ES256, private: key.private.clone() };
        assert_eq!(ask(&verifier, &invented).await, Err(TokenError::Bad("unknown key")));
    }
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 1);
    assert_eq!(ask(&verifier, &key).await, Ok(()));
}

#[tokio::test]
async fn keys_go_on_serving_while_the_issuer_is_away_and_not_for_ever() {
    let key = Key::ec("2025");
    let issuer = FakeIssuer::new(Some(jwks(&[&key])));
    let always_due = Refresh { max_age: Duration::ZERO, ..EAGER };
    let verifier = issuer.verifier(always_due);
    assert_eq!(ask(&verifier, &key).await, Ok(()));
    for outage in [None, Some("<html>503</html>".to_owned()), Some(r#"{"keys":[]}"#.to_owned())] {
        issuer.set(outage);
        assert_eq!(ask(&verifier, &key).await, Ok(()));
    }
    let verifier = issuer.verifier(Refresh { stale_for: Duration::ZERO, ..always_due });
    assert_eq!(ask(&verifier, &key).await, Err(TokenError::KeysUnavailable));
}

#[tokio::test]
async fn an_issuer_that_never_answered_makes_tokens_uncheckable_and_not_bad() {
    let verifier = FakeIssuer::new(None).verifier(EAGER);
    assert_eq!(ask(&verifier, ec_key()).await, Err(TokenError::KeysUnavailable));
    let nobody = HttpsKeys::new("https://127.0.0.1:1/keys".to_owned());
    assert!(nobody.fetch().await.is_err());
}
