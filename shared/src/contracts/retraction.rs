//! What no longer holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract, Violation,
    examples::SESSION,
    values::{FactType, Milestone, RetractionReason, Revision},
};

/// A fact is taken back, in all revisions below this one, and whatever follows from it goes. A retraction is a
/// revision like any other: who keeps the highest has the truth. A record put in again after an undo is a new fact with
/// a new id; a text or a milestone may be told again with a higher revision. The event belongs to the fact's service.
///
/// A milestone of a journey has no id of its own: `factId` is the profile, as in the subject of
/// `profile.milestone.reached`, and `milestone` says which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "if" = { "properties": { "factType": { "const": "profile.milestone" } } },
    "then" = { "required": ["milestone"], "properties": { "milestone": { "not": { "type": "null" } } } },
    "else" = { "properties": { "milestone": { "type": "null" } } }
))]
pub struct FactRetracted {
    /// What kind of fact it was.
    pub fact_type: FactType,
    /// The fact; the subject of the event.
    pub fact_id: Uuid,
    /// Which milestone; there if and only if the fact is one of a journey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Milestone>,
    /// Why.
    pub reason: RetractionReason,
    /// The revision that takes the fact back: above every one that told it.
    pub revision: Revision,
}

impl Contract for FactRetracted {
    const TYPE: &'static str = "fact.retracted.v1";
    const SERVICE: &'static str = "intake";
    const SERVICES: &'static [&'static str] = &["kintell", "buddy", "upskilling", "intake", "profile", "q2q"];

    fn service(&self) -> &'static str {
        self.fact_type.service()
    }

    fn check(&self) -> Result<(), Violation> {
        if self.milestone.is_some() != (self.fact_type == FactType::ProfileMilestone) {
            return Err(Violation("milestone has to be there if and only if factType is profile.milestone"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            fact_type: FactType::KintellSession,
            fact_id: SESSION,
            milestone: None,
            reason: RetractionReason::Undone,
            revision: Revision::FIRST.next(),
        }
    }
}
