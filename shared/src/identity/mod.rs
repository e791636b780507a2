//! Who a record is about. In doubt nobody is joined.
//!
//! | the record has | it is |
//! |---|---|
//! | an e-mail only | the one profile it names; of several: ambiguous, a person decides; of none: a new profile |
//! | an id of the source and an e-mail | whoever has the id; else the one profile the e-mail names, if it has no other id in this source; else a new profile |
//! | an id only | whoever has the id; else nobody: the file that lists people comes first |
//!
//! A new e-mail on a known id is added. An e-mail that is another profile's too is told to a person as a suggestion.
//! The suppression list is asked for each e-mail and each id first. All of it in the caller's transaction, under
//! [`lock`]: what a record brings is an [`Arrival`], and nothing is written before [`People::take_in`].

mod arrival;
pub mod names;
mod rows;

pub use arrival::{Arrival, Arriving, Met};
pub use rows::{Rows, TakenIn};

use std::collections::{HashMap, HashSet, hash_map::Entry};

use tokio_postgres::{Row, Transaction, types::Type};
use uuid::Uuid;

use crate::{
    bus::outbox::OutboxError,
    contracts::Trigger,
    db::DbError,
    error::{Classified, Retry},
    purpose::Purpose,
    random_keys::{RandomMap, RandomSet},
    vault::{SubjectKey, Vault, VaultError},
};

/// An index of an e-mail address; see [`Vault::blind_index`].
pub type EmailIndex = [u8; 32];

/// What resolving people can fail with.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An event could not be written.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

