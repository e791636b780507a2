// The contracts as a subscriber without Rust meets them: every example type-checks under `tsc --strict` and wrong ones do
// not; a second validator reads the schemas the same way; the AsyncAPI description keeps AsyncAPI's own schema.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const HERE = dirname(fileURLToPath(import.meta.url));
const CONTRACTS = join(HERE, "../../events/contracts");
const require = createRequire(import.meta.url);
const json = (path) => JSON.parse(readFileSync(path, "utf8"));
const schemas = readdirSync(CONTRACTS)
  .filter((name) => name.endsWith(".schema.json"))
  .map((name) => json(join(CONTRACTS, name)));
const interfaceOf = (type) =>
  type
    .split(/[._]/)
    .map((part) => part[0].toUpperCase() + part.slice(1))
    .join("");

/** Events of a type that TypeScript has to refuse, each with what is wrong with it. */
function* wrong(schema) {
  const [event] = schema.examples;
  const change = (edit) => {
    const copy = structuredClone(event);
    edit(copy);
    return copy;
  };
  yield ["another type", change((one) => (one.type = "nobody.knows.it.v1"))];
  yield ["an envelope without its id", change((one) => delete one.id)];
  yield ["a member that nobody named", change((one) => (one.data.note = "words"))];
  const { required, properties } = schema.properties.data;
  for (const name of required) yield [`without ${name}`, change((one) => delete one.data[name])];
  for (const [name, member] of Object.entries(properties)) {
    const kinds = [member.type].flat();
    if (!kinds.includes("object")) yield [`an object as ${name}`, change((one) => (one.data[name] = { a: 1 }))];
    if (member.enum) yield [`a name ${name} does not have`, change((one) => (one.data[name] = "nobody's"))];
    if (!kinds.includes("string")) yield [`a text as ${name}`, change((one) => (one.data[name] = "text"))];
    if (!kinds.includes("boolean")) yield [`true as ${name}`, change((one) => (one.data[name] = true))];
  }
}

