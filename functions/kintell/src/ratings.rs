//! kintell/ratings: a rating of a meeting that comes on its own, apart from the meeting's record.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{ContractError, EventDraft, Rater, RatingCreated, Revision, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published, Target},
    },
};

use crate::sessions::rating;

/// The meetings that are rated.
const SESSIONS: Target = Target { entity: "sessions", table: "core.kintell_sessions", id: "session_id" };

const LAYOUT: Layout = Layout {
    name: "ratings",
    columns: &[
        Column::id("rating_id").required(),
        Column::id("session_id").required(),
        Column::one_of("from_role", &["participant", "volunteer"]).required(),
        Column::rating("rating").required(),
        Column::text("feedback_text"),
        Column::timestamp("created_at").required(),
    ],
    feeds: &[("feedback_text", &["feedback"])],
    constants: &[],
    words: &[],
};

const fn of_session(name: &'static str, part: &'static str) -> Field {
    Field { name, kind: FieldKind::PersonOf { part, through: "session_id", field: name } }
}

/// A rating on its own.
pub static RATINGS: Entity = Entity {
    source: "kintell",
    name: "ratings",
    table: "core.kintell_ratings",
    id: "rating_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "session_id", kind: FieldKind::Ref(SESSIONS) },
        of_session("participant_id", "participant"),
        of_session("volunteer_id", "volunteer"),
        Field { name: "session_type", kind: FieldKind::WordOf { through: "session_id", field: "session_type" } },
        Field { name: "from_role", kind: FieldKind::Word },
        Field { name: "rating", kind: FieldKind::Rating },
        Field {
            name: "feedback",
            kind: FieldKind::Text {
                kind: TextKind::KintellSession,
                subject: "participant",
                author: Author::Side("from_role"),
            },
        },
        Field { name: "created_at", kind: FieldKind::Time },
    ],
    key: Key::Column("rating_id"),
    company_through: Some("volunteer"),
    rated_by: false,
    programme: |fact| match fact.word("session_type")? {
        "language" => Some("language"),
        _ => Some("mentorship"),
    },
    happened: |fact| fact.time("created_at"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let missing = || OutboxError::from(ContractError::Malformed("a required field of a rating"));
    let (value, rating_scale) = rating(fact)?.ok_or_else(missing)?;
    let created_at = fact.time("created_at").ok_or_else(missing)?;
    let created = RatingCreated {
        rating_id: published.fact_id,
        session_id: fact.refers_to("session_id").ok_or_else(missing)?,
        from_role: fact.word("from_role").ok_or_else(missing)?.parse::<Rater>().map_err(ContractError::Value)?,
        rating: value,
        rating_scale,
        text_id: fact.text("feedback"),
        created_at,
        revision: Revision::new(published.revision).map_err(ContractError::Value)?,
        import_id: Some(published.import_id),
        line: Some(published.line),
    };
    outbox.push(EventDraft::new(created, published.fact_id, created_at, published.correlation))?;
    Ok(1)
}
