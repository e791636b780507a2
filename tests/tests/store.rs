//! The store as migrated: who may read what, and that running the deploy again changes nothing.

use migrate::{App, Logins, Request, RoleAuth, handle};
use shared::pii::Pii;
use tests::{Database, keys};

struct Password(String);

#[async_trait::async_trait]
impl migrate::LoginStore for Password {
    async fn get(&self, _role: &str) -> Result<Option<Pii<String>>, migrate::MigrateError> {
        Ok(Some(Pii::new(self.0.clone())))
    }
    async fn put(&self, _role: &str, _password: &Pii<String>) -> Result<(), migrate::MigrateError> {
        Ok(())
    }
}

fn app(database: &Database, stage: &str) -> App {
    let url: tokio_postgres::Config = std::env::var("TEST_DATABASE_URL").unwrap().parse().unwrap();
    let password = String::from_utf8_lossy(url.get_password().unwrap_or_default()).into_owned();
    App {
        db: database.db_for(url.get_user().unwrap()),
        keys: Box::new(keys()),
        logins: Logins { auth: RoleAuth::Secret, store: Box::new(Password(password)) },
        stage: stage.to_owned(),
    }
}

#[tokio::test]
async fn migrating_and_seeding_again_changes_nothing() {
    let database = Database::fresh().await;
    let app = app(&database, "local");
    let first = handle(&app, Request { seed: true }).await.unwrap();
    assert!(first.seeded.unwrap() > 20, "{first:?}");
    let second = handle(&app, Request { seed: true }).await.unwrap();
    assert_eq!(second.seeded, Some(0));
    assert_eq!((second.applied.len(), second.keys_made), (0, 0));
}

#[tokio::test]
async fn the_seed_is_refused_on_a_stage_with_people() {
    let database = Database::fresh().await;
    let error = handle(&app(&database, "prod"), Request { seed: true }).await.unwrap_err();
    assert_eq!(shared::error::Classified::code(&error), "seed_refused");
    let profiles: i64 =
        database.owner().await.query_one("SELECT count(*) FROM core.profiles", &[]).await.unwrap().get(0);
    assert_eq!(profiles, 0);
}

const ROLES: [&str; 15] = [
    "teei_kintell_import",
    "teei_kintell_webhook",
    "teei_buddy_import",
    "teei_upskilling_import",
    "teei_upskilling_sync",
    "teei_bus_relay",
    "teei_profile_projector",
    "teei_profile_api",
    "teei_gateway_api",
    "teei_buddy_api",
    "teei_upskilling_webhook",
    "teei_moderation_screener",
    "teei_moderation_api",
    "teei_q2q_scorer",
    "teei_q2q_api",
];

