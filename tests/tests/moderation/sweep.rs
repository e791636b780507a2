//! What the clock sees to.

use moderation::office_hours::OfficeHours;
use serde_json::json;
use shared::auth::Role;

use crate::support::{SCREENER, World, deliver, hours, screener_of};

#[tokio::test]
async fn a_text_without_a_screening_for_five_minutes_is_counted_until_it_is_screened() {
    let world = World::new().await;
    let text = world.wrote("Hyggelig.").await;
    let swept = world.sweep().await;
    assert_eq!(swept.unscreened, 0, "it has just come");
    world.owner.batch_execute("UPDATE vault.texts SET received_at = now() - interval '301 seconds'").await.unwrap();
    let swept = world.sweep().await;
    assert_eq!(swept.unscreened, 1);
    assert!((301..400).contains(&swept.oldest_unscreened_seconds), "{swept:?}");
    assert_eq!(
        world.one("SELECT count(*) FROM core.screenings").await,
        "0",
        "the event is the one trigger of screening"
    );
    assert_eq!(world.deliver(&[text.received()]).await, [""; 0]);
    assert_eq!(world.sweep().await.unscreened, 0);
    // What was withdrawn before it was screened counts, what nobody can read any more does not.
    let [withdrawn, erased] = [world.wrote("Hei.").await, world.wrote("Hei.").await];
    world
        .owner
        .batch_execute(&format!(
            "UPDATE vault.texts SET received_at = now() - interval '1 day';
             UPDATE vault.texts SET withdrawn_at = now() WHERE text_id = '{}';
             UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = '{}'",
            withdrawn.id, erased.person
        ))
        .await
        .unwrap();
    assert_eq!(world.sweep().await.unscreened, 1);
    assert_eq!(world.deliver(&[withdrawn.received()]).await, [""; 0]);
    assert_eq!(world.sweep().await.unscreened, 0);
}

#[tokio::test]
async fn what_was_found_in_the_texts_of_erased_people_is_forgotten_and_their_items_are_closed() {
    let world = World::new().await;
    let [crisis, insult, kept] =
        [world.received("#crisis").await, world.received("#insult").await, world.received("#child").await];
    world.decided(&insult, Role::Reviewer, "kari", &json!({"decision": "overturn", "notes": "en spøk"})).await;
    let screener = world.database.client_for(SCREENER).await;
    let refused = screener.execute("SELECT core.forget_screenings($1)", &[&kept.person]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501", "this person has a key");
    world
        .owner
        .execute(
            "UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = ANY($1)",
            &[&vec![crisis.person, insult.person]],
        )
        .await
        .unwrap();
    assert_eq!(world.sweep().await.forgotten, 2);
    assert_eq!(world.sweep().await.forgotten, 0);
    let left = "SELECT json_build_array((SELECT json_agg(DISTINCT category) FROM core.screening_findings),
        (SELECT count(*) FROM vault.review_notes), (SELECT count(*) FROM vault.cleared_texts))";
    assert_eq!(world.json(left).await, json!([["safeguarding"], 0, 0]));
    let closed = format!("SELECT lane || ' ' || closed_by FROM core.reviews WHERE text_id = '{}'", crisis.id);
    assert_eq!(world.one(&closed).await, "general erasure");
    assert_eq!(world.outcome(&crisis).await, json!(["review", "general", false, false, null, null]));
    // Nor does an undo keep their texts for somebody to look at.
    let delete = |text: &crate::support::Text| format!("DELETE FROM vault.texts WHERE text_id = '{}'", text.id);
    world.owner.batch_execute(&delete(&crisis)).await.unwrap();
    assert!(world.owner.batch_execute(&delete(&kept)).await.is_err());
}

#[tokio::test]
async fn an_item_of_the_sensitive_lane_that_nobody_opened_in_time_is_overdue() {
    let world = World::new().await;
    let item = world.item(&world.received("#crisis").await).await;
    assert_eq!(world.sweep().await.overdue, 0);
    world.owner.batch_execute("UPDATE core.reviews SET due_at = now() - interval '1 minute'").await.unwrap();
    assert_eq!(world.sweep().await.overdue, 1);
    let list = world.ask("GET", "reviews?lane=sensitive", Role::Safeguarding, "siri", None).await;
    assert_eq!(list.json["queue"]["sensitive"]["overdue"], 1);
    world.ask("POST", &format!("reviews/{item}/claim"), Role::Safeguarding, "siri", None).await;
    assert_eq!(world.sweep().await.overdue, 1, "a claim is not a look");
    world.opened(item, Role::Safeguarding, "siri").await;
    assert_eq!(world.sweep().await.overdue, 0);
}

#[tokio::test]
async fn claims_that_ended_are_given_back() {
    let world = World::new().await;
    let [review, block] = [world.received("#insult").await, world.received("#hate").await];
    for text in [&review, &block] {
        let item = world.item(text).await;
        world.ask("POST", &format!("reviews/{item}/claim"), Role::Reviewer, "kari", None).await;
    }
    assert_eq!(world.sweep().await.lapsed, 0);
    world.owner.batch_execute("UPDATE core.reviews SET claimed_until = now() - interval '1 second'").await.unwrap();
    assert_eq!(world.sweep().await.lapsed, 2);
    assert_eq!(world.outcome(&review).await[4], "pending");
    // Given back to where it was; and from there the sample of the day has taken it.
    assert!(["held", "pending"].contains(&world.outcome(&block).await[4].as_str().unwrap()));
}

