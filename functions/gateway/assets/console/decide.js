// What a person decides on an import: commit a plan, apply older values, accept more changes, undo.

/** The plan and its buttons, the offer to apply older values: whatever fits the receipt. */
function decide(receipt, view) {
  const parts = [];
  if (receipt.outcome === "planned") parts.push(planCard(receipt, view));
  if (
    (receipt.warnings ?? []).some((one) => one.code === "stale_revision") &&
    ["planned", "loaded", "unchanged"].includes(receipt.outcome) &&
    mayDecide()
  ) {
    const n = receipt.warnings.find((one) => one.code === "stale_revision").records;
    parts.push(
      note(
        "warn",
        h("h2", {}, t("stale.title", { n })),
        h("p", {}, t("stale.help")),
        button(t("stale.apply"), () =>
          ask(t("stale.ask"), [t("stale.will", { n }), t("stale.undo")], t("stale.apply"), "main", () =>
            send(receipt, view, "commit", {
              ...(receipt.plan_hash && { plan_hash: receipt.plan_hash }),
              apply_stale: true,
            }),
          ),
        ),
      ),
    );
  }
  return parts;
}

// ── The plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function planCard(receipt, view) {
  const { plan, counts, code } = receipt;
  const elsewhere = code === "changed_elsewhere";
  const people = plan?.people_created ?? receipt.people?.created ?? 0;
  const will = [
    counts.new && t("plan.new", { n: counts.new }),
    counts.changed && t("plan.changed", { n: counts.changed }),
    people && t("plan.people", { n: people }),
    counts.rejected && t("plan.rejected", { n: counts.rejected }),
  ].filter(Boolean);
  const act = () => {
    const body = { plan_hash: receipt.plan_hash, ...(elsewhere && { accept_changes: true }) };
    ask(
      t("plan.ask"),
      will.length ? will : [t("plan.nothing")],
      t(elsewhere ? "plan.accept" : "plan.commit"),
      "main",
      () => send(receipt, view, "commit", body),
    );
  };
  return card(
    h("h2", {}, t("plan.title")),
    h("ul", {}, will.length ? will.map((text) => h("li", {}, text)) : h("li", {}, t("plan.nothing"))),
    mayDecide()
      ? h(
          "div",
          { class: "actions" },
          button(t(elsewhere ? "plan.accept" : "plan.commit"), act, "main"),
          h("span", { class: "small" }, t("plan.or_leave")),
        )
      : null,
    plan?.changed_elsewhere?.length
      ? [
          h("h3", {}, t("plan.elsewhere")),
          h(
            "ul",
            {},
            plan.changed_elsewhere.map((cell) =>
              h("li", {}, `${t("line.one", { line: String(cell.line) })}: ${cell.column}`),
            ),
          ),
        ]
      : null,
    plan?.changes?.length ? changes(plan.changes, counts) : null,
  );
}

/** Field by field: what stands there now, what would stand there. */
function changes(list, counts) {
  const shown = list.map((change) => {
    const isNew =
      change.fate === "new" ||
      (change.fate === undefined && change.fields.every((field) => field.from === undefined && field.to !== undefined));
    const cell = (value) =>
      value === undefined || value === null
        ? h("span", { class: "small" }, "–")
        : /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)
          ? when(value)
          : String(value).replace(/^(\S+) of (\d-\d)$/, "$1 ($2)");
    const body = change.fields.map((field) => {
      const hidden = field.from === undefined && field.to === undefined;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, field.field),
        hidden
          ? h("td", { colspan: isNew ? "1" : "2" }, t(isNew ? "plan.hidden_new" : "plan.hidden"))
          : [isNew ? null : h("td", {}, cell(field.from)), h("td", {}, cell(field.to))],
      );
    });
    return h(
      "div",
      { class: "job" },
      h(
        "h3",
        {},
        t("line.one", { line: String(change.line) }),
        " ",
        h(
          "span",
          { class: `tag ${isNew ? "good" : "info"}` },
          t(isNew ? "fate.new" : change.fate === "unchanged" ? "plan.older" : "fate.changed"),
        ),
      ),
      body.length
        ? h(
            "table",
            { class: "changes" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                h("th", { scope: "col" }, t("plan.field")),
                isNew ? null : h("th", { scope: "col" }, t("plan.now")),
                h("th", { scope: "col" }, t("plan.then")),
              ),
            ),
            h("tbody", {}, body),
          )
        : null,
    );
  });
  const all = counts.new + counts.changed;
  return h(
    "details",
    { open: list.length <= 10 },
    h("summary", {}, t("plan.changes", { n: list.length })),
    shown,
    all > list.length ? h("p", { class: "small" }, t("plan.first", { n: list.length })) : null,
  );
}

// ── Undo ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function undoCard(receipt, view) {
  const { counts, people, outcome } = receipt;
  if (outcome !== "loaded" || (!counts.new && !counts.changed) || !mayDecide()) return null;
  const will = [
    counts.new && t("undo.new", { n: counts.new }),
    counts.changed && t("undo.changed", { n: counts.changed }),
    people?.created && t("undo.people", { n: people.created }),
    t("undo.kept"),
    t("undo.file"),
  ].filter(Boolean);
  return card(
    h("h2", {}, t("undo.title")),
    h("p", {}, t("undo.help")),
    h(
      "div",
      { class: "actions" },
      button(
        t("undo.button"),
        () =>
          ask(t("undo.ask", { name: nameOf(receipt) }), will, t("undo.confirm"), "danger main", () =>
            send(receipt, view, "undo", {}),
          ),
        "danger",
      ),
    ),
  );
}

// ── Sending ───────────────────────────────────────────────────────────────────────────────────────────────

/** Sends the decision and follows it; somebody else's faster decision shows the import as it is now. */
async function send(receipt, view, what, body) {
  try {
    await api("POST", `imports/${receipt.id}/${what}`, { body });
  } catch (error) {
    if (!["plan_moved", "not_planned", "not_loaded"].includes(error.problem?.code)) throw error;
    await receiptView({ id: receipt.id }, view);
    document.getElementById("main").querySelector("h1").after(trouble(error));
    return;
  }
  progressView({ ...receipt, status: "queued" }, view, { deed: what, unlike: JSON.stringify(receipt) });
}
