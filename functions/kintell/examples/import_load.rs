//! What a first large import costs, apart from what else the machine does: processor time of the function and of its
//! database connection per record, beside a `COPY` of the same file into one table with a primary key.
//!
//! ```sh
//! TEST_DATABASE_URL=$(make -s testdb) cargo run --release -p kintell --example import_load -- 300000
//! ```
//!
//! The importer's own handler over a database of its own and an object in memory; Linux only (`/proc`).

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Bytes;
use futures::SinkExt;
use serde_json::{Value, json};
use shared::{
    bus::testing::RecordedNudges,
    intake::{
        blob::MemoryBlobs,
        engine::Engine,
        importer::{App, handle},
    },
    vault::LazyVault,
};
use tests::{Database, keys};
use tokio_postgres::Client;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PEOPLE: u64 = 20_000;
const DROPS: &str = "teei-local-drops-000000000000";
const KEY: &str = "kintell/sessions/load.csv";
const HEADER: &str = "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level,topics,metadata";
const WORDS: &str = "we talked about work and the weather in Bergen I felt more sure of myself today the new words were \
    hard but useful Kari helped me with the application and we laughed a lot next time we read the newspaper together";

/// The file of `make bench`: half of the people take part, half volunteer; every fourth session has words.
fn file(rows: u64) -> String {
    let mut state: u64 = 20_250_304;
    let mut chance = move |below: u64| {
        // Knuth's MMIX generator; its upper bits.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut out = format!("{HEADER}\n");
    for number in 0..rows {
        let (day, hour) = (1 + number % 28, 8 + number % 12);
        let (month, year) = (1 + (number / 28) % 12, 2024 + number % 2);
        let text = match number % 4 {
            0 => (0..8 + chance(33)).map(|_| words[chance(words.len() as u64) as usize]).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        };
        let (participant, volunteer, rating) = (chance(PEOPLE / 2), chance(PEOPLE / 2), 1 + chance(5));
        let level = ["A1", "A2", "B1", "B2", "C1", "C2"][(number % 6) as usize];
        let _ = writeln!(
            out,
            "S-{number:07},p{participant}@newcomer.example,v{volunteer}@volunteer.example,\
             {year}-{month:02}-{day:02}T{hour:02}:00:00Z,{year}-{month:02}-{day:02}T{hour:02}:45:00Z,45,{rating},{text},{level},,"
        );
    }
    out
}

/// Processor seconds of a process so far: its own and what the system did for it.
fn processor(pid: &str) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("Linux tells about processes");
    let after = stat.rsplit(") ").next().expect("a name in brackets");
    let ticks = |at: usize| after.split(' ').nth(at).and_then(|n| n.parse::<f64>().ok()).expect("a number") / 100.0;
    (ticks(11), ticks(12))
}

async fn number(client: &Client, sql: &str) -> f64 {
    client.query_one(sql, &[]).await.expect("a statement of ours").get(0)
}

async fn copy(client: &Client, content: &str, rows: u64) -> f64 {
    let columns: Vec<String> = HEADER
        .split(',')
        .map(|name| format!("{name} text{}", if name == "session_id" { " PRIMARY KEY" } else { "" }))
        .collect();
    client.batch_execute(&format!("CREATE TABLE public.copied ({})", columns.join(", "))).await.expect("a table");
    let pid = number(client, "SELECT pg_backend_pid()::float8").await.to_string();
    let (begun, before) = (Instant::now(), processor(&pid));
    let sink =
        client.copy_in::<_, Bytes>("COPY public.copied FROM STDIN (FORMAT csv, HEADER true)").await.expect("COPY");
    let mut sink = std::pin::pin!(sink);
    for part in content.as_bytes().chunks(1 << 16) {
        sink.send(Bytes::copy_from_slice(part)).await.expect("COPY takes it");
    }
    assert_eq!(sink.finish().await.expect("COPY ends"), rows);
    let (seconds, after) = (begun.elapsed().as_secs_f64(), processor(&pid));
    tell("COPY", rows, seconds, None, (after.0 - before.0, after.1 - before.1), 0.0);
    client.batch_execute("DROP TABLE public.copied").await.expect("it goes");
    seconds
}

