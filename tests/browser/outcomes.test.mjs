// What a company user does on the page of outcomes: choose, read, know why there is no number, take it into a report.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { text } from "./harness.mjs";
import { cell, page as document_, token } from "./outcomes_api.mjs";
import { YEAR, enter, go, open, press, rows, see, settled, test, world } from "./outcomes_steps.mjs";

let at;
before(async () => {
  at = await world();
});
after(() => at.end());

const asked = (path = "outcomes") => at.api.store.asked.filter((one) => one.path === path);
const none = { for_company: true, coverage: [], erased_scores: 0 };
const dimensions = (cells, more = {}) => ["confidence", "belonging", "lang_level_proxy", "job_readiness", "well_being"].map((dimension) => ({ dimension, min_persons: dimension === "well_being" ? 10 : 5, cells: dimension === "confidence" ? cells : [], ...more }));
const Q = ["2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01"];
/** The page on figures of two quarters, and the words beside the change. */
async function changeOf(earlier, later, forCompany) {
  const figures = () => ({ ...none, for_company: forCompany, dimensions: dimensions([cell(Q[0], Q[1], ["language"], ...earlier), cell(Q[1], Q[2], ["language"], ...later)]) });
  const page = await open(at, { role: forCompany ? "company_user" : "dpo", at: "#/outcomes?from=2025-01-01&to=2025-07-01", store: { figures } });
  const [, second] = await rows(page, "confidence");
  const line = await page.$eval("#of-confidence .join", (line) => line.getAttribute("class"));
  await page.done();
  return [second.at(-1), line];
}

