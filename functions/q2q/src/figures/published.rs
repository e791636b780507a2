//! What companies were told. A quarter is published once, when it is due ([`suppress::last_due`]): its blocks are cut and
//! counted then, and kept. Whoever asks gets what is kept, so answers from different days cannot be subtracted.
//!
//! | then | and |
//! |---|---|
//! | a quarter is due, and none of its texts arrives any more | [`release`] adds blocks of texts that no block has; what was too few before waits in them |
//! | somebody is erased or does not allow figures any more, a score is corrected, a file comes late | what is kept stays: it is about many people, in fives |
//! | somebody orders it | [`republish`] counts all of it anew, as another edition, if the two together single nobody out |
//!
//! Texts stand beside their blocks as keyed digests, so that both can be seen without knowing whose they are.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use shared::{
    db::DbError,
    error::{Classified, Retry},
    vault::{Digest, Vault},
};
use tokio::time::Instant;
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

pub use store::of;
use store::{lock, members, newest, put_block, put_edition};

use super::{
    DIMENSIONS, Read, Text, measure,
    quarter::{Quarter, ZONE},
    rows::{self, Of},
    suppress::{self, Block, PERSONS, Point, blocks, part, round, share},
};

/// What a block counts: texts and people, or one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Texts and people.
    Coverage,
    /// The dimension at this place of [`DIMENSIONS`].
    Dimension(usize),
}

impl Counted {
    fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Coverage).chain((0..DIMENSIONS.len()).map(Self::Dimension))
    }

    /// The name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::Dimension(at) => DIMENSIONS[at],
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().find(|counted| counted.name() == name)
    }

    fn persons(self) -> usize {
        match self {
            Self::Coverage => PERSONS,
            Self::Dimension(at) => suppress::persons(DIMENSIONS[at]),
        }
    }

    /// Whether a text is in it, and by which revision; another one may be counted otherwise.
    fn revision(self, text: &Text) -> Option<i32> {
        match self {
            Self::Coverage => Some(state(text)),
            Self::Dimension(at) => text.scores[at].map(|_| text.revisions[at]),
        }
    }
}

/// What the coverage sees of a text, as one number: any other state has another one, but for a chance of one in two
/// billion. It is stored and compared for years, so it is FNV-1a here (the upper of 64 bits) and no hasher of a library.
fn state(text: &Text) -> i32 {
    let revisions = text.revisions.iter().flat_map(|revision| revision.to_le_bytes());
    let bytes = revisions.chain(std::iter::once(u8::from(text.read == Read::No)));
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    (bytes.fold(0xcbf2_9ce4_8422_2325, step) >> 33) as i32
}

/// The numbers of a block: counts in fives, shares in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// People.
    pub persons: i32,
    /// Texts with evidence.
    pub with_evidence: i32,
    /// Of the coverage: texts, and those that were not read.
    pub texts: Option<(i32, i32)>,
    /// Of a dimension: the share that says `+`, and the mean.
    pub share_and_mean: Option<(i16, i16)>,
    /// Of a dimension: the mean's interval.
    pub interval: Option<(i16, i16)>,
}

/// A block as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What it counts.
    pub counted: Counted,
    /// Of these programmes together, sorted.
    pub programmes: Vec<String>,
    /// The first quarter.
    pub first: Quarter,
    /// The last.
    pub last: Quarter,
    /// Its numbers.
    pub numbers: Numbers,
}

impl Published {
    /// Whether all of it is within what was asked for.
    pub fn within(&self, programme: Option<&str>, from: Quarter, to: Quarter) -> bool {
        self.first >= from
            && self.last <= to
            && programme.is_none_or(|wanted| self.programmes.iter().all(|one| one == wanted))
    }
}

/// What came of an order to publish anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Republished {
    /// This edition is what the company sees from now on.
    Edition(i32),
    /// Nothing was published before, or all is as it was.
    Unchanged,
    /// What differs is about too few people: the old edition stays.
    TooFew,
    /// There is no such company.
    UnknownCompany,
}

/// What came of publishing what is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Released {
    /// Blocks that were added.
    pub blocks: u64,
    /// Companies whose figures could not be published; each is in the log with its code.
    pub failed: u64,
}

/// A text beside its block.
struct Member {
    text: Digest,
    person: Digest,
    revision: i32,
}

