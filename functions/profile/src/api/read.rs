//! A profile from the store: pseudonymous facts as they stand, personal values unsealed.

use std::collections::HashMap;

use futures::try_join;
use jiff::Timestamp;
use shared::{
    db::DbError,
    vault::{Place, SubjectKey, Vault, VaultError},
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{
    personal::Personal,
    view::{Enrolment, ExternalId, Flags, Milestone, Profile},
};

/// The source of what a person corrected by hand; it wins over every import.
pub const HAND: &str = "hand";

/// The fields a person may correct, in the order of the answer.
pub const EDITABLE: [&str; 3] = ["name", "language", "city"];

/// The whole profile. The caller has made sure that it exists.
pub async fn profile(tx: &Transaction<'_>, vault: &Vault, id: Uuid, as_of: Timestamp) -> Result<Profile, VaultError> {
    // Sent one after the other and answered one after the other: one round trip for all.
    let (revision, external_ids, enrolments, milestones, flags) = try_join!(
        revision(tx, id),
        external_ids(tx, id),
        enrolments(tx, id),
        milestones(tx, id),
        flags(tx, id, as_of),
    )?;
    let key = vault.subject_key(tx, id).await?;
    let (email, mut fields) = match &key {
        Some(key) => try_join!(email(tx, key, id), attributes(tx, key, id))?,
        // Erased: what is left is a surrogate id and facts about nobody.
        None => (None, HashMap::new()),
    };
    Ok(Profile {
        id,
        revision,
        name: fields.remove("name"),
        email,
        language: fields.remove("language"),
        city: fields.remove("city"),
        external_ids,
        enrolments,
        milestones,
        flags,
    })
}

/// The editable fields that have a value: by hand wins, else the newest. A value cleared by hand is absent, whatever
/// the sources say.
pub async fn attributes(
    tx: &Transaction<'_>,
    key: &SubjectKey,
    id: Uuid,
) -> Result<HashMap<&'static str, Personal>, VaultError> {
    let rows = tx
        .query_typed(
            "SELECT DISTINCT ON (field) field, source, sealed FROM vault.attributes
             WHERE profile_id = $1 AND field = ANY($2)
             ORDER BY field, source = $3 DESC, set_at DESC, source",
            &[(&id, Type::UUID), (&EDITABLE.as_slice(), Type::TEXT_ARRAY), (&HAND, Type::TEXT)],
        )
        .await?;
    let mut fields = HashMap::new();
    for row in rows {
        let (field, source): (&str, &str) = (row.get(0), row.get(1));
        let known = EDITABLE.into_iter().find(|name| *name == field);
        if let (Some(name), Some(sealed)) = (known, row.get::<_, Option<&[u8]>>(2)) {
            let column = format!("sealed/{field}/{source}");
            let value = key.unseal(Place { table: "vault.attributes", column: &column, row: id }, sealed)?;
            fields.insert(name, Personal(value));
        }
    }
    Ok(fields)
}

async fn email(tx: &Transaction<'_>, key: &SubjectKey, id: Uuid) -> Result<Option<Personal>, VaultError> {
    let rows = tx
        .query_typed(
            "SELECT email_id, sealed FROM vault.emails WHERE profile_id = $1 ORDER BY added_at DESC, email_id DESC LIMIT 1",
            &[(&id, Type::UUID)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let place = Place { table: "vault.emails", column: "sealed", row: row.get(0) };
    Ok(Some(Personal(key.unseal(place, row.get(1))?)))
}

async fn revision(tx: &Transaction<'_>, id: Uuid) -> Result<i32, DbError> {
    let rows = tx.query_typed("SELECT revision FROM core.profiles WHERE profile_id = $1", &[(&id, Type::UUID)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

async fn external_ids(tx: &Transaction<'_>, id: Uuid) -> Result<Vec<ExternalId>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT link_id, source, external_id FROM core.external_ids WHERE profile_id = $1 ORDER BY source, external_id",
            &[(&id, Type::UUID)],
        )
        .await?;
    Ok(rows.iter().map(|row| ExternalId { id: row.get(0), source: row.get(1), external_id: row.get(2) }).collect())
}

async fn enrolments(tx: &Transaction<'_>, id: Uuid) -> Result<Vec<Enrolment>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT programme, role, status, since, until FROM core.enrolments WHERE profile_id = $1
             ORDER BY since, programme, role, reference",
            &[(&id, Type::UUID)],
        )
        .await?;
    let enrolment = |row: &tokio_postgres::Row| Enrolment {
        programme: row.get(0),
        role: row.get(1),
        status: row.get(2),
        since: row.get(3),
        until: row.get(4),
    };
    Ok(rows.iter().map(enrolment).collect())
}

async fn milestones(tx: &Transaction<'_>, id: Uuid) -> Result<Vec<Milestone>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT milestone, reached_at FROM core.milestones WHERE profile_id = $1 ORDER BY reached_at, milestone",
            &[(&id, Type::UUID)],
        )
        .await?;
    Ok(rows.iter().map(|row| Milestone { name: row.get(0), reached_at: row.get(1) }).collect())
}

async fn flags(tx: &Transaction<'_>, id: Uuid, as_of: Timestamp) -> Result<Flags, DbError> {
    let rows = tx
        .query_typed(
            "SELECT
               EXISTS (SELECT 1 FROM core.flags WHERE profile_id = $1 AND flag = 'mentor_ready' AND value),
               EXISTS (SELECT 1 FROM core.flags WHERE profile_id = $1 AND flag = 'language_support_needed' AND value),
               EXISTS (SELECT 1 FROM core.enrolments
                       WHERE profile_id = $1 AND since <= $2 AND (until IS NULL OR until > $2))
               AND NOT EXISTS (SELECT 1 FROM core.timeline
                       WHERE profile_id = $1 AND occurred_at <= $2 AND occurred_at > $2 - interval '14 days')",
            &[(&id, Type::UUID), (&as_of, Type::TIMESTAMPTZ)],
        )
        .await?;
    Ok(rows.first().map_or_else(Flags::default, |row| Flags {
        mentor_ready: row.get(0),
        language_support_needed: row.get(1),
        followup_needed: row.get(2),
    }))
}
