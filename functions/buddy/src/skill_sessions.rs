//! buddy/skill_sessions: somebody showed somebody a skill.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{EventDraft, SkillShareCompleted, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published, in_order, not_the_same_person},
    },
};
use uuid::Uuid;

use crate::{
    BUDDY, MATCH, PARTICIPANT,
    events::{minutes, needed, origin, rating, word},
    person,
};

const LAYOUT: Layout = Layout {
    name: "skill_sessions",
    columns: &[
        Column::id("session_id").required(),
        Column::id("skill_id").required(),
        Column::label("skill_name").required(),
        Column::label("skill_category"),
        Column::reference("teacher_id").required(),
        Column::reference("learner_id").required(),
        Column::id("match_id"),
        Column::timestamp("completed_at").required(),
        Column::timestamp("scheduled_at").future_ok(),
        Column::duration("duration_minutes").aliases(&["Duration (min)"]),
        Column::label("format"),
        Column::label("proficiency_level"),
        Column::rating("teacher_rating"),
        Column::rating("learner_rating"),
        Column::text("teacher_comment"),
        Column::text("learner_comment"),
        Column::text("learner_progress"),
        Column::integers("sdg_goals", 1, 17),
        Column::decimal("valuation_points", 0, 1_000_000),
    ],
    feeds: &[],
    constants: &[],
    words: &[],
};

/// A skill-share session.
pub static SKILL_SESSIONS: Entity = Entity {
    source: "buddy",
    name: "skill_sessions",
    table: "core.buddy_skill_sessions",
    id: "session_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "skill_id", kind: FieldKind::Code },
        Field { name: "skill_name", kind: FieldKind::Code },
        Field { name: "skill_category", kind: FieldKind::Code },
        Field { name: "teacher_id", kind: person("teacher") },
        Field { name: "learner_id", kind: person("learner") },
        Field { name: "match_id", kind: MATCH },
        Field { name: "participant_id", kind: PARTICIPANT },
        Field { name: "buddy_id", kind: BUDDY },
        Field { name: "scheduled_at", kind: FieldKind::Time },
        Field { name: "completed_at", kind: FieldKind::Time },
        Field { name: "duration_minutes", kind: FieldKind::Int },
        Field { name: "format", kind: FieldKind::Code },
        Field { name: "proficiency_level", kind: FieldKind::Code },
        Field { name: "teacher_rating", kind: FieldKind::Rating },
        Field { name: "learner_rating", kind: FieldKind::Rating },
        Field { name: "sdg_goals", kind: FieldKind::Ints },
        Field { name: "valuation_points", kind: FieldKind::Decimal },
        Field {
            name: "teacher_comment",
            kind: FieldKind::Text {
                kind: TextKind::BuddyFeedback,
                subject: "teacher",
                author: Author::Part("teacher"),
            },
        },
        Field {
            name: "learner_comment",
            kind: FieldKind::Text {
                kind: TextKind::BuddyFeedback,
                subject: "learner",
                author: Author::Part("learner"),
            },
        },
        Field {
            name: "learner_progress",
            kind: FieldKind::Text { kind: TextKind::Other, subject: "learner", author: Author::Part("learner") },
        },
    ],
    key: Key::Column("session_id"),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("completed_at"),
    check: |fact| {
        not_the_same_person(fact, "teacher_id", "learner_id")?;
        in_order(fact, "scheduled_at", "completed_at")
    },
    publish,
};

/// A skill's id in events: ours, the same for the same id of Buddy's, which stays inside.
fn skill(id: &str) -> Uuid {
    const SKILLS: Uuid = Uuid::from_u128(0x6f0e_2b52_8d1c_5a0e_9c7b_2f64_30d5_81aa);
    Uuid::new_v5(&SKILLS, id.as_bytes())
}

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let (revision, import_id, line, correlation) = origin(published)?;
    let shared = SkillShareCompleted {
        session_id: published.fact_id,
        skill_id: skill(needed(fact.word("skill_id"), "the skill of a session")?),
        teacher_id: needed(fact.person("teacher_id"), "the teacher of a session")?,
        learner_id: needed(fact.person("learner_id"), "the learner of a session")?,
        match_id: fact.refers_to("match_id"),
        completed_at: needed(fact.time("completed_at"), "the end of a session")?,
        duration_minutes: minutes(fact)?,
        proficiency_level: word(fact, "proficiency_level"),
        teacher_rating: rating(fact, "teacher_rating")?,
        learner_rating: rating(fact, "learner_rating")?,
        text_ids: ["teacher_comment", "learner_comment"].iter().filter_map(|field| fact.text(field)).collect(),
        revision,
        import_id,
        line,
    };
    let at = shared.completed_at;
    outbox.push(EventDraft::new(shared, published.fact_id, at, &correlation))?;
    Ok(1)
}