/** Runs `tsc --strict` over these files: the errors by file. */
function check(files) {
  const folder = mkdtempSync(join(tmpdir(), "teei-contracts-"));
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    const tsc = require.resolve("typescript/bin/tsc");
    const names = files.map(([name]) => name);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: "es2022",
      module: "node16",
      moduleResolution: "node16",
      types: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names }));
    const errors = new Map(names.map((name) => [name, []]));
    try {
      execFileSync(process.execPath, [tsc, "--pretty", "false", "-p", folder], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
    } catch (failure) {
      for (const line of String(failure.stdout).split("\n")) {
        const [, name, error] = line.match(/^(\S+?)\(\d+,\d+\): (error .*)$/) ?? [];
        if (name) (errors.get(name) ?? assert.fail(line)).push(error);
        else assert.ok(!line.startsWith("error"), line);
      }
    }
    return errors;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const typed = (type, event) =>
  `import type { ${interfaceOf(type)} } from "${CONTRACTS}/${type}.js";\nexport const event: ${interfaceOf(type)} = ${JSON.stringify(event)};\n`;

test("every example type-checks under tsc --strict, by its own type and as one of all", () => {
  assert.ok(schemas.length > 30, `${schemas.length} schemas`);
  const files = schemas.map(({ title, examples: [event] }) => [`${title}.mts`, typed(title, event)]);
  const all = schemas.map(({ examples: [event] }) => JSON.stringify(event)).join(",\n");
  files.push([
    "all.mts",
    `import type { ContractEvent, ContractEvents, ContractType } from "${CONTRACTS}/index.js";
export const events: ContractEvent[] = [${all}];
export const minutes = (event: ContractEvent): number | null | undefined =>
  event.type === "kintell.session.completed.v1" ? event.data.durationMinutes : undefined;
export const types: Record<ContractType, true> = {${schemas.map(({ title }) => `"${title}": true`)}};
export type Data = ContractEvents["buddy.match.ended.v1"]["data"]["reason"];
export const reason: Data = "completed";
`,
  ]);
  for (const [name, errors] of check(files)) assert.deepEqual(errors, [], name);
});

test("every wrong event is refused by tsc", () => {
  const tried = schemas.flatMap((schema) => [...wrong(schema)].map(([what, event]) => [schema.title, what, event]));
  assert.ok(tried.length > 500, `${tried.length} wrong events`);
  const files = tried.map(([type, , event], n) => [`wrong${n}.mts`, typed(type, event)]);
  const passed = [...check(files)].flatMap(([, errors], n) => (errors.length ? [] : [`${tried[n][0]}: ${tried[n][1]}`]));
  assert.deepEqual(passed, []);
});

test("rules between members are types, too", () => {
  const broken = [
    ["kintell.session.completed.v1", (data) => delete data.ratingScale],
    ["kintell.session.completed.v1", (data) => delete data.rating],
    ["intake.text.received.v1", (data) => delete data.authorId],
    ["fact.retracted.v1", (data) => (data.factType = "profile.milestone")],
    ["fact.retracted.v1", (data) => (data.milestone = "buddy_matched")],
    ["q2q.outcome.scored.v1", (data) => (data.dimension = "well_being")],
    ["profile.flag.changed.v1", (data) => (data.value = false)],
    ["profile.flag.changed.v1", (data) => (data.becauseOf = [])],
    ["intake.import.completed.v1", (data) => (data.outcome = "refused")],
  ];
  const files = broken.map(([type, edit], n) => {
    const event = structuredClone(schemas.find(({ title }) => title === type).examples[0]);
    edit(event.data);
    return [`rule${n}.mts`, typed(type, event)];
  });
  [...check(files)].forEach(([, errors], n) => assert.ok(errors.length, `${broken[n][0]} ${broken[n][1]}`));
});

test("another validator takes every example and refuses what lacks a member", () => {
  const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
  for (const schema of schemas) {
    const [event] = schema.examples;
    const valid = ajv.compile(schema);
    assert.ok(valid(event), `${schema.title} ${JSON.stringify(valid.errors)}`);
    for (const name of schema.properties.data.required) {
      const { [name]: _, ...data } = event.data;
      assert.ok(!valid({ ...event, data }), `${schema.title} without ${name}`);
    }
  }
});

test("the AsyncAPI description keeps AsyncAPI 3.0.0's own schema, and a broken one does not", () => {
  const document = json(join(HERE, "../../docs/asyncapi.json"));
  const official = json(require.resolve("@asyncapi/specs/schemas/3.0.0-without-$id.json"));
  const valid = addFormats(new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })).compile(official);
  assert.ok(valid(document), JSON.stringify(valid.errors?.slice(0, 5), null, 2));
  assert.deepEqual(Object.keys(document.channels).sort(), schemas.map(({ title }) => title).sort());
  const broken = [
    (one) => (one.asyncapi = "2.6.0"),
    (one) => delete one.info.title,
    (one) => (Object.values(one.operations)[0].action = "shout"),
    (one) => delete Object.values(one.operations)[0].channel,
    (one) => (Object.values(one.components.messages)[0].payload.type = "text"),
  ];
  for (const edit of broken) {
    const copy = structuredClone(document);
    edit(copy);
    assert.ok(!valid(copy), String(edit));
  }
});

test("every file of a type names it the way the others do", () => {
  const files = readdirSync(CONTRACTS).filter((name) => name.endsWith(".d.ts") && name !== "index.d.ts");
  assert.deepEqual(files.sort(), schemas.map(({ title }) => `${title}.d.ts`).sort());
  const index = readFileSync(join(CONTRACTS, "index.d.ts"), "utf8");
  for (const { title } of schemas) assert.ok(index.includes(`"${title}": ${interfaceOf(title)};`), title);
});
