// One browser and one page under test: the page alone on the fake API, or the running stack.
//
// | variable | meaning |
// |---|---|
// | TEEI_BASE_URL | the API's address, ends with the stage; without it the fake API is started |
// | TEEI_TOKEN | a token for it, role admin or coordinator |
// | CHROMIUM | the browser's program; `chromium`, `chromium-browser` or `google-chrome` from PATH otherwise |
// | TEEI_SCREENSHOTS | a folder for pictures of every view |

import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const FAKE = !process.env.TEEI_BASE_URL;
export const LANGS = ["en", "nb", "uk"];

function program() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"])
    for (const folder of process.env.PATH.split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {}
    }
  throw new Error("no Chromium on PATH: install chromium, or set CHROMIUM");
}

async function fake() {
  const child = spawn("python3", [join(HERE, "fake_api.py")], { stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data).trim()));
    child.once("exit", (code) => reject(new Error(`the fake API ended with ${code}`)));
  });
  return { address, end: () => child.kill() };
}

/** Starts what the tests need; `own` is an API that a test brings itself. `end` stops it all. */
export async function start(own) {
  const server = own ?? (FAKE ? await fake() : { address: process.env.TEEI_BASE_URL, end: () => {} });
  const folder = mkdtempSync(join(tmpdir(), "teei-browser-"));
  const browser = await puppeteer.launch({
    executablePath: program(),
    headless: true,
    userDataDir: join(folder, "profile"),
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-proxy-server",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  const end = async () => {
    await browser.close();
    server.end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return { browser, base: server.address, folder, end };
}

export const token = () =>
  process.env.TEEI_TOKEN ?? `x.${Buffer.from(JSON.stringify({ role: "admin" })).toString("base64url")}.fake`;

/** A tab on the console, signed in unless told otherwise. Its `faults` are what the browser complained about. */
export async function open(
  world,
  { lang = "en", width = 1200, height = 900, signIn = true, scheme = "light", path = "/v1/imports/console" } = {},
) {
  const context = await world.browser.createBrowserContext();
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on(
    "console",
    (message) =>
      message.type() === "error" && !/status of [45]\d\d/.test(message.text()) && page.faults.push(message.text()),
  );
  await page.setViewport({ width, height, hasTouch: width < 500, isMobile: width < 500 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  const locale = { en: "en-GB", nb: "nb-NO", uk: "uk-UA" }[lang];
  await page.evaluateOnNewDocument(
    (locale) => Object.defineProperty(navigator, "languages", { value: [locale] }),
    locale,
  );
  await page.goto(`${world.base}${path}`);
  await page.waitForSelector("#token");
  if (signIn) await enter(page);
  page.done = () => context.close();
  return page;
}

export async function enter(page) {
  await page.type("#token", token());
  await page.keyboard.press("Enter");
  await page.waitForSelector("#files");
}

/** axe-core's findings against WCAG 2.1 A and AA, and its best practices. */
export async function findings(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`),
    );
  });
}

/** How much wider than the window the page is. */
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export async function picture(page, name) {
  if (!process.env.TEEI_SCREENSHOTS) return;
  mkdirSync(process.env.TEEI_SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.TEEI_SCREENSHOTS, `${name}.png`), fullPage: true });
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const HEADER = [
  "session_id",
  "participant_email",
  "volunteer_email",
  "scheduled_at",
  "completed_at",
  "duration_minutes",
  "rating",
  "feedback_text",
];

/** A Kintell export of `n` sessions; `over(i)` changes cells of the i-th, from 1. */
export function sessions(mark, n, over = () => ({})) {
  const rows = Array.from({ length: n }, (_, at) => {
    const day = `2026-${String(1 + Math.floor(at / 28)).padStart(2, "0")}-${String(1 + (at % 28)).padStart(2, "0")}`;
    return {
      session_id: `${mark}-${at + 1}`,
      participant_email: `newcomer.${mark}@example.org`,
      volunteer_email: `volunteer.${mark}@example.org`,
      scheduled_at: `${day}T16:00:00Z`,
      completed_at: `${day}T16:45:00Z`,
      duration_minutes: 45,
      rating: 4,
      feedback_text: "",
      ...over(at + 1),
    };
  });
  return (
    [HEADER, ...rows.map((row) => HEADER.map((name) => row[name]))].map((cells) => cells.join(",")).join("\n") + "\n"
  );
}

let marks = 0;
export const mark = () => `b${Date.now().toString(36)}${++marks}`;

export function file(world, name, text) {
  const path = join(world.folder, name);
  writeFileSync(path, text);
  return path;
}

// ── Steps a coordinator takes ────────────────────────────────────────────────────────────────────────────────────────

export const text = (page, selector = "main") => page.$eval(selector, (node) => node.innerText);

/** Waits until the view's text matches. */
export async function see(page, pattern, timeout = FAKE ? 10_000 : 60_000) {
  const source = pattern.source,
    flags = pattern.flags;
  try {
    await page.waitForFunction(
      (source, flags) => new RegExp(source, flags).test(document.querySelector("main").innerText),
      { timeout },
      source,
      flags,
    );
  } catch (error) {
    throw new Error(`${pattern} was not seen in:\n${await text(page)}`, { cause: error });
  }
}

/** Presses the visible button or link with this text. */
export async function press(page, pattern, within = "body") {
  const found = await page.waitForFunction(
    (source, within) =>
      [...document.querySelectorAll(`${within} :is(button, a, summary)`)].find(
        (node) => new RegExp(source).test(node.innerText) && node.checkVisibility() && !node.disabled,
      ) ?? false,
    { timeout: 20_000 },
    pattern.source,
    within,
  );
  await found.evaluate((node) => node.scrollIntoView({ block: "center" }));
  await found.click();
}

export async function put(page, path, { dry = false, source = "kintell" } = {}) {
  await page.evaluate(() => {
    if (!location.hash.startsWith("#/put")) location.hash = "#/put";
  });
  await page.waitForSelector("#files");
  await page.click(`input[value="${source}"]`);
  await (await page.$("#files")).uploadFile(...[path].flat());
  await page.waitForSelector(".files li");
  if (dry) await page.click("#dry");
  await page.click("#submit");
}

/** Puts one file in and waits for its receipt. */
export async function receipt(page, path, options) {
  await put(page, path, options);
  await page.waitForFunction(
    () => /^#\/imports\/[0-9a-f-]{36}$/.test(location.hash) && document.querySelector(".sum, .note"),
    { timeout: 60_000 },
  );
  return page.evaluate(() => location.hash.split("/").pop());
}

/** The terms of the sum on the receipt: [records, new, changed, unchanged, duplicate, blank, rejected, suppressed]. */
export const sum = (page) => page.$$eval(".term b", (nodes) => nodes.map((node) => Number(node.textContent)));
