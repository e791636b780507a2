//! The same records by another door than a dropped file: one fact, one event, one set of rules.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::intake::{
    entity::Entity,
    live::{Delivery, Door, Item, Taken, take_in},
};
use tokio_postgres::Client;

use super::support::{HEADER, World, file, line};

/// When the deliveries of these tests come.
fn now() -> Timestamp {
    "2026-05-05T08:00:00Z".parse().unwrap()
}

/// A live door of Kintell, under its own role.
struct Live {
    client: Client,
    vault: shared::vault::Vault,
}

impl Live {
    async fn new(world: &World) -> Self {
        Self { client: world.database.client_for("teei_kintell_webhook").await, vault: world.database.vault().await }
    }

    async fn take(&mut self, entity: &'static Entity, items: Vec<Item>) -> Taken {
        self.take_as(Delivery { received_at: now(), ..Delivery::new(entity, Door::Webhook, &items, "req-1") }).await
    }

    async fn take_as(&mut self, delivery: Delivery<'_>) -> Taken {
        let tx = self.client.transaction().await.unwrap();
        let taken = take_in(&tx, &self.vault, &delivery).await.unwrap();
        tx.commit().await.unwrap();
        taken
    }
}

fn item(value: &Value) -> Item {
    Item::read(&value.to_string()).ok().unwrap()
}

/// The session of [`line`], as JSON.
fn session(id: &str) -> Value {
    json!({
        "session_id": id, "participant_email": "olena@people.example", "volunteer_email": "kari@nordlys.example",
        "scheduled_at": "2025-03-04T17:00:00Z", "completed_at": "2025-03-04T17:45:00Z", "duration_minutes": 45,
        "rating": 4, "feedback_text": "fint", "language_level": "A2",
    })
}

fn sessions() -> &'static Entity {
    &kintell::sessions::SESSIONS
}

fn ends(taken: &Taken) -> Vec<String> {
    let end = |item: &shared::intake::live::TakenItem| match &item.rejection {
        Some(why) => format!("{} {}", why.code, why.column.as_deref().unwrap_or("-")),
        None => format!("{} {}", item.fate.as_str(), item.fact.map_or(0, |(_, revision)| revision)),
    };
    taken.items.iter().map(end).collect()
}

#[tokio::test]
async fn a_session_by_file_and_then_live_is_one_fact_and_no_second_event() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "fint")])).await;
    let (facts, events) =
        (world.text("SELECT md5(string_agg(t::text, '')) FROM core.kintell_sessions t").await, world.events().await);
    let taken = live.take(sessions(), vec![item(&session("S1"))]).await;
    assert_eq!((ends(&taken), taken.outcome.as_str(), taken.events), (vec!["unchanged 1".to_owned()], "unchanged", 0));
    assert_eq!(world.text("SELECT md5(string_agg(t::text, '')) FROM core.kintell_sessions t").await, facts);
    assert_eq!(world.events().await, events);
}

#[tokio::test]
async fn a_session_live_and_then_by_file_is_one_fact_and_no_second_event() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let taken = live.take(sessions(), vec![item(&session("S1"))]).await;
    assert_eq!((ends(&taken), taken.outcome.as_str()), (vec!["new 1".to_owned()], "loaded"));
    let before = world.events().await;
    assert_eq!(taken.events as usize, before.len());
    let receipt = world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "fint")])).await;
    assert_eq!((&receipt["counts"]["unchanged"], &receipt["events"]), (&json!(1), &json!(1)), "{receipt}");
    let facts: Vec<_> = world.events().await.into_iter().filter(|kind| kind != "intake.import.completed.v1").collect();
    assert_eq!(facts, before, "nothing but that the file was read");
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
}

