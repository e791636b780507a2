//! References that are checked once a statement (V0013): as strict as row-wise foreign keys, also between two
//! connections.

use std::time::Duration;

use tests::{Database, new_id};
use tokio_postgres::{Client, error::SqlState};
use uuid::Uuid;

const INSERT: &str = "INSERT INTO core.kintell_sessions
    (session_id, source_id, session_type, participant_id, volunteer_id, scheduled_at, revision, content_hash, doors, feedback_text_id)
    VALUES ($1, $5, 'language', $2, $3, now(), 1, decode(repeat('00', 32), 'hex'), '{}', $4)";

async fn person(client: &Client) -> Uuid {
    let id = new_id();
    client.execute("INSERT INTO core.profiles (profile_id) VALUES ($1)", &[&id]).await.unwrap();
    id
}

async fn session(client: &Client, one: Uuid, other: Uuid, text: Option<Uuid>) -> Result<Uuid, tokio_postgres::Error> {
    let id = new_id();
    client.execute(INSERT, &[&id, &one, &other, &text, &id.to_string()]).await.map(|_| id)
}

/// Until another connection to this database waits for an advisory lock; ten seconds at most.
async fn until_somebody_waits(client: &Client) {
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    for _ in 0..1_000 {
        if client.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits for a lock");
}

fn refused(result: Result<impl std::fmt::Debug, tokio_postgres::Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::FOREIGN_KEY_VIOLATION), "{error}");
}

#[tokio::test]
async fn a_row_that_names_nobody_is_refused_also_when_it_is_changed() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let importer = database.client_for("teei_kintell_import").await;
    let (olena, kari) = (person(&owner).await, person(&owner).await);
    refused(session(&importer, olena, new_id(), None).await);
    refused(session(&importer, olena, kari, Some(new_id())).await);
    let known = session(&importer, olena, kari, None).await.unwrap();
    let change = "UPDATE core.kintell_sessions SET volunteer_id = $2 WHERE session_id = $1";
    refused(importer.execute(change, &[&known, &new_id()]).await);
    refused(
        owner
            .execute("INSERT INTO bus.events VALUES ($1, 1, $1, 't', 's', $1, now(), now(), 'c', '{}')", &[&new_id()])
            .await,
    );
}

#[tokio::test]
async fn what_a_row_names_cannot_be_deleted() {
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let (olena, kari) = (person(&owner).await, person(&owner).await);
    session(&owner, olena, kari, None).await.unwrap();
    refused(owner.execute("DELETE FROM core.profiles WHERE profile_id = $1", &[&kari]).await);
    owner.execute("DELETE FROM core.kintell_sessions", &[]).await.unwrap();
    owner.execute("DELETE FROM core.profiles WHERE profile_id = $1", &[&kari]).await.unwrap();
}

#[tokio::test]
async fn who_deletes_waits_for_a_writer_and_then_sees_what_it_wrote() {
    let database = Database::fresh().await;
    let (owner, writer) = (database.owner().await, database.owner().await);
    let (olena, kari) = (person(&owner).await, person(&owner).await);
    writer.batch_execute("BEGIN").await.unwrap();
    session(&writer, olena, kari, None).await.unwrap();
    let deleting = tokio::spawn(async move {
        let result = owner.execute("DELETE FROM core.profiles WHERE profile_id = $1", &[&kari]).await;
        (owner, result)
    });
    until_somebody_waits(&writer).await;
    writer.batch_execute("COMMIT").await.unwrap();
    refused(deleting.await.unwrap().1);
}

#[tokio::test]
async fn who_writes_waits_for_a_deleter_and_then_finds_the_row_gone() {
    let database = Database::fresh().await;
    let (owner, writer) = (database.owner().await, database.owner().await);
    let (olena, kari) = (person(&owner).await, person(&owner).await);
    owner.batch_execute("BEGIN").await.unwrap();
    owner.execute("DELETE FROM core.profiles WHERE profile_id = $1", &[&kari]).await.unwrap();
    let writing = tokio::spawn(async move { session(&writer, olena, kari, None).await });
    until_somebody_waits(&owner).await;
    owner.batch_execute("COMMIT").await.unwrap();
    refused(writing.await.unwrap());
}

#[tokio::test]
async fn every_reference_that_is_not_enforced_by_row_is_enforced_by_statement() {
    let database = Database::fresh().await;
    let uncovered = database
        .owner()
        .await
        .query(
            "SELECT c.conrelid::regclass::text || '.' || a.attname FROM pg_constraint c
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
             WHERE c.contype = 'f' AND NOT c.conenforced
               AND (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.conrelid AND t.tgfoid = 'core.references_exist'::regproc
                    AND encode(t.tgargs, 'escape') LIKE '%' || a.attname || '%') <> 2",
            &[],
        )
        .await
        .unwrap();
    assert!(uncovered.is_empty(), "{:?}", uncovered.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>());
}
