//! One text: what the store says about it now decides what there is of it. So an event may come twice, late or in
//! another order, and a killed run is repeated: the same state of the store ends in the same outcomes.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use jiff::Timestamp;
use q2q_engine::{Band, Polarity, Role, Source};
use rust_decimal::Decimal;
use shared::{
    bus::outbox::Outbox,
    contracts::{
        Contract, ContractError, Dimension, EngineVersion, EventDraft, FactRetracted, FactType, LanguageCode,
        OutcomeScored, Rating, RetractionReason, Revision, ScoringMethod,
    },
    purpose::{self, Purpose},
    vault::{Digest, Place, Vault},
};
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::{
    Scorer, ScorerError,
    store::{self, Reading, Standing, Stored, Verdict},
};
use crate::backend::{self, BackendError, Opinion, Scored, Words};

/// The role of an author, and whether anybody said who it was.
pub fn role(author_role: &str) -> Option<Role> {
    match author_role {
        "participant" => Some(Role::Learner),
        "volunteer" | "buddy" => Some(Role::Volunteer),
        _ => None,
    }
}

/// What a text was written about, as the engine knows it.
pub fn source(kind: &str) -> Source {
    match kind {
        "kintell_session" => Source::KintellSession,
        "buddy_checkin" => Source::BuddyCheckin,
        "buddy_feedback" => Source::BuddyFeedback,
        "course_reflection" => Source::CourseReflection,
        _ => Source::Other,
    }
}

/// A score as events and the API say it, 0 to 1.
pub fn rating(score: i16) -> Result<Rating, ContractError> {
    Rating::new(Decimal::new(score.into(), 3)).map_err(ContractError::Value)
}

/// How long any backend may take for one text.
const PATIENCE: Duration = Duration::from_secs(3);

/// What words are known by: which were read last, which a person judged.
pub fn digest(vault: &Vault, kind: &str, author_role: &str, words: &str) -> Digest {
    vault.digest(&format!("q2q {kind} {author_role}"), words)
}

/// Why a text has no outcomes now.
enum Without {
    /// Its state, and the reason its outcomes are taken back for.
    State(&'static str, RetractionReason),
    /// The person was erased.
    Erased,
}

impl Scorer<'_> {
    /// Brings what there is of a text to what the store says about it now. `cause` is the event it follows from.
    pub(super) async fn consider(
        &self,
        tx: &Transaction<'_>,
        text: Uuid,
        cause: Option<Uuid>,
        outbox: &mut Outbox,
    ) -> Result<(), ScorerError> {
        store::lock(tx, text).await?;
        let Some(standing) = store::standing(tx, text).await? else {
            // Its outcomes went with it.
            return self.tell_gone(tx, outbox).await;
        };
        let programme = programme(&standing);
        let teller = Teller { text, standing: &standing, programme, cause };
        match self.words(tx, text, &standing, programme).await? {
            Ok((words, digest)) => {
                let version = self.backend.version();
                let same = standing.reading.as_ref().is_some_and(|(state, read, by)| {
                    matches!(state.as_str(), "read" | "not_read")
                        && read.as_deref() == Some(digest.as_slice())
                        && by.as_deref() == Some(version)
                });
                if same {
                    return Ok(teller.keep(tx).await?);
                }
                let outcomes = store::outcomes(tx, text, Some(&digest)).await?;
                // Caught here, so that in a sweep one text does not keep the others from being read.
                let reading = AssertUnwindSafe(self.backend.read(&words)).catch_unwind();
                let reading = tokio::time::timeout(PATIENCE, reading).await.map_err(|_| BackendError::TooSlow)?;
                let opinion = reading.unwrap_or(Err(BackendError::Panicked))?;
                backend::check(&opinion, words.text.expose().chars().count() as u32)?;
                let known = standing.reading.as_ref().and_then(|(_, read, _)| read.as_deref());
                let same_words = known.is_some_and(|known| known == digest.as_slice());
                teller.read(tx, &opinion, digest, version).await?;
                let by = (self.backend.method(), version);
                teller.outcomes(tx, &opinion, by, &outcomes, same_words, outbox).await
            }
            Err(Without::Erased) => self.forget(tx, standing.subject, outbox).await,
            Err(Without::State(state, reason)) => {
                teller.without(tx, state).await?;
                for stored in store::outcomes(tx, text, None).await?.iter().filter(|stored| stored.retracted.is_none())
                {
                    teller.take_back(tx, stored, reason, outbox).await?;
                }
                Ok(())
            }
        }
    }

