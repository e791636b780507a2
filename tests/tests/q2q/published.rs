//! What companies are told: once, and then it stays; anew only where that singles nobody out.

use jiff::Timestamp;
use q2q::{
    figures::published::{self, Released},
    scorer::handle,
};
use serde_json::{Value, json};
use shared::error::Classified;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    support::{PLENTY, text},
    world::{World, erased},
};

/// A meeting in a quarter of 2024 of a person of the company, and what they said of it, which was read then.
async fn said(world: &World, company: Uuid, person: Uuid, at: &str, words: &str) -> Uuid {
    let volunteer = world.person().await;
    let session = world.session(person, volunteer, Some(company)).await;
    let id = world.said(session, person, words).await;
    world.execute(&format!("UPDATE vault.texts SET written_at = '{at}' WHERE text_id = '{id}'")).await;
    world.screened(id).await;
    world.execute(&format!("UPDATE core.readings SET looked_at = '{at}' WHERE text_id = '{id}'")).await;
    id
}

async fn people(world: &World, n: usize) -> Vec<Uuid> {
    let mut people = Vec::new();
    for _ in 0..n {
        people.push(world.person().await);
    }
    people
}

/// Publishes what is due at a time.
async fn release(world: &World, company: Uuid, now: &str) -> u64 {
    let now: Timestamp = now.parse().unwrap();
    let mut client = world.app.db.client().await.unwrap();
    let tx = client.transaction().await.unwrap();
    let added = published::release(&tx, &world.vault, company, now).await.unwrap();
    tx.commit().await.unwrap();
    added
}

/// The blocks of a measure, edition by edition: quarters, people, evidence, mean.
async fn told(world: &World, measure: &str) -> Value {
    world
        .json(&format!(
            "SELECT coalesce(json_agg(json_build_array(edition, first_quarter - 8096, last_quarter - 8096, persons, with_evidence, mean) ORDER BY edition, last_quarter), '[]')
             FROM core.published_blocks WHERE measure = '{measure}'"
        ))
        .await
}

#[tokio::test]
async fn what_was_published_stays_whoever_goes_is_corrected_or_comes_late() {
    let world = World::new().await;
    let (company, who) = (world.company().await, people(&world, 7).await);
    let mut ids = Vec::new();
    for person in &who {
        ids.push(said(&world, company, *person, "2024-02-10", "belonging+800").await);
    }
    assert_eq!(release(&world, company, "2024-04-20T00:00:00Z").await, 0, "not due yet");
    assert_eq!(release(&world, company, "2024-05-05T00:00:00Z").await, 2, "belonging, and the coverage");
    let before = json!([[1, 0, 0, 5, 5, 80]]);
    assert_eq!(told(&world, "belonging").await, before);

    world.erase(who[0]).await;
    world.take(&[&erased(who[0])]).await;
    world.judge(ids[1], "belonging", "-").await;
    world
        .execute(&format!(
            "INSERT INTO core.purposes VALUES ('{}', 'company_reporting', 'consent', 'objected', 'test', now())",
            who[2]
        ))
        .await;
    for person in people(&world, 6).await {
        said(&world, company, person, "2024-03-10", "belonging-100").await;
    }
    assert_eq!(release(&world, company, "2024-05-06T00:00:00Z").await, 0);
    assert_eq!(release(&world, company, "2024-08-05T00:00:00Z").await, 0, "what came late for it is in no later block");
    assert_eq!(told(&world, "belonging").await, before);
    // The next quarter adds its own, of its own texts.
    for person in &who[1..] {
        said(&world, company, *person, "2024-08-10", "belonging+600").await;
    }
    release(&world, company, "2024-11-05T00:00:00Z").await;
    assert_eq!(told(&world, "belonging").await, json!([[1, 0, 0, 5, 5, 80], [1, 2, 2, 5, 5, 60]]));
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.outcome_tombstones").await, "1");
}

