//! The catalogue of contract events over HTTP.

use shared::contracts::{consumers, schema};

use crate::support::{World, call};

#[tokio::test]
async fn the_catalogue_is_a_strict_page_in_a_browser_and_needs_no_token() {
    let world = World::new().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let answer = call("GET", "/v1/contracts").header("accept", browser).to(&world.gateway).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!((answer.header("vary"), answer.header("x-content-type-options")), ("accept", "nosniff"));
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(answer.text.starts_with("<!doctype html><html lang=\"en\">") && !answer.text.contains("<script"));
    for published in schema::catalogue() {
        assert!(answer.text.contains(&format!("<code>{}</code>", published.name)), "{}", published.name);
    }
}

#[tokio::test]
async fn the_catalogue_as_json_says_fields_examples_writers_and_readers() {
    let world = World::new().await;
    let answer = call("GET", "/v1/contracts").header("accept", "application/json").to(&world.gateway).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let items = answer.json["items"].as_array().unwrap();
    assert_eq!(items.len(), schema::catalogue().len());
    for published in schema::catalogue() {
        let item = items.iter().find(|item| item["type"] == published.name).unwrap();
        assert_eq!((&item["example"], &item["dataschema"]), (&published.example, &published.schema["$id"]));
        let readers: Vec<_> = consumers::of(published.name).map(|(consumer, _)| consumer.name).collect();
        let named: Vec<_> =
            item["read_by"].as_array().unwrap().iter().map(|reader| reader["consumer"].as_str().unwrap()).collect();
        assert_eq!(named, readers, "{}", published.name);
        let schema = call("GET", item["schema"].as_str().unwrap()).to(&world.gateway).await;
        assert_eq!((schema.status.as_u16(), &schema.json), (200, &published.schema), "{}", published.name);
    }
    let session = items.iter().find(|item| item["type"] == "kintell.session.completed.v1").unwrap();
    let minutes =
        session["fields"].as_array().unwrap().iter().find(|field| field["name"] == "durationMinutes").unwrap();
    assert_eq!((&minutes["required"], &minutes["allowed"]), (&false.into(), &"whole number, 1 to 480".into()));
    assert_eq!(session["published_by"][0], "kintell-import");
}

#[tokio::test]
async fn a_schema_is_served_under_the_name_that_events_give_it_and_nothing_else_is() {
    let world = World::new().await;
    let get = |name: &str| {
        let (path, gateway) = (format!("/v1/contracts/{name}"), &world.gateway);
        async move { call("GET", &path).to(gateway).await }
    };
    for name in ["fact.retracted.v1", "fact.retracted.v1.schema.json"] {
        let answer = get(name).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/schema+json"), "{name}");
        assert_eq!(answer.json["title"], "fact.retracted.v1");
    }
    let description = get("asyncapi.json").await;
    assert_eq!(
        (description.header("content-type"), &description.json["asyncapi"]),
        ("application/json", &"3.0.0".into())
    );
    assert!(get("index.d.ts").await.text.contains("export type ContractEvent ="));
    assert!(get("fact.retracted.v1.d.ts").await.text.contains("export interface FactRetractedV1 "));
    for nothing in ["fact.retracted", "fact.retracted.v2", "released", "nothing.v1.schema.json", "..%2fopenapi.json"] {
        assert_eq!(get(nothing).await.brief(), "404 not_found", "{nothing}");
    }
}
