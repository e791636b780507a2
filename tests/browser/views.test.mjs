// Every view, in every language: no finding of axe-core, no sideways scrolling on a phone; and the whole way by keyboard.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  FAKE,
  LANGS,
  enter,
  file,
  findings,
  mark,
  open,
  overflow,
  picture,
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

const UNDO = /Undo this import|Angre denne importen|Скасувати цей імпорт/;
const AGAIN = /Fix and put in again|Rett og legg inn på nytt|Виправити й завантажити знову/;
const COMMIT = /Carry the plan out|Gjennomfør planen|Виконати план/;

/** Walks through all views and looks at each. */
async function tour(settings, look) {
  const page = await open(world, { ...settings, signIn: false });
  const at = (name) => look(page, name);
  const go = (hash) =>
    page.evaluate((hash) => {
      location.hash = hash;
    }, hash);
  await at("sign-in");
  await page.type("#token", "no token");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#token-error");
  await at("sign-in error");
  await page.$eval("#token", (field) => {
    field.value = "";
  });
  await enter(page);
  await at("put");
  await page.click("#submit");
  await page.waitForSelector("#source-error");
  await at("put, nothing chosen");
  const m = mark();
  await put(
    page,
    file(
      world,
      `${m} 1.csv`,
      sessions(m, 4, (n) => (n === 2 ? { rating: 9 } : {})),
    ),
  );
  await at("progress");
  await page.waitForSelector(".sum", { timeout: 60_000 });
  await page.waitForFunction(() => document.querySelectorAll(".rows:not(.two) .tag").length);
  await page.$eval("details.card:last-of-type", (details) => {
    details.open = true;
  });
  await at("receipt");
  await press(page, UNDO);
  await page.waitForSelector("dialog[open]");
  await at("undo dialog");
  await page.keyboard.press("Escape");
  await press(page, AGAIN);
  await page.waitForSelector(".steps");
  await at("again");
  await receipt(
    page,
    file(
      world,
      `${m} 2.csv`,
      sessions(m, 5, (n) => (n === 1 ? { duration_minutes: 50 } : {})),
    ),
    { dry: true },
  );
  await page.waitForFunction(() => document.querySelectorAll(".rows:not(.two) .tag").length);
  await at("plan");
  await press(page, COMMIT);
  await page.waitForSelector("dialog[open]");
  await at("commit dialog");
  await page.keyboard.press("Escape");
  await go("#/imports");
  await page.waitForSelector(".imports a");
  await at("list");
  await go("#/imports/00000000-0000-4000-8000-000000000000");
  await page.waitForSelector(".note.bad");
  await at("error");
  assert.deepEqual(page.faults, []);
  await page.done();
}

for (const lang of LANGS) {
  test(`${lang}: axe-core finds nothing on any view`, async () => {
    const scheme = lang === "nb" ? "dark" : "light";
    const seen = [];
    await tour({ lang, scheme }, async (page, name) => {
      seen.push(name);
      await picture(page, `${lang} ${seen.length} ${name}`);
      assert.deepEqual(await findings(page), [], name);
      assert.equal(await page.$eval("html", (html) => html.lang), lang);
    });
    assert.equal(seen.length, 12);
  });

  test(`${lang}: a phone shows every view without scrolling sideways`, async () => {
    for (const width of [320, 390])
      await tour({ lang, width, height: 700 }, async (page, name) => {
        await picture(page, `${lang} ${width} ${name}`);
        assert.ok((await overflow(page)) <= 0, `${name} is ${await overflow(page)} px too wide at ${width}`);
        const small = await page.$$eval(
          "button, a.button, select, input[type=password], input[type=date], nav a, label.choice",
          (nodes) =>
            nodes
              .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 24)
              .map((node) => node.outerHTML.slice(0, 80)),
        );
        assert.deepEqual(small, [], `targets of ${name}`);
      });
  });
}

test("dark and light both pass axe-core where colours matter most", async () => {
  for (const scheme of ["dark", "light"])
    await tour({ scheme }, async (page, name) => assert.deepEqual(await findings(page), [], `${name}, ${scheme}`));
});

test("the language is the browser's, can be changed, and is kept", async () => {
  const page = await open(world, { lang: "uk", signIn: false });
  assert.match(await text(page), /Вхід/);
  await page.select("#language", "nb");
  await see(page, /Logg inn/);
  assert.match(await page.title(), /Logg inn/);
  await page.reload();
  await see(page, /Logg inn/);
  await page.done();
});

/** What is focused: its name, and whether one can see that it is. */
const focused = (page) =>
  page.evaluate(() => {
    const node = document.activeElement;
    const label = node.labels?.[0];
    const shown = [node, label, label?.closest(".choice"), node.closest(".drop")?.querySelector("label")].filter(
      Boolean,
    );
    const box = (label ?? node).getBoundingClientRect();
    return {
      name: (node.getAttribute("aria-label") ?? label?.innerText ?? node.innerText ?? "").trim(),
      visible:
        shown.some((one) => getComputedStyle(one).outlineStyle === "solid") && box.bottom > 0 && box.top < innerHeight,
      tag: node.tagName,
    };
  });

