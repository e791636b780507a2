//! The live doors of Buddy and of course providers: what each of their types becomes, and by whom it is believed.

use std::fmt::Write;

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use shared::{
    intake::entity::Entity,
    webhook::{Secrets, sign},
};
use tests::{Database, keys};

use crate::{
    importing,
    support::{Answer, Call, Nudges, admin, call, golden, verifier},
    webhooks::{ANOTHER, SECRET, Sent, Stored, sample_of, secret, sent},
};

/// The people of `tests/fixtures/buddy/users.csv` whom the samples name.
pub const OKSANA: &str = "0190a5c2-7d10-7a01-8c11-5e0f6a1b0001";
pub const PER: &str = "0190a5c2-7d10-7a01-8c11-5e0f6a1b0003";

/// Each source's types in an order in which what they refer to comes first, with its path.
pub const SOURCES: [(&str, &str, &[&str]); 4] = [
    (
        "buddy",
        "/v1/buddy/webhooks",
        &[
            "match.created",
            "event.logged",
            "event.attended",
            "skill_share.completed",
            "checkin.completed",
            "feedback.submitted",
            "milestone.reached",
            "match.ended",
        ],
    ),
    (
        "ecornell",
        "/v1/upskilling/webhooks/ecornell",
        &["enrollment.created", "course.started", "course.completed", "certificate.issued"],
    ),
    ("itslearning", "/v1/upskilling/webhooks/itslearning", &["CourseEnrollment", "CourseProgress", "CourseCompletion"]),
    ("generic", "/v1/upskilling/webhooks/generic", &["progress.updated", "course.completed", "credential.issued"]),
];

/// One more instance of each of the two functions, with connections of their own.
pub fn services(database: &Database, nudges: &Nudges, stored: &Stored) -> (Router, Router) {
    let nudger = || Box::new(nudges.clone());
    let buddy = buddy::api::App::new(database.db_for("teei_buddy_api"), Box::new(keys()), nudger(), stored.kept());
    let upskilling =
        upskilling::webhook::App::new(database.db_for("teei_upskilling_webhook"), Box::new(keys()), nudger(), |_| {
            stored.kept()
        });
    (buddy::api::router(buddy.into(), verifier()), upskilling::webhook::router(upskilling.into(), verifier()))
}

/// A database, the importers, and the live doors beside them.
pub struct Doors {
    pub files: importing::World,
    pub nudges: Nudges,
    pub stored: Stored,
    pub buddy: Router,
    pub upskilling: Router,
}

impl Doors {
    pub async fn new() -> Self {
        let files = importing::World::new().await;
        let (nudges, stored) = (Nudges::default(), secret());
        let (buddy, upskilling) = services(&files.database, &nudges, &stored);
        Self { files, nudges, stored, buddy, upskilling }
    }

    /// With the people of Buddy's list.
    pub async fn with_people() -> Self {
        let doors = Self::new().await;
        doors.files.fixture("buddy/users.csv").await;
        doors
    }

    /// With these people and the match of the samples.
    pub async fn with_match() -> Self {
        let doors = Self::with_people().await;
        let answer = doors.tell("buddy", "msg_match", &sample_of("buddy", "match.created")).await;
        assert_eq!(answer.json["fate"], "new", "{}", answer.text);
        doors
    }

    /// Another instance of the function behind a path.
    pub fn instance(&self, path: &str) -> Router {
        let (buddy, upskilling) = services(&self.files.database, &self.nudges, &self.stored);
        if path.starts_with("/v1/buddy/") { buddy } else { upskilling }
    }

    pub fn router(&self, path: &str) -> &Router {
        if path.starts_with("/v1/buddy/") { &self.buddy } else { &self.upskilling }
    }

    /// A signed delivery of a source.
    pub async fn tell(&self, source: &str, id: &str, body: &Value) -> Answer {
        delivery(source, id, body).to(self.router(path_of(source))).await
    }

    /// A call of an admin.
    pub async fn bring(&self, path: &str, body: &Value) -> Answer {
        brought(path, body).to(self.router(path)).await
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.files.count(sql).await
    }

    pub async fn text(&self, sql: &str) -> String {
        self.files.owner.query_one(sql, &[]).await.unwrap().get::<_, Option<String>>(0).unwrap_or_default()
    }

    /// Everything that a second telling of the same may not change.
    pub async fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        let entities = buddy::ENTITIES.iter().chain(upskilling::ENTITIES).map(|entity| entity.table);
        for table in entities.chain(["core.profiles", "vault.texts", "vault.emails", "intake.revisions"]) {
            let rows = format!("SELECT '{table} ' || md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t");
            state.push(self.text(&rows).await);
        }
        let facts = "SELECT count(*)::text FROM bus.events WHERE type NOT LIKE 'intake.import.%'";
        state.push(self.text(facts).await);
        state
    }
}

