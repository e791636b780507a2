// From a number to the outcomes behind it and to their words, for those who may; and a person's word against the rules'.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { text } from "./harness.mjs";
import { PLACES, WORDS, id } from "./outcomes_api.mjs";
import { go, open, press, rows, see, settled, test, world } from "./outcomes_steps.mjs";

let at;
before(async () => {
  at = await world();
});
after(() => at.end());

const asked = (path) => at.api.store.asked.filter((one) => one.path.startsWith(path));
const LIST = "#/scores?dimension=confidence&programme=language&from=2025-01-01&to=2025-04-01";

test("a coordinator opens a number to the outcomes behind it, and one of them to its sentences", async () => {
  const page = await open(at, { at: "#/outcomes?programme=language&from=2025-01-01&to=2026-01-01" });
  assert.equal(await page.$eval("#of-confidence tbody a", (link) => link.getAttribute("aria-label")), "0.50: open the outcomes behind it");
  await page.$eval("#of-confidence tbody tr:first-child a", (link) => link.click());
  await see(page, /Confidence: behind the number/);
  await page.waitForSelector(".scores > li:nth-child(20)");
  assert.deepEqual(asked("scores")[0].query, { dimension: "confidence", programme: "language", from: "2025-01-01", to: "2025-04-01", limit: "20" });
  assert.match(await text(page), /Language · Q1 2025/);
  assert.equal(asked("outcomes/").length, 0, "no words before somebody asks for them");
  await press(page, /Show the sentences/, ".scores > li:first-child");
  await page.waitForSelector(".words mark");
  assert.deepEqual(asked("outcomes/").map((one) => one.path), [`outcomes/${id(1)}`]);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test("a band of a chart opens the same outcomes as its row", async () => {
  const page = await open(at);
  await page.click("#of-confidence .opens .band");
  await see(page, /behind the number/);
  assert.deepEqual(asked("scores")[0].query, { dimension: "confidence", from: "2025-01-01", to: "2025-04-01", limit: "20" });
  await page.done();
});

test("the list goes on a page at a time, newest first as it comes", async () => {
  const page = await open(at, { at: LIST });
  await press(page, /Show more/);
  await page.waitForSelector(".scores > li:nth-child(23)");
  assert.equal(asked("scores")[1].query.cursor, "20");
  assert.doesNotMatch(await text(page), /Show more/);
  await page.done();
});

test("the keyboard alone leads from a number to the words", async () => {
  const page = await open(at);
  await page.focus("#of-confidence tbody a");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".scores button");
  await page.focus(".scores button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".words mark");
  assert.equal(await page.evaluate(() => document.activeElement.contains(document.querySelector(".words"))), true, "the focus is on what was opened");
  await page.done();
});

test("places count Unicode characters, and what looks like markup stays text", async () => {
  const page = await open(at, { at: `#/outcomes/${id(1)}` });
  await page.waitForSelector("mark");
  assert.deepEqual(await page.$$eval("mark", (all) => all.map((one) => [one.className, one.textContent])), [["plus", PLACES[0].quote], ["minus", PLACES[1].quote]]);
  assert.equal(await page.$eval(".words", (words) => words.textContent), WORDS);
  assert.deepEqual(await page.evaluate(() => [globalThis.broken ?? "whole", document.querySelectorAll("main img").length]), ["whole", 0]);
  assert.equal(await page.$eval(".words", (words) => words.lang), "nb");
  assert.match(await text(page), /\nNå tør jeg å ringe legen speaks for it · something done or dared · rule conf\.nb\.dare/);
  assert.match(await text(page), /march\.csv, line 17/);
  await page.done();
});

test("words that may not be shown are said to be, with the reason", async () => {
  const page = await open(at, { at: `#/outcomes/${id(2)}` });
  await see(page, /the text was withdrawn, or the safety screening does not let it through/);
  assert.equal(await page.$("mark"), null);
  assert.match(await text(page), /speaks for it · something done or dared/);
  await go(page, `#/outcomes/${id(4)}`);
  await see(page, /It does not count any more: the text was withdrawn/);
  assert.equal(await page.$(".verdicts"), null, "nothing to correct");
  await page.done();
});

test("what it was before and who said what is there", async () => {
  const page = await open(at, { at: `#/outcomes/${id(3)}` });
  await see(page, /kari said: speaks for it \(the rules: speaks against it\)/);
  assert.match(await text(page), /0\.25, speaks against it, rules 0\.9\.0/);
  await page.done();
});

test("a coordinator says that a text gives no evidence: said first what will happen, then it counts no more", async () => {
  const page = await open(at, { at: `#/outcomes/${id(1)}` });
  await press(page, /It says nothing about it/);
  await page.waitForSelector("dialog[open]");
  assert.match(await text(page, "dialog"), /taken out of all numbers/);
  await press(page, /It says nothing about it/, "dialog");
  await see(page, /It does not count any more: a person said that the text gives no evidence/);
  assert.deepEqual(asked("outcomes").filter((one) => one.method === "POST").map((one) => one.body), [{ verdict: "0", revision: 1 }]);
  assert.equal(await page.$eval(".words", (words) => words.textContent), WORDS, "the words stay in sight");
  assert.equal(await page.$(".verdicts"), null);
  await page.done();
});

test("who confirms a score sends its own sign; who was slower is told", async () => {
  const page = await open(at, { at: `#/outcomes/${id(1)}` });
  await press(page, /It is right/);
  await page.waitForSelector("dialog[open]");
  at.api.store.details[id(1)].revision = 5;
  await press(page, /It is right/, "dialog");
  await page.waitForSelector("dialog .note.bad");
  assert.match(await text(page, "dialog"), /Somebody was faster/);
  assert.deepEqual(asked("outcomes").find((one) => one.method === "POST").body, { verdict: "+", revision: 1 });
  await page.done();
});

test("the data protection officer reads and does not correct", async () => {
  const page = await open(at, { role: "dpo", at: `#/outcomes/${id(1)}` });
  await page.waitForSelector("mark");
  assert.equal(await page.$(".verdicts"), null);
  await page.done();
});

test("a company user who types the address of an outcome gets nothing", async () => {
  const page = await open(at, { role: "company_user", at: `#/outcomes/${id(1)}` });
  await see(page, /You may not see this/);
  await go(page, LIST);
  await see(page, /You may not see this/);
  assert.equal(await page.$(".scores > li"), null);
  await page.done();
});

test("from the words back to the list, from the list back to the same figures", async () => {
  const page = await open(at, { at: "#/outcomes?programme=language&from=2025-01-01&to=2026-01-01" });
  await page.click("#of-confidence tbody a");
  await page.waitForSelector(".scores h2 a");
  await page.click(".scores h2 a");
  await page.waitForSelector("mark");
  await press(page, /Back to the list/);
  await page.waitForSelector(".scores > li");
  await press(page, /Back to the outcomes/);
  await see(page, /All companies · Language · Q1 2025 to Q4 2025/);
  await page.done();
});

test("staff sees what is in no number and why; a quarter that runs still is marked", async () => {
  const page = await open(at);
  assert.match(await text(page), /What is in no number[\s\S]+4 texts: the person, or who wrote them, does not allow scoring[\s\S]+1 text: nobody said who wrote it[\s\S]+2 scores of people whose data was erased/);
  await go(page, "#/outcomes");
  await page.waitForSelector("#of-confidence tbody tr");
  await settled(page);
  assert.match((await rows(page, "confidence")).at(-1)[0], /\(so far\)/);
  await page.done();
});
