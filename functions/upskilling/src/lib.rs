//! Upskilling: courses at several providers, what was completed, what was awarded and how far people are.
//!
//! People are known by e-mail; a link that leads to somebody's certificate is sealed and stands in no event. The
//! function that dropped files wake is `shared::intake::importer`, given [`SOURCE`]; what providers tell by themselves and
//! what is brought by a call comes to [`webhook`].

pub mod completions;
mod courses;
pub mod credentials;
pub mod progress;
pub mod providers;
pub mod sync;
pub mod webhook;

use shared::intake::{entity::Entity, importer::Source};

/// What course providers export.
pub const ENTITIES: &[&Entity] = &[&completions::COMPLETIONS, &credentials::CREDENTIALS, &progress::PROGRESS];

/// The source and its importer.
pub const SOURCE: Source = Source { name: "upskilling", function: "upskilling-import", entities: ENTITIES };
