// What goes wrong while somebody decides: a token, a claim, an answer, the network; the notes outlive all of it.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { findings, text } from "./harness.mjs";
import { token } from "./moderation_api.mjs";
import { enter, go, item, jump, listen, open, openItem, press, see, test, world } from "./moderation_steps.mjs";

let at;
before(async () => {
  at = await world();
});
after(() => at.end());

const stored = (n) => at.api.store.items.find((one) => one.id === item(n));
const fail = (problem) => at.api.store.failing.push(problem);
const notes = (page) => page.$eval("#notes", (field) => field.value);
const later = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const NOTES = "Spoke with Olena at 20:10; her sister stays tonight.";

/** The second item, opened, a decision chosen and notes typed. */
async function typed(page, n = 2) {
  await openItem(page, n);
  await press(page, /^(Keep back|The concern is real)/);
  await page.type("#notes", NOTES);
}

test("a token that runs out takes no notes along: after the next sign-in one goes on where one was", async () => {
  const page = await open(at);
  await typed(page);
  fail({ status: 401, code: "expired_token", path: /decision/ });
  await press(page, /^Yes, keep it back/);
  await see(page, /Your token has run out[\s\S]*your notes are kept/);
  assert.deepEqual(await findings(page), []);
  await enter(page);
  await see(page, /You hold this[\s\S]*Keep it back\?/);
  assert.equal(await notes(page), NOTES);
  assert.doesNotMatch(await text(page), /find you/, "the words are hidden again");
  await press(page, /^Yes, keep it back/);
  await see(page, /Kept back/);
  assert.equal(stored(2).steps[0].notes, NOTES);
  assert.equal(await page.evaluate(() => sessionStorage.getItem("teei.review-drafts")), null, "nothing is left behind");
  await page.done();
});

test("a phone that forgets the tab brings the notes back, and never the words", async () => {
  const page = await open(at, { width: 375, height: 700 });
  await typed(page);
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  assert.ok(kept.includes("her sister stays") && !kept.includes("find you"));
  page.on("dialog", (dialog) => dialog.accept());
  await page.reload();
  await see(page, /Keep it back\?/);
  assert.equal(await notes(page), NOTES);
  await page.done();
});

test("somebody else's token does not get the notes", async () => {
  const page = await open(at);
  await typed(page);
  fail({ status: 401, code: "expired_token", path: /decision/ });
  await press(page, /^Yes, keep it back/);
  await enter(page, token("safeguarding", "amal"));
  await see(page, /rita holds this until/);
  assert.doesNotMatch(await text(page), /her sister/);
  assert.equal(await page.evaluate(() => sessionStorage.getItem("teei.review-drafts")), null);
  await page.done();
});

test("signing out asks before it forgets notes", async () => {
  const page = await open(at);
  await typed(page);
  await press(page, /^Sign out/);
  await see(page, /Decide/);
  assert.match(await text(page, "dialog"), /Notes on 1 item are not sent yet\. They are forgotten/);
  assert.deepEqual(await findings(page), []);
  await press(page, /^Cancel/, "dialog");
  assert.equal(await notes(page), NOTES);
  await press(page, /^Sign out/, "#top");
  await press(page, /^Sign out/, "dialog");
  await see(page, /You are signed out/);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.done();
});

test("an item that is given back keeps one's notes for the next time, and nothing else", async () => {
  const page = await open(at);
  await typed(page);
  await press(page, /^Give it back/);
  await see(page, /Notes not sent/);
  await openItem(page, 2);
  await see(page, /Your notes are kept\. Choose a decision/);
  await press(page, /^Keep back/);
  assert.equal(await notes(page), NOTES);
  await page.done();
});

test("an answer that was lost is asked for again and makes one decision", async () => {
  const page = await open(at);
  await typed(page);
  at.api.store.lost = 1;
  await press(page, /^Yes, keep it back/);
  await see(page, /The server does not answer[\s\S]*What you typed is kept/);
  assert.equal(await notes(page), NOTES);
  await press(page, /^Try again/);
  await see(page, /Kept back/);
  assert.equal(stored(2).steps.length, 1);
  await page.done();
});

test("without a network nothing is lost and the page says so", async () => {
  const page = await open(at);
  await typed(page);
  await page.setOfflineMode(true);
  await page.waitForFunction(() => /You are offline/.test(document.querySelector(".offline").innerText));
  await press(page, /^Yes, keep it back/);
  await see(page, /The server does not answer/);
  assert.deepEqual(await findings(page), []);
  await page.setOfflineMode(false);
  await page.waitForFunction(() => !document.querySelector(".offline").innerText);
  await press(page, /^Try again/);
  await see(page, /Kept back/);
  await page.done();
});

