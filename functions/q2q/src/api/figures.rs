//! `GET /v1/q2q/outcomes`: figures of many people, for staff as they are, for companies suppressed.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    auth::{Claims, Role},
    http::{Caller, FieldError, Ids, Problem, Query, problem},
};
use tokio_postgres::{IsolationLevel, Transaction, types::Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{App, audit};
use crate::figures::{
    Coverage, DIMENSIONS, Measure, Read, Text, coverage, measure,
    quarter::{Quarter, ZONE, zone},
    suppress::{self, Block, Point, blocks},
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
    /// `buddy`, `language`, `mentorship` or `upskilling`; all if absent.
    #[param(example = "language")]
    programme: Option<String>,
    /// The first day, `YYYY-MM-DD`, in Norway; a year before `to` if absent. For company users a quarter's first day.
    #[param(value_type = Option<String>, format = Date, example = "2025-01-01")]
    from: Option<Date>,
    /// The day after the last. Tomorrow if absent; for company users the end of the last quarter that is published.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    to: Option<Date>,
    /// One dimension; all if absent.
    #[param(example = "belonging")]
    dimension: Option<String>,
}

/// Counts of texts and people.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageCell {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Of these programmes together.
    programmes: Vec<String>,
    /// Texts that were let through for scoring.
    texts: usize,
    /// People they are of.
    persons: usize,
    /// Texts that were not read: another language, nothing in them.
    not_read: usize,
    /// Texts that give evidence of something.
    with_evidence: usize,
}

/// One dimension over some quarters of some programmes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cell {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Of these programmes together.
    programmes: Vec<String>,
    /// Too few people, or one with more than half of the texts: then there is no number.
    suppressed: bool,
    /// Texts with evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    with_evidence: Option<usize>,
    /// People they are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    persons: Option<usize>,
    /// The share that says `+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_plus: Option<f64>,
    /// The share that says `-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_minus: Option<f64>,
    /// The mean of the persons' mean scores, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    /// Its 95 % interval over persons (Student's t).
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<[f64; 2]>,
}

/// A dimension.
#[derive(Debug, Serialize, ToSchema)]
pub struct DimensionFigures {
    /// Which.
    #[schema(example = "belonging")]
    dimension: &'static str,
    /// People a cell has at least.
    min_persons: usize,
    /// In the order of time.
    cells: Vec<Cell>,
    /// All cells with a number together; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Cell>,
    /// The mean of the last cell less that of the first, of those with a number; absent where there are not two that
    /// are of the same programmes. Two intervals that overlap much mean that nothing is known to have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    /// Of the scores in these figures, those that a person has looked at (staff only).
    #[serde(skip_serializing_if = "Option::is_none")]
    by_people: Option<usize>,
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
    /// All of it together: people are counted once, so they are fewer than in the cells one by one. Absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage_total: Option<CoverageCell>,
    /// Each dimension.
    dimensions: Vec<DimensionFigures>,
    /// Scores that went with people who were erased; they are in no figure any more.
    erased_scores: usize,
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
    programme: Option<String>,
    from: Date,
    to: Date,
    dimensions: Vec<usize>,
    for_company: bool,
}

/// The last quarter companies see: it ended so long ago that its files are in.
fn last_published(now: Timestamp) -> Quarter {
    let day = now.to_zoned(zone()).date().saturating_sub(suppress::LAG_DAYS.days());
    Quarter::of(day).before()
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
    let last = last_published(now);
    let end = if for_company { last.next().first_day() } else { now.to_zoned(zone()).date().saturating_add(1.day()) };
    let to = query.to.unwrap_or(end);
    let from = query.from.unwrap_or_else(|| {
        let year_before = to.saturating_sub(1.year());
        if for_company { Quarter::of(year_before).first_day() } else { year_before }
    });
    if from >= to {
        wrong("to", "out_of_range", "`to` is after `from`.");
    }
    if for_company {
        if query.from.is_some_and(|day| !Quarter::begins(day)) {
            wrong(
                "from",
                "whole_quarters",
                "Figures are of whole quarters: begin with 1 January, 1 April, 1 July or 1 October.",
            );
        }
        if query.to.is_some_and(|day| !Quarter::begins(day)) {
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
    Ok(Wanted { company, programme: query.programme, from, to, dimensions, for_company })
}

/// Figures of many people
///
/// How many texts, of how many people, how many were not read, how many give evidence, which way, the mean with its
/// interval, and how it changes. At least five people a number, ten for well-being. Company users see their own company,
/// in whole quarters, in blocks that no set of answers takes apart; people who do not allow figures for companies are
/// not in them. Asking is written to the audit log.
#[utoipa::path(get, path = "/v1/q2q/outcomes", operation_id = "get_outcome_figures", params(FiguresQuery),
    responses(
        (status = 200, description = "Figures", body = Figures),
        (status = 404, description = "`not_found`: not your company"),
        (status = 422, description = "`bad_field`")))]
