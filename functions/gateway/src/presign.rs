//! Signed addresses of the two buckets: a browser puts a file and gets a rejects file without passing through us.
//!
//! Signing asks nobody; whether the address works is decided by S3 when it is used, under this function's policy.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::{
    config::{RequestChecksumCalculation, ResponseChecksumValidation},
    error::DisplayErrorContext,
    presigning::PresigningConfig,
};
use jiff::{SignedDuration, Timestamp};
use shared::{
    config::{ConfigError, Env},
    http::{Problem, problem},
    intake::words::Lang,
};
use uuid::Uuid;

/// How long a signed address works.
pub const VALID: Duration = Duration::from_secs(15 * 60);

/// The header that ties an uploaded object to its import. It is signed: an upload without it is refused by S3.
pub const IMPORT_ID: &str = "x-amz-meta-import-id";

/// The header that says in which language reasons are written into the rejects file. Signed as well.
pub const LANGUAGE: &str = "x-amz-meta-language";

/// Signs addresses of the drop and the results bucket.
pub struct Presigner {
    client: aws_sdk_s3::Client,
    /// Where files are dropped.
    pub drops: String,
    results: String,
}

/// A signed address and when it ends.
pub struct Signed {
    /// The address.
    pub url: String,
    /// The last moment it works.
    pub expires_at: Timestamp,
}

impl Presigner {
    /// Signs with these credentials for these buckets.
    pub fn new(aws: &aws_config::SdkConfig, drops: String, results: String) -> Self {
        let config = aws_sdk_s3::config::Builder::from(aws)
            // An own endpoint has no DNS name for each bucket.
            .force_path_style(aws.endpoint_url().is_some())
            // A checksum would become a header that the browser has to send as well.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: aws_sdk_s3::Client::from_conf(config), drops, results }
    }

    /// Reads `DROPS_BUCKET` and `RESULTS_BUCKET`.
    pub fn from_env(env: &Env, aws: &aws_config::SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self::new(aws, env.required("DROPS_BUCKET")?, env.required("RESULTS_BUCKET")?))
    }

    /// Where an import's file may be put, with [`IMPORT_ID`] as a header, and [`LANGUAGE`] if one is given.
    pub async fn upload(&self, key: &str, import_id: Uuid, language: Option<Lang>) -> Result<Signed, Problem> {
        let (config, expires_at) = validity()?;
        let put = self.client.put_object().bucket(&self.drops).key(key).metadata("import-id", import_id.to_string());
        let put = match language {
            Some(language) => put.metadata("language", language.tag()),
            None => put,
        };
        let signed = put.presigned(config).await.map_err(|error| failed(&DisplayErrorContext(&error)))?;
        Ok(Signed { url: signed.uri().to_owned(), expires_at })
    }

    /// Where a result can be fetched, saved by a browser under `file_name`.
    pub async fn result(&self, key: &str, file_name: &str) -> Result<Signed, Problem> {
        let (config, expires_at) = validity()?;
        let saved = format!("attachment; filename*=UTF-8''{}", percent_encoded(file_name));
        let get = self.client.get_object().bucket(&self.results).key(key).response_content_disposition(saved);
        let signed = get.presigned(config).await.map_err(|error| failed(&DisplayErrorContext(&error)))?;
        Ok(Signed { url: signed.uri().to_owned(), expires_at })
    }
}

fn validity() -> Result<(PresigningConfig, Timestamp), Problem> {
    let now = SystemTime::now();
    let config = PresigningConfig::builder().start_time(now).expires_in(VALID).build();
    let config = config.map_err(|error| failed(&error))?;
    let now = Timestamp::try_from(now).map_err(|error| failed(&error))?;
    // Signatures count in whole seconds.
    let second = Timestamp::from_second(now.as_second()).map_err(|error| failed(&error))?;
    Ok((config, second + SignedDuration::from_secs(VALID.as_secs() as i64)))
}

/// Credentials that cannot be had are the usual reason.
fn failed(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(&problem::STORAGE_UNAVAILABLE).because(format!("signing: {error}"))
}

/// RFC 8187: everything but letters, digits and a few signs as its UTF-8 bytes.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_encoded_as_a_header_asks() {
        assert_eq!(percent_encoded("møte 1.csv"), "m%C3%B8te%201.csv");
        assert_eq!(percent_encoded("a\"b\r\n"), "a%22b%0D%0A");
    }
}
