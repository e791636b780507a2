//! Helpers of the black-box tests: a real Postgres database for each test, used under the functions' own roles.

use std::sync::atomic::{AtomicU32, Ordering};

use migrate::{RoleAuth, migrations};
use shared::{
    db::{Db, DbConfig},
    vault::{MemoryKeys, Vault},
};
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

/// The key every test's vault is wrapped with, so that two processes of one test can share a database.
pub fn keys() -> MemoryKeys {
    MemoryKeys::from_bytes([7; 32]).expect("32 bytes are a key")
}

/// A database of this test's own, cloned from a template that was migrated once. Dropped with the value.
pub struct Database {
    name: String,
    server: Config,
}

impl Database {
    /// Needs `TEST_DATABASE_URL`: a URL of a server where databases and roles may be made.
    pub async fn fresh() -> Self {
        let url = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL is not set: run `make test`, or point it at a Postgres server of your own");
        let server: Config = url.parse().expect("TEST_DATABASE_URL is a postgres:// URL");
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let admin = connect(&server).await;
        let template = template(&server, &admin).await;
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .expect("an old test database goes");
        admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .expect("the template can be cloned");
        Self { name, server }
    }

    /// A URL of this database for a function's role (`teei_profile_api`).
    pub fn url_for(&self, role: &str) -> String {
        let host = match self.server.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            _ => "127.0.0.1".to_owned(),
        };
        let port = self.server.get_ports().first().copied().unwrap_or(5432);
        format!("postgres://{role}:{}@{host}:{port}/{}", password(&self.server), self.name)
    }

    /// This database as a function sees it, under its role.
    pub fn db_for(&self, role: &str) -> Db {
        Db::connect_lazy(DbConfig::from_url(&self.url_for(role)).expect("the URL is ours"))
    }

    /// A connection as the owner, who sees everything.
    pub async fn owner(&self) -> Client {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        connect(&config).await
    }

    /// A connection under a role.
    pub async fn client_for(&self, role: &str) -> Client {
        connect(&self.url_for(role).parse().expect("the URL is ours")).await
    }

    /// The opened vault of this database.
    pub async fn vault(&self) -> Vault {
        Vault::open(&keys(), &self.owner().await).await.expect("the template has a keyring")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread of its own, because the test's runtime is at its end.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = connect(&server).await;
                let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
        })
        .join();
    }
}

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

fn password(server: &Config) -> String {
    String::from_utf8_lossy(server.get_password().unwrap_or_default()).into_owned()
}

/// The migrated template's name; made once a server and set of migrations, by whoever comes first.
async fn template(server: &Config, admin: &Client) -> String {
    let mut fingerprint: u64 = 0xcbf2_9ce4_8422_2325; // FNV-1a over the migrations' text and the declarations
    let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations"))
        .expect("the migrations are in the repository")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    let mut texts: Vec<_> = files.iter().map(|file| std::fs::read(file).expect("a migration can be read")).collect();
    // What consumers declare is noted beside the tables.
    texts.push(format!("{:?}", shared::contracts::consumers::ALL).into_bytes());
    for byte in texts.into_iter().flatten() {
        fingerprint = (fingerprint ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let name = format!("teei_template_{fingerprint:016x}");
    admin.batch_execute("SELECT pg_advisory_lock(hashtext('teei test template'))").await.expect("a lock");
    let there = admin
        .query("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", &[&name])
        .await
        .expect("a catalogue");
    if there.is_empty() {
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .expect("a half-made template goes");
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database can be made");
        let mut config = server.clone();
        config.dbname(&name);
        let mut client = connect(&config).await;
        migrations(&mut client).await.expect("the migrations run");
        Vault::initialise(&keys(), &client).await.expect("the keyring is made");
        let password = password(server);
        let logins = migrate::Logins { auth: RoleAuth::Secret, store: Box::new(FixedLogins(password)) };
        logins.apply(&client).await.expect("the roles get logins");
        drop(client);
        admin.batch_execute(&format!("ALTER DATABASE {name} IS_TEMPLATE true")).await.expect("a template");
    }
    admin.batch_execute("SELECT pg_advisory_unlock(hashtext('teei test template'))").await.expect("an unlock");
    name
}

/// On the test server every role has the server's own password.
struct FixedLogins(String);

#[async_trait::async_trait]
impl migrate::LoginStore for FixedLogins {
    async fn get(&self, _role: &str) -> Result<Option<shared::pii::Pii<String>>, migrate::MigrateError> {
        Ok(Some(shared::pii::Pii::new(self.0.clone())))
    }

    async fn put(&self, _role: &str, _password: &shared::pii::Pii<String>) -> Result<(), migrate::MigrateError> {
        Ok(())
    }
}

/// An id that sorts by time.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
