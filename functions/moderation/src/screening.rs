//! Findings and a policy become a decision.

use moderation_engine::{
    Category, Context, Engine, Finding, Grade, Kind, Language,
    policy::{Decision, Lane, Policy, Verdict},
};
use shared::pii::Pii;

use crate::backend::Backend;

/// The placeholder of what has none of its own: what a policy or a person has replaced besides personal data.
const REMOVED: &str = "REMOVED";

/// What was decided on a text, and on what grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened {
    /// The decision.
    pub verdict: Verdict,
    /// What it rests on, in the order of places.
    pub findings: Vec<Finding>,
    /// The text's language, where it is one the engine reads.
    pub language: Option<Language>,
    /// Why the engine came to no end.
    pub failure: Option<&'static str>,
}

impl Screened {
    /// A text nobody could read: a person looks, soon, and it is not scored before the engine reads it.
    pub fn failed(code: &'static str) -> Self {
        let verdict = Verdict {
            decision: Decision::Review,
            urgent: true,
            lane: Lane::General,
            opens_item: true,
            aimed: false,
            scorable: false,
        };
        Self { verdict, findings: Vec::new(), language: None, failure: Some(code) }
    }
}

/// Findings that go to the sensitive lane and keep a text from being scored, whatever a policy or anybody decides: a person
/// may be in danger. The trigger on `vault.cleared_texts` has the same list.
pub const fn protected(category: Category, grade: Grade) -> bool {
    match category {
        Category::SelfHarm | Category::Safeguarding => true,
        Category::Harassment => matches!(grade, Grade::Disclosure | Grade::Encouraged),
        Category::Threat | Category::Sexual => matches!(grade, Grade::Disclosure),
        _ => false,
    }
}

/// Screens a text. There is always an answer, and without an analysis it is never `allow`.
pub async fn screen(backend: &dyn Backend, text: &Pii<String>, context: Context, policy: &Policy) -> Screened {
    match backend.opinion(text, context).await {
        Ok(analysis) => {
            let verdict = hold(policy.decide(&analysis, context.kind), &analysis.findings);
            Screened { verdict, findings: analysis.findings, language: analysis.language, failure: None }
        }
        Err(error) => Screened::failed(error.code()),
    }
}

/// What no policy can say otherwise.
fn hold(mut verdict: Verdict, findings: &[Finding]) -> Verdict {
    if findings.iter().any(|finding| protected(finding.category, finding.grade)) {
        verdict.decision = verdict.decision.max(Decision::Review);
        verdict.lane = Lane::Sensitive;
        verdict.scorable = false;
        verdict.aimed = true;
    }
    // That something in a blocked text would be reviewed by itself is no reason to look at it.
    verdict.opens_item = verdict.decision == Decision::Review || verdict.aimed;
    if verdict.decision == Decision::Block && verdict.aimed {
        // A person it is aimed at may need help now.
        verdict.urgent = true;
        verdict.lane = Lane::Sensitive;
    }
    verdict
}

/// What the policy has replaced, each with its placeholder.
pub fn replaced(findings: &[Finding], policy: &Policy, kind: Kind) -> Vec<Finding> {
    findings
        .iter()
        .filter(|finding| policy.row(finding.category, finding.grade, kind).is_some_and(|row| row.redact))
        .map(|finding| Finding { placeholder: finding.placeholder.or(Some(REMOVED)), ..finding.clone() })
        .collect()
}