#[tokio::test]
async fn a_delivery_is_an_import_with_fates_receipt_and_provenance() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let items = [item(&session("S1")), item(&json!({ "session_id": "S2", "rating": 7, "shoe_size": 43 }))];
    let delivery = Delivery {
        received_at: now(),
        name: Some("session.completed"),
        ..Delivery::new(sessions(), Door::Webhook, &items, "0199aaaa-bbbb-cccc")
    };
    let taken = live.take_as(delivery).await;
    assert_eq!(ends(&taken), ["new 1", "missing_required participant_email"]);
    let row = world
        .owner
        .query_one(
            "SELECT door, source, entity, layout, status, outcome, bucket, receipt FROM intake.imports WHERE import_id = $1",
            &[&taken.import_id],
        )
        .await
        .unwrap();
    let texts: Vec<Option<String>> = (0..7).map(|at| row.get(at)).collect();
    let expected = ["webhook", "kintell", "sessions", "language", "done", "loaded"].map(|text| Some(text.to_owned()));
    assert_eq!((&texts[..6], &texts[6]), (&expected[..], &None));
    let receipt: Value = row.get(7);
    assert_eq!(
        (&receipt["counts"]["records"], &receipt["counts"]["new"], &receipt["counts"]["rejected"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        (&receipt["door"], &receipt["name"], &receipt["file"]),
        (&json!("webhook"), &json!("session.completed"), &Value::Null)
    );
    assert_eq!(receipt["columns"]["unknown"], json!([{ "name": "shoe_size" }]));
    let fates = world.text(&format!("SELECT string_agg(record || ' ' || line || ' ' || fate, ', ' ORDER BY record) FROM intake.records WHERE import_id = '{}'", taken.import_id)).await;
    assert_eq!(fates, "1 1 new, 2 2 rejected");
    let completed = world.event_data("kintell.session.completed.v1").await;
    assert_eq!((&completed[0]["importId"], &completed[0]["line"]), (&json!(taken.import_id), &json!(1)));
    let correlations = world.text("SELECT string_agg(DISTINCT correlation_id, ' ') FROM bus.events").await;
    assert_eq!(correlations, "0199aaaa-bbbb-cccc");
    let triggers = world.event_data("profile.created.v1").await;
    assert!(triggers.iter().all(|data| data["trigger"] == "webhook"), "{triggers:?}");
}

#[tokio::test]
async fn repeats_within_a_delivery_end_as_in_a_file() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let mut other = session("S2");
    other["rating"] = json!(5);
    let mut spelt = session("S1");
    spelt["rating"] = json!("4.0");
    let unreadable = json!({ "session_id": "S1", "rating": "x" });
    let items = [session("S1"), spelt, session("S2"), other, unreadable, session("S3")].iter().map(item).collect();
    let taken = live.take(sessions(), items).await;
    let expected = [
        "new 1",
        "duplicate 0",
        "duplicate_conflict session_id",
        "duplicate_conflict session_id",
        "missing_required participant_email",
        "new 1",
    ];
    assert_eq!(ends(&taken), expected);
}

#[tokio::test]
async fn five_hundred_items_in_two_layouts_are_one_delivery() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let one = |n: usize| {
        let mut value = session(&format!("S{n}"));
        if n % 2 == 1 {
            let members = value.as_object_mut().unwrap();
            let volunteer = members.remove("volunteer_email").unwrap();
            members.insert("mentor_email".to_owned(), volunteer);
            members.remove("language_level");
        }
        item(&value)
    };
    let taken = live.take(sessions(), (0..500).map(one).collect()).await;
    assert!(taken.items.iter().all(|item| item.fact.is_some_and(|(_, revision)| revision == 1)));
    assert_eq!(world.text("SELECT string_agg(session_type || ' ' || n, ', ' ORDER BY session_type) FROM (SELECT session_type, count(*) AS n FROM core.kintell_sessions GROUP BY 1) x").await, "language 250, mentorship 250");
    assert_eq!(world.count("SELECT count(*) FROM core.profiles").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM intake.imports WHERE layout IS NULL").await, 1);
    let lines = world
        .text("SELECT string_agg(DISTINCT (s.source_id = 'S' || (s.line - 1))::text, ',') FROM core.kintell_sessions s")
        .await;
    assert_eq!(lines, "true", "each fact names its own item");
}

#[tokio::test]
async fn an_empty_value_clears_only_what_came_by_the_same_door_and_layout() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    world.import("kintell/sessions/a.csv", file(&[line("S1", "4", "fint")])).await;
    let with = |rating: Value| {
        let mut value = session("S1");
        value["rating"] = rating;
        item(&value)
    };
    let kept = live.take(sessions(), vec![with(Value::Null)]).await;
    assert_eq!(ends(&kept), ["unchanged 1"]);
    assert_eq!(kept.items[0].warnings[0].as_str(), "kept_other_source");
    assert_eq!(ends(&live.take(sessions(), vec![with(json!(5))]).await), ["changed 2"]);
    assert_eq!(ends(&live.take(sessions(), vec![with(Value::Null)]).await), ["changed 3"]);
    let mut absent = session("S1");
    absent.as_object_mut().unwrap().remove("language_level");
    absent["rating"] = Value::Null;
    assert_eq!(ends(&live.take(sessions(), vec![item(&absent)]).await), ["unchanged 3"], "what is absent says nothing");
    assert_eq!(
        world.text("SELECT language_level || COALESCE(rating::text, ' none') FROM core.kintell_sessions").await,
        "A2 none"
    );
}

#[tokio::test]
async fn what_was_told_later_wins_whatever_comes_first() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let told = |minutes: i64, rating: i64| {
        let mut value = session("S1");
        value["rating"] = json!(rating);
        item(&value).told_at(now() - SignedDuration::from_mins(minutes))
    };
    assert_eq!(ends(&live.take(sessions(), vec![told(10, 5)]).await), ["new 1"]);
    let late = live.take(sessions(), vec![told(20, 1)]).await;
    assert_eq!((ends(&late), late.items[0].warnings[0].as_str()), (vec!["unchanged 1".to_owned()], "stale_revision"));
    assert_eq!(ends(&live.take(sessions(), vec![told(5, 1)]).await), ["changed 2"]);
    // Back to what it was: newer than what is known, so no old export that comes late.
    assert_eq!(ends(&live.take(sessions(), vec![told(1, 5)]).await), ["changed 3"]);
    // Nobody tells the future.
    assert_eq!(ends(&live.take(sessions(), vec![told(-600, 2)]).await), ["changed 4"]);
    assert_eq!(ends(&live.take(sessions(), vec![told(0, 4)]).await), ["changed 5"]);
}

