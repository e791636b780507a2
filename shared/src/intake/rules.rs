//! Rules across the fields of a fact, for the tables of entities. They speak of fields; which columns those are is the
//! layout's business.

use super::{
    code::{Code, Rejection},
    entity::Layout,
    fact::Fact,
};

/// Two fields that cannot both be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction {
    kind: Kind,
    /// The field that is told as the one at fault.
    at: &'static str,
    /// The other.
    with: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    SamePerson,
    Backwards,
    EndMissing,
}

impl Contradiction {
    /// The rejection of the record, in the words of its file.
    pub fn rejection(self, layout: &Layout) -> Rejection {
        let (at, with) = (layout.column_of(self.at), layout.column_of(self.with));
        let (code, reason, hint) = match self.kind {
            Kind::SamePerson => (
                Code::SelfPair,
                format!("{with} and {at} are the same person; correct one of the two."),
                format!("{with}, {at}"),
            ),
            Kind::Backwards => (
                Code::CompletedBeforeScheduled,
                format!("{at} is before {with}; correct one of the two."),
                with.to_owned(),
            ),
            Kind::EndMissing => (
                Code::MissingRequired,
                format!("{with} says ended, but {at} is empty; fill in when it ended."),
                with.to_owned(),
            ),
        };
        Rejection::record(code, reason).at(at).hinted(hint)
    }
}

/// The same person cannot be on both sides.
pub fn not_the_same_person(fact: &Fact, one: &'static str, other: &'static str) -> Result<(), Contradiction> {
    match (fact.person(one), fact.person(other)) {
        (Some(a), Some(b)) if a == b => Err(Contradiction { kind: Kind::SamePerson, at: other, with: one }),
        _ => Ok(()),
    }
}

/// What ends cannot end before it began.
pub fn in_order(fact: &Fact, first: &'static str, then: &'static str) -> Result<(), Contradiction> {
    match (fact.time(first), fact.time(then)) {
        (Some(a), Some(b)) if b < a => Err(Contradiction { kind: Kind::Backwards, at: then, with: first }),
        _ => Ok(()),
    }
}

/// What has ended says when: the word `ended` in `status` needs the time `at`.
pub fn ended_has_time(fact: &Fact, status: &'static str, at: &'static str) -> Result<(), Contradiction> {
    if fact.word(status) != Some("ended") || fact.time(at).is_some() {
        return Ok(());
    }
    Err(Contradiction { kind: Kind::EndMissing, at, with: status })
}
