// What a coordinator does on the page, without help.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { after, afterEach, before, beforeEach } from "node:test";
import { file, mark, open, picture, press, put, receipt, see, sessions, start, sum, text } from "./harness.mjs";

let world, page;
before(async () => {
  world = await start();
});
after(() => world.end());
beforeEach(async () => {
  page = await open(world);
});
afterEach(async () => {
  const faults = page.faults;
  await page.done();
  assert.deepEqual(faults, [], "the browser complained");
});

const oneBad = (n) => (n === 5 ? { rating: 9 } : {});

/** The file a button of the receipt downloads. */
async function downloaded(pattern) {
  const client = await page.createCDPSession();
  const context = page.browserContext().id;
  const folder = mkdtempSync(join(world.folder, "download-"));
  await client.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    browserContextId: context,
  });
  await press(page, pattern);
  for (let tries = 0; tries < 100; tries++) {
    const names = readdirSync(folder).filter((name) => !name.startsWith("."));
    // The browser makes an empty file of that name before it is there.
    const whole = names.length === 1 && !names[0].endsWith(".crdownload") && statSync(join(folder, names[0])).size > 0;
    if (whole) return join(folder, names[0]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("nothing was downloaded");
}

test("a file goes in, and one sees that nothing was lost", async () => {
  const m = mark();
  await receipt(page, file(world, `${m}.csv`, sessions(m, 12)));
  await see(page, /All 12 rows are in\. Nothing was lost\./);
  assert.deepEqual(await sum(page), [12, 12, 0, 0, 0, 0, 0, 0]);
  await see(page, /The numbers add up/);
  await see(page, /Line 13\s+New/);
  await press(page, /How the file was read/);
  await see(page, /Encoding\s+UTF-8/);
  await see(page, /Columns separated by\s+Comma/);
  await picture(page, "task-1");
});

test("a number of the sum leads to its rows", async () => {
  const m = mark();
  await receipt(page, file(world, `${m}.csv`, sessions(m, 12, oneBad)));
  await press(page, /1\s+rejected/);
  await page.waitForFunction(() => /^Line 6\s+Rejected/.test(document.querySelector(".rows:not(.two)").innerText));
  assert.equal(await page.$eval("#fate", (node) => node.value), "rejected");
  assert.equal(await page.$$eval(".rows:not(.two) > li", (rows) => rows.length), 1);
});

test("bad rows are fixed and put in again", async () => {
  const m = mark();
  const first = await receipt(page, file(world, `${m}.csv`, sessions(m, 12, oneBad)));
  await see(page, /11 of 12 rows are in\. 1 was rejected/);
  await see(page, /1 rejected row[\s\S]*Line 6[\s\S]*rating/);
  await press(page, /Fix and put in again/);
  await see(page, /Fix 1 row and put it in again/);
  const rejects = readFileSync(await downloaded(/Download as CSV/), "utf8");
  assert.match(rejects, new RegExp(`^\ufeff?# teei-rejects import=${first}`));
  assert.equal(rejects.trim().split(/\r?\n/).length, 3, "only the rejected row");
  const fixed = file(world, `${m} fixed.csv`, rejects.replace(/,"?9"?,/, ",4,"));
  await (await page.$("#files")).uploadFile(fixed);
  await press(page, /Put 1 file in/);
  await see(page, /The one row is in/);
  await press(page, /corrected rows of an earlier file/);
  await see(page, /11 of 12 rows are in/);
  await see(page, new RegExp(`Put in again so far[\\s\\S]*${m} fixed.csv`));
});

test("rows that wait are not forgotten when the same file comes again", async () => {
  const m = mark();
  await receipt(page, file(world, `${m} 1.csv`, sessions(m, 12, oneBad)));
  await receipt(page, file(world, `${m} 2.csv`, sessions(m, 12, oneBad)));
  await see(page, /Nothing new\. 1 was rejected and waits for you below/);
  await press(page, /Fix and put in again/);
  await see(page, /Fix 1 row and put it in again/);
});

test("a row's own number leads to the files it came with, and there to its line", async () => {
  const m = mark();
  await receipt(page, file(world, `${m} 1.csv`, sessions(m, 80)));
  await receipt(
    page,
    file(
      world,
      `${m} 2.csv`,
      sessions(m, 75, (n) => (n === 70 ? { duration_minutes: 50 } : {})),
    ),
  );
  await press(page, /^Imports$/);
  await page.waitForSelector(".imports a");
  await page.type("#row", `${m}-70`);
  await see(page, new RegExp(`2 imports\\s+${m} 2.csv[\\s\\S]*line 71[\\s\\S]*${m} 1.csv[\\s\\S]*line 71`));
  await picture(page, "task-5");
  await press(page, /To line 71/, ".imports");
  await see(page, /Line 71\s+Changed/);
  assert.match(await text(page, ".rows:not(.two)"), /^Line 71/, "the lines before it are left out");
  await page.goBack();
  await see(page, new RegExp(`${m} 1.csv`));
  await page.$eval("#row", (field) => {
    field.value = "";
  });
  await page.type("#row", "nobody's");
  await see(page, /No stored row has exactly this number/);
});

test("a file is found by a part of its name", async () => {
  const m = mark();
  await receipt(page, file(world, `${m} Møter i mars.csv`, sessions(m, 2)));
  await receipt(page, file(world, `${m} april.csv`, sessions(`${m}a`, 2)));
  await press(page, /^Imports$/);
  await page.waitForSelector(".imports a");
  await page.type("#name", `${m} MØTER`);
  await see(page, /^1 import$/m);
  await see(page, /Møter i mars/);
});

test("rejected rows come for Excel too", async () => {
  const m = mark();
  await receipt(
    page,
    file(
      world,
      `${m}.csv`,
      sessions(m, 3, (n) => (n === 1 ? { rating: 7 } : {})),
    ),
  );
  assert.ok(readFileSync(await downloaded(/Download for Excel/)).length > 0);
});

test("cells changed besides the rejected one are asked about", async () => {
  const m = mark();
  await receipt(
    page,
    file(
      world,
      `${m}.csv`,
      sessions(m, 3, (n) => (n === 2 ? { rating: 9 } : {})),
    ),
  );
  const rejects = readFileSync(await downloaded(/Download as CSV/), "utf8");
  await receipt(page, file(world, `${m} fixed.csv`, rejects.replace(/,"?9"?,/, ",4,").replace(/,"?45"?,/, ",30,")));
  await see(page, /More was changed than the rejected cells/);
  await press(page, /Yes, these too/);
  await press(page, /Yes, these too/, "dialog");
  await see(page, /The one row is in/);
});

test("a file is tried first, then carried out", async () => {
  const m = mark();
  await receipt(page, file(world, `${m}.csv`, sessions(m, 4)), { dry: true });
  await see(page, /Nothing is changed yet\. This is what would happen/);
  await see(page, /4 rows would be new/);
  await see(page, /2 people would be created/);
  assert.deepEqual(await sum(page), [4, 4, 0, 0, 0, 0, 0, 0]);
  await press(page, /Carry the plan out/);
  await picture(page, "task-3-dialog");
  await press(page, /Carry the plan out/, "dialog");
  await see(page, /All 4 rows are in/);
});

test("a plan shows a change field by field, and says when the world moved", async () => {
  const m = mark();
  await receipt(page, file(world, `${m} 1.csv`, sessions(m, 2)));
  const changed = file(
    world,
    `${m} 2.csv`,
    sessions(m, 2, (n) => (n === 1 ? { duration_minutes: 50 } : {})),
  );
  const plan = await receipt(page, changed, { dry: true });
  await see(page, /1 known row would change/);
  await see(page, /duration_minutes\s+45\s+50/);
  await receipt(
    page,
    file(
      world,
      `${m} 3.csv`,
      sessions(m, 1, () => ({ duration_minutes: 60 })),
    ),
  );
  await page.evaluate((id) => {
    location.hash = `#/imports/${id}`;
  }, plan);
  await see(page, /duration_minutes\s+45\s+50/);
  await press(page, /Carry the plan out/);
  await press(page, /Carry the plan out/, "dialog");
  await see(page, /not the one you saw before/);
  await see(page, /duration_minutes\s+60\s+50/);
});

test("an import is undone, after words that say what will happen", async () => {
  const m = mark();
  await receipt(page, file(world, `${m} 1.csv`, sessions(m, 3)));
  await receipt(
    page,
    file(
      world,
      `${m} 2.csv`,
      sessions(m, 5, (n) => (n === 1 ? { duration_minutes: 50 } : {})),
    ),
  );
  await press(page, /Undo this import/);
  const words = await text(page, "dialog");
  assert.match(words, /2 new rows are taken out/);
  assert.match(words, /1 changed row gets its earlier values back/);
  await press(page, /^Cancel$/, "dialog");
  assert.equal(await page.$("dialog[open]"), null);
  await press(page, /Undo this import/);
  await press(page, /Yes, undo it/, "dialog");
  await see(page, /This import was undone/);
  await see(page, /1 row has its earlier values again/);
  await see(page, /2 rows taken out/);
  await see(page, /Line 2\s+Set back/);
});

test("an older export that comes late is kept out, and can be applied anyway", async () => {
  const m = mark();
  const old = sessions(m, 2);
  await receipt(page, file(world, `${m} 1.csv`, old));
  await receipt(
    page,
    file(
      world,
      `${m} 2.csv`,
      sessions(m, 2, () => ({ duration_minutes: 55 })),
    ),
  );
  await receipt(page, file(world, `${m} 3.csv`, old));
  await see(page, /2 rows are older than what is stored/);
  await press(page, /Apply the older values anyway/);
  await press(page, /Apply the older values anyway/, "dialog");
  await see(page, /All 2 rows are in/);
});

test("an earlier import is found", async () => {
  const m = mark();
  const files = [1, 2, 3].map((n) =>
    file(world, `${m} ${n}.csv`, sessions(`${m}${n}`, n, n === 2 ? () => ({ rating: 8 }) : undefined)),
  );
  await put(page, files);
  for (const n of [1, 2, 3])
    await page.waitForFunction(
      (name) => [...document.querySelectorAll(".job")].some((job) => job.innerText.includes(`receipt of ${name}`)),
      {},
      `${m} ${n}.csv`,
    );
  await press(page, /^Imports$/);
  await see(page, new RegExp(`${m} 3.csv`));
  await page.select("#source", "buddy");
  await page.waitForFunction((m) => !document.querySelector(".imports").innerText.includes(m), {}, m);
  await page.select("#source", "kintell");
  await page.select("#outcome", "loaded");
  await press(page, new RegExp(`${m} 1.csv`));
  await see(page, /The one row is in/);
  await page.goBack();
  await see(page, new RegExp(`${m} 1.csv`));
  assert.equal(await page.$eval("#source", (node) => node.value), "kintell", "the filter is still there");
});

test("what is no CSV is refused with what to do", async () => {
  const m = mark();
  await receipt(page, file(world, `${m}.pdf`, "%PDF-1.7\n%âãÏÓ\n1 0 obj\n"));
  await see(page, /The file could not be used\. Nothing was changed/);
  await see(page, /Correct the file or choose the right one/);
});

test("a file of another kind is led to where it belongs", async () => {
  const m = mark();
  const matches = "match_id,participant_id,buddy_id,matched_at,status\n1,2,3,2025-01-01,active\n";
  await put(page, file(world, `${m}.csv`, matches));
  await see(page, /The file could not be used/);
  await press(page, /Put it in as Buddy · Matches/);
  await page.waitForSelector("#entity");
  const chosen = await page.$eval("#entity", (node) => [
    document.querySelector("[name=source]:checked").value,
    node.value,
  ]);
  assert.deepEqual(chosen, ["buddy", "matches"]);
});

test("a file that is there already is told so", async () => {
  const m = mark();
  await receipt(page, file(world, `${m} 1.csv`, sessions(m, 2)));
  await receipt(page, file(world, `${m} 2.csv`, sessions(m, 2)));
  await see(page, /Nothing new/);
  await press(page, /The same file was put in before/);
  await see(page, /All 2 rows are in/);
});
