// The figures as a table for a spreadsheet: with the separator and the decimal sign of the chosen language.

/** A spreadsheet would run what begins like a formula. */
const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

function csv(figures, { company }) {
  const comma = new Intl.NumberFormat(LOCALES[state.lang]).formatToParts(1.5).find(({ type }) => type === "decimal").value;
  const separator = comma === "," ? ";" : ",";
  const cell = (value) => {
    if (value === undefined || value === null) return "";
    if (typeof value === "number") return String(value).replace(".", comma);
    const text = safe(value);
    return /["\n\r;,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = ["dimension", "company", "programmes", "from", "until", "mean", "low", "high", "plus", "minus", "people", "texts", "evidence", "not_read", "change", "chance", "why", "status"];
  const status = trial() ? t("csv.trial", LABELLED) : "";
  const rows = [];
  const add = (values) => rows.push(names.map((name) => values[name]));
  const place = ({ programmes, from, to }) => ({ company, programmes: programmeNames(programmes), from, until: shifted(to, -1), status });
  for (const one of figures.coverage)
    add({ dimension: t("csv.all"), ...place(one), people: one.persons, texts: one.texts, evidence: one.with_evidence, not_read: one.not_read });
  for (const dimension of figures.dimensions) {
    const groups = groupsOf(dimension, figures);
    if (!groups.length) add({ dimension: dimensionName(dimension.dimension), company, from: figures.from, until: shifted(figures.to, -1), why: noneAtAll(dimension, figures), status });
    for (const { programmes, rows: all } of groups)
      for (const row of all) {
        const of = { dimension: dimensionName(dimension.dimension), ...place({ programmes, from: firstDay(row.first), to: firstDay(row.last + 1) }) };
        if (!row.cell) add({ ...of, why: row.why });
        else {
          const { cell: one, change } = row;
          add({ ...of, mean: one.mean, low: one.interval?.[0], high: one.interval?.[1], plus: one.share_plus, minus: one.share_minus, people: one.persons, evidence: one.with_evidence, change: change?.by, chance: change && t(`chance.${change.chance}`) });
        }
      }
  }
  return [names.map((name) => t(`csv.${name}`)), ...rows].map((row) => row.map(cell).join(separator)).join("\r\n") + "\r\n";
}
