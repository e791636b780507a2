//! buddy/checkins: how a match is going. The mood is special-category data and stands in no event.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{CheckinCompleted, EventDraft, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::{
    BUDDY, MATCH, PARTICIPANT,
    events::{needed, origin},
};

const LAYOUT: Layout = Layout {
    name: "checkins",
    columns: &[
        Column::id("checkin_id").required_or_blank(),
        Column::id("match_id").required(),
        Column::timestamp("checkin_date").required().aliases(&["Date"]),
        Column::one_of("mood", &["great", "good", "okay", "struggling", "difficult"]),
        Column::text("notes"),
        Column::long_json_text("question_responses"),
    ],
    feeds: &[],
    constants: &[],
    words: &[],
};

/// A check-in.
pub static CHECKINS: Entity = Entity {
    source: "buddy",
    name: "checkins",
    table: "core.buddy_checkins",
    id: "checkin_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "match_id", kind: MATCH },
        Field { name: "participant_id", kind: PARTICIPANT },
        Field { name: "buddy_id", kind: BUDDY },
        Field { name: "checkin_date", kind: FieldKind::Time },
        Field { name: "mood", kind: FieldKind::Word },
        Field {
            name: "notes",
            kind: FieldKind::Text { kind: TextKind::BuddyCheckin, subject: "participant", author: Author::Declared },
        },
        Field {
            name: "question_responses",
            kind: FieldKind::Text { kind: TextKind::BuddyCheckin, subject: "participant", author: Author::Declared },
        },
    ],
    key: Key::ColumnOr("checkin_id", &["match_id", "checkin_date"]),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("checkin_date"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let (revision, import_id, line, correlation) = origin(published)?;
    let completed = CheckinCompleted {
        checkin_id: published.fact_id,
        match_id: needed(fact.refers_to("match_id"), "the match of a check-in")?,
        checkin_date: needed(fact.time("checkin_date"), "the time of a check-in")?,
        has_mood: fact.word("mood").is_some(),
        text_id: fact.text("notes").or_else(|| fact.text("question_responses")),
        revision,
        import_id,
        line,
    };
    let at = completed.checkin_date;
    outbox.push(EventDraft::new(completed, published.fact_id, at, &correlation))?;
    Ok(1)
}
