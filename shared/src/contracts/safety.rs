//! What screening decided on texts. Which category a text fell into is not here: it is read by id, by those who may.
//! The subject of these events is the text.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Contract,
    examples::{FACT, PARTICIPANT, REVIEWER, SAFETY_FLAG, TEXT, instant},
    values::{EngineCode, EngineVersion, ReviewDecision, Revision, ScreeningDecision},
};

/// A text was screened. Only an allowed text is scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextScreened {
    /// The screening; a text that is screened again has another.
    pub screening_id: Uuid,
    /// The text; the subject of the event.
    pub text_id: Uuid,
    /// The person the text is about.
    pub subject_id: Uuid,
    /// What was decided.
    pub decision: ScreeningDecision,
    /// Which engine decided.
    pub engine: EngineCode,
    /// Which version of it.
    pub engine_version: EngineVersion,
    /// The version of this text's screening; keep the highest.
    pub revision: Revision,
}

impl Contract for TextScreened {
    const TYPE: &'static str = "safety.text.screened.v1";
    const SERVICE: &'static str = "moderation";

    fn example() -> Self {
        Self {
            screening_id: FACT,
            text_id: TEXT,
            subject_id: PARTICIPANT,
            decision: ScreeningDecision::Review,
            engine: EngineCode::new("rules").expect("a constant that keeps the rule"),
            engine_version: EngineVersion::new("1.4.0").expect("a constant that keeps the rule"),
            revision: Revision::FIRST,
        }
    }
}

/// A text waits for a reviewer. `time` is `raisedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SafetyFlagRaised {
    /// The flag.
    pub flag_id: Uuid,
    /// The text; the subject of the event.
    pub text_id: Uuid,
    /// Whether it must not wait.
    pub urgent: bool,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The version of this flag; keep the highest.
    pub revision: Revision,
}

impl Contract for SafetyFlagRaised {
    const TYPE: &'static str = "safety.flag.raised.v1";
    const SERVICE: &'static str = "moderation";

    fn example() -> Self {
        Self {
            flag_id: SAFETY_FLAG,
            text_id: TEXT,
            urgent: false,
            raised_at: instant("2025-03-04T18:00:00Z"),
            revision: Revision::FIRST,
        }
    }
}

/// A reviewer decided on a flag. `time` is `completedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewCompleted {
    /// The review; an appeal is another.
    pub review_id: Uuid,
    /// The flag that was decided on.
    pub flag_id: Uuid,
    /// The text; the subject of the event.
    pub text_id: Uuid,
    /// Who decided.
    pub reviewer_id: Uuid,
    /// What was decided.
    pub decision: ReviewDecision,
    /// When.
    pub completed_at: Timestamp,
    /// The version of this review; keep the highest.
    pub revision: Revision,
}

impl Contract for ReviewCompleted {
    const TYPE: &'static str = "safety.review.completed.v1";
    const SERVICE: &'static str = "moderation";

    fn example() -> Self {
        Self {
            review_id: FACT,
            flag_id: SAFETY_FLAG,
            text_id: TEXT,
            reviewer_id: REVIEWER,
            decision: ReviewDecision::Overturn,
            completed_at: instant("2025-03-05T07:30:00Z"),
            revision: Revision::FIRST,
        }
    }
}
