// What the page reads out of the API's figures: rows of a table and a chart, and whether a change is more than chance.

const staff = () => ["admin", "coordinator", "dpo"].includes(role());
const PROGRAMMES = ["buddy", "language", "mentorship", "upskilling"];

/** Labelled texts that nobody wrote rules with and the engine was measured on, and how many labelled each. With two people it is no trial any more. */
const LABELLED = { texts: 1691, people: 1 };

const mean = (value) => number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = (value) => number(value, { style: "percent", maximumFractionDigits: 0 });
const signed = (value) => number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const interval = ({ interval: at }) => (at ? t("number.from_to", { from: mean(at[0]), to: mean(at[1]) }) : t("number.no_interval"));

/** A count; companies see the nearest multiple of five. */
const count = (n, coarse) => (coarse ? t("number.about", { n }) : number(n));

const programmeNames = (codes) => new Intl.ListFormat(LOCALES[state.lang]).format(codes.map((code) => label("programme", code)));

let known;
/** What is measured, in words; asked for once. */
const taxonomy = async (signal) => (known ??= await api("GET", "q2q/taxonomy", { signal }));
const dimensionOf = (id) => known?.taxonomy.dimensions.find((one) => one.id === id);
const dimensionName = (id) => dimensionOf(id)?.name?.[state.lang] ?? label("dimension", id);

/** Companies see means and bounds in steps of 0.05: each may be this far off. */
const OFF = 0.025;

/**
 * The change from one cell to a later one: `{ by, chance }`. Two means differ by more than chance when the difference is
 * larger than the root of the summed squares of the half widths of their 95 % intervals. For companies the worst
 * rounding counts against it. Where everybody has the same score, or there is no interval, nothing is known.
 */
function compare(earlier, later, coarse) {
  const by = Math.round((later.mean - earlier.mean) * 1000) / 1000;
  const half = ({ mean: at, interval: bounds }) => Math.max(bounds[1] - at, at - bounds[0]) + (coarse ? 2 * OFF : 0);
  if (!earlier.interval || !later.interval) return { by, chance: "unknown" };
  const [one, other] = [half(earlier), half(later)];
  if (!one || !other) return { by, chance: "unknown" };
  const least = Math.abs(by) - (coarse ? 2 * OFF : 0);
  return { by, chance: least > Math.hypot(one, other) ? "more" : "maybe" };
}

/**
 * A dimension's cells by what they are of: one group for each set of programmes, its rows in the order of time. A row is
 * `{ first, last, cell, change }`, or `{ first, last, why }` where there is no number.
 */
function groupsOf(dimension, figures) {
  const [first, last] = [quarterOf(figures.from), lastOf(figures.to)];
  const coarse = figures.for_company;
  const by = new Map();
  for (const cell of dimension.cells) {
    const key = cell.programmes.join();
    if (!by.has(key)) by.set(key, []);
    by.get(key).push({ first: quarterOf(cell.from), last: lastOf(cell.to), cell });
  }
  const numbers = [...by.values()].flat().filter(({ cell }) => !cell.suppressed);
  const why = (quarter, programmes) => {
    const other = numbers.find((one) => one.first <= quarter && quarter <= one.last && one.cell.programmes.length > programmes.length && programmes.every((code) => one.cell.programmes.includes(code)));
    if (other) return t("why.together", { programmes: programmeNames(other.cell.programmes) });
    return t(coarse ? "why.company" : "why.staff", { n: dimension.min_persons });
  };
  return [...by.values()].map((cells) => {
    const { programmes } = cells[0].cell;
    const told = cells.filter(({ cell }) => !cell.suppressed).sort((a, b) => a.first - b.first);
    const rows = [];
    for (let quarter = first; quarter <= last; quarter++) {
      const row = told.find((one) => one.first <= quarter && quarter <= one.last);
      if (row && row.first !== quarter) continue;
      if (row) {
        const before = rows.findLast((one) => one.cell);
        rows.push({ ...row, before, change: before && compare(before.cell, row.cell, coarse) });
        continue;
      }
      const reason = why(quarter, programmes);
      const same = rows.at(-1);
      if (same?.why === reason) same.last = quarter;
      else rows.push({ first: quarter, last: quarter, why: reason });
    }
    return { programmes, rows, told: rows.filter((one) => one.cell) };
  });
}

/** A change in words: how much, whether it is more than chance. */
const changeText = ({ by, chance }) => t(`change.${chance}`, { by: signed(by) });

/** People in the whole period: they are counted once a quarter, so they cannot be added. */
function peopleIn(figures) {
  if (figures.coverage_total) return { n: figures.coverage_total.persons, least: false };
  const all = figures.coverage.map(({ persons }) => persons);
  return { n: Math.max(0, ...all), least: all.filter(Boolean).length > 1 };
}

const sum = (cells, name) => cells.reduce((all, cell) => all + cell[name], 0);
