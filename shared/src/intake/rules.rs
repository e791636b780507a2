//! Rules across the fields of a fact, for the tables of entities.

use super::{
    code::{Code, Rejection},
    fact::Fact,
};

/// The same person cannot be on both sides.
pub fn not_the_same_person(fact: &Fact, one: &'static str, other: &'static str) -> Result<(), Rejection> {
    match (fact.person(one), fact.person(other)) {
        (Some(a), Some(b)) if a == b => Err(Rejection::record(
            Code::SelfPair,
            format!("{one} and {other} are the same person; correct one of the two addresses."),
        )
        .hinted(format!("{one}, {other}"))),
        _ => Ok(()),
    }
}

/// What ends cannot end before it began.
pub fn in_order(fact: &Fact, first: &'static str, then: &'static str) -> Result<(), Rejection> {
    match (fact.time(first), fact.time(then)) {
        (Some(a), Some(b)) if b < a => {
            let reason = format!("{then} ({b}) is before {first} ({a}); correct one of the two.");
            Err(Rejection::record(Code::CompletedBeforeScheduled, reason).at(then).hinted(first))
        }
        _ => Ok(()),
    }
}

/// What has ended says when: the word `ended` in `status` needs the time `at`.
pub fn ended_has_time(fact: &Fact, status: &'static str, at: &'static str) -> Result<(), Rejection> {
    if fact.word(status) != Some("ended") || fact.time(at).is_some() {
        return Ok(());
    }
    let reason = format!("{status} says ended, but {at} is empty; fill in when it ended.");
    Err(Rejection::record(Code::EndedWithoutTime, reason).at(at).hinted(status))
}