pub async fn figures(
    State(app): State<Arc<App>>,
    Query(query): Query<FiguresQuery>,
    Caller(claims): Caller,
    ids: Ids,
) -> Result<Json<Figures>, Problem> {
    let now = Timestamp::now();
    let wanted = wanted(query, &claims, now)?;
    let mut client = app.db.client().await?;
    let tx = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    if let Some(company) = wanted.company {
        let sql = "SELECT FROM core.companies WHERE company_id = $1";
        if tx.query_typed(sql, &[(&company, Type::UUID)]).await?.is_empty() {
            return Err(Problem::new(&problem::NOT_FOUND));
        }
    }
    let texts = texts(&tx, &wanted).await?;
    let answer = if wanted.for_company { for_company(&texts, &wanted, now) } else { for_staff(&texts, &wanted) };
    let Answer { coverage, coverage_total, dimensions } = answer;
    let erased = erased(&tx, &wanted).await?;
    let left_out = if wanted.for_company { None } else { Some(left_out(&tx, &wanted).await?) };
    let note = json!({"company": wanted.company, "programme": wanted.programme, "from": wanted.from, "to": wanted.to});
    audit::note(&tx, &ids, &claims, "outcome.figures", None, &note).await?;
    tx.commit().await?;
    Ok(Json(Figures {
        company: wanted.company,
        programme: wanted.programme,
        from: wanted.from,
        to: wanted.to,
        for_company: wanted.for_company,
        coverage,
        coverage_total,
        dimensions,
        erased_scores: if wanted.for_company { suppress::round(erased) } else { erased },
        left_out,
        note: NOTE,
    }))
}

/// For a company, blocks are cut from all its texts since the first, whatever was asked for: so two questions get parts
/// of one cut. `$4` and `$5` narrow for staff only.
async fn texts(tx: &Transaction<'_>, wanted: &Wanted) -> Result<Vec<Text>, Problem> {
    let whole = wanted.for_company;
    let (from, to) = ((!whole).then_some(wanted.from.to_string()), (!whole).then_some(wanted.to.to_string()));
    let programme = wanted.programme.as_deref().filter(|_| !whole);
    let rows = tx
        .query_typed(
            &format!(
                "SELECT r.text_id, r.profile_id, r.programme, r.written_at, r.state, o.dimension, o.score, o.method
                 FROM core.readings r
                 LEFT JOIN core.outcomes o ON o.text_id = r.text_id AND o.retracted IS NULL
                 WHERE r.state IN ('read', 'not_read')
                   AND ($1::uuid IS NULL OR r.company_id = $1)
                   AND ($2::text IS NULL OR r.programme = $2)
                   AND ($3::text IS NULL OR r.written_at >= $3::date::timestamp AT TIME ZONE '{ZONE}')
                   AND ($4::text IS NULL OR r.written_at < $4::date::timestamp AT TIME ZONE '{ZONE}')
                   AND ($1 IS NULL OR {ALLOWED})
                 ORDER BY r.written_at, r.text_id"
            ),
            &[(&wanted.company, Type::UUID), (&programme, Type::TEXT), (&from, Type::TEXT), (&to, Type::TEXT)],
        )
        .await?;
    let zone = zone();
    let mut texts: Vec<Text> = Vec::new();
    let mut last: Option<Uuid> = None;
    for row in &rows {
        let id: Uuid = row.get(0);
        if last != Some(id) {
            last = Some(id);
            texts.push(Text {
                person: row.get(1),
                programme: row.get(2),
                quarter: Quarter::at(row.get(3), &zone),
                read: if row.get::<_, &str>(4) == "read" { Read::Yes } else { Read::No },
                scores: [None; 5],
                by_people: [false; 5],
            });
        }
        if let (Some(text), Some(dimension)) = (texts.last_mut(), row.get::<_, Option<&str>>(5))
            && let Some(at) = DIMENSIONS.iter().position(|name| *name == dimension)
        {
            text.scores[at] = u16::try_from(row.get::<_, i16>(6)).ok();
            text.by_people[at] = row.get::<_, &str>(7) == "human";
        }
    }
    Ok(texts)
}

/// The person allows figures for companies in this programme.
pub(super) const ALLOWED: &str = "COALESCE((SELECT p.state FROM core.purposes p WHERE p.profile_id = r.profile_id AND p.purpose = 'company_reporting'),
                            (SELECT d.state FROM core.purpose_defaults d WHERE d.programme = r.programme AND d.purpose = 'company_reporting'),
                            'withdrawn') = 'granted'";

