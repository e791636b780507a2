//! What applying a file can fail with, and whether another delivery may do better.

use crate::{
    bus::{nudge::NudgeError, outbox::OutboxError},
    contracts::ContractError,
    db::DbError,
    error::{Classified, Retry},
    identity::IdentityError,
    intake::{
        blob::BlobError,
        code::{Code, Rejection},
        entity::Layout,
        fates::MOST_REJECTIONS,
        header::fold,
    },
    vault::VaultError,
};

/// What applying can fail with. Whatever it is, the transaction is rolled back.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An event its contract does not allow, or the database under it.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The bucket.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The relay's queue did not take the nudge before the commit.
    #[error(transparent)]
    Nudge(#[from] NudgeError),
    /// The function's time is nearly over.
    #[error("the time limit is near")]
    TimeLimit,
    /// Nearly everything is rejected: this is no file with mistakes.
    #[error(
        "more than {MOST_REJECTIONS} records are rejected; look at the first of them: the file is not what its header says"
    )]
    TooManyRejections,
}

impl From<IdentityError> for ApplyError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Db(error) => Self::Db(error),
            IdentityError::Vault(error) => Self::Vault(error),
            IdentityError::Outbox(error) => Self::Outbox(error),
        }
    }
}

impl From<tokio_postgres::Error> for ApplyError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Classified for ApplyError {
    fn retry(&self) -> Retry {
        match self {
            Self::Db(error) => error.retry(),
            Self::Vault(error) => error.retry(),
            Self::Outbox(error) => error.retry(),
            Self::Blob(error) => error.retry(),
            Self::Nudge(error) => error.retry(),
            Self::TimeLimit => Retry::Retry,
            Self::TooManyRejections => Retry::Never,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Db(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Outbox(error) => error.code(),
            Self::Blob(error) => error.code(),
            Self::Nudge(error) => error.code(),
            Self::TimeLimit => "time_limit",
            Self::TooManyRejections => "too_many_rejections",
        }
    }
}

/// The rejection of a record whose event its contract does not allow. The contract's name of a value is its column's,
/// but for case and underscores.
pub(super) fn refused_by_contract(layout: &Layout, error: &ContractError) -> Rejection {
    if let ContractError::Value(value) = error
        && let Some(column) = layout.columns.iter().find(|column| fold(column.name) == fold(value.what))
    {
        let reason = format!("The value in {} has to be {}; correct it.", column.name, value.rule);
        return Rejection::record(Code::OutOfRange, reason).at(column.name);
    }
    Rejection::record(Code::OutOfRange, format!("This record cannot be told to others: {error}; correct it."))
}