/// Publishes what is due of every company, as long as there is time. Each is a transaction of its own: what fails the
/// same way again costs its own company only.
///
/// # Errors
/// The database, where it may do its part later.
pub async fn release_all(
    client: &mut tokio_postgres::Client,
    vault: &Vault,
    now: Timestamp,
    until: Instant,
) -> Result<Released, DbError> {
    let sql = "SELECT company_id FROM core.companies ORDER BY company_id";
    let companies: Vec<Uuid> = client.query_typed(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
    let mut released = Released::default();
    for company in companies {
        if Instant::now() >= until {
            break;
        }
        match release_one(client, vault, company, now).await {
            Ok(blocks) => released.blocks += blocks,
            Err(error) if error.retry() == Retry::Retry => return Err(error),
            Err(error) => {
                released.failed += 1;
                let (company, code) = (company.to_string(), error.code());
                tracing::error!(company, code, "the figures of a company could not be published: {error}");
            }
        }
    }
    Ok(released)
}

async fn release_one(
    client: &mut tokio_postgres::Client,
    vault: &Vault,
    company: Uuid,
    now: Timestamp,
) -> Result<u64, DbError> {
    let tx = client.transaction().await?;
    let blocks = release(&tx, vault, company, now).await?;
    tx.commit().await?;
    Ok(blocks)
}

/// How long nothing of a company's due quarters may have been looked at before they are published. Its history comes in
/// file by file, and the words of a file one after the other: what was cut from a part of it would stay.
pub const CALM: SignedDuration = SignedDuration::from_hours(24);

/// Whether texts of these quarters, of the company, still arrive: some were looked at just now, or files are taken in,
/// of whatever company. An import that was begun longer ago and has no end is a case for the alarm, and holds up nobody.
async fn arriving(tx: &Transaction<'_>, company: Uuid, last: Quarter, now: Timestamp) -> Result<bool, DbError> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM core.readings WHERE company_id = $1 AND looked_at > $3
                          AND written_at < $2::date::timestamp AT TIME ZONE '{ZONE}')
             OR EXISTS (SELECT FROM intake.imports WHERE status IN ('queued', 'running') AND attempted_at > $3)"
    );
    let end = last.next().first_day().to_string();
    let since = now.checked_sub(CALM).unwrap_or(Timestamp::MIN);
    let rows = tx.query_typed(&sql, &[(&company, Type::UUID), (&end, Type::TEXT), (&since, Type::TIMESTAMPTZ)]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

/// Publishes what is due of a company, once none of it arrives any more ([`CALM`]); gives how many blocks were added.
///
/// # Errors
/// The database.
pub async fn release(tx: &Transaction<'_>, vault: &Vault, company: Uuid, now: Timestamp) -> Result<u64, DbError> {
    lock(tx, company).await?;
    let edition = newest(tx, company).await?;
    let told = of(tx, company).await?;
    let last = suppress::last_due(now);
    // While there is no block, nothing is fixed: history may still come in.
    if !told.is_empty() && edition.is_some_and(|(_, through)| through >= last) {
        return Ok(0);
    }
    if arriving(tx, company, last, now).await? {
        return Ok(0);
    }
    let texts = rows::texts(tx, Of { company: Some(company), ..Of::default() }).await?;
    let mut new = Vec::new();
    for counted in Counted::all() {
        let before = members(tx, company, counted).await?;
        let known: BTreeSet<Digest> = before.iter().map(|(_, _, member)| member.text).collect();
        let own: Vec<&Published> = told.iter().filter(|block| block.counted == counted).collect();
        // A text that comes late for quarters of its programme that were told is in no block.
        let closed = |text: &Text| {
            own.iter().any(|block| block.last >= text.quarter && block.programmes.contains(&text.programme))
        };
        let open = |text: &&Text| !closed(text) && !known.contains(&of_text(vault, text));
        let after = edition.filter(|_| !own.is_empty()).map(|(_, through)| through);
        new.extend(cut(counted, texts.iter().filter(open), after, last));
    }
    if new.is_empty() && edition.is_none() {
        return Ok(0);
    }
    let number = edition.map_or(1, |(number, _)| number);
    put_edition(tx, company, number, last).await?;
    for (counted, block, texts) in &new {
        put_block(tx, vault, (company, number), *counted, block, texts).await?;
    }
    Ok(new.len() as u64)
}

/// Counts all that was published of a company anew, as another edition. Texts that are in exactly the same blocks of all
/// editions, by the same revisions or not, are the least that any set of answers is about: each such group is as safe as
/// a block, or the order is refused as a whole.
///
/// # Errors
/// The database.
pub async fn republish(tx: &Transaction<'_>, vault: &Vault, company: Uuid) -> Result<Republished, DbError> {
    lock(tx, company).await?;
    let Some((number, through)) = newest(tx, company).await? else {
        let sql = "SELECT FROM core.companies WHERE company_id = $1";
        let known = tx.query_typed_opt(sql, &[(&company, Type::UUID)]).await?.is_some();
        return Ok(if known { Republished::Unchanged } else { Republished::UnknownCompany });
    };
    let texts = rows::texts(tx, Of { company: Some(company), ..Of::default() }).await?;
    let mut new = Vec::new();
    let mut differs = false;
    for counted in Counted::all() {
        let cut = cut(counted, texts.iter(), None, through);
        let mut places: BTreeMap<Digest, Place> = BTreeMap::new();
        for (edition, block, member) in members(tx, company, counted).await? {
            places.entry(member.text).or_default().add(edition, block, &member);
        }
        for (block, (.., texts)) in cut.iter().enumerate() {
            for text in texts {
                let member = member(vault, counted, text);
                places.entry(member.text).or_default().add(number + 1, Uuid::from_u128(block as u128), &member);
            }
        }
        let mut groups: BTreeMap<_, Vec<Uuid>> = BTreeMap::new();
        let mut pairs: BTreeSet<(Uuid, Uuid)> = BTreeSet::new();
        for place in places.values() {
            groups.entry(place.signature()).or_default().push(place.person);
            let (before, after) = (place.blocks.get(&number).copied(), place.blocks.get(&(number + 1)).copied());
            differs |= before.is_some() != after.is_some() || !place.same_revision(number);
            pairs.extend(before.zip(after).map(|((before, _), (after, _))| (before, after)));
        }
        // The same texts in other blocks: a block has two partners.
        let partners = |of: fn(&(Uuid, Uuid)) -> Uuid| pairs.iter().map(of).collect::<BTreeSet<_>>().len();
        differs |= partners(|pair| pair.0) != pairs.len() || partners(|pair| pair.1) != pairs.len();
        if groups.values().any(|people| !suppress::safe(people.iter().copied(), counted.persons())) {
            return Ok(Republished::TooFew);
        }
        new.extend(cut);
    }
    if !differs {
        return Ok(Republished::Unchanged);
    }
    put_edition(tx, company, number + 1, through).await?;
    for (counted, block, texts) in &new {
        put_block(tx, vault, (company, number + 1), *counted, block, texts).await?;
    }
    Ok(Republished::Edition(number + 1))
}

/// Where a text is in each edition: its block, and the revision that was counted.
#[derive(Default)]
struct Place {
    person: Uuid,
    blocks: BTreeMap<i32, (Uuid, i32)>,
}

impl Place {
    fn add(&mut self, edition: i32, block: Uuid, member: &Member) {
        self.person = Uuid::from_bytes(member.person);
        self.blocks.insert(edition, (block, member.revision));
    }

    /// The blocks, and in which editions another revision was counted than in the one before.
    fn signature(&self) -> Vec<(i32, Uuid, bool)> {
        let mut last = None;
        let step = |(edition, (block, revision)): (&i32, &(Uuid, i32))| {
            let changed = last.replace(*revision).is_some_and(|before| before != *revision);
            (*edition, *block, changed)
        };
        self.blocks.iter().map(step).collect()
    }

    fn same_revision(&self, edition: i32) -> bool {
        match (self.blocks.get(&edition), self.blocks.get(&(edition + 1))) {
            (Some((_, before)), Some((_, after))) => before == after,
            _ => true,
        }
    }
}

type Cut<'a> = (Counted, Block, Vec<&'a Text>);

