//! The token check API Gateway asks for, the same as the handlers' own.
//!
//! It answers for the whole stage: API Gateway keeps a policy by token, and a policy for one route would deny the
//! next. Which role may use which route is the handlers' access table.

use std::collections::HashMap;

use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use shared::{
    auth::{TokenError, Verifier},
    error::Classified,
};

/// What API Gateway asks, as a `TOKEN` or as a `REQUEST` authorizer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    method_arn: String,
    #[serde(default)]
    authorization_token: Option<String>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
}

/// What it is answered.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    principal_id: String,
    policy_document: Policy,
    context: Context,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

/// For API Gateway's access log; handlers do not believe it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Context {
    role: &'static str,
}

/// Lets a good token through. The error `Unauthorized`, in exactly this word, makes API Gateway answer 401;
/// anything else is a 500.
pub async fn handle(verifier: &Verifier, request: Request) -> Result<Answer, Error> {
    let header = |headers: &HashMap<String, String>| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value.clone())
    };
    let token = request.authorization_token.or_else(|| request.headers.as_ref().and_then(header));
    let claims = verifier.verify(token.as_deref()).await.map_err(|error| {
        let cause = if let TokenError::Bad(why) = error { why } else { "" };
        tracing::info!(code = error.code(), cause, "token refused");
        match error {
            TokenError::KeysUnavailable => Error::from(error),
            _ => Error::from("Unauthorized"),
        }
    })?;
    let stage = stage_arn(&request.method_arn).ok_or_else(|| Error::from("the method's ARN cannot be read"))?;
    let statement = Statement { action: "execute-api:Invoke", effect: "Allow", resource: format!("{stage}/*") };
    Ok(Answer {
        principal_id: claims.sub,
        policy_document: Policy { version: "2012-10-17", statement: [statement] },
        context: Context { role: claims.role.name() },
    })
}

/// `arn:aws:execute-api:<region>:<account>:<api>/<stage>` of `…/<stage>/<METHOD>/<path>`.
fn stage_arn(method_arn: &str) -> Option<&str> {
    let (api, _) = method_arn.match_indices('/').next()?;
    let (stage, _) = method_arn.get(api + 1..)?.match_indices('/').next()?;
    method_arn.get(..api + 1 + stage).filter(|arn| arn.starts_with("arn:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_for_the_stage_whatever_the_route() {
        let stage = "arn:aws:execute-api:eu-north-1:123456789012:a1b2c3/live";
        assert_eq!(stage_arn(&format!("{stage}/GET/v1/profiles/1")), Some(stage));
        assert_eq!(stage_arn(&format!("{stage}/GET/")), Some(stage));
        for bad in ["", "arn:aws:execute-api:x:y:z", "no/arn/at/all", "arn:only/one"] {
            assert_eq!(stage_arn(bad), None, "{bad}");
        }
    }
}