    /// Tells of outcomes that went with their text or person. In a replay nothing is told, so nothing is taken as told.
    pub(super) async fn tell_gone(&self, tx: &Transaction<'_>, outbox: &mut Outbox) -> Result<(), ScorerError> {
        if outbox.replay().is_some() {
            return Ok(());
        }
        for (id, revision, reason) in store::take_gone(tx, 200).await? {
            let reason = reason.parse().map_err(ContractError::Value)?;
            retract(outbox, id, revision, reason, None)?;
        }
        Ok(())
    }

    /// What is left of an erased person goes, and is told.
    pub(super) async fn forget(
        &self,
        tx: &Transaction<'_>,
        person: Uuid,
        outbox: &mut Outbox,
    ) -> Result<(), ScorerError> {
        store::forget(tx, person).await?;
        self.tell_gone(tx, outbox).await
    }

    /// The words that may be scored now, and their digest; or why there are none. First whether the person was erased: of
    /// them nothing is noted any more. The purpose is asked before anything is unsealed: of the person whose outcome it
    /// would be, and of who wrote it.
    async fn words(
        &self,
        tx: &Transaction<'_>,
        text: Uuid,
        standing: &Standing,
        programme: &str,
    ) -> Result<Result<(Words, [u8; 16]), Without>, ScorerError> {
        use RetractionReason::{Corrected, Erased, Undone, Withdrawn};
        if standing.erased {
            return Ok(Err(Without::Erased));
        }
        if standing.author_erased {
            return Ok(Err(Without::State("withdrawn", Erased)));
        }
        if standing.withdrawn || standing.scope.is_none() {
            return Ok(Err(Without::State("withdrawn", Undone)));
        }
        if standing.superseded {
            return Ok(Err(Without::State("superseded", Corrected)));
        }
        if standing.kind == "other" {
            return Ok(Err(Without::State("not_scored", Corrected)));
        }
        let Some(role) = role(&standing.author_role) else {
            return Ok(Err(Without::State("undeclared", Corrected)));
        };
        let Some((_, sealed)) = &standing.cleared else {
            return Ok(Err(Without::State("held", Corrected)));
        };
        let people: Vec<Uuid> = [Some(standing.subject), standing.author].into_iter().flatten().collect();
        if !purpose::refused(tx, Purpose::OutcomeScoring, programme, &people).await?.is_empty() {
            return Ok(Err(Without::State("no_purpose", Withdrawn)));
        }
        let Some(key) = self.vault.subject_key(tx, standing.subject).await? else { return Ok(Err(Without::Erased)) };
        let opened = key.unseal(Place::cleared(text), sealed)?;
        let words = Words { text: opened, source: source(&standing.kind), role, language: None };
        let digest = digest(self.vault, &standing.kind, &standing.author_role, words.text.expose());
        Ok(Ok((words, digest)))
    }
}

/// The programme of a text; of one whose fact is gone, what its kind says, for the record only.
fn programme(standing: &Standing) -> &str {
    match (&standing.scope, standing.kind.as_str()) {
        (Some((programme, ..)), _) => programme,
        (None, "kintell_session") => "language",
        (None, "course_reflection") => "upskilling",
        (None, _) => "buddy",
    }
}

/// An outcome of words that a person judged.
#[derive(Clone, Copy)]
struct Judged<'a> {
    stored: &'a Stored,
    verdict: &'a Verdict,
    dimension: q2q_engine::Dimension,
    scored: Option<&'a Scored>,
    /// They are the words that were read last.
    same_words: bool,
    /// They are in this one.
    language: &'a str,
}

/// Writes and tells what became of one text.
struct Teller<'a> {
    text: Uuid,
    standing: &'a Standing,
    programme: &'a str,
    cause: Option<Uuid>,
}