fn cut<'a>(
    counted: Counted,
    texts: impl Iterator<Item = &'a Text>,
    after: Option<Quarter>,
    last: Quarter,
) -> Vec<Cut<'a>> {
    let texts: Vec<&Text> = texts.filter(|text| counted.revision(text).is_some()).collect();
    let point = |text: &&Text| Point { person: text.person, programme: text.programme.clone(), quarter: text.quarter };
    let points: Vec<Point> = texts.iter().map(point).collect();
    let of = |block: &Block| block.points.iter().map(|at| texts[*at]).collect();
    blocks(&points, after, last, counted.persons())
        .into_iter()
        .map(|block| {
            let texts = of(&block);
            (counted, block, texts)
        })
        .collect()
}

/// The numbers of a block, as a company sees them.
fn numbers(counted: Counted, texts: &[&Text]) -> Option<Numbers> {
    let whole = |count: usize| i32::try_from(round(count)).unwrap_or(i32::MAX);
    match counted {
        Counted::Coverage => {
            let people = |of: &dyn Fn(&Text) -> bool| {
                texts.iter().filter(|text| of(text)).map(|text| text.person).collect::<BTreeSet<_>>().len()
            };
            let told = |of: &dyn Fn(&Text) -> bool| {
                let count = texts.iter().filter(|text| of(text)).count();
                whole(part(count, texts.len(), (people(of), people(&|text| !of(text))), PERSONS))
            };
            // Not that of well-being: who speaks of it is counted by ten.
            let evidence = |text: &Text| {
                let other = |(at, score): (usize, &Option<u16>)| score.is_some() && DIMENSIONS[at] != "well_being";
                text.scores.iter().enumerate().any(other)
            };
            Some(Numbers {
                persons: whole(people(&|_| true)),
                with_evidence: told(&evidence),
                texts: Some((whole(texts.len()), told(&|text| text.read == Read::No))),
                share_and_mean: None,
                interval: None,
            })
        }
        Counted::Dimension(dimension) => {
            let measured = measure(texts.iter().copied(), dimension)?;
            let hundredths = |value: f64| share(value) as i16;
            let plus = hundredths(measured.plus as f64 / measured.evidence as f64);
            Some(Numbers {
                persons: whole(measured.persons),
                with_evidence: whole(measured.evidence),
                texts: None,
                share_and_mean: Some((plus, hundredths(measured.mean))),
                interval: measured
                    .half_width
                    .map(|half| (hundredths(measured.mean - half), hundredths(measured.mean + half))),
            })
        }
    }
}

