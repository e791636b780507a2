// What a reviewer does: see what must not wait, take, open, decide; with a mouse, by keys alone, on a phone.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { text } from "./harness.mjs";
import { DETAILS, THREAT, fresh, token } from "./moderation_api.mjs";
import { controlEnter, enter, go, item, listen, open, openItem, press, see, test, world } from "./moderation_steps.mjs";

let at;
before(async () => {
  at = await world();
});
after(() => at.end());

const stored = (n) => at.api.store.items.find((one) => one.id === item(n));
const decisions = () => at.api.store.asked.filter(([path]) => path.endsWith("/decision")).map(([, body]) => body);

test("the head says how many wait, what is urgent and how long until the next target", async () => {
  const page = await open(at);
  assert.deepEqual(await page.$$eval(".tile", (tiles) => tiles.map((tile) => tile.innerText.replace(/\s+/g, " "))), ["4 wait", "2 urgent", "22 mins to the next target", "0 held by you"]);
  await see(page, /This page is no emergency service\.[\s\S]*The office is closed now; it is open Mon-Fri 08:00-16:00 Europe\/Oslo[\s\S]*Outside office hours, safeguarding answers at \+47 900 00 000/);
  assert.equal(await page.$eval("a[href='tel:+4790000000']", (link) => link.innerText), "+47 900 00 000");
  assert.match(await page.title(), /^\(4\) Queue/);
  await page.done();
});

test("a contact with words around its numbers can be called from it", async () => {
  const page = await open(at, { store: { contact: "Kari, vakttelefon +47 22 00 00 00 (eller vakt@example.org)", open: true } });
  await see(page, /The office is open now[\s\S]*Kari, vakttelefon \+47 22 00 00 00 \(eller vakt@example\.org\)/);
  assert.deepEqual(await page.$$eval("aside p:nth-of-type(4) a", (links) => links.map((link) => link.href)), ["tel:+4722000000", "mailto:vakt@example.org"]);
  await page.done();
});

test("the sensitive lane comes first, urgent before the rest, and each says when it was written and who holds it", async () => {
  const page = await open(at);
  const rows = await page.$$eval(".queue > li", (rows) => rows.map((row) => row.innerText));
  assert.equal(rows.length, 4);
  assert.match(rows[0], /Urgent[\s\S]*Sensitive[\s\S]*Self-harm[\s\S]*Written 12 days ago[\s\S]*To be opened within 22 mins[\s\S]*Free/);
  assert.match(rows[1], /Urgent[\s\S]*Blocked, aimed at a person[\s\S]*Threat: plain/);
  assert.match(rows[2], /Held by amal until/);
  const words = await text(page, "body");
  for (const secret of ["find you", "example.org", "жити"]) assert.ok(!words.includes(secret), "no words in the queue");
  await page.done();
});

test("an item that was not opened in time is counted and marked", async () => {
  const store = fresh();
  store.items[0].due_at = new Date(Date.now() - 12.5 * 60_000).toISOString();
  const page = await open(at, { store });
  await see(page, /1\s+not opened in time[\s\S]*12 mins past the target/);
  assert.equal(await page.$$eval(".target.late, .tile.bad", (all) => all.length), 2);
  await page.done();
});

test("who is no safeguarding reviewer sees nothing of the sensitive lane", async () => {
  const page = await open(at, { given: token("reviewer", "ola") });
  await see(page, /Threat/);
  assert.doesNotMatch(await text(page), /Self-harm:|Sensitive|target/);
  assert.equal((await page.$$(".tile")).length, 3);
  await go(page, `#/reviews/${item(1)}`);
  await see(page, /There is no such item/);
  await page.done();
});

test("words are hidden until they are opened, and opening is asked of the API", async () => {
  const page = await open(at);
  await go(page, `#/reviews/${item(2)}`);
  await press(page, /^Take it/);
  await see(page, /The words are hidden[\s\S]*That you open them is recorded/);
  assert.doesNotMatch(await text(page), /find you/);
  assert.equal(stored(2).openedBy, undefined);
  await press(page, /^Open the words/);
  await see(page, /find you/);
  assert.deepEqual(stored(2).openedBy, ["rita"]);
  await press(page, /^Hide the words/);
  await page.waitForFunction(() => !document.querySelector("main").innerText.includes("find you"));
  await page.done();
});

