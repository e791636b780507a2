//! The screener dying, panicking and running many at once; the queue's nudges failing: one effect, and the same state.

use std::{sync::Arc, time::Duration};

use moderation::screener::{App, Screener};
use serde_json::json;
use shared::{auth::Role, bus::consumer::Driver};
use tokio::time::Instant;

use crate::support::{
    SCREENER, World, batch,
    consuming::dying::{DEATHS, Dying},
    deliver, deliver_again, hours, screener_of, screens,
};

const ALL: &str = "SELECT json_build_array((SELECT count(*) FROM core.screenings), (SELECT count(*) FROM core.reviews),
    (SELECT count(*) FROM vault.cleared_texts), (SELECT count(*) FROM bus.events), (SELECT count(*) FROM bus.inbox))";

#[tokio::test]
async fn whatever_dies_before_the_commit_a_second_delivery_ends_in_the_same_state_with_one_effect() {
    let world = World::new().await;
    let (vault, screens, hours) = (world.database.vault().await, screens("1.0.0+aa"), hours());
    for (death, code) in DEATHS {
        world
            .owner
            .batch_execute(
                "TRUNCATE core.screenings, core.reviews, vault.cleared_texts, bus.inbox, bus.batches CASCADE",
            )
            .await
            .unwrap();
        let (plain, insult) = (world.wrote("Hyggelig.").await, world.wrote("#insult").await);
        let bodies = [plain.received(), insult.received()];
        let db = world.database.db_for(SCREENER);
        let consumer = Dying(death, Screener { screens: &screens, vault: &vault, hours: &hours, patient: true });
        let driver = Driver { consumer: &consumer, db: &db, nudger: world.nudges.as_ref() };
        let summary = driver.run(batch(&[&bodies[0], &bodies[1]]), Instant::now() + Duration::from_millis(700)).await;
        assert_eq!(summary.reply.failures.len(), 2, "{death:?}");
        assert!(summary.last_error == Some(code) || summary.last_error == Some("out_of_time"), "{death:?}");
        drop(db);
        assert_eq!(world.json(ALL).await, json!([0, 0, 0, 0, 0]), "{death:?} left something behind");
        // Delivered again, and once more after a kill between the commit and the answer.
        for _ in 0..2 {
            assert_eq!(world.deliver(&bodies).await, [""; 0], "{death:?}");
        }
        assert_eq!(world.json(ALL).await, json!([2, 1, 1, 3, 2]), "{death:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_screeners_at_once_on_the_same_texts_screen_each_once() {
    let world = World::new().await;
    let mut bodies = Vec::new();
    for n in 0..8 {
        let old = world.wrote(["Hyggelig.", "#insult", "#crisis", "#hate"][n % 4]).await;
        let new = world.wrote_as(old.person, "Bra.", Some(old.id)).await;
        // Each told twice under two ids: the inbox keeps them not apart, the lock of the text does.
        bodies.extend([old.received(), new.received(), new.received_again(2), old.received_again(2)]);
    }
    let workers = (0..4).map(|worker| {
        let (mut mine, app): (Vec<String>, App) =
            (bodies.clone(), screener_of(&world.database, &world.nudges, "1.0.0+aa", hours()));
        mine.rotate_left(worker * 7);
        tokio::spawn(async move { deliver(&app, &mine).await })
    });
    for worker in workers.collect::<Vec<_>>() {
        assert_eq!(worker.await.unwrap(), [""; 0]);
    }
    assert_eq!(world.one("SELECT count(*) FROM core.screenings").await, "16");
    assert_eq!(world.one("SELECT count(*) FROM core.reviews").await, "6");
    assert_eq!(world.one("SELECT count(*) FROM vault.cleared_texts WHERE withdrawn_at IS NULL").await, "8");
}

#[tokio::test]
async fn when_the_relay_cannot_be_woken_nothing_is_committed() {
    let world = World::new().await;
    let text = world.wrote("#insult").await;
    world.nudges.fail(true);
    assert_eq!(world.deliver(&[text.received()]).await, ["m0"]);
    assert_eq!(world.one("SELECT count(*) FROM core.screenings").await, "0");
    world.nudges.fail(false);
    assert_eq!(world.deliver(&[text.received()]).await, [""; 0]);

    let item = world.item(&text).await;
    let etag = world.opened(item, Role::Reviewer, "kari").await;
    let body = json!({"decision": "overturn", "notes": "ingen fornærmelse"});
    world.nudges.fail(true);
    let answer = world.decide(item, Role::Reviewer, "kari", &etag, &body).await;
    assert_eq!(answer.brief(), "503 bus_unavailable");
    assert_eq!(
        (world.cleared(&text).await, world.one("SELECT count(*) FROM core.review_decisions").await),
        (None, "0".to_owned())
    );
    world.nudges.fail(false);
    assert_eq!(world.decide(item, Role::Reviewer, "kari", &etag, &body).await.status.as_u16(), 200);
    assert_eq!(world.cleared(&text).await.as_deref(), Some("#insult"));
}

#[tokio::test]
async fn a_text_the_engine_is_slow_with_comes_again_before_it_is_left_to_a_person() {
    let world = World::new().await;
    let (slow, plain) = (world.wrote("#slow").await, world.wrote("Hyggelig.").await);
    let bodies = [slow.received(), plain.received()];
    for times in [1, 2] {
        assert_eq!(deliver_again(&world.screener, &bodies, times).await, ["m0"], "the other is taken in");
        assert_eq!(world.one("SELECT count(*) FROM core.screenings").await, "1");
    }
    assert_eq!(deliver_again(&world.screener, &bodies, 3).await, [""; 0]);
    assert_eq!(world.outcome(&slow).await, json!(["review", "general", true, false, "pending", "review"]));
}

#[tokio::test]
async fn a_database_that_is_gone_keeps_every_message_and_a_broken_message_fails_alone() {
    let world = World::new().await;
    let text = world.wrote("Hyggelig.").await;
    let broken = "{\"detail\":{}}".to_owned();
    assert_eq!(world.deliver(&[broken, text.received()]).await, ["m0"]);
    let nowhere = shared::db::DbConfig::from_url("postgres://nobody:x@127.0.0.1:9/none").unwrap();
    let vault = shared::vault::LazyVault::new(Box::new(tests::keys()));
    let gone = App::new(
        shared::db::Db::connect_lazy(nowhere),
        vault,
        Box::new(Arc::clone(&world.nudges)),
        screens("1.0.0+aa"),
        hours(),
        "test",
    );
    assert_eq!(deliver(&gone, &[text.received(), text.received()]).await, ["m0", "m1"]);
}
