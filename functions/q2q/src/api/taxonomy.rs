//! `GET /v1/q2q/taxonomy`: what is measured, in which words, and what a score means.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::App;
use crate::{backend::Backend, figures::suppress};

/// The taxonomy and what holds for every score.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxonomyAnswer {
    /// The engine and its data.
    #[schema(example = "1.0.0+3fa2c1d4")]
    engine_version: String,
    /// Languages that are read; every other is `not_read`.
    #[schema(example = json!(["en", "nb", "uk"]))]
    languages: [&'static str; 3],
    /// Versioned terms: `dimensions` with `facets`, `signals`, `risk_cues`, `topics`, each with `id`, `name` and
    /// `definition` in `en`, `nb`, `uk`.
    #[schema(value_type = Object)]
    taxonomy: Value,
    /// What a score means.
    scores: Scores,
    /// What figures need.
    figures: Needs,
}

/// What a score means.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scores {
    /// The least.
    least: f64,
    /// The most.
    most: f64,
    /// From here it is `+`.
    plus_from: f64,
    /// Bands of confidence.
    confidence: [&'static str; 3],
    /// Always so.
    note: &'static str,
}

/// What a figure for a company needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Needs {
    /// People a figure has at least.
    persons: usize,
    /// People a figure of `well_being` has at least.
    persons_well_being: usize,
    /// Counts for companies are multiples of this.
    step: usize,
    /// Days after a quarter's end before companies see it.
    lag_days: i64,
}

/// What is measured
///
/// Dimensions, facets, signals and risk cues in three languages, the engine's version, and what figures need.
#[utoipa::path(get, path = "/v1/q2q/taxonomy", operation_id = "get_q2q_taxonomy", responses(
    (status = 200, description = "The taxonomy", body = TaxonomyAnswer)))]
pub async fn taxonomy(State(app): State<Arc<App>>) -> Json<TaxonomyAnswer> {
    Json(TaxonomyAnswer {
        engine_version: app.backend.version().to_owned(),
        languages: ["en", "nb", "uk"],
        taxonomy: serde_json::to_value(q2q_engine::taxonomy()).unwrap_or_default(),
        scores: Scores {
            least: 0.0,
            most: 1.0,
            plus_from: 0.5,
            confidence: ["low", "medium", "high"],
            note: "No evidence, no score. A score advises; nothing acts on a person by it, and it can be contested.",
        },
        figures: Needs {
            persons: suppress::PERSONS,
            persons_well_being: suppress::PERSONS_WELL_BEING,
            step: suppress::STEP,
            lag_days: suppress::LAG_DAYS,
        },
    })
}