fn tell(what: &str, rows: u64, seconds: f64, own: Option<(f64, f64)>, server: (f64, f64), log: f64) {
    let each = |seconds: f64| seconds * 1e6 / rows as f64;
    let own = own.map_or_else(String::new, |(user, system)| {
        format!("; function {:.1} µs ({:.1} of it the system)", each(user + system), each(system))
    });
    let log = if log > 0.0 { format!("; {:.0} bytes of WAL", log / rows as f64) } else { String::new() };
    say(&format!(
        "{what}: {seconds:.2} s, {:.0} records a second, {:.1} µs each{own}; connection {:.1} µs ({:.1} of it the system){log}",
        rows as f64 / seconds,
        each(seconds),
        each(server.0 + server.1),
        each(server.1),
    ));
}

fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn notification(key: &str, version: &str) -> Value {
    let object = json!({ "key": key, "size": 1, "versionId": version });
    json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": DROPS }, "object": object } }] })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let rows: u64 = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let again = std::env::args().any(|word| word == "again");
    let database = Database::fresh().await;
    let owner = database.owner().await;
    let content = file(rows);
    let base = copy(&owner, &content, rows).await.min(copy(&owner, &content, rows).await);
    let blobs = Arc::new(MemoryBlobs::default());
    let app = App::new(
        &kintell::SOURCE,
        Engine {
            db: database.db_for("teei_kintell_import"),
            blobs: blobs.clone(),
            results_bucket: "results".to_owned(),
            nudger: Box::new(RecordedNudges::default()),
            vault: LazyVault::new(Box::new(keys())),
            source: kintell::SOURCE.name,
            entities: kintell::SOURCE.entities,
            memory_mb: 1769,
            brake: Default::default(),
        },
    );
    // The one connection of the function's pool is there from the first notification on.
    let small = blobs.drop_file(DROPS, "kintell/sessions/small.csv", HEADER.as_bytes());
    let deadline = || tokio::time::Instant::now() + Duration::from_secs(900);
    handle(&app, notification("kintell/sessions/small.csv", &small), deadline()).await.expect("an answer");
    let pid = "SELECT pid::float8 FROM pg_stat_activity WHERE usename = 'teei_kintell_import' AND datname = current_database()";
    let pid = number(&owner, pid).await.to_string();
    if let Ok(wait) = std::env::var("WAIT_FOR_PERF") {
        say(&format!("the connection's process: {pid}"));
        tokio::time::sleep(Duration::from_secs(wait.parse().unwrap_or(5))).await;
    }
    for what in ["first import", "second import"].into_iter().take(if again { 2 } else { 1 }) {
        let version = blobs.drop_file(DROPS, KEY, content.as_bytes());
        let log = number(&owner, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8").await;
        let (begun, own, server) = (Instant::now(), processor("self"), processor(&pid));
        handle(&app, notification(KEY, &version), deadline()).await.expect("an answer");
        let (seconds, own_after, server_after) = (begun.elapsed().as_secs_f64(), processor("self"), processor(&pid));
        let log = number(&owner, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8").await - log;
        let (own, server) =
            ((own_after.0 - own.0, own_after.1 - own.1), (server_after.0 - server.0, server_after.1 - server.1));
        tell(what, rows, seconds, Some(own), server, log);
        say(&format!("  1/{:.1} of COPY", seconds / base));
        let sql = "SELECT receipt FROM intake.imports WHERE object_key = $1 AND object_version = $2";
        let receipt: Value = owner.query_one(sql, &[&KEY, &version]).await.expect("a receipt").get(0);
        say(&format!("  {} {} {} events", receipt["outcome"], receipt["counts"], receipt["events"]));
    }
}
