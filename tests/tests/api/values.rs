//! "What did you read from my row?": the stored values of every column, from a file through the importer to the API.

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Value, json};
use shared::{auth::Role, intake::importer::handle};

use crate::{
    importing,
    support::{admin, call, gateway_service, token},
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

    /// Imports a file and gives its id.
    async fn import(&self, key: &str, content: &str) -> String {
        let receipt = self.importer.import(key, content).await;
        receipt["id"].as_str().unwrap().to_owned()
    }

    /// Asks for something by the API, and has the importer do what then stands in its queue.
    async fn order(&self, id: &str, what: &str, body: &Value) -> Value {
        let path = format!("/v1/imports/{id}/{what}");
        let answer = call("POST", &path).bearer(&admin()).json(body).to(&self.gateway).await;
        assert_eq!(answer.brief(), "202", "{}", answer.json);
        let mut event = importing::sample("kintell-import.json");
        event["Records"][0]["body"] = json!(gateway::queues::command(id.parse().unwrap()));
        let done: Value = handle(&self.importer.app, event, importing::in_a_minute()).await.unwrap().into();
        assert_eq!(done, json!({ "batchItemFailures": [] }));
        call("GET", &format!("/v1/imports/{id}")).bearer(&admin()).to(&self.gateway).await.json
    }

    async fn records(&self, id: &str) -> Vec<Value> {
        let path = format!("/v1/imports/{id}/records?values=true");
        let answer = call("GET", &path).bearer(&admin()).to(&self.gateway).await;
        answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.json)).clone()
    }

    /// What was read from each record, without the columns that say nothing.
    async fn values(&self, id: &str) -> Vec<Option<BTreeMap<String, String>>> {
        let items = self.records(id).await;
        let said = |values: &Value| {
            let values = values.as_object()?.iter();
            Some(values.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
        };
        items.iter().map(|item| said(&item["values"])).collect()
    }
}

