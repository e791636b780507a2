//! `kintell-webhook`, driven by its sample: believed, stored once, answered so that its sender knows what to do.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::{BoxFuture, join_all};
use http::Request;
use jiff::Timestamp;
use kintell::webhook::{App, router};
use serde_json::{Value, json};
use shared::{
    db::Db,
    pii::Pii,
    webhook::{Keep, KeptSecrets, ReadSecret, Secrets, SecretsUnavailable, sign},
};
use tests::{Database, keys};
use tower::ServiceExt;

use crate::support::{Answer, Nudges, call};

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const ANOTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub const ROLE: &str = "teei_kintell_webhook";

/// Secrets Manager as far as these tests need it.
#[derive(Clone)]
pub struct Stored(Arc<Mutex<Option<String>>>);

impl Stored {
    pub fn say(&self, stored: Option<&str>) {
        *self.0.lock().unwrap() = stored.map(ToOwned::to_owned);
    }

    /// Asked at every delivery: that secrets are kept is tested where they are.
    pub fn kept(&self) -> KeptSecrets {
        let keep =
            Keep { max_age: jiff::SignedDuration::ZERO, min_interval: jiff::SignedDuration::ZERO, ..Keep::default() };
        KeptSecrets::new(Box::new(self.clone()), keep)
    }
}

impl ReadSecret for Stored {
    fn read(&self) -> BoxFuture<'_, Result<Pii<String>, SecretsUnavailable>> {
        let stored = self.0.lock().unwrap().clone();
        Box::pin(async move { stored.map(Pii::new).ok_or_else(|| SecretsUnavailable("no answer".to_owned())) })
    }
}

/// One more instance of the function, with a connection of its own.
pub fn service(db: Db, nudges: &Nudges, stored: &Stored) -> Router {
    router(Arc::new(App::new(db, Box::new(keys()), Box::new(nudges.clone()), stored.kept())))
}

pub fn secret() -> Stored {
    Stored(Arc::new(Mutex::new(Some(SECRET.to_owned()))))
}

pub struct World {
    pub database: Database,
    pub owner: tokio_postgres::Client,
    pub nudges: Nudges,
    pub stored: Stored,
    pub kintell: Router,
}

impl World {
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        let owner = database.owner().await;
        let (nudges, stored) = (Nudges::default(), secret());
        let kintell = service(database.db_for(ROLE), &nudges, &stored);
        Self { database, owner, nudges, stored, kintell }
    }

    pub fn instance(&self) -> Router {
        service(self.database.db_for(ROLE), &self.nudges, &self.stored)
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub async fn text(&self, sql: &str) -> String {
        self.owner.query_one(sql, &[]).await.unwrap().get::<_, Option<String>>(0).unwrap_or_default()
    }

    pub async fn facts(&self) -> [i64; 3] {
        [
            self.count("SELECT count(*) FROM core.kintell_sessions").await,
            self.count("SELECT count(*) FROM core.profiles").await,
            self.count("SELECT count(*) FROM bus.events").await,
        ]
    }
}

/// A delivery under construction.
#[derive(Clone)]
pub struct Sent {
    pub id: String,
    pub body: Vec<u8>,
    pub path: &'static str,
    pub secret: &'static str,
    /// Seconds from now.
    pub at: i64,
    pub kind: &'static str,
}

pub fn sample(kind: &str) -> Value {
    sample_of("kintell", kind)
}

