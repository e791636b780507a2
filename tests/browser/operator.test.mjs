// The operator's page on an API of its own: what a gap looks like, counting before sending, putting dead letters back.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import { findings, overflow, picture, press, see, start, text, token } from "./harness.mjs";

const TYPE = "kintell.session.completed.v1";
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const asset = (path) => read(`functions/gateway/assets/${path}`);
const sha = (text) => createHash("sha256").update(text).digest("base64");

let world, server, asked, missing, replays;

/** The page as console.rs serves it. */
function page(answer) {
  const style = read("shared/page/page.css") + asset("console/console.css");
  const script = asset("bus/bus.js");
  answer.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy":
      `default-src 'none'; script-src 'sha256-${sha(script)}'; style-src 'sha256-${sha(style)}'; img-src data:; connect-src 'self'; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  });
  answer.end(asset("bus/page.html").replace("{{style}}", () => style).replace("{{script}}", () => script));
}

const counts = (lost) => ({ published: 12, received: 12 - lost, failed: 0, replaying: 0, missing: lost });
const gap = (lost) => (lost ? { oldest_gap: { event_id: "01900000-0000-7000-8000-0000000000e1", type: TYPE, age_seconds: 400 } } : {});

function reconciliation() {
  const lost = missing;
  const types = [{ type: TYPE, since: "2025-01-01T00:00:00Z", ...counts(lost), ...gap(lost) }, { type: "buddy.match.created.v1", since: "2025-01-01T00:00:00Z", ...counts(0), published: 0, received: 0 }];
  return {
    status: lost ? "gap" : "ok",
    at: "2025-03-05T10:00:00Z",
    from: "2025-02-26T10:00:00Z",
    grace_seconds: 120,
    outbox: { unpublished: 0, oldest_unpublished_seconds: 0, refused: 1 },
    consumers: [{ consumer: "profile-projector", status: lost ? "gap" : "ok", ...counts(lost), ...gap(lost), waiting: 0, dead_letters: 2, types }],
  };
}

function answerFor(method, path, body) {
  if (path === "/bus/reconciliation") return [200, reconciliation()];
  if (path === "/bus/dead-letters") {
    const reasons = [{ event_id: "01900000-0000-7000-8000-0000000000e2", type: TYPE, code: "unknown_profile", tries: 5, first_at: "2025-03-05T09:00:00Z", last_at: "2025-03-05T09:30:00Z" }];
    return [200, { items: [{ function: "profile-projector", dead_letters: 2, reasons }, { function: "bus-relay", dead_letters: 0, refused: 1, reasons: [] }] }];
  }
  if (path === "/bus/redrives") return [202, { function: body.function, dead_letters: 2, refused: 0 }];
  if (path === "/bus/replays" && method === "GET") return [200, { items: replays }];
  if (path === "/bus/replays" && body.from === "yesterday") {
    return [422, { code: "bad_field", detail: "See `errors`.", errors: [{ pointer: "/from", code: "wrong_type", detail: "This is not a time." }] }];
  }
  if (path === "/bus/replays" && body.dry_run) return [200, { dry_run: true, total: 3, types: [{ type: TYPE, events: 3 }] }];
  if (path === "/bus/replays") {
    missing = 0;
    replays = [{ id: "01900000-0000-7000-8000-0000000000f1", consumer: body.consumer, state: "done", all: false, types: body.types, total: 3, sent: 3, taken_in: 3, failed: 0, requested_by: "admin", created_at: "2025-03-05T10:00:00Z" }];
    return [202, { ...replays[0], state: "queued" }];
  }
  return [404, { code: "not_found", detail: "There is nothing here." }];
}

before(async () => {
  world = await start();
  server = createServer(async (request, answer) => {
    const url = new URL(request.url, "http://x");
    if (url.pathname.endsWith("/console")) return page(answer);
    let body = "";
    for await (const part of request) body += part;
    const given = body ? JSON.parse(body) : undefined;
    const path = url.pathname.replace("/live/v1", "");
    if (request.method === "POST") asked.push([path, given, Boolean(request.headers["idempotency-key"])]);
    const good = request.headers.authorization === `Bearer ${token()}`;
    const [status, content] = good ? answerFor(request.method, path, given) : [401, { code: "bad_token", detail: "The token cannot be used: sign in again." }];
    answer.writeHead(status, { "Content-Type": "application/json" });
    answer.end(JSON.stringify(content));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
});
after(async () => {
  server.close();
  await world.end();
});

async function open({ width = 1200, scheme = "light" } = {}) {
  (asked = []), (missing = 3), (replays = []);
  const context = await world.browser.createBrowserContext();
  const tab = await context.newPage();
  tab.faults = [];
  tab.on("pageerror", (error) => tab.faults.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && !/status of [45]\d\d/.test(message.text()) && tab.faults.push(message.text()));
  await tab.setViewport({ width, height: 900 });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await tab.goto(`http://127.0.0.1:${server.address().port}/live/v1/bus/console`);
  await tab.waitForSelector("#token");
  tab.done = () => context.close();
  return tab;
}

