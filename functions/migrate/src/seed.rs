//! The seed of a local stage: two companies, six invented people over all roles, a handful of facts in every programme.
//! Every row has a fixed id, so loading it again changes nothing.

use shared::vault::{KeyService, Place, Vault};
use tokio_postgres::Transaction;
use uuid::{Uuid, uuid};

use crate::MigrateError;

mod facts;
use facts::FACTS;

struct Person {
    id: Uuid,
    name: &'static str,
    email: &'static str,
    language: &'static str,
    city: &'static str,
    company: Option<Uuid>,
}

const NORDLYS: Uuid = uuid!("01900000-0000-7000-8000-0000000000c1");
const FJELLHEIM: Uuid = uuid!("01900000-0000-7000-8000-0000000000c2");

const fn person(
    n: u128,
    name: &'static str,
    email: &'static str,
    language: &'static str,
    city: &'static str,
    company: Option<Uuid>,
) -> Person {
    Person { id: Uuid::from_u128(0x01900000_0000_7000_8000_000000000000 + n), name, email, language, city, company }
}

/// Invented: the domains are reserved for examples.
const PEOPLE: [Person; 6] = [
    person(1, "Олена Приклад", "olena.seed@newcomer.example", "uk", "Bergen", None),
    person(2, "Amina Eksempel", "amina.seed@newcomer.example", "ar", "Oslo", None),
    person(3, "Dmytro Zrazok", "dmytro.seed@newcomer.example", "uk", "Trondheim", None),
    person(4, "Kari Nordmann", "kari.seed@nordlys.example", "no", "Oslo", Some(NORDLYS)),
    person(5, "Ola Fjell", "ola.seed@fjellheim.example", "no", "Bergen", Some(FJELLHEIM)),
    person(6, "Ingrid Buddy", "ingrid.seed@newcomer.example", "no", "Trondheim", None),
];

/// Whether this stage may be seeded: where real people may be, it may not.
pub fn allowed(stage: &str) -> bool {
    matches!(stage, "local" | "test")
}

/// Loads the seed in one transaction; returns how many rows it added.
pub async fn load(keys: &dyn KeyService, client: &mut tokio_postgres::Client) -> Result<u64, MigrateError> {
    let vault = Vault::open(keys, client).await?;
    let tx = client.transaction().await.map_err(MigrateError::db("starting the seed"))?;
    let mut added = people(&vault, &tx).await?;
    for statement in FACTS {
        added += tx.execute(*statement, &[]).await.map_err(MigrateError::db("seeding facts"))?;
    }
    tx.commit().await.map_err(MigrateError::db("committing the seed"))?;
    Ok(added)
}

async fn people(vault: &Vault, tx: &Transaction<'_>) -> Result<u64, MigrateError> {
    let failed = || MigrateError::db("seeding people");
    let mut added = 0;
    for (id, name, domain) in
        [(NORDLYS, "Nordlys Kraft AS", "nordlys.example"), (FJELLHEIM, "Fjellheim Bank AS", "fjellheim.example")]
    {
        added += tx
            .execute(
                "INSERT INTO core.companies (company_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[&id, &name],
            )
            .await
            .map_err(failed())?;
        tx.execute(
            "INSERT INTO core.company_domains (domain, company_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[&domain, &id],
        )
        .await
        .map_err(failed())?;
    }
    for person in &PEOPLE {
        let new = tx
            .execute(
                "INSERT INTO core.profiles (profile_id, company_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[&person.id, &person.company],
            )
            .await
            .map_err(failed())?;
        if new == 0 {
            continue;
        }
        added += new;
        let (key, epoch, wrapped) = vault.new_subject_key(person.id)?;
        tx.execute(
            "INSERT INTO vault.subject_keys (profile_id, epoch, wrapped) VALUES ($1, $2, $3)",
            &[&person.id, &epoch, &wrapped],
        )
        .await
        .map_err(failed())?;
        // The address's row shares the person's number, which keeps the id fixed.
        let sealed =
            key.seal(Place { table: "vault.emails", column: "sealed", row: person.id }, person.email.as_bytes())?;
        tx.execute(
            "INSERT INTO vault.emails (email_id, profile_id, blind_index, sealed, source) VALUES ($1, $1, $2, $3, 'seed')",
            &[&person.id, &vault.blind_index(person.email).as_slice(), &sealed],
        )
        .await
        .map_err(failed())?;
        for (field, column, value) in [
            ("name", "sealed/name/seed", person.name),
            ("language", "sealed/language/seed", person.language),
            ("city", "sealed/city/seed", person.city),
        ] {
            let sealed = key.seal(Place { table: "vault.attributes", column, row: person.id }, value.as_bytes())?;
            let digest = vault.digest(field, value);
            tx.execute(
                "INSERT INTO vault.attributes (profile_id, field, source, sealed, digest, set_at) VALUES ($1, $2, 'seed', $3, $4, '2025-01-01T00:00:00Z')",
                &[&person.id, &field, &sealed, &digest.as_slice()],
            )
            .await
            .map_err(failed())?;
        }
    }
    Ok(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_refused_where_real_people_may_be() {
        assert!(allowed("local") && allowed("test"));
        for stage in ["prod", "live", "staging", "LOCAL", ""] {
            assert!(!allowed(stage), "{stage}");
        }
    }
}
