//! Who a record is about. In doubt nobody is joined.
//!
//! Kintell's exports know people by e-mail only: an address that names one profile is that person, one that names
//! several is ambiguous and waits for a person, one that names nobody makes a profile, after the suppression list was
//! asked. All of it in the caller's transaction, under [`lock`].

pub mod names;

use std::collections::{HashMap, HashSet};

use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use crate::{
    bus::outbox::{Outbox, OutboxError},
    contracts::{EventDraft, Line, ProfileCreated, ProfileField, Revision, Trigger},
    db::DbError,
    error::{Classified, Retry},
    pii::Pii,
    vault::{Place, SubjectKey, Vault, VaultError},
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

/// Whom an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// One profile.
    One {
        /// Which.
        profile_id: Uuid,
    },
    /// Several profiles: a person has to decide.
    Several,
    /// Somebody who was erased.
    Suppressed,
    /// Nobody yet.
    Nobody,
}

/// Somebody met for the first time.
pub struct Newcomer {
    /// The profile it becomes.
    pub profile_id: Uuid,
    /// The address, normalised.
    pub email: Pii<String>,
    /// The line that brought it.
    pub line: Line,
}

/// People of one import: what was asked once is not asked again.
pub struct People {
    source: &'static str,
    import_id: Uuid,
    named: HashMap<EmailIndex, Named>,
    keys: HashMap<Uuid, SubjectKey>,
    companies: HashMap<Uuid, Uuid>,
    domains: HashMap<String, Uuid>,
    met: HashSet<Uuid>,
    created: u32,
}

impl People {
    /// The people of an import. Reads which domains belong to companies.
    pub async fn new(tx: &Transaction<'_>, source: &'static str, import_id: Uuid) -> Result<Self, DbError> {
        let domains = tx.query_typed("SELECT domain, company_id FROM core.company_domains", &[]).await?;
        Ok(Self {
            source,
            import_id,
            named: HashMap::new(),
            keys: HashMap::new(),
            companies: HashMap::new(),
            domains: domains.iter().map(|row| (row.get(0), row.get(1))).collect(),
            met: HashSet::new(),
            created: 0,
        })
    }

    /// Looks up addresses, those not asked before, in two queries.
    pub async fn look_up(
        &mut self,
        tx: &Transaction<'_>,
        vault: &Vault,
        emails: &HashSet<&str>,
    ) -> Result<(), IdentityError> {
        let mut asked: HashMap<Vec<u8>, EmailIndex> = HashMap::new();
        let mut indexes: Vec<Vec<u8>> = Vec::new();
        for email in emails {
            let index = vault.blind_index(email);
            if !self.named.contains_key(&index) {
                asked.insert(vault.suppression_hash("email", email).to_vec(), index);
                indexes.push(index.to_vec());
            }
        }
        if indexes.is_empty() {
            return Ok(());
        }
        let found = tx
            .query_typed(
                "SELECT e.blind_index, e.profile_id, p.company_id FROM vault.emails e
                 JOIN core.profiles p USING (profile_id) WHERE e.blind_index = ANY($1)",
                &[(&indexes, Type::BYTEA_ARRAY)],
            )
            .await?;
        for index in asked.values() {
            self.named.insert(*index, Named::Nobody);
        }
        for row in &found {
            let Ok(index) = EmailIndex::try_from(row.get::<_, &[u8]>(0)) else { continue };
            let profile_id = row.get(1);
            if let Some(company) = row.get(2) {
                self.companies.insert(profile_id, company);
            }
            let one = Named::One { profile_id };
            let named = self.named.entry(index).or_insert(Named::Nobody);
            *named = if *named == Named::Nobody { one } else { Named::Several };
        }
        let hashes: Vec<&[u8]> = asked.keys().map(Vec::as_slice).collect();
        let suppressed = tx
            .query_typed("SELECT hash FROM vault.suppressions WHERE hash = ANY($1)", &[(&hashes, Type::BYTEA_ARRAY)])
            .await?;
        for row in &suppressed {
            if let Some(index) = asked.get(row.get::<_, &[u8]>(0)) {
                self.named.insert(*index, Named::Suppressed);
            }
        }
        Ok(())
    }

    /// Whom an address names, after [`People::look_up`].
    pub fn named(&self, index: &EmailIndex) -> Named {
        self.named.get(index).copied().unwrap_or(Named::Nobody)
    }

    /// The company whose e-mail domain an address has.
    pub fn company_of(&self, email: &str) -> Option<Uuid> {
        self.domains.get(email.rsplit_once('@')?.1).copied()
    }

    /// From now on the address names this new profile.
    pub fn take_in(&mut self, index: EmailIndex, profile_id: Uuid, company_id: Option<Uuid>) {
        self.named.insert(index, Named::One { profile_id });
        self.companies.extend(company_id.map(|company| (profile_id, company)));
        self.created += 1;
    }

    /// The company of a profile this import has resolved.
    pub fn company_of_profile(&self, profile_id: Uuid) -> Option<Uuid> {
        self.companies.get(&profile_id).copied()
    }

