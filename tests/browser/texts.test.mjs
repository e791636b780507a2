// The page's three languages say the same things, and everything it wants to say is there.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const ASSETS = new URL("../../functions/gateway/assets/console/", import.meta.url);
const read = (name) => readFileSync(new URL(name, ASSETS), "utf8");
const TEXTS = new Function(`${["en", "nb", "uk"].map((lang) => read(`texts.${lang}.js`)).join("\n")}; return TEXTS;`)();
const PLURALS = ["zero", "one", "two", "few", "many", "other"];

const isText = (value) => typeof value === "string" || Object.keys(value).every((key) => PLURALS.includes(key));
function* leaves(part, path = "") {
  for (const [key, value] of Object.entries(part))
    if (isText(value)) yield [path + key, value];
    else yield* leaves(value, `${path}${key}.`);
}

const english = new Map(leaves(TEXTS.en));
const holes = (value) =>
  [
    ...new Set(
      Object.values(typeof value === "string" ? [value] : value)
        .join(" ")
        .match(/\{\w+\}/g) ?? [],
    ),
  ].sort();

for (const lang of ["nb", "uk"]) {
  test(`${lang} has every text of the page, with the same holes`, () => {
    const other = new Map(leaves(TEXTS[lang]));
    assert.deepEqual([...other.keys()].sort(), [...english.keys()].sort());
    for (const [key, value] of other) assert.deepEqual(holes(value), holes(english.get(key)), `${lang} ${key}`);
  });

  test(`no text of ${lang} is left in English`, () => {
    const names = /^(source|line_ending)\.|^person\.(buddy|mentor)$/;
    const same = [...leaves(TEXTS[lang])].filter(
      ([key, value]) => !names.test(key) && JSON.stringify(value) === JSON.stringify(english.get(key)),
    );
    assert.deepEqual(
      same.map(([key]) => key).filter((key) => !["list.filter", "status.done", "list.n"].includes(key)),
      [],
    );
  });
}

test("plural texts have every form of their language", () => {
  for (const lang of ["en", "nb", "uk"]) {
    const forms = new Intl.PluralRules(lang).resolvedOptions().pluralCategories.toSorted();
    for (const [key, value] of leaves(TEXTS[lang]))
      if (typeof value !== "string" && lang === "uk" && "few" in value)
        assert.deepEqual(Object.keys(value).sort(), forms, key);
      else if (typeof value !== "string") assert.ok("other" in value, `${lang} ${key}`);
  }
});

test("every text the page asks for is there", () => {
  const script = readdirSync(ASSETS)
    .filter((name) => name.endsWith(".js") && !name.startsWith("texts."))
    .map(read)
    .join("\n");
  const asked = [
    ...script.matchAll(/\bt\("([\w.]+)"/g),
    ...script.matchAll(/\bt\([^"`]*\? "([\w.]+)" : "([\w.]+)"/g),
  ].flatMap((match) => match.slice(1));
  assert.ok(asked.length > 100, "the search finds the keys");
  assert.deepEqual(
    asked.filter((key) => !english.has(key)),
    [],
  );
});
