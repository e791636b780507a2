//! Postgres: one connection a function instance, under the function's own role.
//!
//! The pool has size 1: a Lambda instance serves one event at a time, and a second checkout inside it would wait
//! for itself. So repositories take `&Transaction` and only handlers check out. There is no session state to pin.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use serde::Deserialize;
use tokio_postgres::{NoTls, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    config::{ConfigError, Env},
    error::{Classified, Retry},
    pii::Pii,
};

/// How long a checkout may take before the caller answers that the database is not there.
const CHECKOUT_LIMIT: Duration = Duration::from_secs(5);

/// An IAM token opens connections for 15 minutes; a new one is signed before that.
const IAM_TOKEN_SECONDS: u64 = 900;

/// What the database can fail with. The driver's own text stays in here: it may quote values.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection within the limit, or it broke.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered with an error; only its SQLSTATE is shown.
    #[error("the database refused the statement (SQLSTATE {})", .0.code().map_or("none", SqlState::code))]
    Statement(tokio_postgres::Error),
}

impl Classified for DbError {
    fn retry(&self) -> Retry {
        match self {
            Self::Unavailable(_) => Retry::Retry,
            // Class 08 connection, 40 rollback (deadlock, serialisation), 53 resources, 57 operator intervention,
            // 55P03 lock not available: https://www.postgresql.org/docs/current/errcodes-appendix.html
            Self::Statement(error) => match error.code().map(SqlState::code) {
                None => Retry::Retry,
                Some(code) if ["08", "40", "53", "57"].contains(&&code[..2]) || code == "55P03" => Retry::Retry,
                Some(_) => Retry::Never,
            },
        }
    }

    fn code(&self) -> &'static str {
        match self.retry() {
            Retry::Retry => "database_unavailable",
            _ => "database_error",
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(_) => Self::Statement(error),
            None => Self::Unavailable(Box::new(error)),
        }
    }
}

impl From<deadpool_postgres::PoolError> for DbError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

/// How a connection proves who it is.
#[derive(Clone)]
enum Login {
    Password(Pii<String>),
    Iam(Box<SdkConfig>),
}

/// Where the database is and under which role to ask it.
#[derive(Clone)]
pub struct DbConfig {
    postgres: tokio_postgres::Config,
    login: Login,
    tls: bool,
    ca_file: Option<String>,
}

/// The shape of a database secret, the same as the one RDS manages itself.
#[derive(Deserialize)]
struct Secret {
    password: String,
}

impl DbConfig {
    /// Reads `DATABASE_*`; with `DATABASE_AUTH=secret` asks Secrets Manager for the password.
    pub async fn from_env(env: &Env, aws: &SdkConfig) -> Result<Self, ConfigError> {
        let mut postgres = tokio_postgres::Config::new();
        postgres
            .host(env.required("DATABASE_HOST")?)
            .port(env.parsed("DATABASE_PORT")?)
            .dbname(env.required("DATABASE_NAME")?)
            .user(env.required("DATABASE_USER")?);
        let invalid = |name, why: &str| ConfigError::Invalid { name, why: why.to_owned() };
        let tls = match env.required("DATABASE_TLS")?.as_str() {
            "require" => true,
            "off" => false,
            _ => return Err(invalid("DATABASE_TLS", "it is neither require nor off")),
        };
        let login = match env.required("DATABASE_AUTH")?.as_str() {
            "iam" if tls => Login::Iam(Box::new(aws.clone())),
            "iam" => return Err(invalid("DATABASE_TLS", "IAM logins need require")),
            "secret" => Login::Password(read_secret(aws, &env.required("DATABASE_SECRET")?).await?),
            _ => return Err(invalid("DATABASE_AUTH", "it is neither iam nor secret")),
        };
        Ok(Self { postgres, login, tls, ca_file: env.optional("DATABASE_CA_FILE") })
    }