async function tabTo(page, pattern, back = false) {
  for (let steps = 0; steps < 60; steps++) {
    if (back) await page.keyboard.down("Shift");
    await page.keyboard.press("Tab");
    if (back) await page.keyboard.up("Shift");
    let now = await focused(page);
    if (now.tag === "BODY") continue;
    // A list that arrives just now may move what is focused; a moment later it has to be in sight.
    for (let waits = 0; !now.visible && waits < 10; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      now = await focused(page);
    }
    assert.ok(now.visible, `the focus on “${now.name}” cannot be seen`);
    if (pattern.test(now.name)) return;
  }
  assert.fail(`Tab does not reach ${pattern}`);
}

test("try, commit and undo go by keyboard alone, with the focus in sight", async () => {
  const page = await open(world, { signIn: false });
  const m = mark();
  const path = file(world, `${m}.csv`, sessions(m, 3));
  await tabTo(page, /Your access token/);
  await page.keyboard.sendCharacter(token());
  await page.keyboard.press("Enter");
  await page.waitForSelector("#files");
  await page.waitForFunction(() => document.activeElement.tagName === "H1");
  await tabTo(page, /^Kintell/);
  await page.keyboard.press("Space");
  await tabTo(page, /Choose files/);
  const [chooser] = await Promise.all([page.waitForFileChooser(), page.keyboard.press("Space")]);
  await chooser.accept([path]);
  await page.waitForSelector(".files li");
  await tabTo(page, /^Try first/);
  await page.keyboard.press("Space");
  await tabTo(page, /^Try 1 file/);
  await page.keyboard.press("Enter");
  await see(page, /This is what would happen/, 60_000);
  await tabTo(page, /^Carry the plan out/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  assert.equal((await focused(page)).name, "Cancel", "the harmless button comes first");
  await tabTo(page, /^Carry the plan out/, true);
  await page.keyboard.press("Enter");
  await see(page, /All 3 rows are in/, 60_000);
  await tabTo(page, /^Undo this import/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { hidden: true });
  assert.equal((await focused(page)).name, "Undo this import", "the focus is back where it was");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await tabTo(page, /^Yes, undo it/, true);
  await page.keyboard.press("Enter");
  await see(page, /This import was undone/, 60_000);
  assert.deepEqual(page.faults, []);
  await page.done();
});

test("the skip link leads past the header, and no view is lost by it", async () => {
  const page = await open(world);
  await page.evaluate(() => document.body.focus());
  await page.evaluate(() => document.getElementById("skip").focus());
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.waitForSelector("#files");
  await page.done();
});

test("a screen reader hears how an upload goes", async () => {
  const page = await open(world);
  await page.evaluate(() => {
    globalThis.heard = [];
    new MutationObserver(() => globalThis.heard.push(document.getElementById("live").textContent)).observe(
      document.getElementById("live"),
      { childList: true },
    );
  });
  const m = mark();
  await receipt(page, file(world, `${m}.csv`, sessions(m, 2)));
  const heard = await page.evaluate(() => globalThis.heard.join("\n"));
  assert.match(heard, /Uploading/);
  assert.match(heard, /All 2 rows are in/);
  await page.done();
});

test("nothing is loaded from elsewhere, and the page's policy holds", async () => {
  const page = await open(world, { signIn: false });
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url())));
  const answer = await page.reload();
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  assert.equal(answer.headers()["referrer-policy"], "no-referrer");
  assert.equal(answer.headers()["cache-control"], "no-store");
  assert.deepEqual(
    requests.filter((url) => url.protocol !== "data:").map((url) => url.href),
    [`${world.base}/v1/imports/console`],
  );
  await page.evaluate(() => {
    const script = document.createElement("script");
    try {
      script.text = "globalThis.broken = true";
    } catch {}
    document.head.append(script);
  });
  assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  await page.done();
});

test("the token is kept in the tab alone", async () => {
  const page = await open(world);
  const kept = await page.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage), document.cookie]);
  assert.deepEqual(kept, [["teei.token"], [], ""]);
  await press(page, /Sign out/);
  await see(page, /You are signed out/);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.done();
});

test("a token that is not accepted asks for another", async () => {
  const page = await open(world, { signIn: false });
  await page.type("#token", "not.a.token");
  await page.keyboard.press("Enter");
  await see(page, /The token is not accepted/);
  await page.done();
});

