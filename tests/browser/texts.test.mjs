// Each page's three languages say the same things, and everything it wants to say is there.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const PAGES = {
  "the coordinators' page": {
    at: "functions/gateway/assets/console/",
    // The same word in another language.
    names: /^(source|line_ending)\.|^person\.(buddy|mentor)$|^(list\.filter|status\.done|list\.n)$/,
    asks: 100,
  },
  "the reviewers' page": { at: "functions/moderation/src/api/console/", names: /^role\.buddy$/, asks: 80 },
  "the page of outcomes": { at: "functions/q2q/src/api/console/", names: /^(programme\.buddy|chart\.point|open\.number)$/, asks: 80 },
};
const SHARED = "shared/page/";
const PLURALS = ["zero", "one", "two", "few", "many", "other"];

const folder = (path) => new URL(`../../${path}`, import.meta.url);
const read = (path, name) => readFileSync(new URL(name, folder(path)), "utf8");
const scripts = (path) =>
  readdirSync(folder(path))
    .filter((name) => name.endsWith(".js") && !name.startsWith("texts."))
    .map((name) => read(path, name));

const isText = (value) => typeof value === "string" || Object.keys(value).every((key) => PLURALS.includes(key));
function* leaves(part, path = "") {
  for (const [key, value] of Object.entries(part))
    if (isText(value)) yield [path + key, value];
    else yield* leaves(value, `${path}${key}.`);
}

const holes = (value) =>
  [
    ...new Set(
      Object.values(typeof value === "string" ? [value] : value)
        .join(" ")
        .match(/\{\w+\}/g) ?? [],
    ),
  ].sort();

for (const [page, { at, names, asks }] of Object.entries(PAGES)) {
  const texts = new Function(
    `${["en", "nb", "uk"].map((lang) => read(at, `texts.${lang}.js`)).join("\n")}; return TEXTS;`,
  )();
  const english = new Map(leaves(texts.en));

  for (const lang of ["nb", "uk"]) {
    test(`${lang} has every text of ${page}, with the same holes`, () => {
      const other = new Map(leaves(texts[lang]));
      assert.deepEqual([...other.keys()].sort(), [...english.keys()].sort());
      for (const [key, value] of other) assert.deepEqual(holes(value), holes(english.get(key)), `${lang} ${key}`);
    });

    test(`no text of ${page} in ${lang} is left in English`, () => {
      const same = [...leaves(texts[lang])].filter(
        ([key, value]) => !names.test(key) && JSON.stringify(value) === JSON.stringify(english.get(key)),
      );
      assert.deepEqual(
        same.map(([key]) => key),
        [],
      );
    });
  }

  test(`plural texts of ${page} have every form of their language`, () => {
    for (const lang of ["en", "nb", "uk"]) {
      const forms = new Intl.PluralRules(lang).resolvedOptions().pluralCategories.toSorted();
      for (const [key, value] of leaves(texts[lang]))
        if (typeof value !== "string" && lang === "uk" && "few" in value)
          assert.deepEqual(Object.keys(value).sort(), forms, key);
        else if (typeof value !== "string") assert.ok("other" in value, `${lang} ${key}`);
    }
  });

  test(`every text ${page} asks for is there`, () => {
    const script = [...scripts(SHARED), ...scripts(at)].join("\n");
    const asked = [
      ...script.matchAll(/\bt\("([\w.]+)"/g),
      ...script.matchAll(/\bt\([^"`]*\? "([\w.]+)" : "([\w.]+)"/g),
    ].flatMap((match) => match.slice(1));
    assert.ok(asked.length > asks, `the search finds ${asked.length} keys`);
    assert.deepEqual(
      asked.filter((key) => !english.has(key)),
      [],
    );
  });
}