    /// A connection URL with its password, without TLS: for tests on this machine.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let why = |_| ConfigError::Invalid { name: "DATABASE_URL", why: "it is no postgres:// URL".to_owned() };
        let postgres: tokio_postgres::Config = url.parse().map_err(why)?;
        let password = String::from_utf8_lossy(postgres.get_password().unwrap_or_default()).into_owned();
        Ok(Self { postgres, login: Login::Password(Pii::new(password)), tls: false, ca_file: None })
    }
}

async fn read_secret(aws: &SdkConfig, name: &str) -> Result<Pii<String>, ConfigError> {
    let invalid = |why: String| ConfigError::Invalid { name: "DATABASE_SECRET", why };
    let answer = aws_sdk_secretsmanager::Client::new(aws)
        .get_secret_value()
        .secret_id(name)
        .send()
        .await
        .map_err(|error| invalid(format!("the secret {name} cannot be read ({})", sdk_code(&error))))?;
    let secret: Secret = serde_json::from_str(answer.secret_string().unwrap_or_default())
        .map_err(|_| invalid(format!("the secret {name} is not JSON with a password")))?;
    Ok(Pii::new(secret.password))
}

/// The stable code of an AWS error, without its message.
pub fn sdk_code<E: aws_sdk_secretsmanager::error::ProvideErrorMetadata>(error: &E) -> &str {
    error.code().unwrap_or("no answer")
}

/// The function's connection. Cheap to clone; connects on first use and again when the connection broke.
#[derive(Clone)]
pub struct Db {
    config: Arc<DbConfig>,
    // IAM tokens expire, so the pool is rebuilt with a fresh one; with a password it is built once.
    pool: Arc<tokio::sync::Mutex<Option<(Pool, tokio::time::Instant)>>>,
}

impl Db {
    /// Takes the configuration; nothing is opened yet.
    pub fn connect_lazy(config: DbConfig) -> Self {
        Self { config: Arc::new(config), pool: Arc::default() }
    }

    /// Opens the connection in the background, so that the first request finds it: 40–50 ms and a TLS handshake
    /// off a cold start. A failure is left for the first request to report.
    pub fn warm_up(&self) {
        let db = self.clone();
        tokio::spawn(async move { db.client().await.map(drop) });
    }

    /// Checks the connection out. One retry, before any statement ran: a connection that died while the function
    /// slept is noticed only when it is used.
    pub async fn client(&self) -> Result<deadpool_postgres::Client, DbError> {
        let pool = self.pool().await?;
        let client = pool.get().await?;
        match client.simple_query("").await {
            Ok(_) => Ok(client),
            Err(_) => {
                drop(deadpool_postgres::Object::take(client));
                Ok(pool.get().await?)
            }
        }
    }

    async fn pool(&self) -> Result<Pool, DbError> {
        let mut slot = self.pool.lock().await;
        if let Some((pool, built)) = &*slot
            && (matches!(self.config.login, Login::Password(_)) || built.elapsed().as_secs() + 60 < IAM_TOKEN_SECONDS)
        {
            return Ok(pool.clone());
        }
        let pool = build_pool(&self.config).await?;
        *slot = Some((pool.clone(), tokio::time::Instant::now()));
        Ok(pool)
    }
}

async fn build_pool(config: &DbConfig) -> Result<Pool, DbError> {
    let mut postgres = config.postgres.clone();
    match &config.login {
        Login::Password(password) => postgres.password(password.expose()),
        Login::Iam(aws) => postgres.password(iam_token(aws, &config.postgres).await?.expose()),
    };
    // A function frozen or killed inside a transaction must not hold its locks for ever.
    postgres
        .options("-c idle_in_transaction_session_timeout=120s -c timezone=UTC")
        .connect_timeout(CHECKOUT_LIMIT)
        .ssl_mode(if config.tls { SslMode::Require } else { SslMode::Disable });
    let recycle = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if config.tls {
        Manager::from_config(postgres, tls_connector(config.ca_file.as_deref())?, recycle)
    } else {
        Manager::from_config(postgres, NoTls, recycle)
    };
    Pool::builder(manager)
        .max_size(1)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(CHECKOUT_LIMIT))
        .create_timeout(Some(CHECKOUT_LIMIT))
        .build()
        .map_err(|error| DbError::Unavailable(Box::new(error)))
}