#[tokio::test]
async fn a_rating_waits_for_its_session_and_is_told_once_it_is_there() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let rating = json!({
        "rating_id": "R1", "session_id": "S1", "from_role": "volunteer", "rating": 5,
        "feedback_text": "Modig!", "created_at": "2025-03-04T19:00:00Z",
    });
    let items = [item(&rating)];
    let delivery = |again| Delivery {
        received_at: now(),
        again,
        ..Delivery::new(&kintell::ratings::RATINGS, Door::Webhook, &items, "req-1")
    };
    let orphan = live.take_as(delivery(None)).await;
    assert_eq!(
        (ends(&orphan), orphan.outcome.as_str(), orphan.retryable),
        (vec!["orphan_ref session_id".to_owned()], "refused", true)
    );
    live.take(sessions(), vec![item(&session("S1"))]).await;
    let healed = live.take_as(delivery(Some(orphan.import_id))).await;
    assert_eq!((ends(&healed), healed.import_id), (vec!["new 1".to_owned()], orphan.import_id));
    assert_eq!(world.count("SELECT attempts::int8 FROM intake.imports WHERE entity = 'ratings'").await, 2);
    let created = &world.event_data("kintell.rating.created.v1").await[0];
    assert_eq!(
        (&created["rating"], &created["fromRole"], &created["ratingScale"]),
        (&json!(1.0), &json!("volunteer"), &json!("1-5"))
    );
    let text = world.text("SELECT author_role || ' ' || kind || ' ' || (author_id = volunteer_id) || ' ' || (subject_id = participant_id) FROM vault.texts JOIN core.kintell_ratings r ON fact_id = rating_id").await;
    assert_eq!(text, "volunteer kintell_session true true");
    assert_eq!(world.events().await.iter().filter(|kind| *kind == "intake.text.received.v1").count(), 2);
    // Dropped as a file it is the same rating.
    let csv = "rating_id,session_id,from_role,rating,feedback_text,created_at\nR1,S1,volunteer,5,Modig!,2025-03-04T19:00:00Z\n";
    assert_eq!(world.import("kintell/ratings/r.csv", csv).await["counts"]["unchanged"], 1);
}

#[tokio::test]
async fn a_delivery_is_undone_like_a_file() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let taken = live.take(sessions(), vec![item(&session("S1"))]).await;
    let receipt = json!({ "id": taken.import_id, "source": "kintell" });
    let undone = world.undo(&receipt).await;
    assert_eq!(
        (&undone["outcome"], &undone["undo"]["removed"], &undone["undo"]["people_removed"]),
        (&json!("undone"), &json!(1), &json!(2)),
        "{undone}"
    );
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_sessions").await, 0);
    assert!(world.events().await.contains(&"fact.retracted.v1".to_owned()));
    assert_eq!(
        ends(&live.take(sessions(), vec![item(&session("S1"))]).await),
        ["new 1"],
        "put in again it is a new fact"
    );
}

#[tokio::test]
async fn whoever_objects_is_in_no_live_record_either() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    world.import("kintell/sessions/a.csv", format!("{HEADER}\n{}", line("S1", "4", "a"))).await;
    world
        .owner
        .execute(
            "INSERT INTO core.purposes SELECT participant_id, 'programme', 'contract', 'objected', 'test', now() FROM core.kintell_sessions",
            &[],
        )
        .await
        .unwrap();
    let rating = json!({ "rating_id": "R1", "session_id": "S1", "from_role": "participant", "rating": 2, "created_at": "2025-03-05T08:00:00Z" });
    let taken = live.take(&kintell::ratings::RATINGS, vec![item(&rating)]).await;
    assert_eq!((ends(&taken), taken.outcome.as_str()), (vec!["suppressed 0".to_owned()], "unchanged"));
    assert_eq!(world.count("SELECT count(*) FROM core.kintell_ratings").await, 0);
}

#[tokio::test]
async fn words_that_a_live_door_empties_are_withdrawn() {
    let world = World::new().await;
    let mut live = Live::new(&world).await;
    let with = |words: Value| {
        let mut value = session("S1");
        value["feedback_text"] = words;
        item(&value)
    };
    assert_eq!(ends(&live.take(sessions(), vec![with(json!("fint"))]).await), ["new 1"]);
    assert_eq!(ends(&live.take(sessions(), vec![with(Value::Null)]).await), ["changed 2"]);
    assert_eq!(world.count("SELECT count(*) FROM vault.texts WHERE withdrawn_at IS NULL").await, 0);
    assert_eq!(world.event_data("fact.retracted.v1").await[0]["factType"], "intake.text");
}
