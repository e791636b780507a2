// The page of outcomes with an API in memory: the shapes of its answers, not the rules. Tests look into `store` and change
// it; `node outcomes_api.mjs` serves it for a look by hand.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const SOURCE = new URL("../../functions/q2q/src/api/", import.meta.url);
const sha = (text) => createHash("sha256").update(text).digest("base64");

/** The page as console.rs puts it together, and its policy. */
export function page() {
  const rust = readFileSync(new URL("console.rs", SOURCE), "utf8");
  const read = (constant) =>
    [...new RegExp(`const ${constant}: &str =([\\s\\S]*?);`).exec(rust)[1].matchAll(/include_str!\("([^"]+)"\)/g)]
      .map(([, name]) => readFileSync(new URL(name, SOURCE), "utf8"))
      .join("");
  const [style, script] = [read("STYLE"), read("SCRIPT")];
  const policy =
    `default-src 'none'; script-src 'sha256-${sha(script)}'; style-src 'sha256-${sha(style)}'; img-src data:; connect-src 'self'; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
  const html = read("PAGE").replace("{{style}}", () => style).replace("{{script}}", () => script);
  return { html, policy };
}

export const id = (n) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
export const COMPANY = id(700);
const DIMENSIONS = ["confidence", "belonging", "lang_level_proxy", "job_readiness", "well_being"];
const NAMES = {
  confidence: ["Confidence", "Selvtillit", "Впевненість"],
  belonging: ["Belonging", "Tilhørighet", "Належність"],
  lang_level_proxy: ["Language", "Språk", "Мова"],
  job_readiness: ["Job readiness", "Klar for jobb", "Готовність до роботи"],
  well_being: ["Well-being", "Trivsel", "Добробут"],
};
const words = (en, nb, uk) => ({ en, nb, uk });

/** Offsets count code points: the emoji before the words would shift UTF-16 units. What looks like markup is text. */
export const WORDS = "🙂🙂 Nå tør jeg å ringe legen <img src=x onerror=\"globalThis.broken=1\"> alene, men noen ganger er jeg redd for å gjøre feil.";
const points = (part) => {
  const start = Array.from(WORDS.slice(0, WORDS.indexOf(part))).length;
  return { start, end: start + Array.from(part).length, quote: part };
};
export const PLACES = [
  { ...points("Nå tør jeg å ringe legen"), rule: "conf.nb.dare", cue: "can_do", polarity: "+" },
  { ...points("redd for å gjøre feil"), rule: "conf.nb.afraid", cue: "state", polarity: "-" },
];

// ── Figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const quarterOf = (day) => Number(day.slice(0, 4)) * 4 + Math.floor((Number(day.slice(5, 7)) - 1) / 3);
export const firstDay = (quarter) => `${Math.floor(quarter / 4)}-${String((quarter % 4) * 3 + 1).padStart(2, "0")}-01`;
const ALL = ["buddy", "language", "mentorship", "upskilling"];

/** A cell of one quarter or more; without a mean it is suppressed. */
export const cell = (from, to, programmes, mean, half, persons, evidence, plus) => ({
  from, to, programmes,
  ...(mean === undefined
    ? { suppressed: true }
    : { suppressed: false, mean, interval: [Math.max(0, mean - half), Math.min(1, mean + half)].map((one) => Math.round(one * 1000) / 1000), persons, with_evidence: evidence, share_plus: plus, share_minus: Math.round((1 - plus) * 1000) / 1000 }),
});

/** Staff: each quarter with its own threshold; the second one of 2025 has too few people, confidence rises by more than chance at the end. */
function forStaff(from, to, programme) {
  const quarters = Array.from({ length: quarterOf(to) - quarterOf(from) }, (_, n) => quarterOf(from) + n);
  const programmes = programme ? [programme] : ALL;
  const dimensions = DIMENSIONS.map((dimension, at) => {
    const cells = quarters.map((quarter, n) => {
      const place = [firstDay(quarter), firstDay(quarter + 1), programmes];
      if (dimension === "well_being" || n === 1) return cell(...place);
      return cell(...place, 0.5 + 0.02 * at + (n === quarters.length - 1 ? 0.25 : 0.01 * n), 0.08, 14 + n, 22 + n, 0.6 + 0.05 * n);
    });
    const total = dimension === "well_being" ? {} : { total: cell(from, to, programmes, 0.58, 0.04, 40, 90, 0.7) };
    return { dimension, min_persons: dimension === "well_being" ? 10 : 5, cells, ...total, change: 0.25, by_people: at === 0 ? 3 : 0 };
  });
  const coverage = quarters.map((quarter, n) => ({ from: firstDay(quarter), to: firstDay(quarter + 1), programmes, texts: 60 + n, persons: 30 + n, not_read: 2, with_evidence: 41 }));
  return { for_company: false, coverage, dimensions, erased_scores: 2, left_out: { no_purpose: 4, no_company_reporting: 0, held: 3, undeclared: 1, no_company: 0 } };
}

/** A company: blocks of its own, rounded; two small programmes stand together. */
function forCompany(from, to, programme) {
  const [first, last] = [quarterOf(from), quarterOf(to)];
  const quarters = Array.from({ length: last - first }, (_, n) => first + n);
  const of = (...programmes) => !programme || programmes.join() === programme;
  const dimensions = DIMENSIONS.map((dimension, at) => {
    let cells = [];
    if (dimension !== "well_being" && of("language")) cells = quarters.filter((_, n) => n !== 1).map((quarter, n) => cell(firstDay(quarter), firstDay(quarter + 1), ["language"], Math.round(20 * (0.5 + 0.05 * n + 0.02 * at)) / 20, 0.05, 25, 40, 0.65));
    if (dimension === "confidence" && of("buddy", "mentorship") && quarters.length > 1) cells.push(cell(firstDay(first), firstDay(last), ["buddy", "mentorship"], 0.7, 0.15, 10, 15, 0.75));
    return { dimension, min_persons: dimension === "well_being" ? 10 : 5, cells, ...(cells.length > 1 && { total: cell(from, to, ["language"], 0.6, 0.05, 60, 120, 0.7) }) };
  });
  const coverage = of("language") ? quarters.map((quarter) => ({ from: firstDay(quarter), to: firstDay(quarter + 1), programmes: ["language"], texts: 55, persons: 25, not_read: 5, with_evidence: 40 })) : [];
  return { for_company: true, coverage, dimensions, erased_scores: 0 };
}

function score(n, more) {
  return { id: id(n), profile_id: id(500 + n), dimension: "confidence", polarity: "+", score: 0.8, confidence: "medium", method: "rule", language: "nb", mixed: true, revision: 1, occurred_at: `2025-0${(n % 9) + 1}-14T09:00:00Z`, programme: "language", ...more };
}

const detail = (n, more) => ({
  ...score(n), engine_version: "1.0.0+3fa2c1d4", subtags: [], scored_at: "2025-05-01T08:00:00Z", evidence: PLACES, text_id: id(900 + n), author_role: "participant", text: WORDS,
  origin: { import_id: id(800), line: 17, file: "march.csv", door: "csv", source: "kintell", kind: "kintell_session" }, earlier: [], corrections: [], ...more,
});
const bare = PLACES.map(({ quote, ...place }) => place);

export function fresh() {
  return {
    role: "coordinator", asked: [], failing: [], figures: null, labelled: undefined,
    companies: [{ id: COMPANY, name: "Nordlys <b>AS</b>" }, { id: id(701), name: "=Fjord; \"A\"" }],
    scores: Array.from({ length: 23 }, (_, n) => score(n + 1)),
    details: {
      [id(1)]: detail(1),
      [id(2)]: detail(2, { text: undefined, text_withheld: "not_cleared", evidence: bare }),
      [id(3)]: detail(3, { method: "human", revision: 2, earlier: [{ revision: 1, polarity: "-", score: 0.25, confidence: "low", method: "rule", engine_version: "0.9.0", scored_at: "2025-04-01T08:00:00Z", replaced_at: "2025-05-01T08:00:00Z" }], corrections: [{ id: id(60), revision: 1, machine: "-", verdict: "+", by: "kari", at: "2025-05-01T08:00:00Z" }] }),
      [id(4)]: detail(4, { retracted: "withdrawn", text: undefined, text_withheld: "not_cleared", evidence: bare }),
    },
  };
}

class Refused extends Error {
  constructor(status, code, more = {}) {
    super(code);
    this.answer = [status, { type: `urn:teei:problem:${code}`, title: `Title of ${code}`, detail: "Detail.", code, request_id: "0000-fake", retryable: status >= 500, ...more }];
  }
}

function answer(store, method, path, query, body, headers) {
  const given = (headers.authorization ?? "").replace("Bearer ", "");
  if (!given.endsWith(".fake")) throw new Refused(401, "bad_token");
  const { role, sub, company_id: own } = JSON.parse(Buffer.from(given.split(".")[1], "base64url"));
  const staff = ["admin", "coordinator", "dpo"].includes(role);
  if (path === "taxonomy")
    return [200, {
      engine_version: "1.0.0+3fa2c1d4", languages: ["en", "nb", "uk"],
      taxonomy: { version: "1.0.0", dimensions: DIMENSIONS.map((one) => ({ id: one, name: words(...NAMES[one]), definition: words(`What ${one} means.`, `Hva ${one} betyr.`, `Що означає ${one}.`), facets: [] })) },
      scores: { least: 0, most: 1, plus_from: 0.5, confidence: ["low", "medium", "high"] }, figures: { persons: 5, persons_well_being: 10, step: 5, lag_days: 30 },
    }];
  if (path === "companies") {
    if (!staff && role !== "company_user") throw new Refused(403, "forbidden");
    return [200, { items: store.companies.filter((one) => staff || one.id === own) }];
  }
  if (path === "outcomes") {
    if (!staff && role !== "company_user") throw new Refused(403, "forbidden");
    const [from, to, programme] = ["from", "to", "programme"].map((name) => query.get(name));
    const company = staff ? query.get("company") : own;
    const made = store.figures?.(from, to, programme, company) ?? (staff ? forStaff : forCompany)(from, to, programme);
    return [200, { ...(company && { company }), ...(programme && { programme }), from, to, note: "Weak.", ...made }];
  }
  if (!staff) throw new Refused(role === "company_user" ? 403 : 404, role === "company_user" ? "forbidden" : "not_found");
  if (path === "scores") {
    const at = Number(query.get("cursor") ?? 0);
    const items = store.scores;
    const limit = Number(query.get("limit"));
    return [200, { items: items.slice(at, at + limit), ...(at + limit < items.length && { next: String(at + limit) }) }];
  }
  const [, which, act] = /^outcomes\/([0-9a-f-]{36})(\/correction)?$/.exec(path) ?? [];
  const one = store.details[which];
  if (!one) throw new Refused(404, "not_found");
  if (!act) return [200, one];
  if (role === "dpo") throw new Refused(403, "forbidden");
  if (body.revision !== one.revision) throw new Refused(412, "stale");
  one.earlier.unshift({ revision: one.revision, polarity: one.polarity, score: one.score, confidence: one.confidence, method: one.method, engine_version: one.engine_version, scored_at: one.scored_at, replaced_at: "2026-01-01T08:00:00Z" });
  one.corrections.unshift({ id: id(61), revision: one.revision, machine: one.polarity, verdict: body.verdict, by: sub, at: "2026-01-01T08:00:00Z" });
  Object.assign(one, { revision: one.revision + 1, method: "human" }, body.verdict === "0" ? { retracted: "corrected" } : { polarity: body.verdict });
  const { text, ...without } = one;
  return [201, { ...without, evidence: bare }];
}

/** Serves the page and the API; `store` is what it knows. */
export async function serve(store = fresh()) {
  const it = { store };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://x");
    const path = url.pathname.replace("/live/v1/q2q/", "");
    const send = (status, type, content, headers = {}) => {
      response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", ...headers });
      response.end(content);
    };
    if (path === "console") {
      const { html, policy } = page();
      return send(200, "text/html; charset=utf-8", html, { "Content-Security-Policy": policy });
    }
    let text = "";
    for await (const part of request) text += part;
    const body = text ? JSON.parse(text) : undefined;
    it.store.asked.push({ method: request.method, path, query: Object.fromEntries(url.searchParams), body });
    let result;
    try {
      const failing = it.store.failing.findIndex((fail) => !fail.path || fail.path.test(`${request.method} ${path}`));
      if (failing >= 0) {
        const [{ status, code, ...more }] = it.store.failing.splice(failing, 1);
        throw new Refused(status, code, more);
      }
      result = answer(it.store, request.method, path, url.searchParams, body, request.headers);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      result = error.answer;
    }
    send(result[0], result[0] < 400 ? "application/json" : "application/problem+json", JSON.stringify(result[1]));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  it.address = `http://127.0.0.1:${server.address().port}/live`;
  it.end = () => (server.closeAllConnections(), server.close());
  return it;
}

export const token = (role = "coordinator") =>
  `x.${Buffer.from(JSON.stringify({ role, sub: "kim", ...(role === "company_user" && { company_id: COMPANY }) })).toString("base64url")}.fake`;

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { address } = await serve();
  console.log(`${address}/v1/q2q/console\nstaff: ${token()}\ncompany: ${token("company_user")}`);
}
