//! The policy as data: which one counts, what may stand in it, what a change touches.

use aws_lc_rs::digest::{SHA256, digest};
use moderation_engine::{
    Category, Grade, Kind,
    policy::{Decision, Lane, Policy, Rule},
};
use serde::de::DeserializeOwned;
use shared::{
    db::DbError,
    error::{Classified, Retry},
};
use tokio_postgres::{GenericClient, types::Type};

use crate::{name, screening};

/// Rows a policy may have.
pub const MOST_ROWS: usize = 500;

/// What reading the policy can fail with.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The stored rows are none this version knows.
    #[error("the stored policy has a row this version does not know: deploy the version that wrote it")]
    Stored,
}

impl From<tokio_postgres::Error> for PolicyError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Classified for PolicyError {
    fn retry(&self) -> Retry {
        match self {
            Self::Database(error) => error.retry(),
            Self::Stored => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code(),
            Self::Stored => "unknown_policy_row",
        }
    }
}

/// A policy with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// 0: the one that came with the engine.
    pub number: i32,
    /// The rows.
    pub policy: Policy,
}

impl Numbered {
    /// The policy that came with the engine.
    pub fn standard() -> Self {
        Self { number: 0, policy: Policy::standard() }
    }

    /// What stands with each screening: the number, and the beginning of the digest of the rows.
    pub fn version(&self) -> String {
        format!("{}+{}", self.number, hash(&self.policy))
    }
}

/// Eight hexadecimal digits of the SHA-256 of the rows as JSON.
pub fn hash(policy: &Policy) -> String {
    let bytes = serde_json::to_vec(&policy.rules).unwrap_or_default();
    digest(&SHA256, &bytes).as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The policy that counts.
pub async fn in_force(client: &impl GenericClient) -> Result<Numbered, PolicyError> {
    let sql = "SELECT version, rules FROM core.moderation_policies ORDER BY version DESC LIMIT 1";
    let rows = client.query_typed(sql, &[]).await?;
    rows.first().map_or_else(|| Ok(Numbered::standard()), |row| read(row.get(0), row.get(1)))
}

/// The policy with this number; the standard one for 0.
pub async fn numbered(client: &impl GenericClient, number: i32) -> Result<Numbered, PolicyError> {
    if number == 0 {
        return Ok(Numbered::standard());
    }
    let sql = "SELECT version, rules FROM core.moderation_policies WHERE version = $1";
    let rows = client.query_typed(sql, &[(&number, Type::INT4)]).await?;
    rows.first().map_or(Err(PolicyError::Stored), |row| read(row.get(0), row.get(1)))
}

fn read(number: i32, rules: serde_json::Value) -> Result<Numbered, PolicyError> {
    let rules = serde_json::from_value(rules).map_err(|_| PolicyError::Stored)?;
    Ok(Numbered { number, policy: Policy { rules } })
}

/// A row that may not stand in a policy, and why; the place of the row, if it is one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which row, from 0; none: a row is missing.
    pub row: Option<usize>,
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people.
    pub why: String,
}

/// What is wrong with a policy. What keeps people safe is not for an admin to switch off.
pub fn check(policy: &Policy) -> Vec<Refused> {
    let mut refused = Vec::new();
    if policy.rules.is_empty() || policy.rules.len() > MOST_ROWS {
        let why = format!("A policy has 1 to {MOST_ROWS} rows.");
        refused.push(Refused { row: None, code: "out_of_range", why });
    }
    for (at, row) in policy.rules.iter().enumerate() {
        if let Some((code, why)) = wrong(row).or_else(|| reaches_protected(policy, row)) {
            refused.push(Refused { row: Some(at), code, why: why.to_owned() });
        }
    }
    let kept = [Category::SelfHarm, Category::Safeguarding, Category::Pii, Category::UnsupportedLanguage];
    for category in kept {
        let covers = |row: &Rule| row.category == category && row.grade.is_none() && row.kind.is_none();
        if !policy.rules.iter().any(covers) {
            let why = format!("There has to be a row for every case of {}: without grade and kind.", name(category));
            refused.push(Refused { row: None, code: "missing_row", why });
        }
    }
    refused
}

