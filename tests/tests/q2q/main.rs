//! The scorer against a real Postgres under its own role: what is scored, what is not, and what is taken back.

mod faults;
mod history;
mod published;
#[path = "../support/mod.rs"]
mod support;
mod taken_back;
mod texts;
mod world;
