//! What is done about findings: category × grade × kind of text → decision, priority, lane, redaction. It is data, so
//! that an admin can change it; the strictest of all findings wins.

use serde::{Deserialize, Serialize};
use text::lexicon::File;

use crate::{Analysis, Category, Grade, Kind};

/// What is decided on a text, from lenient to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It goes onward.
    Allow,
    /// A person looks before it is used.
    Review,
    /// It is not used.
    Block,
}

/// Who may see the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Every reviewer.
    General,
    /// Named reviewers: self-harm and safeguarding.
    Sensitive,
}

/// One row of the policy. The first row that fits decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The category.
    pub category: Category,
    /// The grade; absent: every grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// The kind of text; absent: every kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// What is decided.
    pub decision: Decision,
    /// Whether it must not wait.
    #[serde(default)]
    pub urgent: bool,
    /// Who may see it.
    pub lane: Lane,
    /// Whether the span is replaced in the redacted text.
    #[serde(default)]
    pub redact: bool,
    /// Whether the text may be scored once a person let it through.
    pub scored: bool,
}

/// A policy: rows, first match wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The rows.
    pub rules: Vec<Rule>,
}

/// What a policy makes of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The strictest decision.
    pub decision: Decision,
    /// Whether it must not wait: an urgent row, or a blocked threat or sexual demand aimed at a person.
    pub urgent: bool,
    /// The most restricted lane.
    pub lane: Lane,
    /// Whether a review item is opened: every review, and blocks that are `aimed`.
    pub opens_item: bool,
    /// Whether somebody has to look even where the text is blocked: a block aimed at a person, what is reviewed in the
    /// sensitive lane, what no row fits.
    pub aimed: bool,
    /// Whether it may be scored once somebody let it through.
    pub scorable: bool,
}

/// The policy that comes with the engine.
pub(crate) const FILE: File =
    File { name: "functions/moderation/engine/data/policy.toml", text: include_str!("../data/policy.toml") };

impl Policy {
    /// The policy that comes with the engine (`data/policy.toml`).
    pub fn standard() -> Self {
        // A build whose tests passed has a policy that is read; without rows everything is reviewed.
        Self::parse(FILE.text).unwrap_or(Self { rules: Vec::new() })
    }

    /// Reads a policy in TOML.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The first row that fits a finding of this category and grade in a text of this kind.
    pub fn row(&self, category: Category, grade: Grade, kind: Kind) -> Option<&Rule> {
        self.rules.iter().find(|rule| {
            rule.category == category
                && rule.grade.is_none_or(|one| one == grade)
                && rule.kind.is_none_or(|one| one == kind)
        })
    }

    /// What is done about a text. A finding no row fits is reviewed: a gap in the policy lets nothing through.
    pub fn decide(&self, analysis: &Analysis, kind: Kind) -> Verdict {
        let mut verdict = Verdict {
            decision: Decision::Allow,
            urgent: false,
            lane: Lane::General,
            opens_item: false,
            aimed: false,
            scorable: true,
        };
        for finding in &analysis.findings {
            let Some(rule) = self.row(finding.category, finding.grade, kind) else {
                verdict.decision = verdict.decision.max(Decision::Review);
                verdict.lane = Lane::Sensitive;
                verdict.aimed = true;
                verdict.scorable = false;
                continue;
            };
            verdict.decision = verdict.decision.max(rule.decision);
            verdict.urgent |= rule.urgent;
            verdict.lane = verdict.lane.max(rule.lane);
            verdict.scorable &= rule.scored;
            // What is aimed at a person is blocked from use and looked at all the same. So is what the sensitive lane
            // reviews, when something else in the text blocks it.
            verdict.aimed |= rule.decision == Decision::Review && rule.lane == Lane::Sensitive;
            let aimed =
                finding.aimed && matches!(finding.category, Category::Threat | Category::Sexual | Category::Harassment);
            if rule.decision == Decision::Block && aimed {
                verdict.urgent = true;
                verdict.aimed = true;
                verdict.lane = Lane::Sensitive;
            }
        }
        verdict.opens_item = verdict.decision == Decision::Review || verdict.aimed;
        verdict
    }
}
