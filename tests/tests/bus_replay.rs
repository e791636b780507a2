//! Replays against Postgres: everything made anew is what it was, a gap is healed, nothing is told twice.

mod support;

use std::{cell::RefCell, time::Duration};

use bus::{RelayError, relay};
use profile::projector::handle;
use proptest::{prelude::*, test_runner::TestRunner};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{
    bus::reconcile::reconcile,
    contracts::{Contract, CourseStatus, EndReason, FactType, MatchCreated, MatchSide, Revision, SessionCompleted},
};
use support::{
    PLENTY, batch,
    bus::{Platform, TABLES},
    meetings::{day, event, people, rated, session},
    programmes::*,
    text,
};
use uuid::Uuid;

fn id() -> Uuid {
    Uuid::now_v7()
}

fn good(rating: i64, data: SessionCompleted) -> String {
    event(rated(data, Decimal::new(rating * 25, 2))).1
}

fn second(data: SessionCompleted) -> SessionCompleted {
    SessionCompleted { revision: Revision::FIRST.next(), ..data }
}

/// Something of everything that leaves a trace: revisions that overtake each other, people who change, what hangs on a
/// match, courses that began earlier, milestones and flags that come and go.
fn history([p, q, v, b]: [Uuid; 4]) -> Vec<String> {
    let [one, two, three, low, lower, moved, matched_id, seen, said, outing, came, skill, step, gone] =
        std::array::from_fn(|_| id());
    let [learning, done, paper] = std::array::from_fn(|_| id());
    vec![
        good(4, session(one, p, v, 10)),
        good(4, session(two, p, v, 17)),
        good(4, session(three, p, v, 24)),
        good(1, session(low, q, v, 30)),
        good(1, session(lower, q, v, 40)),
        good(3, second(session(lower, q, v, 40))),
        good(2, session(moved, p, v, 5)),
        good(2, second(session(moved, q, v, 6))),
        checkin(seen, matched_id, 15, 1),
        matched(matched_id, p, b, 12, 1),
        feedback(said, matched_id, MatchSide::Buddy, 16, 1),
        ended(matched_id, q, b, 12, 30, EndReason::Completed, 2),
        logged(outing, matched_id, &[], 20, 1),
        attended(came, p, 21, 1),
        skill_shared(skill, p, b, 22, 1),
        milestone(step, q, 23, 1),
        matched(gone, p, v, 3, 1),
        retracted(FactType::BuddyMatch, gone, 2),
        progress(learning, p, "intro", CourseStatus::InProgress, 50, 2),
        progress(learning, p, "intro", CourseStatus::Enrolled, 45, 1),
        completion(done, p, "intro", 60, 1),
        credential(paper, p, 61, 1),
        retracted(FactType::UpskillingCredential, paper, 2),
    ]
}

async fn lived() -> (Platform, [Uuid; 4]) {
    let mut platform = Platform::new().await;
    let people: [Uuid; 4] = people(&platform.owner).await;
    platform.log(&history(people)).await;
    // Not in the order of the log: a rebuild has another.
    platform.publish().await;
    let mut bodies = platform.on_the_bus();
    bodies.reverse();
    assert_eq!(platform.deliver(&bodies).await, 0);
    platform.settle().await;
    (platform, people)
}

#[tokio::test]
async fn everything_made_anew_from_the_log_is_what_it_was_and_nothing_is_told() {
    let (mut platform, _) = lived().await;
    let (before, told) = (platform.projection().await, platform.told().await);
    for table in ["timeline", "match_facts", "retracted_facts", "enrolments", "milestones", "flags"] {
        assert!(!before[table].as_array().unwrap().is_empty(), "{table} is empty: the history is too poor");
    }
    let replay = platform.replay(None).await;
    platform.publish().await;
    let emptied = platform.projection().await;
    assert_eq!(
        (&emptied["timeline"], &emptied["match_facts"]),
        (&json!([]), &json!([])),
        "what was made of facts goes first"
    );
    assert_eq!(emptied["milestones"], before["milestones"], "journeys stay readable");
    platform.settle().await;
    assert_eq!(platform.progress(replay).await, json!(["done", 23, 23, 23, 0]));
    assert_eq!(platform.projection().await, before);
    assert_eq!(platform.told().await, told);
    assert_eq!(text(&platform.owner, "SELECT count(*) FROM bus.unsettled").await, "0");
}

