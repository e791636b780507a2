//! What every function shares, one module a concern.
//!
//! | module | what it is for |
//! |---|---|
//! | [`bus`] | the outbox events are written to, the nudges, the driver of consumers |
//! | [`config`] | environment variables, read once, missing ones named |
//! | [`contracts`] | the events this platform tells others, as types and as JSON Schema |
//! | [`db`] | one Postgres connection a function, under the function's own role |
//! | [`error`] | the retry class every error carries |
//! | [`heartbeat`] | a function's sign of life, for the health answer |
//! | [`pii`] | the wrapper that neither prints nor serialises |
//! | [`telemetry`] | JSON logs that can be followed by one correlation id |
//! | [`vault`] | sealing under a key per subject, blind indexes |

pub mod bus;
pub mod config;
pub mod contracts;
pub mod db;
pub mod error;
pub mod heartbeat;
pub mod pii;
pub mod telemetry;
pub mod vault;