pub fn path_of(source: &str) -> &'static str {
    SOURCES.iter().find(|(name, ..)| *name == source).unwrap().1
}

pub fn delivery(source: &str, id: &str, body: &Value) -> Sent {
    Sent { path: path_of(source), ..sent(id, body) }
}

pub fn brought(path: &str, body: &Value) -> Call {
    call("POST", path).bearer(&admin()).json(body)
}

pub fn entity_of(table: &str) -> &'static Entity {
    buddy::ENTITIES.iter().chain(upskilling::ENTITIES).find(|entity| entity.table == table).unwrap()
}

/// The fact of an import: its table, and its row without what every fact has.
async fn fact(doors: &Doors, id: &str) -> (&'static str, Value) {
    for entity in buddy::ENTITIES.iter().chain(upskilling::ENTITIES) {
        let sql = format!("SELECT to_jsonb(t) FROM {} t WHERE {} = '{id}'", entity.table, entity.id);
        let Some(row) = doors.files.owner.query_opt(&sql, &[]).await.unwrap() else { continue };
        let mut fact: Map<String, Value> = serde_json::from_value(row.get(0)).unwrap();
        let plumbing = ["content_hash", "doors", "import_id", "line", "updated_at", "revision"];
        fact.retain(|name, value| {
            !value.is_null()
                && *value != json!(false)
                && !plumbing.contains(&name.as_str())
                && !name.ends_with("_digest")
        });
        for (name, value) in &mut fact {
            if name.ends_with("_sealed") {
                *value = json!("sealed");
            } else if name.ends_with("_text_id") {
                *value = json!("a text");
            }
        }
        return (entity.table, Value::Object(fact));
    }
    panic!("{id} is no fact");
}

/// Who and what ids mean, so that they can be read.
async fn names(doors: &Doors) -> Vec<(String, String)> {
    let sql = "SELECT profile_id::text, CASE external_id WHEN $1 THEN 'Oksana' WHEN $2 THEN 'Per' END FROM core.external_ids WHERE external_id IN ($1, $2)
               UNION SELECT match_id::text, 'the match' FROM core.buddy_matches
               UNION SELECT profile_id::text, 'whom ' || provider || ' means' FROM core.upskilling_progress";
    let rows = doors.files.owner.query(sql, &[&OKSANA, &PER]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn generated_doors_are_what_each_sample_becomes() {
    let doors = Doors::with_people().await;
    let mut table = String::from(
        "What the live doors make of the samples in events/webhooks: the fact, the texts' events and the contract events. Generated by the tests.\n",
    );
    for (source, path, types) in SOURCES {
        for kind in types {
            let before = doors.count("SELECT count(*) FROM bus.events").await;
            let answer = doors.tell(source, &format!("msg_{source}_{kind}"), &sample_of(source, kind)).await;
            assert_eq!(answer.status.as_u16(), 200, "{source} {kind}: {}", answer.text);
            let id = answer.json["fact"]["id"].as_str().unwrap();
            let (stored, fact) = fact(&doors, id).await;
            writeln!(
                table,
                "\n{source}  {kind}  POST {path}\n  {} {} of {stored}, revision {}",
                answer.json["fate"].as_str().unwrap(),
                entity_of(stored).name,
                answer.json["fact"]["revision"]
            )
            .unwrap();
            let mut said = format!("  {fact}\n");
            let events = doors
                .files
                .owner
                .query(
                    "SELECT type, (detail::jsonb) -> 'data' FROM bus.events WHERE type NOT LIKE 'profile.%' ORDER BY type, event_id OFFSET 0",
                    &[],
                )
                .await
                .unwrap();
            assert!(doors.count("SELECT count(*) FROM bus.events").await > before);
            for event in events {
                let (kind, mut data): (String, Value) = (event.get(0), event.get(1));
                if data["importId"] != answer.json["import_id"] {
                    continue;
                }
                data.as_object_mut()
                    .unwrap()
                    .retain(|name, _| !["importId", "line", "textId", "textIds"].contains(&name.as_str()));
                writeln!(said, "  {kind} {data}").unwrap();
            }
            said = said.replace(id, "this");
            for (uuid, name) in names(&doors).await {
                said = said.replace(&uuid, &name);
            }
            table.push_str(&said);
        }
    }
    golden("tests/golden/doors.txt", &hide_hashes(&table));
}

/// Keys with an address in them hold its blind index.
fn hide_hashes(text: &str) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        match digits.len() {
            64 => shown.push_str(&part.replace(digits, "<blind index>")),
            _ => shown.push_str(part),
        }
    }
    shown
}

