//! A consumer that dies after its effect and before its commit.

use shared::{
    bus::{consumer::Consumer, outbox::Outbox},
    contracts::ContractError,
    error::{Classified, Retry},
};
use tokio_postgres::Transaction;

/// How it dies.
#[derive(Clone, Copy, Debug)]
pub enum Death {
    Error,
    Panic,
    Kill,
}

/// Every way, with the code the event ends in.
pub const DEATHS: [(Death, &str); 3] =
    [(Death::Error, "injected"), (Death::Panic, "panicked"), (Death::Kill, "out_of_time")];

/// The consumer that dies.
pub struct Dying<C>(pub Death, pub C);

#[derive(Debug, thiserror::Error)]
#[error("injected")]
pub struct Injected;

impl Classified for Injected {
    fn retry(&self) -> Retry {
        Retry::Never
    }
    fn code(&self) -> &'static str {
        "injected"
    }
}

impl<C: Consumer> Consumer for Dying<C> {
    const NAME: &'static str = C::NAME;
    type Event = C::Event;
    type Error = Injected;

    fn read(kind: &str, detail: &str) -> Result<C::Event, ContractError> {
        C::read(kind, detail)
    }

    async fn apply(&self, tx: &Transaction<'_>, event: &C::Event, outbox: &mut Outbox) -> Result<(), Injected> {
        self.1.apply(tx, event, outbox).await.map_err(|_| Injected)?;
        outbox.write(tx).await.unwrap();
        match self.0 {
            Death::Error => Err(Injected),
            Death::Panic => panic!("injected"),
            Death::Kill => std::future::pending().await,
        }
    }
}