test("a company user sees five outcomes, what they rest on and the change since the quarter before", async () => {
  const page = await open(at, { role: "company_user" });
  const seen = await text(page);
  assert.match(seen, /Nordlys <b>AS<\/b> · All programmes · Q1 2025 to Q4 2025/);
  assert.deepEqual(await page.$$eval(".dimension h2", (all) => all.map((one) => one.innerText)), ["Confidence", "Belonging", "Language", "Job readiness", "Well-being"]);
  assert.match(seen, /at least about 25\npeople\nabout 220\ntexts\nabout 160\nof them say something about an outcome\nabout 20\ncould not be read/);
  assert.equal((await page.$$(".chart svg[role=img]")).length, 5, "one for each set of programmes with a number");
  const table = await rows(page, "belonging");
  assert.deepEqual(table[0].slice(0, 5), ["Q1 2025", "0.50 (0.45 to 0.55)", "65% / 35%", "about 25", "about 40"]);
  assert.match(table[1].join(": "), /Q2 2025: No number: texts of fewer than 5 people speak of it, or more than half of them are one person's/);
  assert.equal(table[2].at(-1), "+0.05, could be chance");
  assert.match(seen, /Q4 2025, compared with Q3 2025: \+0\.05, could be chance/);
  assert.equal(await page.$("main a[href^='#/scores']"), null, "a company opens no number");
  assert.deepEqual(page.faults, []);
  await page.done();
});

test("programmes that stand together are said to", async () => {
  const page = await open(at, { role: "company_user" });
  assert.deepEqual(await page.$$eval("#of-confidence h3", (all) => all.map((one) => one.innerText)), ["Language", "Buddy and Mentorship"]);
  assert.match(await text(page, "#of-confidence"), /No number of its own: Upskilling/);
  assert.match(await text(page, "#of-belonging"), /No number of its own: Buddy, Mentorship and Upskilling/i);
  await page.done();
});

test("a quarter that is counted with others names them", async () => {
  const figures = () => ({ ...none, dimensions: dimensions([cell(Q[0], Q[1], ["language"], 0.5, 0.1, 25, 40, 0.5), cell(Q[1], Q[2], ["buddy", "language"], 0.6, 0.1, 25, 40, 0.5)]) });
  const page = await open(at, { role: "company_user", at: "#/outcomes?from=2025-01-01&to=2025-07-01", store: { figures } });
  assert.match((await rows(page, "confidence"))[1].join(": "), /Q2 2025: No number: in the number of Buddy and Language together/);
  await page.done();
});

test("where nothing may be shown the page says why, and what may help", async () => {
  const page = await open(at, { role: "company_user" });
  assert.match(await text(page, "#of-well_being"), /No number\. In this period texts of fewer than 10 people speak of it/);
  assert.equal(await page.$("#of-well_being svg"), null);
  await page.select("#programme", "upskilling");
  await see(page, /Nordlys <b>AS<\/b> · Upskilling/);
  await settled(page);
  assert.match(await text(page), /No number: there are no texts in this period, or too few people wrote them\. A longer period may show more/);
  assert.equal(await page.$(".chart"), null);
  await page.done();
});

test("programme and period are asked for in whole quarters and kept in the address", async () => {
  const page = await open(at, { role: "company_user" });
  await page.select("#programme", "language");
  await see(page, /AS<\/b> · Language · Q1 2025/);
  await settled(page);
  const [from] = await page.$$eval("#from option", (all) => all.filter((one) => one.innerText === "Q3 2025").map((one) => one.value));
  await page.focus("#from");
  await page.select("#from", from);
  await see(page, /Language · Q3 2025 to Q4 2025/);
  assert.deepEqual(asked().at(-1).query, { programme: "language", from: "2025-07-01", to: "2026-01-01" });
  assert.match(await page.evaluate(() => location.hash), /programme=language&from=2025-07-01&to=2026-01-01/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "from", "the keyboard stays where it was");
  // A period cannot end before it begins.
  const [early] = await page.$$eval("#to option", (all) => all.filter((one) => one.innerText === "Q1 2025").map((one) => one.value));
  await page.select("#to", early);
  await see(page, /Language · Q1 2025\n/);
  assert.deepEqual(asked().at(-1).query, { programme: "language", from: "2025-01-01", to: "2025-04-01" });
  await page.done();
});

test("without a choice a company sees its last four published quarters", async () => {
  const page = await open(at, { role: "company_user", at: "" });
  const { from, to } = asked().at(-1).query;
  const months = (day) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
  assert.equal(months(to) - months(from), 12);
  const lag = (Date.now() - Date.parse(to)) / 86_400_000;
  assert.ok(lag >= 30 && lag < 125, `${to} ended ${lag} days ago`);
  assert.match(await text(page), /30 days after its end/);
  await page.done();
});

test("what makes no sense in the address is as if it were not there", async () => {
  const page = await open(at, { role: "company_user", at: "#/outcomes?programme=%3Cb%3E&from=2025-02-30&to=2099-01-01&company=x" });
  const { from, to, ...rest } = asked().at(-1).query;
  assert.deepEqual(rest, {});
  assert.ok(from < to && to <= new Date().toISOString().slice(0, 10));
  await page.done();
});

test("a change is more than chance only when it is larger than both intervals together", async () => {
  assert.deepEqual(await changeOf([0.5, 0.06, 12, 20, 0.5], [0.6, 0.06, 12, 20, 0.6], false), ["+0.10, more than chance", "join more"]);
  assert.deepEqual(await changeOf([0.5, 0.08, 12, 20, 0.5], [0.6, 0.08, 12, 20, 0.6], false), ["+0.10, could be chance", "join maybe"]);
  assert.deepEqual(await changeOf([0.6, 0.06, 12, 20, 0.6], [0.5, 0.06, 12, 20, 0.5], false), ["-0.10, more than chance", "join more"]);
  assert.deepEqual(await changeOf([0.5, 0, 12, 20, 0.5], [0.6, 0.02, 12, 20, 0.6], false), ["+0.10, cannot be told from chance", "join unknown"]);
});

test("for a company the worst rounding counts against a change", async () => {
  assert.deepEqual(await changeOf([0.5, 0.05, 25, 40, 0.5], [0.65, 0.05, 25, 40, 0.6], true), ["+0.15, could be chance", "join maybe"]);
  assert.deepEqual(await changeOf([0.5, 0.05, 25, 40, 0.5], [0.7, 0.05, 25, 40, 0.6], true), ["+0.20, more than chance", "join more"]);
});

test("an interval that was cut at the end of the scale is taken by its whole side", async () => {
  // 0.95 ± 0.3 is told as 0.65 to 1.
  assert.deepEqual((await changeOf([0.6, 0.05, 12, 20, 0.5], [0.85, 0.3, 12, 20, 0.6], false))[0], "+0.25, could be chance");
});

test("the charts say in words what they show", async () => {
  const page = await open(at, { role: "company_user" });
  assert.equal(
    await page.$eval("#of-belonging svg", (svg) => svg.getAttribute("aria-label")),
    "Belonging, Language. Q1 2025: 0.50 (0.45 to 0.55); Q2 2025: No number; Q3 2025: 0.55 (0.50 to 0.60); Q4 2025: 0.60 (0.55 to 0.65)",
  );
  const places = await page.$$eval("#of-belonging .dot", (all) => all.map((one) => Number(one.getAttribute("cy"))));
  assert.ok(places[0] > places[1] && places[1] > places[2], "higher is more");
  assert.deepEqual(await page.$eval("#of-belonging .none", (one) => [one.getAttribute("width") > 20, one.getAttribute("height") > 50]), [true, true]);
  await page.done();
});

test("twelve quarters fit into a chart without their names running into each other", async () => {
  const page = await open(at, { at: "#/outcomes?from=2023-01-01&to=2026-01-01", width: 375 });
  const boxes = await page.$$eval("#of-confidence svg .axis", (all) => all.filter((one) => /^Q/.test(one.textContent)).map((one) => one.getBoundingClientRect()).map(({ left, right }) => [left, right]));
  assert.ok(boxes.length >= 4);
  for (let n = 1; n < boxes.length; n++) assert.ok(boxes[n][0] >= boxes[n - 1][1], `${boxes[n - 1]} and ${boxes[n]}`);
  await page.done();
});

async function copied(page) {
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => (globalThis.clip = text) }, configurable: true }));
  await press(page, /CSV/, ".actions");
  return page.evaluate(() => globalThis.clip);
}

