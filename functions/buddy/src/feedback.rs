//! buddy/feedback: what one side of a match says about it, with ratings from 0 to 1.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{EventDraft, FeedbackCategories, FeedbackSubmitted, MatchSide, TextKind},
    intake::{
        column::Column,
        entity::{Author, Entity, Field, FieldKind, Key, Layout, Published},
    },
};

use crate::{
    BUDDY, MATCH, PARTICIPANT,
    events::{bad, needed, origin, rating},
};

const LAYOUT: Layout = Layout {
    name: "feedback",
    columns: &[
        Column::id("feedback_id").required(),
        Column::id("match_id").required(),
        Column::one_of("from_role", &["participant", "buddy"]).required(),
        Column::rating("rating").required(),
        Column::text("feedback_text").aliases(&["Feedback", "Comment"]),
        Column::timestamp("submitted_at").required(),
        Column::rating("communication"),
        Column::rating("helpfulness"),
        Column::rating("engagement"),
    ],
    feeds: &[("feedback_text", &["feedback"])],
    constants: &[],
    words: &[],
};

/// Feedback on a match; whose words and rating it is, the record says.
pub static FEEDBACK: Entity = Entity {
    source: "buddy",
    name: "feedback",
    table: "core.buddy_feedback",
    id: "feedback_id",
    layouts: &[LAYOUT],
    fields: &[
        Field { name: "match_id", kind: MATCH },
        Field { name: "participant_id", kind: PARTICIPANT },
        Field { name: "buddy_id", kind: BUDDY },
        Field { name: "from_role", kind: FieldKind::Word },
        Field { name: "rating", kind: FieldKind::Rating },
        Field { name: "communication", kind: FieldKind::Rating },
        Field { name: "helpfulness", kind: FieldKind::Rating },
        Field { name: "engagement", kind: FieldKind::Rating },
        Field { name: "submitted_at", kind: FieldKind::Time },
        Field {
            name: "feedback",
            kind: FieldKind::Text {
                kind: TextKind::BuddyFeedback,
                subject: "participant",
                author: Author::Side("from_role"),
            },
        },
    ],
    key: Key::Column("feedback_id"),
    company_through: Some("buddy"),
    rated_by: false,
    programme: |_| Some("buddy"),
    happened: |fact| fact.time("submitted_at"),
    check: |_| Ok(()),
    publish,
};

fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let (revision, import_id, line, correlation) = origin(published)?;
    let side = needed(fact.word("from_role"), "whose feedback it is")?;
    let categories = FeedbackCategories {
        communication: rating(fact, "communication")?,
        helpfulness: rating(fact, "helpfulness")?,
        engagement: rating(fact, "engagement")?,
    };
    let submitted = FeedbackSubmitted {
        feedback_id: published.fact_id,
        match_id: needed(fact.refers_to("match_id"), "the match of feedback")?,
        from_role: side.parse::<MatchSide>().map_err(bad)?,
        rating: needed(rating(fact, "rating")?, "the rating of feedback")?,
        submitted_at: needed(fact.time("submitted_at"), "the time of feedback")?,
        categories: categories.given(),
        text_id: fact.text("feedback"),
        revision,
        import_id,
        line,
    };
    let at = submitted.submitted_at;
    outbox.push(EventDraft::new(submitted, published.fact_id, at, &correlation))?;
    Ok(1)
}