/// The text without what the policy has replaced.
pub fn redact(engine: &Engine, text: &str, findings: &[Finding], policy: &Policy, kind: Kind) -> String {
    engine.redact(text, &replaced(findings, policy, kind))
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::BoxFuture};
    use moderation_engine::{Analysis, Role, Span, policy::Rule};

    use super::*;
    use crate::backend::BackendError;

    struct Says(Result<Analysis, BackendError>);

    impl Backend for Says {
        fn code(&self) -> &'static str {
            "rules"
        }
        fn version(&self) -> &str {
            "1.0.0"
        }
        fn opinion<'a>(&'a self, _: &Pii<String>, _: Context) -> BoxFuture<'a, Result<Analysis, BackendError>> {
            std::future::ready(self.0.clone()).boxed()
        }
    }

    fn finding(category: Category, grade: Grade) -> Finding {
        Finding {
            category,
            grade,
            score: 900,
            span: Span { start: 0, end: 1 },
            rule: "test",
            reason: "test",
            obfuscated: false,
            aimed: false,
            placeholder: None,
        }
    }

    /// A policy that lets everything through and has everything scored.
    fn lax() -> Policy {
        let categories = [
            Category::SelfHarm,
            Category::Safeguarding,
            Category::Hate,
            Category::Harassment,
            Category::Threat,
            Category::Sexual,
        ];
        let row = |category| Rule {
            category,
            grade: None,
            kind: None,
            decision: Decision::Allow,
            urgent: false,
            lane: Lane::General,
            redact: false,
            scored: true,
        };
        Policy { rules: categories.map(row).into() }
    }

    async fn screened(says: Result<Analysis, BackendError>, policy: &Policy) -> Screened {
        let context = Context { kind: Kind::Other, role: Role::Undeclared, language: None };
        screen(&Says(says), &Pii::new("words".to_owned()), context, policy).await
    }

    #[tokio::test]
    async fn an_engine_that_comes_to_no_end_means_review_and_never_allow() {
        for error in [BackendError::Panicked, BackendError::TooSlow, BackendError::Failed] {
            let screened = screened(Err(error), &lax()).await;
            assert_eq!(screened.failure, Some(error.code()));
            assert_eq!(screened.verdict.decision, Decision::Review);
            assert!(screened.verdict.opens_item && !screened.verdict.scorable);
        }
    }

    #[tokio::test]
    async fn a_blocked_text_is_looked_at_only_where_a_person_may_be_in_danger() {
        let policy = Policy::standard();
        let of = async |found: &[(Category, Grade, bool)]| {
            let findings =
                found.iter().map(|(category, grade, aimed)| Finding { aimed: *aimed, ..finding(*category, *grade) });
            let analysis = Analysis { language: None, findings: findings.collect() };
            let verdict = screened(Ok(analysis), &policy).await.verdict;
            (verdict.decision, verdict.lane, verdict.urgent, verdict.opens_item)
        };
        let (advert, contact) = ((Category::Spam, Grade::Scam, false), (Category::Pii, Grade::Contact, false));
        let unseen = (Decision::Block, Lane::General, false, false);
        assert_eq!(of(&[advert, contact]).await, unseen);
        assert_eq!(of(&[advert, (Category::Harassment, Grade::Insult, true)]).await, unseen);
        let help = (Decision::Block, Lane::Sensitive, true, true);
        assert_eq!(of(&[advert, (Category::SelfHarm, Grade::Passive, false)]).await, help);
        assert_eq!(of(&[advert, (Category::Threat, Grade::Direct, true)]).await, help);
        assert_eq!(of(&[advert, (Category::Harassment, Grade::Disclosure, false)]).await, help);
    }

    #[tokio::test]
    async fn no_policy_lets_words_of_people_in_danger_through_or_has_them_scored() {
        for (category, grade) in [
            (Category::SelfHarm, Grade::Passive),
            (Category::Safeguarding, Grade::Ongoing),
            (Category::Harassment, Grade::Disclosure),
            (Category::Harassment, Grade::Encouraged),
            (Category::Threat, Grade::Disclosure),
            (Category::Sexual, Grade::Disclosure),
        ] {
            let analysis = Analysis { language: None, findings: vec![finding(category, grade)] };
            let verdict = screened(Ok(analysis), &lax()).await.verdict;
            assert_eq!((verdict.decision, verdict.lane, verdict.scorable), (Decision::Review, Lane::Sensitive, false));
            assert!(verdict.opens_item);
        }
    }
}
