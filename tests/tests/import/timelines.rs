//! The projector beside the importers: it takes their events in late, out of order and twice.

use profile::projector::{App, handle};
use serde_json::{Value, json};
use shared::bus::{consumer::SqsBatch, testing::RecordedNudges};
use std::{sync::Arc, time::Duration};
use tests::Database;

use super::{sequences::Random, support::World};

pub struct Timelines {
    projector: App,
    read: Vec<uuid::Uuid>,
    waiting: Vec<String>,
}

impl Timelines {
    pub fn over(database: &Database) -> Self {
        let nudges: Arc<RecordedNudges> = Arc::default();
        Self {
            projector: App::new(database.db_for("teei_profile_projector"), Box::new(nudges)),
            read: Vec::new(),
            waiting: Vec::new(),
        }
    }

    async fn read(&mut self, world: &World) {
        let rows = world
            .owner
            .query(
                "SELECT event_id, type, source, detail FROM bus.events WHERE event_id <> ALL ($1)
                 AND (type LIKE 'kintell.session.%' OR type LIKE 'buddy.%' OR type = 'fact.retracted.v1') ORDER BY event_id",
                &[&self.read],
            )
            .await
            .unwrap();
        for row in &rows {
            self.read.push(row.get(0));
            let detail: Value = serde_json::from_str(row.get(3)).unwrap();
            let body = json!({ "version": "0", "detail-type": row.get::<_, &str>(1), "source": row.get::<_, &str>(2), "detail": detail });
            self.waiting.push(body.to_string());
        }
    }

    /// Some of what waits, in any order, some of it twice.
    pub async fn take_in_some(&mut self, world: &World, random: &mut Random) {
        self.read(world).await;
        let many = random.below(self.waiting.len() + 1);
        self.take_in(many, random).await;
    }

    pub async fn take_in_all(&mut self, world: &World, random: &mut Random) {
        self.read(world).await;
        self.take_in(self.waiting.len(), random).await;
        self.read(world).await;
        self.take_in(self.waiting.len(), random).await;
    }

    async fn take_in(&mut self, many: usize, random: &mut Random) {
        let mut bodies = Vec::new();
        for _ in 0..many {
            let body = self.waiting.swap_remove(random.below(self.waiting.len()));
            if random.below(5) == 0 {
                bodies.push(body.clone());
            }
            bodies.push(body);
        }
        let records: Vec<_> =
            bodies.iter().enumerate().map(|(n, body)| json!({ "messageId": format!("m{n}"), "body": body })).collect();
        let batch: SqsBatch = serde_json::from_value(json!({ "Records": records })).unwrap();
        let summary = handle(&self.projector, batch, Duration::from_secs(120)).await;
        assert_eq!(summary.last_error, None, "the projector takes everything in");
    }

    /// Where timelines and facts differ.
    pub async fn differ(&self, world: &World) -> Vec<String> {
        let sql = "
            WITH facts AS (
              SELECT session_id AS fact_id, revision, participant_id AS profile_id, 'participant' AS role FROM core.kintell_sessions
              UNION ALL SELECT session_id, revision, volunteer_id, 'volunteer' FROM core.kintell_sessions
              UNION ALL SELECT match_id, revision, participant_id, 'participant' FROM core.buddy_matches
              UNION ALL SELECT match_id, revision, buddy_id, 'volunteer' FROM core.buddy_matches
              UNION ALL SELECT c.checkin_id, c.revision, m.participant_id, 'participant' FROM core.buddy_checkins c JOIN core.buddy_matches m USING (match_id)
              UNION ALL SELECT c.checkin_id, c.revision, m.buddy_id, 'volunteer' FROM core.buddy_checkins c JOIN core.buddy_matches m USING (match_id)
            ), timeline AS (SELECT fact_id, revision, profile_id, role FROM core.timeline)
            (SELECT 'missing ' || to_jsonb(f)::text FROM (SELECT * FROM facts EXCEPT SELECT * FROM timeline) f)
            UNION ALL (SELECT 'left over ' || to_jsonb(t)::text FROM (SELECT * FROM timeline EXCEPT SELECT * FROM facts) t)";
        world.owner.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}