test("places are marked by code points, also behind emoji and where they overlap", async () => {
  const page = await open(at);
  await openItem(page, 2);
  const { words, marks } = await page.evaluate(() => ({ words: document.getElementById("words").textContent, marks: [...document.querySelectorAll(".words mark")].map((mark) => [mark.textContent, mark.className, mark.dataset.n]) }));
  assert.equal(words, THREAT, "the words are as they were written");
  const points = Array.from(THREAT);
  assert.deepEqual(marks, [
    [points.slice(3, 23).join(""), "on-harassment", "2"],
    [points.slice(23, 38).join(""), "on-threat on-harassment", "1"],
  ]);
  assert.equal(points.slice(23, 38).join(""), "I will find you");
  await press(page, /I will find you/, ".reasons li:first-child");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "I will find you");
  await page.done();
});

test("words that look like markup stay words", async () => {
  const page = await open(at);
  await openItem(page, 3);
  assert.equal(await page.$eval("#words", (node) => node.textContent), DETAILS);
  assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  assert.equal(await page.$(".words img"), null);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test("a decision says what it does, needs a second step, and leads to the next item", async () => {
  const page = await open(at);
  await openItem(page, 2);
  await press(page, /^Let through\b(?! without)/, ".decisions");
  await see(page, /The text goes on as it was written, and may be scored/);
  assert.deepEqual(decisions(), [], "nothing is sent yet");
  await press(page, /^Choose another/);
  await press(page, /^Keep back/);
  await page.type("#notes", "Talked to both.");
  await press(page, /^Yes, keep it back/);
  await see(page, /Kept back[\s\S]*It is not deleted, and the system tells nobody/);
  assert.deepEqual(decisions(), [{ decision: "uphold", notes: "Talked to both." }]);
  await press(page, /^Take the next one/);
  await see(page, /Self-harm: wants to die/);
  assert.equal(stored(1).claimed_by, "rita");
  await page.done();
});

test("what would go on without the details is shown before it is sent", async () => {
  const page = await open(at);
  await openItem(page, 3);
  await press(page, /^Let through without details/);
  await see(page, /This is what would go on\s+Ring meg på \[PHONE_1\]/);
  await press(page, /^Yes, without the details/);
  await see(page, /others have only your notes/);
  await page.type("#notes", "Fine without.");
  await press(page, /^Yes, without the details/);
  await see(page, /Let through without the details/);
  assert.deepEqual(decisions(), [{ decision: "redact", notes: "Fine without." }]);
  await page.done();
});

test("further words are replaced by their places, typed or selected in the text", async () => {
  const page = await open(at);
  await openItem(page, 2);
  await press(page, /^Let through without details/);
  await page.type("#notes", "Fine without.");
  await press(page, /^Yes, without the details/);
  await see(page, /Nothing would be replaced/);
  await page.type("#replace", "you 😡 nothing");
  await page.keyboard.press("Enter");
  await see(page, /These words are not in the text/);
  await page.$eval("#replace", (field) => (field.value = ""));
  await page.type("#replace", "you");
  await page.keyboard.press("Enter");
  await see(page, /I will find \[REMOVED\] 😡 and \[REMOVED\] know it/);
  await page.evaluate(() => {
    const mark = document.querySelector("mark.on-threat").firstChild;
    document.getSelection().setBaseAndExtent(mark, 0, mark, 6);
  });
  await page.waitForFunction(() => document.getElementById("replace").value === "I will");
  await press(page, /^Add$/);
  await see(page, /\[REMOVED\] find \[REMOVED\]/);
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).includes("I will"));
  await press(page, /^Yes, without the details/);
  await see(page, /Let through without the details/);
  const [{ spans }] = decisions();
  assert.deepEqual(spans.map(({ start, end }) => Array.from(THREAT).slice(start, end).join("")), ["you", "you", "I will"]);
  await page.done();
});