#[tokio::test]
async fn journeys_that_were_lost_come_back_with_the_revisions_others_have_seen_and_nothing_is_told() {
    let (mut platform, _) = lived().await;
    let (mut before, told) = (platform.projection().await, platform.told().await);
    platform
        .owner
        .batch_execute(&format!("TRUNCATE {}", TABLES.map(|table| format!("core.{table}")).join(", ")))
        .await
        .unwrap();
    // Nothing of the people is left to begin with, but what the log says about them.
    platform.replay(None).await;
    platform.settle().await;
    let mut after = platform.projection().await;
    for state in [&mut before, &mut after] {
        state["profiles"] = Value::Null; // A reader has seen them come back.
    }
    assert_eq!(after, before);
    assert_eq!(platform.told().await, told);
}

#[tokio::test]
async fn what_the_log_cannot_bring_back_stays() {
    let mut platform = Platform::new().await;
    support::seed(&platform.database).await;
    let before = platform.projection().await;
    assert!(!before["timeline"].as_array().unwrap().is_empty());
    let replay = platform.replay(None).await;
    platform.settle().await;
    assert_eq!(platform.progress(replay).await, json!(["done", 0, 0, 0, 0]));
    assert_eq!(platform.projection().await, before);
    assert_eq!(platform.told().await, "0");
}

#[tokio::test]
async fn an_event_that_comes_in_the_middle_of_a_rebuild_is_told_once_at_its_end_by_the_whole_journey() {
    let (mut platform, [p, _, v, _]) = lived().await;
    let told = platform.told().await;
    platform.replay(None).await;
    platform.publish().await;
    // The replay lies in the queue, the timelines are empty, and two things happen.
    let news = [matched(id(), p, v, 200, 1), good(4, session(id(), v, p, 2))];
    platform.log(&news).await;
    platform.publish().await;
    let live = platform.on_the_bus();
    assert_eq!((live.len(), platform.deliver(&live).await), (2, 0));
    assert_eq!(
        platform.told().await,
        (told.parse::<i64>().unwrap() + 2).to_string(),
        "the facts themselves, and nothing that follows"
    );
    platform.settle().await;
    // p has had a buddy before (it was taken back), v a first session now: by the whole timeline, not by what was there.
    let new = "SELECT json_agg(json_build_array(detail::json->'data'->>'milestone', detail::json->'data'->>'reachedAt') ORDER BY detail::json->'data'->>'milestone')
               FROM (SELECT * FROM bus.events WHERE type = 'profile.milestone.reached.v1' ORDER BY event_id DESC LIMIT 2) e";
    let new: Value = serde_json::from_str(&text(&platform.owner, new).await).unwrap();
    assert_eq!(new, json!([["buddy_matched", day(200).to_string()], ["first_language_session", day(2).to_string()]]));
    assert_eq!(platform.told().await, (told.parse::<i64>().unwrap() + 4).to_string());
    let before = platform.projection().await;
    platform.replay(None).await;
    platform.settle().await;
    assert_eq!(platform.projection().await, before, "made anew once more, it is the same");
}