fn exact(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn coarse(value: f64) -> f64 {
    suppress::share(value) as f64 / 100.0
}

/// Where a cell is.
struct Place {
    from: Date,
    to: Date,
    programmes: Vec<String>,
}

fn cell(place: Place, measured: Option<Measure>, shown: bool, company: bool) -> Cell {
    let Place { from, to, programmes } = place;
    let number = if company { coarse } else { exact };
    let count = |n: usize| if company { suppress::round(n) } else { n };
    let measured = measured.filter(|_| shown);
    let plus = measured.map(|measure| measure.plus as f64 / measure.evidence as f64);
    Cell {
        from,
        to,
        programmes,
        suppressed: measured.is_none(),
        with_evidence: measured.map(|measure| count(measure.evidence)),
        persons: measured.map(|measure| count(measure.persons)),
        share_plus: plus.map(number),
        share_minus: plus.map(|plus| exact(1.0 - number(plus))),
        mean: measured.map(|measure| number(measure.mean)),
        interval: measured.and_then(|measure| {
            let half = measure.half_width?;
            Some([number((measure.mean - half).max(0.0)), number((measure.mean + half).min(1.0))])
        }),
    }
}

fn covered(place: Place, covered: Coverage, company: bool) -> CoverageCell {
    let Place { from, to, programmes } = place;
    let count = |n: usize| if company { suppress::round(n) } else { n };
    CoverageCell {
        from,
        to,
        programmes,
        texts: count(covered.texts),
        persons: count(covered.persons),
        not_read: count(covered.not_read),
        with_evidence: count(covered.with_evidence),
    }
}

fn change(cells: &[Cell]) -> Option<f64> {
    let mut with = cells.iter().filter_map(|cell| Some((cell.mean?, &cell.programmes)));
    let (first, programmes) = with.next()?;
    let (last, same) = with.next_back()?;
    (programmes == same).then(|| exact(last - first))
}

struct Answer {
    coverage: Vec<CoverageCell>,
    coverage_total: Option<CoverageCell>,
    dimensions: Vec<DimensionFigures>,
}

/// Quarter by quarter, each with its own threshold.
fn for_staff(texts: &[Text], wanted: &Wanted) -> Answer {
    let programmes: Vec<String> = match &wanted.programme {
        Some(programme) => vec![programme.clone()],
        None => PROGRAMMES.iter().map(|programme| (*programme).to_owned()).collect(),
    };
    let place = |quarter: Quarter| Place {
        from: quarter.first_day().max(wanted.from),
        to: quarter.next().first_day().min(wanted.to),
        programmes: programmes.clone(),
    };
    let last_day = wanted.to.saturating_sub(1.day());
    let quarters: Vec<Quarter> = std::iter::successors(Some(Quarter::of(wanted.from)), |quarter| Some(quarter.next()))
        .take_while(|quarter| *quarter <= Quarter::of(last_day))
        .take(400)
        .collect();
    let within = |quarter: Quarter| texts.iter().filter(move |text| text.quarter == quarter);
    let coverage = quarters.iter().map(|quarter| covered(place(*quarter), coverage(within(*quarter)), false)).collect();
    let dimensions = wanted.dimensions.iter().map(|&dimension| {
        let least = suppress::persons(DIMENSIONS[dimension]);
        let enough = |measured: &Option<Measure>| measured.is_some_and(|measure| measure.persons >= least);
        let cells: Vec<Cell> = quarters
            .iter()
            .map(|quarter| {
                let measured = measure(within(*quarter), dimension);
                let shown = enough(&measured);
                cell(place(*quarter), measured, shown, false)
            })
            .collect();
        let whole = measure(texts.iter(), dimension);
        let shown = enough(&whole);
        let everywhere = Place { from: wanted.from, to: wanted.to, programmes: programmes.clone() };
        let change = change(&cells);
        DimensionFigures {
            dimension: DIMENSIONS[dimension],
            min_persons: least,
            cells,
            total: shown.then(|| cell(everywhere, whole, true, false)),
            change,
            by_people: Some(texts.iter().filter(|text| text.by_people[dimension]).count()),
        }
    });
    let everywhere = Place { from: wanted.from, to: wanted.to, programmes: programmes.clone() };
    let coverage_total = (!texts.is_empty()).then(|| covered(everywhere, self::coverage(texts.iter()), false));
    Answer { coverage, coverage_total, dimensions: dimensions.collect() }
}

/// The blocks that are within what was asked for.
fn for_company(texts: &[Text], wanted: &Wanted, now: Timestamp) -> Answer {
    let last = last_published(now);
    let (from, to) = (Quarter::of(wanted.from), Quarter::of(wanted.to).before());
    let cut = |points: &[(usize, Point)], least: usize| -> Vec<Block> {
        let only: Vec<Point> = points.iter().map(|(_, point)| point.clone()).collect();
        let mut cut = blocks(&only, last, least);
        cut.retain(|block| block.within(wanted.programme.as_deref(), from, to));
        // From places in the points to places in the texts.
        for at in cut.iter_mut().flat_map(|block| &mut block.points) {
            *at = points[*at].0;
        }
        cut
    };
    let point = |(at, text): (usize, &Text)| {
        (at, Point { person: text.person, programme: text.programme.clone(), quarter: text.quarter })
    };
    let place = |block: &Block| Place {
        from: block.first().first_day(),
        to: block.last.next().first_day(),
        programmes: block.programmes.keys().cloned().collect(),
    };
    let of = |block: &Block| block.points.iter().map(|&at| &texts[at]).collect::<Vec<_>>();
    let all: Vec<(usize, Point)> = texts.iter().enumerate().map(point).collect();
    let parts = cut(&all, suppress::PERSONS);
    let coverage =
        parts.iter().map(|block| covered(place(block), self::coverage(of(block).into_iter()), true)).collect();
    let coverage_total = together(&parts).map(|place| covered(place, self::coverage(parts.iter().flat_map(of)), true));
    let dimensions = wanted.dimensions.iter().map(|&dimension| {
        let least = suppress::persons(DIMENSIONS[dimension]);
        let with: Vec<(usize, Point)> =
            texts.iter().enumerate().filter(|(_, text)| text.scores[dimension].is_some()).map(point).collect();
        let cut = cut(&with, least);
        let cells: Vec<Cell> =
            cut.iter().map(|block| cell(place(block), measure(of(block).into_iter(), dimension), true, true)).collect();
        let whole = measure(cut.iter().flat_map(of), dimension);
        let total = together(&cut).filter(|_| cut.len() > 1).map(|place| cell(place, whole, true, true));
        let change = change(&cells);
        DimensionFigures { dimension: DIMENSIONS[dimension], min_persons: least, cells, total, change, by_people: None }
    });
    Answer { coverage, coverage_total, dimensions: dimensions.collect() }
}

/// Where blocks are together; none: nowhere.
fn together(blocks: &[Block]) -> Option<Place> {
    let mut programmes: Vec<String> = blocks.iter().flat_map(|block| block.programmes.keys().cloned()).collect();
    programmes.sort();
    programmes.dedup();
    let first = blocks.iter().map(Block::first).min()?;
    let last = blocks.iter().map(|block| block.last).max()?;
    Some(Place { from: first.first_day(), to: last.next().first_day(), programmes })
}

const SCOPE: &str = "($1::uuid IS NULL OR company_id = $1) AND ($2::text IS NULL OR programme = $2)";

async fn erased(tx: &Transaction<'_>, wanted: &Wanted) -> Result<usize, Problem> {
    let rows = tx
        .query_typed(
            &format!(
                "SELECT count(*) FROM core.outcome_tombstones WHERE reason = 'erased' AND {SCOPE}
                 AND occurred_at >= $3::text::date::timestamp AT TIME ZONE '{ZONE}' AND occurred_at < $4::text::date::timestamp AT TIME ZONE '{ZONE}'"
            ),
            &[
                (&wanted.company, Type::UUID),
                (&wanted.programme, Type::TEXT),
                (&wanted.from.to_string(), Type::TEXT),
                (&wanted.to.to_string(), Type::TEXT),
            ],
        )
        .await?;
    Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0) as usize))
}

