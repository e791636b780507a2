//! `kintell-import` against a real database, driven by the events its triggers send: row → record → facts → events.

mod commands;
mod failures;
mod files;
mod identity;
mod plans;
mod privacy;
mod receipts;
mod rejects;
mod repeats;
mod spreadsheet;
mod support;
mod undo;
mod uploads;
