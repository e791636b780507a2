//! What does not hold any more: purposes, new words, undone imports, erased people.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde_json::json;
use shared::contracts::{
    Contract, FactRetracted, FactType, PurposeChanged, PurposeName, PurposeState, RetractionReason, Revision,
};
use uuid::Uuid;

use crate::{
    support::{delivered, text},
    world::{New, World, erased},
};

fn purpose(person: Uuid, state: PurposeState) -> String {
    let data =
        PurposeChanged { profile_id: person, purpose: PurposeName::OutcomeScoring, state, ..PurposeChanged::example() };
    delivered(data, person, Timestamp::now()).1
}

async fn says(world: &World, person: Uuid, state: &str) {
    world
        .execute(&format!(
            "INSERT INTO core.purposes VALUES ('{person}', 'outcome_scoring', 'consent', '{state}', 'test', now())
             ON CONFLICT (profile_id, purpose) DO UPDATE SET state = excluded.state"
        ))
        .await;
}

#[tokio::test]
async fn without_a_purpose_nothing_is_read_and_on_withdrawal_scores_are_taken_back() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    says(&world, p, "objected").await;
    let id = world.said(session, p, "belonging+800").await;
    world.screened(id).await;
    assert_eq!((world.state(id).await.as_str(), world.backend.asked.load(Ordering::Relaxed)), ("no_purpose", 0));

    says(&world, p, "granted").await;
    world.take(&[&purpose(p, PurposeState::Granted)]).await;
    assert_eq!(world.outcomes(id).await, json!([["belonging", "+", 800, 1]]));

    says(&world, p, "withdrawn").await;
    world.take(&[&purpose(p, PurposeState::Withdrawn)]).await;
    assert_eq!((world.state(id).await.as_str(), world.outcomes(id).await), ("no_purpose", json!([])));
    assert_eq!(
        world.told().await,
        json!([
            ["q2q.outcome.scored.v1", "belonging", "0.8", null, 1],
            ["fact.retracted.v1", null, null, "withdrawn", 2]
        ])
    );
    says(&world, p, "granted").await;
    world.take(&[&purpose(p, PurposeState::Granted)]).await;
    assert_eq!(world.outcomes(id).await, json!([["belonging", "+", 800, 3]]), "revisions go on");
}

