//! `docs/schema.md`: the ER diagram and what stands beside it, asked of the migrated database and not drawn.
//! `make generate` writes it; otherwise the tests fail when it is not what the migrations make.

use std::{collections::BTreeSet, fmt::Write as _};

use tests::Database;
use tokio_postgres::Client;

const SCHEMAS: [&str; 5] = ["core", "vault", "intake", "bus", "audit"];
const ROLES: [&str; 5] =
    ["teei_kintell_import", "teei_bus_relay", "teei_profile_projector", "teei_profile_api", "teei_gateway_api"];

const HEAD: &str = "# The store

Generated from the migrated database by `make generate`; a test fails when the two differ. Do not edit by hand.

`PK` primary key, `FK` refers to another table, `UK` unique. A column marked `optional` may be null. A table of another
schema stands in a diagram with its schema in front (`core_profiles`) and without its columns.

In the tables of rights, `S` is select, `I` insert, `U` update, `D` delete; `*` means on some columns only. The roles own
nothing and have no other rights. The owner, whom only `migrate` uses, is left out.
";

#[tokio::test]
async fn generated_schema_document_is_what_the_migrations_make() {
    let database = Database::fresh().await;
    let client = database.owner().await;
    let mut document = HEAD.to_owned();
    for schema in SCHEMAS {
        document += &chapter(&client, schema).await;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == document,
        "docs/schema.md is not what the migrations make: run `make generate` and look at the change\n{}",
        first_difference(&found, &document)
    );
}

#[tokio::test]
async fn every_table_has_a_primary_key_and_says_what_it_is_for() {
    let database = Database::fresh().await;
    let rows = database
        .owner()
        .await
        .query(
            "SELECT c.oid::regclass::text,
                    obj_description(c.oid) IS NOT NULL,
                    c.relkind = 'v' OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')
             FROM pg_class c WHERE c.relnamespace::regnamespace::text = ANY($1) AND c.relkind IN ('r', 'v', 'p')",
            &[&SCHEMAS.as_slice()],
        )
        .await
        .unwrap();
    assert!(rows.len() > 20, "the migrations make {} tables", rows.len());
    let lacking: Vec<(String, bool, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .filter(|(_, said, keyed)| !said || !keyed)
        .collect();
    assert!(lacking.is_empty(), "(table, has a comment, has a primary key): {lacking:?}");
}

#[tokio::test]
async fn every_schema_of_ours_is_in_the_document() {
    let database = Database::fresh().await;
    let rows = database
        .owner()
        .await
        .query(
            "SELECT nspname::text FROM pg_namespace
             WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')",
            &[],
        )
        .await
        .unwrap();
    let found: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(found, SCHEMAS.into_iter().map(ToOwned::to_owned).collect());
}

/// A column, as the diagram shows it.
struct Column {
    table: String,
    name: String,
    kind: String,
    optional: bool,
    primary: bool,
    foreign: bool,
    unique: bool,
    comment: Option<String>,
}

async fn chapter(client: &Client, schema: &str) -> String {
    let about = text(client, "SELECT obj_description(to_regnamespace($1), 'pg_namespace')", schema).await;
    let columns = columns(client, schema).await;
    let mut out = format!("\n## {schema}\n\n{}\n\n```mermaid\nerDiagram\n", about.unwrap_or_default());
    let mut last = "";
    for column in &columns {
        if column.table != last {
            if !last.is_empty() {
                out += "  }\n";
            }
            let _ = writeln!(out, "  {} {{", column.table);
            last = &column.table;
        }
        out += &line_of(column);
    }
    out += "  }\n";
    out += &relations(client, schema).await;
    out += "```\n\n";
    out += &tables(client, schema).await;
    let said: Vec<&Column> = columns.iter().filter(|column| column.comment.is_some()).collect();
    if !said.is_empty() {
        out += "\n| column | |\n|---|---|\n";
        for column in said {
            let comment = cell(column.comment.as_deref().unwrap_or_default());
            let _ = writeln!(out, "| `{}.{}` | {comment} |", column.table, column.name);
        }
    }
    out += &rights(client, schema).await;
    out
}

fn line_of(column: &Column) -> String {
    let keys: Vec<&str> = [(column.primary, "PK"), (column.foreign, "FK"), (column.unique, "UK")]
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
        .collect();
    let mut line = format!("    {} {}", column.kind, column.name);
    if !keys.is_empty() {
        line += &format!(" {}", keys.join(", "));
    }
    if column.optional {
        line += " \"optional\"";
    }
    line + "\n"
}

async fn columns(client: &Client, schema: &str) -> Vec<Column> {
    let rows = client
        .query(
            "SELECT c.relname::text, a.attname::text,
                    CASE WHEN t.typcategory = 'A' THEN substr(t.typname, 2) || '[]' ELSE t.typname::text END,
                    NOT a.attnotnull,
                    EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attnum = ANY(k.conkey)),
                    EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY(k.conkey)),
                    EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'u' AND a.attnum = ANY(k.conkey)),
                    col_description(c.oid, a.attnum)
             FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             JOIN pg_type t ON t.oid = a.atttypid
             WHERE c.relnamespace::regnamespace::text = $1 AND c.relkind IN ('r', 'p')
             ORDER BY c.relname, a.attnum",
            &[&schema],
        )
        .await
        .unwrap();
    rows.iter()
        .map(|row| Column {
            table: row.get(0),
            name: row.get(1),
            kind: row.get(2),
            optional: row.get(3),
            primary: row.get(4),
            foreign: row.get(5),
            unique: row.get(6),
            comment: row.get(7),
        })
        .collect()
}

