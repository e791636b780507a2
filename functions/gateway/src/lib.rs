//! The gateway service: what belongs to no single service, and the `authorizer` at the edge.
//!
//! | module | what |
//! |---|---|
//! | [`api`] | the routes of `gateway-api` and who may use them |
//! | [`health`] | up or down, from the functions' heartbeats |
//! | [`imports`] | what comes in, its receipts, the fate of every record, what is declared about sources |
//! | [`queues`] | the importers' queues |
//! | [`presign`] | signed addresses of the buckets |
//! | [`authorizer`] | the token check API Gateway asks for |

pub mod api;
pub mod authorizer;
pub mod health;
pub mod imports;
pub mod presign;
pub mod queues;
