//! `kintell-import` against a real database, driven by the events its triggers send: row → record → facts → events.

mod files;
mod identity;
mod privacy;
mod receipts;
mod rejects;
mod repeats;
mod spreadsheet;
mod support;
