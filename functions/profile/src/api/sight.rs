//! Which profiles a caller sees, and how much of them: the access table's words "all", "own" and "own programmes".

use std::collections::HashMap;

use shared::{
    auth::{Claims, Role},
    db::DbError,
};
use tokio_postgres::{Transaction, types::Type};
use uuid::Uuid;

/// How much of a profile a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Full,
    /// The first name: a volunteer, of somebody met in a session or matched with.
    FirstName,
}

/// The profiles among `ids` that exist and that the caller may see.
pub async fn sight(tx: &Transaction<'_>, claims: &Claims, ids: &[Uuid]) -> Result<HashMap<Uuid, Sight>, DbError> {
    let all = matches!(claims.role, Role::Admin | Role::Dpo | Role::Service);
    let own = claims.profile_id.filter(|_| matches!(claims.role, Role::Participant | Role::Volunteer));
    let staff = (claims.role == Role::Coordinator).then_some(claims.sub.as_str());
    let volunteer = claims.profile_id.filter(|_| claims.role == Role::Volunteer);
    let rows = tx
        .query_typed(
            "SELECT profile_id, whole FROM (
               SELECT p.profile_id,
                      $2 OR COALESCE(p.profile_id = $3, false)
                         OR EXISTS (SELECT 1 FROM core.enrolments e JOIN core.programme_staff s USING (programme)
                                    WHERE e.profile_id = p.profile_id AND s.subject = $4) AS whole,
                      EXISTS (SELECT 1 FROM core.kintell_sessions k
                              WHERE k.participant_id = p.profile_id AND k.volunteer_id = $5)
                      OR EXISTS (SELECT 1 FROM core.buddy_matches m
                                 WHERE m.participant_id = p.profile_id AND m.buddy_id = $5) AS met
               FROM core.profiles p WHERE p.profile_id = ANY($1)) AS seen
             WHERE whole OR met",
            &[
                (&ids, Type::UUID_ARRAY),
                (&all, Type::BOOL),
                (&own, Type::UUID),
                (&staff, Type::TEXT),
                (&volunteer, Type::UUID),
            ],
        )
        .await?;
    let sight = |whole: bool| if whole { Sight::Full } else { Sight::FirstName };
    Ok(rows.iter().map(|row| (row.get(0), sight(row.get(1)))).collect())
}
