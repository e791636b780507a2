//! What every function shares, one module a concern.
//!
//! | module | what it is for |
//! |---|---|
//! | [`audit`] | who looked at whom and who changed what |
//! | [`auth`] | tokens, roles, access tables |
//! | [`bus`] | the outbox events are written to, the nudges, the driver of consumers |
//! | [`config`] | environment variables, read once, missing ones named |
//! | [`contracts`] | the events this platform tells others, as types and as JSON Schema |
//! | [`db`] | one Postgres connection a function, under the function's own role |
//! | [`error`] | the retry class every error carries |
//! | [`heartbeat`] | a function's sign of life, which health is made of |
//! | [`http`] | one layer around every router, problems, pages, entity tags |
//! | [`identity`] | who a record is about; in doubt nobody is joined |
//! | [`intake`] | what happens to every byte of a dropped file, and to the same records by other doors |
//! | [`openapi`] | one API description of all services |
//! | [`pii`] | the wrapper that neither prints nor serialises |
//! | [`purpose`] | on what basis a person's data is used |
//! | [`telemetry`] | JSON logs that can be followed by one correlation id |
//! | [`vault`] | sealing under a key per subject, blind indexes |
//! | [`webhook`] | who signed a request: Standard Webhooks |
//! | [`within`] | work that may hang or panic, with a time limit |

pub mod audit;
pub mod auth;
pub mod bus;
pub mod config;
pub mod contracts;
pub mod db;
pub mod error;
pub mod heartbeat;
pub mod http;
pub mod identity;
pub mod intake;
pub mod openapi;
pub mod pii;
pub mod purpose;
pub mod random_keys;
pub mod telemetry;
pub mod vault;
pub mod webhook;
pub mod within;