impl Teller<'_> {
    /// The words are as they were read: where they belong may have changed, and who let them through.
    async fn keep(&self, tx: &Transaction<'_>) -> Result<(), shared::db::DbError> {
        store::put_place(tx, self.text, self.standing, self.programme).await
    }

    async fn read(
        &self,
        tx: &Transaction<'_>,
        opinion: &Opinion,
        digest: [u8; 16],
        version: &str,
    ) -> Result<(), ScorerError> {
        let reading = Reading {
            text: self.text,
            state: if opinion.not_read.is_some() { "not_read" } else { "read" },
            reason: opinion.not_read.map(backend::not_read),
            read: Some((digest, version)),
            language: opinion.language.map(q2q_engine::Language::code),
            programme: self.programme,
        };
        Ok(store::put_reading(tx, self.standing, &reading).await?)
    }

    async fn without(&self, tx: &Transaction<'_>, state: &'static str) -> Result<(), ScorerError> {
        let (text, programme) = (self.text, self.programme);
        let reading = Reading { text, state, reason: None, read: None, language: None, programme };
        Ok(store::put_reading(tx, self.standing, &reading).await?)
    }

    /// Brings the stored outcomes to the opinion. What a person said about the same words stays.
    async fn outcomes(
        &self,
        tx: &Transaction<'_>,
        opinion: &Opinion,
        by: (ScoringMethod, &str),
        known: &[Stored],
        same_words: bool,
        outbox: &mut Outbox,
    ) -> Result<(), ScorerError> {
        let language = opinion.language.map_or("", q2q_engine::Language::code);
        for dimension in q2q_engine::Dimension::ALL {
            let name = backend::name(dimension);
            let stored = known.iter().find(|stored| stored.dimension == name);
            let scored = opinion.outcomes.iter().find(|scored| scored.dimension == dimension);
            let counts = stored.filter(|stored| stored.retracted.is_none());
            if let Some((stored, verdict)) = stored.and_then(|stored| Some((stored, stored.verdict.as_ref()?))) {
                // A version that does not know the language any more does not overrule a person either.
                let language = if language.is_empty() { stored.language.as_str() } else { language };
                let judged = Judged { stored, verdict, dimension, scored, same_words, language };
                self.judged(tx, &judged, by.1, outbox).await?;
                continue;
            }
            match (stored, scored) {
                (_, Some(scored)) => {
                    if counts.is_some_and(|stored| stored.says(scored, by.0, by.1, language)) {
                        continue;
                    }
                    let revision =
                        store::put_outcome(tx, self.text, self.standing, self.programme, scored, language, by).await?;
                    let told = Told {
                        dimension: name,
                        score: scored.score as i16,
                        confidence: backend::band(scored.confidence),
                        method: by.0,
                        version: by.1,
                        language,
                    };
                    self.tell(outbox, &told, revision)?;
                }
                (Some(stored), None) if counts.is_some() => {
                    self.take_back(tx, stored, RetractionReason::Corrected, outbox).await?;
                }
                (_, None) => {}
            }
        }
        Ok(())
    }

    /// A person has judged these very words: that is what counts, whatever the rules say of them now.
    async fn judged(
        &self,
        tx: &Transaction<'_>,
        judged: &Judged<'_>,
        version: &str,
        outbox: &mut Outbox,
    ) -> Result<(), ScorerError> {
        let Judged { stored, verdict, dimension, scored, same_words, language } = *judged;
        let counts = stored.retracted.is_none();
        let Some(score) = verdict.score else {
            return if counts { self.take_back(tx, stored, RetractionReason::Corrected, outbox).await } else { Ok(()) };
        };
        let (name, method) = (backend::name(dimension), ScoringMethod::Human);
        let as_judged = same_words && stored.method == method.as_str();
        if as_judged && counts {
            return Ok(());
        }
        if as_judged {
            let revision = store::set_retracted(tx, stored.id, None).await?;
            let told = Told {
                dimension: name,
                score: stored.score,
                confidence: &stored.confidence,
                method,
                version: &stored.engine_version,
                language: &stored.language,
            };
            return self.tell(outbox, &told, revision);
        }
        // Other words had taken their place and are gone: the places are the rules', the score is the person's.
        let scored = Scored {
            dimension,
            polarity: if score >= 500 { Polarity::Plus } else { Polarity::Minus },
            score: score.unsigned_abs(),
            confidence: Band::High,
            subtags: scored.map(|scored| scored.subtags.clone()).unwrap_or_default(),
            mixed: scored.is_some_and(|scored| scored.mixed),
            evidence: scored.map(|scored| scored.evidence.clone()).unwrap_or_default(),
        };
        let by = (method, version);
        let revision = store::put_outcome(tx, self.text, self.standing, self.programme, &scored, language, by).await?;
        let told = Told { dimension: name, score, confidence: backend::band(Band::High), method, version, language };
        self.tell(outbox, &told, revision)
    }

    async fn take_back(
        &self,
        tx: &Transaction<'_>,
        stored: &Stored,
        reason: RetractionReason,
        outbox: &mut Outbox,
    ) -> Result<(), ScorerError> {
        let revision = store::set_retracted(tx, stored.id, Some(reason.as_str())).await?;
        retract(outbox, stored.id, revision, reason, self.cause)
    }

    fn tell(&self, outbox: &mut Outbox, told: &Told<'_>, revision: i32) -> Result<(), ScorerError> {
        let dimension: Dimension = told.dimension.parse().map_err(ContractError::Value)?;
        let data = told.event(
            store::outcome_id(self.text, dimension),
            self.text,
            self.standing.subject,
            self.standing.written_at,
            revision,
        )?;
        let (subject, time) = (data.outcome_id, data.occurred_at);
        let draft = outbox.draft(data, subject, time);
        outbox.push(caused(draft, self.cause))?;
        Ok(())
    }
}

