//! Kintell: video meetings between volunteers and participants, for language practice or mentoring.
//!
//! How a Kintell rating is read stands in [`sessions`], its user list in [`users`]; [`import`] is the function that
//! dropped files wake.

pub mod import;
pub mod sessions;
pub mod users;

use shared::intake::entity::Entity;

/// What Kintell exports.
pub const ENTITIES: &[&Entity] = &[&sessions::SESSIONS, &users::USERS];
