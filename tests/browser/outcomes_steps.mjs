// What the tests of the page of outcomes share: the page on an API in memory, and steps.

import nodeTest from "node:test";
import { FAKE, open as openPage, press, see, start } from "./harness.mjs";
import { fresh, serve, token } from "./outcomes_api.mjs";

/** On a running stack these tests are skipped: their figures are made up. */
export const test = (name, act) => nodeTest(name, { skip: !FAKE && "on an API of its own" }, act);

/** The browser, and an API of which each test has a fresh store. */
export async function world() {
  if (!FAKE) return { end: () => {} };
  const api = await serve();
  const world = await start(api);
  return { ...world, api };
}

/** 2025 as a whole: the same whenever a test runs. */
export const YEAR = "#/outcomes?from=2025-01-01&to=2026-01-01";

/** A tab on the page, signed in unless told otherwise; `store` is what the API knows by then. */
export async function open(world, { role = "coordinator", signIn = true, store = {}, at = YEAR, ...options } = {}) {
  world.api.store = { ...fresh(), ...store };
  const page = await openPage(world, { ...options, signIn: false, path: `/v1/q2q/console${at}` });
  if (signIn) await enter(page, token(role));
  return page;
}

export async function enter(page, given = token()) {
  await page.waitForSelector("#token");
  await page.type("#token", given);
  await page.keyboard.press("Enter");
  await page.waitForSelector("main:not(:has(#token)) h1");
  await settled(page);
}

/** Until nothing is waited for. */
export const settled = (page) =>
  page.waitForFunction(() => !document.querySelector("main [role=status]:not(:empty):not(.kept)")?.innerText.match(/…$/) && !/^\S+ \S+ …$/.test(document.querySelector("main").innerText.trim()));

export async function go(page, hash) {
  await page.evaluate((hash) => (location.hash = hash), hash);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await settled(page);
}

/** The rows of a dimension's tables as texts. */
export const rows = (page, dimension) =>
  page.$$eval(`#of-${dimension} .beside tbody tr`, (all) => all.map((row) => [...row.children].map((one) => one.innerText.replace(/\s+/g, " ").trim())));

export { press, see };
