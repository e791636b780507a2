//! What the vault holds of the people of one page of records, read in four questions and opened.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::{
    db::DbError,
    intake::{
        attributes,
        column::Kind,
        entity::{Entity, FieldKind, Layout, hex},
    },
    vault::{Place, SubjectKey, Vault, VaultError},
};
use tokio_postgres::{Row, Transaction, types::Type};
use uuid::Uuid;

use super::values::Content;

/// Whose values a page needs.
pub struct Wanted {
    source: &'static str,
    import_id: Uuid,
    people: BTreeSet<Uuid>,
    said: BTreeSet<&'static str>,
    texts: BTreeSet<Uuid>,
    listed: BTreeSet<Uuid>,
    facts: BTreeMap<&'static str, (&'static str, BTreeSet<Uuid>)>,
    secrets: Vec<Secret>,
}

/// Something sealed in a fact's own row.
struct Secret {
    table: &'static str,
    field: &'static str,
    fact: Uuid,
    subject: Uuid,
    sealed: Vec<u8>,
}

/// What is sealed about them.
pub struct Sealed {
    source: &'static str,
    import_id: Uuid,
    people: BTreeSet<Uuid>,
    emails: Vec<Row>,
    attributes: Vec<Row>,
    texts: Vec<Row>,
    ids: HashMap<Uuid, String>,
    secrets: Vec<Secret>,
}

/// What was sealed about them.
#[derive(Default)]
pub struct Opened {
    import_id: Uuid,
    emails: HashMap<Uuid, Vec<Email>>,
    attributes: HashMap<(Uuid, String), Vec<Said>>,
    texts: HashMap<Uuid, (String, Uuid)>,
    ids: HashMap<Uuid, String>,
    secrets: HashMap<(Uuid, &'static str), (String, Uuid)>,
}

struct Email {
    address: String,
    index: String,
    import_id: Option<Uuid>,
    line: Option<i32>,
    of_source: bool,
}

struct Said {
    value: Option<String>,
    digest: String,
    import_id: Option<Uuid>,
    line: Option<i32>,
}

impl Wanted {
    /// Nothing yet.
    pub fn new(source: &'static str, import_id: Uuid) -> Self {
        Self {
            source,
            import_id,
            people: BTreeSet::new(),
            said: BTreeSet::new(),
            texts: BTreeSet::new(),
            listed: BTreeSet::new(),
            facts: BTreeMap::new(),
            secrets: Vec::new(),
        }
    }

    /// What one fact needs.
    pub fn add(&mut self, entity: &Entity, layout: &Layout, content: &Content) {
        for field in entity.fields {
            let name = field.name;
            match field.kind {
                FieldKind::Person(_) | FieldKind::Listed(_) => self.people.extend(content.id(name)),
                FieldKind::PersonById { .. } if by_address(layout, name) => self.people.extend(content.id(name)),
                FieldKind::PersonById { .. } | FieldKind::PersonOf { .. } => self.listed.extend(content.id(name)),
                FieldKind::People { .. } => self.listed.extend(content.ids(name)),
                FieldKind::Ref(target) => {
                    let (_, facts) = self.facts.entry(target.table).or_insert((target.id, BTreeSet::new()));
                    facts.extend(content.id(name));
                }
                FieldKind::Text { .. } => self.texts.extend(content.id(name)),
                FieldKind::Attribute(_) | FieldKind::Joined { .. } => {
                    self.said.insert(name);
                }
                FieldKind::Secret(part) => {
                    let subject = entity.person_field(part).and_then(|field| content.id(field));
                    if let (Some(subject), Some(sealed)) = (subject, content.secrets.get(name)) {
                        let (table, fact, sealed) = (entity.table, content.fact, sealed.clone());
                        self.secrets.push(Secret { table, field: name, fact, subject, sealed });
                    }
                }
                FieldKind::Time
                | FieldKind::Int
                | FieldKind::Ints
                | FieldKind::Decimal
                | FieldKind::Word
                | FieldKind::WordOf { .. }
                | FieldKind::Code
                | FieldKind::Address
                | FieldKind::Rating => {}
            }
        }
    }