impl From<tokio_postgres::Error> for IdentityError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Classified for IdentityError {
    fn retry(&self) -> Retry {
        match self {
            Self::Db(error) => error.retry(),
            Self::Vault(error) => error.retry(),
            Self::Outbox(error) => error.retry(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Db(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Outbox(error) => error.code(),
        }
    }
}

/// Whoever may create people holds this until the end of the transaction: two files that bring the same new address
/// at the same time would otherwise make two profiles of one person.
pub async fn lock(tx: &Transaction<'_>) -> Result<(), DbError> {
    tx.batch_execute("SELECT pg_advisory_xact_lock(hashtext('teei identity'))").await.map_err(Into::into)
}

/// People remembered at once: a key and what belongs to it is about a kilobyte.
const REMEMBERED: usize = 40_000;

/// People of one import: what was asked once is not asked again.
pub struct People {
    source: &'static str,
    import_id: Uuid,
    trigger: Trigger,
    /// Whom each address names.
    emails: RandomMap<EmailIndex, Vec<Uuid>>,
    /// Who has each id of the source; none: nobody.
    ids: HashMap<String, Option<Uuid>>,
    /// Profiles that have an id in the source.
    listed: RandomSet<Uuid>,
    erased_emails: RandomSet<EmailIndex>,
    erased_ids: HashSet<String>,
    keys: RandomMap<Uuid, SubjectKey>,
    /// Keys as they stand in the store, of people of whom nothing had to be sealed yet: epoch, wrapped.
    wrapped: RandomMap<Uuid, (i32, Vec<u8>)>,
    /// What people said themselves of their data's use for programmes, if anything; true: granted.
    said: RandomMap<Uuid, Option<bool>>,
    companies: RandomMap<Uuid, Option<Uuid>>,
    domains: HashMap<String, Uuid>,
    met: RandomSet<Uuid>,
    created: u32,
}

impl People {
    /// The people of an import. Reads which domains belong to companies.
    pub async fn new(tx: &Transaction<'_>, source: &'static str, import_id: Uuid) -> Result<Self, DbError> {
        let domains = tx.query_typed("SELECT domain, company_id FROM core.company_domains", &[]).await?;
        Ok(Self {
            source,
            import_id,
            trigger: Trigger::Import,
            emails: RandomMap::default(),
            ids: HashMap::new(),
            listed: RandomSet::default(),
            erased_emails: RandomSet::default(),
            erased_ids: HashSet::new(),
            keys: RandomMap::default(),
            wrapped: RandomMap::default(),
            said: RandomMap::default(),
            companies: RandomMap::default(),
            domains: domains.iter().map(|row| (row.get(0), row.get(1))).collect(),
            met: RandomSet::default(),
            created: 0,
        })
    }

    /// The same, as another door than a dropped file brings them.
    #[must_use]
    pub fn brought_by(self, trigger: Trigger) -> Self {
        Self { trigger, ..self }
    }

    /// Looks up addresses and ids of the source, those not asked before, in at most three queries. What is known of
    /// the people besides comes with them: what is asked later waits until the writes before it are done.
    pub async fn look_up(
        &mut self,
        tx: &Transaction<'_>,
        vault: &Vault,
        emails: &[(EmailIndex, &str)],
        ids: &HashSet<&str>,
    ) -> Result<(), IdentityError> {
        let mut asked = Asked::default();
        for (index, email) in emails {
            if let Entry::Vacant(unasked) = self.emails.entry(*index) {
                unasked.insert(Vec::new());
                asked.emails.insert(vault.suppression_hash("email", email).to_vec(), *index);
            }
        }
        for id in ids {
            if !self.ids.contains_key(*id) {
                self.ids.insert((*id).to_owned(), None);
                asked.ids.insert(vault.suppression_hash(self.source, id).to_vec(), (*id).to_owned());
            }
        }
        let (emails, erased) = futures::join!(by_emails(tx, &asked), erased(tx, &asked));
        let named = self.named(&emails?);
        for row in &erased? {
            let hash = row.get::<_, &[u8]>(0);
            self.erased_emails.extend(asked.emails.get(hash));
            self.erased_ids.extend(asked.ids.get(hash).cloned());
        }
        self.look_up_ids(tx, &asked, &named).await
    }

    /// Takes in whom addresses name.
    fn named(&mut self, found: &[Row]) -> Vec<Uuid> {
        for row in found {
            let Ok(index) = EmailIndex::try_from(row.get::<_, &[u8]>(0)) else { continue };
            let id: Uuid = row.get(1);
            self.emails.entry(index).or_default().push(id);
            self.companies.insert(id, row.get(2));
            if let (Some(epoch), Some(wrapped)) = (row.get(3), row.get(4)) {
                self.wrapped.insert(id, (epoch, wrapped));
            }
            self.said.insert(id, row.get(5));
        }
        found.iter().map(|row| row.get(1)).collect()
    }

    async fn look_up_ids(&mut self, tx: &Transaction<'_>, asked: &Asked, named: &[Uuid]) -> Result<(), IdentityError> {
        // A source without ids of its own asks nothing here.
        if asked.ids.is_empty() && (named.is_empty() || self.ids.is_empty()) {
            return Ok(());
        }
        let ids: Vec<&str> = asked.ids.values().map(String::as_str).collect();
        let found = tx
            .query_typed(
                "SELECT external_id, profile_id FROM core.external_ids WHERE source = $1 AND external_id = ANY($2)
                 UNION SELECT external_id, profile_id FROM core.external_ids WHERE source = $1 AND profile_id = ANY($3)",
                &[(&self.source, Type::TEXT), (&ids, Type::TEXT_ARRAY), (&named, Type::UUID_ARRAY)],
            )
            .await?;
        for row in &found {
            if let Some(owner) = self.ids.get_mut(row.get::<_, &str>(0)) {
                *owner = Some(row.get(1));
            }
            self.listed.insert(row.get(1));
        }
        Ok(())
    }

    /// The company whose e-mail domain an address has.
    pub fn company_of(&self, email: &str) -> Option<Uuid> {
        self.domains.get(email.rsplit_once('@')?.1).copied()
    }

    /// Reads the companies of these profiles, those not known yet.
    pub async fn load_companies(&mut self, tx: &Transaction<'_>, profiles: &RandomSet<Uuid>) -> Result<(), DbError> {
        let unknown: Vec<Uuid> = profiles.iter().filter(|id| !self.companies.contains_key(id)).copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let rows = tx
            .query_typed(
                "SELECT profile_id, company_id FROM core.profiles WHERE profile_id = ANY($1)",
                &[(&unknown, Type::UUID_ARRAY)],
            )
            .await?;
        self.companies.extend(rows.iter().map(|row| (row.get::<_, Uuid>(0), row.get::<_, Option<Uuid>>(1))));
        Ok(())
    }

    /// The company of a profile this import has resolved.
    pub fn company_of_profile(&self, profile_id: Uuid) -> Option<Uuid> {
        self.companies.get(&profile_id).copied().flatten()
    }

    /// What somebody said themself of their data's use for programmes, where this import knows whether they did: true
    /// if they granted it, nothing if they said nothing.
    pub fn said_of_purpose(&self, profile_id: Uuid) -> Option<Option<bool>> {
        self.said.get(&profile_id).copied()
    }

    /// Whether so much is remembered of people that it should be forgotten.
    pub fn are_many(&self) -> bool {
        self.keys.len() >= REMEMBERED || self.emails.len() + self.ids.len() >= 4 * REMEMBERED
    }

    /// Forgets whom addresses and ids mean, and the keys; everything about them has to be written by then.
    pub fn forget(&mut self) {
        self.emails.clear();
        self.ids.clear();
        self.listed.clear();
        self.erased_emails.clear();
        self.erased_ids.clear();
        self.keys.clear();
        self.wrapped.clear();
        self.said.clear();
        self.companies.clear();
    }

    /// Notes that the import is about these people.
    pub fn meet(&mut self, profiles: impl IntoIterator<Item = Uuid>) {
        self.met.extend(profiles);
    }

    /// How many people the import is about: known before, and created by it.
    pub fn counts(&self) -> (u32, u32) {
        (self.met.len() as u32 - self.created.min(self.met.len() as u32), self.created)
    }

    /// The keys of these people, for sealing. Somebody erased has none.
    pub async fn load_keys(
        &mut self,
        tx: &Transaction<'_>,
        vault: &Vault,
        profiles: &RandomSet<Uuid>,
    ) -> Result<(), VaultError> {
        let mut unknown = Vec::new();
        for id in profiles {
            if self.keys.contains_key(id) {
                continue;
            }
            match self.wrapped.remove(id) {
                Some((epoch, wrapped)) => {
                    self.keys.insert(*id, vault.open_subject_key(*id, epoch, &wrapped)?);
                }
                None => unknown.push(*id),
            }
        }
        if !unknown.is_empty() {
            self.keys.extend(vault.subject_keys(tx, &unknown).await?);
        }
        Ok(())
    }

    /// A person's key, after [`People::load_keys`].
    pub fn key(&self, profile_id: Uuid) -> Result<&SubjectKey, VaultError> {
        self.keys.get(&profile_id).ok_or(VaultError::Erased)
    }
}

/// Whom addresses name, with the company, the key and what was said of the use for programmes.
async fn by_emails(tx: &Transaction<'_>, asked: &Asked) -> Result<Vec<Row>, DbError> {
    if asked.emails.is_empty() {
        return Ok(Vec::new());
    }
    let indexes: Vec<&[u8]> = asked.emails.values().map(EmailIndex::as_slice).collect();
    let rows = tx
        .query_typed(
            "SELECT e.blind_index, e.profile_id, p.company_id, k.epoch, k.wrapped, own.state = 'granted'
             FROM vault.emails e JOIN core.profiles p USING (profile_id)
             LEFT JOIN vault.subject_keys k ON k.profile_id = p.profile_id
             LEFT JOIN core.purposes own ON own.profile_id = p.profile_id AND own.purpose = $2
             WHERE e.blind_index = ANY($1) ORDER BY e.profile_id",
            &[(&indexes, Type::BYTEA_ARRAY), (&Purpose::Programme.as_str(), Type::TEXT)],
        )
        .await?;
    Ok(rows)
}

/// Which of the hashes belong to somebody who was erased.
async fn erased(tx: &Transaction<'_>, asked: &Asked) -> Result<Vec<Row>, DbError> {
    let hashes: Vec<&[u8]> = asked.emails.keys().chain(asked.ids.keys()).map(Vec::as_slice).collect();
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT hash FROM vault.suppressions WHERE hash = ANY($1)";
    Ok(tx.query_typed(sql, &[(&hashes, Type::BYTEA_ARRAY)]).await?)
}

/// What is asked now, by suppression hash.
#[derive(Default)]
struct Asked {
    emails: HashMap<Vec<u8>, EmailIndex>,
    ids: HashMap<Vec<u8>, String>,
}

/// Two sources spell these people's names as two people's: somebody should look whether they are one.
pub async fn suggest_names_differ(
    tx: &Transaction<'_>,
    import_id: Uuid,
    differ: &[(Uuid, i32)],
) -> Result<(), DbError> {
    let same: Vec<(Uuid, Uuid, i32)> = differ.iter().map(|(id, line)| (*id, *id, *line)).collect();
    rows::suggest(tx, import_id, "names_differ", &same).await
}