#[tokio::test]
async fn an_event_that_was_lost_is_missing_and_a_replay_heals_it_with_what_follows_from_it() {
    let mut platform = Platform::new().await;
    let [p, v, b] = people(&platform.owner).await;
    platform.log(&[good(4, session(id(), p, v, 10)), matched(id(), p, b, 3, 1)]).await;
    platform.publish().await;
    let bodies = platform.on_the_bus();
    assert_eq!(platform.deliver(&bodies[..1]).await, 0);
    let missing = async |platform: &Platform| -> Vec<(String, i64, i64, i64)> {
        let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
        let lines = reconcile(&platform.owner, from, Duration::ZERO).await.unwrap();
        let busy = lines.into_iter().filter(|line| line.published > 0);
        busy.map(|line| (line.kind, line.published, line.received, line.missing)).collect()
    };
    let lost = (MatchCreated::TYPE.to_owned(), 1, 0, 1);
    let there = (SessionCompleted::TYPE.to_owned(), 1, 1, 0);
    assert_eq!(missing(&platform).await, [lost, there.clone()]);
    platform.settle().await;

    let told = platform.told().await.parse::<i64>().unwrap();
    let replay = platform.replay(Some(&[MatchCreated::TYPE])).await;
    platform.publish().await;
    let sent = platform.queued();
    assert_eq!(sent.len(), 1);
    let detail = serde_json::from_str::<Value>(&sent[0]).unwrap()["detail"].clone();
    assert_eq!((&detail["replayid"], &detail["type"]), (&json!(replay), &json!(MatchCreated::TYPE)));
    assert_eq!(platform.deliver(&sent).await, 0);
    assert_eq!(platform.told().await, told.to_string(), "taking in an event of a replay publishes nothing");
    platform.settle().await;
    assert_eq!(platform.progress(replay).await, json!(["done", 1, 1, 1, 0]));
    assert_eq!(missing(&platform).await, [(MatchCreated::TYPE.to_owned(), 1, 1, 0), there]);
    assert_eq!(platform.told().await, (told + 1).to_string(), "the milestone nobody had heard of, at the replay's end");
    assert_eq!(
        text(&platform.owner, "SELECT string_agg(milestone, ' ' ORDER BY milestone) FROM core.milestones").await,
        "buddy_matched first_language_session"
    );
}

#[tokio::test]
async fn a_part_sent_once_more_onto_what_is_there_changes_nothing_and_forgets_only_itself() {
    let (mut platform, _) = lived().await;
    let (before, told) = (platform.projection().await, platform.told().await);
    let inbox = "SELECT count(*) FROM bus.inbox";
    let all = text(&platform.owner, inbox).await;
    let replay = platform.replay(Some(&[SessionCompleted::TYPE])).await;
    platform.publish().await;
    assert_eq!(text(&platform.owner, inbox).await, (all.parse::<i64>().unwrap() - 8).to_string());
    platform.settle().await;
    assert_eq!(platform.progress(replay).await, json!(["done", 8, 8, 8, 0]));
    assert_eq!((platform.projection().await, platform.told().await), (before, told));
    assert_eq!(text(&platform.owner, inbox).await, all);
}

#[tokio::test]
async fn a_relay_that_dies_in_a_replay_sends_a_page_twice_at_most_and_loses_nothing() {
    let mut platform = Platform::new().await;
    let [p, v] = people(&platform.owner).await;
    let bodies: Vec<String> = (0..250).map(|n| good(4, session(id(), p, v, n))).collect();
    platform.log(&bodies).await;
    platform.settle().await;
    let (before, told) = (platform.projection().await, platform.told().await);
    let replay = platform.replay(None).await;
    // A request of the first page, of the second and of the last fails with most of its messages in.
    platform.queues.fail(&[4, 15, 28]);
    for _ in 0..3 {
        let error = relay::run(&platform.relay, PLENTY).await.unwrap_err();
        assert!(matches!(error, RelayError::Queue(_)), "{error}");
    }
    platform.publish().await;
    let sent = platform.queued();
    assert!(sent.len() > 250 && sent.len() <= 550, "{} messages", sent.len());
    assert_eq!(platform.deliver(&sent).await, 0);
    platform.settle().await;
    assert_eq!(platform.progress(replay).await, json!(["done", 250, 250, 250, 0]));
    assert_eq!((platform.projection().await, platform.told().await), (before, told));
}

