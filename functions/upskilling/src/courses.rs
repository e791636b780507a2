//! What the entities about courses have in common: columns, and the parts of events.

use shared::{
    bus::outbox::OutboxError,
    contracts::{ContractError, CourseCode, CourseName, Line, ProviderCode, Revision, Score, ValueError},
    intake::{
        column::Column,
        entity::{Fact, Published},
    },
};
use uuid::Uuid;

pub const EMAIL: Column = Column::email("user_email").required().aliases(&["E-mail", "Email", "Learner email"]);
pub const PROVIDER: Column = Column::id("provider").required();
pub const COURSE: Column = Column::id("course_id").required().aliases(&["Course"]);
pub const COURSE_NAME: Column = Column::label("course_name").aliases(&["Course title"]);
pub const FEEDS: (&str, &[&str]) = ("user_email", &["profile_id"]);

/// A contract's value that cannot be made.
pub fn bad(error: ValueError) -> OutboxError {
    ContractError::Value(error).into()
}

/// A field that the entity's table has as required.
pub fn needed<T>(value: Option<T>, what: &'static str) -> Result<T, OutboxError> {
    value.ok_or_else(|| ContractError::Malformed(what).into())
}

/// What every event about a course says.
pub struct Course {
    pub profile_id: Uuid,
    pub provider: ProviderCode,
    pub course_id: CourseCode,
    pub course_name: Option<CourseName>,
    pub revision: Revision,
    pub import_id: Option<Uuid>,
    pub line: Option<Line>,
    pub correlation: String,
}

/// Reads it from a fact.
pub fn course(published: &Published<'_>) -> Result<Course, OutboxError> {
    let fact = published.fact;
    let word = |field| needed(fact.word(field), "a course");
    Ok(Course {
        profile_id: needed(fact.person("profile_id"), "who takes a course")?,
        provider: ProviderCode::new(word("provider")?).map_err(bad)?,
        course_id: CourseCode::new(word("course_id")?).map_err(bad)?,
        course_name: fact.word("course_name").map(CourseName::new).transpose().map_err(bad)?,
        revision: Revision::new(published.revision).map_err(bad)?,
        import_id: Some(published.import_id),
        line: Some(published.line),
        correlation: published.correlation.to_owned(),
    })
}

/// A score or a percentage. The store keeps it to the last digit, an event as many as a JSON number holds.
pub fn score(fact: &Fact, field: &str) -> Result<Option<Score>, OutboxError> {
    fact.decimal(field).map(|score| Score::new(score.round_dp(Score::PLACES))).transpose().map_err(bad)
}
