//! A new version over history, a person's word, and the alarm.

use std::sync::atomic::Ordering;

use q2q::scorer::handle;
use serde_json::json;

use crate::{
    support::{PLENTY, text},
    world::World,
};

#[tokio::test]
async fn a_new_version_reads_history_when_asked_and_old_scores_stay_as_revisions() {
    let mut world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(world.said(session, p, &format!("belonging+80{n}")).await);
    }
    for id in &ids {
        world.screened(*id).await;
    }
    world.deploy("2.0.0+bb");
    assert_eq!(world.sweep().await["looked_at"], 0, "nobody asked for it");
    let report = handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap();
    assert_eq!((report["looked_at"].as_u64(), report["left_to_rescore"].as_u64()), (Some(3), Some(0)));
    assert_eq!(world.outcomes(ids[0]).await, json!([["belonging", "+", 800, 2]]));
    assert_eq!(
        world.json("SELECT json_agg(json_build_array(revision, engine_version) ORDER BY outcome_id) FROM core.outcome_revisions").await,
        json!([[1, "1.0.0+aa"], [1, "1.0.0+aa"], [1, "1.0.0+aa"]])
    );
    assert_eq!(
        world.json("SELECT json_build_array(engine_version, texts, finished_at IS NOT NULL) FROM core.rescores").await,
        json!(["2.0.0+bb", 3, true])
    );
    assert_eq!(handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap()["looked_at"], 0);
}

#[tokio::test]
async fn a_run_that_ends_early_goes_on_with_the_next_sweep() {
    let mut world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.screened(id).await;
    world.deploy("2.0.0+bb");
    let report = handle(&world.app, json!({"rescore": true}), std::time::Duration::ZERO).await.unwrap();
    assert_eq!((report["looked_at"].as_u64(), report["left_to_rescore"].as_u64()), (Some(0), Some(1)));
    assert_eq!(world.sweep().await["looked_at"], 1);
    assert_eq!(text(&world.owner, "SELECT finished_at IS NOT NULL FROM core.rescores").await, "true");
}

#[tokio::test]
async fn a_persons_word_outlives_a_new_version_and_goes_with_other_words() {
    let mut world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800 confidence+700").await;
    world.screened(id).await;
    world.judge(id, "belonging", "-").await;
    world.judge(id, "confidence", "0").await;
    world.deploy("2.0.0+bb");
    handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap();
    assert_eq!(world.outcomes(id).await, json!([["belonging", "-", 250, 2]]));
    // A purpose that goes and comes back: the person's word is what counts again.
    let says = |state: &str| {
        format!(
            "INSERT INTO core.purposes VALUES ('{p}', 'outcome_scoring', 'consent', '{state}', 'test', now())
             ON CONFLICT (profile_id, purpose) DO UPDATE SET state = excluded.state"
        )
    };
    world.execute(&says("withdrawn")).await;
    world.sweep().await;
    assert_eq!(world.outcomes(id).await, json!([]));
    world.execute(&says("granted")).await;
    world.sweep().await;
    assert_eq!(world.outcomes(id).await, json!([["belonging", "-", 250, 4]]));
    let told = world.told().await;
    assert_eq!(told.as_array().unwrap().last().unwrap()[2], "0.25");
    // Other words were never judged by anybody.
    world.clear(id, "belonging+900").await;
    world.screened(id).await;
    assert_eq!(world.outcomes(id).await, json!([["belonging", "+", 900, 5]]));
}

#[tokio::test]
async fn an_outage_leaves_no_score_a_message_that_comes_again_and_a_number_for_the_alarm() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.backend.failing.store(true, Ordering::Relaxed);
    let summary = world.take(&[&crate::world::screened(id)]).await;
    assert_eq!((summary.reply.failures.len(), summary.last_error), (1, Some("backend_unavailable")));
    assert_eq!(
        text(&world.owner, "SELECT (SELECT count(*) FROM core.outcomes) + (SELECT count(*) FROM core.readings)").await,
        "0"
    );
    assert_eq!(world.sweep().await["unscored"], 0, "not for a quarter of an hour yet");
    world.execute("UPDATE vault.cleared_texts SET cleared_at = now() - interval '16 minutes'").await;
    // What may work later ends the run: the next text would meet the same.
    let error = handle(&world.app, json!({}), PLENTY).await.unwrap_err();
    assert_eq!(shared::error::Classified::code(&error), "backend_unavailable");
    world.backend.failing.store(false, Ordering::Relaxed);
    let report = world.sweep().await;
    assert_eq!(
        (report["unscored"].as_i64(), report["failed"].as_u64(), report["looked_at"].as_u64()),
        (Some(1), Some(0), Some(1)),
        "the sweep heals what no message does"
    );
    assert!(report["oldest_unscored_seconds"].as_i64().unwrap() >= 960);
    assert_eq!(world.sweep().await["unscored"], 0);
    assert_eq!(world.outcomes(id).await, json!([["belonging", "+", 800, 1]]));
}

