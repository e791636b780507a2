//! upskilling/progress: how far somebody is in a course.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{CourseStatus, EventDraft, ProgressUpdated},
    intake::{
        column::Column,
        entity::{Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::courses::{COURSE, COURSE_NAME, Course, EMAIL, FEEDS, PROVIDER, bad, course, needed, score};

const LAYOUT: Layout = Layout {
    name: "progress",
    columns: &[
        EMAIL,
        PROVIDER,
        COURSE,
        COURSE_NAME,
        Column::score("progress_percent").required().aliases(&["Progress (%)", "Percent"]),
        Column::one_of("status", &["enrolled", "in_progress", "completed", "dropped"]).required(),
        Column::timestamp("updated_at").required().aliases(&["Updated"]),
    ],
    feeds: &[FEEDS, ("updated_at", &["progress_at"])],
    constants: &[],
    words: &[],
};

/// The progress of a person in a course.
pub static PROGRESS: Entity = Entity {
    source: "upskilling",
    name: "progress",
    table: "core.upskilling_progress",
    id: "progress_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "profile_id", kind: FieldKind::Person("participant") },
        Field { name: "provider", kind: FieldKind::Code },
        Field { name: "course_id", kind: FieldKind::Code },
        Field { name: "course_name", kind: FieldKind::Code },
        Field { name: "progress_percent", kind: FieldKind::Decimal },
        Field { name: "status", kind: FieldKind::Word },
        Field { name: "progress_at", kind: FieldKind::Time },
    ],
    key: Key::Columns(&["user_email", "provider", "course_id"]),
    company_through: Some("volunteer"),
    rated_by: false,
    programme: |_| Some("upskilling"),
    happened: |fact| fact.time("progress_at"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let Course { profile_id, provider, course_id, course_name, revision, import_id, line, correlation } =
        course(published)?;
    let status = needed(fact.word("status"), "the status of a course")?;
    let updated = ProgressUpdated {
        progress_id: published.fact_id,
        profile_id,
        provider,
        course_id,
        course_name,
        progress_percent: needed(score(fact, "progress_percent")?, "the progress in a course")?,
        status: status.parse::<CourseStatus>().map_err(bad)?,
        updated_at: needed(fact.time("progress_at"), "the time of progress")?,
        revision,
        import_id,
        line,
    };
    let at = updated.updated_at;
    outbox.push(EventDraft::new(updated, published.fact_id, at, &correlation))?;
    Ok(1)
}
