//! Which texts are scored, and what is written and told.

use std::sync::atomic::Ordering;

use serde_json::json;
use uuid::Uuid;

use crate::{
    support::text,
    world::{New, World, screened},
};

#[tokio::test]
async fn a_text_that_was_let_through_becomes_outcomes_that_lead_back_to_their_places() {
    let world = World::new().await;
    let (p, v, company) = (world.person().await, world.person().await, world.company().await);
    let session = world.session(p, v, Some(company)).await;
    let id = world.said(session, p, "now I have friends belonging+800 but well_being-200 at night").await;
    world.screened(id).await;
    assert_eq!(
        world
            .json(&format!(
                "SELECT json_agg(json_build_array(dimension, profile_id, company_id, programme, occurred_at AT TIME ZONE 'UTC', line, language, method, engine_version, confidence)
                 ORDER BY dimension) FROM core.outcomes WHERE text_id = '{id}'"
            ))
            .await,
        json!([
            ["belonging", p, company, "language", "2025-03-04T17:45:00", 17, "en", "rule", "1.0.0+aa", "medium"],
            ["well_being", p, company, "language", "2025-03-04T17:45:00", 17, "en", "rule", "1.0.0+aa", "medium"],
        ])
    );
    assert_eq!(
        world
            .json(&format!("SELECT json_agg(evidence ORDER BY dimension) FROM core.outcomes WHERE text_id = '{id}'"))
            .await,
        json!([
            [{"start": 19, "end": 32, "rule": "test.belonging", "cue": "state", "polarity": "+"}],
            [{"start": 37, "end": 51, "rule": "test.well_being", "cue": "state", "polarity": "-"}],
        ])
    );
    assert_eq!(
        world.told().await,
        json!([
            ["q2q.outcome.scored.v1", "belonging", "0.8", null, 1],
            ["q2q.outcome.scored.v1", "well_being", null, null, 1],
        ]),
        "the score of well-being is in no event"
    );
    assert_eq!(world.nudges.delays().len(), 2);
    assert_eq!(world.state(id).await, "read");
}

#[tokio::test]
async fn no_word_of_a_text_is_outside_the_vault() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "xylophone belonging+800").await;
    world.screened(id).await;
    let tables = world
        .owner
        .query(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('core', 'bus', 'intake', 'audit')",
            &[],
        )
        .await
        .unwrap();
    for row in tables {
        let table: String = row.get(0);
        let found =
            text(&world.owner, &format!("SELECT count(*) FROM {table} t WHERE t::text ILIKE '%xylophone%'")).await;
        assert_eq!(found, "0", "{table}");
    }
}

#[tokio::test]
async fn what_moderation_holds_what_nobody_signed_and_what_is_not_covered_is_counted_and_not_scored() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let new = New {
        subject: p,
        author: Some(p),
        role: "participant",
        words: "belonging+800",
        supersedes: None,
        cleared: true,
    };
    let held = world.text(session, New { cleared: false, ..new.clone() }).await;
    let undeclared = world.text(session, New { role: "undeclared", author: None, ..new.clone() }).await;
    let russian = world.text(session, New { words: "по-русски belonging+800", ..new.clone() }).await;
    let silent = world.text(session, New { words: "we met on Tuesday", ..new.clone() }).await;
    for id in [held, undeclared, russian, silent] {
        world.screened(id).await;
        assert_eq!(world.outcomes(id).await, json!([]));
    }
    let states =
        [world.state(held).await, world.state(undeclared).await, world.state(russian).await, world.state(silent).await];
    assert_eq!(states, ["held", "undeclared", "not_read", "read"]);
    assert_eq!(
        text(&world.owner, &format!("SELECT reason || ' ' || language FROM core.readings WHERE text_id = '{russian}'"))
            .await,
        "language ru"
    );
    assert_eq!(world.told().await, json!([]), "no evidence is told of nobody");
    assert_eq!(world.backend.asked.load(Ordering::Relaxed), 2, "what may not be scored is not read");
}

#[tokio::test]
async fn the_same_words_are_read_once_by_one_version_however_often_they_are_told_of() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    for _ in 0..3 {
        world.screened(id).await;
    }
    // Another policy lets the same words through.
    world.clear(id, "belonging+800").await;
    world.screened(id).await;
    assert_eq!(world.backend.asked.load(Ordering::Relaxed), 1);
    assert_eq!(world.outcomes(id).await, json!([["belonging", "+", 800, 1]]));
    assert_eq!(world.told().await.as_array().unwrap().len(), 1);
    // Fewer words after a decision: read again.
    world.clear(id, "belonging-100 [NAME_1]").await;
    world.take(&[&crate::world::reviewed(id)]).await;
    assert_eq!(world.outcomes(id).await, json!([["belonging", "-", 100, 2]]));
    assert_eq!(world.backend.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_a_volunteer_writes_is_about_the_participant() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let new = New {
        subject: p,
        author: Some(v),
        role: "volunteer",
        words: "she lang_level_proxy+700",
        supersedes: None,
        cleared: true,
    };
    let id = world.text(session, new).await;
    world.screened(id).await;
    let whose: Uuid =
        world.owner.query_one("SELECT profile_id FROM core.outcomes WHERE text_id = $1", &[&id]).await.unwrap().get(0);
    assert_eq!(whose, p);
}

#[tokio::test]
async fn an_event_of_a_text_that_is_not_there_any_more_does_nothing() {
    let world = World::new().await;
    let summary = world.take(&[&screened(Uuid::now_v7())]).await;
    assert_eq!((summary.last_error, summary.reply.failures.len()), (None, 0));
    assert_eq!(world.told().await, json!([]));
}

#[tokio::test]
async fn notes_and_topics_are_not_scored_and_scores_they_had_are_taken_back() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [new, old] = [world.said(session, p, "belonging+800").await, world.said(session, p, "confidence+800").await];
    world.screened(old).await;
    world.execute("UPDATE vault.texts SET kind = 'other'").await;
    world.screened(new).await;
    assert_eq!((world.outcomes(new).await, world.state(new).await.as_str()), (json!([]), "not_scored"));
    assert_eq!(world.backend.asked.load(Ordering::Relaxed), 1, "it is not read");
    // Scored before, and found by the sweep.
    assert_eq!(world.sweep().await["looked_at"], 1);
    assert_eq!((world.outcomes(old).await, world.state(old).await.as_str()), (json!([]), "not_scored"));
    assert_eq!(world.told().await[1], json!(["fact.retracted.v1", null, null, "corrected", 2]));
    assert_eq!(world.sweep().await["looked_at"], 0);
}
