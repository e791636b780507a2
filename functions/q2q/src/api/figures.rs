//! `GET /v1/q2q/outcomes`: figures of many people, for staff as they are, for companies suppressed.

mod answer;

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth::{Claims, Role},
    http::{Caller, Day, FieldError, Ids, Problem, Query, problem},
};
use tokio_postgres::{IsolationLevel, Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use self::answer::{Answer, CoverageCell, DimensionFigures, for_company, for_staff};
use super::{App, audit};
use crate::figures::{
    DIMENSIONS, published,
    quarter::{Quarter, ZONE, zone},
    rows::{self, Of},
    suppress,
};

/// The programmes there are.
pub(super) const PROGRAMMES: [&str; 4] = ["buddy", "language", "mentorship", "upskilling"];

/// What to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// Of one company. Company users get their own in any case.
    company: Option<Uuid>,
    /// `buddy`, `language`, `mentorship` or `upskilling`; all if absent, for coordinators their own.
    #[param(example = "language")]
    programme: Option<String>,
    /// The first day, `YYYY-MM-DD`, in Norway; a year before `to` if absent. For company users a quarter's first day.
    #[param(value_type = Option<String>, format = Date, example = "2025-01-01")]
    from: Option<Day>,
    /// The day after the last. Tomorrow if absent; for company users the end of the last quarter that is published.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    to: Option<Day>,
    /// One dimension; all if absent.
    #[param(example = "belonging")]
    dimension: Option<String>,
}

/// Texts that are in no figure, and why (staff only).
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct LeftOut {
    /// The person, or who wrote it, does not allow scoring.
    no_purpose: i64,
    /// The person does not allow figures for companies.
    no_company_reporting: i64,
    /// Moderation does not let it through.
    held: i64,
    /// Nobody said who wrote it.
    undeclared: i64,
    /// It belongs to no company.
    no_company: i64,
}

/// Figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    /// The company, where it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<Uuid>,
    /// The programme, where it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    programme: Option<String>,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Whether counts are multiples of five, shares and means steps of 0.05, and small groups left out beside others.
    for_company: bool,
    /// Texts and people.
    coverage: Vec<CoverageCell>,
    /// All of it together: people are counted once, so they are fewer than in the cells one by one. Absent without any,
    /// and for companies.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage_total: Option<CoverageCell>,
    /// Each dimension.
    dimensions: Vec<DimensionFigures>,
    /// Scores that went with people who were erased; they are in no figure any more (staff only: what companies were told
    /// stays, and a number of the erased would be about fewer people than any figure).
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_scores: Option<usize>,
    /// What is in no figure, and why (staff only).
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
    /// Always so.
    note: &'static str,
}

const NOTE: &str = "From one text each, by rules: weak evidence about a person, so it is shown for groups only. No evidence is in no mean.";

/// What was asked for, checked.
struct Wanted {
    company: Option<Uuid>,
    /// Of all if none are named.
    programmes: Option<Vec<String>>,
    from: Date,
    to: Date,
    dimensions: Vec<usize>,
    for_company: bool,
}

fn wanted(query: FiguresQuery, claims: &Claims, now: Timestamp) -> Result<Wanted, Problem> {
    let mut errors = Vec::new();
    let mut wrong = |field, code, detail: &'static str| errors.push(FieldError::new(field, code, detail));
    let for_company = claims.role == Role::CompanyUser;
    // What a role may not know exists is not found: another company is none.
    let company = match (for_company, query.company, claims.company_id) {
        (false, asked, _) => asked,
        (true, None, Some(own)) => Some(own),
        (true, Some(asked), Some(own)) if asked == own => Some(own),
        (true, ..) => return Err(Problem::new(&problem::NOT_FOUND)),
    };
    if query.programme.as_deref().is_some_and(|programme| !PROGRAMMES.contains(&programme)) {
        wrong("programme", "unknown_programme", "A programme is buddy, language, mentorship or upskilling.");
    }
    let dimensions = match query.dimension.as_deref() {
        None => (0..DIMENSIONS.len()).collect(),
        Some(name) => DIMENSIONS.iter().position(|dimension| *dimension == name).into_iter().collect::<Vec<_>>(),
    };
    if dimensions.is_empty() {
        wrong("dimension", "unknown_dimension", "A dimension is one of those GET /v1/q2q/taxonomy names.");
    }
    let last = suppress::last_due(now);
    let end = if for_company { last.next().first_day() } else { now.to_zoned(zone()).date().saturating_add(1.day()) };
    let to = query.to.map_or(end, Day::get);
    let from = query.from.map_or_else(
        || {
            let year_before = Day::at_least_first(to.saturating_sub(1.year())).get();
            if for_company { Quarter::of(year_before).first_day() } else { year_before }
        },
        Day::get,
    );
    if from >= to {
        wrong("to", "out_of_range", "`to` is after `from`.");
    }
    if for_company {
        if query.from.is_some_and(|day| !Quarter::begins(day.get())) {
            wrong(
                "from",
                "whole_quarters",
                "Figures are of whole quarters: begin with 1 January, 1 April, 1 July or 1 October.",
            );
        }
        if query.to.is_some_and(|day| !Quarter::begins(day.get())) {
            wrong(
                "to",
                "whole_quarters",
                "Figures are of whole quarters: end before 1 January, 1 April, 1 July or 1 October.",
            );
        } else if to > end {
            wrong("to", "not_yet", "A quarter is published thirty days after its end.");
        }
    }
    Problem::check(errors)?;
    let programmes = query.programme.map(|programme| vec![programme]);
    Ok(Wanted { company, programmes, from, to, dimensions, for_company })
}

