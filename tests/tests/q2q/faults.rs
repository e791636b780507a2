//! The scorer dying, panicking, being replayed and running many at once: one effect, and the same outcomes.

use std::time::Duration;

use q2q::scorer::Scorer;
use serde_json::json;
use shared::{
    bus::consumer::{Consumer, Driver, settle::Settle},
    contracts::{ContractError, consumers, schema},
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    support::{
        batch,
        dying::{DEATHS, Dying},
        text,
    },
    world::{ROLE, Shared, World, app, reviewed, scorer, screened},
};

const COUNTS: &str =
    "SELECT json_build_array((SELECT count(*) FROM core.readings), (SELECT count(*) FROM core.outcomes),
    (SELECT count(*) FROM bus.inbox), (SELECT count(*) FROM bus.events))";

#[tokio::test]
async fn whatever_dies_before_the_commit_leaves_nothing_and_a_second_delivery_ends_as_one() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let backend = Shared::new(&world.backend);
    for (death, code) in DEATHS {
        world.execute("TRUNCATE core.readings, bus.inbox, bus.batches, bus.dead_letters CASCADE").await;
        let id = world.said(session, p, "belonging+800").await;
        let event = screened(id);
        let db = world.database.db_for(ROLE);
        let consumer = Dying(death, scorer(&world.vault, &backend));
        let driver = Driver { consumer: &consumer, db: &db, nudger: world.nudges.as_ref() };
        let summary = driver.run(batch(&[&event]), Instant::now() + Duration::from_millis(700)).await;
        assert_eq!((summary.reply.failures.len(), summary.last_error), (1, Some(code)));
        drop(db);
        assert_eq!(world.json(COUNTS).await, json!([0, 0, 0, 0]), "{death:?} left something behind");
        // Delivered again, and once more after a kill between the commit and the answer.
        for _ in 0..2 {
            assert_eq!(world.take(&[&event]).await.last_error, None);
        }
        assert_eq!(world.json(COUNTS).await, json!([1, 1, 1, 1]), "{death:?}");
    }
}

#[tokio::test]
async fn a_text_the_engine_panics_on_fails_alone() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [bad, good] =
        [world.said(session, p, "panic belonging+800").await, world.said(session, p, "belonging+800").await];
    let summary = world.take(&[&screened(bad), &screened(good)]).await;
    assert_eq!((summary.reply.failures[0].id.as_str(), summary.last_error), ("m0", Some("panicked")));
    assert_eq!(world.outcomes(good).await.as_array().unwrap().len(), 1);
    assert_eq!(text(&world.owner, "SELECT code FROM bus.dead_letters").await, "panicked");
}

#[tokio::test]
async fn a_text_the_engine_comes_to_no_end_with_has_no_score_and_an_alarm_and_holds_up_nobody() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [bad, good] =
        [world.said(session, p, "hang belonging+800").await, world.said(session, p, "belonging+800").await];
    let summary = world.take(&[&screened(bad), &screened(good)]).await;
    assert_eq!((summary.reply.failures[0].id.as_str(), summary.last_error), ("m0", Some("engine_too_slow")));
    assert_eq!(world.outcomes(bad).await, json!([]));
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.readings").await, "1", "nothing is noted of it");
    assert_eq!(world.outcomes(good).await.as_array().unwrap().len(), 1);
    assert_eq!(text(&world.owner, "SELECT code FROM bus.dead_letters").await, "engine_too_slow");
    world.execute("UPDATE vault.cleared_texts SET cleared_at = now() - interval '1 hour'").await;
    assert_eq!(world.sweep().await["unscored"], 1);
}

