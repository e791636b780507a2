//! Editions, blocks and their texts in the store.

use shared::{
    db::DbError,
    vault::{Digest, Vault},
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

use super::{Block, Counted, Member, Numbers, Published, Quarter, Text, member, numbers};

/// What a company sees, in the order of time.
pub async fn of(tx: &Transaction<'_>, company: Uuid) -> Result<Vec<Published>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT measure, programmes, first_quarter, last_quarter, persons, with_evidence, texts, not_read, share_plus, mean, low, high
             FROM core.published_blocks b
             WHERE company_id = $1 AND edition = (SELECT max(p.edition) FROM core.publications p WHERE p.company_id = $1)
             ORDER BY last_quarter, first_quarter, programmes, block_id",
            &[(&company, Type::UUID)],
        )
        .await?;
    let published = rows.iter().filter_map(|row| {
        Some(Published {
            counted: Counted::named(row.get(0))?,
            programmes: row.get(1),
            first: Quarter::stored(row.get(2)),
            last: Quarter::stored(row.get(3)),
            numbers: Numbers {
                persons: row.get(4),
                with_evidence: row.get(5),
                texts: row.get::<_, Option<i32>>(6).zip(row.get(7)),
                share_and_mean: row.get::<_, Option<i16>>(8).zip(row.get(9)),
                interval: row.get::<_, Option<i16>>(10).zip(row.get(11)),
            },
        })
    });
    Ok(published.collect())
}

/// One publication of a company at a time.
pub(super) async fn lock(tx: &Transaction<'_>, company: Uuid) -> Result<(), DbError> {
    let sql = "SELECT pg_advisory_xact_lock(hashtextextended('q2q publication ' || $1, 0))";
    tx.query_typed(sql, &[(&company.to_string(), Type::TEXT)]).await?;
    Ok(())
}

/// The newest edition, and the last quarter in it.
pub(super) async fn newest(tx: &Transaction<'_>, company: Uuid) -> Result<Option<(i32, Quarter)>, DbError> {
    let sql = "SELECT edition, through FROM core.publications WHERE company_id = $1 ORDER BY edition DESC LIMIT 1";
    let rows = tx.query_typed(sql, &[(&company, Type::UUID)]).await?;
    Ok(rows.first().map(|row| (row.get(0), Quarter::stored(row.get(1)))))
}

/// The texts of all editions, with edition and block.
pub(super) async fn members(
    tx: &Transaction<'_>,
    company: Uuid,
    counted: Counted,
) -> Result<Vec<(i32, Uuid, Member)>, DbError> {
    let rows = tx
        .query_typed(
            "SELECT b.edition, b.block_id, t.text, t.person, t.revision
             FROM core.published_blocks b JOIN core.published_texts t ON t.block_id = b.block_id
             WHERE b.company_id = $1 AND b.measure = $2",
            &[(&company, Type::UUID), (&counted.name(), Type::TEXT)],
        )
        .await?;
    let digest = |bytes: &[u8]| Digest::try_from(bytes).unwrap_or_default();
    let read = |row: &tokio_postgres::Row| {
        let member = Member { text: digest(row.get(2)), person: digest(row.get(3)), revision: row.get(4) };
        (row.get(0), row.get(1), member)
    };
    Ok(rows.iter().map(read).collect())
}

pub(super) async fn put_edition(
    tx: &Transaction<'_>,
    company: Uuid,
    edition: i32,
    through: Quarter,
) -> Result<(), DbError> {
    tx.execute_typed(
        "INSERT INTO core.publications AS p (company_id, edition, through) VALUES ($1, $2, $3)
         ON CONFLICT (company_id, edition) DO UPDATE SET through = GREATEST(p.through, excluded.through)",
        &[(&company, Type::UUID), (&edition, Type::INT4), (&through.number(), Type::INT4)],
    )
    .await?;
    Ok(())
}

pub(super) async fn put_block(
    tx: &Transaction<'_>,
    vault: &Vault,
    (company, edition): (Uuid, i32),
    counted: Counted,
    block: &Block,
    texts: &[&Text],
) -> Result<(), DbError> {
    let Some(numbers) = numbers(counted, texts) else { return Ok(()) };
    let id = Uuid::now_v7();
    let programmes: Vec<&str> = block.programmes.keys().map(String::as_str).collect();
    let (all, not_read) = numbers.texts.unzip();
    let (share, mean) = numbers.share_and_mean.unzip();
    let (low, high) = numbers.interval.unzip();
    tx.execute_typed(
        "INSERT INTO core.published_blocks (block_id, company_id, edition, measure, programmes, first_quarter, last_quarter, persons, with_evidence,
           texts, not_read, share_plus, mean, low, high)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &[
            (&id, Type::UUID),
            (&company, Type::UUID),
            (&edition, Type::INT4),
            (&counted.name(), Type::TEXT),
            (&programmes, Type::TEXT_ARRAY),
            (&block.first().number(), Type::INT4),
            (&block.last.number(), Type::INT4),
            (&numbers.persons, Type::INT4),
            (&numbers.with_evidence, Type::INT4),
            (&all, Type::INT4),
            (&not_read, Type::INT4),
            (&share, Type::INT2),
            (&mean, Type::INT2),
            (&low, Type::INT2),
            (&high, Type::INT2),
        ],
    )
    .await?;
    let members: Vec<Member> = texts.iter().map(|text| member(vault, counted, text)).collect();
    tx.execute_typed(
        "INSERT INTO core.published_texts (block_id, text, person, revision) SELECT $1, unnest($2::bytea[]), unnest($3::bytea[]), unnest($4::int[])",
        &[
            (&id, Type::UUID),
            (&members.iter().map(|one| one.text.as_slice()).collect::<Vec<_>>(), Type::BYTEA_ARRAY),
            (&members.iter().map(|one| one.person.as_slice()).collect::<Vec<_>>(), Type::BYTEA_ARRAY),
            (&members.iter().map(|one| one.revision).collect::<Vec<_>>(), Type::INT4_ARRAY),
        ],
    )
    .await?;
    Ok(())
}
