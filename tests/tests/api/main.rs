//! The HTTP side: tokens, access, problems, handlers under the functions' own database roles.

mod access;
mod adapters;
mod adapters_keys;
mod authorizer;
mod bus;
mod contracts;
pub mod doors;
mod doors_orders;
mod doors_refused;
mod edge;
mod events;
mod finding;
mod gateway_api;
#[path = "../import/support.rs"]
#[allow(dead_code, reason = "the tests of the importer use the rest")]
mod importing;
mod imports;
mod links;
mod openapi;
mod pages;
mod profiles;
pub mod q2q;
mod search;
mod sources;
mod support;
mod tokens;
mod values;
mod values_sources;
mod webhooks;
mod webhooks_faults;
