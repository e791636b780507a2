//! kintell/sessions: three layouts of one fact.

use shared::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{
        Cefr, ContractError, DurationMinutes, EventDraft, Rater, Rating, RatingScale, Revision, SessionCompleted,
        SessionScheduled, SessionType, TextKind,
    },
    intake::{
        column::Column,
        entity::{Author, Entity, Fact, Field, FieldKind, Key, Layout, Published, in_order, not_the_same_person},
    },
};

const SCHEDULED: Column = Column::timestamp("scheduled_at").required().future_ok().aliases(&[
    "Session date",
    "Scheduled",
    "Scheduled time",
    "Start time",
]);
const COMPLETED: Column =
    Column::timestamp("completed_at").aliases(&["Completed", "Completed time", "End time", "Ended at"]);
const DURATION: Column =
    Column::duration("duration_minutes").aliases(&["Duration (min)", "Duration", "Minutes", "Duration in minutes"]);
const RATING: Column = Column::rating("rating").aliases(&["Session rating", "Score", "Stars"]);
const FEEDBACK: Column = Column::text("feedback_text").aliases(&["Feedback", "Comment", "Comments"]);
const LEVEL: Column = Column::cefr("language_level").aliases(&["CEFR", "CEFR level", "Level"]);
const SESSION_ID: Column = Column::id("session_id").required().aliases(&["Session", "Session no", "Id"]);
const PARTICIPANT: Column = Column::email("participant_email").required().aliases(&[
    "Participant e-mail",
    "Participant",
    "Learner email",
    "Mentee email",
]);
const VOLUNTEER_ALIASES: &[&str] = &["Volunteer e-mail", "Volunteer", "Tutor email", "Tutor e-mail"];

const LANGUAGE: Layout = Layout {
    name: "language",
    columns: &[
        SESSION_ID,
        PARTICIPANT,
        Column::email("volunteer_email").required().aliases(VOLUNTEER_ALIASES),
        SCHEDULED,
        COMPLETED,
        DURATION,
        RATING,
        FEEDBACK,
        LEVEL,
        Column::text("topics"),
        Column::json_text("metadata"),
    ],
    feeds: PEOPLE,
    constants: &[("session_type", "language")],
    words: &[],
};

const MENTOR: Layout = Layout {
    name: "mentor",
    columns: &[
        SESSION_ID,
        PARTICIPANT,
        Column::email("mentor_email").required().aliases(&["Mentor e-mail", "Mentor"]),
        SCHEDULED,
        COMPLETED,
        DURATION,
        RATING,
        FEEDBACK,
        Column::text("focus_area").aliases(&["Focus"]),
        Column::text("goals_discussed").aliases(&["Goals"]),
    ],
    feeds: PEOPLE,
    constants: &[("session_type", "mentorship")],
    words: &[],
};

/// The oldest export has one date for a session that has happened.
const LEGACY: Layout = Layout {
    name: "legacy",
    columns: &[
        SESSION_ID,
        Column::one_of("session_type", &["Language Connect", "Mentorship"]).required().aliases(&["Type"]),
        PARTICIPANT,
        Column::email("volunteer_email").required().aliases(VOLUNTEER_ALIASES),
        Column::timestamp("date").required().aliases(&["Session date"]),
        Column::duration("duration_min").required().aliases(&["Duration (min)"]),
        RATING,
        FEEDBACK,
        LEVEL,
    ],
    feeds: &[
        ("participant_email", &["participant_id"]),
        ("volunteer_email", &["volunteer_id"]),
        ("date", &["scheduled_at", "completed_at"]),
        ("duration_min", &["duration_minutes"]),
        ("feedback_text", &["feedback"]),
    ],
    constants: &[],
    words: &[("Language Connect", "language"), ("Mentorship", "mentorship")],
};

const PEOPLE: &[(&str, &[&str])] = &[
    ("participant_email", &["participant_id"]),
    ("volunteer_email", &["volunteer_id"]),
    ("mentor_email", &["volunteer_id"]),
    ("feedback_text", &["feedback"]),
];

/// Feedback is what the scorer reads; the other texts are notes beside it.
const fn text(name: &'static str, kind: TextKind) -> Field {
    Field { name, kind: FieldKind::Text { kind, subject: "participant", author: Author::Declared } }
}

