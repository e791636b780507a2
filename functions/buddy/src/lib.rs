//! Buddy: newcomers matched with local buddies, what they do together and how it goes.
//!
//! An export is a set of files: people first, then matches, then the rest, each entity in a file of its own here. The
//! function that dropped files wake is `shared::intake::importer`, given [`SOURCE`]; what Buddy tells by itself and what
//! is brought by a call comes to [`api`].

pub mod api;
pub mod checkins;
pub mod event_attendance;
mod events;
pub mod feedback;
pub mod matches;
pub mod meetings;
pub mod milestones;
pub mod skill_sessions;
pub mod users;

use shared::intake::{
    entity::{Entity, FieldKind, Target},
    importer::Source,
};

/// What Buddy exports, in the order in which its files refer to each other.
pub const ENTITIES: &[&Entity] = &[
    &users::USERS,
    &matches::MATCHES,
    &meetings::EVENTS,
    &event_attendance::EVENT_ATTENDANCE,
    &skill_sessions::SKILL_SESSIONS,
    &checkins::CHECKINS,
    &feedback::FEEDBACK,
    &milestones::MILESTONES,
];

/// The source and its importer.
pub const SOURCE: Source = Source { name: "buddy", function: "buddy-import", entities: ENTITIES };

/// A match, referred to by its id.
const MATCH: FieldKind = FieldKind::Ref(Target { entity: "matches", table: "core.buddy_matches", id: "match_id" });

/// A person, by the id of Buddy's own list.
const fn person(part: &'static str) -> FieldKind {
    FieldKind::PersonById { part, listed_in: "users" }
}

/// The participant of the match that the record refers to.
const PARTICIPANT: FieldKind =
    FieldKind::PersonOf { part: "participant", through: "match_id", field: "participant_id" };
/// Its buddy.
const BUDDY: FieldKind = FieldKind::PersonOf { part: "buddy", through: "match_id", field: "buddy_id" };
