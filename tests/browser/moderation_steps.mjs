// What the tests of the reviewers' page share: the page on an API in memory, and steps a reviewer takes.

import nodeTest from "node:test";
import { FAKE, open as openPage, press, see, start } from "./harness.mjs";
import { fresh, serve, token } from "./moderation_api.mjs";

export const item = (n) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;

/** These tests bring their own API: beside a running stack they would only say the same twice. */
export const test = (name, act) => nodeTest(name, { skip: !FAKE && "on an API of its own" }, act);

/** The browser, and an API of which each test has a fresh store. */
export async function world() {
  if (!FAKE) return { end: () => {} };
  const api = await serve();
  const world = await start(api);
  return { ...world, api };
}

/** A tab on the page, signed in unless told otherwise; `store` is what the API knows by then. */
export async function open(world, { given = token(), signIn = true, store = {}, ...options } = {}) {
  world.api.store = { ...fresh(), ...store };
  const page = await openPage(world, { ...options, signIn: false, path: "/v1/moderation/console" });
  if (signIn) await enter(page, given);
  return page;
}

export async function enter(page, given = token()) {
  await page.waitForSelector("#token");
  await page.type("#token", given);
  await page.keyboard.press("Enter");
  await page.waitForSelector("main:not(:has(#token)) h1");
}

export const go = (page, hash) => page.evaluate((hash) => (location.hash = hash), hash);

/** Opens the n-th item: takes it and opens its words. */
export async function openItem(page, n) {
  await go(page, `#/reviews/${item(n)}`);
  await press(page, /^(Take it|Ta den|Взяти)/, ".lease");
  await page.waitForSelector("#open-words");
  await page.click("#open-words");
  await page.waitForSelector(".words mark");
}

/** What a screen reader was told. */
export async function listen(page) {
  await page.evaluate(() => {
    globalThis.heard = [];
    new MutationObserver(() => globalThis.heard.push(document.getElementById("live").textContent)).observe(document.getElementById("live"), { childList: true });
  });
  return () => page.evaluate(() => globalThis.heard.join("\n"));
}

export async function controlEnter(page) {
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
}

/** Lets the page's clock jump; its timers run on. */
export const jump = (page, ms) =>
  page.evaluate((ms) => {
    const now = Date.now;
    Date.now = () => now.call(Date) + ms;
  }, ms);

export { press, see };