test("the figures are copied as CSV, with why a number is missing and that they are experimental", async () => {
  const page = await open(at, { role: "company_user" });
  const lines = (await copied(page)).trim().split("\r\n");
  assert.equal(lines[0], "Outcome,Company,Programmes,From,Until,Mean,Interval from,Interval to,Share for,Share against,People,Texts,Texts with evidence,Texts not read,Change since before,More than chance,Why no number,Status");
  assert.equal(lines[1], 'All texts,Nordlys <b>AS</b>,Language,2025-01-01,2025-03-31,,,,,,25,55,40,5,,,,"experimental: 1,691 labelled texts, 1 person"');
  const belonging = lines.filter((line) => line.startsWith("Belonging,"));
  assert.match(belonging[0], /^Belonging,Nordlys <b>AS<\/b>,Language,2025-01-01,2025-03-31,0\.5,0\.45,0\.55,0\.65,0\.35,25,,40,,,,,"experimental: 1,691 labelled texts, 1 person"$/);
  assert.match(belonging[1], /,2025-04-01,2025-06-30,,,,,,,,,,,,"texts of fewer than 5 people/);
  assert.match(belonging[2], /,0\.05,could be chance,/);
  assert.match(lines.at(-1), /^Well-being,.*In this period texts of fewer than 10 people/);
  await page.done();
});

test("a Norwegian spreadsheet gets semicolons and decimal commas, and no name runs as a formula", async () => {
  const page = await open(at, { lang: "nb", at: `${YEAR}&company=01900000-0000-7000-8000-000000000701` });
  const lines = (await copied(page)).trim().split("\r\n");
  assert.match(lines[0], /^Resultat;Bedrift;Programmer;Fra;Til og med;Snitt;/);
  const confidence = lines.find((line) => line.startsWith("Selvtillit;"));
  assert.match(confidence, /^Selvtillit;"'=Fjord; ""A""";"?Buddy, Språk, Mentor og Kompetanse"?;2025-01-01;2025-03-31;0,5;0,42;0,58;/);
  await page.done();
});

test("where copying is not allowed the table is there to be taken by hand", async () => {
  const page = await open(at, { role: "company_user" });
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("no")) }, configurable: true }));
  await press(page, /Copy as CSV/);
  await page.waitForSelector("#csv-text");
  assert.match(await page.$eval("#csv-text", (field) => field.value.slice(field.selectionStart, field.selectionEnd)), /^Outcome,[\s\S]+Well-being,/);
  await page.done();
});