fn wrong(row: &Rule) -> Option<(&'static str, &'static str)> {
    match row.category {
        Category::SelfHarm | Category::Safeguarding => {
            if row.scored {
                return Some(("never_scored", "Texts with self-harm or safeguarding are never scored."));
            }
            if row.decision == Decision::Allow || row.lane != Lane::Sensitive || !row.urgent {
                return Some((
                    "not_lowered",
                    "Self-harm and safeguarding are reviewed, urgently, in the sensitive lane.",
                ));
            }
            None
        }
        Category::Pii if row.decision == Decision::Allow && !row.redact => {
            Some(("not_lowered", "Personal data is allowed only where it is replaced: redact."))
        }
        Category::UnsupportedLanguage if row.decision == Decision::Allow => {
            Some(("not_lowered", "What the engine cannot read is not allowed."))
        }
        _ => None,
    }
}

/// What is wrong with a row that decides on findings the code protects ([`screening::protected`]), also by being the first
/// that fits them.
fn reaches_protected(policy: &Policy, row: &Rule) -> Option<(&'static str, &'static str)> {
    let lowers = row.scored || row.decision == Decision::Allow || row.lane != Lane::Sensitive;
    let kinds = [Kind::KintellSession, Kind::BuddyCheckin, Kind::BuddyFeedback, Kind::CourseReflection, Kind::Other];
    let reached = [Grade::Disclosure, Grade::Encouraged].into_iter().any(|grade| {
        let decides = |kind| policy.row(row.category, grade, kind).is_some_and(|first| std::ptr::eq(first, row));
        screening::protected(row.category, grade) && (row.grade == Some(grade) || kinds.into_iter().any(decides))
    });
    (lowers && reached).then_some((
        "not_lowered",
        "What somebody tells of being harassed, threatened or abused, and telling somebody to die, is held in the sensitive lane and never scored: put rows for these grades before this one.",
    ))
}

/// Findings of the kinds there are that two policies treat otherwise: category, grade, kind of text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Categories.
    pub categories: Vec<String>,
    /// Grades.
    pub grades: Vec<String>,
    /// Kinds of text.
    pub kinds: Vec<String>,
}

/// Asks the store which kinds of findings there are, and keeps those that the policies treat otherwise.
pub async fn touched(client: &impl GenericClient, old: &Policy, new: &Policy) -> Result<Touched, PolicyError> {
    let rows = client
        .query_typed(
            "SELECT DISTINCT f.category, f.grade, s.kind FROM core.screenings s JOIN core.screening_findings f USING (screening_id)
             WHERE s.newest ORDER BY 1, 2, 3",
            &[],
        )
        .await?;
    let mut touched = Touched::default();
    for row in &rows {
        let (category, grade, kind): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        // What an older engine found and this one does not know is treated by nobody: it is screened anew as well.
        let same = match (known(category), known(grade), known(kind)) {
            (Some(category), Some(grade), Some(kind)) => {
                treatment(old.row(category, grade, kind)) == treatment(new.row(category, grade, kind))
            }
            _ => false,
        };
        if !same {
            touched.categories.push(category.to_owned());
            touched.grades.push(grade.to_owned());
            touched.kinds.push(kind.to_owned());
        }
    }
    Ok(touched)
}

/// Reads a name of the engine.
pub(crate) fn known<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