    /// Reads it, still sealed.
    pub async fn read(self, tx: &Transaction<'_>) -> Result<Sealed, DbError> {
        let people: Vec<Uuid> = self.people.iter().copied().collect();
        let (fields, texts): (Vec<&str>, Vec<Uuid>) =
            (self.said.into_iter().collect(), self.texts.into_iter().collect());
        let emails = tx
            .query_typed(
                "SELECT profile_id, email_id, sealed, blind_index, import_id, line, source = $2 AS of_source
                 FROM vault.emails WHERE profile_id = ANY($1) ORDER BY added_at, email_id",
                &[(&people, Type::UUID_ARRAY), (&self.source, Type::TEXT)],
            )
            .await?;
        let attributes = tx
            .query_typed(
                "SELECT profile_id, field, sealed, digest, import_id, line, 0 AS age, revision FROM vault.attributes
                 WHERE profile_id = ANY($1) AND field = ANY($2) AND source = $3
                 UNION ALL
                 SELECT profile_id, field, sealed, digest, import_id, line, 1, revision FROM vault.attribute_revisions
                 WHERE profile_id = ANY($1) AND field = ANY($2) AND source = $3
                 ORDER BY age, revision DESC",
                &[(&people, Type::UUID_ARRAY), (&fields, Type::TEXT_ARRAY), (&self.source, Type::TEXT)],
            )
            .await?;
        let texts = tx
            .query_typed(
                "SELECT text_id, subject_id, sealed FROM vault.texts WHERE text_id = ANY($1)",
                &[(&texts, Type::UUID_ARRAY)],
            )
            .await?;
        let ids = ids(tx, self.source, self.listed, self.facts).await?;
        let Self { source, import_id, people, secrets, .. } = self;
        Ok(Sealed { source, import_id, people, emails, attributes, texts, ids, secrets })
    }
}

/// Whether files of this layout know a person by address: the oldest ones do, where later ones have an id.
pub fn by_address(layout: &Layout, field: &'static str) -> bool {
    layout.columns.iter().any(|column| column.kind == Kind::Email && layout.fields_of(column).contains(&field))
}

/// What the source calls these people and facts.
async fn ids(
    tx: &Transaction<'_>,
    source: &str,
    people: BTreeSet<Uuid>,
    facts: BTreeMap<&'static str, (&'static str, BTreeSet<Uuid>)>,
) -> Result<HashMap<Uuid, String>, DbError> {
    let mut ids = HashMap::new();
    let people: Vec<Uuid> = people.into_iter().collect();
    if !people.is_empty() {
        // Of several ids of one person the first: a fact keeps the person.
        let rows = tx
            .query_typed(
                "SELECT DISTINCT ON (profile_id) profile_id, external_id FROM core.external_ids
                 WHERE source = $1 AND profile_id = ANY($2) ORDER BY profile_id, linked_at, link_id",
                &[(&source, Type::TEXT), (&people, Type::UUID_ARRAY)],
            )
            .await?;
        ids.extend(rows.iter().map(|row| (row.get::<_, Uuid>(0), row.get::<_, String>(1))));
    }
    for (table, (id, facts)) in facts {
        let facts: Vec<Uuid> = facts.into_iter().collect();
        let sql = format!("SELECT {id}, source_id FROM {table} WHERE {id} = ANY($1)");
        let rows = tx.query_typed(&sql, &[(&facts, Type::UUID_ARRAY)]).await?;
        ids.extend(rows.iter().map(|row| (row.get::<_, Uuid>(0), row.get::<_, String>(1))));
    }
    Ok(ids)
}

