//! One provider in one run: page after page, then what could not be resolved before.

use std::collections::HashSet;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_postgres::Client as Postgres;
use url::Url;
use uuid::Uuid;

use super::{
    SyncError,
    client::Client,
    config::Provider,
    page::{Applying, Counts},
    pass::{Place, Since},
    statement::{Head, Page},
    store,
    trouble::Trouble,
};

/// Pages in a row that bring nothing new before a store's pages are said not to end.
const IDLE_PAGES: u32 = 3;
/// Statements that are tried again a run, each with a question of its own.
const AGAIN: i64 = 20;

/// What a run did at one provider.
#[derive(Debug, Default)]
pub struct Pulled {
    /// Pages read.
    pub pages: u64,
    /// Statements.
    pub counts: Counts,
    /// What the provider did wrong.
    pub trouble: Option<Trouble>,
}

/// What a provider is asked with.
pub struct Pull<'a> {
    pub http: &'a Client,
    pub provider: &'a Provider,
    pub applying: Applying<'a>,
    pub until: Instant,
}

impl Pull<'_> {
    /// Reads the store from where it was left.
    ///
    /// # Errors
    /// Ours. What the provider does wrong is in the result.
    pub async fn all(&self, postgres: &mut Postgres, place: &mut Place) -> Result<Pulled, SyncError> {
        let mut pulled = Pulled::default();
        pulled.trouble = self.pages(postgres, place, &mut pulled).await?;
        if pulled.trouble.is_none() {
            pulled.trouble = self.learn(postgres, place).await?;
        }
        if pulled.trouble.is_none() {
            pulled.trouble = self.again(postgres, &mut pulled).await?;
        }
        Ok(pulled)
    }

    async fn pages(
        &self,
        postgres: &mut Postgres,
        place: &mut Place,
        pulled: &mut Pulled,
    ) -> Result<Option<Trouble>, SyncError> {
        let (mut urls, mut ids, mut idle) = (HashSet::new(), HashSet::new(), 0);
        let mut limit = self.provider.page;
        let mut resumed = place.begin(Timestamp::now()).more.is_some();
        loop {
            if Instant::now() >= self.until {
                return Ok(Some(Trouble::OutOfTime));
            }
            let now = Timestamp::now();
            let pass = place.begin(now).clone();
            let url = match &pass.more {
                None => self.first(pass.since, limit),
                Some(more) => match self.provider.endpoint.more(more) {
                    Some(url) => url,
                    None => return Ok(Some(Trouble::Elsewhere)),
                },
            };
            if !urls.insert(url.clone()) {
                return Ok(Some(Trouble::Endless));
            }
            let read = |answer: super::client::Answer| Ok((Page::read(&answer.body)?, answer.consistent));
            let (page, consistent) = match self.http.ask(self.provider, &url, self.until, read).await {
                Ok(answer) => answer,
                Err(trouble) => {
                    // A link of an earlier run may have run out; fewer statements may fit. Then from the cursor again.
                    let anew = match trouble {
                        Trouble::BadRequest(_) => std::mem::take(&mut resumed),
                        Trouble::TooLarge if limit > 1 => {
                            limit = (limit / 4).max(1);
                            true
                        }
                        _ => false,
                    };
                    if !anew {
                        return Ok(Some(trouble));
                    }
                    place.give_up();
                    // What was read before comes again and is no sign that the pages do not end.
                    urls.clear();
                    ids.clear();
                    idle = 0;
                    continue;
                }
            };
            resumed = false;
            let heads: Vec<Head> = page.statements.iter().map(|raw| Head::read(raw)).collect();
            let fresh = heads.iter().filter(|head| head.id.is_some_and(|id| ids.insert(id))).count();
            idle = if fresh == 0 { idle + 1 } else { 0 };
            let mut next = place.clone();
            if let Some(since) = pass.since.filter(|_| next.since != Since::Stored)
                && Since::shown_by(&heads, since, false) == Since::Stored
            {
                next.since = Since::Stored;
            }
            next.read(&heads, consistent, page.more.as_deref(), now);
            match self.applying.apply(postgres, &page.statements, Some(&next), false).await? {
                Ok(counts) => pulled.counts.extend(counts),
                Err(trouble) => return Ok(Some(trouble)),
            }
            pulled.pages += 1;
            *place = next;
            if place.pass.is_none() {
                return Ok(None);
            }
            if idle >= IDLE_PAGES {
                return Ok(Some(Trouble::Endless));
            }
        }
    }

    /// The first page of a pass.
    fn first(&self, since: Option<Timestamp>, limit: u32) -> Url {
        let limit = limit.to_string();
        let since = since.map(|since| since.to_string());
        let mut parameters = vec![("ascending", "true"), ("limit", limit.as_str())];
        if let Some(since) = &since {
            parameters.push(("since", since));
        }
        self.provider.endpoint.query(&parameters)
    }

    /// Finds out what `since` means in this store, if a statement came that can show it. A question that fails is no
    /// matter: the next run asks it again, and until then the store is read as if it did not compare *stored*. Unless the
    /// store asks for a rest.
    async fn learn(&self, postgres: &mut Postgres, place: &mut Place) -> Result<Option<Trouble>, SyncError> {
        let Some(latecomer) = place.latecomer.filter(|_| place.since != Since::Stored) else { return Ok(None) };
        let since = latecomer.between();
        let url = self.first(Some(since), self.provider.page);
        let read = |answer: super::client::Answer| Page::read(&answer.body);
        let page = match self.http.ask(self.provider, &url, self.until, read).await {
            Ok(page) => page,
            Err(trouble @ Trouble::Limited(..)) => return Ok(Some(trouble)),
            Err(_) => return Ok(None),
        };
        let heads: Vec<Head> = page.statements.iter().map(|raw| Head::read(raw)).collect();
        let shown = Since::shown_by(&heads, since, page.more.is_none());
        if shown == Since::Unknown || shown == place.since {
            return Ok(None);
        }
        tracing::info!(
            provider = self.provider.code,
            since_means = shown.as_str(),
            "a store has shown what since means"
        );
        place.since = shown;
        let kept = self.applying.apply(postgres, &[], Some(place), false).await?;
        Ok(kept.err())
    }

    /// Tries statements again that were about somebody nobody knew: each is asked for by its id, since the store keeps
    /// what we may not.
    async fn again(&self, postgres: &mut Postgres, pulled: &mut Pulled) -> Result<Option<Trouble>, SyncError> {
        for id in store::to_try_again(postgres, &self.provider.code, AGAIN).await? {
            if Instant::now() >= self.until {
                return Ok(None);
            }
            let id: Uuid = id;
            let url = self.provider.endpoint.query(&[("statementId", &id.to_string())]);
            let read = |answer: super::client::Answer| Page::read_one(&answer.body);
            let statements: Vec<_> = match self.http.ask(self.provider, &url, self.until, read).await {
                Ok(found) => found.into_iter().filter(|raw| Head::read(raw).id == Some(id)).collect(),
                // Voided meanwhile, or gone: the row stays as it is and comes last the next time.
                Err(Trouble::BadRequest(_)) => Vec::new(),
                Err(Trouble::OutOfTime) => return Ok(None),
                Err(trouble) => return Ok(Some(trouble)),
            };
            if !statements.is_empty() {
                match self.applying.apply(postgres, &statements, None, true).await? {
                    Ok(counts) => pulled.counts.extend(counts),
                    Err(trouble) => return Ok(Some(trouble)),
                }
            }
            // Also one that is not there or says nothing about a course any more: it would stand before the others.
            store::tried(postgres, &self.provider.code, id).await?;
        }
        Ok(None)
    }
}