fn row(values: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    Some(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

#[tokio::test]
async fn every_column_of_a_language_session_is_told_as_it_is_stored() {
    let world = World::new().await;
    let id = world
        .import(
            "kintell/sessions/march.csv",
            "session_id,participant_email,volunteer_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,language_level,topics,metadata\n\
             00042, Olena+1@People.example ,KARI@nordlys.example,2025-03-04 18:00,2025-03-04T17:45:00Z,45,4.50,\"Ми говорили\nпро роботу, \"\"так\"\"\",b1,=work,\"{\"\"a\"\": 1.10}\"\n\
             S-2,olena+1@people.example,kari@nordlys.example,2025-03-05,,,,,,,\n\
             S-3,nobody,kari@nordlys.example,2025-03-05,,,,,,,\n",
        )
        .await;
    let values = world.values(&id).await;
    assert_eq!(
        values[0],
        row(&[
            ("session_id", "00042"),
            ("participant_email", "olena+1@people.example"),
            ("volunteer_email", "kari@nordlys.example"),
            ("scheduled_at", "2025-03-04T17:00:00Z"),
            ("completed_at", "2025-03-04T17:45:00Z"),
            ("duration_minutes", "45"),
            ("rating", "4.5"),
            ("feedback_text", "Ми говорили\nпро роботу, \"так\""),
            ("language_level", "B1"),
            ("topics", "=work"),
            ("metadata", "{\"a\": 1.10}"),
        ])
    );
    // A day is its midnight in the source's zone; what says nothing is null and there.
    let second = &world.records(&id).await[1]["values"];
    assert_eq!((&second["scheduled_at"], &second["rating"]), (&json!("2025-03-04T23:00:00Z"), &Value::Null));
    assert_eq!(second.as_object().unwrap().len(), 11);
    assert_eq!(values[2], None, "a rejected record fed no fact");
}

#[tokio::test]
async fn the_other_layouts_of_kintell_are_told_by_their_own_columns() {
    let world = World::new().await;
    let mentor = world
        .import(
            "kintell/sessions/mentor.csv",
            "session_id,participant_email,mentor_email,scheduled_at,completed_at,duration_minutes,rating,feedback_text,focus_area,goals_discussed\n\
             M-1,taras@people.example,ola@fjord.example,2025-03-04T10:00:00+01:00,2025-03-04T11:00:00+01:00,60,5,Good,CV,Find work\n",
        )
        .await;
    assert_eq!(
        world.values(&mentor).await[0],
        row(&[
            ("session_id", "M-1"),
            ("participant_email", "taras@people.example"),
            ("mentor_email", "ola@fjord.example"),
            ("scheduled_at", "2025-03-04T09:00:00Z"),
            ("completed_at", "2025-03-04T10:00:00Z"),
            ("duration_minutes", "60"),
            ("rating", "5"),
            ("feedback_text", "Good"),
            ("focus_area", "CV"),
            ("goals_discussed", "Find work"),
        ])
    );
    let legacy = world
        .import(
            "kintell/sessions/legacy.csv",
            "session_id,session_type,participant_email,volunteer_email,date,duration_min,rating,feedback_text,language_level\n\
             L-1,Language Connect,taras@people.example,ola@fjord.example,2025-07-01,30,1,,A2\n",
        )
        .await;
    assert_eq!(
        world.values(&legacy).await[0],
        row(&[
            ("session_id", "L-1"),
            ("session_type", "language"),
            ("participant_email", "taras@people.example"),
            ("volunteer_email", "ola@fjord.example"),
            ("date", "2025-06-30T22:00:00Z"),
            ("duration_min", "30"),
            ("rating", "1"),
            ("language_level", "A2"),
        ])
    );
    let users = world
        .import(
            "kintell/users/users.csv",
            "Email,Name,Linkedin_URL,Verification_status,\"Role when joined\",grant_access,Joined_kg_at\n\
             Taras@people.example,Тарас Шевчук,linkedin.com/in/taras,Verified,Student,Yes,\"Dec 14, 2025\"\n",
        )
        .await;
    assert_eq!(
        world.values(&users).await[0],
        row(&[
            ("email", "taras@people.example"),
            ("name", "Тарас Шевчук"),
            ("linkedin_url", "linkedin.com/in/taras"),
            ("verification_status", "Verified"),
            ("role_when_joined", "Student"),
            ("grant_access", "Yes"),
            ("joined_kg_at", "2025-12-13T23:00:00Z"),
        ])
    );
}

#[tokio::test]
async fn each_import_tells_what_it_brought_also_when_the_fact_was_changed_since() {
    let world = World::new().await;
    let file = |rating: &str, text: &str| importing::file(&[importing::line("S-1", rating, text)]);
    let first = world.import("kintell/sessions/a.csv", &file("3", "quiet")).await;
    let second = world.import("kintell/sessions/b.csv", &file("5", "talked a lot")).await;
    let told = async |id: &str| {
        let values = world.values(id).await.remove(0).unwrap();
        (values["rating"].clone(), values["feedback_text"].clone(), values["session_id"].clone())
    };
    assert_eq!(told(&first).await, ("3".into(), "quiet".into(), "S-1".into()));
    assert_eq!(told(&second).await, ("5".into(), "talked a lot".into(), "S-1".into()));

    let users = |name: &str| format!("email,name\nolena@people.example,{name}\n");
    let before = world.import("kintell/users/a.csv", &users("Olena P")).await;
    let after = world.import("kintell/users/b.csv", &users("Olena Pryklad")).await;
    let name = async |id: &str| world.values(id).await.remove(0).unwrap()["name"].clone();
    assert_eq!((name(&before).await, name(&after).await), ("Olena P".into(), "Olena Pryklad".into()));
}

#[tokio::test]
async fn values_are_for_admins_and_every_unsealing_is_audited() {
    let world = World::new().await;
    let id =
        world.import("kintell/sessions/a.csv", &importing::file(&[importing::line("S-1", "4", "I was glad")])).await;
    let path = format!("/v1/imports/{id}/records");
    for role in [Role::Coordinator, Role::Dpo, Role::Service, Role::Reviewer] {
        let answer =
            call("GET", &format!("{path}?values=true")).bearer(&token(role, "somebody", None)).to(&world.gateway).await;
        assert_eq!(answer.brief(), "403 forbidden", "{}", role.name());
    }
    let plain = call("GET", &path).bearer(&token(Role::Coordinator, "c", None)).to(&world.gateway).await;
    assert!(plain.json["items"][0]["values"].is_null());
    assert_eq!(world.importer.count("SELECT count(*) FROM audit.log").await, 0);

    world.values(&id).await;
    let rows = world
        .importer
        .owner
        .query(
            "SELECT l.details FROM audit.log l JOIN core.kintell_sessions s ON l.target IN (s.participant_id, s.volunteer_id)
             WHERE l.action = 'import.values' AND l.actor = 'admin-1' ORDER BY l.target = s.participant_id DESC",
            &[],
        )
        .await
        .unwrap();
    let details: Vec<Value> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        details,
        [
            json!({"import": id, "record": 1, "columns": ["participant_email", "feedback_text"]}),
            json!({"import": id, "record": 1, "columns": ["volunteer_email"]}),
        ]
    );
}

#[tokio::test]
async fn of_somebody_who_was_erased_nothing_is_told_but_the_pseudonymous_fact() {
    let world = World::new().await;
    let id =
        world.import("kintell/sessions/a.csv", &importing::file(&[importing::line("S-1", "4", "I was glad")])).await;
    world
        .importer
        .owner
        .batch_execute("UPDATE vault.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE profile_id = (SELECT participant_id FROM core.kintell_sessions)")
        .await
        .unwrap();
    let values = world.values(&id).await.remove(0).unwrap();
    assert_eq!((values.get("participant_email"), values.get("feedback_text")), (None, None));
    assert_eq!((values["volunteer_email"].as_str(), values["rating"].as_str()), ("kari@nordlys.example", "4"));
}

#[tokio::test]
async fn a_plan_tells_nothing_until_it_is_committed_and_an_undone_import_still_tells_what_it_had_brought() {
    let world = World::new().await;
    let file = importing::file(&[importing::line("S-1", "4", "I was glad")]);
    let planned = world.importer.import("dry-run/kintell/sessions/a.csv", &file).await;
    assert_eq!(planned["outcome"], "planned", "{planned}");
    let id = planned["id"].as_str().unwrap();
    assert_eq!(world.values(id).await, [None]);

    let receipt = world.order(id, "commit", &json!({"plan_hash": planned["plan_hash"]})).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["status"], &receipt["id"]),
        (&json!("loaded"), &json!("done"), &json!(id))
    );
    let values = world.values(id).await;
    let told = values[0].as_ref().unwrap();
    assert_eq!((told["session_id"].as_str(), told["feedback_text"].as_str()), ("S-1", "I was glad"));

    let receipt = world.order(id, "undo", &json!({})).await;
    assert_eq!((&receipt["outcome"], &receipt["status"]), (&json!("undone"), &json!("done")));
    let record = world.records(id).await.remove(0);
    let (fate, values) = (&record["fate"], &record["values"]);
    assert_eq!((fate, &values["session_id"], &values["rating"]), (&json!("removed"), &json!("S-1"), &json!("4")));
}

