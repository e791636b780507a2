import { start, open, sessions, file, receipt, picture, press, see, mark, put, overflow, findings } from "./harness.mjs";
const world = await start();
try {
for (const [lang, width, scheme] of [["en",1200,"light"],["nb",390,"light"],["uk",1200,"dark"]]) {
  const page = await open(world, { lang, width, scheme, signIn: false });
  const shot = async (name) => { await picture(page, `${lang}-${name}`); const o = await overflow(page); const f = await findings(page); if (o > 0 || f.length) console.log(lang, name, "overflow", o, f); };
  await shot("1signin");
  await page.type("#token", "x." + Buffer.from('{"role":"admin"}').toString("base64url") + ".fake"); await page.keyboard.press("Enter"); await page.waitForSelector("#files");
  await shot("2put");
  const m = mark();
  await receipt(page, file(world, `${m} kintell mars.csv`, sessions(m, 12, (n) => n === 5 ? { rating: 9 } : {})));
  await page.waitForSelector(".rows li");
  await shot("3receipt");
  await page.evaluate(() => document.querySelector("details.card").open = true);
  await shot("4found");
  await press(page, /Undo this|Angre denne|Скасувати цей/); await page.waitForSelector("dialog[open]");
  await shot("5undo");
  await page.keyboard.press("Escape");
  await receipt(page, file(world, `${m} v2.csv`, sessions(m, 13, (n) => n === 5 ? { rating: 5 } : n === 3 ? {duration_minutes: 50, feedback_text: "Bra"} : {})), { dry: true });
  await shot("6plan");
  await page.evaluate(() => location.hash = "#/imports"); await page.waitForSelector(".imports li a");
  await shot("7list");
  await page.evaluate(() => location.hash = "#/imports/00000000-0000-0000-0000-000000000000"); await page.waitForSelector(".note.bad");
  await shot("8error");
  if (page.faults.length) console.log(page.faults);
  await page.done();
}
} finally { await world.end(); }
