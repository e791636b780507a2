//! Kintell: video meetings between volunteers and participants, for language practice or mentoring.
//!
//! How a Kintell rating is read stands in [`sessions`], one that comes on its own in [`ratings`], the user list in
//! [`users`]. The function that dropped files
//! wake is `shared::intake::importer`, given [`SOURCE`]; what Kintell tells by itself comes to [`webhook`].

pub mod ratings;
pub mod sessions;
pub mod users;
pub mod webhook;

use shared::intake::{entity::Entity, importer::Source};

/// What Kintell exports.
pub const ENTITIES: &[&Entity] = &[&sessions::SESSIONS, &users::USERS, &ratings::RATINGS];

/// The source and its importer.
pub const SOURCE: Source = Source { name: "kintell", function: "kintell-import", entities: ENTITIES };
