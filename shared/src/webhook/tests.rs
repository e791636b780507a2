use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::pii::Pii;

// The vector that the standard's reference libraries test themselves with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SIGNED_AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secrets(stored: &str) -> Secrets {
    Secrets::parse(stored).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
    [(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn vector(signature: &str) -> HeaderMap {
    headers(MESSAGE, &SIGNED_AT.to_string(), signature)
}

fn check(stored: &str, headers: &HeaderMap, body: &[u8]) -> Result<String, SignatureError> {
    verify(&secrets(stored), headers, body, at(SIGNED_AT)).map(|message| message.id)
}

#[test]
fn the_standards_own_vector_is_signed_and_verified() {
    assert_eq!(sign(&secrets(SECRET), MESSAGE, SIGNED_AT, BODY), SIGNED);
    assert_eq!(check(SECRET, &vector(SIGNED), BODY).unwrap(), MESSAGE);
    let bare = SECRET.strip_prefix("whsec_").unwrap();
    assert_eq!(check(bare, &vector(SIGNED), BODY).unwrap(), MESSAGE, "the prefix may be left out");
}

#[test]
fn the_standards_other_cases_end_as_they_should() {
    let wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    let several = format!("{wrong} v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {SIGNED} {wrong}");
    assert!(check(SECRET, &vector(&several), BODY).is_ok(), "one of several signatures is enough");
    for bad in [
        wrong,
        "v1,",
        "v1",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ] {
        assert_eq!(check(SECRET, &vector(bad), BODY), Err(SignatureError::Wrong), "{bad}");
    }
    assert_eq!(check(SECRET, &vector(SIGNED), br#"{"test": 2432232315}"#), Err(SignatureError::Wrong));
    let another = headers("msg_other", &SIGNED_AT.to_string(), SIGNED);
    assert_eq!(check(SECRET, &another, BODY), Err(SignatureError::Wrong));
    for name in [ID, TIMESTAMP, SIGNATURE] {
        let mut without = vector(SIGNED);
        without.remove(name);
        assert_eq!(check(SECRET, &without, BODY), Err(SignatureError::Missing(name)));
    }
}

#[test]
fn five_minutes_either_way_are_in_time_and_a_second_more_is_not() {
    let at_time = |offset: i64| {
        let now = at(SIGNED_AT).checked_add(SignedDuration::from_secs(offset)).unwrap();
        verify(&secrets(SECRET), &vector(SIGNED), BODY, now).map(|message| message.sent_at)
    };
    assert_eq!(at_time(300), Ok(at(SIGNED_AT)));
    assert_eq!(at_time(-300), Ok(at(SIGNED_AT)));
    assert_eq!(at_time(301), Err(SignatureError::Old));
    assert_eq!(at_time(-301), Err(SignatureError::Early));
}

#[test]
fn the_bytes_are_signed_whatever_they_are() {
    let body = b"\xff\xfe\x00 no text \xc3\x28";
    let signature = sign(&secrets(SECRET), MESSAGE, SIGNED_AT, body);
    assert!(check(SECRET, &vector(&signature), body).is_ok());
    let replaced = String::from_utf8_lossy(body);
    assert_eq!(check(SECRET, &vector(&signature), replaced.as_bytes()), Err(SignatureError::Wrong));
}

#[test]
fn headers_out_of_their_form_are_told_by_name() {
    let stamp = SIGNED_AT.to_string();
    let long = "x".repeat(256);
    for id in ["", long.as_str(), "olena@example.org", "two words"] {
        assert_eq!(check(SECRET, &headers(id, &stamp, SIGNED), BODY), Err(SignatureError::Unreadable(ID)), "{id}");
    }
    for stamp in ["", "1614265330.5", "-1614265330", "+1614265330", "1e9", "99999999999999", "0x60"] {
        let headers = headers(MESSAGE, stamp, SIGNED);
        assert_eq!(check(SECRET, &headers, BODY), Err(SignatureError::Unreadable(TIMESTAMP)), "{stamp}");
    }
    let many = format!("{}{SIGNED}", "v1,AAAA ".repeat(600));
    assert_eq!(check(SECRET, &vector(&many), BODY), Err(SignatureError::Unreadable(SIGNATURE)));
    let late = format!("{}{SIGNED}", "v1,AAAA ".repeat(20));
    assert_eq!(check(SECRET, &vector(&late), BODY), Err(SignatureError::Wrong), "the twenty-first is not looked at");
    let mut twice = vector(SIGNED);
    twice.append(ID, HeaderValue::from_static("msg_p5jXN8AQM9LWM0D4loKWxJek"));
    assert!(check(SECRET, &twice, BODY).is_ok(), "the same twice is one");
    twice.append(ID, HeaderValue::from_static("msg_other"));
    assert_eq!(check(SECRET, &twice, BODY), Err(SignatureError::Unreadable(ID)));
}

#[test]
fn a_secret_in_any_of_its_forms_is_good_and_a_weak_one_is_not() {
    let both = |stored: &str, with: &str| {
        let signature = sign(&secrets(with), MESSAGE, SIGNED_AT, BODY);
        check(stored, &vector(&signature), BODY).is_ok()
    };
    let plain = "a plain secret, agreed on by phone";
    assert!(both(plain, plain));
    assert!(both(&format!("[\"{SECRET}\", \"{plain}\"]"), plain) && both(&format!(" [\"{SECRET}\"]\n"), SECRET));
    assert!(!both(plain, SECRET));
    // Characters that are base64 as well: signed with either reading.
    let chars = "0123456789abcdef0123456789abcdef";
    let raw = format!("whsec_{}", STANDARD.encode(chars));
    assert!(both(chars, &raw) && both(chars, &format!("whsec_{chars}")));
    for (stored, error) in [
        ("", BadSecret::None),
        ("[]", BadSecret::None),
        ("[\"\"]", BadSecret::None),
        ("[1]", BadSecret::List),
        ("[\"a\"", BadSecret::List),
        ("whsec_%%%", BadSecret::Base64),
        ("whsec_AAAA", BadSecret::Short),
        ("too short", BadSecret::Short),
    ] {
        assert_eq!(Secrets::parse(stored).err(), Some(error), "{stored}");
    }
    let six = serde_json::to_string(&vec![SECRET; 6]).unwrap();
    assert_eq!(Secrets::parse(&six).err(), Some(BadSecret::List));
}

/// A store that says what it is told to say and counts how often it is asked.
struct Told {
    stored: Mutex<Option<&'static str>>,
    asked: AtomicUsize,
}

impl Told {
    fn new(stored: &'static str) -> Arc<Self> {
        Arc::new(Self { stored: Mutex::new(Some(stored)), asked: AtomicUsize::new(0) })
    }

    fn say(&self, stored: Option<&'static str>) {
        *self.stored.lock().unwrap() = stored;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ReadSecret for Told {
    fn read(&self) -> BoxFuture<'_, Result<Pii<String>, SecretsUnavailable>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let stored = *self.stored.lock().unwrap();
        Box::pin(async move {
            stored.map(|text| Pii::new(text.to_owned())).ok_or(SecretsUnavailable("no answer".to_owned()))
        })
    }
}

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Signs with a secret some seconds after the beginning, and has it checked then.
async fn try_it(kept: &KeptSecrets, secret: &str, after: i64) -> Result<Message, Refused> {
    let now = SIGNED_AT + after;
    let signature = sign(&secrets(secret), MESSAGE, now, BODY);
    kept.verify(&headers(MESSAGE, &now.to_string(), &signature), BODY, at(now)).await
}

#[tokio::test]
async fn a_replaced_secret_is_asked_for_at_a_wrong_signature_and_not_at_every_one() {
    let store = Told::new(OLD);
    let kept = KeptSecrets::new(Box::new(store.clone()), Keep::default());
    try_it(&kept, OLD, 0).await.unwrap();
    try_it(&kept, OLD, 1).await.unwrap();
    assert_eq!(store.asked(), 1, "kept");
    store.say(Some(NEW));
    assert_eq!(try_it(&kept, NEW, 14).await, Err(SignatureError::Wrong.into()), "asked a moment ago");
    try_it(&kept, NEW, 15).await.unwrap();
    assert_eq!(store.asked(), 2);
    for _ in 0..40 {
        assert_eq!(try_it(&kept, OLD, 16).await, Err(SignatureError::Wrong.into()));
    }
    assert_eq!(store.asked(), 2, "forty wrong signatures are no forty requests");
    try_it(&kept, NEW, 15 + 300).await.unwrap();
    assert_eq!(store.asked(), 3, "old enough to ask again");
}

#[tokio::test]
async fn a_store_that_does_not_answer_leaves_what_is_known_good_for_an_hour() {
    let store = Told::new(OLD);
    let kept = KeptSecrets::new(Box::new(store.clone()), Keep::default());
    try_it(&kept, OLD, 0).await.unwrap();
    store.say(None);
    try_it(&kept, OLD, 3_599).await.unwrap();
    assert_eq!(try_it(&kept, NEW, 3_599).await, Err(SignatureError::Wrong.into()));
    assert!(matches!(try_it(&kept, OLD, 3_700).await, Err(Refused::Secrets(_))));
    store.say(Some("too short"));
    assert!(matches!(try_it(&kept, OLD, 3_800).await, Err(Refused::Secrets(_))), "what cannot be used is not used");
    store.say(Some(NEW));
    try_it(&kept, NEW, 3_900).await.unwrap();
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_one_changed_byte_is_not(
        body in proptest::collection::vec(any::<u8>(), 0..200), id in "[!-?A-~]{1,60}", at_byte in any::<prop::sample::Index>(),
    ) {
        let signature = sign(&secrets(SECRET), &id, SIGNED_AT, &body);
        let headers = headers(&id, &SIGNED_AT.to_string(), &signature);
        prop_assert!(check(SECRET, &headers, &body).is_ok());
        let mut changed = body.clone();
        match changed.len() {
            0 => changed.push(0),
            many => changed[at_byte.index(many)] ^= 1,
        }
        prop_assert_eq!(check(SECRET, &headers, &changed), Err(SignatureError::Wrong));
    }

    #[test]
    fn no_header_makes_it_panic(id in any::<Vec<u8>>(), stamp in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let pairs = [(ID, id), (TIMESTAMP, stamp), (SIGNATURE, signature)];
        let headers: HeaderMap = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_bytes(&value).ok()?)))
            .collect();
        let _ = check(SECRET, &headers, BODY);
    }
}
