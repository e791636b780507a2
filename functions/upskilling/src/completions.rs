//! upskilling/completions: courses that somebody has completed.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{CourseCompleted, EventDraft},
    intake::{
        column::{Class, Column, Kind},
        entity::{Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::courses::{COURSE, COURSE_NAME, Course, EMAIL, FEEDS, PROVIDER, course, needed, score};

const LAYOUT: Layout = Layout {
    name: "completions",
    columns: &[
        EMAIL,
        PROVIDER,
        COURSE,
        COURSE_NAME.required(),
        Column::timestamp("completed_at").required().aliases(&["Completed"]),
        Column::score("final_score").aliases(&["Score", "Grade"]),
        Column::new("credential_ref", Class::Person, Kind::Text),
    ],
    feeds: &[FEEDS],
    constants: &[],
    words: &[],
};

/// A completed course of a person.
pub static COMPLETIONS: Entity = Entity {
    source: "upskilling",
    name: "completions",
    table: "core.upskilling_completions",
    id: "completion_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "profile_id", kind: FieldKind::Person("participant") },
        Field { name: "provider", kind: FieldKind::Code },
        Field { name: "course_id", kind: FieldKind::Code },
        Field { name: "course_name", kind: FieldKind::Code },
        Field { name: "completed_at", kind: FieldKind::Time },
        Field { name: "final_score", kind: FieldKind::Decimal },
        Field { name: "credential_ref", kind: FieldKind::Secret("participant") },
    ],
    key: Key::Columns(&["user_email", "provider", "course_id"]),
    company_through: Some("volunteer"),
    rated_by: false,
    programme: |_| Some("upskilling"),
    happened: |fact| fact.time("completed_at"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let Course { profile_id, provider, course_id, course_name, revision, import_id, line, correlation } =
        course(published)?;
    let completed = CourseCompleted {
        progress_id: published.fact_id,
        profile_id,
        provider,
        course_id,
        course_name: needed(course_name, "the name of a course")?,
        completed_at: needed(fact.time("completed_at"), "the completion of a course")?,
        final_score: score(fact, "final_score")?,
        revision,
        import_id,
        line,
    };
    let at = completed.completed_at;
    outbox.push(EventDraft::new(completed, published.fact_id, at, &correlation))?;
    Ok(1)
}
