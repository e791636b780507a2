//! Random lives of random files, compared with the model after every step: fates, receipts, facts, people, events and
//! timelines. The seeds are fixed, so a sequence that fails fails again.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use shared::{
    intake::importer::handle,
    vault::{Place, Vault},
};

use super::{
    model::{Ask, FIELDS, Fate, File, Model, Record, Told},
    support::{World, command_event, in_a_minute, message},
    timelines::Timelines,
};

const FEW: u64 = 16;
const MANY: u64 = 600;
const STEPS: usize = 14;

const IDS: [&str; 4] = ["S1", "S2", "S3", "S4"];

pub struct Random(u64);

impl From<u64> for Random {
    fn from(seed: u64) -> Self {
        Self(seed)
    }
}

impl Random {
    /// A number below `n`: splitmix64.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A column of a layout: its name, its fields, and what stands in it.
type Column = (&'static str, &'static [&'static str], &'static [&'static str]);

const PARTICIPANT: Column = ("participant_email", &["participant_id"], &["olena@a", "petro@a", "iryna@a"]);
const VOLUNTEER: Column = ("volunteer_email", &["volunteer_id"], &["kari@b", "per@b", "iryna@a"]);
const RATING: Column = ("rating", &["rating"], &["", "3", "4", "4", "9"]);
const FEEDBACK: Column = ("feedback_text", &["feedback"], &["", "good", "well"]);
const LEVEL: Column = ("language_level", &["language_level"], &["", "A1", "B2"]);

/// Required columns, then the others.
fn columns(layout: &str) -> (&'static [Column], &'static [Column]) {
    const SCHEDULED: Column = ("scheduled_at", &["scheduled_at"], &["2025-03-04T17:00:00Z", "2025-03-04T17:30:00Z"]);
    const COMPLETED: Column =
        ("completed_at", &["completed_at"], &["", "2025-03-04T17:15:00Z", "2025-03-04T18:15:00Z"]);
    const DURATION: Column = ("duration_minutes", &["duration_minutes"], &["", "30", "45"]);
    match layout {
        "language" => (&[PARTICIPANT, VOLUNTEER, SCHEDULED], &[COMPLETED, DURATION, RATING, FEEDBACK, LEVEL]),
        "mentor" => (
            &[PARTICIPANT, ("mentor_email", &["volunteer_id"], &["kari@b", "per@b"]), SCHEDULED],
            &[COMPLETED, DURATION, RATING, FEEDBACK],
        ),
        _ => (
            &[
                ("session_type", &["session_type"], &["Language Connect", "Mentorship"]),
                PARTICIPANT,
                VOLUNTEER,
                ("date", &["scheduled_at", "completed_at"], &["2025-03-04", "2025-03-05"]),
                ("duration_min", &["duration_minutes"], &["30", "45"]),
            ],
            &[RATING, FEEDBACK, LEVEL],
        ),
    }
}

/// What the cell means.
fn read(layout: &str, column: &str, cell: &str, domain: &str) -> String {
    match (column, cell) {
        (_, "") => String::new(),
        ("session_type", word) => if word == "Mentorship" { "mentorship" } else { "language" }.to_owned(),
        ("date", day) => format!("2025-03-{:02}T23:00:00Z day", day[8..].parse::<u32>().unwrap() - 1),
        (name, address) if name.ends_with("email") => format!("{address}.{domain}.example"),
        ("rating", "9") => unreachable!("a {layout} rating out of range is not read"),
        _ => cell.to_owned(),
    }
}

/// A file, as bytes and as the model reads it.
fn file(random: &mut Random, domain: &str) -> (String, File) {
    let layout = random.of(&["language", "language", "language", "mentor", "legacy"]);
    let (required, optional) = columns(layout);
    let mut chosen: Vec<Column> = required.to_vec();
    chosen.extend(optional.iter().filter(|_| !random.one_in(4)));
    let mut text = String::from("session_id");
    chosen.iter().for_each(|(name, ..)| text.push_str(&format!(",{name}")));
    text.push('\n');
    let mut records = Vec::new();
    let mut lines: Vec<(String, Record)> = Vec::new();
    for _ in 0..1 + random.below(4) {
        if random.one_in(9) {
            lines.push((String::new(), Record::Blank));
        }
        if !lines.is_empty() && random.one_in(8) {
            let again = lines[random.below(lines.len())].clone();
            lines.push(again);
            continue;
        }
        let id = random.of(&IDS);
        let mut line = id.to_owned() + domain;
        let mut cells = BTreeMap::new();
        let mut unreadable = false;
        if layout != "legacy" {
            cells.insert("session_type", if layout == "mentor" { "mentorship" } else { "language" }.to_owned());
        }
        for (name, fields, values) in &chosen {
            let cell = random.of(values);
            let sent = if name.ends_with("email") { format!("{cell}.{domain}.example") } else { cell.to_owned() };
            line.push_str(&format!(",{sent}"));
            if (*name, cell) == ("rating", "9") {
                unreadable = true;
                continue;
            }
            fields.iter().for_each(|field| _ = cells.insert(field, read(layout, name, cell, domain)));
        }
        let record =
            if unreadable { Record::Unreadable { id, code: "out_of_range" } } else { Record::Cells { id, cells } };
        lines.push((line, record));
    }
    for (line, record) in lines {
        text.push_str(&line);
        text.push('\n');
        records.push(record);
    }
    (text.clone(), File { text, layout, records })
}

/// One sequence: the world, the model, and what was imported so far.
struct Sequence<'a> {
    world: &'a World,
    vault: &'a Vault,
    random: Random,
    domain: String,
    model: Model,
    /// Key, bytes and receipt of each import, as the model counts them.
    imports: Vec<(String, String, Value)>,
    /// What was done, to be told when something differs.
    story: Vec<String>,
}

impl Sequence<'_> {
    async fn step(&mut self) {
        let events = self.session_events().await;
        let told = match self.random.below(12) {
            0..=3 => self.drop_new(false).await,
            4 => self.drop_new(true).await,
            5 => self.drop_again().await,
            6 => self.drop_out_of_order().await,
            7 | 8 => self.undo().await,
            9 => self.apply_stale().await,
            10 => self.commit().await,
            _ => self.deliver_again().await,
        };
        let Some((at, told)) = told else { return };
        self.check(at, &told, events).await;
    }

    fn key(&self, dry_run: bool) -> String {
        format!("{}kintell/sessions/{}-{}.csv", if dry_run { "dry-run/" } else { "" }, self.domain, self.imports.len())
    }

    async fn import(&mut self, key: &str, text: &str) -> Value {
        let version = self.world.drop(key, text);
        self.cut_short(message(key, &version)).await;
        assert_eq!(self.world.deliver(key, &version).await, json!({ "batchItemFailures": [] }));
        self.world.receipt(key, &version).await
    }

    async fn command(&mut self, at: usize, command: Value) {
        let receipt = self.imports[at].2.clone();
        self.world.ask(&receipt, command).await;
        self.cut_short(command_event(&receipt)).await;
        assert_eq!(
            self.world.tell_command(&receipt).await,
            json!({ "batchItemFailures": [] }),
            "{}",
            self.story.join("\n")
        );
        self.imports[at].2 = self.world.receipt_of(&receipt).await;
    }

    /// Now and then the message comes once more than it should, and its run loses its connection somewhere.
    async fn cut_short(&mut self, event: Value) {
        if !self.random.one_in(6) {
            return;
        }
        let wait = Duration::from_millis(self.random.below(40) as u64);
        let cut = async {
            tokio::time::sleep(wait).await;
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'teei_kintell_import'";
            self.world.owner.execute(sql, &[]).await.unwrap();
        };
        let (answer, ()) = tokio::join!(handle(&self.world.app, event, in_a_minute()), cut);
        let answer: Value = answer.unwrap().into();
        self.story.push(format!("(cut after {wait:?}: {answer})"));
    }

    async fn drop_new(&mut self, dry_run: bool) -> Option<(usize, Told)> {
        let (text, file) = file(&mut self.random, &self.domain);
        let key = self.key(dry_run);
        self.story.push(format!("{} drop {key}\n{text}", self.imports.len()));
        let receipt = self.import(&key, &text).await;
        self.imports.push((key, text, receipt));
        let told = self.model.import(file, None, dry_run);
        Some((self.imports.len() - 1, told))
    }

    async fn drop_again(&mut self) -> Option<(usize, Told)> {
        let of = self.any(|_| true)?;
        let key = self.key(false);
        self.story.push(format!("{} drop {of} again as {key}", self.imports.len()));
        let text = self.imports[of].1.clone();
        let receipt = self.import(&key, &text).await;
        self.imports.push((key, text, receipt));
        let told = self.model.import(self.model.imports[of].file.clone(), None, false);
        Some((self.imports.len() - 1, told))
    }

    /// Two versions of one object, the newer one told first; the older is an earlier file or a new one.
    async fn drop_out_of_order(&mut self) -> Option<(usize, Told)> {
        let key = self.key(false);
        let (old, new) = (file(&mut self.random, &self.domain), file(&mut self.random, &self.domain));
        let versions = [self.world.drop(&key, &old.0), self.world.drop(&key, &new.0)];
        self.story.push(format!("{} drop newer version of {key}\n{}", self.imports.len(), new.0));
        self.story.push(format!("{} then the older\n{}", self.imports.len() + 1, old.0));
        self.world.blobs.set_modified("2026-05-04T08:01:00Z".parse().unwrap());
        self.world.deliver(&key, &versions[1]).await;
        self.world.blobs.set_modified("2026-05-04T08:00:00Z".parse().unwrap());
        let before = self.session_events().await;
        let newer = self.imports.len();
        let told = self.model.import(new.1, None, false);
        let receipt = self.world.receipt(&key, &versions[1]).await;
        self.imports.push((key.clone(), new.0, receipt));
        self.check(newer, &told, before - told.sessions).await;
        self.world.deliver(&key, &versions[0]).await;
        let receipt = self.world.receipt(&key, &versions[0]).await;
        self.imports.push((key, old.0, receipt));
        let late = self.model.import(old.1, Some(newer), false);
        Some((newer + 1, Told { sessions: late.sessions + told.sessions }))
    }

    async fn undo(&mut self) -> Option<(usize, Told)> {
        let at = self.any(|outcome| outcome == "loaded" || outcome == "undone")?;
        self.story.push(format!("undo {at}"));
        let was = self.model.imports[at].outcome;
        self.command(at, json!({ "kind": "undo" })).await;
        if was == "undone" {
            return Some((at, Told::default()));
        }
        let (told, tally) = self.model.undo(at);
        let undo = &self.imports[at].2["undo"];
        let found = ["restored", "removed", "kept_later_edit"].map(|name| undo[name].as_u64().unwrap() as usize);
        assert_eq!(found, tally, "restored, removed, kept\n{}", self.story.join("\n"));
        Some((at, told))
    }

    async fn apply_stale(&mut self) -> Option<(usize, Told)> {
        let at = self.any(|outcome| matches!(outcome, "loaded" | "unchanged" | "undone"))?;
        self.story.push(format!("apply what is stale in {at}"));
        let was = self.model.imports[at].outcome;
        self.command(at, json!({ "kind": "commit", "apply_stale": true })).await;
        if was == "undone" {
            return Some((at, Told::default()));
        }
        Some((at, self.model.run(at, Ask { apply_stale: true, commit: true, ..Ask::default() })))
    }

    async fn commit(&mut self) -> Option<(usize, Told)> {
        let at = self.any(|outcome| outcome == "planned")?;
        let apply_stale = self.random.one_in(3);
        self.story.push(format!("commit {at}, apply_stale {apply_stale}"));
        self.command(at, json!({ "kind": "commit", "apply_stale": apply_stale })).await;
        Some((at, self.model.run(at, Ask { apply_stale, commit: true, ..Ask::default() })))
    }

    async fn deliver_again(&mut self) -> Option<(usize, Told)> {
        let at = self.any(|_| true)?;
        self.story.push(format!("deliver {at} again"));
        let (key, _, receipt) = &self.imports[at];
        let version = receipt["file"]["version"].as_str().unwrap();
        assert_eq!(self.world.deliver(key, version).await, json!({ "batchItemFailures": [] }));
        Some((at, Told::default()))
    }

    fn any(&mut self, fits: impl Fn(&str) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.imports.len()).filter(|at| fits(self.model.imports[*at].outcome)).collect();
        (!all.is_empty()).then(|| self.random.of(&all))
    }

    /// Everything after a step.
    async fn check(&self, at: usize, told: &Told, events: usize) {
        let story = || self.story.join("\n");
        let (model, receipt) = (&self.model.imports[at], &self.imports[at].2);
        assert_eq!(receipt["outcome"], model.outcome, "outcome of {at}: {receipt:#}\n{}", story());
        let id = receipt["id"].as_str().unwrap();
        let fates: Vec<String> = self
            .texts(&format!("SELECT fate::text FROM intake.records WHERE import_id = '{id}' ORDER BY record"))
            .await;
        let expected: Vec<&str> = model.fates.iter().map(|(fate, _)| fate.name()).collect();
        assert_eq!(fates, expected, "fates of {at}\n{}", story());
        let counts = receipt["counts"].as_object().unwrap();
        let sum: u64 = counts.iter().filter(|(name, _)| *name != "records").map(|(_, n)| n.as_u64().unwrap()).sum();
        assert_eq!(
            (counts["records"].as_u64().unwrap(), sum),
            (expected.len() as u64, expected.len() as u64),
            "{}",
            story()
        );
        if model.outcome != "undone" {
            for fate in [Fate::New, Fate::Changed, Fate::Unchanged, Fate::Duplicate, Fate::Blank, Fate::Rejected] {
                let many = model.fates.iter().filter(|(is, _)| *is == fate).count();
                assert_eq!(counts[fate.name()], many, "{} of {at}\n{}", fate.name(), story());
            }
            let first = model.first.map(|first| self.imports[first].2["id"].clone());
            if model.outcome != "planned" {
                assert_eq!(receipt["first_import"], first.unwrap_or_default(), "{}", story());
            }
        }
        assert_eq!(self.table().await, self.model.table(), "facts\n{}", story());
        assert_eq!(self.everybody().await, self.model.everybody(), "people\n{}", story());
        assert_eq!(self.session_events().await, events + told.sessions, "events\n{}", story());
        let gaps = self.texts(GAPS).await;
        assert_eq!(gaps, [""; 0], "revisions of events\n{}", story());
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        self.world.owner.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn session_events(&self) -> usize {
        let sql = "SELECT count(*) FROM bus.events WHERE type LIKE 'kintell.session.%' OR detail::jsonb -> 'data' ->> 'factType' = 'kintell.session'";
        self.world.count(sql).await as usize
    }

    async fn everybody(&self) -> Vec<String> {
        let rows = self
            .world
            .owner
            .query(
                "SELECT e.email_id, e.profile_id, e.sealed FROM vault.emails e JOIN core.profiles USING (profile_id)",
                &[],
            )
            .await
            .unwrap();
        let mut all = Vec::new();
        for (id, who, sealed) in rows.iter().map(|row| (row.get(0), row.get(1), row.get::<_, Vec<u8>>(2))) {
            let place = Place { table: "vault.emails", column: "sealed", row: id };
            all.push(self.open(who, place, &sealed).await);
        }
        all.retain(|address| address.contains(&format!(".{}.example", self.domain)));
        all.sort();
        all
    }

    async fn open(&self, who: uuid::Uuid, place: Place<'_>, sealed: &[u8]) -> String {
        let keys = self.vault.subject_keys(&self.world.owner, &[who]).await.unwrap();
        keys[&who].unseal(place, sealed).unwrap().expose().clone()
    }

    /// The table of sessions as the model prints it.
    async fn table(&self) -> Vec<String> {
        let rows = self.world.owner.query(TABLE, &[&format!("%{}", self.domain)]).await.unwrap();
        let mut all = Vec::new();
        for row in &rows {
            let mut line: String = row.get::<_, String>(0).replace(&self.domain, "");
            for field in FIELDS {
                let value = match field {
                    "participant_id" | "volunteer_id" => Some(self.address(row.get(field)).await),
                    "feedback" => match row.get::<_, Option<uuid::Uuid>>("feedback") {
                        None => None,
                        Some(text) => Some(self.words(text).await),
                    },
                    _ => row.get(field),
                };
                line.push_str(&format!(" {}", value.unwrap_or_else(|| "-".to_owned())));
            }
            all.push(line);
        }
        all.sort();
        all
    }

    async fn address(&self, who: uuid::Uuid) -> String {
        let row = self
            .world
            .owner
            .query_one("SELECT email_id, sealed FROM vault.emails WHERE profile_id = $1", &[&who])
            .await
            .unwrap();
        let place = Place { table: "vault.emails", column: "sealed", row: row.get(0) };
        self.open(who, place, &row.get::<_, Vec<u8>>(1)).await
    }

    async fn words(&self, text: uuid::Uuid) -> String {
        let sql = "SELECT subject_id, sealed, withdrawn_at IS NULL FROM vault.texts WHERE text_id = $1";
        let row = self.world.owner.query_one(sql, &[&text]).await.unwrap();
        assert!(row.get::<_, bool>(2), "a fact's text is withdrawn\n{}", self.story.join("\n"));
        let place = Place { table: "vault.texts", column: "sealed", row: text };
        self.open(row.get(0), place, &row.get::<_, Vec<u8>>(1)).await
    }
}

const TABLE: &str = r#"
SELECT source_id || ' r' || revision, session_type, participant_id, volunteer_id,
       to_char(scheduled_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || CASE WHEN scheduled_day_only THEN ' day' ELSE '' END AS scheduled_at,
       to_char(completed_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || CASE WHEN completed_day_only THEN ' day' ELSE '' END AS completed_at,
       duration_minutes::text, rating_raw::text AS rating, language_level, feedback_text_id AS feedback
FROM core.kintell_sessions WHERE source_id LIKE $1"#;

/// Subjects whose revisions are not 1, 2, 3, …, and facts that are not in the revision last told.
const GAPS: &str = "
WITH told AS (
  SELECT subject, CASE WHEN type LIKE 'kintell.session.%' OR detail::jsonb -> 'data' ->> 'factType' = 'kintell.session' THEN 'session'
                       WHEN type LIKE 'intake.text.%' OR detail::jsonb -> 'data' ->> 'factType' = 'intake.text' THEN 'text'
                       WHEN type LIKE 'intake.import.%' THEN 'import' END AS what,
         (detail::jsonb -> 'data' ->> 'revision')::int AS revision
  FROM bus.events), revisions AS (
  SELECT subject, what, array_agg(revision ORDER BY revision) AS are FROM told WHERE what IS NOT NULL GROUP BY 1, 2)
SELECT what || ' ' || are::text FROM revisions WHERE are <> ARRAY(SELECT generate_series(1, cardinality(are)))
UNION ALL
SELECT 'fact ' || s.source_id || ' r' || s.revision FROM core.kintell_sessions s LEFT JOIN revisions r ON r.subject = s.session_id
WHERE r.are IS NULL OR s.revision <> r.are[cardinality(r.are)]
UNION ALL
SELECT 'history of ' || s.source_id FROM core.kintell_sessions s
WHERE s.revision <> 1 + (SELECT count(*) FROM intake.revisions h WHERE h.fact_id = s.session_id)";

#[tokio::test]
async fn random_lives_of_files_end_as_the_rules_say() {
    play(0..FEW).await;
}

#[tokio::test]
#[ignore = "takes minutes: for changes of what happens to records"]
async fn many_random_lives_of_files_end_as_the_rules_say() {
    play(FEW..MANY).await;
}

async fn play(seeds: std::ops::Range<u64>) {
    let mut world = World::new().await;
    let mut vault = world.database.vault().await;
    let mut timelines = Timelines::over(&world.database);
    for seed in seeds {
        if seed % 20 == 0 {
            world = World::new().await;
            vault = world.database.vault().await;
            timelines = Timelines::over(&world.database);
        }
        let mut sequence = Sequence {
            world: &world,
            vault: &vault,
            random: Random::from(seed * 7919 + 1),
            domain: format!("n{seed}"),
            model: Model::default(),
            imports: Vec::new(),
            story: vec![format!("seed {seed}")],
        };
        for _ in 0..STEPS {
            sequence.step().await;
            timelines.take_in_some(&world, &mut sequence.random).await;
        }
        timelines.take_in_all(&world, &mut sequence.random).await;
        let differ = timelines.differ(&world).await;
        assert_eq!(differ, [""; 0], "timelines\n{}", sequence.story.join("\n"));
    }
}
