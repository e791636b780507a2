//! What came in and what comes in: uploads, receipts, the fate of every record, what is to be done with a plan, and
//! what is declared about each source.
//!
//! | module | routes |
//! |---|---|
//! | [`create`] | `POST /v1/imports` |
//! | [`list`] | `GET /v1/imports`, `GET /v1/imports/{id}` |
//! | [`records`] | `GET /v1/imports/{id}/records` |
//! | [`rejects`] | `GET /v1/imports/{id}/rejects` |
//! | [`command`] | `POST /v1/imports/{id}/commit`, `POST /v1/imports/{id}/undo` |
//! | [`sources`] | `GET`, `PUT /v1/imports/sources/{source}` |

pub mod command;
pub mod create;
mod keyed;
pub mod list;
pub mod records;
pub mod rejects;
pub mod sources;
mod unseal;
mod values;

use shared::intake::entity::Entity;

/// The sources files come from, and what each of them exports.
pub const SOURCES: &[(&str, &[&Entity])] =
    &[("kintell", kintell::ENTITIES), ("buddy", buddy::ENTITIES), ("upskilling", upskilling::ENTITIES)];

/// What a source exports.
pub fn entities(source: &str) -> Option<&'static [&'static Entity]> {
    SOURCES.iter().find(|(name, _)| *name == source).map(|(_, entities)| *entities)
}

/// One kind of fact of a source.
pub fn entity(source: &str, name: &str) -> Option<&'static Entity> {
    entities(source)?.iter().find(|entity| entity.name == name).copied()
}