#[tokio::test]
async fn a_purpose_that_nobody_told_of_is_found_by_the_sweep_also_that_of_who_wrote_the_text() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let id = world.told_by(v, p).await;
    assert_eq!(world.sweep().await["looked_at"], 0, "all is as it should be");
    for who in [p, v] {
        says(&world, who, "restricted").await;
        assert_eq!(world.sweep().await["looked_at"], 1);
        assert_eq!(world.outcomes(id).await, json!([]));
        says(&world, who, "granted").await;
        assert_eq!(world.sweep().await["looked_at"], 1);
        assert_eq!(world.outcomes(id).await.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn new_words_take_the_place_of_old_ones_in_either_order() {
    for new_first in [false, true] {
        let world = World::new().await;
        let (p, v) = (world.person().await, world.person().await);
        let session = world.session(p, v, None).await;
        let old = world.said(session, p, "belonging+800").await;
        if !new_first {
            world.screened(old).await;
        }
        let new = New {
            subject: p,
            author: Some(p),
            role: "participant",
            words: "confidence-100",
            supersedes: Some(old),
            cleared: true,
        };
        let new = world.text(session, new).await;
        world.screened(new).await;
        world.screened(old).await;
        assert_eq!(
            (world.outcomes(old).await, world.outcomes(new).await),
            (json!([]), json!([["confidence", "-", 100, 1]]))
        );
        assert_eq!(world.state(old).await, "superseded");

        // The import of the new words is undone: moderation tells that the old ones hold again.
        world.execute(&format!("UPDATE vault.texts SET withdrawn_at = now() WHERE text_id = '{new}'")).await;
        world.screened(old).await;
        assert_eq!(world.outcomes(new).await, json!([]));
        assert_eq!(world.outcomes(old).await.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_text_that_is_withdrawn_or_held_back_later_has_no_outcomes_any_more() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [one, two] = [world.said(session, p, "belonging+800").await, world.said(session, p, "confidence+900").await];
    world.screened(one).await;
    world.screened(two).await;
    world.execute(&format!("UPDATE vault.texts SET withdrawn_at = now() WHERE text_id = '{one}'")).await;
    let data = FactRetracted {
        fact_type: FactType::IntakeText,
        fact_id: one,
        milestone: None,
        reason: RetractionReason::Undone,
        revision: Revision::FIRST.next(),
    };
    world.take(&[&delivered(data, one, Timestamp::now()).1]).await;
    world.execute(&format!("DELETE FROM vault.cleared_texts WHERE text_id = '{two}'")).await;
    world.screened(two).await;
    assert_eq!((world.outcomes(one).await, world.outcomes(two).await), (json!([]), json!([])));
    assert_eq!((world.state(one).await.as_str(), world.state(two).await.as_str()), ("withdrawn", "held"));
    let told = world.told().await;
    assert_eq!(told[2], json!(["fact.retracted.v1", null, null, "undone", 2]));
    assert_eq!(told[3], json!(["fact.retracted.v1", null, null, "corrected", 2]));
}

#[tokio::test]
async fn of_an_erased_person_no_evidence_is_left_and_what_was_told_is_taken_back() {
    let world = World::new().await;
    let (p, v, company) = (world.person().await, world.person().await, world.company().await);
    let session = world.session(p, v, Some(company)).await;
    let id = world.said(session, p, "belonging+800 well_being-200").await;
    world.screened(id).await;
    // Whose key is there was not erased, whatever an event says.
    assert_eq!(world.take(&[&erased(p)]).await.last_error, Some("database_error"));
    world
        .execute(&format!(
            "UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = '{p}'"
        ))
        .await;
    world.take(&[&erased(p)]).await;
    for table in ["readings", "outcomes", "outcome_revisions", "outcome_corrections"] {
        assert_eq!(text(&world.owner, &format!("SELECT count(*) FROM core.{table}")).await, "0", "{table}");
    }
    assert_eq!(
        world.json("SELECT json_agg(json_build_array(reason, dimension, company_id, told_at IS NOT NULL) ORDER BY dimension) FROM core.outcome_tombstones").await,
        json!([["erased", "belonging", company, true], ["erased", "well_being", company, true]])
    );
    let told = world.told().await;
    assert_eq!(
        (told[2][3].as_str(), told[3][3].as_str(), told.as_array().unwrap().len()),
        (Some("erased"), Some("erased"), 4)
    );
    // A late event does not bring it back.
    world.screened(id).await;
    assert_eq!(world.outcomes(id).await, json!([]));
}

#[tokio::test]
async fn an_erasure_that_nobody_told_of_is_found_by_the_sweep() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.screened(id).await;
    world
        .execute(&format!(
            "UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = '{p}'"
        ))
        .await;
    world.sweep().await;
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.outcomes").await, "0");
    assert_eq!(world.told().await[1][3], "erased");
}

#[tokio::test]
async fn outcomes_that_went_with_a_person_whom_an_undo_removed_are_told_by_the_sweep() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.screened(id).await;
    world
        .execute(&format!(
            "DELETE FROM core.kintell_sessions; DELETE FROM vault.texts WHERE text_id = '{id}';
             DELETE FROM vault.subject_keys WHERE profile_id = '{p}'; DELETE FROM core.profiles WHERE profile_id = '{p}'"
        ))
        .await;
    world.sweep().await;
    assert_eq!(world.told().await[1], json!(["fact.retracted.v1", null, null, "undone", 2]));
    world.sweep().await;
    assert_eq!(world.told().await.as_array().unwrap().len(), 2, "told once");
}

#[tokio::test]
async fn a_fact_that_moves_to_another_company_takes_its_outcomes_along() {
    let world = World::new().await;
    let (p, v, company) = (world.person().await, world.person().await, world.company().await);
    let session = world.session(p, v, None).await;
    let id = world.said(session, p, "belonging+800").await;
    world.screened(id).await;
    world.execute(&format!("UPDATE core.kintell_sessions SET company_id = '{company}'")).await;
    assert_eq!(world.sweep().await["looked_at"], 1);
    let places = "SELECT json_build_array((SELECT company_id FROM core.readings), (SELECT company_id FROM core.outcomes), (SELECT revision FROM core.outcomes))";
    assert_eq!(world.json(places).await, json!([company, company, 1]), "nobody's score changed");
    assert_eq!(world.sweep().await["looked_at"], 0);
}

#[tokio::test]
async fn after_an_erasure_no_alarm_is_on_and_nothing_is_noted_of_the_person() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [unseen, held] =
        [world.said(session, p, "belonging+800").await, world.said(session, p, "confidence+800").await];
    world.execute("UPDATE vault.cleared_texts SET cleared_at = now() - interval '1 hour'").await;
    world.erase(p).await;
    let report = world.sweep().await;
    assert_eq!((report["unscored"].as_i64(), report["looked_at"].as_u64()), (Some(0), Some(0)), "{report}");
    // Asked first: whatever else there is to say about the text is not said.
    world.execute(&format!("DELETE FROM vault.cleared_texts WHERE text_id = '{held}'")).await;
    world.execute(&format!("UPDATE vault.texts SET withdrawn_at = now() WHERE text_id = '{unseen}'")).await;
    world.screened(unseen).await;
    world.screened(held).await;
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.readings").await, "0");
}

#[tokio::test]
async fn whatever_is_left_of_an_erased_person_in_any_state_is_found_by_the_sweep() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let [held, withdrawn, refused] = [
        world.said(session, p, "belonging+800").await,
        world.said(session, p, "confidence+900").await,
        world.said(session, p, "well_being+900").await,
    ];
    for id in [held, withdrawn] {
        world.screened(id).await;
    }
    world.execute(&format!("DELETE FROM vault.cleared_texts WHERE text_id = '{held}'")).await;
    world.execute(&format!("UPDATE vault.texts SET withdrawn_at = now() WHERE text_id = '{withdrawn}'")).await;
    says(&world, p, "objected").await;
    for id in [held, withdrawn, refused] {
        world.screened(id).await;
    }
    assert_eq!(
        text(&world.owner, "SELECT string_agg(state, ' ' ORDER BY state) FROM core.readings").await,
        "held no_purpose withdrawn"
    );
    world.erase(p).await;
    world.sweep().await;
    for table in ["readings", "outcomes", "outcome_revisions"] {
        assert_eq!(text(&world.owner, &format!("SELECT count(*) FROM core.{table}")).await, "0", "{table}");
    }
    assert_eq!(world.told().await.as_array().unwrap().len(), 4, "what was taken back before is not told again");
}