/// TLS with the web's root certificates, and the file of `DATABASE_CA_FILE` (RDS has roots of its own).
fn tls_connector(ca_file: Option<&str>) -> Result<MakeRustlsConnect, DbError> {
    let unavailable = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Unavailable(error);
    let Some(path) = ca_file else {
        return Ok(MakeRustlsConnect::with_webpki_roots());
    };
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unavailable(Box::new(error)))? {
        let certificate = certificate.map_err(|error| unavailable(Box::new(error)))?;
        roots.add(certificate).map_err(|error| unavailable(Box::new(error)))?;
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unavailable(Box::new(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A password that is a signed request: see "IAM database authentication" of the RDS user guide.
async fn iam_token(aws: &SdkConfig, postgres: &tokio_postgres::Config) -> Result<Pii<String>, DbError> {
    let unavailable = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Unavailable(error);
    let provider = aws.credentials_provider().ok_or_else(|| unavailable("the function has no credentials".into()))?;
    let credentials = provider.provide_credentials().await.map_err(|error| unavailable(Box::new(error)))?;
    let region = aws.region().ok_or_else(|| unavailable("AWS_REGION is not set".into()))?;
    sign_iam_token(credentials, region.as_ref(), postgres, std::time::SystemTime::now()).map_err(unavailable)
}

fn sign_iam_token(
    credentials: aws_credential_types::Credentials,
    region: &str,
    postgres: &tokio_postgres::Config,
    now: std::time::SystemTime,
) -> Result<Pii<String>, Box<dyn std::error::Error + Send + Sync>> {
    use aws_sigv4::{
        http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
        sign::v4,
    };
    let Some(tokio_postgres::config::Host::Tcp(host)) = postgres.get_hosts().first() else {
        return Err("DATABASE_HOST is no host name".into());
    };
    let port = postgres.get_ports().first().copied().unwrap_or(5432);
    let user = postgres.get_user().unwrap_or_default();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(IAM_TOKEN_SECONDS));
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()?
        .into();
    let mut url = format!("https://{host}:{port}/?Action=connect&DBUser={user}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(request, &params)?.into_parts();
    for (name, value) in instructions.params() {
        let value: String = value.bytes().map(percent).collect();
        url.push_str(&format!("&{name}={value}"));
    }
    Ok(Pii::new(url.trim_start_matches("https://").to_owned()))
}

/// RFC 3986 percent-encoding of one byte, as the signature's canonical form wants it.
fn percent(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iam_token_is_a_presigned_connect_request_without_scheme() {
        let mut postgres = tokio_postgres::Config::new();
        postgres.host("db.example.org").port(5432).user("teei_kintell_import");
        let credentials =
            aws_credential_types::Credentials::new("AKIDEXAMPLE", "secret", Some("a/b+c".to_owned()), None, "test");
        let token = sign_iam_token(credentials, "eu-north-1", &postgres, std::time::UNIX_EPOCH).unwrap();
        let token = token.expose();
        assert!(token.starts_with("db.example.org:5432/?Action=connect&DBUser=teei_kintell_import&"), "{token}");
        for part in [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Expires=900",
            "X-Amz-Signature=",
            "X-Amz-Security-Token=a%2Fb%2Bc",
            "eu-north-1%2Frds-db%2Faws4_request",
        ] {
            assert!(token.contains(part), "{part} is missing in {token}");
        }
    }

    #[test]
    fn tls_is_required_for_iam_logins() {
        let env = Env::from_pairs(&[
            ("DATABASE_HOST", "h"),
            ("DATABASE_PORT", "5432"),
            ("DATABASE_NAME", "n"),
            ("DATABASE_USER", "u"),
            ("DATABASE_AUTH", "iam"),
            ("DATABASE_TLS", "off"),
        ]);
        let aws = SdkConfig::builder().build();
        let error = futures::executor::block_on(DbConfig::from_env(&env, &aws)).err().unwrap();
        assert!(matches!(error, ConfigError::Invalid { name: "DATABASE_TLS", .. }), "{error}");
    }
}