/// One line a foreign key: one or none of the other table's rows, to many or one of this table's.
async fn relations(client: &Client, schema: &str) -> String {
    let rows = client
        .query(
            "SELECT c.relname::text,
                    CASE WHEN f.relnamespace = c.relnamespace THEN '' ELSE f.relnamespace::regnamespace::text || '_' END || f.relname,
                    string_agg(a.attname::text, ', ' ORDER BY u.n),
                    bool_or(NOT a.attnotnull),
                    EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = c.oid AND p.contype IN ('p', 'u') AND p.conkey <@ k.conkey)
             FROM pg_constraint k
             JOIN pg_class c ON c.oid = k.conrelid
             JOIN pg_class f ON f.oid = k.confrelid
             CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
             WHERE k.contype = 'f' AND c.relnamespace::regnamespace::text = $1
             GROUP BY k.oid, k.conkey, c.oid, c.relname, c.relnamespace, f.relname, f.relnamespace
             ORDER BY 2, 1, 3",
            &[&schema],
        )
        .await
        .unwrap();
    let mut out = String::new();
    for row in &rows {
        let (table, other, by): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let one = if row.get(3) { "|o" } else { "||" };
        let many = if row.get(4) { "o|" } else { "o{" };
        let _ = writeln!(out, "  {other} {one}--{many} {table} : \"{by}\"");
    }
    out
}

async fn tables(client: &Client, schema: &str) -> String {
    let rows = client
        .query(
            "SELECT c.relname::text, obj_description(c.oid),
                    (SELECT string_agg('(' || (SELECT string_agg(a.attname, ', ' ORDER BY u.n)
                                               FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
                                               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum) || ')', ' ' ORDER BY k.conname)
                     FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'u')
             FROM pg_class c WHERE c.relnamespace::regnamespace::text = $1 AND c.relkind IN ('r', 'p', 'v') ORDER BY c.relname",
            &[&schema],
        )
        .await
        .unwrap();
    let mut out = "| table | what it is | unique |\n|---|---|---|\n".to_owned();
    for row in &rows {
        let (name, about, unique): (String, Option<String>, Option<String>) = (row.get(0), row.get(1), row.get(2));
        let unique = unique.map(|unique| format!("`{unique}`")).unwrap_or_default();
        let _ = writeln!(out, "| `{name}` | {} | {unique} |", cell(&about.unwrap_or_default()));
    }
    out
}

/// What each function's role may do, as far as anybody may do anything.
async fn rights(client: &Client, schema: &str) -> String {
    let rows = client
        .query(
            "SELECT c.relname::text,
                    (SELECT array_agg(
                       (SELECT COALESCE(string_agg(CASE
                                 WHEN has_table_privilege(r.name, c.oid, p.name) THEN left(p.name, 1)
                                 WHEN p.name <> 'DELETE' AND has_any_column_privilege(r.name, c.oid, p.name) THEN left(p.name, 1) || '*'
                               END, ' ' ORDER BY p.n), '')
                        FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY AS p (name, n))
                       ORDER BY r.n)
                     FROM unnest($2::text[]) WITH ORDINALITY AS r (name, n))
             FROM pg_class c WHERE c.relnamespace::regnamespace::text = $1 AND c.relkind IN ('r', 'p', 'v') ORDER BY c.relname",
            &[&schema, &ROLES.as_slice()],
        )
        .await
        .unwrap();
    let names = ROLES.map(|role| role.trim_start_matches("teei_").replace('_', "-"));
    let mut out = format!("\n| rights | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(ROLES.len()));
    for row in &rows {
        let (name, rights): (String, Vec<String>) = (row.get(0), row.get(1));
        let _ = writeln!(out, "| `{name}` | {} |", rights.join(" | "));
    }
    out
}

async fn text(client: &Client, sql: &str, value: &str) -> Option<String> {
    client.query_one(sql, &[&value]).await.unwrap().get(0)
}

/// A text inside a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn first_difference(found: &str, made: &str) -> String {
    let mut lines = found.lines().zip(made.lines()).enumerate();
    match lines.find(|(_, (found, made))| found != made) {
        Some((at, (found, made))) => format!("line {}:\n  in the file: {found}\n  made now:    {made}", at + 1),
        None => format!("the file has {} lines, {} are made now", found.lines().count(), made.lines().count()),
    }
}