fn of_text(vault: &Vault, text: &Text) -> Digest {
    vault.digest("published text", &text.id.to_string())
}

fn member(vault: &Vault, counted: Counted, text: &Text) -> Member {
    Member {
        text: of_text(vault, text),
        person: vault.digest("published person", &text.person.to_string()),
        revision: counted.revision(text).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(person: u128, read: Read, scored: &[usize]) -> Text {
        let mut scores = [None; 5];
        for at in scored {
            scores[*at] = Some(800);
        }
        Text {
            id: Uuid::now_v7(),
            person: Uuid::from_u128(person),
            programme: "language".to_owned(),
            quarter: Quarter::new(2025, 1),
            read,
            scores,
            revisions: scores.map(|score| i32::from(score.is_some())),
            by_people: [false; 5],
        }
    }

    fn told(texts: &[Text]) -> (i32, i32, i32, i32) {
        let numbers = numbers(Counted::Coverage, &texts.iter().collect::<Vec<_>>()).unwrap();
        let (all, not_read) = numbers.texts.unwrap();
        (numbers.persons, all, not_read, numbers.with_evidence)
    }

    #[test]
    fn a_part_of_the_coverage_is_about_as_many_people_as_the_whole() {
        let of = |read: Read, people: std::ops::RangeInclusive<u128>| people.map(move |id| text(id, read, &[0]));
        // Four of twelve were not read, and the same the other way round.
        let few: Vec<Text> = of(Read::No, 1..=4).chain(of(Read::Yes, 5..=12)).collect();
        assert_eq!(told(&few), (10, 10, 0, 10));
        let most: Vec<Text> = of(Read::No, 1..=8).chain(of(Read::Yes, 9..=12)).collect();
        assert_eq!(told(&most).2, 10, "all of it");
        let both: Vec<Text> = of(Read::No, 1..=5).chain(of(Read::Yes, 6..=12)).collect();
        assert_eq!(told(&both).2, 5);
    }

    #[test]
    fn another_state_of_a_text_is_another_revision_of_the_coverage() {
        let mut seen = BTreeSet::new();
        for state in 0..4_i32.pow(5) {
            for read in [Read::Yes, Read::No] {
                let mut text = text(1, read, &[]);
                text.revisions = std::array::from_fn(|at| state / 4_i32.pow(at as u32) % 4);
                let revision = Counted::Coverage.revision(&text).unwrap();
                assert!(revision >= 0 && seen.insert(revision), "{:?} {read:?}", text.revisions);
            }
        }
        // It is stored: another number for the same state would be a change of all texts.
        assert_eq!(Counted::Coverage.revision(&text(1, Read::Yes, &[0])), Some(127_618_939));
    }

    #[test]
    fn who_speaks_of_well_being_is_not_counted_by_five() {
        let well_being = DIMENSIONS.iter().position(|name| *name == "well_being").unwrap();
        let texts: Vec<Text> = (1..=12).map(|id| text(id, Read::Yes, if id < 7 { &[4] } else { &[] })).collect();
        assert_eq!((well_being, told(&texts).3), (4, 0));
    }
}
