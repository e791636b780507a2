// Every view of the reviewers' page, in every language: no finding of axe-core, no sideways scrolling on a phone; its policy.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { LANGS, findings, overflow, picture, text } from "./harness.mjs";
import { token } from "./moderation_api.mjs";
import { enter, go, item, open, openItem, test, world } from "./moderation_steps.mjs";

let at;
before(async () => {
  at = await world();
});
after(() => at.end());

/** Walks through all views and looks at each. */
async function tour(settings, look) {
  const page = await open(at, { ...settings, signIn: false });
  const see = async (name, ready) => {
    await page.waitForSelector(ready);
    await look(page, name);
  };
  await see("sign-in", "#token");
  await page.keyboard.press("Tab");
  await page.type("#token", "no token");
  await page.keyboard.press("Enter");
  await see("sign-in error", "#token-error");
  await page.$eval("#token", (field) => (field.value = ""));
  await enter(page);
  await see("queue", ".queue");
  await page.$eval(".note details", (details) => (details.open = true));
  await see("help lines", ".numbers");
  await go(page, `#/reviews/${item(4)}`);
  await see("held by somebody", ".lease.warn");
  await go(page, `#/reviews/${item(1)}`);
  await see("free", ".lease .button.main");
  await openItem(page, 1);
  await see("opened", ".decisions");
  await page.click(".decisions li:nth-child(3) button");
  await see("decide", ".chosen");
  await page.click(".chosen > .actions .button.main");
  await see("notes missing", ".chosen .error");
  await openItem(page, 3);
  await page.click(".decisions li:nth-child(2) button");
  await see("without details", ".chosen .words");
  await page.type("#replace", "Ring meg");
  await page.keyboard.press("Enter");
  await page.type("#replace", "nowhere");
  await page.keyboard.press("Enter");
  await see("further words", ".chosen .files li");
  await page.type("#notes", "x");
  await page.click(".chosen > .actions .button.main");
  await see("done", ".note.good");
  await openItem(page, 2);
  await page.click(".decisions li:nth-child(1) button");
  await see("let through", ".often");
  await go(page, "#/find");
  await see("decided", ".queue h3");
  await go(page, `#/reviews/${item(5)}`);
  await page.waitForSelector("details.card");
  await page.$eval("details.card", (details) => (details.open = true));
  await see("contest", "#appeal");
  await go(page, "#/rules");
  await see("rules", "tbody th");
  await go(page, `#/reviews/${item(99)}`);
  await see("error", ".note.bad");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  await see("keys", "dialog[open]");
  assert.deepEqual(page.faults, []);
  await page.done();
}

for (const lang of LANGS) {
  test(`${lang}: axe-core finds nothing on any view of the reviewers' page`, async () => {
    const seen = [];
    await tour({ lang, scheme: lang === "nb" ? "dark" : "light" }, async (page, name) => {
      seen.push(name);
      await picture(page, `reviews ${lang} ${seen.length} ${name}`);
      assert.deepEqual(await findings(page), [], name);
      assert.equal(await page.$eval("html", (html) => html.lang), lang);
      assert.doesNotMatch(await text(page, "body"), /\b\w+\.\w+_?\w+\.(name|what|ask|does)\b|\{\w+\}|undefined|null|NaN|Invalid/, name);
    });
    assert.equal(seen.length, 18);
  });

  test(`${lang}: a phone shows every view of the reviewers' page without scrolling sideways`, async () => {
    for (const width of [320, 375])
      await tour({ lang, width, height: 700 }, async (page, name) => {
        await picture(page, `reviews ${lang} ${width} ${name}`);
        assert.ok((await overflow(page)) <= 0, `${name} is ${await overflow(page)} px too wide at ${width}`);
        const small = await page.$$eval("button, a.button, select, textarea, input[type=password], nav a, .tel, .queue h3 a", (nodes) =>
          nodes.filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 24).map((node) => node.outerHTML.slice(0, 80)),
        );
        assert.deepEqual(small, [], `targets of ${name}`);
      });
  });
}

test("the first screen of a phone shows how many wait, what is urgent and the way on", async () => {
  const page = await open(at, { width: 375, height: 667 });
  const below = await page.$$eval(".tile, .actions .button.main", (nodes) => nodes.filter((node) => node.getBoundingClientRect().bottom > innerHeight).map((node) => node.innerText));
  assert.deepEqual(below, []);
  assert.equal(await page.$eval(".by-keys", (button) => button.checkVisibility()), false, "a finger has no keys");
  await page.done();
});

test("the language is the browser's, can be changed, and keeps the notes", async () => {
  const page = await open(at, { lang: "uk" });
  await openItem(page, 2);
  await page.click(".decisions li:nth-child(3) button");
  await page.type("#notes", "Нотатка");
  await page.select("#language", "nb");
  await page.waitForFunction(() => /Holde den tilbake\?/.test(document.querySelector("main").innerText));
  assert.equal(await page.$eval("#notes", (notes) => notes.value), "Нотатка");
  await page.done();
});

test("nothing is loaded from elsewhere, and the reviewers' page's policy holds", async () => {
  const page = await open(at, { signIn: false });
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url())));
  const answer = await page.reload();
  assert.match(answer.headers()["content-security-policy"], /default-src 'none'/);
  assert.doesNotMatch(answer.headers()["content-security-policy"], /unsafe|\*/);
  assert.deepEqual(requests.filter((url) => url.protocol !== "data:").map((url) => url.href), [`${at.base}/v1/moderation/console`]);
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

test("the token is kept in the tab alone, and gone with a sign-out", async () => {
  const page = await open(at, { given: token() });
  assert.deepEqual(await page.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage), document.cookie]), [["teei.token"], [], ""]);
  await page.evaluate(() => [...document.querySelectorAll(".tools button")].at(-1).click());
  await page.waitForSelector("#token");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.done();
});