/// Every privilege a function's role has on the vault, as one list: whoever widens it sees this test.
#[tokio::test]
async fn each_role_reaches_only_its_part_of_the_vault() {
    let database = Database::fresh().await;
    let rows = database
        .owner()
        .await
        .query(
            "SELECT grantee::text || ' ' || privilege_type::text || ' ' || table_name::text AS grant
             FROM information_schema.role_table_grants
             WHERE table_schema = 'vault' AND grantee LIKE 'teei\\_%' AND grantee <> current_user
             UNION
             SELECT grantee::text || ' ' || privilege_type::text || ' ' || table_name::text || '(' || string_agg(column_name::text, ',' ORDER BY column_name::text) || ')'
             FROM information_schema.role_column_grants c
             WHERE table_schema = 'vault' AND grantee LIKE 'teei\\_%' AND grantee <> current_user AND privilege_type = 'SELECT'
               AND NOT EXISTS (SELECT FROM information_schema.role_table_grants t
                               WHERE t.table_schema = 'vault' AND t.table_name = c.table_name AND t.grantee = c.grantee AND t.privilege_type = 'SELECT')
             GROUP BY grantee, privilege_type, table_name
             ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let grants: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected = [
        "teei_buddy_api INSERT emails",
        "teei_buddy_api INSERT subject_keys",
        "teei_buddy_api INSERT texts",
        "teei_buddy_api SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_buddy_api SELECT keyring",
        "teei_buddy_api SELECT subject_keys",
        "teei_buddy_api SELECT suppressions",
        "teei_buddy_api SELECT texts(digest,fact_id,field,revision,subject_id,supersedes,text_id,withdrawn_at)",
        "teei_buddy_import INSERT attributes",
        "teei_buddy_import INSERT emails",
        "teei_buddy_import INSERT subject_keys",
        "teei_buddy_import INSERT texts",
        "teei_buddy_import SELECT attributes(digest,field,folded,profile_id,revision,set_at,source)",
        "teei_buddy_import SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_buddy_import SELECT keyring",
        "teei_buddy_import SELECT subject_keys",
        "teei_buddy_import SELECT suppressions",
        "teei_buddy_import SELECT texts(author_id,author_role,digest,fact_id,field,import_id,kind,line,revision,source,subject_id,supersedes,text_id,withdrawn_at,written_at)",
        "teei_buddy_import UPDATE attributes",
        "teei_gateway_api SELECT attribute_revisions(digest,field,import_id,line,profile_id,revision,sealed,source)",
        "teei_gateway_api SELECT attributes(digest,field,import_id,line,profile_id,revision,sealed,source)",
        "teei_gateway_api SELECT emails(added_at,blind_index,email_id,import_id,line,profile_id,sealed,source)",
        "teei_gateway_api SELECT keyring",
        "teei_gateway_api SELECT subject_keys(epoch,profile_id,wrapped)",
        "teei_gateway_api SELECT texts(digest,sealed,subject_id,text_id)",
        "teei_kintell_import INSERT attributes",
        "teei_kintell_import INSERT emails",
        "teei_kintell_import INSERT subject_keys",
        "teei_kintell_import INSERT texts",
        "teei_kintell_import SELECT attributes(digest,field,folded,profile_id,revision,set_at,source)",
        "teei_kintell_import SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_kintell_import SELECT keyring",
        "teei_kintell_import SELECT subject_keys",
        "teei_kintell_import SELECT suppressions",
        "teei_kintell_import SELECT texts(author_id,author_role,digest,fact_id,field,import_id,kind,line,revision,source,subject_id,supersedes,text_id,withdrawn_at,written_at)",
        "teei_kintell_import UPDATE attributes",
        "teei_kintell_webhook INSERT emails",
        "teei_kintell_webhook INSERT subject_keys",
        "teei_kintell_webhook INSERT texts",
        "teei_kintell_webhook SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_kintell_webhook SELECT keyring",
        "teei_kintell_webhook SELECT subject_keys",
        "teei_kintell_webhook SELECT suppressions",
        "teei_kintell_webhook SELECT texts(digest,fact_id,field,revision,subject_id,supersedes,text_id,withdrawn_at)",
        "teei_moderation_api DELETE cleared_texts",
        "teei_moderation_api INSERT cleared_texts",
        "teei_moderation_api INSERT review_notes",
        "teei_moderation_api SELECT cleared_texts(text_id)",
        "teei_moderation_api SELECT keyring",
        "teei_moderation_api SELECT review_notes",
        "teei_moderation_api SELECT subject_keys(epoch,profile_id,wrapped)",
        "teei_moderation_api SELECT texts(author_role,kind,sealed,subject_id,text_id,withdrawn_at)",
        "teei_moderation_screener DELETE cleared_texts",
        "teei_moderation_screener INSERT cleared_texts",
        "teei_moderation_screener SELECT cleared_texts(text_id,withdrawn_at)",
        "teei_moderation_screener SELECT keyring",
        "teei_moderation_screener SELECT review_notes(subject_id)",
        "teei_moderation_screener SELECT subject_keys(epoch,profile_id,wrapped)",
        "teei_moderation_screener SELECT texts(author_id,author_role,fact_id,import_id,kind,line,received_at,sealed,source,subject_id,supersedes,text_id,withdrawn_at,written_at)",
        "teei_profile_api INSERT attributes",
        "teei_profile_api SELECT attributes",
        "teei_profile_api SELECT emails",
        "teei_profile_api SELECT keyring",
        "teei_profile_api SELECT subject_keys",
        "teei_profile_api SELECT suppressions",
        "teei_profile_api UPDATE attributes",
        "teei_q2q_api SELECT cleared_texts(sealed,subject_id,text_id,withdrawn_at)",
        "teei_q2q_api SELECT keyring",
        "teei_q2q_api SELECT subject_keys(destroyed_at,epoch,profile_id,wrapped)",
        "teei_q2q_api SELECT texts(author_id,author_role,kind,source,subject_id,supersedes,text_id,withdrawn_at)",
        "teei_q2q_scorer SELECT cleared_texts(cleared_at,screening_id,sealed,subject_id,text_id,withdrawn_at)",
        "teei_q2q_scorer SELECT keyring",
        "teei_q2q_scorer SELECT subject_keys(destroyed_at,epoch,profile_id,wrapped)",
        "teei_q2q_scorer SELECT texts(author_id,author_role,fact_id,field,import_id,kind,line,source,subject_id,supersedes,text_id,withdrawn_at,written_at)",
        "teei_upskilling_import INSERT emails",
        "teei_upskilling_import INSERT subject_keys",
        "teei_upskilling_import INSERT texts",
        "teei_upskilling_import SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_upskilling_import SELECT keyring",
        "teei_upskilling_import SELECT subject_keys",
        "teei_upskilling_import SELECT suppressions",
        "teei_upskilling_import SELECT texts(author_id,author_role,digest,fact_id,field,import_id,kind,line,revision,source,subject_id,supersedes,text_id,withdrawn_at,written_at)",
        "teei_upskilling_sync INSERT emails",
        "teei_upskilling_sync INSERT subject_keys",
        "teei_upskilling_sync SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_upskilling_sync SELECT keyring",
        "teei_upskilling_sync SELECT subject_keys",
        "teei_upskilling_sync SELECT suppressions",
        "teei_upskilling_webhook INSERT emails",
        "teei_upskilling_webhook INSERT subject_keys",
        "teei_upskilling_webhook SELECT emails(blind_index,email_id,profile_id,source)",
        "teei_upskilling_webhook SELECT keyring",
        "teei_upskilling_webhook SELECT subject_keys",
        "teei_upskilling_webhook SELECT suppressions",
    ];
    assert_eq!(grants, expected, "{grants:#?}");
}

#[tokio::test]
async fn the_roles_own_nothing_and_cannot_read_sealed_texts() {
    let database = Database::fresh().await;
    let owned: i64 = database
        .owner()
        .await
        .query_one(
            "SELECT count(*) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
             WHERE rolname LIKE 'teei\\_%' AND rolname <> current_user",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(owned, 0);
    // gateway-api answers an admin what was read from a record, and moderation-api a reviewer, with an entry in the audit
    // log for each; the screener is there to read texts.
    let readers = ["teei_gateway_api", "teei_moderation_screener", "teei_moderation_api"];
    for role in ROLES.into_iter().filter(|role| !readers.contains(role)) {
        let error = database.client_for(role).await.query("SELECT sealed FROM vault.texts", &[]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{role} may not read sealed texts");
    }
}

#[tokio::test]
async fn texts_are_found_by_whose_place_they_take_and_by_who_wrote_them() {
    let database = Database::fresh().await;
    for column in ["subject_id", "author_id", "supersedes"] {
        let index: i64 = database
            .owner()
            .await
            .query_one(
                "SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                 WHERE i.indrelid = 'vault.texts'::regclass AND a.attname = $1",
                &[&column],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(index, 1, "{column}");
    }
}

#[tokio::test]
async fn an_event_once_written_cannot_be_changed_by_any_function() {
    let database = Database::fresh().await;
    for role in ROLES {
        let client = database.client_for(role).await;
        for statement in [
            "UPDATE bus.events SET detail = '{}'",
            "DELETE FROM bus.events",
            "DELETE FROM audit.log",
            "TRUNCATE intake.fates",
        ] {
            let error = client.batch_execute(statement).await.unwrap_err();
            assert_eq!(error.code().unwrap().code(), "42501", "{role}: {statement}");
        }
    }
}
