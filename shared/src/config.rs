//! Configuration from environment variables, read once at start. There are no defaults for anything secret
//! or anything that names a place: what is missing stops the start with its name.
//!
//! | variable | who needs it | what |
//! |---|---|---|
//! | `STAGE` | all | `local`, `test`, `prod`: separates secrets and names |
//! | `DATABASE_HOST`, `_PORT`, `_NAME`, `_USER` | all with a database | where, and under which role |
//! | `DATABASE_AUTH` | all with a database | `iam` (a token signed by the function's role) or `secret` |
//! | `DATABASE_SECRET` | with `secret` | name of the Secrets Manager secret `{"username", "password"}` |
//! | `DATABASE_TLS` | all with a database | `require` or `off` |

use std::collections::HashMap;

use crate::error::{Classified, Retry};

/// What a start can fail with: always one variable, by name.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not there.
    #[error("{0} is not set: set it in the function's environment (template.yaml)")]
    Missing(&'static str),
    /// A variable is there and cannot be used.
    #[error("{name} cannot be used: {why}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What is wrong with it, without its value.
        why: String,
    },
}

/// A main that returns this error prints it so: the sentence, not the variant.
impl std::fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Classified for ConfigError {
    fn retry(&self) -> Retry {
        Retry::Never
    }
    fn code(&self) -> &'static str {
        "bad_configuration"
    }
}

/// The environment, taken once so that tests can give their own.
#[derive(Clone, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// The process's own environment.
    pub fn from_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// A given environment, for tests.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    /// A variable that has to be there and not empty.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// A variable that may be absent; empty counts as absent, because templates cannot leave one out.
    pub fn optional(&self, name: &'static str) -> Option<String> {
        self.0.get(name).filter(|value| !value.trim().is_empty()).cloned()
    }

    /// A required variable of another type than text.
    pub fn parsed<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, ConfigError>
    where
        T::Err: std::fmt::Display,
    {
        self.required(name)?.parse().map_err(|error: T::Err| ConfigError::Invalid { name, why: error.to_string() })
    }
}

/// The AWS SDK's configuration: region, credentials and `AWS_ENDPOINT_URL` come from the function's environment.
pub async fn aws() -> aws_config::SdkConfig {
    aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let env = Env::from_pairs(&[("EMPTY", " ")]);
        assert_eq!(env.required("STAGE"), Err(ConfigError::Missing("STAGE")));
        assert_eq!(env.required("EMPTY"), Err(ConfigError::Missing("EMPTY")));
        assert!(env.required("STAGE").unwrap_err().to_string().starts_with("STAGE is not set"));
    }

    #[test]
    fn a_variable_of_the_wrong_type_is_named_without_its_value() {
        let env = Env::from_pairs(&[("DATABASE_PORT", "hunter2")]);
        let error = env.parsed::<u16>("DATABASE_PORT").unwrap_err().to_string();
        assert!(error.contains("DATABASE_PORT") && !error.contains("hunter2"), "{error}");
    }
}
