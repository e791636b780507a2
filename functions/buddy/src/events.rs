//! What the events of all Buddy's entities are made by.

use shared::{
    bus::outbox::OutboxError,
    contracts::{Amount, ContractError, DurationMinutes, Line, Rating, Revision, SdgGoal, ValueError},
    intake::entity::{Fact, Published},
};
use uuid::Uuid;

/// A contract's value that cannot be made.
pub fn bad(error: ValueError) -> OutboxError {
    ContractError::Value(error).into()
}

/// A field that the entity's table has as required.
pub fn needed<T>(value: Option<T>, what: &'static str) -> Result<T, OutboxError> {
    value.ok_or_else(|| ContractError::Malformed(what).into())
}

/// What every event says about where it came from.
pub fn origin(published: &Published<'_>) -> Result<(Revision, Option<Uuid>, Option<Line>, String), OutboxError> {
    let revision = Revision::new(published.revision).map_err(bad)?;
    Ok((revision, Some(published.import_id), Some(published.line), published.correlation.to_owned()))
}

/// A rating from 0 to 1.
pub fn rating(fact: &Fact, field: &str) -> Result<Option<Rating>, OutboxError> {
    fact.rating(field).map(|(value, _)| Rating::new(value)).transpose().map_err(bad)
}

/// How many.
pub fn amount(fact: &Fact, field: &str) -> Result<Option<Amount>, OutboxError> {
    fact.int(field).map(Amount::new).transpose().map_err(bad)
}

/// How long.
pub fn minutes(fact: &Fact) -> Result<Option<DurationMinutes>, OutboxError> {
    fact.int("duration_minutes").map(DurationMinutes::new).transpose().map_err(bad)
}

/// Goals by number.
pub fn goals<C: FromIterator<SdgGoal>>(fact: &Fact) -> Result<C, OutboxError> {
    fact.ints("sdg_goals")
        .unwrap_or_default()
        .iter()
        .map(|goal| SdgGoal::new(*goal))
        .collect::<Result<_, _>>()
        .map_err(bad)
}

/// A word of a closed list, whatever the case and the blanks of the source.
pub fn word<T: std::str::FromStr>(fact: &Fact, field: &str) -> Option<T> {
    fact.word(field)?.to_lowercase().parse().ok()
}
