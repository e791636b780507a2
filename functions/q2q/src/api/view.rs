//! What outcomes look like on the wire.

use jiff::Timestamp;
use serde::Serialize;
use shared::contracts::Rating;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    backend::{self, Opinion, Words},
    scorer::consider::rating,
};

/// A place in the text and what holds there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Evidence {
    /// The first character, counted in Unicode scalar values.
    #[schema(example = 0)]
    pub start: u32,
    /// One past the last.
    #[schema(example = 27)]
    pub end: u32,
    /// The words there; absent where the caller may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "I dare to speak with people")]
    pub quote: Option<String>,
    /// The rule's name in its data file.
    #[schema(example = "conf.en.dare")]
    pub rule: String,
    /// The class of the cue: `state`, `change`, `can_do`, `event`, `lack`, `body`, `compare`, `metaphor`, or `wording`: the text as a whole.
    #[schema(example = "can_do")]
    pub cue: String,
    /// Which way this piece points. What speaks against the outcome is shown as well.
    #[schema(example = "+")]
    pub polarity: String,
}

/// What a text says about one dimension. There is none where it says nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// `confidence`, `belonging`, `lang_level_proxy`, `job_readiness` or `well_being`.
    #[schema(example = "confidence")]
    pub dimension: String,
    /// `+` has or has gained, `-` lacks or has lost.
    #[schema(example = "+")]
    pub polarity: String,
    /// 0 to 1; from 0.5 is `+`.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.8)]
    pub score: Rating,
    /// How sure: `low`, `medium`, `high`.
    #[schema(example = "high")]
    pub confidence: String,
    /// Facets, signals and risk cues of the taxonomy.
    pub subtags: Vec<String>,
    /// Both ways had evidence.
    pub mixed: bool,
    /// What it rests on, at least one place.
    pub evidence: Vec<Evidence>,
}

/// What a text says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Classified {
    /// The language most of it is in: `en`, `nb`, `uk`, `ru`; absent where none was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "en")]
    pub language: Option<String>,
    /// Why it was not read: `language` (not one that is covered), `empty`. Then there are no outcomes, and nobody guesses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "language")]
    pub not_read: Option<String>,
    /// The engine and its data.
    #[schema(example = "1.0.0+3fa2c1d4")]
    pub engine_version: String,
    /// One for each dimension the text speaks of.
    pub outcomes: Vec<Outcome>,
}

/// What a backend said about a text, with the quotes cut from it.
pub fn classified(
    words: &Words,
    opinion: &Opinion,
    version: &str,
) -> Result<Classified, shared::contracts::ContractError> {
    let text = words.text.expose();
    let piece = |piece: &backend::Piece| Evidence {
        start: piece.start,
        end: piece.end,
        quote: Some(backend::cut(text, piece.start, piece.end)),
        rule: piece.rule.clone(),
        cue: piece.cue.clone(),
        polarity: backend::sign(piece.polarity).to_owned(),
    };
    let mut outcomes = Vec::with_capacity(opinion.outcomes.len());
    for scored in &opinion.outcomes {
        outcomes.push(Outcome {
            dimension: backend::name(scored.dimension).to_owned(),
            polarity: backend::sign(scored.polarity).to_owned(),
            score: rating(scored.score as i16)?,
            confidence: backend::band(scored.confidence).to_owned(),
            subtags: scored.subtags.clone(),
            mixed: scored.mixed,
            evidence: scored.evidence.iter().map(piece).collect(),
        });
    }
    Ok(Classified {
        language: opinion.language.map(|language| language.code().to_owned()),
        not_read: opinion.not_read.map(|why| backend::not_read(why).to_owned()),
        engine_version: version.to_owned(),
        outcomes,
    })
}

/// Where a text came from.
#[derive(Debug, Serialize, ToSchema)]
pub struct Origin {
    /// The import that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_id: Option<Uuid>,
    /// The line of the file it stood on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 17)]
    pub line: Option<i32>,
    /// The file's name as it was announced; absent where nobody announced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "march.csv")]
    pub file: Option<String>,
    /// `csv`, `webhook`, `adapter` or `pull`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "csv")]
    pub door: Option<String>,
    /// The system it came from.
    #[schema(example = "kintell")]
    pub source: String,
    /// What it was written about.
    #[schema(example = "kintell_session")]
    pub kind: String,
}

/// What an outcome was before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Earlier {
    /// The revision.
    pub revision: i32,
    /// `+` or `-`.
    #[schema(example = "-")]
    pub polarity: String,
    /// 0 to 1.
    #[schema(value_type = f64, minimum = 0, maximum = 1, example = 0.25)]
    pub score: Rating,
    /// `low`, `medium`, `high`.
    pub confidence: String,
    /// `rule`, `model` or `human`.
    #[schema(example = "rule")]
    pub method: String,
    /// The engine and its data.
    pub engine_version: String,
    /// Why it did not count, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted: Option<String>,
    /// When it was written.
    pub scored_at: Timestamp,
    /// When the next revision replaced it.
    pub replaced_at: Timestamp,
}

/// A person's word about a score.
#[derive(Debug, Serialize, ToSchema)]
pub struct Correction {
    /// The correction.
    pub id: Uuid,
    /// The revision it is about.
    pub revision: i32,
    /// What the rules had said.
    #[schema(example = "+")]
    pub machine: String,
    /// What the person says: `+`, `-`, or `0` for no evidence.
    #[schema(example = "0")]
    pub verdict: String,
    /// Who: the token's subject.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
