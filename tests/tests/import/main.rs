//! The importers against a real database, driven by the events its triggers send: row → record → facts → events.

mod commands;
mod dirty;
mod failures;
mod files;
mod identity;
mod mapping;
mod plans;
mod privacy;
mod receipts;
mod references;
mod repeats;
mod support;
mod undo;
mod uploads;