async function enter(tab, given = token()) {
  await tab.type("#token", given);
  await tab.keyboard.press("Enter");
}

test("a token that is none, or not good, opens nothing and says so", async () => {
  const tab = await open();
  await enter(tab, "nonsense");
  await see(tab, /This is no token/);
  await tab.$eval("#token", (field) => (field.value = ""));
  await enter(tab, "a.b.c");
  await see(tab, /sign in again/);
  assert.deepEqual(tab.faults, []);
  await tab.done();
});

test("a gap names consumer, type and the first event, and is gone when its events were sent once more", async () => {
  const tab = await open();
  await enter(tab);
  await see(tab, /Events are lost on their way/);
  const seen = await text(tab);
  for (const part of ["profile-projector", TYPE, "01900000-0000-7000-8000-0000000000e1", "7 min ago"]) assert.ok(seen.includes(part), part);
  assert.ok(!seen.includes("buddy.match.created.v1\t0"), "a type without trouble needs no row");
  await tab.select("#types", TYPE);
  await press(tab, /^Count only$/);
  await see(tab, /3 events would be sent: 3 kintell/);
  assert.deepEqual(asked, [["/bus/replays", { consumer: "profile-projector", types: [TYPE], dry_run: true }, false]]);

  tab.once("dialog", (dialog) => dialog.dismiss());
  await press(tab, /^Send$/);
  await see(tab, /Nothing was sent\./);
  assert.equal(asked.length, 2, "counted again, and asked");
  tab.once("dialog", (dialog) => dialog.accept());
  await press(tab, /^Send$/);
  await see(tab, /Everything that was published was received/);
  await see(tab, /3 of 3/);
  assert.deepEqual(asked.at(-1), ["/bus/replays", { consumer: "profile-projector", types: [TYPE], dry_run: false }, true]);
  await tab.type("#from", "yesterday");
  await press(tab, /^Count only$/);
  await see(tab, /\/from: This is not a time/);
  assert.deepEqual(tab.faults, []);
  await tab.done();
});

test("dead letters show why and are put back", async () => {
  const tab = await open();
  await enter(tab);
  await see(tab, /unknown_profile/);
  await press(tab, /^Put back$/);
  await tab.waitForFunction(() => true);
  for (let tries = 0; !asked.length && tries < 50; tries++) await new Promise((next) => setTimeout(next, 100));
  assert.deepEqual(asked, [["/bus/redrives", { function: "profile-projector" }, true]]);
  await press(tab, /^Sign out$/);
  await tab.waitForSelector("#token");
  assert.deepEqual(tab.faults, []);
  await tab.done();
});

test("every view is without findings, in both colours and on a phone", async () => {
  for (const [scheme, width] of [["light", 1200], ["dark", 390]]) {
    const tab = await open({ scheme, width });
    assert.deepEqual(await findings(tab), [], `sign-in, ${scheme}`);
    await enter(tab);
    await see(tab, /unknown_profile/);
    assert.deepEqual(await findings(tab), [], scheme);
    assert.ok((await overflow(tab)) <= 0, `${await overflow(tab)} px too wide`);
    await picture(tab, `operator-${scheme}`);
    await tab.done();
  }
});
