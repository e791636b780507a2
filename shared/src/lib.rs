//! What every function shares, one module a concern.
//!
//! | module | what it is for |
//! |---|---|
//! | [`config`] | environment variables, read once, missing ones named |
//! | [`db`] | one Postgres connection a function, under the function's own role |
//! | [`error`] | the retry class every error carries |
//! | [`pii`] | the wrapper that neither prints nor serialises |
//! | [`telemetry`] | JSON logs that can be followed by one correlation id |
//! | [`vault`] | sealing under a key per subject, blind indexes |

pub mod config;
pub mod db;
pub mod error;
pub mod pii;
pub mod telemetry;
pub mod vault;
