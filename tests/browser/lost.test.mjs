// What is lost on the way: an answer, a token, the network. Nothing is put in twice, nothing has to be done again.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  FAKE,
  enter,
  file,
  findings,
  mark,
  open,
  press,
  put,
  receipt,
  see,
  sessions,
  start,
  text,
  token,
} from "./harness.mjs";

let world;
before(async () => {
  world = await start();
});
after(() => world.end());

/** Requests that `chosen` picks are told to `seen` and lost if that says so; the others go on. */
async function intercept(page, chosen, seen) {
  await page.setRequestInterception(true);
  page.on("request", async (request) => {
    if (chosen(request) && (await seen(request)) === "lost") await request.abort("connectionreset");
    else await request.continue();
  });
}

const announces = (request) => request.method() === "POST" && request.url().endsWith("/v1/imports");
const asks = (request) => request.method() === "GET" && /imports\/[0-9a-f-]{36}$/.test(new URL(request.url()).pathname);
const sends = (request) => request.method() === "PUT";

async function importsNamed(name) {
  const query = new URLSearchParams({ name });
  const answer = await fetch(`${world.base}/v1/imports?${query}`, { headers: { Authorization: `Bearer ${token()}` } });
  return (await answer.json()).items;
}

test("an announcement whose answer was lost is asked for again and makes one import", async () => {
  const page = await open(world);
  const m = mark();
  let lost = 0;
  await intercept(page, announces, async (request) => {
    if (lost++) return "on";
    // It arrives; its answer does not.
    await fetch(request.url(), { method: "POST", headers: request.headers(), body: request.postData() });
    return "lost";
  });
  await put(page, file(world, `${m}.csv`, sessions(m, 2)));
  await see(page, /The server does not answer/);
  await press(page, /Try again/);
  await see(page, /All 2 rows are in/);
  assert.equal((await importsNamed(m)).length, 1);
  await page.done();
});

test("a file that has arrived is not sent again when only its receipt could not be fetched", async () => {
  const page = await open(world);
  const m = mark();
  let sent = 0,
    asked = 0;
  await intercept(
    page,
    (request) => asks(request) || sends(request),
    (request) => {
      if (sends(request)) sent += 1;
      return asks(request) && asked++ < 6 ? "lost" : "on";
    },
  );
  await put(page, file(world, `${m}.csv`, sessions(m, 2)));
  await see(page, /The server does not answer/);
  await press(page, /Try again/);
  await see(page, /All 2 rows are in/);
  assert.equal(sent, 1);
  assert.equal((await importsNamed(m)).length, 1);
  await page.done();
});

test("an upload that breaks off says so and goes on under the same import", async () => {
  const page = await open(world);
  const m = mark();
  let sent = 0;
  await intercept(page, sends, () => (sent++ ? "on" : "lost"));
  await put(page, file(world, `${m}.csv`, sessions(m, 2)));
  await see(page, /The upload was interrupted/);
  assert.deepEqual(await findings(page), []);
  await press(page, /Try again/);
  await see(page, /All 2 rows are in/);
  assert.equal((await importsNamed(m)).length, 1);
  await page.done();
});

test("files that wait when the token runs out go on after the next sign-in", async () => {
  const page = await open(world);
  const m = mark();
  let announced = 0;
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (announces(request) && announced++ === 0) {
      const body = JSON.stringify({ code: "expired_token", retryable: false });
      return request.respond({ status: 401, contentType: "application/problem+json", body });
    }
    return request.continue();
  });
  await put(
    page,
    [1, 2].map((n) => file(world, `${m} ${n}.csv`, sessions(`${m}${n}`, n))),
  );
  await see(page, /Your token has run out/);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.match(await text(page), /Your token has run out/, "the second file does not ask without a token");
  await enter(page);
  await see(
    page,
    new RegExp(
      `receipt of ${m} 2.csv[\\s\\S]*receipt of ${m} 1.csv|receipt of ${m} 1.csv[\\s\\S]*receipt of ${m} 2.csv`,
    ),
  );
  assert.equal((await importsNamed(m)).length, 2);
  await page.done();
});

test("the focus stays where it is while another file goes on", async () => {
  const page = await open(world);
  const m = mark();
  await put(
    page,
    [1, 2].map((n) => file(world, `${m} ${n}.csv`, sessions(`${m}${n}`, n))),
  );
  const link = await page.waitForSelector(`.job a`);
  await link.focus();
  await page.waitForFunction(() => document.querySelectorAll(".job a").length === 2);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "A");
  await page.done();
});

test(
  "an upload that was left in the middle says that it did not arrive",
  { skip: !FAKE && "takes two minutes" },
  async () => {
    const page = await open(world);
    const made = await fetch(`${world.base}/v1/imports`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token()}`, "Content-Type": "application/json" },
      body: JSON.stringify({ source: "kintell", name: `${mark()}.csv` }),
    });
    const { id } = await made.json();
    await page.evaluate((id) => {
      location.hash = `#/imports/${id}`;
    }, id);
    await see(page, /Waiting for the file to arrive/);
    await page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() + 121_000;
    });
    await see(page, /The upload was started but the file has not arrived\. Put it in again/);
    await page.done();
  },
);

test("a file that is larger than what is read is not even sent", async () => {
  const page = await open(world);
  await page.evaluate(() => {
    const large = new File(["x"], "all years.csv");
    Object.defineProperty(large, "size", { value: 2 ** 31 + 1 });
    const dropped = new Event("drop", { bubbles: true, cancelable: true });
    dropped.dataTransfer = { files: [large] };
    document.querySelector(".drop").dispatchEvent(dropped);
  });
  await see(page, /Larger than 2 GB: all years.csv\. Export fewer months at a time/);
  assert.equal(await page.$(".files li"), null);
  await page.done();
});

test("who may only look is offered nothing else", { skip: !FAKE && "needs a token of another role" }, async () => {
  const m = mark();
  const page = await open(world);
  const id = await receipt(
    page,
    file(
      world,
      `${m}.csv`,
      sessions(m, 3, (n) => (n === 2 ? { rating: 9 } : {})),
    ),
  );
  await page.evaluate((role) => {
    sessionStorage.setItem("teei.token", `x.${btoa(JSON.stringify({ role }))}.fake`);
  }, "dpo");
  await page.reload();
  await see(page, /2 of 3 rows are in/);
  assert.doesNotMatch(await page.$eval("body", (body) => body.innerText), /Put files in|Undo|Fix and put/);
  await page.evaluate(() => {
    location.hash = "#/put";
  });
  await see(page, new RegExp(`Every file that was ever put in[\\s\\S]*${m}`));
  assert.ok(id);
  await page.done();
});