test("a text about a life is decided in words of its own, with notes", async () => {
  const page = await open(at);
  await openItem(page, 1);
  await see(page, /What it says may be past[\s\S]*Somebody may be in danger[\s\S]*no help line was called[\s\S]*No concern[\s\S]*The concern is real/);
  assert.ok(await page.$eval(".decisions li:nth-child(2) button", (button) => button.disabled), "never scored, not even without details");
  await press(page, /^The concern is real/);
  await press(page, /^Yes, it is real/);
  await see(page, /others have only your notes/);
  assert.deepEqual(decisions(), []);
  await page.type("#notes", "Called; the buddy coordinator visits tonight.");
  await press(page, /^Yes, it is real/);
  await see(page, /Closed: the concern is real/);
  assert.equal(decisions().length, 1);
  await page.done();
});

test("letting through needs a reason, and the usual ones are one press", async () => {
  const page = await open(at);
  await openItem(page, 2);
  await press(page, /^Let through\b(?! without)/, ".decisions");
  await press(page, /^Yes, let it through/);
  await see(page, /others have only your notes/);
  await press(page, /^A figure of speech/);
  await page.keyboard.type(" Said while laughing.");
  await press(page, /^Yes, let it through/);
  await see(page, /Let through/);
  assert.deepEqual(decisions(), [{ decision: "overturn", notes: "A figure of speech. Said while laughing." }]);
  await page.done();
});

test("a text that was withdrawn, or that the engine did not get through, says so", async () => {
  const store = fresh();
  Object.assign(store.items[1], { withdrawn_at: new Date().toISOString(), failure: "engine_too_slow", findings: [] });
  const page = await open(at, { store });
  await go(page, `#/reviews/${item(2)}`);
  await see(page, /The screening did not come to an end: it took too long[\s\S]*The text was withdrawn/);
  await press(page, /^Take it/);
  await press(page, /^Open the words/);
  await see(page, /No rule stands behind this[\s\S]*it cannot be let through/);
  assert.deepEqual(await page.$$eval(".decisions button", (all) => all.map((one) => one.disabled)), [true, true, false, false]);
  await page.done();
});

test("whoever decided does not decide again what is contested", async () => {
  const page = await open(at, { given: token("safeguarding", "amal") });
  await go(page, `#/reviews/${item(5)}`);
  await press(page, /^Contest this decision/);
  await page.type("#appeal", "I was wrong.");
  await press(page, /^Contest it/);
  await press(page, /^Open it/);
  await press(page, /^Take it/);
  await see(page, /Somebody else has to decide/);
  await page.done();
});

test("passing on needs words for the next person, and frees the item", async () => {
  const page = await open(at);
  await openItem(page, 2);
  await press(page, /^Pass on/);
  await press(page, /^Yes, pass it on/);
  await see(page, /others have only your notes/);
  await page.type("#notes", "Please look, I know the writer.");
  await press(page, /^Yes, pass it on/);
  await see(page, /Passed on[\s\S]*goes to the safeguarding reviewers as urgent/);
  assert.deepEqual([stored(2).state, stored(2).lane], ["pending", "sensitive"]);
  await openItem(page, 2);
  await see(page, /Earlier decisions[\s\S]*Pass on[\s\S]*rita[\s\S]*I know the writer/);
  await page.done();
});

test("thirty items go by keys alone, and a key does nothing while one types", async () => {
  const page = await open(at);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.match(await page.evaluate(() => document.activeElement.innerText), /Threat/);
  await page.keyboard.press("Enter");
  await see(page, /Nobody holds this/);
  await page.keyboard.press("c");
  await page.waitForSelector("#open-words");
  await page.keyboard.press("1");
  assert.equal(await page.$(".chosen"), null, "not before the words were opened");
  await page.keyboard.press("o");
  await page.waitForSelector(".words mark");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.n), "2");
  await page.keyboard.press("1");
  await page.waitForSelector("#notes");
  await page.keyboard.type("1234 corqn? An idiom");
  assert.equal(await page.$eval("#notes", (notes) => notes.value), "1234 corqn? An idiom");
  assert.match(await text(page, ".chosen h3"), /Let it through/);
  assert.equal(await page.$("dialog"), null);
  await page.keyboard.press("Escape");
  assert.equal(await page.$(".chosen"), null);
  await page.keyboard.press("3");
  assert.equal(await page.$eval("#notes", (notes) => notes.value), "1234 corqn? An idiom", "notes are kept");
  await controlEnter(page);
  await see(page, /Kept back/);
  await page.keyboard.press("n");
  await see(page, /Self-harm/);
  await page.keyboard.press("r");
  await page.waitForFunction(() => location.hash === "#/queue");
  await see(page, /Look again/);
  assert.equal(stored(1).claimed_by, undefined, "given back");
  assert.deepEqual(page.faults, []);
  await page.done();
});

