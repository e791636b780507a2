//! The HTTP side every service shares: one layer around a router, problems, pages, entity tags.
//!
//! A service gives its routes and its access table; [`wrap`] adds ids, logs, admission, panics and problems.
//!
//! | module | what |
//! |---|---|
//! | `document` | pages of one document, with their policy |
//! | `problem` | RFC 9457 answers with a stable code; the list of codes |
//! | `edge` | the layer |
//! | `extract` | JSON bodies, queries and path ids whose refusals are problems |
//! | `page` | `limit` and `cursor` |
//! | `etag` | `ETag` and `If-Match` |
//! | `idempotency` | `Idempotency-Key`: the effect once, the answer again |
//! | `server` | the router behind the Lambda Runtime API |

mod day;
mod document;
mod edge;
mod etag;
mod extract;
mod idempotency;
mod moment;
mod page;
pub mod problem;
mod server;

pub use day::Day;
pub use document::Document;
pub use edge::{Beat, Caller, Edge, Ids, MaybeCaller, wrap};
pub use etag::{IfMatch, etag};
pub use extract::{Json, MaybeJson, PathId, Query, RawJson};
pub use idempotency::{Begun, Idempotent};
pub use moment::Moment;
pub use page::Page;
pub use problem::{FieldError, Problem, ProblemBody};
pub use server::{answer, run};
