// The outcomes of many people: choose programme and period, see five dimensions and what they rest on.

const trial = () => LABELLED.people < 2;
const experimental = () => (trial() ? note("warn", h("p", {}, h("b", {}, t("trial.title")), " ", t("trial.text", { n: LABELLED.texts })), h("p", {}, link(t("trial.more"), "#/about"))) : null);

/** Why a dimension has no number at all. */
const noneAtAll = (dimension, figures) => t(figures.for_company ? "why.company_all" : "why.staff_all", { n: dimension.min_persons });

/** What is chosen, from the address; what makes no sense there is as if it were not. */
function chosen(query, lagDays) {
  const to = newest(lagDays);
  const quarter = (day, otherwise) => (/^\d{4}-(01|04|07|10)-01$/.test(day ?? "") ? quarterOf(day) : otherwise);
  const last = Math.min(to, quarter(query.to, to + 1) - 1);
  const first = Math.min(last, quarter(query.from, last - 3));
  return {
    first,
    last,
    programme: PROGRAMMES.includes(query.programme) ? query.programme : "",
    company: staff() && /^[0-9a-f-]{36}$/i.test(query.company ?? "") ? query.company : "",
  };
}

const asked = ({ first, last, programme, company }) => ({ programme, company, from: firstDay(first), to: firstDay(last + 1) });

async function outcomesView(query, view) {
  const [{ figures: needs }, { items: companies }] = await Promise.all([taxonomy(view.signal), api("GET", "q2q/companies", { signal: view.signal })]);
  const want = chosen(query, needs.lag_days);
  const results = h("div", {});
  const upTo = newest(needs.lag_days);
  const oldest = Math.min(want.first, upTo - 23);
  let loading;

  const select = (name, options, value, change) =>
    h(
      "div",
      { class: "field" },
      h("label", { for: name }, t(`choose.${name}`)),
      h(
        "select",
        { id: name, onchange: (event) => (change(event.target.value), again()) },
        options.map(([code, text]) => h("option", { value: code, selected: String(code) === String(value) }, text)),
      ),
    );
  const quarters = Array.from({ length: upTo - oldest + 1 }, (_, n) => upTo - n).map((quarter) => [quarter, quarterName(quarter) + (firstDay(quarter + 1) > today() ? ` ${t("quarter.so_far")}` : "")]);
  const form = h(
    "form",
    { class: "card choose", "aria-label": t("choose.title"), onsubmit: (event) => event.preventDefault() },
    staff() ? select("company", [["", t("choose.all_companies")], ...companies.map(({ id, name }) => [id, name])], want.company, (id) => (want.company = id)) : null,
    select("programme", [["", t("choose.all_programmes")], ...PROGRAMMES.map((code) => [code, label("programme", code)])], want.programme, (code) => (want.programme = code)),
    // A period cannot end before it begins: the other end goes along.
    select("from", quarters, want.first, (quarter) => Object.assign(want, { first: Number(quarter), last: Math.max(want.last, Number(quarter)) })),
    select("to", quarters, want.last, (quarter) => Object.assign(want, { last: Number(quarter), first: Math.min(want.first, Number(quarter)) })),
    staff() ? null : h("p", { class: "small" }, t("choose.lag", { n: needs.lag_days })),
  );
  function again() {
    form.querySelector("#from").value = want.first;
    form.querySelector("#to").value = want.last;
    history.replaceState(null, "", hash("outcomes", asked(want)));
    load();
  }
  const companyName = (id) => companies.find((one) => one.id === id)?.name ?? (staff() ? "" : companies[0]?.name ?? "");

  async function load() {
    state.period = { from: firstDay(want.first), to: firstDay(want.last + 1) };
    loading?.abort();
    const mine = (loading = new AbortController());
    const signal = AbortSignal.any([view.signal, mine.signal]);
    fill(results, h("p", { role: "status" }, t("wait")));
    try {
      const figures = await api("GET", "q2q/outcomes", { query: asked(want), signal });
      fill(results, report(figures, { company: companyName(figures.company), programme: want.programme }));
      announce(t("outcomes.shown", { what: subject(figures, companyName(figures.company)) }));
    } catch (error) {
      if (!signal.aborted) fill(results, trouble(error, load));
    }
  }

  view.show(t("outcomes.title"), h("p", { class: "lead" }, t("outcomes.lead")), experimental(), form, results);
  await load();
}