fn treatment(row: Option<&Rule>) -> Option<(Decision, bool, Lane, bool, bool)> {
    row.map(|row| (row.decision, row.urgent, row.lane, row.redact, row.scored))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(category: Category, decision: Decision, lane: Lane, redact: bool, scored: bool) -> Rule {
        let urgent = matches!(category, Category::SelfHarm | Category::Safeguarding);
        Rule { category, grade: None, kind: None, decision, urgent, lane, redact, scored }
    }

    fn sound() -> Policy {
        Policy {
            rules: vec![
                row(Category::SelfHarm, Decision::Review, Lane::Sensitive, false, false),
                row(Category::Safeguarding, Decision::Review, Lane::Sensitive, false, false),
                row(Category::Pii, Decision::Review, Lane::General, true, true),
                row(Category::UnsupportedLanguage, Decision::Review, Lane::General, false, true),
                row(Category::Spam, Decision::Block, Lane::General, false, false),
            ],
        }
    }

    fn codes(policy: &Policy) -> Vec<(Option<usize>, &'static str)> {
        check(policy).into_iter().map(|refused| (refused.row, refused.code)).collect()
    }

    #[test]
    fn the_policy_that_comes_with_the_engine_may_stand() {
        assert_eq!(codes(&Policy::standard()), []);
        assert_eq!(codes(&sound()), []);
    }

    #[test]
    fn what_keeps_people_safe_cannot_be_switched_off() {
        for (at, change, code) in [
            (0, row(Category::SelfHarm, Decision::Review, Lane::Sensitive, false, true), "never_scored"),
            (0, row(Category::SelfHarm, Decision::Allow, Lane::Sensitive, false, false), "not_lowered"),
            (1, row(Category::Safeguarding, Decision::Review, Lane::General, false, false), "not_lowered"),
            (2, row(Category::Pii, Decision::Allow, Lane::General, false, true), "not_lowered"),
            (3, row(Category::UnsupportedLanguage, Decision::Allow, Lane::General, false, true), "not_lowered"),
        ] {
            let mut policy = sound();
            policy.rules[at] = change;
            assert_eq!(codes(&policy), [(Some(at), code)]);
        }
        let mut policy = sound();
        policy.rules[0].urgent = false;
        assert_eq!(codes(&policy), [(Some(0), "not_lowered")], "it must not wait");
        policy = sound();
        policy.rules.remove(0);
        assert_eq!(codes(&policy), [(None, "missing_row")]);
        // A row for one grade covers not every case.
        policy = sound();
        policy.rules[1].grade = Some(Grade::Ongoing);
        assert_eq!(codes(&policy), [(None, "missing_row")]);
        assert!(codes(&Policy { rules: vec![] }).contains(&(None, "out_of_range")));
    }

    #[test]
    fn what_somebody_tells_of_being_hurt_is_not_lowered_by_a_row_that_fits_it_first() {
        let lenient = row(Category::Harassment, Decision::Review, Lane::General, false, true);
        let graded = |grade| Rule {
            grade: Some(grade),
            ..row(Category::Harassment, Decision::Review, Lane::Sensitive, false, false)
        };
        let held = [graded(Grade::Disclosure), graded(Grade::Encouraged)];
        let with = |first: &[Rule]| Policy { rules: first.iter().cloned().chain(sound().rules).collect() };
        assert_eq!(codes(&with(std::slice::from_ref(&lenient))), [(Some(0), "not_lowered")]);
        assert_eq!(codes(&with(&[held[0].clone(), lenient.clone()])), [(Some(1), "not_lowered")], "one is left");
        assert_eq!(codes(&with(&[held[0].clone(), held[1].clone(), lenient.clone()])), []);
        assert_eq!(codes(&with(&[lenient.clone(), held[0].clone(), held[1].clone()])), [(Some(0), "not_lowered")]);
        let one_kind = Rule { kind: Some(Kind::Other), ..lenient };
        assert_eq!(codes(&with(&[one_kind, held[0].clone(), held[1].clone()])), [(Some(0), "not_lowered")]);
        let told = Rule { scored: true, ..graded(Grade::Disclosure) };
        assert_eq!(codes(&with(&[told])), [(Some(0), "not_lowered")]);
    }

    #[test]
    fn the_version_changes_with_the_rows() {
        let one = Numbered { number: 3, policy: sound() };
        let mut other = one.clone();
        other.policy.rules[4].urgent = true;
        assert!(one.version().starts_with("3+") && one.version().len() == 10);
        assert_ne!(one.version(), other.version());
    }
}