test("an item that somebody else took shows who holds it, and one's notes to copy", async () => {
  const page = await open(at);
  await typed(page);
  Object.assign(stored(2), { claimed_by: "amal", claimed_until: later(10) });
  await press(page, /^Yes, keep it back/);
  await see(page, /Somebody else took it[\s\S]*amal holds this until[\s\S]*Your notes were not sent[\s\S]*her sister stays/);
  assert.doesNotMatch(await text(page), /find you/, "the words go out of sight");
  assert.deepEqual(await findings(page), []);
  await press(page, /^Forget the notes/);
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("her sister"));
  await page.done();
});

test("an item that somebody else decided shows the decision", async () => {
  const page = await open(at);
  await typed(page);
  Object.assign(stored(2), { state: "closed", claimed_by: undefined, claimed_until: undefined, decided: { decision: "overturn", by: "amal", at: later(0) }, closed_by: "decision" });
  await press(page, /^Yes, keep it back/);
  await see(page, /It is decided already[\s\S]*Let through: decided by amal[\s\S]*Your notes were not sent/);
  await page.done();
});

test("an item that is taken between the queue and the click says by whom", async () => {
  const page = await open(at);
  await go(page, `#/reviews/${item(2)}`);
  await see(page, /Nobody holds this/);
  Object.assign(stored(2), { state: "claimed", claimed_by: "amal", claimed_until: later(10) });
  await press(page, /^Take it/);
  await see(page, /Somebody else took it[\s\S]*amal holds this until/);
  await page.done();
});

test("time that runs out is told, hides the words and keeps the notes; the item can be taken again", async () => {
  const page = await open(at, { store: { lease: 1.97 } });
  const heard = await listen(page);
  await typed(page);
  await page.waitForFunction(() => globalThis.heard.some((said) => /Less than two minutes/.test(said)));
  await jump(page, 3 * 60_000);
  Object.assign(stored(2), { claimed_until: later(-1) });
  await see(page, /Your time has run out, and the item is free for others/);
  assert.match(await heard(), /Your time has run out/);
  assert.doesNotMatch(await text(page), /find you/);
  assert.deepEqual(await findings(page), []);
  await press(page, /^Take it again/);
  await see(page, /You hold this/);
  assert.equal(await notes(page), NOTES);
  await page.done();
});

test("a decision after the time ran out takes the item again where nobody else did", async () => {
  const page = await open(at);
  await typed(page);
  Object.assign(stored(2), { claimed_until: later(-1) });
  await jump(page, 16 * 60_000);
  await see(page, /Take the item again to decide|Your time has run out/);
  await press(page, /^Yes, keep it back/);
  await see(page, /Kept back/);
  await page.done();
});

test("who works on an item keeps it without doing anything for it", async () => {
  const page = await open(at, { store: { lease: 4 } });
  await typed(page);
  const until = stored(2).claimed_until;
  await jump(page, 2.5 * 60_000);
  await page.type("#notes", " More.");
  for (let tries = 0; stored(2).claimed_until === until && tries < 50; tries++) await new Promise((next) => setTimeout(next, 100));
  assert.notEqual(stored(2).claimed_until, until);
  assert.equal(await notes(page), `${NOTES} More.`);
  assert.equal(await page.evaluate(() => document.activeElement.id), "notes", "the typing goes on");
  await page.done();
});

test("words on a page that nobody touches are hidden", async () => {
  const page = await open(at);
  await openItem(page, 2);
  await jump(page, 5.5 * 60_000);
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("find you"));
  await see(page, /The words are hidden/);
  await page.done();
});

test("a phone whose clock is wrong counts by the server's", async () => {
  const page = await open(at, { signIn: false });
  await jump(page, -47 * 60_000);
  await enter(page);
  await see(page, /2[123] mins\s+to the next target/);
  await page.done();
});

test("a queue that cannot be asked for again stays as it was seen, with the time", async () => {
  const page = await open(at);
  fail({ status: 503, code: "database_unavailable", retryable: true });
  await press(page, /^Look again/);
  await see(page, /The database does not answer[\s\S]*Trying again may help[\s\S]*Last looked at[\s\S]*Self-harm/);
  await press(page, /^Try again/);
  await page.waitForFunction(() => !document.querySelector(".note.bad"));
  await page.done();
});

test("the queue asks again by itself while it is looked at, and stops when nobody is there", async () => {
  const page = await open(at, { signIn: false });
  await page.evaluate(() => {
    const set = setInterval;
    globalThis.setInterval = (act, ms) => (ms === 60_000 ? ((globalThis.minute = act), 0) : set(act, ms));
  });
  await enter(page);
  await see(page, /Self-harm/);
  at.api.store.items.shift();
  await jump(page, 61_000);
  await page.evaluate(() => globalThis.minute());
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("Self-harm"));
  let asked = 0;
  page.on("request", () => (asked += 1));
  await jump(page, 16 * 60_000);
  await page.evaluate(() => globalThis.minute());
  await new Promise((next) => setTimeout(next, 300));
  assert.equal(asked, 0);
  await page.done();
});
