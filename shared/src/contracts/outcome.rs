//! What texts say about outcomes, as scores.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract, Violation,
    examples::{FACT, PARTICIPANT, TEXT, instant},
    values::{ConfidenceBand, Dimension, EngineVersion, LanguageCode, Rating, Revision, ScoringMethod},
};

/// A text gives evidence of an outcome. A text that does not speak of a dimension has no event of it. The score of
/// `well_being` is not in events: it is read by id, by those who may. `time` is `occurredAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "if" = { "properties": { "dimension": { "const": "well_being" } } },
    "then" = { "properties": { "score": { "type": "null" } } }
))]
pub struct OutcomeScored {
    /// The score; the subject of the event.
    pub outcome_id: Uuid,
    /// The text it rests on.
    pub text_id: Uuid,
    /// Whose outcome it is.
    pub profile_id: Uuid,
    /// What it speaks of.
    pub dimension: Dimension,
    /// The score, 0 to 1; never of `well_being`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Rating>,
    /// How sure the engine is.
    pub confidence: ConfidenceBand,
    /// What made it.
    pub method: ScoringMethod,
    /// Which version of the engine.
    pub engine_version: EngineVersion,
    /// The language the text is in.
    pub language: LanguageCode,
    /// When what the text speaks of happened.
    pub occurred_at: Timestamp,
    /// The version of this fact; keep the highest.
    pub revision: Revision,
}

impl Contract for OutcomeScored {
    const TYPE: &'static str = "q2q.outcome.scored.v1";
    const SERVICE: &'static str = "q2q";

    fn check(&self) -> Result<(), Violation> {
        if self.dimension == Dimension::WellBeing && self.score.is_some() {
            return Err(Violation("score has to be absent when dimension is well_being"));
        }
        Ok(())
    }

    fn example() -> Self {
        Self {
            outcome_id: FACT,
            text_id: TEXT,
            profile_id: PARTICIPANT,
            dimension: Dimension::Belonging,
            score: Rating::new(rust_decimal::Decimal::new(7, 1)).ok(),
            confidence: ConfidenceBand::Medium,
            method: ScoringMethod::Rule,
            engine_version: EngineVersion::new("1.4.0").expect("a constant that keeps the rule"),
            language: LanguageCode::new("nb").expect("a constant that keeps the rule"),
            occurred_at: instant("2025-03-04T17:45:00Z"),
            revision: Revision::FIRST,
        }
    }
}
