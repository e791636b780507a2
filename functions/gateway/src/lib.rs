//! The gateway service: what belongs to no single service, and the `authorizer` at the edge.
//!
//! | module | what |
//! |---|---|
//! | [`api`] | the routes of `gateway-api` and who may use them |
//! | [`health`] | up or down, from the functions' heartbeats |
//! | [`imports`] | what came in, its receipts, the fate of every record |
//! | [`console`] | the coordinator's page |
//! | [`authorizer`] | the token check API Gateway asks for |

pub mod api;
pub mod authorizer;
pub mod console;
pub mod health;
pub mod imports;
