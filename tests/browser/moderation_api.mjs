// The reviewers' page with a moderation API in memory: the shapes of its answers, not the rules. Tests look into `store`
// and change it; `node moderation_api.mjs` serves it for a look by hand.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const SOURCE = new URL("../../functions/moderation/src/api/", import.meta.url);
const sha = (text) => createHash("sha256").update(text).digest("base64");
const minutes = (n, from = Date.now()) => new Date(from + n * 60_000).toISOString();

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

const id = (n) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const found = (category, grade, start, end, rule, reason, more = {}) => ({ category, grade, start, end, rule, reason, score: 900, obfuscated: false, aimed: false, ...more });

/** Offsets count code points: the emoji before the words would shift UTF-16 units. */
export const THREAT = "🙂🙂 Thanks for nothing. I will find you 😡 and you know it.";
export const DETAILS = "Ring meg på 91 23 45 67 <img src=x onerror=\"globalThis.broken=1\"> eller ola@example.org.";
export const DARK = "Я більше не хочу жити. Дякую за все.";

function item(n, more) {
  return {
    id: id(n), lane: "general", urgent: false, state: "pending", reason: "review", kind: "buddy_feedback", author_role: "participant", language: "en",
    decision: "review", scorable: true, written_at: minutes(-60 * n), raised_at: minutes(-50 * n), version: 1, steps: [], ...more,
  };
}

export function fresh() {
  return {
    asked: [], failing: [], keys: new Map(), lease: 15, lost: 0, open: false,
    contact: "+47 900 00 000",
    items: [
      item(1, { lane: "sensitive", urgent: true, language: "uk", scorable: false, kind: "buddy_checkin", due_at: minutes(23), written_at: minutes(-60 * 24 * 12), text: DARK, findings: [found("self_harm", "active", 0, 22, "self_harm.active.uk.not_live", "Says that they do not want to live.")] }),
      item(2, { urgent: true, reason: "aimed_block", decision: "block", text: THREAT, findings: [found("threat", "direct", 23, 38, "threat.direct.find_you", "Announces harm to the person addressed.", { aimed: true }), found("harassment", "insult", 3, 38, "harassment.sarcasm", "Demeans the person addressed.")] }),
      item(3, { language: "nb", kind: "kintell_session", author_role: "volunteer", text: DETAILS, findings: [found("pii", "contact", 12, 23, "pii.phone", "A phone number.", { placeholder: "PHONE" }), found("pii", "contact", 72, 87, "pii.email", "An e-mail address.", { placeholder: "EMAIL" })], redacted: DETAILS.replace("91 23 45 67", "[PHONE_1]").replace("ola@example.org", "[EMAIL_1]") }),
      item(4, { state: "claimed", claimed_by: "amal", claimed_until: minutes(9), text: "x", findings: [found("spam", "scam", 0, 1, "spam.link", "A link and a prize.")] }),
      item(5, { state: "closed", decided: { decision: "overturn", by: "amal", at: minutes(-30) }, closed_by: "decision", text: "I could kill for a coffee", findings: [found("threat", "veiled", 8, 12, "threat.kill", "Speaks of killing.")], steps: [{ step: "overturn", by: "amal", at: minutes(-30), notes: "An idiom." }] }),
      item(6, { state: "held", reason: "block", decision: "block", text: "aaaaaaa", findings: [found("spam", "noise", 0, 7, "spam.mash", "Keys pressed at random.")] }),
    ],
    rules: [
      { rule: "threat.kill", category: "threat", held: 52, decided: 40, overturned: 31, overturn_rate: 0.775 },
      { rule: "pii.phone", category: "pii", held: 211, decided: 210, overturned: 4, overturn_rate: 0.019 },
      { rule: "spam.link", category: "spam", held: 3, decided: 3, overturned: 0, overturn_rate: 0 },
      { rule: "hate.group", category: "hate", held: 1, decided: 0, overturned: 0 },
    ],
  };
}

class Refused extends Error {
  constructor(status, code, more = {}) {
    super(code);
    this.answer = [status, { type: `urn:teei:problem:${code}`, title: `Title of ${code}`, detail: "Detail.", code, request_id: "0000-fake", retryable: false, ...more }];
  }
}

const lapsed = (one) => one.state === "claimed" && new Date(one.claimed_until) <= Date.now();
const given = (one) => (delete one.claimed_by, delete one.claimed_until, Object.assign(one, { state: one.reason === "block" ? "held" : "pending" }));
const shown = ({ text, redacted, findings, steps, openedBy, ...one }, sub) => ({ ...one, flag_id: one.id, text_id: one.id, claimed_by_me: one.claimed_by === sub, findings: findings.map(({ category, grade }) => ({ category, grade })) });

function list(store, role, sub, query) {
  const sees = (one) => one.lane === "general" || role === "safeguarding";
  const state = query.get("state") ?? "waiting";
  const waits = (one) => ["pending", "claimed"].includes(one.state);
  const items = store.items.filter((one) => sees(one) && (state === "waiting" ? waits(one) : one.state === state)).sort((a, b) => b.urgent - a.urgent || a.raised_at.localeCompare(b.raised_at));
  const lane = (name) => {
    const all = store.items.filter((one) => one.lane === name && waits(one));
    return { waiting: all.length, urgent: all.filter((one) => one.urgent).length };
  };
  const due = store.items.filter((one) => one.due_at && !one.opened_at && waits(one)).map((one) => one.due_at).sort();
  const sensitive = { ...lane("sensitive"), overdue: due.filter((at) => new Date(at) < Date.now()).length, ...(due.length && { next_due_at: due[0] }), contact: store.contact, notice: "It is no emergency service." };
  const queue = { general: lane("general"), ...(role === "safeguarding" && { sensitive }), office_hours: "Mon-Fri 08:00-16:00 Europe/Oslo", office_open: store.open, lease_seconds: store.lease * 60 };
  return { items: items.slice(0, Number(query.get("limit") ?? 50)).map((one) => shown(one, sub)), queue };
}