#[tokio::test]
async fn what_was_too_few_waits_and_a_text_is_in_one_block_only() {
    let world = World::new().await;
    let (company, who) = (world.company().await, people(&world, 6).await);
    for person in &who[..3] {
        said(&world, company, *person, "2024-02-10", "belonging+800").await;
    }
    assert_eq!(release(&world, company, "2024-05-05T00:00:00Z").await, 0);
    for person in &who[3..] {
        said(&world, company, *person, "2024-05-10", "belonging-400").await;
    }
    release(&world, company, "2024-08-05T00:00:00Z").await;
    assert_eq!(told(&world, "belonging").await, json!([[1, 0, 1, 5, 5, 60]]));
    // A text that moves to a later quarter is not counted a second time.
    world.execute("UPDATE core.readings SET written_at = '2024-08-10'").await;
    release(&world, company, "2024-11-05T00:00:00Z").await;
    assert_eq!(told(&world, "belonging").await, json!([[1, 0, 1, 5, 5, 60]]));
}

async fn republish(world: &World, company: Uuid) -> Value {
    handle(&world.app, json!({"republish": company}), PLENTY).await.unwrap()["republished"].clone()
}

#[tokio::test]
async fn published_anew_is_only_what_singles_nobody_out_against_all_that_was_told() {
    let world = World::new().await;
    let (company, who) = (world.company().await, people(&world, 12).await);
    let mut ids = Vec::new();
    for person in &who {
        ids.push(said(&world, company, *person, "2024-02-10", "belonging+800").await);
    }
    assert_eq!(republish(&world, company).await, "unchanged", "nothing was published");
    release(&world, company, "2024-05-05T00:00:00Z").await;
    assert_eq!(republish(&world, company).await, "unchanged");
    let before = told(&world, "belonging").await;
    // Four people who go, or whose score is another, could be read off the difference; five cannot.
    let others = people(&world, 6).await;
    for (n, person) in who[..4].iter().enumerate() {
        if n < 2 {
            world.erase(*person).await;
        } else {
            world.judge(ids[n], "belonging", "-").await;
        }
    }
    world.sweep().await;
    assert_eq!(republish(&world, company).await, "too_few");
    assert_eq!(told(&world, "belonging").await, before);
    // Whoever goes, whoever comes and whoever changes are each enough.
    for person in &who[..5] {
        world.erase(*person).await;
    }
    world.sweep().await;
    for person in &others {
        said(&world, company, *person, "2024-03-10", "belonging-200").await;
    }
    assert_eq!(republish(&world, company).await, "published");
    let both = told(&world, "belonging").await;
    assert_eq!(
        (&both[0], &both[1]),
        (&before[0], &json!([2, 0, 0, 15, 15, 50])),
        "the first edition stays as it was told"
    );
    assert_eq!(republish(&world, company).await, "unchanged");
    assert_eq!(text(&world.owner, "SELECT count(DISTINCT edition) FROM core.published_blocks").await, "2");
    // What stands beside the blocks names nobody and holds no score.
    for id in who.iter().chain(&ids) {
        let found = format!("SELECT count(*) FROM core.published_texts t WHERE t::text LIKE '%{}%'", id.simple());
        assert_eq!(text(&world.owner, &found).await, "0");
    }
}

#[tokio::test]
async fn the_sweep_publishes_what_is_due_once() {
    let world = World::new().await;
    let company = world.company().await;
    for person in people(&world, 5).await {
        said(&world, company, person, "2024-02-10", "confidence+900").await;
    }
    assert_eq!(world.sweep().await["published"], 2);
    assert_eq!(world.sweep().await["published"], 0);
    // No role of a function may change or take away what was told.
    let scorer = world.database.client_for(crate::world::ROLE).await;
    for statement in ["UPDATE core.published_blocks SET mean = 0", "DELETE FROM core.published_blocks"] {
        assert_eq!(scorer.batch_execute(statement).await.unwrap_err().code().unwrap().code(), "42501", "{statement}");
    }
}

