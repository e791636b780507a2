//! On what basis a person's data is used: no purpose, no processing for it.

use std::collections::HashSet;

use tokio_postgres::{GenericClient, types::Type};
use uuid::Uuid;

use crate::db::DbError;

/// What data may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Running the programme the person takes part in.
    Programme,
    /// Screening what people wrote.
    Safety,
    /// Scoring outcomes.
    OutcomeScoring,
    /// Figures for companies.
    CompanyReporting,
    /// A model outside our own infrastructure.
    ExternalModel,
}

impl Purpose {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Programme => "programme",
            Self::Safety => "safety",
            Self::OutcomeScoring => "outcome_scoring",
            Self::CompanyReporting => "company_reporting",
            Self::ExternalModel => "external_model",
        }
    }
}

/// Which of these people's data may not be used for a purpose in a programme: what the person said decides, else the
/// programme's default, else no.
pub async fn refused(
    client: &impl GenericClient,
    purpose: Purpose,
    programme: &str,
    profiles: &[Uuid],
) -> Result<HashSet<Uuid>, DbError> {
    let rows = client
        .query_typed(
            "SELECT p.id FROM unnest($1) AS p (id)
             LEFT JOIN core.purposes own ON own.profile_id = p.id AND own.purpose = $2
             LEFT JOIN core.purpose_defaults def ON def.programme = $3 AND def.purpose = $2
             WHERE COALESCE(own.state, def.state, 'withdrawn') <> 'granted'",
            &[(&profiles, Type::UUID_ARRAY), (&purpose.as_str(), Type::TEXT), (&programme, Type::TEXT)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