#[tokio::test]
async fn a_text_the_engine_panics_on_keeps_no_sweep_from_the_others() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let _bad = world.said(session, p, "panic belonging+800").await;
    let good = world.said(session, p, "belonging+800").await;
    world.execute("UPDATE vault.cleared_texts SET cleared_at = now() - interval '1 hour'").await;
    let report = world.sweep().await;
    assert_eq!(
        (report["unscored"].as_i64(), report["failed"].as_u64(), report["looked_at"].as_u64()),
        (Some(2), Some(1), Some(1))
    );
    assert_eq!(world.outcomes(good).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_fails_the_same_way_again_costs_a_sweep_its_own_text_only_whatever_it_is() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    // A value the store refuses, words that do not open, words the engine comes to no end with.
    world.execute("ALTER TABLE core.outcomes ADD CONSTRAINT refused CHECK (score <> 777)").await;
    let refused = world.said(session, p, "belonging+777").await;
    let damaged = world.said(session, p, "belonging+800").await;
    world.execute(&format!("UPDATE vault.cleared_texts SET sealed = '\\x00' WHERE text_id = '{damaged}'")).await;
    let hanging = world.said(session, p, "hang belonging+800").await;
    let good = world.said(session, p, "belonging+800").await;
    world.execute("UPDATE vault.cleared_texts SET cleared_at = now() - interval '1 hour'").await;
    let report = world.sweep().await;
    assert_eq!((report["failed"].as_u64(), report["looked_at"].as_u64()), (Some(3), Some(1)), "{report}");
    assert_eq!(world.outcomes(good).await.as_array().unwrap().len(), 1);
    for id in [refused, damaged, hanging] {
        assert_eq!(world.outcomes(id).await, json!([]));
    }
    assert_eq!(world.sweep().await["unscored"], 3, "and the alarm stays on");
}

#[tokio::test]
async fn a_correction_is_of_the_words_it_was_made_on_and_of_no_others() {
    let mut world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.screened(id).await;
    world.judge(id, "belonging", "-").await;
    let words = async |world: &World, words: &str| {
        world.clear(id, words).await;
        world.screened(id).await;
        world.outcomes(id).await
    };
    // Words that say nothing of it, and read by another version: the correction does not come back.
    assert_eq!(words(&world, "confidence+700").await, json!([["confidence", "+", 700, 1]]));
    world.deploy("2.0.0+bb");
    handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap();
    assert_eq!(world.outcomes(id).await, json!([["confidence", "+", 700, 2]]));
    // Words that say something else of it: the rules' word, also by a third version.
    assert_eq!(words(&world, "belonging+900").await, json!([["belonging", "+", 900, 4]]));
    world.deploy("3.0.0+cc");
    handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap();
    assert_eq!(world.outcomes(id).await, json!([["belonging", "+", 900, 5]]), "not frozen by a word about other words");
    // The words it was made on again: it counts again.
    assert_eq!(words(&world, "belonging+800").await, json!([["belonging", "-", 250, 6]]));
    assert_eq!(text(&world.owner, "SELECT method FROM core.outcomes WHERE dimension = 'belonging'").await, "human");
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.outcome_corrections").await, "1", "kept as an example");
}

#[tokio::test]
async fn a_persons_word_holds_also_when_another_version_does_not_read_the_words() {
    let mut world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "mumble belonging+800 confidence+700 well_being+600").await;
    world.screened(id).await;
    world.judge(id, "belonging", "-").await;
    world.judge(id, "confidence", "0").await;
    world.deploy("2.0.0+bb");
    handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap();
    assert_eq!(
        (world.state(id).await.as_str(), world.outcomes(id).await),
        ("not_read", json!([["belonging", "-", 250, 2]]))
    );
    // Other words in between, and these again.
    world.clear(id, "job_readiness+900").await;
    world.screened(id).await;
    assert_eq!(world.outcomes(id).await, json!([["job_readiness", "+", 900, 1]]));
    world.clear(id, "mumble belonging+800 confidence+700 well_being+600").await;
    world.screened(id).await;
    assert_eq!(world.outcomes(id).await, json!([["belonging", "-", 250, 4]]));
    let sql = "SELECT language || ' ' || method FROM core.outcomes WHERE dimension = 'belonging'";
    assert_eq!(text(&world.owner, sql).await, "en human");
}

/// What V0023 makes of corrections that were made before it.
#[tokio::test]
async fn a_correction_from_before_belongs_to_words_only_if_its_outcome_is_what_it_made_of_it() {
    let migration = include_str!("../../../migrations/V0023__outcomes_reviewed.sql");
    let begin = migration.find("UPDATE core.outcome_corrections").unwrap();
    let update = &migration[begin..begin + migration[begin..].find(';').unwrap()];
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let mut ids = Vec::new();
    for words in ["belonging+800", "belonging+801", "belonging+802"] {
        let id = world.said(session, p, words).await;
        world.screened(id).await;
        world.judge(id, "belonging", "-").await;
        ids.push(id);
    }
    // The second was judged twice; the third was read as other words since, which a person's word was put onto.
    world.judge(ids[1], "belonging", "+").await;
    world.execute(&format!("UPDATE core.outcomes SET revision = revision + 1 WHERE text_id = '{}'", ids[2])).await;
    world.execute("UPDATE core.outcome_corrections SET digest = NULL").await;
    world.execute(update).await;
    assert_eq!(
        world
            .json(
                "SELECT json_agg(json_build_array(c.verdict, c.digest = r.digest) ORDER BY o.text_id, c.revision)
                 FROM core.outcome_corrections c JOIN core.outcomes o USING (outcome_id) JOIN core.readings r USING (text_id)"
            )
            .await,
        json!([["-", true], ["-", null], ["+", true], ["-", null]])
    );
}