/** What the figures are of, as a report's heading has it. */
const subject = (figures, company) =>
  [company || t("choose.all_companies"), figures.programme ? label("programme", figures.programme) : t("choose.all_programmes"), spanName(quarterOf(figures.from), lastOf(figures.to))].join(" · ");

function report(figures, { company }) {
  const copied = h("span", { class: "small", role: "status" });
  const table = () => csv(figures, { company });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(table());
      copied.textContent = t("csv.copied");
    } catch {
      // Some browsers allow no page to copy: then the text is there to be taken by hand.
      const text = h("textarea", { id: "csv-text", rows: "8", readonly: true, "aria-label": t("csv.by_hand") });
      text.value = table();
      fill(byHand, h("p", { class: "small" }, t("csv.by_hand")), text);
      text.focus();
      text.select();
    }
  };
  const save = () => {
    // Spreadsheets know UTF-8 by its mark.
    const address = URL.createObjectURL(new Blob(["\ufeff", table()], { type: "text/csv" }));
    h("a", { href: address, download: `${t("csv.file")}-${figures.from}-${shifted(figures.to, -1)}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  const byHand = h("div", { class: "by-hand" });
  return [
    h("h2", { class: "subject" }, subject(figures, company)),
    h("div", { class: "actions" }, button(t("csv.copy"), copy, "main"), button(t("csv.save"), save), button(t("outcomes.print"), () => print()), copied),
    byHand,
    coverageCard(figures),
    glanceCard(figures),
    figures.dimensions.map((dimension) => dimensionCard(dimension, figures)),
    leftOutCard(figures),
    readingCard(figures),
    h("p", { class: "small" }, t("outcomes.made", { at: when(Date.now() + state.skew), version: known.engine_version })),
  ];
}

// ── What it rests on ─────────────────────────────────────────────────────────────────────────────────────────────────

function coverageCard(figures) {
  const { coverage, for_company: coarse } = figures;
  if (!sum(coverage, "texts")) return card(h("h2", {}, t("coverage.title")), h("p", {}, t(coarse ? "coverage.none_company" : "coverage.none")));
  const people = peopleIn(figures);
  const tile = (name, n, least) => h("li", { class: "tile" }, h("b", {}, least ? t("number.least", { n: count(n, coarse) }) : count(n, coarse)), h("span", {}, t(`coverage.${name}`)));
  const counted = ["persons", "texts", "with_evidence", "not_read"];
  const several = new Set(coverage.map(({ programmes }) => programmes.join())).size > 1;
  return card(
    h("h2", {}, t("coverage.title")),
    h("ul", { class: "plain tiles" }, tile("persons", people.n, people.least), tile("texts", sum(coverage, "texts")), tile("with_evidence", sum(coverage, "with_evidence")), tile("not_read", sum(coverage, "not_read"))),
    people.least ? h("p", { class: "small" }, t("coverage.least")) : null,
    h("p", { class: "small" }, t("coverage.not_read_why")),
    h(
      "details",
      {},
      h("summary", {}, t("coverage.by_quarter")),
      tableOf(
        t("coverage.by_quarter"),
        ["period", ...(several ? ["programmes"] : []), ...counted].map((name) => t(`column.${name}`)),
        coverage.map((one) => ({ name: spanName(quarterOf(one.from), lastOf(one.to)), cells: [...(several ? [programmeNames(one.programmes)] : []), ...counted.map((name) => count(one[name], coarse))] })),
      ),
    ),
  );
}

/**
 * A table; a row is its heading and its cells, or a heading and one text in place of all cells. On a phone a row becomes
 * a block of lines, so the roles are told and each cell knows the name of its column.
 */
function tableOf(name, columns, rows) {
  const cells = (one) =>
    one.instead
      ? h("td", { role: "cell", colspan: columns.length - 1 }, one.instead)
      : one.cells.map((content, n) => h("td", { role: "cell", "data-name": columns[n + 1] }, h("span", {}, content)));
  return h(
    "div",
    { class: "scroll lines", tabindex: "0", role: "region", "aria-label": name },
    h(
      "table",
      { role: "table", "aria-label": name },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) => h("th", { scope: "col", role: "columnheader" }, column)))),
      h("tbody", { role: "rowgroup" }, rows.map((one) => h("tr", { role: "row", class: one.instead ? "gap" : null }, h("th", { scope: "row", role: "rowheader" }, one.name), cells(one)))),
    ),
  );
}

/** All outcomes on one screen: the newest number of each, and whether it differs from the one before by more than chance. */
function glanceCard(figures) {
  const coarse = figures.for_company;
  const rows = figures.dimensions.flatMap((dimension) => {
    const told = groupsOf(dimension, figures).filter((group) => group.told.length);
    const name = (group) => [dimensionName(dimension.dimension), coarse && group ? h("span", { class: "small block" }, programmeNames(group.programmes)) : null];
    if (!told.length) return [{ name: name(), instead: h("b", {}, t("number.none")) }];
    return told.map((group) => {
      const last = group.told.at(-1);
      const { cell, change } = last;
      return { name: name(group), cells: [spanName(last.first, last.last), [h("b", {}, mean(cell.mean)), " ", h("span", { class: "small" }, interval(cell))], change ? changeTag(change) : "–", count(cell.persons, coarse)] };
    });
  });
  return card(h("h2", {}, t("glance.title")), tableOf(t("glance.title"), [t("csv.dimension"), t("glance.newest"), t("column.mean"), t("column.change"), t("column.persons")], rows));
}

// ── A dimension ──────────────────────────────────────────────────────────────────────────────────────────────────────

function dimensionCard(dimension, figures) {
  const groups = groupsOf(dimension, figures);
  const told = groups.filter((group) => group.told.length);
  const name = dimensionName(dimension.dimension);
  const id = newId();
  const silent = [...new Set(groups.length ? groups.filter((group) => !group.told.length).flatMap((group) => group.programmes) : [])].filter((code) => !told.some((group) => group.programmes.includes(code)));
  // A company's answer has no cells of programmes without a number.
  const absent = figures.for_company && !figures.programme && told.length ? PROGRAMMES.filter((code) => !told.some((group) => group.programmes.includes(code))) : silent;
  return h(
    "section",
    { class: "card dimension", "aria-labelledby": id, id: `of-${dimension.dimension}` },
    h("h2", { id }, name),
    h("p", { class: "small" }, dimensionOf(dimension.dimension)?.definition?.[state.lang]),
    told.length
      ? [
          totalText(dimension, told, figures),
          told.map((group) => groupPart(group, dimension, figures, told.length > 1 || figures.for_company)),
          absent.length ? h("p", { class: "small" }, t("why.absent", { programmes: programmeNames(absent), n: dimension.min_persons })) : null,
          dimension.by_people ? h("p", { class: "small" }, t("outcomes.by_people", { n: dimension.by_people })) : null,
        ]
      : h("p", { class: "nothing" }, h("b", {}, t("number.none")), ". ", noneAtAll(dimension, figures)),
  );
}

/** The whole period in a sentence. */
function totalText(dimension, told, figures) {
  const total = dimension.total ?? (told.length === 1 && told[0].told.length === 1 ? told[0].told[0].cell : null);
  if (!total || total.suppressed) return null;
  const coarse = figures.for_company;
  return h("p", { class: "total" }, t("outcomes.total", { mean: mean(total.mean), interval: interval(total), plus: percent(total.share_plus), people: count(total.persons, coarse), texts: count(total.with_evidence, coarse) }));
}

function groupPart(group, dimension, figures, named) {
  const coarse = figures.for_company;
  const name = dimensionName(dimension.dimension);
  const of = named ? programmeNames(group.programmes) : "";
  const title = of ? `${name}, ${of}` : name;
  const [first, last] = [quarterOf(figures.from), lastOf(figures.to)];
  const to = (cell) => hash("scores", { dimension: dimension.dimension, from: cell.from, to: cell.to, programme: figures.programme ?? "", company: figures.company ?? "" });
  const newestTold = group.told.at(-1);
  const oldestTold = group.told[0];
  const verdict = newestTold.change
    ? h("p", {}, t("change.since", { now: spanName(newestTold.first, newestTold.last), before: spanName(newestTold.before.first, newestTold.before.last) }), " ", changeTag(newestTold.change))
    : h("p", { class: "small" }, t("change.none"));
  const over =
    group.told.length > 2
      ? h("p", {}, t("change.over", { now: spanName(newestTold.first, newestTold.last), before: spanName(oldestTold.first, oldestTold.last) }), " ", changeTag(compare(oldestTold.cell, newestTold.cell, coarse)))
      : null;
  const number_ = (text, cell) => (staff() ? h("a", { href: to(cell), "aria-label": t("open.number", { number: text, says: t("open.all") }) }, text) : text);
  const row = (one) => {
    const name = [spanName(one.first, one.last), firstDay(one.last + 1) > today() ? ` ${t("quarter.so_far")}` : null];
    if (!one.cell) return { name, instead: [h("b", {}, t("number.none")), `: ${one.why}`] };
    const { cell } = one;
    return {
      name,
      cells: [
        [number_(mean(cell.mean), cell), " ", h("span", { class: "small" }, interval(cell))],
        `${percent(cell.share_plus)} / ${percent(cell.share_minus)}`,
        count(cell.persons, coarse),
        count(cell.with_evidence, coarse),
        one.change ? changeTag(one.change) : "–",
      ],
    };
  };
  return h(
    "div",
    { class: "group" },
    of ? h("h3", {}, of) : null,
    verdict,
    over,
    h(
      "div",
      { class: "beside" },
      h("div", { class: "chart" }, chart(group.rows, { first, last, name: title, open: staff() ? (cell) => (location.hash = to(cell)) : null })),
      tableOf(t("column.table", { name: title }), ["period", "mean", "share", "persons", "evidence", "change"].map((column) => t(`column.${column}`)), group.rows.map(row)),
    ),
  );
}

/** More than chance is said in words and by weight, not by colour alone. */
const changeTag = (change) => h("span", { class: `change ${change.chance}` }, changeText(change));

// ── What is not in it, and how to read it ────────────────────────────────────────────────────────────────────────────

function leftOutCard(figures) {
  const lines = Object.entries(figures.left_out ?? {})
    .filter(([, n]) => n)
    .map(([why, n]) => t(`left_out.${why}`, { n }));
  if (figures.erased_scores) lines.push(t("left_out.erased", { n: figures.erased_scores, count: count(figures.erased_scores, figures.for_company) }));
  return lines.length ? card(h("h2", {}, t("left_out.title")), h("ul", {}, lines.map((line) => h("li", {}, line)))) : null;
}

function readingCard(figures) {
  const needs = known.figures;
  const all = ["score", "interval", "chance", "line", "cause", figures.for_company ? "company" : "staff", ...(figures.for_company ? ["blocks", "rounded"] : ["opens"])];
  return card(h("h2", {}, t("reading.title")), h("ul", {}, all.map((name) => h("li", {}, t(`reading.${name}`, { least: number(needs.persons), well_being: number(needs.persons_well_being), step: number(needs.step) })))));
}