/// Figures of many people
///
/// How many texts, of how many people, how many were not read, how many give evidence, which way, the mean with its
/// interval, and how it changes. At least five people a number, ten for well-being. Coordinators see their own
/// programmes. Company users see their own company as it was published, a quarter once it ended thirty days ago: in
/// blocks that no set of answers takes apart, and with numbers that do not change any more; people who do not allow
/// figures for companies are not in them. Asking is written to the audit log.
#[utoipa::path(get, path = "/v1/q2q/outcomes", operation_id = "get_outcome_figures", params(FiguresQuery),
    responses(
        (status = 200, description = "Figures", body = Figures),
        (status = 404, description = "`not_found`: not your company, not your programme"),
        (status = 422, description = "`bad_field`")))]
pub async fn figures(
    State(app): State<Arc<App>>,
    Query(query): Query<FiguresQuery>,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Json<Figures>, Problem> {
    let now = Timestamp::now();
    let programme = query.programme.clone();
    let mut wanted = wanted(query, &claims, now)?;
    let mut client = app.db.client().await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    if let Some(company) = wanted.company {
        let sql = "SELECT FROM core.companies WHERE company_id = $1";
        if tx.query_typed(sql, &[(&company, Type::UUID)]).await?.is_empty() {
            return Err(Problem::new(&problem::NOT_FOUND));
        }
    }
    if claims.role == Role::Coordinator {
        let own = own_programmes(&tx, &claims).await?;
        match &wanted.programmes {
            None => wanted.programmes = Some(own),
            Some(asked) if asked.iter().all(|programme| own.contains(programme)) => {}
            Some(_) => return Err(Problem::new(&problem::NOT_FOUND)),
        }
    }
    let (answer, erased_scores, left_out) = match wanted.company {
        Some(company) if wanted.for_company => (for_company(&published::of(&tx, company).await?, &wanted), None, None),
        company => {
            let programmes = wanted.programmes.as_deref();
            let of = Of { company, programmes, days: Some((wanted.from, wanted.to)) };
            let texts = rows::texts(&tx, of).await?;
            let left_out = left_out(&tx, &wanted).await?;
            (for_staff(&texts, &wanted), Some(erased(&tx, &wanted).await?), Some(left_out))
        }
    };
    let Answer { coverage, coverage_total, dimensions } = answer;
    let note = json!({"company": wanted.company, "programme": programme, "from": wanted.from, "to": wanted.to});
    audit::note(&tx, &ids, &claims, "outcome.figures", None, &note).await?;
    tx.commit().await?;
    Ok(Json(Figures {
        company: wanted.company,
        programme,
        from: wanted.from,
        to: wanted.to,
        for_company: wanted.for_company,
        coverage,
        coverage_total,
        dimensions,
        erased_scores,
        left_out,
        note: NOTE,
    }))
}

/// The programmes a coordinator works for; of others they see no figure, because with days of one's own choice any two
/// figures can be subtracted.
async fn own_programmes(tx: &Transaction<'_>, claims: &Claims) -> Result<Vec<String>, Problem> {
    let sql = "SELECT programme FROM core.programme_staff WHERE subject = $1 ORDER BY programme";
    Ok(tx.query_typed(sql, &[(&claims.sub, Type::TEXT)]).await?.iter().map(|row| row.get(0)).collect())
}

const SCOPE: &str = "($1::uuid IS NULL OR company_id = $1) AND ($2::text[] IS NULL OR programme = ANY ($2))";

async fn erased(tx: &Transaction<'_>, wanted: &Wanted) -> Result<usize, Problem> {
    let rows = tx
        .query_typed(
            &format!(
                "SELECT count(*) FROM core.outcome_tombstones WHERE reason = 'erased' AND {SCOPE}
                 AND occurred_at >= $3::text::date::timestamp AT TIME ZONE '{ZONE}' AND occurred_at < $4::text::date::timestamp AT TIME ZONE '{ZONE}'"
            ),
            &[
                (&wanted.company, Type::UUID),
                (&wanted.programmes, Type::TEXT_ARRAY),
                (&wanted.from.to_string(), Type::TEXT),
                (&wanted.to.to_string(), Type::TEXT),
            ],
        )
        .await?;
    Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0) as usize))
}

