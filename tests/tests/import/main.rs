//! The importers against a real database, driven by the events its triggers send: row → record → facts → events.

mod commands;
mod dirty;
mod edges;
mod failures;
mod files;
mod identity;
mod live;
mod mapping;
mod model;
mod odd_orders;
mod plans;
mod privacy;
mod receipts;
mod references;
mod rejects;
mod repeats;
mod rules_files;
mod sequences;
mod sources;
mod spreadsheet;
mod support;
mod timelines;
mod undo;
mod uploads;