test("keys work on a Cyrillic keyboard, are documented, and can be turned off", async () => {
  const page = await open(at, { lang: "uk" });
  await page.evaluate(() => window.dispatchEvent(new KeyboardEvent("keydown", { key: "о", code: "KeyJ", bubbles: true })));
  const fired = await page.evaluate(() => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "о", code: "KeyJ", bubbles: true, cancelable: true }));
    return document.activeElement.tagName;
  });
  assert.equal(fired, "A");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  assert.match(await text(page, "dialog"), /Взяти наступну[\s\S]*Відкрити або приховати слова[\s\S]*Ctrl/);
  await page.click("#keys-on");
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(at.api.store.asked.length, 0, "n takes nothing any more");
  await page.done();
});

test("the next one skips what somebody else has just taken", async () => {
  const page = await open(at);
  Object.assign(stored(1), { state: "claimed", claimed_by: "amal", claimed_until: new Date(Date.now() + 600_000).toISOString() });
  await press(page, /^Take the next one/);
  await see(page, /You hold this/);
  assert.equal(stored(2).claimed_by, "rita");
  await page.done();
});

test("an empty queue says so, and what comes in is told", async () => {
  const store = fresh();
  const [first] = store.items;
  store.items = [];
  const page = await open(at, { store });
  await see(page, /Nothing waits[\s\S]*Everything that was held back is decided/);
  const heard = await listen(page);
  at.api.store.items = [first];
  await press(page, /^Look again/);
  await see(page, /Self-harm/);
  assert.match(await heard(), /1 urgent item waits/);
  await page.done();
});

test("a decision can be found again and contested", async () => {
  const page = await open(at);
  await press(page, /^Decided$/);
  await see(page, /Threat: veiled[\s\S]*Let through: decided by amal/);
  await press(page, /Threat: veiled/);
  await see(page, /Let through: decided by amal/);
  await press(page, /^Contest this decision/);
  await page.type("#appeal", "It was meant.");
  await press(page, /^Contest it/);
  await see(page, /Contested: it waits in the queue for another person/);
  await press(page, /^Open it/);
  await see(page, /Contested decision/);
  await press(page, /^Take it/);
  await press(page, /^Open the words/);
  await see(page, /Earlier decisions[\s\S]*Let through[\s\S]*An idiom[\s\S]*Contested decision[\s\S]*It was meant/);
  await page.done();
});

test("blocked texts outside the queue can be found and taken", async () => {
  const page = await open(at);
  await press(page, /^Decided$/);
  await page.waitForSelector("#state");
  await page.select("#state", "held");
  await press(page, /Spam: noise/);
  await press(page, /^Take it/);
  await see(page, /You hold this/);
  await page.done();
});

test("rules show how often they were overturned, and no share of a handful", async () => {
  const page = await open(at);
  await press(page, /^Rules$/);
  await see(page, /threat\.kill\s+78%\s+31\s+40\s+52[\s\S]*pii\.phone\s+2%[\s\S]*fewer decisions[\s\S]*spam\.link\s+0\s+3\s+3[\s\S]*hate\.group\s+0\s+0\s+1/);
  await page.done();
});

test("a token of another role is told so", async () => {
  const page = await open(at, { signIn: false });
  await page.type("#token", token("coordinator"));
  await page.keyboard.press("Enter");
  await see(page, /You may not do this/);
  await page.$eval("#token", (field) => (field.value = ""));
  await enter(page);
  await see(page, /Sensitive lane/);
  await page.done();
});
