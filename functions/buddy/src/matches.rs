//! buddy/matches: a newcomer and a local buddy, in the layout of today and in the one of the first years.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{Amount, EndReason, EventDraft, LanguageCode, MatchCreated, MatchEnded, TextKind},
    intake::{
        column::Column,
        entity::{
            Author, Entity, Field, FieldKind, Key, Layout, Published, ended_has_time, in_order, not_the_same_person,
        },
    },
};

use crate::{
    events::{amount, bad, needed, origin, word},
    person,
};

const STATUS: Column = Column::one_of("status", &["active", "inactive", "ended"]).required();
const MATCHED: Column = Column::timestamp("matched_at").required().aliases(&["Matched", "Match date"]);
const REASONS: &[&str] = &[
    "completed",
    "participant_request",
    "buddy_request",
    "mutual_agreement",
    "inactivity",
    "violation",
    "program_ended",
    "other",
];

const LAYOUT: Layout = Layout {
    name: "matches",
    columns: &[
        Column::id("match_id").required(),
        Column::reference("participant_id").required(),
        Column::reference("buddy_id").required(),
        MATCHED,
        STATUS,
        Column::timestamp("ended_at").aliases(&["Ended"]),
        Column::one_of("end_reason", REASONS),
        Column::integer("duration_days", 0, 36_500),
        Column::integer("sessions_completed", 0, 100_000),
        Column::integer("events_attended", 0, 100_000),
    ],
    feeds: &[],
    constants: &[],
    words: &[],
};

/// The first export knows people by their addresses and has no id of a match: both people and the time stand for it.
const LEGACY: Layout = Layout {
    name: "legacy",
    columns: &[
        Column::email("participant_email").required().aliases(&["Participant e-mail"]),
        Column::email("buddy_email").required().aliases(&["Buddy e-mail"]),
        MATCHED,
        STATUS,
        Column::label("language"),
        Column::text("interests"),
        Column::text("location"),
    ],
    feeds: &[("participant_email", &["participant_id"]), ("buddy_email", &["buddy_id"])],
    constants: &[],
    words: &[],
};

const fn text(name: &'static str) -> Field {
    Field { name, kind: FieldKind::Text { kind: TextKind::Other, subject: "participant", author: Author::Declared } }
}

/// A match.
pub static MATCHES: Entity = Entity {
    source: "buddy",
    name: "matches",
    table: "core.buddy_matches",
    id: "match_id",
    layouts: &[LAYOUT, LEGACY],
    fields: &[
        Field { name: "participant_id", kind: person("participant") },
        Field { name: "buddy_id", kind: person("buddy") },
        Field { name: "matched_at", kind: FieldKind::Time },
        Field { name: "status", kind: FieldKind::Word },
        Field { name: "ended_at", kind: FieldKind::Time },
        Field { name: "end_reason", kind: FieldKind::Word },
        Field { name: "duration_days", kind: FieldKind::Int },
        Field { name: "sessions_completed", kind: FieldKind::Int },
        Field { name: "events_attended", kind: FieldKind::Int },
        Field { name: "language", kind: FieldKind::Code },
        text("interests"),
        text("location"),
    ],
    key: Key::ColumnOr("match_id", &["participant_email", "buddy_email", "matched_at"]),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("matched_at"),
    check: |fact| {
        not_the_same_person(fact, "participant_id", "buddy_id")?;
        ended_has_time(fact, "status", "ended_at")?;
        in_order(fact, "matched_at", "ended_at")
    },
    publish,
};

/// One record = one event: a match that has ended is told as ended, any other as made.
fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let match_id = published.fact_id;
    let participant_id = needed(fact.person("participant_id"), "the participant of a match")?;
    let buddy_id = needed(fact.person("buddy_id"), "the buddy of a match")?;
    let matched_at = needed(fact.time("matched_at"), "the beginning of a match")?;
    let (revision, import_id, line, correlation) = origin(published)?;
    if fact.word("status") != Some("ended") {
        let language = fact.word("language").and_then(|code| LanguageCode::new(code).ok());
        let created =
            MatchCreated { match_id, participant_id, buddy_id, matched_at, language, revision, import_id, line };
        outbox.push(EventDraft::new(created, match_id, matched_at, &correlation))?;
        return Ok(1);
    }
    let ended_at = needed(fact.time("ended_at"), "the end of a match")?;
    let days = (ended_at.as_second() - matched_at.as_second()) / (24 * 60 * 60);
    let duration_days = match amount(fact, "duration_days")? {
        Some(days) => days,
        None => Amount::new(days).map_err(bad)?,
    };
    let ended = MatchEnded {
        match_id,
        participant_id,
        buddy_id,
        matched_at: Some(matched_at),
        ended_at,
        duration_days,
        reason: word(fact, "end_reason").unwrap_or(EndReason::Other),
        sessions_completed: amount(fact, "sessions_completed")?,
        events_attended: amount(fact, "events_attended")?,
        revision,
        import_id,
        line,
    };
    outbox.push(EventDraft::new(ended, match_id, ended_at, &correlation))?;
    Ok(1)
}