#[test]
fn every_type_that_is_taken_has_a_sample_and_every_sample_is_of_one() {
    let taken = |source: &str| -> Vec<&str> {
        match upskilling::providers::PROVIDERS.iter().find(|provider| provider.name == source) {
            Some(provider) => provider.types(),
            None => buddy::api::TYPES.iter().map(|(name, _)| *name).collect(),
        }
    };
    for (source, _, types) in SOURCES {
        let folder = format!("{}/../events/webhooks/{source}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let mut samples: Vec<String> =
            files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        let (mut taken, mut here) = (taken(source), types.to_vec());
        taken.sort_unstable();
        here.sort_unstable();
        samples.sort_unstable();
        assert_eq!((&taken, &here), (&samples.iter().map(String::as_str).collect(), &taken.clone()), "{source}");
    }
}

#[tokio::test]
async fn the_sample_events_are_taken_in_from_their_bytes() {
    let doors = Doors::with_people().await;
    for (name, path) in
        [("buddy-api", "/v1/buddy/webhooks"), ("upskilling-webhook", "/v1/upskilling/webhooks/ecornell")]
    {
        let mut event = importing::sample(&format!("{name}.json"));
        let body = STANDARD.decode(event["body"].as_str().unwrap()).unwrap();
        let id = event["headers"]["webhook-id"].as_str().unwrap().to_owned();
        let now = Timestamp::now().as_second();
        let signature = sign(&Secrets::parse(SECRET).unwrap(), &id, now, &body);
        for (name, value) in [("webhook-timestamp", now.to_string()), ("webhook-signature", signature)] {
            event["headers"][name] = json!(value);
            event["multiValueHeaders"][name] = json!([value]);
        }
        let answer = answer_to(doors.router(path), &event).await;
        assert_eq!((answer.0, &answer.1["fate"], &answer.1["delivery_id"]), (200, &json!("new"), &json!(id)));
    }
    let mut event = importing::sample("buddy-api.matches.json");
    event["headers"]["Authorization"] = json!(format!("Bearer {}", admin()));
    let (status, answer) = answer_to(&doors.buddy, &event).await;
    assert_eq!(
        (status, &answer["items"][0]["fate"], &answer["items"][1]["fate"]),
        (200, &json!("new"), &json!("rejected"))
    );
    let mut event = importing::sample("upskilling-webhook.completions.json");
    event["headers"]["Authorization"] = json!(format!("Bearer {}", admin()));
    assert_eq!(answer_to(&doors.upskilling, &event).await.0, 201);
    let beats = "SELECT string_agg(function || ' ' || service, ', ' ORDER BY function) FROM core.heartbeats WHERE last_ok_at IS NOT NULL AND function LIKE ANY('{%-api,%-webhook}')";
    assert_eq!(doors.text(beats).await, "buddy-api buddy, upskilling-webhook upskilling");
}

async fn answer_to(router: &Router, event: &Value) -> (u16, Value) {
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let response = shared::http::answer(router.clone(), request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn each_provider_signs_with_its_own_secret_and_two_are_good_while_one_is_replaced() {
    let doors = Doors::with_people().await;
    let own = |name: &str| {
        let stored = secret();
        stored.say(Some(if name == "ecornell" { ANOTHER } else { SECRET }));
        stored.kept()
    };
    let db = doors.files.database.db_for("teei_upskilling_webhook");
    let app = upskilling::webhook::App::new(db, Box::new(keys()), Box::new(doors.nudges.clone()), own);
    let router = upskilling::webhook::router(app.into(), verifier());
    for (source, secret, expected) in [
        ("ecornell", SECRET, "401 bad_signature"),
        ("ecornell", ANOTHER, "200"),
        ("itslearning", ANOTHER, "401 bad_signature"),
        ("itslearning", SECRET, "200"),
    ] {
        let kind = SOURCES.iter().find(|(name, ..)| *name == source).unwrap().2[0];
        let delivery = Sent { secret, ..delivery(source, "msg_own", &sample_of(source, kind)) };
        assert_eq!(delivery.to(&router).await.brief(), expected, "{source}");
    }
    let send = async |id: &str, secret| {
        Sent { secret, ..delivery("buddy", id, &sample_of("buddy", "match.created")) }.to(&doors.buddy).await.brief()
    };
    doors.stored.say(Some(&json!([ANOTHER, SECRET]).to_string()));
    assert_eq!((send("msg_1", SECRET).await, send("msg_2", ANOTHER).await), ("200".to_owned(), "200".to_owned()));
    doors.stored.say(Some(ANOTHER));
    assert_eq!(send("msg_3", SECRET).await, "401 bad_signature");
}
