//! buddy/event_attendance: who came to a community event.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{EventAttended, EventDraft, EventFormat, EventType, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::{
    BUDDY, MATCH,
    events::{bad, goals, minutes, needed, origin, word},
    person,
};

const LAYOUT: Layout = Layout {
    name: "event_attendance",
    columns: &[
        Column::id("event_id").required(),
        Column::reference("user_id").required(),
        Column::id("match_id"),
        Column::label("event_title").required(),
        Column::label("event_type").required(),
        Column::one_of("event_format", &["in-person", "online", "hybrid"]).required(),
        Column::timestamp("attended_at").required(),
        Column::text("location"),
        Column::duration("duration_minutes").aliases(&["Duration (min)"]),
        Column::integer("attendee_count", 0, 1_000_000),
        Column::text("organizer").aliases(&["Organiser"]),
        Column::label("categories"),
        Column::integers("sdg_goals", 1, 17),
    ],
    feeds: &[],
    constants: &[],
    words: &[],
};

/// Somebody at a community event. Its event is no reference: such events have no match.
pub static EVENT_ATTENDANCE: Entity = Entity {
    source: "buddy",
    name: "event_attendance",
    table: "core.buddy_event_attendance",
    id: "attendance_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "event_id", kind: FieldKind::Code },
        Field { name: "user_id", kind: person("user") },
        Field { name: "match_id", kind: MATCH },
        Field { name: "buddy_id", kind: BUDDY },
        Field { name: "event_title", kind: FieldKind::Code },
        Field { name: "event_type", kind: FieldKind::Code },
        Field { name: "event_format", kind: FieldKind::Word },
        Field { name: "attended_at", kind: FieldKind::Time },
        Field { name: "duration_minutes", kind: FieldKind::Int },
        Field { name: "attendee_count", kind: FieldKind::Int },
        Field { name: "categories", kind: FieldKind::Code },
        Field { name: "sdg_goals", kind: FieldKind::Ints },
        Field {
            name: "location",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "user", author: Author::Declared },
        },
        Field {
            name: "organizer",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "user", author: Author::Declared },
        },
    ],
    key: Key::Columns(&["event_id", "user_id"]),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("attended_at"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let (revision, import_id, line, correlation) = origin(published)?;
    let format = needed(fact.word("event_format"), "the format of an event")?;
    let attended = EventAttended {
        event_id: published.fact_id,
        profile_id: needed(fact.person("user_id"), "who came to an event")?,
        match_id: fact.refers_to("match_id"),
        event_type: word(fact, "event_type").unwrap_or(EventType::Other),
        event_format: format.parse::<EventFormat>().map_err(bad)?,
        attended_at: needed(fact.time("attended_at"), "the time of an event")?,
        duration_minutes: minutes(fact)?,
        sdg_goals: goals(fact)?,
        revision,
        import_id,
        line,
    };
    let at = attended.attended_at;
    outbox.push(EventDraft::new(attended, published.fact_id, at, &correlation))?;
    Ok(1)
}