async fn left_out(tx: &Transaction<'_>, wanted: &Wanted) -> Result<LeftOut, Problem> {
    let rows = tx
        .query_typed(
            &format!(
                "SELECT count(*) FILTER (WHERE state = 'no_purpose' AND inside),
                        count(*) FILTER (WHERE state IN ('read', 'not_read') AND inside AND $1 IS NOT NULL AND NOT allowed),
                        count(*) FILTER (WHERE state = 'held' AND inside), count(*) FILTER (WHERE state = 'undeclared' AND inside),
                        count(*) FILTER (WHERE state IN ('read', 'not_read') AND company_id IS NULL)
                 FROM (SELECT r.state, r.company_id, ($1::uuid IS NULL OR r.company_id = $1) AS inside, {ALLOWED} AS allowed
                       FROM core.readings r WHERE ($2::text IS NULL OR r.programme = $2)
                         AND r.written_at >= $3::text::date::timestamp AT TIME ZONE '{ZONE}' AND r.written_at < $4::text::date::timestamp AT TIME ZONE '{ZONE}') x"
            ),
            &[
                (&wanted.company, Type::UUID),
                (&wanted.programme, Type::TEXT),
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
        let day = |day: Option<&str>| day.map(|day| day.parse().unwrap());
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
        assert_eq!(last_published("2026-01-20T12:00:00Z".parse().unwrap()), Quarter::new(2025, 3), "files come late");
        assert_eq!(last_published(NOW.parse().unwrap()), Quarter::new(2025, 4));
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
