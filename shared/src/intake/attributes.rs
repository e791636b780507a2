//! What a source says about a person (name, language, …): sealed in `vault.attributes`, with where it came from.
//! The importer sees digests, so it can tell what changed and cannot read anything back.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    db::DbError,
    identity::{People, names},
    pii::Pii,
    vault::{Digest, Place, Vault, VaultError},
};

/// A value to be written; none: cleared on purpose.
pub struct Attribute {
    /// Whose.
    pub profile_id: Uuid,
    /// Which.
    pub field: &'static str,
    /// What.
    pub value: Option<Pii<String>>,
    /// The line it stood on.
    pub line: i32,
}

/// The digest of a value of a field.
pub fn digest(vault: &Vault, field: &str, value: &str) -> Digest {
    vault.digest(field, value)
}

/// What this source has said about these people so far.
pub async fn load(
    tx: &Transaction<'_>,
    source: &str,
    profiles: &[Uuid],
) -> Result<HashMap<(Uuid, String), Digest>, DbError> {
    if profiles.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .query_typed(
            "SELECT profile_id, field, digest FROM vault.attributes WHERE profile_id = ANY($1) AND source = $2",
            &[(&profiles, Type::UUID_ARRAY), (&source, Type::TEXT)],
        )
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| Some(((row.get(0), row.get(1)), row.get::<_, &[u8]>(2).try_into().ok()?)))
        .collect())
}

/// What a source's value of a field is sealed as; the profile API opens it in the same place.
pub fn column(field: &str, source: &str) -> String {
    format!("sealed/{field}/{source}")
}

/// Writes values, newest of this source; `set_at` is when the file was written, so that an old file imported late
/// does not look newer than it is. Gives the (profile, line) pairs whose name another source spells as another's.
pub async fn write(
    tx: &Transaction<'_>,
    vault: &Vault,
    people: &People,
    source: &str,
    import_id: Uuid,
    set_at: Timestamp,
    attributes: &[Attribute],
) -> Result<Vec<(Uuid, i32)>, VaultError> {
    if attributes.is_empty() {
        return Ok(Vec::new());
    }
    let (mut sealed, mut digests, mut folded) = (Vec::new(), Vec::new(), Vec::new());
    for Attribute { profile_id, field, value, .. } in attributes {
        let text = value.as_ref().map(|value| value.expose().as_str());
        let column = column(field, source);
        let place = Place { table: "vault.attributes", column: &column, row: *profile_id };
        sealed.push(text.map(|text| people.key(*profile_id)?.seal(place, text.as_bytes())).transpose()?);
        digests.push(digest(vault, field, text.unwrap_or_default()).to_vec());
        let name = text.filter(|_| *field == "name").map(names::folded);
        folded.push(name.map(|name| digest(vault, "folded name", &name).to_vec()));
    }
    let profiles: Vec<Uuid> = attributes.iter().map(|attribute| attribute.profile_id).collect();
    let fields: Vec<&str> = attributes.iter().map(|attribute| attribute.field).collect();
    let lines: Vec<i32> = attributes.iter().map(|attribute| attribute.line).collect();
    tx.execute_typed(
        "INSERT INTO vault.attributes AS a (profile_id, field, sealed, digest, folded, line, source, import_id, set_at)
         SELECT u.*, $7, $8, $9 FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::int[]) AS u
         ON CONFLICT (profile_id, field, source) DO UPDATE SET sealed = EXCLUDED.sealed, digest = EXCLUDED.digest,
            folded = EXCLUDED.folded, line = EXCLUDED.line, import_id = EXCLUDED.import_id, set_at = EXCLUDED.set_at,
            revision = a.revision + 1",
        &[
            (&profiles, Type::UUID_ARRAY),
            (&fields, Type::TEXT_ARRAY),
            (&sealed, Type::BYTEA_ARRAY),
            (&digests, Type::BYTEA_ARRAY),
            (&folded, Type::BYTEA_ARRAY),
            (&lines, Type::INT4_ARRAY),
            (&source, Type::TEXT),
            (&import_id, Type::UUID),
            (&set_at, Type::TIMESTAMPTZ),
        ],
    )
    .await?;
    let differ = tx
        .query_typed(
            "SELECT DISTINCT u.profile_id, u.line FROM unnest($1::uuid[], $2::bytea[], $3::int[]) AS u (profile_id, folded, line)
             JOIN vault.attributes a ON a.profile_id = u.profile_id AND a.field = 'name' AND a.source <> $4 AND a.folded <> u.folded",
            &[
                (&profiles, Type::UUID_ARRAY),
                (&folded, Type::BYTEA_ARRAY),
                (&lines, Type::INT4_ARRAY),
                (&source, Type::TEXT),
            ],
        )
        .await?;
    Ok(differ.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Of these people, the ones whose visible value of a field this source decides: nobody corrected it by hand, and no
/// other source said something newer.
pub async fn visible(
    tx: &Transaction<'_>,
    source: &str,
    field: &str,
    set_at: Timestamp,
    profiles: &[Uuid],
) -> Result<HashSet<Uuid>, DbError> {
    let hidden = tx
        .query_typed(
            "SELECT DISTINCT profile_id FROM vault.attributes
             WHERE profile_id = ANY($1) AND field = $2 AND source <> $3 AND (source = 'hand' OR set_at > $4)",
            &[(&profiles, Type::UUID_ARRAY), (&field, Type::TEXT), (&source, Type::TEXT), (&set_at, Type::TIMESTAMPTZ)],
        )
        .await?;
    let hidden: HashSet<Uuid> = hidden.iter().map(|row| row.get(0)).collect();
    Ok(profiles.iter().filter(|id| !hidden.contains(id)).copied().collect())
}