#[tokio::test]
async fn a_company_whose_history_still_arrives_is_not_published() {
    let world = World::new().await;
    let company = world.company().await;
    let mut ids = Vec::new();
    for person in people(&world, 6).await {
        ids.push(said(&world, company, person, "2024-02-10", "belonging+800").await);
    }
    let (late, now) = (ids[0], "2024-05-05T12:00:00Z");
    let looked = |at: &str| format!("UPDATE core.readings SET looked_at = '{at}' WHERE text_id = '{late}'");
    world.execute(&looked("2024-05-04T13:00:00Z")).await;
    assert_eq!(release(&world, company, now).await, 0, "one of its texts came in less than a day ago");
    assert_eq!(text(&world.owner, "SELECT count(*) FROM core.publications").await, "0", "and nothing is noted");
    world.execute(&looked("2024-05-04T11:00:00Z")).await;
    // A file that is taken in may be of any company; one whose import has no end holds up nobody.
    world
        .execute(
            "INSERT INTO intake.imports (import_id, source, entity, status, bucket, object_key, object_version, attempted_at)
             VALUES (gen_random_uuid(), 'kintell', 'sessions', 'running', 'b', 'k', 'v', '2024-05-05T11:00:00Z')",
        )
        .await;
    assert_eq!(release(&world, company, now).await, 0);
    world.execute("UPDATE intake.imports SET attempted_at = '2024-05-04T11:00:00Z'").await;
    // Texts of a quarter that is not due come in all the time, and those of another company are not its own.
    let other = world.company().await;
    let (one, two) = (world.person().await, world.person().await);
    let ids = [
        said(&world, company, one, "2024-05-05", "belonging+800").await,
        said(&world, other, two, "2024-02-10", "").await,
    ];
    for id in ids {
        world.execute(&format!("UPDATE core.readings SET looked_at = '{now}' WHERE text_id = '{id}'")).await;
    }
    assert_eq!(release(&world, company, now).await, 2);
    assert_eq!(told(&world, "belonging").await, json!([[1, 0, 0, 5, 5, 80]]));
}

#[tokio::test]
async fn a_sweep_that_found_texts_waiting_or_left_some_to_read_again_publishes_nothing() {
    let mut world = World::new().await;
    let company = world.company().await;
    let mut ids = Vec::new();
    for person in people(&world, 5).await {
        ids.push(said(&world, company, person, "2024-02-10", "belonging+800").await);
    }
    let (p, v) = (world.person().await, world.person().await);
    let session = world.session(p, v, None).await;
    let waiting = world.said(session, p, "panic").await;
    let sql =
        format!("UPDATE vault.cleared_texts SET cleared_at = now() - interval '1 hour' WHERE text_id = '{waiting}'");
    world.execute(&sql).await;
    let report = world.sweep().await;
    assert_eq!((&report["failed"], &report["published"]), (&json!(1), &json!(0)), "{report}");
    world.clear(waiting, "belonging+900").await;
    world.execute(&sql).await;
    let report = world.sweep().await;
    assert_eq!((&report["looked_at"], &report["published"]), (&json!(1), &json!(0)), "{report}");
    // Of five, one cannot be read by the next version.
    world.deploy("2.0.0+bb");
    world.execute(&format!("UPDATE vault.cleared_texts SET sealed = '\\x00' WHERE text_id = '{}'", ids[0])).await;
    let report = handle(&world.app, json!({"rescore": true}), PLENTY).await.unwrap();
    assert_eq!((&report["left_to_rescore"], &report["published"]), (&json!(1), &json!(0)), "{report}");
}

#[tokio::test]
async fn a_company_that_cannot_be_published_costs_itself_only_and_none_is_begun_without_time() {
    let world = World::new().await;
    let mut companies = Vec::new();
    for _ in 0..2 {
        let company = world.company().await;
        for person in people(&world, 5).await {
            said(&world, company, person, "2024-02-10", "belonging+800").await;
        }
        companies.push(company);
    }
    let refused =
        format!("ALTER TABLE core.publications ADD CONSTRAINT refused CHECK (company_id <> '{}')", companies[0]);
    world.execute(&refused).await;
    let release = async |until: Instant| {
        let mut client = world.app.db.client().await.unwrap();
        published::release_all(&mut client, &world.vault, Timestamp::now(), until).await.unwrap()
    };
    assert_eq!(release(Instant::now()).await, Released::default());
    assert_eq!(release(Instant::now() + PLENTY).await, Released { blocks: 2, failed: 1 });
    let whose = text(&world.owner, "SELECT string_agg(company_id::text, ' ') FROM core.publications").await;
    assert_eq!(whose, companies[1].to_string());
    assert_eq!(world.sweep().await["failed"], 1);
}

#[tokio::test]
async fn an_order_that_names_no_company_is_refused_and_no_sweep() {
    let world = World::new().await;
    for order in [json!("Nordlys"), json!(true), json!(null), json!("")] {
        let error = handle(&world.app, json!({"republish": order}), PLENTY).await.unwrap_err();
        assert_eq!(error.code(), "malformed_event", "{order}");
    }
    assert_eq!(republish(&world, Uuid::now_v7()).await, "unknown_company");
}