test("on paper there is the report alone: no buttons, all charts, experimental", async () => {
  const page = await open(at, { role: "company_user", scheme: "dark" });
  await page.emulateMediaType("print");
  const shown = (selector) => page.$$eval(selector, (all) => all.some((one) => one.checkVisibility()));
  for (const selector of ["#top", ".choose", ".actions .button"]) assert.equal(await shown(selector), false, selector);
  for (const selector of [".chart svg", ".subject", ".note.warn", ".dimension table"]) assert.equal(await shown(selector), true, selector);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.match(await text(page), /Experimental\.[\s\S]+1,?691 labelled texts[\s\S]+Nordlys <b>AS<\/b> · All programmes · Q1 2025 to Q4 2025[\s\S]+Made .+ with rules 1\.0\.0\+3fa2c1d4/);
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  assert.ok(pdf.length > 20_000);
  await page.done();
});

test("the page says experimental with the number of labelled texts that there are", async () => {
  const lines = (file) => readFileSync(new URL(`../eval/held-out/${file}.jsonl`, import.meta.url), "utf8").trim().split("\n").length;
  const labelled = new Intl.NumberFormat("en").format(["q2q", "q2q-2", "q2q-3"].map(lines).reduce((sum, n) => sum + n));
  const page = await open(at, { role: "company_user" });
  assert.match(await text(page, ".note.warn"), new RegExp(`Experimental\\. .* ${labelled} labelled texts, invented and labelled by one person`));
  await go(page, "#/about");
  assert.match(await text(page), new RegExp(`Experimental\\.[\\s\\S]+Not to judge, rank or select a person[\\s\\S]+Checked against ${labelled} texts`));
  assert.match(await text(page), /Confidence\nWhat confidence means\.[\s\S]+Read: English, Norwegian(,)? and Ukrainian/);
  await page.done();
});

test("once a second person has labelled, nothing says experimental any more", async () => {
  // The page's policy allows no other script, so the line that is changed that day is looked at as it stands.
  const { html } = document_();
  assert.equal(html.match(/const LABELLED = \{ texts: \d+, people: 1 \};/g).length, 1);
  const trial = new Function("LABELLED", `return (${/const trial = (.+);/.exec(html)[1]})()`);
  assert.deepEqual([1, 2].map((people) => trial({ people })), [true, false]);
});

test("a role without figures is told so", async () => {
  const page = await open(at, { role: "participant" });
  await see(page, /You may not see this/);
  await page.done();
});

test("a server that does not answer is said, and asked again by a button", async () => {
  const page = await open(at, { role: "company_user", store: { failing: [{ path: /GET outcomes/, status: 503, code: "database_unavailable" }] } });
  await see(page, /The database does not answer/);
  await press(page, /Try again/);
  await see(page, /What the numbers rest on/);
  await page.done();
});

test("of two choices in a row the later one is shown", async () => {
  const page = await open(at, { role: "company_user" });
  await page.evaluate(() => {
    const choose = (value) => {
      const field = document.getElementById("programme");
      field.value = value;
      field.dispatchEvent(new Event("change"));
    };
    choose("language");
    choose("buddy");
  });
  await see(page, /AS<\/b> · Buddy · /);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.match(await text(page, ".subject"), /Buddy/);
  await page.done();
});

test("a token that ran out leads to the sign-in and back to the same figures", async () => {
  const page = await open(at, { role: "company_user", at: "#/outcomes?programme=language&from=2025-01-01&to=2025-07-01" });
  at.api.store.failing.push({ path: /GET outcomes/, status: 401, code: "expired_token" });
  await page.select("#programme", "");
  await page.waitForSelector("#token");
  await see(page, /Your token has run out/);
  await enter(page, token("company_user"));
  await see(page, /All programmes · Q1 2025 to Q2 2025/);
  await page.done();
});
