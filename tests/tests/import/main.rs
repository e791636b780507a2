//! The importers against a real database, driven by the events its triggers send: row → record → facts → events.

mod dirty;
mod files;
mod identity;
mod mapping;
mod privacy;
mod receipts;
mod references;
mod repeats;
mod support;