/// What is told of a score.
pub struct Told<'a> {
    /// The dimension's name.
    pub dimension: &'a str,
    /// In thousandths.
    pub score: i16,
    /// The band's name.
    pub confidence: &'a str,
    /// What made it.
    pub method: ScoringMethod,
    /// By which version.
    pub version: &'a str,
    /// The language of the text.
    pub language: &'a str,
}

impl Told<'_> {
    /// The event. Of well-being the score stays here: it is read by id, by those who may.
    pub fn event(
        &self,
        outcome: Uuid,
        text: Uuid,
        profile: Uuid,
        occurred_at: Timestamp,
        revision: i32,
    ) -> Result<OutcomeScored, ContractError> {
        let value = ContractError::Value;
        let dimension: Dimension = self.dimension.parse().map_err(value)?;
        Ok(OutcomeScored {
            outcome_id: outcome,
            text_id: text,
            profile_id: profile,
            dimension,
            score: (dimension != Dimension::WellBeing).then(|| rating(self.score)).transpose()?,
            confidence: self.confidence.parse().map_err(value)?,
            method: self.method,
            engine_version: EngineVersion::new(self.version).map_err(value)?,
            language: LanguageCode::new(self.language).map_err(value)?,
            occurred_at,
            revision: Revision::new(revision).map_err(value)?,
        })
    }
}

/// Tells that an outcome does not hold any more.
pub fn retract(
    outbox: &mut Outbox,
    outcome: Uuid,
    revision: i32,
    reason: RetractionReason,
    cause: Option<Uuid>,
) -> Result<(), ScorerError> {
    let data = FactRetracted {
        fact_type: FactType::Q2qOutcome,
        fact_id: outcome,
        milestone: None,
        reason,
        revision: Revision::new(revision).map_err(ContractError::Value)?,
    };
    let draft: EventDraft<_> = outbox.draft(data, outcome, Timestamp::now());
    outbox.push(caused(draft, cause))?;
    Ok(())
}

fn caused<T: Contract>(draft: EventDraft<T>, cause: Option<Uuid>) -> EventDraft<T> {
    match cause {
        Some(event) => draft.caused_by(event),
        None => draft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_of_well_being_is_in_no_event() {
        let told = |dimension| Told {
            dimension,
            score: 250,
            confidence: "low",
            method: ScoringMethod::Rule,
            version: "1.0.0+ab",
            language: "uk",
        };
        let event =
            |dimension| told(dimension).event(Uuid::nil(), Uuid::nil(), Uuid::nil(), Timestamp::UNIX_EPOCH, 1).unwrap();
        assert_eq!(event("well_being").score, None);
        assert_eq!(event("belonging").score.map(|score| score.get().to_string()).as_deref(), Some("0.25"));
        assert!(event("well_being").check().is_ok());
    }

    #[test]
    fn who_is_not_declared_has_no_role_and_a_buddy_is_a_volunteer() {
        assert_eq!(role("participant"), Some(Role::Learner));
        assert_eq!((role("buddy"), role("volunteer")), (Some(Role::Volunteer), Some(Role::Volunteer)));
        assert_eq!(role("undeclared"), None);
    }
}
