// Every view of the page of outcomes, in every language: no finding of axe-core, no sideways scrolling on a phone; its policy.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { LANGS, findings, overflow, picture, text } from "./harness.mjs";
import { id, token } from "./outcomes_api.mjs";
import { enter, go, open, settled, test, world } from "./outcomes_steps.mjs";

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
    await settled(page);
    await look(page, name);
  };
  await see("sign-in", "#token");
  await page.type("#token", "no token");
  await page.keyboard.press("Enter");
  await see("sign-in error", "#token-error");
  await page.$eval("#token", (field) => (field.value = ""));
  await enter(page, token(settings.role));
  await page.waitForSelector(".dimension");
  await page.$eval(".card details", (details) => (details.open = true));
  await see("outcomes", ".chart svg");
  await go(page, "#/about");
  await see("about", ".terms");
  if (settings.role !== "company_user") {
    await go(page, "#/scores?dimension=confidence&programme=language&from=2025-01-01&to=2025-04-01");
    await page.waitForSelector(".scores button");
    await page.click(".scores button");
    await see("behind the number", ".words mark");
    await go(page, `#/outcomes/${id(1)}`);
    await see("outcome", ".verdicts");
    await page.click(".verdicts li:last-child button");
    await see("correction", "dialog[open]");
    await page.keyboard.press("Escape");
    await go(page, `#/outcomes/${id(3)}`);
    await see("history", ".verdicts");
    await go(page, `#/outcomes/${id(4)}`);
    await see("taken back", ".nothing");
  }
  await go(page, `#/outcomes/${id(99)}`);
  await see("error", ".note.bad");
  assert.deepEqual(page.faults, []);
  await page.done();
}

for (const lang of LANGS) {
  test(`${lang}: axe-core finds nothing on any view of the page of outcomes`, async () => {
    for (const role of ["coordinator", "company_user"])
      await tour({ lang, role, scheme: lang === "nb" ? "dark" : "light" }, async (page, name) => {
        await picture(page, `outcomes ${lang} ${role} ${name}`);
        assert.deepEqual(await findings(page), [], name);
        assert.equal(await page.$eval("html", (html) => html.lang), lang);
        assert.doesNotMatch(await text(page, "body"), /\b[a-z]+_?[a-z]*\.(title|what|ask|does|name|more|maybe|unknown)\b|\{\w+\}|undefined|null|NaN|Invalid/, name);
      });
  });

  test(`${lang}: a phone shows every view of the page of outcomes without scrolling sideways`, async () => {
    for (const [width, role] of [[320, "coordinator"], [375, "company_user"]])
      await tour({ lang, role, width, height: 700, scheme: width === 320 ? "dark" : "light" }, async (page, name) => {
        await picture(page, `outcomes ${lang} ${width} ${name}`);
        assert.ok((await overflow(page)) <= 0, `${name} is ${await overflow(page)} px too wide at ${width}`);
        const hidden = await page.$$eval(".scroll", (all) => all.filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth).length);
        assert.equal(hidden, 0, `a table of ${name} is cut at ${width}`);
        const small = await page.$$eval("button, a.button, select, input[type=password], nav a, td a, .scores h2 a", (nodes) =>
          nodes.filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 24).map((node) => node.outerHTML.slice(0, 80)),
        );
        assert.deepEqual(small, [], `targets of ${name}`);
        if (width === 320) assert.deepEqual(await findings(page), [], name);
      });
  });
}

test("the language can be changed and the figures stay the same", async () => {
  const page = await open(at, { role: "company_user", lang: "uk", at: "#/outcomes?programme=language&from=2025-01-01&to=2025-07-01" });
  assert.match(await text(page, ".subject"), /Мова · 1 квартал 2025 – 2 квартал 2025/);
  await page.select("#language", "nb");
  await page.waitForFunction(() => /Språk · 1\. kvartal 2025 til 2\. kvartal 2025/.test(document.querySelector(".subject")?.innerText));
  await page.done();
});

test("what stands in the address is never written as markup", async () => {
  const page = await open(at, { at: "#/scores?dimension=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&programme=%3Cb%3E&from=%3Ci%3E&to=x&polarity=%3Cs%3E" });
  await page.waitForSelector("main h1");
  assert.deepEqual(await page.$$eval("main :is(img, i, s)", (all) => all.length), 0);
  assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  await page.done();
});

test("nothing is loaded from elsewhere, and the policy of the page of outcomes holds", async () => {
  const page = await open(at, { signIn: false });
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url())));
  const answer = await page.reload();
  assert.match(answer.headers()["content-security-policy"], /default-src 'none'/);
  assert.doesNotMatch(answer.headers()["content-security-policy"], /unsafe|\*/);
  assert.deepEqual(requests.filter((url) => url.protocol !== "data:").map((url) => url.origin + url.pathname), [`${at.base}/v1/q2q/console`]);
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

test("on a phone a chart's words are large enough to read", async () => {
  const page = await open(at, { role: "company_user", width: 375 });
  const scale = await page.$eval(".chart svg", (svg) => svg.getBoundingClientRect().width / 340);
  assert.ok(12.5 * scale >= 10.5, `${12.5 * scale} px`);
  await page.done();
});