async fn left_out(tx: &Transaction<'_>, wanted: &Wanted) -> Result<LeftOut, Problem> {
    let allowed = rows::ALLOWED;
    let rows = tx
        .query_typed(
            &format!(
                "SELECT count(*) FILTER (WHERE state = 'no_purpose' AND inside),
                        count(*) FILTER (WHERE state IN ('read', 'not_read') AND inside AND $1 IS NOT NULL AND NOT allowed),
                        count(*) FILTER (WHERE state = 'held' AND inside), count(*) FILTER (WHERE state = 'undeclared' AND inside),
                        count(*) FILTER (WHERE state IN ('read', 'not_read') AND company_id IS NULL)
                 FROM (SELECT r.state, r.company_id, ($1::uuid IS NULL OR r.company_id = $1) AS inside, {allowed} AS allowed
                       FROM core.readings r WHERE ($2::text[] IS NULL OR r.programme = ANY ($2))
                         AND r.written_at >= $3::text::date::timestamp AT TIME ZONE '{ZONE}' AND r.written_at < $4::text::date::timestamp AT TIME ZONE '{ZONE}') x"
            ),
            &[
                (&wanted.company, Type::UUID),
                (&wanted.programmes, Type::TEXT_ARRAY),
                (&wanted.from.to_string(), Type::TEXT),
                (&wanted.to.to_string(), Type::TEXT),
            ],
        )
        .await?;
    Ok(rows.first().map_or_else(LeftOut::default, |row| LeftOut {
        no_purpose: row.get(0),
        no_company_reporting: row.get(1),
        held: row.get(2),
        undeclared: row.get(3),
        no_company: row.get(4),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(from: Option<&str>, to: Option<&str>) -> FiguresQuery {
        let day = |day: Option<&str>| day.map(|day| Day::try_from(day.parse::<Date>().unwrap()).unwrap());
        FiguresQuery { company: None, programme: None, from: day(from), to: day(to), dimension: None }
    }

    fn claims(role: Role, company_id: Option<Uuid>) -> Claims {
        Claims { sub: "somebody".to_owned(), role, company_id, profile_id: None, iat: 0, exp: 0 }
    }

    const NOW: &str = "2026-02-10T12:00:00Z";

    fn asked(query: FiguresQuery, role: Role) -> Result<(String, String), Vec<&'static str>> {
        let company = (role == Role::CompanyUser).then(Uuid::nil);
        wanted(query, &claims(role, company), NOW.parse().unwrap())
            .map(|wanted| (wanted.from.to_string(), wanted.to.to_string()))
            .map_err(|problem| problem.errors.iter().map(|error| error.code).collect())
    }

    #[test]
    fn a_company_asks_for_whole_quarters_that_ended_a_while_ago() {
        let ask = |from, to| asked(query(from, to), Role::CompanyUser);
        assert_eq!(ask(None, None), Ok(("2025-01-01".to_owned(), "2026-01-01".to_owned())));
        assert_eq!(ask(Some("2025-04-01"), Some("2025-07-01")), Ok(("2025-04-01".to_owned(), "2025-07-01".to_owned())));
        assert_eq!(ask(Some("2025-04-02"), None), Err(vec!["whole_quarters"]));
        assert_eq!(ask(None, Some("2025-12-31")), Err(vec!["whole_quarters"]));
        assert_eq!(ask(None, Some("2026-04-01")), Err(vec!["not_yet"]));
    }

    #[test]
    fn staff_may_ask_for_any_days_and_a_company_for_no_other_company() {
        assert_eq!(
            asked(query(Some("2025-04-02"), Some("2026-02-11")), Role::Admin),
            Ok(("2025-04-02".to_owned(), "2026-02-11".to_owned()))
        );
        let other = FiguresQuery { company: Some(Uuid::from_u128(7)), ..query(None, None) };
        let problem = wanted(other, &claims(Role::CompanyUser, Some(Uuid::nil())), NOW.parse().unwrap()).err().unwrap();
        assert_eq!(problem.code.code, "not_found");
        let homeless = wanted(query(None, None), &claims(Role::CompanyUser, None), NOW.parse().unwrap()).err().unwrap();
        assert_eq!(homeless.code.code, "not_found", "a token without a company has none");
    }
}