function answer(store, method, path, query, body, headers) {
  const token = (headers.authorization ?? "").replace("Bearer ", "");
  if (!token.endsWith(".fake")) throw new Refused(401, "bad_token");
  const { role, sub } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  if (!["reviewer", "safeguarding"].includes(role)) throw new Refused(403, "forbidden");
  for (const one of store.items) if (lapsed(one)) given(one);
  if (path === "reviews") return [200, list(store, role, sub, query)];
  if (path === "rules") return [200, { items: store.rules, since: minutes(-60 * 24 * 90) }];
  const [, which, act] = /^reviews\/([0-9a-f-]{36})(?:\/(\w+))?$/.exec(path) ?? [];
  const one = store.items.find((other) => other.id === which && (other.lane === "general" || role === "safeguarding"));
  if (!one) throw new Refused(404, "not_found");
  const refuse = (unheld) => {
    if (one.state === "closed") throw new Refused(409, "review_closed");
    if (one.state === "claimed" && one.claimed_by !== sub) throw new Refused(409, "already_claimed");
    if (unheld && one.state !== "claimed") throw new Refused(409, "not_claimed");
  };
  if (!act) return [200, shown(one, sub)];
  if (act === "claim") {
    refuse(false);
    if (store.items.find((other) => other.id === one.appeal_of)?.decided?.by === sub) throw new Refused(409, "other_eyes");
    Object.assign(one, { state: "claimed", claimed_by: sub, claimed_until: minutes(store.lease), version: one.version + 1 });
    return [200, shown(one, sub)];
  }
  if (act === "release") {
    refuse(true);
    given(one).version += 1;
    return [200, shown(one, sub)];
  }
  if (act === "open") {
    refuse(true);
    if (!one.opened_at) Object.assign(one, { opened_at: minutes(0), version: one.version + 1 });
    (one.openedBy ??= []).push(sub);
    const more = one.lane === "sensitive" ? { contact: store.contact, notice: "It is no emergency service." } : {};
    return [200, { item: shown(one, sub), text: one.text, redacted: one.redacted ?? one.text, places: one.findings, history: one.steps, ...more }];
  }
  if (act === "decision") {
    const key = headers["idempotency-key"];
    if (store.keys.has(key)) return store.keys.get(key);
    refuse(true);
    if (!headers["if-match"]) throw new Refused(428, "precondition_required");
    if (headers["if-match"] !== `"${one.version}"`) throw new Refused(412, "stale");
    const { decision, notes, spans } = body;
    if (!notes && (decision !== "uphold" || one.lane === "sensitive")) throw new Refused(422, "bad_field", { errors: [{ pointer: "/notes", code: "missing_field", detail: "Say why." }] });
    if (decision === "redact" && !spans && !one.redacted) throw new Refused(422, "bad_field", { errors: [{ pointer: "/spans", code: "nothing_redacted", detail: "Nothing would be replaced." }] });
    if (!one.openedBy?.includes(sub)) throw new Refused(409, "not_opened");
    const at = minutes(0);
    one.steps.push({ step: decision, by: sub, at, ...(notes && { notes }) });
    if (decision === "escalate") Object.assign(given(one), { lane: "sensitive", urgent: true, state: "pending", due_at: minutes(60), raised_at: at });
    else Object.assign(given(one), { state: "closed", decided: { decision, by: sub, at }, closed_by: "decision" });
    one.version += 1;
    const made = [200, { id: one.id, decision, state: one.state, lane: one.lane, version: one.version, scored: one.scorable && ["overturn", "redact"].includes(decision) }];
    store.keys.set(key, made);
    return made;
  }
  if (act === "appeal") {
    if (!one.decided) throw new Refused(409, "not_decided");
    const steps = [...one.steps, { step: "appeal", by: sub, at: minutes(0), notes: body.notes }];
    store.items.push(item(90 + store.items.length, { reason: "appeal", appeal_of: one.id, text: one.text, findings: one.findings, steps, raised_at: minutes(0) }));
    return [201, shown(store.items.at(-1), sub)];
  }
  throw new Refused(404, "not_found");
}

/** Serves the page and the API; `store` is what it knows. */
export async function serve(store = fresh()) {
  const it = { store };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://x");
    const path = url.pathname.replace("/live/v1/moderation/", "");
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
    const store = it.store;
    if (request.method === "POST") store.asked.push([path, body]);
    let result;
    try {
      const failing = store.failing.findIndex((fail) => !fail.path || fail.path.test(`${request.method} ${path}`));
      if (failing >= 0) {
        const [{ status, code, ...more }] = store.failing.splice(failing, 1);
        throw new Refused(status, code, more);
      }
      result = answer(store, request.method, path, url.searchParams, body, request.headers);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      result = error.answer;
    }
    // It was done; its answer does not arrive.
    if (store.lost && request.method === "POST") {
      store.lost -= 1;
      response.writeHead(200, { "Content-Length": 1000 });
      return response.write("{", () => request.socket.destroy());
    }
    send(result[0], result[0] < 400 ? "application/json" : "application/problem+json", JSON.stringify(result[1]));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  it.address = `http://127.0.0.1:${server.address().port}/live`;
  it.end = () => (server.closeAllConnections(), server.close());
  return it;
}

export const token = (role = "safeguarding", sub = "rita") => `x.${Buffer.from(JSON.stringify({ role, sub })).toString("base64url")}.fake`;

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { address } = await serve();
  console.log(`${address}/v1/moderation/console\nsign in with ${token()}`);
}