test(
  "the receipt as a page passes axe-core in each language, also on a phone",
  { skip: FAKE && "needs the stack" },
  async () => {
    const page = await open(world, { width: 320 });
    const m = mark();
    const id = await receipt(
      page,
      file(
        world,
        `${m}.csv`,
        sessions(m, 12, (n) => (n === 5 ? { rating: 9 } : {})),
      ),
    );
    for (const [lang, title] of [
      ["en", "Receipt"],
      ["nb", "Kvittering"],
      ["uk", "Звіт"],
    ]) {
      const headers = { Authorization: `Bearer ${token()}`, "Accept-Language": lang };
      const answer = await fetch(`${world.base}/v1/imports/${id}/page`, { headers });
      assert.equal(answer.status, 200);
      const alone = await world.browser.newPage();
      await alone.setViewport({ width: 320, height: 700 });
      await alone.setContent(await answer.text());
      assert.match(await text(alone, "h1"), new RegExp(title));
      assert.deepEqual(await findings(alone), [], lang);
      assert.ok((await overflow(alone)) <= 0, lang);
      await picture(alone, `${lang} receipt page`);
      await alone.close();
    }
    await page.done();
  },
);

test(
  "the catalogue of events passes axe-core, in light and dark, also on a phone",
  { skip: FAKE && "needs the stack" },
  async () => {
    const answer = await fetch(`${world.base}/v1/contracts`, { headers: { Accept: "text/html" } });
    assert.equal(answer.status, 200);
    const page = await answer.text();
    for (const [scheme, width] of [
      ["light", 320],
      ["dark", 1200],
    ]) {
      const alone = await world.browser.newPage();
      await alone.setViewport({ width, height: 700 });
      await alone.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await alone.setContent(page);
      await alone.$$eval("details", (all) => all.forEach((one) => (one.open = true)));
      assert.match(await text(alone, "h1"), /Contract events/);
      assert.deepEqual(await findings(alone), [], scheme);
      assert.ok((await overflow(alone)) <= 0, scheme);
      await picture(alone, `contracts ${scheme}`);
      await alone.close();
    }
  },
);

// ── Answers that a running stack does not give at will ───────────────────────────────────────────────────────────────

const fail = (problem) => fetch(`${world.base}/fail`, { method: "POST", body: JSON.stringify(problem) });

test(
  "a problem says what, what to do, and whether trying again helps",
  { skip: !FAKE && "needs the fake API" },
  async () => {
    const page = await open(world, { lang: "nb" });
    await fail({ status: 503, code: "database_unavailable", retryable: true });
    await press(page, /^Importer$/);
    await see(page, /Databasen svarer ikke[\s\S]*Ingenting er endret[\s\S]*Det kan hjelpe å prøve igjen/);
    assert.deepEqual(await findings(page), []);
    await press(page, /Prøv igjen/);
    await page.waitForFunction(() => !document.querySelector(".note.bad"));
    await fail({ status: 403, code: "forbidden" });
    await page.select("#outcome", "loaded");
    await see(page, /Du har ikke tilgang[\s\S]*Det hjelper ikke å prøve det samme igjen[\s\S]*0000-fake/);
    await page.done();
  },
);

test("a problem nobody translated is shown as it came", { skip: !FAKE && "needs the fake API" }, async () => {
  const page = await open(world);
  await fail({ status: 418, code: "teapot", title: "A teapot", detail: "Ask for coffee elsewhere." });
  await press(page, /^Imports$/);
  await see(page, /A teapot[\s\S]*Ask for coffee elsewhere/);
  await page.done();
});

test("an upload that fails can be tried again from its place", { skip: !FAKE && "needs the fake API" }, async () => {
  const page = await open(world);
  const m = mark();
  await fail({ status: 503, code: "storage_unavailable", retryable: true });
  await put(page, file(world, `${m}.csv`, sessions(m, 2)));
  await see(page, /The file store cannot be reached/);
  await press(page, /Try again/);
  await see(page, /All 2 rows are in/);
  await page.done();
});

test(
  "a token that runs out while one works leads back to the same place",
  { skip: !FAKE && "needs the fake API" },
  async () => {
    const page = await open(world);
    await fail({ status: 401, code: "expired_token" });
    await press(page, /^Imports$/);
    await see(page, /Your token has run out/);
    await page.type("#token", token());
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash === "#/imports" && document.querySelector(".filters"));
    await page.done();
  },
);

test("a decision somebody else took first shows how it stands", { skip: !FAKE && "needs the fake API" }, async () => {
  const page = await open(world);
  const m = mark();
  await receipt(page, file(world, `${m}.csv`, sessions(m, 2)), { dry: true });
  await press(page, /Carry the plan out/);
  await fail({ status: 409, code: "not_planned" });
  await press(page, /Carry the plan out/, "dialog");
  await see(page, /There is no plan to carry out any more/);
  await page.done();
});

test("an unusual file is stopped until somebody looked", { skip: !FAKE && "the e2e tests do it" }, async () => {
  const page = await open(world);
  const m = mark();
  await receipt(
    page,
    file(
      world,
      `${m}.csv`,
      sessions(m, 24, (n) => (n > 4 ? { rating: 9 } : {})),
    ),
  );
  await see(page, /Stopped before anything was changed/);
  assert.deepEqual(await findings(page), []);
  await press(page, /Carry the plan out/);
  await press(page, /Carry the plan out/, "dialog");
  await see(page, /4 of 24 rows are in/);
  await page.done();
});