#[tokio::test]
async fn without_the_vaults_keys_or_the_relays_queue_nothing_is_committed_and_all_comes_again() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.nudges.fail(true);
    assert_eq!(world.take(&[&screened(id)]).await.last_error, Some("nudge_failed"));
    assert_eq!(world.json(COUNTS).await, json!([0, 0, 0, 0]));
    world.nudges.fail(false);

    world.execute("CREATE TABLE public.kept AS SELECT * FROM vault.keyring; DELETE FROM vault.keyring").await;
    let other = app(&world.database, &world.backend, &world.nudges);
    let events = [screened(id), screened(id)];
    let until = Instant::now() + Duration::from_secs(20);
    let summary = q2q::scorer::take_in(&other, batch(&[&events[0], &events[1]]), until).await;
    assert_eq!((summary.reply.failures.len(), summary.last_error), (2, Some("vault_not_ready")));
    world.execute("INSERT INTO vault.keyring SELECT * FROM public.kept").await;
    assert_eq!(q2q::scorer::take_in(&other, batch(&[&events[0]]), until).await.last_error, None);
    assert_eq!(world.outcomes(id).await.as_array().unwrap().len(), 1);
    let heart = "SELECT json_build_array(service, last_error, last_ok_at IS NOT NULL) FROM core.heartbeats WHERE function = 'q2q-scorer'";
    assert_eq!(world.json(heart).await, json!(["q2q", "vault_not_ready", true]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_scorers_at_once_on_the_same_texts_in_all_orders_end_as_one() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let mut ids: Vec<Uuid> = Vec::new();
    for n in 0..8 {
        let supersedes = if n % 2 == 1 { ids.last().copied() } else { None };
        let words = format!("belonging+80{n} confidence-10{n}");
        let new = crate::world::New {
            subject: p,
            author: Some(p),
            role: "participant",
            words: &words,
            supersedes,
            cleared: true,
        };
        ids.push(world.text(session, new).await);
    }
    let bodies: Vec<String> = ids.iter().flat_map(|id| [screened(*id), reviewed(*id)]).collect();
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let app = app(&world.database, &world.backend, &world.nudges);
            let mut mine = bodies.clone();
            mine.rotate_left(worker * 5);
            tokio::spawn(async move {
                let mine: Vec<&str> = mine.iter().map(String::as_str).collect();
                q2q::scorer::take_in(&app, batch(&mine), Instant::now() + Duration::from_secs(60)).await.last_error
            })
        })
        .collect();
    for worker in workers {
        assert_eq!(worker.await.unwrap(), None);
    }
    for (n, id) in ids.iter().enumerate() {
        let expected = if n % 2 == 0 { 0 } else { 2 };
        assert_eq!(world.outcomes(*id).await.as_array().unwrap().len(), expected, "text {n}");
    }
    assert_eq!(world.told().await.as_array().unwrap().len(), 8, "the texts that were replaced were never scored");
}

#[tokio::test]
async fn a_replay_tells_nothing_twice_and_its_end_tells_what_nobody_has_heard() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [heard, lost] = [world.said(session, p, "belonging+800").await, world.said(session, p, "confidence+900").await];
    let replay = Uuid::now_v7();
    let again = |body: String| {
        let mut event: serde_json::Value = serde_json::from_str(&body).unwrap();
        event["detail"]["replayid"] = json!(replay);
        event.to_string()
    };
    let event = screened(heard);
    assert_eq!(world.take(&[&event]).await.last_error, None);
    world.execute("TRUNCATE bus.inbox; SELECT core.rebuild_q2q_scorer()").await;
    let summary = world.take(&[&again(event), &again(screened(lost))]).await;
    assert_eq!(summary.last_error, None);
    assert_eq!(world.told().await.as_array().unwrap().len(), 1, "a replay publishes nothing");
    assert_eq!(world.take(&[&Settle::body(Some(replay))]).await.last_error, None);
    assert_eq!(
        world.told().await,
        json!([
            ["q2q.outcome.scored.v1", "belonging", "0.8", null, 1],
            ["q2q.outcome.scored.v1", "confidence", "0.9", null, 1]
        ])
    );
    assert_eq!(text(&world.owner, "SELECT count(*) FROM bus.unsettled").await, "0");
}

#[tokio::test]
async fn the_sample_events_of_q2q_scorer_are_taken_in() {
    let world = World::new().await;
    for (sample, key) in [
        ("q2q-scorer.json", "batchItemFailures"),
        ("q2q-scorer.schedule.json", "unscored"),
        ("q2q-scorer.rescore.json", "left_to_rescore"),
        ("q2q-scorer.republish.json", "republished"),
    ] {
        let answer =
            q2q::scorer::handle(&world.app, crate::support::sample(sample), crate::support::PLENTY).await.unwrap();
        let nothing_to_do = [json!([]), json!(0), json!("unknown_company")];
        assert!(nothing_to_do.contains(&answer[key]), "{sample}: {answer}");
    }
}

#[test]
fn the_scorer_reads_what_it_declares_under_the_name_it_declares() {
    let declared = &consumers::Q2Q_SCORER;
    assert_eq!(Scorer::NAME, declared.name);
    for published in schema::catalogue() {
        let example = published.schema["examples"][0].to_string();
        let takes = declared.reads.iter().any(|reads| reads.kind == published.name);
        let unknown = matches!(Scorer::read(published.name, &example), Err(ContractError::UnknownType));
        assert_eq!(!unknown, takes, "{}", published.name);
    }
}