    /// Notes that the import is about these people.
    pub fn meet(&mut self, profiles: impl IntoIterator<Item = Uuid>) {
        self.met.extend(profiles);
    }

    /// How many people the import is about: known before, and created by it.
    pub fn counts(&self) -> (u32, u32) {
        (self.met.len() as u32 - self.created.min(self.met.len() as u32), self.created)
    }

    /// Makes the profiles of newcomers: key, sealed address, and one `profile.created` each.
    pub async fn create(
        &mut self,
        tx: &Transaction<'_>,
        vault: &Vault,
        outbox: &mut Outbox,
        correlation: &str,
        newcomers: Vec<(Newcomer, Vec<ProfileField>)>,
    ) -> Result<(), IdentityError> {
        if newcomers.is_empty() {
            return Ok(());
        }
        let mut rows = Rows::default();
        for (newcomer, known) in &newcomers {
            let (key, epoch, wrapped) = vault.new_subject_key(newcomer.profile_id)?;
            let email_id = Uuid::now_v7();
            let place = Place { table: "vault.emails", column: "sealed", row: email_id };
            rows.sealed.push(key.seal(place, newcomer.email.expose().as_bytes())?);
            rows.indexes.push(vault.blind_index(newcomer.email.expose()).to_vec());
            rows.companies.push(self.company_of(newcomer.email.expose()));
            rows.profiles.push(newcomer.profile_id);
            rows.email_ids.push(email_id);
            rows.epochs.push(epoch);
            rows.wrapped.push(wrapped);
            rows.lines.push(newcomer.line.get());
            self.keys.insert(newcomer.profile_id, key);
            let created = ProfileCreated {
                profile_id: newcomer.profile_id,
                changed: known.clone(),
                trigger: Trigger::Import,
                revision: Revision::FIRST,
                import_id: Some(self.import_id),
                line: Some(newcomer.line),
            };
            outbox.push(EventDraft::recorded(created, newcomer.profile_id, correlation))?;
        }
        rows.insert(tx, self.source, self.import_id).await
    }

    /// The keys of these people, for sealing. Somebody erased has none.
    pub async fn load_keys(
        &mut self,
        tx: &Transaction<'_>,
        vault: &Vault,
        profiles: &HashSet<Uuid>,
    ) -> Result<(), VaultError> {
        let unknown: Vec<Uuid> = profiles.iter().filter(|id| !self.keys.contains_key(id)).copied().collect();
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

#[derive(Default)]
struct Rows {
    profiles: Vec<Uuid>,
    companies: Vec<Option<Uuid>>,
    epochs: Vec<i32>,
    wrapped: Vec<Vec<u8>>,
    email_ids: Vec<Uuid>,
    indexes: Vec<Vec<u8>>,
    sealed: Vec<Vec<u8>>,
    lines: Vec<i32>,
}

impl Rows {
    async fn insert(&self, tx: &Transaction<'_>, source: &str, import_id: Uuid) -> Result<(), IdentityError> {
        tx.execute_typed(
            "INSERT INTO core.profiles (profile_id, company_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
            &[(&self.profiles, Type::UUID_ARRAY), (&self.companies, Type::UUID_ARRAY)],
        )
        .await?;
        tx.execute_typed(
            "INSERT INTO vault.subject_keys (profile_id, epoch, wrapped) SELECT * FROM unnest($1::uuid[], $2::int[], $3::bytea[])",
            &[(&self.profiles, Type::UUID_ARRAY), (&self.epochs, Type::INT4_ARRAY), (&self.wrapped, Type::BYTEA_ARRAY)],
        )
        .await?;
        tx.execute_typed(
            "INSERT INTO vault.emails (email_id, profile_id, blind_index, sealed, line, source, import_id)
             SELECT u.*, $6, $7 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::int[]) AS u",
            &[
                (&self.email_ids, Type::UUID_ARRAY),
                (&self.profiles, Type::UUID_ARRAY),
                (&self.indexes, Type::BYTEA_ARRAY),
                (&self.sealed, Type::BYTEA_ARRAY),
                (&self.lines, Type::INT4_ARRAY),
                (&source, Type::TEXT),
                (&import_id, Type::UUID),
            ],
        )
        .await?;
        Ok(())
    }
}

/// Two sources spell this person's name as two people's: somebody should look whether they are one.
pub async fn suggest_names_differ(
    tx: &Transaction<'_>,
    import_id: Uuid,
    differ: &[(Uuid, i32)],
) -> Result<(), DbError> {
    for (profile_id, line) in differ {
        tx.execute_typed(
            "INSERT INTO intake.identity_suggestions (suggestion_id, kind, profile_id, other_id, import_id, line)
             VALUES ($1, 'names_differ', $2, $2, $3, $4) ON CONFLICT DO NOTHING",
            &[(&Uuid::now_v7(), Type::UUID), (profile_id, Type::UUID), (&import_id, Type::UUID), (line, Type::INT4)],
        )
        .await?;
    }
    Ok(())
}
