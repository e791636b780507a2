// A chart as inline SVG: the mean of each quarter as a mark, its interval as a band, no number as an empty frame. What a
// chart shows is in the table beside it, too.

const SVG = "http:" + "//www.w3.org/2000/svg"; // a name, not an address: nothing is fetched
const BOX = { width: 340, height: 176, left: 32, right: 6, top: 14, bottom: 36 };

function s(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, typeof value === "number" ? Math.round(value * 10) / 10 : value);
  }
  return put(node, ...children);
}

/** What the chart shows, as a sentence for each row. */
const spoken = (rows) =>
  rows.map((row) => `${spanName(row.first, row.last)}: ${row.cell ? t("chart.point", { mean: mean(row.cell.mean), interval: interval(row.cell) }) : t("number.none")}`).join("; ");

/** `open(cell)` is called for a band that is pressed; the table has the same as links, so the keyboard needs no stop here. */
function chart(rows, { first, last, name, open }) {
  const [wide, high] = [BOX.width - BOX.left - BOX.right, BOX.height - BOX.top - BOX.bottom];
  const step = wide / (last - first + 1);
  const x = (quarter) => BOX.left + (quarter - first) * step;
  const y = (value) => BOX.top + (1 - value) * high;
  const base = y(0);
  const gap = Math.min(4, step / 5);
  const span = (row) => ({ from: x(row.first) + gap, to: x(row.last + 1) - gap, middle: (x(row.first) + x(row.last + 1)) / 2 });

  const grid = [0, 0.5, 1].map((value) => [
    s("line", { class: value === 0.5 ? "half" : "grid", x1: BOX.left, x2: BOX.width - BOX.right, y1: y(value), y2: y(value) }),
    s("text", { class: "axis", x: BOX.left - 5, y: y(value) + 4, "text-anchor": "end" }, number(value, { maximumFractionDigits: 1 })),
  ]);
  // As many quarters are named as there is room for; the year where it begins.
  const each = Math.max(1, Math.ceil(34 / step));
  const names = [];
  for (let quarter = first, year = ""; quarter <= last; quarter += each) {
    const at = parts(quarter);
    names.push(s("text", { class: "axis", x: x(quarter) + step / 2, y: base + 15, "text-anchor": "middle" }, t("quarter.short", at)));
    if (at.year !== year) names.push(s("text", { class: "axis", x: x(quarter) + step / 2, y: base + 30, "text-anchor": "middle" }, at.year));
    year = at.year;
  }
  const told = rows.filter((row) => row.cell);
  const joins = told.filter((row) => row.change).map((row) =>
    s("line", { class: `join ${row.change.chance}`, x1: span(row.before).middle, y1: y(row.before.cell.mean), x2: span(row).middle, y2: y(row.cell.mean) }),
  );
  const marks = rows.map((row) => {
    const { from, to, middle } = span(row);
    if (!row.cell) {
      const words = to - from > 14 ? s("text", { class: "axis", x: 0, y: 4, "text-anchor": "middle", transform: `translate(${middle.toFixed(1)} ${(BOX.top + high / 2).toFixed(1)})${to - from < 70 ? " rotate(-90)" : ""}` }, t("number.none")) : null;
      return s("g", {}, s("rect", { class: "none", x: from, y: BOX.top, width: to - from, height: high, rx: 3 }), words);
    }
    const { mean: at, interval: bounds } = row.cell;
    return s(
      "g",
      { class: open ? "opens" : null, onclick: open && (() => open(row.cell)) },
      bounds ? s("rect", { class: "band", x: from, y: y(bounds[1]), width: to - from, height: Math.max(2, y(bounds[0]) - y(bounds[1])), rx: 3 }) : null,
      s("line", { class: "mean", x1: from, x2: to, y1: y(at), y2: y(at) }),
      s("circle", { class: "dot", cx: middle, cy: y(at), r: 4 }),
      to - from > 26 ? s("text", { class: "value", x: middle, y: y(at) < BOX.top + 22 ? y(at) + 18 : y(at) - 8, "text-anchor": "middle" }, mean(at)) : null,
    );
  });
  return s("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": `${name}. ${spoken(rows)}` }, grid, names, joins, marks);
}