#[tokio::test]
async fn values_of_a_long_file_come_page_by_page_and_by_fate() {
    let world = World::new().await;
    let lines: Vec<String> = (1..=1203)
        .map(|n| importing::line(&format!("S-{n}"), if n % 100 == 3 { "9" } else { "4" }, &format!("text {n}")))
        .collect();
    let id = world.import("kintell/sessions/long.csv", &importing::file(&lines)).await;
    let all = async |query: &str| {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/imports/{id}/records?limit=200{query}{cursor}");
            let answer = call("GET", &path).bearer(&admin()).to(&world.gateway).await;
            items.extend(answer.json["items"].as_array().unwrap().clone());
            let Some(next) = answer.json["next"].as_str() else { break items };
            cursor = format!("&cursor={next}");
        }
    };
    let numbers = |items: &[Value]| items.iter().map(|item| item["record"].as_u64().unwrap()).collect::<Vec<_>>();
    let every = all("&values=true").await;
    assert_eq!(numbers(&every), (1..=1203).collect::<Vec<_>>());
    let read = every.iter().filter(|item| item["values"]["feedback_text"] == format!("text {}", item["record"]));
    assert_eq!(read.count(), 1190);
    let rejected = all("&fate=rejected").await;
    assert_eq!(numbers(&rejected), (0..=12).map(|n| 100 * n + 3).collect::<Vec<_>>());
    assert_eq!((&rejected[0]["code"], &rejected[0]["column"]), (&json!("out_of_range"), &json!("rating")));
    assert_eq!(all("&fate=new").await.len(), 1190);
    assert_eq!(all("&fate=restored").await, Vec::<Value>::new());
    let unknown = call("GET", &format!("/v1/imports/{id}/records?fate=lost")).bearer(&admin()).to(&world.gateway).await;
    assert_eq!(unknown.brief(), "400 bad_query");
}