#[tokio::test]
async fn an_event_that_fails_in_a_replay_is_counted_as_a_dead_letter_and_ends_it_all_the_same() {
    let mut platform = Platform::new().await;
    let [p, v] = people(&platform.owner).await;
    let stranger = id();
    platform.log(&[good(4, session(id(), p, v, 10)), good(4, session(id(), stranger, v, 11))]).await;
    platform.settle().await;
    let letters = "SELECT json_agg(json_build_array(code, tries, event_id IS NOT NULL)) FROM bus.dead_letters";
    assert_eq!(text(&platform.owner, letters).await, r#"[["unknown_profile", 1, true]]"#);
    let replay = platform.replay(None).await;
    platform.settle().await;
    assert_eq!(platform.progress(replay).await, json!(["done", 2, 2, 1, 1]));
    // The cause is removed, the letter is moved back: what follows is told although its replay is over.
    let told = platform.told().await.parse::<i64>().unwrap();
    platform.owner.execute("INSERT INTO core.profiles (profile_id) VALUES ($1)", &[&stranger]).await.unwrap();
    let replayed = platform.replay(Some(&[SessionCompleted::TYPE])).await;
    platform.settle().await;
    assert_eq!(platform.progress(replayed).await, json!(["done", 2, 2, 2, 0]));
    assert_eq!(text(&platform.owner, letters).await, "", "taken in after all");
    assert_eq!(platform.told().await, (told + 1).to_string());
}

#[tokio::test]
async fn what_is_put_off_behind_a_replays_end_is_asked_for_later() {
    let mut platform = Platform::new().await;
    let [p, v] = people(&platform.owner).await;
    let body = good(4, session(id(), p, v, 10));
    let mut late: Value = serde_json::from_str(&body).unwrap();
    late["detail"]["replayid"] = json!(id());
    assert_eq!(platform.deliver(&[late.to_string()]).await, 0);
    assert_eq!(platform.told().await, "0");
    platform.settle().await;
    assert_eq!(platform.told().await, "0", "not at once: its replay may be about to end");
    platform.owner.batch_execute("UPDATE bus.unsettled SET since = since - interval '2 minutes'").await.unwrap();
    platform.settle().await;
    assert_eq!(platform.told().await, "1");
}

#[tokio::test]
async fn a_replay_that_does_not_go_on_for_a_day_has_failed_and_the_next_may_begin() {
    let mut platform = Platform::new().await;
    let [p, v] = people(&platform.owner).await;
    platform.log(&[good(4, session(id(), p, v, 10))]).await;
    platform.settle().await;
    let replay = platform.replay(None).await;
    platform.publish().await;
    assert_eq!(platform.queued().len(), 1, "and nobody takes it in");
    let gateway = platform.database.client_for("teei_gateway_api").await;
    let another = "INSERT INTO bus.replays (replay_id, consumer, whole, requested_by) VALUES (gen_random_uuid(), 'profile-projector', true, 'test')";
    let error = gateway.batch_execute(another).await.unwrap_err();
    assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION));
    platform.publish().await;
    assert_eq!(platform.progress(replay).await, json!(["sent", 1, 1, 0, 0]));
    assert!(!platform.nudges.delays().is_empty(), "somebody looks again");
    platform.owner.batch_execute("UPDATE bus.replays SET progressed_at = now() - interval '25 hours'").await.unwrap();
    platform.publish().await;
    assert_eq!(text(&platform.owner, "SELECT state || ' ' || reason FROM bus.replays").await, "failed not_taken_in");
    gateway.batch_execute(another).await.unwrap();
    platform.settle().await;
    assert_eq!(text(&platform.owner, "SELECT count(*) FROM core.timeline").await, "2");
}

