//! Moderation from end to end in one process: a sealed text, the screener under its role, the queue under the API's.

mod engine;
mod events;
mod faults;
mod lanes;
mod policy;
mod queue;
mod screening;
mod screening_on_request;
mod support;
mod sweep;