impl Sealed {
    /// Opens it. What belongs to somebody who was erased stays closed.
    pub async fn open(self, tx: &Transaction<'_>, vault: &Vault) -> Result<Opened, VaultError> {
        let mut people: Vec<Uuid> = self.people.into_iter().collect();
        people.extend(self.texts.iter().map(|row| row.get::<_, Uuid>("subject_id")));
        people.extend(self.secrets.iter().map(|secret| secret.subject));
        let keys = vault.subject_keys(tx, &people).await?;
        let open = |profile: Uuid, place: Place<'_>, sealed: &[u8]| -> Result<Option<String>, VaultError> {
            let key: Option<&SubjectKey> = keys.get(&profile);
            key.map(|key| key.unseal(place, sealed).map(|value| value.expose().clone())).transpose()
        };
        let mut opened = Opened { import_id: self.import_id, ids: self.ids, ..Opened::default() };
        for Secret { table, field, fact, subject, sealed } in &self.secrets {
            let place = Place { table, column: field, row: *fact };
            if let Some(text) = open(*subject, place, sealed)? {
                opened.secrets.insert((*fact, *field), (text, *subject));
            }
        }
        for row in &self.emails {
            let profile: Uuid = row.get("profile_id");
            let place = Place { table: "vault.emails", column: "sealed", row: row.get("email_id") };
            if let Some(address) = open(profile, place, row.get("sealed"))? {
                opened.emails.entry(profile).or_default().push(Email {
                    address,
                    index: hex(row.get("blind_index")),
                    import_id: row.get("import_id"),
                    line: row.get("line"),
                    of_source: row.get("of_source"),
                });
            }
        }
        for row in &self.attributes {
            let (profile, field): (Uuid, String) = (row.get("profile_id"), row.get("field"));
            let column = attributes::column(&field, self.source);
            let place = Place { table: "vault.attributes", column: &column, row: profile };
            let value = match row.get::<_, Option<&[u8]>>("sealed") {
                Some(sealed) => open(profile, place, sealed)?,
                None => None,
            };
            opened.attributes.entry((profile, field)).or_default().push(Said {
                value,
                digest: hex(row.get("digest")),
                import_id: row.get("import_id"),
                line: row.get("line"),
            });
        }
        for row in &self.texts {
            let (id, subject): (Uuid, Uuid) = (row.get("text_id"), row.get("subject_id"));
            if let Some(text) = open(subject, Place::text(id), row.get("sealed"))? {
                opened.texts.insert(id, (text, subject));
            }
        }
        Ok(opened)
    }
}

impl Opened {
    /// A person's address: the one with this blind index, or that this line brought, or the first of the source. Where
    /// the fact keeps the person and not the address, this is the likeliest of several.
    pub fn email(&self, profile: Uuid, index: Option<&str>, line: i32) -> Option<(String, Option<Uuid>)> {
        let emails = self.emails.get(&profile)?;
        let own = |email: &&Email| email.import_id == Some(self.import_id) && email.line == Some(line);
        let found = emails.iter().find(|email| index == Some(email.index.as_str()));
        let found = found.or_else(|| emails.iter().find(own)).or_else(|| emails.iter().find(|email| email.of_source));
        found.or(emails.first()).map(|email| (email.address.clone(), Some(profile)))
    }

    /// What the source says about a person: the value with this digest, or that this line brought, or today's.
    pub fn attribute(&self, profile: Uuid, field: &str, digest: Option<&str>, line: i32) -> Option<String> {
        let said = self.attributes.get(&(profile, field.to_owned()))?;
        let own = |one: &&Said| one.import_id == Some(self.import_id) && one.line == Some(line);
        let found = match digest {
            Some(digest) => said.iter().find(|one| one.digest == digest),
            None => said.iter().find(own).or(said.first()),
        };
        found?.value.clone()
    }

    /// A text and whose it is.
    pub fn text(&self, id: Uuid) -> Option<(String, Option<Uuid>)> {
        self.texts.get(&id).map(|(text, subject)| (text.clone(), Some(*subject)))
    }

    /// What is sealed in a fact's own row, and whose it is.
    pub fn secret(&self, fact: Uuid, field: &'static str) -> Option<(String, Option<Uuid>)> {
        self.secrets.get(&(fact, field)).map(|(text, subject)| (text.clone(), Some(*subject)))
    }

    /// What the source calls a person.
    pub fn listed(&self, profile: Uuid) -> Option<String> {
        self.ids.get(&profile).cloned()
    }

    /// What the source calls a fact.
    pub fn fact(&self, id: Uuid) -> Option<String> {
        self.ids.get(&id).cloned()
    }
}