pub fn sample_of(source: &str, kind: &str) -> Value {
    let path = format!("{}/../events/webhooks/{source}/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn sent(id: &str, body: &Value) -> Sent {
    bytes(id, body.to_string().as_bytes())
}

pub fn bytes(id: &str, body: &[u8]) -> Sent {
    let path = "/v1/kintell/webhooks";
    Sent { id: id.to_owned(), body: body.to_vec(), path, secret: SECRET, at: 0, kind: "application/json" }
}

impl Sent {
    fn request(&self) -> Request<Body> {
        let now = Timestamp::now().as_second() + self.at;
        let signature = sign(&Secrets::parse(self.secret).unwrap(), &self.id, now, &self.body);
        Request::post(self.path)
            .header("content-type", self.kind)
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", now.to_string())
            .header("webhook-signature", signature)
            .body(Body::from(self.body.clone()))
            .unwrap()
    }

    pub async fn to(&self, router: &Router) -> Answer {
        ask(router, self.request()).await
    }
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    Answer { status: parts.status, headers: parts.headers, json, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

#[tokio::test]
async fn the_sample_event_is_taken_in_from_its_bytes() {
    let world = World::new().await;
    let path = format!("{}/../events/kintell-webhook.json", env!("CARGO_MANIFEST_DIR"));
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let body = STANDARD.decode(event["body"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), sample("session.completed"));
    let now = Timestamp::now().as_second();
    let signature = sign(&Secrets::parse(SECRET).unwrap(), "msg_sample_0001", now, &body);
    for (name, value) in [("webhook-timestamp", now.to_string()), ("webhook-signature", signature)] {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let response = shared::http::answer(world.kintell.clone(), request).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let answer: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (&answer["delivery_id"], &answer["fate"], &answer["fact"]["revision"]),
        (&json!("msg_sample_0001"), &json!("new"), &json!(1))
    );
    let row = world.text("SELECT source_id || ' ' || rating || ' ' || rating_raw || ' ' || language_level || ' ' || completed_at FROM core.kintell_sessions").await;
    assert_eq!(row, "KT-WH-0001 0.87500 4.5 A2 2026-02-09 16:45:00+00");
    assert_eq!(world.nudges.0.delays(), [30, 0], "one before the commit, one after");
    let correlation = world.text("SELECT string_agg(DISTINCT correlation_id, ' ') FROM bus.events").await;
    assert_eq!(correlation, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "the request's");
    assert_eq!(
        world
            .text("SELECT service || (last_ok_at IS NOT NULL) FROM core.heartbeats WHERE function = 'kintell-webhook'")
            .await,
        "kintelltrue"
    );
}

#[tokio::test]
async fn the_same_delivery_again_is_answered_the_same_and_done_once() {
    let world = World::new().await;
    let delivery = sent("msg_1", &sample("session.completed"));
    let first = delivery.to(&world.kintell).await;
    assert_eq!((first.status.as_u16(), first.header("webhook-replayed")), (200, ""), "{}", first.text);
    let facts = world.facts().await;
    let again = Sent { at: 60, ..delivery.clone() }.to(&world.kintell).await;
    assert_eq!((again.status.as_u16(), again.header("webhook-replayed")), (200, "true"));
    assert_eq!(again.json, first.json);
    let other = sent("msg_2", &sample("session.completed")).to(&world.kintell).await;
    assert_eq!(
        (&other.json["fate"], &other.json["fact"]),
        (&json!("unchanged"), &first.json["fact"]),
        "another id, the same fact"
    );
    assert_eq!(world.facts().await, facts);
    assert_eq!(world.nudges.0.delays(), [30, 0], "nothing new, nothing to wake the relay for");
}

/// As a sender does: what waited too long for its turn, as on a busy machine, is sent again.
async fn at_once(world: &World, deliveries: Vec<Sent>) -> Vec<Answer> {
    let instances: Vec<Router> = deliveries.iter().map(|_| world.instance()).collect();
    join_all(deliveries.iter().zip(&instances).map(async |(delivery, instance)| {
        for _ in 0..3 {
            let answer = delivery.to(instance).await;
            if answer.status != 503 {
                return answer;
            }
        }
        delivery.to(instance).await
    }))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_and_forty_identical_deliveries_at_once_are_one_fact_and_as_many_good_answers() {
    let world = World::new().await;
    for (id, many, ratings) in [("msg_8", 8, 4.5), ("msg_40", 40, 4.0)] {
        let mut body = sample("session.completed");
        body["data"]["session_id"] = json!(format!("KT-{many}"));
        body["data"]["rating"] = json!(ratings);
        let answers = at_once(&world, vec![sent(id, &body); many]).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses, vec![200; many], "{:?}", answers.iter().find(|a| a.status != 200).map(|a| &a.text));
        assert!(answers.iter().all(|answer| answer.json == answers[0].json));
        assert_eq!(answers.iter().filter(|answer| answer.header("webhook-replayed").is_empty()).count(), 1);
    }
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'kintell.session.completed.v1'").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM intake.imports").await, 2);
    assert_eq!(
        world.text("SELECT string_agg(attempts::text, ' ' ORDER BY attempts) FROM intake.webhook_deliveries").await,
        "8 40"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_different_deliveries_at_once_of_one_new_pair_make_two_profiles() {
    let world = World::new().await;
    let deliveries = (0..40).map(|n| {
        let mut body = sample("session.completed");
        // Every session twice, under two ids.
        body["data"]["session_id"] = json!(format!("KT-{}", n / 2));
        sent(&format!("msg_{n}"), &body)
    });
    let answers = at_once(&world, deliveries.collect()).await;
    let mut fates: Vec<_> = answers.iter().map(|answer| answer.json["fate"].as_str().unwrap_or(&answer.text)).collect();
    fates.sort_unstable();
    assert_eq!(fates, [vec!["new"; 20], vec!["unchanged"; 20]].concat());
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM bus.events WHERE type = 'kintell.session.completed.v1'").await, 20);
}

#[tokio::test]
async fn what_is_not_believed_is_a_401_that_says_why_and_leaves_nothing() {
    let world = World::new().await;
    let good = sent("msg_1", &sample("session.completed"));
    let tampered = {
        let mut request = good.request();
        *request.body_mut() = Body::from(sample("session.scheduled").to_string());
        request
    };
    let without = |name: &str| {
        let mut request = good.request();
        request.headers_mut().remove(name);
        request
    };
    let cases = [
        ("older than five minutes", Sent { at: -301, ..good.clone() }.request()),
        ("more than five minutes ahead", Sent { at: 310, ..good.clone() }.request()),
        ("No signature holds", Sent { secret: ANOTHER, ..good.clone() }.request()),
        ("No signature holds", tampered),
        ("webhook-signature is missing", without("webhook-signature")),
        ("webhook-id is missing", without("webhook-id")),
        ("webhook-timestamp is missing", without("webhook-timestamp")),
    ];
    for (sentence, request) in cases {
        let answer = ask(&world.kintell, request).await;
        assert_eq!(answer.brief(), "401 bad_signature", "{sentence}");
        assert!(answer.json["detail"].as_str().unwrap().contains(sentence), "{}", answer.text);
        assert_eq!(
            (answer.header("content-type"), &answer.json["retryable"]),
            ("application/problem+json", &json!(false))
        );
        assert!(answer.header("www-authenticate").starts_with("Webhook-Signature"));
    }
    let in_time =
        [Sent { at: -298, id: "msg_2".to_owned(), ..good.clone() }, Sent { at: 298, id: "msg_3".to_owned(), ..good }];
    let tables = "SELECT (SELECT count(*) FROM intake.webhook_deliveries) + (SELECT count(*) FROM intake.imports)";
    assert_eq!(world.count(tables).await, 0);
    for delivery in in_time {
        assert_eq!(delivery.to(&world.kintell).await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn both_secrets_are_good_while_one_is_replaced_and_the_old_one_no_longer_after() {
    let world = World::new().await;
    let send = async |id: &str, secret| {
        Sent { secret, ..sent(id, &sample("session.completed")) }.to(&world.kintell).await.brief()
    };
    world.stored.say(Some(&json!([ANOTHER, SECRET]).to_string()));
    assert_eq!((send("msg_1", SECRET).await, send("msg_2", ANOTHER).await), ("200".to_owned(), "200".to_owned()));
    world.stored.say(Some(ANOTHER));
    assert_eq!(
        (send("msg_3", SECRET).await, send("msg_4", ANOTHER).await),
        ("401 bad_signature".to_owned(), "200".to_owned())
    );
}

#[tokio::test]
async fn secrets_that_cannot_be_read_are_a_503() {
    let world = World::new().await;
    world.stored.say(None);
    let answer = sent("msg_1", &sample("session.completed")).to(&world.kintell).await;
    assert_eq!((answer.brief(), answer.header("retry-after")), ("503 secrets_unavailable".to_owned(), "5"));
}

#[tokio::test]
async fn what_is_no_body_of_ours_is_told_apart() {
    let world = World::new().await;
    let whole = sample("session.completed").to_string();
    let large = format!("{whole}{}", " ".repeat(1024 * 1024));
    let cases: [(&str, &[u8]); 9] = [
        ("400 bad_json", b""),
        ("400 bad_json", b"{\"type\":"),
        ("400 bad_json", b"{\"type\": \"session.completed\xff\", \"data\": {}}"),
        ("400 bad_request", b"[]"),
        ("400 bad_request", b"{\"type\": \"session.completed\"}"),
        ("400 bad_request", b"{\"type\": 1, \"data\": {}}"),
        ("400 bad_request", b"{\"type\": \"session.completed\", \"data\": []}"),
        ("400 bad_request", b"{\"type\": \"session.completed\", \"data\": {}, \"data\": {}}"),
        ("413 body_too_large", large.as_bytes()),
    ];
    for (n, (expected, body)) in cases.into_iter().enumerate() {
        let answer = bytes(&format!("msg_{n}"), body).to(&world.kintell).await;
        assert_eq!(answer.brief(), expected, "{}", String::from_utf8_lossy(&body[..body.len().min(60)]));
        assert_eq!(answer.json["retryable"], false);
    }
    let kind = Sent { kind: "text/plain", ..bytes("msg_kind", whole.as_bytes()) };
    assert_eq!(kind.to(&world.kintell).await.brief(), "415 unsupported_media_type");
    let with_charset = Sent { kind: "application/json; charset=utf-8", ..bytes("msg_kind", whole.as_bytes()) };
    assert_eq!(with_charset.to(&world.kintell).await.status.as_u16(), 200);
    assert_eq!(call("GET", "/v1/kintell/webhooks").to(&world.kintell).await.brief(), "405 method_not_allowed");
    assert_eq!(call("POST", "/v1/kintell/other").to(&world.kintell).await.brief(), "404 not_found");
}

#[tokio::test]
async fn an_invalid_record_is_a_422_with_its_field_and_its_fate_is_kept() {
    let world = World::new().await;
    let mut body = sample("session.completed");
    body["data"]["rating"] = json!(7);
    body["data"]["participant_email"] = json!("solomiya@@newcomer.example");
    let delivery = sent("msg_1", &body);
    for attempt in 1..=2 {
        let answer = delivery.to(&world.kintell).await;
        assert_eq!(answer.brief(), "422 invalid_record");
        assert_eq!(answer.json["retryable"], false);
        assert!(answer.json["detail"].as_str().unwrap().contains("pointless"), "{}", answer.text);
        let error = &answer.json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/data/participant_email"), &json!("bad_email")));
        assert!(!answer.text.contains("solomiya"), "{}", answer.text);
        let kept = "SELECT d.code || ' ' || d.attempts || ' ' || i.outcome || ' ' || i.reason || ' ' || i.attempts || ' ' || i.retryable
                    FROM intake.webhook_deliveries d JOIN intake.imports i USING (import_id)";
        assert_eq!(world.text(kept).await, format!("invalid_record {attempt} refused bad_email {attempt} false"));
        assert_eq!(
            world.text("SELECT string_agg(fate || ' ' || code || ' ' || \"column\", ', ') FROM intake.records").await,
            "rejected bad_email participant_email"
        );
    }
    assert_eq!(world.facts().await, [0, 0, 0]);
    assert_eq!(world.nudges.0.delays(), Vec::<u16>::new());
    // What was declared since heals it: a rejected delivery is not answered from memory.
    let mut rating = sample("session.completed");
    rating["data"]["rating"] = json!(1);
    let ambiguous = sent("msg_2", &rating);
    world
        .owner
        .batch_execute("UPDATE intake.source_profiles SET rating_scale = NULL WHERE entity = 'sessions'")
        .await
        .unwrap();
    assert_eq!(ambiguous.to(&world.kintell).await.json["errors"][0]["code"], "ambiguous_scale");
    world
        .owner
        .batch_execute("UPDATE intake.source_profiles SET rating_scale = '1-5' WHERE entity = 'sessions'")
        .await
        .unwrap();
    assert_eq!(ambiguous.to(&world.kintell).await.json["fate"], "new");
}

#[tokio::test]
async fn a_rating_without_its_session_is_to_be_sent_later_and_is_taken_then() {
    let world = World::new().await;
    let rating = sent("msg_rating", &sample("rating.created"));
    let orphan = rating.to(&world.kintell).await;
    assert_eq!((orphan.brief(), orphan.header("retry-after")), ("422 orphan_ref".to_owned(), "300"));
    assert_eq!(
        (&orphan.json["retryable"], &orphan.json["errors"][0]["pointer"]),
        (&json!(true), &json!("/data/session_id"))
    );
    assert_eq!(sent("msg_session", &sample("session.completed")).to(&world.kintell).await.json["fate"], "new");
    let healed = rating.to(&world.kintell).await;
    assert_eq!((healed.status.as_u16(), &healed.json["fate"]), (200, &json!("new")), "{}", healed.text);
    assert_eq!(rating.to(&world.kintell).await.header("webhook-replayed"), "true");
    let told = world.text("SELECT string_agg(type, ' ' ORDER BY type) FROM bus.events WHERE type LIKE 'kintell%' OR type LIKE 'intake%'").await;
    assert_eq!(
        told,
        "intake.text.received.v1 intake.text.received.v1 intake.text.received.v1 intake.text.received.v1 kintell.rating.created.v1 kintell.session.completed.v1"
    );
}

#[tokio::test]
async fn an_id_names_one_body_and_a_type_is_one_of_ours() {
    let world = World::new().await;
    let answer = |id: &'static str, body: Value| {
        let world = &world;
        async move { sent(id, &body).to(&world.kintell).await }
    };
    assert_eq!(answer("msg_1", sample("session.completed")).await.status.as_u16(), 200);
    let other = answer("msg_1", sample("session.scheduled")).await;
    assert_eq!((other.brief(), &other.json["retryable"]), ("422 webhook_id_mismatch".to_owned(), &json!(false)));
    let mut unknown = sample("session.completed");
    unknown["type"] = json!("session.cancelled");
    let answered = answer("msg_2", unknown).await;
    assert_eq!(
        (answered.brief(), &answered.json["errors"][0]["pointer"]),
        ("422 unknown_event".to_owned(), &json!("/type"))
    );
    for (id, time) in
        [("msg_3", "last Tuesday"), ("msg_4", "-005000-01-01T00:00:00Z"), ("msg_5", "1969-12-31T23:59:59Z")]
    {
        let mut late = sample("session.completed");
        late["timestamp"] = json!(time);
        let answered = answer(id, late).await;
        assert_eq!(
            (answered.brief(), &answered.json["errors"][0]["pointer"]),
            ("422 invalid_record".to_owned(), &json!("/timestamp")),
            "{time}"
        );
    }
    let kept = world.text("SELECT string_agg(webhook_id || ' ' || COALESCE(code, 'accepted'), ', ' ORDER BY webhook_id) FROM intake.webhook_deliveries").await;
    assert_eq!(
        kept,
        "msg_1 accepted, msg_2 unknown_event, msg_3 invalid_record, msg_4 invalid_record, msg_5 invalid_record"
    );
}

#[tokio::test]
async fn a_meeting_that_was_told_to_be_scheduled_late_does_not_undo_that_it_took_place() {
    let world = World::new().await;
    let mut scheduled = sample("session.scheduled");
    scheduled["data"]["completed_at"] = Value::Null;
    scheduled["data"]["rating"] = Value::Null;
    assert_eq!(sent("msg_2", &sample("session.completed")).to(&world.kintell).await.json["fate"], "new");
    let late = sent("msg_1", &scheduled).to(&world.kintell).await;
    assert_eq!(
        (&late.json["fate"], &late.json["warnings"]),
        (&json!("unchanged"), &json!(["stale_revision"])),
        "{}",
        late.text
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM core.kintell_sessions WHERE completed_at IS NOT NULL AND rating IS NOT NULL")
            .await,
        1
    );
}
