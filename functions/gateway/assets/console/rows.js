// Every row of an import: its fate, from any line on, and for admins what was read from it.

function records(receipt, view, line) {
  if (!receipt.counts?.records) return null;
  const list = h("ul", { class: "plain rows" });
  const more = h("div", { class: "actions" });
  const status = h("p", { class: "small", role: "status" });
  const values = h("input", { type: "checkbox", id: "values", onchange: () => load() });
  const from = h("input", {
    type: "text",
    inputmode: "numeric",
    pattern: "[0-9]*",
    id: "line",
    autocomplete: "off",
    value: line,
    onchange: () => load(),
  });
  const fates = receipt.outcome === "undone" ? [...AFTER_UNDO, ...FATES.slice(2)] : FATES;
  const select = h(
    "select",
    { id: "fate", onchange: () => load() },
    h("option", { value: "" }, t("records.all")),
    fates.map((fate) => h("option", { value: fate }, t(`fate.${fate}`))),
  );
  let asked = 0;

  async function load(cursor) {
    const mine = ++asked;
    fill(more);
    if (!cursor) fill(list, h("li", {}, t("wait")));
    try {
      const digits = from.value.replace(/\D/g, "").slice(0, 9).replace(/^0+/, "");
      const query = { limit: "50", cursor, fate: select.value, line: digits, values: values.checked ? "true" : "" };
      const page = await api("GET", `imports/${receipt.id}/records`, { query, signal: view.signal });
      if (mine !== asked) return;
      const rows = page.items.map(record);
      if (cursor) put(list, rows);
      else fill(list, rows);
      status.textContent = list.children.length
        ? t(page.next ? "records.first_n" : "records.n", { n: list.children.length })
        : t("records.none");
      if (page.next)
        put(
          more,
          button(t("records.more"), () => load(page.next)),
        );
      if (cursor && rows[0]) {
        rows[0].tabIndex = -1;
        rows[0].focus();
      }
    } catch (error) {
      if (mine === asked)
        fill(
          list,
          h(
            "li",
            {},
            trouble(error, () => load(cursor)),
          ),
        );
    }
  }
  const section = card(
    h("h2", { id: "records" }, t("records.title")),
    h("p", {}, t("records.help")),
    h(
      "form",
      { class: "filters", "aria-labelledby": "records", onsubmit: (event) => event.preventDefault() },
      h("div", { class: "field" }, h("label", { for: "fate" }, t("records.fate")), select),
      h("div", { class: "field" }, h("label", { for: "line" }, t("records.line")), from),
    ),
    role() === "admin"
      ? h(
          "label",
          { class: "choice" },
          values,
          h("span", {}, h("b", {}, t("records.values")), h("span", { class: "small" }, t("records.values_help"))),
        )
      : null,
    status,
    list,
    more,
  );
  load();
  return section;
}

function record(one) {
  const kind =
    {
      new: "good",
      changed: "info",
      rejected: "bad",
      suppressed: "warn",
      restored: "info",
      removed: "info",
      kept_later_edit: "warn",
    }[one.fate] ?? "";
  const warned = (one.warnings ?? []).map((warning) => h("div", { class: "small" }, label("warning", warning)));
  const read =
    one.values &&
    h(
      "dl",
      { class: "facts" },
      Object.entries(one.values).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value ?? "–")]),
    );
  return h(
    "li",
    {},
    h("span", { class: "where" }, lines(one)),
    h("span", {}, h("span", { class: `tag ${kind}` }, label("fate", one.fate))),
    h("div", {}, one.reason ?? t(`said.${one.fate}`), warned, read),
  );
}