#[test]
fn any_order_of_delivery_before_and_in_a_replay_ends_in_the_same_projection() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let platform = RefCell::new(runtime.block_on(Platform::new()));
    let mut runner = TestRunner::new(proptest::test_runner::Config { cases: 6, ..Default::default() });
    let orders = (
        Just((0..23usize).collect::<Vec<_>>()).prop_shuffle(),
        Just((0..23usize).collect::<Vec<_>>()).prop_shuffle(),
        0usize..23,
    );
    runner
        .run(&orders, |(first, second, split)| {
            let platform = &mut *platform.borrow_mut();
            runtime.block_on(async {
                let everybody: [Uuid; 4] = people(&platform.owner).await;
                platform.log(&history(everybody)).await;
                platform.publish().await;
                let bodies = platform.on_the_bus();
                let order =
                    |order: &[usize], bodies: &[String]| order.iter().map(|n| bodies[*n].clone()).collect::<Vec<_>>();
                assert_eq!(platform.deliver(&order(&first, &bodies)).await, 0);
                platform.settle().await;
                let (before, told) = (platform.projection().await, platform.told().await);
                platform.replay(None).await;
                platform.publish().await;
                let mut sent = platform.queued();
                let mine = sent.split_off(sent.len() - 23);
                let mut shuffled = order(&second, &mine);
                let rest = shuffled.split_off(split);
                platform.deliver(&shuffled).await;
                platform.deliver(&sent).await;
                platform.deliver(&rest).await;
                platform.settle().await;
                assert_eq!(platform.projection().await, before);
                assert_eq!(platform.told().await, told);
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_message_to_settle_in_the_middle_of_a_rebuild_tells_nobody_anything() {
    let (mut platform, _) = lived().await;
    let (before, told) = (platform.projection().await, platform.told().await);
    let replay = platform.replay(None).await;
    platform.publish().await;
    let once_more = platform.queued();
    let stray = shared::bus::consumer::settle::Settle::body(None);
    assert_eq!(platform.deliver(std::slice::from_ref(&stray)).await, 0);
    platform.deliver(&once_more[..once_more.len() / 2]).await;
    assert_eq!(platform.deliver(&[stray]).await, 0);
    assert_eq!(platform.told().await, told, "half a timeline is no journey");
    platform.deliver(&once_more[once_more.len() / 2..]).await;
    platform.settle().await;
    assert_eq!(platform.progress(replay).await[0], "done");
    assert_eq!((platform.projection().await, platform.told().await), (before, told));
}

#[tokio::test]
async fn after_a_rebuild_that_was_given_up_nothing_is_told_until_another_is_done() {
    let (mut platform, _) = lived().await;
    let (before, told) = (platform.projection().await, platform.told().await);
    platform.replay(None).await;
    platform.publish().await;
    let once_more = platform.queued();
    platform.owner.batch_execute("UPDATE bus.replays SET progressed_at = now() - interval '25 hours'").await.unwrap();
    platform.publish().await;
    assert_eq!(text(&platform.owner, "SELECT state FROM bus.replays").await, "failed");
    platform.deliver(&once_more[..once_more.len() / 2]).await;
    platform.deliver(&[shared::bus::consumer::settle::Settle::body(None)]).await;
    assert_eq!(platform.told().await, told);
    let again = platform.replay(None).await;
    platform.settle().await;
    assert_eq!(platform.progress(again).await[0], "done");
    assert_eq!((platform.projection().await, platform.told().await), (before, told));
}

#[tokio::test]
async fn a_message_to_settle_with_nothing_put_off_does_nothing() {
    let platform = Platform::new().await;
    let body = shared::bus::consumer::settle::Settle::body(None);
    let summary = handle(&platform.projector, batch(&[&body, &body]), PLENTY).await;
    assert!(summary.reply.failures.is_empty() && summary.last_error.is_none());
    assert_eq!(platform.told().await, "0");
}