#[tokio::test]
async fn each_day_shows_a_sample_of_what_was_blocked_once() {
    let world = World::new().await;
    let mut texts = Vec::new();
    for _ in 0..7 {
        texts.push(world.received("#hate").await);
    }
    assert_eq!((world.sweep().await.sampled, world.sweep().await.sampled), (5, 0));
    assert_eq!(world.one("SELECT picked FROM core.review_samples").await, "5");
    let reasons = "SELECT json_agg(json_build_array(reason, state, n) ORDER BY reason) FROM (SELECT reason, state, count(*) AS n FROM core.reviews GROUP BY 1, 2) x";
    assert_eq!(world.json(reasons).await, json!([["block", "held", 2], ["sample", "pending", 5]]));
    assert_eq!(world.one("SELECT count(*) FROM bus.events WHERE type = 'safety.flag.raised.v1'").await, "5");
    world.owner.batch_execute("UPDATE core.review_samples SET day = day - 1").await.unwrap();
    assert_eq!(world.sweep().await.sampled, 2, "the next day");
    // What was blocked since comes first, and no lane has the other's places.
    for _ in 0..6 {
        world.received("#hate").await;
    }
    world.received("#vague").await;
    world.owner.batch_execute("UPDATE core.review_samples SET day = day - 7").await.unwrap();
    assert_eq!(world.sweep().await.sampled, 6);
    let since = [world.received("#hate").await, world.received("#hate").await];
    for _ in 0..3 {
        world.received("#hate").await;
    }
    world.owner.batch_execute("UPDATE core.review_samples SET day = day - 30").await.unwrap();
    assert_eq!(world.sweep().await.sampled, 5);
    for text in &since {
        assert_eq!(world.outcome(text).await[5], "sample");
    }
    // Nobody is there at night to be shown any.
    let closed = World::with(OfficeHours::new("Europe/Oslo", &never()).unwrap()).await;
    closed.received("#hate").await;
    assert_eq!(closed.sweep().await.sampled, 0);
}

/// Hours on another day than today.
fn never() -> String {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let today = hours().day(jiff::Timestamp::now()).weekday().to_monday_zero_offset() as usize;
    format!("{} 09:00-10:00", days[(today + 3) % 7])
}

#[tokio::test]
async fn a_day_on_which_nothing_was_blocked_yet_is_sampled_when_something_is() {
    let world = World::new().await;
    assert_eq!(world.sweep().await.sampled, 0);
    let text = world.received("#hate").await;
    assert_eq!(world.sweep().await.sampled, 1);
    assert_eq!(world.outcome(&text).await[5], "sample");
}

#[tokio::test]
async fn a_sweep_that_is_killed_or_doubled_samples_no_text_twice() {
    let world = World::new().await;
    for _ in 0..4 {
        world.received("#hate").await;
    }
    world.nudges.fail(true);
    assert!(moderation::screener::handle(&world.screener, json!({}), crate::support::PLENTY).await.is_err());
    assert_eq!(
        world.one("SELECT count(*) FROM core.reviews WHERE reason = 'sample'").await,
        "0",
        "rolled back as a whole"
    );
    world.nudges.fail(false);
    let other = screener_of(&world.database, &world.nudges, "1.0.0+aa", hours());
    let (one, two) = tokio::join!(
        moderation::screener::handle(&world.screener, json!({}), crate::support::PLENTY),
        moderation::screener::handle(&other, json!({}), crate::support::PLENTY)
    );
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(world.one("SELECT count(*) FROM bus.events WHERE type = 'safety.flag.raised.v1'").await, "4");
}

#[tokio::test]
async fn a_replay_tells_at_its_end_what_is_new_and_nothing_twice() {
    let world = World::new().await;
    let [old, new] = [world.received("Hyggelig.").await, world.wrote("#insult").await];
    let replay = uuid::Uuid::now_v7();
    let once_more = |text: &crate::support::Text| {
        let mut body: serde_json::Value = serde_json::from_str(&text.received()).unwrap();
        body["detail"]["replayid"] = json!(replay);
        body.to_string()
    };
    assert_eq!(world.deliver(&[once_more(&old), once_more(&new)]).await, [""; 0]);
    assert_eq!(world.told(&new).await.len(), 0, "not while the replay runs");
    assert_eq!(world.outcome(&new).await[4], "pending", "but whoever reviews sees it at once");
    let settle = shared::bus::consumer::settle::Settle::body(Some(replay));
    for _ in 0..2 {
        assert_eq!(world.deliver(std::slice::from_ref(&settle)).await, [""; 0]);
    }
    assert_eq!(world.told(&old).await, ["safety.text.screened.v1 allow 1"]);
    assert_eq!(world.told(&new).await, ["safety.text.screened.v1 review 1", "safety.flag.raised.v1 false 1"]);
    // A newer engine has a replay screen everything again.
    let newer = screener_of(&world.database, &world.nudges, "2.0.0+cc", hours());
    assert_eq!(deliver(&newer, &[once_more(&old)]).await, [""; 0]);
    assert_eq!(deliver(&newer, &[settle]).await, [""; 0]);
    assert_eq!(world.told(&old).await.last().unwrap(), "safety.text.screened.v1 allow 2");
}
