//! The HTTP side: tokens, access, problems, handlers under the functions' own database roles.

mod access;
mod authorizer;
mod edge;
mod events;
mod gateway_api;
mod links;
mod openapi;
mod profiles;
mod search;
mod support;
mod tokens;