#[tokio::test]
async fn what_an_erased_volunteer_wrote_about_somebody_counts_no_more() {
    let world = World::new().await;
    let (p, v) = (world.person().await, world.person().await);
    let id = world.told_by(v, p).await;
    world.erase(v).await;
    assert_eq!(world.sweep().await["looked_at"], 1);
    assert_eq!((world.outcomes(id).await, world.state(id).await.as_str()), (json!([]), "withdrawn"));
    assert_eq!(world.told().await[1][3], "erased");
    assert_eq!(world.sweep().await["looked_at"], 0);
}

#[tokio::test]
async fn an_erased_person_who_cannot_be_forgotten_keeps_no_sweep_from_the_others() {
    let world = World::new().await;
    let (stuck, other, v) = (world.person().await, world.person().await, world.person().await);
    for (person, words) in [(stuck, "well_being+800"), (other, "belonging+800")] {
        let session = world.session(person, v, None).await;
        let id = world.said(session, person, words).await;
        world.screened(id).await;
    }
    world.execute("ALTER TABLE core.outcome_tombstones ADD CONSTRAINT refused CHECK (dimension <> 'well_being')").await;
    world.erase(stuck).await;
    world.erase(other).await;
    assert!(world.sweep().await["failed"].as_u64().unwrap() >= 1, "counted");
    let left = text(&world.owner, "SELECT string_agg(profile_id::text, ' ') FROM core.readings").await;
    assert_eq!(left, stuck.to_string());
    world.execute("ALTER TABLE core.outcome_tombstones DROP CONSTRAINT refused").await;
    assert_eq!(world.sweep().await["failed"], 0);
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.readings").await, "0");
}
