//! The function a dropped Kintell file wakes.

use std::sync::Arc;

use serde_json::{Value, json};
use shared::{
    bus::nudge::SqsNudger,
    config::{self, ConfigError, Env},
    db::{Db, DbConfig},
    error::Classified,
    intake::{
        apply::ApplyError,
        blob::{BlobStore, S3},
        engine::{Done, Engine},
        trigger::{self, Drop},
    },
    vault::{KeyService, Kms, Vault},
};
use tokio::{sync::OnceCell, time::Instant};

use crate::ENTITIES;

/// What the function holds between invocations.
pub struct App {
    /// The function's database.
    pub db: Db,
    /// The buckets.
    pub blobs: Arc<dyn BlobStore>,
    /// Where receipts go.
    pub results_bucket: String,
    /// The relay's queue; taken by the engine.
    pub nudger: std::sync::Mutex<Option<Box<dyn shared::bus::nudge::Nudger>>>,
    /// Who guards the vault's keys.
    pub keys: Box<dyn KeyService>,
    /// The function's memory.
    pub memory_mb: u64,
    engine: OnceCell<Engine>,
}

impl App {
    /// An importer over given ports.
    pub fn new(
        db: Db,
        blobs: Arc<dyn BlobStore>,
        results_bucket: String,
        nudger: Box<dyn shared::bus::nudge::Nudger>,
        keys: Box<dyn KeyService>,
        memory_mb: u64,
    ) -> Self {
        Self { db, blobs, results_bucket, nudger: std::sync::Mutex::new(Some(nudger)), keys, memory_mb, engine: OnceCell::new() }
    }

    /// Reads the environment and begins to connect.
    pub async fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let db = Db::connect_lazy(DbConfig::from_env(env, &aws).await?);
        db.warm_up();
        let nudger = Box::new(SqsNudger::from_env(env, &aws)?);
        let keys = Box::new(Kms::from_env(env, &aws)?);
        let memory_mb = env.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?;
        Ok(Self::new(db, Arc::new(S3::new(&aws)), env.required("RESULTS_BUCKET")?, nudger, keys, memory_mb))
    }
}
