//! Arrivals as rows: profiles, keys, addresses, links, suggestions, by the chunk.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{
    Transaction,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{Arrival, IdentityError, People};
use crate::{
    bus::outbox::Outbox,
    contracts::{ContractError, EventDraft, Line, ProfileCreated, ProfileField, ProfileLinked, Revision, SourceCode},
    db::DbError,
    random_keys::RandomSet,
    vault::{Place, Vault},
};

/// What became of the arrivals of a chunk.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// Profiles that were made.
    pub created: HashSet<Uuid>,
    /// Known people who were given another address, and the line it stood on.
    pub addressed: HashMap<Uuid, Line>,
}

/// Rows about people that are decided and not yet written.
#[derive(Default)]
pub struct Rows {
    profiles: Vec<Uuid>,
    companies: Vec<Option<Uuid>>,
    epochs: Vec<i32>,
    wrapped: Vec<Vec<u8>>,
    email_ids: Vec<Uuid>,
    email_of: Vec<Uuid>,
    indexes: Vec<Vec<u8>>,
    sealed: Vec<Vec<u8>>,
    email_lines: Vec<i32>,
    links: Vec<Uuid>,
    linked: Vec<Uuid>,
    external_ids: Vec<String>,
    may_be: Vec<(Uuid, Uuid, i32)>,
}

impl People {
    /// What records bring about people, as rows to be written: profiles with key, sealed address and one `profile.created`, links with
    /// one `profile.linked`, further addresses, suggestions. The field names are what a new profile has from the start.
    ///
    /// # Errors
    /// The database, the vault, or an event that its contract does not allow.
    pub async fn take_in(
        &mut self,
        tx: &Transaction<'_>,
        vault: &Vault,
        outbox: &mut Outbox,
        correlation: &str,
        arrivals: Vec<(Arrival, Line, Vec<ProfileField>)>,
    ) -> Result<(TakenIn, Rows), IdentityError> {
        let mut taken = TakenIn::default();
        let mut rows = Rows::default();
        if arrivals.is_empty() {
            return Ok((taken, rows));
        }
        let addressed: RandomSet<Uuid> = arrivals
            .iter()
            .filter(|(arrival, ..)| !arrival.new && arrival.email.is_some())
            .map(|(arrival, ..)| arrival.profile_id)
            .collect();
        self.load_keys(tx, vault, &addressed).await?;
        for (arrival, line, known) in arrivals {
            let profile_id = arrival.profile_id;
            if arrival.new && !taken.created.contains(&profile_id) {
                taken.created.insert(profile_id);
                self.created += 1;
                let (key, epoch, wrapped) = vault.new_subject_key(profile_id)?;
                self.keys.insert(profile_id, key);
                self.said.insert(profile_id, None);
                let company = arrival.email.as_ref().and_then(|(_, email)| self.company_of(email.expose()));
                self.companies.insert(profile_id, company);
                rows.profiles.push(profile_id);
                rows.companies.push(company);
                rows.epochs.push(epoch);
                rows.wrapped.push(wrapped);
                let created = ProfileCreated {
                    profile_id,
                    changed: known,
                    trigger: self.trigger,
                    revision: Revision::FIRST,
                    import_id: Some(self.import_id),
                    line: Some(line),
                };
                outbox.push(EventDraft::recorded(created, profile_id, correlation))?;
            }
            self.address(&mut rows, &mut taken, &arrival, line)?;
            if let Some(external_id) = arrival.external_id {
                self.link(&mut rows, outbox, correlation, profile_id, external_id, line)?;
            }
            rows.may_be.extend(arrival.may_be.iter().map(|other| (profile_id, *other, line.get())));
        }
        Ok((taken, rows))
    }

    fn address(
        &mut self,
        rows: &mut Rows,
        taken: &mut TakenIn,
        arrival: &Arrival,
        line: Line,
    ) -> Result<(), IdentityError> {
        let Some((index, email)) = &arrival.email else { return Ok(()) };
        let named = self.emails.entry(*index).or_default();
        if named.contains(&arrival.profile_id) {
            return Ok(());
        }
        named.push(arrival.profile_id);
        let email_id = Uuid::now_v7();
        let place = Place { table: "vault.emails", column: "sealed", row: email_id };
        rows.sealed.push(self.key(arrival.profile_id)?.seal(place, email.expose().as_bytes())?);
        rows.indexes.push(index.to_vec());
        rows.email_ids.push(email_id);
        rows.email_of.push(arrival.profile_id);
        rows.email_lines.push(line.get());
        if !arrival.new {
            taken.addressed.insert(arrival.profile_id, line);
        }
        Ok(())
    }

