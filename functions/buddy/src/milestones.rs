//! buddy/milestones: what Buddy says somebody has reached.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{BuddyMilestoneReached, EventDraft, MilestoneCategory, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::{
    events::{amount, needed, origin, word},
    person,
};

const LAYOUT: Layout = Layout {
    name: "milestones",
    columns: &[
        Column::id("milestone_id").required(),
        Column::reference("user_id").required(),
        Column::label("milestone_title").required(),
        Column::label("milestone_category"),
        Column::timestamp("reached_at").required(),
        Column::integer("points", 0, 1_000_000),
        Column::label("badge_icon"),
        Column::label("target_role"),
        Column::text("progress"),
        Column::json_text("metadata"),
    ],
    feeds: &[],
    constants: &[],
    words: &[],
};

/// A milestone somebody reached.
pub static MILESTONES: Entity = Entity {
    source: "buddy",
    name: "milestones",
    table: "core.buddy_milestones",
    id: "milestone_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "user_id", kind: person("user") },
        Field { name: "milestone_title", kind: FieldKind::Code },
        Field { name: "milestone_category", kind: FieldKind::Code },
        Field { name: "reached_at", kind: FieldKind::Time },
        Field { name: "points", kind: FieldKind::Int },
        Field { name: "badge_icon", kind: FieldKind::Code },
        Field { name: "target_role", kind: FieldKind::Code },
        Field {
            name: "progress",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "user", author: Author::Declared },
        },
        Field {
            name: "metadata",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "user", author: Author::Declared },
        },
    ],
    key: Key::Columns(&["user_id", "milestone_id"]),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("reached_at"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let (revision, import_id, line, correlation) = origin(published)?;
    let reached = BuddyMilestoneReached {
        milestone_id: published.fact_id,
        profile_id: needed(fact.person("user_id"), "whose milestone it is")?,
        category: word(fact, "milestone_category").unwrap_or(MilestoneCategory::Other),
        reached_at: needed(fact.time("reached_at"), "the time of a milestone")?,
        points: amount(fact, "points")?,
        revision,
        import_id,
        line,
    };
    let at = reached.reached_at;
    outbox.push(EventDraft::new(reached, published.fact_id, at, &correlation))?;
    Ok(1)
}
