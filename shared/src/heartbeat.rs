//! A function's sign of life in `core.heartbeats`: what the public health answer is made of.
//!
//! Written before a function answers, because Lambda freezes it right after; at most every ten seconds, and at once
//! when it turned from well to ill or back.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use tokio_postgres::Client;

use crate::db::Db;

const AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// The heartbeat of one function.
pub struct Heartbeat {
    function: &'static str,
    service: &'static str,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Heartbeat {
    /// `function` is the binary's name, `service` what health is reported for: `kintell`, `profiles`, `bus`, `gateway`.
    pub fn new(function: &'static str, service: &'static str) -> Self {
        Self { function, service, last: Mutex::new(None) }
    }

    /// How a run ended: well, or with this stable code. After its commit or rollback, not inside a transaction. When the
    /// database is gone there is nobody to tell, which the health answer notices by itself.
    pub async fn note(&self, db: &Db, code: Option<&str>) {
        if self.due(code.is_none())
            && let Ok(client) = db.client().await
        {
            self.write(&client, code).await;
        }
    }

    /// Whether a run that ended so should be written now; else no connection is taken for it.
    fn due(&self, ok: bool) -> bool {
        let last = self.last.lock().ok().and_then(|last| *last);
        last.is_none_or(|(at, was_ok)| was_ok != ok || at.elapsed() >= AT_MOST_EVERY)
    }

    /// A heartbeat that cannot be written is logged and no error: the run's own result matters more.
    async fn write(&self, client: &Client, code: Option<&str>) {
        let sql = match code {
            None => {
                "INSERT INTO core.heartbeats (function, service, last_ok_at) VALUES ($1, $2, now())
                 ON CONFLICT (function) DO UPDATE SET service = excluded.service, last_ok_at = excluded.last_ok_at"
            }
            Some(_) => {
                "INSERT INTO core.heartbeats (function, service, last_error_at, last_error) VALUES ($1, $2, now(), left($3, 100))
                 ON CONFLICT (function) DO UPDATE SET service = excluded.service,
                   last_error_at = excluded.last_error_at, last_error = excluded.last_error"
            }
        };
        use tokio_postgres::types::Type;
        let written = match &code {
            None => client.query_typed(sql, &[(&self.function, Type::TEXT), (&self.service, Type::TEXT)]).await,
            Some(code) => {
                let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
                    [(&self.function, Type::TEXT), (&self.service, Type::TEXT), (code, Type::TEXT)];
                client.query_typed(sql, &params).await
            }
        };
        match written {
            Ok(_) => {
                if let Ok(mut last) = self.last.lock() {
                    *last = Some((Instant::now(), code.is_none()));
                }
            }
            Err(error) => {
                let sqlstate = error.code().map_or("none", tokio_postgres::error::SqlState::code);
                tracing::warn!(function = self.function, sqlstate, "the heartbeat could not be written");
            }
        }
    }
}