    fn link(
        &mut self,
        rows: &mut Rows,
        outbox: &mut Outbox,
        correlation: &str,
        profile_id: Uuid,
        external_id: String,
        line: Line,
    ) -> Result<(), IdentityError> {
        let linked = ProfileLinked {
            profile_id,
            source: SourceCode::new(self.source)
                .map_err(|error| IdentityError::Outbox(ContractError::Value(error).into()))?,
            link_id: Uuid::now_v7(),
            revision: Revision::FIRST,
            import_id: Some(self.import_id),
            line: Some(line),
        };
        rows.links.push(linked.link_id);
        rows.linked.push(profile_id);
        let link_id = linked.link_id;
        outbox.push(EventDraft::recorded(linked, link_id, correlation))?;
        self.ids.insert(external_id.clone(), Some(profile_id));
        self.listed.insert(profile_id);
        rows.external_ids.push(external_id);
        Ok(())
    }
}

impl Rows {
    /// Writes them. All statements are sent at the first poll, profiles first.
    pub async fn insert(&self, tx: &Transaction<'_>, source: &str, import_id: Uuid) -> Result<(), DbError> {
        let by = format!("import {import_id}");
        let profiles = run(
            tx,
            self.profiles.len(),
            "INSERT INTO core.profiles (profile_id, company_id) SELECT unnest($1::uuid[]), unnest($2::uuid[])",
            vec![(&self.profiles, Type::UUID_ARRAY), (&self.companies, Type::UUID_ARRAY)],
        );
        let keys = run(
            tx,
            self.profiles.len(),
            "INSERT INTO vault.subject_keys (profile_id, epoch, wrapped) SELECT unnest($1::uuid[]), unnest($2::int[]), unnest($3::bytea[])",
            vec![
                (&self.profiles, Type::UUID_ARRAY),
                (&self.epochs, Type::INT4_ARRAY),
                (&self.wrapped, Type::BYTEA_ARRAY),
            ],
        );
        let emails = run(
            tx,
            self.email_ids.len(),
            "INSERT INTO vault.emails (email_id, profile_id, blind_index, sealed, line, source, import_id)
             SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::bytea[]), unnest($4::bytea[]), unnest($5::int[]), $6, $7",
            vec![
                (&self.email_ids, Type::UUID_ARRAY),
                (&self.email_of, Type::UUID_ARRAY),
                (&self.indexes, Type::BYTEA_ARRAY),
                (&self.sealed, Type::BYTEA_ARRAY),
                (&self.email_lines, Type::INT4_ARRAY),
                (&source, Type::TEXT),
                (&import_id, Type::UUID),
            ],
        );
        let links = run(
            tx,
            self.links.len(),
            "INSERT INTO core.external_ids (link_id, profile_id, external_id, source, linked_by)
             SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::text[]), $4, $5",
            vec![
                (&self.links, Type::UUID_ARRAY),
                (&self.linked, Type::UUID_ARRAY),
                (&self.external_ids, Type::TEXT_ARRAY),
                (&source, Type::TEXT),
                (&by, Type::TEXT),
            ],
        );
        let suggestions = suggest(tx, import_id, "same_email_other_id", &self.may_be);
        let (profiles, keys, emails, links, suggestions) = futures::join!(profiles, keys, emails, links, suggestions);
        profiles.and(keys).and(emails).and(links).and(suggestions)
    }
}

async fn run(
    tx: &Transaction<'_>,
    rows: usize,
    sql: &str,
    params: Vec<(&(dyn ToSql + Sync), Type)>,
) -> Result<(), DbError> {
    if rows > 0 {
        tx.execute_typed(sql, &params).await?;
    }
    Ok(())
}

/// Pairs of profiles that a person should look at, in one statement.
pub(super) async fn suggest(
    tx: &Transaction<'_>,
    import_id: Uuid,
    kind: &str,
    pairs: &[(Uuid, Uuid, i32)],
) -> Result<(), DbError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = pairs.iter().map(|_| Uuid::now_v7()).collect();
    tx.execute_typed(
        "INSERT INTO intake.identity_suggestions (suggestion_id, profile_id, other_id, line, kind, import_id)
         SELECT u.*, $5, $6 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) AS u ON CONFLICT DO NOTHING",
        &[
            (&ids, Type::UUID_ARRAY),
            (&pairs.iter().map(|(one, ..)| *one).collect::<Vec<_>>(), Type::UUID_ARRAY),
            (&pairs.iter().map(|(_, other, _)| *other).collect::<Vec<_>>(), Type::UUID_ARRAY),
            (&pairs.iter().map(|(.., line)| *line).collect::<Vec<_>>(), Type::INT4_ARRAY),
            (&kind, Type::TEXT),
            (&import_id, Type::UUID),
        ],
    )
    .await?;
    Ok(())
}
