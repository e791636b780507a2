//! The token check at the edge.

use gateway::authorizer::{Request, handle};
use serde_json::{Value, json};
use shared::auth::{FetchError, FetchKeys, Refresh, Role, Verifier};

use crate::support::{AUDIENCE, ISSUER, Key, claims, token, verifier};

fn event(file: &str, bearer: &str) -> Request {
    let path = format!("{}/../events/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    match event["type"].as_str().unwrap() {
        "TOKEN" => event["authorizationToken"] = json!(format!("Bearer {bearer}")),
        _ => event["headers"]["Authorization"] = json!(format!("Bearer {bearer}")),
    }
    serde_json::from_value(event).unwrap()
}

#[tokio::test]
async fn a_good_token_opens_the_whole_stage_and_not_just_the_route_it_was_shown_at() {
    for file in ["authorizer.json", "authorizer.request.json"] {
        let answer = handle(&verifier(), event(file, &token(Role::Coordinator, "coordinator-1", None))).await.unwrap();
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({
                "principalId": "coordinator-1",
                "policyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "arn:aws:execute-api:eu-north-1:000000000000:a1b2c3d4e5/live/*"}],
                },
                "context": {"role": "coordinator"},
            })
        );
    }
}

#[tokio::test]
async fn a_bad_token_is_the_word_api_gateway_turns_into_a_401() {
    let forged = Key::ec("ec-1").sign(&claims("admin", "x", None));
    for bearer in ["", "x.y.z", &forged] {
        for file in ["authorizer.json", "authorizer.request.json"] {
            let error = handle(&verifier(), event(file, bearer)).await.unwrap_err();
            assert_eq!(error.to_string(), "Unauthorized", "{bearer}");
        }
    }
    let nothing: Request = serde_json::from_value(
        json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:x:y:z/live/GET/", "headers": null}),
    )
    .unwrap();
    assert_eq!(handle(&verifier(), nothing).await.unwrap_err().to_string(), "Unauthorized");
}

#[tokio::test]
async fn an_issuer_that_is_away_is_not_the_callers_fault() {
    struct Away;
    impl FetchKeys for Away {
        fn fetch(&self) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + '_>> {
            Box::pin(async { Err(FetchError) })
        }
    }
    let verifier = Verifier::with_source(ISSUER, AUDIENCE, Box::new(Away), Refresh::default());
    let error = handle(&verifier, event("authorizer.json", &token(Role::Admin, "x", None))).await.unwrap_err();
    assert_ne!(error.to_string(), "Unauthorized");
}
