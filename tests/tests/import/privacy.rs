//! A planted person is nowhere but sealed in the vault.

use super::support::{RESULTS, World};

const CANARY: [&str; 4] = ["kanarifugl", "Kanari Fuglesang", "hemmelige ord om broren", "zzcanary"];

#[tokio::test]
async fn a_canary_person_is_in_no_row_outside_the_vault_and_nowhere_in_clear() {
    let world = World::new().await;
    world
        .import("kintell/users/u.csv", "Email,Name,Linkedin_URL,grant_access\nkanarifugl@people.example,Kanari Fuglesang,linkedin.com/in/kanarifugl,zzcanary\n")
        .await;
    let header = super::support::HEADER;
    let receipt = world
        .import(
            "kintell/sessions/a.csv",
            format!(
                "{header}\nS1,kanarifugl@people.example,b@p.example,2025-03-04T17:00:00Z,,,4,hemmelige ord om broren,A2\n\
                 S2,kanarifugl@people.example,b@p.example,2025-03-04T17:00:00Z,,,99,zzcanary,A2\n\
                 S3,kanarifugl@@people.example,b@p.example,2025-03-04T17:00:00Z,,,4,zzcanary,A2\n"
            ),
        )
        .await;
    assert_eq!(
        (receipt["counts"]["new"].as_i64(), receipt["counts"]["rejected"].as_i64()),
        (Some(1), Some(2)),
        "{receipt:#}"
    );

    let tables = world
        .owner
        .query("SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema IN ('vault', 'core', 'intake', 'bus', 'audit')", &[])
        .await
        .unwrap();
    assert!(tables.len() > 20);
    for row in tables {
        let table: String = row.get(0);
        for word in CANARY {
            let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
            let found = world
                .count(&format!(
                    "SELECT count(*) FROM {table} t WHERE t::text ILIKE '%{word}%' OR t::text LIKE '%{hex}%'"
                ))
                .await;
            assert_eq!(found, 0, "{word} is in {table}");
        }
    }
    // The rejected records themselves come back as they were; nothing else in the bucket repeats them.
    let rejects = |key: &String| key.ends_with("/rejects.csv") || key.ends_with("/rejects.xlsx");
    for key in world.blobs.keys(RESULTS).into_iter().filter(|key| !rejects(key)) {
        let receipt = String::from_utf8(world.blobs.read(RESULTS, &key).unwrap()).unwrap();
        assert!(CANARY.iter().all(|word| !receipt.contains(word)), "{receipt}");
    }
    assert_eq!(world.count("SELECT count(*) FROM vault.texts").await, 1, "the words are there, sealed");
    assert_eq!(world.count("SELECT count(*) FROM vault.attributes").await, 3);
}

/// People write names into titles and headers as well; a receipt shows none of it.
#[tokio::test]
async fn a_name_in_a_title_row_or_a_header_is_not_in_the_receipt() {
    let world = World::new().await;
    let titled = world.import("kintell/users/t.csv", "Report for Kanari Fuglesang\n").await;
    let header = format!("{},Notes by Kanari Fuglesang kanarifugl@people.example +47 91234567", super::support::HEADER);
    let unknown = world
        .import(
            "kintell/sessions/h.csv",
            format!("{header}\nS1,a@p.example,b@p.example,2025-03-04T17:00:00Z,,,4,hi,A2,x\n"),
        )
        .await;
    assert_eq!(unknown["counts"]["new"], 1, "{unknown:#}");
    for receipt in [titled, unknown] {
        assert!(CANARY.iter().all(|word| !receipt.to_string().contains(word)), "{receipt:#}");
        assert!(!receipt.to_string().contains("91234567"), "{receipt:#}");
    }
}