/// A meeting.
pub static SESSIONS: Entity = Entity {
    source: "kintell",
    name: "sessions",
    table: "core.kintell_sessions",
    id: "session_id",
    layouts: &[LANGUAGE, MENTOR, LEGACY],
    fields: &[
        Field { name: "session_type", kind: FieldKind::Word },
        Field { name: "participant_id", kind: FieldKind::Person("participant") },
        Field { name: "volunteer_id", kind: FieldKind::Person("volunteer") },
        Field { name: "scheduled_at", kind: FieldKind::Time },
        Field { name: "completed_at", kind: FieldKind::Time },
        Field { name: "duration_minutes", kind: FieldKind::Int },
        Field { name: "rating", kind: FieldKind::Rating },
        Field { name: "language_level", kind: FieldKind::Word },
        text("feedback", TextKind::KintellSession),
        text("topics", TextKind::Other),
        text("metadata", TextKind::Other),
        text("focus_area", TextKind::Other),
        text("goals_discussed", TextKind::Other),
    ],
    key: Key::Column("session_id"),
    company_through: Some("volunteer"),
    rated_by: true,
    programme: |fact| match fact.word("session_type")? {
        "language" => Some("language"),
        _ => Some("mentorship"),
    },
    happened: |fact| fact.time("completed_at").or_else(|| fact.time("scheduled_at")),
    check: |fact| {
        not_the_same_person(fact, "participant_id", "volunteer_id")?;
        in_order(fact, "scheduled_at", "completed_at")
    },
    publish,
};

/// One record = one event: a session with `completed_at` is one `session.completed` that carries its rating; without,
/// one `session.scheduled`.
fn publish(published: &Published<'_>, outbox: &mut Outbox) -> Result<u64, OutboxError> {
    let fact = published.fact;
    let missing = || OutboxError::from(ContractError::Malformed("a required field of a session"));
    let session_id = published.fact_id;
    let session_type: SessionType =
        fact.word("session_type").ok_or_else(missing)?.parse().map_err(ContractError::Value)?;
    let participant_id = fact.person("participant_id").ok_or_else(missing)?;
    let volunteer_id = fact.person("volunteer_id").ok_or_else(missing)?;
    let scheduled_at = fact.time("scheduled_at").ok_or_else(missing)?;
    let revision = Revision::new(published.revision).map_err(ContractError::Value)?;
    let (import_id, line) = (Some(published.import_id), Some(published.line));
    let correlation = published.correlation;
    let Some(completed_at) = fact.time("completed_at") else {
        let scheduled = SessionScheduled {
            session_id,
            session_type,
            participant_id,
            volunteer_id,
            scheduled_at,
            revision,
            import_id,
            line,
        };
        outbox.push(EventDraft::recorded(scheduled, session_id, correlation))?;
        return Ok(1);
    };
    let rating = rating(fact)?;
    let completed = SessionCompleted {
        session_id,
        session_type,
        participant_id,
        volunteer_id,
        scheduled_at,
        completed_at,
        duration_minutes: fact
            .int("duration_minutes")
            .map(DurationMinutes::new)
            .transpose()
            .map_err(ContractError::Value)?,
        language_level: fact
            .word("language_level")
            .map(str::parse::<Cefr>)
            .transpose()
            .map_err(ContractError::Value)?,
        rating: rating.map(|(value, _)| value),
        rating_scale: rating.map(|(_, scale)| scale),
        from_role: rating.and_then(|_| published.rater?.parse::<Rater>().ok()),
        text_id: fact.text("feedback"),
        revision,
        import_id,
        line,
    };
    outbox.push(EventDraft::new(completed, session_id, completed_at, correlation))?;
    Ok(1)
}

/// The rating of a fact.
pub(crate) fn rating(fact: &Fact) -> Result<Option<(Rating, RatingScale)>, OutboxError> {
    let Some((value, scale)) = fact.rating("rating") else { return Ok(None) };
    let scale = scale.as_str().parse().map_err(ContractError::Value)?;
    Ok(Some((Rating::new(value).map_err(ContractError::Value)?, scale)))
}
