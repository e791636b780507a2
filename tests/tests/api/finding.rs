//! Which import did this row come from, and what became of it there?

use axum::Router;
use serde_json::{Value, json};

use crate::{
    importing::{self, HEADER, file, line},
    support::{Answer, admin, call, gateway_service},
};

struct World {
    importer: importing::World,
    gateway: Router,
}

impl World {
    async fn new() -> Self {
        let importer = importing::World::new().await;
        let gateway = gateway_service(importer.database.db_for("teei_gateway_api"), Default::default());
        Self { importer, gateway }
    }

    async fn ask(&self, path: &str) -> Answer {
        call("GET", path).bearer(&admin()).to(&self.gateway).await
    }

    /// Key and lines of the imports that are found.
    async fn found(&self, query: &str) -> Vec<(String, Value)> {
        let answer = self.ask(&format!("/v1/imports?{query}")).await;
        let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.json));
        items.iter().map(|item| (item["key"].as_str().unwrap().to_owned(), item["lines"].clone())).collect()
    }
}

const MARCH: &str = "kintell/sessions/Møter i mars.csv";
const APRIL: &str = "kintell/sessions/april.csv";

#[tokio::test]
async fn a_rows_own_number_leads_to_the_imports_that_brought_and_changed_it() {
    let world = World::new().await;
    world.importer.import(MARCH, file(&[line("1", "4", "a"), line("00042", "4", "b")])).await;
    world.importer.import(APRIL, file(&[line("00042", "5", "b"), line("3", "4", "c")])).await;
    // It says nothing new of the row, so the row does not come from it.
    world.importer.import("kintell/sessions/may.csv", file(&[line("00042", "5", "b"), line("4", "4", "d")])).await;
    let both = [(APRIL.to_owned(), json!([2])), (MARCH.to_owned(), json!([3]))];
    assert_eq!(world.found("row=00042").await, both);
    assert_eq!(world.found("row=%2000042%20&source=kintell").await, both);
    assert_eq!(world.found("row=00042&name=APRIL").await, both[..1]);
    assert_eq!(world.found("row=42").await, [], "numbers are texts");
    assert_eq!(world.found("row=00042&source=buddy").await, []);
    assert_eq!(world.found("row=00042&source=nowhere").await, []);
    assert_eq!(world.found("name=m%C3%98TER").await, [(MARCH.to_owned(), Value::Null)]);
    assert_eq!(world.found("name=sessions").await, [], "the folder is not its name");
}

#[tokio::test]
async fn a_first_attempt_leads_to_what_was_put_in_to_mend_it() {
    let world = World::new().await;
    let first = world.importer.import(MARCH, file(&[line("1", "9", "a"), line("2", "4", "b")])).await;
    let id = first["id"].as_str().unwrap();
    assert_eq!(world.found(&format!("rejects_of={id}")).await, []);
    let mended = format!("# teei-rejects import={id}\n_line,_reason,{HEADER}\n2,x,{}", line("1", "5", "a"));
    world.importer.import(APRIL, mended).await;
    assert_eq!(world.found(&format!("rejects_of={id}")).await, [(APRIL.to_owned(), Value::Null)]);
    assert_eq!(world.ask("/v1/imports?rejects_of=first").await.brief(), "400 bad_query");
}

#[tokio::test]
async fn records_begin_at_any_line_of_a_large_file() {
    let world = World::new().await;
    // Every record has two lines: the n-th stands on the lines 2n and 2n + 1.
    let rows: Vec<String> = (1..=2_100).map(|n| line(&format!("s{n}"), "4", "\"two\nlines\"")).collect();
    let id = world.importer.import(MARCH, file(&rows)).await["id"].as_str().unwrap().to_owned();
    let first = async |query: &str| {
        let answer = world.ask(&format!("/v1/imports/{id}/records?limit=2&{query}")).await;
        let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.json)).clone();
        (items.iter().filter_map(|item| item["record"].as_i64()).collect::<Vec<_>>(), answer.json["next"].clone())
    };
    for (line, records) in [
        (1u32, vec![1, 2]),
        (2, vec![1, 2]),
        (3, vec![1, 2]),
        (4, vec![2, 3]),
        (2_001, vec![1_000, 1_001]),
        (2_002, vec![1_001, 1_002]),
        (4_200, vec![2_100]),
        (4_202, vec![]),
        (u32::MAX, vec![]),
    ] {
        assert_eq!(first(&format!("line={line}")).await.0, records, "line {line}");
        let of_fate = first(&format!("line={line}&fate=new")).await.0;
        assert_eq!(of_fate, records, "line {line}, with a filter");
    }
    let (_, next) = first("line=4000").await;
    let (after, _) = first(&format!("line=4000&cursor={}", next.as_str().unwrap())).await;
    assert_eq!(after, [2_002, 2_003], "the next page goes on, whatever the line");
    let answer = world.ask(&format!("/v1/imports/{id}/records?line=-1")).await;
    assert_eq!(answer.brief(), "400 bad_query");
}
