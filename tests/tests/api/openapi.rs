//! The API description: generated, checked in, and the same as the access tables.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::{
    auth::Who,
    http::problem,
    openapi::{Service, document, operations},
};

use crate::support::{World, call, golden};

fn services() -> [Service; 7] {
    [
        gateway::api::description(),
        profile::api::description(),
        q2q::api::description(),
        kintell::webhook::description(),
        buddy::api::description(),
        upskilling::webhook::description(),
        moderation::api::description(),
    ]
}

#[test]
fn generated_openapi_is_the_checked_in_file() {
    golden("docs/openapi.json", &document(&services()));
}

#[test]
fn access_tables_and_described_operations_agree_both_ways() {
    for service in services() {
        let described = operations(&service.api);
        let allowed: BTreeSet<_> =
            service.access.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
        assert_eq!(described, allowed, "{}", service.name);
        assert_eq!(allowed.len(), service.access.len(), "{}: a row stands twice", service.name);
    }
}

fn each_operation(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

#[test]
fn every_operation_says_who_may_and_which_problems_may_come() {
    let document: Value = serde_json::from_str(&document(&services())).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (name, operation) in each_operation(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: operationId twice");
        assert!(!operation["x-roles"].as_array().unwrap().is_empty(), "{name}");
        let public = services().iter().any(|service| {
            service.access.iter().any(|row| {
                matches!(row.who, Who::Public | Who::Signed)
                    && name == format!("{} {}", row.method.to_lowercase(), row.path)
            })
        });
        assert_eq!(
            operation["responses"]["401"]["content"]["application/problem+json"]["examples"]["missing_token"].is_null(),
            public,
            "{name}"
        );
        for (status, response) in operation["responses"].as_object().unwrap() {
            let problems = &response["content"]["application/problem+json"];
            assert!(
                status.starts_with('2') || status == "503" || problems.is_object(),
                "{name} {status} has no problem"
            );
            for code in problems["examples"].as_object().into_iter().flatten().map(|(code, _)| code) {
                let known = problem::ALL.iter().find(|known| known.code == code).unwrap();
                assert_eq!(known.status.as_str(), status, "{name}: {code}");
            }
        }
    }
}

#[test]
fn every_reference_points_at_a_schema() {
    let text = document(&services());
    let document: Value = serde_json::from_str(&text).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(schemas.contains_key(reference), "{reference}");
    }
}

#[tokio::test]
async fn the_description_is_served_and_names_what_it_is_served_beside() {
    let world = World::new().await;
    let answer = call("GET", "/v1/openapi.json").to(&world.gateway).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let served: Vec<_> = each_operation(&answer.json).map(|(name, _)| name).collect();
    assert!(served.contains(&"put /v1/profiles/{id}".to_owned()), "{served:?}");
}

/// `tests/*.http` is what a person tries the API with: one request for every operation, at least.
#[test]
fn every_operation_stands_in_a_http_file() {
    let paths = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap().map(|file| file.unwrap().path());
    let files = paths
        .filter(|path| path.extension().is_some_and(|e| e == "http"))
        .map(|path| std::fs::read_to_string(path).unwrap());
    let lines: Vec<String> = files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    for service in services() {
        for row in service.access {
            let asked = lines.iter().filter_map(|line| line.strip_prefix(&format!("{} {{{{api_url}}}}", row.method)));
            let path = |line: &str| line.split('?').next().unwrap().to_owned();
            assert!(
                asked.map(path).any(|line| same(&line, row.path)),
                "{} {} is in no .http file",
                row.method,
                row.path
            );
        }
    }
}

fn same(asked: &str, path: &str) -> bool {
    let (asked, path): (Vec<_>, Vec<_>) = (asked.split('/').collect(), path.split('/').collect());
    asked.len() == path.len() && asked.iter().zip(&path).all(|(a, p)| a == p || (p.starts_with('{') && !a.is_empty()))
}
