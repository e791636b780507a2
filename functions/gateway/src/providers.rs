//! Learning-record stores, as the health of `upskilling` tells of them.

use jiff::Timestamp;
use serde::Serialize;
use shared::db::DbError;
use tokio_postgres::Client;
use utoipa::ToSchema;

/// A learning-record store that is asked for statements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderHealth {
    /// Its code.
    #[schema(example = "ecornell")]
    pub provider: String,
    /// Up to when it was read: no statement stored before is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Timestamp>,
    /// When it was last read to its end, or as far as the time allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ok_at: Option<Timestamp>,
    /// When it last failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<Timestamp>,
    /// The code it failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "provider_unreachable")]
    pub last_error: Option<String>,
    /// Failed runs in a row; zero when the last one was good.
    pub failures: i32,
    /// It is left alone until then, because it failed again and again or asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resting_until: Option<Timestamp>,
    /// Statements that were rejected, with a reason for each in `intake.pull_statements`.
    pub rejected: i64,
}

/// Failed runs in a row after which a provider counts as down; before that it may have been a passing trouble.
const DOWN_AFTER: i32 = 3;

impl ProviderHealth {
    /// Whether somebody has to look.
    pub fn is_down(&self) -> bool {
        self.failures >= DOWN_AFTER
    }
}

/// Those that are configured, in alphabetical order. A run without any provider leaves the database asleep, so those that
/// were taken out all at once are known by not having been asked for longer than one may rest.
pub async fn read(client: &Client) -> Result<Vec<ProviderHealth>, DbError> {
    let rows = client
        .query_typed(
            "SELECT provider, cursor_at, last_ok_at, last_error_at, last_error, failures,
                    CASE WHEN resting_until > now() THEN resting_until END,
                    (SELECT count(*) FROM intake.pull_statements s WHERE s.provider = p.provider AND s.code IS NOT NULL)
             FROM intake.pull_providers p
             WHERE configured AND (last_run_at IS NULL OR last_run_at > now() - interval '2 days') ORDER BY provider",
            &[],
        )
        .await?;
    let provider = |row: &tokio_postgres::Row| ProviderHealth {
        provider: row.get(0),
        cursor: row.get(1),
        last_ok_at: row.get(2),
        last_error_at: row.get(3),
        last_error: row.get(4),
        failures: row.get(5),
        resting_until: row.get(6),
        rejected: row.get(7),
    };
    Ok(rows.iter().map(provider).collect())
}
