// Find an import: newest first, filtered, a page at a time.

const OUTCOMES = ["loaded", "refused", "unchanged", "planned", "failed", "undone"];

const nameOf = (item) => item.name ?? (item.file?.key ?? item.key ?? "").split("/").pop();

async function listView(query, view) {
  const items = h("ul", { class: "plain imports" });
  const more = h("div", { class: "actions" });
  const count = h("p", { class: "small", role: "status" });
  const find = (name, text, control) => h("div", { class: "field" }, h("label", { for: name }, text), control);
  const choose = (name, values, group) =>
    h(
      "select",
      { id: name, onchange: (event) => filter(name, event.target.value) },
      h("option", { value: "" }, t("list.all")),
      values.map((value) => h("option", { value, selected: query[name] === value }, t(`${group}.${value}`))),
    );
  const day = (name) =>
    h("input", { type: "date", id: name, value: query[name], onchange: (event) => filter(name, event.target.value) });
  let typing;
  const words = (name, help) =>
    h("input", {
      type: "search",
      id: name,
      value: query[name],
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": help,
      oninput: (event) => {
        clearTimeout(typing);
        typing = setTimeout(() => filter(name, event.target.value.trim()), 350);
      },
    });

  function filter(name, value) {
    query[name] = value;
    history.replaceState(null, "", hash("imports", query));
    load();
  }

  const filters = h(
    "form",
    { class: "card", "aria-label": t("list.filter"), onsubmit: (event) => event.preventDefault() },
    find("name", t("list.name"), words("name")),
    find("row", t("list.row"), [
      words("row", "row-help"),
      h("p", { class: "small", id: "row-help" }, t("list.row_help")),
    ]),
    h(
      "details",
      {
        open:
          !matchMedia("(max-width: 40rem)").matches || ["source", "outcome", "from", "to"].some((one) => query[one]),
      },
      h("summary", {}, t("list.more_filters")),
      h(
        "div",
        { class: "filters" },
        find("source", t("list.source"), choose("source", Object.keys(ENTITIES), "source")),
        find("outcome", t("list.outcome"), choose("outcome", OUTCOMES, "outcome")),
        find("from", t("list.from"), day("from")),
        find("to", t("list.to"), day("to")),
      ),
    ),
  );
  view.show(
    t("list.title"),
    h("p", { class: "lead" }, t("list.lead")),
    filters,
    card(h("h2", {}, t("list.found")), count, items, more),
  );

  let asked = 0;
  async function load(cursor) {
    const mine = ++asked;
    if (!cursor) fill(items, h("li", {}, t("wait")));
    fill(more);
    try {
      const page = await api("GET", "imports", {
        query: { ...moments(query), limit: "20", cursor },
        signal: view.signal,
      });
      if (mine !== asked) return;
      const rows = page.items.map(row);
      const none = query.row ? "list.no_row" : "list.none";
      if (cursor) put(items, rows);
      else fill(items, rows);
      if (page.next)
        put(
          more,
          button(t("list.more"), () => load(page.next)),
        );
      const n = items.children.length;
      count.textContent = n ? t(page.next ? "list.first_n" : "list.n", { n }) : t(none);
      if (cursor) rows[0]?.querySelector("a").focus();
    } catch (error) {
      if (mine === asked)
        fill(
          items,
          h(
            "li",
            {},
            trouble(error, () => load(cursor)),
          ),
        );
    }
  }
  await load();
}

/** Days are the reader's own: from the first moment of one to the first after the other. */
function moments({ source, outcome, name, row, from, to }) {
  const start = (day, more) => {
    if (!day) return undefined;
    const [year, month, date] = day.split("-").map(Number);
    return new Date(year, month - 1, date + more).toISOString();
  };
  return { source, outcome, name, row, from: start(from, 0), to: start(to, 1) };
}

function row(item) {
  const counts = item.counts;
  const entity = item.entity ? ` · ${label("entity", item.entity)}` : "";
  return h(
    "li",
    {},
    h("div", {}, link(nameOf(item), `#/imports/${item.id}`)),
    h("div", {}, outcomeTag(item)),
    h(
      "div",
      { class: "small" },
      `${label("source", item.source)}${entity} · ${when(item.created_at)}`,
      counts
        ? ` · ${[t("list.rows", { n: counts.records }), counts.rejected && t("list.rejected", { n: counts.rejected })].filter(Boolean).join(", ")}`
        : "",
    ),
    item.lines?.length
      ? h(
          "div",
          { class: "small" },
          item.lines.map((line) =>
            link(t("list.to_line", { line: String(line) }), `${hash(`imports/${item.id}`, { line: String(line) })}`),
          ),
        )
      : null,
  );
}

function outcomeTag(item) {
  if (item.status !== "done") return h("span", { class: "tag info" }, label("status", item.status));
  return h("span", { class: `tag ${kindOf(item)}` }, label("outcome", item.outcome));
}

/** How an end looks: rows that still wait for somebody are no good end. */
function kindOf({ outcome, counts }) {
  const in_or_waiting = counts?.rejected ? "warn" : "good";
  return { loaded: in_or_waiting, unchanged: in_or_waiting, planned: "info", undone: "info" }[outcome] ?? "bad";
}
