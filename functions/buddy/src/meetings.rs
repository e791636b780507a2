//! buddy/events: what a match did together.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{EventDraft, EventLogged, EventType, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::{
    BUDDY, MATCH, PARTICIPANT,
    events::{needed, origin, word},
};

const LAYOUT: Layout = Layout {
    name: "events",
    columns: &[
        Column::id("event_id"),
        Column::id("match_id").required(),
        Column::label("event_type").required(),
        Column::timestamp("event_date").required(),
        Column::text("description"),
        Column::text("location"),
        Column::references("attendees"),
    ],
    feeds: &[],
    constants: &[],
    words: &[],
};

/// An event of a match.
pub static EVENTS: Entity = Entity {
    source: "buddy",
    name: "events",
    table: "core.buddy_events",
    id: "event_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "match_id", kind: MATCH },
        Field { name: "participant_id", kind: PARTICIPANT },
        Field { name: "buddy_id", kind: BUDDY },
        Field { name: "event_type", kind: FieldKind::Code },
        Field { name: "event_date", kind: FieldKind::Time },
        Field { name: "attendees", kind: FieldKind::People { listed_in: "users" } },
        Field {
            name: "description",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "participant", author: Author::Declared },
        },
        Field {
            name: "location",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "participant", author: Author::Declared },
        },
    ],
    key: Key::ColumnOr("event_id", &["match_id", "event_type", "event_date"]),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("event_date"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let (revision, import_id, line, correlation) = origin(published)?;
    let logged = EventLogged {
        event_id: published.fact_id,
        match_id: needed(fact.refers_to("match_id"), "the match of an event")?,
        event_type: word(fact, "event_type").unwrap_or(EventType::Other),
        event_date: needed(fact.time("event_date"), "the time of an event")?,
        attendees: fact.people("attendees").unwrap_or_default().iter().copied().collect(),
        text_id: fact.text("description"),
        revision,
        import_id,
        line,
    };
    let at = logged.event_date;
    outbox.push(EventDraft::new(logged, published.fact_id, at, &correlation))?;
    Ok(1)
}
